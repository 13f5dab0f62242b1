//! What happens in a scripted call, told as it happens.

use std::time::Duration;

/// Something a person who watches the call wants to see.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CallProgress {
    /// The INVITE went out.
    Dialling,
    /// A 180 or 183 came, or our phone rings.
    Ringing,
    /// The call is answered and acknowledged.
    Answered,
    /// The scripted side begins to say this.
    CallerSays(String),
    /// The other side began to speak; `gap` is its response time, when it answers a line.
    AgentSpeaking {
        /// From the last packet of our speech to the first of theirs; negative when it began before.
        gap_ms: Option<i64>,
    },
    /// The other side's turn is over.
    AgentQuiet {
        /// How long it spoke, pauses included.
        spoke: Duration,
    },
    /// We hold the call (`true`), or go on with it.
    Held(bool),
    /// The other side asks us to call somebody else.
    Referred {
        /// Whom.
        target: String,
        /// The hand-off's id, from `X-Handoff-Id`.
        handoff_id: Option<String>,
    },
    /// The new party answered.
    Transferred,
    /// The new party did not.
    TransferFailed {
        /// The final status.
        status: u16,
    },
    /// The call is over.
    Ended {
        /// In a few words.
        how: String,
    },
}
