//! Word errors: both texts are brought to one way of writing, then compared word by word.

use super::words_spanish as spanish;
use crate::base::Language;

/// Errors against words that were said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::cli::bench) struct Errors {
    pub(in crate::cli::bench) wrong: usize,
    pub(in crate::cli::bench) words: usize,
}

impl Errors {
    /// Compares what was heard with what was said.
    pub(in crate::cli::bench) fn between(said: &str, heard: &str, language: Language) -> Self {
        let (said, heard) = (normal(said, language), normal(heard, language));
        Self { wrong: distance(&said, &heard), words: said.len() }
    }

    /// Adds those of another text.
    pub(in crate::cli::bench) fn add(&mut self, other: Self) {
        self.wrong += other.wrong;
        self.words += other.words;
    }

    /// The word error rate, in percent.
    pub(in crate::cli::bench) fn percent(self) -> f64 {
        100.0 * self.wrong as f64 / self.words.max(1) as f64
    }
}

/// Substitutions, insertions and deletions, as few as will do.
fn distance(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (n, word) in said.iter().enumerate() {
        let mut before = std::mem::replace(&mut row[0], n + 1);
        for (m, other) in heard.iter().enumerate() {
            let best = (before + usize::from(word != other)).min(row[m] + 1).min(row[m + 1] + 1);
            before = std::mem::replace(&mut row[m + 1], best);
        }
    }
    row[heard.len()]
}

/// Words that are written in several ways: all become the first.
const SAME: &[&[&str]] = &[
    &["okay", "ok"],
    &["doctor", "dr"],
    &["mister", "mr"],
    &["saint", "st"],
    &["canceled", "cancelled"],
    &["canceling", "cancelling"],
    &["checkup", "check-up"],
    &["percent", "%"],
    &["and", "&"],
    &["favor", "favour"],
    &["center", "centre"],
    &["dialed", "dialled"],
    &["alright", "all-right"],
    &["email", "e-mail"],
    &["voicemail", "voice-mail"],
];

/// Brings a text to lower-case words without punctuation; numbers in words or figures become single digits, and
/// letters that are spelled out stand alone.
pub(in crate::cli::bench) fn normal(text: &str, language: Language) -> Vec<String> {
    // "10:00" is said as "ten".
    let text = text.replace('’', "'").replace(":00", "");
    let bare = |raw: &'_ str| {
        raw.trim_matches(|c: char| !c.is_alphanumeric() && c != '%' && c != '&').to_owned()
    };
    if language.primary() == "es" {
        // "10:05" is said "diez y cinco".
        let text = spanish::plain(&text).replace(":0", " ");
        let words: Vec<String> =
            text.split_whitespace().flat_map(|raw| pieces(&bare(raw))).collect();
        let same: Vec<String> = words
            .iter()
            .flat_map(|word| spanish::same(word).split(' ').map(str::to_owned))
            .collect();
        return spanish::digits(&same);
    }
    let mut words: Vec<String> = Vec::new();
    for raw in text.to_lowercase().split_whitespace() {
        let bare = bare(raw);
        let same = SAME.iter().find(|forms| forms.contains(&bare.as_str())).map(|forms| forms[0]);
        match same {
            Some(word) => words.push(word.to_owned()),
            None => words.extend(pieces(&bare)),
        }
    }
    digits(&words)
}

/// Takes a written word apart at everything that is neither a letter nor a figure, and between the two.
fn pieces(word: &str) -> Vec<String> {
    // "a.m.", "p.m." are one word each; "i'd" and "that's" lose the apostrophe.
    let word: String = match word.trim_end_matches('.') {
        "a.m" => "am".into(),
        "p.m" => "pm".into(),
        other => other.replace('\'', ""),
    };
    let mut found: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in word.chars() {
        let joins = c.is_alphanumeric()
            && last.is_alphanumeric()
            && c.is_ascii_digit() == last.is_ascii_digit();
        if c.is_alphanumeric() {
            match found.last_mut().filter(|_| joins) {
                Some(piece) => piece.push(c),
                None => found.push(c.to_string()),
            }
        }
        last = c;
    }
    // "14th" is 14.
    let ordinal = |n: usize, piece: &str| {
        n > 0
            && matches!(piece, "st" | "nd" | "rd" | "th")
            && found[n - 1].ends_with(|c: char| c.is_ascii_digit())
    };
    found
        .iter()
        .enumerate()
        .filter(|(n, piece)| !ordinal(*n, piece))
        .map(|(_, piece)| piece.clone())
        .collect()
}

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const SMALL_ORDINAL: [&str; 20] = [
    "zeroth",
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
];
const TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const TENS_ORDINAL: [&str; 8] = [
    "twentieth",
    "thirtieth",
    "fortieth",
    "fiftieth",
    "sixtieth",
    "seventieth",
    "eightieth",
    "ninetieth",
];

