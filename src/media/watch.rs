//! What is watched over a leg beside its sound: RTCP both ways, how loud it is, whether both sides
//! hear each other, and how it sounds at the end.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::base::{Dice, Loudness};
use crate::rtp::{Counters, Depth, Ntp, RTCP_BYTES, Reception, Reports, Sent, Ssrc, VoipMetrics};

use super::levels::{LevelMeter, Levels};
use super::quality::{Impairment, Path, Rating, burst_ratio, rate};
use super::receiver::Sound;
use super::sender::Continuity;
use super::session::LegParams;
use super::stats::Stats;
use super::verdict::{Facts, Verdict};

/// How often it is looked whether both sides hear each other.
const LOOKS: Duration = Duration::from_millis(2500);
/// What a jitter buffer of the far end's adds when it does not say.
const THEIR_BUFFER_MS: f32 = 40.0;
/// From dBov to dBm0: a full-scale sine has -3.01 dBov and 3.14 dBm0 (ITU-T G.711 §4).
const DBM0: f32 = 6.15;

/// How a leg sounded, so far or in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Whether both sides hear each other; `None` when it is too early.
    pub verdict: Option<Verdict>,
    /// What we hear.
    pub heard: Levels,
    /// What we say.
    pub said: Levels,
    /// How what we hear sounds: to us, or to whom the leg is bridged with.
    pub inbound: Rating,
    /// How what we say sounds at the far end, when it has told.
    pub outbound: Option<Rating>,
    /// Lost or too late, 0 to 1.
    pub inbound_loss: f32,
    /// Interarrival jitter in ms.
    pub inbound_jitter: f32,
    /// Lost on the way there, 0 to 1.
    pub outbound_loss: Option<f32>,
    /// Interarrival jitter there, in ms.
    pub outbound_jitter: Option<f32>,
    /// From here to there and back.
    pub round_trip: Option<Duration>,
    /// RTCP reports that came.
    pub reports: u32,
}

/// What was counted when something was agreed anew.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    received: u64,
    foreign: u64,
    forged: u64,
    unexpected: u64,
}

impl Before {
    fn of(stats: &Stats) -> Self {
        let Counters { received, foreign, forged, unexpected, .. } = stats.received;
        Self { received, foreign, forged, unexpected }
    }
}

/// A leg's watch.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    reports: Reports,
    /// Where RTCP comes from, when it comes from elsewhere than it should go to.
    control_from: Option<SocketAddr>,
    sent: Sent,
    heard: LevelMeter,
    said: LevelMeter,
    /// Frames made up, and how often that began.
    concealed: u32,
    gaps: u32,
    sounded: u32,
    concealing: bool,
    foreign_from: Option<SocketAddr>,
    /// Packets in a row that could not be sent, and whether the latest one may have been.
    unsent: u32,
    went_out: bool,
    refused: u64,
    refused_at: Option<Instant>,
    /// Since when sound should be there, and what was counted by then.
    since: Option<(Instant, Before)>,
    /// Of the jitter buffer, as of the last tick.
    depth: Depth,
    next_look: Instant,
    /// What was seen last, and what was told last.
    seen: Option<Verdict>,
    told: Option<Verdict>,
}

impl Watch {
    pub(super) fn new(now: Instant, ssrc: Ssrc, seed: u64) -> Self {
        Self {
            // Without a wall clock, time counts from here (RFC 3550 §4).
            reports: Reports::new(now, Ntp(1 << 32), &mut Dice::new(seed)),
            control_from: None,
            sent: Sent { ssrc, ..Sent::default() },
            heard: LevelMeter::default(),
            said: LevelMeter::default(),
            concealed: 0,
            gaps: 0,
            sounded: 0,
            concealing: false,
            foreign_from: None,
            unsent: 0,
            went_out: false,
            refused: 0,
            refused_at: None,
            since: None,
            depth: Depth::default(),
            next_look: now,
            seen: None,
            told: None,
        }
    }

