//! Addresses with a name: From, To, Contact, Route, Refer-To (RFC 3261 §20.10).

use super::params::Params;
use super::parse::Fault;
use super::scan;
use super::uri::Uri;
use crate::base::{Phi, Purpose};

/// `"display" <uri>;params`, or a bare URI with header parameters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NameAddr {
    /// The name, out of its quotes and without control characters; never empty.
    pub display: Option<Phi<String>>,
    /// Where it points.
    pub uri: Uri,
    /// Parameters of the header field, not of the URI.
    pub params: Params,
}

impl NameAddr {
    /// An address without name or parameters.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::default() }
    }

    /// Reads one address. A name outside quotes may hold anything but `<` and `"`: RFC 4475
    /// §3.1.2.15 allows that leniency, and PBXs need it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = scan::trim(text);
        let (display, rest) = if text.starts_with('"') {
            let (quoted, rest) = text.split_at(scan::quoted_end(text, 0)?);
            let rest = scan::trim(rest);
            if !rest.starts_with('<') {
                return Err(Fault::bad("a display name is not followed by <"));
            }
            let mut name = scan::unquote(quoted).unwrap_or_default();
            // They may stand there, escaped; no screen and no log is to meet one.
            name.retain(|letter| letter >= ' ' || letter == '\t');
            (Some(name), rest)
        } else if let Some(open) = text.find('<') {
            (Some(scan::trim(&text[..open]).to_owned()), &text[open..])
        } else {
            return Self::parse_bare(text);
        };
        if display.as_ref().is_some_and(|name| !text.starts_with('"') && name.contains('"')) {
            return Err(Fault::bad("a display name has a quote in the middle"));
        }
        let Some((uri, params)) = rest[1..].split_once('>') else {
            return Err(Fault::bad("an address has < without >"));
        };
        Ok(Self {
            display: display.filter(|name| !name.is_empty()).map(Phi::new),
            uri: Uri::parse(uri)?,
            params: Params::parse(params)?,
        })
    }

    /// A URI without brackets: its semicolons belong to the header field, and it may hold neither
    /// comma nor question mark (RFC 3261 §20).
    fn parse_bare(text: &str) -> Result<Self, Fault> {
        let (uri, params) = text.split_at(text.find(';').unwrap_or(text.len()));
        let uri = scan::trim(uri);
        if uri.contains(['?', ',']) {
            return Err(Fault::bad("a URI with ? or , stands outside < >"));
        }
        Ok(Self { display: None, uri: Uri::parse(uri)?, params: Params::parse(params)? })
    }

    /// Writes it for the wire, always with brackets.
    pub fn to_wire(&self) -> String {
        let mut out = String::with_capacity(96);
        if let Some(display) = &self.display {
            out.push_str(&scan::quote(display.reveal(Purpose::Signalling)));
            out.push(' ');
        }
        out.push('<');
        out.push_str(&self.uri.to_wire());
        out.push('>');
        self.params.write(&mut out);
        out
    }

    /// Returns the tag, which makes a dialog (RFC 3261 §19.3).
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// Sets the tag.
    pub fn set_tag(&mut self, tag: &str) {
        self.params.set("tag", Some(tag));
    }

    /// Returns the same address with this tag.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.set_tag(tag);
        self
    }
}
