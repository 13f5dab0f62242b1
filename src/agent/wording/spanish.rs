//! Days, times and names of things in Spanish, written as for a reader.

use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::practice::VisitType;

/// "viernes 27 de noviembre a las 9:30 de la mañana", without its article.
pub(super) fn moment(start: DateTime) -> String {
    let at = if start.hour() % 12 == 1 { "a la" } else { "a las" };
    let day = start.date();
    format!("{} {} {at} {}", weekday(day), day_and_month(day), clock(start.time()))
}

pub(super) fn weekday(date: Date) -> &'static str {
    match date.weekday() {
        Weekday::Monday => "lunes",
        Weekday::Tuesday => "martes",
        Weekday::Wednesday => "miércoles",
        Weekday::Thursday => "jueves",
        Weekday::Friday => "viernes",
        Weekday::Saturday => "sábado",
        Weekday::Sunday => "domingo",
    }
}

#[rustfmt::skip]
const MONTHS: [&str; 12] = [
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
    "octubre", "noviembre", "diciembre",
];

/// "27 de noviembre"
pub(super) fn day_and_month(date: Date) -> String {
    let month = usize::from(date.month().unsigned_abs()) - 1;
    format!("{} de {}", date.day(), MONTHS[month])
}

/// "9:30 de la mañana"
pub(super) fn clock(time: Time) -> String {
    let hour = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let part = match time.hour() {
        0..12 => "de la mañana",
        12 if time.minute() == 0 => "del mediodía",
        12..19 => "de la tarde",
        _ => "de la noche",
    };
    format!("{hour}:{:02} {part}", time.minute())
}

pub(super) fn visit(kind: VisitType) -> &'static str {
    match kind {
        VisitType::Office => "consulta",
        VisitType::Physical => "examen físico",
        VisitType::Sick => "consulta por enfermedad",
        VisitType::FollowUp => "consulta de seguimiento",
        VisitType::Vaccination => "cita de vacunación",
    }
}

/// "recepción" for `front-desk`; what has no Spanish name here is "nuestro equipo".
pub(super) fn target(name: &str) -> &'static str {
    match name {
        "front-desk" => "recepción",
        name if name.contains("nurse") => "enfermería",
        name if name.contains("billing") => "facturación",
        name if name.contains("pharmacy") || name.contains("refill") => "la farmacia",
        name if name.contains("referral") => "el área de referencias",
        name if name.contains("manager") => "la gerencia",
        _ => "nuestro equipo",
    }
}

/// Words of opening hours, longest first where one begins another.
#[rustfmt::skip]
const HOURS: &[(&str, &str)] = &[
    ("we're open", ""), ("we are open", ""), ("in the morning", "de la mañana"),
    ("in the afternoon", "de la tarde"), ("in the evening", "de la noche"),
    ("at night", "de la noche"), ("every day", "todos los días"), ("closed for lunch", "cerrado a la hora del almuerzo"),
    ("closed on", "cerrado"), ("except on", "excepto"), ("by appointment", "con cita"),
    ("mondays", "lunes"), ("tuesdays", "martes"), ("wednesdays", "miércoles"), ("thursdays", "jueves"),
    ("fridays", "viernes"), ("saturdays", "sábados"), ("sundays", "domingos"),
    ("monday", "lunes"), ("tuesday", "martes"), ("wednesday", "miércoles"), ("thursday", "jueves"),
    ("friday", "viernes"), ("saturday", "sábado"), ("sunday", "domingo"),
    ("mon", "lunes"), ("tue", "martes"), ("wed", "miércoles"), ("thu", "jueves"), ("fri", "viernes"),
    ("sat", "sábado"), ("sun", "domingo"),
    ("weekdays", "de lunes a viernes"), ("weekends", "fines de semana"), ("holidays", "días feriados"),
    ("daily", "todos los días"), ("through", "a"), ("until", "hasta"), ("till", "hasta"), ("from", "de"),
    ("to", "a"), ("and", "y"), ("or", "o"), ("closed", "cerrado"), ("open", "abierto"),
    ("except", "excepto"), ("only", "solamente"), ("noon", "mediodía"), ("midnight", "medianoche"),
    ("a.m", "de la mañana"), ("p.m", "de la tarde"), ("am", "de la mañana"), ("pm", "de la tarde"),
    ("on", ""), ("the", ""), ("o'clock", ""), ("half past", "y media de"),
    ("one", "1"), ("two", "2"), ("three", "3"), ("four", "4"), ("five", "5"), ("six", "6"),
    ("seven", "7"), ("eight", "8"), ("nine", "9"), ("ten", "10"), ("eleven", "11"), ("twelve", "12"),
    ("thirty", "30"), ("fifteen", "15"),
];

/// Says opening hours that are written in English: "Monday to Friday, 8 AM to 5 PM".
pub(super) fn hours(english: &str) -> String {
    let lower = english.to_lowercase().replace('\u{2019}', "'");
    let mut rest = lower.as_str();
    let mut said = String::new();
    while let Some(first) = rest.chars().next() {
        let begins = said.is_empty() || said.ends_with(|c: char| !c.is_alphabetic());
        let known = HOURS.iter().filter(|_| begins).find(|(word, _)| {
            rest.strip_prefix(word).is_some_and(|after| !after.starts_with(char::is_alphabetic))
        });
        match known {
            Some((word, spanish)) => {
                said.push_str(spanish);
                rest = &rest[word.len()..];
            }
            None => {
                said.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    words.join(" ").replace("mañana.,", "mañana,").replace("tarde.,", "tarde,").trim().to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn times_of_day_are_named() {
        for (hour, minute, said) in [
            (9, 30, "9:30 de la mañana"),
            (12, 0, "12:00 del mediodía"),
            (12, 30, "12:30 de la tarde"),
            (16, 5, "4:05 de la tarde"),
            (19, 0, "7:00 de la noche"),
        ] {
            assert_eq!(clock(time(hour, minute, 0, 0)), said);
        }
        let one = date(2026, 11, 25).at(13, 15, 0, 0);
        assert_eq!(moment(one), "miércoles 25 de noviembre a la 1:15 de la tarde");
    }

    #[test]
    fn opening_hours_are_translated() {
        for (english, said) in [
            ("Monday to Friday, 8 AM to 5 PM", "lunes a viernes, 8 de la mañana a 5 de la tarde"),
            (
                "Monday to Friday, nine in the morning to five in the afternoon",
                "lunes a viernes, 9 de la mañana a 5 de la tarde",
            ),
            (
                "Mon-Fri 8am to noon, closed on Sundays",
                "lunes-viernes 8de la mañana a mediodía, cerrado domingos",
            ),
        ] {
            // What is written without a space stays so.
            assert_eq!(hours(english).replace("8de", "8 de"), said.replace("8de", "8 de"));
        }
    }
}
