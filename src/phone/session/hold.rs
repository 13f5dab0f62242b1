//! The hold that a plan ends with, in the session's hands.

use std::time::Instant;

use super::super::holding::Step;
use super::super::progress::CallProgress;
use super::super::report::{EndedBy, Outcome};
use super::{Session, Timer};
use crate::base::Sdp;
use crate::sdp::{self, Direction};
use crate::sip::Command;

impl Session {
    /// How an offer of ours went.
    pub(super) fn on_reoffered(&mut self, now: Instant, status: u16, answer: Option<Sdp>) {
        let party = &mut self.parties[0];
        let agreed = answer.map(|answer| sdp::accept_answer(&answer, &party.media));
        let status = match agreed {
            Some(Ok(agreed)) => {
                party.agree(now, agreed);
                status
            }
            Some(Err(_)) => 488,
            None => status,
        };
        let step = self.holding.answered(now, status, party.received());
        party.hold(self.holding.is_held().then_some(now));
        if let Some(step) = step {
            self.hold(now, step);
        }
    }

    /// Whether there is a hold to begin with, now that everything is said; then it has begun.
    pub(super) fn begins_to_hold(&mut self, now: Instant) -> bool {
        let possible = !self.leaving && self.talking == 0 && !self.parties[0].over;
        let step = if possible { self.holding.begin() } else { None };
        let begins = step.is_some();
        if let Some(step) = step {
            self.hold(now, step);
        }
        begins
    }

    pub(super) fn hold(&mut self, now: Instant, step: Step) {
        let party = &mut self.parties[0];
        match step {
            Step::Offer(direction) => {
                party.media.version += 1;
                let (leg, sdp) = (party.leg, sdp::offer(&party.media, direction).into());
                self.wish(Command::Reoffer { leg, sdp });
                self.tell(CallProgress::Held(direction == Direction::SendOnly));
            }
            Step::Wait(until) => self.timers.set(Timer::Hold, until),
            Step::Leave => self.leave(now, EndedBy::ScriptOver, Outcome::Cancelled),
        }
    }
}
