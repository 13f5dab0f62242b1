//! SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), and whatever else names a resource.

use std::borrow::Cow;
use std::net::IpAddr;

use super::limits::MAX_PARAMETERS;
use super::params::Params;
use super::parse::Fault;
use super::scan;
use crate::base::{Phi, Purpose};

/// What a URI begins with.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Scheme {
    /// `sip:`
    #[default]
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Any other, in lower case. Everything after the colon is then in [`Uri::user`].
    Other(String),
}

impl Scheme {
    /// Returns it without the colon.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(name) => name,
        }
    }
}

/// A URI. Its parts are kept as on the wire, escapes included, so that it is written back as it
/// came; [`Uri::number`] and [`Uri::header`] decode.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// The user part with its own parameters, or the number of a `tel:` URI.
    pub user: Option<Phi<String>>,
    /// The password, which nobody should send.
    pub password: Option<Phi<String>>,
    /// A name, an IPv4 address, or an IPv6 address without brackets; empty for `tel:`.
    pub host: String,
    /// The port, if written.
    pub port: Option<u16>,
    /// The URI's own parameters.
    pub params: Params,
    /// Header fields after `?`, escaped.
    pub headers: Vec<(String, Phi<String>)>,
}

/// A URI as it stands in a text: what is checked before anything is kept.
pub(super) struct UriRef<'a> {
    scheme: &'a str,
    /// Everything after the colon, of a scheme that we do not know.
    opaque: Option<&'a str>,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: Cow<'a, str>,
    port: Option<u16>,
    params: &'a str,
    headers: &'a str,
}

impl<'a> UriRef<'a> {
    /// Reads a URI. Its parameters and header fields have been checked, not counted out.
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        if !scan::may_be_uri(text) {
            return Err(Fault::bad("a URI holds a space, quote, bracket or control byte"));
        }
        let Some((scheme, rest)) = scan::cut(text, b':') else {
            return Err(Fault::bad("a URI has no scheme"));
        };
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(letters) {
            return Err(Fault::bad("a URI has no proper scheme"));
        }
        if rest.is_empty() {
            return Err(Fault::bad("a URI ends after its scheme"));
        }
        let empty = Self {
            scheme,
            opaque: None,
            user: None,
            password: None,
            host: Cow::Borrowed(""),
            port: None,
            params: "",
            headers: "",
        };
        if scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips") {
            empty.with_address(rest)
        } else if scheme.eq_ignore_ascii_case("tel") {
            empty.with_number(rest)
        } else {
            Ok(Self { opaque: Some(rest), ..empty })
        }
    }

    fn with_address(self, rest: &'a str) -> Result<Self, Fault> {
        // The user part may hold `;` and `?`, but no `@`: the first one ends it.
        let (userinfo, address) = match scan::cut(rest, b'@') {
            Some((userinfo, address)) => (Some(userinfo), address),
            None => (None, rest),
        };
        let (user, password) =
            match userinfo.map(|info| scan::cut(info, b':').unwrap_or((info, ""))) {
                Some(("", _)) => return Err(Fault::bad("a URI has an empty user part")),
                Some((user, "")) => (Some(user), None),
                Some((user, password)) => (Some(user), Some(password)),
                None => (None, None),
            };
        let (address, headers) = scan::cut(address, b'?').unwrap_or((address, ""));
        let (host_port, params) = scan::cut_before(address, b';');
        let (host, port) = parse_host_port(host_port)?;
        Params::check(params)?;
        visit_headers(headers, |_, _| {})?;
        Ok(Self { user, password, host, port, params, headers, ..self })
    }

    fn with_number(self, rest: &'a str) -> Result<Self, Fault> {
        let (number, params) = scan::cut_before(rest, b';');
        let proper = |byte: u8| byte.is_ascii_hexdigit() || b"+-.()*#".contains(&byte);
        if number.is_empty() || !number.bytes().all(proper) {
            return Err(Fault::bad("a tel: URI holds no telephone number"));
        }
        Params::check(params)?;
        Ok(Self { user: Some(number), params, ..self })
    }

    /// Keeps it.
    pub(super) fn to_uri(&self) -> Result<Uri, Fault> {
        let kept = |part: &str| Phi::new(part.to_owned());
        if let Some(opaque) = self.opaque {
            let scheme = Scheme::Other(self.scheme.to_ascii_lowercase());
            return Ok(Uri { scheme, user: Some(kept(opaque)), ..Uri::default() });
        }
        let scheme = match self.scheme.as_bytes() {
            [b't' | b'T', ..] => Scheme::Tel,
            [_, _, _, _] => Scheme::Sips,
            _ => Scheme::Sip,
        };
        let mut headers = Vec::new();
        visit_headers(self.headers, |name, value| headers.push((name.to_owned(), kept(value))))?;
        Ok(Uri {
            scheme,
            user: self.user.map(kept),
            password: self.password.map(kept),
            host: self.host.clone().into_owned(),
            port: self.port,
            params: Params::parse(self.params)?,
            headers,
        })
    }
}

