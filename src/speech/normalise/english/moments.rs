//! Times and dates in English.

use regex::Captures;

use super::super::rule::{group, number};
use super::numbers::{cardinal, ordinal, year};

pub(super) const MONTHS: &str = "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec";
pub(super) const WEEKDAYS: &str = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn month_named(name: &str) -> Option<&'static str> {
    MONTH_NAMES.iter().find(|month| name.get(..3).is_some_and(|n| month.starts_with(n))).copied()
}

fn day(text: &str) -> Option<String> {
    number(text).filter(|n| (1..=31).contains(n)).map(ordinal)
}

fn month_and_day(month: &str, of: &str) -> Option<String> {
    let month = number(month).filter(|n| (1..=12).contains(n))?;
    Some(format!("{} {}", MONTH_NAMES[month as usize - 1], day(of)?))
}

/// A year of two digits is one of those nearest to 2000: a birth in '40 or later, else a plan.
fn full_year(text: &str) -> Option<u64> {
    let year = number(text)?;
    Some(match (text.len(), year) {
        (2, 40..) => 1900 + year,
        (2, _) => 2000 + year,
        _ => year,
    })
}

pub(super) fn weekday(found: &Captures<'_>) -> Option<String> {
    let name = match &found[1] {
        "Mon" => "Monday",
        "Tue" | "Tues" => "Tuesday",
        "Wed" => "Wednesday",
        "Fri" => "Friday",
        // These are words of their own as well.
        "Sat" if &found[2] == "." => "Saturday",
        "Sun" if &found[2] == "." => "Sunday",
        "Sat" | "Sun" => return None,
        _ => "Thursday",
    };
    Some(name.to_owned())
}

/// "Mon-Fri", "M-F".
pub(super) fn weekdays(found: &Captures<'_>) -> Option<String> {
    let full = |name: &str| {
        let all = WEEKDAYS.split('|').chain(["Monday", "Friday"]);
        all.clone().find(|day| name.len() > 1 && day.starts_with(name)).map(str::to_owned)
    };
    if &found[0] == "M-F" {
        return Some("Monday to Friday".to_owned());
    }
    Some(format!("{} to {}", full(&found[1])?, full(&found[2])?))
}

pub(super) fn date_iso(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", month_and_day(&found[2], &found[3])?, year(number(&found[1])?)))
}

pub(super) fn date_us(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}, {}", month_and_day(&found[1], &found[2])?, year(full_year(&found[3])?)))
}

pub(super) fn month_of_year(found: &Captures<'_>) -> Option<String> {
    let month = number(&found[1]).filter(|n| (1..=12).contains(n))?;
    Some(format!("{} {}", MONTH_NAMES[month as usize - 1], year(number(&found[2])?)))
}

pub(super) fn always(_: &Captures<'_>) -> Option<String> {
    Some("twenty four seven".to_owned())
}

/// Parts of a whole more often than days: of a tablet, of a mile.
const PARTS: [(&str, &str); 5] = [("1", "2"), ("1", "3"), ("2", "3"), ("1", "4"), ("3", "4")];

pub(super) fn date_short(found: &Captures<'_>) -> Option<String> {
    let (before, top, bottom) = (group(found, 1), &found[3], &found[4]);
    if before.is_empty() && PARTS.contains(&(top, bottom)) {
        let part = match bottom {
            "2" => "half",
            "3" => "third",
            _ => "quarter",
        };
        let several = if top == "1" { "" } else { "s" };
        return Some(format!("{} {part}{several}", cardinal(number(top)?)));
    }
    let said = month_and_day(top, bottom)
        .or_else(|| Some(format!("{} of {}", cardinal(number(top)?), cardinal(number(bottom)?))))?;
    Some(format!("{before}{}{said}", group(found, 2)))
}

/// "November 26, 2026"
pub(super) fn date(found: &Captures<'_>) -> Option<String> {
    let day = format!("{} {}", month_named(&found[1])?, day(&found[2])?);
    match number(group(found, 3)) {
        Some(y) => Some(format!("{day}, {}", year(y))),
        None => Some(day),
    }
}

/// "May 3-5"
pub(super) fn days_of_month(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} {} to {}", month_named(&found[1])?, day(&found[2])?, day(&found[3])?))
}

/// "26 November"
pub(super) fn date_day_first(found: &Captures<'_>) -> Option<String> {
    let said = format!("the {} of {}", day(&found[2])?, month_named(&found[3])?);
    match number(group(found, 4)) {
        Some(y) => Some(format!("{said}, {}", year(y))),
        None => Some(said),
    }
}

/// "1980s", "80s"
pub(super) fn decade(found: &Captures<'_>) -> Option<String> {
    let words = match number(group(found, 1)) {
        Some(century) => {
            format!("{} {}", cardinal(century), cardinal(number(&found[2])? * 10))
        }
        None => cardinal(number(&found[2])? * 10),
    };
    let plural = words.strip_suffix('y').map(|head| format!("{head}ies"));
    Some(plural.unwrap_or_else(|| format!("{words}s")))
}

pub(super) fn between(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} to {}", &found[1], &found[2]))
}

fn minutes(minutes: &str) -> String {
    match number(minutes) {
        None | Some(0) => String::new(),
        Some(n @ 1..10) => format!(" oh {}", cardinal(n)),
        Some(n) => format!(" {}", cardinal(n)),
    }
}

/// "9:30 AM"
pub(super) fn time(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[1]).filter(|n| (1..=12).contains(n))?;
    let past = minutes(group(found, 2));
    let morning = found[3].eq_ignore_ascii_case("a");
    // "a.m." before a capital or at the end closes the sentence too.
    let end = group(found, 4);
    let half = match (hour, past.as_str(), morning) {
        (12, "", true) => "midnight",
        (12, "", false) => "noon",
        (_, _, true) => "A M",
        (_, _, false) => "P M",
    };
    Some(format!("{}{past} {half}{end}", cardinal(hour)))
}

/// "14:15"
pub(super) fn clock(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[1]).filter(|n| *n < 24)?;
    match number(&found[2])? {
        0 if hour <= 12 => Some(format!("{} o'clock", cardinal(hour))),
        0 => Some(format!("{} hundred", cardinal(hour))),
        _ => Some(format!("{}{}", cardinal(hour), minutes(&found[2]))),
    }
}
