//! Both ways of playout on every network of the table: how late sound is, and how much of it had
//! to be made up.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod impairment;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use attendant::base::{Dice, SampleRate};
use attendant::rtp::{Counters, JitterBuffer, Pace, Packet, Playout, Released};

use impairment::{Arrival, Impairment, Sent, networks};

/// A frame, in samples.
const FRAME: u32 = 160;
/// What a period of a voice is taken to be where speech is made shorter or longer.
const PERIOD: u32 = 40;

/// What came of a stream.
#[derive(Debug, Default)]
struct Outcome {
    /// How much later than by the fastest way each packet was played, in microseconds.
    delays: Vec<i64>,
    /// Numbers of packets in the order in which they were played.
    played: Vec<u32>,
    counters: Counters,
    /// Sound sent, and time in which silence was played, in milliseconds.
    sent_ms: u64,
    paused_ms: u64,
    /// All that was released, in milliseconds.
    total_ms: f64,
    skew_ppm: i32,
}

impl Outcome {
    fn mean_ms(&self) -> f64 {
        self.delays.iter().sum::<i64>() as f64 / self.delays.len() as f64 / 1000.0
    }

    fn p95_ms(&self) -> f64 {
        let mut sorted = self.delays.clone();
        sorted.sort_unstable();
        sorted[sorted.len() * 95 / 100] as f64 / 1000.0
    }

    fn concealed_percent(&self) -> f64 {
        self.counters.concealed as f64 * 2000.0 / self.sent_ms as f64
    }
}

/// One run through the buffer, tick by tick.
struct Run {
    start: Instant,
    buffer: JitterBuffer,
    outcome: Outcome,
    sent: Vec<Sent>,
    /// Decoded and not played yet, in samples.
    held: u32,
    quiet: bool,
}

impl Run {
    fn new(network: &Impairment, seed: u64, playout: Playout) -> (Self, Vec<Arrival>) {
        let mut dice = Dice::new(seed);
        let sent = network.sent(&mut dice);
        let arrivals = network.arrivals(&sent, &mut dice);
        let mut buffer = JitterBuffer::new(SampleRate(8000));
        buffer.set_playout(playout);
        let sent_ms = sent.iter().map(|sent| sent.ms).sum();
        let outcome = Outcome { sent_ms, ..Outcome::default() };
        (Self { start: Instant::now(), buffer, outcome, sent, held: 0, quiet: false }, arrivals)
    }

    fn arrive(&mut self, arrival: &Arrival) {
        let mut payload = [0; 480];
        payload[..4].copy_from_slice(&arrival.sent.index.to_be_bytes());
        let samples = arrival.sent.ms as u32 * 8;
        let packet = Packet { header: arrival.sent.header, payload: &payload[..samples as usize] };
        let now = self.start + Duration::from_micros(arrival.at_us);
        self.buffer.insert(now, &packet, samples, &mut self.outcome.counters);
    }

    /// Releases all that is due.
    fn release(&mut self, at_us: u64) {
        let now = self.start + Duration::from_micros(at_us);
        while let Some(released) = self.buffer.release(now, &mut self.outcome.counters) {
            take(&mut self.outcome, &self.sent, released, at_us);
        }
    }

    /// Plays 20 ms. A third of the time nobody speaks.
    fn tick(&mut self, at_us: u64) {
        let now = self.start + Duration::from_micros(at_us);
        let pace = self.buffer.pace(now, FRAME.saturating_sub(self.held), self.quiet);
        let counters = &mut self.outcome.counters;
        let samples = match pace {
            Pace::Keep => FRAME,
            Pace::Drop => 2 * FRAME,
            Pace::Insert => 0,
            Pace::Faster => FRAME + PERIOD,
            Pace::Slower => FRAME - PERIOD,
        };
        counters.dropped += u64::from(pace == Pace::Drop);
        counters.inserted += u64::from(pace == Pace::Insert);
        counters.scaled += u64::from(matches!(pace, Pace::Faster | Pace::Slower));
        while self.held < samples {
            let at_us = at_us + u64::from(self.held) * 125;
            let released = self.buffer.pull(now, self.quiet, &mut self.outcome.counters);
            let (samples, index) = take(&mut self.outcome, &self.sent, released, at_us);
            self.held += samples;
            if let Some(index) = index {
                self.quiet = index % 150 >= 100;
            }
        }
        self.held -= samples;
    }
}

/// Notes what was released: how much, and of which packet.
fn take(
    outcome: &mut Outcome,
    sent: &[Sent],
    released: Released<'_>,
    at_us: u64,
) -> (u32, Option<u32>) {
    let (samples, index) = match released {
        Released::Packet { payload, .. } => {
            let index = u32::from_be_bytes(payload[..4].try_into().unwrap());
            (payload.len() as u32, Some(index))
        }
        Released::Lost { samples } => (samples, None),
        Released::Pause { samples } => {
            outcome.paused_ms += u64::from(samples / 8);
            (samples, None)
        }
    };
    if let Some(index) = index {
        outcome.played.push(index);
        let sent = sent.get(index as usize).expect("a packet of the stream");
        outcome.delays.push(at_us as i64 - sent.sent_us as i64);
    }
    outcome.total_ms += f64::from(samples) / 8.0;
    (samples, index)
}

fn run(network: &Impairment, seed: u64, playout: Playout) -> Outcome {
    let (mut run, arrivals) = Run::new(network, seed, playout);
    let mut next_tick = 7_000;
    let mut tick = |run: &mut Run, until_us: u64| {
        while next_tick <= until_us {
            match playout {
                Playout::Reorder => run.release(next_tick),
                Playout::Paced => run.tick(next_tick),
            }
            next_tick += 20_000;
        }
    };
    for arrival in &arrivals {
        tick(&mut run, arrival.at_us);
        run.arrive(arrival);
        if playout == Playout::Reorder {
            run.release(arrival.at_us);
        }
    }
    tick(&mut run, network.seconds * 1_000_000);
    run.outcome.skew_ppm = run.buffer.skew_ppm();
    run.outcome
}

#[test]
fn table() {
    let mut table = String::new();
    for network in networks() {
        let network = Impairment { seconds: 120, ..network };
        let mut row = format!("{:<32}", network.name);
        for playout in [Playout::Reorder, Playout::Paced] {
            let outcome = run(&network, 1, playout);
            write!(
                row,
                " | {:>6.1} {:>6.1} {:>5.2} p{:>5} l{:>4} d{:>3} i{:>3} s{:>3} {:>4}",
                outcome.mean_ms(),
                outcome.p95_ms(),
                outcome.concealed_percent(),
                outcome.paused_ms,
                outcome.counters.late,
                outcome.counters.dropped,
                outcome.counters.inserted,
                outcome.counters.scaled,
                outcome.skew_ppm,
            )
            .unwrap();
        }
        table += &row;
        table += "\n";
    }
    println!("{table}");
}
