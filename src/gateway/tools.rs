//! One call's tools: a task of their own, so that a write is never cancelled half-way by a hang-up.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

use crate::agent::Decision;
use crate::agent::tools::ToolCall;
use crate::audit::{Actor, Audit, Kind, Line};
use crate::base::{CallId, Phi, Purpose, TargetName, ToolRequestId, TurnId};
use crate::call::Input;
use crate::ops;
use crate::practice::PhoneNumber;
use crate::sip::TransferState;
use crate::toolbox::{HandOffId, ToolSession, TransferOutcome};

use super::shared::Shared;

/// Jobs that may wait: an agent asks one tool at a time, and decides a few things a turn.
const JOBS: usize = 32;

/// What a call asks of its tools.
pub(super) enum Job {
    /// Run a tool.
    Run { turn: TurnId, request: ToolRequestId, call: ToolCall },
    /// Store a hand-off's context.
    StoreHandOff {
        turn: TurnId,
        request: ToolRequestId,
        target: TargetName,
        reason: &'static str,
        summary: Phi<String>,
    },
    /// Write a transfer's outcome.
    TransferDone { turn: TurnId, state: TransferState },
    /// Write a decision.
    Decided(Decision),
}

/// Starts a call's tools. They end when the sender is dropped and what was asked is done.
pub(super) fn start(
    shared: &Arc<Shared>,
    call: CallId,
    caller: Option<Phi<PhoneNumber>>,
    inbox: mpsc::Sender<Input>,
) -> (mpsc::Sender<Job>, Arc<ToolSession>) {
    let (sender, mut jobs) = mpsc::channel(JOBS);
    let session = Arc::new(shared.toolbox.session(call, caller));
    let mut worker =
        Worker { call, session: Arc::clone(&session), audit: shared.audit.clone(), hand_off: None };
    super::spawn("tools", async move {
        while let Some(job) = jobs.recv().await {
            if let Some(answer) = worker.perform(job).await {
                // A call that is over has no use for the answer; the record has it.
                let _ = inbox.send(answer).await;
            }
        }
    });
    (sender, session)
}

struct Worker {
    call: CallId,
    session: Arc<ToolSession>,
    audit: Audit,
    /// The note of the transfer that is under way.
    hand_off: Option<HandOffId>,
}

impl Worker {
    async fn perform(&mut self, job: Job) -> Option<Input> {
        match job {
            Job::Run { turn, request, call } => {
                let result = self.session.run(turn, call).await;
                Some(Input::ToolDone { request, result })
            }
            Job::StoreHandOff { turn, request, target, reason, summary } => {
                let stored = self.session.store_hand_off(turn, &target, reason, &summary).await;
                self.hand_off = stored.as_ref().ok().cloned();
                Some(Input::HandOffStored { request, stored: stored.map(|id| id.to_string()) })
            }
            Job::TransferDone { turn, state } => {
                let hand_off = self.hand_off.take();
                self.session.finish_transfer(turn, hand_off.as_ref(), &outcome(state)).await;
                None
            }
            Job::Decided(decision) => {
                self.decided(decision).await;
                None
            }
        }
    }

    async fn decided(&self, decision: Decision) {
        let heard = decision.heard.as_ref().map(|text| text.reveal(Purpose::AuditRecord).clone());
        let line = Line::new(Kind::Decision, decision.kind)
            .by(Actor::Agent)
            .in_call(self.call, Some(decision.turn))
            .with_args(json!({ "rule": decision.rule, "heard": heard }));
        if let Err(error) = self.audit.write(line).await {
            ops::AuditFailed { error: &error }.emit();
        }
    }
}

fn outcome(state: TransferState) -> TransferOutcome {
    let cause = match state {
        TransferState::Answered => return TransferOutcome::Bridged,
        TransferState::Failed(status) => {
            format!("{status} {}", crate::sip::message::reason_phrase(status))
        }
        TransferState::Unknown => "no outcome within the time the SIP profile allows".into(),
        TransferState::Accepted | TransferState::Progress(_) => "not finished".into(),
    };
    TransferOutcome::Failed { cause }
}
