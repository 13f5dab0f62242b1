//! From text for readers to text for speaking: "9:30 AM" is "nine thirty A M".
//!
//! A list of rules, each a pattern and what is said for it, applied one after the other: what a
//! rule has turned into words, later rules leave alone. The order is the precedence.

mod english;
mod rule;
mod sentences;
mod spanish;

use crate::base::Language;

pub use sentences::{clauses, sentences};

/// Returns a text in which all is written as it is spoken in American English.
pub fn to_spoken(text: &str) -> String {
    to_spoken_in(text, Language::EN_US)
}

/// Returns a text in which all is written as it is spoken in a language: English or Spanish; other languages' texts
/// are read as if they were English. What is spoken already stays as it is.
pub fn to_spoken_in(text: &str, language: Language) -> String {
    let rules = match language.primary() {
        "es" => &spanish::RULES,
        _ => &english::RULES,
    };
    tidy(&rules.iter().fold(text.to_owned(), |text, rule| rule.apply(&text)))
}

/// What stood between words may now stand twice.
fn tidy(spoken: &str) -> String {
    let words: Vec<&str> = spoken.split_whitespace().collect();
    let mut line = words.join(" ");
    for (twice, once) in
        [(" ,", ","), (" .", "."), (" ?", "?"), (" !", "!"), (",,", ","), (",.", "."), (",?", "?")]
    {
        line = line.replace(twice, once);
    }
    line.trim_start_matches([',', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases by their headings; what is wrong is told all at once.
    fn check(corpus: &str, language: Language, at_least: usize) {
        let cases: Vec<(&str, &str)> =
            corpus.lines().filter_map(|line| line.split_once(" | ")).skip(1).collect();
        assert!(cases.len() >= at_least, "{} cases", cases.len());
        let mut wrong = String::new();
        for (written, spoken) in cases {
            let said = to_spoken_in(written, language);
            if said != spoken {
                wrong += &format!("{written:?} is {said:?}\n  and not {spoken:?}\n");
            } else if to_spoken_in(spoken, language) != spoken {
                wrong += &format!("{spoken:?} became {:?}\n", to_spoken_in(spoken, language));
            }
        }
        assert!(wrong.is_empty(), "\n{wrong}");
    }

    #[test]
    fn english_is_spoken_as_people_say_it() {
        check(include_str!("corpus/english.txt"), Language::EN_US, 150);
    }

    #[test]
    fn spanish_is_spoken_as_people_say_it() {
        check(include_str!("corpus/spanish.txt"), Language::ES_US, 100);
    }

    #[test]
    fn lines_and_spaces() {
        assert_eq!(to_spoken(""), "");
        assert_eq!(to_spoken(" two  spaces\nand a line "), "two spaces and a line");
    }

    #[test]
    fn any_text_is_taken_no_digit_is_left_over_and_nothing_falls_silent() {
        use proptest::prelude::*;
        let letters = "[0-9a-cA-CxX$%#.,:/+() '\u{2013}-]{0,24}";
        let moments = "[0-9]{1,4}[-/: .,][0-9]{1,4}[-/: .,]?[0-9apmºª]{0,4}( ?(AM|PM|mg|de mayo|a. m.|St.|%))?";
        let texts = || prop_oneof![letters, moments, "\\PC{0,40}", "(\\p{N}|[a-z ]){0,12}"];
        for language in [Language::EN_US, Language::ES_US] {
            proptest!(|(text in texts())| {
                let spoken = to_spoken_in(&text, language);
                prop_assert!(!spoken.contains(char::is_numeric), "{text:?}: {spoken:?}");
                let speaks = |text: &str| text.contains(|c: char| c.is_ascii_alphanumeric());
                prop_assert!(!speaks(&text) || speaks(&spoken), "{text:?}: {spoken:?}");
            });
        }
    }
}