/// A number word: below twenty, or tens.
fn number(word: &str) -> Option<(u32, bool)> {
    let at = |list: &[&str]| list.iter().position(|known| *known == word).map(|n| n as u32);
    let small = at(&SMALL).or_else(|| at(&SMALL_ORDINAL)).map(|n| (n, false));
    let tens = || at(&TENS).or_else(|| at(&TENS_ORDINAL)).map(|n| (20 + 10 * n, true));
    small.or_else(tens)
}

/// Turns numbers into the digits that are written for them, one word a digit: "nineteen eighty-four", "1984" and "one
/// nine eight four" are the same then.
fn digits(words: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        if word.bytes().all(|b| b.is_ascii_digit()) {
            out.extend(word.chars().map(String::from));
            at += 1;
            continue;
        }
        // "oh" is a zero beside other digits, and a word by itself.
        let beside = |n: Option<usize>| {
            n.and_then(|n| words.get(n)).is_some_and(|w| {
                number(w).is_some() || w == "oh" || w.bytes().all(|b| b.is_ascii_digit())
            })
        };
        if matches!(word, "oh" | "o") && (beside(at.checked_sub(1)) || beside(Some(at + 1))) {
            out.push("0".into());
            at += 1;
            continue;
        }
        let Some((mut value, tens)) = number(word) else {
            out.push(word.to_owned());
            at += 1;
            continue;
        };
        at += 1;
        if tens
            && let Some((unit, false)) = words.get(at).and_then(|w| number(w))
            && (1..10).contains(&unit)
        {
            value += unit;
            at += 1;
        }
        while let Some(times) = words.get(at).and_then(|w| match w.as_str() {
            "hundred" | "hundredth" => Some(100),
            "thousand" | "thousandth" => Some(1000),
            _ => None,
        }) {
            value *= times;
            at += 1;
            let rest = at + usize::from(words.get(at).is_some_and(|w| w == "and"));
            let Some((more, tens)) = words.get(rest).and_then(|w| number(w)) else { continue };
            value += more;
            at = rest + 1;
            if tens
                && let Some((unit, false)) = words.get(at).and_then(|w| number(w))
                && (1..10).contains(&unit)
            {
                value += unit;
                at += 1;
            }
        }
        out.extend(value.to_string().chars().map(String::from));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: Language = Language::EN_US;

    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(normal(one, EN), normal(other, EN));
    }

    #[test]
    fn numbers_in_words_and_figures_are_the_same() {
        same("June fourteenth, nineteen eighty-one.", "June 14th, 1981");
        same("one nine eight one", "1981");
        same("two thousand and four", "2004");
        same("three hundred twelve", "312");
        same("oh three oh nine", "0309");
        same("five five five, oh one three one", "555-0131");
        same("at 10:00 AM", "at ten am");
        same("It's 2:30 p.m.", "its two thirty pm");
        same("the twenty first of May", "the 21st of May");
        assert_eq!(normal("Oh, I see", EN), ["oh", "i", "see"]);
    }

    #[test]
    fn spelling_and_forms_are_the_same() {
        same("S-A-R-A-H", "S A R A H.");
        same("Dr. Patel's OK", "doctor patels okay");
        same("I’d like to cancel – it was cancelled", "id like to cancel it was canceled");
        assert_ne!(normal("cancel it", EN), normal("can sell it", EN));
    }

    #[test]
    fn errors_are_counted_as_few_as_will_do() {
        let errors = |said, heard| Errors::between(said, heard, EN).wrong;
        assert_eq!(errors("a b c d", "a b c d"), 0);
        assert_eq!(errors("a b c d", "b c d"), 1);
        assert_eq!(errors("a b c d", "a x c d e"), 2);
        assert_eq!(errors("a b", ""), 2);
        let mut sum = Errors::between("one two", "one too", EN);
        sum.add(Errors::between("yes it is", "yes it is", EN));
        assert_eq!((sum, sum.percent()), (Errors { wrong: 1, words: 5 }, 20.0));
    }
}
