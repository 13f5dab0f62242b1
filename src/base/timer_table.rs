//! Timers with names: one enum per machine, one deadline per name.

use std::time::Instant;

/// The running timers of one machine, by name. Tables are small, so a scan beats a heap.
#[derive(Clone, Debug)]
pub struct TimerTable<T>(Vec<(T, Instant)>);

impl<T> Default for TimerTable<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy + Eq> TimerTable<T> {
    /// Starts the timer, or moves its deadline if it is running.
    pub fn set(&mut self, timer: T, at: Instant) {
        self.stop(timer);
        self.0.push((timer, at));
    }

    /// Stops the timer, if it is running.
    pub fn stop(&mut self, timer: T) {
        self.0.retain(|(name, _)| *name != timer);
    }

    /// Stops all timers.
    pub fn stop_all(&mut self) {
        self.0.clear();
    }

    /// Returns when the timer is due, if it is running.
    pub fn deadline(&self, timer: T) -> Option<Instant> {
        self.0.iter().find(|(name, _)| *name == timer).map(|(_, at)| *at)
    }

    /// Returns the earliest deadline.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.0.iter().map(|(_, at)| *at).min()
    }

    /// Takes the earliest expired timer, so that the caller's loop handles each exactly once.
    pub fn take_expired(&mut self, now: Instant) -> Option<T> {
        let index =
            (0..self.0.len()).filter(|&i| self.0[i].1 <= now).min_by_key(|&i| self.0[i].1)?;
        Some(self.0.remove(index).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn expires_in_order_each_once() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timers = TimerTable::default();
        timers.set('b', at(20));
        timers.set('a', at(10));
        timers.set('c', at(30));
        timers.set('c', at(5));
        timers.stop('x');
        assert_eq!(timers.next_deadline(), Some(at(5)));
        assert_eq!(timers.take_expired(at(4)), None);
        let mut fired = Vec::new();
        while let Some(name) = timers.take_expired(at(20)) {
            fired.push(name);
        }
        assert_eq!(fired, ['c', 'a', 'b']);
        assert_eq!(timers.next_deadline(), None);
    }
}
