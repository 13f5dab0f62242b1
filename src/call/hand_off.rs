//! A hand-off: the context is stored, then the call is moved, then the outcome is known.

use crate::base::{TargetName, ToolRequestId};
use crate::sip::TransferState;

/// How far a hand-off is. One at a time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct HandOff {
    pub(super) request: ToolRequestId,
    pub(super) target: TargetName,
    /// The Refer-To URI.
    pub(super) uri: String,
    pub(super) stage: Stage,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// The note is on its way into the record.
    Storing,
    /// The agent finishes its sentence; then the REFER goes out with this hand-off id.
    Ready { id: Option<String> },
    /// The REFER is out. `accepted`: the PBX has taken it, and perhaps the caller with it.
    Referring { accepted: bool },
}

/// What a transfer state means for the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Not known yet.
    Pending,
    /// A person has the caller.
    Moved,
    /// The caller is still with us.
    Returned,
}

impl HandOff {
    pub(super) fn state(&mut self, state: TransferState) -> Verdict {
        match state {
            TransferState::Accepted => {
                self.stage = Stage::Referring { accepted: true };
                Verdict::Pending
            }
            TransferState::Progress(_) => Verdict::Pending,
            TransferState::Answered => Verdict::Moved,
            TransferState::Failed(_) | TransferState::Unknown => Verdict::Returned,
        }
    }

    /// Whether a BYE from the far end now means that the PBX completed the transfer.
    pub(super) fn bye_means_moved(&self) -> bool {
        self.stage == Stage::Referring { accepted: true }
    }
}

/// The headers that carry the context's id: for PBXs that copy X- headers, and for those that hand
/// on Referred-By with its parameters (Asterisk does, measured).
pub(super) fn headers(referred_by: &str, id: Option<&str>) -> Vec<(String, String)> {
    let Some(id) = id else {
        return vec![("Referred-By".into(), format!("<{referred_by}>"))];
    };
    vec![
        ("Referred-By".into(), format!("<{referred_by}>;handoff={id}")),
        ("X-Handoff-Id".into(), id.into()),
    ]
}
