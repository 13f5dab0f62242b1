//! The call machine: four verbs over a leg, a floor and a conversation.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::agent::tools::{ErrorCode, ToolCall, ToolData, ToolResult};
use crate::agent::{self, Conversation, Goal};
use crate::base::{Expect, Phi, Purpose, TimerTable, ToolRequestId, TurnId, UtteranceId};
use crate::sdp::{self, Direction};
use crate::sip::{self, Command, EndCause, Refusal, TransferState};
use crate::speech::floor::{self, Floor};
use crate::speech::{Patience, Transcript};

use super::hand_off::{self, HandOff, Stage, Verdict};
use super::speaking::{Ended, Speaking};
use super::{EndReason, Input, Output, Setup, Sound, Summary, Told};

/// After the last frame was sent, the far end's playout buffer still holds some of it (40 ms as a
/// rule, 200 ms on bad lines): a BYE before that cuts the goodbye off.
const PLAYED_OUT: Duration = Duration::from_millis(240);
/// A telephone that sends nothing at all for a minute is not there (and not on hold, which is known).
const NO_MEDIA: Duration = Duration::from_secs(60);
/// A sound shorter than any word, in which nothing was understood, was no turn.
const NOISE: Duration = Duration::from_millis(420);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
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
enum Timer {
    /// The last words have reached the caller: hang up.
    HangUp,
}

