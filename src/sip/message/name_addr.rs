//! Addresses with a name: From, To, Contact, Route, Refer-To (RFC 3261 §20.10).

use super::params::Params;
use super::parse::Fault;
use super::scan;
use super::uri::{Uri, UriRef};
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

    /// Reads one address. A name outside quotes may hold anything but `<`, `"` and `;`: RFC 4475
    /// §3.1.2.15 allows that leniency, and PBXs need it.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let Parts { display, uri, params } = Parts::parse(text)?;
        let mut display = scan::unquote(display).unwrap_or_else(|| display.to_owned());
        // They may stand there, escaped; no screen and no log is to meet one.
        display.retain(|letter| letter >= ' ' || letter == '\t');
        Ok(Self {
            display: (!display.is_empty()).then(|| Phi::new(display)),
            uri: uri.to_uri()?,
            params: Params::parse(params)?,
        })
    }

    /// Says whether [`NameAddr::parse`] would read it.
    pub(super) fn check(text: &str) -> Result<(), Fault> {
        Params::check(Parts::parse(text)?.params)
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

/// An address as it stands in a text.
struct Parts<'a> {
    /// In its quotes, if it has any.
    display: &'a str,
    uri: UriRef<'a>,
    /// Not yet checked.
    params: &'a str,
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str) -> Result<Self, Fault> {
        let text = scan::trim(text);
        let (display, rest) = if text.starts_with('"') {
            let (quoted, rest) = text.split_at(scan::quoted_end(text, 0)?);
            (quoted, scan::trim(rest))
        } else {
            // Where a semicolon comes first, a `<` behind it belongs to some parameter's value.
            match text.bytes().position(|byte| matches!(byte, b'<' | b';')) {
                Some(open) if text.as_bytes()[open] == b'<' => {
                    (scan::trim(&text[..open]), &text[open..])
                }
                end => return Self::bare(text.split_at(end.unwrap_or(text.len()))),
            }
        };
        let Some(rest) = rest.strip_prefix('<') else {
            return Err(Fault::bad("a display name is not followed by <"));
        };
        if !text.starts_with('"') && display.contains('"') {
            return Err(Fault::bad("a display name has a quote in the middle"));
        }
        let Some((uri, params)) = scan::cut(rest, b'>') else {
            return Err(Fault::bad("an address has < without >"));
        };
        Ok(Self { display, uri: UriRef::parse(uri)?, params })
    }

    /// A URI without brackets: its semicolons belong to the header field, and it may hold neither
    /// comma nor question mark (RFC 3261 §20).
    fn bare((uri, params): (&'a str, &'a str)) -> Result<Self, Fault> {
        let uri = scan::trim(uri);
        if uri.contains(['?', ',']) {
            return Err(Fault::bad("a URI with ? or , stands outside < >"));
        }
        Ok(Self { display: "", uri: UriRef::parse(uri)?, params })
    }
}
