//! Data types of HL7 v2 as values of the practice: times, numbers, names, ids.
//!
//! HL7 v2.9 chapter 2A. A value that was not sent, one that is to be deleted and one that is set differ.

use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::{Offset, TimeZone};

use super::error::{Fault, Hl7Error};
use super::message::{Field, Part};
use crate::base::Phi;
use crate::practice::PhoneNumber;

/// What a message says of something that we keep.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Update<T> {
    /// Nothing: what stands, stands.
    #[default]
    Unsaid,
    /// It is no more.
    Cleared,
    /// It is this.
    Said(T),
}

impl<T> Update<T> {
    /// Brings a kept value up to date.
    pub fn apply(self, kept: &mut Option<T>) {
        match self {
            Self::Unsaid => {}
            Self::Cleared => *kept = None,
            Self::Said(value) => *kept = Some(value),
        }
    }

    /// Returns what was said.
    pub fn said(&self) -> Option<&T> {
        match self {
            Self::Said(value) => Some(value),
            Self::Unsaid | Self::Cleared => None,
        }
    }
}

/// Reads a part as a value: empty is unsaid, `""` is cleared.
pub(super) fn update<T>(
    part: &Part<'_>,
    read: impl FnOnce(&str) -> Option<T>,
    remedy: &'static str,
) -> Result<Update<T>, Hl7Error> {
    if part.is_null() {
        return Ok(Update::Cleared);
    }
    let text = part.text();
    if text.is_empty() {
        return Ok(Update::Unsaid);
    }
    let malformed = || Hl7Error::new(Fault::Malformed, part.place(), remedy);
    read(&text).map(Update::Said).ok_or_else(malformed)
}

/// Reads words about a patient.
pub(super) fn words(part: &Part<'_>) -> Update<Phi<String>> {
    if part.is_null() {
        return Update::Cleared;
    }
    match part.text() {
        text if text.is_empty() => Update::Unsaid,
        text => Update::Said(Phi::new(text)),
    }
}

/// Reads a date: `YYYYMMDD`, with or without a time behind it, or `YYYY-MM-DD`.
pub fn read_date(text: &str) -> Option<Date> {
    let digits: String = match text.as_bytes() {
        [_, _, _, _, b'-', ..] => text.chars().filter(|c| *c != '-').take(8).collect(),
        _ => text.get(..8)?.to_owned(),
    };
    let born = whole_date(&digits)?;
    // A default of a form, not a day: 00010101 and the like.
    (born >= date(1850, 1, 1)).then_some(born)
}

fn whole_date(digits: &str) -> Option<Date> {
    if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits[from..to].parse::<i16>().ok();
    let (month, day) = (i8::try_from(part(4, 6)?).ok()?, i8::try_from(part(6, 8)?).ok()?);
    Date::new(part(0, 4)?, month, day).ok()
}

/// Reads a time stamp (DTM): `YYYYMMDDHHMM[SS[.S...]][+ZZZZ]` as civil time of the practice. With an offset it is
/// a moment, which the zone places; without one it is the practice's own clock.
pub fn read_time(text: &str, zone: &TimeZone) -> Option<DateTime> {
    let (stamp, offset) = match text.find(['+', '-']) {
        Some(at) => (&text[..at], Some(read_offset(&text[at..])?)),
        None => {
            (text.strip_suffix('Z').unwrap_or(text), text.ends_with('Z').then_some(Offset::UTC))
        }
    };
    let stamp = stamp.split('.').next().unwrap_or_default();
    if !matches!(stamp.len(), 12 | 14) || !stamp.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part =
        |from: usize| stamp.get(from..from + 2).map_or(Some(0), |text| text.parse::<i8>().ok());
    // Midnight at the end of the day is sent as 24.
    let time = Time::new(part(8)?, part(10)?, part(12)?, 0).ok()?;
    let civil = whole_date(&stamp[..8])?.to_datetime(time);
    match offset {
        None => Some(civil),
        Some(offset) => Some(zone.to_datetime(offset.to_timestamp(civil).ok()?)),
    }
}

fn read_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = text.split_at(1);
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

/// Writes a civil time as DTM, to the second.
pub fn write_time(at: DateTime) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// Reads a length of time in minutes, with its unit (`MIN`, `S`, `HR`).
pub(super) fn read_minutes(amount: &str, unit: &str) -> Option<u16> {
    let amount: f64 = amount.parse().ok()?;
    let unit = unit.to_ascii_uppercase();
    let minutes = match &*unit {
        "" | "M" | "MIN" | "MINS" | "MINUTE" | "MINUTES" => amount,
        "S" | "SEC" | "SECONDS" => amount / 60.0,
        "H" | "HR" | "HOUR" | "HOURS" => amount * 60.0,
        _ => return None,
    };
    // A day is the longest appointment there is.
    (1.0..=1440.0).contains(&minutes).then_some(minutes.round() as u16)
}

