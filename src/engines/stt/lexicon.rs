//! What may have been meant: texts in which words that sound alike are replaced by phrases that are likely now.
//!
//! Which of them is believed is for the model to say, by how well they fit the sound.

use crate::base::{Expect, Hints, Purpose};

/// Texts that are weighed against what was heard: each costs a tenth of a decoding.
const MOST: usize = 6;
/// How different two words may sound, as a share of the longer one's sounds: by less than half of them.
const ALIKE: f32 = 0.49;
/// The same, where two words become one: nothing that was said may get lost.
const MERGED: f32 = 0.26;
/// Shorter phrases sound like half the language.
const MIN_SOUNDS: usize = 3;
/// Words before a name that are not part of it.
const TITLES: &[&str] = &["dr", "doctor", "nurse", "mr", "mrs", "ms", "miss"];
/// Words that answer a question by themselves.
const ANSWERS: &str = "yes yeah no nope okay right correct person today tomorrow one two three four five six seven \
    eight nine ten eleven twelve fifteen twenty thirty forty fifty half quarter first monday tuesday \
    wednesday thursday friday saturday sunday morning afternoon evening noon doctor";
/// A vowel for another, or none.
const VOWEL_COST: f32 = 0.5;

/// Words of dates that a telephone does not tell apart from others: "eighteen" and "eighteenth", "of" after "thirty"
/// and "thirtieth". Digits have no such list: said one by one, they were heard without a fault.
const DATES: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
    "twentieth",
    "thirtieth",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
];

/// A text that may have been meant.
#[derive(Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) text: String,
    /// A phrase that is likely now put it there, and not a list of words that anybody says.
    pub(super) likely: bool,
    /// How different it sounds from what was heard, 0 to 1.
    pub(super) distance: f32,
}

/// Returns texts that may have been meant, the most alike first.
pub(super) fn candidates(text: &str, hints: &Hints) -> Vec<Candidate> {
    let words = words(text);
    let mut found: Vec<Candidate> = Vec::new();
    let likely: Vec<&str> = hints
        .phrases
        .iter()
        .map(|phrase| without_title(phrase.reveal(Purpose::Understanding)))
        .collect();
    let common = if hints.expect == Expect::Date { DATES } else { &[] };
    let phrases = likely.iter().map(|phrase| (*phrase, true));
    for (phrase, is_likely) in phrases.chain(common.iter().map(|word| (*word, false))) {
        let sought = sounds(phrase);
        if sought.len() < MIN_SOUNDS || contains(text, phrase) {
            continue;
        }
        let length = phrase.split_whitespace().count();
        for span in length.saturating_sub(1).max(1)..=length + 2 {
            for heard in words.windows(span) {
                let (from, to) = (heard[0].0, heard[span - 1].1);
                let distance = distance(&sounds(&text[from..to]), &sought);
                let limit = if span > length { MERGED } else { ALIKE };
                let answers =
                    is_likely && heard.iter().any(|&(from, to)| is_answer(&text[from..to]));
                if distance <= limit && !answers && !is_known(&text[from..to], &likely) {
                    let text = format!("{}{phrase}{}", &text[..from], &text[to..]);
                    found.push(Candidate { text, likely: is_likely, distance });
                }
            }
        }
    }
    found.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    found.dedup_by(|a, b| a.text == b.text);
    found.truncate(MOST);
    found
}

fn without_title(phrase: &str) -> &str {
    let rest = phrase.trim();
    let Some((first, after)) = rest.split_once(char::is_whitespace) else { return rest };
    let first = first.trim_end_matches('.').to_lowercase();
    if TITLES.contains(&first.as_str()) { after.trim() } else { rest }
}

/// Whether a word is itself an answer, or part of one: "ten" is not to become Dr. Chen.
fn is_answer(word: &str) -> bool {
    let word = word.to_lowercase();
    word.chars().any(|c| c.is_ascii_digit()) || ANSWERS.split(' ').any(|answer| answer == word)
}

/// Where each word begins and ends.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words: Vec<(usize, usize)> = Vec::new();
    let mut inside = false;
    for (at, c) in text.char_indices() {
        let part = c.is_alphanumeric() || c == '\'';
        match (part, inside) {
            (true, false) => words.push((at, at + c.len_utf8())),
            (true, true) => {
                if let Some(word) = words.last_mut() {
                    word.1 = at + c.len_utf8();
                }
            }
            (false, _) => {}
        }
        inside = part;
    }
    words
}

fn contains(text: &str, phrase: &str) -> bool {
    let plain = |text: &str| {
        let text = text.to_lowercase();
        let words: Vec<_> = words(&text).iter().map(|&(a, b)| text[a..b].to_owned()).collect();
        format!(" {} ", words.join(" "))
    };
    plain(text).contains(&plain(phrase))
}

/// Whether it is itself one of the phrases: it was heard, and is not to become another.
fn is_known(heard: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| contains(heard, phrase))
}

