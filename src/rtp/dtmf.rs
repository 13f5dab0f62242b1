//! Telephone events (RFC 4733): digits pressed by the caller, and digits we press.
//!
//! A received event is known by its RTP timestamp, so that a lost marker, a lost end and the
//! three copies of an end packet make one digit.

use std::fmt;

use crate::base::{Phi, RtpTime, SampleRate};

use super::{Header, Packet, Ssrc};

/// Bytes of an event payload (RFC 4733 §2.3).
pub const EVENT_PAYLOAD: usize = 4;

/// Digits in the order of their event codes (RFC 4733 §3.2). 16 is the flash hook: an event, and no digit.
const DIGITS: &[u8; 16] = b"0123456789*#ABCD";
/// The code of the flash hook, which is pressed as `!`.
const FLASH: u8 = 16;
/// The volume that most gateways send, -10 dBm0.
const VOLUME: u8 = 10;

/// One event packet's payload.
#[derive(Clone, Copy)]
struct Event {
    code: u8,
    end: bool,
    /// In dBm0, without the sign.
    volume: u8,
    duration: u16,
}

impl Event {
    fn parse(payload: &[u8]) -> Option<Self> {
        let bytes = payload.get(..EVENT_PAYLOAD)?;
        let duration = u16::from_be_bytes([bytes[2], bytes[3]]);
        let (end, volume) = (bytes[1] & 0x80 != 0, bytes[1] & 0x3f);
        Some(Self { code: bytes[0], end, volume, duration })
    }

    fn bytes(self) -> [u8; EVENT_PAYLOAD] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | self.volume, high, low]
    }
}

/// Events remembered, to know their other packets by: seconds of the fastest fingers.
const REMEMBERED: usize = 8;
/// The digits of RFC 4733 are louder than this, -55 dBm0; what is quieter must be refused (§2.3.3).
const QUIETEST: u8 = 55;
/// Some gateways count the timestamp up with every packet of a digit. The next press of the same key cannot begin so
/// soon: a digit and the pause after it last longer.
const CREEP_MS: u32 = 60;
/// A tone beyond the duration field goes on in a segment that begins where the field ends, or as many whole packets
/// before that as fit (RFC 4733 §2.5.1.3).
const SEGMENT: std::ops::RangeInclusive<u32> = 0xf000..=0xffff;
/// A packet this much older than the newest event was overtaken.
const OVERTAKEN_MS: u32 = 2_000;
/// Further back, up to here, it is a stray; beyond, the far end's clock began anew.
const STRAY_MS: u32 = 10_000;

/// An event, by what tells its packets from those of others.
#[derive(Clone, Copy)]
struct Seen {
    ssrc: Ssrc,
    code: u8,
    start: RtpTime,
    /// The last timestamp that it was seen under: the first one, from a far end that keeps to the RFC.
    last: RtpTime,
    ended: bool,
}

impl Seen {
    fn has(&self, ssrc: Ssrc, time: RtpTime) -> bool {
        let span = self.last.0.wrapping_sub(self.start.0);
        self.ssrc == ssrc && time.0.wrapping_sub(self.start.0) <= span
    }
}

/// Turns event packets into digits, each once.
#[derive(Clone)]
pub struct DtmfReceiver {
    /// The newest first.
    seen: [Option<Seen>; REMEMBERED],
    per_ms: u32,
}

impl DtmfReceiver {
    /// Makes a receiver of events whose timestamps count at `clock`: that of the sound beside them (RFC 4733 §2.1).
    pub fn new(clock: SampleRate) -> Self {
        let mut new = Self { seen: [None; REMEMBERED], per_ms: 0 };
        new.set_clock(clock);
        new
    }

    /// Goes on with another clock.
    pub fn set_clock(&mut self, clock: SampleRate) {
        self.per_ms = (clock.0 / 1000).max(1);
    }

