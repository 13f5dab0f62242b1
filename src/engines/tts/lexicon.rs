//! How names and drugs are said that neither the dictionary nor the letter-reader gets right.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// By the word in small letters.
static WORDS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("lexicon.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// Puts the dictionary's sign for "said like this", `[word](/phonemes/)`, in place of the words known here. The text
/// must hold no brackets of its own.
pub(super) fn with_pronunciations(sentence: &str) -> String {
    let mut said = String::with_capacity(sentence.len());
    let mut word = String::new();
    // The space at the end closes the last word.
    for c in sentence.chars().chain([' ']) {
        if c.is_alphanumeric() || c == '\'' {
            word.push(c);
            continue;
        }
        match pronounced(&word) {
            Some(phonemes) => said += &format!("[{word}](/{phonemes}/)"),
            None => said += &word,
        }
        word.clear();
        said.push(c);
    }
    said.pop();
    said
}

/// Returns a word's phonemes, its possessive's too.
fn pronounced(word: &str) -> Option<String> {
    let small = word.to_lowercase();
    if let Some(phonemes) = WORDS.get(small.as_str()) {
        return Some((*phonemes).to_owned());
    }
    let phonemes = WORDS.get(small.strip_suffix("'s")?)?;
    let ending = match phonemes.chars().last()? {
        's' | 'z' | 'ʃ' | 'ʒ' | 'ʧ' | 'ʤ' => "ᵻz",
        'p' | 't' | 'k' | 'f' | 'θ' => "s",
        _ => "z",
    };
    Some(format!("{phonemes}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_are_marked_and_all_others_stay() {
        for (written, marked) in [
            ("Ms. Nguyen, hello.", "Ms. [Nguyen](/wˈɪn/), hello."),
            ("metformin", "[metformin](/mɛtfˈɔɹmɪn/)"),
            ("Cruz's", "[Cruz's](/kɹˈuzᵻz/)"),
            ("O'Brien's car", "[O'Brien's](/ObɹˈIənz/) car"),
            ("a nguyens", "a nguyens"),
            ("", ""),
        ] {
            assert_eq!(with_pronunciations(written), marked);
        }
    }

    #[test]
    fn every_line_is_a_word_and_signs_of_the_voice() {
        const SIGNS: &str = "AIOWYTabdefhijklmnoprstuvwzðŋɑɔəɛɜɡɪɹʃʊʌʒʤʧˈˌæθᵊᵻ";
        assert!(WORDS.len() > 120);
        for (word, phonemes) in WORDS.iter() {
            assert_eq!(word.to_lowercase(), *word);
            assert!(phonemes.chars().all(|c| SIGNS.contains(c)), "{word} {phonemes}");
            assert!(phonemes.contains('ˈ'), "{word} has no stress");
        }
    }
}
