//! The envelope that every tool answers with.

use crate::agent::tools::ToolData;

/// Why a tool did not do what it was asked.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ErrorCode {
    /// No such slot, practitioner or appointment.
    NotFound,
    /// More than one record fits; ask for ZIP or the last four digits of the phone.
    MultipleMatches,
    /// The tool is above the call's level.
    NotVerified,
    /// The third try failed.
    VerifyLocked,
    /// Somebody else took the slot.
    SlotTaken,
    /// Too early, too late, closed or past.
    OutsideWindow,
    /// A rule of the practice forbids it.
    PolicyDenied,
    /// Wrong type, range or reference.
    InvalidArgument,
    /// An argument that nobody in this call said or found.
    FabricatedArgument,
    /// The record system is down.
    EhrUnavailable,
    /// The deadline passed and the outcome is unknown.
    Timeout,
    /// The same write was done before in this call; `data` is its first result.
    AlreadyDone,
    /// The transfer's target did not answer or refused.
    TransferFailed,
}

impl ErrorCode {
    /// Returns the wire code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::MultipleMatches => "MULTIPLE_MATCHES",
            Self::NotVerified => "NOT_VERIFIED",
            Self::VerifyLocked => "VERIFY_LOCKED",
            Self::SlotTaken => "SLOT_TAKEN",
            Self::OutsideWindow => "OUTSIDE_WINDOW",
            Self::PolicyDenied => "POLICY_DENIED",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::FabricatedArgument => "FABRICATED_ARGUMENT",
            Self::EhrUnavailable => "EHR_UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
            Self::AlreadyDone => "ALREADY_DONE",
            Self::TransferFailed => "TRANSFER_FAILED",
        }
    }
}

/// What every tool answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ToolResult {
    /// What went wrong; `None` is success (`ok: true`). [`ErrorCode::AlreadyDone`] counts as success.
    pub error: Option<ErrorCode>,
    /// What was found or done.
    pub data: ToolData,
}

impl ToolResult {
    /// Wraps a success.
    pub fn ok(data: ToolData) -> Self {
        Self { error: None, data }
    }

    /// Wraps a failure.
    pub fn failed(error: ErrorCode) -> Self {
        Self { error: Some(error), data: ToolData::None }
    }

    /// Whether it did what it was asked, now or before.
    pub fn is_ok(&self) -> bool {
        matches!(self.error, None | Some(ErrorCode::AlreadyDone))
    }
}
