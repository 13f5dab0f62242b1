//! What to set on the PBX's side: text to paste or to click after, filled in from a profile, with a fall-back to a
//! real extension when Attendant is not there.

mod encryption;

use super::{Fact, Preset, TrunkProfile};
use crate::codec::Codec;
use crate::sip::Transport;

/// A kind of PBX, as the people who run it name it: every preset, and FreePBX by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SnippetFamily {
    /// As the preset is named.
    Of(Preset),
    /// FreePBX by its web pages, for the preset `asterisk-pjsip`.
    FreePbx,
}

impl SnippetFamily {
    /// Returns all of them.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<_> = Preset::ALL.into_iter().map(Self::Of).collect();
        all.insert(1, Self::FreePbx);
        all
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Of(preset) => preset.name(),
            Self::FreePbx => "freepbx",
        }
    }

    /// Returns the family with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|family| family.name() == name)
    }

    /// Returns the preset for a SIP profile.
    pub fn preset(self) -> Preset {
        match self {
            Self::Of(preset) => preset,
            Self::FreePbx => Preset::AsteriskPjsip,
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::FreePbx => include_str!("snippet/freepbx.txt"),
            Self::Of(Preset::AsteriskPjsip) => include_str!("snippet/asterisk-pjsip.txt"),
            Self::Of(Preset::FreeSwitch) => include_str!("snippet/freeswitch.txt"),
            Self::Of(Preset::ThreeCxTrunk) => include_str!("snippet/3cx-trunk.txt"),
            Self::Of(Preset::ThreeCxExtension) => include_str!("snippet/3cx-extension.txt"),
            Self::Of(Preset::Cucm) => include_str!("snippet/cucm.txt"),
            Self::Of(Preset::Cube) => include_str!("snippet/cube.txt"),
            Self::Of(Preset::AvayaIpo) => include_str!("snippet/avaya-ipo.txt"),
            Self::Of(Preset::AvayaAura) => include_str!("snippet/avaya-aura.txt"),
            Self::Of(Preset::Mitel) => include_str!("snippet/mitel.txt"),
            Self::Of(Preset::Yeastar) => include_str!("snippet/yeastar.txt"),
            Self::Of(Preset::GrandstreamUcm) => include_str!("snippet/grandstream-ucm.txt"),
            Self::Of(Preset::Generic) => include_str!("snippet/generic.txt"),
            Self::Of(Preset::CarrierIp) => include_str!("snippet/carrier-ip.txt"),
            Self::Of(Preset::CarrierRegister) => include_str!("snippet/carrier-register.txt"),
            Self::Of(Preset::Softphone) => include_str!("snippet/softphone.txt"),
        }
    }

    /// Whether Asterisk's own files are written, where names and comments look their own way.
    fn is_asterisk(self) -> bool {
        matches!(self, Self::FreePbx | Self::Of(Preset::AsteriskPjsip))
    }
}

/// What is filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SnippetValues {
    /// Our address and port, as the PBX reaches them.
    pub ours: (String, u16),
    /// The PBX.
    pub pbx: String,
    /// How it is spoken to.
    pub transport: Transport,
    /// What we register as, where we do.
    pub user: String,
    /// Calls at a time.
    pub calls: u32,
    /// The codecs, best first.
    pub codecs: Vec<Codec>,
    /// Whether digits travel as telephone-event.
    pub telephone_event: bool,
    /// Whether they may come in the sound.
    pub in_band_digits: bool,
    /// The numbers that the agent may reach, as written.
    pub allow: Vec<String>,
    /// The number that reaches us.
    pub number: String,
    /// The extension that rings when we do not answer.
    pub fallback: String,
}

impl SnippetValues {
    /// Returns made-up values, for a profile that is not written yet.
    pub fn example(preset: Preset) -> Self {
        let by = |name: &str| {
            let says = |fact: &&Fact| fact.path == "peer.transport" && fact.value == name;
            preset.family().facts.iter().any(|fact| says(&fact))
        };
        let transport = if by("\"tcp\"") { Transport::Tcp } else { Transport::Udp };
        Self {
            ours: ("192.0.2.10".into(), 5060),
            pbx: "192.0.2.5".into(),
            transport,
            user: "attendant".into(),
            calls: 30,
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            telephone_event: true,
            in_band_digits: false,
            allow: vec!["_6XXX".into()],
            number: "8000".into(),
            fallback: "6001".into(),
        }
    }

    /// Returns what a profile says; number and fall-back stay made up.
    pub fn of(trunk: &TrunkProfile) -> Self {
        let example = Self::example(trunk.preset);
        let user = trunk.sip.credentials.as_ref().map(|credentials| credentials.user.clone());
        let peer = trunk.peer.as_ref();
        Self {
            ours: (trunk.sip.advertised.ip().to_string(), trunk.sip.advertised.port()),
            pbx: peer.map_or(example.pbx, super::Peer::host_and_port),
            transport: peer.map_or(Transport::Udp, |peer| peer.transport),
            user: user.unwrap_or(example.user),
            calls: trunk.limits.calls,
            codecs: trunk.media.codecs.clone(),
            telephone_event: trunk.media.telephone_event,
            in_band_digits: trunk.media.in_band_digits,
            allow: trunk.transfer.allow.iter().map(ToString::to_string).collect(),
            number: example.number,
            fallback: example.fallback,
        }
    }
}

