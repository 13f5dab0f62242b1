//! How long a pause ends the caller's turn: by what was said before it, and what is asked.
//!
//! A plain silence must be waited out as long as the longest pause inside an answer lasts. With the words at hand, a
//! "yes" is known to be all there is, and four digits of a telephone number are known not to be.

use std::time::Duration;

use crate::base::{Expect, Language};

use super::numbers::{Dictated, dictated};
use super::words::words;

/// What kind of answer is awaited.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Awaited {
    /// What is asked.
    pub expect: Expect,
    /// Whether a longer text is dictated: a message for somebody.
    pub dictated: bool,
    /// How many digits a number has, where that is known: ten of a telephone number.
    pub digits: Option<u8>,
    /// What is spoken.
    pub language: Language,
}

/// What a text is like at its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    /// It may be all.
    Complete,
    /// A word or two, which may be the beginning of more.
    Fragment,
    /// It trails off: more is to come.
    Unfinished,
}

/// Words that no sentence ends with: the caller is still looking for the next one.
#[rustfmt::skip]
const TRAILING: &[(&str, &[&str])] = &[
    ("en", &[
        "a", "about", "an", "and", "are", "at", "because", "been", "but", "by", "can", "could", "dr", "doctor", "for",
        "from", "had", "has", "have", "he's", "her", "his", "i", "i'd", "i'll", "i'm", "i've", "if", "in", "is", "it's",
        "just", "like", "maybe", "my", "named", "need", "of", "on", "or", "our", "she's", "should", "so", "that's",
        "the", "their", "then", "to", "until", "want", "wanna", "was", "we", "well", "were", "when", "where", "which",
        "will", "with", "would", "your", "gonna", "um", "uh", "er", "uhm", "erm",
    ]),
    ("es", &[
        "a", "al", "ante", "aunque", "como", "con", "cuando", "de", "del", "desde", "doctor", "doctora", "donde", "e",
        "el", "en", "entonces", "es", "esta", "estaba", "este", "estoy", "fue", "hasta", "la", "las", "le", "lo", "los",
        "me", "mi", "mis", "ni", "necesito", "o", "para", "pero", "por", "porque", "pues", "que", "quería", "quiero",
        "quisiera", "se", "sin", "sobre", "son", "soy", "su", "sus", "tengo", "un", "una", "unos", "y", "yo",
        "eh", "em", "um", "uh",
    ]),
];
/// Those of them that a question may end with: "What is that for?"
#[rustfmt::skip]
const ENDS_A_QUESTION: &[&str] = &[
    "about", "are", "at", "by", "can", "could", "doctor", "for", "from", "has", "have", "i", "in", "is", "like", "of",
    "on", "or", "should", "then", "to", "was", "we", "were", "when", "where", "which", "will", "with", "would",
];
/// Words of somebody who thinks, at a text's end.
#[rustfmt::skip]
const THINKING: &[&[&str]] = &[
    &["let", "me", "see"], &["let's", "see"], &["let", "me", "think"], &["a", "ver"], &["déjame", "ver"],
    &["déjeme", "ver"], &["you", "know"], &["how", "do", "i", "say"], &["o", "sea"],
];
/// Words that answer a question with yes or no.
#[rustfmt::skip]
const ANSWERS: &[&str] = &[
    "yes", "yeah", "yep", "yup", "yea", "no", "nope", "nah", "sure", "okay", "ok", "right", "correct", "absolutely",
    "definitely", "exactly", "perfect", "fine", "uhhuh", "mhm", "mmhmm", "mmhm", "please", "wrong", "incorrect",
    "sí", "si", "claro", "correcto", "exacto", "bueno", "vale", "ajá", "perfecto",
];

/// Those of them that deny.
const DENIES: &[&str] = &["no", "nope", "nah", "wrong", "incorrect"];
/// Words that more than one word follows: "No, but I could come at ten."
const HALF: &[&str] = &["but", "because", "pero", "porque"];

