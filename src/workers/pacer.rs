//! When a media thread ticks, and what becomes of the ticks that it missed.
//!
//! Deadlines are absolute, so that nothing adds up. Up to 20 ms late, what was missed is made up
//! for at once: each leg sends one packet, late. Beyond that whole packet times are left out: a leg
//! that sent all it missed would send a burst, and one that went on from there would stay behind
//! the clock for good. Their time passes unsent, and what the agent has to say waits for it.

use std::time::Duration;

use super::linux::Monotonic;

/// A packet time of slots.
pub(super) const SLOTS: usize = 20;
/// From one slot to the next.
const TICK: Duration = Duration::from_millis(1);
/// A turn of the wheel: the time of a frame.
const TURN: Duration = Duration::from_millis(SLOTS as u64);

/// One tick that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Due {
    /// Whose.
    pub(super) slot: usize,
    /// Which turn of the wheel. A leg's own turns have no gaps but those that were left out.
    pub(super) turn: u64,
    /// How late it is.
    pub(super) behind: Duration,
    /// How many turns were left out before it.
    pub(super) left_out: u64,
}

/// The deadlines of one thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pacer {
    deadline: Monotonic,
    slot: usize,
    turn: u64,
}

impl Pacer {
    pub(super) fn new(now: Monotonic) -> Self {
        Self { deadline: now, slot: 0, turn: 0 }
    }

    /// Goes on from now: there was nobody to tick for.
    pub(super) fn restart(&mut self, now: Monotonic) {
        self.deadline = now;
    }

    /// Returns when the next tick is due.
    pub(super) fn deadline(&self) -> Monotonic {
        self.deadline
    }

    /// Returns the tick to do now, and moves on to the next.
    pub(super) fn tick(&mut self, now: Monotonic) -> Due {
        let behind = now.since(self.deadline);
        let left_out = (behind.as_millis() / TURN.as_millis()) as u64;
        self.turn += left_out;
        let due = Due { slot: self.slot, turn: self.turn, behind, left_out };
        self.deadline = self.deadline.after(TICK).after(Duration::from_millis(20 * left_out));
        self.slot = (self.slot + 1) % SLOTS;
        self.turn += u64::from(self.slot == 0);
        due
    }
}

/// Ticks in a row that may only send.
const ONLY_SENDING: u32 = 8;

/// Whether a tick takes the time to receive. While the thread is behind, what is to be sent goes first: it is late
/// already, and what came waits in the kernel, which has room for seconds. But not for ever.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Receiving {
    left_out: u32,
}

impl Receiving {
    /// Says it for a tick that is so late.
    pub(super) fn is_due(&mut self, behind: Duration) -> bool {
        let due = behind < TICK || self.left_out >= ONLY_SENDING;
        self.left_out = if due { 0 } else { self.left_out + 1 };
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ticks as a thread does, which sleeps to each deadline and wakes then, unless it is held up
    /// from one millisecond to another. Returns when each leg, one a slot, was ticked: milliseconds
    /// and turn.
    fn run(length: u64, stalls: &[(u64, u64)]) -> (Vec<Vec<(u64, u64)>>, u64) {
        let start = Monotonic::now();
        let mut pacer = Pacer::new(start);
        let mut ticked = vec![Vec::new(); SLOTS];
        let (mut now, mut left_out) = (0, 0);
        while now < length {
            now = now.max(pacer.deadline().since(start).as_millis() as u64);
            if let Some((_, to)) = stalls.iter().find(|(from, to)| (*from..*to).contains(&now)) {
                now = *to;
            }
            let due = pacer.tick(start.after(Duration::from_millis(now)));
            ticked[due.slot].push((now, due.turn));
            left_out += due.left_out;
        }
        (ticked, left_out)
    }

    #[test]
    fn on_time_every_leg_ticks_once_a_turn() {
        let (ticked, left_out) = run(400, &[]);
        assert_eq!(left_out, 0);
        for (slot, ticks) in ticked.iter().enumerate() {
            let expected: Vec<_> = (0..20).map(|turn| (20 * turn + slot as u64, turn)).collect();
            assert_eq!(ticks[..20], expected);
        }
    }

    #[test]
    fn after_any_stall_no_leg_bursts_and_none_is_behind_the_clock() {
        for stall in [1, 3, 19, 20, 21, 39, 40, 150, 1000, 60_000] {
            for from in [100, 107, 119] {
                let (ticked, left_out) = run(from + stall + 200, &[(from, from + stall)]);
                assert_eq!(left_out, stall / 20, "{stall} from {from}");
                for (slot, ticks) in ticked.iter().enumerate() {
                    for &(at, turn) in ticks {
                        // A turn is done in its own time, or late by less than a turn.
                        let due = 20 * turn + slot as u64;
                        assert!((due..due + 20).contains(&at), "{stall} from {from}: {ticks:?}");
                    }
                    // What is late is one packet, never two at a time.
                    assert!(ticks.windows(2).all(|pair| pair[0].0 < pair[1].0), "{ticks:?}");
                    assert!(ticks.windows(2).all(|pair| pair[0].1 < pair[1].1), "{ticks:?}");
                }
            }
        }
    }

    /// Ticks of a thread that is held up once for `stall` µs: how late each was then, in µs, until it was on time to a millisecond. It
    /// sends for 450 µs, and has what came in the meantime to receive, for 450 µs a millisecond of it and at most as
    /// long at a time.
    fn catch_up(stall: u64, receives: impl Fn(&mut Receiving, Duration) -> bool) -> Vec<u64> {
        const COST: u64 = 450;
        let (mut now, mut backlog, mut late) = (stall, stall * COST / 1000, Vec::new());
        let mut receiving = Receiving::default();
        for tick in 0..1000 {
            let behind = now.saturating_sub(1000 * tick);
            late.push(behind);
            if behind < 1000 {
                return late;
            }
            let began = now;
            now += COST;
            if receives(&mut receiving, Duration::from_micros(behind)) {
                let taken = backlog.min(COST);
                (backlog, now) = (backlog - taken, now + taken);
            }
            now = now.max(1000 * (tick + 1));
            backlog += (now - began) * COST / 1000;
        }
        late
    }

    #[test]
    fn a_thread_that_is_behind_sends_first_and_is_soon_on_time() {
        for stall in [2_000, 5_000, 15_000] {
            let late = catch_up(stall, Receiving::is_due);
            let every = catch_up(stall, |_, _| true);
            assert!(late.len() as u64 <= 2 + 22 * stall / 10_000, "{stall}: {late:?}");
            assert!(late.windows(2).all(|pair| pair[1] < pair[0]), "{stall}: {late:?}");
            assert!(every.len() > 3 * late.len(), "{stall}: {} {}", every.len(), late.len());
        }
    }

    #[test]
    fn a_thread_that_stays_behind_hears_all_the_same() {
        let mut receiving = Receiving::default();
        let behind = Duration::from_millis(7);
        let heard = (0..900).filter(|_| receiving.is_due(behind)).count();
        assert_eq!(heard, 100);
        assert!((0..100).all(|_| receiving.is_due(Duration::from_micros(999))));
    }

    #[test]
    fn many_small_delays_do_not_add_up() {
        let stalls: Vec<_> = (0..200).map(|n| (n * 25, n * 25 + 7)).collect();
        let (ticked, left_out) = run(5000, &stalls);
        assert_eq!(left_out, 0);
        let last = ticked[3].last().unwrap();
        assert!(last.0 - (20 * last.1 + 3) < 8, "{last:?}");
    }
}
