//! Opening hours and holidays by name, and what can ever happen under them.
//!
//! Whether two rules can hold at the same time is not sampled: each kind of day and each part of a
//! day that any rule tells from another is looked at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;

use super::hours::{DAY, Span};
use super::{DateRule, Hours, Opening, When};

/// What the names in `when`, `hours` and `except` stand for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Calendar {
    /// Opening hours.
    pub hours: BTreeMap<String, Hours>,
    /// Lists of holidays.
    pub holidays: BTreeMap<String, Vec<DateRule>>,
}

impl Calendar {
    /// Whether hours are open, or a day is on a list of holidays. A name that is not defined holds
    /// never; a plan that was read has none.
    pub fn is(&self, name: &str, at: DateTime) -> bool {
        match self.hours.get(name) {
            Some(hours) => hours.open_at(at),
            None => self.holiday(name, at.date()).is_some(),
        }
    }

    fn holiday(&self, name: &str, day: Date) -> Option<DateRule> {
        self.holidays.get(name)?.iter().copied().find(|rule| rule.is(day))
    }

    /// Says how things stand: `clinic is closed (exception 12-25)`.
    pub(super) fn tell(&self, name: &str, at: DateTime, out: &mut dyn fmt::Write) -> fmt::Result {
        let Some(hours) = self.hours.get(name) else {
            return match self.holiday(name, at.date()) {
                Some(rule) => write!(out, "today is on {name} ({rule})"),
                None => write!(out, "today is not on {name}"),
            };
        };
        write!(out, "{name} is {}", if hours.open_at(at) { "open" } else { "closed" })?;
        match hours.exception(at.date()) {
            Some(day) => write!(out, " (exception {day})"),
            None => Ok(()),
        }
    }

    /// Says why hours are closed at a civil time; `None` when they are open.
    pub fn closed(&self, name: &str, at: DateTime) -> Option<String> {
        if self.is(name, at) {
            return None;
        }
        let mut words = String::new();
        self.tell(name, at, &mut words).expect("a String takes all that is written");
        Some(words)
    }
}

/// Civil times among which is one for each way in which the names of a calendar can stand.
#[derive(Clone, Debug)]
pub struct Moments {
    times: Vec<DateTime>,
}

/// At which of the [`Moments`] something holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held(Vec<bool>);

/// The Gregorian calendar repeats its weekdays every 28 years, until 2100.
const FIRST: Date = date(2024, 1, 1);
const DAYS: i64 = 28 * 1461 / 4;

impl Moments {
    /// Finds them.
    pub fn of(calendar: &Calendar) -> Self {
        let excepted = calendar.hours.values().flat_map(|hours| &hours.except);
        let rules: Vec<DateRule> = excepted
            .map(|holiday| holiday.day)
            .chain(calendar.holidays.values().flatten().copied())
            .collect();
        let minutes: BTreeSet<u16> = calendar
            .hours
            .values()
            .flat_map(Hours::spans)
            .flat_map(|(span, _)| [span.from % DAY, span.until % DAY])
            .chain([0])
            .collect();
        let kind = |day: Date| {
            let that: Vec<bool> = rules.iter().map(|rule| rule.is(day)).collect();
            (day.weekday().to_monday_zero_offset(), that)
        };
        let mut kinds = BTreeSet::new();
        let mut times = Vec::new();
        for day in days(&rules) {
            // A night may have begun yesterday.
            let yesterday = day.yesterday().map(kind).unwrap_or_default();
            if kinds.insert((kind(day), yesterday)) {
                let at = |minute: &u16| day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
                times.extend(minutes.iter().map(at));
            }
        }
        Self { times }
    }

    /// Returns when an expression holds.
    pub fn when(&self, calendar: &Calendar, when: &When) -> Held {
        let held = |at: &DateTime| when.holds(&mut |name| calendar.is(name, *at));
        Held(self.times.iter().map(held).collect())
    }

    /// Returns when a name holds.
    pub fn name(&self, calendar: &Calendar, name: &str) -> Held {
        Held(self.times.iter().map(|at| calendar.is(name, *at)).collect())
    }
}

