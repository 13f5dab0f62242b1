//! Packets back into the order they were sent in, and released when their time has come.
//!
//! There are two times. Sound for recognition wants the least delay, not an even one: what is in
//! order is released at once, a gap is held for a short while and then given up, and time without
//! packets is filled, so that the media clock goes on. Sound for ears wants to be even: that is
//! the [`Pacer`]'s.

use std::time::{Duration, Instant};

use crate::base::{RtpTime, SampleRate};

use super::depth::Depth;
use super::incoming::{Incoming, MAX_JUMP_MS, Slot, Stream, Taken};
use super::playout::{Pace, Pacer, Playout};
use super::{Counters, Packet, Ssrc};

/// The longest payload kept: all that fits into a packet of 1,500 bytes.
pub const MAX_PAYLOAD: usize = 1_460;
/// How long a gap is held for reordered packets.
const HOLD: Duration = Duration::from_millis(20);
/// The same, for a while after a packet came too late.
const LONG_HOLD: Duration = Duration::from_millis(60);
/// For how long.
const LONG_HOLD_FOR: Duration = Duration::from_secs(10);
/// A gap is given up at once when this many packets wait behind it: a burst after a stall, which
/// must not run out of slots.
const CROWD: usize = 24;
/// Without packets for this long, pauses are released in their place.
const IDLE: Duration = Duration::from_millis(200);
/// The same, from a far end that is known to send nothing while nobody speaks.
const IDLE_DTX: Duration = Duration::from_millis(60);
/// The length of one pause.
pub(super) const PAUSE: Duration = Duration::from_millis(20);
/// The most that is filled in at a jump of the timestamp, or after a stall of ours.
const MAX_FILL: Duration = Duration::from_millis(500);
/// A smaller jump is a rounding error of the far end.
pub(super) const MIN_JUMP_MS: u32 = 10;

/// What became of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Inserted {
    /// It waits for its turn, which may be now.
    Kept,
    /// It came before.
    Duplicate,
    /// It is too far ahead, or of another stream; kept only if the next one continues it.
    TooEarly,
    /// Its turn is over.
    TooLate,
}

/// What is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Released<'a> {
    /// The next packet's sound.
    Packet {
        /// What it is coded with.
        payload_type: u8,
        /// As it came.
        payload: &'a [u8],
    },
    /// Sound that was sent and did not come, in samples of the RTP clock: to be concealed.
    Lost {
        /// How much.
        samples: u32,
    },
    /// Time in which nothing was sent, in samples of the RTP clock.
    Pause {
        /// How much.
        samples: u32,
    },
}

/// The jitter buffer of one leg.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    clock: SampleRate,
    incoming: Incoming,
    playout: Playout,
    pacer: Pacer,
    depth: Depth,
    /// When the gap before the waiting packets was found.
    gap_since: Option<Instant>,
    /// Numbers were given up since the last packet.
    gave_up: bool,
    long_hold_until: Option<Instant>,
    /// When sound was last released, or the buffer first asked.
    last_sound: Option<Instant>,
    idle: Duration,
    /// Pauses released since then, in samples.
    paused: u32,
    /// The stream is known to send nothing while nobody speaks.
    pauses: bool,
}

impl JitterBuffer {
    /// Makes an empty buffer for a stream whose timestamps count at `clock`. It releases at once.
    pub fn new(clock: SampleRate) -> Self {
        Self {
            clock,
            incoming: Incoming::new(clock),
            playout: Playout::Reorder,
            pacer: Pacer::default(),
            depth: Depth::default(),
            gap_since: None,
            gave_up: false,
            long_hold_until: None,
            last_sound: None,
            idle: IDLE,
            paused: 0,
            pauses: false,
        }
    }

    /// Goes on after an offer and answer, perhaps with another far end. What comes is `genuine` where nobody but
    /// the far end can have sent it.
    pub fn agree(&mut self, another_far_end: bool, genuine: bool) {
        self.incoming.agree(another_far_end, genuine);
    }

