//! Words of a short voice over the agent that asked for nothing: the agent goes on, and they are not lost.
//!
//! They are a turn in a pause that lasts until the agent has finished. Then the caller goes on with it, or it is an answer.

use std::time::{Duration, Instant};

use super::barge_in::{ANSWERS, TAKES};
use super::short::{asks_for_the_floor, is_of_voice};
use super::{Caller, Floor, Timer, Verdict};

/// After the agent's end, the caller's own words are waited for so long before those that were kept are an answer.
const KEPT: Duration = Duration::from_millis(2500);

/// Words of a short voice that the agent went on after: they are of the turn that follows its speech.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Until then the agent's end makes them an answer at once.
    answers_until: Instant,
    /// How long they took.
    voiced: Duration,
}

impl Kept {
    /// How long they took.
    pub(super) fn voiced(self) -> Duration {
        self.voiced
    }

    /// Whether they were said too long ago to be meant for the agent's last words.
    pub(super) fn is_old(self, now: Instant) -> bool {
        now >= self.answers_until
    }
}

impl Floor {
    /// Whether the words so far, of a voice that lasted for `voiced`, take the floor.
    pub(super) fn asks(&self, voiced: Duration) -> bool {
        let heard = self.heard.max(voiced);
        self.partial.as_ref().is_some_and(|(_, text)| match voiced >= TAKES {
            true => is_of_voice(text, heard),
            false => self.asks_in(heard),
        })
    }

    /// Whether they ask for it, when they were said in so long: all that was heard since the last turn.
    pub(super) fn asks_in(&self, heard: Duration) -> bool {
        let asks = |text| asks_for_the_floor(text, &self.expected, heard);
        self.partial.as_ref().is_some_and(|(_, text)| asks(text))
    }

    /// A voice has ended, and what it said is known.
    pub(super) fn take_floor_or_keep(&mut self, now: Instant, since: Instant) {
        match self.asks(self.over.voiced) {
            true => self.take_floor(now, Verdict::Stopped),
            false => self.keep(now, since, self.over.voiced),
        }
    }

    /// So short a voice asked for nothing: the agent goes on, and what was said is of the turn that follows.
    pub(super) fn keep(&mut self, now: Instant, since: Instant, voiced: Duration) {
        self.go_on(now, Verdict::Backchannel);
        self.settle_over();
        if !self.goes_back(now) {
            self.caller = Caller::Paused { since, over: false };
            self.kept = Some(Kept { answers_until: now + ANSWERS, voiced });
            self.timers.stop(Timer::Endpoint);
        }
    }

    /// When the turn that is in a pause ends at the soonest, for what was kept of it; `None` while the agent speaks.
    pub(super) fn kept_until(&self, now: Instant) -> Option<Instant> {
        match (self.kept, self.agent) {
            (None, _) => Some(now),
            (Some(_), Some(_)) => None,
            (Some(_), None) => Some(self.agent_stopped.map_or(now, |stopped| stopped + KEPT)),
        }
    }
}
