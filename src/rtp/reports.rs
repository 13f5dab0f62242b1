//! RTCP of one leg (RFC 3550 §6): when to report, what to report, and what the far end reports.
//!
//! The clock of reports runs from an NTP time that is handed in at the start; it never steps.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::base::{Dice, RtpTime};

use super::rtcp::{
    CNAME, NotRtcp, Ntp, RTCP_BYTES, ReportBlock, Said, SenderFacts, VoipMetrics, Writer, read,
};
use super::rtcp_timing::interval;
use super::{Reception, ReceptionReport, Ssrc};

/// The least time between reports, before it is drawn at random (RFC 3550 §6.2).
const MINIMUM: Duration = Duration::from_secs(5);
/// What IP and UDP add to each datagram.
const HEADERS: f64 = 28.0;
/// A round trip longer than this is a clock gone wrong.
const ROUND_TRIP_MAX: u32 = 10 << 16;
/// Below this a report says nothing of what arrives: the first packets may still be on the way.
const PACKETS_TOLD: u32 = 50;
/// A report says something new when so many packets were sent since the last one.
const PACKETS_NEW: u32 = 25;
/// Lost packets in 256ths that come to "nothing arrives".
const ALL_LOST: u8 = 250;

/// What was agreed of RTCP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RtcpParams {
    /// Where the far end receives it, when that is not the port after RTP's (RFC 3605).
    pub remote: Option<SocketAddr>,
    /// It shares the port of RTP (RFC 5761).
    pub mux: bool,
    /// The far end answers a receiver's clock (RFC 3611 §4.4).
    pub receiver_time: bool,
    /// The far end wants VoIP metrics (RFC 3611 §4.7).
    pub voip_metrics: bool,
}

/// What we have sent of our stream.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sent {
    /// Our stream.
    pub ssrc: Ssrc,
    /// Its clock, now.
    pub time: RtpTime,
    /// Packets.
    pub packets: u32,
    /// Bytes of payload.
    pub bytes: u32,
}

/// What the far end has told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct FarEnd {
    /// Reports that came, empty ones included.
    pub reports: u32,
    /// What the last report says of our stream.
    pub reception: Option<ReceptionReport>,
    /// Reports that said so.
    pub told: u32,
    /// Packets that we had sent when it came.
    pub of_packets: u32,
    /// Reports that show packets of ours arriving.
    pub heard_us: u32,
    /// Reports since the last of those that should show some and do not.
    pub missed_us: u32,
    /// The last round trip.
    pub round_trip: Option<Duration>,
    /// The longest round trip.
    pub round_trip_max: Duration,
    /// What it says of quality (RFC 3611 §4.7).
    pub voip: Option<VoipMetrics>,
    /// Packets that it says it has sent.
    pub packets_sent: Option<u32>,
    /// It said goodbye.
    pub bye: bool,
}

/// Something of the far end's, and when it came.
#[derive(Clone, Copy, Debug)]
struct Heard {
    of: Ssrc,
    middle: u32,
    at: Instant,
}

/// Writes and reads the reports of one leg.
#[derive(Clone, Debug)]
pub struct Reports {
    dice: Dice,
    name: [u8; CNAME],
    /// When our clock showed which time.
    clock: (Instant, Ntp),
    last: Instant,
    next: Instant,
    first: bool,
    /// The mean size of datagrams, both ways (RFC 3550 §6.3.3).
    size: f64,
    /// Packets sent by the last report and the one before it.
    sent: [u32; 2],
    /// How far the far end's stream had come by the last report.
    told: Option<(Ssrc, u32)>,
    sender: Option<Heard>,
    receiver: Option<Heard>,
    far: FarEnd,
    /// Packets of ours when the last report of the far end came.
    told_at: u32,
}

