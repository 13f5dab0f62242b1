//! Whose turn it is: endpointing, barge-in and the caller's silence.
//!
//! The caller takes the floor from the agent by speaking over it for longer than a cough lasts, and
//! gives it back by a pause. How long a pause must be depends on what was said before it: a finished
//! sentence ends sooner than one that trails off with "and", and a dictated number later than both.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::base::TimerTable;

use super::normalise::is_number_word;

/// How long each side is waited for. All pauses count from the end of the caller's last sound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Patience {
    /// After what sounds like a complete answer.
    pub complete: Duration,
    /// When nothing is known of what was said.
    pub unknown: Duration,
    /// After a sentence that trails off.
    pub unfinished: Duration,
    /// Whether only an answer with a number of at least two digits in it counts as complete.
    pub wants_digits: bool,
}

impl Patience {
    /// For a sentence.
    pub const NORMAL: Self = Self::new(500, 800, 1300, false);
    /// For yes or no.
    pub const BRIEF: Self = Self::new(360, 600, 1000, false);
    /// For somebody who dictates: pauses inside a date of birth reach a second (Debian's human
    /// prompts, and every receptionist's experience).
    pub const DICTATION: Self = Self::new(600, 1100, 1600, true);

    const fn new(complete: u64, unknown: u64, unfinished: u64, wants_digits: bool) -> Self {
        Self {
            complete: Duration::from_millis(complete),
            unknown: Duration::from_millis(unknown),
            unfinished: Duration::from_millis(unfinished),
            wants_digits,
        }
    }

    fn pause_after(self, text: Option<&str>) -> Duration {
        match text.map(|text| ending(text, self.wants_digits)) {
            Some(Ending::Complete) => self.complete,
            Some(Ending::Unfinished) => self.unfinished,
            Some(Ending::Unknown) | None => self.unknown,
        }
    }
}

/// How long the caller must speak over the agent: longer than a cough (105 ms of votes in
/// the detector, and as much again so that "uh-huh" passes).
const BARGE_IN: Duration = Duration::from_millis(220);
/// The caller has been silent for this long: the first step of the ladder, and each further one.
const SILENCE: Duration = Duration::from_secs(7);
/// Steps of the ladder that come without the agent saying anything in between: beyond the 30 s that a caller
/// who asks for time is given.
const SILENCES: u8 = 6;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ending {
    Complete,
    Unfinished,
    Unknown,
}

/// Words that no sentence ends with: the caller is still looking for the next one.
const TRAILING: &[&str] = &[
    "a", "about", "an", "and", "at", "because", "but", "for", "from", "i", "i'd", "i'm", "in",
    "is", "it's", "like", "my", "of", "on", "or", "so", "that's", "the", "then", "to", "uh", "um",
    "was", "well", "with",
];

fn ending(text: &str, wants_digits: bool) -> Ending {
    let trimmed = text.trim_end();
    let trails_off = trimmed.ends_with(',') || trimmed.ends_with("...") || trimmed.ends_with('-');
    let Some(last) = trimmed.split_whitespace().next_back() else { return Ending::Unknown };
    let last = last.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'').to_lowercase();
    if trails_off || TRAILING.contains(&last.as_str()) {
        return Ending::Unfinished;
    }
    let digits = trimmed.chars().filter(char::is_ascii_digit).count();
    let number_words =
        trimmed.to_lowercase().split_whitespace().filter(|w| is_number_word(w)).count();
    match wants_digits {
        true if digits >= 4 || number_words >= 4 => Ending::Complete,
        true => Ending::Unknown,
        false => Ending::Complete,
    }
}

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
    /// What the recogniser makes of the turn so far.
    Partial {
        /// The words.
        text: &'a str,
    },
    /// The first frame of an utterance was sent.
    AgentStarts {
        /// Whether the caller may cut it off.
        interruptible: bool,
    },
    /// Nothing of the agent's is left to be played.
    AgentEnds,
    /// What kind of answer is expected from now on.
    Listen(Patience),
    /// The call is on hold, or no longer: nobody's silence counts meanwhile.
    Hold(bool),
}