    /// Goes on with the other time of release. What waits stays.
    pub fn set_playout(&mut self, playout: Playout) {
        if playout != self.playout {
            self.playout = playout;
            self.pacer.stop();
            (self.gap_since, self.paused, self.last_sound) = (None, 0, None);
            if let Some(stream) = &mut self.incoming.stream {
                stream.expected = None;
            }
        }
    }

    /// Goes on with timestamps that count at another `clock`. What waits is dropped.
    pub fn set_clock(&mut self, clock: SampleRate) {
        if clock != self.clock {
            self.clock = clock;
            self.incoming.restart(clock);
            self.pacer = Pacer::default();
            (self.gap_since, self.gave_up, self.long_hold_until) = (None, false, None);
            (self.paused, self.pauses) = (0, false);
        }
    }

    /// Takes a packet that carries `samples` of sound: none for an event or comfort noise, which
    /// only takes up its sequence number. Ask [`Self::release`] afterwards.
    pub fn insert(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        samples: u32,
        counters: &mut Counters,
    ) -> Inserted {
        let idle = self.playout == Playout::Reorder && self.paused > 0;
        let silent = self.pauses || self.playout == Playout::Paced && self.pacer.pauses();
        let (lost, before) = (counters.lost, self.ssrc());
        match self.incoming.insert(now, packet, samples, (idle, silent), counters) {
            Taken::Kept => {
                self.gave_up |= counters.lost > lost;
                if self.playout == Playout::Paced && samples > 0 {
                    self.pacer.arrived(now, packet.header.seq, &self.incoming);
                }
                Inserted::Kept
            }
            Taken::Began => {
                (self.gap_since, self.gave_up) = (None, false);
                self.pauses &= before == self.ssrc();
                self.pacer.restart(now);
                Inserted::Kept
            }
            Taken::Late(delay) => {
                self.long_hold_until = Some(now + LONG_HOLD_FOR);
                if let Some(delay) = delay {
                    self.pacer.late(now, delay);
                }
                Inserted::TooLate
            }
            Taken::Not(inserted) => inserted,
        }
    }