/// A call, from the INVITE to the wrap-up row.
#[derive(Clone, Debug)]
pub struct Call {
    setup: Setup,
    phase: Phase,
    conversation: Conversation,
    floor: Floor,
    speaking: Speaking,
    turn: TurnId,
    /// When the voice of the running turn began, and when it ended last.
    voice_on: Option<Instant>,
    voice_off: Option<Instant>,
    voiced: Duration,
    /// The turn whose reply has not been heard yet, and the end of the caller's last sound in it.
    unanswered: Option<(TurnId, Instant)>,
    tools: BTreeMap<ToolRequestId, (&'static str, Instant)>,
    hand_off: Option<HandOff>,
    negotiated: Option<sdp::Negotiated>,
    hang_up_wanted: bool,
    end: Option<EndReason>,
    answered_at: Option<Instant>,
    summary: Summary,
    timers: TimerTable<Timer>,
    outputs: VecDeque<Output>,
}

impl Call {
    /// Takes an INVITE: negotiates, opens the media and answers, or refuses with 488.
    pub fn new(now: Instant, setup: Setup) -> Self {
        let summary = Summary {
            call: setup.call,
            reason: EndReason::Shutdown,
            goals: Default::default(),
            turns: 0,
            talked: Duration::ZERO,
            barge_ins: 0,
            hand_off: None,
        };
        let mut call = Self {
            phase: Phase::Opening,
            conversation: Conversation::new(setup.setting.clone()),
            floor: Floor::new(),
            speaking: Speaking::default(),
            turn: TurnId(1),
            voice_on: None,
            voice_off: None,
            voiced: Duration::ZERO,
            unanswered: None,
            tools: BTreeMap::new(),
            hand_off: None,
            negotiated: None,
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
        let local = &self.setup.local;
        let sdp = match self.setup.offer.as_deref() {
            None => sdp::offer(local, Direction::SendRecv),
            Some(offer) => match sdp::answer(offer, local) {
                Ok((answer, negotiated)) => {
                    self.negotiated = Some(negotiated.clone());
                    self.outputs.push_back(Output::OpenMedia(negotiated));
                    answer
                }
                Err(error) => return self.refuse(&error),
            },
        };
        self.outputs.push_back(Output::Sip(Command::Ring { leg }));
        // A rehearsal of the greeting, so that it is rendered before the caller hears the line open.
        let mut rehearsal = Conversation::new(self.setup.setting.clone());
        rehearsal.handle_input(now, agent::Input::Answered);
        while let Some(output) = rehearsal.poll_output() {
            if let agent::Output::Say { text, .. } = output {
                self.outputs.push_back(Output::Prepare { text });
            }
        }
        self.outputs.push_back(Output::Sip(Command::Accept { leg, sdp }));
    }

    fn refuse(&mut self, error: &sdp::SdpError) {
        self.end = Some(EndReason::MediaRefused);
        let refusal =
            Refusal { status: 488, warning: Some(error.to_string()), ..Refusal::default() };
        self.outputs.push_back(Output::Sip(Command::Refuse { leg: self.setup.leg, refusal }));
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
            Input::NotRendered { utterance } => {
                let ended = self.speaking.dropped(utterance);
                self.utterance_over(now, ended);
            }
            Input::ToolDone { request, result } => self.tool_done(now, request, result),
            Input::HandOffStored { request, stored } => self.hand_off_stored(now, request, stored),
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
        while let Some(Timer::HangUp) = self.timers.take_expired(now) {
            self.end.get_or_insert(EndReason::AgentHungUp);
            self.hang_up();
        }
        self.floor.handle_timeout(now);
        self.conversation.handle_timeout(now);
        self.settle(now);
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
        if self.hang_up_wanted && self.speaking.is_quiet() {
            self.hang_up_wanted = false;
            self.timers.set(Timer::HangUp, now + PLAYED_OUT);
        }
        self.refer_when_quiet();
    }

    // ---- signalling ----

    fn sip(&mut self, now: Instant, event: sip::Event) {
        match event {
            sip::Event::Established { answer, .. } => self.established(now, answer.as_deref()),
            sip::Event::Offer { sdp, .. } => self.offered(now, sdp.as_deref()),
            sip::Event::Transfer { state, .. } => self.transfer(now, state),
            sip::Event::Dtmf { digit, .. } => self.dtmf(now, digit),
            sip::Event::Ended { cause, .. } => self.ended(now, cause),
            // A caller's leg has no other events: we did not call it, and it may not refer us.
            _ => {}
        }
    }

    fn established(&mut self, now: Instant, answer: Option<&[u8]>) {
        if let Some(answer) = answer {
            match sdp::accept_answer(answer, &self.setup.local) {
                Ok(negotiated) => self.media_agreed(now, negotiated),
                Err(_) => {
                    self.end.get_or_insert(EndReason::MediaRefused);
                    return self.hang_up();
                }
            }
        } else if self.negotiated.is_none() {
            // A delayed offer whose ACK holds no answer has no media and never will (RFC 3261 §13.2.2.4).
            self.end.get_or_insert(EndReason::MediaRefused);
            return self.hang_up();
        }
        if self.phase == Phase::Opening {
            self.phase = Phase::Talking;
            self.answered_at = Some(now);
            self.outputs.push_back(Output::Told(Told::Answered));
            self.conversation.handle_input(now, agent::Input::Answered);
        }
    }

    fn offered(&mut self, now: Instant, offer: Option<&[u8]>) {
        let leg = self.setup.leg;
        self.setup.local.version += 1;
        let Some(offer) = offer else {
            let sdp = sdp::offer(&self.setup.local, Direction::SendRecv);
            return self.outputs.push_back(Output::Sip(Command::AcceptOffer { leg, sdp }));
        };
        match sdp::answer(offer, &self.setup.local) {
            Ok((sdp, negotiated)) => {
                self.outputs.push_back(Output::Sip(Command::AcceptOffer { leg, sdp }));
                self.media_agreed(now, negotiated);
            }
            Err(error) => {
                self.setup.local.version -= 1;
                let warning = Some(error.to_string());
                let refusal = Refusal { status: 488, warning, ..Refusal::default() };
                self.outputs.push_back(Output::Sip(Command::RefuseOffer { leg, refusal }));
            }
        }
    }

    fn media_agreed(&mut self, now: Instant, negotiated: sdp::Negotiated) {
        let held = !negotiated.direction.sends() || !negotiated.direction.receives();
        let output = match self.negotiated.replace(negotiated.clone()) {
            None => Output::OpenMedia(negotiated),
            Some(_) => Output::UpdateMedia(negotiated),
        };
        self.outputs.push_back(output);
        self.floor.handle_input(now, floor::Input::Hold(held));
    }

    fn ended(&mut self, now: Instant, cause: EndCause) {
        let moved = self.hand_off.as_ref().is_some_and(HandOff::bye_means_moved);
        if moved && cause == EndCause::RemoteBye {
            self.transfer(now, TransferState::Answered);
        }
        let reason = match cause {
            EndCause::RemoteBye => EndReason::CallerHungUp,
            EndCause::RemoteCancel => EndReason::CallerCancelled,
            EndCause::AckTimeout => EndReason::AckTimeout,
            EndCause::Timeout => EndReason::SignallingTimeout,
            EndCause::RefusedByUs(_) => EndReason::MediaRefused,
            EndCause::Local | EndCause::Refused(_) => EndReason::AgentHungUp,
        };
        let reason = *self.end.get_or_insert(reason);
        if self.negotiated.is_some() {
            self.outputs.push_back(Output::CloseMedia);
        }
        let goals = self.conversation.goals().clone();
        let reason = if goals.contains(&Goal::Transferred) { EndReason::HandedOff } else { reason };
        self.phase = Phase::Over;
        let talked = self.answered_at.map_or(Duration::ZERO, |at| now - at);
        let summary = Summary { reason, goals, talked, ..self.summary.clone() };
        self.outputs.push_back(Output::Over(Box::new(summary)));
    }

    fn hang_up(&mut self) {
        if matches!(self.phase, Phase::Opening | Phase::Talking) {
            self.phase = Phase::Ending;
            let leg = self.setup.leg;
            self.outputs.push_back(Output::Sip(Command::HangUp { leg, reason: None }));
        }
    }

    // ---- sound ----

    fn sound(&mut self, now: Instant, sound: Sound) {
        match sound {
            Sound::VoiceOn { since } => {
                if !self.floor.caller_has_begun() {
                    self.voiced = Duration::ZERO;
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
            Sound::Dtmf { digit } => self.dtmf(now, *digit.reveal(Purpose::Understanding)),
            Sound::Started { utterance } => self.utterance_started(now, utterance),
            Sound::Ended { utterance, frames, complete } => {
                let ended = self.speaking.ended(utterance, frames, complete);
                self.utterance_over(now, ended);
            }
            Sound::NoPackets { lasted } if lasted >= NO_MEDIA => {
                self.end.get_or_insert(EndReason::NoMedia);
                self.hang_up();
            }
            Sound::NoPackets { .. } => {}
        }
    }

    fn dtmf(&mut self, now: Instant, digit: char) {
        self.conversation.handle_input(now, agent::Input::Dtmf { digit });
    }

    fn utterance_started(&mut self, now: Instant, utterance: UtteranceId) {
        let Some((text, interruptible)) = self.speaking.started(utterance) else { return };
        if let Some((turn, voice_off)) = self.unanswered.take() {
            let gap = now.saturating_duration_since(voice_off);
            self.outputs.push_back(Output::Told(Told::Replied { turn, gap }));
        }
        self.outputs.push_back(Output::Told(Told::AgentSays { utterance, text }));
        self.floor.handle_input(now, floor::Input::AgentStarts { interruptible });
    }

    fn utterance_over(&mut self, now: Instant, ended: Option<Ended>) {
        match ended {
            None => return,
            Some(Ended::Spoken(utterance)) => {
                self.conversation.handle_input(now, agent::Input::Spoken { utterance });
            }
            Some(Ended::Cut(utterance, heard)) => self.interrupted(now, utterance, heard),
        }
        if self.speaking.is_quiet() {
            self.floor.handle_input(now, floor::Input::AgentEnds);
        }
    }

    fn interrupted(&mut self, now: Instant, utterance: UtteranceId, heard: Phi<String>) {
        let told = Told::AgentInterrupted { utterance, heard: heard.clone() };
        self.outputs.push_back(Output::Told(told));
        self.conversation.handle_input(now, agent::Input::Interrupted { utterance, heard });
    }

    fn stop_speaking(&mut self, now: Instant) {
        let (epoch, unheard) = self.speaking.flush();
        self.outputs.push_back(Output::Flush { epoch });
        for utterance in unheard {
            self.interrupted(now, utterance, Phi::default());
        }
    }

    fn transcript(&mut self, now: Instant, transcript: Transcript) {
        if self.phase != Phase::Talking {
            return;
        }
        match transcript {
            Transcript::Partial { text } => {
                let words = text.reveal(Purpose::Understanding);
                self.floor.handle_input(now, floor::Input::Partial { text: words });
                let turn = self.turn;
                self.conversation.handle_input(now, agent::Input::Partial { turn, text });
            }
            Transcript::Final { turn, text, confidence } => {
                let nothing = text.reveal(Purpose::Understanding).trim().is_empty();
                if nothing && self.voiced < NOISE {
                    self.unanswered = None;
                    return self.floor.handle_input(now, floor::Input::AgentEnds);
                }
                self.summary.turns += 1;
                let said = Told::CallerSaid { turn, text: text.clone(), confidence };
                self.outputs.push_back(Output::Told(said));
                self.conversation.handle_input(now, agent::Input::Heard { turn, text, confidence });
            }
        }
    }

    fn floor_says(&mut self, now: Instant, output: floor::Output) {
        match output {
            floor::Output::EndOfTurn => {
                self.unanswered = self.voice_off.map(|at| (self.turn, at));
                self.outputs.push_back(Output::Finish { turn: self.turn });
                self.turn = self.turn.next();
            }
            floor::Output::StopSpeaking => {
                self.summary.barge_ins += 1;
                self.stop_speaking(now);
            }
            floor::Output::Discard => self.outputs.push_back(Output::Discard),
            floor::Output::Silence { lasted } => {
                self.conversation.handle_input(now, agent::Input::Silence { lasted });
            }
        }
    }

    // ---- conversation ----

    fn conversation_says(&mut self, now: Instant, output: agent::Output) {
        if self.phase != Phase::Talking {
            return;
        }
        match output {
            agent::Output::Say { utterance, text, interruptible } => {
                let epoch = self.speaking.say(utterance, text.clone(), interruptible);
                self.outputs.push_back(Output::Speak { utterance, epoch, text });
            }
            agent::Output::StopSpeaking => self.stop_speaking(now),
            agent::Output::Listen { expect, patience } => self.listen(now, expect, patience),
            agent::Output::Tool { request, call } => self.tool(now, request, call),
            agent::Output::HangUp => self.hang_up_wanted = true,
            agent::Output::Decided(decision) => self.outputs.push_back(Output::Decided(decision)),
        }
    }

    fn listen(&mut self, now: Instant, expect: Expect, patience: agent::Patience) {
        let patience = match patience {
            agent::Patience::Brief => Patience::BRIEF,
            agent::Patience::Normal => Patience::NORMAL,
            // Names are dictated too, but no digit ever completes them.
            agent::Patience::Dictation if matches!(expect, Expect::Date | Expect::Digits) => {
                Patience::DICTATION
            }
            agent::Patience::Dictation => Patience { wants_digits: false, ..Patience::DICTATION },
        };
        self.floor.handle_input(now, floor::Input::Listen(patience));
        self.outputs.push_back(Output::Expect(expect));
    }

    fn tool(&mut self, now: Instant, request: ToolRequestId, call: ToolCall) {
        let name = call.name();
        self.tools.insert(request, (name, now));
        self.outputs.push_back(Output::Told(Told::ToolAsked { name }));
        let turn = self.last_turn();
        let ToolCall::TransferToHuman { target, reason, summary } = call else {
            return self.outputs.push_back(Output::Tool { turn, request, call });
        };
        match self.setup.targets.get(&target) {
            Some(uri) if self.hand_off.is_none() => {
                let (uri, stage) = (uri.clone(), Stage::Storing);
                self.hand_off = Some(HandOff { request, target: target.clone(), uri, stage });
                self.outputs.push_back(Output::StoreHandOff {
                    turn,
                    request,
                    target,
                    reason,
                    summary,
                });
            }
            _ => self.tool_done(now, request, ToolResult::failed(ErrorCode::PolicyDenied)),
        }
    }

    /// The last turn that the caller has finished.
    fn last_turn(&self) -> TurnId {
        TurnId(self.turn.0.saturating_sub(1))
    }

    fn tool_done(&mut self, now: Instant, request: ToolRequestId, result: ToolResult) {
        let Some((name, asked)) = self.tools.remove(&request) else { return };
        let told = Told::ToolAnswered { name, error: result.error, took: now - asked };
        self.outputs.push_back(Output::Told(told));
        self.conversation.handle_input(now, agent::Input::ToolDone { request, result });
    }

    // ---- hand-off ----

    fn hand_off_stored(
        &mut self,
        now: Instant,
        request: ToolRequestId,
        stored: Result<String, ErrorCode>,
    ) {
        let Some(hand_off) = self.hand_off.as_mut().filter(|it| it.request == request) else {
            return;
        };
        match stored {
            Ok(id) => {
                self.summary.hand_off = Some(id.clone());
                hand_off.stage = Stage::Ready { id: Some(id) };
            }
            // The record system is down, and the caller needs a person all the more: go without the note.
            Err(ErrorCode::EhrUnavailable | ErrorCode::Timeout) => {
                hand_off.stage = Stage::Ready { id: None };
            }
            Err(error) => {
                self.hand_off = None;
                self.tool_done(now, request, ToolResult::failed(error));
            }
        }
    }

    /// The REFER goes out once the caller has heard that it will.
    fn refer_when_quiet(&mut self) {
        if !self.speaking.is_quiet() || self.phase != Phase::Talking {
            return;
        }
        let Some(hand_off) = self.hand_off.as_mut() else { return };
        if let Stage::Ready { id } = &hand_off.stage {
            let headers = hand_off::headers(&self.setup.referred_by, id.as_deref());
            let (leg, target) = (self.setup.leg, hand_off.uri.clone());
            hand_off.stage = Stage::Referring { accepted: false };
            self.outputs.push_back(Output::Sip(Command::Refer { leg, target, headers }));
        }
    }

    fn transfer(&mut self, now: Instant, state: TransferState) {
        let Some(hand_off) = self.hand_off.as_mut() else { return };
        let (verdict, request) = (hand_off.state(state), hand_off.request);
        let target = hand_off.target.clone();
        self.outputs.push_back(Output::Told(Told::Transfer { target, state }));
        let result = match verdict {
            Verdict::Pending => {
                // While others decide, the caller's silence is not the caller's fault.
                return self.floor.handle_input(now, floor::Input::Hold(true));
            }
            Verdict::Moved => ToolResult::ok(ToolData::Bridged),
            Verdict::Returned => ToolResult::failed(ErrorCode::TransferFailed),
        };
        self.hand_off = None;
        self.floor.handle_input(now, floor::Input::Hold(false));
        self.outputs.push_back(Output::TransferDone { turn: self.last_turn(), state });
        self.tool_done(now, request, result);
    }
}
