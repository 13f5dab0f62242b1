//! How late packets are: against the fastest of the last seconds, and over the whole call.

use std::time::Instant;

use crate::base::{RtpTime, SampleRate};

/// The fastest packet of so many seconds is what others are compared with.
const WINDOW: usize = 8;
/// Timestamps that run away from arrivals by more than this are another clock.
const ANOTHER_CLOCK: i64 = 1_000_000;
/// The fastest packet of this many seconds is one point of the line that skew is read from.
const BLOCK_SECONDS: i64 = 4;
/// What an older point counts for beside the next one: half after a minute and a half.
const FORGET: f64 = 0.97;
/// Packets of which the fastest is a point: of fewer, it may have been a slow one.
const ENOUGH: u32 = 40;
/// Points before skew is more than a guess.
const POINTS: u32 = 5;

/// One continuous clock for a stream whose timestamps may wrap, jump or begin anew, and the delay
/// of each packet on it.
#[derive(Clone, Debug)]
pub(super) struct Delay {
    clock: i64,
    began: Option<Instant>,
    last: Option<Last>,
    /// The lowest transit time of each second, in microseconds and from an unknown zero.
    minima: [i64; WINDOW],
    second: i64,
    skew: Skew,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    time: RtpTime,
    at: i64,
    arrived: i64,
}

/// When a packet came.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Arrival {
    /// Its first sample on the continuous clock.
    pub(super) at: i64,
    /// How much later than the fastest it came, in microseconds.
    pub(super) delay: i64,
}

impl Delay {
    pub(super) fn new(clock: SampleRate) -> Self {
        Self {
            clock: i64::from(clock.0.max(1000)),
            began: None,
            last: None,
            minima: [i64::MAX; WINDOW],
            second: 0,
            skew: Skew::default(),
        }
    }

    /// What comes next has timestamps of its own.
    pub(super) fn another_stream(&mut self) {
        if let Some(last) = &mut self.last {
            // No stream is so far off that this is not another clock.
            last.time = RtpTime(last.time.0.wrapping_add(1 << 31));
        }
    }

    pub(super) fn arrive(&mut self, now: Instant, time: RtpTime) -> Arrival {
        let began = *self.began.get_or_insert(now);
        let arrived = now.saturating_duration_since(began).as_micros() as i64;
        let at = match self.last {
            None => 0,
            Some(last) => {
                let step = i64::from(time.0.wrapping_sub(last.time.0) as i32);
                let passed = arrived - last.arrived;
                match (self.micros(step) - passed).abs() > ANOTHER_CLOCK {
                    true => {
                        self.skew.restart();
                        last.at + self.samples(passed)
                    }
                    false => last.at + step,
                }
            }
        };
        self.last = Some(Last { time, at, arrived });
        let transit = arrived - self.micros(at);
        self.pass_to(arrived / 1_000_000);
        let minimum = &mut self.minima[self.second as usize % WINDOW];
        *minimum = transit.min(*minimum);
        self.skew.take(arrived, transit);
        Arrival { at, delay: transit - self.fastest() }
    }

    /// How late sound is that would be heard now, in microseconds.
    pub(super) fn of(&self, now: Instant, at: i64) -> i64 {
        let Some(began) = self.began else { return 0 };
        let now = now.saturating_duration_since(began).as_micros() as i64;
        now - self.micros(at) - self.fastest()
    }

    /// How much faster than ours the far end's clock runs, in millionths.
    pub(super) fn skew_ppm(&self) -> i32 {
        self.skew.ppm()
    }

    pub(super) fn micros(&self, samples: i64) -> i64 {
        samples.saturating_mul(1_000_000) / self.clock
    }

    pub(super) fn samples(&self, micros: i64) -> i64 {
        micros.saturating_mul(self.clock) / 1_000_000
    }

    fn fastest(&self) -> i64 {
        // The second of the last packet always has one.
        self.minima.iter().copied().min().unwrap_or(0)
    }

    fn pass_to(&mut self, second: i64) {
        let passed = (second - self.second).clamp(0, WINDOW as i64);
        for back in 0..passed {
            self.minima[(second - back) as usize % WINDOW] = i64::MAX;
        }
        self.second = self.second.max(second);
    }
}

/// A line through the fastest packets, the newest of which count most.
#[derive(Clone, Debug, Default)]
struct Skew {
    block: i64,
    /// The lowest transit time of the block, and when it arrived.
    lowest: Option<(i64, i64)>,
    packets: u32,
    /// Where the line's sums have their origin.
    origin: (i64, i64),
    points: u32,
    weight: f64,
    x: f64,
    y: f64,
    xx: f64,
    xy: f64,
}

