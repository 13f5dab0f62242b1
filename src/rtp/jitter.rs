//! Packets back into the order they were sent in.
//!
//! Sound for recognition wants the least delay, not an even one: what is in order is released at
//! once, a gap is held for a short while and then given up. Time without packets is filled, so
//! that the media clock goes on.

use std::time::{Duration, Instant};

use crate::base::{ExtSeqNo, RtpTime, SampleRate};

use super::{Counters, Packet, Ssrc};

/// Slots, by the low bits of the sequence number: 32 × 20 ms = 640 ms, far beyond any hold.
const SLOTS: usize = 32;
const _: () = assert!(SLOTS.is_power_of_two());
/// The longest payload kept: 60 ms of 16-bit samples at 8 kHz.
pub const MAX_PAYLOAD: usize = 960;
/// How long a gap is held for reordered packets.
const HOLD: Duration = Duration::from_millis(20);
/// The same, for a while after a packet came too late.
const LONG_HOLD: Duration = Duration::from_millis(60);
/// For how long.
const LONG_HOLD_FOR: Duration = Duration::from_secs(10);
/// A gap is given up at once when this many packets wait behind it: a burst after a stall.
const CROWD: usize = 8;
/// Without packets for this long, pauses are released in their place.
const IDLE: Duration = Duration::from_millis(200);
/// The same, from a far end that is known to send nothing while nobody speaks.
const IDLE_DTX: Duration = Duration::from_millis(60);
/// The length of one pause.
const PAUSE: Duration = Duration::from_millis(20);
/// The most that is filled in at a jump of the timestamp, or after a stall of ours.
const MAX_FILL: Duration = Duration::from_millis(500);
/// A larger jump of the timestamp is a new clock, not a pause.
const MAX_JUMP_MS: u32 = 10_000;
/// A smaller one is a rounding error of the far end.
const MIN_JUMP_MS: u32 = 10;

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

#[derive(Clone, Debug)]
struct Slot {
    used: bool,
    time: RtpTime,
    samples: u32,
    payload_type: u8,
    marker: bool,
    length: usize,
    bytes: [u8; MAX_PAYLOAD],
}

impl Slot {
    const EMPTY: Self = Self {
        used: false,
        time: RtpTime(0),
        samples: 0,
        payload_type: 0,
        marker: false,
        length: 0,
        bytes: [0; MAX_PAYLOAD],
    };

    fn fill(&mut self, packet: &Packet<'_>, samples: u32) {
        self.used = true;
        self.time = packet.header.time;
        self.samples = samples;
        self.payload_type = packet.header.payload_type;
        self.marker = packet.header.marker;
        self.length = packet.payload.len();
        self.bytes[..self.length].copy_from_slice(packet.payload);
    }
}

/// The stream being received.
#[derive(Clone, Copy, Debug)]
struct Stream {
    ssrc: Ssrc,
    /// What is released next.
    next: ExtSeqNo,
    /// The timestamp after the last sound released; `None` to take whatever comes.
    expected: Option<RtpTime>,
    /// Which of the 64 numbers before `next` were released, the latest lowest.
    released: u64,
}

/// A packet that may begin another stream, until the next one says.
#[derive(Clone, Debug)]
struct Stray {
    ssrc: Ssrc,
    seq: ExtSeqNo,
    slot: Slot,
}

/// The reorder buffer of one leg.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    samples_per_ms: u32,
    slots: [Slot; SLOTS],
    waiting: usize,
    stream: Option<Stream>,
    stray: Stray,
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
}

impl JitterBuffer {
    /// Makes an empty buffer for a stream whose timestamps count at `clock`.
    pub fn new(clock: SampleRate) -> Self {
        Self {
            samples_per_ms: (clock.0 / 1000).max(1),
            slots: [Slot::EMPTY; SLOTS],
            waiting: 0,
            stream: None,
            stray: Stray {
                ssrc: Ssrc(0),
                seq: ExtSeqNo::first(crate::base::SeqNo(0)),
                slot: Slot::EMPTY,
            },
            gap_since: None,
            gave_up: false,
            long_hold_until: None,
            last_sound: None,
            idle: IDLE,
            paused: 0,
        }
    }

