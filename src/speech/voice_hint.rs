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
    /// What was denied may be a voice after all: whoever said so does not know any more.
    Unknown,
}

/// Who tells of a voice. Which one it is follows from the way that a hint comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The detector on the media thread: it is asked of every frame, and taken in by music.
    Detector,
    /// The model of [`super::SecondOpinion`]: what it denies, it alone confirms.
    Model,
}
