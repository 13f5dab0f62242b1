//! Reads `sip-profiles/<name>.toml`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;
use toml::de::DeTable;

use crate::base::TrunkName;
use crate::sip::{self, Transport};

use super::auth_file::{self, AuthFile};
use super::diagnostic::Source;
use super::file::{Reader, Text};
use super::layers::{self, Layer};
use super::limits_file::{RegisterFile, TrunkLimitsFile, limits, register};
use super::listen_file::{self, Addresses, ListenFile};
use super::media_file::{self, Digits, MediaFile, NumbersFile};
use super::peer_file::{self, PeerFile};
use super::presets::Standing;
use super::session_file::{self, SessionFile};
use super::transfer_file::{self, TransferFile};
use super::waiting_file::{self, Services};
use super::{Code, Listen, Node, Peer, PlanName, Preset, TRUNK, TrunkMedia, TrunkProfile};

/// A profile with the places that checks across files point at.
pub(super) struct ReadTrunk {
    pub(super) profile: TrunkProfile,
    pub(super) source: Arc<Source>,
    pub(super) plan: Text,
    pub(super) allow: Vec<Text>,
    pub(super) sources: Vec<Spanned<IpNet>>,
    pub(super) inbound: Option<Text>,
}

/// Every key that has a default is there: see [`layers`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TrunkFile {
    preset: Text,
    dialplan: Text,
    listen: ListenFile,
    peer: PeerFile,
    auth: AuthFile,
    register: RegisterFile,
    numbers: NumbersFile,
    media: MediaFile,
    limits: TrunkLimitsFile,
    session: SessionFile,
    transfer: TransferFile,
}

/// Tells what stands in the file from what the preset and the defaults brought.
pub(super) struct Written {
    preset: std::ops::Range<usize>,
}

impl Written {
    /// Whether a value stands in the file.
    pub(super) fn has<T>(&self, value: &Spanned<T>) -> bool {
        ![self.preset.clone(), layers::DEFAULT].contains(&value.span())
    }
}

/// Returns the layers under a profile: its preset, and the defaults. `None` where the preset is not known.
fn layers_under(table: &DeTable<'_>) -> Option<Vec<Layer>> {
    let defaults = Layer::defaults(TRUNK);
    let Some(preset) = table.get("preset") else { return Some(vec![defaults]) };
    // One that is no text is told when the shape is read.
    let Some(name) = preset.get_ref().as_str() else { return Some(vec![defaults]) };
    let facts = Preset::from_name(name)?.family().facts;
    Some(vec![Layer::preset(facts, preset.span()), defaults])
}

/// Reads a profile. `name` is the file's name; `dir` is where relative paths of secrets start.
pub(super) fn read(
    reader: &mut Reader<'_>,
    dir: &Path,
    name: &str,
    node: &Node,
) -> Option<ReadTrunk> {
    let source = reader.source.clone();
    let table = DeTable::parse(&source.text).ok();
    let under = match &table {
        Some(table) => layers_under(table.get_ref()),
        None => Some(Vec::new()),
    };
    let raw: TrunkFile = match under {
        Some(under) => reader.shape_over(&under)?,
        // Its other mistakes are told too, against the defaults alone.
        None => reader.shape_over(&[Layer::defaults(TRUNK)])?,
    };
    let preset = reader.choice(&raw.preset, "preset", &Preset::ALL.map(|p| (p.name(), p)))?;
    preset_is_met(reader, preset, &raw.preset, table.as_ref().map(Spanned::get_ref))?;
    let written = Written { preset: raw.preset.span() };
    checked(reader, dir, name, node, (preset, raw, written))
}

/// Checks that a profile writes what its preset cannot know, and says where the preset is known from.
fn preset_is_met(
    reader: &mut Reader<'_>,
    preset: Preset,
    text: &Text,
    table: Option<&DeTable<'_>>,
) -> Option<()> {
    let family = preset.family();
    let missing = |path: &&&str| table.is_some_and(|table| layers::find(table, path).is_none());
    let missing: Vec<_> = family.requires.iter().filter(missing).collect();
    for path in &missing {
        let (table, key) = path.rsplit_once('.').unwrap_or(("", path));
        let title = format!("preset {} needs `{key}` under [{table}]", preset.name());
        reader.error(Code::MissingKey, text.span(), title, "", format!("write [{table}] {key}"));
    }
    if family.standing == Standing::FromDocumentation {
        let name = preset.name();
        let title = format!("preset {name} is from documentation: it was not run against the PBX");
        let help = format!(
            "try a call, a hold and a transfer; `attendant presets show {name}` says where each value is from"
        );
        reader.warning(Code::Unverified, text.span(), title, help);
    }
    missing.is_empty().then_some(())
}