/// What the floor decides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Output {
    /// The caller has finished: think.
    EndOfTurn,
    /// The caller has the floor: drop what is still to be played.
    StopSpeaking,
    /// A sound over the agent's speech was too short to mean anything: forget what was recorded of it.
    Discard,
    /// The caller has said nothing for this long since the agent stopped.
    Silence {
        /// Counted from the agent's last sound.
        lasted: Duration,
    },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Timer {
    BargeIn,
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
    patience: Patience,
    caller: Caller,
    /// `Some(interruptible)` while the agent speaks.
    agent: Option<bool>,
    agent_stopped: Option<Instant>,
    silences: u8,
    partial: Option<String>,
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
            patience: Patience::NORMAL,
            caller: Caller::Quiet,
            agent: None,
            agent_stopped: None,
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
            Input::VoiceOn { since } => self.voice_on(since),
            Input::VoiceOff { since } => self.voice_off(now, since),
            Input::Partial { text } => self.partial(now, text),
            Input::AgentStarts { interruptible } => self.agent_starts(now, interruptible),
            Input::AgentEnds => self.agent_ends(now),
            Input::Listen(patience) => self.patience = patience,
            Input::Hold(held) => self.hold(now, held),
        }
    }

    fn agent_starts(&mut self, now: Instant, interruptible: bool) {
        self.agent = Some(interruptible);
        self.timers.stop(Timer::Silence);
        if !interruptible {
            return;
        }
        match self.caller {
            Caller::Quiet => {}
            // Began over a protected sentence, or a moment before this one: decided as if over this one.
            Caller::Talking { since, .. } => {
                self.caller = Caller::Talking { since, over: true };
                self.timers.set(Timer::BargeIn, (since + BARGE_IN).max(now));
            }
            Caller::Paused { over: true, .. } => self.barge_in(),
            // The agent speaks before the turn is known to be over: an emergency.
            Caller::Paused { over: false, .. } => {}
        }
    }

    fn voice_on(&mut self, since: Instant) {
        self.timers.stop(Timer::Endpoint);
        self.timers.stop(Timer::Silence);
        let over = self.agent.is_some();
        if self.agent == Some(true) {
            self.timers.set(Timer::BargeIn, since + BARGE_IN);
        }
        self.caller = Caller::Talking { since, over };
    }

    fn voice_off(&mut self, now: Instant, since: Instant) {
        let Caller::Talking { since: began, over } = self.caller else { return };
        // A barge-in that is due was one, even if its timer is handled a moment later.
        if self.timers.deadline(Timer::BargeIn).is_some_and(|at| at <= since) {
            self.barge_in();
        }
        self.timers.stop(Timer::BargeIn);
        if over && self.agent == Some(true) && since.saturating_duration_since(began) < BARGE_IN {
            // Shorter than a barge-in, and the agent speaks on: a cough or an "uh-huh".
            self.caller = Caller::Quiet;
            self.partial = None;
            self.outputs.push_back(Output::Discard);
            return;
        }
        self.caller = Caller::Paused { since, over };
        self.partial = None;
        self.arm_endpoint(now, since);
    }

    fn partial(&mut self, now: Instant, text: &str) {
        self.partial = Some(text.to_owned());
        if let Caller::Paused { since, .. } = self.caller {
            self.arm_endpoint(now, since);
        }
    }

    fn arm_endpoint(&mut self, now: Instant, since: Instant) {
        let pause = self.patience.pause_after(self.partial.as_deref());
        self.timers.set(Timer::Endpoint, (since + pause).max(now));
    }

    fn agent_ends(&mut self, now: Instant) {
        self.agent = None;
        self.agent_stopped = Some(now);
        self.silences = 0;
        self.timers.stop(Timer::BargeIn);
        match self.caller {
            Caller::Quiet if !self.held => self.timers.set(Timer::Silence, now + SILENCE),
            Caller::Quiet => {}
            // What was begun over the agent's last words is an answer after all.
            Caller::Talking { since, .. } => self.caller = Caller::Talking { since, over: false },
            Caller::Paused { since, .. } => self.arm_endpoint(now, since),
        }
    }

    fn hold(&mut self, now: Instant, held: bool) {
        self.held = held;
        if held {
            self.timers.stop_all();
            self.caller = Caller::Quiet;
        } else if self.agent.is_none() && self.agent_stopped.is_some() {
            self.agent_stopped = Some(now);
            self.timers.set(Timer::Silence, now + SILENCE);
        }
    }

    fn began_over(&self) -> bool {
        matches!(self.caller, Caller::Paused { over: true, .. })
    }

    fn barge_in(&mut self) {
        self.agent = None;
        if let Caller::Talking { over, .. } = &mut self.caller {
            *over = false;
        }
        self.outputs.push_back(Output::StopSpeaking);
    }

    /// Handles what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_expired(now) {
            match timer {
                Timer::BargeIn => self.barge_in(),
                // A protected sentence is heard to its end, and what was said over it is judged after it.
                Timer::Endpoint if self.agent == Some(false) && self.began_over() => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_and_trail_off() {
        let normal = |text| ending(text, false);
        assert_eq!(normal("Yes, that's right."), Ending::Complete);
        assert_eq!(normal("I need to move my appointment on"), Ending::Unfinished);
        assert_eq!(normal("I'd like to, um."), Ending::Unfinished);
        assert_eq!(normal("Well, "), Ending::Unfinished);
        assert_eq!(normal(""), Ending::Unknown);
        assert_eq!(ending("My date of birth is March.", true), Ending::Unknown);
        assert_eq!(ending("March 9th, 1984.", true), Ending::Complete);
        assert_eq!(ending("March ninth, nineteen eighty four, two", true), Ending::Complete);
        assert_eq!(ending("oh three oh nine eighty-four", true), Ending::Complete);
    }
}
