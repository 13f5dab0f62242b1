//! Events of the media threads and of their sockets.

use std::time::Duration;

use metrics::{counter, gauge};

use super::labels::{Label, Scheduling, SendFault};
use super::metrics::names;

/// Media threads learned how they are scheduled.
#[derive(Debug)]
pub struct MediaScheduling {
    /// The least that one of them got.
    pub granted: Scheduling,
}

impl MediaScheduling {
    /// Logs and counts it.
    pub fn emit(self) {
        let granted = self.granted.label();
        match self.granted {
            Scheduling::Fifo => tracing::info!(granted, "Media threads run in real time."),
            Scheduling::Nice => tracing::warn!(
                granted,
                "Media threads got no real-time scheduling, only a better nice value: sound may stutter under load. Set LimitRTPRIO=20."
            ),
            Scheduling::Plain => tracing::warn!(
                granted,
                "Media threads are scheduled as any other: sound will stutter under load. Set LimitRTPRIO=20."
            ),
        }
        gauge!(names::REALTIME_GRANTED).set(f64::from(self.granted == Scheduling::Fifo));
    }
}

/// It was tried to keep all memory in memory.
#[derive(Debug)]
pub struct MemoryLocked<'a> {
    /// Why not, if not.
    pub refused: Option<&'a str>,
}

impl MemoryLocked<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        match self.refused {
            None => tracing::info!("Memory is locked: nothing of ours waits for a disk."),
            Some(why) => tracing::info!(
                why,
                "Memory is not locked: a tick may wait for a page. Set LimitMEMLOCK=infinity."
            ),
        }
        gauge!(names::MEMORY_LOCKED).set(f64::from(self.refused.is_none()));
    }
}

/// An RTP socket told how much it can keep for us.
#[derive(Debug)]
pub struct RtpBuffer {
    /// What was asked for, in bytes.
    pub asked: usize,
    /// What was given.
    pub got: usize,
}

impl RtpBuffer {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { asked, got } = self;
        match got < asked {
            true => tracing::warn!(
                asked,
                got,
                "RTP sockets got a smaller receive buffer: raise net.core.rmem_max."
            ),
            false => tracing::debug!(asked, got, "RTP sockets have their receive buffer."),
        }
        gauge!(names::RTP_BUFFER).set(got as f64);
    }
}

/// Media threads woke too late for their slots.
#[derive(Debug)]
pub struct MediaLate {
    /// How many ticks were more than a slot late since the last report.
    pub ticks: u64,
    /// How many packet times were left out since then, because they were missed.
    pub left_out: u64,
    /// The worst of them.
    pub worst: Duration,
}

impl MediaLate {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { ticks, left_out, worst } = self;
        match left_out {
            0 => tracing::debug!(ticks, ?worst, "Media ticks were late."),
            _ => tracing::warn!(
                ticks,
                left_out,
                ?worst,
                "Media threads stood still: callers heard a gap."
            ),
        }
        counter!(names::TICKS_LATE).increment(ticks);
        counter!(names::TURNS_LEFT_OUT).increment(left_out);
    }
}

/// Media threads were measured.
#[derive(Debug)]
pub struct MediaLoadMeasured {
    /// The part of a core that the busiest used.
    pub busiest: f64,
}

impl MediaLoadMeasured {
    /// Counts it.
    pub fn emit(self) {
        gauge!(names::MEDIA_LOAD).set(self.busiest);
    }
}

/// Media threads are too busy for more calls, or have room again.
#[derive(Debug)]
pub struct MediaFull {
    /// Whether new calls are refused from now on.
    pub full: bool,
    /// The part of a core that the busiest thread used.
    pub busiest: f64,
}

impl MediaFull {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { full, busiest } = self;
        match full {
            true => tracing::error!(
                busiest,
                "Media threads are full: new calls get 503, so that those going on sound well."
            ),
            false => tracing::info!(busiest, "Media threads have room again."),
        }
        gauge!(names::MEDIA_FULL).set(f64::from(full));
    }
}

/// Hearing threads were measured.
#[derive(Debug)]
pub struct HearingMeasured {
    /// How long after a turn's end its text comes: 19 of 20, or the one that waits now.
    pub late: Duration,
    /// The part of the threads' time that went into what had to be recognised.
    pub busy: f64,
}

impl HearingMeasured {
    /// Counts it.
    pub fn emit(self) {
        gauge!(names::HEARING_LATE).set(self.late.as_secs_f64());
        gauge!(names::HEARING_LOAD).set(self.busy);
    }
}

/// Callers would be understood too late if there were more of them; or no longer.
#[derive(Debug)]
pub struct HearingFull {
    /// Whether new calls are refused from now on.
    pub full: bool,
    /// As in [`HearingMeasured`].
    pub late: Duration,
    /// As in [`HearingMeasured`].
    pub busy: f64,
}

impl HearingFull {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { full, late, busy } = self;
        match full {
            true => tracing::error!(
                ?late,
                busy,
                "Hearing threads are full: new calls get 503, so that callers are answered in time."
            ),
            false => tracing::info!(?late, busy, "Hearing threads have room again."),
        }
        gauge!(names::HEARING_FULL).set(f64::from(full));
    }
}

/// The kernel threw RTP away that nobody took in time.
#[derive(Debug)]
pub struct RtpThrownAway {
    /// How many datagrams since the last report.
    pub datagrams: u64,
}

impl RtpThrownAway {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { datagrams } = self;
        tracing::warn!(datagrams, "The system threw RTP away: a receive buffer was full.");
        counter!(names::RTP_LOST).increment(datagrams);
    }
}

/// RTP could not be sent.
#[derive(Debug)]
pub struct RtpUnsent {
    /// Why.
    pub why: SendFault,
    /// How many packets since the last report.
    pub packets: u64,
}

impl RtpUnsent {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { why, packets } = self;
        tracing::debug!(why = why.label(), packets, "RTP could not be sent.");
        counter!(names::RTP_UNSENT, "reason" => why.label()).increment(packets);
    }
}