    /// Takes an event packet and returns the digit if it is the first packet of one. Packets of a digit may be lost,
    /// come twice or late, as long as one of them comes; overtaken by the next digit as a whole, it comes after that.
    pub fn receive(&mut self, packet: &Packet<'_>) -> Option<Phi<char>> {
        let event = Event::parse(packet.payload).filter(|event| event.volume <= QUIETEST)?;
        let Header { ssrc, time, marker, .. } = packet.header;
        if let Some(known) = self.seen.iter_mut().flatten().find(|seen| seen.has(ssrc, time)) {
            known.ended |= event.end;
            return None;
        }
        let new = Seen { ssrc, code: event.code, start: time, last: time, ended: event.end };
        let digit = DIGITS.get(usize::from(event.code)).map(|digit| Phi::new(char::from(*digit)));
        let newest = self.seen[0].as_mut().filter(|newest| newest.ssrc == ssrc);
        let Some(newest) = newest else {
            self.remember(0, new);
            return digit;
        };
        let ahead = time.0.wrapping_sub(newest.last.0);
        if (ahead as i32) < 0 {
            return self.overtaken(ahead.wrapping_neg(), new).then_some(digit).flatten();
        }
        let same = !marker && newest.code == event.code;
        let creeps = ahead <= CREEP_MS * self.per_ms && (!newest.ended || event.end);
        if same && creeps {
            (newest.last, newest.ended) = (time, newest.ended | event.end);
            return None;
        }
        let goes_on = same && !newest.ended && SEGMENT.contains(&ahead);
        self.remember(0, new);
        digit.filter(|_| !goes_on)
    }

    /// A packet from before the newest event: whether it is the first of its own that came.
    fn overtaken(&mut self, behind: u32, new: Seen) -> bool {
        if behind > STRAY_MS * self.per_ms {
            self.remember(0, new);
            return true;
        }
        let is_older = |seen: &Seen| {
            seen.ssrc != new.ssrc || (new.start.0.wrapping_sub(seen.start.0) as i32) > 0
        };
        let place = self.seen.iter().position(|seen| seen.as_ref().is_none_or(is_older));
        // Older than all that are remembered: it may have been counted and forgotten.
        let Some(place) = place.filter(|_| behind <= OVERTAKEN_MS * self.per_ms) else {
            return false;
        };
        self.remember(place, new);
        true
    }

    fn remember(&mut self, place: usize, new: Seen) {
        self.seen[place..].rotate_right(1);
        self.seen[place] = Some(new);
    }
}

/// Without the digits: they may be part of a date of birth.
impl fmt::Debug for DtmfReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DtmfReceiver").field("per_ms", &self.per_ms).finish_non_exhaustive()
    }
}

/// How long a digit lasts: 100 ms, twice what any receiver needs.
const TONE_MS: u16 = 100;
/// The pause after it: 60 ms, beyond the 40 to 50 ms that old receivers need.
const PAUSE_MS: u16 = 60;
/// Copies of the end packet (RFC 4733 §2.5.1.4).
const END_COPIES: u8 = 3;
/// Digits waiting. A card number is 19; more is refused.
const WAITING: usize = 32;

#[derive(Clone, Copy, Debug)]
enum Sending {
    Idle,
    Tone { code: u8, start: RtpTime, duration: u16 },
    End { code: u8, start: RtpTime, duration: u16, left: u8 },
    Pause { left: u16 },
}

/// Presses digits: says at each packet time what goes out in place of sound.
#[derive(Clone, Debug)]
pub struct DtmfSender {
    waiting: [u8; WAITING],
    count: usize,
    state: Sending,
}

impl Default for DtmfSender {
    fn default() -> Self {
        Self { waiting: [0; WAITING], count: 0, state: Sending::Idle }
    }
}

/// An event packet to send.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct EventOut {
    /// Set on the first packet of a digit.
    pub(crate) marker: bool,
    /// The timestamp of the digit's start.
    pub(crate) time: RtpTime,
    /// The payload.
    pub(crate) payload: [u8; EVENT_PAYLOAD],
}

