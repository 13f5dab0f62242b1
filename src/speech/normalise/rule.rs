//! A pattern and what is said for it: what the normalisers of all languages are made of.

use regex::{Captures, Regex};

/// What is said for a match; `None` leaves the text as it is.
pub(super) type Say = fn(&Captures<'_>) -> Option<String>;

/// A pattern and what is said for it.
pub(super) struct Rule {
    pattern: Regex,
    say: Say,
}

impl Rule {
    /// Makes rules of a table.
    pub(super) fn table(table: &[(&str, Say)]) -> Vec<Self> {
        let rule = |&(pattern, say): &(&str, Say)| Self {
            pattern: Regex::new(pattern).expect("every test runs every pattern"),
            say,
        };
        table.iter().map(rule).collect()
    }

    /// Says every match.
    pub(super) fn apply(&self, text: &str) -> String {
        let say = |found: &Captures<'_>| (self.say)(found).unwrap_or_else(|| found[0].to_owned());
        self.pattern.replace_all(text, say).into_owned()
    }
}

/// Returns a group's text, empty when it matched nothing.
pub(super) fn group<'t>(found: &'t Captures<'_>, number: usize) -> &'t str {
    found.get(number).map_or("", |part| part.as_str())
}

/// Reads digits, with commas between thousands or without.
pub(super) fn number(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

/// Quotes, dashes and spaces of print become those of a typewriter; marks of layout go.
pub(super) fn sign(found: &Captures<'_>) -> Option<String> {
    let said = match &found[0] {
        "“" | "”" => "\"",
        "‘" | "’" => "'",
        "—" => ", ",
        "–" | "‑" | "−" => "-",
        "…" => "...",
        "\u{00a0}" | "\u{202f}" | "\u{2009}" => " ",
        "½" => " 1/2",
        "¼" => " 1/4",
        "¾" => " 3/4",
        "⅓" => " 1/3",
        "⅔" => " 2/3",
        "²" => "2",
        "³" => "3",
        _ => "",
    };
    Some(said.to_owned())
}

/// What [`sign`] is for.
pub(super) const SIGNS: &str = r"[*_`“”‘’—–‑−…½¼¾⅓⅔²³\u{00a0}\u{202f}\u{2009}]";

/// Digits of other scripts become ours; what else counts without being a digit goes.
pub(super) fn foreign_digit(found: &Captures<'_>) -> Option<String> {
    const ZEROS: [char; 10] = ['٠', '۰', '०', '০', '੦', '૦', '௦', '๐', '០', '０'];
    let sign = found[0].chars().next()? as u32;
    let value = ZEROS.iter().map(|&zero| sign.wrapping_sub(zero as u32)).find(|&value| value < 10);
    Some(value.map_or(String::new(), |value| value.to_string()))
}

/// What [`foreign_digit`] is for: every number sign that is not of ours.
pub(super) const FOREIGN_DIGITS: &str = r"[\p{N}--[0-9]]";

/// "a 1" for "a1": a digit and a letter side by side are two words.
pub(super) fn apart(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} {}", &found[1], &found[2]))
}

/// Cuts at dashes and where letters and digits meet.
pub(super) fn runs(text: &str) -> Vec<&str> {
    let mut runs = Vec::new();
    for part in text.split('-').filter(|part| !part.is_empty()) {
        let mut start = 0;
        for (at, pair) in part.as_bytes().windows(2).enumerate() {
            if pair[0].is_ascii_digit() != pair[1].is_ascii_digit() {
                runs.push(&part[start..=at]);
                start = at + 1;
            }
        }
        runs.push(&part[start..]);
    }
    runs
}

/// Groups of digits that an ear can hold: three each, two or four at the end, never one alone.
pub(super) fn ear_groups(text: &str) -> Vec<String> {
    let all: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let mut groups: Vec<String> = Vec::new();
    let mut rest = all.as_slice();
    while !rest.is_empty() {
        let size = match rest.len() {
            n @ 1..=5 if groups.is_empty() => n,
            n @ 1..=4 => n,
            5 => 2,
            _ => 3,
        };
        let (group, after) = rest.split_at(size);
        groups.push(group.iter().collect());
        rest = after;
    }
    groups
}
