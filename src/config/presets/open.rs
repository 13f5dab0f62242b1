//! Families whose source can be read, and the two of ours that need no PBX.

use super::Knowledge::{Documentation, Judgement, Source};
use super::{Family, Standing, fact, udp};

pub(super) static ASTERISK_PJSIP: Family = Family {
    title: "Asterisk with chan_pjsip: FreePBX, Issabel, pjsip.conf",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("FreePBX's first transport is UDP on 5060"),
        fact(
            "peer.ping",
            "\"60s\"",
            Documentation,
            "qualify_frequency of what FreePBX makes is 60 s: we ask as often as we are asked",
        ),
        fact(
            "session.timer.expires",
            "\"30m\"",
            Source,
            "timers = yes, timers_sess_expires = 1800",
        ),
        fact("session.timer.min", "\"90s\"", Source, "timers_min_se = 90"),
        fact(
            "session.prack",
            "\"supported\"",
            Documentation,
            "100rel = yes: offered, not asked for",
        ),
        fact(
            "transfer.refer-to",
            "\"sip:{ext}@{peer}\"",
            Source,
            "only the user part counts; a tel: URI gets 400 (res_pjsip_refer.c)",
        ),
        fact(
            "transfer.notify-200-means",
            "\"answered\"",
            Source,
            "the target answered or sent sound, voice mail too; refer_blind_progress = no says 200 at once",
        ),
        fact(
            "transfer.failed-refer-returns",
            "false",
            Source,
            "a blind transfer takes the caller out of our bridge when it starts (bridge.c)",
        ),
        fact(
            "transfer.context",
            "[\"x-headers\", \"referred-by\"]",
            Source,
            "GET_TRANSFERRER_DATA copies X- headers to TRANSFER_DATA; Referred-By is in SIPREFERREDBYHDR",
        ),
    ],
    requires: &[],
    notes: &[
        "The target of a transfer must exist in TRANSFER_CONTEXT or in the endpoint's context, else 404.",
        "allow_transfer = no refuses every REFER with 603.",
        "After the last NOTIFY Asterisk waits for our BYE, and gets it.",
    ],
};

pub(super) static FREESWITCH: Family = Family {
    title: "FreeSWITCH, FusionPBX",
    standing: Standing::FromDocumentation,
    facts: &[
        udp("the internal profile is UDP on 5060, external on 5080"),
        fact(
            "peer.ping",
            "\"30s\"",
            Documentation,
            "what its own gateways use as ping is 25 to 30 s",
        ),
        fact(
            "transfer.notify-200-means",
            "\"accepted\"",
            Source,
            "NOTIFY 200 comes before the transfer starts, unless confirm_blind_transfer is set (sofia.c)",
        ),
        fact(
            "transfer.failed-refer-returns",
            "false",
            Source,
            "once the REFER is accepted the caller has left our leg, and it hangs up on us",
        ),
        fact(
            "transfer.context",
            "[\"x-headers\", \"referred-by\"]",
            Source,
            "Referred-By is copied to the new leg; X- headers of a REFER are not",
        ),
    ],
    requires: &[],
    notes: &[
        "A leg that is not bridged may not be transferred: NOTIFY 403.",
        "INVITE without SDP needs enable-3pcc on the profile, else 480.",
        "The public context takes calls of a gateway: what the agent may reach must be there.",
    ],
};

pub(super) static GENERIC: Family = Family {
    title: "Any PBX that speaks RFC 3261 and offers G.711",
    standing: Standing::Verified("SIPp 3.6, baresip 1.0 and sipsak 0.9, in the tests of Attendant"),
    facts: &[fact(
        "peer.ping",
        "\"30s\"",
        Judgement,
        "half of what most PBXs wait before they call a trunk dead",
    )],
    requires: &[],
    notes: &["All values are the defaults: the RFCs', where they have one."],
};

pub(super) static SOFTPHONE: Family = Family {
    title: "Softphones that register with Attendant: a first call without a PBX",
    standing: Standing::Verified("baresip 1.0, in the tests of Attendant"),
    facts: &[
        fact(
            "peer.ping",
            "\"off\"",
            Judgement,
            "its registration says whether a softphone is there",
        ),
        fact("auth.inbound", "\"registered\"", Judgement, "a softphone's address is nobody's"),
        fact("limits.calls", "4", Judgement, "a demonstration, not a trunk"),
        fact(
            "transfer.failed-refer-returns",
            "true",
            Judgement,
            "a softphone that could not reach the target still has the caller",
        ),
    ],
    requires: &[],
    notes: &["Needs [registrar.users] in attendant.toml."],
};
