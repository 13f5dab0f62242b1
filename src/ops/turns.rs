//! What a turn's time was spent on: for whoever asks why the agent answers late.

use std::time::Duration;

use ::metrics::histogram;

use crate::base::{CallId, TurnId, UtteranceId};

use super::labels::{Label, VoiceLabel};
use super::metrics::names;

/// What a response gap was made of. The parts add up to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TurnSplit {
    /// What was said.
    pub utterance: UtteranceId,
    /// It filled the wait for a tool, and the answer follows.
    pub filler: bool,
    /// From the caller's last sound to the decision that the turn is over.
    pub endpoint: Duration,
    /// From there to the words.
    pub recogniser: Duration,
    /// From there to the first sentence.
    pub brain: Duration,
    /// From there to its first packet: the voice, and what lies between it and the wire.
    pub voice: Duration,
}

/// The agent answered a turn of the caller's.
#[derive(Debug)]
pub struct TurnAnswered {
    /// Whose.
    pub call: CallId,
    /// Which turn.
    pub turn: TurnId,
    /// From the end of the caller's voice to the start of the agent's.
    pub gap: Duration,
    /// What it was made of; `None` when nothing was heard of the turn before it was answered.
    pub split: Option<TurnSplit>,
}

impl TurnAnswered {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, turn, gap, split } = self;
        histogram!(names::TURN_GAP_SECONDS).record(gap);
        let Some(TurnSplit { utterance, filler, endpoint, recogniser, brain, voice }) = split
        else {
            tracing::debug!(%call, %turn, ?gap, "Turn answered.");
            return;
        };
        tracing::debug!(
            %call, %turn, ?gap, %utterance, filler, ?endpoint, ?recogniser, ?brain, ?voice,
            "Turn answered."
        );
        histogram!(names::TURN_ENDPOINT_SECONDS).record(endpoint);
        histogram!(names::TURN_RECOGNISER_SECONDS).record(recogniser);
    }
}

/// The answer came after words that filled the wait for it.
#[derive(Debug)]
pub struct AnswerFollowed {
    /// Whose.
    pub call: CallId,
    /// Which turn.
    pub turn: TurnId,
    /// The answer.
    pub utterance: UtteranceId,
    /// From the end of the caller's voice.
    pub after: Duration,
}

impl AnswerFollowed {
    /// Logs it.
    pub fn emit(self) {
        let Self { call, turn, utterance, after } = self;
        tracing::debug!(%call, %turn, %utterance, ?after, "The answer followed.");
    }
}

/// The voice has rendered an utterance.
#[derive(Debug)]
pub struct VoiceRendered {
    /// Whose.
    pub call: CallId,
    /// Which.
    pub utterance: UtteranceId,
    /// From the request to its first sound.
    pub first: Duration,
    /// From the request to its last.
    pub took: Duration,
    /// Where it came from.
    pub by: VoiceLabel,
}

impl VoiceRendered {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, utterance, first, took, by } = self;
        let by = by.label();
        tracing::debug!(%call, %utterance, ?first, ?took, by, "Utterance rendered.");
        histogram!(names::VOICE_FIRST_SECONDS, "by" => by).record(first);
    }
}

/// A call has media, on this port of ours: what joins the log to a capture.
#[derive(Debug)]
pub struct MediaOpened {
    /// Which call.
    pub call: CallId,
    /// The RTP port that is told to the far end.
    pub port: u16,
}

impl MediaOpened {
    /// Logs it.
    pub fn emit(self) {
        let Self { call, port } = self;
        tracing::debug!(%call, port, "Media opened.");
    }
}
