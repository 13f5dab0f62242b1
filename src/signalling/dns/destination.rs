//! Whom a message is for, as far as finding the way matters.

use crate::sip::Transport;
use crate::sip::message::{Scheme, Uri};

/// Whom a message is for, as far as finding the way matters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Destination {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port where one is written; without one SRV records are asked for.
    pub port: Option<u16>,
    /// The transport where one is written.
    pub transport: Option<Transport>,
    /// Whether only TLS will do (`sips:`).
    pub secure: bool,
}

impl Destination {
    /// Makes one of what a SIP profile says of its PBX.
    pub fn new(host: &str, port: Option<u16>, transport: Option<Transport>) -> Self {
        let host = host.trim_matches(['[', ']']).to_owned();
        Self { host, port, transport, secure: false }
    }

    /// Reads it from a URI (RFC 3263 §4); `None` where the URI is neither `sip:` nor `sips:`, or asks for a
    /// transport that we do not speak.
    pub fn of_uri(uri: &Uri) -> Option<Self> {
        let secure = match uri.scheme {
            Scheme::Sip => false,
            Scheme::Sips => true,
            Scheme::Tel | Scheme::Other(_) => return None,
        };
        let transport = match uri.params.get("transport") {
            None => None,
            Some(name) => Some(match name.to_ascii_lowercase().as_str() {
                "udp" => Transport::Udp,
                "tcp" if !secure => Transport::Tcp,
                // RFC 3261 §26.2.2: sips over tcp is TLS; `tls` itself is deprecated, and everywhere.
                "tcp" | "tls" => Transport::Tls,
                _ => return None,
            }),
        };
        // RFC 3261 §19.1.1: `maddr` takes the place of the host.
        let host = uri.params.get("maddr").filter(|host| !host.is_empty()).unwrap_or(&uri.host);
        let host = host.trim_matches(['[', ']']).to_owned();
        (!host.is_empty()).then_some(Self { host, port: uri.port, transport, secure })
    }

    /// Whether this transport will do.
    pub(super) fn takes(&self, transport: Transport) -> bool {
        let secure = !self.secure || transport == Transport::Tls;
        secure && self.transport.is_none_or(|wanted| wanted == transport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str) -> Option<Destination> {
        Destination::of_uri(&Uri::parse(uri).unwrap())
    }

    #[test]
    fn a_uri_says_where_it_leads() {
        let plain = of("sip:100@pbx.example;transport=TCP").unwrap();
        assert_eq!(plain, Destination::new("pbx.example", None, Some(Transport::Tcp)));
        let sips = of("sips:100@[2001:db8::1]:5071;transport=tcp").unwrap();
        assert_eq!((sips.host.as_str(), sips.port), ("2001:db8::1", Some(5071)));
        assert!(sips.secure && sips.takes(Transport::Tls) && !sips.takes(Transport::Tcp));
        assert_eq!(of("sip:100@a;maddr=10.0.0.7").unwrap().host, "10.0.0.7");
        assert_eq!(of("sip:100@a;transport=sctp"), None);
        assert_eq!(of("tel:+13125550142"), None);
        // sips over UDP leads nowhere.
        let udp = of("sips:100@a;transport=udp").unwrap();
        assert!(!udp.takes(Transport::Udp) && !udp.takes(Transport::Tls));
    }
}
