//! What a short voice over the agent asks for: the floor, or nothing that cannot wait until the agent has finished.
//!
//! A recogniser hears "uh-huh" as "I thought" and "got it" as "Garth it": of half a second of voice, its words are a guess.
//! So a short voice takes the floor by words that are made for that, or that answer. Any others wait: nothing is lost.

use std::time::Duration;

use crate::base::Expect;

use super::numbers::dictated;
use super::patience::Awaited;
use super::words::{Said, said, words};

/// Nobody says more than ten syllables a second: more of them in a voice were not said in it.
const SYLLABLE: Duration = Duration::from_millis(100);
/// A word that is said alone, or again and again, is said clearly each time.
const CLEARLY: Duration = Duration::from_millis(180);

/// Words and phrases that ask for the floor, or name what is chosen or needed, by the first part of a language's tag.
#[rustfmt::skip]
const ASKING: &[(&str, &[&str])] = &[
    ("en", &[
        // To stop it.
        "stop", "wait", "hold on", "hang on", "one moment", "one second", "just a", "no", "nope", "nah", "not", "don't",
        "excuse me", "pardon", "sorry", "hey", "hello", "hi", "listen", "actually", "but", "never mind", "wrong",
        "enough", "quiet", "shut up", "skip", "goodbye", "bye", "yes but", "slow down", "slower", "louder",
        // To ask.
        "what", "what's", "which", "when", "where", "who", "who's", "why", "how", "can you", "can i", "could", "is it",
        "is there", "are you", "do you", "repeat", "again", "say that", "question", "huh", "come again", "spanish",
        // For somebody, or for help.
        "person", "human", "somebody", "someone", "operator", "representative", "agent", "nurse", "doctor",
        "receptionist", "front desk", "help", "emergency", "ambulance", "pain", "bleeding", "hurts", "urgent",
        // To choose.
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow", "tonight",
        "morning", "afternoon", "evening", "noon", "midnight", "o'clock", "earlier", "earliest", "later", "latest",
        "sooner", "last one", "the last", "neither", "none", "either", "that one", "this one", "other", "another",
        // What the call is about.
        "appointment", "cancel", "reschedule", "book", "move it", "change it", "refill", "prescription", "message",
        "billing", "bill", "insurance",
    ]),
    ("es", &[
        "alto", "pare", "para", "espere", "espera", "espérese", "un momento", "un segundo", "no", "perdón", "perdone",
        "disculpe", "oiga", "oye", "hola", "bueno pero", "pero", "mal", "basta", "adiós", "más despacio", "más alto",
        "qué", "cuál", "cuándo", "dónde", "quién", "por qué", "cómo", "cuánto", "puede", "puedo", "repita", "repite",
        "otra vez", "de nuevo", "mande", "pregunta", "inglés",
        "persona", "alguien", "operador", "operadora", "recepcionista", "enfermera", "doctor", "doctora", "ayuda",
        "emergencia", "urgente", "ambulancia", "dolor", "duele", "sangre",
        "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "hoy", "mañana", "tarde", "noche",
        "mediodía", "antes", "después", "último", "última", "ninguno", "ninguna", "otro", "otra", "ese", "esa", "primera",
        "cita", "cancelar", "cambiar", "receta", "mensaje", "factura", "seguro",
    ]),
];

/// Whether a voice over the agent that lasted for `voiced`, less than what takes the floor by itself, takes it by these
/// words. Where an answer can be any word, any does.
pub(super) fn asks_for_the_floor(text: &str, awaited: &Awaited, voiced: Duration) -> bool {
    if said(text, awaited) != Said::Words {
        return false;
    }
    let asking = ASKING.iter().find(|(tag, _)| *tag == awaited.language.primary());
    let (Expect::Anything | Expect::Digits | Expect::Date, Some((_, asking))) =
        (awaited.expect, asking)
    else {
        return true;
    };
    let words = words(text);
    if !fits(&words, voiced) {
        return false;
    }
    let number = dictated(text);
    let says = |phrase: &&str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        words.windows(phrase.len()).any(|part| part.iter().eq(phrase.iter()))
    };
    number.digits() > 0 || number.month || asking.iter().any(says)
}

/// Whether somebody can have said so much in so long.
fn fits(words: &[String], voiced: Duration) -> bool {
    let times = |time: Duration, count: usize| time * u32::try_from(count).unwrap_or(1_000);
    let alone = if words.iter().all(|word| *word == words[0]) { words.len() } else { 0 };
    times(SYLLABLE, words.iter().map(|word| syllables(word)).sum()).max(times(CLEARLY, alone))
        <= voiced
}

