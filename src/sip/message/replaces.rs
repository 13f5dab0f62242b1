//! Replaces: the dialog that a new call takes over (RFC 3891).

use super::headers::Headers;
use super::params::Params;
use super::parse::Fault;
use super::scan;
use super::uri::Uri;
use crate::base::Purpose;

/// A dialog, seen from whoever receives the Replaces field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: String,
    /// The receiver's own tag in it.
    pub to_tag: String,
    /// The tag of the receiver's peer in it.
    pub from_tag: String,
    /// Only if it is not answered yet (`early-only`).
    pub early_only: bool,
}

impl Replaces {
    /// Reads `425928@pbx;to-tag=7743;from-tag=6472`. Each tag stands there once (RFC 3891 §6.1).
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = scan::trim(text);
        let (call_id, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let call_id = scan::trim(call_id);
        if call_id.is_empty() || call_id.contains([' ', '\t', ',']) {
            return Err(Fault::bad("Replaces names no Call-ID"));
        }
        let params = Params::parse(params)?;
        let once = |name: &str| {
            let mut values = params
                .iter()
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value);
            match (values.next().flatten(), values.next()) {
                (Some(value), None) if !value.is_empty() => Ok(value.to_owned()),
                _ => Err(Fault::bad("Replaces lacks a tag, or has one twice")),
            }
        };
        Ok(Self {
            call_id: call_id.to_owned(),
            to_tag: once("to-tag")?,
            from_tag: once("from-tag")?,
            early_only: params.contains("early-only"),
        })
    }

    /// Writes it for a header field. [`Uri::push_header`] escapes it for a URI.
    pub fn to_wire(&self) -> String {
        let Self { call_id, to_tag, from_tag, early_only } = self;
        let early = if *early_only { ";early-only" } else { "" };
        format!("{call_id};to-tag={to_tag};from-tag={from_tag}{early}")
    }
}

impl Headers {
    /// Returns the dialog that an INVITE takes over; `None` without the field. A field that cannot
    /// be read, or a second one, is a fault to answer with 400 (RFC 3891 §3), not a new call.
    pub fn replaces(&self) -> Result<Option<Replaces>, Fault> {
        let mut values = self.get_all("Replaces");
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => Replaces::parse(value).map(Some),
            (Some(_), Some(_)) => Err(Fault::bad("there is more than one Replaces")),
        }
    }
}

impl Uri {
    /// Returns the dialog that a Refer-To URI says to take over: an attended transfer. `None`
    /// without that, a fault where it cannot be read.
    pub fn replaces(&self) -> Result<Option<Replaces>, Fault> {
        match self.header("Replaces") {
            None => Ok(None),
            Some(value) => Replaces::parse(value.reveal(Purpose::Signalling)).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialogs_to_take_over() {
        let read =
            Replaces::parse("a-b@10.0.0.2 ; from-tag=6472;To-Tag=7743~x ;early-only").unwrap();
        assert_eq!((read.call_id.as_str(), read.to_tag.as_str()), ("a-b@10.0.0.2", "7743~x"));
        assert_eq!((read.from_tag.as_str(), read.early_only), ("6472", true));
        assert_eq!(Replaces::parse(&read.to_wire()), Ok(read));
        for bad in [
            "",
            ";to-tag=1;from-tag=2",
            "a;to-tag=1",
            "a;to-tag=1;from-tag=2;to-tag=3",
            "a;to-tag;from-tag=2",
            "a;to-tag=;from-tag=2",
            "a, b;to-tag=1;from-tag=2",
            "a;to-tag=1;from-tag=\"2",
        ] {
            assert_eq!(Replaces::parse(bad).map_err(|fault| fault.status), Err(400), "{bad}");
        }
        let mut headers = Headers::default();
        assert_eq!(headers.replaces(), Ok(None));
        headers.push("Replaces", "a;to-tag=1;from-tag=2");
        assert!(headers.replaces().unwrap().is_some());
        headers.push("Replaces", "b;to-tag=1;from-tag=2");
        assert!(headers.replaces().is_err());
    }

    #[test]
    fn dialogs_in_a_refer_to() {
        let wire = "sip:staff@pbx?replaces=1%40c%3bto-tag%3Dt%3Bfrom-tag%3Df%3Bearly-only&Require=replaces";
        let uri = Uri::parse(wire).unwrap();
        let read = uri.replaces().unwrap().unwrap();
        assert_eq!(read.to_wire(), "1@c;to-tag=t;from-tag=f;early-only");
        let mut ours = Uri::sip(Some("staff"), "pbx", None);
        assert_eq!(ours.replaces(), Ok(None));
        ours.push_header("Replaces", &read.to_wire());
        assert_eq!(Uri::parse(&ours.to_wire()).unwrap().replaces(), Ok(Some(read)));
        assert!(Uri::parse("sip:staff@pbx?Replaces=1%40c").unwrap().replaces().is_err());
    }
}
