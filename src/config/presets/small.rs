//! PBXs of small and middle-sized practices.

use super::Knowledge::{Documentation, Judgement, Reports};
use super::{Fact, Family, GONE, Standing, fact, udp};

const AS_ASTERISK: Fact = fact(
    "transfer.notify-200-means",
    "\"answered\"",
    Judgement,
    "as Asterisk, which it is made of",
);

pub(super) static THREE_CX_TRUNK: Family = Family {
    title: "3CX, generic SIP trunk by address",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("the trunk templates' default"),
        fact(
            "session.prack",
            "\"off\"",
            Judgement,
            "nothing is gained: it sends no 18x that must be acknowledged",
        ),
        fact(
            "numbers.called",
            "[\"request-uri\", \"to\"]",
            Documentation,
            "inbound parameters of the template: CalledNum is the user part of either",
        ),
        GONE,
    ],
    requires: &[],
    notes: &[
        "600 comes back when inbound calls are disabled on the trunk.",
        "With \"PBX delivers audio\" a REFER on a trunk may be refused: connect as 3cx-extension then.",
        "It offers several audio lines (SAVP and AVP): one is taken, that with SRTP if srtp is on; the others are refused.",
        "It may challenge REFER with 407: write [auth] user and secret.",
    ],
};

pub(super) static THREE_CX_EXTENSION: Family = Family {
    title: "3CX, as an extension that registers",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("phones are provisioned with UDP unless told otherwise"),
        fact(
            "register.enabled",
            "true",
            Documentation,
            "an extension is known by its registration",
        ),
        fact("register.expires", "\"2m\"", Judgement, "keeps the way through a NAT open"),
        fact(
            "peer.nat",
            "true",
            Judgement,
            "a hosted 3CX is behind its FQDN, not behind its Contact",
        ),
        fact("session.prack", "\"off\"", Judgement, "as on the trunk"),
        GONE,
    ],
    requires: &["peer.host", "auth.user", "auth.secret"],
    notes: &[
        "The user is the extension's Authentication ID, not its number.",
        "No allow is needed: requests come over the registration.",
        "REFER works for extensions; it may be challenged with 407, which is answered.",
    ],
};

pub(super) static MITEL: Family = Family {
    title: "Mitel MiVoice",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("SIP peer profiles default to UDP"),
        fact(
            "transfer.notify-200-means",
            "\"accepted\"",
            Reports,
            "its phones take sipfrag 200 for \"taken over\" right after acceptance",
        ),
        GONE,
    ],
    requires: &[],
    notes: &["A SIP peer profile has its own limit of calls: keep [limits] calls below it."],
};

pub(super) static YEASTAR: Family = Family {
    title: "Yeastar P and S series",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("a peer trunk's default"),
        fact("peer.ping", "\"60s\"", Documentation, "qualify of a peer trunk is 60 s"),
        AS_ASTERISK,
        GONE,
    ],
    requires: &[],
    notes: &[
        "Peer trunk by address, or an extension: then write [auth] and [register] enabled = true.",
        "X- headers of a REFER are usually dropped.",
        "With SRTP on it offers keys beside a stream in the clear (RTP/AVP with a=crypto): both optional and required take them.",
    ],
};

pub(super) static GRANDSTREAM_UCM: Family = Family {
    title: "Grandstream UCM6xxx",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("a VoIP trunk's default"),
        fact("peer.ping", "\"60s\"", Documentation, "heartbeat detection of a trunk is 60 s"),
        fact("peer.nat", "true", Reports, "its Contact is often an inside address"),
        AS_ASTERISK,
        GONE,
    ],
    requires: &[],
    notes: &[
        "T.38 offers are refused with 488 and the call goes on with sound.",
        "SRTP \"enabled but not forced\" offers keys beside a stream in the clear: both optional and required take them.",
    ],
};
