//! The call machine: four verbs over a leg, a floor and a conversation.
//!
//! This file moves inputs to where they are handled (`signals`, `hearing`, `transfer`), carries out what
//! the conversation wants, and keeps the deadlines without which a call could hang.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::agent::tools::{ToolCall, ToolResult};
use crate::agent::{self, Conversation};
use crate::base::{Hints, Sdp, TimerTable, ToolRequestId, TurnId, UtteranceId};
use crate::media::Keypad;
use crate::sdp;
use crate::sip::{Command, Refusal};
use crate::speech::floor::{self, Floor};
use crate::speech::{Awaited, Manner};

use super::hand_off::HandOff;
use super::recording::Gate;
use super::speaking::Speaking;
use super::transfer::HEARD;
use super::{Consent, EndReason, Input, Output, Setup, Summary, Told};

/// After the last frame was sent, the far end's playout buffer still holds some of it (40 ms as a
/// rule, 200 ms on bad lines): a BYE before that cuts the goodbye off.
const PLAYED_OUT: Duration = Duration::from_millis(240);
/// Last words that are not reported as heard by then are not waited for.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// A call that is too long in the middle of a transfer or a hold is looked at again after this.
const AGAIN: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Ringing or answered and waiting for the ACK.
    Opening,
    /// The caller is connected.
    Talking,
    /// We have hung up, or were hung up on.
    Ending,
    /// [`Output::Over`] is out.
    Over,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Timer {
    /// The last words have reached the caller, or never will: hang up.
    HangUp,
    /// The recogniser has lost a turn.
    Understood,
    /// A hand-off's note is late.
    Note,
    /// The sentence before a transfer is not reported as heard.
    Heard,
    /// A transfer's target has rung for as long as it may.
    Ring,
    /// A transfer's outcome stays unknown.
    Doubt,
    /// The call has lasted for as long as it may.
    Longest,
}

/// A call, from the INVITE to the wrap-up row.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) setup: Setup,
    pub(super) phase: Phase,
    pub(super) conversation: Conversation,
    pub(super) floor: Floor,
    /// What the floor was told last.
    pub(super) floor_held: bool,
    pub(super) speaking: Speaking,
    /// What is awaited next, and the utterance before the question.
    pub(super) next_answer: Option<(Option<UtteranceId>, Awaited)>,
    /// Since when the agent is held for a voice over it.
    pub(super) held_since: Option<Instant>,
    /// How the agent speaks now.
    pub(super) manner: Manner,
    /// The turn that the caller is in, or begins next.
    pub(super) turn: TurnId,
    /// The last turn that was understood, or given up.
    pub(super) understood: TurnId,
    /// The conversation was told a turn and has not had its say.
    pub(super) was_told: bool,
    /// When the voice of the running turn began, and when it ended last.
    pub(super) voice_on: Option<Instant>,
    pub(super) voice_off: Option<Instant>,
    pub(super) voiced: Duration,
    /// The last turn that was finished, and how much of it was a voice.
    pub(super) finished: (TurnId, Duration),
    /// The turn whose reply has not been heard yet, and the end of the caller's last sound in it.
    pub(super) unanswered: Option<(TurnId, Instant)>,
    /// Utterances in a row that could not be spoken.
    pub(super) unspoken: u8,
    pub(super) tools: BTreeMap<ToolRequestId, (&'static str, Instant)>,
    pub(super) hand_off: Option<HandOff>,
    /// A person has the caller.
    pub(super) moved: bool,
    /// The agent has neither ears nor mouth: the caller goes to the fallback.
    pub(super) cannot_go_on: bool,
    pub(super) negotiated: Option<sdp::Negotiated>,
    /// Our description as it was sent last.
    pub(super) described: Option<Sdp>,
    /// The far end has put us on hold.
    pub(super) held: bool,
    pub(super) keypad: Keypad,
    pub(super) gate: Gate,
    /// The caller was last told to wait for somebody.
    pub(super) waits: bool,
    pub(super) hang_up_wanted: bool,
    pub(super) end: Option<EndReason>,
    pub(super) answered_at: Option<Instant>,
    pub(super) summary: Summary,
    pub(super) timers: TimerTable<Timer>,
    pub(super) outputs: VecDeque<Output>,
}

