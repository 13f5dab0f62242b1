//! One call's tools: tasks of their own, so that a write is never cancelled half-way by a hang-up.
//!
//! Hand-offs have a task beside that of the other tools: a person is not waited for behind a slow record.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

use crate::agent::Decision;
use crate::agent::tools::ToolCall;
use crate::audit::{Actor, Audit, Kind, Line};
use crate::base::{CallId, Phi, Purpose, TargetName, ToolRequestId, TurnId};
use crate::call::{Input, Outcome};
use crate::ops;
use crate::practice::PhoneNumber;
use crate::toolbox::{HandOffId, ToolSession, TransferOutcome};

use super::shared::Shared;

/// Jobs that may wait: an agent asks one tool at a time, and decides a few things a turn.
const JOBS: usize = 32;

/// What a call asks of its tools.
pub(super) enum Job {
    /// Run a tool.
    Run { turn: TurnId, request: ToolRequestId, call: ToolCall },
    /// Write a decision.
    Decided(Decision),
}

/// What a call asks when a person is to take it.
pub(super) enum HandOffJob {
    /// Store a hand-off's context.
    Store {
        turn: TurnId,
        request: ToolRequestId,
        target: TargetName,
        reason: &'static str,
        summary: Phi<String>,
    },
    /// Write how it ended.
    Done { turn: TurnId, outcome: Outcome },
}

/// Where a call leaves its jobs. The tasks end when it is dropped and what was asked is done.
pub(super) struct Tools {
    jobs: mpsc::Sender<Job>,
    hand_offs: mpsc::Sender<HandOffJob>,
}

impl Tools {
    pub(super) async fn ask(&self, job: Job) {
        // The task ends only after this one has dropped its sender, or by a panic: then no tool answers,
        // and the conversation's deadlines say so.
        let _ = self.jobs.send(job).await;
    }

    pub(super) async fn hand_off(&self, job: HandOffJob) {
        let _ = self.hand_offs.send(job).await;
    }
}

/// Starts a call's tools.
pub(super) fn start(
    shared: &Arc<Shared>,
    call: CallId,
    caller: Option<Phi<PhoneNumber>>,
    inbox: mpsc::Sender<Input>,
) -> (Tools, Arc<ToolSession>) {
    let (jobs, mut asked) = mpsc::channel(JOBS);
    let session = Arc::new(shared.toolbox.session(call, caller));
    let worker = Worker { call, session: Arc::clone(&session), audit: shared.audit.clone() };
    let answers = inbox.clone();
    super::spawn("tools", async move {
        while let Some(job) = asked.recv().await {
            if let Some(answer) = worker.perform(job).await {
                // A call that is over has no use for the answer; the record has it.
                let _ = answers.send(answer).await;
            }
        }
    });
    let (hand_offs, mut asked) = mpsc::channel(JOBS);
    let mut worker = HandOffs { session: Arc::clone(&session), note: None };
    super::spawn("hand-offs", async move {
        while let Some(job) = asked.recv().await {
            if let Some(answer) = worker.perform(job).await {
                let _ = inbox.send(answer).await;
            }
        }
    });
    (Tools { jobs, hand_offs }, session)
}

struct HandOffs {
    session: Arc<ToolSession>,
    /// The note of the transfer that is under way.
    note: Option<HandOffId>,
}

impl HandOffs {
    async fn perform(&mut self, job: HandOffJob) -> Option<Input> {
        match job {
            HandOffJob::Store { turn, request, target, reason, summary } => {
                let stored = self.session.store_hand_off(turn, &target, reason, &summary).await;
                self.note = stored.as_ref().ok().cloned();
                Some(Input::HandOffStored { request, stored: stored.map(|id| id.to_string()) })
            }
            HandOffJob::Done { turn, outcome } => {
                let note = self.note.take();
                self.session.finish_transfer(turn, note.as_ref(), &told(outcome)).await;
                None
            }
        }
    }
}

struct Worker {
    call: CallId,
    session: Arc<ToolSession>,
    audit: Audit,
}

impl Worker {
    async fn perform(&self, job: Job) -> Option<Input> {
        match job {
            Job::Run { turn, request, call } => {
                let result = self.session.run(turn, call).await;
                Some(Input::ToolDone { request, result })
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

fn told(outcome: Outcome) -> TransferOutcome {
    let cause = match outcome {
        Outcome::Answered => return TransferOutcome::Bridged,
        Outcome::Taken => return TransferOutcome::Taken,
        Outcome::Failed(status) => {
            format!("{status} {}", crate::sip::message::reason_phrase(status))
        }
        Outcome::Unanswered => "no answer within the ring time".into(),
        Outcome::Unknown => "no outcome within the time the SIP profile allows".into(),
        Outcome::CallerGone => "the caller hung up first".into(),
    };
    TransferOutcome::Failed { cause }
}
