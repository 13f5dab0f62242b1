//! What a number must look like: a literal, an Asterisk pattern, or a regular expression.
//!
//! Always anchored at both ends, so that `8000` never means 18000 or 80001.

use std::fmt;

use regex::Regex;

/// A rule about one number.
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
#[derive(Clone, Debug, Eq, PartialEq)]
enum Place {
    /// One of these characters.
    One(Vec<char>),
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
    /// The regular expression is wrong.
    #[error("not a regular expression: {0}")]
    Regex(String),
}

impl Pattern {
    /// Reads a pattern: `_` starts an Asterisk pattern (`X` 0-9, `Z` 1-9, `N` 2-9, `[2-5]`, `.`
    /// one or more, `!` any), `~` a regular expression, everything else is literal.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        let form = match written.chars().next() {
            None => return Err(PatternError::Empty),
            Some('_') => Form::Template(template(&written[1..])?),
            Some('~') => Form::Regex(regex(&written[1..])?),
            Some(_) => match written.chars().find(|c| !is_dialled(*c)) {
                None => Form::Literal,
                Some(odd) => return Err(PatternError::NotANumber(odd)),
            },
        };
        Ok(Self { written: written.to_owned(), form })
    }

    /// Whether the whole number looks like this.
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

    /// Whether every number of `other` is one of this pattern's too, as far as can be told.
    pub fn covers(&self, other: &Self) -> bool {
        self.written == other.written || other.literal().is_some_and(|one| self.matches(one))
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
            'X' | 'x' => Place::One(('0'..='9').collect()),
            'Z' | 'z' => Place::One(('1'..='9').collect()),
            'N' | 'n' => Place::One(('2'..='9').collect()),
            '0'..='9' | '+' | '*' | '#' => Place::One(vec![c]),
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
fn set(rest: &mut std::str::Chars<'_>) -> Result<Vec<char>, PatternError> {
    let (body, _) = rest.as_str().split_once(']').ok_or(PatternError::BadSet)?;
    let inside: Vec<char> = body.chars().collect();
    let mut allowed = Vec::new();
    let mut at = 0;
    while let Some(&first) = inside.get(at) {
        match (inside.get(at + 1), inside.get(at + 2)) {
            (Some('-'), Some(&last)) if first <= last && last.is_ascii() => {
                allowed.extend(first..=last);
                at += 3;
            }
            (Some('-'), _) => return Err(PatternError::BadSet),
            _ => {
                allowed.push(first);
                at += 1;
            }
        }
    }
    rest.nth(inside.len());
    if allowed.is_empty() { Err(PatternError::BadSet) } else { Ok(allowed) }
}

fn fits(places: &[Place], number: &str) -> bool {
    let mut rest = number.chars();
    for place in places {
        match place {
            Place::Any => return true,
            Place::Some => return rest.next().is_some(),
            Place::One(allowed) => match rest.next() {
                Some(c) if allowed.contains(&c) => {}
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
