//! Words as the matchers see them: lower case, without apostrophes, numbers apart from letters.
//!
//! What a recogniser punctuates is kept as clause and sentence numbers, because "No, chest pain" and
//! "no chest pain" are different things.

/// Words looked at in one turn. A minute of speech has about 150; the rest cannot change the meaning.
const MAX_TOKENS: usize = 240;

/// One word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Token {
    /// For matching: lower case, no apostrophes, "doctor" for "Dr.".
    pub(crate) word: String,
    /// As it was written; empty for a word that stands for another language's.
    pub(crate) raw: String,
    /// Whether it was written with a capital.
    pub(crate) capital: bool,
    /// Counts commas, dashes and sentence ends before it.
    pub(crate) clause: u16,
    /// Counts sentence ends before it.
    pub(crate) sentence: u16,
    /// The hyphen or slash that glues it to the word before.
    pub(crate) glue: Option<char>,
    /// Whether a question mark follows it.
    pub(crate) asks: bool,
}

/// Takes a text apart.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut words = Vec::new();
    let (mut clause, mut sentence) = (0_u16, 0_u16);
    let plain = text.replace(['\u{2019}', '\u{2018}', '`'], "'").replace("...", " ");
    for chunk in plain.split_whitespace() {
        if words.len() >= MAX_TOKENS {
            break;
        }
        for (glue, part) in parts(chunk) {
            for word in normal(&part) {
                words.push(Token {
                    word,
                    capital: part.starts_with(char::is_uppercase),
                    raw: part.clone(),
                    clause,
                    sentence,
                    glue,
                    asks: false,
                });
            }
        }
        if chunk.ends_with('?')
            && let Some(last) = words.last_mut()
        {
            last.asks = true;
        }
        match chunk.chars().last() {
            Some(',' | ';' | ':' | '-' | '\u{2014}' | '\u{2013}') => {
                clause = clause.saturating_add(1)
            }
            Some('.') if is_abbreviation(chunk) => {}
            Some('.' | '?' | '!') => {
                clause = clause.saturating_add(1);
                sentence = sentence.saturating_add(1);
            }
            _ => {}
        }
    }
    for at in 1..words.len() {
        // A nod that was written as two words.
        let nod = matches!(
            (words[at - 1].word.as_str(), words[at].word.as_str()),
            ("uh" | "um" | "mm" | "mhm", "huh") | ("mm", "hm" | "hmm")
        );
        if nod && words[at - 1].clause == words[at].clause {
            words[at].word = "uhhuh".into();
        }
    }
    words.retain(|token| !is_filler(token));
    words
}

/// Returns the words alone, for matching and for tests.
#[cfg(test)]
pub(crate) fn words(text: &str) -> Vec<String> {
    tokens(text).into_iter().map(|token| token.word).collect()
}

fn is_filler(token: &Token) -> bool {
    match token.word.as_str() {
        "um" | "uh" | "uhm" | "umm" | "erm" | "ah" | "eh" | "hm" | "hmm" | "mm" => true,
        "er" => token.raw != "ER",
        _ => false,
    }
}

/// "Dr." and single letters do not end a sentence.
fn is_abbreviation(chunk: &str) -> bool {
    let bare = chunk.trim_end_matches('.').to_ascii_lowercase();
    matches!(
        bare.as_str(),
        "dr" | "mr" | "mrs" | "ms" | "st" | "jr" | "sr" | "a.m" | "p.m" | "dra" | "sra" | "srta"
    ) || bare.chars().count() == 1
}

