//! When a practice is open, in its own civil time.
//!
//! Civil times are compared as they stand on the clock on the wall: when it is set forward or
//! back, "08:00-17:00" still means what the sign on the door says.

use std::fmt;

use jiff::civil::{Date, DateTime, Weekday};

use super::day::{DateRule, day_range};

/// Opening times of a week, and the days that are exceptions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Hours {
    /// The weekly times.
    pub open: Vec<Opening>,
    /// Days on which the weekly times do not hold.
    pub except: Vec<Holiday>,
}

/// One line of opening times: `mon-thu 08:00-17:00`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opening {
    days: Vec<Weekday>,
    span: Span,
}

/// A day on which the weekly times do not hold: `12-25`, or `12-24 08:00-12:00`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Holiday {
    /// The day.
    pub day: DateRule,
    /// When it is open all the same.
    pub open: Option<Span>,
}

/// A time of a day that begins on it, and may end on the next one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// Minutes from midnight at which it begins.
    pub(super) from: u16,
    /// Minutes from the same midnight at which it is over: up to two days.
    pub(super) until: u16,
}

/// Minutes of a day.
pub(super) const DAY: u16 = 24 * 60;

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
    /// It ends when it begins.
    #[error("it closes as it opens; the whole day is 00:00-24:00")]
    Nothing,
    /// Not a date.
    #[error(
        "`{0}` is not a date: write 2026-12-25, 12-25 for every year, \"4th thu nov\", \
         \"last mon may\" or 2026-07-20..2026-07-31"
    )]
    Date(String),
}

impl Hours {
    /// Whether it is open at this civil time. The closing minute itself is closed.
    ///
    /// A night belongs to the day on which it begins: an exception on Friday closes the night from
    /// Friday to Saturday, and one on Saturday does not.
    pub fn open_at(&self, at: DateTime) -> bool {
        let minute = at.time().hour() as u16 * 60 + at.time().minute() as u16;
        let night = || {
            let yesterday = at.date().yesterday();
            yesterday.is_ok_and(|day| self.holds(day, minute + DAY))
        };
        self.holds(at.date(), minute) || night()
    }

    fn holds(&self, day: Date, minute: u16) -> bool {
        let weekday = day.weekday();
        let mut excepted = self.except.iter().filter(|holiday| holiday.day.is(day)).peekable();
        if excepted.peek().is_none() {
            return self.open.iter().any(|o| o.days.contains(&weekday) && o.span.holds(minute));
        }
        // Two lists may name a day: closed is the safer reading.
        let mut some = false;
        for holiday in excepted {
            match holiday.open {
                None => return false,
                Some(span) => some |= span.holds(minute),
            }
        }
        some
    }

    /// Returns the exception that holds on this day, if there is one.
    pub fn exception(&self, day: Date) -> Option<Holiday> {
        let mut found = self.except.iter().copied().filter(|holiday| holiday.day.is(day));
        let first = found.next()?;
        Some(if first.open.is_none() {
            first
        } else {
            found.find(|h| h.open.is_none()).unwrap_or(first)
        })
    }

    /// Returns every span that is written anywhere, with the weekdays it may begin on.
    pub(super) fn spans(&self) -> impl Iterator<Item = (Span, &[Weekday])> {
        let weekly = self.open.iter().map(|opening| (opening.span, opening.days.as_slice()));
        weekly.chain(self.except.iter().filter_map(|holiday| Some((holiday.open?, &[][..]))))
    }
}

impl Opening {
    /// Reads `mon-thu 08:00-17:00`, `sat,sun 10:00-12:00`, `fri 22:00-06:00` (over midnight) or
    /// `daily 00:00-24:00`.
    ///
    /// # Errors
    /// When a part is not a day or a time.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let (days, times) = text.trim().rsplit_once(' ').ok_or(HoursError::Shape)?;
        let days = match days.trim() {
            "daily" => day_range("mon-sun")?,
            list => {
                let ranges = list.split(',').map(|range| day_range(range.trim()));
                ranges.collect::<Result<Vec<_>, _>>()?.concat()
            }
        };
        Ok(Self { days, span: Span::parse(times)? })
    }

    /// Returns the weekdays and the time, for checks against a change of the clock.
    pub fn parts(&self) -> (&[Weekday], Span) {
        (&self.days, self.span)
    }
}

impl Holiday {
    /// Reads a day, closed on it, or a day and its opening time: `12-24 08:00-12:00`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        match text.trim().rsplit_once(' ').filter(|(_, times)| times.contains(':')) {
            Some((day, times)) => {
                Ok(Self { day: DateRule::parse(day.trim())?, open: Some(Span::parse(times)?) })
            }
            None => Ok(Self { day: DateRule::parse(text.trim())?, open: None }),
        }
    }
}

