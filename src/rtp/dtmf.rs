//! Telephone events (RFC 4733): digits pressed by the caller, and digits we press.
//!
//! A received event is known by its RTP timestamp, so that a lost marker, a lost end and the
//! three copies of an end packet make one digit.

use crate::base::{Phi, RtpTime};

use super::{Header, Packet, Ssrc};

/// Bytes of an event payload (RFC 4733 §2.3).
pub const EVENT_PAYLOAD: usize = 4;

/// Digits in the order of their event codes (RFC 4733 §3.2).
const DIGITS: &[u8; 16] = b"0123456789*#ABCD";

/// One event packet's payload.
#[derive(Clone, Copy)]
struct Event {
    code: u8,
    end: bool,
    duration: u16,
}

impl Event {
    fn parse(payload: &[u8]) -> Option<Self> {
        let bytes = payload.get(..EVENT_PAYLOAD)?;
        let duration = u16::from_be_bytes([bytes[2], bytes[3]]);
        Some(Self { code: bytes[0], end: bytes[1] & 0x80 != 0, duration })
    }

    /// Volume -10 dBm0, as most gateways send.
    fn bytes(self) -> [u8; EVENT_PAYLOAD] {
        let [high, low] = self.duration.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | 10, high, low]
    }
}

/// The last event seen, to know its other packets by.
#[derive(Clone, Copy, Debug)]
struct Seen {
    ssrc: Ssrc,
    time: RtpTime,
    code: u8,
    ended: bool,
    duration: u16,
}

/// Turns event packets into digits, each once.
#[derive(Clone, Debug, Default)]
pub struct DtmfReceiver {
    seen: Option<Seen>,
}

