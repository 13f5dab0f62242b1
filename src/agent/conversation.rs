//! The conversation: the machine that hears, decides, speaks and uses tools. Four verbs, plain data, one owner.
//!
//! This file moves inputs to where they are decided (`guard`, then `planner`) and keeps the means they share:
//! saying, asking, running a tool, ending the call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use crate::agent::api::{Decision, Goal, Input, Output, Patience, Setting};
use crate::agent::caller_timers::CallerTimers;
use crate::agent::confidence::Confidence;
use crate::agent::facts::Facts;
use crate::agent::greets_in;
use crate::agent::guard::{Claim, claims, masked_digits, names_anyone};
use crate::agent::language::{Understood, tokens, understand};
use crate::agent::memory::Memory;
use crate::agent::planner::{Flight, Step, Task};
use crate::agent::tongue::Tongue;
use crate::agent::tools::{ErrorCode, ToolCall, ToolResult};
use crate::agent::untold::Untold;
use crate::agent::wording::{self, Line, Wording, lines};
use crate::base::{
    Expect, Hints, Language, Phi, Purpose, TimerTable, ToolRequestId, TurnId, UtteranceId,
};

/// A tool that takes longer gets a filler phrase; with the voice's own start it is heard before 1.2 s.
const FILLER_AFTER: Duration = Duration::from_millis(700);
/// One escalation of the filler.
const STILL_WORKING_AFTER: Duration = Duration::from_secs(6);
/// A tool that has not answered by then counts as timed out.
const TOOL_DEADLINE: Duration = Duration::from_secs(20);
/// Whoever dials tries a target's numbers one after another and gives up by then; this is the net under it.
const TRANSFER_DEADLINE: Duration = Duration::from_secs(300);
/// A transfer starts when its announcement was heard, or after this.
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(7);
/// Turns of one call, after which a person takes over.
const MOST_TURNS: u32 = 60;

/// What the conversation waits for besides inputs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Timer {
    /// A tool is slow.
    Filler,
    /// A tool is very slow.
    StillWorking,
    /// A tool is lost.
    ToolDeadline,
    /// The announcement of a transfer was not reported as heard.
    Transfer,
    /// The caller has stopped keying digits.
    Keyed,
    /// What must not be kept is over, although no turn ended it.
    Private,
}

/// The last thing the caller was asked, to be asked again.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) text: Phi<String>,
    pub(crate) interruptible: bool,
    pub(crate) expect: Expect,
    pub(crate) patience: Patience,
    /// The language it was put in.
    pub(crate) tongue: Tongue,
}

/// How well it goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    /// Failed understandings in a row: two for words that made no sense, one for no words.
    pub(crate) failures: u8,
    /// Re-prompts into silence, in a row.
    pub(crate) silences: u8,
    /// How long it had been quiet at the last re-prompt.
    pub(crate) quiet: Duration,
    /// The goodbye into silence: the call ends when it has been heard.
    pub(crate) leaving: Option<UtteranceId>,
    /// The caller asked for time.
    pub(crate) held: bool,
    /// A yes was asked for again because of a doubt whether it was one.
    pub(crate) doubted: bool,
    /// Transfers that failed.
    pub(crate) failed_transfers: u8,
    /// Turns so far.
    pub(crate) turns: u32,
}

impl Trouble {
    /// The caller is there.
    pub(crate) fn is_answered(&mut self) {
        (self.silences, self.leaving) = (0, None);
    }
}

/// A conversation with one caller.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub(crate) setting: Setting,
    pub(crate) wording: Wording,
    pub(crate) facts: Facts,
    pub(crate) task: Task,
    pub(crate) step: Step,
    pub(crate) question: Option<Question>,
    pub(crate) trouble: Trouble,
    pub(crate) memory: Memory,
    pub(crate) flights: BTreeMap<ToolRequestId, Flight>,
    /// What tools have said to be done: the only ground for a claim of completion.
    pub(crate) done: BTreeSet<Claim>,
    /// The language that is spoken.
    pub(crate) language: Language,
    /// What was done, for the hand-off note.
    pub(crate) deeds: Vec<Phi<String>>,
    /// What was done and told, until it was heard.
    pub(crate) untold: Vec<Untold>,
    pub(crate) goals: BTreeSet<Goal>,
    /// Emergencies that the caller has been answered.
    pub(crate) flagged: BTreeSet<&'static str>,
    pub(crate) flagged_turn: Option<TurnId>,
    pub(crate) turn: TurnId,
    pub(crate) heard: Option<Phi<String>>,
    /// Heard while a tool ran.
    pub(crate) deferred: Option<Phi<String>>,
    /// Answered while an emergency had the floor.
    pub(crate) parked: Vec<(Flight, ToolResult)>,
    pub(crate) keyed: Phi<String>,
    pub(crate) confidence: Confidence,
    /// How likely the words of the last turn are right, 0 to 1; 1 where nobody can say.
    pub(crate) sure: f32,
    pub(crate) timers: TimerTable<Timer>,
    /// [`Timer::Transfer`], [`Timer::Keyed`] and [`Timer::Private`].
    pub(crate) caller_timers: CallerTimers,
    outputs: VecDeque<Output>,
    next_utterance: UtteranceId,
    next_request: ToolRequestId,
    answered: bool,
    ended: bool,
}

