//! What is suspected of the caller while the agent speaks, before a voice is known to have begun.

use std::time::Duration;

/// A step in finding out whether the caller speaks over the agent. What may be our own echo is none of these.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VoiceHint {
    /// Somebody may be speaking: reason to turn the agent down, which is easily undone.
    Suspected {
        /// From the start of the first frame that told so.
        started_ago: Duration,
    },
    /// A voice that is not our echo: reason to stop the agent for now.
    Confirmed {
        /// From the start of the first frame that told so.
        started_ago: Duration,
    },
    /// It was none after all: noise, music, a cough.
    Denied,
}