/// Returns how long a pause after the caller's last sound ends the turn, when this is what was said until then. With
/// `None` nothing is known: no words have come, or none yet.
pub fn pause_after(text: Option<&str>, awaited: &Awaited) -> Duration {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    let pause = match (text, awaited.expect) {
        (None, Expect::YesNo) => 600,
        (None, Expect::Anything) if !awaited.dictated => 800,
        // Pauses inside a date of birth reach a second: every receptionist's experience.
        (None, _) => 1100,
        (Some(text), Expect::YesNo) => after_answer(text, awaited),
        (Some(text), Expect::Anything) => after_sentence(text, awaited),
        (Some(text), Expect::Name) => after_name(text, awaited),
        (Some(text), Expect::Date) => {
            let said = dictated(text);
            after_number(text, awaited, &said, said.is_date().then_some(450))
        }
        (Some(text), Expect::Digits) => {
            let said = dictated(text);
            let all = match (awaited.digits, said.digits()) {
                (Some(wanted), digits) => (digits >= usize::from(wanted)).then_some(400),
                (None, 10..) => Some(500),
                // A ZIP code, a number without its area, or a part of something longer.
                (None, 5 | 7 | 9) => Some(900),
                (None, _) => None,
            };
            after_number(text, awaited, &said, all)
        }
    };
    Duration::from_millis(pause)
}

fn after_answer(text: &str, awaited: &Awaited) -> u64 {
    let said = words(text);
    let answers = said.first().is_some_and(|word| ANSWERS.contains(&word.as_str()));
    match ending(text, awaited.language) {
        Ending::Unfinished => 1000,
        // "Yes" is often not all: "Yes, that works." And "no" is seldom: "No, thank you."
        _ if answers && is_one_word(&said) => {
            if DENIES.contains(&said[0].as_str()) {
                500
            } else {
                400
            }
        }
        _ if answers && said.len() <= 3 => 300,
        _ if answers => 400,
        Ending::Complete | Ending::Fragment => 500,
    }
}

/// Whether it is one, said once or again and again.
fn is_one_word(said: &[String]) -> bool {
    said.iter().all(|word| *word == said[0])
}

fn after_sentence(text: &str, awaited: &Awaited) -> u64 {
    match (ending(text, awaited.language), awaited.dictated) {
        (Ending::Unfinished, false) => 1300,
        (Ending::Unfinished, true) => 1600,
        (_, true) => 800,
        (Ending::Fragment, false) => 600,
        (Ending::Complete, false) => 500,
    }
}

fn after_name(text: &str, awaited: &Awaited) -> u64 {
    if dictated(text).letters > 0 {
        // Spelled, and nobody knows which letter is the last.
        return 1200;
    }
    match (ending(text, awaited.language), words(text).len()) {
        (Ending::Unfinished, _) => 1400,
        (_, ..=1) => 700,
        _ => 600,
    }
}

/// `all` where the number is complete.
fn after_number(text: &str, awaited: &Awaited, said: &Dictated, all: Option<u64>) -> u64 {
    let has_begun = said.digits() > 0 || said.month;
    match (ending(text, awaited.language), all) {
        (Ending::Unfinished, None) => 1600,
        // "March ninth eighty four, and": what trails is no number.
        (_, Some(all)) => all,
        (_, None) if has_begun => 1500,
        // "What do you need that for?"
        (Ending::Complete, None) if text.ends_with('?') || words(text).len() >= 4 => 600,
        (_, None) => 1100,
    }
}

fn ending(text: &str, language: Language) -> Ending {
    let said = words(text);
    let Some(last) = said.last() else { return Ending::Unfinished };
    let asks = text.ends_with('?');
    let trailing = TRAILING.iter().find(|(tag, _)| *tag == language.primary());
    let trails = trailing.is_some_and(|(_, trailing)| trailing.contains(&last.as_str()));
    if text.ends_with([',', '-', '–', ':', '…'])
        || text.ends_with("...")
        || trails && !(asks && ENDS_A_QUESTION.contains(&last.as_str()))
        || said.iter().rev().nth(1).is_some_and(|word| HALF.contains(&word.as_str()))
        || THINKING.iter().any(|phrase| ends_with(&said, phrase))
    {
        return Ending::Unfinished;
    }
    if said.len() == 1 && !asks { Ending::Fragment } else { Ending::Complete }
}

