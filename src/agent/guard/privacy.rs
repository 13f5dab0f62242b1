//! What must not be kept or said: card and social security numbers, and names before the caller is verified.

use crate::agent::language::{Number, Token, any, numbers, spanish_numbers, tokens};

/// Digits of the shortest payment card number (ISO/IEC 7812).
const CARD: usize = 13;
/// Digits of a social security number.
const SSN: usize = 9;
/// Fewest digits taken for part of one of them where the caller says that it is one.
const NAMED: usize = 4;

/// Whether a text holds a card or social security number, as far as digits tell.
pub(crate) fn masked_digits(text: &str) -> bool {
    !secret_spans(&tokens(text)).is_empty()
}

/// Returns the text with such numbers replaced by `[number]`; the words are those of the matcher's form only where
/// something was replaced.
pub(crate) fn mask(text: &str) -> String {
    let words = tokens(text);
    let spans = secret_spans(&words);
    replaced(text, &words, &spans)
}

/// The same with every number: where a part of a card's number was said, all of them may be one.
pub(crate) fn mask_digits(text: &str) -> String {
    let words = tokens(text);
    let spans: Vec<_> = runs(&words).into_iter().map(|run| (run.from, run.to)).collect();
    replaced(text, &words, &spans)
}

fn replaced(text: &str, words: &[Token], spans: &[(usize, usize)]) -> String {
    if spans.is_empty() {
        return text.to_string();
    }
    let mut kept: Vec<&str> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match spans.iter().find(|(from, to)| (*from..*to).contains(&at)) {
            Some((from, _)) if *from == at => kept.push("[number]"),
            Some(_) => {}
            None => kept.push(&word.raw),
        }
    }
    kept.join(" ")
}

/// Runs of figures that are as long as a card's or a social security number.
fn secret_spans(words: &[Token]) -> Vec<(usize, usize)> {
    let named = any(
        words,
        &[
            "social security",
            "social is",
            "my social",
            "ssn",
            "credit|debit card",
            "card number",
            "card is",
            "visa|mastercard|amex|discover",
            "security number|code",
            "cvv|cvc",
            "routing|account number",
            "seguro social",
            "número|numero de tarjeta",
            "tarjeta de crédito|credito|débito|debito",
            "mi tarjeta",
        ],
    );
    let secret = |run: &Run| {
        let digits = run.digits.len();
        digits >= CARD || digits == SSN || named && digits >= NAMED
    };
    runs(words).into_iter().filter(secret).map(|run| (run.from, run.to)).collect()
}

/// Figures after one another, and the words that they stand in.
pub(super) struct Run {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) digits: String,
}

/// Finds the runs of figures. A word between groups ("4111, then 1111") does not end one.
pub(super) fn runs(words: &[Token]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let (english, spanish) = (numbers(words), spanish_numbers(words));
    let figures = |found: &[Number]| found.iter().map(|n| n.digits.len()).sum::<usize>();
    for number in if figures(&spanish) > figures(&english) { spanish } else { english } {
        match runs.last_mut() {
            Some(run) if number.from - run.to <= 1 => {
                run.to = number.to;
                run.digits.push_str(&number.digits);
            }
            _ => runs.push(Run { from: number.from, to: number.to, digits: number.digits }),
        }
    }
    runs
}

/// Whether a sentence of the agent names one of these people: a last line of defence before verification.
/// A practitioner of the same name ("Dr. Lopez") is public.
pub(crate) fn names_anyone<'a>(sentence: &str, mut names: impl Iterator<Item = &'a str>) -> bool {
    let words = tokens(sentence);
    names.any(|name| {
        let name = name.to_lowercase();
        (0..words.len()).any(|at| {
            let opens = at == 0 || words[at - 1].sentence != words[at].sentence;
            let titled = at > 0 && words[at - 1].word == "doctor";
            words[at].capital && words[at].word == name && !titled && !is_also_a_word(&name, opens)
        })
    })
}

/// Names that are also months, days, or words that open a sentence of the agent: "May I have your name?" names nobody called May.
fn is_also_a_word(name: &str, opens: bool) -> bool {
    #[rustfmt::skip]
    const DATES: &[&str] = &[
        "april", "may", "june", "august", "friday", "sunday", "monday", "summer",
    ];
    #[rustfmt::skip]
    const OPENERS: &[&str] = &[
        "will", "can", "grant", "mark", "rich", "art", "sue", "bill", "happy", "precious", "so",
        "an", "in", "my", "do", "the", "please", "sure", "thank", "you", "one",
    ];
    #[rustfmt::skip]
    const SPANISH: &[&str] = &[
        "alguien", "aquí", "atienden", "claro", "con", "cuál", "cuándo", "de", "dije", "disculpe", "el", "en", "entendido", "entiendo", "es", "escuché", "está", "gracias", "hasta", "hay", "hecho", "hola", "intentemos", "la", "le", "listo", "lo", "me", "necesita", "no", "para", "paso", "perdón", "permítame", "por", "puede", "puedo", "que", "quiere", "qué", "se", "sería", "si", "sigo", "sigue", "solo", "soy", "su", "sí", "también", "todavía", "todo", "tómese", "un", "una", "usted", "vuelva", "y", "ya",
    ];
    DATES.contains(&name) || opens && (OPENERS.contains(&name) || SPANISH.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_and_social_security_numbers_are_masked() {
        for text in [
            "my card is 4111 1111 1111 1111",
            "four one one one one one one one one one one one one one one one",
            "my social is 123-45-6789",
            "one two three four five six seven eight nine",
            "my social security number ends in 6789",
            "It's 4111-1111-1111-1111, expires 12/29",
            "123456789",
        ] {
            let masked = mask(text);
            assert!(masked.contains("[number]"), "{text:?}: {masked:?}");
            assert!(!masked.contains("1111") && !masked.contains("6789"), "{text:?}: {masked:?}");
        }
    }

    #[test]
    fn dates_and_telephone_numbers_stay() {
        for text in [
            "March 9th, 1984",
            "0 3 0 9 1984",
            "312 555 0142",
            "three one two five five five zero one four two",
            "60157",
            "the 14th at 9:30",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn names_are_seen_in_sentences() {
        assert!(names_anyone("Thanks, Maria.", ["Maria", "Lopez"].into_iter()));
        assert!(!names_anyone("With Dr. Lopez at nine.", ["Maria", "Lopez"].into_iter()));
        assert!(!names_anyone("How can I help you today?", ["Maria", "Lopez"].into_iter()));
    }
}
