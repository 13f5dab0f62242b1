//! Via: the way a response goes back (RFC 3261 §20.42, RFC 3581).

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use super::params::Params;
use super::parse::Fault;
use super::scan;
use super::uri::{parse_host_port, write_host_port};

/// The beginning of a branch made by RFC 3261's rules.
pub(super) const MAGIC_COOKIE: &str = "z9hG4bK";

/// One Via value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, or any other token, in capitals.
    pub transport: String,
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// The port, if written.
    pub port: Option<u16>,
    /// branch, received, rport, and others.
    pub params: Params,
}

impl Via {
    /// A Via of our own over `transport`, sent by `by`, asking for symmetric responses (RFC 3581).
    pub fn new(transport: &str, by: SocketAddr, branch: &str) -> Self {
        let mut params = Params::default();
        params.set("branch", Some(branch));
        params.set("rport", None);
        Self {
            transport: transport.to_ascii_uppercase(),
            host: by.ip().to_string(),
            port: Some(by.port()),
            params,
        }
    }

    /// Reads one Via value.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let Sender { transport, host, port, params } = Sender::parse(text, true)?;
        Ok(Self {
            transport: transport.to_ascii_uppercase(),
            host: host.into_owned(),
            port,
            params: Params::parse(params)?,
        })
    }

    /// Says whether [`Via::parse`] would read it.
    pub(super) fn check(text: &str) -> Result<(), Fault> {
        Params::check(Sender::parse(text, true)?.params)
    }

    /// Whether it can be read who sent it, in whatever version of the protocol.
    pub(super) fn names_sender(text: &str) -> bool {
        Sender::parse(text, false).is_ok()
    }

    /// Writes it for the wire.
    pub fn to_wire(&self) -> String {
        let mut out = String::with_capacity(96);
        out.push_str("SIP/2.0/");
        out.push_str(&self.transport);
        out.push(' ');
        write_host_port(&mut out, &self.host, self.port);
        self.params.write(&mut out);
        out
    }

    /// Returns the branch, which names the transaction.
    pub fn branch(&self) -> Option<&str> {
        self.params.get("branch").filter(|branch| !branch.is_empty())
    }

    /// Whether the branch alone names the transaction (RFC 3261 §8.1.1.7). The cookie with
    /// nothing after it does not (RFC 4475 §3.2.1).
    pub fn has_modern_branch(&self) -> bool {
        let unique = |branch: &str| {
            branch.len() > MAGIC_COOKIE.len()
                && branch
                    .get(..MAGIC_COOKIE.len())
                    .is_some_and(|cookie| cookie.eq_ignore_ascii_case(MAGIC_COOKIE))
        };
        self.branch().is_some_and(unique)
    }

    /// Returns the address that the receiver saw, if noted.
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received")?.trim_matches(['[', ']']).parse().ok()
    }

    /// Returns `Some(None)` where the sender asks for symmetric responses, `Some(Some(port))`
    /// where the receiver filled it in (RFC 3581).
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(scan::number)
    }

    /// Notes where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn stamp(&mut self, source: SocketAddr) {
        let symmetric = self.params.contains("rport");
        if symmetric {
            self.params.set("rport", Some(&source.port().to_string()));
        }
        if symmetric || self.host.parse() != Ok(source.ip()) {
            self.params.set("received", Some(&source.ip().to_string()));
        }
    }
}

/// A Via as it stands in a text.
struct Sender<'a> {
    transport: &'a str,
    host: Cow<'a, str>,
    port: Option<u16>,
    /// Not yet checked.
    params: &'a str,
}

impl<'a> Sender<'a> {
    fn parse(text: &'a str, ours: bool) -> Result<Self, Fault> {
        let mut parts = scan::trim(text).splitn(3, '/').map(scan::trim);
        let (name, version) = (parts.next(), parts.next().unwrap_or_default());
        let named = name.is_some_and(|name| name.eq_ignore_ascii_case("SIP"));
        if !named || version.is_empty() || (ours && version != "2.0") {
            return Err(Fault::bad("a Via does not begin with SIP/2.0"));
        }
        let rest = parts.next().unwrap_or_default();
        let Some((transport, rest)) = rest.split_once([' ', '\t']) else {
            return Err(Fault::bad("a Via names no sender"));
        };
        if !scan::is_token(transport) {
            return Err(Fault::bad("a Via names no transport"));
        }
        let rest = scan::trim(rest);
        let (sent_by, params) = scan::cut_before(rest, b';');
        let (host, port) = parse_host_port(scan::trim(sent_by))?;
        Ok(Self { transport, host, port, params })
    }
}
