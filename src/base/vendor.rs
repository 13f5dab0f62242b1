//! Companies that hear or speak for us over the network: what they are asked for, how they name languages, and how
//! long they are waited for. Plain data that configuration writes and engines read.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{Language, Secret};

/// A protocol that vendors speak. Many companies and programs share the first two.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum VendorKind {
    /// Hears: a turn as a WAV file, `POST …/audio/transcriptions`.
    OpenAiTranscription,
    /// Speaks: samples as they are made, `POST …/audio/speech`.
    OpenAiSpeech,
    /// Hears: sound and words over one WebSocket, as Deepgram's `/v1/listen` does.
    Deepgram,
    /// Speaks: text and sound over one WebSocket, as `stream-input` of ElevenLabs does.
    ElevenLabs,
}

impl VendorKind {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::OpenAiTranscription, Self::OpenAiSpeech, Self::Deepgram, Self::ElevenLabs];

    /// Returns the name that configuration, metrics and logs know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAiTranscription | Self::OpenAiSpeech => "openai-http",
            Self::Deepgram => "deepgram-websocket",
            Self::ElevenLabs => "elevenlabs-websocket",
        }
    }

    /// Whether it hears; else it speaks.
    pub fn hears(self) -> bool {
        matches!(self, Self::OpenAiTranscription | Self::Deepgram)
    }

    /// Returns where the company itself serves it.
    pub fn url(self) -> &'static str {
        match self {
            Self::OpenAiTranscription | Self::OpenAiSpeech => "https://api.openai.com/v1",
            Self::Deepgram => "wss://api.deepgram.com/v1/listen",
            Self::ElevenLabs => "wss://api.elevenlabs.io/v1/text-to-speech",
        }
    }

    /// Returns the schemes of its address: encrypted, and not.
    pub fn schemes(self) -> [&'static str; 2] {
        match self {
            Self::OpenAiTranscription | Self::OpenAiSpeech => ["https", "http"],
            Self::Deepgram | Self::ElevenLabs => ["wss", "ws"],
        }
    }

    /// Returns the model that is asked for when none is named.
    pub fn model(self) -> &'static str {
        match self {
            Self::OpenAiTranscription => "whisper-1",
            Self::OpenAiSpeech => "tts-1",
            Self::Deepgram => "nova-3",
            Self::ElevenLabs => "eleven_flash_v2_5",
        }
    }

    /// Returns the code that the vendor knows a language by; `None` where its documentation does not list it.
    pub fn code(self, language: Language) -> Option<&'static str> {
        let found = CODES.iter().find(|(tag, ..)| *tag == language.tag())?;
        match self {
            Self::Deepgram => found.1,
            Self::OpenAiTranscription | Self::OpenAiSpeech => found.2,
            Self::ElevenLabs => found.3,
        }
    }
}

/// What a vendor calls a language; `None` where it does not list it.
type Code = Option<&'static str>;

