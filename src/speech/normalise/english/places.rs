//! Titles, streets, rooms and what else is abbreviated in English.

use regex::Captures;

use super::super::rule::{group, number};
use super::numbers::{cardinal, digits, ordinal};

/// Streets by their abbreviations.
const STREETS: &[(&str, &str)] = &[
    ("St", "Street"),
    ("Dr", "Drive"),
    ("Ave", "Avenue"),
    ("Blvd", "Boulevard"),
    ("Rd", "Road"),
    ("Ln", "Lane"),
    ("Ct", "Court"),
    ("Pl", "Place"),
    ("Pkwy", "Parkway"),
    ("Hwy", "Highway"),
    ("Cir", "Circle"),
    ("Ter", "Terrace"),
    ("Sq", "Square"),
];

const DIRECTIONS: &[(&str, &str)] = &[
    ("N", "North"),
    ("S", "South"),
    ("E", "East"),
    ("W", "West"),
    ("NE", "Northeast"),
    ("NW", "Northwest"),
    ("SE", "Southeast"),
    ("SW", "Southwest"),
];

/// Abbreviations that are words; the stop may end the sentence as well.
const WORDS: &[(&str, &str)] = &[
    ("Jr", "Junior"),
    ("Sr", "Senior"),
    ("Ste", "Suite"),
    ("Apt", "Apartment"),
    ("Bldg", "Building"),
    ("Rm", "Room"),
    ("Dept", "Department"),
    ("Ctr", "Center"),
    ("Mt", "Mount"),
    ("Ft", "Fort"),
    ("appt", "appointment"),
    ("appts", "appointments"),
    ("approx", "approximately"),
    ("tel", "telephone"),
];

const STATES: &[(&str, &str)] = &[
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "D C"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("PR", "Puerto Rico"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
];

fn look_up(table: &[(&str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(short, _)| *short == key).map(|(_, long)| *long)
}

/// "twelve fifty" for 1250: how the numbers of houses and rooms are said.
pub(super) fn house(text: &str) -> String {
    let pair = |high: u64, low: u64| match (high, low) {
        (_, 0) if high.is_multiple_of(10) => cardinal(high * 100),
        (_, 0) => format!("{} hundred", cardinal(high)),
        (_, 1..10) => format!("{} oh {}", cardinal(high), cardinal(low)),
        _ => format!("{} {}", cardinal(high), cardinal(low)),
    };
    match (text.len(), number(text)) {
        (1..=2, Some(n)) if !text.starts_with('0') => cardinal(n),
        (3..=4, Some(n)) if !text.starts_with('0') => pair(n / 100, n % 100),
        _ => digits(text),
    }
}

/// "1250 N. Elm St."
pub(super) fn address(found: &Captures<'_>) -> Option<String> {
    let direction = group(found, 2).trim().trim_end_matches('.');
    let direction = look_up(DIRECTIONS, direction).map_or(String::new(), |d| format!(" {d}"));
    let street = look_up(STREETS, &found[4]).unwrap_or(&found[4]).to_owned();
    // "42nd": streets are numbered too.
    let names: Vec<String> = found[3]
        .split_whitespace()
        .map(|name| match number(name.trim_end_matches(char::is_alphabetic)) {
            Some(n) => ordinal(n),
            None => name.to_owned(),
        })
        .collect();
    let end = end_of(found, 5);
    Some(format!("{}{direction} {} {street}{end}", house(&found[1]), names.join(" ")))
}

/// A stop that ended an abbreviation ends the sentence before a capital and at the end.
fn end_of(found: &Captures<'_>, at: usize) -> String {
    found.get(at).map_or(String::new(), |after| format!(".{}", after.as_str()))
}

/// "on Elm St. and", "off Hill Dr."
pub(super) fn street_named(found: &Captures<'_>) -> Option<String> {
    let street = look_up(STREETS, &found[3])?;
    Some(format!("{} {} {street}{}", &found[1], &found[2], end_of(found, 4)))
}

pub(super) fn title(found: &Captures<'_>) -> Option<String> {
    let next = group(found, 2);
    Some(match &found[1] {
        "Dr" => format!("Doctor {next}"),
        "Drs" => format!("Doctors {next}"),
        "St" => format!("Saint {next}"),
        "Mr" => "Mister".to_owned(),
        "Mrs" => "Missus".to_owned(),
        "Ms" => "Miz".to_owned(),
        _ => "Professor".to_owned(),
    })
}

pub(super) fn place(found: &Captures<'_>) -> Option<String> {
    let word = look_up(STREETS, &found[1]).or_else(|| look_up(WORDS, &found[1]))?;
    Some(format!("{word}{}", end_of(found, 3)))
}

/// "Raleigh, NC 27601"
pub(super) fn state_and_zip(found: &Captures<'_>) -> Option<String> {
    let comma = group(found, 1);
    // "member ID 48213"
    let state = look_up(STATES, &found[2]).filter(|_| &found[2] != "ID" || !comma.is_empty())?;
    let more = found.get(4).map_or(String::new(), |more| format!(", {}", digits(more.as_str())));
    Some(format!("{comma}{state}, {}{more}", digits(&found[3])))
}

/// States that are written as what follows a name or is a word: "Anna Lee, MD", "Great, OK".
const NO_STATES: [&str; 8] = ["MD", "PA", "MA", "OK", "IN", "OR", "ME", "HI"];

/// "Raleigh, NC"
pub(super) fn state(found: &Captures<'_>) -> Option<String> {
    let before = group(found, 1);
    if before.is_empty() && NO_STATES.contains(&&found[3]) {
        return None;
    }
    Some(format!("{before}{}, {}", &found[2], look_up(STATES, &found[3])?))
}

/// "room 204", "Suite 1204B"
pub(super) fn room(found: &Captures<'_>) -> Option<String> {
    let letter = found.get(3).map_or(String::new(), |letter| format!(" {}", letter.as_str()));
    let kind = found[1].trim_end_matches('.');
    let kind = look_up(WORDS, kind).unwrap_or(kind);
    Some(format!("{kind} {}{letter}", house(&found[2])))
}

/// "P.O. Box 123"
pub(super) fn box_number(found: &Captures<'_>) -> Option<String> {
    Some(format!("P O Box {}", digits(&found[1])))
}

/// Latin and shop-floor shorthand.
pub(super) fn shorthand(found: &Captures<'_>) -> Option<String> {
    let said = match found[1].to_lowercase().as_str() {
        "e.g." => "for example",
        "i.e." => "that is",
        "etc." => "et cetera",
        "vs." => "versus",
        "w/o" => "without",
        "w/" => "with",
        "p.r.n." => "as needed",
        _ => return None,
    };
    Some(format!("{said}{}", end_of(found, 2)))
}

/// "No. 3"
pub(super) fn numero(found: &Captures<'_>) -> Option<String> {
    Some(format!("number {}", &found[1]))
}

/// "2 wks"
pub(super) fn span(found: &Captures<'_>) -> Option<String> {
    let long = match &found[2] {
        "wk" | "wks" => "week",
        "yr" | "yrs" => "year",
        _ => "month",
    };
    Some(format!("{} {long}{}", &found[1], if &found[1] == "1" { "" } else { "s" }))
}
