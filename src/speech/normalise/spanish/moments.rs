//! Times and dates in Spanish.

use regex::Captures;

use super::super::rule::{group, number};
use super::numbers::{Form, cardinal};

pub(super) const MONTHS: &str = "enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre|ene|feb|mar|abr|may|jun|jul|ago|sept|sep|oct|nov|dic";
const MONTH_NAMES: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

fn month_named(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase().replace("setiembre", "septiembre");
    MONTH_NAMES.iter().find(|month| name.get(..3).is_some_and(|n| month.starts_with(n))).copied()
}

fn day(text: &str) -> Option<String> {
    match number(text)? {
        1 => Some("primero".to_owned()),
        n @ 2..=31 => Some(cardinal(n, Form::Alone)),
        _ => None,
    }
}

fn year(text: &str) -> Option<String> {
    let n = number(text)?;
    let n = match (text.len(), n) {
        (2, 40..) => 1900 + n,
        (2, _) => 2000 + n,
        _ => n,
    };
    Some(cardinal(n, Form::Alone))
}

fn full(of: &str, month: &str, in_year: &str) -> Option<String> {
    let month = number(month).filter(|n| (1..=12).contains(n))?;
    Some(format!("{} de {} de {}", day(of)?, MONTH_NAMES[month as usize - 1], year(in_year)?))
}

/// Day first, as Spanish writes it; the other way round where only that is a date.
pub(super) fn date_slashed(found: &Captures<'_>) -> Option<String> {
    full(&found[1], &found[2], &found[3]).or_else(|| full(&found[2], &found[1], &found[3]))
}

/// "1 de la tarde a 5", without its article.
pub(super) fn one(found: &Captures<'_>) -> Option<String> {
    Some(format!("una{}", &found[1]))
}

pub(super) fn date_iso(found: &Captures<'_>) -> Option<String> {
    full(&found[3], &found[2], &found[1])
}

pub(super) fn date_short(found: &Captures<'_>) -> Option<String> {
    let said = |of: &str, month: &str| {
        let month = number(month).filter(|n| (1..=12).contains(n))?;
        Some(format!("{} de {}", day(of)?, MONTH_NAMES[month as usize - 1]))
    };
    said(&found[1], &found[2]).or_else(|| said(&found[2], &found[1])).or_else(|| {
        let part = |at: usize| Some(cardinal(number(&found[at])?, Form::Alone));
        Some(format!("{} de {}", part(1)?, part(2)?))
    })
}

/// "27 de noviembre de 2026", "27 nov. 2026"
pub(super) fn date(found: &Captures<'_>) -> Option<String> {
    let said = format!("{} de {}", day(&found[1])?, month_named(&found[2])?);
    match found.get(3) {
        Some(y) => Some(format!("{said} de {}", year(y.as_str())?)),
        None => Some(said),
    }
}

/// "del 3 al 5 de mayo", "3-5 de mayo"
pub(super) fn days_of_month(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} al {} de {}", day(&found[1])?, day(&found[2])?, month_named(&found[3])?))
}

/// "noviembre 27, 2026": the American order.
pub(super) fn date_month_first(found: &Captures<'_>) -> Option<String> {
    let said = format!("{} de {}", day(&found[2])?, month_named(&found[1])?);
    match found.get(3) {
        Some(y) => Some(format!("{said} de {}", year(y.as_str())?)),
        None => Some(said),
    }
}

/// "mayo de 2026"
pub(super) fn month_and_year(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} de {}", month_named(&found[1])?, year(&found[2])?))
}

pub(super) fn weekday(found: &Captures<'_>) -> Option<String> {
    let name = match found[1].to_lowercase().as_str() {
        "lun" => "lunes",
        "mar" => "martes",
        "mié" | "mie" => "miércoles",
        "jue" => "jueves",
        "vie" => "viernes",
        "sáb" | "sab" => "sábado",
        _ => "domingo",
    };
    Some(name.to_owned())
}

pub(super) fn always(_: &Captures<'_>) -> Option<String> {
    Some("veinticuatro siete".to_owned())
}

pub(super) fn range(found: &Captures<'_>) -> Option<String> {
    Some(format!("{} a {}", &found[1], &found[2]))
}

/// "nueve y media": the hour is feminine.
fn past(hour: u64, minutes: &str) -> Option<String> {
    let hour = cardinal(hour, Form::Feminine);
    Some(match number(minutes) {
        None | Some(0) => hour,
        Some(15) => format!("{hour} y cuarto"),
        Some(30) => format!("{hour} y media"),
        Some(n) if n < 60 => format!("{hour} y {}", cardinal(n, Form::Alone)),
        _ => return None,
    })
}

/// The part of the day for an hour of 0 to 23.
fn part_of_day(hour: u64) -> &'static str {
    match hour {
        0 => "de la noche",
        1..5 => "de la madrugada",
        5..12 => "de la mañana",
        12 => "del mediodía",
        13..19 => "de la tarde",
        _ => "de la noche",
    }
}

/// Puts "las" or "la" before an hour unless an article or a range stands there.
fn with_article(before: &str, hour: u64, said: &str) -> String {
    let article = if hour == 1 { "la" } else { "las" };
    match before.trim().to_lowercase().as_str() {
        "" => format!("{article} {said}"),
        "de" | "a" | "hasta" | "desde" => format!("{before}{said}"),
        "las" | "la" => {
            let capital = before.starts_with('L');
            format!(
                "{} {said}",
                if capital { article.replace('l', "L") } else { article.to_owned() }
            )
        }
        _ => format!("{before}{article} {said}"),
    }
}

/// "9:30 AM", "las 9:30 a. m."
pub(super) fn time(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[2]).filter(|n| (1..=12).contains(n))?;
    let morning = found[4].eq_ignore_ascii_case("a");
    let of_day = hour % 12 + if morning { 0 } else { 12 };
    let said = format!("{} {}", past(hour, group(found, 3))?, part_of_day(of_day));
    Some(format!("{}{}", with_article(group(found, 1), hour, &said), group(found, 5)))
}

/// "14:30": as a clock with twelve hours says it.
pub(super) fn clock(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[2]).filter(|n| *n < 24)?;
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let said = past(twelve, &found[3])?;
    let said = if hour > 12 || hour == 0 { format!("{said} {}", part_of_day(hour)) } else { said };
    Some(with_article(group(found, 1), twelve, &said))
}

/// "a las 9": an hour without minutes, with or without what part of the day it is.
pub(super) fn hour(found: &Captures<'_>) -> Option<String> {
    let hour = number(&found[2]).filter(|n| (1..=12).contains(n))?;
    Some(format!("{}{}", with_article(&found[1], hour, &cardinal(hour, Form::Feminine)), &found[3]))
}