impl Reports {
    /// Starts at a time of the wall clock; its zone and its truth do not matter.
    pub fn new(now: Instant, wall: Ntp, dice: &mut Dice) -> Self {
        let mut reports = Self {
            dice: Dice::new(dice.bits()),
            name: [0; CNAME],
            clock: (now, wall),
            last: now,
            next: now,
            first: true,
            size: 100.0 + HEADERS,
            sent: [0; 2],
            told: None,
            sender: None,
            receiver: None,
            far: FarEnd::default(),
            told_at: 0,
        };
        for place in &mut reports.name {
            *place = LETTERS[(reports.dice.bits() >> 58) as usize];
        }
        reports.next = now + reports.interval(false, false);
        reports
    }

    /// Returns what the far end has told.
    pub fn far(&self) -> &FarEnd {
        &self.far
    }

    /// Goes on with another stream of ours, or to another far end, by when so many packets were sent of it: of
    /// those nothing will be told.
    pub fn begin_anew(&mut self, sent: u32) {
        (self.sent, self.told_at) = ([sent; 2], sent);
        let FarEnd { reports, round_trip, round_trip_max, packets_sent, bye, .. } = self.far;
        self.far =
            FarEnd { reports, round_trip, round_trip_max, packets_sent, bye, ..FarEnd::default() };
    }

    /// Sets our clock; reports that are on their way measure by the old one.
    pub fn set_clock(&mut self, now: Instant, wall: Ntp) {
        self.clock = (now, wall);
    }

    /// Returns our clock's time.
    pub fn time(&self, now: Instant) -> Ntp {
        let (since, from) = self.clock;
        let gone = now.saturating_duration_since(since);
        let fraction = (u64::from(gone.subsec_nanos()) << 32) / 1_000_000_000;
        Ntp(from.0.wrapping_add(gone.as_secs() << 32 | fraction))
    }

