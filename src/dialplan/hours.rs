//! When a practice is open, in its own civil time.
//!
//! Civil times are compared as they stand on the clock on the wall: when it is set forward or
//! back, "08:00-17:00" still means what the sign on the door says.

use std::fmt;

use jiff::civil::{Date, DateTime, Time, Weekday};

/// Opening times of a week, and the days that are exceptions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hours {
    /// The weekly times.
    pub open: Vec<Opening>,
    /// Days on which it is closed whatever the weekly times say.
    pub closed: Vec<DateRule>,
}

/// One line of opening times: `mon-thu 08:00-17:00`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    days: Vec<Weekday>,
    from: Time,
    /// `None` is midnight at the end of the day, written `24:00`.
    until: Option<Time>,
}

/// A day, or the same day of every year.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DateRule {
    /// `2026-11-26`.
    Once(Date),
    /// `01-01`.
    Yearly {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
    },
}

/// Why a line of opening times or a date cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HoursError {
    /// Not days and times.
    #[error("write days and times as \"mon-fri 08:00-17:00\"")]
    Shape,
    /// Not a weekday.
    #[error("`{0}` is not a day: mon, tue, wed, thu, fri, sat or sun")]
    Day(String),
    /// Not a time of day.
    #[error("`{0}` is not a time of day from 00:00 to 24:00")]
    Time(String),
    /// It ends before it begins.
    #[error("it closes before it opens; write a night as two lines, split at 24:00")]
    Backwards,
    /// Not a date.
    #[error("`{0}` is not a date: write 2026-12-25, or 12-25 for every year")]
    Date(String),
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

impl Hours {
    /// Whether it is open at this civil time. The closing minute itself is closed.
    pub fn open_at(&self, at: DateTime) -> bool {
        !self.closed.iter().any(|day| day.is(at.date())) && self.open.iter().any(|o| o.holds(at))
    }

    /// Returns the exception that closes this day, if there is one.
    pub fn exception(&self, day: Date) -> Option<DateRule> {
        self.closed.iter().copied().find(|rule| rule.is(day))
    }
}

impl Opening {
    /// Reads `mon-thu 08:00-17:00`, `sat,sun 10:00-12:00` or `daily 00:00-24:00`.
    ///
    /// # Errors
    /// When a part is not a day or a time, or the times run backwards.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let (days, times) = text.trim().split_once(' ').ok_or(HoursError::Shape)?;
        let (from, until) = times.trim().split_once('-').ok_or(HoursError::Shape)?;
        let days = match days {
            "daily" => DAYS.iter().map(|(_, day)| *day).collect(),
            list => list.split(',').map(day_range).collect::<Result<Vec<_>, _>>()?.concat(),
        };
        let from = time(from)?.ok_or_else(|| HoursError::Time(from.trim().to_owned()))?;
        let until = time(until)?;
        if until.is_some_and(|until| until <= from) {
            return Err(HoursError::Backwards);
        }
        Ok(Self { days, from, until })
    }

    fn holds(&self, at: DateTime) -> bool {
        self.days.contains(&at.weekday())
            && at.time() >= self.from
            && self.until.is_none_or(|until| at.time() < until)
    }
}

impl DateRule {
    /// Reads `2026-11-26`, or `01-01` for every year.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let wrong = || HoursError::Date(text.to_owned());
        if text.len() != 5 {
            return text.parse().map(Self::Once).map_err(|_| wrong());
        }
        // 2024 was a leap year, so that 02-29 can be written.
        let date: Date = format!("2024-{text}").parse().map_err(|_| wrong())?;
        Ok(Self::Yearly { month: date.month(), day: date.day() })
    }

    fn is(self, date: Date) -> bool {
        match self {
            Self::Once(day) => day == date,
            Self::Yearly { month, day } => (month, day) == (date.month(), date.day()),
        }
    }
}

