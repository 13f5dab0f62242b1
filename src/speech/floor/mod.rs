//! Whose turn it is: endpointing, barge-in and the caller's silence.
//!
//! The caller gives the floor back by a pause. How long a pause must be depends on what is asked and on what was said
//! before it ([`patience`]). The caller takes the floor from the agent by words, or by a voice that goes on. Until it
//! is known which sound is worth that, nothing is lost: the agent is turned down, then held where it is, and goes on
//! from there when it was a cough or an "uh-huh".

mod api;
mod barge_in;
mod kept;
mod numbers;
pub mod patience;
mod short;
mod words;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::base::TimerTable;
use crate::speech::Origin;

pub use api::{Input, Output, Overlap, Verdict};
use barge_in::{Level, Overlapping};
use kept::Kept;
use patience::{Awaited, pause_after};
pub use words::{Said, said};

/// The caller has been silent for this long: the first step of the ladder, and each further one.
const SILENCE: Duration = Duration::from_secs(7);
/// After a noise that was taken for a turn, nobody is asked sooner whether they are there.
const AFTER_NOISE: Duration = Duration::from_secs(2);
/// What the model denies after it was a voice has been none for so long, and its telling took a moment.
const GONE: Duration = Duration::from_millis(380);
/// What goes on is denied again several times a second; a denial that was never taken back is worth nothing after this.
const DENIES: Duration = Duration::from_secs(3);
/// A denial that comes later than this after a voice is not of that voice.
const DENIED_LATE: Duration = Duration::from_millis(300);
/// Steps of the ladder that come without the agent saying anything in between: beyond the 30 s that a caller
/// who asks for time is given.
const SILENCES: u8 = 6;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    /// A voice over the agent has lasted longer than a cough.
    Confirm,
    /// A voice over the agent has gone on for so long that it takes the floor.
    Takes,
    /// Of a voice over the agent no words have come.
    Words,
    /// What was suspected has not come true.
    Doubt,
    /// The agent has been turned down or held for too long.
    Watchdog,
    /// Words that come later than this are not waited for.
    Forget,
    Endpoint,
    Silence,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Caller {
    /// Has said nothing since the last end of turn.
    Quiet,
    /// Is speaking since then; `over` is set while it is over the agent's speech and not yet a barge-in.
    Talking { since: Instant, over: bool },
    /// Has paused; `over` says that the turn began over the agent's speech.
    Paused { since: Instant, over: bool },
}

/// What is known of the voice that goes on, or was heard last. It is the same whoever else speaks meanwhile.
#[derive(Clone, Debug, Default)]
struct Voice {
    /// The detector hears it.
    goes_on: bool,
    /// It is none, as of then: what goes on is forgotten when it ends.
    denied: Option<Instant>,
    /// Nothing was said before it in this turn.
    alone: bool,
    /// The turn's earlier part, where that was not said over the agent.
    before: Option<Before>,
}

/// A turn in a pause.
#[derive(Clone, Debug)]
struct Before {
    since: Instant,
    partial: Option<(Instant, String)>,
}

/// Who has the floor.
#[derive(Clone, Debug)]
pub struct Floor {
    expected: Awaited,
    caller: Caller,
    /// `Some(interruptible)` while the agent speaks.
    agent: Option<bool>,
    interruptible_since: Option<Instant>,
    agent_stopped: Option<Instant>,
    level: Level,
    over: Overlapping,
    voice: Voice,
    /// When the model said last that there is no voice. Nobody else takes that back.
    model_denied: Option<Instant>,
    silences: u8,
    /// When the caller will have been silent for too long: one deadline, whatever noise comes in between.
    silent_until: Option<Instant>,
    /// What was said, and when that was known.
    partial: Option<(Instant, String)>,
    /// How long the caller's voices of this turn have lasted that are over.
    heard: Duration,
    /// What was said over the agent and waits for its end, as a turn in a pause.
    kept: Option<Kept>,
    held: bool,
    timers: TimerTable<Timer>,
    outputs: VecDeque<Output>,
}

impl Default for Floor {
    fn default() -> Self {
        Self::new()
    }
}