impl DtmfSender {
    /// Queues a digit; `false` when it is none of `0-9*#A-D` and not `!`, the flash hook, or too many wait.
    pub fn press(&mut self, digit: char) -> bool {
        let digit = digit.to_ascii_uppercase();
        let code = match digit {
            '!' => Some(FLASH),
            _ => DIGITS.iter().position(|&d| char::from(d) == digit).map(|code| code as u8),
        };
        match (code, self.waiting.get_mut(self.count)) {
            (Some(code), Some(place)) => {
                *place = code;
                self.count += 1;
                true
            }
            _ => false,
        }
    }

    /// Whether a digit or the pause after it is under way.
    pub fn is_busy(&self) -> bool {
        self.count > 0 || !matches!(self.state, Sending::Idle)
    }

    /// Moves on by one packet of `samples` that starts at `now` on the RTP clock, of `rate`
    /// samples a millisecond. Returns the event packet, or `None` when sound is to be sent.
    pub(crate) fn next(&mut self, now: RtpTime, samples: u16, rate: u16) -> Option<EventOut> {
        if let Sending::Pause { left } = &mut self.state {
            if *left > samples {
                *left -= samples;
                return None;
            }
            self.state = Sending::Idle;
            return None;
        }
        if let Sending::Idle = self.state {
            let code = self.take()?;
            self.state = Sending::Tone { code, start: now, duration: 0 };
        }
        match self.state {
            Sending::Tone { code, start, duration } => {
                let marker = duration == 0;
                let duration = duration.saturating_add(samples);
                let end = duration >= TONE_MS * rate;
                self.state = if end {
                    Sending::End { code, start, duration, left: END_COPIES - 1 }
                } else {
                    Sending::Tone { code, start, duration }
                };
                let payload = Event { code, end, volume: VOLUME, duration }.bytes();
                Some(EventOut { marker, time: start, payload })
            }
            Sending::End { code, start, duration, left } => {
                self.state = match left {
                    0 | 1 => Sending::Pause { left: PAUSE_MS * rate },
                    _ => Sending::End { code, start, duration, left: left - 1 },
                };
                let payload = Event { code, end: true, volume: VOLUME, duration }.bytes();
                Some(EventOut { marker: false, time: start, payload })
            }
            Sending::Idle | Sending::Pause { .. } => None,
        }
    }

    fn take(&mut self) -> Option<u8> {
        let code = *self.waiting[..self.count].first()?;
        self.waiting.copy_within(1..self.count, 0);
        self.count -= 1;
        Some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Dice, Purpose, SeqNo};

    const CLOCKS: [u16; 2] = [8, 48];

    /// Sends `digits` at 20 ms a packet, on a clock that wraps on the way.
    fn sent(digits: &str, per_ms: u16) -> Vec<EventOut> {
        let mut sender = DtmfSender::default();
        assert!(digits.chars().all(|digit| sender.press(digit)));
        let mut packets = Vec::new();
        let samples = 20 * per_ms;
        let mut now = 0_u32.wrapping_sub(5 * u32::from(samples));
        while sender.is_busy() {
            packets.extend(sender.next(RtpTime(now), samples, per_ms));
            now = now.wrapping_add(u32::from(samples));
        }
        packets
    }

    fn receiver(per_ms: u16) -> DtmfReceiver {
        DtmfReceiver::new(SampleRate(u32::from(per_ms) * 1000))
    }

    fn receive_as(ssrc: u32, receiver: &mut DtmfReceiver, event: &EventOut) -> Option<char> {
        let EventOut { marker, time, payload } = *event;
        let header = Header { payload_type: 101, marker, seq: SeqNo(0), time, ssrc: Ssrc(ssrc) };
        let digit = receiver.receive(&Packet { header, payload: &payload })?;
        Some(*digit.reveal(Purpose::Comparison))
    }

    fn receive(receiver: &mut DtmfReceiver, event: &EventOut) -> Option<char> {
        receive_as(1, receiver, event)
    }

    fn event(code: u8, end: bool, time: u32, duration: u16, marker: bool) -> EventOut {
        let payload = Event { code, end, volume: VOLUME, duration }.bytes();
        EventOut { marker, time: RtpTime(time), payload }
    }

