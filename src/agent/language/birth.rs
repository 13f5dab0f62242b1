//! Dates of birth, said in every way that people say them: "March 9th, 1984", "three nine eighty four", "0 3 0 9 1984".

use std::ops::Range;

use jiff::civil::Date;

use super::numbers::{Number, numbers};
use super::phrase;
use super::tokens::Token;

/// What was heard of a date of birth.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BirthHeard {
    /// All of it.
    Full(Date),
    /// Month and day; the year is to follow.
    MonthDay(i8, i8),
    /// The year of a date begun before.
    Year(i16),
}

/// A part of a date, in the order in which it was said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Part {
    Month,
    Day,
    Year,
}

/// The oldest living person was born after this.
const OLDEST: i16 = 1900;

/// Reads a date of birth and says which words it took.
///
/// `expected` is true when the caller was asked for it: only then do bare figures count. `day_first`: of bare figures
/// the first is the day, as in Spanish.
pub(crate) fn birth_date(
    tokens: &[Token],
    today: Date,
    expected: bool,
    day_first: bool,
) -> Option<(BirthHeard, Range<usize>)> {
    let found = numbers(tokens);
    let cued = expected
        || phrase::any(tokens, &["born", "birth", "birthday", "birthdate", "dob", "d o b"]);
    with_month_name(tokens, &found, today, cued)
        .or_else(|| in_figures(tokens, &found, today, (cued, day_first)))
        .or_else(|| if expected { year_alone(&found, today) } else { None })
}

/// Whether a date was told in figures whose first two may be either day or month: "3 9 84".
pub(crate) fn is_ambiguous(date: Date, told: &[Token]) -> bool {
    let named = |token: &Token| month(&token.word).or_else(|| blurred_month(&token.word)).is_some();
    date.day() <= 12 && date.day() != date.month() && !told.iter().any(named)
}

fn with_month_name(
    tokens: &[Token],
    found: &[Number],
    today: Date,
    cued: bool,
) -> Option<(BirthHeard, Range<usize>)> {
    for (at, token) in tokens.iter().enumerate() {
        let Some(month) =
            month(&token.word).or_else(|| if cued { blurred_month(&token.word) } else { None })
        else {
            continue;
        };
        let after = run_after(tokens, found, at + 1);
        let before = number_before(tokens, found, at);
        let end = after.last().map_or(at + 1, |n| n.to);
        if let Some(day) = before.filter(|n| after.len() <= 2 && n.value <= 31) {
            let day_first = i8::try_from(day.value).ok()?;
            if let Some([year]) = split(&after, [Part::Year], today)
                && let Some(date) = past(year, month, day_first, today)
                && (cued || year_is_plain(&after))
            {
                return Some((BirthHeard::Full(date), day.from..end));
            }
        }
        if let Some([day, year]) = split(&after, [Part::Day, Part::Year], today)
            && let Some(date) = past(year, month, i8::try_from(day).ok()?, today)
            && (cued || year_is_plain(&after))
        {
            return Some((BirthHeard::Full(date), at..end));
        }
        let day = match (after.as_slice(), before) {
            ([day, ..], _) if day.value <= 31 => Some((*day, at..day.to)),
            ([], Some(day)) => Some((day, day.from..at + 1)),
            _ => None,
        };
        if let Some((day, span)) = day
            && cued
            && let Some(day) =
                i8::try_from(day.value).ok().filter(|day| Date::new(2000, month, *day).is_ok())
        {
            return Some((BirthHeard::MonthDay(month, day), span));
        }
    }
    None
}

fn in_figures(
    tokens: &[Token],
    found: &[Number],
    today: Date,
    (cued, day_first): (bool, bool),
) -> Option<(BirthHeard, Range<usize>)> {
    let run = runs(tokens, found)
        .into_iter()
        .max_by_key(|run| run.iter().map(|n| n.digits.len()).sum::<usize>())?;
    let digits: usize = run.iter().map(|n| n.digits.len()).sum();
    let span = run.first()?.from..run.last()?.to;
    // Unasked, only something as plain as 03/09/1984 is a date of birth.
    let plain = year_is_plain(&run) && digits >= 6 && (run.len() >= 3 || run.len() == 1);
    if !cued && !plain {
        return None;
    }
    let century = matches!(run.as_slice(), [a, _] if matches!(a.value, 19 | 20)) || run.len() == 1;
    if digits == 4 && century && split(&run, [Part::Year], today).is_some() {
        return None;
    }
    let mut orders = [
        ([Part::Month, Part::Day, Part::Year], 0, 1),
        ([Part::Day, Part::Month, Part::Year], 1, 0),
    ];
    if day_first {
        orders.reverse();
    }
    for (order, month_at, day_at) in orders {
        if let Some(parts) = split(&run, order, today)
            && let Some(date) = past(
                parts[2],
                i8::try_from(parts[month_at]).ok()?,
                i8::try_from(parts[day_at]).ok()?,
                today,
            )
        {
            return Some((BirthHeard::Full(date), span));
        }
    }
    let [month, day] = if day_first {
        let [day, month] = split(&run, [Part::Day, Part::Month], today)?;
        [month, day]
    } else {
        split(&run, [Part::Month, Part::Day], today)?
    };
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    (cued && digits >= 2 && run.len() >= 2 && Date::new(2000, month, day).is_ok())
        .then_some((BirthHeard::MonthDay(month, day), span))
}

