//! What a route asks of a call, and the words for why a call does or does not meet it.

use std::fmt::{self, Arguments};
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::base::{Phi, Purpose};

use super::{Calendar, Dialled, Moments, NumberList, Pattern, When};

/// Everything a route asks. Fields are AND, values within a field are OR, an empty field asks
/// nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Condition {
    /// The number that was dialled.
    pub called: Vec<Pattern>,
    /// Who calls.
    pub caller: Vec<CallerRule>,
    /// Opening hours and holidays.
    pub when: Option<When>,
    /// SIP headers; all of them must hold.
    pub header: Vec<HeaderRule>,
}

/// Who may be calling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallerRule {
    /// Somebody who withheld the number, whether or not the network tells it us all the same.
    Anonymous,
    /// A number like this.
    Number(Pattern),
    /// A number on a named list.
    List {
        /// The list's name.
        name: String,
        /// What is on it.
        numbers: Arc<NumberList>,
    },
}

/// A header and what its value must look like.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderRule {
    /// The header's name in its long form; case does not matter.
    pub name: String,
    /// Its value. Of a header that stands several times, one value is enough.
    pub value: Pattern,
}

/// Who calls.
struct Caller<'a> {
    number: Option<&'a str>,
    withheld: bool,
}

/// Where words go: nobody pays for words that nobody hears.
type Tell<'a> = &'a mut dyn FnMut(Arguments<'_>);

impl Condition {
    /// Whether nothing is asked: the last resort.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a call meets it. `tell` hears each part that is met, and at last the first that is
    /// not; it hears no number of the caller's, so that it may be logged.
    pub fn check(
        &self,
        dialled: &Dialled,
        calendar: &Calendar,
        tell: &mut dyn FnMut(Arguments<'_>),
    ) -> bool {
        let caller = Caller {
            number: dialled.caller.as_ref().map(|number| number.reveal(Purpose::Routing).as_str()),
            withheld: dialled.withheld,
        };
        (self.called.is_empty() || called(&self.called, &dialled.called, tell))
            && (self.caller.is_empty() || self::caller(&self.caller, &caller, tell))
            && self.when.as_ref().is_none_or(|when| self::when(when, dialled.at, calendar, tell))
            && self.header.iter().all(|rule| rule.check(&dialled.headers, tell))
    }

    /// Whether every call that meets `other` meets this too: then a route behind this one is
    /// never reached. False also where that would take too long to tell.
    pub fn covers(&self, other: &Self, calendar: &Calendar, moments: &Moments) -> bool {
        let mine: Vec<_> = self.called.iter().collect();
        let called = mine.is_empty()
            || (!other.called.is_empty() && other.called.iter().all(|p| p.is_within(&mine)));
        let callers = || {
            self.caller.is_empty()
                || (!other.caller.is_empty() && other.caller.iter().all(|c| self.has_caller(c)))
        };
        let header = |mine: &HeaderRule| {
            let same = |theirs: &&HeaderRule| theirs.name.eq_ignore_ascii_case(&mine.name);
            other.header.iter().filter(same).any(|theirs| mine.value.covers(&theirs.value))
        };
        let held = |when: &When| moments.when(calendar, when);
        let hours = || match (&self.when, &other.when) {
            (None, _) => true,
            (Some(mine), Some(theirs)) => mine == theirs || held(mine).covers(&held(theirs)),
            (Some(mine), None) => held(&When::Not(Box::new(mine.clone()))).never(),
        };
        called && callers() && self.header.iter().all(header) && hours()
    }

    fn has_caller(&self, theirs: &CallerRule) -> bool {
        let lists = || {
            self.caller.iter().filter_map(|rule| match rule {
                CallerRule::List { numbers, .. } => Some(&**numbers),
                _ => None,
            })
        };
        let alone = || {
            self.caller.iter().filter_map(|rule| match rule {
                CallerRule::Number(pattern) => Some(pattern),
                _ => None,
            })
        };
        let number = |pattern: &Pattern| {
            let patterns =
                alone().chain(lists().flat_map(NumberList::patterns)).collect::<Vec<_>>();
            lists().any(|list| list.covers(pattern)) || pattern.is_within(&patterns)
        };
        match theirs {
            CallerRule::Anonymous => self.caller.contains(&CallerRule::Anonymous),
            CallerRule::Number(pattern) => number(pattern),
            CallerRule::List { numbers, .. } => {
                let literal = |text: &str| {
                    lists().any(|list| list.contains(text)) || alone().any(|p| p.matches(text))
                };
                numbers.literals().all(literal) && numbers.patterns().iter().all(number)
            }
        }
    }
}

fn called(patterns: &[Pattern], number: &Phi<String>, tell: Tell<'_>) -> bool {
    let number = number.reveal(Purpose::Routing);
    match patterns.iter().find(|pattern| pattern.matches(number)) {
        Some(pattern) => tell(format_args!("called number is {pattern}")),
        None => {
            tell(format_args!("called number is not {}", Or(patterns)));
            return false;
        }
    }
    true
}

fn caller(rules: &[CallerRule], caller: &Caller<'_>, tell: Tell<'_>) -> bool {
    match (rules.iter().position(|rule| rule.holds(caller)), caller.number) {
        (Some(at), _) => {
            tell(format_args!("caller is {}", Numbered(rules, at)));
            true
        }
        (None, None) => {
            tell(format_args!("caller withheld the number"));
            false
        }
        (None, Some(_)) => {
            let all: Vec<_> = (0..rules.len()).map(|at| Numbered(rules, at)).collect();
            tell(format_args!("caller is not {}", Or(&all)));
            false
        }
    }
}

fn when(when: &When, at: DateTime, calendar: &Calendar, tell: Tell<'_>) -> bool {
    tell(format_args!("{}", Standing { when, at, calendar }));
    when.holds(&mut |name| calendar.is(name, at))
}

/// Values with "or" between them.
struct Or<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Or<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .enumerate()
            .try_for_each(|(at, item)| write!(f, "{}{item}", if at == 0 { "" } else { " or " }))
    }
}

