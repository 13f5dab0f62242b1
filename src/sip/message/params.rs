//! Parameters after a semicolon: of a URI, an address, a Via.

use std::borrow::Cow;
use std::fmt;

use super::limits::MAX_PARAMETERS;
use super::parse::Fault;
use super::scan;

/// A list of `;name=value`, in order. Names compare without regard to case; values are kept as
/// received, quotes included.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Params(Vec<(Cow<'static, str>, Option<String>)>);

impl Params {
    /// Reads `;a=b;c`, or nothing. One semicolon too many at the end is forgiven.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut params = Vec::new();
        visit(text, |name, value| params.push((interned(name), value.map(str::to_owned))))?;
        Ok(Self(params))
    }

    /// Says whether [`Params::parse`] would read it.
    pub(super) fn check(text: &str) -> Result<(), Fault> {
        visit(text, |_, _| {})
    }

    /// Reads what can be read of `;a=b;c`, and passes over the rest: for fields that tell and do
    /// not decide. A value with spaces outside quotes, as some PBXs write a text, is taken whole.
    pub(super) fn parse_readable(text: &str) -> Self {
        let pieces = scan::split(text, b';', false).unwrap_or_else(|_| text.split(';').collect());
        let read = |piece: &str| {
            let piece = scan::trim(piece);
            let owned =
                |(name, value): (&str, Option<&str>)| (interned(name), value.map(str::to_owned));
            parse_one(piece).ok().map(owned).or_else(|| {
                let (name, value) = piece.split_once('=')?;
                let (name, value) = (scan::trim(name), scan::trim(value));
                let plain = scan::is_token(name) && !value.contains('"');
                plain.then(|| (interned(name), Some(value.to_owned())))
            })
        };
        Self(pieces.into_iter().filter_map(read).take(MAX_PARAMETERS).collect())
    }

    /// Returns a parameter's value as received; `Some("")` if it has none.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.as_deref().unwrap_or_default())
    }

    /// Returns a parameter's value without its quotes.
    pub fn unquoted(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| scan::unquote(value).unwrap_or_else(|| value.to_owned()))
    }

    /// Whether it is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a parameter where it stands, or at the end.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        match self.0.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some(found) => found.1 = value,
            None => self.0.push((interned(name), value)),
        }
    }

    /// Takes a parameter out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Returns all of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes them at the end of `out`.
    pub(super) fn write(&self, out: &mut String) {
        for (name, value) in self.iter() {
            out.push(';');
            out.push_str(name);
            if let Some(value) = value {
                out.push('=');
                out.push_str(value);
            }
        }
    }
}

/// Names alone: a value may hold what a person is known by.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Calls `each` with every parameter of `;a=b;c`.
fn visit<'a>(text: &'a str, mut each: impl FnMut(&'a str, Option<&'a str>)) -> Result<(), Fault> {
    let text = scan::trim(text);
    if text.is_empty() {
        return Ok(());
    }
    let Some(list) = text.strip_prefix(';') else {
        return Err(Fault::bad("something else stands where parameters should"));
    };
    let mut room = MAX_PARAMETERS;
    scan::each(list.strip_suffix(';').unwrap_or(list), b';', false, |piece| {
        let (name, value) = parse_one(piece)?;
        room = room.checked_sub(1).ok_or(Fault::over("too many parameters"))?;
        each(name, value);
        Ok(())
    })
}

fn parse_one(piece: &str) -> Result<(&str, Option<&str>), Fault> {
    let (name, value) = match scan::cut(piece, b'=') {
        Some((name, value)) => (scan::trim(name), Some(scan::trim(value))),
        None => (piece, None),
    };
    if !scan::is_parameter_name(name) {
        return Err(Fault::bad("a parameter has no proper name"));
    }
    if let Some(value) = value {
        let whole = match value.starts_with('"') {
            true => scan::quoted_end(value, 0)? == value.len(),
            false => scan::is_parameter_value(value),
        };
        if !whole {
            return Err(Fault::bad("a parameter's value is neither a token nor quoted"));
        }
    }
    Ok((name, value))
}

/// Most names are one of these, and then cost nothing to keep.
fn interned(name: &str) -> Cow<'static, str> {
    Cow::Borrowed(match name {
        "tag" => "tag",
        "branch" => "branch",
        "rport" => "rport",
        "received" => "received",
        "transport" => "transport",
        "lr" => "lr",
        "user" => "user",
        "expires" => "expires",
        "q" => "q",
        "alias" => "alias",
        "refresher" => "refresher",
        "cause" => "cause",
        "text" => "text",
        other => return Cow::Owned(other.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_as_peers_write_them() {
        let text = r#" ; tag = 98asjd8 ;lr; +sip.instance="<urn:uuid:0;1>" ;q=0.5;"#;
        let params = Params::parse(text).unwrap();
        assert_eq!(params.get("TAG"), Some("98asjd8"));
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.unquoted("+sip.instance").as_deref(), Some("<urn:uuid:0;1>"));
        assert_eq!(params.iter().count(), 4);
        let mut written = String::new();
        params.write(&mut written);
        assert_eq!(written, r#";tag=98asjd8;lr;+sip.instance="<urn:uuid:0;1>";q=0.5"#);
    }

    #[test]
    fn what_can_be_read_of_a_broken_list() {
        let params =
            Params::parse_readable(";cause=31;text=RTP timeout; ;te xt=\"a;b\";\"=c;x=\"y");
        let read: Vec<_> = params.iter().collect();
        assert_eq!(read, [("cause", Some("31")), ("text", Some("RTP timeout"))]);
    }

    #[test]
    fn what_is_not_a_parameter_list() {
        for text in [";;", ";a;;b", ";", "x", ";=1", ";a b=1", r#";a="b"c"#, r#";a="b"#, ";a=b c"] {
            assert!(Params::parse(text).is_err(), "{text}");
        }
        let many = ";a".repeat(MAX_PARAMETERS);
        assert!(Params::parse(&many).is_ok());
        assert_eq!(Params::parse(&(many + ";b")).unwrap_err().status, 513);
    }
}