impl DtmfReceiver {
    /// Takes an event packet and returns the digit if it is the first packet of one.
    pub fn receive(&mut self, packet: &Packet<'_>) -> Option<Phi<char>> {
        let event = Event::parse(packet.payload)?;
        let digit = char::from(*DIGITS.get(usize::from(event.code))?);
        let Header { ssrc, time, marker, .. } = packet.header;
        if let Some(seen) = &mut self.seen
            && seen.ssrc == ssrc
        {
            let ahead = time.0.wrapping_sub(seen.time.0) as i32;
            if ahead == 0 {
                seen.ended |= event.end;
                seen.duration = seen.duration.max(event.duration);
                return None;
            }
            // A packet of an earlier event, overtaken. Further back is a restarted clock.
            if (-80_000..0).contains(&ahead) {
                return None;
            }
            // RFC 4733 §2.5.1.3: a tone beyond the duration field goes on in a new segment, which
            // starts where the last one ended, without a marker.
            if !marker
                && !seen.ended
                && seen.code == event.code
                && seen.duration > 0x8000
                && ahead <= 0xffff
            {
                *seen = Seen { time, ended: event.end, duration: event.duration, ..*seen };
                return None;
            }
        }
        self.seen =
            Some(Seen { ssrc, time, code: event.code, ended: event.end, duration: event.duration });
        Some(Phi::new(digit))
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
    /// Queues a digit; `false` when it is none of `0-9*#A-D` or too many wait.
    pub fn press(&mut self, digit: char) -> bool {
        let digit = digit.to_ascii_uppercase();
        let code = DIGITS.iter().position(|&d| char::from(d) == digit);
        match (code, self.waiting.get_mut(self.count)) {
            (Some(code), Some(place)) => {
                *place = code as u8;
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
                let payload = Event { code, end, duration }.bytes();
                Some(EventOut { marker, time: start, payload })
            }
            Sending::End { code, start, duration, left } => {
                self.state = match left {
                    0 | 1 => Sending::Pause { left: PAUSE_MS * rate },
                    _ => Sending::End { code, start, duration, left: left - 1 },
                };
                let payload = Event { code, end: true, duration }.bytes();
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

    /// Sends `digits` at 20 ms a packet.
    fn sent(digits: &str) -> Vec<EventOut> {
        let mut sender = DtmfSender::default();
        assert!(digits.chars().all(|digit| sender.press(digit)));
        let mut packets = Vec::new();
        let mut now = 0_u32.wrapping_sub(800);
        while sender.is_busy() {
            packets.extend(sender.next(RtpTime(now), 160, 8));
            now = now.wrapping_add(160);
        }
        packets
    }

    fn receive(receiver: &mut DtmfReceiver, event: &EventOut, marker: bool) -> Option<char> {
        let header =
            Header { payload_type: 101, marker, seq: SeqNo(0), time: event.time, ssrc: Ssrc(1) };
        let digit = receiver.receive(&Packet { header, payload: &event.payload })?;
        Some(*digit.reveal(Purpose::Comparison))
    }

    #[test]
    fn a_digit_is_five_updates_of_growing_duration_and_its_end_three_times() {
        let packets = sent("#");
        let durations: Vec<_> =
            packets.iter().map(|p| u16::from_be_bytes([p.payload[2], p.payload[3]])).collect();
        assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
        let ends: Vec<_> = packets.iter().map(|p| p.payload[1] >> 7).collect();
        assert_eq!(ends, [0, 0, 0, 0, 1, 1, 1]);
        assert!(packets.iter().all(|p| p.payload[0] == 11 && p.time == packets[0].time));
        assert_eq!(packets.iter().filter(|p| p.marker).count(), 1);
    }

    /// Any packets of a digit may be lost, doubled or overtaken, and markers cleared: as long as
    /// one packet of it comes, it is one digit.
    #[test]
    fn loss_duplicates_and_missing_markers_do_not_change_the_number() {
        let number = "18005550100*#ABCD99";
        let packets = sent(number);
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let mut receiver = DtmfReceiver::default();
            let mut heard = String::new();
            for digit in packets.chunk_by(|a, b| a.time == b.time) {
                let kept = dice.below(digit.len() as u64) as usize;
                for (index, event) in digit.iter().enumerate() {
                    let copies = if index == kept { 1 } else { dice.below(3) };
                    for _ in 0..copies {
                        heard.extend(receive(
                            &mut receiver,
                            event,
                            event.marker && dice.below(2) == 0,
                        ));
                    }
                }
                if dice.below(4) == 0 && !heard.is_empty() {
                    // An end packet of the very first digit, late.
                    heard.extend(receive(&mut receiver, &packets[6], false));
                }
            }
            assert_eq!(heard, number, "seed {seed}");
        }
    }

    #[test]
    fn a_tone_longer_than_its_field_is_one_digit() {
        let mut receiver = DtmfReceiver::default();
        let event = |time: u32, duration: u16| EventOut {
            marker: false,
            time: RtpTime(time),
            payload: Event { code: 5, end: false, duration }.bytes(),
        };
        assert_eq!(receive(&mut receiver, &event(0, 160), true), Some('5'));
        assert_eq!(receive(&mut receiver, &event(0, 0xffff), false), None);
        assert_eq!(receive(&mut receiver, &event(0xffff, 160), false), None);
        assert_eq!(receive(&mut receiver, &event(0x1_ffff, 160), true), Some('5'));
    }

    #[test]
    fn events_that_are_no_digits_and_short_payloads_are_nothing() {
        let mut receiver = DtmfReceiver::default();
        let header = Header {
            payload_type: 101,
            marker: true,
            seq: SeqNo(0),
            time: RtpTime(0),
            ssrc: Ssrc(1),
        };
        for payload in [&[16, 0, 0, 160][..], &[255; 4], &[1, 2, 3], &[]] {
            assert_eq!(receiver.receive(&Packet { header, payload }), None);
        }
        let mut sender = DtmfSender::default();
        assert!(!sender.press('x'));
        assert_eq!((0..40).filter(|_| sender.press('1')).count(), WAITING);
    }
}
