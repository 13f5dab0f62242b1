//! What a number must look like: a literal, an Asterisk pattern, or a regular expression.
//!
//! Always anchored at both ends, so that `8000` never means 18000 or 80001.

use std::fmt;

use regex::Regex;

use super::language::{Automaton, Shared};

/// A rule about one number, or one header value.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Literal,
    Template(Vec<Place>),
    Regex(Regex),
}

/// One place of an Asterisk pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// One of these ASCII characters: a bit each.
    One(u128),
    /// `.`: one or more of anything, to the end.
    Some,
    /// `!`: anything or nothing, to the end.
    Any,
}

/// Why a pattern cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PatternError {
    /// Nothing was written.
    #[error("an empty pattern matches no number")]
    Empty,
    /// A character that means nothing in a pattern.
    #[error("`{0}` has no meaning in a pattern that starts with `_`")]
    UnknownPlace(char),
    /// A set without its end, or an empty or backward one.
    #[error("the set after `[` is not closed, empty, or runs backwards")]
    BadSet,
    /// `.` or `!` before the end.
    #[error("`{0}` takes the rest of the number, so nothing can follow it")]
    NotLast(char),
    /// A literal with a character no number holds.
    #[error("`{0}` cannot be part of a number")]
    NotANumber(char),
    /// A header value with a character that no header holds.
    #[error("a header holds no control characters")]
    Control,
    /// Longer than any number or header value that we compare.
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    /// The regular expression is wrong.
    #[error("not a regular expression: {0}")]
    Regex(String),
}

/// An E.164 number has 15 digits; what is longer than this is no pattern but an accident.
const LONGEST: usize = 500;

