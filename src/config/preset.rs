//! What is known of a PBX family, so that a SIP profile needs to say only what differs.

use std::time::Duration;

use crate::codec::Codec;

/// A PBX family whose values are compiled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Preset {
    /// Any PBX that speaks RFC 3261 over UDP and offers G.711.
    Generic,
    /// Asterisk with `chan_pjsip`: FreePBX, Issabel and hand-written `pjsip.conf`.
    AsteriskPjsip,
    /// Softphones that register with us.
    Softphone,
}

/// How the far end proves itself, as a profile spells it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum InboundKind {
    Ip,
    Registered,
}

/// A preset's values.
#[derive(Clone, Debug)]
pub(super) struct Values {
    pub(super) codecs: Vec<Codec>,
    pub(super) telephone_event: bool,
    pub(super) ping: Option<Duration>,
    pub(super) inbound: InboundKind,
    pub(super) max_calls: u32,
    pub(super) refer_to: &'static str,
    pub(super) refer_wait: Duration,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Generic, Self::AsteriskPjsip, Self::Softphone];

    /// Returns the name as written in a profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::AsteriskPjsip => "asterisk-pjsip",
            Self::Softphone => "softphone",
        }
    }

    /// Returns the values. Each says where it comes from; none was run against the real PBX, so
    /// they are "from documentation".
    pub(super) fn values(self) -> Values {
        let generic = Values {
            // µ-law first: the practices we serve are in North America.
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            telephone_event: true,
            ping: Some(Duration::from_secs(30)),
            inbound: InboundKind::Ip,
            max_calls: 30,
            refer_to: "sip:{ext}@{peer}",
            // Longer than a phone rings before voice mail takes the call, 20 s on most PBXs.
            refer_wait: Duration::from_secs(25),
        };
        match self {
            Self::Generic => generic,
            // `qualify_frequency` of an endpoint made by FreePBX is 60 s: we ask as often as we are asked.
            Self::AsteriskPjsip => Values { ping: Some(Duration::from_secs(60)), ..generic },
            // A softphone comes and goes: its registration says whether it is there.
            Self::Softphone => {
                Values { ping: None, inbound: InboundKind::Registered, max_calls: 4, ..generic }
            }
        }
    }
}
