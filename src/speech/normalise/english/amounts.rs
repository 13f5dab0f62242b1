//! Money, measures and plain numbers in English.

use regex::Captures;

use super::super::rule::{group, number};
use super::numbers::{cardinal, digit_groups, digits, ordinal, year};
use super::places::house;

/// Measures: as written, one of it, several of it.
const UNITS: &[(&str, &str, &str)] = &[
    ("mg", "milligram", "milligrams"),
    ("mcg", "microgram", "micrograms"),
    ("µg", "microgram", "micrograms"),
    ("ml", "milliliter", "milliliters"),
    ("cc", "C C", "C Cs"),
    ("kg", "kilogram", "kilograms"),
    ("g", "gram", "grams"),
    ("l", "liter", "liters"),
    ("dl", "deciliter", "deciliters"),
    ("lb", "pound", "pounds"),
    ("lbs", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("km", "kilometer", "kilometers"),
    ("ft", "foot", "feet"),
    ("hr", "hour", "hours"),
    ("hrs", "hour", "hours"),
    ("min", "minute", "minutes"),
    ("mins", "minute", "minutes"),
    ("sec", "second", "seconds"),
    ("iu", "international unit", "international units"),
    ("tsp", "teaspoon", "teaspoons"),
    ("tbsp", "tablespoon", "tablespoons"),
    ("bpm", "beat per minute", "beats per minute"),
    ("mmhg", "millimeter of mercury", "millimeters of mercury"),
    ("mph", "mile per hour", "miles per hour"),
];

fn unit_named(short: &str, one: bool) -> Option<&'static str> {
    let short = short.to_lowercase();
    let (_, single, many) = UNITS.iter().find(|(name, ..)| *name == short)?;
    Some(if one { single } else { many })
}

/// "500 mg", "130 mg/dL"
pub(super) fn unit(found: &Captures<'_>) -> Option<String> {
    let amount = &found[1];
    let one = amount == "1" || amount.starts_with("one ") || amount.starts_with("three quarters");
    let per = match found.get(3) {
        Some(per) => format!(" per {}", unit_named(per.as_str(), true)?),
        None => String::new(),
    };
    Some(format!("{amount} {}{per}", unit_named(&found[2], one)?))
}

/// "$5/month"
pub(super) fn per(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} per {}", &found[1], &found[2]))
}

fn many(n: u64, one: &str) -> String {
    format!("{} {one}{}", cardinal(n), if n == 1 { "" } else { "s" })
}

pub(super) fn money(found: &Captures<'_>) -> Option<String> {
    let dollars = number(&found[1])?;
    let cents = number(group(found, 2)).unwrap_or(0);
    Some(match (dollars, cents) {
        (0, 1..) => many(cents, "cent"),
        (_, 0) => many(dollars, "dollar"),
        _ => format!("{} and {}", many(dollars, "dollar"), many(cents, "cent")),
    })
}

/// "$20-$30"
pub(super) fn money_range(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} to ${}", cardinal(number(&found[1])?), &found[2]))
}

/// "$1.5 million"
pub(super) fn money_large(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} {} dollars", &found[1], &found[2]))
}

pub(super) fn cents(found: &Captures<'_>) -> Option<String> {
    number(&found[1]).map(|n| many(n, "cent"))
}

pub(super) fn other_money(found: &Captures<'_>) -> Option<String> {
    let n = number(&found[2])?;
    Some(match (&found[1], n) {
        ("€", 1) => "one euro".to_owned(),
        ("€", _) => format!("{} euros", cardinal(n)),
        (_, 1) => "one pound".to_owned(),
        _ => format!("{} pounds", cardinal(n)),
    })
}

/// "2 1/2 tablets", "3/4 of"
pub(super) fn fraction(found: &Captures<'_>) -> Option<String> {
    let (top, bottom) = (number(&found[2])?, number(&found[3])?);
    if top == 0 || bottom < 2 || top >= bottom {
        return None;
    }
    let part = match bottom {
        2 => "half".to_owned(),
        4 => "quarter".to_owned(),
        _ => ordinal(bottom),
    };
    let parts = format!("{} {part}{}", cardinal(top), if top > 1 { "s" } else { "" });
    let noun = group(found, 4);
    Some(match number(group(found, 1)) {
        Some(whole) if bottom == 2 => format!("{} and a half{noun}", cardinal(whole)),
        Some(whole) => format!("{} and {parts}{noun}", cardinal(whole)),
        None => format!("{parts}{noun}"),
    })
}

/// "120/80": a blood pressure.
pub(super) fn pressure(found: &Captures<'_>) -> Option<String> {
    let (high, low) = (number(&found[1])?, number(&found[2])?);
    if !(60..=260).contains(&high) || !(30..=160).contains(&low) {
        return None;
    }
    Some(format!("{} over {}", house(&found[1]), house(&found[2])))
}

/// 5'11"
pub(super) fn height(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} foot {}", cardinal(number(&found[1])?), cardinal(number(&found[2])?)))
}

pub(super) fn nth(found: &Captures<'_>) -> Option<String> {
    number(&found[1]).map(ordinal)
}

pub(super) fn percent(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} percent", &found[1]))
}

pub(super) fn hash(found: &Captures<'_>) -> Option<String> {
    Some(format!("number {}", &found[1]))
}

pub(super) fn decimal(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} point {}", whole(&found[1]), digits(&found[2])))
}

/// ".5"
pub(super) fn point(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}point {}", &found[1], digits(&found[2])))
}

pub(super) fn thousand(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} thousand", cardinal(number(&found[1])?)))
}

pub(super) fn times(found: &Captures<'_>) -> Option<String> {
    number(&found[1]).map(|n| format!("{} times", cardinal(n)))
}

pub(super) fn for_so_long(found: &Captures<'_>) -> Option<String> {
    Some(format!("for {} {}", &found[1], &found[2]))
}

pub(super) fn minus(found: &Captures<'_>) -> Option<String> {
    Some(format!("{}minus {}", &found[1], &found[2]))
}

pub(super) fn with_commas(found: &Captures<'_>) -> Option<String> {
    Some(whole(&found[0]))
}

pub(super) fn year_alone(found: &Captures<'_>) -> Option<String> {
    number(&found[0]).map(year)
}

pub(super) fn integer(found: &Captures<'_>) -> Option<String> {
    Some(whole(&found[0]))
}

/// A number as such, unless it is too long to be one.
fn whole(text: &str) -> String {
    let plain = text.replace(',', "");
    let code = plain.len() > 1 && plain.starts_with('0') || text.len() > 4 && !text.contains(',');
    match number(&plain) {
        Some(n) if !code => cardinal(n),
        _ => digit_groups(&plain),
    }
}