/// Reads the telephone numbers of a field (XTN), in order; faxes, pagers, mail addresses and what is no
/// number are left out.
pub(super) fn phones(field: &Field<'_>) -> Vec<Phi<PhoneNumber>> {
    let mut found: Vec<Phi<PhoneNumber>> = Vec::new();
    for part in field.repetitions() {
        let kind = part.component(3).text().to_ascii_uppercase();
        if ["FX", "BP", "MD", "TDD", "TTY", "INTERNET", "X.400"].contains(&&*kind) {
            continue;
        }
        let number = |text: String| {
            // What stands behind an extension's mark is not dialled from outside.
            let text = text.to_ascii_lowercase();
            let main = text.split(['x', 'e', 'c', 'b']).next().unwrap_or_default().trim();
            PhoneNumber::parse(main)
        };
        let pieces = [5, 6, 7].map(|at| part.component(at).text());
        let joined = match &pieces {
            [country, area, local] if !local.is_empty() && !area.is_empty() => {
                let country = country.trim_start_matches('+');
                format!("+{}{area}{local}", if country.is_empty() { "1" } else { country })
            }
            _ => String::new(),
        };
        let phone = number(part.component(1).text())
            .or_else(|| number(part.component(12).text()))
            .or_else(|| number(joined));
        if let Some(phone) = phone.map(Phi::new).filter(|phone| !found.contains(phone)) {
            found.push(phone);
        }
    }
    found
}

/// Writes a North American number as XTN has it since v2.3, with its parts; another in its first component.
pub(super) fn write_phone(number: &PhoneNumber, usage: &str) -> Vec<String> {
    let text = number.as_str();
    let digits = text.strip_prefix("+1").filter(|digits| digits.len() == 10);
    match digits {
        Some(digits) => {
            let (area, local) = digits.split_at(3);
            let shown = format!("({area}){}-{}", &local[..3], &local[3..]);
            vec![
                shown,
                usage.into(),
                "PH".into(),
                String::new(),
                "1".into(),
                area.into(),
                local.into(),
            ]
        }
        None => vec![text.into(), usage.into(), "PH".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Purpose;
    use crate::ehr::hl7v2::message::{Limits, Message};
    use jiff::civil::datetime;

    #[test]
    fn dates_and_times_are_those_of_the_practice() {
        assert_eq!(read_date("19840309"), Some(date(1984, 3, 9)));
        assert_eq!(read_date("198403091200"), Some(date(1984, 3, 9)));
        assert_eq!(read_date("1984-03-09"), Some(date(1984, 3, 9)));
        for wrong in
            ["1984", "198403", "19840231", "00010101", "abcdefgh", "1984030é", "", "é9840309"]
        {
            assert_eq!(read_date(wrong), None, "{wrong}");
        }
        let zone = TimeZone::fixed(Offset::constant(-5));
        let at = datetime(2026, 3, 19, 9, 30, 0, 0);
        assert_eq!(read_time("202603190930", &zone), Some(at));
        assert_eq!(read_time("20260319093000.1234", &zone), Some(at));
        assert_eq!(read_time("20260319093000-0500", &zone), Some(at));
        assert_eq!(read_time("20260319143000+0000", &zone), Some(at));
        assert_eq!(read_time("202603191430Z", &zone), Some(at));
        assert_eq!(read_time("20260319200000+05:30", &zone), Some(at));
        for wrong in
            ["20260319", "202603192530", "20260319093", "2026031909300é", "+", "20260319093000+05"]
        {
            assert_eq!(read_time(wrong, &zone), None, "{wrong}");
        }
        assert_eq!(write_time(at), "20260319093000");
    }

    #[test]
    fn lengths_have_units() {
        assert_eq!(read_minutes("30", ""), Some(30));
        assert_eq!(read_minutes("1800", "s"), Some(30));
        assert_eq!(read_minutes("0.5", "HR"), Some(30));
        for (amount, unit) in [("0", ""), ("-5", "MIN"), ("NaN", ""), ("1e9", ""), ("3", "WK")] {
            assert_eq!(read_minutes(amount, unit), None, "{amount} {unit}");
        }
    }

    #[test]
    fn telephones_are_found_among_other_things() {
        let text = "MSH|^~\\&|A\rPID|(312)555-0142X12^PRN^PH~312-555-0199^^FX~^NET^Internet^a@b.example~\
                    ^PRN^CP^^1^773^5550102~+442079460123~3125550142~555-0100~^^^^^^^^^^^3125550177";
        let message = Message::read(text.as_bytes(), &Limits::default()).unwrap();
        let found = phones(&message.first("PID").unwrap().field(1));
        let found: Vec<_> =
            found.iter().map(|phone| phone.reveal(Purpose::Comparison).as_str()).collect();
        assert_eq!(found, ["+13125550142", "+17735550102", "+442079460123", "+13125550177"]);
        let parts = write_phone(&PhoneNumber::parse("3125550142").unwrap(), "PRN");
        assert_eq!(parts.join("^"), "(312)555-0142^PRN^PH^^1^312^5550142");
    }
}