impl Span {
    fn parse(text: &str) -> Result<Self, HoursError> {
        let (from, until) = text.split_once('-').ok_or(HoursError::Shape)?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        if from == DAY {
            return Err(HoursError::Time("24:00".into()));
        }
        match from == until {
            true => Err(HoursError::Nothing),
            false => Ok(Self { from, until: if until < from { until + DAY } else { until } }),
        }
    }

    fn holds(self, minute: u16) -> bool {
        (self.from..self.until).contains(&minute)
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.open {
            None => write!(f, "{}", self.day),
            Some(span) => write!(f, "{} {span}", self.day),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = if self.until > DAY { self.until - DAY } else { self.until };
        let [a, b, c, d] = [self.from / 60, self.from % 60, until / 60, until % 60];
        write!(f, "{a:02}:{b:02}-{c:02}:{d:02}")
    }
}

/// Reads `08:00` as minutes from midnight; 24:00 is the end of the day.
fn minutes(text: &str) -> Result<u16, HoursError> {
    let wrong = || HoursError::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let two = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<u16>().ok()).flatten().ok_or_else(wrong)
    };
    match (two(hour)?, two(minute)?) {
        (24, 0) => Ok(DAY),
        (hour @ 0..24, minute @ 0..60) => Ok(hour * 60 + minute),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn hours(open: &[&str], except: &[&str]) -> Hours {
        Hours {
            open: open.iter().map(|line| Opening::parse(line).unwrap()).collect(),
            except: except.iter().map(|day| Holiday::parse(day).unwrap()).collect(),
        }
    }

    #[track_caller]
    fn check(hours: &Hours, cases: &[(&str, bool)]) {
        for (at, open) in cases {
            assert_eq!(hours.open_at(at.parse().unwrap()), *open, "{at}");
        }
    }

    #[test]
    fn open_and_closed() {
        let hours = hours(
            &["mon-thu 08:00-17:00", "fri 08:00-15:00", "sat-sun 22:00-24:00"],
            &["2026-11-26", "01-01", "12-24 08:00-12:00", "12-31 09:00-10:00", "12-31"],
        );
        check(
            &hours,
            &[
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
                ("2026-12-24 11:59", true),
                ("2026-12-24 12:00", false),
                ("2026-12-31 09:30", false),
            ],
        );
        let shown = |day: Date| hours.exception(day).unwrap().to_string();
        assert_eq!(shown(date(2030, 1, 1)), "01-01");
        assert_eq!(shown(date(2030, 12, 24)), "12-24 08:00-12:00");
        assert_eq!(shown(date(2030, 12, 31)), "12-31");
    }

    /// 2026-07-10 is a Friday.
    #[test]
    fn a_night_runs_over_midnight_and_belongs_to_its_evening() {
        let night = hours(&["fri 22:00-06:00"], &[]);
        check(
            &night,
            &[
                ("2026-07-10 05:00", false),
                ("2026-07-10 21:59", false),
                ("2026-07-10 22:00", true),
                ("2026-07-11 00:00", true),
                ("2026-07-11 05:59", true),
                ("2026-07-11 06:00", false),
                ("2026-07-11 22:00", false),
            ],
        );
        let friday_off = hours(&["fri 22:00-06:00"], &["2026-07-10"]);
        check(&friday_off, &[("2026-07-10 23:00", false), ("2026-07-11 01:00", false)]);
        let saturday_off = hours(&["fri 22:00-06:00"], &["2026-07-11"]);
        check(&saturday_off, &[("2026-07-10 23:00", true), ("2026-07-11 01:00", true)]);
        let until_midnight = hours(&["fri 22:00-00:00"], &[]);
        check(&until_midnight, &[("2026-07-10 23:59", true), ("2026-07-11 00:00", false)]);
    }

    #[test]
    fn what_cannot_be_read() {
        for (line, why) in [
            ("mon", "write days and times as \"mon-fri 08:00-17:00\""),
            ("mon 08:00", "write days and times as \"mon-fri 08:00-17:00\""),
            ("monday 08:00-17:00", "`monday` is not a day: mon, tue, wed, thu, fri, sat or sun"),
            ("mon 8:00-17:00", "`8:00` is not a time of day from 00:00 to 24:00"),
            ("mon 08:00-24:01", "`24:01` is not a time of day from 00:00 to 24:00"),
            ("mon 08:60-09:00", "`08:60` is not a time of day from 00:00 to 24:00"),
            ("mon 24:00-24:00", "`24:00` is not a time of day from 00:00 to 24:00"),
            ("mon 24:00-06:00", "`24:00` is not a time of day from 00:00 to 24:00"),
            ("mon 08:00-08:00", "it closes as it opens; the whole day is 00:00-24:00"),
        ] {
            assert_eq!(Opening::parse(line).unwrap_err().to_string(), why, "{line}");
        }
        for day in ["12-24 8:00-12:00", "12-24 08:00", "08:00-12:00", "x 08:00-12:00"] {
            assert!(Holiday::parse(day).is_err(), "{day}");
        }
    }
}
