//! Events of a call's sound: whether both sides hear each other, and how it sounded.

use std::time::Duration;

use metrics::{counter, histogram};

use crate::base::{CallId, TrunkName};

use super::labels::{DigitWay, Label, RtpKind, SoundSide, SoundVerdict};
use super::metrics::names;

/// It was found out whether both sides of a call hear each other, or that has changed.
#[derive(Debug)]
pub struct SoundJudged<'a> {
    /// Which call.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// What was found, one for each side with a fault; [`SoundVerdict::Fine`] when there is none.
    pub verdicts: &'a [SoundVerdict],
    /// The same in words, with addresses and what to do; never a number or a name.
    pub words: &'a str,
    /// There was a fault before, of which this is the end.
    pub clears: bool,
}

impl SoundJudged<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, trunk, verdicts, words, clears } = self;
        match verdicts {
            [SoundVerdict::Fine] if clears => {
                tracing::info!(%call, %trunk, "Sound goes both ways again.");
            }
            [SoundVerdict::Fine] => tracing::debug!(%call, %trunk, "Sound goes both ways."),
            _ => tracing::warn!(%call, %trunk, "One-way audio: {words}."),
        }
        for verdict in verdicts {
            let trunk = trunk.to_string();
            counter!(names::SOUND_VERDICTS, "trunk" => trunk, "verdict" => verdict.label())
                .increment(1);
        }
    }
}

/// The caller keyed a digit; which one is nobody's business.
#[derive(Debug)]
pub struct DigitKeyed<'a> {
    /// In which call.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// How the digit came.
    pub way: DigitWay,
    /// Whether it is the first of the call that came so.
    pub first: bool,
}

impl DigitKeyed<'_> {
    /// Counts it, and logs how digits come.
    pub fn emit(self) {
        let Self { call, trunk, way, first } = self;
        let way = way.label();
        if first {
            tracing::info!(%call, %trunk, way, "The caller keys digits.");
        }
        counter!(names::DIGITS, "trunk" => trunk.to_string(), "way" => way).increment(1);
    }
}

/// Packets of a call could not be sent, as was found at its end.
#[derive(Debug)]
pub struct SoundUnsent<'a> {
    /// Which call.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// How many.
    pub packets: u64,
}

impl SoundUnsent<'_> {
    /// Logs it; they are counted as they fail.
    pub fn emit(self) {
        let Self { call, trunk, packets } = self;
        tracing::warn!(
            %call,
            %trunk,
            packets,
            "RTP of this call could not be sent: no route to the far end's address, or a firewall on this machine."
        );
    }
}

/// How one direction sounded.
#[derive(Clone, Copy, Debug)]
pub struct SoundOf {
    /// MOS of a conversation, 1 to 5; `None` when nobody can tell.
    pub mos: Option<f32>,
    /// Lost or too late, 0 to 1.
    pub loss: Option<f32>,
    /// Interarrival jitter.
    pub jitter: Option<Duration>,
    /// The level of speech in dBov, if there was some.
    pub speech: Option<f32>,
    /// The noise below it in dBov.
    pub noise: Option<f32>,
    /// The part of the samples at the limit, 0 to 1.
    pub clipped: f32,
}

/// How even the far end's packets came, and what evening them out took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evenness {
    /// Packets that came again.
    pub duplicate: u64,
    /// Packets that came after a later one, and in time.
    pub reordered: u64,
    /// The mean delay that the jitter buffer added.
    pub depth: Duration,
    /// Its highest.
    pub highest_depth: Duration,
    /// The highest interarrival jitter.
    pub highest_jitter: Duration,
    /// How much faster than ours the far end's clock runs, in millionths; 0 when it is not known.
    pub skew_ppm: i32,
}

/// A leg's media was closed.
#[derive(Debug)]
pub struct MediaClosed<'a> {
    /// Of which call.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// Packets of the far end.
    pub received: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came too late.
    pub late: u64,
    /// Packets of somebody else.
    pub foreign: u64,
    /// Packets that were not under the leg's key (SRTP).
    pub forged: u64,
    /// Packets under the leg's key that came again (SRTP).
    pub replayed: u64,
    /// Frames made up.
    pub concealed: u64,
    /// How evenly they came.
    pub evenness: Evenness,
    /// Packets sent.
    pub sent: u64,
    /// Datagrams that the system threw away.
    pub thrown_away: u64,
    /// Packets that could not be sent.
    pub unsent: u64,
    /// From here to there and back, when the far end has RTCP.
    pub round_trip: Option<Duration>,
    /// What we heard.
    pub heard: SoundOf,
    /// What they heard, as far as they say so; the level is ours.
    pub said: SoundOf,
    /// Whether both sides heard each other, in words.
    pub verdict: &'a str,
}