/// What Deepgram (Nova-3), OpenAI (Whisper, whose list its voices follow) and ElevenLabs (Flash 2.5) call each
/// language, as documented in 2026.
#[rustfmt::skip]
const CODES: &[(&str, Code, Code, Code)] = &[
    ("en-US",  Some("en-US"),  Some("en"), Some("en")),
    ("en-GB",  Some("en-GB"),  Some("en"), Some("en")),
    ("es-US",  Some("es-419"), Some("es"), Some("es")),
    ("es-MX",  Some("es-419"), Some("es"), Some("es")),
    ("es-ES",  Some("es"),     Some("es"), Some("es")),
    ("ar-SA",  Some("ar-SA"),  Some("ar"), Some("ar")),
    ("bg-BG",  Some("bg"),     Some("bg"), Some("bg")),
    ("bn-BD",  Some("bn"),     None,       None),
    ("ca-ES",  Some("ca"),     Some("ca"), None),
    ("cs-CZ",  Some("cs"),     Some("cs"), Some("cs")),
    ("da-DK",  Some("da"),     Some("da"), Some("da")),
    ("de-DE",  Some("de"),     Some("de"), Some("de")),
    ("el-GR",  Some("el"),     Some("el"), Some("el")),
    ("fa-IR",  Some("fa"),     Some("fa"), None),
    ("fi-FI",  Some("fi"),     Some("fi"), Some("fi")),
    ("fil-PH", Some("tl"),     Some("tl"), Some("fil")),
    ("fr-CA",  Some("fr-CA"),  Some("fr"), Some("fr")),
    ("fr-FR",  Some("fr"),     Some("fr"), Some("fr")),
    ("gu-IN",  None,           None,       None),
    ("he-IL",  Some("he"),     Some("he"), None),
    ("hi-IN",  Some("hi"),     Some("hi"), Some("hi")),
    ("hr-HR",  Some("hr"),     Some("hr"), Some("hr")),
    ("ht-HT",  None,           None,       None),
    ("hu-HU",  Some("hu"),     Some("hu"), Some("hu")),
    ("hy-AM",  None,           Some("hy"), None),
    ("id-ID",  Some("id"),     Some("id"), Some("id")),
    ("it-IT",  Some("it"),     Some("it"), Some("it")),
    ("ja-JP",  Some("ja"),     Some("ja"), Some("ja")),
    ("kn-IN",  Some("kn"),     Some("kn"), None),
    ("ko-KR",  Some("ko"),     Some("ko"), Some("ko")),
    ("ml-IN",  None,           None,       None),
    ("mr-IN",  Some("mr"),     Some("mr"), None),
    ("ms-MY",  Some("ms"),     Some("ms"), Some("ms")),
    ("nb-NO",  Some("no"),     Some("no"), Some("no")),
    ("nl-NL",  Some("nl"),     Some("nl"), Some("nl")),
    ("pa-IN",  Some("pa"),     None,       None),
    ("pl-PL",  Some("pl"),     Some("pl"), Some("pl")),
    ("pt-BR",  Some("pt-BR"),  Some("pt"), Some("pt")),
    ("pt-PT",  Some("pt-PT"),  Some("pt"), Some("pt")),
    ("ro-RO",  Some("ro"),     Some("ro"), Some("ro")),
    ("ru-RU",  Some("ru"),     Some("ru"), Some("ru")),
    ("sk-SK",  Some("sk"),     Some("sk"), Some("sk")),
    ("sv-SE",  Some("sv"),     Some("sv"), Some("sv")),
    ("ta-IN",  Some("ta"),     Some("ta"), Some("ta")),
    ("te-IN",  Some("te"),     None,       None),
    ("th-TH",  Some("th"),     Some("th"), None),
    ("tr-TR",  Some("tr"),     Some("tr"), Some("tr")),
    ("uk-UA",  Some("uk"),     Some("uk"), Some("uk")),
    ("ur-PK",  Some("ur"),     Some("ur"), None),
    ("vi-VN",  Some("vi"),     Some("vi"), Some("vi")),
    ("yue-HK", Some("zh-HK"),  None,       None),
    ("zh-CN",  Some("zh-CN"),  Some("zh"), Some("zh")),
    ("zh-TW",  Some("zh-TW"),  Some("zh"), Some("zh")),
];

/// How long a vendor is waited for, and how often it may fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VendorLimits {
    /// From the end of a turn to its text, or from a sentence to its first sound.
    pub first: Duration,
    /// From one piece of sound to the next; of a recogniser, voice that was sent and brought no word.
    pub stall: Duration,
    /// Failures in a row after which it is left alone.
    pub failures: u32,
    /// For how long it is left alone, before one request finds out whether it is back.
    pub pause: Duration,
}

