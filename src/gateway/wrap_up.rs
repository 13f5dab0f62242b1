//! The wrap-up row: one per call, whatever the ending.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::agent::Goal;
use crate::audit::{Actor, Kind, Line};
use crate::base::{CallId, Phi, TrunkName};
use crate::call::{Consent, EndReason, Summary};
use crate::ops::{self, EndLabel};
use crate::practice::PhoneNumber;
use crate::recording::Kept;
use crate::store::{CallRecording, CallSound, WrapUp};
use crate::toolbox::ToolSession;

use super::shared::Shared;

/// A record that takes longer is not waited for: the call's line is wanted for the next caller.
const RECORDED: Duration = Duration::from_secs(10);

/// What is known of a call beside its summary.
pub(super) struct Known {
    pub(super) call: CallId,
    pub(super) trunk: TrunkName,
    pub(super) caller: Option<Phi<PhoneNumber>>,
    pub(super) started: Timestamp,
    /// Whether the end of the call was counted: once, whatever fails after that.
    pub(super) ended: AtomicBool,
}

impl Known {
    /// What is left of a call whose task has failed.
    pub(super) fn failed(&self, moved: bool) -> Summary {
        let talked = Timestamp::now().duration_since(self.started);
        Summary {
            call: self.call,
            reason: EndReason::Failed,
            far_cause: None,
            goals: moved.then_some(Goal::Transferred).into_iter().collect(),
            turns: 0,
            talked: talked.try_into().unwrap_or_default(),
            barge_ins: 0,
            resumed: 0,
            backchannels: 0,
            hand_off: None,
            consent: Consent::NotAsked,
        }
    }
}

/// How long a media thread may take to tell how a leg sounded that it was told to close: a turn of 20 ms, as a rule.
const SOUND_TOLD: Duration = Duration::from_millis(500);

/// Waits for how a call sounded; a leg that never had media tells nothing.
pub(super) async fn sound(told: oneshot::Receiver<CallSound>) -> Option<CallSound> {
    timeout(SOUND_TOLD, told).await.ok()?.ok()
}

/// What is left of a call as sound.
#[derive(Default)]
pub(super) struct Left {
    pub(super) sound: Option<CallSound>,
    pub(super) recording: Option<Kept>,
}

fn consent(consent: Consent) -> Option<&'static str> {
    match consent {
        Consent::NotAsked => None,
        Consent::Given => Some("given"),
        Consent::Denied => Some("denied"),
    }
}

fn recording(kept: Kept) -> CallRecording {
    let ms = |time: Duration| time.as_millis() as u64;
    CallRecording {
        file: kept.file,
        complete: kept.complete,
        length_ms: ms(kept.length),
        paused_ms: ms(kept.paused),
        lost_frames: kept.lost,
    }
}

/// Closes the call's audit and stores its row.
pub(super) async fn store(
    shared: &Shared,
    known: &Known,
    gaps: &[Duration],
    tools: &ToolSession,
    left: Left,
    summary: &Summary,
) {
    let (reason, label) = reason(summary.reason);
    let talked = summary.talked;
    if !known.ended.swap(true, Ordering::Relaxed) {
        ops::CallEnded { call: known.call, trunk: &known.trunk, reason: label, talked }.emit();
    }
    if let Some(cause) = &summary.far_cause {
        tracing::info!(call = %known.call, %cause, "The far end said why it ended the call.");
    }
    let goals = goals(&summary.goals);
    let line = Line::new(Kind::CallEnded, reason)
        .by(Actor::System)
        .in_call(known.call, None)
        .with_outcome(json!({
            "goals": goals,
            "turns": summary.turns,
            "far_cause": summary.far_cause,
        }));
    match timeout(RECORDED, shared.audit.write(line)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => ops::AuditFailed { error: &error }.emit(),
        Err(late) => ops::AuditFailed { error: &late }.emit(),
    }
    let counts = tools.counts();
    let mut gaps: Vec<_> = gaps.iter().map(|gap| gap.as_millis() as u32).collect();
    gaps.sort_unstable();
    let row = WrapUp {
        call: known.call,
        started: known.started,
        ended: Timestamp::now(),
        trunk: known.trunk.to_string(),
        caller: known.caller.clone(),
        patient: counts.patient,
        end_reason: reason.into(),
        goals: goals.into_iter().map(Into::into).collect(),
        escalation_reason: None,
        hand_off: summary.hand_off.clone(),
        turns: summary.turns,
        tools_called: counts.called,
        tool_errors: counts.failed,
        barge_ins: summary.barge_ins,
        resumed: summary.resumed,
        backchannels: summary.backchannels,
        gap_p50_ms: gaps.get(gaps.len() / 2).copied(),
        gap_max_ms: gaps.last().copied(),
        summary: Phi::default(),
        audit_head: Some(shared.audit.head().hash),
        sound: left.sound,
        consent: consent(summary.consent),
        recording: left.recording.map(recording),
    };
    let call = known.call;
    match timeout(RECORDED, shared.store.wrap_up(&row)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => ops::StoreFailed { call, error: &error }.emit(),
        Err(late) => ops::StoreFailed { call, error: &late }.emit(),
    }
}

/// The reason as the row has it, and as the metric counts it.
fn reason(reason: EndReason) -> (&'static str, EndLabel) {
    match reason {
        EndReason::CallerHungUp => ("caller_hung_up", EndLabel::CallerHungUp),
        EndReason::CallerCancelled => ("caller_cancelled", EndLabel::CallerHungUp),
        EndReason::AgentHungUp => ("agent_hung_up", EndLabel::Completed),
        EndReason::HandedOff => ("handed_off", EndLabel::Transferred),
        EndReason::Replaced => ("replaced", EndLabel::Transferred),
        EndReason::Unanswered => ("unanswered", EndLabel::Completed),
        EndReason::NoMedia => ("no_media", EndLabel::MediaTimeout),
        EndReason::MediaRefused => ("media_refused", EndLabel::Failed),
        EndReason::AckTimeout => ("ack_timeout", EndLabel::SignallingTimeout),
        EndReason::SignallingTimeout => ("signalling_timeout", EndLabel::SignallingTimeout),
        EndReason::Failed => ("failed", EndLabel::Failed),
        EndReason::Shutdown => ("shutdown", EndLabel::Drained),
    }
}

fn goals(goals: &BTreeSet<Goal>) -> Vec<&'static str> {
    let name = |goal: &Goal| match goal {
        Goal::Booked => "booked",
        Goal::Rescheduled => "rescheduled",
        Goal::Cancelled => "cancelled",
        Goal::Informed => "info",
        Goal::Transferred => "transferred",
        Goal::Emergency => "emergency",
    };
    goals.iter().map(name).collect()
}
