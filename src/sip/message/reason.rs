//! Why: Reason (RFC 3326) and Warning (RFC 3261 §20.43).

use super::headers::Headers;
use super::scan;
use super::views::token_and_params;

/// One Reason value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reason {
    /// Whose numbers these are, in capitals: `SIP`, `Q.850`, or another.
    pub protocol: String,
    /// The number: a SIP status, a Q.850 cause.
    pub cause: Option<u16>,
    /// The words, out of their quotes.
    pub text: Option<String>,
}

/// One Warning value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning {
    /// Three digits; 399 says nothing but the text.
    pub code: u16,
    /// Who warns.
    pub agent: String,
    /// The words, out of their quotes.
    pub text: String,
}

impl Reason {
    /// Reads `Q.850;cause=16;text="Normal call clearing"`.
    pub fn parse(value: &str) -> Option<Self> {
        let (protocol, params) = token_and_params(value)?;
        if !scan::is_token(&protocol) {
            return None;
        }
        Some(Self {
            protocol: protocol.to_ascii_uppercase(),
            cause: params.unquoted("cause").and_then(|cause| scan::number(&cause)),
            text: params.unquoted("text").filter(|text| !text.is_empty()),
        })
    }

    /// Writes it for the wire.
    pub fn to_wire(&self) -> String {
        let mut out = self.protocol.clone();
        if let Some(cause) = self.cause {
            out.push_str(&format!(";cause={cause}"));
        }
        if let Some(text) = &self.text {
            out.push_str(";text=");
            out.push_str(&scan::quote(text));
        }
        out
    }
}

impl Warning {
    /// Reads `399 pbx.example "No route"`.
    pub fn parse(value: &str) -> Option<Self> {
        let blank = [' ', '\t'];
        let (code, rest) = scan::trim(value).split_once(blank)?;
        let (agent, text) = scan::trim(rest).split_once(blank)?;
        let code = scan::number(code).filter(|_| code.len() == 3)?;
        // A host with or without its port, or a name for one.
        let named = |byte| scan::is_token_byte(byte) || b":[]".contains(&byte);
        if !agent.bytes().all(named) {
            return None;
        }
        Some(Self { code, agent: agent.to_owned(), text: scan::unquote(scan::trim(text))? })
    }

    /// Writes it for the wire.
    pub fn to_wire(&self) -> String {
        format!("{:03} {} {}", self.code, self.agent, scan::quote(&self.text))
    }
}

impl Headers {
    /// Returns the reasons, in order: often one of SIP and one of Q.850.
    pub fn reasons(&self) -> Vec<Reason> {
        self.elements("Reason").filter_map(Reason::parse).collect()
    }

    /// Returns the Q.850 cause, which is what a telephone exchange means (RFC 3326 §2).
    pub fn q850_cause(&self) -> Option<u16> {
        self.reasons().into_iter().find(|reason| reason.protocol == "Q.850")?.cause
    }

    /// Returns the warnings, in order.
    pub fn warnings(&self) -> Vec<Warning> {
        self.elements("Warning").filter_map(Warning::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_as_peers_write_them() {
        let mut headers = Headers::default();
        headers.push("Reason", "SIP ;cause=200 ;text=\"Call completed elsewhere\",Q.850;cause=16");
        headers.push("reason", "q.850;cause=\"31\";text=\"a, \\\"b\\\"\", preemption");
        headers.push("Reason", ";cause=1, \"x\";cause=2");
        let reasons = headers.reasons();
        let wires: Vec<_> = reasons.iter().map(Reason::to_wire).collect();
        assert_eq!(
            wires,
            [
                "SIP;cause=200;text=\"Call completed elsewhere\"",
                "Q.850;cause=16",
                "Q.850;cause=31;text=\"a, \\\"b\\\"\"",
                "PREEMPTION"
            ]
        );
        assert_eq!(headers.q850_cause(), Some(16));
        for reason in reasons {
            assert_eq!(Reason::parse(&reason.to_wire()), Some(reason));
        }
        assert_eq!(Reason::parse("Q.850;cause=99999").unwrap().cause, None);
    }

    #[test]
    fn warnings_as_peers_write_them() {
        let mut headers = Headers::default();
        headers.push("Warning", "304 gw.example:5060 \"no, codec\", 399  pbx \t \"x\"");
        headers.push("Warning", "39 pbx \"x\", 399 pbx x, 399 \"x\", 399 a \"");
        let warnings = headers.warnings();
        assert_eq!(warnings.len(), 2);
        assert_eq!((warnings[0].code, warnings[0].agent.as_str()), (304, "gw.example:5060"));
        assert_eq!(warnings[0].text, "no, codec");
        assert_eq!(warnings[1].to_wire(), "399 pbx \"x\"");
    }
}