impl Pattern {
    /// Reads a pattern: `_` starts an Asterisk pattern (`X` 0-9, `Z` 1-9, `N` 2-9, `[2-5]`, `.`
    /// one or more, `!` any), `~` a regular expression, everything else is literal.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        match written.chars().find(|c| !is_dialled(*c)) {
            Some(odd) if !written.starts_with(['_', '~']) => Err(PatternError::NotANumber(odd)),
            _ => Self::parse_value(written),
        }
    }

    /// Reads a pattern of a header's value: the same, but a literal may hold any text.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse_value(written: &str) -> Result<Self, PatternError> {
        if written.len() > LONGEST {
            return Err(PatternError::TooLong);
        }
        let form = match written.chars().next() {
            None => return Err(PatternError::Empty),
            Some('_') => Form::Template(template(&written[1..])?),
            Some('~') => Form::Regex(regex(&written[1..])?),
            Some(_) if written.contains(char::is_control) => return Err(PatternError::Control),
            Some(_) => Form::Literal,
        };
        Ok(Self { written: written.to_owned(), form })
    }

    /// Whether the whole number looks like this. Takes time in proportion to the number's length.
    pub fn matches(&self, number: &str) -> bool {
        match &self.form {
            Form::Literal => self.written == number,
            Form::Template(places) => fits(places, number),
            Form::Regex(regex) => regex.is_match(number),
        }
    }

    /// Returns the one number that a literal stands for.
    pub fn literal(&self) -> Option<&str> {
        matches!(self.form, Form::Literal).then_some(self.written.as_str())
    }

    /// Whether every number of `other` is one of this pattern's too; false also where that would
    /// take too long to tell.
    pub fn covers(&self, other: &Self) -> bool {
        other.is_within(&[self])
    }

    /// Whether every number of this pattern is one of at least one of the others'; false also
    /// where that would take too long to tell.
    pub fn is_within(&self, others: &[&Self]) -> bool {
        if others.iter().any(|other| other.written == self.written) {
            return true;
        }
        if let Some(number) = self.literal() {
            return others.iter().any(|other| other.matches(number));
        }
        // A literal holds one number, and this pattern has more than one or is a rare spelling.
        let wide = others.iter().filter(|other| other.literal().is_none());
        let wide: Vec<_> = wide.filter_map(|other| other.automaton()).collect();
        !wide.is_empty() && self.automaton().is_some_and(|mine| mine.is_within(&wide))
    }

    /// Finds a number that this pattern and another have in common.
    pub fn shared(&self, other: &Self) -> Shared {
        match (self.automaton(), other.automaton()) {
            (Some(mine), Some(theirs)) => mine.shared(&theirs),
            _ => Shared::CannotTell,
        }
    }

    fn automaton(&self) -> Option<Automaton> {
        let mut automaton = Automaton::new();
        match &self.form {
            Form::Literal => self.written.chars().for_each(|c| automaton.push_one(&[(c, c)])),
            Form::Template(places) => {
                for place in places {
                    match place {
                        Place::One(set) => automaton.push_one(&ranges(*set)),
                        Place::Some => {
                            automaton.push_one(&[('\0', char::MAX)]);
                            automaton.push_any();
                        }
                        Place::Any => automaton.push_any(),
                    }
                }
            }
            Form::Regex(_) => return Automaton::regex(&self.written[1..]),
        }
        Some(automaton)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

/// Characters of the user part of a SIP URI that a dialled number or an account name is made of.
fn is_dialled(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+*#-._".contains(c)
}

fn regex(expression: &str) -> Result<Regex, PatternError> {
    // Compiled alone first, so that `a)(b` cannot close the group below.
    let alone = |text: &str| {
        let last = |error: regex::Error| {
            let text = error.to_string();
            let line = text.lines().last().unwrap_or_default();
            PatternError::Regex(line.trim_start_matches("error: ").to_owned())
        };
        regex::RegexBuilder::new(text).size_limit(REGEX_BYTES).build().map_err(last)
    };
    if expression.is_empty() {
        return Err(PatternError::Empty);
    }
    alone(expression)?;
    alone(&format!(r"\A(?:{expression})\z"))
}

/// A compiled expression of a number is far below this; `\d{1000000}` is not.
const REGEX_BYTES: usize = 1 << 18;

fn template(written: &str) -> Result<Vec<Place>, PatternError> {
    let mut places = Vec::new();
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        places.push(match c {
            'X' | 'x' => Place::One(bits('0'..='9')),
            'Z' | 'z' => Place::One(bits('1'..='9')),
            'N' | 'n' => Place::One(bits('2'..='9')),
            '0'..='9' | '+' | '*' | '#' => Place::One(bits([c])),
            '[' => Place::One(set(&mut rest)?),
            '.' | '!' if rest.clone().next().is_some() => return Err(PatternError::NotLast(c)),
            '.' => Place::Some,
            '!' => Place::Any,
            // Asterisk ignores dashes, which people write to keep long numbers readable.
            '-' => continue,
            odd => return Err(PatternError::UnknownPlace(odd)),
        });
    }
    if places.is_empty() { Err(PatternError::Empty) } else { Ok(places) }
}

/// Reads `2-57]`, the bracket being open already.
fn set(rest: &mut std::str::Chars<'_>) -> Result<u128, PatternError> {
    let (body, _) = rest.as_str().split_once(']').ok_or(PatternError::BadSet)?;
    let inside: Vec<char> = body.chars().collect();
    let mut allowed = 0;
    let mut at = 0;
    while let Some(&first) = inside.get(at) {
        let last = match (inside.get(at + 1), inside.get(at + 2)) {
            (Some('-'), Some(&last)) if first <= last => {
                at += 3;
                last
            }
            (Some('-'), _) => return Err(PatternError::BadSet),
            _ => {
                at += 1;
                first
            }
        };
        if !last.is_ascii_graphic() || !first.is_ascii_graphic() {
            return Err(PatternError::BadSet);
        }
        allowed |= bits(first..=last);
    }
    rest.nth(inside.len());
    if allowed == 0 { Err(PatternError::BadSet) } else { Ok(allowed) }
}