/// Returns what to set on the PBX.
pub fn snippet(family: SnippetFamily, values: &SnippetValues) -> String {
    let ours = values.ours.0.clone();
    let transport = values.transport.name();
    // A semicolon starts a comment in Asterisk's files.
    let uri_transport = match values.transport {
        Transport::Udp => String::new(),
        other => format!("\\;transport={}", other.name().to_lowercase()),
    };
    let dtmf = match (values.telephone_event, values.in_band_digits, family.is_asterisk()) {
        (true, ..) => "rfc4733",
        (false, true, true) => "inband",
        (false, true, false) => "in-band",
        (false, false, true) => "info",
        (false, false, false) => "SIP INFO",
    };
    let allow = match values.allow.is_empty() {
        true => "no number (write `allow` under [transfer])".to_owned(),
        false => values.allow.join(", "),
    };
    let length = values.number.chars().count();
    let fill = [
        ("@OURS@", ours),
        ("@OURS_PORT@", values.ours.1.to_string()),
        ("@PBX@", values.pbx.clone()),
        ("@TRANSPORT@", transport.to_lowercase()),
        ("@TRANSPORT_UPPER@", transport.to_owned()),
        ("@URI_TRANSPORT@", uri_transport),
        ("@USER@", values.user.clone()),
        ("@CALLS@", values.calls.to_string()),
        ("@CODECS@", codecs(family, &values.codecs)),
        ("@IOS_CODECS@", ios_codecs(&values.codecs)),
        ("@DTMF@", dtmf.to_owned()),
        ("@ALLOW@", allow),
        ("@RANGES@", extensions(&values.allow, "Dial(PJSIP/${EXTEN},25)")),
        ("@GOTOS@", extensions(&values.allow, "Goto(from-internal,${EXTEN},1)")),
        ("@NUMBER@", values.number.clone()),
        ("@NUMBER_LENGTH@", length.to_string()),
        ("@FALLBACK@", values.fallback.clone()),
    ];
    let text = format!("{}{}", family.template(), encryption::lines(family));
    fill.iter().fold(text, |text, (token, value)| text.replace(token, value))
}

fn codecs(family: SnippetFamily, codecs: &[Codec]) -> String {
    let asterisk = |codec: &Codec| match codec {
        Codec::Pcmu => "ulaw",
        Codec::Pcma => "alaw",
        Codec::G722 => "g722",
        Codec::Opus => "opus",
        Codec::L16 => "slin16",
        Codec::L16Narrow => "slin",
    };
    match family {
        SnippetFamily::Of(Preset::AsteriskPjsip) => {
            codecs.iter().map(asterisk).collect::<Vec<_>>().join(",")
        }
        SnippetFamily::FreePbx => codecs.iter().map(asterisk).collect::<Vec<_>>().join(", "),
        SnippetFamily::Of(_) => {
            let mut names: Vec<_> = codecs.iter().map(|codec| codec.sdp_name()).collect();
            names.dedup();
            names.join(", ")
        }
    }
}

fn ios_codecs(codecs: &[Codec]) -> String {
    // It has no samples as they are.
    let name = |codec: &Codec| match codec {
        Codec::Pcmu => Some("g711ulaw"),
        Codec::Pcma => Some("g711alaw"),
        Codec::G722 => Some("g722-64"),
        Codec::Opus => Some("opus"),
        Codec::L16 | Codec::L16Narrow => None,
    };
    let line = |(at, name): (usize, &str)| format!(" codec preference {} {name}", at + 1);
    codecs.iter().filter_map(name).enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// The lines of a context that the agent's transfers are looked up in. Our patterns are Asterisk's.
fn extensions(allow: &[String], does: &str) -> String {
    let line = |number: &String| match number.starts_with('~') {
        true => format!("; {number}: write the extensions that this stands for"),
        false => format!("exten => {number},1,{does}"),
    };
    match allow.is_empty() {
        true => "; nothing: the SIP profile has no `allow` under [transfer]".to_owned(),
        false => allow.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that nothing fills in would be pasted into a PBX.
    #[test]
    fn every_token_is_filled_in() {
        for family in SnippetFamily::all() {
            let text = snippet(family, &SnippetValues::example(family.preset()));
            let token = text.split('@').any(|word| {
                word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            });
            assert!(!token, "{}:\n{text}", family.name());
            assert!(text.lines().all(|line| line.chars().count() <= 120), "{}", family.name());
            assert!(
                text.contains("192.0.2.10")
                    || family.preset().family().requires.contains(&"auth.user")
            );
            assert!(text.contains("Encryption: with tls and srtp"), "{}", family.name());
            let softphone = family == SnippetFamily::Of(Preset::Softphone);
            assert!(
                text.to_lowercase().contains("fall-back") || text.contains("6001") || softphone
            );
        }
    }

    #[test]
    fn a_profiles_values_are_filled_in() {
        let values = SnippetValues {
            ours: ("198.51.100.10".into(), 5070),
            transport: Transport::Tcp,
            codecs: vec![Codec::Pcma],
            telephone_event: false,
            allow: vec!["_7XX".into(), "~7\\d".into()],
            number: "88".into(),
            fallback: "701".into(),
            ..SnippetValues::example(Preset::AsteriskPjsip)
        };
        let text = snippet(SnippetFamily::Of(Preset::AsteriskPjsip), &values);
        for line in [
            "contact = sip:198.51.100.10:5070\\;transport=tcp",
            "allow = alaw",
            "dtmf_mode = info",
            "match = 198.51.100.10",
            "exten => 88,1,Dial(PJSIP/88@attendant,15)",
            " same => n,Dial(PJSIP/701,25)",
            "exten => _7XX,1,Dial(PJSIP/${EXTEN},25)",
            "; ~7\\d: write the extensions that this stands for",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
        }
    }
}
