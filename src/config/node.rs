//! The process itself: `attendant.toml`.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU16, NonZeroUsize};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::ops::logging::{self, LogFormat};
use crate::sip::auth::Algorithm;
use crate::sip::{Credentials, Registrar};

use super::Code;
use super::file::{OneOrMany, Reader, SecretFile, Text, duration};
use super::layers::DEFAULT;
use super::recording_file::{self, Recording, RecordingFile};
use super::speech_file::{self, Speech, SpeechFile};

/// What the process needs to know of itself.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it may write: the practice book, audit lines, call records.
    pub data: PathBuf,
    /// Where the speech models are.
    pub models: PathBuf,
    /// The UDP address of trunks that have no `[listen]` of their own.
    pub sip_listen: SocketAddr,
    /// What those trunks put into Via and Contact; the address they listen on when absent.
    pub sip_advertise: Option<SocketAddr>,
    /// Where RTP is received.
    pub rtp: RtpBind,
    /// Media threads.
    pub media_threads: NonZeroU16,
    /// Threads that turn speech into text.
    pub hearing_threads: NonZeroU16,
    /// Calls at a time over all trunks; the next one is refused with 503.
    pub max_calls: u32,
    /// How long a call may last.
    pub longest_call: Duration,
    /// Bounds on what sources may cost.
    pub floods: Floods,
    /// Name servers that SIP hosts are looked up with; empty asks those of the system.
    pub name_servers: Vec<SocketAddr>,
    /// Where `/metrics` and `/health` are served; `None` is nowhere.
    pub metrics: Option<SocketAddr>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Which log lines are written, for example `info` or `info,attendant::sip=debug`.
    pub log_filter: String,
    /// How long running calls may last once the process was asked to stop.
    pub drain: Duration,
    /// Where appointments are kept.
    pub book: Book,
    /// How calls are recorded whose route says so; `None` where nobody could hear a recording.
    pub recording: Option<Recording>,
    /// Softphones that may register.
    pub registrar: Option<Registrar>,
    /// Who hears and who speaks.
    pub speech: Speech,
}

/// Bounds on what sources may cost, before anything that they send is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Floods {
    /// Messages a second from a source that a trunk lists.
    pub listed_per_second: u32,
    /// Messages a second from any other source that may speak.
    pub guests_per_second: u32,
    /// Connections in all.
    pub connections: u32,
    /// Connections of one address.
    pub connections_per_source: u32,
}

/// Where appointments are kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Book {
    /// In our own SQLite file.
    BuiltIn {
        /// The file.
        path: PathBuf,
    },
}

/// Where RTP is received, unless a trunk says otherwise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RtpBind {
    /// The address to bind; the trunk's listen address when absent.
    pub bind: Option<IpAddr>,
    /// The address to write into SDP; the bound one when absent.
    pub advertise: Option<IpAddr>,
    /// The ports.
    pub ports: RangeInclusive<u16>,
}

