//! Every key of `attendant.toml` and of a SIP profile: read by the reader, listed in the table, and with an effect.
#![allow(clippy::unwrap_used)]

mod config_case;

use std::collections::BTreeSet;

use attendant::config::{Config, Key, NODE, PLAN, TRUNK};
use config_case::load;

const NODE_FILE: &str = "attendant.toml";
const PROFILE_FILE: &str = "sip-profiles/front.toml";

/// What a key does when it is written.
enum Effect {
    /// This stands in the checked values, and does not without it.
    Shows(&'static str),
    /// The one value there is; this other one is refused in these words.
    Refused(&'static str),
}
use Effect::{Refused, Shows};

/// A key, the lines that change it and what they need, and what comes of it.
type Row = (&'static str, &'static str, Effect);

const RECORDED: &str =
    "recording.key = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"";

const NODE_ROWS: &[Row] = &[
    ("data", "data = \"/srv/a\"", Shows("data: \"/srv/a\"")),
    ("models", "models = \"/srv/m\"", Shows("models: \"/srv/m\"")),
    ("sip.listen", "sip.listen = \"10.0.0.8:5060\"", Shows("sip_listen: 10.0.0.8:5060")),
    (
        "sip.advertise",
        "sip.advertise = \"192.0.2.9\"",
        Shows("sip_advertise: Some(192.0.2.9:5060)"),
    ),
    ("rtp.bind", "rtp.bind = \"192.0.2.10\"", Shows("bind: Some(192.0.2.10)")),
    ("rtp.advertise", "rtp.advertise = \"198.51.100.7\"", Shows("advertise: Some(198.51.100.7)")),
    ("rtp.ports", "rtp.ports = \"30000-30999\"", Shows("ports: 30000..=30999")),
    ("threads.media", "threads.media = 2", Shows("media_threads: 2")),
    ("threads.hearing", "threads.hearing = 3", Shows("hearing_threads: 3")),
    ("limits.listed-per-second", "limits.listed-per-second = 500", Shows("listed_per_second: 500")),
    ("limits.longest-call", "limits.longest-call = \"20m\"", Shows("longest_call: 1200s")),
    ("limits.guests-per-second", "limits.guests-per-second = 50", Shows("guests_per_second: 50")),
    ("limits.connections", "limits.connections = 99", Shows("connections: 99,")),
    (
        "limits.connections-per-source",
        "limits.connections-per-source = 9",
        Shows("connections_per_source: 9 "),
    ),
    ("dns.servers", "dns.servers = \"192.0.2.53\"", Shows("name_servers: [192.0.2.53:53]")),
    ("limits.calls", "limits.calls = 12", Shows("max_calls: 12")),
    (
        "metrics.listen",
        "metrics.listen = \"127.0.0.1:9999\"",
        Shows("metrics: Some(127.0.0.1:9999)"),
    ),
    ("log.format", "log.format = \"json\"", Shows("log_format: Json")),
    ("log.filter", "log.filter = \"debug\"", Shows("log_filter: \"debug\"")),
    ("drain.deadline", "drain.deadline = \"90s\"", Shows("drain: 90s")),
    ("practice.book", "practice.book = \"fhir\"", Refused("no practice book is called \"fhir\"")),
    ("practice.path", "practice.path = \"c.db\"", Shows("/var/lib/attendant/c.db")),
    ("recording.key", RECORDED, Shows("keys: [\"age1ql3z7h")),
    (
        "recording.escrow-key",
        "recording.key = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"\n\
         recording.escrow-key = \"age1aq77gasklt439mtv6hujuhjc4f8jvvqcwrkk9gy85tn4f0t0hs0s56wmuf\"",
        Shows("\"age1aq77gask"),
    ),
    (
        "recording.directory",
        "recording.key = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"\n\
         recording.directory = \"/srv/r\"",
        Shows("directory: \"/srv/r\""),
    ),
    (
        "recording.notice",
        "recording.key = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"\n\
         recording.notice = { en-US = \"We record.\" }",
        Shows("We record."),
    ),
    (
        "recording.keep-days",
        "recording.key = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"\n\
         recording.keep-days = 7",
        Shows("keep_days: 7,"),
    ),
    (
        "recording.keep-free-mb",
        "recording.key = \"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"\n\
         recording.keep-free-mb = 1",
        Shows("reserve: 1048576"),
    ),
    (
        "registrar.realm",
        "registrar.realm = \"clinic\"\nregistrar.users.1 = { file = \"secret\" }",
        Shows("realm: \"clinic\""),
    ),
    (
        "registrar.digest",
        "registrar.digest = \"sha-256\"\nregistrar.users.1 = { file = \"secret\" }",
        Shows("digests: [Sha256]"),
    ),
    ("registrar.users", "registrar.users.1000 = { file = \"secret\" }", Shows("user: \"1000\"")),
    (
        "speech.recogniser.kind",
        "speech.recogniser = { kind = \"deepgram-websocket\", key-credential = \"key\" }",
        Shows("kind: Deepgram, url: \"wss://api.deepgram.com/v1/listen\""),
    ),
    (
        "speech.recogniser.url",
        "speech.recogniser = { kind = \"openai-http\", url = \"http://127.0.0.1:8000/v1\" }",
        Shows("url: \"http://127.0.0.1:8000/v1\""),
    ),
    (
        "speech.recogniser.model",
        "speech.recogniser = { kind = \"openai-http\", url = \"https://v/v1\", model = \"large-v3\" }",
        Shows("model: \"large-v3\""),
    ),
    (
        "speech.recogniser.key-credential",
        "speech.recogniser = { kind = \"openai-http\", key-credential = \"key\" }",
        Shows("key: Some(‹secret›)"),
    ),
    (
        "speech.recogniser.languages",
        "speech.recogniser = { kind = \"openai-http\", url = \"https://v\", languages = { ht-HT = \"ht\" } }",
        Shows("codes: {ht-HT: \"ht\"}"),
    ),
    (
        "speech.recogniser.first-within",
        "speech.recogniser = { kind = \"openai-http\", url = \"https://v\", first-within = \"900ms\" }",
        Shows("first: 900ms"),
    ),
    (
        "speech.recogniser.stall-within",
        "speech.recogniser = { kind = \"openai-http\", url = \"https://v\", stall-within = \"3s\" }",
        Shows("stall: 3s"),
    ),
    (
        "speech.recogniser.failures",
        "speech.recogniser = { kind = \"openai-http\", url = \"https://v\", failures = 7 }",
        Shows("failures: 7"),
    ),
    (
        "speech.recogniser.pause",
        "speech.recogniser = { kind = \"openai-http\", url = \"https://v\", pause = \"99s\" }",
        Shows("pause: 99s"),
    ),
    (
        "speech.voice.kind",
        "speech.voice = { kind = \"openai-http\", key-credential = \"key\" }",
        Shows("kind: OpenAiSpeech, url: \"https://api.openai.com/v1\""),
    ),
    (
        "speech.voice.url",
        "speech.voice = { kind = \"openai-http\", url = \"https://v.example.com/v1/\" }",
        Shows("url: \"https://v.example.com/v1\""),
    ),
    (
        "speech.voice.model",
        "speech.voice = { kind = \"openai-http\", url = \"https://v\", model = \"kokoro\" }",
        Shows("model: \"kokoro\""),
    ),
    (
        "speech.voice.voice",
        "speech.voice = { kind = \"elevenlabs-websocket\", voice = \"ada\", key-credential = \"key\" }",
        Shows("voice: \"ada\""),
    ),
    (
        "speech.voice.key-credential",
        "speech.voice = { kind = \"openai-http\", key-credential = \"key\" }",
        Shows("key: Some(‹secret›)"),
    ),
    (
        "speech.voice.languages",
        "speech.voice = { kind = \"openai-http\", url = \"https://v\", languages = { ht-HT = \"ht\" } }",
        Shows("codes: {ht-HT: \"ht\"}"),
    ),
    (
        "speech.voice.first-within",
        "speech.voice = { kind = \"openai-http\", url = \"https://v\", first-within = \"900ms\" }",
        Shows("first: 900ms"),
    ),
    (
        "speech.voice.stall-within",
        "speech.voice = { kind = \"openai-http\", url = \"https://v\", stall-within = \"3s\" }",
        Shows("stall: 3s"),
    ),
    (
        "speech.voice.failures",
        "speech.voice = { kind = \"openai-http\", url = \"https://v\", failures = 7 }",
        Shows("failures: 7"),
    ),
    (
        "speech.voice.pause",
        "speech.voice = { kind = \"openai-http\", url = \"https://v\", pause = \"99s\" }",
        Shows("pause: 99s"),
    ),
];

const TRUNK_ROWS: &[Row] = &[
    ("preset", "preset = \"asterisk-pjsip\"", Shows("preset: AsteriskPjsip")),
    ("dialplan", "dialplan = \"other\"", Shows("PlanName(\"other\")")),
    ("listen.udp", "listen.udp = \"10.0.0.8:5070\"", Shows("listens: [(Udp, 10.0.0.8:5070)]")),
    (
        "listen.tcp",
        "listen.udp = \"10.0.0.8:5070\"\nlisten.tcp = \"10.0.0.8:5071\"",
        Shows("(Tcp, 10.0.0.8:5071)"),
    ),
    (
        "listen.tls.bind",
        "listen.tls = { bind = \"10.0.0.8:5071\", cert = \"c.pem\", key = { file = \"k.pem\" } }\npeer.transport = \"tls\"",
        Shows("listens: [(Tls, 10.0.0.8:5071)]"),
    ),
    (
        "listen.tls.cert",
        "listen.tls = { bind = \"10.0.0.8:5071\", cert = \"c.pem\", key = { file = \"k.pem\" } }\npeer.transport = \"tls\"",
        Shows("/c.pem\""),
    ),
    (
        "listen.tls.key",
        "listen.tls = { bind = \"10.0.0.8:5071\", cert = \"c.pem\", key = { file = \"k.pem\" } }\npeer.transport = \"tls\"",
        Shows("/k.pem\""),
    ),
    (
        "listen.tls.client-ca",
        "listen.tls = { bind = \"10.0.0.8:5071\", cert = \"c.pem\", key = { file = \"k.pem\" }, client-ca = \"ca.pem\" }\npeer.transport = \"tls\"",
        Shows("client_ca: Some("),
    ),
    (
        "listen.advertise.sip",
        "listen.advertise.sip = \"192.0.2.9\"",
        Shows("advertised: 192.0.2.9:5060"),
    ),
    ("listen.advertise.rtp", "listen.advertise.rtp = \"192.0.2.9\"", Shows("advertise: 192.0.2.9")),
    ("peer.host", "peer.host = \"10.0.0.7:5080\"", Shows("host: \"10.0.0.7\", port: 5080")),
    ("peer.port", "peer.port = 5090", Shows("port: 5090, fixed_port: true")),
    ("peer.allow", "peer.allow = [\"10.1.0.0/16\"]", Shows("allow: [10.1.0.0/16]")),
    ("peer.ping", "peer.ping = \"15s\"", Shows("ping: Some(15s)")),
    ("peer.transport", "peer.transport = \"tcp\"", Shows("transport: Tcp, ca: None")),
    (
        "peer.ca",
        "peer.ca = \"ca.pem\"\npeer.transport = \"tls\"\nlisten.tls = { bind = \"10.0.0.8:5071\", cert = \"c.pem\", key = { file = \"k.pem\" } }",
        Shows("ca: Some("),
    ),
    ("peer.nat", "peer.nat = true", Shows("nat: true")),
    (
        "auth.user",
        "auth.user = \"agent\"\nauth.secret = { file = \"secret\" }",
        Shows("credentials: Some(Credentials { user: \"agent\""),
    ),
    (
        "auth.secret",
        "auth.user = \"agent\"\nauth.secret = { file = \"secret\" }",
        Shows("secret: ‹secret›"),
    ),
    (
        "auth.inbound",
        "auth.inbound = \"digest\"\nauth.users.pbx = { file = \"secret\" }",
        Shows("inbound: Digest {"),
    ),
    (
        "auth.realm",
        "auth.inbound = \"digest\"\nauth.realm = \"clinic\"\nauth.users.pbx = { file = \"secret\" }",
        Shows("realm: \"clinic\""),
    ),
    (
        "auth.users",
        "auth.inbound = \"digest\"\nauth.users.pbx = { file = \"secret\" }",
        Shows("users: [Credentials { user: \"pbx\""),
    ),
    (
        "auth.digest",
        "auth.inbound = \"digest\"\nauth.digest = \"md5\"\nauth.users.pbx = { file = \"secret\" }",
        Shows("digests: [Md5]"),
    ),
    (
        "register.enabled",
        "register.enabled = true\nauth.user = \"agent\"\nauth.secret = { file = \"secret\" }",
        Shows("register: Some(Register { user: \"agent\""),
    ),
    (
        "register.user",
        "register.enabled = true\nregister.user = \"8000\"\nauth.user = \"agent\"\nauth.secret = { file = \"secret\" }",
        Shows("register: Some(Register { user: \"8000\""),
    ),
    (
        "register.expires",
        "register.enabled = true\nregister.expires = \"5m\"\nauth.user = \"agent\"\nauth.secret = { file = \"secret\" }",
        Shows("expires: 300s"),
    ),
    ("numbers.country", "numbers.country = \"CA\"", Shows("country: Ca")),
    ("numbers.area-code", "numbers.area-code = \"416\"", Shows("area_code: Some(\"416\")")),
    (
        "numbers.called",
        "numbers.called = [\"diversion\", \"history-info\", \"to\", \"request-uri\"]",
        Shows("called: [Diversion, HistoryInfo, To, RequestUri]"),
    ),
    (
        "numbers.caller",
        "numbers.caller = [\"remote-party-id\", \"p-preferred-identity\", \"from\"]",
        Shows("caller: [RemotePartyId, Preferred, From]"),
    ),
    ("media.codecs", "media.codecs = \"pcma\"", Shows("codecs: [Pcma]")),
    (
        "media.codecs",
        "media.codecs = [\"opus\", \"l16\", \"g722\"]",
        Shows("codecs: [Opus, L16, L16Narrow, G722]"),
    ),
    (
        "media.dtmf",
        "media.dtmf = \"inband\"",
        Shows("telephone_event: false, in_band_digits: true"),
    ),
    ("media.rtp-timeout", "media.rtp-timeout = \"2m\"", Shows("rtp_timeout: Some(120s)")),
    ("media.comfort-noise", "media.comfort-noise = false", Shows("comfort_noise: false")),
    (
        "media.silence-suppression",
        "media.silence-suppression = true",
        Shows("silence_suppression: true"),
    ),
    ("media.packet-time", "media.packet-time = \"30ms\"", Shows("packet_time: PacketTime(30)")),
    ("media.rtcp-mux", "media.rtcp-mux = \"offer\"", Shows("rtcp_mux: Offer")),
    ("media.waiting-sound", "media.waiting-sound = \"ringing\"", Shows("waiting: Ringing")),
    ("media.srtp", "media.srtp = \"required\"", Shows("srtp: Required")),
    ("media.ports", "media.ports = \"40000-40099\"", Shows("ports: 40000..=40099")),
    ("limits.calls", "limits.calls = 7", Shows("Limits { calls: 7")),
    ("limits.calls-per-second", "limits.calls-per-second = 5", Shows("calls_per_second: Some(5)")),
    (
        "limits.per-caller",
        "limits.per-caller = \"10/10m\"",
        Shows("per_caller: Some(PerCaller { calls: 10, within: 600s })"),
    ),
    ("session.timer.expires", "session.timer.expires = \"20m\"", Shows("expires: 1200s, min: 90s")),
    ("session.timer.min", "session.timer.min = \"2m\"", Shows("expires: 1800s, min: 120s")),
    ("session.prack", "session.prack = \"required\"", Shows("prack: Required")),
    ("session.answer-within", "session.answer-within = \"2s\"", Shows("answer_within: 2s")),
    (
        "transfer.methods",
        "transfer.methods = [\"bridge\"]",
        Refused("cannot be handed over by \"bridge\" yet"),
    ),
    (
        "transfer.refer-to",
        "transfer.refer-to = \"sip:{ext}@{peer};user=phone\"",
        Shows("refer_to: \"sip:{ext}@{peer};user=phone\""),
    ),
    (
        "transfer.notify-200-means",
        "transfer.notify-200-means = \"accepted\"",
        Shows("notify_200: Accepted"),
    ),
    (
        "transfer.failed-refer-returns",
        "transfer.failed-refer-returns = true",
        Shows("caller_returns: true"),
    ),
    ("transfer.wait", "transfer.wait = \"40s\"", Shows("refer_wait: 40s")),
    ("transfer.context", "transfer.context = \"uui\"", Shows("context: [UserToUser]")),
    ("transfer.allow", "transfer.allow = [\"_6XXX\", \"_7XXX\"]", Shows("_7XXX")),
];

/// The usual file in dotted keys, without the keys that the lines write themselves.
fn file(usual: &[&str], lines: &str) -> String {
    let head = |line: &str| line.split([' ', '=']).next().unwrap_or_default().to_owned();
    let written: BTreeSet<_> = lines.lines().map(head).collect();
    let kept = usual.iter().filter(|line| !written.contains(&head(line)));
    let kept: String = kept.map(|line| format!("{line}\n")).collect();
    format!("{kept}{lines}\n")
}

fn node(lines: &str) -> String {
    file(&["sip.listen = \"10.0.0.9:5060\""], lines)
}

fn profile(lines: &str) -> String {
    let usual = [
        "preset = \"generic\"",
        "dialplan = \"clinic\"",
        "peer.host = \"10.0.0.5\"",
        "transfer.allow = [\"_6XXX\"]",
    ];
    file(&usual, lines)
}

fn loaded(node: &str, profile: &str) -> Result<Config, String> {
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n";
    let (plan, other) = (config_case::PLAN, config_case::PLAN);
    let files = [
        (NODE_FILE, node),
        (PROFILE_FILE, profile),
        ("dialplans/clinic.toml", plan),
        ("dialplans/other.toml", other),
        ("secret", "horse\n"),
        ("credentials/key", "horse\n"),
        ("c.pem", CERTIFICATE),
        ("ca.pem", CERTIFICATE),
        ("k.pem", "-----BEGIN PRIVATE KEY-----\n"),
    ];
    load(&files).map_err(|errors| errors.to_string())
}

fn told(config: &Config) -> (String, String) {
    (format!("{:?}", config.node), format!("{:?}", config.trunks[0]))
}

fn paths(keys: &[Key]) -> BTreeSet<&'static str> {
    keys.iter().map(|key| key.path).collect()
}

#[test]
fn every_key_has_an_effect() {
    let usual = told(&loaded(&node(""), &profile("")).unwrap());
    for (keys, rows, is_node) in [(NODE, NODE_ROWS, true), (TRUNK, TRUNK_ROWS, false)] {
        assert_eq!(paths(keys), rows.iter().map(|row| row.0).collect(), "a row for each key");
        for (path, lines, effect) in rows {
            let result = match is_node {
                true => loaded(&node(lines), &profile("")),
                false => loaded(&node(""), &profile(lines)),
            };
            match effect {
                Refused(words) => {
                    let report = result.expect_err(path);
                    assert!(report.contains(words), "{path}:\n{report}");
                }
                Shows(words) => {
                    let config = result.unwrap_or_else(|report| panic!("{path}:\n{report}"));
                    let (usual, told) = match is_node {
                        true => (&usual.0, told(&config).0),
                        false => (&usual.1, told(&config).1),
                    };
                    assert!(!usual.contains(words), "{path}: `{words}` holds without it:\n{usual}");
                    assert!(told.contains(words), "{path}: no `{words}` in\n{told}");
                }
            }
        }
    }
}

/// What the table says of a restart is what a reload says.
#[test]
fn a_key_that_waits_for_a_restart_says_so() {
    let usual = loaded(&node(""), &profile("")).unwrap();
    for (path, lines, effect) in NODE_ROWS {
        let Shows(_) = effect else { continue };
        let changed = loaded(&node(lines), &profile("")).unwrap();
        let key = NODE.iter().find(|key| key.path == *path).unwrap();
        let waiting = usual.needs_restart(&changed);
        assert_eq!(!waiting.is_empty(), key.restart, "{path}: {waiting:?}");
    }
    for (path, lines, effect) in TRUNK_ROWS {
        let Shows(_) = effect else { continue };
        let changed = loaded(&node(""), &profile(lines)).unwrap();
        assert_eq!(usual.needs_restart(&changed), Vec::<&str>::new(), "{path}");
    }
}

/// As below, for dialplans, whose tables have names of their own or are lists.
#[test]
fn the_reader_knows_exactly_the_keys_of_a_dialplan() {
    let tables: BTreeSet<_> = PLAN.iter().map(Key::table).collect();
    for table in tables {
        let head = match table {
            "" => String::new(),
            "route" | "test" => format!("[[{table}]]\n"),
            table => format!("[{}]\n", table.replace('*', "x")),
        };
        let wrong = format!("{head}qqqqqqqq = 1\n");
        let report = load(&[("dialplans/clinic.toml", &wrong)]).unwrap_err().to_string();
        let told = report.lines().find_map(|line| line.split_once("it can be "));
        let told = told.unwrap_or_else(|| panic!("[{table}]:\n{report}")).1;
        let mut known: BTreeSet<_> = PLAN
            .iter()
            .filter(|key| key.table() == table)
            .map(|key| key.name().to_owned())
            .collect();
        if table.is_empty() {
            known
                .extend(PLAN.iter().filter_map(|key| Some(key.path.split_once('.')?.0.to_owned())));
        }
        assert_eq!(
            told.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(),
            known,
            "[{table}]"
        );
    }
}

/// The reader tells its own list of keys when it meets one that it does not know.
#[test]
fn the_reader_knows_exactly_the_keys_of_the_table() {
    for (keys, is_node) in [(NODE, true), (TRUNK, false)] {
        let tables: BTreeSet<_> = keys.iter().map(Key::table).collect();
        let tables = tables.into_iter().flat_map(|table| {
            // `listen` holds `listen.tls` without a key of its own having to stand in it.
            table.match_indices('.').map(|(at, _)| &table[..at]).chain([table]).collect::<Vec<_>>()
        });
        for table in tables.collect::<BTreeSet<_>>() {
            let wrong = match table {
                "" => "qqqqqqqq = 1\n".to_owned(),
                table => format!("[{table}]\nqqqqqqqq = 1\n"),
            };
            let report = match is_node {
                true => loaded(&wrong, &profile("")),
                false => loaded(&node(""), &wrong),
            };
            let report = report.unwrap_err();
            let told = report.lines().find_map(|line| line.split_once("it can be "));
            let told = told.unwrap_or_else(|| panic!("[{table}]:\n{report}")).1;
            let below = |key: &Key| {
                let rest = match table {
                    "" => Some(key.path),
                    table => key.path.strip_prefix(table)?.strip_prefix('.'),
                };
                Some(rest?.split('.').next().unwrap().to_owned())
            };
            let known: BTreeSet<_> = keys.iter().filter_map(below).collect();
            let told: BTreeSet<_> = told.split(", ").map(str::to_owned).collect();
            assert_eq!(told, known, "[{table}]");
        }
    }
}
