//! Carriers: a number without a PBX between.

use super::Knowledge::{Documentation, Judgement, Reports};
use super::{Fact, Family, GONE, Standing, fact, udp};

const CALLER: Fact = fact(
    "numbers.caller",
    "[\"p-asserted-identity\", \"from\"]",
    Documentation,
    "RFC 3325 inside the carrier's network; From may hold what the caller likes",
);

const CALLED: Fact = fact(
    "numbers.called",
    "[\"request-uri\", \"to\"]",
    Reports,
    "some send their own account in the Request-URI: write [\"to\"] then",
);

pub(super) static CARRIER_IP: Family = Family {
    title: "A carrier's trunk by address",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("what every carrier takes"),
        fact(
            "peer.nat",
            "true",
            Judgement,
            "session border controllers answer the packet's source",
        ),
        CALLED,
        CALLER,
        GONE,
    ],
    requires: &["peer.allow"],
    notes: &[
        "Write every network that the carrier lists for signalling in allow.",
        "REFER is often switched off or paid for: ask, or put a PBX between.",
        "Sound may be described in 183 alone, and not again in 200.",
    ],
};

pub(super) static CARRIER_REGISTER: Family = Family {
    title: "A carrier's trunk that we register with",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("what every carrier takes"),
        fact("peer.nat", "true", Judgement, "the way back is the one that our registration opened"),
        fact("register.enabled", "true", Documentation, "calls come to where we registered"),
        fact(
            "register.expires",
            "\"10m\"",
            Judgement,
            "carriers shorten it as they like; 423 is followed",
        ),
        CALLED,
        CALLER,
        GONE,
    ],
    requires: &["peer.host", "auth.user", "auth.secret"],
    notes: &[
        "The host is the carrier's registrar: a name without a port is looked up by SRV.",
        "No allow is needed: requests come over the registration.",
        "REFER is often switched off or paid for: ask, or put a PBX between.",
    ],
};
