//! Even playout: how late sound must be heard so that few packets come too late for it, and what
//! is heard every 20 ms.
//!
//! The delay that is aimed at is read from a histogram of how late packets were of late. Where it
//! is not kept, a whole frame of quiet is left out or put in; in speech, a period of the voice.
//! A far end whose clock runs fast or slow is followed in the same way.

use std::time::{Duration, Instant};

use crate::base::{RtpTime, SeqNo};

use super::depth::Depth;
use super::incoming::{Incoming, SLOTS, Slot};
use super::jitter::{MIN_JUMP_MS, PAUSE};
use super::{Counters, Released};

/// Bins of the histogram, of 5 ms each.
const BINS: usize = 80;
const BIN_MS: f32 = 5.0;
/// The part of the packets that is to come in time.
const IN_TIME: f32 = 0.98;
/// Added to the delay of these.
const MARGIN_MS: f32 = 5.0;
/// Bounds of the delay aimed at.
const TARGET_MS: (f32, f32) = (20.0, 240.0);
/// What a packet's weight becomes with each that follows it.
const FORGET: f32 = 0.998;
/// The same while a stream is new.
const FORGET_FAST: f32 = 0.9;
const FAST_FOR: Duration = Duration::from_secs(3);
/// Added to the delay of a packet that came too late, which then counts for so long.
const LATE_MARGIN_MS: f32 = 10.0;
const LATE_FOR: Duration = Duration::from_secs(6);
/// The latest of several counts for so long at least.
const STALLED_FOR: Duration = Duration::from_secs(1);
/// A frame of quiet is left out above the target by this, or put in below by that.
const DROP_MS: f32 = 20.0;
const INSERT_MS: f32 = 10.0;
/// Speech is made shorter above the target by this, longer below by [`INSERT_MS`].
const FASTER_MS: f32 = 40.0;
/// At most this often.
const SCALE_EVERY: Duration = Duration::from_millis(60);
/// The most that one scaling takes away.
const SCALE_MOST_MS: u32 = 13;
/// A talkspurt begins when it is this close to the target: half of the time between two ticks.
const START_MS: f32 = 5.0;
/// Nothing more is made up after this long without a packet.
const DRY_MS: u32 = 60;
/// So many packets in a row that are all too late are no accident.
const BEHIND: u8 = 5;

/// When what comes is played.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Playout {
    /// As soon as it is in order: for recognition, which wants the least delay.
    #[default]
    Reorder,
    /// One frame every 20 ms, late enough that few packets come too late: for ears.
    Paced,
}

/// How the next 20 ms are made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pace {
    /// From 20 ms of what comes.
    Keep,
    /// From what comes after 20 ms that are left out.
    Drop,
    /// From nothing: quiet that goes on.
    Insert,
    /// From a little more than 20 ms.
    Faster,
    /// From a little less.
    Slower,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Nothing is played until the next packet is late enough.
    #[default]
    Stopped,
    /// Nothing is played because nothing came: the next packet is late already.
    Starved,
    Playing,
}

/// What the next pull gives.
enum Step {
    Again,
    Pause,
    Lost(u32),
    Packet(Slot),
}

/// Decides what is played when.
#[derive(Clone, Debug)]
pub(super) struct Pacer {
    histogram: [f32; BINS],
    began: Option<Instant>,
    /// Delay asked for by a packet that came too late, and until when.
    late: Option<(f32, Instant)>,
    /// The same of the latest of those that came in a row.
    stalled: Option<(f32, Instant)>,
    state: State,
    /// What is played next, on the continuous clock.
    position: i64,
    /// Samples made up before `position` without knowing yet whether anything was sent.
    dry: u32,
    /// Samples in the last packet.
    packet: u32,
    /// The far end has said that it falls silent.
    silent: bool,
    /// It sends nothing while nobody speaks.
    pauses: bool,
    /// Packets too late in a row.
    behind: u8,
    scaled: Option<Instant>,
    /// Samples made up that are not a whole frame yet.
    concealed: u32,
}

impl Default for Pacer {
    fn default() -> Self {
        Self {
            histogram: [0.0; BINS],
            began: None,
            late: None,
            stalled: None,
            state: State::Stopped,
            position: 0,
            dry: 0,
            packet: 0,
            silent: false,
            pauses: false,
            behind: 0,
            scaled: None,
            concealed: 0,
        }
    }
}

impl Pacer {
    /// Waits for the next packet as for the first.
    pub(super) fn stop(&mut self) {
        *self = Self { pauses: self.pauses, ..Self::default() };
    }

    /// Another stream begins. Its network is likely the same.
    pub(super) fn restart(&mut self, now: Instant) {
        (self.state, self.dry, self.behind) = (State::Stopped, 0, 0);
        self.began = Some(now);
    }

