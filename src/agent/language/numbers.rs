//! Numbers as they are said over the telephone: "twenty-fourth", "nineteen eighty four", "oh three", "1984".

use super::tokens::Token;

/// A number and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Number {
    /// Its value; zero for digit strings too long to be one.
    pub(crate) value: u32,
    /// Its digits as keyed: "03" keeps its zero.
    pub(crate) digits: String,
    /// Whether it was an ordinal: "ninth", "9th".
    pub(crate) ordinal: bool,
    /// The first word of it.
    pub(crate) from: usize,
    /// The word after it.
    pub(crate) to: usize,
}

#[rustfmt::skip]
const UNITS: [&str; 20] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
];
#[rustfmt::skip]
const TENS: [&str; 8] = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];
#[rustfmt::skip]
const ORDINALS: [&str; 20] = [
    "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
    "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// Finds the numbers in a text, in order.
pub(crate) fn numbers(tokens: &[Token]) -> Vec<Number> {
    let mut found: Vec<Number> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let follows = found.last().is_some_and(|last| last.to == at);
        match number_at(tokens, at, follows) {
            Some(number) => {
                at = number.to;
                found.push(number);
            }
            None => at += 1,
        }
    }
    found
}

fn number_at(tokens: &[Token], at: usize, follows: bool) -> Option<Number> {
    let word = tokens[at].word.as_str();
    if let Some((digits, ordinal)) = literal(word) {
        let value = if digits.len() <= 9 { digits.parse().unwrap_or(0) } else { 0 };
        return Some(Number { value, digits: digits.to_string(), ordinal, from: at, to: at + 1 });
    }
    if matches!(word, "oh" | "o" | "ohh") {
        let next = tokens
            .get(at + 1)
            .is_some_and(|t| literal(&t.word).is_some() || small(&t.word).is_some());
        let number =
            || Number { value: 0, digits: "0".into(), ordinal: false, from: at, to: at + 1 };
        return (follows || next).then(number);
    }
    let (value, ordinal, to) = below_hundred(tokens, at)?;
    let (value, ordinal, to) = with_multiplier(tokens, value, ordinal, to);
    Some(Number { value, digits: value.to_string(), ordinal, from: at, to })
}

fn literal(word: &str) -> Option<(&str, bool)> {
    let cut = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    match (cut, &word[cut..]) {
        (0, _) => None,
        (_, "") => Some((&word[..cut], false)),
        (_, "st" | "nd" | "rd" | "th") => Some((&word[..cut], true)),
        _ => None,
    }
}

/// Zero to nineteen, as cardinal or ordinal.
fn small(word: &str) -> Option<(u32, bool)> {
    let index = |list: &[&str]| list.iter().position(|w| *w == word).map(|i| i as u32);
    index(&UNITS).map(|n| (n, false)).or_else(|| index(&ORDINALS).map(|n| (n, true)))
}

fn tens(word: &str) -> Option<(u32, bool)> {
    let cardinal = TENS.iter().position(|w| *w == word).map(|i| (i as u32 * 10 + 20, false));
    cardinal.or(match word {
        "twentieth" => Some((20, true)),
        "thirtieth" => Some((30, true)),
        _ => None,
    })
}

fn below_hundred(tokens: &[Token], at: usize) -> Option<(u32, bool, usize)> {
    let word = tokens[at].word.as_str();
    if let Some((value, ordinal)) = small(word) {
        return Some((value, ordinal, at + 1));
    }
    let (value, ordinal) = tens(word)?;
    let unit = tokens.get(at + 1).and_then(|t| small(&t.word)).filter(|(n, _)| (1..10).contains(n));
    match unit {
        Some((n, unit_ordinal)) if !ordinal => Some((value + n, unit_ordinal, at + 2)),
        _ => Some((value, ordinal, at + 1)),
    }
}

/// "two thousand and four", "nineteen hundred", "one hundred four".
fn with_multiplier(tokens: &[Token], value: u32, ordinal: bool, to: usize) -> (u32, bool, usize) {
    let times = match tokens.get(to).map(|t| t.word.as_str()) {
        Some("hundred") if value > 0 => 100,
        Some("thousand") if value > 0 => 1000,
        _ => return (value, ordinal, to),
    };
    let value = value * times;
    let mut next = to + 1;
    if tokens.get(next).is_some_and(|t| t.word == "and") {
        next += 1;
    }
    match (next < tokens.len()).then(|| below_hundred(tokens, next)).flatten() {
        Some((rest, ordinal, end)) => (value + rest, ordinal, end),
        None => (value, ordinal, to + 1),
    }
}

/// Returns the digits of the longest run of numbers, such as a keyed or dictated ZIP code.
pub(crate) fn digit_run(tokens: &[Token]) -> Option<String> {
    let mut best = String::new();
    let mut run = String::new();
    let mut end = 0;
    for number in numbers(tokens) {
        if number.from != end {
            run.clear();
        }
        run.push_str(&number.digits);
        end = number.to;
        if run.len() > best.len() {
            best.clone_from(&run);
        }
    }
    (!best.is_empty()).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = numbers(&tokens(text)).into_iter().map(|n| n.digits).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn numbers_are_read_in_words_and_figures() {
        check("March ninth nineteen eighty-four", &["9", "19", "84"]);
        check("three nine eighty four", &["3", "9", "84"]);
        check("oh three oh nine 1984", &["0", "3", "0", "9", "1984"]);
        check("twelve twenty five nineteen fifty", &["12", "25", "19", "50"]);
        check("two thousand and four", &["2004"]);
        check("the 21st of May two thousand twelve", &["21", "2012"]);
        check("oh I see", &[]);
        check("nineteen hundred", &["1900"]);
    }

    #[test]
    fn digit_runs_are_joined() {
        assert_eq!(digit_run(&tokens("it's six oh one five seven")).as_deref(), Some("60157"));
        assert_eq!(digit_run(&tokens("no numbers")), None);
    }
}
