//! Whom to call: a SIP URI and the address behind it.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::error::PhoneError;
use crate::sip::Transport;
use crate::sip::message::{Scheme, Uri};

/// SIP's port over UDP and TCP (RFC 3261 §19.1.2).
const SIP_PORT: u16 = 5060;
/// SIP's port over TLS.
const SIPS_PORT: u16 = 5061;

/// Whom to call, with the address that the INVITE is sent to.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// For the Request-URI and To.
    pub uri: String,
    /// Where the messages go.
    pub peer: SocketAddr,
}

impl Target {
    /// Reads a URI and finds its host.
    ///
    /// # Errors
    /// When it is no SIP URI, or its host is not known.
    pub(super) async fn find(text: &str) -> Result<Self, PhoneError> {
        let uri = parse(text)?;
        let default = if transport(&uri) == Some(Transport::Tls) { SIPS_PORT } else { SIP_PORT };
        let port = uri.port.unwrap_or(default);
        let peer = match uri.host_ip() {
            Some(ip) => SocketAddr::new(ip, port),
            None => resolve(&uri.host, port).await?,
        };
        // Headers in a URI are for whoever makes a request of it; they are no part of a Request-URI.
        let uri = Uri { headers: Vec::new(), ..uri };
        Ok(Self { uri: uri.to_wire(), peer })
    }
}

fn parse(text: &str) -> Result<Uri, PhoneError> {
    let bad = |what: &str| PhoneError::BadUri { uri: text.to_string(), what: what.to_string() };
    let uri = Uri::parse(text.trim()).map_err(|_| bad("it is not a SIP URI"))?;
    match uri.scheme {
        Scheme::Sip | Scheme::Sips => {}
        Scheme::Tel => return Err(bad("tel: does not say which host to ask")),
        Scheme::Other(_) => return Err(bad("it does not begin with sip:")),
    }
    if uri.host.is_empty() {
        return Err(bad("it has no host"));
    }
    if transport(&uri).is_none() {
        return Err(bad("it asks for a transport that is none of udp, tcp and tls"));
    }
    Ok(uri)
}

/// Returns the transport that a URI asks for, UDP where it says nothing.
fn transport(uri: &Uri) -> Option<Transport> {
    let secure = uri.scheme == Scheme::Sips;
    match uri.params.get("transport").map(str::to_ascii_lowercase).as_deref() {
        Some("tls") | None if secure => Some(Transport::Tls),
        Some("tcp") if secure => Some(Transport::Tls),
        _ if secure => None,
        None | Some("udp") => Some(Transport::Udp),
        Some("tcp") => Some(Transport::Tcp),
        Some("tls") => Some(Transport::Tls),
        Some(_) => None,
    }
}

/// Returns the transport that a URI asks for and its host: what a phone that calls there is set up with.
///
/// # Errors
/// When the URI cannot be read.
pub fn transport_for(target: &str) -> Result<(Transport, String), PhoneError> {
    let uri = parse(target)?;
    Ok((transport(&uri).unwrap_or(Transport::Udp), uri.host))
}

async fn resolve(host: &str, port: u16) -> Result<SocketAddr, PhoneError> {
    let unknown = |source| PhoneError::UnknownHost { host: host.to_string(), source };
    let mut found = tokio::net::lookup_host((host, port)).await.map_err(unknown)?;
    let none = || unknown(std::io::Error::other("it has no address"));
    found.next().ok_or_else(none)
}

/// Returns our own address on the way to whom a URI names: what a phone that calls there binds.
///
/// # Errors
/// When the URI cannot be read, its host is not found, or there is no way to it.
pub async fn local_address_for(target: &str) -> Result<IpAddr, PhoneError> {
    let peer = Target::find(target).await?.peer;
    local_address_towards(peer).map_err(|source| PhoneError::NoWay { peer, source })
}

/// Returns the address of ours that packets to `peer` are sent from.
///
/// # Errors
/// When there is no route to it.
pub fn local_address_towards(peer: SocketAddr) -> std::io::Result<IpAddr> {
    let any: IpAddr = match peer {
        SocketAddr::V4(_) => [0, 0, 0, 0].into(),
        SocketAddr::V6(_) => [0_u16; 8].into(),
    };
    // Connecting a UDP socket sends nothing; it only asks the routing table.
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(peer)?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        parse(text).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_wrong_uri_says_what_is_wrong_with_it() {
        let how = "; write it as sip:user@host or sip:user@host:port";
        assert_eq!(error_of("sip:100@127.0.0.1:5060"), "");
        for (text, what) in [
            ("127.0.0.1", "it is not a SIP URI"),
            ("sip:", "it is not a SIP URI"),
            ("http://example.org", "it does not begin with sip:"),
            ("tel:+13125550142", "tel: does not say which host to ask"),
            (
                "sip:100@example.org;transport=ws",
                "it asks for a transport that is none of udp, tcp and tls",
            ),
        ] {
            assert_eq!(error_of(text), format!("cannot call {text:?}: {what}{how}"));
        }
    }

    #[test]
    fn a_uri_says_its_transport() {
        let of = |text: &str| transport_for(text).unwrap().0;
        assert_eq!(of("sip:100@example.org"), Transport::Udp);
        assert_eq!(of("sip:100@example.org;transport=TCP"), Transport::Tcp);
        assert_eq!(of("sip:100@example.org;transport=tls"), Transport::Tls);
        assert_eq!(of("sips:100@example.org;transport=tcp"), Transport::Tls);
    }

    #[test]
    fn our_address_towards_loopback_is_loopback() {
        let peer = "127.0.0.1:5060".parse().unwrap();
        assert_eq!(local_address_towards(peer).unwrap(), IpAddr::from([127, 0, 0, 1]));
    }
}
