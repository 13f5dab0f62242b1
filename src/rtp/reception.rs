//! What a receiver reports of a stream (RFC 3550 §6.4.1): how far it has come, what is missing of
//! it, and how unevenly it comes.

use std::time::Instant;

use crate::base::{RtpTime, SampleRate, SeqNo};

use super::{Header, Ssrc};

/// Numbers that may be missing in a row before it is another sequence (RFC 3550 appendix A.1).
const MAX_DROPOUT: u16 = 3000;
/// How far behind a packet may be and still belong to the sequence.
const MAX_MISORDER: u16 = 100;
/// A timestamp that jumps by more is another clock, and says nothing of the network.
const ANOTHER_CLOCK_SECONDS: u32 = 10;
/// The cumulative loss has 24 bits and a sign (RFC 3550 §6.4.1).
const LOST_MAX: i64 = 0x7f_ffff;

/// One report block's worth of a stream.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ReceptionReport {
    /// The stream.
    pub ssrc: Ssrc,
    /// The part of the packets since the last report that is missing, in 256ths.
    pub fraction_lost: u8,
    /// Packets missing since the stream began; negative when more came again than are missing.
    pub cumulative_lost: i32,
    /// The highest sequence number that came, with its wraps in the upper half.
    pub extended_highest: u32,
    /// The interarrival jitter, in units of the timestamp.
    pub jitter: u32,
}

