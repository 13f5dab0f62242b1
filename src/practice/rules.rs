//! Rules of the practice that need no record: what may be offered, who acts for themselves.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

/// How long before its start a slot is last offered, in minutes: time to get there.
pub const NOTICE: i64 = 60;

/// From this age on a patient speaks for themselves, in years.
pub const ADULT_AGE: i16 = 18;

/// Whether a slot that starts then may still be offered now.
pub fn may_offer(start: DateTime, now: DateTime) -> bool {
    now.checked_add(NOTICE.minutes()).is_ok_and(|earliest| start >= earliest)
}

/// Whether somebody born then is a minor today. A birthday on 29 February is kept on 1 March.
pub fn is_minor(birth_date: Date, today: Date) -> bool {
    let had_birthday = (today.month(), today.day()) >= (birth_date.month(), birth_date.day());
    let years = today.year() - birth_date.year() - i16::from(!had_birthday);
    years < ADULT_AGE
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, datetime};

    #[test]
    fn a_slot_needs_an_hour_of_notice() {
        let now = datetime(2026, 3, 19, 9, 0, 0, 0);
        assert!(!may_offer(datetime(2026, 3, 19, 9, 59, 59, 0), now));
        assert!(may_offer(datetime(2026, 3, 19, 10, 0, 0, 0), now));
        assert!(!may_offer(datetime(2026, 3, 18, 10, 0, 0, 0), now));
        assert!(!may_offer(DateTime::MAX, DateTime::MAX));
    }

    #[test]
    fn adulthood_begins_on_the_birthday() {
        assert!(is_minor(date(2008, 3, 20), date(2026, 3, 19)));
        assert!(!is_minor(date(2008, 3, 19), date(2026, 3, 19)));
        assert!(is_minor(date(2008, 2, 29), date(2026, 2, 28)));
        assert!(!is_minor(date(2008, 2, 29), date(2026, 3, 1)));
        assert!(is_minor(date(2030, 1, 1), date(2026, 3, 1)));
    }
}