    pub(super) fn set_wall_clock(&mut self, now: Instant, time: Ntp) {
        self.reports.set_clock(now, time);
    }

    /// Something else was agreed: what was counted before says nothing of it.
    /// With `another` far end, nothing that the one before it said or did does.
    pub(super) fn agree(&mut self, now: Instant, stats: &Stats, another: bool) {
        self.since = self.since.map(|_| (now, Before::of(stats)));
        self.control_from = None;
        self.heard.judge_from_here();
        if another {
            self.reports.begin_anew(self.sent.packets);
            (self.refused, self.refused_at) = (0, None);
            (self.foreign_from, self.unsent) = (None, 0);
        }
    }

    pub(super) fn foreign(&mut self, from: SocketAddr) {
        self.foreign_from = Some(from);
    }

    /// Their machine has refused a packet of ours.
    pub(super) fn refused(&mut self, now: Instant) {
        (self.refused, self.refused_at) = (self.refused + 1, Some(now));
    }

    /// A frame was heard.
    pub(super) fn heard(&mut self, loudness: &Loudness, sound: Sound) {
        let concealed = sound == Sound::Concealed;
        match sound {
            Sound::Received => {
                self.sounded += 1;
                self.heard.take(loudness);
            }
            Sound::Concealed => {
                self.concealed += 1;
                self.gaps += u32::from(!self.concealing);
            }
            Sound::Pause => {}
        }
        self.concealing = concealed;
    }

    /// How deep the jitter buffer was.
    pub(super) fn buffers(&mut self, depth: &Depth) {
        self.depth = *depth;
    }

    /// Our stream is this one: another one's packets are not counted with it (RFC 3550 §6.4.1), and
    /// what was told of it is not of this one.
    pub(super) fn is_now(&mut self, ours: Continuity) {
        if ours.ssrc != self.sent.ssrc {
            self.sent = Sent { ssrc: ours.ssrc, ..Sent::default() };
            self.reports.begin_anew(0);
        }
        self.sent.time = ours.time;
    }

    /// The packet that was to go out could not be sent.
    pub(super) fn unsent(&mut self) {
        (self.unsent, self.went_out) = (self.unsent.saturating_add(1), false);
    }

    /// A packet is to go out.
    pub(super) fn sends(&mut self, payload: usize) {
        // Nobody said otherwise of the one before it.
        if std::mem::replace(&mut self.went_out, true) {
            self.unsent = 0;
        }
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.bytes = self.sent.bytes.wrapping_add(payload as u32);
    }

    /// 20 ms passed, with a frame of sound if we said something. Returns a verdict that is news.
    pub(super) fn tick(
        &mut self,
        now: Instant,
        said: Option<&Loudness>,
        (params, remote): (&LegParams, SocketAddr),
        (stats, last_packet): (&Stats, Instant),
    ) -> Option<Verdict> {
        if let Some(loudness) = said {
            self.said.take(loudness);
        }
        if self.since.is_none() && (said.is_some() || stats.received.received > 0) {
            self.since = Some((now, Before::default()));
        }
        if now < self.next_look {
            return None;
        }
        self.next_look = now + LOOKS;
        let verdict = self.judge(now, (params, remote), (stats, last_packet))?;
        // What is seen once may be a report that crossed a packet; the first time is told at once.
        let like = |other: &Option<Verdict>| other.is_some_and(|other| other.is_like(&verdict));
        let sure = self.told.is_none() || like(&self.seen);
        let news = sure && !like(&self.told);
        self.seen = Some(verdict);
        if news {
            self.told = Some(verdict);
        }
        news.then_some(verdict)
    }

