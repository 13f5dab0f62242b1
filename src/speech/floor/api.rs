//! What goes into the floor and what comes out of it.

use std::time::{Duration, Instant};

use super::patience::Awaited;
use crate::speech::{Origin, VoiceHint};

/// What the floor is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input<'a> {
    /// A voice began at this time; the detector needs a moment to say so.
    VoiceOn {
        /// When.
        since: Instant,
    },
    /// The voice ended at this time.
    VoiceOff {
        /// When.
        since: Instant,
    },
    /// Somebody may be speaking over the agent, since this time.
    Suspected {
        /// When.
        since: Instant,
    },
    /// Somebody is: a voice that is not our echo, since this time.
    Confirmed {
        /// When.
        since: Instant,
        /// Who says so.
        by: Origin,
    },
    /// It was none after all: noise, music, a cough.
    Denied {
        /// Who says so.
        by: Origin,
    },
    /// The model does not know any more.
    Unknown,
    /// What the recogniser makes of the turn so far.
    Partial {
        /// The words.
        text: &'a str,
    },
    /// The caller has pressed a digit that means something now.
    Key,
    /// The first frame of an utterance was sent.
    AgentStarts {
        /// Whether the caller may cut it off.
        interruptible: bool,
    },
    /// Nothing of the agent's is left to be played.
    AgentEnds,
    /// What the agent was saying has been dropped, and not by the floor: an emergency.
    AgentDropped,
    /// The turn that ended last was none: a noise. The caller's silence goes on from where it was.
    Nothing,
    /// What kind of answer is expected from now on.
    Listen(Awaited),
    /// The call is on hold, or no longer: nobody's silence counts meanwhile.
    Hold(bool),
}

impl Input<'_> {
    /// What a hint tells the floor, as of `at`.
    pub fn of_hint(hint: VoiceHint, by: Origin, at: Instant) -> Self {
        let then = |ago| at.checked_sub(ago).unwrap_or(at);
        match hint {
            VoiceHint::Suspected { started_ago } => Self::Suspected { since: then(started_ago) },
            VoiceHint::Confirmed { started_ago } => {
                Self::Confirmed { since: then(started_ago), by }
            }
            VoiceHint::Denied => Self::Denied { by },
            VoiceHint::Unknown => Self::Unknown,
        }
    }
}

/// What the floor decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Output {
    /// The caller has finished: think.
    EndOfTurn,
    /// Turn the agent down: somebody may be speaking.
    Duck,
    /// Turn it up again.
    Unduck,
    /// Hold the agent where it is: somebody speaks, and it is not known yet what that is worth.
    Pause,
    /// Go on from there, as loud as before.
    Resume,
    /// The caller has the floor: drop what is still to be played. It undoes what was turned down or held.
    StopSpeaking,
    /// A sound over the agent's speech meant nothing: forget what was recorded of it.
    Discard,
    /// How somebody's sound over the agent's speech came out, for those who count.
    Judged(Overlap),
    /// The caller has said nothing for this long since the agent stopped.
    Silence {
        /// Counted from the agent's last sound.
        lasted: Duration,
    },
}

/// A sound over the agent's speech, from its beginning to what came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Overlap {
    /// When it began.
    pub since: Instant,
    /// After how long the agent was turned down, if it was.
    pub ducked: Option<Duration>,
    /// After how long it was held, if it was.
    pub paused: Option<Duration>,
    /// After how long it was stopped, or went on.
    pub decided: Duration,
    /// What it was.
    pub verdict: Verdict,
}

/// What a sound over the agent's speech was.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// The caller took the floor, by words or by speaking on.
    Stopped,
    /// The caller took it by pressing a digit.
    Keyed,
    /// "Uh-huh": the agent went on.
    Backchannel,
    /// A cough, noise, or a voice without words: the agent went on.
    Nothing,
    /// The agent was done, or had to be heard, before that was known.
    Overtaken,
}