fn checked(
    reader: &mut Reader<'_>,
    dir: &Path,
    name: &str,
    node: &Node,
    (preset, raw, written): (Preset, TrunkFile, Written),
) -> Option<ReadTrunk> {
    let peer = peer_file::peer(reader, dir, &raw.peer, &written);
    let registers = raw.register.is_enabled();
    let known = peer.as_ref().and_then(Option::as_ref);
    let transport = known.map_or(Transport::Udp, |peer| peer.transport);
    let addresses = listen_file::addresses(reader, dir, raw.listen, node, (transport, registers));
    keys_are_safe(reader, &raw.media.srtp, known, addresses.as_ref(), registers);
    let services = waiting_file::services(reader, dir, &raw.media);
    let media = media_file::media(reader, raw.media, node);
    let sources = peer_file::sources(reader, &raw.peer, known, registers);
    let listens = addresses.as_ref().map(|found| found.listens.as_slice());
    let inbound = auth_file::inbound(reader, dir, &raw.auth, listens, &written);
    let credentials = auth_file::credentials(reader, dir, raw.auth.user, raw.auth.secret);
    let numbers = media_file::numbers(reader, &raw.numbers);
    let sides = media_file::sides(reader, raw.numbers);
    let session = session_file::session(reader, raw.session);
    let limits = limits(reader, raw.limits);
    let (peer, numbers, credentials) = (peer?, numbers?, credentials?);
    let register = register(reader, raw.register, &written, peer.as_ref(), credentials.as_ref());
    let transfer = transfer_file::transfer(reader, raw.transfer, peer.as_ref(), &numbers);

    let Addresses { listens, listen, sip: advertised, rtp_bind, rtp_advertise } = addresses?;
    let (codecs, digits, srtp, ports) = media?;
    #[rustfmt::skip]
    let Services { comfort_noise, silence_suppression, waiting, rtp_timeout, packet_time, rtcp_mux } = services?;
    let (transfer, allow) = transfer?;
    let (called, caller) = sides?;
    let (timer, prack, answer_within) = session?;
    let sources = sources?;
    let sip = sip::Trunk {
        name: TrunkName::new(name),
        allow: sources.iter().map(|net| *net.get_ref()).collect(),
        inbound: inbound?,
        advertised,
        credentials,
        accept_refer: false,
        refer_wait: transfer.wait,
        listens: bound(&listens),
        policy: sip::Policy { timer, prack, nat: *raw.peer.nat.get_ref(), called, caller },
    };
    let (bind, advertise) = (rtp_bind, rtp_advertise);
    let Digits { telephone_event, in_band: in_band_digits } = digits;
    #[rustfmt::skip]
    let media = TrunkMedia {
        codecs, telephone_event, in_band_digits, comfort_noise, silence_suppression, waiting, rtp_timeout, packet_time,
        rtcp_mux, srtp, bind, advertise, ports,
    };
    let plan = PlanName(raw.dialplan.get_ref().clone());
    let (limits, register) = (limits?, register?);
    #[rustfmt::skip]
    let profile = TrunkProfile {
        sip, preset, listen, listens, peer, plan, numbers, media, limits, register, answer_within, transfer,
    };
    let (source, inbound) = (reader.source.clone(), Some(raw.auth.inbound));
    Some(ReadTrunk { profile, source, plan: raw.dialplan, allow, sources, inbound })
}

/// Warns where the keys of SRTP, which stand in SDP, cross the network readable.
fn keys_are_safe(
    reader: &mut Reader<'_>,
    srtp: &Text,
    peer: Option<&Peer>,
    addresses: Option<&Addresses>,
    registers: bool,
) {
    // Where we register, calls come by the connection that we made.
    let takes_tls = |it: &Addresses| it.listens.iter().any(|listen| listen.tls.is_some());
    let takes_tls = registers || addresses.is_none_or(takes_tls);
    let sends_tls = peer.is_none_or(|peer| peer.transport == Transport::Tls);
    if ["optional", "required"].contains(&srtp.get_ref().as_str()) && !(takes_tls && sends_tls) {
        let title = "the keys of SRTP can be read on the network: SIP goes unencrypted";
        let help = "write transport = \"tls\" under [peer] and cert and key under [listen.tls], and set \
                    the PBX to TLS; or keep PBX and Attendant on a network of their own";
        reader.warning(Code::KeysInClear, srtp.span(), title, help);
    }
}

/// The sockets that requests are told apart by. One whose port the system chooses cannot be named beforehand.
fn bound(listens: &[Listen]) -> Vec<(Transport, SocketAddr)> {
    match listens.iter().any(|listen| listen.address.port() == 0) {
        true => Vec::new(),
        false => listens.iter().map(|listen| (listen.transport, listen.address)).collect(),
    }
}