/// Returns how a word sounds, roughly, when it is read by the rules of English: one letter a sound. What a telephone
/// does not tell apart is the same: b and p, d and t, g and k, s and z, f and v, and all vowels.
fn sounds(text: &str) -> Vec<char> {
    let letters: Vec<char> = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let mut sounds: Vec<char> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let next = letters.get(at + 1).copied().unwrap_or(' ');
        let soft = matches!(next, 'e' | 'i' | 'y');
        let (sound, taken) = match (letters[at], next) {
            ('p', 'h') => ('f', 2),
            ('g', 'h') if at > 0 => (' ', 2),
            ('c', 'k') => ('k', 2),
            ('c', 'h') | ('s', 'h') => ('x', 2),
            ('t', 'h') => ('t', 2),
            ('k' | 'g', 'n') if at == 0 => ('n', 2),
            ('w', 'r') if at == 0 => ('r', 2),
            ('c', _) if soft => ('s', 1),
            ('c' | 'q' | 'k', _) => ('k', 1),
            ('g', _) if soft => ('x', 1),
            ('g', _) => ('k', 1),
            ('j', _) => ('x', 1),
            ('z', _) => ('s', 1),
            ('v', _) => ('f', 1),
            ('b', _) => ('p', 1),
            ('d', _) => ('t', 1),
            ('h', _) if at > 0 => (' ', 1),
            ('y', _) if at == 0 => ('y', 1),
            ('w', _) if at > 0 => ('a', 1),
            ('a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'á' | 'é' | 'í' | 'ó' | 'ú' | 'ü', _) => {
                ('a', 1)
            }
            (other, _) => (other, 1),
        };
        at += taken;
        // A doubled sound is one.
        if sound != ' ' && sounds.last() != Some(&sound) {
            sounds.push(sound);
        }
    }
    // A silent e.
    if sounds.len() > 2 && letters.last() == Some(&'e') && sounds.last() == Some(&'a') {
        sounds.pop();
    }
    sounds
}

/// Returns how different they sound, 0 to 1.
fn distance(heard: &[char], meant: &[char]) -> f32 {
    let single = |sound: char| if sound == 'a' { VOWEL_COST } else { 1.0 };
    let mut row: Vec<f32> = vec![0.0];
    for sound in meant {
        row.push(row[row.len() - 1] + single(*sound));
    }
    for a in heard {
        let mut corner = row[0];
        row[0] += single(*a);
        for (n, b) in meant.iter().enumerate() {
            let exchanged = if a == b { corner } else { corner + single(*a).max(single(*b)) };
            corner = row[n + 1];
            row[n + 1] = exchanged.min(row[n] + single(*b)).min(corner + single(*a));
        }
    }
    let weight = |sounds: &[char]| sounds.iter().map(|sound| single(*sound)).sum::<f32>();
    row[meant.len()] / weight(heard).max(weight(meant)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Phi;

    fn meant(text: &str, phrases: &[&str]) -> Vec<String> {
        let phrases = phrases.iter().map(|phrase| Phi::new((*phrase).to_owned())).collect();
        let hints = Hints { phrases, ..Hints::default() };
        candidates(text, &hints).into_iter().map(|candidate| candidate.text).collect()
    }

    #[test]
    fn words_that_sound_alike_are_replaced() {
        let doctors = ["Dr. Patel", "Dr. Rahman", "Dr. Nguyen"];
        assert_eq!(meant("I see Doctor Battle.", &doctors)[0], "I see Doctor Patel.");
        assert_eq!(meant("With Dr. Roman, please.", &doctors)[0], "With Dr. Rahman, please.");
        assert_eq!(meant("for Pa Tell today", &doctors)[0], "for Patel today");
        assert_eq!(meant("What time do you open?", &doctors), [""; 0]);
    }

    #[test]
    fn what_was_heard_right_is_left_alone_and_no_word_gets_lost() {
        let doctors = ["Dr. Patel", "Dr. Pattel", "Dr. Chen"];
        assert!(meant("Doctor Patel, please.", &doctors).is_empty(), "it is one of them");
        assert!(meant("Is ten available?", &doctors).is_empty(), "ten is a time");
        for text in meant("I see Battle often", &doctors) {
            assert_eq!(text.split(' ').count(), 4, "{text}");
        }
    }

    #[test]
    fn words_of_a_date_are_looked_for_where_a_date_is_asked() {
        let meant = |expect: Expect| -> Vec<_> {
            candidates("May eighteen", &expect.into()).into_iter().map(|it| it.text).collect()
        };
        assert!(meant(Expect::Date).contains(&"May eighteenth".to_owned()));
        assert!(meant(Expect::Digits).is_empty());
    }

    #[test]
    fn sounds_are_those_of_a_telephone() {
        let sounds = |text| sounds(text).into_iter().collect::<String>();
        assert_eq!(sounds("Phillip"), sounds("Filib"));
        assert_eq!(sounds("Knight"), sounds("Night"));
        assert_ne!(sounds("Chen"), sounds("Ben"));
        assert_eq!(sounds(""), "");
    }
}
