//! How late finals come and how busy the hearing threads are; and what is left out so that finals are not late.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::speech::Work;

/// What is measured lies within this time.
const WINDOW: Duration = Duration::from_secs(10);
/// Finals of the window that are kept: eight calls end some 20 turns in it.
const FINALS: usize = 256;
/// Partial results are left out while a turn waits so long, or finals came so late, or the threads are so busy.
const NO_PARTIALS: (Duration, Duration, f32) =
    (Duration::from_millis(150), Duration::from_millis(400), 0.45);
/// The same for guesses: without them there is less to compute, but all of it after the turn's end.
const NO_GUESSES: (Duration, Duration, f32) =
    (Duration::from_millis(500), Duration::from_millis(900), 0.90);

/// How it stands with the hearing threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HearingLoad {
    /// How long the oldest turn waits that is over and has no final text.
    pub waiting: Duration,
    /// How late finals came in the last 10 s: 19 of 20 earlier than this.
    pub p95: Duration,
    /// The share of the threads' time in the last 10 s that went into finals and guesses, 0 to 1.
    pub busy: f32,
    /// The share that went into partial results, which are left out when time is short.
    pub partials: f32,
}

/// Measures.
#[derive(Default)]
pub(super) struct HearingMeter {
    threads: usize,
    /// When a final came, and how long after the turn's end.
    finals: VecDeque<(Instant, Duration)>,
    /// What was computed: when it was done, how long it took, and whether it could have been left out.
    computed: VecDeque<(Instant, Duration, bool)>,
}

impl HearingMeter {
    pub(super) fn new(threads: usize) -> Self {
        Self { threads, ..Self::default() }
    }

    /// Something was computed.
    pub(super) fn computed(&mut self, work: Work, begun: Instant, now: Instant) {
        self.forget(now);
        let took = now.saturating_duration_since(begun);
        self.computed.push_back((now, took, work == Work::Partial));
    }

    /// A turn that was over then has its final.
    pub(super) fn finished(&mut self, over: Instant, now: Instant) {
        self.forget(now);
        if self.finals.len() == FINALS {
            self.finals.pop_front();
        }
        self.finals.push_back((now, now.saturating_duration_since(over)));
    }

    /// Says how it stands, when the oldest turn that is over waits so long.
    pub(super) fn load(&mut self, now: Instant, waiting: Duration) -> HearingLoad {
        self.forget(now);
        let share = |partial: bool| {
            let took = self.computed.iter().filter(|(.., it)| *it == partial);
            let took: Duration = took.map(|(_, took, _)| *took).sum();
            took.as_secs_f32() / (WINDOW.as_secs_f32() * self.threads.max(1) as f32)
        };
        HearingLoad { waiting, p95: self.p95(), busy: share(false), partials: share(true) }
    }

    /// The least urgent work that there is time for.
    pub(super) fn least(&mut self, now: Instant, waiting: Duration) -> Work {
        let load = self.load(now, waiting);
        let short = |(wait, late, busy): (Duration, Duration, f32)| {
            load.waiting > wait || load.p95 > late || load.busy > busy
        };
        match (short(NO_GUESSES), short(NO_PARTIALS)) {
            (true, _) => Work::Final,
            (false, true) => Work::Guess,
            (false, false) => Work::Partial,
        }
    }

    fn p95(&self) -> Duration {
        let mut late: Vec<_> = self.finals.iter().map(|(_, late)| *late).collect();
        late.sort_unstable();
        // Of few the latest but one: a single one is a hiccup.
        let beyond = (late.len() / 20).max(1);
        late.len().checked_sub(1 + beyond).map_or(Duration::ZERO, |at| late[at])
    }

    fn forget(&mut self, now: Instant) {
        let old = |at: &Instant| now.saturating_duration_since(*at) > WINDOW;
        while self.finals.front().is_some_and(|(at, _)| old(at)) {
            self.finals.pop_front();
        }
        while self.computed.front().is_some_and(|(at, ..)| old(at)) {
            self.computed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn partials_are_left_out_first_and_then_guesses() {
        let start = Instant::now();
        let mut meter = HearingMeter::new(2);
        let least = |meter: &mut HearingMeter, at| meter.least(start + ms(at), Duration::ZERO);
        assert_eq!(least(&mut meter, 0), Work::Partial);
        // What could be left out is no reason to leave anything out.
        for at in 1..=8 {
            meter.computed(Work::Partial, start + ms(1000 * at - 999), start + ms(1000 * at));
        }
        assert_eq!(least(&mut meter, 8_000), Work::Partial);
        for at in 1..=10 {
            meter.computed(Work::Guess, start + ms(8_000), start + ms(8_000 + 100 * at));
        }
        // 0.1 + 0.2 + ... + 1.0 s of 20 s.
        let load = meter.load(start + ms(9_000), ms(3));
        assert!(
            (load.busy - 0.275).abs() < 0.001 && (load.partials - 0.4).abs() < 0.01,
            "{load:?}"
        );
        meter.computed(Work::Final, start + ms(9_000), start + ms(13_000));
        assert_eq!(least(&mut meter, 13_000), Work::Guess);
        for _ in 0..3 {
            meter.computed(Work::Final, start + ms(10_000), start + ms(13_000));
        }
        assert_eq!(least(&mut meter, 13_000), Work::Final);
        assert_eq!(least(&mut meter, 23_100), Work::Partial, "ten seconds later all is forgotten");
    }

    #[test]
    fn a_turn_that_waits_comes_before_all_that_is_not_over() {
        let now = Instant::now();
        let mut meter = HearingMeter::new(1);
        let mut least = |waits| meter.least(now, ms(waits));
        assert_eq!([least(150), least(151), least(501)], [Work::Partial, Work::Guess, Work::Final]);
    }

    #[test]
    fn one_late_final_is_a_hiccup_and_two_are_not() {
        let start = Instant::now();
        let mut meter = HearingMeter::new(1);
        let p95 = |meter: &mut HearingMeter| meter.load(start, Duration::ZERO).p95;
        assert_eq!(p95(&mut meter), Duration::ZERO);
        for (late, said) in [(900, 0), (100, 100), (50, 100), (900, 900), (900, 900)] {
            meter.finished(start - ms(late), start);
            assert_eq!(p95(&mut meter), ms(said), "after {late}");
        }
        for _ in 0..100 {
            meter.finished(start - ms(20), start);
        }
        assert_eq!(p95(&mut meter), ms(20));
    }
}