fn days(rules: &[DateRule]) -> impl Iterator<Item = Date> {
    let calendar = (0..=DAYS).filter_map(|day| FIRST.checked_add(jiff::Span::new().days(day)).ok());
    let named: Vec<Date> = rules.iter().filter_map(|rule| rule.named()).collect();
    // Of days that are named in another year: the day before, itself, and the next two.
    let round = named.into_iter().flat_map(|day| {
        (-1..=2).filter_map(move |step| day.checked_add(jiff::Span::new().days(step)).ok())
    });
    calendar.chain(round)
}

impl Held {
    /// Whether it holds at no time.
    pub fn never(&self) -> bool {
        !self.0.contains(&true)
    }

    /// Whether it holds whenever the other does.
    pub fn covers(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| *mine || !theirs)
    }

    /// Returns when both hold.
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(mine, theirs)| *mine && *theirs).collect())
    }
}

/// A time that the clock on the wall jumps over, when it is set forward.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Gap {
    /// The day.
    pub day: Date,
    from: u16,
    until: u16,
}

impl Gap {
    /// Returns the next ten years' gaps of a zone from 2026 on: rules change less often than that.
    pub fn of(zone: &TimeZone) -> Vec<Self> {
        let start =
            date(2026, 1, 1).in_tz("UTC").map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp());
        let minute = |at: DateTime| at.hour() as u16 * 60 + at.minute() as u16;
        let mut found = Vec::new();
        for change in zone.following(start).take(20) {
            let (behind, at) = (change.offset(), change.timestamp());
            let Some(before) = zone.preceding(at).next().map(|change| change.offset()) else {
                continue;
            };
            let (from, until) = (before.to_datetime(at), behind.to_datetime(at));
            if until > from && until.date() == from.date() {
                found.push(Self { day: from.date(), from: minute(from), until: minute(until) });
            }
        }
        found
    }

    /// Whether opening hours begin or end within it.
    pub fn cuts(&self, opening: &Opening) -> bool {
        let (days, Span { from, until }) = opening.parts();
        let jumped = |minute: u16| (self.from..self.until).contains(&minute);
        let today = days.contains(&self.day.weekday());
        let yesterday = self.day.yesterday().is_ok_and(|day| days.contains(&day.weekday()));
        // What ends as the clock jumps ends when it should.
        let ends = |until: u16| jumped(until) && until != self.from;
        today && (jumped(from) || (until <= DAY && ends(until)))
            || yesterday && until > DAY && ends(until - DAY)
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { day, from, until } = self;
        let [a, b, c, d] = [from / 60, from % 60, until / 60, until % 60];
        write!(f, "on {day} the clock goes from {a:02}:{b:02} to {c:02}:{d:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialplan::Holiday;

    fn calendar(hours: &[(&str, &[&str], &[&str])]) -> Calendar {
        let hours = hours.iter().map(|(name, open, except)| {
            let open = open.iter().map(|line| Opening::parse(line).unwrap()).collect();
            let except = except.iter().map(|day| Holiday::parse(day).unwrap()).collect();
            ((*name).to_owned(), Hours { open, except })
        });
        let holidays = [("xmas".to_owned(), vec![DateRule::parse("12-25").unwrap()])];
        Calendar { hours: hours.collect(), holidays: holidays.into() }
    }

    #[test]
    fn what_can_ever_happen() {
        let calendar = calendar(&[
            ("clinic", &["mon-fri 08:00-17:00"], &["12-25", "2019-04-01 09:00-10:00"]),
            ("night", &["daily 17:00-08:00"], &[]),
            ("lunch", &["mon-fri 12:00-13:00"], &[]),
            ("saturday", &["sat 00:00-24:00"], &[]),
            ("late-saturday", &["fri 23:00-04:00"], &[]),
            ("never", &[], &[]),
        ]);
        let moments = Moments::of(&calendar);
        let held = |text: &str| moments.when(&calendar, &When::parse(text).unwrap());
        for (text, never) in [
            ("clinic", false),
            ("never", true),
            ("clinic and night", true),
            ("clinic and lunch", false),
            ("clinic and saturday", true),
            ("late-saturday and saturday", false),
            ("clinic and xmas", true),
            ("lunch and xmas", false),
            ("not clinic and not night", false),
            ("clinic and not clinic", true),
        ] {
            assert_eq!(held(text).never(), never, "{text}");
        }
        for (wide, narrow, covers) in [
            ("not night", "clinic", true),
            ("clinic", "not night", false),
            ("clinic", "lunch", false),
            ("clinic or xmas", "lunch", false), // on 2019-04-01 it closes at 10
            ("clinic or not clinic", "saturday", true),
            ("saturday", "late-saturday", false),
        ] {
            assert_eq!(held(wide).covers(&held(narrow)), covers, "{wide} {narrow}");
        }
        assert!(moments.name(&calendar, "lunch").and(&held("saturday")).never());
        // The dated exception opens an hour on a day outside of the 28 years.
        let odd =
            Calendar { hours: [("h".into(), calendar.hours["clinic"].clone())].into(), ..calendar };
        assert!(Moments::of(&odd).times.iter().any(|at| at.date() == date(2019, 4, 1)));
    }

    /// However the names of a random calendar stand at a random time, some moment has them stand so.
    #[test]
    fn no_way_to_stand_is_missed() {
        let mut dice = crate::base::Dice::new(31);
        let openings =
            ["mon-fri 08:00-17:00", "fri 22:00-06:00", "daily 12:15-12:45", "sun-mon 00:00-24:00"];
        let days = [
            "12-25",
            "4th thu nov",
            "last mon may",
            "2026-07-20..2026-07-31",
            "02-29",
            "12-24 08:00-12:00",
            "2031-12-25 22:00-02:00",
        ];
        let near = [
            "2026-12-25",
            "2026-11-26",
            "2027-05-31",
            "2026-07-31",
            "2028-02-29",
            "2031-12-24",
            "2031-12-26",
            "2026-08-01",
        ];
        for _ in 0..40 {
            let mut pick = |from: &[&'static str]| from[dice.below(from.len() as u64) as usize];
            let mut line = || (pick(&openings), pick(&openings), pick(&days), pick(&days));
            let (a, b) = (line(), line());
            let calendar = calendar(&[("a", &[a.0, a.1], &[a.2]), ("b", &[b.0], &[b.2, b.3])]);
            let moments = Moments::of(&calendar);
            let stand = |at: &DateTime| ["a", "b", "xmas"].map(|name| calendar.is(name, *at));
            let known: BTreeSet<_> = moments.times.iter().map(stand).collect();
            for _ in 0..300 {
                let any =
                    FIRST.checked_add(jiff::Span::new().days(dice.below(9_000) as i64)).unwrap();
                let day = match dice.below(2) {
                    0 => near[dice.below(near.len() as u64) as usize].parse().unwrap(),
                    _ => any,
                };
                let at = day.at(dice.below(24) as i8, dice.below(60) as i8, 30, 0);
                assert!(known.contains(&stand(&at)), "{at} {calendar:?}");
            }
        }
    }

    /// In Chicago clocks are set forward on 2026-03-08 from 02:00 to 03:00.
    #[test]
    fn clocks_that_are_set_forward() {
        let gaps = Gap::of(&TimeZone::get("America/Chicago").unwrap());
        assert_eq!(gaps.len(), 10);
        assert_eq!(gaps[0].to_string(), "on 2026-03-08 the clock goes from 02:00 to 03:00");
        for (line, cut) in [
            ("mon-fri 08:00-17:00", false),
            ("sun 02:30-06:00", true),
            ("sun 02:00-06:00", true),
            ("sun 03:00-06:00", false),
            ("sun 00:00-02:00", false),
            ("sun 00:00-02:15", true),
            ("sat 22:00-02:30", true),
            ("sat 22:00-03:00", false),
            ("mon 02:30-06:00", false),
        ] {
            assert_eq!(gaps[0].cuts(&Opening::parse(line).unwrap()), cut, "{line}");
        }
        assert_eq!(Gap::of(&TimeZone::get("America/Phoenix").unwrap()), []);
    }
}
