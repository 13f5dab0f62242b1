//! What has come of a stream and waits for its turn: which packet is of the stream, which came
//! before, and which is the first of another.

use std::time::{Duration, Instant};

use crate::base::{ExtSeqNo, RtpTime, SampleRate, SeqNo};

use super::delay::{Arrival, Delay};
use super::jitter::{MAX_PAYLOAD, MIN_JUMP_MS};
use super::payloads::{Payloads, Place};
use super::succession::Succession;
use super::{Counters, Inserted, Packet, Ssrc};

/// Slots, by the low bits of the sequence number: 32 × 20 ms = 640 ms, far beyond any hold.
pub(super) const SLOTS: usize = 32;
const _: () = assert!(SLOTS.is_power_of_two());
/// Numbers before the next one of which it is known whether they were released.
const REMEMBERED: i64 = 64;
/// A packet that may begin another stream is waited for no longer than this, where another one asks for its
/// place.
const STRAY_FOR: Duration = Duration::from_millis(200);
/// A jump of the numbers is believed when so many packets go on from there.
const JUMPED: u8 = 2;
/// The same where number and time say alike that they are of the stream, and late.
const WOUND_BACK: u8 = 8;
/// Packets that may be as late as that (RFC 3550 appendix A.1).
const MAX_MISORDER: i64 = 100;
/// A larger jump of the timestamp is a new clock, not a pause.
pub(super) const MAX_JUMP_MS: u32 = 10_000;

/// A packet that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) time: RtpTime,
    /// On the continuous clock, and how late it came.
    pub(super) arrival: Arrival,
    /// None for an event or comfort noise.
    pub(super) samples: u32,
    pub(super) payload_type: u8,
    pub(super) marker: bool,
    place: Place,
}

impl Slot {
    /// The timestamp after its last sample.
    pub(super) fn end(&self) -> RtpTime {
        RtpTime(self.time.0.wrapping_add(self.samples))
    }
}

/// The stream being received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    pub(super) ssrc: Ssrc,
    /// What is released next.
    pub(super) next: ExtSeqNo,
    /// The timestamp after the last sound released; `None` to take whatever comes.
    pub(super) expected: Option<RtpTime>,
    /// Which of the 64 numbers before `next` were released, the latest lowest.
    released: u64,
    highest: ExtSeqNo,
}

/// A packet that may begin another stream, until the next one says.
#[derive(Clone, Copy, Debug)]
struct Stray {
    ssrc: Ssrc,
    seq: SeqNo,
    came: Instant,
    slot: Slot,
    /// How many came in sequence, and since when.
    count: u8,
    since: Instant,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// It waits for its turn.
    Kept,
    /// It waits, and nothing of what was before counts any more.
    Began,
    /// It came so late that its turn is over: in microseconds over the fastest, where its time can be trusted.
    Late(Option<i64>),
    /// It does not wait.
    Not(Inserted),
}

#[derive(Clone, Debug)]
pub(super) struct Incoming {
    pub(super) samples_per_ms: u32,
    pub(super) delay: Delay,
    pub(super) stream: Option<Stream>,
    slots: [Option<Slot>; SLOTS],
    waiting: usize,
    payloads: Payloads,
    stray: Option<Stray>,
    succession: Succession,
}

impl Incoming {
    pub(super) fn new(clock: SampleRate) -> Self {
        Self {
            samples_per_ms: (clock.0 / 1000).max(1),
            delay: Delay::new(clock),
            stream: None,
            slots: [None; SLOTS],
            waiting: 0,
            payloads: Payloads::new(),
            stray: None,
            succession: Succession::default(),
        }
    }

    /// Begins anew on another clock, in the same memory.
    pub(super) fn restart(&mut self, clock: SampleRate) {
        (self.samples_per_ms, self.delay) = ((clock.0 / 1000).max(1), Delay::new(clock));
        (self.stream, self.stray, self.waiting) = (None, None, 0);
        self.slots = [None; SLOTS];
        self.payloads.free_all();
        self.succession = Succession::default();
    }