    pub(super) fn arrived(&mut self, now: Instant, seq: SeqNo, incoming: &Incoming) {
        let stream = incoming.stream.as_ref();
        let Some(slot) = stream.and_then(|stream| incoming.get(stream.next.nearest(seq))) else {
            return;
        };
        let began = *self.began.get_or_insert(now);
        let forget = match now.saturating_duration_since(began) < FAST_FOR {
            true => FORGET_FAST,
            false => FORGET,
        };
        self.histogram.iter_mut().for_each(|weight| *weight *= forget);
        let bin = (slot.arrival.delay.max(0) as f32 / 1000.0 / BIN_MS) as usize;
        self.histogram[bin.min(BINS - 1)] += 1.0 - forget;
    }

    /// A packet came when its turn was over.
    pub(super) fn late(&mut self, now: Instant, delay_micros: i64) {
        let asked = delay_micros.max(0) as f32 / 1000.0 + LATE_MARGIN_MS;
        self.late = Some((asked, now + LATE_FOR));
        // Those that come behind it out of the same queue are less late, and take nothing back.
        if !self.stalled.is_some_and(|(delay, until)| now < until && delay > asked) {
            self.stalled = Some((asked, now + STALLED_FOR));
        }
    }

    pub(super) fn expect_pauses(&mut self) {
        self.pauses = true;
    }

    /// Whether nothing is sent while nobody speaks.
    pub(super) fn pauses(&self) -> bool {
        self.pauses
    }

    /// The delay aimed at, in milliseconds.
    pub(super) fn target_ms(&self, now: Instant) -> f32 {
        let total: f32 = self.histogram.iter().sum();
        let (mut below, mut delay) = (0.0, 0.0);
        for (bin, &weight) in self.histogram.iter().enumerate() {
            if below + weight >= total * IN_TIME && weight > 0.0 {
                delay = (bin as f32 + (total * IN_TIME - below) / weight) * BIN_MS;
                break;
            }
            below += weight;
        }
        let asked = [self.late, self.stalled].into_iter().flatten();
        let late = asked.filter(|(_, until)| now < *until).map(|(delay, _)| delay);
        (delay + MARGIN_MS).max(late.fold(0.0, f32::max)).clamp(TARGET_MS.0, TARGET_MS.1)
    }

    pub(super) fn pace(
        &mut self,
        now: Instant,
        wanted: u32,
        quiet: bool,
        incoming: &Incoming,
    ) -> Pace {
        let Some(slot) = incoming.head() else { return Pace::Keep };
        let per_ms = incoming.samples_per_ms;
        let jump = (slot.arrival.at - self.position).abs();
        let whole = slot.samples > 0 && jump < i64::from(MIN_JUMP_MS * per_ms);
        if wanted == 0 || self.state != State::Playing || !whole {
            return Pace::Keep;
        }
        // The last packet that these 20 ms are made of is the one that must have come.
        let last = self.position + i64::from(wanted.saturating_sub(slot.samples));
        let over = incoming.delay.of(now, last) as f32 / 1000.0 - self.target_ms(now);
        let has = |ms: u32| available(incoming) >= wanted + ms * per_ms;
        if quiet {
            return match over {
                _ if over > DROP_MS && has(PAUSE.as_millis() as u32) => Pace::Drop,
                _ if over < -INSERT_MS => Pace::Insert,
                _ => Pace::Keep,
            };
        }
        if self.scaled.is_some_and(|at| now.saturating_duration_since(at) < SCALE_EVERY) {
            return Pace::Keep;
        }
        let pace = match over {
            _ if over > FASTER_MS && has(SCALE_MOST_MS) => Pace::Faster,
            _ if over < -INSERT_MS => Pace::Slower,
            _ => return Pace::Keep,
        };
        self.scaled = Some(now);
        pace
    }