fn year_alone(found: &[Number], today: Date) -> Option<(BirthHeard, Range<usize>)> {
    let run: Vec<&Number> = found.iter().collect();
    let [year] = split(&run, [Part::Year], today)?;
    let span = found.first()?.from..found.last()?.to;
    Some((BirthHeard::Year(i16::try_from(year).ok()?), span))
}

/// Returns the date of a month and day heard before and a year heard now.
pub(crate) fn complete(month: i8, day: i8, year: i16, today: Date) -> Option<Date> {
    past(i32::from(year), month, day, today)
}

fn past(year: i32, month: i8, day: i8, today: Date) -> Option<Date> {
    let date = Date::new(i16::try_from(year).ok()?, month, day).ok()?;
    (date <= today && date.year() >= OLDEST).then_some(date)
}

/// Whether the year was said with its century, so that it cannot be a time of day.
fn year_is_plain(run: &[&Number]) -> bool {
    let joined: String = run.iter().map(|n| n.digits.as_str()).collect();
    let last_two = run.iter().rev().take(2).map(|n| n.value).collect::<Vec<_>>();
    let century = |text: &str| text.starts_with("19") || text.starts_with("20");
    joined.len() >= 4
        && century(&joined[joined.len() - 4..])
        && (run.last().is_some_and(|n| n.digits.len() >= 4)
            || matches!(last_two.as_slice(), [_, 19 | 20])
            || run.len() > 4)
        || run.last().is_some_and(|n| n.digits.len() == 2 && n.value > 31)
}

/// Cuts the digits of a run into the parts of a date. Of all ways that are possible, the one that cuts where the
/// caller paused is taken: "11 2 1984" is November 2, "1 12 1984" is January 12.
fn split<const N: usize>(run: &[&Number], order: [Part; N], today: Date) -> Option<[i32; N]> {
    let digits: String = run.iter().map(|n| n.digits.as_str()).collect();
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let pauses: Vec<usize> = run
        .iter()
        .scan(0, |length, n| {
            *length += n.digits.len();
            Some(*length)
        })
        .collect();
    // Each way so far: cuts that fall on a pause, digits taken, parts.
    let mut ways = vec![(0_usize, 0_usize, [0_i32; N])];
    for (index, part) in order.into_iter().enumerate() {
        let lengths = if part == Part::Year { [4, 2] } else { [2, 1] };
        let mut longer = Vec::new();
        for (score, at, parts) in ways {
            for end in lengths.map(|length| at + length) {
                let Some(value) =
                    digits.get(at..end).and_then(|piece| part_value(part, piece, today))
                else {
                    continue;
                };
                let mut parts = parts;
                parts[index] = value;
                longer.push((score + usize::from(pauses.contains(&end)), end, parts));
            }
        }
        ways = longer;
    }
    ways.retain(|(_, end, _)| *end == digits.len());
    let best = ways.iter().map(|(score, ..)| *score).max()?;
    ways.into_iter().find(|(score, ..)| *score == best).map(|(_, _, parts)| parts)
}

fn part_value(part: Part, digits: &str, today: Date) -> Option<i32> {
    let value: i32 = digits.parse().ok()?;
    let this_year = i32::from(today.year());
    match (part, digits.len()) {
        (Part::Month, _) => (1..=12).contains(&value).then_some(value),
        (Part::Day, _) => (1..=31).contains(&value).then_some(value),
        (Part::Year, 4) => (i32::from(OLDEST)..=this_year).contains(&value).then_some(value),
        (Part::Year, _) => Some(if value <= this_year % 100 { 2000 + value } else { 1900 + value }),
    }
}

/// The numbers that follow one another from a place on, over "the", "of" and "in".
fn run_after<'a>(tokens: &[Token], found: &'a [Number], from: usize) -> Vec<&'a Number> {
    let mut run: Vec<&Number> = Vec::new();
    let mut at = from;
    while at < tokens.len() {
        if let Some(number) = found.iter().find(|n| n.from == at) {
            run.push(number);
            at = number.to;
        } else if matches!(tokens[at].word.as_str(), "the" | "of" | "in" | "and" | "year") {
            at += 1;
        } else {
            break;
        }
    }
    run
}

fn number_before<'a>(tokens: &[Token], found: &'a [Number], month_at: usize) -> Option<&'a Number> {
    let mut at = month_at;
    while at > 0 && matches!(tokens[at - 1].word.as_str(), "of" | "the") {
        at -= 1;
    }
    found.iter().find(|n| n.to == at)
}