    pub(super) fn payloads(&self) -> (usize, usize) {
        self.payloads.first()
    }

    /// Media were agreed anew, perhaps with another far end, and perhaps under a key.
    pub(super) fn agree(&mut self, another_far_end: bool, genuine: bool) {
        self.succession.agree(another_far_end, genuine);
    }

    /// Takes a packet in. While `idle` nothing is expected, so that the next packet of the stream
    /// is taken as it comes. Of a stream that is `silent` from time to time, a pause is no end.
    pub(super) fn insert(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        samples: u32,
        (idle, silent): (bool, bool),
        counters: &mut Counters,
    ) -> Taken {
        if packet.payload.len() > MAX_PAYLOAD {
            counters.out_of_range += 1;
            return Taken::Not(Inserted::TooEarly);
        }
        let Some(stream) = &mut self.stream else {
            return self.first_of_all(now, packet, samples, counters);
        };
        if stream.ssrc != packet.header.ssrc {
            return self.newcomer(now, packet, samples, silent, counters);
        }
        let seq = stream.next.nearest(packet.header.seq);
        let ahead = seq.value() as i64 - stream.next.value() as i64;
        let per_ms = self.samples_per_ms;
        let (explained, anew) = self.succession.heard(now, stream.ssrc, samples, (ahead, per_ms));
        if ahead < 0 && samples > 0 && stream.is_new(packet.header.time, self.samples_per_ms) {
            // Sound that has not been yet, under numbers that have: they were given out anew.
            return self.suspect(now, packet, samples, (JUMPED, Inserted::TooLate), counters);
        }
        match ahead {
            // The first packet after a pause sets the clock anew: nothing waits that it could overtake.
            1.. if idle && self.waiting == 0 && explained => {
                self.forget_stray(now);
                // What was sent while nothing was to be heard is not lost.
                counters.lost += if anew { 0 } else { ahead as u64 };
                if let Some(stream) = &mut self.stream {
                    stream.skip_to(seq);
                }
                self.keep(now, seq, packet, samples, counters)
            }
            0..32 => {
                self.forget_stray(now);
                if self.slots[index(seq)].is_some() {
                    counters.duplicate += 1;
                    return Taken::Not(Inserted::Duplicate);
                }
                self.keep(now, seq, packet, samples, counters)
            }
            32.. => self.suspect(now, packet, samples, (JUMPED, Inserted::TooEarly), counters),
            _ if stream.was_released(ahead) => {
                self.forget_stray(now);
                counters.duplicate += 1;
                Taken::Not(Inserted::Duplicate)
            }
            -32..0 => {
                stream.mark(ahead);
                self.forget_stray(now);
                counters.late += 1;
                let arrival = (samples > 0).then(|| self.delay.arrive(now, packet.header.time));
                Taken::Late(arrival.map(|arrival| arrival.delay))
            }
            _ => {
                let is_past = stream.is_past(packet.header.time, samples, ahead, per_ms);
                let needed = if is_past { WOUND_BACK } else { JUMPED };
                self.suspect(now, packet, samples, (needed, Inserted::TooLate), counters)
            }
        }
    }

