//! The keys of `attendant.toml`.

use super::Fallback::{From, Must, Nothing, Value};
use super::{Key, key};

const ADDRESS: &str = "address:port";
const DURATION: &str = "duration";

/// All of them, in the order of the manual.
pub const NODE: &[Key] = &[
    key(
        "data",
        "path",
        Value("\"/var/lib/attendant\""),
        "where the practice book, audit lines, call records and the control socket are written",
    )
    .after_restart(),
    key("models", "path", From("`models` in `data`"), "where the speech models are").after_restart(),
    key("sip.listen", ADDRESS, Must, "the socket of trunks without a `[listen]` of their own"),
    key(
        "sip.advertise",
        "`auto`, address or address:port",
        From("`listen`"),
        "what those trunks put into Via and Contact; needed when `listen` is a wildcard",
    ),
    key("rtp.bind", "address", From("the trunk's listen address"), "where RTP is received"),
    key("rtp.advertise", "`auto` or address", From("`bind`"), "the address in SDP"),
    key("rtp.ports", "range", Value("\"20000-20999\""), "RTP ports: even to odd, two a call"),
    key("threads.media", "number", Value("1"), "media threads; one paces hundreds of calls").after_restart(),
    key("threads.hearing", "number", Value("1"), "threads that turn speech into text; one more speaks")
        .after_restart(),
    key("limits.calls", "number", Value("40"), "calls at a time over all trunks; the next one gets 503"),
    key(
        "limits.listed-per-second",
        "number",
        Value("20000"),
        "SIP messages a second from a source that a trunk lists (`allow`); what is over is dropped unread. Twice as many may come at once",
    ),
    key(
        "limits.guests-per-second",
        "number",
        Value("200"),
        "the same for softphones and whoever a call led us to; five times as many may come at once",
    ),
    key("limits.connections", "number", Value("1024"), "TCP and TLS connections in all"),
    key("limits.connections-per-source", "number", Value("64"), "TCP and TLS connections of one address"),
    key(
        "dns.servers",
        "list of addresses or address:port",
        From("those of the system"),
        "name servers that SIP hosts are looked up with",
    ),
    key("metrics.listen", "address:port or `off`", Value("\"127.0.0.1:9464\""), "`/metrics` and `/health`")
        .after_restart(),
    key("log.format", "`text` or `json`", Value("\"text\""), "how log lines look").after_restart(),
    key(
        "log.filter",
        "levels by module",
        Value("\"info\""),
        "`info,attendant::sip=debug`; of libraries only warnings and errors are written, whatever it says",
    )
    .after_restart(),
    key(
        "drain.deadline",
        DURATION,
        Value("\"10m\""),
        "how long running calls may last when the process is asked to stop; the unit waits 15 minutes",
    )
    .after_restart(),
    key("practice.book", "`builtin`", Value("\"builtin\""), "where appointments are kept").after_restart(),
    key("practice.path", "path", Value("\"book.db\""), "its file, below `data`").after_restart(),
    key(
        "recording.key",
        "public key of age",
        Nothing,
        "who may hear recordings: `age1…`, as `age-keygen` prints it. Without it nothing is recorded",
    ),
    key(
        "recording.escrow-key",
        "public key of age",
        Nothing,
        "who else may, should the first key be lost; kept elsewhere",
    ),
    key("recording.directory", "path", Value("\"recordings\""), "where recordings are kept, below `data`"),
    key(
        "recording.notice",
        "table: language = text",
        From("a sentence of ours"),
        "what callers are told after the greeting: that the call is recorded, and how to refuse",
    ),
    key("recording.keep-days", "number", Value("90"), "days after which a recording is removed"),
    key(
        "recording.keep-free-mb",
        "number",
        Value("1000"),
        "megabytes of the disk that stay free: below it nothing is recorded",
    ),
    key("registrar.realm", "text", Value("\"attendant\""), "the digest realm of softphones"),
    key(
        "registrar.digest",
        "list of `sha-512-256`, `sha-256`, `md5`",
        Value("[\"md5\"]"),
        "`[\"sha-256\", \"md5\"]` where every softphone knows RFC 8760; many old ones give up when they are offered SHA-256",
    ),
    key("registrar.users", "table: user = secret", Nothing, "who may register"),
];
