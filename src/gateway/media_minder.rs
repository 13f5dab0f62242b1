//! Looks after the media threads, which say nothing themselves: how they are scheduled, how late
//! and how busy they are, what their sockets lost. And after the hearing threads: how late they are.

use std::sync::Arc;
use std::time::Duration;

use crate::media::SocketCounts;
use crate::ops::{self, SendFault, systemd};
use crate::workers::{Hearing, MediaPlane, MemoryLock, Pacing, Scheduling, lock_memory as lock};

use super::shared::Shared;

/// How often they are looked at.
const ROUND: Duration = Duration::from_secs(1);
/// Lateness and losses are told every so many rounds.
const TOLD: u32 = 10;

/// Says what the media threads and their sockets were granted.
pub(super) fn say_how_it_starts(media: &MediaPlane) {
    ops::MediaScheduling { granted: scheduling(media) }.emit();
    let (asked, got) = media.receive_buffer();
    ops::RtpBuffer { asked, got }.emit();
}

/// Keeps all memory in memory, where that is allowed, and says so.
pub(super) fn lock_memory() {
    let refused = match lock() {
        MemoryLock::Locked => None,
        MemoryLock::Limited { bytes } => Some(format!("the limit is {bytes} bytes")),
        MemoryLock::Refused { errno } => Some(std::io::Error::from_raw_os_error(errno).to_string()),
    };
    ops::MemoryLocked { refused: refused.as_deref() }.emit();
}

pub(super) fn scheduling(media: &MediaPlane) -> ops::Scheduling {
    match media.realtime() {
        Scheduling::RealTime => ops::Scheduling::Fifo,
        Scheduling::Nice => ops::Scheduling::Nice,
        Scheduling::Plain => ops::Scheduling::Plain,
    }
}

/// A line for `systemctl status`.
pub(super) fn status(media: &MediaPlane) -> String {
    let load = media.load();
    let how = match media.realtime() {
        Scheduling::RealTime => "in real time (fifo)",
        Scheduling::Nice => "not in real time (nice): sound may stutter under load",
        Scheduling::Plain => "not in real time (plain): sound will stutter under load",
    };
    let full = match load.refusing == load.threads {
        true => "; full: new calls get 503",
        false => "",
    };
    format!("Media threads: {}, {how}{full}.", load.threads)
}

/// Tells what there is to tell, until it is dropped.
pub(super) async fn run(shared: Arc<Shared>) {
    let media = &shared.media;
    let (mut pacing, mut sockets) = (Pacing::default(), SocketCounts::default());
    let (mut was_full, mut was_deaf) = (false, false);
    for round in 1_u32.. {
        tokio::time::sleep(ROUND).await;
        let load = media.load();
        let (full, busiest) = (load.refusing == load.threads, load.busiest.into());
        ops::MediaLoadMeasured { busiest }.emit();
        if full != std::mem::replace(&mut was_full, full) {
            ops::MediaFull { full, busiest }.emit();
            systemd::status(&status(media));
        }
        was_deaf = tell_hearing(&shared.hearing, was_deaf);
        if round % TOLD == 0 {
            pacing = tell_lateness(&pacing, media.pacing());
            sockets = tell_losses(&sockets, media.sockets());
        }
    }
}

/// Tells how late callers are understood; returns whether new calls are refused for it.
fn tell_hearing(hearing: &Hearing, was_full: bool) -> bool {
    let (load, full) = (hearing.load(), hearing.admit().is_err());
    let (late, busy) = (load.waiting.max(load.p95), load.busy.into());
    ops::HearingMeasured { late, busy }.emit();
    if full != was_full {
        ops::HearingFull { full, late, busy }.emit();
    }
    full
}

fn tell_lateness(before: &Pacing, now: Pacing) -> Pacing {
    let (ticks, left_out) = (now.late - before.late, now.left_out - before.left_out);
    if ticks > 0 {
        ops::MediaLate { ticks, left_out, worst: now.worst }.emit();
    }
    now
}

fn tell_losses(before: &SocketCounts, now: SocketCounts) -> SocketCounts {
    let datagrams = now.thrown_away - before.thrown_away;
    if datagrams > 0 {
        ops::RtpThrownAway { datagrams }.emit();
    }
    for (why, packets) in [
        (SendFault::Refused, now.send_refused - before.send_refused),
        (SendFault::Full, now.send_full - before.send_full),
        (SendFault::Failed, now.send_failed - before.send_failed),
    ] {
        if packets > 0 {
            ops::RtpUnsent { why, packets }.emit();
        }
    }
    now
}
