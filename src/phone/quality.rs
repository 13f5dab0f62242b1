//! How well the far end is heard, from the packets as they arrive.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::report::PacketReport;
use crate::base::Decibel;
use crate::rtp::{Header, Reception};
use crate::sdp::Negotiated;

/// Louder than this is not silence: the comfort noise of gateways lies below.
const SILENT: Decibel = Decibel(-60.0);
/// More of it than this is heard (percent).
const LOSSY: f64 = 1.0;
/// A packet that comes later than this after the one before it makes a hole in what most phones play.
const HOLE: Duration = Duration::from_millis(150);
/// What was on its way when we held the call does not count.
const ON_ITS_WAY: Duration = Duration::from_millis(200);

/// What is wrong with the way of the sound to us, if anything is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is.
    Good,
    /// Packets were lost.
    Lossy,
    /// Packets came so late that a phone would have had holes.
    Holes,
    /// Packets came, and there was no sound in them.
    OnlySilence,
    /// Packets came from elsewhere, or could not be read.
    FromElsewhere,
    /// No packet came.
    Nothing,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Good => "good",
            Self::Lossy => "packets were lost on the way to us",
            Self::Holes => "packets came too late",
            Self::OnlySilence => "one-way: only silence was received",
            Self::FromElsewhere => {
                "one-way: what was received came from elsewhere, or was encrypted otherwise"
            }
            Self::Nothing => "one-way: nothing was received",
        })
    }
}

/// How well the far end was heard.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QualityReport {
    /// In a word.
    pub verdict: Verdict,
    /// The codec, as SDP names it.
    pub codec: &'static str,
    /// How much sound our packets held, in ms.
    pub packet_ms: u16,
    /// Whether it was encrypted (SRTP).
    pub encrypted: bool,
    /// Packets that did not come, of those that were sent.
    pub lost_percent: f64,
    /// The jitter between packets at the end of the call (RFC 3550 §6.4.1), in ms.
    pub jitter_ms: f32,
    /// The highest that it was.
    pub highest_jitter_ms: f32,
    /// The longest time without a packet while there should have been some, in ms.
    pub longest_gap_ms: u64,
    /// The loudest packet, in dBov.
    pub loudest_dbov: f32,
}

/// What is known of how well it is heard.
#[derive(Debug, Default)]
pub(super) struct Quality {
    agreed: Option<Negotiated>,
    reception: Option<Reception>,
    last: Option<Instant>,
    longest_gap: Duration,
    loudest: Option<f32>,
    elsewhere: bool,
    /// When we asked for silence; packets that came later than what was on its way.
    held: Option<Instant>,
    while_held: u64,
}

impl Quality {
    /// Something was agreed on. Until the next packet there is no gap: a call may have been held.
    pub(super) fn agree(&mut self, agreed: &Negotiated) {
        let clock = agreed.codec.clock_rate();
        self.reception.get_or_insert_with(|| Reception::new(clock)).set_clock(clock);
        self.last = None;
        self.agreed = Some(agreed.clone());
    }

    /// We are to be sent nothing from now on, or again.
    pub(super) fn hold(&mut self, since: Option<Instant>) {
        self.held = since;
        self.while_held = 0;
    }

    /// Packets that came although we held the call.
    pub(super) fn while_held(&self) -> u64 {
        self.while_held
    }

    /// A packet came that is not of this call, or cannot be read.
    pub(super) fn foreign(&mut self) {
        self.elsewhere = true;
    }

    /// A packet of sound came.
    pub(super) fn receive(&mut self, now: Instant, header: &Header, level: Decibel) {
        if let Some(since) = self.held {
            self.while_held += u64::from(now.saturating_duration_since(since) > ON_ITS_WAY);
            return;
        }
        if let Some(reception) = &mut self.reception {
            reception.receive(now, header, true);
        }
        // A marker begins a talkspurt: nothing was to come before it.
        if let Some(last) = self.last.filter(|_| !header.marker) {
            self.longest_gap = self.longest_gap.max(now.saturating_duration_since(last));
        }
        self.last = Some(now);
        self.loudest = Some(self.loudest.unwrap_or(-127.0).max(level.0));
    }

