//! How busy a media thread is, and whether it takes more legs.
//!
//! A thread that is full makes every call sound bad, not only the last one. So it says beforehand
//! that it is full, and says otherwise only when there is room again for a while.

use std::time::Duration;

/// Above this part of a core no more legs are taken: beyond 95 % the kernel takes real-time
/// threads 50 ms of every second, and what is between is for bursts.
const FULL: f32 = 0.70;
/// Below this part they are taken again.
const ROOM: f32 = 0.60;
/// The same, for the part of the time in which ticks were late.
const FULL_OF_LATE: f32 = 0.05;
/// See above.
const ROOM_OF_LATE: f32 = 0.01;
/// Later than this is late: half a packet time, which a far end's jitter buffer still hides.
pub(super) const LATE: Duration = Duration::from_millis(10);
/// Seconds that it must be so: one is a hiccup.
const TO_REFUSE: u32 = 2;
/// See above.
const TO_ACCEPT: u32 = 5;
/// How often it is looked at.
const SECOND: Duration = Duration::from_secs(1);

/// Measures one thread, once a second.
#[derive(Clone, Debug)]
pub(super) struct LoadMeter {
    /// The start of this second: of the clock, and of the thread's own time.
    start: (Duration, Duration),
    /// Time in this second in which ticks were late.
    late: Duration,
    refusing: bool,
    /// Seconds in a row that speak against the present state.
    against: u32,
}

/// What the last second was like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// The part of a core that the thread used.
    pub(super) busy: f32,
    /// Whether no more legs should be taken.
    pub(super) refusing: bool,
}

impl LoadMeter {
    /// Starts at a time of the clock, and of the thread's own.
    pub(super) fn new(clock: Duration, own: Duration) -> Self {
        let start = (clock, own);
        Self { start, late: Duration::ZERO, refusing: false, against: 0 }
    }

    /// Notes time for which ticks were late or left out.
    pub(super) fn late(&mut self, time: Duration) {
        self.late += time;
    }

    /// Whether a second is over, so that the thread's own time is worth asking for.
    pub(super) fn is_due(&self, clock: Duration) -> bool {
        clock.saturating_sub(self.start.0) >= SECOND
    }

    /// Judges the second that is over.
    pub(super) fn measure(&mut self, clock: Duration, own: Duration) -> Measured {
        let lasted = clock.saturating_sub(self.start.0).as_secs_f32().max(f32::MIN_POSITIVE);
        let busy = own.saturating_sub(self.start.1).as_secs_f32() / lasted;
        let late = self.late.as_secs_f32() / lasted;
        (self.start, self.late) = ((clock, own), Duration::ZERO);
        let (speaks_against, needed) = match self.refusing {
            false => (busy >= FULL || late >= FULL_OF_LATE, TO_REFUSE),
            true => (busy < ROOM && late < ROOM_OF_LATE, TO_ACCEPT),
        };
        self.against = if speaks_against { self.against + 1 } else { 0 };
        if self.against >= needed {
            (self.refusing, self.against) = (!self.refusing, 0);
        }
        Measured { busy, refusing: self.refusing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Percent of a core and of lateness in each second; returns the seconds that end refusing.
    fn refusing(seconds: &[(u64, u64)]) -> String {
        let (mut clock, mut own) = (Duration::from_secs(100), Duration::from_secs(3));
        let mut meter = LoadMeter::new(clock, own);
        let mut said = String::new();
        for &(busy, late) in seconds {
            assert!(!meter.is_due(clock + Duration::from_millis(999)));
            clock += Duration::from_millis(1000);
            own += Duration::from_millis(10 * busy);
            meter.late(Duration::from_millis(10 * late));
            assert!(meter.is_due(clock));
            let measured = meter.measure(clock, own);
            assert!((measured.busy - busy as f32 / 100.0).abs() < 0.001);
            said.push(if measured.refusing { '#' } else { '.' });
        }
        said
    }

    #[test]
    fn a_full_thread_refuses_until_there_has_been_room_for_a_while() {
        let steady = |busy, seconds| vec![(busy, 0); seconds];
        assert_eq!(refusing(&steady(69, 10)), "..........");
        assert_eq!(refusing(&steady(71, 4)), ".###");
        // One second is a hiccup.
        assert_eq!(refusing(&[(90, 0), (20, 0), (90, 0), (20, 0), (20, 50), (20, 0)]), "......");
        // Between the two limits it stays as it is.
        let up_and_down = [steady(80, 3), steady(65, 6), steady(50, 6)].concat();
        assert_eq!(refusing(&up_and_down), ".############..");
        let flapping = [steady(80, 2), steady(50, 4), steady(62, 1), steady(50, 5)].concat();
        assert_eq!(refusing(&flapping), ".##########.");
    }

    #[test]
    fn a_thread_that_is_late_refuses_however_little_it_works() {
        assert_eq!(refusing(&[(10, 4); 5]), ".....");
        assert_eq!(refusing(&[(10, 6); 4]), ".###");
        let recovers = [vec![(10, 20); 2], vec![(10, 0); 6]].concat();
        assert_eq!(refusing(&recovers), ".#####..");
    }
}
