//! Whether the agent has a fact right, after what it heard first and after one read-back.
//!
//! A turn is read as the conversation reads it. Of names, that entry of the directory is taken which alone is most
//! like what was heard; several that are alike are unsure. Every fact is read back: the caller hears what is wrong or
//! unsure, and says the fact again in other words, once; what was heard then stands.

use jiff::civil::Date;

use super::said::{Fact, Truth};
use crate::agent::{FactsRead, read_facts};
use crate::base::Language;
use crate::practice::{Likeness, family_likeness, given_likeness};

/// How a fact was understood from one utterance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reading {
    Right,
    /// Something else was understood.
    Wrong,
    /// Nothing, a part, or several: the agent asks again by itself.
    Unsure,
}

/// Reads what was heard of a fact.
pub(super) fn read(
    fact: &Fact,
    heard: &str,
    directory: &[(String, String)],
    language: Language,
    today: Date,
) -> Reading {
    let read = read_facts(heard, fact.truth.expect(), language, today);
    match &fact.truth {
        Truth::Birth(date) => judge(read.birth.as_ref(), date),
        Truth::Phone(digits) => judge(whole(read.digits.as_ref(), 10), digits),
        Truth::MemberId(digits) => judge(whole(read.digits.as_ref(), 9), digits),
        Truth::Name(at) => match likest(&read, directory) {
            Some(found) if directory[found] == directory[*at] => Reading::Right,
            Some(_) => Reading::Wrong,
            None => Reading::Unsure,
        },
    }
}

/// Digits of another number than there must be are asked for again.
fn whole(digits: Option<&String>, count: usize) -> Option<&String> {
    digits.filter(|digits| digits.len() == count)
}

fn judge<T: PartialEq>(read: Option<&T>, truth: &T) -> Reading {
    match read {
        Some(read) if read == truth => Reading::Right,
        Some(_) => Reading::Wrong,
        None => Reading::Unsure,
    }
}

fn likest(read: &FactsRead, directory: &[(String, String)]) -> Option<usize> {
    let (given, family) = (read.given.as_ref()?, read.family.as_ref()?);
    let score = |entry: &(String, String)| {
        let (one, other) = (given_likeness(given, &entry.0), family_likeness(family, &entry.1));
        (one.min(other) > Likeness::Different).then_some((other, one))
    };
    let found: Vec<_> =
        directory.iter().enumerate().filter_map(|(n, entry)| Some((score(entry)?, n))).collect();
    let best = found.iter().map(|(score, _)| *score).max()?;
    let mut of_best = found.iter().filter(|(score, _)| *score == best).map(|(_, n)| *n);
    let first = of_best.next()?;
    of_best.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 7, 6);

    fn fact(truth: Truth) -> Fact {
        Fact { truth, first: String::new(), again: String::new() }
    }

    #[test]
    fn right_wrong_and_unsure_are_told_apart() {
        let names = [("Maria", "Lopez"), ("Mario", "Lopez"), ("Anna", "Stone")];
        let directory: Vec<_> = names.map(|(g, f)| (g.to_owned(), f.to_owned())).into();
        let read = |truth: &Truth, heard| {
            read(&fact(truth.clone()), heard, &directory, Language::EN_US, TODAY)
        };
        let birth = Truth::Birth(Date::constant(1984, 3, 9));
        assert_eq!(read(&birth, "March ninth nineteen eighty four"), Reading::Right);
        assert_eq!(read(&birth, "March fifth nineteen eighty four"), Reading::Wrong);
        assert_eq!(read(&birth, "March ninth"), Reading::Unsure);
        let phone = Truth::Phone("3125550131".into());
        assert_eq!(read(&phone, "312-555-0131"), Reading::Right);
        assert_eq!(read(&phone, "312-555-013"), Reading::Unsure);
        assert_eq!(read(&phone, "312-555-0181"), Reading::Wrong);
        assert_eq!(read(&Truth::Name(0), "Maria Lopez"), Reading::Right);
        assert_eq!(read(&Truth::Name(0), "Mario Lopez"), Reading::Wrong);
        assert_eq!(read(&Truth::Name(2), "something else entirely"), Reading::Unsure);
    }
}
