//! What words said over the agent are worth: an answer, a sign of listening, or nothing yet.

use crate::base::Expect;

use super::patience::Awaited;

/// What somebody said while the agent spoke.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Said {
    /// Nothing yet: a sound, or a hesitation that words may follow.
    Nothing,
    /// "Uh-huh": the caller listens, and the agent is to go on.
    Backchannel,
    /// Something that wants an answer.
    Words,
}

/// A sign of listening is short: longer ones are words.
const LONGEST: usize = 4;

/// Sounds that mean the same in every language.
const SOUNDS: &[&str] = &[
    "ah", "aha", "ahh", "hm", "hmm", "mm", "mmm", "mhm", "mhmm", "mmhm", "mmhmm", "oh", "ohh",
    "ooh", "uhhuh",
];
/// Sounds of somebody who looks for words.
const HESITATIONS: &[&str] =
    &["ehm", "em", "er", "erm", "este", "euh", "uh", "uhh", "uhm", "um", "umm"];
/// Signs of listening that agree to nothing, also where yes or no is wanted.
const LISTENING: &[&[&str]] =
    &[&["i", "see"], &["i", "understand"], &["ya", "veo"], &["entiendo"], &["je", "vois"]];

/// Signs of listening by the first part of a language's tag. Where a question wants yes or no they are answers.
const BY_LANGUAGE: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "all right",
            "alright",
            "cool",
            "correct",
            "exactly",
            "fine",
            "good",
            "got it",
            "gotcha",
            "great",
            "i know",
            "k",
            "nice",
            "of course",
            "ok",
            "okay",
            "perfect",
            "right",
            "sounds good",
            "sure",
            "thank you",
            "thanks",
            "that works",
            "that's fine",
            "that's good",
            "that's great",
            "that's right",
            "true",
            "works for me",
            "wow",
            "yea",
            "yeah",
            "yep",
            "yes",
            "yup",
        ],
    ),
    (
        "es",
        &[
            "ajá",
            "aja",
            "ándale",
            "así es",
            "bien",
            "bueno",
            "claro",
            "claro que sí",
            "correcto",
            "dale",
            "de acuerdo",
            "eso",
            "está bien",
            "exacto",
            "gracias",
            "me parece bien",
            "muy bien",
            "ok",
            "okay",
            "okey",
            "perfecto",
            "por supuesto",
            "sí",
            "si",
            "vale",
            "ya",
        ],
    ),
    ("fr", &["bien", "d'accord", "merci", "ok", "okay", "ouais", "oui", "très bien", "voilà"]),
    (
        "pt",
        &[
            "certo", "claro", "entendi", "isso", "ok", "okay", "obrigada", "obrigado", "sim", "tá",
            "tá bom",
        ],
    ),
    ("de", &["genau", "gut", "ja", "klar", "ok", "okay", "richtig", "stimmt", "danke"]),
    ("it", &["bene", "certo", "esatto", "ok", "okay", "sì", "va bene", "grazie"]),
];

