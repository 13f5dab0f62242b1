//! Numbers in English words.

use super::super::rule::ear_groups;

const ONES: [&str; 20] = [
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
const TENS: [&str; 10] =
    ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 4] = [
    (1_000_000_000_000, "trillion"),
    (1_000_000_000, "billion"),
    (1_000_000, "million"),
    (1_000, "thousand"),
];

/// "twenty six".
pub(super) fn cardinal(n: u64) -> String {
    for (scale, name) in SCALES {
        if n >= scale {
            return join(&format!("{} {name}", cardinal(n / scale)), n % scale);
        }
    }
    match n {
        0..20 => ONES[n as usize].to_owned(),
        20..100 => join(TENS[n as usize / 10], n % 10),
        _ => join(&format!("{} hundred", ONES[n as usize / 100]), n % 100),
    }
}

fn join(head: &str, rest: u64) -> String {
    if rest == 0 { head.to_owned() } else { format!("{head} {}", cardinal(rest)) }
}

/// "twenty sixth".
pub(super) fn ordinal(n: u64) -> String {
    let words = cardinal(n);
    let (head, last) = words.rsplit_once(' ').map_or(("", words.as_str()), |(h, l)| (h, l));
    let last = match last {
        "one" => "first".to_owned(),
        "two" => "second".to_owned(),
        "three" => "third".to_owned(),
        "five" => "fifth".to_owned(),
        "eight" => "eighth".to_owned(),
        "nine" => "ninth".to_owned(),
        "twelve" => "twelfth".to_owned(),
        tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
        other => format!("{other}th"),
    };
    if head.is_empty() { last } else { format!("{head} {last}") }
}

/// "nineteen eighty four".
pub(super) fn year(n: u64) -> String {
    let (century, rest) = (n / 100, n % 100);
    match (century, rest) {
        (20, 0..10) => cardinal(n),
        (_, 0) => format!("{} hundred", cardinal(century)),
        (_, 1..10) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        _ => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// "nine one nine": each digit by itself; other signs are left out.
pub(super) fn digits(text: &str) -> String {
    let words: Vec<&str> =
        text.chars().filter_map(|c| c.to_digit(10)).map(|d| ONES[d as usize]).collect();
    words.join(" ")
}

/// "one two three, four five, six seven eight": in groups that an ear can hold, a pause between.
pub(super) fn digit_groups(text: &str) -> String {
    ear_groups(text).iter().map(|group| digits(group)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinals_and_ordinals() {
        for (n, one, other) in [
            (0, "zero", "zeroth"),
            (12, "twelve", "twelfth"),
            (20, "twenty", "twentieth"),
            (31, "thirty one", "thirty first"),
            (100, "one hundred", "one hundredth"),
            (1_000_018, "one million eighteen", "one million eighteenth"),
        ] {
            assert_eq!((cardinal(n).as_str(), ordinal(n).as_str()), (one, other));
        }
        assert!(cardinal(u64::MAX).starts_with("eighteen million four hundred forty six thousand"));
    }

    #[test]
    fn years() {
        for (n, words) in [
            (1984, "nineteen eighty four"),
            (1905, "nineteen oh five"),
            (1900, "nineteen hundred"),
            (2000, "two thousand"),
            (2009, "two thousand nine"),
            (2026, "twenty twenty six"),
        ] {
            assert_eq!(year(n), words);
        }
    }

    #[test]
    fn groups_of_digits() {
        for (digits, words) in [
            ("12345", "one two three four five"),
            ("123456", "one two three, four five six"),
            ("1234567", "one two three, four five six seven"),
            ("12345678", "one two three, four five, six seven eight"),
        ] {
            assert_eq!(digit_groups(digits), words);
        }
    }
}
