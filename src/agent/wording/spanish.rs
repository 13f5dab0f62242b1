//! Days, times and names of things in Spanish, written as for a reader.

use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::practice::{Gender, Practitioner, VisitType};

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
        VisitType::Sick => "consulta",
        VisitType::FollowUp => "consulta de seguimiento",
        VisitType::Vaccination => "cita de vacunación",
    }
}

/// "la doctora Patel" for "Dr. Patel"; `None` where the record holds no gender or another title.
pub(super) fn doctor(one: &Practitioner) -> Option<String> {
    let name = one.spoken.strip_prefix("Dr. ").or_else(|| one.spoken.strip_prefix("Doctor "))?;
    Some(match one.gender? {
        Gender::Woman => format!("la doctora {name}"),
        Gender::Man => format!("el doctor {name}"),
    })
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
    ("24 hours a day", "las 24 horas"), ("24 hours", "las 24 horas"), ("hours", "horas"), ("hour", "hora"),
    ("federal holidays", "días feriados"), ("by phone", "por teléfono"), ("phone", "teléfono"), ("lunch", "almuerzo"),
    ("for", "para"), ("except for", "excepto"), ("emergencies", "emergencias"), ("walk-ins", "sin cita"),
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
        let begins = said.is_empty() || said.ends_with(|c: char| !c.is_alphanumeric());
        if let Some((time, after)) = hour(rest).filter(|_| begins) {
            said.push_str(&time);
            rest = after;
            continue;
        }
        // The longest word wins where one begins another.
        let known = HOURS
            .iter()
            .filter(|(word, _)| {
                let after = rest.strip_prefix(word).filter(|_| begins);
                after.is_some_and(|after| !after.starts_with(char::is_alphabetic))
            })
            .max_by_key(|(word, _)| word.len());
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
    words.join(" ")
}

/// Reads a time at the beginning, "8am", "5:30 p.m.", and says it; returns what follows.
fn hour(text: &str) -> Option<(String, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (figures, mut rest) = text.split_at(digits(text));
    let hour: u8 = figures.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let mut minutes = "";
    if let Some(after) = rest.strip_prefix(':')
        && digits(after) == 2
    {
        (minutes, rest) = after.split_at(2);
    }
    let after = rest.trim_start();
    let ends = |after: &&str| !after.starts_with(char::is_alphanumeric);
    let half =
        |marks: [&str; 3]| marks.iter().find_map(|mark| after.strip_prefix(mark).filter(ends));
    let (after, later) = match half(["a.m.", "a.m", "am"]) {
        Some(after) => (after, false),
        None => (half(["p.m.", "p.m", "pm"])?, true),
    };
    let part = match (hour, later) {
        (12, true) if minutes.is_empty() || minutes == "00" => "del mediodía",
        (12, false) if minutes.is_empty() || minutes == "00" => "de la noche",
        (7..=11, true) => "de la noche",
        (_, true) => "de la tarde",
        (_, false) => "de la mañana",
    };
    let minutes = match minutes {
        "" | "00" => String::new(),
        minutes => format!(":{minutes}"),
    };
    Some((format!("{hour}{minutes} {part}"), after))
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
                "lunes-viernes 8 de la mañana a mediodía, cerrado domingos",
            ),
            (
                "Monday to Thursday 8 a.m. to 5:30 p.m., Friday 9:00 AM to 12 PM",
                "lunes a jueves 8 de la mañana a 5:30 de la tarde, viernes 9 de la mañana a 12 del mediodía",
            ),
            ("daily, 7 AM to 9 PM", "todos los días, 7 de la mañana a 9 de la noche"),
            ("open 24 hours by phone", "abierto las 24 horas por teléfono"),
            ("closed on federal holidays", "cerrado días feriados"),
        ] {
            assert_eq!(hours(english), said, "{english}");
        }
    }

    #[test]
    fn doctors_have_their_article() {
        let one = |spoken: &str, gender| Practitioner {
            id: crate::practice::PractitionerId("one".into()),
            given: "A".into(),
            family: "Patel".into(),
            spoken: spoken.into(),
            specialty: "family medicine".into(),
            gender,
        };
        let said = |spoken, gender| doctor(&one(spoken, gender));
        assert_eq!(said("Dr. Patel", Some(Gender::Woman)).as_deref(), Some("la doctora Patel"));
        assert_eq!(said("Dr. Chen", Some(Gender::Man)).as_deref(), Some("el doctor Chen"));
        assert_eq!(said("Dr. Kim", None), None);
        assert_eq!(said("Nurse Ruiz", Some(Gender::Woman)), None);
    }
}