    pub(super) fn pull<'a>(
        &mut self,
        now: Instant,
        quiet: bool,
        incoming: &'a mut Incoming,
        depth: &mut Depth,
        counters: &mut Counters,
    ) -> Released<'a> {
        let pause = PAUSE.as_millis() as u32 * incoming.samples_per_ms;
        // Every step takes a packet, gives numbers up or changes the state.
        for _ in 0..4 * SLOTS {
            match self.step(now, quiet, incoming, counters) {
                Step::Again => {}
                Step::Pause => break,
                Step::Lost(samples) => return Released::Lost { samples },
                Step::Packet(slot) => {
                    depth.take(incoming.delay.of(now, slot.arrival.at));
                    let payload = incoming.payload(&slot);
                    return Released::Packet { payload_type: slot.payload_type, payload };
                }
            }
        }
        Released::Pause { samples: pause }
    }

    fn step(
        &mut self,
        now: Instant,
        quiet: bool,
        incoming: &mut Incoming,
        counters: &mut Counters,
    ) -> Step {
        let per_ms = incoming.samples_per_ms;
        let Some((missing, slot)) = incoming.first().map(|(missing, slot)| (missing, *slot)) else {
            return self.dry(quiet, per_ms);
        };
        if slot.samples == 0 {
            // An event or comfort noise: until the next sound there is none.
            incoming.give_up(missing, counters);
            incoming.take();
            self.silent = true;
            return Step::Again;
        }
        let at = slot.arrival.at;
        if self.dry > 0 {
            self.settle(now, &slot, missing, per_ms, counters);
        }
        let jump = i64::from(MIN_JUMP_MS * per_ms);
        match self.state {
            State::Stopped => {
                let delay = incoming.delay.of(now, at) as f32 / 1000.0;
                if delay < self.target_ms(now) - START_MS {
                    return Step::Pause;
                }
                incoming.give_up(missing, counters);
                self.position = at;
                self.state = State::Playing;
                Step::Again
            }
            State::Starved => {
                incoming.give_up(missing, counters);
                self.position = if at - self.position >= jump { at } else { self.position };
                self.state = State::Playing;
                Step::Again
            }
            State::Playing if missing > 0 => self.gap(missing, &slot, incoming, counters),
            State::Playing if at - self.position >= jump => {
                // Nothing was sent, and this begins when it is late enough again.
                self.pauses |= !self.silent;
                self.state = State::Stopped;
                Step::Again
            }
            State::Playing => self.next(now, &slot, incoming, counters),
        }
    }

    /// The packet that is next has come; it may be too late.
    fn next(
        &mut self,
        now: Instant,
        slot: &Slot,
        incoming: &mut Incoming,
        counters: &mut Counters,
    ) -> Step {
        let end = slot.arrival.at + i64::from(slot.samples);
        incoming.take();
        if end <= self.position && self.behind < BEHIND {
            counters.late += 1;
            counters.lost += 1;
            self.behind += 1;
            self.late(now, slot.arrival.delay);
            return Step::Again;
        }
        self.position = end;
        self.packet = slot.samples;
        self.behind = 0;
        self.silent = false;
        if let Some(stream) = &mut incoming.stream {
            stream.expected = Some(slot.end());
        }
        Step::Packet(*slot)
    }

    /// Numbers are missing before a packet: its timestamp tells how much sound.
    fn gap(
        &mut self,
        missing: u64,
        slot: &Slot,
        incoming: &mut Incoming,
        counters: &mut Counters,
    ) -> Step {
        let per_ms = incoming.samples_per_ms;
        let jump = i64::from(MIN_JUMP_MS * per_ms);
        let packet = self.packet.clamp(MIN_JUMP_MS * per_ms, DRY_MS * per_ms);
        let samples = slot.arrival.at - self.position;
        if samples < jump {
            incoming.give_up(missing, counters);
            return Step::Again;
        }
        if samples > missing as i64 * 3 * i64::from(packet) {
            // More than was lost: somewhere in it, nothing was sent.
            incoming.give_up(missing, counters);
            self.state = State::Stopped;
            return Step::Again;
        }
        let before = samples < i64::from(packet) + jump;
        let samples = if before { samples as u32 } else { packet };
        incoming.give_up(if before { missing } else { u64::from(missing > 1) }, counters);
        self.position += i64::from(samples);
        if let Some(stream) = &mut incoming.stream {
            stream.expected = stream.expected.map(|time| RtpTime(time.0.wrapping_add(samples)));
        }
        self.conceal(samples, per_ms, counters);
        Step::Lost(samples)
    }

    /// Nothing has come.
    fn dry(&mut self, quiet: bool, per_ms: u32) -> Step {
        if self.state != State::Playing {
            return Step::Pause;
        }
        if self.silent || self.pauses && quiet {
            self.state = State::Stopped;
            return Step::Pause;
        }
        if self.dry >= DRY_MS * per_ms {
            self.state = State::Starved;
            return Step::Pause;
        }
        let samples = PAUSE.as_millis() as u32 * per_ms;
        self.dry += samples;
        self.position += i64::from(samples);
        Step::Lost(samples)
    }

    /// A packet tells why there was none: nothing was sent, or it was lost, or is late.
    fn settle(
        &mut self,
        now: Instant,
        slot: &Slot,
        missing: u64,
        per_ms: u32,
        counters: &mut Counters,
    ) {
        let before = self.position - i64::from(self.dry);
        let dry = std::mem::take(&mut self.dry);
        let jump = i64::from(MIN_JUMP_MS * per_ms);
        if missing == 0 && slot.arrival.at >= before + jump {
            self.pauses = true;
            self.state = State::Stopped;
            return;
        }
        self.conceal(dry, per_ms, counters);
        if missing == 0 {
            self.late(now, slot.arrival.delay);
        }
    }

    /// Counts sound that is made up, in whole frames.
    pub(super) fn conceal(&mut self, samples: u32, per_ms: u32, counters: &mut Counters) {
        let frame = PAUSE.as_millis() as u32 * per_ms;
        self.concealed += samples;
        counters.concealed += u64::from(self.concealed / frame);
        self.concealed %= frame;
    }
}

/// Samples of sound that have come without a gap.
fn available(incoming: &Incoming) -> u32 {
    let Some(stream) = &incoming.stream else { return 0 };
    let mut next = stream.next;
    let mut samples = 0;
    while let Some(slot) = incoming.get(next).filter(|_| samples < u32::MAX / 2) {
        samples += slot.samples;
        next = next.next();
        if next.value() - stream.next.value() >= SLOTS as u64 {
            break;
        }
    }
    samples
}