    fn first_of_all(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        samples: u32,
        counters: &mut Counters,
    ) -> Taken {
        if samples == 0 {
            // What is no sound may not even be of a payload type that was agreed.
            counters.out_of_range += 1;
            return Taken::Not(Inserted::TooEarly);
        }
        let first = ExtSeqNo::first(packet.header.seq);
        self.begin(now, packet.header.ssrc, first, samples);
        match self.keep(now, first, packet, samples, counters) {
            Taken::Kept => Taken::Began,
            other => other,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn get(&self, seq: ExtSeqNo) -> Option<&Slot> {
        self.slots[index(seq)].as_ref()
    }

    /// Returns the packet that is next, if it has come.
    pub(super) fn head(&self) -> Option<&Slot> {
        self.get(self.stream.as_ref()?.next)
    }

    /// Returns the first packet that waits, and how many are missing before it.
    pub(super) fn first(&self) -> Option<(u64, &Slot)> {
        if self.waiting == 0 {
            return None;
        }
        let next = self.stream.as_ref()?.next.value();
        (0..SLOTS as u64).find_map(|ahead| {
            let slot = self.slots[(next + ahead) as usize % SLOTS].as_ref()?;
            Some((ahead, slot))
        })
    }

    /// Takes out the packet that is next, if it has come. Its payload stays until the next
    /// packet is kept.
    pub(super) fn take(&mut self) -> Option<Slot> {
        let stream = self.stream.as_mut()?;
        let slot = self.slots[index(stream.next)].take()?;
        self.payloads.free(slot.place);
        self.waiting -= 1;
        stream.step(true);
        Some(slot)
    }

    /// Gives up so many numbers, none of which has come.
    pub(super) fn give_up(&mut self, numbers: u64, counters: &mut Counters) {
        let Some(stream) = &mut self.stream else { return };
        for _ in 0..numbers.min(SLOTS as u64) {
            stream.step(false);
            counters.lost += 1;
        }
    }

    pub(super) fn payload(&self, slot: &Slot) -> &[u8] {
        self.payloads.get(slot.place)
    }

    fn begin(&mut self, now: Instant, ssrc: Ssrc, next: ExtSeqNo, samples: u32) {
        if self.stream.is_none_or(|stream| stream.ssrc != ssrc) {
            self.succession.begin(now, ssrc, samples);
        }
        if self.stream.is_some_and(|stream| stream.ssrc != ssrc) {
            self.delay.another_stream();
        }
        self.slots = [None; SLOTS];
        self.waiting = 0;
        self.payloads.free_all();
        self.stray = None;
        self.stream = Some(Stream { ssrc, next, expected: None, released: 0, highest: next });
    }

    fn keep(
        &mut self,
        now: Instant,
        seq: ExtSeqNo,
        packet: &Packet<'_>,
        samples: u32,
        counters: &mut Counters,
    ) -> Taken {
        let Some(place) = self.payloads.keep(packet.payload) else {
            counters.out_of_range += 1;
            return Taken::Not(Inserted::TooEarly);
        };
        let slot = Slot::new(packet, samples, place);
        self.put(now, seq, slot, counters);
        Taken::Kept
    }

    fn put(&mut self, now: Instant, seq: ExtSeqNo, mut slot: Slot, counters: &mut Counters) {
        if slot.samples > 0 {
            slot.arrival = self.delay.arrive(now, slot.time);
        }
        if let Some(stream) = &mut self.stream {
            counters.reordered += u64::from(seq < stream.highest);
            stream.highest = stream.highest.max(seq);
        }
        self.slots[index(seq)] = Some(slot);
        self.waiting += 1;
    }

    /// A packet of another stream than the present one.
    fn newcomer(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        samples: u32,
        silent: bool,
        counters: &mut Counters,
    ) -> Taken {
        let needed = self.stream.and_then(|stream| {
            let streams = (packet.header.ssrc, stream.ssrc);
            self.succession.needed(now, streams, silent, self.samples_per_ms)
        });
        // Only sound of a payload type that was agreed makes a stream.
        let Some(needed) = needed.filter(|_| samples > 0) else {
            counters.out_of_range += 1;
            return Taken::Not(Inserted::TooEarly);
        };
        self.suspect(now, packet, samples, (needed, Inserted::TooEarly), counters)
    }

    /// RFC 3550 appendix A.1: another stream, or a far jump, is believed when as many packets as
    /// are `needed` directly continue each other.
    fn suspect(
        &mut self,
        now: Instant,
        packet: &Packet<'_>,
        samples: u32,
        (needed, verdict): (u8, Inserted),
        counters: &mut Counters,
    ) -> Taken {
        let (ssrc, seq) = (packet.header.ssrc, packet.header.seq);
        let continued =
            self.stray.filter(|stray| stray.ssrc == ssrc && stray.seq.0.wrapping_add(1) == seq.0);
        let count = continued.map_or(0, |stray| stray.count).saturating_add(1);
        let since = continued.map_or(now, |stray| stray.since);
        let lasted = now.saturating_duration_since(since);
        let enough = Succession::is_enough(count, lasted, needed);
        let Some(stray) = continued.filter(|_| enough) else {
            counters.out_of_range += 1;
            if continued.is_some() {
                self.drop_stray();
            }
            self.forget_stray(now);
            if self.stray.is_none() {
                let place = self.payloads.keep(packet.payload);
                self.stray = place.map(|place| {
                    let slot = Slot::new(packet, samples, place);
                    Stray { ssrc, seq, came: now, slot, count, since }
                });
            }
            return Taken::Not(verdict);
        };
        counters.restarts += 1;
        let first = ExtSeqNo::first(stray.seq);
        // All room is given back, and the stray's is taken again: its bytes do not move.
        let bytes = stray.slot.place;
        self.begin(now, ssrc, first, samples);
        self.payloads.take_again(bytes);
        self.put(stray.came, first, stray.slot, counters);
        match self.keep(now, first.next(), packet, samples, counters) {
            Taken::Kept => Taken::Began,
            other => other,
        }
    }

    /// Drops what may begin another stream, unless it is of one that was displaced and comes back.
    fn forget_stray(&mut self, now: Instant) {
        let comes_back = |stray: &Stray| {
            let fresh = now.saturating_duration_since(stray.came) < STRAY_FOR;
            let before = |stream: Stream| self.succession.goes_before(stray.ssrc, stream.ssrc);
            fresh && self.stream.is_some_and(before)
        };
        if !self.stray.as_ref().is_some_and(comes_back) {
            self.drop_stray();
        }
    }

    fn drop_stray(&mut self) {
        if let Some(stray) = self.stray.take() {
            self.payloads.free(stray.slot.place);
        }
    }
}

impl Slot {
    fn new(packet: &Packet<'_>, samples: u32, place: Place) -> Self {
        Self {
            time: packet.header.time,
            arrival: Arrival::default(),
            samples,
            payload_type: packet.header.payload_type,
            marker: packet.header.marker,
            place,
        }
    }
}

impl Stream {
    /// Goes on to the next number.
    fn step(&mut self, released: bool) {
        self.next = self.next.next();
        self.released = self.released << 1 | u64::from(released);
    }

    fn skip_to(&mut self, seq: ExtSeqNo) {
        let numbers = seq.value().saturating_sub(self.next.value());
        self.released = self.released.checked_shl(numbers as u32).unwrap_or(0);
        self.next = seq;
    }

    fn was_released(&self, ahead: i64) -> bool {
        (-REMEMBERED..0).contains(&ahead) && self.released >> (-ahead - 1) & 1 == 1
    }

    /// A late packet that comes again is a duplicate.
    fn mark(&mut self, ahead: i64) {
        self.released |= 1 << (-ahead - 1);
    }

    /// Whether a packet lies as far back by its time as by its number.
    fn is_past(&self, time: RtpTime, samples: u32, ahead: i64, samples_per_ms: u32) -> bool {
        let Some(expected) = self.expected.filter(|_| samples > 0 && ahead >= -MAX_MISORDER) else {
            return false;
        };
        let back = i64::from(expected.0.wrapping_sub(time.0) as i32);
        (back + ahead * i64::from(samples)).abs() <= i64::from(MIN_JUMP_MS * samples_per_ms)
    }

    /// Whether sound of this time has neither been released nor given up.
    fn is_new(&self, time: RtpTime, samples_per_ms: u32) -> bool {
        let newer = |expected: RtpTime| time.0.wrapping_sub(expected.0);
        self.expected.is_some_and(|expected| newer(expected) <= MAX_JUMP_MS * samples_per_ms)
    }
}

fn index(seq: ExtSeqNo) -> usize {
    seq.value() as usize % SLOTS
}