    /// Goes on with timestamps that count at another `clock`.
    pub fn set_clock(&mut self, clock: SampleRate) {
        let samples_per_ms = (clock.0 / 1000).max(1);
        if samples_per_ms != self.samples_per_ms {
            *self = Self { last_sound: self.last_sound, ..Self::new(clock) };
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
        if packet.payload.len() > MAX_PAYLOAD {
            counters.out_of_range += 1;
            return Inserted::TooEarly;
        }
        let ssrc = packet.header.ssrc;
        let Some(stream) = &mut self.stream else {
            self.start(ssrc, ExtSeqNo::first(packet.header.seq));
            return self.keep(ExtSeqNo::first(packet.header.seq), packet, samples);
        };
        if stream.ssrc != ssrc {
            return self.suspect(packet, samples, Inserted::TooEarly, counters);
        }
        let seq = stream.next.nearest(packet.header.seq);
        let ahead = seq.value() as i64 - stream.next.value() as i64;
        match ahead {
            // The first packet after a pause sets the clock anew: nothing waits that it could overtake.
            1.. if self.paused > 0 && self.waiting == 0 => {
                self.stray.slot.used = false;
                counters.lost += ahead as u64;
                stream.released = stream.released.checked_shl(ahead as u32).unwrap_or(0);
                stream.next = seq;
                self.gave_up = true;
                self.keep(seq, packet, samples)
            }
            0..32 => {
                self.stray.slot.used = false;
                if self.slots[seq.value() as usize % SLOTS].used {
                    counters.duplicate += 1;
                    return Inserted::Duplicate;
                }
                self.keep(seq, packet, samples)
            }
            32.. => self.suspect(packet, samples, Inserted::TooEarly, counters),
            -64..0 if stream.released >> (-ahead - 1) & 1 == 1 => {
                self.stray.slot.used = false;
                counters.duplicate += 1;
                Inserted::Duplicate
            }
            -32..0 => {
                self.stray.slot.used = false;
                counters.late += 1;
                self.long_hold_until = Some(now + LONG_HOLD_FOR);
                Inserted::TooLate
            }
            _ => self.suspect(packet, samples, Inserted::TooLate, counters),
        }
    }

    /// Returns what is due; ask again until `None`. At most a few dozen answers a call of
    /// [`Self::insert`].
    pub fn release(&mut self, now: Instant, counters: &mut Counters) -> Option<Released<'_>> {
        let last_sound = *self.last_sound.get_or_insert(now);
        self.give_up_gap(now, counters);
        for _ in 0..SLOTS {
            let Some(stream) = &mut self.stream else { break };
            let index = stream.next.value() as usize % SLOTS;
            let slot = &mut self.slots[index];
            if !slot.used {
                break;
            }
            if slot.samples > 0
                && let Some(samples) = fill_before(stream, slot, self.paused, self.samples_per_ms)
            {
                stream.expected = None;
                self.paused = 0;
                if self.gave_up {
                    return Some(Released::Lost { samples });
                }
                self.idle = if slot.marker { IDLE_DTX } else { self.idle };
                return Some(Released::Pause { samples });
            }
            slot.used = false;
            self.waiting -= 1;
            self.gap_since = None;
            stream.next = stream.next.next();
            stream.released = stream.released << 1 | 1;
            if slot.samples == 0 {
                continue;
            }
            // RFC 3551 §4.1: a marker after a pause is the sign of a far end that does not send
            // silence, so that its pauses need not be waited for.
            if slot.marker && self.paused > 0 {
                self.idle = IDLE_DTX;
            }
            stream.expected = Some(RtpTime(slot.time.0.wrapping_add(slot.samples)));
            self.gave_up = false;
            self.paused = 0;
            self.last_sound = Some(now);
            let slot = &self.slots[index];
            let payload = &slot.bytes[..slot.length];
            return Some(Released::Packet { payload_type: slot.payload_type, payload });
        }
        self.pause(now, last_sound)
    }

    /// The far end sends comfort noise: its pauses need not be waited for.
    pub fn expect_pauses(&mut self) {
        self.idle = IDLE_DTX;
    }

    /// Returns the stream being received.
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.stream.map(|stream| stream.ssrc)
    }

    fn start(&mut self, ssrc: Ssrc, next: ExtSeqNo) {
        self.slots.iter_mut().for_each(|slot| slot.used = false);
        self.waiting = 0;
        self.gap_since = None;
        self.gave_up = false;
        self.stream = Some(Stream { ssrc, next, expected: None, released: 0 });
    }

    fn keep(&mut self, seq: ExtSeqNo, packet: &Packet<'_>, samples: u32) -> Inserted {
        self.slots[seq.value() as usize % SLOTS].fill(packet, samples);
        self.waiting += 1;
        Inserted::Kept
    }

    /// RFC 3550 appendix A.1: another stream, or a far jump, is believed when a second packet
    /// directly continues the first.
    fn suspect(
        &mut self,
        packet: &Packet<'_>,
        samples: u32,
        verdict: Inserted,
        counters: &mut Counters,
    ) -> Inserted {
        let ssrc = packet.header.ssrc;
        let continues = self.stray.slot.used
            && self.stray.ssrc == ssrc
            && self.stray.seq.next().to_wire() == packet.header.seq;
        if !continues {
            counters.out_of_range += 1;
            self.stray.slot.fill(packet, samples);
            self.stray.ssrc = ssrc;
            self.stray.seq = ExtSeqNo::first(packet.header.seq);
            return verdict;
        }
        counters.restarts += 1;
        let first = self.stray.seq;
        self.start(ssrc, first);
        let slot = &mut self.slots[first.value() as usize % SLOTS];
        slot.clone_from(&self.stray.slot);
        self.stray.slot.used = false;
        self.waiting += 1;
        self.keep(first.next(), packet, samples)
    }

    fn give_up_gap(&mut self, now: Instant, counters: &mut Counters) {
        let Some(stream) = &mut self.stream else { return };
        let slots = &self.slots;
        let missing = |next: ExtSeqNo| !slots[next.value() as usize % SLOTS].used;
        if self.waiting == 0 || !missing(stream.next) {
            return;
        }
        let since = *self.gap_since.get_or_insert(now);
        let hold = match self.long_hold_until {
            Some(until) if now < until => LONG_HOLD,
            _ => HOLD,
        };
        if now.duration_since(since) < hold && self.waiting < CROWD {
            return;
        }
        // Something waits within the slots, so that this ends.
        while missing(stream.next) {
            stream.next = stream.next.next();
            stream.released <<= 1;
            counters.lost += 1;
        }
        self.gave_up = true;
        self.gap_since = None;
    }

    fn pause(&mut self, now: Instant, last_sound: Instant) -> Option<Released<'_>> {
        let paused = Duration::from_millis((self.paused / self.samples_per_ms).into());
        let due = last_sound + self.idle + paused;
        if self.waiting > 0 || now < due {
            return None;
        }
        let samples = PAUSE.as_millis() as u32 * self.samples_per_ms;
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
