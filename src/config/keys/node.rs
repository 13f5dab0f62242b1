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
    key(
        "threads.hearing",
        "number",
        From("2, or 1 on a machine with one core"),
        "threads that turn speech into text; two more speak",
    )
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
    key(
        "limits.longest-call",
        DURATION,
        Value("\"60m\""),
        "how long a call may last, 1 minute at least; then the agent says goodbye. A transfer that is under way is finished first",
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
    key("speech.recogniser.kind", "`embedded`, `openai-http` or `deepgram-websocket`", Value("\"embedded\""), "who turns speech into text; see [speech vendors](speech-vendors.md)")
        .after_restart(),
    key("speech.recogniser.url", "URL", From("the vendor's own"), "where it is asked; unencrypted only on this machine")
        .after_restart(),
    key("speech.recogniser.model", "text", From("`whisper-1`, `nova-3`"), "the model that is asked for").after_restart(),
    key(
        "speech.recogniser.key-credential",
        "name of a credential",
        Nothing,
        "the key: `LoadCredential=` of the unit, or a file of `credentials/` with mode 0600",
    )
    .after_restart(),
    key(
        "speech.recogniser.languages",
        "table: tag = vendor's code",
        From("the vendor's documentation"),
        "what it calls a language, such as `es-US = \"es\"`",
    )
    .after_restart(),
    key(
        "speech.recogniser.first-within",
        DURATION,
        Value("\"1s\""),
        "from the end of a turn to its text; later the embedded engine decodes the turn",
    )
    .after_restart(),
    key(
        "speech.recogniser.stall-within",
        DURATION,
        Value("\"4s\""),
        "voice that was sent and brought no word: then the connection counts as deaf",
    )
    .after_restart(),
    key("speech.recogniser.failures", "number", Value("3"), "failures in a row after which the vendor is left alone")
        .after_restart(),
    key("speech.recogniser.pause", DURATION, Value("\"30s\""), "for how long; then one turn is tried").after_restart(),
    key("speech.voice.kind", "`embedded`, `openai-http` or `elevenlabs-websocket`", Value("\"embedded\""), "who speaks")
        .after_restart(),
    key("speech.voice.url", "URL", From("the vendor's own"), "where it is asked; unencrypted only on this machine")
        .after_restart(),
    key("speech.voice.model", "text", From("`tts-1`, `eleven_flash_v2_5`"), "the model that is asked for").after_restart(),
    key("speech.voice.voice", "text", From("`alloy`; ElevenLabs wants an id"), "the voice that is asked for")
        .after_restart(),
    key("speech.voice.key-credential", "name of a credential", Nothing, "the key, as for the recogniser").after_restart(),
    key("speech.voice.languages", "table: tag = vendor's code", From("the vendor's documentation"), "as for the recogniser")
        .after_restart(),
    key(
        "speech.voice.first-within",
        DURATION,
        Value("\"1s\""),
        "from a sentence to its first sound; later the embedded voice speaks it",
    )
    .after_restart(),
    key(
        "speech.voice.stall-within",
        DURATION,
        Value("\"700ms\""),
        "from one piece of sound to the next; later the embedded voice goes on from there",
    )
    .after_restart(),
    key("speech.voice.failures", "number", Value("3"), "as for the recogniser").after_restart(),
    key("speech.voice.pause", DURATION, Value("\"30s\""), "as for the recogniser").after_restart(),
];