fn runs<'a>(tokens: &[Token], found: &'a [Number]) -> Vec<Vec<&'a Number>> {
    let mut runs: Vec<Vec<&Number>> = Vec::new();
    let mut end = usize::MAX;
    for number in found {
        let bridged = end <= number.from
            && tokens[end..number.from]
                .iter()
                .all(|t| matches!(t.word.as_str(), "the" | "of" | "and" | "slash" | "dash"));
        match runs.last_mut() {
            Some(run) if bridged => run.push(number),
            _ => runs.push(vec![number]),
        }
        end = number.to;
    }
    runs
}

/// Returns the number of a month's name or abbreviation.
pub(crate) fn month(word: &str) -> Option<i8> {
    let index = MONTHS.iter().position(|name| {
        *name == word
            || (word.len() == 3 && name.starts_with(word))
            || (word == "sept" && *name == "september")
    })?;
    i8::try_from(index + 1).ok()
}

/// A month's name with one letter wrong, or a word that sounds like it.
fn blurred_month(word: &str) -> Option<i8> {
    if matches!(word, "mark" | "marge" | "marsh") {
        return Some(3);
    }
    let index =
        MONTHS.iter().position(|name| name.len() >= 5 && strsim::osa_distance(name, word) == 1)?;
    i8::try_from(index + 1).ok()
}

#[rustfmt::skip]
const MONTHS: [&str; 12] = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november",
    "december",
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::tokens::tokens;
    use super::*;

    fn heard(text: &str, expected: bool) -> Option<BirthHeard> {
        birth_date(&tokens(text), date(2026, 11, 20), expected, false).map(|(heard, _)| heard)
    }

    #[test]
    fn dates_of_birth_in_many_forms() {
        for text in [
            "March 9th, 1984",
            "March ninth nineteen eighty four",
            "March 9 84",
            "three nine eighty four",
            "3/9/84",
            "03/09/1984",
            "0 3 0 9 1984",
            "03091984",
            "3-9-1984",
            "the ninth of March 1984",
            "9 March 1984",
            "March 9th, 19 84",
            "three nine nineteen eighty-four",
            "oh three oh nine eighty four",
            "zero three zero nine one nine eight four",
            "It's March the 9th of 1984.",
            "39 1984",
            "3 9 1984.",
            "Marsh 9th, 1984",
            "my date of birth is march ninth, eighty four",
            "Mar 9, 1984",
            "3.9.1984",
            "030984",
        ] {
            assert_eq!(heard(text, true), Some(BirthHeard::Full(date(1984, 3, 9))), "{text:?}");
        }
        for (text, day) in [
            ("twelve twenty five nineteen fifty", date(1950, 12, 25)),
            ("eleven two two thousand one", date(2001, 11, 2)),
            ("1 12 1984", date(1984, 1, 12)),
            ("11 2 1984", date(1984, 11, 2)),
            ("two three seventy one", date(1971, 2, 3)),
            ("October 31st nineteen oh five", date(1905, 10, 31)),
            ("May twentieth two thousand and ten", date(2010, 5, 20)),
            ("the 21st of July, 1999", date(1999, 7, 21)),
            ("25 12 1950", date(1950, 12, 25)),
        ] {
            assert_eq!(heard(text, true), Some(BirthHeard::Full(day)), "{text:?}");
        }
    }

    #[test]
    fn parts_of_a_date_of_birth_are_kept() {
        assert_eq!(heard("March 9th", true), Some(BirthHeard::MonthDay(3, 9)));
        assert_eq!(heard("three nine", true), Some(BirthHeard::MonthDay(3, 9)));
        assert_eq!(heard("nineteen eighty four", true), Some(BirthHeard::Year(1984)));
        assert_eq!(heard("eighty four", true), Some(BirthHeard::Year(1984)));
    }

    #[test]
    fn impossible_and_other_dates_are_none() {
        for text in ["February 30th, 1984", "thirteen thirteen nineteen eighty four", "yes", ""] {
            assert_eq!(
                heard(text, true).filter(|h| matches!(h, BirthHeard::Full(_))),
                None,
                "{text:?}"
            );
        }
        for text in [
            "next Thursday at nine thirty",
            "December 3rd",
            "December 3 at 10 30",
            "the 14th",
            "November 27 2026",
            "in 2 weeks",
            "call 555 0142",
            "I was there in 2019",
        ] {
            assert_eq!(heard(text, false), None, "{text:?}");
        }
        assert_eq!(
            heard("Maria Lopez, March 9th, 1984, I need to move my appointment", false),
            Some(BirthHeard::Full(date(1984, 3, 9)))
        );
        assert_eq!(
            heard("my birthday is three nine eighty four", false),
            Some(BirthHeard::Full(date(1984, 3, 9)))
        );
    }
}
