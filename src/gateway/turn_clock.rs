//! Where the time goes between the caller's last sound and the agent's first, turn by turn.
//!
//! It looks at what goes into a call and what comes out of it, and decides nothing.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::base::{CallId, ToolRequestId, TurnId, UtteranceId};
use crate::call::{Input, Output, Sound, Told};
use crate::ops;
use crate::speech::Transcript;

/// The turn that is being answered, as far as it has come.
#[derive(Clone, Copy, Debug)]
struct Turn {
    id: TurnId,
    voice_off: Instant,
    decided: Instant,
    heard: Option<Instant>,
    /// What is said first, whether a tool was still running, and when the voice was asked for it.
    first: Option<(UtteranceId, bool, Instant)>,
    /// What is said once no tool is running any more.
    answer: Option<UtteranceId>,
}

/// Times one call's turns.
#[derive(Debug, Default)]
pub(super) struct TurnClock {
    voice_off: Option<Instant>,
    turn: Option<Turn>,
    tools: BTreeSet<ToolRequestId>,
}

impl TurnClock {
    /// Looks at what the call is told, before the call is.
    pub(super) fn input(&mut self, now: Instant, call: CallId, input: &Input) {
        match input {
            Input::Sound(Sound::VoiceOff { since }) => self.voice_off = Some(*since),
            Input::Sound(Sound::Started { utterance }) => self.started(now, call, *utterance),
            Input::Transcript(Transcript::Final { turn, .. }) => {
                if let Some(timed) = self.turn.as_mut().filter(|timed| timed.id == *turn) {
                    timed.heard.get_or_insert(now);
                }
            }
            Input::ToolDone { request, .. } => drop(self.tools.remove(request)),
            _ => {}
        }
    }

    /// Looks at what the call wants.
    pub(super) fn output(&mut self, now: Instant, output: &Output) {
        match output {
            Output::Finish { turn } => {
                let voice_off = self.voice_off.unwrap_or(now);
                let (heard, first, answer) = (None, None, None);
                let turn = Turn { id: *turn, voice_off, decided: now, heard, first, answer };
                self.turn = Some(turn);
            }
            Output::Tool { request, .. } => drop(self.tools.insert(*request)),
            Output::Speak { utterance, .. } => {
                let busy = !self.tools.is_empty();
                // What is said before the words are known answers nothing: the silence was too long.
                if let Some(turn) = self.turn.as_mut().filter(|turn| turn.heard.is_some()) {
                    turn.first.get_or_insert((*utterance, busy, now));
                    if !busy {
                        turn.answer.get_or_insert(*utterance);
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns what the gap of a turn was made of, when its reply has begun.
    pub(super) fn split(&self, now: Instant, told: &Told) -> Option<ops::TurnSplit> {
        let Told::Replied { turn, .. } = told else { return None };
        let timed = self.turn.filter(|timed| timed.id == *turn)?;
        let (utterance, filler, asked) = timed.first?;
        let heard = timed.heard?;
        Some(ops::TurnSplit {
            utterance,
            filler,
            endpoint: timed.decided.saturating_duration_since(timed.voice_off),
            recogniser: heard.saturating_duration_since(timed.decided),
            brain: asked.saturating_duration_since(heard),
            voice: now.saturating_duration_since(asked),
        })
    }

    fn started(&mut self, now: Instant, call: CallId, utterance: UtteranceId) {
        let Some(turn) = self.turn.as_mut() else { return };
        let filled = turn.first.is_some_and(|(first, filler, _)| filler && first != utterance);
        if filled && turn.answer == Some(utterance) {
            let after: Duration = now.saturating_duration_since(turn.voice_off);
            ops::AnswerFollowed { call, turn: turn.id, utterance, after }.emit();
            self.turn = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::tools::{ErrorCode, ToolCall, ToolResult};
    use crate::base::{Epoch, Phi};
    use crate::speech::Manner;

    const CALL: CallId = CallId(1);

    fn speak(utterance: u32) -> Output {
        let (epoch, text, manner) = (Epoch(0), Phi::new("words".into()), Manner::default());
        Output::Speak { utterance: UtteranceId(utterance), epoch, text, manner }
    }

    fn heard(turn: u32) -> Input {
        let (turn, text, confidence) = (TurnId(turn), Phi::new("words".into()), 1.0);
        Input::Transcript(Transcript::Final { turn, text, confidence })
    }

    /// Ends turn 1 at 500 ms, 400 ms after the voice, and hears it at 600 ms.
    fn listened(start: Instant) -> TurnClock {
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = TurnClock::default();
        let off = Input::Sound(Sound::VoiceOff { since: at(100) });
        clock.input(at(200), CALL, &off);
        clock.output(at(500), &Output::Finish { turn: TurnId(1) });
        clock.input(at(600), CALL, &heard(1));
        clock
    }

    #[test]
    fn a_gap_is_the_sum_of_its_parts() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = listened(start);
        clock.output(at(610), &speak(7));
        clock.input(at(680), CALL, &Input::Sound(Sound::Started { utterance: UtteranceId(7) }));
        let told = Told::Replied { turn: TurnId(1), gap: Duration::from_millis(580) };
        let split = clock.split(at(680), &told).unwrap();
        let parts = [split.endpoint, split.recogniser, split.brain, split.voice];
        assert_eq!(parts.map(|part| part.as_millis()), [400, 100, 10, 70]);
        assert_eq!((split.utterance, split.filler), (UtteranceId(7), false));
        let other = Told::Replied { turn: TurnId(2), gap: Duration::ZERO };
        assert!(clock.split(at(680), &other).is_none());
    }

    #[test]
    fn what_is_said_while_a_tool_runs_is_a_filler() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = listened(start);
        let request = ToolRequestId(3);
        let call = ToolCall::GetPatientAppointments;
        clock.output(at(605), &Output::Tool { turn: TurnId(1), request, call });
        clock.output(at(1305), &speak(7));
        let told = Told::Replied { turn: TurnId(1), gap: Duration::from_millis(1300) };
        assert!(clock.split(at(1400), &told).unwrap().filler);
        let result = ToolResult::failed(ErrorCode::Timeout);
        clock.input(at(1500), CALL, &Input::ToolDone { request, result });
        clock.output(at(1501), &speak(8));
        clock.input(at(2400), CALL, &Input::Sound(Sound::Started { utterance: UtteranceId(8) }));
        assert!(clock.turn.is_none(), "the answer was told");
    }
}