impl fmt::Display for DateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(date) => write!(f, "{date}"),
            Self::Yearly { month, day } => write!(f, "{month:02}-{day:02}"),
        }
    }
}

/// Reads `mon` or `mon-thu`; a range may run over the weekend.
fn day_range(text: &str) -> Result<Vec<Weekday>, HoursError> {
    let position = |name: &str| {
        let wrong = || HoursError::Day(name.to_owned());
        DAYS.iter().position(|(known, _)| *known == name).ok_or_else(wrong)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (position(first)?, position(last)?);
    let length = (last + DAYS.len() - first) % DAYS.len() + 1;
    Ok((first..first + length).map(|at| DAYS[at % DAYS.len()].1).collect())
}

/// Reads `08:00`; 24:00 is `None`.
fn time(text: &str) -> Result<Option<Time>, HoursError> {
    let text = text.trim();
    let wrong = || HoursError::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let two = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<i8>().ok()).flatten().ok_or_else(wrong)
    };
    match (two(hour)?, two(minute)?) {
        (24, 0) => Ok(None),
        (hour, minute) => Time::new(hour, minute, 0, 0).map(Some).map_err(|_| wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn open_and_closed() {
        let hours = Hours {
            open: ["mon-thu 08:00-17:00", "fri 08:00-15:00", "sat-sun 22:00-24:00"]
                .map(|line| Opening::parse(line).unwrap())
                .to_vec(),
            closed: ["2026-11-26", "01-01"].map(|day| DateRule::parse(day).unwrap()).to_vec(),
        };
        for (at, open) in [
            ("2026-07-06 07:59:59", false),
            ("2026-07-06 08:00", true),
            ("2026-07-06 16:59:59", true),
            ("2026-07-06 17:00", false),
            ("2026-07-10 15:30", false),
            ("2026-07-11 12:00", false),
            ("2026-07-11 23:59:59", true),
            ("2026-11-26 10:00", false),
            ("2027-11-25 10:00", true),
            ("2026-01-01 10:00", false),
            ("2030-01-01 10:00", false),
        ] {
            assert_eq!(hours.open_at(at.parse().unwrap()), open, "{at}");
        }
        assert_eq!(hours.exception(date(2030, 1, 1)).unwrap().to_string(), "01-01");
    }

    #[test]
    fn a_range_may_run_over_the_weekend() {
        let opening = Opening::parse("sat-mon,wed 09:00-10:00").unwrap();
        let open: Vec<_> =
            DAYS.iter().filter(|(_, d)| opening.days.contains(d)).map(|(n, _)| *n).collect();
        assert_eq!(open, ["mon", "wed", "sat", "sun"]);
    }

    #[test]
    fn what_cannot_be_read() {
        for (line, why) in [
            ("mon", "write days and times as \"mon-fri 08:00-17:00\""),
            ("mon 08:00", "write days and times as \"mon-fri 08:00-17:00\""),
            ("monday 08:00-17:00", "`monday` is not a day: mon, tue, wed, thu, fri, sat or sun"),
            ("mon 8:00-17:00", "`8:00` is not a time of day from 00:00 to 24:00"),
            ("mon 08:00-24:01", "`24:01` is not a time of day from 00:00 to 24:00"),
            ("mon 24:00-24:00", "`24:00` is not a time of day from 00:00 to 24:00"),
            (
                "mon 22:00-06:00",
                "it closes before it opens; write a night as two lines, split at 24:00",
            ),
            (
                "mon 08:00-08:00",
                "it closes before it opens; write a night as two lines, split at 24:00",
            ),
        ] {
            assert_eq!(Opening::parse(line).unwrap_err().to_string(), why, "{line}");
        }
        for day in ["2026-02-30", "13-01", "1-1", "christmas", "", "02-30"] {
            assert!(DateRule::parse(day).is_err(), "{day}");
        }
        assert_eq!(DateRule::parse("02-29"), Ok(DateRule::Yearly { month: 2, day: 29 }));
    }
}