impl MediaClosed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, trunk, heard, said, round_trip, evenness, .. } = self;
        let ms = |time: Duration| rounded(time.as_secs_f32() * 1000.0, 10.0);
        let percent = |part: f32| rounded(part * 100.0, 100.0);
        let tenths = |number: f32| rounded(number, 10.0);
        tracing::info!(
            %call,
            %trunk,
            received = self.received,
            lost = self.lost,
            late = self.late,
            foreign = self.foreign,
            forged = self.forged,
            replayed = self.replayed,
            concealed = self.concealed,
            duplicate = evenness.duplicate,
            reordered = evenness.reordered,
            depth_ms = ms(evenness.depth),
            highest_depth_ms = ms(evenness.highest_depth),
            highest_jitter_ms = ms(evenness.highest_jitter),
            skew_ppm = evenness.skew_ppm,
            sent = self.sent,
            thrown_away = self.thrown_away,
            unsent = self.unsent,
            round_trip_ms = round_trip.map(ms),
            heard_mos = heard.mos.map(tenths),
            heard_loss_percent = heard.loss.map(percent),
            heard_jitter_ms = heard.jitter.map(ms),
            heard_dbov = heard.speech.map(f32::round),
            heard_noise_dbov = heard.noise.map(f32::round),
            heard_clipped_percent = percent(heard.clipped),
            said_mos = said.mos.map(tenths),
            said_loss_percent = said.loss.map(percent),
            said_jitter_ms = said.jitter.map(ms),
            said_dbov = said.speech.map(f32::round),
            verdict = self.verdict,
            "Media closed."
        );
        self.count_packets();
        counter!(names::FRAMES_CONCEALED).increment(self.concealed);
        if self.received > 0 {
            let trunk = trunk.to_string();
            histogram!(names::CALL_DEPTH_SECONDS, "trunk" => trunk).record(evenness.depth);
        }
        measure(trunk, SoundSide::Heard, &heard);
        measure(trunk, SoundSide::Said, &said);
        if let Some(round_trip) = round_trip {
            histogram!(names::ROUND_TRIP_SECONDS, "trunk" => trunk.to_string()).record(round_trip);
        }
    }
}

impl MediaClosed<'_> {
    fn count_packets(&self) {
        for (kind, packets) in [
            (RtpKind::Received, self.received),
            (RtpKind::Lost, self.lost),
            (RtpKind::Late, self.late),
            (RtpKind::Duplicate, self.evenness.duplicate),
            (RtpKind::Reordered, self.evenness.reordered),
            (RtpKind::Foreign, self.foreign),
            (RtpKind::Forged, self.forged),
            (RtpKind::Replayed, self.replayed),
            (RtpKind::Sent, self.sent),
        ] {
            counter!(names::RTP_PACKETS, "kind" => kind.label()).increment(packets);
        }
    }
}

/// What is unknown is not recorded.
fn measure(trunk: &TrunkName, side: SoundSide, sound: &SoundOf) {
    let numbers = [
        (names::CALL_MOS, sound.mos.map(f64::from)),
        (names::CALL_LOSS, sound.loss.map(f64::from)),
        (names::CALL_JITTER_SECONDS, sound.jitter.map(|jitter| jitter.as_secs_f64())),
        (names::SPEECH_DBOV, sound.speech.map(f64::from)),
    ];
    for (name, number) in numbers {
        if let Some(number) = number {
            let trunk = trunk.to_string();
            histogram!(name, "trunk" => trunk, "side" => side.label()).record(number);
        }
    }
}

/// As many decimals as somebody reads.
fn rounded(number: f32, parts: f32) -> f64 {
    f64::from((number * parts).round()) / f64::from(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::metrics::scoped;

    #[test]
    fn a_leg_is_counted_as_it_sounded() {
        let text = scoped(|metrics| {
            let (call, trunk) = (CallId(7), TrunkName::new("front"));
            let verdicts = &[SoundVerdict::NothingReceived, SoundVerdict::NotReceived];
            let words = "we hear nothing; and they hear nothing";
            SoundJudged { call, trunk: &trunk, verdicts, words, clears: false }.emit();
            for first in [true, false] {
                DigitKeyed { call, trunk: &trunk, way: DigitWay::Tone, first }.emit();
            }
            let heard = SoundOf {
                mos: Some(4.3),
                loss: Some(0.015),
                jitter: Some(Duration::from_millis(3)),
                speech: Some(-24.4),
                noise: Some(-61.0),
                clipped: 0.0,
            };
            let said = SoundOf { mos: None, loss: None, jitter: None, ..heard };
            MediaClosed {
                call,
                trunk: &trunk,
                received: 500,
                lost: 8,
                late: 1,
                foreign: 0,
                forged: 0,
                replayed: 0,
                concealed: 8,
                evenness: Evenness {
                    duplicate: 3,
                    reordered: 5,
                    depth: Duration::from_millis(4),
                    skew_ppm: -120,
                    ..Evenness::default()
                },
                sent: 510,
                thrown_away: 0,
                unsent: 0,
                round_trip: Some(Duration::from_millis(35)),
                heard,
                said,
                verdict: "sound goes both ways",
            }
            .emit();
            metrics.render()
        });
        for line in [
            "attendant_sound_verdicts_total{trunk=\"front\",verdict=\"nothing_received\"} 1",
            "attendant_sound_verdicts_total{trunk=\"front\",verdict=\"not_received\"} 1",
            "attendant_digits_total{trunk=\"front\",way=\"tone\"} 2",
            "attendant_rtp_packets_total{kind=\"lost\"} 8",
            "attendant_rtp_packets_total{kind=\"duplicate\"} 3",
            "attendant_rtp_packets_total{kind=\"reordered\"} 5",
            "attendant_call_depth_seconds_bucket{trunk=\"front\",le=\"0.002\"} 0",
            "attendant_call_depth_seconds_bucket{trunk=\"front\",le=\"0.005\"} 1",
            "attendant_frames_concealed_total 8",
            "attendant_call_mos_bucket{trunk=\"front\",side=\"heard\",le=\"4.2\"} 0",
            "attendant_call_mos_bucket{trunk=\"front\",side=\"heard\",le=\"4.4\"} 1",
            "attendant_call_speech_dbov_count{trunk=\"front\",side=\"said\"} 1",
            "attendant_call_round_trip_seconds_bucket{trunk=\"front\",le=\"0.05\"} 1",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
        assert!(!text.contains("call_mos_count{trunk=\"front\",side=\"said\"}"), "{text}");
    }
}
