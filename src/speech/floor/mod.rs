//! Whose turn it is: endpointing, barge-in and the caller's silence.
//!
//! The caller gives the floor back by a pause. How long a pause must be depends on what is asked and on what was said
//! before it ([`patience`]). The caller takes the floor from the agent by words, or by a voice that goes on. Until it
//! is known which sound is worth that, nothing is lost: the agent is turned down, then held where it is, and goes on
//! from there when it was a cough or an "uh-huh".

mod api;
mod barge_in;
mod numbers;
pub mod patience;
mod words;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::base::TimerTable;

pub use api::{Input, Output, Overlap, Verdict};
use barge_in::{Level, Overlapping};
use patience::{Awaited, pause_after};
pub use words::{Said, said};

/// The caller has been silent for this long: the first step of the ladder, and each further one.
const SILENCE: Duration = Duration::from_secs(7);
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
    silences: u8,
    /// What was said, and when that was known.
    partial: Option<(Instant, String)>,
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
            silences: 0,
            partial: None,
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
            Input::Confirmed { since, .. } => self.confirmed(now, since),
            Input::Denied { .. } => self.denied(now),
            Input::Unknown => {}
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
        match interruptible {
            true => self.may_be_cut(now),
            false => self.protect(now),
        }
    }

    fn voice_on(&mut self, now: Instant, since: Instant) {
        for timer in [Timer::Endpoint, Timer::Silence, Timer::Words, Timer::Forget] {
            self.timers.stop(timer);
        }
        (self.over.late, self.over.denied) = (None, false);
        self.over.alone = self.caller == Caller::Quiet;
        let over = self.agent.is_some();
        self.caller = Caller::Talking { since, over };
        if self.agent == Some(true) {
            self.voice_over(now, since);
        }
    }

    fn voice_off(&mut self, now: Instant, since: Instant) {
        let Caller::Talking { since: began, over } = self.caller else { return };
        if self.over.denied && self.over.alone && !over && self.partial.is_none() {
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

    /// What was taken for a voice while the agent was silent was none.
    fn nobody_spoke(&mut self, now: Instant) {
        self.caller = Caller::Quiet;
        self.outputs.push_back(Output::Discard);
        if self.agent.is_none() && self.agent_stopped.is_some() && !self.held {
            self.timers.set(Timer::Silence, now + SILENCE);
        }
    }

    fn partial(&mut self, now: Instant, text: &str) {
        self.partial = Some((now, text.to_owned()));
        match (self.caller, self.agent) {
            (Caller::Paused { since, over: false }, _) => self.arm_endpoint(now, since),
            // Of what is said over a protected sentence all is judged after it.
            (_, Some(false)) => {}
            _ => self.words_over(now),
        }
    }

    fn arm_endpoint(&mut self, now: Instant, since: Instant) {
        let text = self.partial.as_ref().map(|(_, text)| text.as_str());
        let pause = pause_after(text, &self.expected);
        self.timers.set(Timer::Endpoint, (since + pause).max(now));
    }

    fn agent_ends(&mut self, now: Instant) {
        self.agent = None;
        self.agent_stopped = Some(now);
        self.silences = 0;
        self.agent_is_done(now);
        match self.caller {
            Caller::Quiet if !self.held => self.timers.set(Timer::Silence, now + SILENCE),
            Caller::Quiet => {}
            // What was begun over the agent's last words is an answer after all.
            Caller::Talking { since, .. } => self.caller = Caller::Talking { since, over: false },
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
            self.partial = None;
        } else if self.agent.is_none() && self.agent_stopped.is_some() {
            self.agent_stopped = Some(now);
            self.timers.set(Timer::Silence, now + SILENCE);
        }
    }

    /// Handles what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::Endpoint => {
                    self.caller = Caller::Quiet;
                    self.partial = None;
                    self.outputs.push_back(Output::EndOfTurn);
                }
                Timer::Silence => {
                    let lasted = self.agent_stopped.map_or(SILENCE, |at| now - at);
                    self.outputs.push_back(Output::Silence { lasted });
                    self.silences += 1;
                    if self.silences < SILENCES {
                        self.timers.set(Timer::Silence, now + SILENCE);
                    }
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
