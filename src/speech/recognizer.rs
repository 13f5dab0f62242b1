//! The seam between us and whatever turns sound into words.

use crate::base::{Frame, Hints, Phi, TurnId};

use super::Sent;

/// A frame on its way to a recogniser, with what the media thread knows of it.
#[derive(Clone, Copy, Debug)]
pub struct HeardFrame {
    /// The leg's media clock, in frames of 20 ms since its first tick.
    pub tick: u64,
    /// The sound.
    pub frame: Frame,
    /// Whether the voice activity detector hears a voice in it.
    pub voiced: bool,
    /// Whether it was made up, at least in part, in place of packets that were lost.
    pub concealed: bool,
    /// What we were sending when it came, since some of it may be our echo.
    pub sent: Sent,
}

impl HeardFrame {
    /// A frame that came while nothing was sent.
    pub fn new(tick: u64, frame: Frame, voiced: bool) -> Self {
        Self { tick, frame, voiced, concealed: false, sent: Sent::default() }
    }
}

/// What was heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Transcript {
    /// What the caller has said so far in this turn; it may still change.
    Partial {
        /// The words.
        text: Phi<String>,
    },
    /// All the caller said up to the end of the turn; it will not change. Empty when nothing was understood.
    Final {
        /// The turn that [`Recognizer::finish`] named.
        turn: TurnId,
        /// The words.
        text: Phi<String>,
        /// How likely it is that every word is right, 0 to 1; 1 where the recogniser cannot say.
        confidence: f32,
    },
}

/// What a recogniser would compute in its next [`Recognizer::poll`], the least urgent first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Work {
    /// What the caller has said so far, while the caller speaks on. It may be left out.
    Partial,
    /// What may be the end of the turn, in a pause. Left out, the final takes longer.
    Guess,
    /// A turn that is over: somebody waits for it.
    Final,
}

/// Why a recogniser cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum RecognizerError {
    /// It cannot keep up.
    #[error("the recogniser is {frames} frames behind and dropped the oldest")]
    Behind {
        /// How far.
        frames: usize,
    },
    /// The model or vendor failed.
    #[error("the recogniser failed: {what}")]
    Failed {
        /// What it said.
        what: String,
    },
    /// Nobody can hear the caller any more: neither the engine nor what stands in for it.
    #[error("nobody hears the caller any more: {what}")]
    Lost {
        /// Why.
        what: String,
    },
}

/// Speech to text. One per call leg, owned by one thread, never shared.
pub trait Recognizer: Send {
    /// Takes one frame. An engine that needs longer than a frame does its work in [`Self::poll`].
    ///
    /// # Errors
    /// When the engine is behind or has failed; later frames may still be pushed.
    fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError>;

    /// Says what is expected from now on.
    fn expect(&mut self, hints: &Hints);

    /// The caller's turn is over: a [`Transcript::Final`] with this id is to follow, even if empty.
    fn finish(&mut self, turn: TurnId);

    /// Forgets what was pushed and not yet finished.
    fn reset(&mut self);

    /// Says what [`Self::poll`] would compute next; `None` when it would return at once. Who runs many
    /// recognisers does the urgent work of all of them first.
    fn due(&self) -> Option<Work> {
        None
    }

    /// Does the most urgent piece of work there is, if any, and returns what has been heard since the last call.
    ///
    /// # Errors
    /// When the engine has failed.
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError>;
}