    /// Says how it was; `None` when no media were agreed on.
    pub(super) fn report(&self, packets: &PacketReport) -> Option<QualityReport> {
        let agreed = self.agreed.as_ref()?;
        let sent = packets.received + packets.lost;
        let lost_percent = 100.0 * packets.lost as f64 / sent.max(1) as f64;
        let loudest_dbov = self.loudest.unwrap_or(-127.0);
        let verdict = match packets.received {
            0 if self.elsewhere => Verdict::FromElsewhere,
            0 => Verdict::Nothing,
            _ if loudest_dbov < SILENT.0 => Verdict::OnlySilence,
            _ if lost_percent > LOSSY => Verdict::Lossy,
            _ if self.longest_gap > HOLE => Verdict::Holes,
            _ => Verdict::Good,
        };
        let reception = self.reception.as_ref();
        Some(QualityReport {
            verdict,
            codec: agreed.codec.sdp_name(),
            packet_ms: agreed.packet_time.0,
            encrypted: agreed.srtp.is_some(),
            lost_percent,
            jitter_ms: reception.map_or(0.0, Reception::jitter_ms),
            highest_jitter_ms: reception.map_or(0.0, Reception::highest_jitter_ms),
            longest_gap_ms: u64::try_from(self.longest_gap.as_millis()).unwrap_or(u64::MAX),
            loudest_dbov,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{RtpTime, SeqNo};
    use crate::codec::Codec;
    use crate::rtp::Ssrc;

    fn agreed() -> Negotiated {
        Negotiated::new(Codec::Pcmu, 0, ([127, 0, 0, 1], 4000).into())
    }

    fn header(number: u16) -> Header {
        let time = RtpTime(u32::from(number) * 160);
        let (seq, ssrc) = (SeqNo(number), Ssrc(1));
        Header { payload_type: 0, marker: number == 0, seq, time, ssrc }
    }

    /// Fifty packets, the `late`th of which and all after it come so much later.
    fn heard(level: f32, late: u16, by: u64) -> (Quality, PacketReport) {
        let (mut quality, begun) = (Quality::default(), Instant::now());
        quality.agree(&agreed());
        for number in 0..50 {
            let delay = if number >= late { by } else { 0 };
            let at = begun + Duration::from_millis(u64::from(number) * 20 + delay);
            quality.receive(at, &header(number), Decibel(level));
        }
        (quality, PacketReport { received: 50, ..PacketReport::default() })
    }

    #[test]
    fn each_verdict_has_its_reason() {
        let verdict =
            |quality: &Quality, packets: &PacketReport| quality.report(packets).unwrap().verdict;
        let (good, packets) = heard(-20.0, 50, 0);
        assert_eq!(verdict(&good, &packets), Verdict::Good);
        assert_eq!(verdict(&good, &PacketReport { lost: 2, ..packets }), Verdict::Lossy);
        let (late, packets) = heard(-20.0, 30, 200);
        assert_eq!(verdict(&late, &packets), Verdict::Holes);
        assert_eq!(late.report(&packets).unwrap().longest_gap_ms, 220);
        let (silent, packets) = heard(-70.0, 50, 0);
        assert_eq!(verdict(&silent, &packets), Verdict::OnlySilence);
        let mut nothing = Quality::default();
        assert_eq!(nothing.report(&PacketReport::default()), None, "no media were agreed on");
        nothing.agree(&agreed());
        assert_eq!(verdict(&nothing, &PacketReport::default()), Verdict::Nothing);
        nothing.foreign();
        assert_eq!(verdict(&nothing, &PacketReport::default()), Verdict::FromElsewhere);
    }

    #[test]
    fn a_held_call_has_no_gap_and_what_comes_in_it_is_counted() {
        let (mut quality, packets) = heard(-20.0, 50, 0);
        let begun = Instant::now() + Duration::from_secs(1);
        quality.hold(Some(begun));
        for ms in [20, 150, 400] {
            quality.receive(begun + Duration::from_millis(ms), &header(60), Decibel(-20.0));
        }
        assert_eq!(quality.while_held(), 1, "two were on their way");
        quality.hold(None);
        quality.agree(&agreed());
        quality.receive(begun + Duration::from_secs(3), &header(61), Decibel(-20.0));
        assert_eq!(quality.report(&packets).unwrap().verdict, Verdict::Good);
    }
}