impl Call {
    /// Takes an INVITE: negotiates, opens the media and answers, or refuses with 488.
    pub fn new(now: Instant, setup: Setup) -> Self {
        let summary = Summary {
            call: setup.call,
            reason: EndReason::Shutdown,
            far_cause: None,
            goals: Default::default(),
            turns: 0,
            talked: Duration::ZERO,
            barge_ins: 0,
            resumed: 0,
            backchannels: 0,
            hand_off: None,
            consent: Consent::NotAsked,
        };
        let mut call = Self {
            phase: Phase::Opening,
            conversation: Conversation::new(setup.setting.clone()),
            floor: Floor::new(),
            floor_held: false,
            speaking: Speaking::default(),
            next_answer: None,
            held_since: None,
            manner: agent::greets_in(&setup.setting.languages).into(),
            turn: TurnId(1),
            understood: TurnId(0),
            was_told: false,
            voice_on: None,
            voice_off: None,
            voiced: Duration::ZERO,
            finished: (TurnId(0), Duration::ZERO),
            unanswered: None,
            unspoken: 0,
            tools: BTreeMap::new(),
            hand_off: None,
            moved: false,
            cannot_go_on: false,
            negotiated: None,
            described: None,
            held: false,
            keypad: Keypad::default(),
            gate: Gate::default(),
            waits: false,
            hang_up_wanted: false,
            end: None,
            answered_at: None,
            summary,
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
            setup,
        };
        call.open(now);
        call
    }

    fn open(&mut self, now: Instant) {
        let leg = self.setup.leg;
        let offer = self.setup.offer.clone();
        let sdp = match self.describe(offer.as_deref()) {
            Ok((sdp, None)) => sdp,
            Ok((sdp, Some(negotiated))) => {
                self.agreed(negotiated.clone());
                self.outputs.push_back(Output::OpenMedia(negotiated));
                sdp
            }
            Err(error) => return self.refuse(error),
        };
        self.outputs.push_back(Output::Sip(Command::Ring { leg }));
        // A rehearsal of the greeting, so that it is rendered before the caller hears the line open.
        let mut rehearsal = Conversation::new(self.setup.setting.clone());
        rehearsal.handle_input(now, agent::Input::Answered);
        while let Some(output) = rehearsal.poll_output() {
            if let agent::Output::Say { text, .. } = output {
                self.outputs.push_back(Output::Prepare { text, manner: self.manner });
            }
        }
        self.outputs.push_back(Output::Sip(Command::Accept { leg, sdp }));
    }

    fn refuse(&mut self, error: sdp::SdpError) {
        self.end = Some(EndReason::MediaRefused);
        self.phase = Phase::Ending;
        let refusal = self.refusal(error, false);
        self.outputs.push_back(Output::Sip(Command::Refuse { leg: self.setup.leg, refusal }));
    }

    /// Tells of media that cannot be agreed on, and returns what the far end is told.
    pub(super) fn refusal(&mut self, error: sdp::SdpError, in_call: bool) -> Refusal {
        let (status, warning) = (488, Some(error.to_string()));
        self.outputs.push_back(Output::Told(Told::MediaRefused { error, status, in_call }));
        Refusal { status, warning, ..Refusal::default() }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        if self.phase == Phase::Over {
            return;
        }
        match input {
            Input::Sip(event) => self.sip(now, event),
            Input::Sound(sound) => self.sound(now, sound),
            Input::Transcript(transcript) => self.transcript(now, transcript),
            Input::Rendered { utterance, frames } => self.speaking.rendered(utterance, frames),
            Input::NotRendered { utterance, frames } => self.not_rendered(now, utterance, frames),
            Input::ToolDone { request, result } => self.tool_done(now, request, result),
            Input::HandOffStored { request, stored } => self.hand_off_stored(now, request, stored),
            Input::JudgeFailed => self.setup.judged = false,
            Input::Press { digits } => self.press(&digits),
            Input::MediaFailed | Input::EarsFailed => self.give_the_call_away(now),
            Input::HangUp => {
                self.end.get_or_insert(EndReason::Shutdown);
                self.hang_up();
            }
        }
        self.settle(now);
    }

