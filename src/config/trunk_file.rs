//! Reads `sip-profiles/<name>.toml`.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use crate::base::{PacketTime, TrunkName};
use crate::codec::Codec;
use crate::dialplan::{Country, Numbers, Pattern};
use crate::sip::{self, Credentials, Inbound};

use super::diagnostic::Source;
use super::file::{OneOrMany, Reader, SecretFile, Text};
use super::limits_file::{RegisterFile, TrunkLimitsFile, limits, register};
use super::node::{advertised, ports, sip_address};
use super::preset::{InboundKind, Values};
use super::{
    Code, Node, Peer, PlanName, Preset, Transfer, TransferMethod, TrunkMedia, TrunkProfile,
    reach,
};

/// A profile with the places that checks across files point at.
pub(super) struct ReadTrunk {
    pub(super) profile: TrunkProfile,
    pub(super) source: Arc<Source>,
    pub(super) plan: Text,
    pub(super) allow: Vec<Text>,
    pub(super) sources: Vec<Spanned<IpNet>>,
    pub(super) inbound: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TrunkFile {
    preset: Text,
    dialplan: Text,
    listen: Option<ListenFile>,
    #[serde(default)]
    peer: PeerFile,
    #[serde(default)]
    auth: AuthFile,
    #[serde(default)]
    numbers: NumbersFile,
    #[serde(default)]
    media: MediaFile,
    #[serde(default)]
    limits: TrunkLimitsFile,
    #[serde(default)]
    register: RegisterFile,
    #[serde(default)]
    transfer: TransferFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ListenFile {
    udp: Text,
    #[serde(default)]
    advertise: AdvertiseFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AdvertiseFile {
    sip: Option<Text>,
    rtp: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PeerFile {
    host: Option<Text>,
    allow: Option<Spanned<OneOrMany>>,
    ping: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct AuthFile {
    user: Option<Text>,
    secret: Option<Spanned<SecretFile>>,
    inbound: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct NumbersFile {
    country: Option<Text>,
    area_code: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MediaFile {
    codecs: Option<Spanned<OneOrMany>>,
    dtmf: Option<Text>,
    ports: Option<Text>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TransferFile {
    methods: Option<Spanned<OneOrMany>>,
    refer_to: Option<Text>,
    wait: Option<Text>,
    allow: Option<Spanned<OneOrMany>>,
}

/// Reads a profile. `name` is the file's name; `dir` is where relative paths of secrets start.
pub(super) fn read(
    reader: &mut Reader<'_>,
    dir: &Path,
    name: &str,
    node: &Node,
) -> Option<ReadTrunk> {
    let raw: TrunkFile = reader.shape()?;
    let preset = reader.choice(&raw.preset, "preset", &Preset::ALL.map(|p| (p.name(), p)))?;
    let values = preset.values();

    let addresses = addresses(reader, raw.listen, node);
    let media = media(reader, raw.media, &values, node);
    let peer = peer(reader, &raw.peer, &values);
    let registers = raw.register.is_enabled();
    let sources = sources(reader, raw.peer, peer.as_ref().and_then(Option::as_ref), registers);
    let known = [("ip", InboundKind::Ip), ("registered", InboundKind::Registered)];
    let inbound = match &raw.auth.inbound {
        Some(text) => reader.choice(text, "way to authenticate", &known),
        None => Some(values.inbound),
    };
    let credentials = credentials(reader, dir, raw.auth.user, raw.auth.secret);
    let numbers = numbers(reader, raw.numbers);
    let limits = limits(reader, raw.limits, values.max_calls);
    let peer = peer?;
    let numbers = numbers?;
    let credentials = credentials?;
    let register = register(reader, raw.register, peer.as_ref(), credentials.as_ref());
    let transfer = transfer(reader, raw.transfer, &values, peer.as_ref(), &numbers);

    let Addresses { listen, sip: advertised, rtp_bind, rtp_advertise } = addresses?;
    let (codecs, telephone_event, ports) = media?;
    let (transfer, allow) = transfer?;
    let sources = sources?;
    let inbound = match inbound? {
        InboundKind::Ip => Inbound::Ip,
        InboundKind::Registered => Inbound::Registered,
    };
    let allowed = sources.iter().map(|net| *net.get_ref()).collect();
    let sip = sip_trunk(name, allowed, inbound, advertised, credentials, transfer.wait);
    let media = TrunkMedia {
        codecs,
        telephone_event,
        packet_time: PacketTime::DEFAULT,
        bind: rtp_bind,
        advertise: rtp_advertise,
        ports,
    };
    let plan = PlanName(raw.dialplan.get_ref().clone());
    let (limits, register) = (limits?, register?);
    let profile = TrunkProfile {
        sip,
        preset,
        listen,
        peer,
        plan,
        numbers,
        media,
        limits,
        register,
        transfer,
    };
    Some(ReadTrunk {
        profile,
        source: reader.source.clone(),
        plan: raw.dialplan,
        allow,
        sources,
        inbound: raw.auth.inbound,
    })
}

fn sip_trunk(
    name: &str,
    allow: Vec<IpNet>,
    inbound: Inbound,
    advertised: SocketAddr,
    credentials: Option<Credentials>,
    refer_wait: Duration,
) -> sip::Trunk {
    sip::Trunk {
        name: TrunkName::new(name),
        allow,
        inbound,
        advertised,
        credentials,
        accept_refer: false,
        refer_wait,
        listens: Vec::new(),
        policy: sip::Policy::default(),
    }
}

struct Addresses {
    listen: SocketAddr,
    sip: SocketAddr,
    rtp_bind: IpAddr,
    rtp_advertise: IpAddr,
}

/// Finds the addresses to bind and to tell. A wildcard may be bound, but never told.
fn addresses(reader: &mut Reader<'_>, raw: Option<ListenFile>, node: &Node) -> Option<Addresses> {
    let mut own = None;
    let (mut listen, mut advertise) = (node.sip_listen, AdvertiseFile::default());
    if let Some(raw) = raw {
        let read = |text: &str| text.parse().map_err(|_| "write it as \"192.0.2.10:5060\"");
        listen = reader.value(&raw.udp, "an address and port", read)?;
        own = Some(raw.udp.span());
        advertise = raw.advertise;
    }
    let sip = sip_address(reader, advertise.sip.as_ref(), listen.port())?
        .or(node.sip_advertise.filter(|_| own.is_none()))
        .unwrap_or(listen);
    let rtp_bind = node.rtp.bind.unwrap_or(listen.ip());
    let rtp_advertise = advertised(reader, advertise.rtp.as_ref())?;
    let rtp_advertise = rtp_advertise.or(node.rtp.advertise).unwrap_or(rtp_bind);
    let wild = |sip: &SocketAddr| sip.ip().is_unspecified() || sip.port() == 0;
    for (key, what, told) in [
        ("sip", format!("SIP listens on {listen}"), !wild(&sip)),
        ("rtp", format!("RTP listens on {rtp_bind}"), !rtp_advertise.is_unspecified()),
    ] {
        if !told {
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
    }
    let told = !wild(&sip) && !rtp_advertise.is_unspecified();
    told.then_some(Addresses { listen, sip, rtp_bind, rtp_advertise })
}

fn peer(reader: &mut Reader<'_>, raw: &PeerFile, values: &Values) -> Option<Option<Peer>> {
    let ping = match raw.ping.as_ref() {
        None => values.ping,
        Some(text) if text.get_ref() == "off" => None,
        Some(text) => Some(reader.duration(text)?),
    };
    let Some(host) = &raw.host else {
        let Some(text) = &raw.ping else { return Some(None) };
        let help = "write `host`, or remove `ping`";
        reader.error(Code::NoEffect, text.span(), "there is no peer to ask", "no effect", help);
        return None;
    };
    let read = |text: &str| {
        host_and_port(text).ok_or("write it as \"pbx.clinic.lan\" or \"192.0.2.5:5060\"")
    };
    let (name, port) = reader.value(host, "a host", read)?;
    Some(Some(Peer { host: name, port, ping }))
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    const SIP: u16 = 5060;
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some((if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }, SIP));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        let ip = address.ip();
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        return (address.port() > 0).then_some((host, address.port()));
    }
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, port.parse().ok().filter(|port| *port > 0)?),
        None => (text, SIP),
    };
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.chars().all(letter);
    // A name that is all digits and dots is an address with a mistake in it.
    let named = name.chars().any(|c| c.is_ascii_alphabetic());
    (named && name.len() <= 253 && name.split('.').all(label)).then(|| (name.to_owned(), port))
}

/// Returns the sources that requests are taken from: `allow`, or the peer's own address. A trunk that registers needs
/// none: its calls come back by the registration.
fn sources(
    reader: &mut Reader<'_>,
    raw: PeerFile,
    peer: Option<&Peer>,
    registers: bool,
) -> Option<Vec<Spanned<IpNet>>> {
    let Some(allow) = raw.allow else {
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
    let texts = OneOrMany::texts(allow);
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

fn credentials(
    reader: &mut Reader<'_>,
    dir: &Path,
    user: Option<Text>,
    secret: Option<Spanned<SecretFile>>,
) -> Option<Option<Credentials>> {
    match (user, secret) {
        (None, None) => Some(None),
        (Some(user), Some(secret)) => {
            let secret = reader.secret(dir, &secret)?;
            Some(Some(Credentials { user: user.into_inner(), secret }))
        }
        (Some(user), None) => {
            let title = "a user without a secret answers no challenge";
            reader.error(Code::NoEffect, user.span(), title, "", "write `secret` too");
            None
        }
        (None, Some(secret)) => {
            // Read all the same: a literal secret is the worse mistake.
            reader.secret(dir, &secret)?;
            let title = "a secret without a user answers no challenge";
            reader.error(Code::NoEffect, secret.span(), title, "", "write `user` too");
            None
        }
    }
}

fn numbers(reader: &mut Reader<'_>, raw: NumbersFile) -> Option<Numbers> {
    let known = Country::ALL.map(|country| (country.code(), country));
    let country = match &raw.country {
        Some(text) => reader.choice(text, "country", &known),
        None => Some(Country::Us),
    };
    let area_code = match &raw.area_code {
        Some(text) => Some(reader.value(text, "an area code", |text| {
            let digits = text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
            let area = digits && text.as_bytes()[0] >= b'2';
            area.then(|| text.to_owned()).ok_or("write its three digits: \"312\"")
        })?),
        None => None,
    };
    Some(Numbers { country: country?, area_code })
}

type Media = (Vec<Codec>, bool, std::ops::RangeInclusive<u16>);

fn media(reader: &mut Reader<'_>, raw: MediaFile, values: &Values, node: &Node) -> Option<Media> {
    let known = Codec::ALL.map(|codec| (codec_name(codec), codec));
    let codecs = match raw.codecs {
        None => Some(values.codecs.clone()),
        Some(list) => {
            let span = list.span();
            let texts = OneOrMany::texts(list);
            if texts.is_empty() {
                let title = "a trunk without a codec carries no call";
                reader.error(Code::Value, span, title, "", "write codecs = [\"pcmu\", \"pcma\"]");
            }
            let read: Vec<_> =
                texts.iter().filter_map(|text| reader.choice(text, "codec", &known)).collect();
            (read.len() == texts.len() && !read.is_empty()).then_some(read)
        }
    };
    let telephone_event = match &raw.dtmf {
        Some(text) => {
            reader.choice(text, "way to send digits", &[("rfc4733", true), ("info", false)])
        }
        None => Some(values.telephone_event),
    };
    let ports = match &raw.ports {
        Some(text) => ports(reader, text),
        None => Some(node.rtp.ports.clone()),
    };
    Some((codecs?, telephone_event?, ports?))
}

fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcmu => "pcmu",
        Codec::Pcma => "pcma",
        Codec::G722 => "g722",
    }
}

fn transfer(
    reader: &mut Reader<'_>,
    raw: TransferFile,
    values: &Values,
    peer: Option<&Peer>,
    numbers: &Numbers,
) -> Option<(Transfer, Vec<Text>)> {
    let methods = match raw.methods {
        None => Some(vec![TransferMethod::Refer]),
        Some(list) => {
            let texts = OneOrMany::texts(list);
            let known = &TransferMethod::NAMES;
            texts.iter().map(|text| reader.choice(text, "way to transfer", known)).collect()
        }
    };
    let wait = raw.wait.map_or(Some(values.refer_wait), |text| reader.duration(&text));
    let allow = raw.allow.map(OneOrMany::texts).unwrap_or_default();
    let patterns: Vec<_> = allow
        .iter()
        .filter_map(|text| reader.value(text, "a number or pattern", Pattern::parse))
        .collect();
    let forbidden = reach::check_allow(reader, &allow, numbers);
    let refer_to = refer_to(reader, raw.refer_to, values);
    if let (Some(first), None) = (allow.first(), peer) {
        let title = "calls cannot be handed to numbers of a peer that is not named";
        reader.error(Code::NoEffect, first.span(), title, "no effect", "write `host` under [peer]");
        return None;
    }
    if forbidden || patterns.len() != allow.len() {
        return None;
    }
    let peer = peer.map(|peer| match peer.port {
        5060 => peer.host.clone(),
        port => format!("{}:{port}", peer.host),
    });
    let transfer = Transfer {
        methods: methods?,
        refer_to: refer_to?,
        peer: peer.unwrap_or_default(),
        wait: wait?,
        allow: patterns,
        numbers: numbers.clone(),
    };
    Some((transfer, allow))
}

fn refer_to(reader: &mut Reader<'_>, text: Option<Text>, values: &Values) -> Option<String> {
    let Some(text) = text else { return Some(values.refer_to.to_owned()) };
    reader.value(&text, "a Refer-To template", |template| {
        let filled = template.replacen("{ext}", "6001", 1).replacen("{peer}", "pbx", 1);
        let scheme = template.starts_with("sip:") || template.starts_with("tel:");
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"{}".contains(c);
        let sound = scheme && template.contains("{ext}") && !filled.contains(odd);
        sound.then(|| template.to_owned()).ok_or("write it as \"sip:{ext}@{peer}\"")
    })
}