impl Uri {
    /// Makes a `sip:` URI; the user is escaped as needed. An IPv6 host stands without brackets.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Self {
        // RFC 3261 §25.1: unreserved and user-unreserved.
        let allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte);
        Self {
            user: user.map(|user| Phi::new(scan::percent_encode(user, allowed))),
            host: host.to_owned(),
            port,
            ..Self::default()
        }
    }

    /// Reads a URI that stands alone, without angle brackets or spaces.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        UriRef::parse(text)?.to_uri()
    }

    /// Writes it for the wire.
    pub fn to_wire(&self) -> String {
        let mut out = String::with_capacity(64);
        out.push_str(self.scheme.as_str());
        out.push(':');
        if let Some(user) = &self.user {
            out.push_str(user.reveal(Purpose::Signalling));
        }
        if matches!(self.scheme, Scheme::Sip | Scheme::Sips) {
            if let Some(password) = &self.password {
                out.push(':');
                out.push_str(password.reveal(Purpose::Signalling));
            }
            if self.user.is_some() {
                out.push('@');
            }
            write_host_port(&mut out, &self.host, self.port);
        }
        self.params.write(&mut out);
        for (at, (name, value)) in self.headers.iter().enumerate() {
            out.push(if at == 0 { '?' } else { '&' });
            out.push_str(name);
            out.push('=');
            out.push_str(value.reveal(Purpose::Signalling));
        }
        out
    }

    /// Returns what a person would dial: the user part unescaped, without its parameters; a
    /// `tel:` number also without its visual separators (RFC 3966 §5.1.1).
    pub fn number(&self) -> Option<Phi<String>> {
        let user = self.user.as_ref()?.map(|user| {
            let plain = scan::percent_decode(user.split(';').next().unwrap_or_default());
            match self.scheme {
                Scheme::Tel => plain.replace(['-', '.', '(', ')'], ""),
                _ => plain,
            }
        });
        (!user.reveal(Purpose::Comparison).is_empty()).then_some(user)
    }

    /// Returns the host as an address, if it is one.
    pub fn host_ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Returns a header field after `?`, unescaped: `Replaces` of an attended transfer.
    pub fn header(&self, name: &str) -> Option<Phi<String>> {
        let (_, value) = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.map(|value| scan::percent_decode(value)))
    }

    /// Adds a header field after `?`, escaped as needed.
    pub fn push_header(&mut self, name: &str, value: &str) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
        self.headers.push((name.to_owned(), Phi::new(scan::percent_encode(value, allowed))));
    }
}

/// Writes `host`, `[host]`, `host:port` or `[host]:port`.
pub(super) fn write_host_port(out: &mut String, host: &str, port: Option<u16>) {
    match host.contains(':') {
        true => {
            out.push('[');
            out.push_str(host);
            out.push(']');
        }
        false => out.push_str(host),
    }
    if let Some(port) = port {
        out.push(':');
        out.push_str(&port.to_string());
    }
}

/// Reads `host`, `[host]`, `host:port` or `[host]:port`, with spaces round the colon as in Via.
pub(super) fn parse_host_port(text: &str) -> Result<(Cow<'_, str>, Option<u16>), Fault> {
    let (host, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let Some((host, rest)) = inner.split_once(']') else {
                return Err(Fault::bad("an IPv6 address has no closing bracket"));
            };
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                // A colon too many, as the grammar of RFC 3261 has it (RFC 5118 §4.10).
                let fewer = host.replacen(":::", "::", 1);
                if fewer.parse::<std::net::Ipv6Addr>().is_err() {
                    return Err(Fault::bad("the brackets of a host hold no IPv6 address"));
                }
                return Ok((Cow::Owned(fewer), parse_port(rest)?));
            }
            (host, rest)
        }
        None => {
            let end = text.bytes().position(|byte| matches!(byte, b':' | b' ' | b'\t'));
            let end = end.unwrap_or(text.len());
            let (host, rest) = text.split_at(end);
            if !scan::is_host(host) {
                return Err(Fault::bad("a host is neither a name nor an address"));
            }
            (host, rest)
        }
    };
    Ok((Cow::Borrowed(host), parse_port(rest)?))
}

/// Reads nothing, or `:port` with spaces round the colon.
fn parse_port(text: &str) -> Result<Option<u16>, Fault> {
    let text = scan::trim(text);
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix(':').map(scan::trim).unwrap_or_default();
    match scan::number(digits) {
        Some(port) => Ok(Some(port)),
        None => Err(Fault::bad("a port is no number below 65536")),
    }
}

/// Calls `each` with every header field of `a=b&c=d`.
fn visit_headers<'a>(text: &'a str, mut each: impl FnMut(&'a str, &'a str)) -> Result<(), Fault> {
    let mut room = MAX_PARAMETERS;
    for piece in text.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        if name.is_empty() {
            return Err(Fault::bad("a header field in a URI has no name"));
        }
        room = room.checked_sub(1).ok_or(Fault::over("too many header fields in a URI"))?;
        each(name, value);
    }
    Ok(())
}