impl Conversation {
    /// Starts a conversation; [`Input::Answered`] makes it greet.
    pub fn new(setting: Setting) -> Self {
        Self {
            wording: Wording::new(
                setting.seed,
                Tongue::of(greets_in(&setting.languages)).unwrap_or_default(),
            ),
            facts: Facts::default(),
            task: Task::default(),
            step: Step::Open,
            question: None,
            trouble: Trouble::default(),
            memory: Memory::default(),
            flights: BTreeMap::new(),
            done: BTreeSet::new(),
            language: crate::agent::greets_in(&setting.languages),
            deeds: Vec::new(),
            untold: Vec::new(),
            goals: BTreeSet::new(),
            flagged: BTreeSet::new(),
            flagged_turn: None,
            turn: TurnId(0),
            heard: None,
            deferred: None,
            parked: Vec::new(),
            keyed: Phi::default(),
            confidence: Confidence::default(),
            sure: 1.0,
            timers: TimerTable::default(),
            caller_timers: CallerTimers::default(),
            outputs: VecDeque::new(),
            next_utterance: UtteranceId(1),
            next_request: ToolRequestId(1),
            answered: false,
            ended: false,
            setting,
        }
    }

    /// Takes one input.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        if self.ended {
            if let Input::Spoken { utterance } = input {
                self.memory.spoken(utterance);
            }
            return;
        }
        match input {
            Input::Answered => self.greet(),
            Input::Partial { turn, text } => {
                let text = text.reveal(Purpose::Understanding);
                self.keep_nothing_of_partial(now, turn, text);
                self.guard_emergency(turn, text);
            }
            Input::Heard { turn, text, confidence } => {
                self.sure = confidence;
                self.hear(now, turn, text.reveal(Purpose::Understanding))
            }
            Input::Dtmf { digit } => {
                self.keep_nothing_of_key(now, digit);
                self.key(now, digit);
            }
            Input::Silence { lasted } => self.silence(lasted),
            Input::TimeIsUp => self.time_is_up(),
            Input::Spoken { utterance } => {
                self.memory.spoken(utterance);
                self.result_heard(utterance);
                self.notice_was_heard(utterance);
                self.trouble.quiet = Duration::ZERO;
                self.transfer_if_announced(now, utterance);
                self.leave_if_unanswered(utterance);
            }
            Input::Interrupted { utterance, heard } => {
                self.memory.cut(utterance, heard);
                self.result_cut(utterance);
                self.trouble.quiet = Duration::ZERO;
                self.transfer_if_announced(now, utterance);
            }
            Input::Hold(held) => self.caller_timers.hold(now, held),
            Input::ToolDone { request, result } => self.tool_done(now, request, result),
        }
    }

    /// Acts on what has become due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.take_expired(now) {
            match timer {
                Timer::Filler => self.fill(),
                Timer::StillWorking => self.fill_again(),
                Timer::ToolDeadline => self.give_up_tools(now),
                Timer::Transfer => self.start_transfer(now),
                Timer::Keyed => self.keyed_enough(now),
                Timer::Private => self.private_is_over(),
            }
        }
    }

    fn take_expired(&mut self, now: Instant) -> Option<Timer> {
        self.timers.take_expired(now).or_else(|| self.caller_timers.take_expired(now))
    }

    /// Returns what is to be done next.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        let deadlines = [self.timers.next_deadline(), self.caller_timers.next_deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// Returns what the call has come to.
    pub fn goals(&self) -> &BTreeSet<Goal> {
        &self.goals
    }

    /// Returns what the agent said, as far as the caller heard it.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether the conversation is over and only its last words remain to be heard.
    pub fn is_over(&self) -> bool {
        self.ended
    }

    fn greet(&mut self) {
        if std::mem::replace(&mut self.answered, true) {
            return;
        }
        let greeting = self.wording.line(lines::GREETING, &[&self.setting.practice.name]);
        self.say(greeting, false);
        self.tell_of_recording();
        self.ask_line(Step::Open, lines::OPEN_TODAY, "ask.open");
    }

    fn hear(&mut self, now: Instant, turn: TurnId, text: &str) {
        self.trouble.turns += 1;
        self.trouble.is_answered();
        self.turn = turn;
        let (refused, kept) = self.keep_what_may_be(now, turn, text);
        self.heard = kept;
        self.follow_the_caller(text);
        if self.guard_emergency(turn, text) {
            let understood = self.read(text);
            self.merge_identity(&understood);
            return;
        }
        if self.trouble.turns > MOST_TURNS
            && !matches!(self.step, Step::Transferring { .. })
            && self.flights.is_empty()
        {
            return self.hand_off(now, "frustrated");
        }
        if matches!(self.step, Step::Transferring { .. }) {
            return self.hear_during_transfer(now, text);
        }
        if self.confidence.secret || masked_digits(text) {
            return self.refuse_digits();
        }
        if self.step == Step::Working && !self.flights.is_empty() {
            return self.defer(text);
        }
        let understood = self.read(text);
        if refused {
            self.tell_unrecorded();
            if understood.intent.is_none() {
                return self.ask_again_or_open();
            }
        }
        self.take_turn(now, &understood);
    }

    /// Understands a text in the light of the question that is open.
    pub(crate) fn read(&self, text: &str) -> Understood {
        let (staff, today) = (&self.setting.practitioners, self.setting.now.date());
        understand(text, self.step.asked(), self.wording.tongue, staff, today)
    }

    /// Keeps what is said while a tool runs; it is looked at when the tool has answered.
    fn defer(&mut self, text: &str) {
        if tokens(text).is_empty() {
            return;
        }
        let earlier = self
            .deferred
            .take()
            .map(|earlier| format!("{}. ", earlier.reveal(Purpose::Understanding)));
        let all: String =
            format!("{}{text}", earlier.unwrap_or_default()).chars().take(2000).collect();
        self.deferred = Some(Phi::new(all));
    }

    fn refuse_digits(&mut self) {
        self.decide("guard", "privacy.digits");
        self.say_line(lines::NO_NUMBERS);
        self.ask_again();
    }

    // ---- what the planner and the guards share ----

    /// Wants something done, after what was wanted before.
    pub(crate) fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// Says something, unless a guard holds it back, and before it what was done and not heard. Returns the utterance's
    /// id.
    pub(crate) fn say(&mut self, text: String, interruptible: bool) -> UtteranceId {
        self.tell_again();
        self.say_at_once(text, interruptible)
    }

    /// Says something before all that may wait.
    pub(crate) fn say_at_once(&mut self, text: String, interruptible: bool) -> UtteranceId {
        let text = self.checked(text);
        let text = wording::titled(self.wording.tongue, text, &self.setting.practitioners);
        self.utter(text, interruptible)
    }

    pub(crate) fn utter(&mut self, text: String, interruptible: bool) -> UtteranceId {
        let utterance = self.next_utterance;
        self.next_utterance = utterance.next();
        let text = Phi::new(text);
        self.memory.begin(utterance, text.clone());
        self.outputs.push_back(Output::Say { utterance, text, interruptible });
        utterance
    }

    /// Says a sentence that may be cut off.
    pub(crate) fn say_line(&mut self, line: Line) -> UtteranceId {
        let text = self.wording.line(line, &[]);
        self.say(text, true)
    }

    /// Asks a question that may be cut off.
    pub(crate) fn ask_line(&mut self, step: Step, line: Line, rule: &'static str) {
        let text = self.wording.line(line, &[]);
        self.ask(step, text, rule);
    }

    /// Holds back claims without a result, and names before verification. Neither can happen unless a rule of the
    /// planner is wrong; then the caller hears something harmless and the audit record says so.
    pub(crate) fn checked(&mut self, text: String) -> String {
        let claimed = claims(&text);
        if !claimed.is_empty() && !claimed.iter().any(|claim| self.done.contains(claim)) {
            self.decide("guard", "say_do");
            return self.wording.line(lines::ONE_MOMENT, &[]);
        }
        if !self.facts.is_verified() && names_anyone(&text, self.facts.names()) {
            self.decide("guard", "privacy.name");
            return self.wording.line(lines::THANK_YOU, &[]);
        }
        text
    }

    /// Asks a question that may be cut off, and listens for its answer.
    pub(crate) fn ask(&mut self, step: Step, text: String, rule: &'static str) {
        self.put(step, text, true, rule);
    }

    /// Reads facts back and asks to agree: protected. The step must hold the read-back's utterance.
    pub(crate) fn read_back(&mut self, step: Step, text: String, rule: &'static str) {
        self.put(step, text, false, rule);
    }

    fn put(&mut self, step: Step, text: String, interruptible: bool, rule: &'static str) {
        let (expect, patience) = step.listening();
        self.step = step;
        let (text, tongue) = (Phi::new(text), self.wording.tongue);
        self.question = Some(Question { text, interruptible, expect, patience, tongue });
        self.ask_again();
        self.decide("ask", rule);
    }

    /// Asks the open question again.
    pub(crate) fn ask_again(&mut self) {
        let Some(question) = self.question_now() else { return };
        self.tell_of_recording_again();
        self.listen();
        let utterance =
            self.say(question.text.reveal(Purpose::SpokenReply).clone(), question.interruptible);
        self.step.asked_in(utterance);
    }

    /// Listens for the answer to the open question.
    pub(crate) fn listen(&mut self) {
        if let Some(question) = &self.question {
            let (expect, patience) = (question.expect, question.patience);
            let phrases = self.step.phrases(&self.setting.practitioners, self.wording.tongue);
            self.outputs.push_back(Output::Listen { hints: Hints { expect, phrases }, patience });
        }
    }

    pub(crate) fn decide(&mut self, kind: &'static str, rule: impl Into<String>) {
        let heard = if kind == "ask" { None } else { self.heard.clone() };
        let decision = Decision { turn: self.turn, kind, rule: rule.into(), heard };
        self.outputs.push_back(Output::Decided(decision));
    }

    pub(crate) fn stop_speaking(&mut self) {
        self.memory.drop_pending();
        self.results_dropped();
        // What has not been polled yet was never begun.
        self.outputs.retain(|output| !matches!(output, Output::Say { .. } | Output::Listen { .. }));
        self.outputs.push_back(Output::StopSpeaking);
    }

    /// Runs a tool and waits for its answer.
    pub(crate) fn run(&mut self, now: Instant, flight: Flight, call: ToolCall) {
        if flight.is_write() {
            // What an earlier write did is no ground for a claim about this one.
            self.done.clear();
        }
        let request = self.next_request;
        self.next_request = request.next();
        if let Flight::Transfer { .. } = flight {
            self.timers.set(Timer::ToolDeadline, now + TRANSFER_DEADLINE);
        } else {
            self.step = Step::Working;
            self.timers.set(Timer::Filler, now + FILLER_AFTER);
            self.timers.set(Timer::StillWorking, now + STILL_WORKING_AFTER);
            self.timers.set(Timer::ToolDeadline, now + TOOL_DEADLINE);
        }
        self.flights.insert(request, flight);
        self.outputs.push_back(Output::Tool { request, call });
    }

    fn tool_done(&mut self, now: Instant, request: ToolRequestId, result: ToolResult) {
        // A late answer, to something that was given up, is dropped by its id.
        let Some(flight) = self.flights.remove(&request) else { return };
        if self.flights.is_empty() {
            for timer in [Timer::Filler, Timer::StillWorking, Timer::ToolDeadline] {
                self.timers.stop(timer);
            }
        }
        let emergency = matches!(self.step, Step::Emergency { .. } | Step::Transferring { .. });
        if emergency && !matches!(flight, Flight::Transfer { .. }) {
            self.parked.push((flight, result));
        } else {
            self.tool_answered(now, flight, result);
        }
    }

    fn give_up_tools(&mut self, now: Instant) {
        for request in self.flights.keys().copied().collect::<Vec<_>>() {
            self.tool_done(now, request, ToolResult::failed(ErrorCode::Timeout));
        }
    }

    fn fill(&mut self) {
        if !self.memory.is_speaking() && self.step == Step::Working {
            self.say_line(lines::FILLER);
        }
    }

    fn fill_again(&mut self) {
        if self.step == Step::Working {
            self.say_line(lines::STILL_WORKING);
        }
    }

    pub(crate) fn announce_transfer(&mut self, now: Instant, text: String) -> UtteranceId {
        self.caller_timers.set(now, Timer::Transfer, ANNOUNCED_WITHIN);
        self.say_at_once(text, true)
    }

    /// Says goodbye and ends the call. What is said over it would not be answered: it is heard to its end.
    pub(crate) fn close(&mut self, text: String, rule: &'static str) {
        self.say(text, false);
        self.end(rule);
    }

    /// Ends the call without another word.
    pub(crate) fn end(&mut self, rule: &'static str) {
        self.decide("close", rule);
        self.outputs.push_back(Output::HangUp);
        self.timers.stop_all();
        self.caller_timers.stop_all();
        self.step = Step::Ended;
        self.ended = true;
    }
}
