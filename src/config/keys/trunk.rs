//! The keys of `sip-profiles/<trunk>.toml`.

use super::Fallback::{From, Must, Nothing, Value};
use super::{Key, key};

const ADDRESS: &str = "address:port";
const SECRET: &str = "`{ file = \"…\" }` or `{ env = \"…\" }`";
const DURATION: &str = "duration";

/// All of them, in the order of the manual.
pub const TRUNK: &[Key] = &[
    key("preset", "name", Must, "the PBX family, whose values hold where this file says nothing"),
    key("dialplan", "name", Must, "the number plan of its calls: `dialplans/<name>.toml`"),
    key(
        "listen.udp",
        ADDRESS,
        From("`[sip] listen`"),
        "UDP socket; SIP profiles may share one. `[sip] listen` counts where `[listen]` names no socket at all",
    ),
    key(
        "listen.tcp",
        ADDRESS,
        From("`[sip] listen`, where `[peer] transport` is `tcp`"),
        "TCP socket, often the same address as UDP",
    ),
    key("listen.tls.bind", ADDRESS, Nothing, "TLS socket"),
    key("listen.tls.cert", "path", Nothing, "our certificate and its chain, PEM"),
    key("listen.tls.key", "`{ file = \"…\" }`", Nothing, "the certificate's private key, PEM"),
    key(
        "listen.tls.client-ca",
        "path",
        Nothing,
        "the authority that the PBX's certificate must come from, PEM; `inbound = \"mtls\"` needs it",
    ),
    key(
        "listen.advertise.sip",
        "`auto`, address or address:port",
        Value("\"auto\""),
        "what stands in Via and Contact; `auto` is the address that is listened on",
    ),
    key(
        "listen.advertise.rtp",
        "`auto` or address",
        Value("\"auto\""),
        "what stands in SDP; `auto` is the address that RTP is received on",
    ),
    key("peer.host", "name, address or address:port", Nothing, "the PBX"),
    key(
        "peer.port",
        "number",
        From("SRV records, else 5060 (TLS: 5061)"),
        "the PBX's port; a port written here or in `host` switches SRV off (RFC 3263)",
    ),
    key(
        "peer.allow",
        "list of addresses and networks",
        From("the address in `host`"),
        "sources that requests are taken from; all others get no answer",
    ),
    key("peer.ping", "duration or `off`", Value("\"30s\""), "OPTIONS to the PBX this often"),
    key(
        "peer.transport",
        "`udp`, `tcp` or `tls`",
        Value("\"udp\""),
        "how our requests go to the PBX",
    ),
    key(
        "peer.ca",
        "path",
        From("the system's authorities"),
        "the authority that the PBX's certificate must come from, PEM; its name must be `host`",
    ),
    key(
        "peer.nat",
        "true or false",
        Value("false"),
        "the PBX's Contact cannot be reached from here: everything goes back the way it came, and sound to where the first of it comes from, as it always does for registered softphones",
    ),
    key("auth.user", "text", Nothing, "what we answer to 401 and 407, and register as"),
    key("auth.secret", SECRET, Nothing, "its password"),
    key(
        "auth.inbound",
        "`ip`, `digest`, `mtls` or `registered`",
        Value("\"ip\""),
        "what the PBX must show besides its address: nothing, a password of `users`, a certificate from `client-ca`, or a softphone's password of `[registrar.users]`",
    ),
    key("auth.realm", "text", Value("\"attendant\""), "the realm of `inbound = \"digest\"`"),
    key("auth.users", "table: user = secret", Nothing, "who may call with `inbound = \"digest\"`"),
    key(
        "auth.digest",
        "list of `sha-512-256`, `sha-256`, `md5`",
        Value("[\"sha-256\", \"md5\"]"),
        "the digests that are asked for, best first",
    ),
    key(
        "register.enabled",
        "true or false",
        Value("false"),
        "registers with the PBX as `[auth] user`",
    ),
    key(
        "register.user",
        "text",
        From("`[auth] user`"),
        "the extension, where it is not the user of the digest",
    ),
    key(
        "register.expires",
        DURATION,
        Value("\"10m\""),
        "how long a registration is asked to last; it is renewed at four fifths",
    ),
    key(
        "numbers.country",
        "`US` or `CA`",
        Value("\"US\""),
        "national numbers become E.164 before they are matched",
    ),
    key("numbers.area-code", "three digits", Nothing, "completes seven-digit numbers"),
    key(
        "numbers.called",
        "list of `request-uri`, `diversion`, `history-info`, `to`",
        Value("[\"request-uri\"]"),
        "where the dialled number is read: the first that holds one",
    ),
    key(
        "numbers.caller",
        "list of `p-asserted-identity`, `p-preferred-identity`, `remote-party-id`, `from`",
        Value("[\"p-asserted-identity\", \"remote-party-id\", \"from\"]"),
        "where the caller's number is read: the first that holds one",
    ),
    key(
        "media.codecs",
        "list of `opus`, `g722`, `pcmu`, `pcma`, `l16`",
        Value("[\"pcmu\", \"pcma\"]"),
        "best first",
    ),
    key(
        "media.dtmf",
        "`rfc4733`, `info`, `inband` or `auto`",
        Value("\"rfc4733\""),
        "how digits travel; `inband` finds tones in the sound, `auto` takes events and tones; INFO is understood either way",
    ),
    key(
        "media.srtp",
        "`off`, `optional` or `required`",
        Value("\"off\""),
        "whether sound is encrypted (SRTP, keys by SDES): never, as the PBX offers, or always; see [encryption](encryption.md)",
    ),
    key(
        "media.ports",
        "range",
        From("`[rtp] ports`"),
        "RTP ports of its own: even to odd, two a call",
    ),
    key(
        "media.rtp-timeout",
        "duration or `off`",
        Value("\"60s\""),
        "a far end that sends nothing for so long, unless it is on hold, is gone: the call ends",
    ),
    key(
        "media.comfort-noise",
        "`true` or `false`",
        Value("true"),
        "the agent's silence is the faint noise of an open line, so that nobody takes it for a dead one",
    ),
    key(
        "media.waiting-sound",
        "`melody`, `ringing`, `off` or a WAV file",
        Value("\"melody\""),
        "what a caller hears while a transfer is tried: slow bells, the country's ringing tone, nothing, or a recording (WAV, 16-bit PCM, mono)",
    ),
    key("limits.calls", "number", Value("30"), "calls at a time; the next one gets 503"),
    key("limits.calls-per-second", "number", Nothing, "new calls a second; the next one gets 503"),
    key(
        "limits.per-caller",
        "calls/duration: `10/10m`",
        Nothing,
        "calls of one caller number within a time; the next one gets 486",
    ),
    key(
        "session.prack",
        "`off`, `supported` or `required`",
        Value("\"supported\""),
        "reliable provisional responses (RFC 3262)",
    ),
    key(
        "session.answer-within",
        DURATION,
        Value("\"3s\""),
        "a call that we could not answer by then is refused with 503, so that the PBX's own rule takes it",
    ),
    key(
        "session.timer.expires",
        DURATION,
        Value("\"30m\""),
        "Session-Expires (RFC 4028): a call without a sign of life for so long is over; `timer = \"off\"` does without",
    ),
    key(
        "session.timer.min",
        DURATION,
        Value("\"90s\""),
        "Min-SE: the shortest that we take, 90s or more",
    ),
    key(
        "transfer.methods",
        "list of `refer`",
        Value("[\"refer\"]"),
        "how calls leave, tried in this order; `attended` and `bridge` do not exist yet",
    ),
    key(
        "transfer.refer-to",
        "URI with `{ext}` and `{peer}`",
        Value("\"sip:{ext}@{peer}\""),
        "the Refer-To URI",
    ),
    key(
        "transfer.notify-200-means",
        "`answered` or `accepted`",
        Value("\"answered\""),
        "what the PBX says by a final NOTIFY of 200: that somebody answered, or that it took the caller and nothing more",
    ),
    key(
        "transfer.failed-refer-returns",
        "true or false",
        Value("false"),
        "whether the caller is with us again when a transfer fails after it was accepted",
    ),
    key("transfer.wait", DURATION, Value("\"25s\""), "how long the outcome is waited for"),
    key(
        "transfer.context",
        "list of `x-headers`, `referred-by`, `uui`",
        Value("[\"x-headers\", \"referred-by\"]"),
        "what carries the hand-off's id with the REFER: `X-Handoff-Id`, a parameter of Referred-By, User-to-User (RFC 7433)",
    ),
    key(
        "transfer.allow",
        "list of numbers and patterns",
        Nothing,
        "numbers that the agent may reach; none when empty",
    ),
];