impl Floor {
    /// Nobody speaks yet.
    pub fn new() -> Self {
        Self {
            expected: Awaited::default(),
            caller: Caller::Quiet,
            agent: None,
            interruptible_since: None,
            agent_stopped: None,
            level: Level::Full,
            over: Overlapping::default(),
            voice: Voice::default(),
            model_denied: None,
            silences: 0,
            silent_until: None,
            partial: None,
            heard: Duration::ZERO,
            kept: None,
            held: false,
            timers: TimerTable::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Whether the caller is in the middle of a turn: speaking, or in a pause that may go on.
    pub fn caller_has_begun(&self) -> bool {
        self.caller != Caller::Quiet
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Instant, input: Input<'_>) {
        match input {
            // What comes in on hold is somebody's music.
            Input::VoiceOn { .. }
            | Input::VoiceOff { .. }
            | Input::Suspected { .. }
            | Input::Confirmed { .. }
            | Input::Denied { .. }
                if self.held => {}
            Input::VoiceOn { since } => self.voice_on(now, since),
            Input::VoiceOff { since } => self.voice_off(now, since),
            Input::Suspected { since } => self.suspected(now, since),
            Input::Confirmed { since, by } => self.confirmed(now, since, by),
            Input::Denied { by: Origin::Model } => self.denied(now),
            Input::Denied { by: Origin::Detector } => self.suspicion_ends(now),
            Input::Unknown => self.unknown(now),
            Input::Nothing => self.nothing(now),
            Input::Partial { text } => self.partial(now, text),
            Input::Key => self.key(now),
            Input::AgentStarts { interruptible } => self.agent_starts(now, interruptible),
            Input::AgentEnds => self.agent_ends(now),
            Input::AgentDropped => self.agent_dropped(now),
            Input::Listen(awaited) => self.expected = awaited,
            Input::Hold(held) => self.hold(now, held),
        }
    }

    fn agent_starts(&mut self, now: Instant, interruptible: bool) {
        if interruptible && self.agent != Some(true) {
            self.interruptible_since = Some(now);
        }
        self.agent = Some(interruptible);
        self.timers.stop(Timer::Silence);
        self.silent_until = None;
        if self.kept.is_some() {
            self.timers.stop(Timer::Endpoint);
        }
        match interruptible {
            true => self.may_be_cut(now),
            false => self.protect(now),
        }
    }

    fn voice_on(&mut self, now: Instant, since: Instant) {
        for timer in [Timer::Endpoint, Timer::Words, Timer::Forget] {
            self.timers.stop(timer);
        }
        if self.over.late.take().is_none() && self.caller == Caller::Quiet {
            self.heard = Duration::ZERO;
        }
        let before = match self.caller {
            Caller::Paused { since, over: false } => {
                Some(Before { since, partial: self.partial.clone() })
            }
            Caller::Paused { over: true, .. } => self.voice.before.take(),
            _ => None,
        };
        let denied = self.model_denies(now).then_some(now);
        let alone = self.caller == Caller::Quiet;
        self.voice = Voice { goes_on: true, denied, alone, before };
        if denied.is_none() {
            self.timers.stop(Timer::Silence);
        }
        let over = self.agent.is_some();
        self.kept = self.kept.filter(|_| over);
        self.caller = Caller::Talking { since, over };
        match self.agent {
            None if denied.is_some() => self.denied_in_silence(now),
            None | Some(false) => {}
            Some(true) => self.voice_over(now, since),
        }
    }

    fn voice_off(&mut self, now: Instant, since: Instant) {
        self.voice.goes_on = false;
        let Caller::Talking { since: began, over } = self.caller else { return };
        self.heard += since.saturating_duration_since(began);
        if self.voice.denied.is_some() && self.voice.alone && !over && self.partial.is_none() {
            return self.nobody_spoke(now);
        }
        // Words that were known before the last of them was spoken are not all of them.
        self.partial = self.partial.take().filter(|(known, _)| *known >= since);
        self.caller = Caller::Paused { since, over };
        match over {
            true => self.voice_over_ends(now, since, since.saturating_duration_since(began)),
            false => self.arm_endpoint(now, since),
        }
    }

    /// Whether the model's last word is that there is no voice, and it is no older than such words get.
    fn model_denies(&self, now: Instant) -> bool {
        self.model_denied.is_some_and(|at| now < at + DENIES)
    }

    /// What was taken for a voice while the agent was silent was none.
    fn nobody_spoke(&mut self, now: Instant) {
        self.timers.stop(Timer::Endpoint);
        (self.caller, self.kept) = (Caller::Quiet, None);
        self.outputs.push_back(Output::Discard);
        self.go_on_waiting(now, now);
    }

    /// The turn that has just ended was none.
    fn nothing(&mut self, now: Instant) {
        if self.caller == Caller::Quiet {
            self.go_on_waiting(now, now + AFTER_NOISE);
        }
    }

    /// The caller has been silent all the while: asked when it is due, and not before.
    fn go_on_waiting(&mut self, now: Instant, earliest: Instant) {
        let waits = self.agent.is_none() && !self.held;
        if waits && self.timers.deadline(Timer::Silence).is_none() {
            let due = self.silent_until.map(|due| due.max(earliest).max(now));
            due.into_iter().for_each(|due| self.timers.set(Timer::Silence, due));
        }
    }

    /// A voice over nobody is none, or none any more. A turn in it ends as by a pause, whatever noise goes on.
    fn denied_in_silence(&mut self, now: Instant) {
        let has_words = self.partial.is_some();
        match self.caller {
            Caller::Talking { since, .. } if has_words || !self.voice.alone => {
                let began = self.voice.before.take().map_or(since, |before| before.since);
                let denied = self.voice.denied.unwrap_or(now);
                let since = began.max(denied.checked_sub(GONE).unwrap_or(denied));
                self.caller = Caller::Paused { since, over: false };
                self.arm_endpoint(now, since);
            }
            Caller::Talking { .. } => self.go_on_waiting(now, now),
            Caller::Paused { .. } if self.voice.denied.is_some() => {
                if self.voice.alone && !has_words {
                    self.nobody_spoke(now);
                }
            }
            Caller::Paused { .. } | Caller::Quiet => {}
        }
    }

    fn partial(&mut self, now: Instant, text: &str) {
        // Of what has been discarded: the recogniser was still at it.
        if self.caller == Caller::Quiet && self.over.late.is_none() && self.level != Level::Paused {
            return;
        }
        self.partial = Some((now, text.to_owned()));
        match (self.caller, self.agent) {
            (Caller::Talking { .. }, None) if self.voice.denied.is_some() => {
                self.denied_in_silence(now);
            }
            (Caller::Paused { .. }, Some(true)) if self.kept.is_some() => self.words_over(now),
            (Caller::Paused { since, over: false }, _) => self.arm_endpoint(now, since),
            // Of what is said over a protected sentence all is judged after it.
            (_, Some(false)) => {}
            _ => self.words_over(now),
        }
    }

    fn arm_endpoint(&mut self, now: Instant, since: Instant) {
        let Some(earliest) = self.kept_until(now) else {
            return self.timers.stop(Timer::Endpoint);
        };
        let text = self.partial.as_ref().map(|(_, text)| text.as_str());
        let pause = pause_after(text, &self.expected);
        self.timers.set(Timer::Endpoint, (since + pause).max(earliest));
    }

    fn agent_ends(&mut self, now: Instant) {
        let could_be_cut = self.agent.take() == Some(true);
        self.agent_stopped = Some(now);
        (self.silences, self.silent_until) = (0, Some(now + SILENCE));
        self.agent_is_done(now, could_be_cut);
        match self.caller {
            Caller::Quiet if !self.held => self.timers.set(Timer::Silence, now + SILENCE),
            Caller::Quiet => {}
            // What was begun over the agent's last words is an answer after all.
            Caller::Talking { since, .. } => {
                self.caller = Caller::Talking { since, over: false };
                if self.voice.denied.is_some() {
                    self.denied_in_silence(now);
                }
            }
            Caller::Paused { since, .. } => {
                self.caller = Caller::Paused { since, over: false };
                self.arm_endpoint(now, since);
            }
        }
    }

    fn hold(&mut self, now: Instant, held: bool) {
        self.held = held;
        if held {
            self.go_on(now, Verdict::Overtaken);
            self.timers.stop_all();
            self.settle_over();
            self.caller = Caller::Quiet;
            (self.partial, self.kept) = (None, None);
            (self.voice, self.model_denied) = (Voice::default(), None);
        } else if self.agent.is_none() && self.agent_stopped.is_some() {
            self.agent_stopped = Some(now);
            (self.silences, self.silent_until) = (0, Some(now + SILENCE));
            self.timers.set(Timer::Silence, now + SILENCE);
        }
    }

    /// Handles what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Endpoint => {
                    self.caller = Caller::Quiet;
                    (self.partial, self.kept) = (None, None);
                    self.outputs.push_back(Output::EndOfTurn);
                }
                Timer::Silence => {
                    let lasted = self.agent_stopped.map_or(SILENCE, |at| now - at);
                    self.outputs.push_back(Output::Silence { lasted });
                    self.silences += 1;
                    self.silent_until = (self.silences < SILENCES).then(|| now + SILENCE);
                    self.go_on_waiting(now, now);
                }
                over => self.due_over(now, over),
            }
        }
    }

    /// Returns the next decision.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when `handle_timeout` wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next_deadline()
    }
}
