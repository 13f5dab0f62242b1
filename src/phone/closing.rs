//! What is left of a call when it is over: the report and the recording.

use std::path::PathBuf;
use std::time::Instant;

use super::error::PhoneError;
use super::measure::ms_between;
use super::recording::Stereo;
use super::report::{
    CallReport, EndedBy, Outcome, PacketReport, SpurtReport, TransferReport, TurnReport,
};
use super::session::Session;

/// What is known of a call when it is over.
pub(super) struct Story {
    pub outcome: Outcome,
    /// Whether anything at all was heard of the other end.
    pub reached: bool,
    pub ended_by: Option<EndedBy>,
    pub answered_at: Option<Instant>,
    pub decided_at: Instant,
    pub ended_at: Instant,
    pub transfer: Option<TransferReport>,
}

impl Story {
    /// Nothing is known yet.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            outcome: Outcome::Unreachable,
            reached: false,
            ended_by: None,
            answered_at: None,
            decided_at: now,
            ended_at: now,
            transfer: None,
        }
    }

    /// Says how the call ended, in a few words.
    pub(super) fn in_words(&self) -> String {
        match (&self.outcome, self.ended_by) {
            (Outcome::Answered, Some(by)) => by.to_string(),
            (outcome, _) => outcome.to_string(),
        }
    }
}

/// What the session does not know by itself.
pub(super) struct Ending {
    /// Whom we called, or who called us.
    pub peer: String,
    /// When the INVITE went out or came.
    pub dialled_at: Instant,
    /// Where the recording goes.
    pub recording: Option<PathBuf>,
}

/// Takes a finished session apart.
///
/// # Errors
/// When the recording cannot be written.
pub(super) fn report(session: Session, ending: Ending) -> Result<CallReport, PhoneError> {
    let turns = turns(&session);
    let Session { parties, ledger, script, story, holding, .. } = session;
    let zero = story.answered_at.unwrap_or(ending.dialled_at);
    let heard = ledger.spurts.iter().map(|spurt| SpurtReport {
        began_ms: ms_between(zero, spurt.began),
        ended_ms: spurt.ended.map(|at| ms_between(zero, at)),
        rtp_time: spurt.time,
    });
    let heard: Vec<_> = heard.collect();
    let mut packets = PacketReport::default();
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut quality = None;
    for party in parties {
        // The first party's way is the one that was asked about; it is reported without those that follow.
        let own = party.account(&mut packets, &mut left, &mut right);
        quality = quality.or(own);
    }
    if let Some(path) = &ending.recording {
        let written = Stereo::lay_out(zero, &left, &right).write(path);
        let failed = |error: hound::Error| PhoneError::Recording {
            path: path.clone(),
            what: error.to_string(),
        };
        written.map_err(failed)?;
    }
    Ok(CallReport {
        peer: ending.peer,
        outcome: story.outcome,
        ended_by: story.ended_by,
        setup_ms: ms_between(ending.dialled_at, story.decided_at),
        greeting_ms: heard.first().map(|spurt| spurt.began_ms),
        talked_ms: story.answered_at.map_or(0, |at| ms_between(at, story.ended_at)),
        turns,
        heard,
        lines_said: script.lines_said(),
        lines: script.lines(),
        transfer: story.transfer,
        handoff_id: None,
        referred_by: None,
        packets,
        quality,
        hold: holding.report,
        recording: ending.recording,
        answered_at: story.answered_at,
    })
}

fn turns(session: &Session) -> Vec<TurnReport> {
    let Some(zero) = session.story.answered_at else { return Vec::new() };
    let said = session.ledger.said.iter().enumerate();
    said.map(|(n, said)| {
        let reply = session.ledger.reply(n);
        TurnReport {
            line: session.script.text(said.clip).unwrap_or_default().to_string(),
            began_ms: ms_between(zero, said.began),
            ended_ms: said.ended.map(|at| ms_between(zero, at)),
            rtp_time: said.time,
            gap_ms: reply.gap_ms,
            stopped_after_ms: reply.stopped_after_ms,
            reply_rtp_time: reply.time,
        }
    })
    .collect()
}
