//! The languages in which the conversation is held, and what changes from one to another.

use crate::base::Language;

/// A language that the agent understands and has sentences in.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Tongue {
    /// English.
    #[default]
    English,
    /// Latin American Spanish, with "usted".
    Spanish,
}

impl Tongue {
    /// Returns the tongue of a language, whichever country's it is; `None` where the agent has no sentences in it.
    pub(crate) fn of(language: Language) -> Option<Self> {
        match language.primary() {
            "en" => Some(Self::English),
            "es" => Some(Self::Spanish),
            _ => None,
        }
    }

    /// Chooses by tongue.
    pub(crate) fn either<T>(self, english: T, spanish: T) -> T {
        match self {
            Self::English => english,
            Self::Spanish => spanish,
        }
    }

    /// The language's name in itself is for callers, this one for the team's notes.
    pub(crate) fn name(self) -> &'static str {
        self.either("English", "Spanish")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_share_a_tongue() {
        let of = |tag| Tongue::of(Language::tagged(tag).unwrap());
        assert_eq!(of("en-GB"), Some(Tongue::English));
        assert_eq!(of("es-MX"), Some(Tongue::Spanish));
        assert_eq!(of("fr-FR"), None);
    }
}