    #[test]
    fn a_digit_is_five_updates_of_growing_duration_and_its_end_three_times() {
        for per_ms in CLOCKS {
            let packets = sent("#", per_ms);
            let durations: Vec<_> =
                packets.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect();
            let expected = [20, 40, 60, 80, 100, 100, 100].map(|ms| ms * per_ms);
            assert_eq!(durations, expected);
            let ends: Vec<_> = packets.iter().map(|p| p.payload[1] >> 7).collect();
            assert_eq!(ends, [0, 0, 0, 0, 1, 1, 1]);
            assert!(packets.iter().all(|p| p.payload[0] == 11 && p.time == packets[0].time));
            let markers: Vec<_> = packets.iter().map(|p| p.marker).collect();
            assert_eq!(markers, [true, false, false, false, false, false, false]);
        }
    }

    /// What a network does to packets: loses and doubles them and lets each be overtaken by up to `late` others.
    fn network(dice: &mut Dice, packets: &[EventOut], late: u64) -> Vec<EventOut> {
        let mut arriving: Vec<(u64, EventOut)> = Vec::new();
        for digit in packets.chunk_by(|a, b| a.time == b.time) {
            let kept = dice.below(digit.len() as u64) as usize;
            for (index, event) in digit.iter().enumerate() {
                let copies = if index == kept { 1 + dice.below(2) } else { dice.below(3) };
                for _ in 0..copies {
                    let at = arriving.len() as u64;
                    let lossy = EventOut { marker: event.marker && dice.below(2) == 0, ..*event };
                    arriving.push((at + dice.below(late + 1), lossy));
                }
            }
        }
        arriving.sort_by_key(|(at, _)| *at);
        arriving.into_iter().map(|(_, event)| event).collect()
    }

    /// Any packets of a digit may be lost, doubled or overtaken, and markers cleared: as long as one packet of it
    /// comes, it is one digit; and in its place, as long as no digit is overtaken as a whole.
    #[test]
    fn whatever_the_network_does_each_digit_counts_once() {
        let number = "18005550100*#ABCD99";
        for (seed, per_ms) in (0..2000).zip(CLOCKS.into_iter().cycle()) {
            let mut dice = Dice::new(seed);
            let packets = sent(number, per_ms);
            let mut whole = receiver(per_ms);
            let arriving = network(&mut dice, &packets, 0);
            let heard: String = arriving.iter().filter_map(|p| receive(&mut whole, p)).collect();
            assert_eq!(heard, number, "seed {seed}");
            // Overtaken by so much that digits change places: each is there, once.
            let arriving = network(&mut dice, &packets, 12);
            let mut mixed = receiver(per_ms);
            let heard = arriving.iter().filter_map(|p| receive(&mut mixed, p));
            let (mut heard, mut keyed) =
                (heard.collect::<Vec<_>>(), number.chars().collect::<Vec<_>>());
            heard.sort_unstable();
            keyed.sort_unstable();
            assert_eq!(heard, keyed, "seed {seed}, overtaken");
        }
    }

    /// Within a digit any order will do, and the last packets of one may come among the first of the next.
    #[test]
    fn digits_stay_in_order_when_packets_do_not() {
        let number = "5553141500*#";
        for (seed, per_ms) in (0..500).zip(CLOCKS.into_iter().cycle()) {
            let mut dice = Dice::new(seed);
            let packets = sent(number, per_ms);
            let mut moved = Vec::new();
            let digits: Vec<_> = packets.chunk_by(|a, b| a.time == b.time).collect();
            for digit in &digits {
                let mut digit = digit.to_vec();
                for index in (1..digit.len()).rev() {
                    digit.swap(index, dice.below(index as u64 + 1) as usize);
                }
                // All but the first to come of the digit before may be behind the first of this one.
                let place = moved.len() - (dice.below(6) as usize).min(moved.len());
                moved.insert(place, digit[0]);
                moved.extend(&digit[1..]);
            }
            let mut receiver = receiver(per_ms);
            let heard: String = moved.iter().filter_map(|p| receive(&mut receiver, p)).collect();
            assert_eq!(heard, number, "seed {seed}");
        }
    }

