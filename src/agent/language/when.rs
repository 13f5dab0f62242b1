//! When a caller wants to come, or when an appointment is that they speak about.

use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::practice::Daypart;

/// What was said about a day and a time of day. All of it narrows; an empty one allows everything.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct When {
    /// Not before this day.
    pub(crate) from: Option<Date>,
    /// Before this day.
    pub(crate) until: Option<Date>,
    /// Only these days of the week.
    pub(crate) weekdays: Vec<Weekday>,
    /// Not these days of the week.
    pub(crate) avoid: Vec<Weekday>,
    /// Only this part of the day.
    pub(crate) daypart: Option<Daypart>,
    /// Not before this time of day.
    pub(crate) earliest: Option<Time>,
    /// Not at or after this time of day.
    pub(crate) latest: Option<Time>,
    /// As soon as possible, or any time at all.
    pub(crate) anytime: bool,
    /// In relation to what was offered.
    pub(crate) shift: Option<Shift>,
}

/// A wish in relation to the time on offer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shift {
    /// Another time, whichever.
    Other,
    /// Another day.
    OtherDay,
    /// After it.
    Later,
    /// Before it.
    Earlier,
    /// After it on the same day.
    LaterThatDay,
    /// In the week after it.
    WeekAfter,
}

impl When {
    /// Whether nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a day or days were named.
    pub(crate) fn names_day(&self) -> bool {
        self.from.is_some() || self.until.is_some() || !self.weekdays.is_empty()
    }

    /// Whether a time of day was named.
    pub(crate) fn names_time(&self) -> bool {
        self.daypart.is_some() || self.earliest.is_some() || self.latest.is_some()
    }

    /// Whether this day is allowed.
    pub(crate) fn allows_day(&self, day: Date) -> bool {
        self.from.is_none_or(|from| day >= from)
            && self.until.is_none_or(|until| day < until)
            && (self.weekdays.is_empty() || self.weekdays.contains(&day.weekday()))
            && !self.avoid.contains(&day.weekday())
    }

    /// Whether this time of day is allowed.
    pub(crate) fn allows_time(&self, time: Time) -> bool {
        self.daypart.is_none_or(|part| part.contains(time))
            && self.earliest.is_none_or(|earliest| time >= earliest)
            && self.latest.is_none_or(|latest| time < latest)
    }

    /// Whether this start is allowed.
    pub(crate) fn allows(&self, start: DateTime) -> bool {
        self.allows_day(start.date()) && self.allows_time(start.time())
    }

    /// Takes over what was said later: a new day replaces the day and keeps the time of day, and the reverse.
    pub(crate) fn update(&mut self, newer: &Self) {
        if newer.anytime && !newer.names_day() {
            (self.from, self.until) = (None, None);
            self.weekdays.clear();
            self.anytime = true;
        }
        if newer.anytime && !newer.names_time() {
            (self.daypart, self.earliest, self.latest) = (None, None, None);
        }
        if newer.names_day() {
            (self.from, self.until) = (newer.from, newer.until);
            self.weekdays.clone_from(&newer.weekdays);
            self.avoid.retain(|day| !newer.weekdays.contains(day));
            if let (Some(from), Some(until)) = (newer.from, newer.until)
                && from.tomorrow().is_ok_and(|next| next == until)
            {
                self.avoid.retain(|day| *day != from.weekday());
            }
        }
        if newer.names_time() {
            self.daypart = newer.daypart;
            (self.earliest, self.latest) = (newer.earliest, newer.latest);
        }
        if newer.shift == Some(Shift::WeekAfter) {
            // Until it is known after which day.
            self.shift = newer.shift;
        }
        for day in &newer.avoid {
            if !self.avoid.contains(day) {
                self.avoid.push(*day);
            }
        }
    }
}
