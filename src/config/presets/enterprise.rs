//! PBXs of hospitals and large practices.

use super::Knowledge::{Documentation, Judgement, Reports};
use super::{Family, GONE, Standing, fact, udp};

pub(super) static CUCM: Family = Family {
    title: "Cisco Unified Communications Manager, SIP trunk",
    standing: Standing::FromDocumentation,
    facts: &[
        fact(
            "peer.transport",
            "\"tcp\"",
            Documentation,
            "the non-secure SIP trunk security profile sends by TCP and takes TCP and UDP",
        ),
        fact(
            "session.timer.expires",
            "\"30m\"",
            Documentation,
            "SIP Session Expires Timer, 1800 s",
        ),
        fact(
            "session.timer.min",
            "\"30m\"",
            Documentation,
            "SIP Min-SE Value, 1800 s, is what it takes itself",
        ),
        fact(
            "session.prack",
            "\"supported\"",
            Documentation,
            "SIP Rel1XX Options of the SIP profile",
        ),
        fact(
            "numbers.called",
            "[\"request-uri\", \"diversion\", \"to\"]",
            Documentation,
            "Diversion holds the first number where Redirecting Diversion Header Delivery is on",
        ),
        fact(
            "numbers.caller",
            "[\"p-asserted-identity\", \"remote-party-id\", \"from\"]",
            Documentation,
            "a trunk sends both unless they are switched off",
        ),
        fact(
            "transfer.context",
            "[\"referred-by\"]",
            Reports,
            "X- headers of a REFER are dropped without a normalisation script",
        ),
        GONE,
    ],
    requires: &[],
    notes: &[
        "INVITEs come without SDP (delayed offer) unless the SIP profile says early offer; both are answered, the first with keys of ours where srtp is on.",
        "OPTIONS Ping of the SIP profile sees us drain: we answer 503.",
        "During a transfer it re-INVITEs us inactive, joins the legs, and hangs up on us.",
    ],
};

pub(super) static CUBE: Family = Family {
    title: "Cisco CUBE and IOS gateways, dial peer",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("session transport of a dial peer, unless changed"),
        fact(
            "session.timer.expires",
            "\"30m\"",
            Documentation,
            "min-se and session-expires of voice service voip",
        ),
        fact(
            "numbers.caller",
            "[\"remote-party-id\", \"p-asserted-identity\", \"from\"]",
            Documentation,
            "remote-party-id is on by default under sip-ua",
        ),
        fact(
            "transfer.context",
            "[\"referred-by\"]",
            Reports,
            "X- headers are dropped without a SIP profile that copies them",
        ),
        GONE,
    ],
    requires: &[],
    notes: &[
        "`no supplementary-service sip refer` makes CUBE handle our REFER itself; `supplementary-service sip refer` passes it on.",
        "Replaces is off by default.",
        "Bind the dial peer to one interface: `voice-class sip bind control source-interface …`.",
    ],
};

pub(super) static AVAYA_IPO: Family = Family {
    title: "Avaya IP Office, SIP line",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("a SIP line's default"),
        fact(
            "session.prack",
            "\"off\"",
            Documentation,
            "PRACK/100rel Supported is off on a SIP line",
        ),
        fact(
            "session.answer-within",
            "\"2s\"",
            Documentation,
            "Call Initiation Timeout is 4 s; a line that does not answer by then is marked busy",
        ),
        GONE,
    ],
    requires: &[],
    notes: &[
        "Set \"REFER Support\" on the line, incoming \"Always\", else transfers are refused.",
        "\"RE-Invite Supported\" is off by default; we send one only for session timers.",
        "Digits come by RFC 2833, INFO or in band: RFC 2833 is the surest; `dtmf = \"auto\"` takes all three.",
        "It asks with OPTIONS and takes the line out of service when nobody answers.",
    ],
};

pub(super) static AVAYA_AURA: Family = Family {
    title: "Avaya Aura: Session Manager, Communication Manager",
    standing: Standing::FromDocumentation,
    facts: &[
        fact("peer.transport", "\"tcp\"", Documentation, "SIP entity links are TCP or TLS"),
        fact("session.timer.expires", "\"30m\"", Judgement, "RFC 4028's recommendation"),
        fact(
            "session.prack",
            "\"supported\"",
            Documentation,
            "CM asks for 100rel on trunks where it is administered",
        ),
        fact(
            "transfer.context",
            "[\"uui\", \"referred-by\"]",
            Documentation,
            "UUI is native to it; X- headers are dropped by an adaptation",
        ),
        GONE,
    ],
    requires: &[],
    notes: &[
        "Several Record-Route headers come: REFER and BYE follow them.",
        "REFER needs Network Call Redirection (NCR) on the CM trunk group.",
        "An Avaya SBC may turn REFER into a new INVITE.",
        "tel: URIs and phone-context parameters are read.",
    ],
};
