//! What the switchboard knows of a leg's sound, until its media is closed, often after its call is over.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::base::{CallId, TrunkName};
use crate::media::{Inbound, Levels, Outbound, Quality, Stats, Verdict};
use crate::ops::{self, Evenness, Label, SoundOf, SoundVerdict};
use crate::store::{CallSound, SideSound};
use crate::workers::MediaEventKind;

/// One leg's.
pub(super) struct LegSound {
    call: CallId,
    trunk: TrunkName,
    /// The address in our SDP.
    ours: SocketAddr,
    /// As told at the end.
    quality: Option<Quality>,
    /// It was told that nothing is received.
    silent: bool,
    /// The last word was that sound does not go both ways.
    faulty: bool,
    /// Its media are closed: nothing more is told.
    pub(super) is_over: bool,
    /// To the call's row.
    row: Option<oneshot::Sender<CallSound>>,
}

/// How a call of a trunk sounded in all.
pub(super) struct Sounded {
    pub(super) trunk: TrunkName,
    /// What we heard and what we said, as a conversation's MOS.
    pub(super) mos: [Option<f32>; 2],
    /// What was wrong; nothing where it was too short to tell.
    pub(super) faults: Vec<SoundVerdict>,
}

impl LegSound {
    pub(super) fn new(
        call: CallId,
        trunk: TrunkName,
        ours: SocketAddr,
        row: oneshot::Sender<CallSound>,
    ) -> Self {
        let (silent, faulty, is_over) = (false, false, false);
        Self { call, trunk, ours, quality: None, silent, faulty, is_over, row: Some(row) }
    }

    /// Says what is worth knowing of an event; the last one tells how the call sounded.
    pub(super) fn hear(&mut self, kind: &MediaEventKind) -> Option<Sounded> {
        match kind {
            MediaEventKind::NoPackets { lasted } if !std::mem::replace(&mut self.silent, true) => {
                ops::MediaTimeout { call: self.call, silent: *lasted }.emit();
            }
            MediaEventKind::Judged(verdict) => {
                let words = verdict.words(self.ours).to_string();
                let verdicts = &labels(verdict);
                let clears = std::mem::replace(&mut self.faulty, !verdict.is_fine());
                let (call, trunk) = (self.call, &self.trunk);
                ops::SoundJudged { call, trunk, verdicts, words: &words, clears }.emit();
            }
            MediaEventKind::Quality(quality) => self.quality = Some(*quality),
            MediaEventKind::Closed { stats, failed } => {
                self.is_over = true;
                self.closed(stats, *failed);
                return self.sounded(stats);
            }
            _ => {}
        }
        None
    }

    /// Tells the call's row, and returns what the trunk is judged by.
    fn sounded(&mut self, stats: &Stats) -> Option<Sounded> {
        let quality = self.quality.as_ref()?;
        let verdicts = quality.verdict.as_ref().map(labels).unwrap_or_default();
        let (heard, said) = (heard_of(stats, quality), said(quality));
        let words: Vec<_> = verdicts.iter().map(|verdict| verdict.label()).collect();
        let sound = CallSound {
            verdict: words.join(" "),
            heard: side(&heard),
            said: side(&said),
            round_trip_ms: quality.round_trip.map(|time| time.as_secs_f64() * 1000.0),
            lost: stats.received.lost,
            late: stats.received.late,
            concealed: stats.received.concealed,
            depth_ms: stats.timing.mean_depth_ms,
            skew_ppm: stats.timing.skew_ppm,
        };
        // A row that is not waited for any more is stored without it.
        if let Some(row) = self.row.take() {
            let _ = row.send(sound);
        }
        let faults =
            verdicts.into_iter().filter(|verdict| *verdict != SoundVerdict::Fine).collect();
        Some(Sounded { trunk: self.trunk.clone(), mos: [heard.mos, said.mos], faults })
    }

