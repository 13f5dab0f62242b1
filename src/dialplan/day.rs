//! Days of the calendar as a practice names them: a date, every year, the fourth Thursday of November.

use std::fmt;

use jiff::civil::{Date, Weekday};

use super::HoursError;

/// A rule that says of each day whether it is one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DateRule {
    /// `2026-11-26`.
    Once(Date),
    /// `2026-07-20..2026-07-31`, both included.
    Between(Date, Date),
    /// `01-01`.
    Yearly {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
    /// `4th thu nov`, `last mon may`.
    Weekday {
        /// 1 to 5; `None` is the last of the month.
        nth: Option<i8>,
        /// The day of the week.
        weekday: Weekday,
        /// 1 to 12.
        month: i8,
    },
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const NTH: [(&str, Option<i8>); 6] = [
    ("1st", Some(1)),
    ("2nd", Some(2)),
    ("3rd", Some(3)),
    ("4th", Some(4)),
    ("5th", Some(5)),
    ("last", None),
];

impl DateRule {
    /// Reads `2026-11-26`, `2026-07-20..2026-07-31`, `01-01` for every year, `4th thu nov` or
    /// `last mon may`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let wrong = || HoursError::Date(text.to_owned());
        let date = |text: &str| {
            let plain = text.len() == 10 && text.is_ascii();
            text.parse::<Date>().ok().filter(|_| plain).ok_or_else(wrong)
        };
        if let Some((first, last)) = text.split_once("..") {
            let (first, last) = (date(first.trim())?, date(last.trim())?);
            return if first < last { Ok(Self::Between(first, last)) } else { Err(wrong()) };
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        if let [nth, weekday, month] = words[..] {
            let (_, nth) = NTH.into_iter().find(|(name, _)| *name == nth).ok_or_else(wrong)?;
            let (_, weekday) =
                DAYS.into_iter().find(|(name, _)| *name == weekday).ok_or_else(wrong)?;
            let month = MONTHS.iter().position(|name| *name == month).ok_or_else(wrong)?;
            return Ok(Self::Weekday { nth, weekday, month: month as i8 + 1 });
        }
        if text.len() != 5 {
            return date(text).map(Self::Once);
        }
        // 2024 was a leap year, so that 02-29 can be written.
        let date = date(&format!("2024-{text}"))?;
        Ok(Self::Yearly { month: date.month(), day: date.day() })
    }

    /// Whether a day is one.
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::Once(day) => day == date,
            Self::Between(first, last) => (first..=last).contains(&date),
            Self::Yearly { month, day } => (month, day) == (date.month(), date.day()),
            Self::Weekday { nth, weekday, month } => {
                let this = match nth {
                    Some(nth) => (date.day() - 1) / 7 + 1 == nth,
                    None => date.day() + 7 > date.days_in_month(),
                };
                this && (weekday, month) == (date.weekday(), date.month())
            }
        }
    }

    /// Returns a day that the rule names by itself, for checks of what can ever happen.
    pub(super) fn named(self) -> Option<Date> {
        match self {
            Self::Once(day) | Self::Between(day, _) => Some(day),
            Self::Yearly { .. } | Self::Weekday { .. } => None,
        }
    }
}

impl fmt::Display for DateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(date) => write!(f, "{date}"),
            Self::Between(first, last) => write!(f, "{first}..{last}"),
            Self::Yearly { month, day } => write!(f, "{month:02}-{day:02}"),
            Self::Weekday { nth, weekday, month } => {
                let nth = NTH.iter().find(|(_, known)| known == nth).map_or("", |(name, _)| name);
                let day = DAYS.iter().find(|(_, d)| d == weekday).map_or("", |(name, _)| name);
                let month = MONTHS.get(*month as usize - 1).copied().unwrap_or_default();
                write!(f, "{nth} {day} {month}")
            }
        }
    }
}

/// Reads `mon` or `mon-thu`; a range may run over the weekend.
pub(super) fn day_range(text: &str) -> Result<Vec<Weekday>, HoursError> {
    let position = |name: &str| {
        let wrong = || HoursError::Day(name.to_owned());
        DAYS.iter().position(|(known, _)| *known == name).ok_or_else(wrong)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (position(first)?, position(last)?);
    let length = (last + DAYS.len() - first) % DAYS.len() + 1;
    Ok((first..first + length).map(|at| DAYS[at % DAYS.len()].1).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_may_run_over_the_weekend() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Wednesday};
        for (text, days) in [
            ("wed", &[Wednesday][..]),
            ("sat-mon", &[Saturday, Sunday, Monday]),
            ("wed-fri", &[Wednesday, Thursday, Friday]),
        ] {
            assert_eq!(day_range(text).unwrap(), days, "{text}");
        }
        assert_eq!(day_range("mon-sun").unwrap().len(), 7);
        assert!(day_range("").is_err() && day_range("mon-").is_err());
    }

    #[test]
    fn which_days_are_meant() {
        for (rule, yes, no) in [
            ("2026-11-26", "2026-11-26", "2027-11-26"),
            ("01-01", "2031-01-01", "2031-01-02"),
            ("02-29", "2028-02-29", "2027-02-28"),
            ("4th thu nov", "2026-11-26", "2027-11-26"),
            ("4th thu nov", "2027-11-25", "2027-11-18"),
            ("1st mon sep", "2026-09-07", "2026-09-14"),
            ("3rd mon jan", "2026-01-19", "2026-01-26"),
            ("last mon may", "2026-05-25", "2026-05-18"),
            ("last mon may", "2027-05-31", "2027-05-24"),
            ("5th fri jul", "2026-07-31", "2026-07-24"),
            ("2026-07-20..2026-07-31", "2026-07-20", "2026-07-19"),
            ("2026-07-20..2026-07-31", "2026-07-31", "2026-08-01"),
        ] {
            let parsed = DateRule::parse(rule).unwrap();
            assert!(parsed.is(yes.parse().unwrap()), "{rule} {yes}");
            assert!(!parsed.is(no.parse().unwrap()), "{rule} {no}");
            assert_eq!(parsed.to_string(), rule);
        }
        for wrong in [
            "2026-02-30",
            "13-01",
            "1-1",
            "christmas",
            "",
            "02-30",
            "6th thu nov",
            "4th thursday nov",
            "4th thu november",
            "2026-07-31..2026-07-20",
            "07-20..07-31",
            "2026-07-20..",
            "2026-07-20T10:00",
        ] {
            assert!(DateRule::parse(wrong).is_err(), "{wrong}");
        }
    }
}