    /// Handles what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.phase == Phase::Over {
            return;
        }
        while let Some(timer) = self.timers.take_expired(now) {
            self.expired(now, timer);
        }
        self.floor.handle_timeout(now);
        self.conversation.handle_timeout(now);
        self.settle(now);
    }

    fn expired(&mut self, now: Instant, timer: Timer) {
        match timer {
            // Nothing is heard while on hold: last words wait with the rest.
            Timer::HangUp if self.held && !self.speaking.is_quiet() => {
                self.timers.set(Timer::HangUp, now + LAST_WORDS);
            }
            Timer::HangUp => {
                self.end.get_or_insert(EndReason::AgentHungUp);
                self.hang_up();
            }
            Timer::Understood => self.turn_is_lost(now),
            Timer::Note => self.note_is_late(now),
            Timer::Heard if self.held => self.timers.set(Timer::Heard, now + HEARD),
            Timer::Heard if self.phase == Phase::Talking => self.refer(),
            Timer::Heard => {}
            Timer::Ring => self.rang_out(),
            Timer::Doubt => self.doubt_is_over(now),
            // A transfer brings an end of its own, and a goodbye on hold is heard by nobody.
            Timer::Longest if self.held || self.hand_off.is_some() => {
                self.timers.set(Timer::Longest, now + AGAIN);
            }
            Timer::Longest => self.conversation.handle_input(now, agent::Input::TimeIsUp),
        }
    }

    /// Returns the next output.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when `handle_timeout` wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.phase == Phase::Over {
            return None;
        }
        let deadlines = [
            self.timers.next_deadline(),
            self.floor.poll_timeout(),
            self.conversation.poll_timeout(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Lets floor and conversation have their say until both are done.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.floor.poll_output() {
                self.floor_says(now, output);
            } else if let Some(output) = self.conversation.poll_output() {
                self.conversation_says(now, output);
            } else {
                break;
            }
        }
        // What the caller said may want no answer: then their silence counts from here.
        if std::mem::take(&mut self.was_told) && self.speaking.is_quiet() {
            self.floor.handle_input(now, floor::Input::AgentEnds);
        }
        if self.hang_up_wanted {
            let quiet = self.speaking.is_quiet();
            self.hang_up_wanted = !quiet;
            if quiet {
                self.timers.set(Timer::HangUp, now + PLAYED_OUT);
            } else if self.timers.deadline(Timer::HangUp).is_none() {
                self.timers.set(Timer::HangUp, now + LAST_WORDS);
            }
        }
        self.refer_when_quiet();
        let waits =
            self.phase == Phase::Talking && self.hand_off.as_ref().is_some_and(HandOff::is_out);
        if std::mem::replace(&mut self.waits, waits) != waits && self.phase != Phase::Over {
            self.outputs.push_back(Output::Waiting(waits));
        }
    }

    pub(super) fn hang_up(&mut self) {
        if matches!(self.phase, Phase::Opening | Phase::Talking) {
            self.phase = Phase::Ending;
            let leg = self.setup.leg;
            let reason = self.end.and_then(reason_of).map(str::to_owned);
            self.outputs.push_back(Output::Sip(Command::HangUp { leg, reason }));
        }
    }

    /// Nobody's silence counts while the caller is on hold, or hears another telephone ring.
    pub(super) fn hold_floor(&mut self, now: Instant) {
        let held = self.held || self.hand_off.as_ref().is_some_and(HandOff::is_out);
        if held != self.floor_held {
            self.floor_held = held;
            self.floor.handle_input(now, floor::Input::Hold(held));
        }
    }

    /// The same for a hand-off that moves. What is said to its ringing tone is part of no turn.
    pub(super) fn hold_floor_for_ringing(&mut self, now: Instant) {
        let before = self.floor_held;
        self.hold_floor(now);
        if before && !self.floor_held && !self.moved {
            self.outputs.push_back(Output::Discard);
            if let Some(on) = &mut self.voice_on {
                // What is said from here on is heard.
                *on = now;
                self.voiced = Duration::ZERO;
                self.recorded_turn_begins(now);
                self.floor.handle_input(now, floor::Input::VoiceOn { since: now });
            }
        }
    }

    // ---- conversation ----

    fn conversation_says(&mut self, now: Instant, output: agent::Output) {
        if self.phase != Phase::Talking || self.cannot_go_on {
            return;
        }
        match output {
            agent::Output::Say { utterance, text, interruptible } => {
                let epoch = self.speaking.say(utterance, text.clone(), interruptible);
                let manner = self.manner;
                self.outputs.push_back(Output::Speak { utterance, epoch, text, manner });
            }
            agent::Output::Notice { utterance } => self.notice_begins(utterance),
            agent::Output::Unrecorded => self.consent_is_denied(),
            agent::Output::Private(private) => self.private(now, private),
            agent::Output::StopSpeaking => {
                self.stop_speaking(now);
                self.floor.handle_input(now, floor::Input::AgentDropped);
            }
            agent::Output::Listen { hints, patience } => self.listen(now, hints, patience),
            agent::Output::Tool { request, call } => self.tool(now, request, call),
            agent::Output::SwitchLanguage(language) => {
                self.manner.language = language;
                self.outputs.push_back(Output::Hear { language });
            }
            agent::Output::Slower => self.manner = self.manner.slower(),
            agent::Output::HangUp => self.hang_up_wanted = true,
            agent::Output::Decided(decision) => self.outputs.push_back(Output::Decided(decision)),
        }
    }

    fn listen(&mut self, now: Instant, hints: Hints, patience: agent::Patience) {
        let awaited = Awaited {
            expect: hints.expect,
            dictated: patience == agent::Patience::Dictation,
            digits: match patience {
                agent::Patience::Number { digits } => Some(digits),
                _ => None,
            },
            language: self.manner.language,
        };
        // An "okay" to what is said before the question is no answer to it.
        self.next_answer = Some((self.speaking.last(), awaited));
        self.listen_after(now, None);
        self.outputs.push_back(Output::Expect(hints));
    }

    /// From the question's first word on its answer is awaited: an utterance begins, or nothing is left to be said.
    pub(super) fn listen_after(&mut self, now: Instant, begins: Option<UtteranceId>) {
        let begun = |before: Option<UtteranceId>| before.is_none() || begins > before;
        let due = |it: &mut (Option<UtteranceId>, Awaited)| self.speaking.is_quiet() || begun(it.0);
        if let Some((_, awaited)) = self.next_answer.take_if(due) {
            self.floor.handle_input(now, floor::Input::Listen(awaited));
        }
    }

    fn tool(&mut self, now: Instant, request: ToolRequestId, call: ToolCall) {
        let name = call.name();
        self.tools.insert(request, (name, now));
        self.outputs.push_back(Output::Told(Told::ToolAsked { name }));
        match call {
            ToolCall::TransferToHuman { target, reason, summary } => {
                self.begin_hand_off(now, request, target, reason, summary);
            }
            call => {
                let turn = self.last_turn();
                self.outputs.push_back(Output::Tool { turn, request, call });
            }
        }
    }

    /// The last turn that the caller has finished.
    pub(super) fn last_turn(&self) -> TurnId {
        TurnId(self.turn.0.saturating_sub(1))
    }

    pub(super) fn tool_done(&mut self, now: Instant, request: ToolRequestId, result: ToolResult) {
        let Some((name, asked)) = self.tools.remove(&request) else { return };
        let told = Told::ToolAnswered { name, error: result.error, took: now - asked };
        self.outputs.push_back(Output::Told(told));
        self.conversation.handle_input(now, agent::Input::ToolDone { request, result });
    }
}

/// What we give the far end as the reason of an end of ours (RFC 3326), in the numbers of Q.850 that its exchange
/// counts; an end in which nothing went wrong needs none.
fn reason_of(end: EndReason) -> Option<&'static str> {
    match end {
        EndReason::NoMedia => Some("Q.850;cause=102;text=\"No sound was received\""),
        EndReason::MediaRefused => Some("SIP;cause=488;text=\"No media in common\""),
        EndReason::Failed | EndReason::Shutdown => {
            Some("Q.850;cause=41;text=\"Temporary failure\"")
        }
        EndReason::HandedOff | EndReason::AgentHungUp => {
            Some("Q.850;cause=16;text=\"Normal call clearing\"")
        }
        EndReason::Unanswered => Some("Q.850;cause=19;text=\"Nobody answered\""),
        EndReason::CallerHungUp
        | EndReason::CallerCancelled
        | EndReason::Replaced
        | EndReason::AckTimeout
        | EndReason::SignallingTimeout => None,
    }
}
