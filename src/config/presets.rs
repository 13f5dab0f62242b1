//! What is known of a PBX family, so that a SIP profile needs to say only what differs.
//!
//! House rules: a value is data and says where it is known from; a family that was not run against says
//! "from documentation". What a trace of a real PBX teaches is added here, and the trace to the tests.

mod carriers;
mod enterprise;
mod open;
mod small;
mod text;

/// A PBX family whose values are compiled in.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Preset {
    /// Asterisk with `chan_pjsip`: FreePBX, Issabel and hand-written `pjsip.conf`.
    AsteriskPjsip,
    /// FreeSWITCH, FusionPBX.
    FreeSwitch,
    /// 3CX, as a generic SIP trunk by address.
    ThreeCxTrunk,
    /// 3CX, as an extension that registers.
    ThreeCxExtension,
    /// Cisco Unified Communications Manager, by a SIP trunk.
    Cucm,
    /// Cisco Unified Border Element and IOS gateways, by a dial peer.
    Cube,
    /// Avaya IP Office, by a SIP line.
    AvayaIpo,
    /// Avaya Aura: Session Manager before Communication Manager.
    AvayaAura,
    /// Mitel MiVoice.
    Mitel,
    /// Yeastar P and S series.
    Yeastar,
    /// Grandstream UCM.
    GrandstreamUcm,
    /// Any PBX that speaks RFC 3261 and offers G.711.
    Generic,
    /// A carrier's trunk by address.
    CarrierIp,
    /// A carrier's trunk that we register with.
    CarrierRegister,
    /// Softphones that register with us.
    Softphone,
}

/// What is known of a family.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The product's name.
    pub title: &'static str,
    /// How far it is known to work.
    pub standing: Standing,
    /// The values that differ from the defaults, or are worth stating.
    pub facts: &'static [Fact],
    /// Keys that a profile must write, beyond those that every profile must.
    pub requires: &'static [&'static str],
    /// What to know about it that is no value.
    pub notes: &'static [&'static str],
}

/// One value of a preset.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The key, tables first: `peer.ping`.
    pub path: &'static str,
    /// Its value, as TOML writes it.
    pub value: &'static str,
    /// Where it is known from.
    pub source: Knowledge,
    /// Why it is this one.
    pub why: &'static str,
}

/// Where a value is known from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Knowledge {
    /// The vendor's documentation, or what it configures by default.
    Documentation,
    /// Reports of people who ran it.
    Reports,
    /// The PBX's source code.
    Source,
    /// Our own judgement, where nothing else is known.
    Judgement,
}

impl Knowledge {
    /// Returns it in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Documentation => "documentation",
            Self::Reports => "field reports",
            Self::Source => "its source code",
            Self::Judgement => "our choice",
        }
    }
}

/// How far a family is known to work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Calls ran against these.
    Verified(&'static str),
    /// Nobody has run it against the real thing yet.
    FromDocumentation,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Verified(against) => write!(f, "verified against {against}"),
            Self::FromDocumentation => f.write_str("from documentation"),
        }
    }
}

const fn fact(
    path: &'static str,
    value: &'static str,
    source: Knowledge,
    why: &'static str,
) -> Fact {
    Fact { path, value, source, why }
}

/// Where nobody knows whether a caller comes back.
const GONE: Fact = fact(
    "transfer.failed-refer-returns",
    "false",
    Knowledge::Judgement,
    "not known, so a caller is never counted on to come back",
);

/// The transport of a family that calls by UDP unless it is told otherwise.
const fn udp(why: &'static str) -> Fact {
    fact("peer.transport", "\"udp\"", Knowledge::Documentation, why)
}

impl Preset {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 15] = [
        Self::AsteriskPjsip,
        Self::FreeSwitch,
        Self::ThreeCxTrunk,
        Self::ThreeCxExtension,
        Self::Cucm,
        Self::Cube,
        Self::AvayaIpo,
        Self::AvayaAura,
        Self::Mitel,
        Self::Yeastar,
        Self::GrandstreamUcm,
        Self::Generic,
        Self::CarrierIp,
        Self::CarrierRegister,
        Self::Softphone,
    ];

    /// Returns the name as written in a profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::AsteriskPjsip => "asterisk-pjsip",
            Self::FreeSwitch => "freeswitch",
            Self::ThreeCxTrunk => "3cx-trunk",
            Self::ThreeCxExtension => "3cx-extension",
            Self::Cucm => "cucm",
            Self::Cube => "cube",
            Self::AvayaIpo => "avaya-ipo",
            Self::AvayaAura => "avaya-aura",
            Self::Mitel => "mitel",
            Self::Yeastar => "yeastar",
            Self::GrandstreamUcm => "grandstream-ucm",
            Self::Generic => "generic",
            Self::CarrierIp => "carrier-ip",
            Self::CarrierRegister => "carrier-register",
            Self::Softphone => "softphone",
        }
    }

    /// Returns the preset with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Returns what is known of it.
    pub fn family(self) -> &'static Family {
        match self {
            Self::AsteriskPjsip => &open::ASTERISK_PJSIP,
            Self::FreeSwitch => &open::FREESWITCH,
            Self::Generic => &open::GENERIC,
            Self::Softphone => &open::SOFTPHONE,
            Self::ThreeCxTrunk => &small::THREE_CX_TRUNK,
            Self::ThreeCxExtension => &small::THREE_CX_EXTENSION,
            Self::Mitel => &small::MITEL,
            Self::Yeastar => &small::YEASTAR,
            Self::GrandstreamUcm => &small::GRANDSTREAM_UCM,
            Self::Cucm => &enterprise::CUCM,
            Self::Cube => &enterprise::CUBE,
            Self::AvayaIpo => &enterprise::AVAYA_IPO,
            Self::AvayaAura => &enterprise::AVAYA_AURA,
            Self::CarrierIp => &carriers::CARRIER_IP,
            Self::CarrierRegister => &carriers::CARRIER_REGISTER,
        }
    }
}