/// The file, with the defaults of [`super::NODE`] under it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NodeFile {
    data: Text,
    models: Option<Text>,
    sip: SipFile,
    rtp: RtpFile,
    threads: ThreadsFile,
    limits: LimitsFile,
    #[serde(default)]
    dns: DnsFile,
    metrics: MetricsFile,
    log: LogFile,
    drain: DrainFile,
    practice: PracticeFile,
    recording: RecordingFile,
    registrar: RegistrarFile,
    speech: SpeechFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SipFile {
    listen: Text,
    advertise: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RtpFile {
    bind: Option<Text>,
    advertise: Option<Text>,
    ports: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ThreadsFile {
    media: Spanned<u16>,
    hearing: Option<Spanned<u16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LimitsFile {
    calls: Spanned<u32>,
    listed_per_second: Spanned<u32>,
    guests_per_second: Spanned<u32>,
    longest_call: Text,
    connections: Spanned<u32>,
    connections_per_source: Spanned<u32>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DnsFile {
    servers: Option<Spanned<OneOrMany>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MetricsFile {
    listen: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LogFile {
    format: Text,
    filter: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DrainFile {
    deadline: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PracticeFile {
    book: Text,
    path: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RegistrarFile {
    realm: Text,
    digest: Spanned<OneOrMany>,
    users: Option<Spanned<BTreeMap<Text, Spanned<SecretFile>>>>,
}

impl Node {
    /// Checks what the file says. `dir` is where its relative paths start.
    pub(super) fn check(reader: &mut Reader<'_>, dir: &Path, raw: NodeFile) -> Option<Self> {
        let data = dir.join(raw.data.get_ref());
        let models = match &raw.models {
            Some(text) => dir.join(text.get_ref()),
            None => data.join("models"),
        };
        let sip_listen = reader.value(&raw.sip.listen, "an address and port", |text| {
            text.parse::<SocketAddr>().map_err(|_| "write it as \"192.0.2.10:5060\"")
        });
        let port = sip_listen.map_or(5060, |listen| listen.port());
        let sip_advertise = sip_address(reader, raw.sip.advertise.as_ref(), port);
        let rtp = RtpBind::check(reader, &raw.rtp);
        let media_threads = threads(reader, &raw.threads.media);
        let hearing_threads = match &raw.threads.hearing {
            Some(written) => threads(reader, written),
            None => Some(hearing_threads(std::thread::available_parallelism().ok())),
        };
        let max_calls = calls(reader, &raw.limits.calls);
        let longest_call = longest_call(reader, &raw.limits.longest_call);
        let floods = floods(reader, &raw.limits);
        let name_servers = name_servers(reader, raw.dns);
        let metrics = metrics_listen(reader, &raw.metrics.listen);
        let log = log(reader, &raw.log);
        let drain = reader.duration(&raw.drain.deadline);
        let book = book(reader, &data, &raw.practice);
        let recording = recording_file::read(reader, &data, raw.recording);
        let registrar = registrar(reader, dir, raw.registrar);
        let speech = speech_file::speech(reader, dir, raw.speech);
        let (log_format, log_filter) = log?;
        Some(Self {
            data,
            models,
            sip_listen: sip_listen?,
            sip_advertise: sip_advertise?,
            rtp: rtp?,
            media_threads: media_threads?,
            hearing_threads: hearing_threads?,
            max_calls: max_calls?,
            longest_call: longest_call?,
            floods: floods?,
            name_servers: name_servers?,
            metrics: metrics?,
            log_format,
            log_filter,
            drain: drain?,
            book: book?,
            recording: recording?,
            registrar: registrar?,
            speech: speech?,
        })
    }

    /// Stands in for a node whose file is wrong, so that the other files can be checked too.
    pub(super) fn stand_in() -> Self {
        Self {
            data: PathBuf::new(),
            models: PathBuf::new(),
            sip_listen: SocketAddr::from(([127, 0, 0, 1], 5060)),
            sip_advertise: None,
            rtp: RtpBind { bind: None, advertise: None, ports: 20_000..=20_999 },
            media_threads: NonZeroU16::MIN,
            hearing_threads: NonZeroU16::MIN,
            max_calls: 1,
            longest_call: Duration::ZERO,
            floods: Floods {
                listed_per_second: 1,
                guests_per_second: 1,
                connections: 1,
                connections_per_source: 1,
            },
            name_servers: Vec::new(),
            metrics: None,
            log_format: LogFormat::Text,
            log_filter: String::new(),
            drain: Duration::ZERO,
            book: Book::BuiltIn { path: PathBuf::new() },
            recording: None,
            registrar: None,
            speech: Speech::default(),
        }
    }
}

impl RtpBind {
    fn check(reader: &mut Reader<'_>, raw: &RtpFile) -> Option<Self> {
        let bind = address(reader, raw.bind.as_ref());
        let advertise = advertised(reader, raw.advertise.as_ref());
        let ports = ports(reader, &raw.ports);
        Some(Self { bind: bind?, advertise: advertise?, ports: ports? })
    }
}

fn address(reader: &mut Reader<'_>, text: Option<&Text>) -> Option<Option<IpAddr>> {
    let Some(text) = text else { return Some(None) };
    let read = |text: &str| text.parse::<IpAddr>().map_err(|_| "write it as \"192.0.2.10\"");
    reader.value(text, "an address", read).map(Some)
}

/// Reads an address that goes into messages: `auto`, or one that a peer can send to.
pub(super) fn advertised(reader: &mut Reader<'_>, text: Option<&Text>) -> Option<Option<IpAddr>> {
    let Some(text) = text.filter(|text| text.get_ref() != "auto") else { return Some(None) };
    let address = address(reader, Some(text))?;
    if address.is_some_and(|address| address.is_unspecified()) {
        let title = format!("no peer can send to {}", text.get_ref());
        let help = "write the address that the PBX reaches this machine under";
        reader.error(Code::Wildcard, text.span(), title, "a wildcard", help);
        return None;
    }
    Some(address)
}

/// Reads `auto`, `192.0.2.10` or `192.0.2.10:5060`; `port` is the one that is listened on.
pub(super) fn sip_address(
    reader: &mut Reader<'_>,
    text: Option<&Text>,
    port: u16,
) -> Option<Option<SocketAddr>> {
    let Some(text) = text.filter(|text| text.get_ref() != "auto") else { return Some(None) };
    let read = |text: &str| {
        let alone = |ip: IpAddr| SocketAddr::new(ip, port);
        let help = "write it as \"192.0.2.10\" or \"192.0.2.10:5060\"";
        text.parse().or_else(|_| text.parse().map(alone)).map_err(|_| help)
    };
    reader.value(text, "an address", read).map(Some)
}

/// Reads `40000-40999`: whole pairs of an even RTP and an odd RTCP port (RFC 3550 §11).
pub(super) fn ports(reader: &mut Reader<'_>, text: &Text) -> Option<RangeInclusive<u16>> {
    reader.value(text, "a range of ports", |text| {
        let help = "write it as \"40000-40999\": from an even port to an odd one, not below 1024";
        let (first, last) = text.split_once('-').ok_or(help)?;
        match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
            (Ok(first @ 1024..), Ok(last)) if first < last && first % 2 == 0 && last % 2 == 1 => {
                Ok(first..=last)
            }
            _ => Err(help),
        }
    })
}

/// Reads a number of calls, which nobody limits to none.
pub(super) fn calls(reader: &mut Reader<'_>, calls: &Spanned<u32>) -> Option<u32> {
    if *calls.get_ref() > 0 {
        return Some(*calls.get_ref());
    }
    let help = "leave the key out for the default, or stop the service to take no calls";
    reader.error(Code::Value, calls.span(), "0 calls is no limit but a closed door", "", help);
    None
}

fn longest_call(reader: &mut Reader<'_>, text: &Text) -> Option<Duration> {
    reader.value(text, "a time of 1m or longer, for example \"60m\"", |text| {
        let least = Duration::from_secs(60);
        let help = "write 1m or longer; whoever asks for a person is put through all the same";
        duration(text).filter(|time| *time >= least).ok_or(help)
    })
}

fn floods(reader: &mut Reader<'_>, raw: &LimitsFile) -> Option<Floods> {
    let mut sound = true;
    let mut bound = |number: &Spanned<u32>| {
        if *number.get_ref() == 0 {
            let help = "leave the key out for the default";
            reader.error(Code::Value, number.span(), "0 lets nobody speak", "", help);
            sound = false;
        }
        *number.get_ref()
    };
    let floods = Floods {
        listed_per_second: bound(&raw.listed_per_second),
        guests_per_second: bound(&raw.guests_per_second),
        connections: bound(&raw.connections),
        connections_per_source: bound(&raw.connections_per_source),
    };
    sound.then_some(floods)
}

fn name_servers(reader: &mut Reader<'_>, raw: DnsFile) -> Option<Vec<SocketAddr>> {
    const DNS: u16 = 53;
    let texts = raw.servers.map(OneOrMany::texts).unwrap_or_default();
    let read = |text: &str| {
        let alone = |ip: IpAddr| SocketAddr::new(ip, DNS);
        let help = "write it as \"192.0.2.53\" or \"192.0.2.53:53\"";
        text.parse().or_else(|_| text.parse().map(alone)).map_err(|_| help)
    };
    let found: Vec<_> =
        texts.iter().filter_map(|text| reader.value(text, "a name server", read)).collect();
    (found.len() == texts.len()).then_some(found)
}

/// Returns how many threads hear when nobody says so: with one, what one caller says so far keeps another's whole turn
/// waiting.
fn hearing_threads(cores: Option<NonZeroUsize>) -> NonZeroU16 {
    match cores {
        Some(NonZeroUsize::MIN) => NonZeroU16::MIN,
        _ => NonZeroU16::MIN.saturating_add(1),
    }
}

fn threads(reader: &mut Reader<'_>, threads: &Spanned<u16>) -> Option<NonZeroU16> {
    let found = NonZeroU16::new(*threads.get_ref()).filter(|threads| threads.get() <= 64);
    if found.is_none() {
        let title = format!("{} threads cannot do the work", threads.get_ref());
        reader.error(
            Code::Value,
            threads.span(),
            title,
            "",
            "write 1 to 64; one serves forty calls",
        );
    }
    found
}

fn metrics_listen(reader: &mut Reader<'_>, text: &Text) -> Option<Option<SocketAddr>> {
    if text.get_ref() == "off" {
        return Some(None);
    }
    let read = |text: &str| {
        text.parse::<SocketAddr>().map_err(|_| "write it as \"127.0.0.1:9464\", or \"off\"")
    };
    reader.value(text, "an address and port", read).map(Some)
}

fn log(reader: &mut Reader<'_>, raw: &LogFile) -> Option<(LogFormat, String)> {
    let known = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let format = reader.choice(&raw.format, "log format", &known);
    let filter = reader.value(&raw.filter, "a log filter", |text| {
        logging::check_filter(text).map(|()| text.to_owned()).map_err(|error| {
            format!("{error}; write it as \"info\" or \"info,attendant::sip=debug\"")
        })
    });
    Some((format?, filter?))
}

fn book(reader: &mut Reader<'_>, data: &Path, raw: &PracticeFile) -> Option<Book> {
    reader.choice(&raw.book, "practice book", &[("builtin", ())])?;
    Some(Book::BuiltIn { path: data.join(raw.path.get_ref()) })
}

/// Reads the registrar; `Some(None)` where nobody may register.
fn registrar(reader: &mut Reader<'_>, dir: &Path, raw: RegistrarFile) -> Option<Option<Registrar>> {
    let digests = digests(reader, &raw.digest);
    let Some(table) = raw.users else {
        let dead = [raw.realm.span(), raw.digest.span()];
        let Some(place) = dead.into_iter().find(|place| *place != DEFAULT) else {
            return Some(None);
        };
        let help = "write [registrar.users] with a line a softphone, or remove the key";
        reader.error(Code::NoEffect, place, "nobody may register", "no effect", help);
        return None;
    };
    let span = table.span();
    let mut users = Vec::new();
    let mut complete = true;
    for (user, secret) in table.into_inner() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if user.get_ref().is_empty() || !user.get_ref().chars().all(plain) {
            let title = format!("\"{}\" cannot be the user of a softphone", user.get_ref());
            let help = "use letters, digits, dots and dashes: 1000";
            reader.error(Code::Value, user.span(), title, "", help);
            complete = false;
        }
        match reader.secret(dir, &secret) {
            Some(secret) => users.push(Credentials { user: user.into_inner(), secret }),
            None => complete = false,
        }
    }
    if users.is_empty() && complete {
        let help = "write 1000 = { file = \"credentials/1000\" }, or remove [registrar]";
        reader.error(Code::NoEffect, span, "a registrar without users lets nobody in", "", help);
        return None;
    }
    let digests = digests?;
    let realm = raw.realm.into_inner();
    complete.then_some(Some(Registrar { realm, users, digests }))
}

/// Reads how softphones prove that they know their password. MD5 alone unless asked for: many, the
/// baresip of Debian 12 among them, give up when they meet SHA-256, even beside MD5.
pub(super) fn digests(
    reader: &mut Reader<'_>,
    list: &Spanned<OneOrMany>,
) -> Option<Vec<Algorithm>> {
    let span = list.span();
    let texts = OneOrMany::placed(list);
    let known = [
        ("sha-512-256", Algorithm::Sha512256),
        ("sha-256", Algorithm::Sha256),
        ("md5", Algorithm::Md5),
    ];
    let read = texts.iter().filter_map(|text| reader.choice(text, "digest", &known));
    let mut read: Vec<_> = read.collect();
    if texts.is_empty() {
        let title = "without a digest no softphone can show its password";
        reader.error(Code::Value, span, title, "", "write digest = [\"sha-256\", \"md5\"]");
    }
    let complete = read.len() == texts.len() && !read.is_empty();
    read.sort_unstable_by(|a, b| b.cmp(a));
    read.dedup();
    complete.then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_hear_unless_there_is_one_core() {
        let threads = |cores: usize| hearing_threads(NonZeroUsize::new(cores)).get();
        assert_eq!([1, 2, 64].map(threads), [1, 2, 2]);
        assert_eq!(hearing_threads(None).get(), 2, "it is not known");
    }
}
