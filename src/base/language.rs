//! Languages, by the tags that configuration and vendors know them by.

use std::fmt;

/// A language as it is spoken somewhere, by its BCP 47 tag: a word that plans, agent and engines share. Which of
/// them an engine hears or speaks is the engine's to say.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Language(u8);

/// Tag and English name of each, those of the embedded engines first.
const KNOWN: &[(&str, &str)] = &[
    ("en-US", "English"),
    ("es-US", "Spanish"),
    ("en-GB", "British English"),
    ("es-ES", "European Spanish"),
    ("es-MX", "Mexican Spanish"),
    ("ar-SA", "Arabic"),
    ("bg-BG", "Bulgarian"),
    ("bn-BD", "Bengali"),
    ("ca-ES", "Catalan"),
    ("cs-CZ", "Czech"),
    ("da-DK", "Danish"),
    ("de-DE", "German"),
    ("el-GR", "Greek"),
    ("fa-IR", "Persian"),
    ("fi-FI", "Finnish"),
    ("fil-PH", "Filipino"),
    ("fr-CA", "Canadian French"),
    ("fr-FR", "French"),
    ("gu-IN", "Gujarati"),
    ("he-IL", "Hebrew"),
    ("hi-IN", "Hindi"),
    ("hr-HR", "Croatian"),
    ("ht-HT", "Haitian Creole"),
    ("hu-HU", "Hungarian"),
    ("hy-AM", "Armenian"),
    ("id-ID", "Indonesian"),
    ("it-IT", "Italian"),
    ("ja-JP", "Japanese"),
    ("kn-IN", "Kannada"),
    ("ko-KR", "Korean"),
    ("ml-IN", "Malayalam"),
    ("mr-IN", "Marathi"),
    ("ms-MY", "Malay"),
    ("nb-NO", "Norwegian"),
    ("nl-NL", "Dutch"),
    ("pa-IN", "Punjabi"),
    ("pl-PL", "Polish"),
    ("pt-BR", "Brazilian Portuguese"),
    ("pt-PT", "Portuguese"),
    ("ro-RO", "Romanian"),
    ("ru-RU", "Russian"),
    ("sk-SK", "Slovak"),
    ("sv-SE", "Swedish"),
    ("ta-IN", "Tamil"),
    ("te-IN", "Telugu"),
    ("th-TH", "Thai"),
    ("tr-TR", "Turkish"),
    ("uk-UA", "Ukrainian"),
    ("ur-PK", "Urdu"),
    ("vi-VN", "Vietnamese"),
    ("yue-HK", "Cantonese"),
    ("zh-CN", "Mandarin Chinese"),
    ("zh-TW", "Taiwanese Mandarin"),
];

impl Language {
    /// American English.
    pub const EN_US: Self = Self(0);
    /// Spanish as spoken in the United States.
    pub const ES_US: Self = Self(1);
    /// Those that the embedded engines hear and speak.
    pub const EMBEDDED: &[Self] = &[Self::EN_US, Self::ES_US];

    /// Returns all of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KNOWN.len() as u8).map(Self)
    }

    /// Returns the language with this tag, in whatever case it is written.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::all().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// Returns the BCP 47 tag.
    pub fn tag(self) -> &'static str {
        KNOWN[usize::from(self.0)].0
    }

    /// Returns the tag's first part: `en` of `en-US`.
    pub fn primary(self) -> &'static str {
        self.tag().split('-').next().unwrap_or(self.tag())
    }

    /// Returns the language of the embedded engines in which its speakers are understood and spoken to, if there is
    /// one: American English for British, the Spanish of the United States for that of Mexico.
    pub fn embedded(self) -> Option<Self> {
        let own = Self::EMBEDDED.iter().find(|embedded| embedded.primary() == self.primary());
        own.copied()
    }

    /// Returns its name in English.
    pub fn name(self) -> &'static str {
        KNOWN[usize::from(self.0)].1
    }
}

impl Default for Language {
    fn default() -> Self {
        Self::EN_US
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_tag() {
        for language in Language::all() {
            assert_eq!(Language::tagged(&language.tag().to_lowercase()), Some(language));
            assert!(language.tag().starts_with(language.primary()) && !language.name().is_empty());
        }
        assert_eq!(Language::tagged("es-US"), Some(Language::ES_US));
        assert_eq!((Language::EN_US.tag(), Language::tagged("tlh")), ("en-US", None));
        assert_eq!(Language::tagged("fil-PH").unwrap().primary(), "fil");
        let embedded = |tag| Language::tagged(tag).and_then(Language::embedded);
        assert_eq!(embedded("es-MX"), Some(Language::ES_US));
        assert_eq!((embedded("en-GB"), embedded("zh-CN")), (Some(Language::EN_US), None));
        assert!(Language::all().count() > 35);
    }
}