    /// Whether a report may be due: then [`Self::write`] draws once more, and may still wait.
    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Writes the report that is due, if it is after the time is drawn anew (RFC 3550 §6.3.6).
    /// `far` is asked for an extended report: a clock to measure by, and quality.
    pub fn write(
        &mut self,
        now: Instant,
        ours: &Sent,
        theirs: &mut Reception,
        extended: (bool, Option<&VoipMetrics>),
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<usize> {
        if now < self.next {
            return None;
        }
        let (we_sent, they_sent) = (self.we_sent(ours), theirs.ssrc().is_some());
        let due = self.last + self.interval(we_sent, they_sent);
        if due > now {
            self.next = due;
            return None;
        }
        let length = self.compose(now, ours, theirs, extended, false, out);
        self.size += (length as f64 + HEADERS - self.size) / 16.0;
        (self.last, self.first) = (now, false);
        self.sent = [ours.packets, self.sent[0]];
        self.next = now + self.interval(we_sent, they_sent);
        Some(length)
    }

    /// Writes the last report with a goodbye (RFC 3550 §6.3.7); nothing when nothing was sent.
    pub fn goodbye(
        &mut self,
        now: Instant,
        ours: &Sent,
        theirs: &mut Reception,
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<usize> {
        if self.first && ours.packets == 0 {
            return None;
        }
        Some(self.compose(now, ours, theirs, (false, None), true, out))
    }

    /// Takes what the far end reports; `ours` is what we have sent so far.
    ///
    /// # Errors
    /// When it is not RTCP.
    pub fn receive(&mut self, now: Instant, datagram: &[u8], ours: &Sent) -> Result<(), NotRtcp> {
        let (mut block, mut of_others) = (None, false);
        read(datagram, |said| match said {
            Said::Sender { by, time, packets, .. } => {
                self.sender = Some(Heard { of: by, middle: time.middle(), at: now });
                self.far.packets_sent = Some(packets);
            }
            Said::Received { block: of, .. } => match of.reception.ssrc == ours.ssrc {
                true => block = Some(of),
                false => of_others = true,
            },
            Said::ReceiverTime { by, time } => {
                self.receiver = Some(Heard { of: by, middle: time.middle(), at: now });
            }
            Said::SinceReceiverTime { of, last, since } if of == ours.ssrc => {
                self.round_trip(now, last, since);
            }
            Said::Voip(metrics) if metrics.of == ours.ssrc => self.far.voip = Some(metrics),
            Said::SinceReceiverTime { .. } | Said::Voip(_) => {}
            Said::Bye { .. } => self.far.bye = true,
        })?;
        self.size += (datagram.len() as f64 + HEADERS - self.size) / 16.0;
        // Who passes on the reports of somebody else, and gives streams other names on the way, says
        // nothing of ours.
        if is_report(datagram) && (block.is_some() || !of_others) {
            self.report(now, block, ours);
        }
        Ok(())
    }

    /// What a report comes to that may or may not speak of our stream.
    fn report(&mut self, now: Instant, block: Option<ReportBlock>, ours: &Sent) {
        self.far.reports += 1;
        let before = self.far.reception.map(|reception| reception.extended_highest);
        if let Some(block) = block {
            self.round_trip(now, block.last_report, block.since_report);
            self.far.reception = Some(block.reception);
            self.far.told += 1;
            self.far.of_packets = ours.packets;
        }
        let moved = block.is_some_and(|ReportBlock { reception, .. }| {
            before != Some(reception.extended_highest) && reception.fraction_lost < ALL_LOST
        });
        if moved {
            (self.far.heard_us, self.far.missed_us) = (self.far.heard_us + 1, 0);
        } else if ours.packets >= PACKETS_TOLD
            && ours.packets.wrapping_sub(self.told_at) >= PACKETS_NEW
        {
            self.far.missed_us += 1;
        }
        self.told_at = ours.packets;
    }

    /// RFC 3550 §6.4.1: now, less when our report went out, less how long it was kept.
    fn round_trip(&mut self, now: Instant, last: u32, since: u32) {
        if last == 0 {
            return;
        }
        let trip = self.time(now).middle().wrapping_sub(last).wrapping_sub(since);
        // Clocks that differ by a tick make it a little less than nothing.
        let trip = if trip > u32::MAX - (1 << 12) { 0 } else { trip };
        if trip <= ROUND_TRIP_MAX {
            let trip = Duration::from_nanos((u64::from(trip) * 1_000_000_000) >> 16);
            self.far.round_trip = Some(trip);
            self.far.round_trip_max = self.far.round_trip_max.max(trip);
        }
    }

    /// Whether packets went out since the report before the last one.
    fn we_sent(&self, ours: &Sent) -> bool {
        ours.packets != self.sent[1] || ours.packets != self.sent[0]
    }

    fn compose(
        &mut self,
        now: Instant,
        ours: &Sent,
        theirs: &mut Reception,
        (ask, voip): (bool, Option<&VoipMetrics>),
        bye: bool,
        out: &mut [u8; RTCP_BYTES],
    ) -> usize {
        let time = self.time(now);
        let Sent { ssrc, time: rtp, packets, bytes } = *ours;
        let sender = self.we_sent(ours).then_some(SenderFacts { time, rtp, packets, bytes });
        let block = self.block(now, theirs);
        let since = self.receiver.map(|far| (far.of, far.middle, units(now, far.at)));
        let mut writer = Writer::new(out);
        writer.report(ssrc, sender, block.as_ref());
        writer.name(ssrc, &self.name);
        writer.extended(ssrc, ask.then_some(time), since.filter(|_| !bye), voip);
        if bye {
            writer.bye(ssrc);
        }
        writer.finish()
    }

    /// A report block; none for a stream of which nothing came since the last report.
    fn block(&mut self, now: Instant, theirs: &mut Reception) -> Option<ReportBlock> {
        let reception = theirs.report()?;
        let told = Some((reception.ssrc, reception.extended_highest));
        if std::mem::replace(&mut self.told, told) == told {
            return None;
        }
        let sender = self.sender.filter(|sender| sender.of == reception.ssrc);
        let last_report = sender.map_or(0, |sender| sender.middle);
        let since_report = sender.map_or(0, |sender| units(now, sender.at));
        Some(ReportBlock { reception, last_report, since_report })
    }

    fn interval(&mut self, we_sent: bool, they_sent: bool) -> Duration {
        let draw = (self.dice.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        let senders = u32::from(we_sent) + u32::from(they_sent);
        let minimum = if self.first { MINIMUM / 2 } else { MINIMUM };
        interval(2, senders, we_sent, self.size, minimum, draw)
    }
}

/// The letters of base64 (RFC 4648 §4).
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Whether a datagram begins with a report, be it an empty one.
fn is_report(datagram: &[u8]) -> bool {
    matches!(datagram.get(1), Some(200 | 201))
}

/// Since then, in 1/65536 s.
fn units(now: Instant, then: Instant) -> u32 {
    let gone = now.saturating_duration_since(then);
    u32::try_from((gone.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{SampleRate, SeqNo};
    use crate::rtp::Header;

    const OURS: Ssrc = Ssrc(1);
    const THEIRS: Ssrc = Ssrc(2);
    const WALL: Ntp = Ntp(0xe000_0000 << 32);

    fn ours(packets: u32) -> Sent {
        Sent { ssrc: OURS, time: RtpTime(packets * 160), packets, bytes: packets * 160 }
    }

    /// An account of packets with these numbers.
    fn came(theirs: &mut Reception, ssrc: Ssrc, numbers: impl IntoIterator<Item = u16>) {
        let now = Instant::now();
        for number in numbers {
            let (seq, time) = (SeqNo(number), RtpTime(0));
            let header = Header { payload_type: 0, marker: false, seq, time, ssrc };
            theirs.receive(now, &header, false);
        }
    }

    fn nothing() -> Reception {
        Reception::new(SampleRate(8000))
    }

    fn said(datagram: &[u8]) -> Vec<Said> {
        let mut all = Vec::new();
        read(datagram, |said| all.push(said)).unwrap();
        all
    }

    /// Runs until the next report: when it came, and what it says.
    fn next(
        reports: &mut Reports,
        from: Instant,
        ours: &Sent,
        theirs: &mut Reception,
    ) -> (Instant, Vec<Said>) {
        let mut out = [0; RTCP_BYTES];
        let mut now = from;
        loop {
            if let Some(length) = reports.write(now, ours, theirs, (false, None), &mut out) {
                return (now, said(&out[..length]));
            }
            now += Duration::from_millis(20);
        }
    }

    #[test]
    fn reports_come_at_random_times_around_five_seconds_and_the_first_one_earlier() {
        let start = Instant::now();
        let (mut firsts, mut gaps) = (Vec::new(), Vec::new());
        for seed in 0..200 {
            let mut reports = Reports::new(start, WALL, &mut Dice::new(seed));
            let (mut at, _) = next(&mut reports, start, &ours(50), &mut nothing());
            firsts.push((at - start).as_secs_f64());
            for count in 1..10 {
                let (then, _) = next(&mut reports, at, &ours(50 + count * 250), &mut nothing());
                gaps.push((then - at).as_secs_f64());
                at = then;
            }
        }
        let mean = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
        assert!(firsts.iter().all(|at| (1.0..=3.1).contains(at)), "{firsts:?}");
        assert!(gaps.iter().all(|gap| (2.0..=6.2).contains(gap)), "{gaps:?}");
        // Drawing anew pushes the mean up to what it would be without (§6.3.1).
        assert!((4.4..5.6).contains(&mean(&gaps)), "{}", mean(&gaps));
        assert!((2.0..2.9).contains(&mean(&firsts)), "{}", mean(&firsts));
    }

    #[test]
    fn a_sender_reports_as_one_until_it_has_been_silent_for_two_reports() {
        let start = Instant::now();
        let mut reports = Reports::new(start, WALL, &mut Dice::new(1));
        let is_sender = |said: &[Said]| matches!(said.first(), Some(Said::Sender { .. }));
        let (at, first) = next(&mut reports, start, &ours(0), &mut nothing());
        assert!(first.is_empty(), "nothing was sent and nothing came: {first:?}");
        let (at, second) = next(&mut reports, at, &ours(100), &mut nothing());
        assert!(is_sender(&second));
        let Said::Sender { time, packets: 100, rtp: RtpTime(16_000), .. } = second[0] else {
            panic!("{second:?}")
        };
        let gone = (at - start).as_secs_f64();
        assert!(((time.0 - WALL.0) as f64 / 2_f64.powi(32) - gone).abs() < 1e-6);
        let (at, third) = next(&mut reports, at, &ours(100), &mut nothing());
        assert!(is_sender(&third));
        let (_, fourth) = next(&mut reports, at, &ours(100), &mut nothing());
        assert!(!is_sender(&fourth), "{fourth:?}");
    }

    #[test]
    fn blocks_count_loss_since_the_last_report_and_in_all() {
        let start = Instant::now();
        let mut reports = Reports::new(start, WALL, &mut Dice::new(1));
        let mut theirs = nothing();
        let mut at = start;
        let mut report = |theirs: &mut Reception, sent| {
            let (then, said) = next(&mut reports, at, &ours(sent), theirs);
            at = then;
            said.into_iter().find_map(|said| match said {
                Said::Received { block, .. } => Some(block),
                _ => None,
            })
        };
        assert_eq!(report(&mut theirs, 1), None);
        came(&mut theirs, THEIRS, (0..100).filter(|number| number % 10 != 5));
        let first = report(&mut theirs, 2).unwrap();
        let ReceptionReport { fraction_lost, cumulative_lost, extended_highest, .. } =
            first.reception;
        assert_eq!((fraction_lost, cumulative_lost, extended_highest), (25, 10, 99));
        assert_eq!((first.reception.ssrc, first.last_report), (THEIRS, 0));
        came(&mut theirs, THEIRS, 100..300);
        let second = report(&mut theirs, 3).unwrap().reception;
        assert_eq!((second.fraction_lost, second.cumulative_lost), (0, 10));
        // Nothing since the last report: nothing to say (§6.4).
        assert_eq!(report(&mut theirs, 4), None);
        came(&mut theirs, Ssrc(9), (0..10).filter(|number| number % 2 == 1));
        assert_eq!(report(&mut theirs, 5).unwrap().reception.ssrc, Ssrc(9));
    }

    /// Two ends, 40 ms apart each way, with clocks that know nothing of each other.
    #[test]
    fn the_round_trip_is_known_after_a_report_and_its_answer() {
        let start = Instant::now();
        let (begin, way) = (start + Duration::from_secs(7), Duration::from_millis(40));
        let mut near = Reports::new(start, WALL, &mut Dice::new(1));
        let mut far = Reports::new(start, Ntp(77), &mut Dice::new(2));
        let theirs = Sent { ssrc: THEIRS, ..ours(70) };
        let mut of_us = nothing();
        came(&mut of_us, OURS, 0..50);
        let mut out = [0; RTCP_BYTES];
        let mut report = |from: &mut Reports, now: Instant, sent: &Sent, got: &mut Reception| {
            (from.first, from.last, from.next) = (true, start, now);
            let length = from.write(now, sent, got, (false, None), &mut out).unwrap();
            out[..length].to_vec()
        };
        let first = report(&mut near, begin, &ours(60), &mut nothing());
        far.receive(begin + way, &first, &theirs).unwrap();
        assert_eq!((far.far().round_trip, far.far().packets_sent), (None, Some(60)));
        let kept = Duration::from_millis(1234);
        let second = report(&mut far, begin + way + kept, &theirs, &mut of_us);
        near.receive(begin + way + kept + way, &second, &ours(200)).unwrap();
        let trip = near.far().round_trip.unwrap();
        assert!(trip.abs_diff(2 * way) < Duration::from_millis(1), "{trip:?}");
        assert_eq!((near.far().heard_us, near.far().missed_us), (1, 0));
        // A report of a time that lies in the future, or hours back, is no round trip.
        let time = near.time(begin).middle();
        for last in [time.wrapping_add(1 << 20), time.wrapping_sub(3600 << 16), 0] {
            near.round_trip(begin, last, 0);
            assert_eq!(near.far().round_trip, Some(trip));
        }
    }

    /// RFC 3611 §4.5: who only receives has a clock to measure by too.
    #[test]
    fn a_receivers_clock_is_answered() {
        let start = Instant::now();
        let mut near = Reports::new(start, WALL, &mut Dice::new(1));
        let mut far = Reports::new(start, Ntp(77), &mut Dice::new(2));
        let listens = Sent { ssrc: THEIRS, ..Sent::default() };
        let mut out = [0; RTCP_BYTES];
        let at = start + Duration::from_secs(9);
        let length = far.compose(at, &listens, &mut nothing(), (true, None), false, &mut out);
        near.receive(at, &out[..length], &ours(100)).unwrap();
        let later = at + Duration::from_secs(3);
        let length =
            near.compose(later, &ours(400), &mut nothing(), (false, None), false, &mut out);
        far.receive(later + Duration::from_millis(30), &out[..length], &listens).unwrap();
        let trip = far.far().round_trip.unwrap();
        assert!(trip.abs_diff(Duration::from_millis(30)) < Duration::from_millis(1), "{trip:?}");
    }

    #[test]
    fn what_the_far_end_misses_is_counted_in_reports() {
        let start = Instant::now();
        let mut near = Reports::new(start, WALL, &mut Dice::new(1));
        let mut tell = |packets: u32, block: Option<(u32, u8)>| {
            let mut out = [0; RTCP_BYTES];
            let mut writer = Writer::new(&mut out);
            let block = block.map(|(extended_highest, fraction_lost)| {
                let reception = ReceptionReport {
                    ssrc: OURS,
                    extended_highest,
                    fraction_lost,
                    ..ReceptionReport::default()
                };
                ReportBlock { reception, ..ReportBlock::default() }
            });
            writer.report(THEIRS, None, block.as_ref());
            let length = writer.finish();
            near.receive(start, &out[..length], &ours(packets)).unwrap();
            (near.far().reports, near.far().heard_us, near.far().missed_us)
        };
        assert_eq!(tell(40, None), (1, 0, 0), "too early to tell");
        assert_eq!(tell(100, None), (2, 0, 1));
        assert_eq!(tell(110, None), (3, 0, 1), "we sent next to nothing since: hold");
        assert_eq!(tell(300, Some((5000, 3))), (4, 1, 0));
        assert_eq!(tell(500, Some((5000, 0))), (5, 1, 1), "not one packet more");
        assert_eq!(tell(700, Some((5200, 255))), (6, 1, 2));
        assert_eq!(tell(900, Some((5400, 0))), (7, 2, 0));
        // Of a stream that is none of ours: an SBC that renames streams and not their reports.
        let mut out = [0; RTCP_BYTES];
        let mut writer = Writer::new(&mut out);
        let reception = ReceptionReport { ssrc: Ssrc(99), ..ReceptionReport::default() };
        let block = ReportBlock { reception, ..ReportBlock::default() };
        writer.report(THEIRS, None, Some(&block));
        let length = writer.finish();
        near.receive(start, &out[..length], &ours(1500)).unwrap();
        assert_eq!((near.far().reports, near.far().missed_us), (7, 0));
    }

    #[test]
    fn a_goodbye_ends_what_was_begun() {
        let start = Instant::now();
        let mut out = [0; RTCP_BYTES];
        let mut reports = Reports::new(start, WALL, &mut Dice::new(1));
        assert_eq!(reports.goodbye(start, &ours(0), &mut nothing(), &mut out), None);
        let length = reports.goodbye(start, &ours(9), &mut nothing(), &mut out).unwrap();
        let all = said(&out[..length]);
        assert!(matches!(all[0], Said::Sender { packets: 9, .. }), "{all:?}");
        assert_eq!(all.last(), Some(&Said::Bye { by: OURS }));
        let mut far = Reports::new(start, WALL, &mut Dice::new(2));
        far.receive(start, &out[..length], &Sent::default()).unwrap();
        assert!(far.far().bye);
    }

    #[test]
    fn names_are_random_and_have_the_letters_of_base64() {
        let name = |seed| Reports::new(Instant::now(), WALL, &mut Dice::new(seed)).name;
        assert_ne!(name(1), name(2));
        assert!(name(3).iter().all(|letter| LETTERS.contains(letter)));
    }
}