/// Whether at least half of what was said can have been let through in so long a voice. If not, it is the talk of a television
/// behind the caller, or our echo: the detector keeps out most of it, and the recogniser makes words of all.
pub(super) fn is_of_voice(text: &str, heard: Duration) -> bool {
    SYLLABLE * u32::try_from(length(text)).unwrap_or(1_000) <= heard * 2
}

/// About how many syllables a text has. Where sounds are misheard for others, that stays the same.
pub(super) fn length(text: &str) -> usize {
    words(text).iter().map(|word| syllables(word)).sum()
}

/// About how many syllables a word has: its groups of vowels, without a silent "e". A number in digits has one.
fn syllables(word: &str) -> usize {
    let vowel = |c: char| "aeiouyáéíóúü".contains(c);
    let mut before = false;
    let groups = word.chars().filter(|&c| !std::mem::replace(&mut before, vowel(c)) && vowel(c));
    let groups = groups.count();
    let silent = groups > 1 && word.ends_with('e') && !word.ends_with("le");
    (groups - usize::from(silent)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Language;

    #[track_caller]
    fn check(awaited: &Awaited, ms: u64, texts: &[&str], expected: bool) {
        for text in texts {
            let asks = asks_for_the_floor(text, awaited, Duration::from_millis(ms));
            assert_eq!(asks, expected, "{text:?}");
        }
    }

    #[test]
    fn words_that_interrupt_or_answer_do() {
        let awaited = Awaited::default();
        let texts =
            ["Wait.", "Stop!", "No.", "Hold on.", "Sorry?", "What?", "Hello?", "Tuesday.", "Ten."];
        check(&awaited, 400, &texts, true);
        let texts = ["Excuse me?", "Okay, but no.", "A person.", "March ninth.", "The last one."];
        check(&awaited, 550, &texts, true);
        let spanish = Awaited { language: Language::ES_US, ..Awaited::default() };
        check(&spanish, 500, &["Espere.", "No.", "¿Cómo?", "El martes.", "Una persona."], true);
    }

    #[test]
    fn what_a_sign_of_listening_is_taken_for_does_not() {
        let texts = ["I thought.", "Garth it.", "I can.", "Ride.", "Okay.", "Um", ""];
        check(&Awaited::default(), 400, &texts, false);
        let spanish = Awaited { language: Language::ES_US, ..Awaited::default() };
        check(&spanish, 400, &["Ya veo.", "Allá.", "Así."], false);
    }

    #[test]
    fn nobody_says_so_much_in_so_short_a_time() {
        let awaited = Awaited::default();
        check(&awaited, 310, &["No, no, no.", "No, no.", "I can no okay okay okay."], false);
        check(&awaited, 310, &["No."], true);
        check(&awaited, 140, &["No.", "Stop."], false);
        check(&awaited, 600, &["No, no, no.", "No, wait."], true);
        check(&awaited, 0, &["No.", "Stop."], false);
    }

    #[test]
    fn where_any_word_is_an_answer_any_is() {
        for expect in [Expect::YesNo, Expect::Name] {
            let awaited = Awaited { expect, ..Awaited::default() };
            check(&awaited, 300, &["Garth it."], true);
        }
        let french = Awaited {
            language: Language::tagged("fr-FR").expect("it is one"),
            ..Awaited::default()
        };
        check(&french, 300, &["Attendez."], true);
    }

    #[test]
    fn what_is_misheard_is_as_long() {
        for [said, heard] in [["Oh, okay.", "No, no, Kate."], ["Uh-huh.", "I thought."]] {
            assert_eq!(length(said), length(heard), "{heard}");
        }
        assert!(length("Okay.") < length("Okay, but no."));
    }

    #[test]
    fn words_of_which_most_was_kept_out_are_not_the_callers() {
        let heard = Duration::from_millis(700);
        assert!(is_of_voice("I want to cancel my appointment.", heard));
        let news = "Work is expected to begin in the spring and to take about two years.";
        assert!(!is_of_voice(news, heard));
        assert!(is_of_voice(news, Duration::from_millis(2400)));
    }

    #[test]
    fn syllables_are_counted_about_right() {
        for (word, expected) in
            [("no", 1), ("wait", 1), ("excuse", 2), ("tuesday", 2), ("people", 2), ("10", 1)]
        {
            assert_eq!(syllables(word), expected, "{word}");
        }
    }
}