/// A text's words in lower case, letters, digits and apostrophes alone: "Uh-huh." is `uhhuh`. What stands in
/// brackets is no speech: "(coughs)".
pub(super) fn words(text: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let outside: String = text
        .chars()
        .filter(|c| {
            let closes = matches!(c, ')' | ']');
            match c {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && !closes
        })
        .collect();
    outside
        .split_whitespace()
        .map(|word| {
            let plain = word.chars().map(|c| if c == '’' { '\'' } else { c });
            let kept: String = plain.filter(|c| c.is_alphanumeric() || *c == '\'').collect();
            kept.trim_matches('\'').to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// Sounds that are written as two words, and as which one they count.
const IN_TWO: &[(&str, &str, &str)] = &[
    ("a", "ha", "aha"),
    ("m", "hm", "mhm"),
    ("m", "hmm", "mhm"),
    ("mm", "hm", "mmhmm"),
    ("mm", "hmm", "mmhmm"),
    ("mm", "hum", "mmhmm"),
    ("nuh", "uh", "no"),
    ("uh", "huh", "uhhuh"),
    ("uh", "hum", "uhhuh"),
    ("uh", "uh", "no"),
];

fn joined(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let two = |last: &String| IN_TWO.iter().find(|(one, two, _)| last == one && word == *two);
        match joined.last().and_then(two) {
            Some((_, _, whole)) => {
                joined.pop();
                joined.push((*whole).to_owned());
            }
            None => joined.push(word),
        }
    }
    joined
}

/// Judges what was said over the agent, in the light of what it asks.
pub fn said(text: &str, awaited: &Awaited) -> Said {
    let mut words = joined(words(text));
    words.retain(|word| !HESITATIONS.contains(&word.as_str()));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let own = BY_LANGUAGE.iter().find(|(tag, _)| *tag == awaited.language.primary());
    let own = own.map_or(&[][..], |(_, signs)| signs);
    match words.as_slice() {
        [] => Said::Nothing,
        // "Uh-huh" answers such a question; "hm" and "oh" do not.
        words if awaited.expect == Expect::YesNo => {
            let agrees = |word: &&str| word.starts_with(['m', 'u']) && word.contains('h');
            let sounds = |word: &&str| SOUNDS.contains(word) && !agrees(word);
            match LISTENING.contains(&words) || words.iter().all(sounds) {
                true => Said::Backchannel,
                false => Said::Words,
            }
        }
        words if words.len() > LONGEST => Said::Words,
        words if is_made_of(words, own) => Said::Backchannel,
        _ => Said::Words,
    }
}

/// Whether nothing but signs of listening follow one another in it.
fn is_made_of(words: &[&str], own: &[&str]) -> bool {
    let mut signs = own.iter().map(|sign| sign.split(' ').collect::<Vec<_>>()).collect::<Vec<_>>();
    signs.extend(SOUNDS.iter().map(|sound| vec![*sound]));
    signs.extend(LISTENING.iter().map(|sign| sign.to_vec()));
    // Which of the words so far can be told apart into signs.
    let mut reached = vec![true];
    for end in 1..=words.len() {
        let fits = |sign: &Vec<&str>| {
            words[..end].ends_with(sign)
                && end.checked_sub(sign.len()).is_some_and(|at| reached[at])
        };
        let fits = signs.iter().any(fits);
        reached.push(fits);
    }
    reached[words.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Language;

    #[track_caller]
    fn check(expect: Expect, language: Language, texts: &[&str], expected: Said) {
        let awaited = Awaited { expect, language, ..Awaited::default() };
        for text in texts {
            assert_eq!(said(text, &awaited), expected, "{text:?}");
        }
    }

    #[test]
    fn who_listens_is_not_answered() {
        let listens = [
            "Uh-huh.",
            "Uh huh.",
            "Mm hmm.",
            "Okay",
            "Mm-hmm, okay.",
            "Right, right.",
            "yeah yeah yeah",
            "I see.",
            "Got it.",
            "Oh, okay",
        ];
        check(Expect::Anything, Language::EN_US, &listens, Said::Backchannel);
        let listens = ["Sí.", "Ajá", "Ok, ok", "claro que sí", "Muy bien, gracias.", "Mhm"];
        check(Expect::Digits, Language::ES_US, &listens, Said::Backchannel);
    }

    #[test]
    fn who_wants_something_is() {
        let wants = [
            "No.",
            "Wait",
            "Okay, but not on Friday",
            "yes I'd like to book it",
            "Stop, please",
            "Hello?",
            "yeah yeah yeah yeah yeah",
        ];
        check(Expect::Anything, Language::EN_US, &wants, Said::Words);
        check(
            Expect::Anything,
            Language::ES_US,
            &["No, espere", "sí pero el viernes"],
            Said::Words,
        );
    }

    #[test]
    fn where_yes_or_no_is_asked_they_are_answers() {
        check(
            Expect::YesNo,
            Language::EN_US,
            &["Yes.", "No", "Okay", "Uh-huh", "Mm-hmm", "Uh huh", "Mm hmm.", "uh uh", "right"],
            Said::Words,
        );
        check(Expect::YesNo, Language::ES_US, &["Sí", "no", "ajá", "bueno"], Said::Words);
        check(Expect::YesNo, Language::EN_US, &["Hmm", "Oh.", "I see"], Said::Backchannel);
    }

    #[test]
    fn sounds_and_hesitations_are_no_words_yet() {
        check(
            Expect::Anything,
            Language::EN_US,
            &["", "Um...", "uh,", "(coughs)", "[noise]"],
            Said::Nothing,
        );
        check(Expect::YesNo, Language::ES_US, &["este...", "eh-m"], Said::Nothing);
    }
}
