//! Timers that wait for the caller, and stand still while the caller is on hold: then nobody keys, and nobody hears.

use std::time::{Duration, Instant};

use super::conversation::Timer;
use crate::base::TimerTable;

/// The timers, on a clock that stops for a hold.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallerTimers {
    timers: TimerTable<Timer>,
    held_since: Option<Instant>,
    /// All holds that are over.
    held_for: Duration,
}

impl CallerTimers {
    /// A hold begins, or ends.
    pub(crate) fn hold(&mut self, now: Instant, held: bool) {
        match (self.held_since, held) {
            (None, true) => self.held_since = Some(now),
            (Some(since), false) => {
                self.held_for += now.saturating_duration_since(since);
                self.held_since = None;
            }
            _ => {}
        }
    }

    /// Starts a timer, or starts it anew.
    pub(crate) fn set(&mut self, now: Instant, timer: Timer, after: Duration) {
        self.timers.set(timer, self.time(now) + after);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        self.timers.stop(timer);
    }

    pub(crate) fn stop_all(&mut self) {
        self.timers.stop_all();
    }

    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<Timer> {
        if self.held_since.is_some() {
            return None;
        }
        self.timers.take_expired(self.time(now))
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        if self.held_since.is_some() {
            return None;
        }
        Some(self.timers.next_deadline()? + self.held_for)
    }

    /// The caller's time: holds are shorter than the call, so that it is never before its begin.
    fn time(&self, now: Instant) -> Instant {
        self.held_since.unwrap_or(now) - self.held_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_shifts_what_was_set_before_it_and_what_is_set_in_it() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = CallerTimers::default();
        timers.set(at(0), Timer::Keyed, Duration::from_millis(100));
        timers.hold(at(60), true);
        timers.set(at(500), Timer::Transfer, Duration::from_millis(70));
        assert_eq!((timers.next_deadline(), timers.take_expired(at(900))), (None, None));
        timers.hold(at(1000), false);
        assert_eq!(timers.next_deadline(), Some(at(1040)));
        assert_eq!(timers.take_expired(at(1039)), None);
        assert_eq!(timers.take_expired(at(1040)), Some(Timer::Keyed));
        // Once more, and told twice.
        timers.hold(at(1050), true);
        timers.hold(at(1060), true);
        timers.hold(at(2050), false);
        timers.hold(at(2060), false);
        assert_eq!(timers.next_deadline(), Some(at(2070)));
        assert_eq!(timers.take_expired(at(2070)), Some(Timer::Transfer));
    }
}