impl Skew {
    fn restart(&mut self) {
        *self = Self { block: self.block, ..Self::default() };
    }

    fn take(&mut self, arrived: i64, transit: i64) {
        let block = arrived / 1_000_000 / BLOCK_SECONDS;
        if block != self.block {
            self.block = block;
            let packets = std::mem::take(&mut self.packets);
            if let Some((arrived, transit)) = self.lowest.take()
                && packets >= ENOUGH
            {
                self.point(arrived, transit);
            }
        }
        self.packets += 1;
        if self.lowest.is_none_or(|(_, lowest)| transit < lowest) {
            self.lowest = Some((arrived, transit));
        }
    }

    /// Adds a point and makes it the origin, so that the sums stay small over a long call.
    fn point(&mut self, arrived: i64, transit: i64) {
        let (dx, dy) = match self.points {
            0 => (0.0, 0.0),
            // Seconds and microseconds, so that the slope is in millionths.
            _ => ((arrived - self.origin.0) as f64 / 1e6, (transit - self.origin.1) as f64),
        };
        self.xx += dx * (dx * self.weight - 2.0 * self.x);
        self.xy += dx * dy * self.weight - dx * self.y - dy * self.x;
        self.x -= dx * self.weight;
        self.y -= dy * self.weight;
        for sum in [&mut self.weight, &mut self.x, &mut self.y, &mut self.xx, &mut self.xy] {
            *sum *= FORGET;
        }
        self.weight += 1.0;
        self.points += 1;
        self.origin = (arrived, transit);
    }

    fn ppm(&self) -> i32 {
        let spread = self.weight * self.xx - self.x * self.x;
        if self.points < POINTS || spread <= 0.0 {
            return 0;
        }
        // A fast far end is ever less late.
        -((self.weight * self.xy - self.x * self.y) / spread).round() as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use std::time::Duration;

    /// Packets of 20 ms for so long from a clock that is wrong by `ppm`, with uniform jitter.
    fn run(seconds: u64, ppm: i64, jitter_us: u64) -> (Delay, i64) {
        let (start, mut dice) = (Instant::now(), Dice::new(9));
        let mut delay = Delay::new(SampleRate(8000));
        let mut most = 0;
        for index in 0..seconds * 50 {
            let sent = (index * 20_000) as i64 * (1_000_000 - ppm) / 1_000_000;
            let now = start + Duration::from_micros(sent as u64 + dice.below(jitter_us + 1));
            let time = RtpTime((u32::MAX - 9000).wrapping_add(index as u32 * 160));
            most = most.max(delay.arrive(now, time).delay);
        }
        (delay, most)
    }

    #[test]
    fn skew_is_read_from_the_fastest_packets() {
        for (ppm, jitter, within) in [(0, 0, 0), (500, 0, 1), (-500, 5000, 8), (60, 60_000, 60)] {
            let (delay, most) = run(300, ppm, jitter);
            let read = i64::from(delay.skew_ppm());
            assert!((read - ppm).abs() <= within, "{read} and not {ppm} ppm");
            // Within the window a slow clock is 4 ms behind.
            assert!(most <= jitter as i64 + 4500, "{most} µs with {jitter} µs of jitter");
        }
    }

    #[test]
    fn a_clock_that_jumps_and_another_stream_go_on_where_the_last_packet_was() {
        let start = Instant::now();
        let mut delay = Delay::new(SampleRate(8000));
        let mut at =
            |ms: u64, time: u32| delay.arrive(start + Duration::from_millis(ms), RtpTime(time));
        assert_eq!(at(0, 7), Arrival { at: 0, delay: 0 });
        assert_eq!(at(25, 167), Arrival { at: 160, delay: 5000 });
        assert_eq!(at(45, 28_800_000), Arrival { at: 320, delay: 5000 });
        assert_eq!(at(60, 28_800_160), Arrival { at: 480, delay: 0 });
        delay.another_stream();
        let next = delay.arrive(start + Duration::from_millis(80), RtpTime(28_800_320));
        assert_eq!(next, Arrival { at: 640, delay: 0 });
    }

    #[test]
    fn any_times_are_survived() {
        let (start, mut dice) = (Instant::now(), Dice::new(1));
        let mut delay = Delay::new(SampleRate(48_000));
        for _ in 0..100_000 {
            let now = start + Duration::from_micros(dice.below(1 << 50));
            let arrival = delay.arrive(now, RtpTime(dice.bits() as u32));
            delay.of(now, arrival.at);
            delay.skew_ppm();
        }
    }
}