    #[test]
    fn a_tone_longer_than_its_field_is_one_digit() {
        for (per_ms, step) in [(8, 0xffff_u32), (48, 0xffff), (8, 0xffa0), (48, 0xfc00)] {
            let mut receiver = receiver(per_ms);
            let mut hear = |time, duration, marker| {
                receive(&mut receiver, &event(5, false, time, duration, marker))
            };
            assert_eq!(hear(0, 160, true), Some('5'));
            assert_eq!(hear(0, step as u16, false), None);
            assert_eq!(hear(step, 160, false), None);
            assert_eq!(hear(2 * step, 160, false), None, "the middle of a segment may be lost");
            assert_eq!(hear(step, 320, false), None, "a packet of the segment before, overtaken");
            assert_eq!(hear(3 * step, 160, true), Some('5'));
        }
        // The same key after as long, its end heard: another press.
        let mut receiver = receiver(48);
        assert_eq!(receive(&mut receiver, &event(5, true, 0, 4800, true)), Some('5'));
        assert_eq!(receive(&mut receiver, &event(5, false, 0xf800, 960, false)), Some('5'));
    }

    /// Against RFC 4733 §2.5.1.2, and seen in the field: each packet of a digit has a timestamp of its own.
    #[test]
    fn a_far_end_that_counts_the_timestamp_up_presses_once() {
        for per_ms in CLOCKS {
            let (mut receiver, packet) = (receiver(per_ms), 20 * u32::from(per_ms));
            let mut heard = String::new();
            for press in 0..3 {
                for number in 0..7 {
                    let time = (press * 12 + number) * packet;
                    let duration = ((number + 1).min(5) * packet) as u16;
                    let sent = event(5, number >= 4, time, duration, number == 0);
                    heard.extend(receive(&mut receiver, &sent));
                    heard.extend(receive(&mut receiver, &sent));
                }
            }
            assert_eq!(heard, "555", "{per_ms}");
        }
    }

    #[test]
    fn another_stream_and_a_clock_that_begins_anew_are_heard() {
        let mut receiver = receiver(8);
        assert_eq!(receive(&mut receiver, &event(1, true, 900_000, 800, true)), Some('1'));
        assert_eq!(receive_as(2, &mut receiver, &event(1, true, 900_000, 800, true)), Some('1'));
        assert_eq!(receive(&mut receiver, &event(1, true, 900_000, 800, false)), None);
        assert_eq!(receive_as(2, &mut receiver, &event(2, true, 160, 800, true)), Some('2'));
        // A stray of five seconds ago was counted then, or is worth nothing now.
        assert_eq!(receive_as(2, &mut receiver, &event(3, true, 100_000, 800, true)), Some('3'));
        assert_eq!(receive_as(2, &mut receiver, &event(4, true, 60_000, 800, true)), None);
    }

    #[test]
    fn events_that_are_no_digits_and_short_payloads_are_nothing() {
        let mut receiver = receiver(8);
        let header = Header {
            payload_type: 101,
            marker: true,
            seq: SeqNo(0),
            time: RtpTime(0),
            ssrc: Ssrc(1),
        };
        for payload in [&[255; 4][..], &[1, 2, 3], &[], &[5, 63, 0, 160]] {
            assert_eq!(receiver.receive(&Packet { header, payload }), None);
        }
        assert_eq!(receive(&mut receiver, &event(FLASH, true, 160, 800, true)), None);
        assert_eq!(receive(&mut receiver, &event(7, true, 1600, 800, true)), Some('7'));
        assert!(!format!("{receiver:?}").contains('7'));
        let mut sender = DtmfSender::default();
        assert!(!sender.press('x') && sender.press('!'));
        assert_eq!(sender.next(RtpTime(0), 160, 8).unwrap().payload[0], FLASH);
        assert_eq!((0..40).filter(|_| sender.press('1')).count(), WAITING);
    }
}
