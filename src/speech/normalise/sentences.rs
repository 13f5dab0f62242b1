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

/// Letters that a clause has at least: a shorter one sounds torn off, and saves no time.
const CLAUSE: usize = 24;

/// Returns sentences, the long ones cut after their commas, in order: for a voice that is slow.
pub fn clauses(text: &str) -> Vec<String> {
    let mut clauses = Vec::new();
    for sentence in sentences(text) {
        let mut rest = sentence.as_str();
        let mut from = 0;
        while let Some(at) = rest[from..].find([',', ';', ':']).map(|at| from + at + 1) {
            from = at;
            let long = |part: &str| part.chars().count() >= CLAUSE;
            if rest[at..].starts_with(' ') && long(&rest[..at]) && long(&rest[at..]) {
                clauses.push(rest[..at].to_owned());
                rest = rest[at..].trim_start();
                from = 0;
            }
        }
        clauses.push(rest.to_owned());
    }
    clauses
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
    use super::*;

    #[test]
    fn long_sentences_are_cut_after_commas_and_short_clauses_stay() {
        let text =
            "Gracias por llamar a la clínica Cedar, le habla la asistente virtual. Sí, claro.";
        assert_eq!(
            clauses(text),
            [
                "Gracias por llamar a la clínica Cedar,",
                "le habla la asistente virtual.",
                "Sí, claro."
            ]
        );
        assert_eq!(
            clauses("uno, dos, tres, cuatro, cinco, seis"),
            ["uno, dos, tres, cuatro, cinco, seis"]
        );
        assert!(clauses(" , ;").is_empty());
    }

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