/// The receiver's account of one stream (RFC 3550 appendices A.1, A.3 and A.8).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reception {
    clock: SampleRate,
    /// The moment that arrivals are counted from.
    began: Option<Instant>,
    stream: Option<Stream>,
    jitter: Jitter,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Stream {
    ssrc: Ssrc,
    first: SeqNo,
    highest: SeqNo,
    wraps: u16,
    /// Where another sequence would go on, if a packet far off was its first.
    elsewhere: Option<SeqNo>,
    received: u64,
    /// As of the last report.
    expected_then: u64,
    received_then: u64,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Jitter {
    /// Arrival minus timestamp of the last packet, modulo 2³².
    transit: Option<u32>,
    /// Sixteen times the estimate.
    scaled: u32,
    /// The highest it has been.
    highest: u32,
}

impl Reception {
    /// Begins an account of a stream whose timestamps count at `clock`.
    pub fn new(clock: SampleRate) -> Self {
        Self { clock, began: None, stream: None, jitter: Jitter::default() }
    }

    /// Goes on with timestamps that count at another rate.
    pub fn set_clock(&mut self, clock: SampleRate) {
        if clock != self.clock {
            self.clock = clock;
            self.jitter = Jitter::default();
        }
    }

    /// Counts a packet of the stream; another SSRC begins another account. A packet that is not
    /// `timed` says nothing of jitter: those of a telephone event all carry the time of its
    /// beginning (RFC 4733 §2.3.2).
    pub fn receive(&mut self, now: Instant, header: &Header, timed: bool) {
        let stream = match &mut self.stream {
            Some(stream) if stream.ssrc == header.ssrc => stream,
            other => {
                self.jitter.transit = None;
                other.insert(Stream::begin(header.ssrc, header.seq))
            }
        };
        if !stream.take(header.seq) {
            return;
        }
        let began = *self.began.get_or_insert(now);
        if timed {
            let passed = now.saturating_duration_since(began).as_micros();
            let arrival = passed * u128::from(self.clock.0) / 1_000_000;
            self.jitter.take(arrival as u32, header.time, ANOTHER_CLOCK_SECONDS * self.clock.0);
        }
    }

    /// Returns the stream that is counted.
    pub fn ssrc(&self) -> Option<Ssrc> {
        self.stream.as_ref().map(|stream| stream.ssrc)
    }

    /// Returns the interarrival jitter, in units of the timestamp.
    pub fn jitter(&self) -> u32 {
        self.jitter.scaled >> 4
    }

    /// Returns the interarrival jitter in milliseconds.
    pub fn jitter_ms(&self) -> f32 {
        self.in_ms(self.jitter.scaled)
    }

    /// Returns the highest it has been, in milliseconds.
    pub fn highest_jitter_ms(&self) -> f32 {
        self.in_ms(self.jitter.highest)
    }

    /// Returns a report, and begins the interval of the next; `None` before the first packet.
    pub fn report(&mut self) -> Option<ReceptionReport> {
        let jitter = self.jitter();
        let stream = self.stream.as_mut()?;
        let expected = stream.expected();
        let since = (expected.saturating_sub(stream.expected_then)) as i64;
        let came = (stream.received - stream.received_then) as i64;
        let missing = since - came;
        let fraction = if missing > 0 { missing * 256 / since.max(1) } else { 0 };
        (stream.expected_then, stream.received_then) = (expected, stream.received);
        let lost = expected as i64 - stream.received as i64;
        Some(ReceptionReport {
            ssrc: stream.ssrc,
            fraction_lost: fraction.min(255) as u8,
            cumulative_lost: lost.clamp(-LOST_MAX - 1, LOST_MAX) as i32,
            extended_highest: u32::from(stream.wraps) << 16 | u32::from(stream.highest.0),
            jitter,
        })
    }

    fn in_ms(&self, scaled: u32) -> f32 {
        scaled as f32 / 16.0 * 1000.0 / self.clock.0.max(1) as f32
    }
}

impl Stream {
    fn begin(ssrc: Ssrc, first: SeqNo) -> Self {
        Self {
            ssrc,
            first,
            // The first packet is taken as the one after this.
            highest: SeqNo(first.0.wrapping_sub(1)),
            wraps: if first.0 == 0 { u16::MAX } else { 0 },
            elsewhere: None,
            received: 0,
            expected_then: 0,
            received_then: 0,
        }
    }

    /// Appendix A.1 without its probation, which the jitter buffer does; whether it counts.
    fn take(&mut self, seq: SeqNo) -> bool {
        let ahead = seq.0.wrapping_sub(self.highest.0);
        if ahead > 0 && ahead < MAX_DROPOUT {
            if seq.0 < self.highest.0 {
                self.wraps = self.wraps.wrapping_add(1);
            }
            self.highest = seq;
        } else if (MAX_DROPOUT..=u16::MAX - MAX_MISORDER).contains(&ahead) {
            if self.elsewhere != Some(seq) {
                self.elsewhere = Some(SeqNo(seq.0.wrapping_add(1)));
                return false;
            }
            *self = Self::begin(self.ssrc, seq);
            return self.take(seq);
        }
        self.elsewhere = None;
        self.received += 1;
        true
    }

    fn expected(&self) -> u64 {
        let highest = u64::from(self.wraps) << 16 | u64::from(self.highest.0);
        (highest + 1).saturating_sub(u64::from(self.first.0))
    }
}

impl Jitter {
    /// Appendix A.8, in integers.
    fn take(&mut self, arrival: u32, time: RtpTime, another_clock: u32) {
        let transit = arrival.wrapping_sub(time.0);
        let Some(before) = self.transit.replace(transit) else { return };
        let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
        if difference <= another_clock {
            self.scaled = (self.scaled + difference).saturating_sub((self.scaled + 8) >> 4);
            self.highest = self.highest.max(self.scaled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct World {
        start: Instant,
        reception: Reception,
    }

    impl World {
        fn new() -> Self {
            Self { start: Instant::now(), reception: Reception::new(SampleRate(8000)) }
        }

        fn packet(&mut self, at_ms: u64, ssrc: u32, seq: u16, time: u32) {
            let header = Header {
                payload_type: 0,
                marker: false,
                seq: SeqNo(seq),
                time: RtpTime(time),
                ssrc: Ssrc(ssrc),
            };
            let now = self.start + Duration::from_millis(at_ms);
            self.reception.receive(now, &header, true);
        }

        fn report(&mut self) -> ReceptionReport {
            self.reception.report().unwrap()
        }
    }

    #[test]
    fn before_the_first_packet_there_is_nothing_to_report() {
        let mut world = World::new();
        assert_eq!(world.reception.report(), None);
        world.packet(0, 1, 0, 0);
        let first = world.report();
        assert_eq!((first.extended_highest, first.cumulative_lost), (0, 0));
    }

    #[test]
    fn loss_is_what_is_missing_in_all_and_since_the_last_report() {
        let mut world = World::new();
        for number in (0..200_u32).filter(|number| number % 4 != 1) {
            let seq = (65_500 + number) as u16;
            world.packet(u64::from(number) * 20, 7, seq, number * 160);
            if number == 100 {
                let report = world.report();
                // 101 expected, 76 came: 25 of 101 are 63 of 256.
                assert_eq!((report.fraction_lost, report.cumulative_lost), (63, 25));
                assert_eq!(report.extended_highest, 65_600);
            }
        }
        let report = world.report();
        assert_eq!((report.ssrc, report.cumulative_lost), (Ssrc(7), 50));
        assert_eq!((report.fraction_lost, report.extended_highest), (64, 65_699));
        assert_eq!(world.report().fraction_lost, 0);
    }

    #[test]
    fn packets_that_come_again_make_the_loss_negative() {
        let mut world = World::new();
        for number in 0..10_u16 {
            world.packet(u64::from(number) * 20, 1, number, u32::from(number) * 160);
            world.packet(u64::from(number) * 20, 1, number, u32::from(number) * 160);
        }
        let report = world.report();
        assert_eq!((report.cumulative_lost, report.fraction_lost), (-10, 0));
    }

    /// Every second packet 10 ms late: |D| is 80 units each time, and the estimate goes there.
    #[test]
    fn jitter_is_that_of_appendix_a8() {
        let mut world = World::new();
        let mut expected = 0.0_f64;
        for number in 0..400_u32 {
            let late = u64::from(number % 2) * 10;
            world.packet(u64::from(number) * 20 + late, 1, number as u16, number * 160);
            if number > 0 {
                expected += (80.0 - expected) / 16.0;
            }
        }
        let jitter = world.reception.jitter();
        assert!((f64::from(jitter) - expected).abs() <= 1.0, "{jitter} and not {expected}");
        assert!((world.reception.jitter_ms() - 10.0).abs() < 0.2);
        assert!(world.reception.highest_jitter_ms() >= world.reception.jitter_ms());
    }

    #[test]
    fn an_even_stream_has_no_jitter_through_the_wrap_of_its_timestamp() {
        let mut world = World::new();
        for number in 0..100_u32 {
            let time = (u32::MAX - 4000).wrapping_add(number * 160);
            world.packet(u64::from(number) * 20, 1, number as u16, time);
        }
        assert_eq!(world.reception.jitter(), 0);
        // An hour more at once is another clock, not an hour of jitter.
        world.packet(2000, 1, 100, 28_800_000);
        assert_eq!(world.reception.jitter(), 0);
    }

    #[test]
    fn another_stream_or_a_far_jump_that_lasts_begins_another_account() {
        let mut world = World::new();
        for number in 0..10_u16 {
            world.packet(0, 1, number, 0);
        }
        world.packet(0, 1, 20_000, 0);
        assert_eq!(world.report().extended_highest, 9);
        world.packet(0, 1, 20_001, 0);
        assert_eq!((world.report().extended_highest, world.report().cumulative_lost), (20_001, 0));
        world.packet(0, 2, 5, 0);
        let report = world.report();
        assert_eq!((report.ssrc, report.extended_highest), (Ssrc(2), 5));
    }

    #[test]
    fn any_packets_are_survived() {
        let mut dice = crate::base::Dice::new(3);
        let mut world = World::new();
        for _ in 0..100_000 {
            let bits = dice.bits();
            world.packet(dice.below(1 << 40), (bits & 1) as u32, (bits >> 8) as u16, bits as u32);
            if dice.below(10) == 0 {
                world.report();
            }
        }
    }
}