/// Splits a chunk at hyphens, slashes, and between digits and letters.
fn parts(chunk: &str) -> Vec<(Option<char>, String)> {
    let bare = chunk.trim_matches(|c: char| !c.is_alphanumeric());
    match bare.to_ascii_lowercase().as_str() {
        "uh-huh" | "mm-hmm" | "mm-hm" | "mhm" | "mmhmm" | "uhhuh" => {
            return vec![(None, "uhhuh".into())];
        }
        "uh-uh" | "nuh-uh" => return vec![(None, "nope".into())],
        _ => {}
    }
    let mut pieces = Vec::new();
    let mut glue = None;
    let mut piece = String::new();
    let dotted_date =
        bare.matches('.').count() == 2 && bare.starts_with(|c: char| c.is_ascii_digit());
    for c in bare.chars() {
        let splits = matches!(c, '-' | '/' | '\u{2013}' | '\u{2014}' | '\u{2026}')
            || (c == '.' && dotted_date);
        if splits {
            if !piece.is_empty() {
                pieces.push((glue, std::mem::take(&mut piece)));
            }
            glue = Some(if c == '.' { '/' } else { c });
        } else {
            piece.push(c);
        }
    }
    if !piece.is_empty() {
        pieces.push((glue, piece));
    }
    pieces
}

/// Returns the matching forms of one piece: usually one, more for "wanna", "9am" and "L.O.P.E.Z.".
fn normal(piece: &str) -> Vec<String> {
    let lower: String = piece.to_lowercase();
    let spelled = lower.contains('.')
        && lower
            .split('.')
            .all(|part| part.chars().count() <= 1 && part.chars().all(char::is_alphabetic));
    if spelled && !matches!(lower.as_str(), "a.m" | "p.m" | "o.k" | "e.r") {
        return lower.split('.').filter(|part| !part.is_empty()).map(String::from).collect();
    }
    let clean: String = lower
        .chars()
        .filter(|c| {
            c.is_alphanumeric()
                || (matches!(c, ':' | '.') && lower.starts_with(|d: char| d.is_ascii_digit()))
        })
        .collect();
    if clean.is_empty() {
        return Vec::new();
    }
    if let Some((digits, letters)) = digits_then_letters(&clean) {
        return if matches!(letters, "st" | "nd" | "rd" | "th") {
            vec![clean]
        } else {
            vec![digits.to_string(), letters.to_string()]
        };
    }
    let forms: &[&str] = match clean.as_str() {
        "wanna" => &["want", "to"],
        "gonna" => &["going", "to"],
        "gotta" => &["got", "to"],
        "lemme" => &["let", "me"],
        "gimme" => &["give", "me"],
        "cannot" => &["cant"],
        "okay" | "okey" => &["ok"],
        "dr" | "dra" | "doc" => &["doctor"],
        "appt" => &["appointment"],
        "checkup" => &["check", "up"],
        "followup" => &["follow", "up"],
        "goodbye" => &["bye"],
        _ => return vec![clean],
    };
    forms.iter().map(ToString::to_string).collect()
}

/// "9am" and "9:30pm"; `None` for anything that is not digits followed by letters.
fn digits_then_letters(word: &str) -> Option<(&str, &str)> {
    let letters = word.find(|c: char| c.is_alphabetic())?;
    let (digits, rest) = word.split_at(letters);
    let fits = !digits.is_empty() && rest.chars().all(char::is_alphabetic);
    fits.then(|| (digits.trim_end_matches('.'), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_brought_to_one_form() {
        assert_eq!(
            words("I can't see Dr. Patel at 9:30am."),
            ["i", "cant", "see", "doctor", "patel", "at", "9:30", "am",]
        );
        assert_eq!(
            words("Um, I wanna \u{2014} uh \u{2014} eighty-four"),
            ["i", "want", "to", "eighty", "four",]
        );
        assert_eq!(words("L-O-P-E-Z"), ["l", "o", "p", "e", "z"]);
        assert_eq!(
            words("L.O.P.E.Z. at 10 a.m. on the 9th, 3/9/84"),
            ["l", "o", "p", "e", "z", "at", "10", "am", "on", "the", "9th", "3", "9", "84"]
        );
        assert_eq!(words("Uh-huh. Nuh-uh."), ["uhhuh", "nope"]);
    }

    #[test]
    fn clauses_and_sentences_are_counted() {
        let heard = tokens("No, chest pain. Dr. Kim.");
        let places: Vec<_> =
            heard.iter().map(|t| (t.word.as_str(), t.clause, t.sentence)).collect();
        assert_eq!(
            places,
            [("no", 0, 0), ("chest", 1, 0), ("pain", 1, 0), ("doctor", 2, 1), ("kim", 2, 1)]
        );
    }
}
