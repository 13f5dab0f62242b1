//! What is heard on the leg, and what was heard of us: voices, digits, words, and whose turn it is.

use std::time::{Duration, Instant};

use crate::agent;
use crate::base::{Phi, Purpose, TurnId, UtteranceId};
use crate::media::Way;
use crate::sip::Command;
use crate::speech::floor::{self, Verdict};
use crate::speech::{Transcript, Utterance};

use super::hand_off::HandOff;
use super::machine::{Call, Phase, Timer};
use super::speaking::Ended;
use super::{EndReason, Output, Sound, Told};

/// A sound shorter than any word, in which nothing was understood, was no turn.
const NOISE: Duration = Duration::from_millis(420);
/// The same where a model has denied all that is no voice: what is left is a word, and a "yes" takes no longer.
const JUDGED_NOISE: Duration = Duration::from_millis(160);
/// A recogniser that has not finished a turn by then has lost it.
const UNDERSTOOD: Duration = Duration::from_secs(8);
/// Utterances in a row that could not be spoken: the voice is lost, and with it the agent.
const UNSPOKEN: u8 = 3;

impl Call {
    pub(super) fn sound(&mut self, now: Instant, sound: Sound) {
        match sound {
            // What comes in on hold is the PBX's music.
            Sound::VoiceOn { .. } | Sound::VoiceOff { .. } | Sound::VoiceHint { .. }
                if self.held => {}
            Sound::VoiceHint { kind, by, at } => {
                self.floor.handle_input(now, floor::Input::of_hint(kind, by, at));
            }
            Sound::VoiceOn { since } => {
                if !self.floor.caller_has_begun() {
                    self.voiced = Duration::ZERO;
                    self.recorded_turn_begins(since);
                }
                self.voice_on = Some(since);
                self.floor.handle_input(now, floor::Input::VoiceOn { since });
            }
            Sound::VoiceOff { since } => {
                let on = self.voice_on.take();
                self.voiced += on.map_or(Duration::ZERO, |on| since.saturating_duration_since(on));
                self.voice_off = Some(since);
                self.floor.handle_input(now, floor::Input::VoiceOff { since });
            }
            Sound::Dtmf { digit, way } => {
                self.dtmf(now, *digit.reveal(Purpose::Understanding), way);
            }
            Sound::Started { utterance } => self.utterance_started(now, utterance),
            Sound::Ended { utterance, frames, complete } => {
                let ended = self.speaking.ended(utterance, frames, complete);
                self.utterance_over(now, ended);
            }
            // Some PBXs send nothing while they move the caller; that has its own limit.
            Sound::Gone { .. } if self.hand_off.as_ref().is_some_and(HandOff::is_out) => {}
            Sound::Gone { .. } => {
                self.end.get_or_insert(EndReason::NoMedia);
                self.hang_up();
            }
        }
    }

    /// A press that comes by media and by INFO is one.
    pub(super) fn dtmf(&mut self, now: Instant, digit: char, way: Way) {
        // What the media tell of a press they tell once, by whichever way it came first.
        let told_by = if way == Way::Info { Way::Info } else { Way::Event };
        if !self.keypad.take(now, digit, told_by) {
            return;
        }
        self.outputs.push_back(Output::Told(Told::Keyed { way }));
        self.recorded_key(now);
        if self.conversation.takes_key(digit) {
            self.floor.handle_input(now, floor::Input::Key);
        }
        self.conversation.handle_input(now, agent::Input::Dtmf { digit });
    }

    /// Presses digits by the way that was agreed on: events, tones, or INFO.
    pub(super) fn press(&mut self, digits: &Phi<String>) {
        let Some(negotiated) = self.negotiated.as_ref().filter(|_| self.phase == Phase::Talking)
        else {
            return;
        };
        let by_media = negotiated.telephone_event.is_some() || self.setup.presses_in_band;
        let leg = self.setup.leg;
        for digit in digits.reveal(Purpose::Signalling).chars() {
            self.outputs.push_back(match by_media {
                true => Output::Press { digit: Phi::new(digit) },
                false => Output::Sip(Command::Press { leg, digit }),
            });
        }
    }

    /// The voice could not say something. When that goes on, the agent is mute and cannot go on.
    pub(super) fn not_rendered(&mut self, now: Instant, utterance: UtteranceId, frames: u32) {
        let ended = self.speaking.failed(utterance, frames);
        self.unspoken = self.unspoken.saturating_add(1);
        if self.unspoken >= UNSPOKEN {
            self.give_the_call_away(now);
        }
        self.utterance_over(now, ended);
    }

    fn utterance_started(&mut self, now: Instant, utterance: UtteranceId) {
        let Some((text, interruptible)) = self.speaking.started(utterance) else { return };
        self.unspoken = 0;
        if let Some((turn, voice_off)) = self.unanswered.take() {
            let gap = now.saturating_duration_since(voice_off);
            self.outputs.push_back(Output::Told(Told::Replied { turn, gap }));
        }
        self.outputs.push_back(Output::Told(Told::AgentSays { utterance, text }));
        self.listen_after(now, Some(utterance));
        self.floor.handle_input(now, floor::Input::AgentStarts { interruptible });
    }

    fn utterance_over(&mut self, now: Instant, ended: Option<Ended>) {
        match ended {
            None => return,
            Some(Ended::Spoken(utterance)) => {
                self.notice_may_be_heard(now, utterance);
                self.conversation.handle_input(now, agent::Input::Spoken { utterance });
            }
            Some(Ended::Cut(utterance, heard)) => self.interrupted(now, utterance, heard),
        }
        if self.speaking.is_quiet() {
            self.listen_after(now, None);
            self.floor.handle_input(now, floor::Input::AgentEnds);
        }
    }

