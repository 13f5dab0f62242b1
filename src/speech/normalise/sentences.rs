//! Where one sentence ends and the next begins, in text that is written as it is spoken.

/// Returns the sentences, in order; what has no letter is none.
pub fn sentences(text: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let current = sentences.last_mut().expect("there is always one");
        current.push(letter);
        let ends = matches!(letter, '.' | '!' | '?' | '…');
        // An inner stop ("3.5", "...") is followed by more of the same word or of the same sign.
        let next_is_space = letters.peek().is_none_or(|c| c.is_whitespace());
        if letter == '\n' || ends && next_is_space && !ends_with_initial(current) {
            sentences.push(String::new());
        }
    }
    sentences
        .into_iter()
        .map(|sentence| sentence.trim().to_owned())
        .filter(|sentence| sentence.contains(char::is_alphanumeric))
        .collect()
}

/// Whether it ends like "J. K. Rowling" may go on. "A M." and "P M." end a sentence.
fn ends_with_initial(sentence: &str) -> bool {
    let Some(word) = sentence.strip_suffix('.') else { return false };
    let mut back = word.chars().rev();
    let single = back.next().is_some_and(char::is_uppercase) && back.next() == Some(' ');
    single && !word.ends_with(" A M") && !word.ends_with(" P M") && !word.ends_with(" I")
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn texts_are_cut_after_their_stops() {
        for (text, expected) in [
            ("Hello. How are you? Fine!", &["Hello.", "How are you?", "Fine!"][..]),
            ("One line\nand another", &["One line", "and another"]),
            ("See J. K. Lee at nine A M. Yes.", &["See J. K. Lee at nine A M.", "Yes."]),
            ("Well... yes", &["Well...", "yes"]),
            ("So do I. And you?", &["So do I.", "And you?"]),
            ("... ! \n", &[]),
            ("", &[]),
        ] {
            assert_eq!(sentences(text), expected, "{text:?}");
        }
    }
}
