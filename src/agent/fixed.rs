//! Sentences that the agent says in many calls, word for word: they are rendered before anybody calls. They hold
//! nothing of any caller.

use crate::base::Language;

use super::tongue::Tongue;
use super::wording::lines::{self, Line};

/// What is said word for word, that first which must not be late.
const FIXED: &[Line] = &[
    lines::CALL_911,
    lines::DONT_WAIT,
    lines::CALL_988,
    lines::ABOUT_988,
    lines::IF_WORSE,
    lines::IF_SAFE,
    lines::ONE_MOMENT,
    lines::FILLER,
    lines::STILL_WORKING,
    lines::OPEN_TODAY,
    lines::OPEN,
    lines::SORRY,
    lines::TROUBLE,
    lines::STILL_CONNECTING,
    lines::NOBODY,
    lines::HINT_OPEN,
    lines::HINT_NAME,
    lines::STILL_THERE,
    lines::CANT_HEAR,
    lines::CANT_HEAR_BYE,
    lines::GOODBYE,
    lines::ANYTHING_ELSE,
    lines::NAME,
    lines::BIRTH,
    lines::FAMILY_NAME,
    lines::GIVEN_NAME,
    lines::BIRTH_YEAR,
    lines::KEY_ZERO,
    lines::WHEN_BOOK,
    lines::VISIT_TYPE,
    lines::OPEN_SURE,
    lines::OPEN_THANKS,
    lines::TAKE_YOUR_TIME,
    lines::HERE,
    lines::WELCOME,
    lines::THANK_YOU,
    lines::ALL_RIGHT,
    lines::NOTHING_CHANGED,
    lines::STAYS,
    lines::CANCEL_SURE,
    lines::GO_AHEAD_SURE,
    lines::MESSAGE,
    lines::LISTENING,
    lines::MESSAGE_LEFT,
    lines::JUST_TAKEN,
    lines::SCHEDULE_DOWN,
];

/// Returns the sentences in a language, those first that must not be late; none where the agent has no words in it.
pub fn fixed_sentences(language: Language) -> Vec<&'static str> {
    let tongue = Tongue::of(language);
    let ways = tongue.into_iter().flat_map(|tongue| FIXED.iter().flat_map(move |l| l.ways(tongue)));
    let mut sentences: Vec<&'static str> = Vec::new();
    for way in ways {
        if !sentences.contains(way) {
            sentences.push(way);
        }
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emergency_comes_first_in_both_languages_and_nothing_is_left_to_be_filled_in() {
        let english = fixed_sentences(Language::EN_US);
        let spanish = fixed_sentences(Language::ES_US);
        assert_eq!(english[0], "Please hang up and call 911 right now.");
        assert_eq!(spanish[0], "Por favor, cuelgue y llame al 911 ahora mismo.");
        for sentence in english.iter().chain(&spanish) {
            assert!(!sentence.contains('{'), "{sentence}");
        }
        assert!(english.len() >= 62 && spanish.len() >= 60, "{} {}", english.len(), spanish.len());
        let french = Language::tagged("fr-FR").expect("it is listed");
        assert!(fixed_sentences(french).is_empty());
    }
}
