//! The transfer to a person, as far as the record goes: the note before the telephone rings, the outcome after.
//!
//! Between the two the call moves itself. This does not wait for a tool that is running: a hand-off in an
//! emergency comes through.

use std::fmt;

use serde_json::json;

use super::check::check_text;
use super::record;
use super::session::ToolSession;
use crate::agent::tools::{ErrorCode, ToolCall, ToolData, ToolResult};
use crate::audit::{Kind, fingerprint};
use crate::base::{Phi, Purpose, TargetName, TurnId};
use crate::ehr::{TaskRequest, WriteKey};
use crate::practice::HandOffNote;

const NAME: &str = "transfer_to_human";

/// The closed list of reasons (`escalation_reason` of the wrap-up row).
const REASONS: &[&str] = &[
    "patient_request",
    "medical_question",
    "billing",
    "frustrated",
    "registration_error",
    "verify_locked",
    "red_flag",
    "crisis",
    "controlled",
    "roi_required",
    "out_of_state",
    "mandatory_report",
    "policy",
    "engine_failure",
    "language",
];

/// The id of a stored hand-off note: what `X-Handoff-Id` carries. It names nobody.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandOffId(String);

impl HandOffId {
    /// Returns the id: letters, digits and hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HandOffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a transfer ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TransferOutcome {
    /// A person has the caller.
    Bridged,
    /// The PBX accepted the transfer and hung up on us: the caller is with it, and who answered is not known.
    Taken,
    /// Nobody has: the caller is still ours. The cause is in the words of SIP: "486 Busy Here", "no answer".
    Failed {
        /// Why.
        cause: String,
    },
}

impl ToolSession {
    /// Stores the note of a transfer that is about to happen, and returns its id. The same transfer again
    /// has the same note.
    ///
    /// # Errors
    /// The note is not stored: [`ErrorCode::InvalidArgument`] for a reason outside the closed list or an
    /// empty summary, else the record system or the audit record is down. Whether a call in an emergency
    /// is moved without it is the call's decision.
    pub async fn store_hand_off(
        &self,
        turn: TurnId,
        target: &TargetName,
        reason: &'static str,
        summary: &Phi<String>,
    ) -> Result<HandOffId, ErrorCode> {
        let stored = self.try_store(turn, target, reason, summary).await;
        self.known().failed += u32::from(stored.is_err());
        stored
    }

    async fn try_store(
        &self,
        turn: TurnId,
        target: &TargetName,
        reason: &'static str,
        summary: &Phi<String>,
    ) -> Result<HandOffId, ErrorCode> {
        let said = summary.reveal(Purpose::Comparison);
        let call = self.call.to_string();
        let key = WriteKey(fingerprint(&[&call, NAME, target.as_str(), reason, said]));
        let checked = check_reason(reason).and_then(|()| check_text(summary));
        let asked = {
            // Counted, and never refused for the count: a person is the way out of a call that went wrong.
            let _ = self.known().count(turn);
            let (target, summary) = (target.clone(), summary.clone());
            let args = record::arguments(&ToolCall::TransferToHuman { target, reason, summary });
            let verdict = checked.err().map_or("allowed", |code| code.code());
            self.line(Kind::ToolCall, NAME, turn, Some(&key)).with_args(args).with_verdict(verdict)
        };
        self.record(asked).await?;
        checked?;
        if self.known().writes.first_task(&key).is_none() {
            let note = self.note(target, reason, summary);
            if let Err(code) = self.store_task(&TaskRequest::HandOff(note), &key).await {
                let outcome = record::outcome(&ToolResult::failed(code));
                let line = self.line(Kind::ToolResult, NAME, turn, Some(&key));
                self.record(line.with_outcome(outcome)).await?;
                return Err(code);
            }
        }
        let task = self.known().writes.first_task(&key);
        task.map(|task| HandOffId(task.0)).ok_or(ErrorCode::EhrUnavailable)
    }

    /// Records how a transfer ended, and returns what the conversation is told.
    pub async fn finish_transfer(
        &self,
        turn: TurnId,
        hand_off: Option<&HandOffId>,
        outcome: &TransferOutcome,
    ) -> ToolResult {
        let (result, cause) = match outcome {
            TransferOutcome::Bridged => (ToolResult::ok(ToolData::Bridged), None),
            TransferOutcome::Taken => {
                (ToolResult::ok(ToolData::None), Some("accepted, the PBX hung up"))
            }
            TransferOutcome::Failed { cause } => {
                (ToolResult::failed(ErrorCode::TransferFailed), Some(cause.as_str()))
            }
        };
        let mut told = record::outcome(&result);
        told["hand_off"] = json!(hand_off.map(HandOffId::as_str));
        told["cause"] = json!(cause);
        let line = self.line(Kind::ToolResult, NAME, turn, None).with_outcome(told);
        // The caller has been moved or has not: a record that is down cannot change that.
        let _ = self.record(line).await;
        self.known().failed += u32::from(!result.is_ok());
        result
    }

    fn note(&self, target: &TargetName, reason: &str, summary: &Phi<String>) -> HandOffNote {
        HandOffNote {
            patient: self.counts().patient,
            caller: self.caller.clone(),
            target: target.as_str().to_owned(),
            reason: reason.to_owned(),
            summary: summary.clone(),
        }
    }
}

fn check_reason(reason: &str) -> Result<(), ErrorCode> {
    if REASONS.contains(&reason) { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
}