/// A vendor as it is configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Vendor {
    /// The protocol.
    pub kind: VendorKind,
    /// Its address, without a slash at the end: what the protocol adds is added to it.
    pub url: String,
    /// The model that is asked for.
    pub model: String,
    /// The voice that is asked for; empty for a vendor that hears.
    pub voice: String,
    /// What proves who we are; a program of one's own may ask for none.
    pub key: Option<Secret>,
    /// What this address calls some languages, over the vendor's own codes.
    pub codes: BTreeMap<Language, String>,
    /// How long it is waited for.
    pub limits: VendorLimits,
}

impl Vendor {
    /// Returns the code that it knows a language by.
    pub fn code(&self, language: Language) -> Option<&str> {
        self.codes.get(&language).map(String::as_str).or_else(|| self.kind.code(language))
    }

    /// Returns the host that health data goes to.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        rest.split(['/', '?']).next().unwrap_or(rest)
    }
}

/// `openai-http at api.openai.com`, for people.
impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind.name(), self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those that a vendor is known not to have: a language that is added must be decided on.
    const ABSENT: [(VendorKind, &[&str]); 4] = [
        (VendorKind::Deepgram, &["gu-IN", "ht-HT", "hy-AM", "ml-IN"]),
        (
            VendorKind::OpenAiTranscription,
            &["bn-BD", "gu-IN", "ht-HT", "ml-IN", "pa-IN", "te-IN", "yue-HK"],
        ),
        (
            VendorKind::OpenAiSpeech,
            &["bn-BD", "gu-IN", "ht-HT", "ml-IN", "pa-IN", "te-IN", "yue-HK"],
        ),
        (
            VendorKind::ElevenLabs,
            &[
                "bn-BD", "ca-ES", "fa-IR", "gu-IN", "he-IL", "ht-HT", "hy-AM", "kn-IN", "ml-IN",
                "mr-IN", "pa-IN", "te-IN", "th-TH", "ur-PK", "yue-HK",
            ],
        ),
    ];

    #[test]
    fn each_language_has_a_code_or_is_known_to_have_none() {
        for (kind, absent) in ABSENT {
            let without: Vec<_> = Language::all()
                .filter(|language| kind.code(*language).is_none())
                .map(Language::tag)
                .collect();
            let mut absent = absent.to_vec();
            let mut sorted = without.clone();
            absent.sort_unstable();
            sorted.sort_unstable();
            assert_eq!(sorted, absent, "{kind:?}");
        }
        for (tag, ..) in CODES {
            assert!(Language::tagged(tag).is_some(), "{tag} is no language");
        }
        assert_eq!(CODES.len(), Language::all().count(), "each once");
    }

    #[test]
    fn more_than_35_languages_are_heard_and_spoken() {
        for hears in [VendorKind::Deepgram, VendorKind::OpenAiTranscription] {
            for speaks in [VendorKind::ElevenLabs, VendorKind::OpenAiSpeech] {
                let both = Language::all()
                    .filter(|&l| hears.code(l).is_some() && speaks.code(l).is_some())
                    .count();
                assert!(both >= 35, "{hears:?} and {speaks:?}: {both}");
            }
        }
    }

    #[test]
    fn an_override_counts_first_and_the_host_is_told() {
        let vendor = Vendor {
            kind: VendorKind::Deepgram,
            url: "wss://speech.example.com:8443/v1/listen".into(),
            model: "m".into(),
            voice: String::new(),
            key: Some(Secret::new("k")),
            codes: [(Language::ES_US, "es".to_owned())].into(),
            limits: VendorLimits {
                first: Duration::ZERO,
                stall: Duration::ZERO,
                failures: 1,
                pause: Duration::ZERO,
            },
        };
        assert_eq!(vendor.code(Language::ES_US), Some("es"));
        assert_eq!(vendor.code(Language::EN_US), Some("en-US"));
        assert_eq!(vendor.to_string(), "deepgram-websocket at speech.example.com:8443");
        assert!(!format!("{vendor:?}").contains("\"k\""));
    }
}