fn ends_with(said: &[String], phrase: &[&str]) -> bool {
    let from = said.len().checked_sub(phrase.len());
    from.is_some_and(|from| said[from..].iter().eq(phrase.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(awaited: Awaited, table: &[(&str, u64)]) {
        for (text, ms) in table {
            let pause = pause_after(Some(text), &awaited);
            assert_eq!(pause, Duration::from_millis(*ms), "{text:?}");
        }
    }

    fn expecting(expect: Expect) -> Awaited {
        Awaited { expect, ..Awaited::default() }
    }

    #[test]
    fn sentences_end_and_trail_off() {
        check(
            expecting(Expect::Anything),
            &[
                ("Yes, that's right.", 500),
                ("I need to move my appointment on", 1300),
                ("I'd like to, um.", 1300),
                ("Well, ", 1300),
                ("It was, let me see.", 1300),
                ("I want to see Dr.", 1300),
                ("What is that for?", 500),
                ("Appointment.", 600),
                ("I need a refill...", 1300),
            ],
        );
        let spanish = Awaited { language: Language::ES_US, ..Awaited::default() };
        check(
            spanish,
            &[
                ("Necesito cambiar mi cita.", 500),
                ("Necesito cambiar mi cita para el", 1300),
                ("Quiero una cita y", 1300),
                ("El lunes no, pero el", 1300),
                ("El lunes no, porque trabajo", 1300),
                ("Es el, a ver.", 1300),
            ],
        );
        let message = Awaited { dictated: true, ..Awaited::default() };
        check(message, &[("Tell her I called.", 800), ("Tell her that my", 1600)]);
    }

    #[test]
    fn yes_is_quick() {
        check(
            expecting(Expect::YesNo),
            &[
                ("Yes.", 400),
                ("No, thanks.", 300),
                ("No.", 500),
                ("No, no, no.", 500),
                ("No, but no.", 1000),
                ("No, but I can come.", 400),
                ("Sí, claro.", 300),
                ("Yes, Friday at nine works.", 400),
                ("Yes, but", 1000),
                ("The later one.", 500),
            ],
        );
    }

    #[test]
    fn a_number_that_is_not_all_there_is_waited_for() {
        let phone = Awaited { digits: Some(10), ..expecting(Expect::Digits) };
        check(
            phone,
            &[
                ("555", 1500),
                ("five five five, one two three", 1500),
                ("555 123 4567", 400),
                ("five five five one two three four five six seven", 400),
                ("It's", 1600),
                ("What do you need that for?", 600),
            ],
        );
        check(expecting(Expect::Digits), &[("60614", 900), ("6061", 1500), ("5551234567", 500)]);
        check(
            expecting(Expect::Date),
            &[
                ("March.", 1500),
                ("March ninth.", 1500),
                ("March ninth nineteen", 1500),
                ("March 9, 1984.", 450),
                ("It's the", 1600),
                ("I don't know that.", 600),
            ],
        );
        let spanish = Awaited { language: Language::ES_US, ..expecting(Expect::Date) };
        check(
            spanish,
            &[("el nueve de marzo", 1500), ("nueve de marzo del ochenta y cuatro", 450)],
        );
    }

    #[test]
    fn a_name_that_is_spelled_is_waited_for() {
        check(
            expecting(Expect::Name),
            &[
                ("Maria Lopez.", 600),
                ("Lopez.", 700),
                ("My name is", 1400),
                ("Lopez, L-O-P", 1200),
                ("L. O. P. E.", 1200),
            ],
        );
    }

    #[test]
    fn without_words_the_question_decides() {
        let pause = |expect, dictated| {
            let awaited = Awaited { dictated, ..expecting(expect) };
            assert_eq!(pause_after(None, &awaited), pause_after(Some("  "), &awaited));
            pause_after(None, &awaited).as_millis()
        };
        assert_eq!(pause(Expect::YesNo, false), 600);
        assert_eq!(pause(Expect::Anything, false), 800);
        assert_eq!(pause(Expect::Anything, true), 1100);
        assert_eq!(pause(Expect::Date, false), 1100);
    }

    /// Whatever is said, nobody waits for ever, and nobody is cut off at once.
    #[test]
    fn pauses_are_bounded() {
        let expected =
            [Expect::Anything, Expect::Name, Expect::Date, Expect::Digits, Expect::YesNo];
        let texts =
            ["", ".", "...", "1", "?", "-", "a b c", "((", "¿", "mil mil mil hundred", "double"];
        for expect in expected {
            for text in texts {
                let pause = pause_after(Some(text), &expecting(expect)).as_millis();
                assert!((300..=1600).contains(&pause), "{expect:?} {text:?} {pause}");
            }
        }
    }
}
