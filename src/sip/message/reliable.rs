//! Reliable provisional responses: RSeq numbers one, RAck acknowledges it (RFC 3262 §7).

use super::cseq::CSeq;
use super::headers::Headers;
use super::scan;

/// The RAck field of a PRACK: which response it acknowledges.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RAck {
    /// The RSeq of that response.
    pub response: u32,
    /// The CSeq of the request that it answers.
    pub cseq: CSeq,
}

impl RAck {
    /// Reads `776656 1 INVITE`.
    pub fn parse(text: &str) -> Option<Self> {
        let (response, cseq) = scan::trim(text).split_once([' ', '\t'])?;
        Some(Self { response: scan::number(response)?, cseq: CSeq::parse(cseq).ok()? })
    }

    /// Writes it for the wire.
    pub fn to_wire(&self) -> String {
        format!("{} {}", self.response, self.cseq.to_wire())
    }
}

impl Headers {
    /// Returns the number of a reliable provisional response.
    pub fn rseq(&self) -> Option<u32> {
        scan::number(self.get("RSeq")?)
    }

    /// Returns what a PRACK acknowledges.
    pub fn rack(&self) -> Option<RAck> {
        RAck::parse(self.get("RAck")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::message::Method;

    #[test]
    fn acknowledgements() {
        let invite = CSeq { number: 1, method: Method::Invite };
        let read = RAck::parse(" 776656  1 \t INVITE ").unwrap();
        assert_eq!(read, RAck { response: 776_656, cseq: invite });
        assert_eq!(read.to_wire(), "776656 1 INVITE");
        for bad in
            ["", "1", "1 1", "x 1 INVITE", "1 x INVITE", "4294967296 1 INVITE", "+1 1 INVITE"]
        {
            assert_eq!(RAck::parse(bad), None, "{bad}");
        }
        let rseq = |value: &str| {
            let mut headers = Headers::default();
            headers.push("RSeq", value);
            headers.rseq()
        };
        assert_eq!(
            [rseq("988789"), rseq("4294967296"), rseq("-1"), rseq("")],
            [Some(988_789), None, None, None]
        );
    }
}