    fn judge(
        &self,
        now: Instant,
        (params, remote): (&LegParams, SocketAddr),
        (stats, last_packet): (&Stats, Instant),
    ) -> Option<Verdict> {
        let (since, before) = self.since?;
        let came = &stats.received;
        let far = self.reports.far();
        let not_refused_for = |at| now.saturating_duration_since(at);
        Verdict::of(&Facts {
            lasted: now.saturating_duration_since(since),
            // On hold a PBX plays music, or sends nothing: either is well.
            receives: params.receives && !params.is_held(),
            sends: params.sends,
            remote,
            received: came.received - before.received,
            silent_for: now.saturating_duration_since(last_packet),
            foreign: came.foreign - before.foreign,
            foreign_from: self.foreign_from,
            undecipherable: came.forged - before.forged,
            unexpected: came.unexpected - before.unexpected,
            heard: self.heard.of_late(),
            sent: stats.packets_sent,
            unsent: self.unsent,
            refused: self.refused,
            not_refused_for: self.refused_at.map_or(Duration::MAX, not_refused_for),
            heard_us: far.heard_us,
            missed_us: far.missed_us,
        })
    }

    /// Takes what came by RTCP, if it was any. Returns which part of our packets was lost of late, in 256ths, if
    /// it told.
    pub(super) fn receive_control(
        &mut self,
        now: Instant,
        datagram: &[u8],
        from: SocketAddr,
    ) -> Option<Option<u8>> {
        let told = self.reports.far().told;
        self.reports.receive(now, datagram, &self.sent).ok()?;
        self.control_from = Some(from);
        let far = self.reports.far();
        let news = far.reception.filter(|_| far.told != told);
        Some(news.map(|reception| reception.fraction_lost))
    }

    /// Where RTCP goes: with RTP, to where it comes from behind NAT, or where SDP said.
    pub(super) fn control_remote(
        &self,
        params: &LegParams,
        (remote, learnt): (SocketAddr, bool),
    ) -> SocketAddr {
        if params.rtcp.mux {
            return remote;
        }
        match self.control_from {
            Some(from) if learnt && from.ip() == remote.ip() => from,
            _ if learnt => next_port(remote),
            _ => params.rtcp.remote.unwrap_or_else(|| next_port(params.remote)),
        }
    }

    /// Whether a report may be due.
    pub(super) fn control_is_due(&self, now: Instant) -> bool {
        self.reports.is_due(now)
    }

