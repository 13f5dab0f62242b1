//! Reads `[peer]` of a SIP profile: who the PBX is, and which sources are its.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use crate::sip::Transport;

use super::file::{OneOrMany, Reader, Text};
use super::listen_file::pem;
use super::trunk_file::Written;
use super::{Code, Peer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PeerFile {
    host: Option<Text>,
    port: Option<Spanned<u16>>,
    allow: Option<Spanned<OneOrMany>>,
    ping: Text,
    transport: Text,
    ca: Option<Text>,
    pub(super) nat: Spanned<bool>,
}

/// Reads the PBX; `Some(None)` where the profile names none.
pub(super) fn peer(
    reader: &mut Reader<'_>,
    dir: &Path,
    raw: &PeerFile,
    written: &Written,
) -> Option<Option<Peer>> {
    let ping = match raw.ping.get_ref().as_str() {
        "off" => None,
        _ => Some(reader.duration(&raw.ping)?),
    };
    let known = [Transport::Udp, Transport::Tcp, Transport::Tls];
    let names = ["udp", "tcp", "tls"];
    let known: Vec<_> = names.into_iter().zip(known).collect();
    let transport = reader.choice(&raw.transport, "transport", &known)?;
    let Some(host) = &raw.host else { return no_peer(reader, raw, written).map(|()| None) };
    let read = |text: &str| {
        host_and_port(text).ok_or("write it as \"pbx.clinic.lan\" or \"192.0.2.5:5060\"")
    };
    let (name, in_host) = reader.value(host, "a host", read)?;
    if let (Some(port), Some(_)) = (&raw.port, in_host) {
        let title = "the port is written twice";
        reader.error(Code::NoEffect, port.span(), title, "no effect", "write it here or in `host`");
        return None;
    }
    let port = in_host.or(raw.port.as_ref().map(|port| *port.get_ref()));
    if port == Some(0) {
        let place = raw.port.as_ref().map_or(host.span(), Spanned::span);
        reader.error(
            Code::Value,
            place,
            "no PBX listens on port 0",
            "",
            "write 5060, or leave it out",
        );
        return None;
    }
    let ca = match &raw.ca {
        Some(text) if transport != Transport::Tls => {
            let help = "write transport = \"tls\", or remove `ca`";
            let title = "a certificate is checked only by TLS";
            reader.error(Code::NoEffect, text.span(), title, "no effect", help);
            return None;
        }
        Some(text) => Some(pem(reader, dir, text, "CERTIFICATE")?),
        None => None,
    };
    let fixed_port = port.is_some();
    let port = port.unwrap_or(if transport == Transport::Tls { 5061 } else { 5060 });
    Some(Some(Peer { host: name, port, fixed_port, ping, transport, ca }))
}

/// Without a host nobody is asked and nothing is sent.
fn no_peer(reader: &mut Reader<'_>, raw: &PeerFile, written: &Written) -> Option<()> {
    let texts =
        [("ping", Some(&raw.ping)), ("transport", Some(&raw.transport)), ("ca", raw.ca.as_ref())];
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text?)));
    let dead = texts.filter(|(_, text)| written.has(text)).map(|(key, text)| (key, text.span()));
    let port = raw.port.as_ref().map(|port| ("port", port.span()));
    let dead: Vec<_> = dead.chain(port).collect();
    for (key, span) in &dead {
        let help = format!("write `host`, or remove `{key}`");
        reader.error(Code::NoEffect, span.clone(), "there is no peer to ask", "no effect", help);
    }
    dead.is_empty().then_some(())
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some((if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }, None));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        let ip = address.ip();
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        return (address.port() > 0).then_some((host, Some(address.port())));
    }
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port.parse().ok().filter(|port| *port > 0)?)),
        None => (text, None),
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(letter);
    // A name that is all digits and dots is an address with a mistake in it.
    let named = name.chars().any(|c| c.is_ascii_alphabetic());
    (named && name.len() <= 253 && name.split('.').all(label)).then(|| (name.to_owned(), port))
}

/// Returns the sources that requests are taken from: `allow`, or the peer's own address. A trunk that registers needs
/// none: its calls come back by the registration.
pub(super) fn sources(
    reader: &mut Reader<'_>,
    raw: &PeerFile,
    peer: Option<&Peer>,
    registers: bool,
) -> Option<Vec<Spanned<IpNet>>> {
    let Some(allow) = &raw.allow else {
        let host = raw.host.as_ref().map_or(0..0, Spanned::span);
        if let Some(address) = peer.and_then(Peer::address) {
            return Some(vec![Spanned::new(host, IpNet::from(address.ip()))]);
        }
        if registers {
            return Some(Vec::new());
        }
        // A host that could not be read was reported where it was read.
        if peer.is_some() || raw.host.is_none() {
            let help = "write allow = [\"192.0.2.5/32\"] under [peer]";
            let title = "nothing says which addresses requests are taken from";
            reader.error(Code::MissingKey, host, title, "a name does not say it", help);
        }
        return None;
    };
    let texts = OneOrMany::placed(allow);
    let count = texts.len();
    let read = |text: &str| {
        let one = |ip: IpAddr| IpNet::from(ip);
        let help = "write it as \"192.0.2.5\" or \"192.0.2.0/24\"";
        text.parse::<IpNet>()
            .map(|net| net.trunc())
            .or_else(|_| text.parse().map(one))
            .map_err(|_| help)
    };
    let nets: Vec<_> = texts
        .iter()
        .filter_map(|text| {
            Some(Spanned::new(text.span(), reader.value(text, "an address or network", read)?))
        })
        .collect();
    (nets.len() == count).then_some(nets)
}