    /// Returns what is due under [`Playout::Reorder`]; ask again until `None`. At most a few dozen
    /// answers a call of [`Self::insert`].
    pub fn release(&mut self, now: Instant, counters: &mut Counters) -> Option<Released<'_>> {
        let last_sound = *self.last_sound.get_or_insert(now);
        self.give_up_gap(now, counters);
        while let (Some(stream), Some(slot)) = (&self.incoming.stream, self.incoming.head()) {
            if slot.samples > 0
                && let Some(samples) =
                    fill_before(stream, slot, self.paused, self.incoming.samples_per_ms)
            {
                return Some(self.fill(samples, counters));
            }
            let Some(slot) = self.incoming.take() else { break };
            self.gap_since = None;
            if slot.samples == 0 {
                continue;
            }
            // RFC 3551 §4.1: a marker after a pause is the sign of a far end that does not send
            // silence, so that its pauses need not be waited for.
            if slot.marker && self.paused > 0 {
                self.idle = IDLE_DTX;
                self.pauses |= self.incoming.stream.is_some_and(|it| it.expected.is_some());
            }
            (self.gave_up, self.paused) = (false, 0);
            self.last_sound = Some(now);
            self.expect(slot.end());
            self.depth.take(self.incoming.delay.of(now, slot.arrival.at));
            let payload = self.incoming.payload(&slot);
            return Some(Released::Packet { payload_type: slot.payload_type, payload });
        }
        self.pause(now, last_sound)
    }

    /// Says how to go on under [`Playout::Paced`], where so many samples of the RTP clock are
    /// wanted now, and what was heard last was `quiet` or not.
    pub fn pace(&mut self, now: Instant, wanted: u32, quiet: bool) -> Pace {
        self.pacer.pace(now, wanted, quiet, &self.incoming)
    }

    /// Returns what comes next under [`Playout::Paced`]: always something, and never more than is
    /// due.
    pub fn pull(&mut self, now: Instant, quiet: bool, counters: &mut Counters) -> Released<'_> {
        self.pacer.pull(now, quiet, &mut self.incoming, &mut self.depth, counters)
    }

    /// Returns the packet that comes after what was released last, if it is there: its payload
    /// type and payload. It may know something of what was lost before it (RFC 6716 §2.1.7).
    pub fn following(&self) -> Option<(u8, &[u8])> {
        let slot = self.incoming.head().filter(|slot| slot.samples > 0)?;
        Some((slot.payload_type, self.incoming.payload(slot)))
    }

    /// The far end sends comfort noise: its pauses need not be waited for.
    pub fn expect_pauses(&mut self) {
        (self.idle, self.pauses) = (IDLE_DTX, true);
        self.pacer.expect_pauses();
    }

    /// Returns the place where the next payload is likely kept: its address and bytes, for whoever fetches it ahead.
    pub fn payloads(&self) -> (usize, usize) {
        self.incoming.payloads()
    }

    /// Returns the stream being received.
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.incoming.stream.map(|stream| stream.ssrc)
    }

    /// Returns the delay that [`Playout::Paced`] aims at, in milliseconds.
    pub fn target_ms(&self, now: Instant) -> u32 {
        self.pacer.target_ms(now) as u32
    }

    /// Returns how late sound was released, against the fastest packet.
    pub fn depth(&self) -> &Depth {
        &self.depth
    }

    /// Returns how much faster than ours the far end's clock runs, in millionths; 0 until it is
    /// known.
    pub fn skew_ppm(&self) -> i32 {
        self.incoming.delay.skew_ppm()
    }

    fn expect(&mut self, time: RtpTime) {
        if let Some(stream) = &mut self.incoming.stream {
            stream.expected = Some(time);
        }
    }

    /// Fills the time before the packet that is next.
    fn fill(&mut self, samples: u32, counters: &mut Counters) -> Released<'static> {
        if let Some(stream) = &mut self.incoming.stream {
            stream.expected = None;
        }
        self.paused = 0;
        if self.gave_up {
            self.pacer.conceal(samples, self.incoming.samples_per_ms, counters);
            return Released::Lost { samples };
        }
        self.pauses = true;
        if self.incoming.head().is_some_and(|slot| slot.marker) {
            self.idle = IDLE_DTX;
        }
        Released::Pause { samples }
    }

    fn give_up_gap(&mut self, now: Instant, counters: &mut Counters) {
        let Some((missing @ 1.., _)) = self.incoming.first() else { return };
        let since = *self.gap_since.get_or_insert(now);
        let hold = match self.long_hold_until {
            Some(until) if now < until => LONG_HOLD,
            _ => HOLD,
        };
        if now.duration_since(since) >= hold || self.incoming.waiting() >= CROWD {
            self.incoming.give_up(missing, counters);
            self.gave_up = true;
            self.gap_since = None;
        }
    }

    fn pause(&mut self, now: Instant, last_sound: Instant) -> Option<Released<'_>> {
        let samples_per_ms = self.incoming.samples_per_ms;
        let paused = Duration::from_millis((self.paused / samples_per_ms).into());
        let due = last_sound + self.idle + paused;
        if !self.incoming.is_empty() || now < due {
            return None;
        }
        let samples = PAUSE.as_millis() as u32 * samples_per_ms;
        self.paused = self.paused.saturating_add(samples);
        if now.duration_since(due) > MAX_FILL {
            // We stalled, or an hour on hold is over: go on from here.
            self.last_sound = Some(now.checked_sub(self.idle).unwrap_or(now));
            self.paused = samples;
        }
        Some(Released::Pause { samples })
    }
}

/// Returns how much sound or silence is missing before the packet in `slot`.
fn fill_before(stream: &Stream, slot: &Slot, paused: u32, samples_per_ms: u32) -> Option<u32> {
    let jump = slot.time.0.wrapping_sub(stream.expected?.0);
    let missing = jump.checked_sub(paused)?;
    let plausible = jump <= MAX_JUMP_MS * samples_per_ms && missing >= MIN_JUMP_MS * samples_per_ms;
    plausible.then_some(missing.min(MAX_FILL.as_millis() as u32 * samples_per_ms))
}