/// A bit for each ASCII character.
fn bits(chars: impl IntoIterator<Item = char>) -> u128 {
    chars.into_iter().fold(0, |set, c| set | 1 << (u32::from(c) & 127))
}

fn ranges(set: u128) -> Vec<(char, char)> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    for c in (0..128_u8).filter(|bit| set >> bit & 1 == 1) {
        match ranges.last_mut() {
            Some((_, last)) if u32::from(*last) + 1 == u32::from(c) => *last = char::from(c),
            _ => ranges.push((char::from(c), char::from(c))),
        }
    }
    ranges
}

fn fits(places: &[Place], number: &str) -> bool {
    let mut rest = number.bytes();
    for place in places {
        match place {
            Place::Any => return true,
            Place::Some => return rest.next().is_some(),
            Place::One(allowed) => match rest.next() {
                Some(byte) if byte.is_ascii() && allowed >> byte & 1 == 1 => {}
                _ => return false,
            },
        }
    }
    rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches_what() {
        for (pattern, number, expected) in [
            ("8000", "8000", true),
            ("8000", "80001", false),
            ("8000", "18000", false),
            ("+13125550142", "+13125550142", true),
            ("reception", "reception", true),
            ("_6XXX", "6001", true),
            ("_6XXX", "600", false),
            ("_6XXX", "60011", false),
            ("_6XXX", "600a", false),
            ("_NXX", "199", false),
            ("_NXX", "299", true),
            ("_ZX", "09", false),
            ("_ZX", "10", true),
            ("_[2-5]0", "50", true),
            ("_[2-5]0", "60", false),
            ("_[2-479]0", "70", true),
            ("_[2-479]0", "50", false),
            ("_9.", "9", false),
            ("_9.", "91", true),
            ("_9!", "9", true),
            ("_9!", "9123", true),
            ("_+1312555XXXX", "+13125550142", true),
            ("_+1-312-555-XXXX", "+13125550142", true),
            ("_+1312555XXXX", "13125550142", false),
            ("_*9X", "*98", true),
            ("~\\+1847555\\d{4}", "+18475550142", true),
            ("~\\+1847555\\d{4}", "+184755501429", false),
            ("~911|6\\d{3}", "6001", true),
            ("~911|6\\d{3}", "9116001", false),
            ("~8000", "8000\n", false),
        ] {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(number),
                expected,
                "{pattern} {number}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read() {
        for (pattern, why) in [
            ("", "an empty pattern matches no number"),
            ("_", "an empty pattern matches no number"),
            ("~", "an empty pattern matches no number"),
            ("_6.1", "`.` takes the rest of the number, so nothing can follow it"),
            ("_6Q", "`Q` has no meaning in a pattern that starts with `_`"),
            ("_[5-2]", "the set after `[` is not closed, empty, or runs backwards"),
            ("_[", "the set after `[` is not closed, empty, or runs backwards"),
            ("_[é]", "the set after `[` is not closed, empty, or runs backwards"),
            ("_[]", "the set after `[` is not closed, empty, or runs backwards"),
            ("60 01", "` ` cannot be part of a number"),
            ("~(", "not a regular expression: unclosed group"),
            ("~8)|(9", "not a regular expression: unopened group"),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap_err().to_string(), why, "{pattern}");
        }
    }

    /// Whatever is written, reading it neither panics nor takes memory without bound.
    #[test]
    fn any_text_is_read_or_refused() {
        let mut dice = crate::base::Dice::new(3);
        for _ in 0..20_000 {
            let length = dice.below(9) as usize;
            let text: String = (0..length)
                .map(|_| {
                    ['_', '~', '[', ']', '-', 'X', '.', '!', '6', '(', '\\', 'é']
                        [dice.below(12) as usize]
                })
                .collect();
            if let Ok(pattern) = Pattern::parse(&text) {
                pattern.matches("6001");
            }
        }
        assert!(Pattern::parse("~\\d{100000}{100000}").is_err());
    }
}