    /// Writes the report that is due.
    pub(super) fn write_control(
        &mut self,
        now: Instant,
        ours: Continuity,
        theirs: &mut Reception,
        params: &LegParams,
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<usize> {
        self.is_now(ours);
        let voip = params.rtcp.voip_metrics.then(|| self.voip(theirs, params)).flatten();
        let extended = (params.rtcp.receiver_time, voip.as_ref());
        self.reports.write(now, &self.sent, theirs, extended, out)
    }

    /// Writes the goodbye.
    pub(super) fn write_goodbye(
        &mut self,
        now: Instant,
        ours: Continuity,
        theirs: &mut Reception,
        out: &mut [u8; RTCP_BYTES],
    ) -> Option<usize> {
        self.is_now(ours);
        self.reports.goodbye(now, &self.sent, theirs, out)
    }

    fn inbound_loss(&self) -> f32 {
        self.concealed as f32 / (self.concealed + self.sounded).max(1) as f32
    }

    /// How much of the delay is not the network's: packets, coding, our jitter buffer.
    fn our_delay(&self, params: &LegParams) -> f32 {
        let coding = Impairment::of(params.codec).delay_ms;
        f32::from(params.packet_time.0) + coding + self.depth.mean_ms() as f32
    }

    fn inbound(&self, params: &LegParams) -> Rating {
        let network = self.reports.far().round_trip.unwrap_or_default().as_secs_f32() * 500.0;
        let loss = self.inbound_loss();
        let mean = self.concealed as f32 / self.gaps.max(1) as f32;
        rate(&Path {
            delay_ms: network + self.our_delay(params),
            loss,
            burst: burst_ratio(loss, mean),
            impairment: Impairment::of(params.codec),
        })
    }

    fn outbound(&self, params: &LegParams) -> (Option<Rating>, Option<f32>, Option<f32>) {
        let far = self.reports.far();
        let Some(reception) = far.reception else { return (None, None, None) };
        let lost = reception.cumulative_lost.max(0) as f32;
        let loss = (lost / far.of_packets.max(1) as f32).min(1.0);
        let voip = far.voip.filter(|voip| voip.mos_conversation != VoipMetrics::UNKNOWN);
        let clock = params.codec.clock_rate().0.max(1) as f32;
        let jitter = reception.jitter as f32 * 1000.0 / clock;
        let buffer = far.voip.map_or(THEIR_BUFFER_MS, |voip| f32::from(voip.end_delay_ms));
        let network = far.round_trip.unwrap_or_default().as_secs_f32() * 500.0;
        let impairment = Impairment::of(params.codec);
        let mut rating = rate(&Path {
            delay_ms: network + buffer + f32::from(params.packet_time.0) + impairment.delay_ms,
            loss,
            burst: 1.0,
            impairment,
        });
        // Who plays it knows better.
        if let Some(voip) = voip {
            let tenths = |mos: u8| (f32::from(mos) / 10.0).clamp(1.0, 5.0);
            rating.conversation = tenths(voip.mos_conversation);
            rating.listening = tenths(voip.mos_listening);
        }
        (Some(rating), Some(loss), Some(jitter))
    }

    /// How it sounded so far. `judged` is what the verdict comes from.
    pub(super) fn quality(
        &self,
        now: Instant,
        theirs: &Reception,
        (params, remote): (&LegParams, SocketAddr),
        judged: (&Stats, Instant),
    ) -> Quality {
        let (outbound, outbound_loss, outbound_jitter) = self.outbound(params);
        Quality {
            verdict: self.judge(now, (params, remote), judged),
            heard: self.heard.levels(),
            said: self.said.levels(),
            inbound: self.inbound(params),
            outbound,
            inbound_loss: self.inbound_loss(),
            inbound_jitter: theirs.jitter_ms(),
            outbound_loss,
            outbound_jitter,
            round_trip: self.reports.far().round_trip,
            reports: self.reports.far().reports,
        }
    }

    /// What we hear, as the far end wants it told (RFC 3611 §4.7).
    fn voip(&self, theirs: &Reception, params: &LegParams) -> Option<VoipMetrics> {
        let of = theirs.ssrc()?;
        let rating = self.inbound(params);
        let levels = self.heard.levels();
        let tenths = |mos: f32| (mos * 10.0).round() as u8;
        let dbm0 = |dbov: f32| match dbov > -127.0 {
            true => (dbov + DBM0).round().clamp(-127.0, 126.0) as i8,
            false => VoipMetrics::UNKNOWN as i8,
        };
        let ms = |ms: f32| ms.round().clamp(0.0, 65_535.0) as u16;
        let share = (self.inbound_loss() * 256.0).min(255.0) as u8;
        Some(VoipMetrics {
            of,
            loss: share,
            discarded: 0,
            burst_density: 0,
            gap_density: share,
            burst_ms: 0,
            gap_ms: 0,
            round_trip_ms: ms(
                self.reports.far().round_trip.unwrap_or_default().as_secs_f32() * 1000.0
            ),
            end_delay_ms: ms(self.our_delay(params)),
            signal: dbm0(levels.speech),
            noise: dbm0(levels.noise),
            rating: rating.r.round().clamp(0.0, 100.0) as u8,
            mos_listening: tenths(rating.listening),
            mos_conversation: tenths(rating.conversation),
            buffer_ms: ms(self.depth.mean_ms() as f32),
            buffer_max_ms: ms(self.depth.highest_ms() as f32),
        })
    }
}

/// Where RTCP goes when nobody says (RFC 3550 §11).
pub(super) fn next_port(rtp: SocketAddr) -> SocketAddr {
    SocketAddr::new(rtp.ip(), rtp.port().saturating_add(1))
}
