//! The hours that a route asks for: `clinic`, `not clinic`, `clinic and not (lunch or us-holidays)`.

use std::fmt;
use std::ops::Range;

use jiff::civil::DateTime;

use super::Calendar;

/// An expression over the names of hours and of holidays.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum When {
    /// These hours are open, or today is on this list of holidays.
    Name(String),
    /// It does not hold.
    Not(Box<When>),
    /// Each of them holds.
    All(Vec<When>),
    /// At least one of them holds.
    Any(Vec<When>),
}

/// Why an expression cannot be read, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{words}")]
pub struct WhenError {
    /// Which bytes of the text.
    pub at: Range<usize>,
    /// What is wrong.
    pub words: String,
}

/// Names, words and brackets of an expression; what is longer is a mistake.
const TOKENS: usize = 100;

impl When {
    /// Reads an expression. `not` binds most, then `and`, then `or`.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, WhenError> {
        let tokens = tokens(text)?;
        let mut reading = Reading { text, tokens: &tokens };
        let found = reading.any()?;
        match reading.tokens.first() {
            None => Ok(found),
            Some(_) => Err(reading.wrong("write `and` or `or` between two names")),
        }
    }

    /// Returns the names in an expression with their places; empty where it cannot be read.
    pub fn names(text: &str) -> Vec<(Range<usize>, &str)> {
        let tokens = tokens(text).unwrap_or_default();
        let named = tokens.into_iter().map(|at| (at.clone(), &text[at]));
        named.filter(|(_, word)| !["and", "or", "not", "(", ")"].contains(word)).collect()
    }

    /// Whether it holds, `name` saying it of each name.
    pub(super) fn holds(&self, name: &mut dyn FnMut(&str) -> bool) -> bool {
        match self {
            Self::Name(named) => name(named),
            Self::Not(inner) => !inner.holds(name),
            Self::All(parts) => parts.iter().all(|part| part.holds(name)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(name)),
        }
    }

    /// Tells the names that decide it at a civil time: of an `or` the one that holds, of an `and`
    /// the one that does not, else all.
    pub(super) fn deciding<'a>(
        &'a self,
        at: DateTime,
        calendar: &Calendar,
        told: &mut Vec<&'a str>,
    ) {
        let is = |part: &Self| part.holds(&mut |name| calendar.is(name, at));
        let (parts, alone) = match self {
            Self::Name(name) => return told.push(name),
            Self::Not(inner) => return inner.deciding(at, calendar, told),
            Self::All(parts) => (parts, parts.iter().find(|part| !is(part))),
            Self::Any(parts) => (parts, parts.iter().find(|part| is(part))),
        };
        match alone {
            Some(part) => part.deciding(at, calendar, told),
            None => parts.iter().for_each(|part| part.deciding(at, calendar, told)),
        }
    }
}

struct Reading<'a> {
    text: &'a str,
    tokens: &'a [Range<usize>],
}

impl Reading<'_> {
    fn any(&mut self) -> Result<When, WhenError> {
        let mut parts = vec![self.all()?];
        while self.take("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { When::Any(parts) })
    }

    fn all(&mut self) -> Result<When, WhenError> {
        let mut parts = vec![self.one()?];
        while self.take("and") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { When::All(parts) })
    }

    fn one(&mut self) -> Result<When, WhenError> {
        if self.take("not") {
            return Ok(When::Not(Box::new(self.one()?)));
        }
        if self.take("(") {
            let inside = self.any()?;
            return match self.take(")") {
                true => Ok(inside),
                false => Err(self.wrong("this bracket is not closed, or two names stand together")),
            };
        }
        match self.tokens.split_first() {
            Some((first, rest)) if !["and", "or", ")"].contains(&&self.text[first.clone()]) => {
                self.tokens = rest;
                Ok(When::Name(self.text[first.clone()].to_owned()))
            }
            _ => Err(self.wrong("the name of hours or holidays belongs here")),
        }
    }

    fn take(&mut self, word: &str) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if &self.text[first.clone()] == word => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn wrong(&self, words: &str) -> WhenError {
        let end = self.text.len()..self.text.len();
        WhenError { at: self.tokens.first().cloned().unwrap_or(end), words: words.to_owned() }
    }
}

fn tokens(text: &str) -> Result<Vec<Range<usize>>, WhenError> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open: Option<usize> = None;
    let name = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if name(c) {
            open.get_or_insert(at);
            continue;
        }
        found.extend(open.take().map(|from| from..at));
        match c {
            '(' | ')' => found.push(at..at + 1),
            c if c.is_whitespace() => {}
            odd => {
                let words = format!("`{odd}` means nothing here: write and, or, not and brackets");
                return Err(WhenError { at: at..at + odd.len_utf8(), words });
            }
        }
        if found.len() > TOKENS {
            let words = "this is too long: give parts of it a name under [hours.…]".to_owned();
            return Err(WhenError { at: 0..text.len(), words });
        }
    }
    Ok(found)
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, parts: &[Self], word: &str| {
            parts.iter().enumerate().try_for_each(|(at, part)| {
                let before = if at == 0 { "" } else { word };
                match part {
                    Self::Name(_) | Self::Not(_) => write!(f, "{before}{part}"),
                    Self::All(_) | Self::Any(_) => write!(f, "{before}({part})"),
                }
            })
        };
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Not(inner) => match **inner {
                Self::Name(_) | Self::Not(_) => write!(f, "not {inner}"),
                Self::All(_) | Self::Any(_) => write!(f, "not ({inner})"),
            },
            Self::All(parts) => list(f, parts, " and "),
            Self::Any(parts) => list(f, parts, " or "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        for (text, shown) in [
            ("clinic", "clinic"),
            (" not  clinic ", "not clinic"),
            ("a and b or c", "(a and b) or c"),
            ("a or b and c", "a or (b and c)"),
            ("not a and b", "not a and b"),
            ("not (a and b)", "not (a and b)"),
            ("((a))", "a"),
            ("not not a", "not not a"),
            ("a and b and (c or d)", "a and b and (c or d)"),
            ("notary", "notary"),
        ] {
            let when = When::parse(text).unwrap();
            assert_eq!(when.to_string(), shown);
            assert_eq!(When::parse(shown).unwrap(), when);
        }
        assert_eq!(When::names("not clinic or b"), [(4..10, "clinic"), (14..15, "b")]);
    }

    #[test]
    fn what_cannot_be_read() {
        for (text, at, words) in [
            ("", 0..0, "the name of hours or holidays belongs here"),
            ("not", 3..3, "the name of hours or holidays belongs here"),
            ("a and", 5..5, "the name of hours or holidays belongs here"),
            ("and a", 0..3, "the name of hours or holidays belongs here"),
            ("a b", 2..3, "write `and` or `or` between two names"),
            ("a)", 1..2, "write `and` or `or` between two names"),
            ("(a", 2..2, "this bracket is not closed, or two names stand together"),
            ("a & b", 2..3, "`&` means nothing here: write and, or, not and brackets"),
            ("a né", 2..5, "write `and` or `or` between two names"),
        ] {
            assert_eq!(When::parse(text), Err(WhenError { at, words: words.into() }), "{text}");
        }
        assert!(When::parse(&"(".repeat(100_000)).is_err());
        assert!(When::parse(&"not ".repeat(100_000)).is_err());
    }
}