/// One of the rules for callers, a number that is written out by its place: it may be a patient's.
struct Numbered<'a>(&'a [CallerRule], usize);

impl fmt::Display for Numbered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[self.1] {
            CallerRule::Anonymous => f.write_str("anonymous"),
            CallerRule::Number(pattern) if pattern.literal().is_some() => {
                write!(f, "number {} of `caller`", self.1 + 1)
            }
            CallerRule::Number(pattern) => write!(f, "{pattern}"),
            CallerRule::List { name, .. } => write!(f, "on list {name}"),
        }
    }
}

/// How the names that decide an expression stand at a time.
struct Standing<'a> {
    when: &'a When,
    at: DateTime,
    calendar: &'a Calendar,
}

impl fmt::Display for Standing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = Vec::new();
        self.when.deciding(self.at, self.calendar, &mut names);
        names.iter().enumerate().try_for_each(|(at, name)| {
            f.write_str(if at == 0 { "" } else { " and " })?;
            self.calendar.tell(name, self.at, f)
        })
    }
}

impl CallerRule {
    fn holds(&self, caller: &Caller<'_>) -> bool {
        match (self, caller.number) {
            (Self::Anonymous, number) => number.is_none() || caller.withheld,
            (Self::Number(pattern), Some(number)) => pattern.matches(number),
            (Self::List { numbers, .. }, Some(number)) => numbers.contains(number),
            (Self::Number(_) | Self::List { .. }, None) => false,
        }
    }
}

impl HeaderRule {
    fn check(&self, headers: &[(String, Phi<String>)], tell: Tell<'_>) -> bool {
        let Self { name, value } = self;
        let mut found =
            headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).peekable();
        if found.peek().is_none() {
            tell(format_args!("header {name} absent"));
            return false;
        }
        let is = found.any(|(_, sent)| value.matches(sent.reveal(Purpose::Routing).trim()));
        match is {
            true => tell(format_args!("header {name} is {value}")),
            false => tell(format_args!("header {name} is not {value}")),
        }
        is
    }
}

/// The compact forms of header names (RFC 3261 §7.3.3 and the IANA registry of SIP headers).
const COMPACT: &[(&str, &str)] = &[
    ("a", "Accept-Contact"),
    ("b", "Referred-By"),
    ("c", "Content-Type"),
    ("d", "Request-Disposition"),
    ("e", "Content-Encoding"),
    ("f", "From"),
    ("i", "Call-ID"),
    ("j", "Reject-Contact"),
    ("k", "Supported"),
    ("l", "Content-Length"),
    ("m", "Contact"),
    ("n", "Identity-Info"),
    ("o", "Event"),
    ("r", "Refer-To"),
    ("s", "Subject"),
    ("t", "To"),
    ("u", "Allow-Events"),
    ("v", "Via"),
    ("x", "Session-Expires"),
    ("y", "Identity"),
];

/// Returns the long form of a header name that may be compact; calls carry the long form alone.
pub fn header_name(written: &str) -> &str {
    let known = COMPACT.iter().find(|(compact, _)| compact.eq_ignore_ascii_case(written));
    known.map_or(written, |(_, long)| long)
}