    fn interrupted(&mut self, now: Instant, utterance: UtteranceId, heard: Phi<String>) {
        let told = Told::AgentInterrupted { utterance, heard: heard.clone() };
        self.outputs.push_back(Output::Told(told));
        self.conversation.handle_input(now, agent::Input::Interrupted { utterance, heard });
    }

    pub(super) fn stop_speaking(&mut self, now: Instant) {
        let held = self.held_since.take().map(|since| now.saturating_duration_since(since));
        let (epoch, unheard) = self.speaking.flush(held >= Some(Utterance::IN_FLIGHT));
        self.outputs.push_back(Output::Flush { epoch });
        self.listen_after(now, None);
        for utterance in unheard {
            self.interrupted(now, utterance, Phi::default());
        }
    }

    pub(super) fn transcript(&mut self, now: Instant, transcript: Transcript) {
        if self.phase != Phase::Talking {
            return;
        }
        match transcript {
            Transcript::Partial { .. } if self.held => {}
            // Of a turn that is over: its final is still to come.
            Transcript::Partial { .. } if self.understood < self.last_turn() => {}
            Transcript::Partial { text } => {
                let words = text.reveal(Purpose::Understanding);
                self.floor.handle_input(now, floor::Input::Partial { text: words });
                let turn = self.turn;
                self.conversation.handle_input(now, agent::Input::Partial { turn, text });
            }
            // Late, and given up meanwhile; or of a turn that is not over.
            Transcript::Final { turn, .. } if turn <= self.understood || turn >= self.turn => {}
            Transcript::Final { turn, text, confidence } => {
                self.understood = turn;
                if turn == self.last_turn() {
                    self.timers.stop(Timer::Understood);
                }
                let nothing = text.reveal(Purpose::Understanding).trim().is_empty();
                if nothing && self.was_noise(turn) {
                    self.unanswered = None;
                    // The caller's silence was not broken by it.
                    return self.floor.handle_input(now, floor::Input::Nothing);
                }
                self.was_told = true;
                self.summary.turns += 1;
                let heard = agent::Input::Heard { turn, text: text.clone(), confidence };
                self.conversation.handle_input(now, heard);
                let text = text.map(|text| self.conversation.masked(text));
                self.outputs.push_back(Output::Told(Told::CallerSaid { turn, text, confidence }));
            }
        }
    }

    /// Whether a turn in which nothing was understood was too short for a word.
    fn was_noise(&self, turn: TurnId) -> bool {
        let (finished, voiced) = self.finished;
        let least = if self.setup.judged { JUDGED_NOISE } else { NOISE };
        finished == turn && voiced < least
    }

    /// The recogniser has not finished a turn in time: nothing was understood.
    pub(super) fn turn_is_lost(&mut self, now: Instant) {
        let (turn, text, confidence) = (self.last_turn(), Phi::default(), 0.0);
        self.transcript(now, Transcript::Final { turn, text, confidence });
    }

    pub(super) fn floor_says(&mut self, now: Instant, output: floor::Output) {
        match output {
            floor::Output::EndOfTurn => {
                // A noise behind it may go on: then nobody knows when the caller's voice ended.
                let goes_on = self.voice_on.as_mut().map(|on| std::mem::replace(on, now));
                self.unanswered =
                    self.voice_off.filter(|_| goes_on.is_none()).map(|at| (self.turn, at));
                let last = goes_on.map_or(Duration::ZERO, |on| now.saturating_duration_since(on));
                self.finished = (self.turn, std::mem::take(&mut self.voiced) + last);
                self.outputs.push_back(Output::Finish { turn: self.turn });
                self.timers.set(Timer::Understood, now + UNDERSTOOD);
                self.turn = self.turn.next();
            }
            floor::Output::Duck => self.outputs.push_back(Output::Duck(true)),
            floor::Output::Unduck => self.outputs.push_back(Output::Duck(false)),
            floor::Output::Pause => {
                self.held_since = Some(now);
                self.outputs.push_back(Output::Pause(true));
            }
            floor::Output::Resume => {
                self.held_since = None;
                // Turned up first, so that it goes on as loud as before.
                self.outputs.push_back(Output::Duck(false));
                self.outputs.push_back(Output::Pause(false));
            }
            floor::Output::StopSpeaking => {
                self.stop_speaking(now);
                // Between two sentences nothing is left that could end.
                if self.speaking.is_over() {
                    self.floor.handle_input(now, floor::Input::AgentEnds);
                }
            }
            floor::Output::Judged(overlap) => {
                let summary = &mut self.summary;
                match overlap.verdict {
                    Verdict::Stopped | Verdict::Keyed => summary.barge_ins += 1,
                    Verdict::Nothing | Verdict::Overtaken => summary.resumed += 1,
                    Verdict::Backchannel => {
                        summary.resumed += 1;
                        summary.backchannels += 1;
                    }
                }
                self.outputs.push_back(Output::Told(Told::Overlapped(overlap)));
            }
            floor::Output::Discard => {
                self.recorded_turn_is_dropped();
                self.outputs.push_back(Output::Discard);
            }
            floor::Output::Silence { lasted } => {
                self.conversation.handle_input(now, agent::Input::Silence { lasted });
            }
        }
    }
}
