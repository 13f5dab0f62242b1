//! What a route asks of a call, and the words for why a call does or does not meet it.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use crate::base::{Phi, Purpose};

use super::{Dialled, Hours, Pattern};

/// Everything a route asks. Fields are AND, values within a field are OR, an empty field asks
/// nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Condition {
    /// The number that was dialled.
    pub called: Vec<Pattern>,
    /// Who calls.
    pub caller: Vec<CallerRule>,
    /// Opening hours.
    pub when: Option<HoursRule>,
    /// SIP headers; all of them must hold.
    pub header: Vec<HeaderRule>,
}

/// Who may be calling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallerRule {
    /// Somebody who withheld the number.
    Anonymous,
    /// A number like this.
    Number(Pattern),
    /// A number on a named list.
    List {
        /// The list's name.
        name: String,
        /// What is on it.
        numbers: Vec<Pattern>,
    },
}

/// `clinic` or `not clinic`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HoursRule {
    /// The name of the hours.
    pub name: String,
    /// Whether they have to be open, or closed.
    pub open: bool,
}

/// A header and what its value must look like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderRule {
    /// The header's name; case does not matter.
    pub name: String,
    /// Its value.
    pub value: Pattern,
}

impl Condition {
    /// Whether nothing is asked: the last resort.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Says what of it the call meets (`Ok`), or the first thing that it does not (`Err`).
    ///
    /// # Errors
    /// The reason in words. It holds no number of the caller's.
    pub fn check(
        &self,
        dialled: &Dialled,
        hours: &BTreeMap<String, Hours>,
    ) -> Result<String, String> {
        let mut met = Vec::new();
        if !self.called.is_empty() {
            met.push(called(&self.called, &dialled.called)?);
        }
        if !self.caller.is_empty() {
            met.push(caller(&self.caller, dialled.caller.as_ref())?);
        }
        if let Some(rule) = &self.when {
            met.push(rule.check(dialled.at, hours)?);
        }
        for rule in &self.header {
            met.push(rule.check(&dialled.headers)?);
        }
        Ok(if met.is_empty() { "asks nothing".into() } else { met.join(", ") })
    }

    /// Whether every call that meets `other` meets this too, as far as can be told without
    /// trying all numbers: then a route behind this one is never reached.
    pub fn covers(&self, other: &Self) -> bool {
        let numbers = |mine: &[Pattern], theirs: &[Pattern]| {
            let all = |theirs: &[Pattern]| theirs.iter().all(|t| mine.iter().any(|m| m.covers(t)));
            mine.is_empty() || (!theirs.is_empty() && all(theirs))
        };
        let callers = self.caller.is_empty()
            || (!other.caller.is_empty()
                && other.caller.iter().all(|theirs| self.caller.iter().any(|m| m.covers(theirs))));
        numbers(&self.called, &other.called)
            && callers
            && (self.when.is_none() || self.when == other.when)
            && self.header.iter().all(|rule| other.header.contains(rule))
    }
}

fn called(patterns: &[Pattern], number: &Phi<String>) -> Result<String, String> {
    let number = number.reveal(Purpose::Routing);
    match patterns.iter().find(|pattern| pattern.matches(number)) {
        Some(pattern) => Ok(format!("called number is {pattern}")),
        None => Err(format!("called number is not {}", list(patterns))),
    }
}

fn caller(rules: &[CallerRule], number: Option<&Phi<String>>) -> Result<String, String> {
    let number = number.map(|number| number.reveal(Purpose::Routing).as_str());
    match (rules.iter().position(|rule| rule.holds(number)), number) {
        // A number that is written in the plan is this caller's number: it is not repeated.
        (Some(at), _) if matches!(rules[at], CallerRule::Number(_)) => {
            Ok(format!("caller is number {} of `caller`", at + 1))
        }
        (Some(at), _) => Ok(format!("caller is {}", rules[at])),
        (None, None) => Err("caller withheld the number".into()),
        (None, Some(_)) => Err(format!("caller is not {}", list(rules))),
    }
}

fn list(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

impl CallerRule {
    fn holds(&self, number: Option<&str>) -> bool {
        match (self, number) {
            (Self::Anonymous, number) => number.is_none(),
            (Self::Number(pattern), Some(number)) => pattern.matches(number),
            (Self::List { numbers, .. }, Some(number)) => numbers.iter().any(|p| p.matches(number)),
            (_, None) => false,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(mine), Self::Number(theirs)) => mine.covers(theirs),
            (Self::List { numbers, .. }, Self::Number(theirs)) => {
                numbers.iter().any(|mine| mine.covers(theirs))
            }
            _ => self == other,
        }
    }
}

impl std::fmt::Display for CallerRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::Number(pattern) => write!(f, "{pattern}"),
            Self::List { name, .. } => write!(f, "on list {name}"),
        }
    }
}

impl HoursRule {
    fn check(&self, at: DateTime, hours: &BTreeMap<String, Hours>) -> Result<String, String> {
        let Self { name, open: wanted } = self;
        // The plan was checked for undefined names; hours that are not there are never open.
        let (open, exception) = match hours.get(name) {
            Some(hours) => (hours.open_at(at), hours.exception(at.date())),
            None => (false, None),
        };
        let because = exception.map(|day| format!(" (exception {day})")).unwrap_or_default();
        let words = format!("{name} is {}{because}", if open { "open" } else { "closed" });
        if open == *wanted { Ok(words) } else { Err(words) }
    }
}

impl HeaderRule {
    fn check(&self, headers: &[(String, Phi<String>)]) -> Result<String, String> {
        let Self { name, value } = self;
        let mut found =
            headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).peekable();
        if found.peek().is_none() {
            return Err(format!("header {name} absent"));
        }
        match found.any(|(_, sent)| value.matches(sent.reveal(Purpose::Routing).trim())) {
            true => Ok(format!("header {name} is {value}")),
            false => Err(format!("header {name} is not {value}")),
        }
    }
}
