//! Reads `[listen]` of a SIP profile: the sockets, and the addresses that are told to the peer.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::sip::Transport;

use super::diagnostic::Findings;
use super::file::{Reader, SecretFile, Text};
use super::node::{advertised, sip_address};
use super::trunk_file::ReadTrunk;
use super::{Code, Diagnostic, Listen, Node, TlsFiles};

/// SIP over TLS, unless another port is written (RFC 3261 §19.1.2).
const TLS_PORT: u16 = 5061;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ListenFile {
    udp: Option<Text>,
    tcp: Option<Text>,
    tls: Option<Spanned<TlsFile>>,
    advertise: AdvertiseFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TlsFile {
    bind: Text,
    cert: Text,
    key: Spanned<SecretFile>,
    client_ca: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AdvertiseFile {
    sip: Text,
    rtp: Text,
}

/// Where a trunk listens, and what it tells.
pub(super) struct Addresses {
    pub(super) listens: Vec<Listen>,
    /// The one that our own requests go by.
    pub(super) listen: SocketAddr,
    pub(super) sip: SocketAddr,
    pub(super) rtp_bind: IpAddr,
    pub(super) rtp_advertise: IpAddr,
}

/// Finds the addresses to bind and to tell. A wildcard may be bound, but never told.
pub(super) fn addresses(
    reader: &mut Reader<'_>,
    dir: &Path,
    raw: ListenFile,
    node: &Node,
    (transport, registers): (Transport, bool),
) -> Option<Addresses> {
    let own = [raw.udp.as_ref(), raw.tcp.as_ref()].into_iter().flatten().map(Spanned::span).next();
    let own = own.or(raw.tls.as_ref().map(|tls| tls.get_ref().bind.span()));
    let listens = match own {
        Some(_) => sockets(reader, dir, &raw)?,
        None => inherited(node, transport),
    };
    let listen = way_out(reader, &listens, (transport, registers), own.clone())?;
    let mut listens = listens;
    if !listens.iter().any(|it| it.transport == transport) {
        listens.push(Listen { transport, address: listen, tls: None });
    }
    let sip = sip_address(reader, Some(&raw.advertise.sip), listen.port())?
        .or(node.sip_advertise.filter(|_| own.is_none()))
        .unwrap_or(listen);
    let rtp_bind = node.rtp.bind.unwrap_or(listen.ip());
    let rtp_advertise = advertised(reader, Some(&raw.advertise.rtp))?;
    let rtp_advertise = rtp_advertise.or(node.rtp.advertise).unwrap_or(rtp_bind);
    let found = Addresses { listens, listen, sip, rtp_bind, rtp_advertise };
    can_be_told(reader, &found, own).then_some(found)
}

fn sockets(reader: &mut Reader<'_>, dir: &Path, raw: &ListenFile) -> Option<Vec<Listen>> {
    let mut listens = Vec::new();
    let mut sound = true;
    let mut address = |reader: &mut Reader<'_>, text: &Text| {
        let read = |text: &str| text.parse().map_err(|_| "write it as \"192.0.2.10:5060\"");
        let found = reader.value(text, "an address and port", read);
        sound &= found.is_some();
        found
    };
    let plain = [(Transport::Udp, &raw.udp), (Transport::Tcp, &raw.tcp)];
    for (transport, text) in plain {
        if let Some(address) = text.as_ref().and_then(|text| address(reader, text)) {
            listens.push(Listen { transport, address, tls: None });
        }
    }
    if let Some(raw) = raw.tls.as_ref().map(Spanned::get_ref) {
        let address = address(reader, &raw.bind);
        match tls_files(reader, dir, raw) {
            Some(files) => listens.extend(address.map(|address| Listen {
                transport: Transport::Tls,
                address,
                tls: Some(files),
            })),
            None => sound = false,
        }
    }
    sound.then_some(listens)
}

/// Without sockets of its own a trunk shares the process's; a PBX that is called by TCP calls by TCP.
fn inherited(node: &Node, transport: Transport) -> Vec<Listen> {
    let at = |transport| Listen { transport, address: node.sip_listen, tls: None };
    match transport {
        Transport::Tcp => vec![at(Transport::Udp), at(Transport::Tcp)],
        Transport::Udp | Transport::Tls => vec![at(Transport::Udp)],
    }
}

/// Returns the socket that our own requests leave by.
fn way_out(
    reader: &mut Reader<'_>,
    listens: &[Listen],
    (transport, registers): (Transport, bool),
    own: Option<Range<usize>>,
) -> Option<SocketAddr> {
    let found = listens.iter().find(|listen| listen.transport == transport);
    if let Some(listen) = found {
        return Some(listen.address);
    }
    let first = listens.first()?;
    // Calls come back over the connection that the registration opened: no socket of ours is called.
    if registers {
        let port = if transport == Transport::Tls { TLS_PORT } else { first.address.port() };
        return Some((first.address.ip(), port).into());
    }
    let name = transport.name().to_lowercase();
    let title =
        format!("requests go to the PBX by {}, and it cannot come back by it", transport.name());
    let help = match transport {
        Transport::Tls => {
            "write tls = { bind = \"…\", cert = \"…\", key = { file = \"…\" } } under [listen]"
                .into()
        }
        Transport::Udp | Transport::Tcp => format!("write {name} = \"…\" under [listen] too"),
    };
    reader.error(Code::MissingKey, own.unwrap_or(0..0), title, "not this transport", help);
    None
}

fn can_be_told(reader: &mut Reader<'_>, found: &Addresses, own: Option<Range<usize>>) -> bool {
    let Addresses { listen, sip, rtp_bind, rtp_advertise, .. } = found;
    let wild = sip.ip().is_unspecified() || sip.port() == 0;
    let mut all = true;
    for (key, what, told) in [
        ("sip", format!("SIP listens on {listen}"), !wild),
        ("rtp", format!("RTP listens on {rtp_bind}"), !rtp_advertise.is_unspecified()),
    ] {
        if told {
            continue;
        }
        all = false;
        let title = format!("{what}, which no peer can send to");
        let (label, help) = match own {
            Some(_) => (
                "a wildcard",
                format!(
                    "write advertise = {{ {key} = \"…\" }} too: the address that the PBX reaches this machine under"
                ),
            ),
            None => (
                "no [listen] of its own",
                format!(
                    "write advertise = \"…\" under [{key}] in attendant.toml: the address that the PBX reaches this machine under"
                ),
            ),
        };
        reader.error(Code::Wildcard, own.clone().unwrap_or(0..0), title, label, help);
    }
    all
}

fn tls_files(reader: &mut Reader<'_>, dir: &Path, raw: &TlsFile) -> Option<TlsFiles> {
    let cert = pem(reader, dir, &raw.cert, "CERTIFICATE");
    let client_ca = match &raw.client_ca {
        Some(text) => pem(reader, dir, text, "CERTIFICATE").map(Some),
        None => Some(None),
    };
    let key = match raw.key.get_ref() {
        SecretFile::File(path) => {
            let text = Spanned::new(raw.key.span(), path.clone());
            pem(reader, dir, &text, "PRIVATE KEY")
        }
        SecretFile::Env(_) | SecretFile::Literal => {
            let title = "the private key is read from a file, at each reload anew";
            reader.error(Code::Secret, raw.key.span(), title, "", "write key = { file = \"…\" }");
            None
        }
    };
    Some(TlsFiles { cert: cert?, key: key?, client_ca: client_ca? })
}

/// Makes sure that a file is there and holds PEM of this kind.
pub(super) fn pem(reader: &mut Reader<'_>, dir: &Path, path: &Text, kind: &str) -> Option<PathBuf> {
    let full = dir.join(path.get_ref());
    let title = match std::fs::read_to_string(&full) {
        Ok(text) if text.contains(&format!("{kind}-----")) => return Some(full),
        Ok(_) => format!("{} holds no PEM block of a {kind}", path.get_ref()),
        Err(error) => format!("{} cannot be read: {error}", path.get_ref()),
    };
    let help = "write the path of a PEM file, relative to attendant.toml";
    reader.error(Code::Value, path.span(), title, "", help);
    None
}

/// Trunks may share a TLS address, and then they show the same certificate and ask for the same authority.
pub(super) fn one_certificate(findings: &mut Findings, trunk: &ReadTrunk, earlier: &[ReadTrunk]) {
    for listen in trunk.profile.listens.iter().filter(|listen| listen.tls.is_some()) {
        let differs = |theirs: &&Listen| {
            let same_socket =
                (theirs.transport, theirs.address) == (listen.transport, listen.address);
            same_socket && theirs.tls.is_some() && theirs.tls != listen.tls
        };
        let clash = |other: &&ReadTrunk| other.profile.listens.iter().any(|it| differs(&it));
        if let Some(other) = earlier.iter().find(clash) {
            let title =
                format!("two SIP profiles show different certificates on {}", listen.address);
            let found = Diagnostic::error(Code::Duplicate, title).at(&trunk.source, 0..0, "");
            let help =
                format!("write the same [listen.tls] as in {}, or another bind", other.source.path);
            findings.push(found.help(help));
        }
    }
}