    fn closed(&self, stats: &Stats, failed: bool) {
        let came = &stats.received;
        let quality = self.quality.as_ref();
        let verdict = match quality.and_then(|quality| quality.verdict) {
            Some(verdict) => verdict.words(self.ours).to_string(),
            None if failed => "the media failed".to_owned(),
            None => "too short to tell".to_owned(),
        };
        let unsent = stats.socket.send_failed;
        if unsent > 0 {
            ops::SoundUnsent { call: self.call, trunk: &self.trunk, packets: unsent }.emit();
        }
        ops::MediaClosed {
            call: self.call,
            trunk: &self.trunk,
            received: came.received,
            lost: came.lost,
            late: came.late,
            foreign: came.foreign,
            forged: came.forged,
            replayed: came.replayed,
            concealed: came.concealed,
            evenness: evenness(stats),
            sent: stats.packets_sent,
            thrown_away: stats.socket.thrown_away,
            unsent: stats.socket.unsent(),
            round_trip: quality.and_then(|quality| quality.round_trip),
            heard: quality.map_or(NOTHING, |quality| heard_of(stats, quality)),
            said: quality.map_or(NOTHING, said),
            verdict: &verdict,
        }
        .emit();
    }
}

fn evenness(stats: &Stats) -> Evenness {
    let (came, timing) = (&stats.received, &stats.timing);
    let ms = |ms: u32| Duration::from_millis(ms.into());
    Evenness {
        duplicate: came.duplicate,
        reordered: came.reordered,
        depth: ms(timing.mean_depth_ms),
        highest_depth: ms(timing.highest_depth_ms),
        highest_jitter: ms(timing.highest_jitter_ms),
        skew_ppm: timing.skew_ppm,
    }
}

const NOTHING: SoundOf =
    SoundOf { mos: None, loss: None, jitter: None, speech: None, noise: None, clipped: 0.0 };

fn side(sound: &SoundOf) -> SideSound {
    SideSound {
        mos: sound.mos.map(f64::from),
        loss: sound.loss.map(f64::from),
        jitter_ms: sound.jitter.map(|jitter| jitter.as_secs_f64() * 1000.0),
    }
}

fn heard_of(stats: &Stats, quality: &Quality) -> SoundOf {
    if stats.received.received == 0 {
        return NOTHING;
    }
    SoundOf {
        mos: Some(quality.inbound.conversation),
        loss: Some(quality.inbound_loss),
        jitter: Some(millis(quality.inbound_jitter)),
        ..loudness(&quality.heard)
    }
}

fn said(quality: &Quality) -> SoundOf {
    SoundOf {
        mos: quality.outbound.map(|rating| rating.conversation),
        loss: quality.outbound_loss,
        jitter: quality.outbound_jitter.map(millis),
        ..loudness(&quality.said)
    }
}

fn loudness(levels: &Levels) -> SoundOf {
    let some = levels.frames > 0 && !levels.is_silent();
    SoundOf {
        speech: some.then_some(levels.speech),
        noise: some.then_some(levels.noise),
        clipped: levels.clipped,
        ..NOTHING
    }
}

fn millis(ms: f32) -> Duration {
    Duration::try_from_secs_f32(ms / 1000.0).unwrap_or_default()
}

/// A verdict as the metric counts it.
fn labels(verdict: &Verdict) -> Vec<SoundVerdict> {
    let inbound = verdict.inbound.map(|fault| match fault {
        Inbound::Nothing => SoundVerdict::NothingReceived,
        Inbound::Elsewhere { .. } => SoundVerdict::Elsewhere,
        Inbound::Undecipherable { .. } => SoundVerdict::Undecipherable,
        Inbound::WrongFormat { .. } => SoundVerdict::WrongFormat,
        Inbound::Stopped { .. } => SoundVerdict::Stopped,
        Inbound::OnlySilence => SoundVerdict::OnlySilence,
    });
    let outbound = verdict.outbound.map(|fault| match fault {
        Outbound::OnHold => SoundVerdict::OnHold,
        Outbound::Nothing => SoundVerdict::NothingSent,
        Outbound::Refused => SoundVerdict::Refused,
        Outbound::NotReceived => SoundVerdict::NotReceived,
    });
    let faults: Vec<_> = inbound.into_iter().chain(outbound).collect();
    if faults.is_empty() { vec![SoundVerdict::Fine] } else { faults }
}
