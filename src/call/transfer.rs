//! Moves the caller to a person: for the agent, or because the agent cannot go on.

use std::time::{Duration, Instant};

use crate::agent::tools::{ErrorCode, ToolData, ToolResult};
use crate::base::{Phi, TargetName, ToolRequestId};
use crate::sip::{Command, TransferState};

use super::hand_off::{self, HandOff, Stage, Verdict};
use super::machine::{Call, Phase, Timer};
use super::{EndReason, Outcome, Output, Told};

/// A note that takes longer is not waited for: the caller needs a person.
const NOTE: Duration = Duration::from_secs(10);
/// The sentence before a transfer is heard by then; else it goes on without.
pub(super) const HEARD: Duration = Duration::from_secs(10);
/// On top of a target's ring time: a PBX needs a moment to start ringing, and one to tell.
const RING_GRACE: Duration = Duration::from_secs(3);
/// A PBX that has taken the caller hangs up on us within this time of saying nothing more.
const DOUBT: Duration = Duration::from_millis(200);

impl Call {
    /// The agent asks for a person: the note comes first.
    pub(super) fn begin_hand_off(
        &mut self,
        now: Instant,
        request: ToolRequestId,
        target: TargetName,
        reason: &'static str,
        summary: Phi<String>,
    ) {
        let reach = self.setup.targets.get(&target).filter(|reach| !reach.attempts.is_empty());
        let (Some(reach), None) = (reach, &self.hand_off) else {
            let denied = ToolResult::failed(ErrorCode::PolicyDenied);
            return self.tool_done(now, request, denied);
        };
        let reach = reach.clone();
        self.hand_off = Some(HandOff::new(now, Some(request), target.clone(), reach));
        self.timers.set(Timer::Note, now + NOTE);
        let turn = self.last_turn();
        let store = Output::StoreHandOff { turn, request, target, reason, summary };
        self.outputs.push_back(store);
    }

    pub(super) fn hand_off_stored(
        &mut self,
        now: Instant,
        request: ToolRequestId,
        stored: Result<String, ErrorCode>,
    ) {
        let id = stored.as_ref().ok().cloned();
        if id.is_some() {
            self.summary.hand_off.clone_from(&id);
        }
        let waits = |it: &&mut HandOff| it.request == Some(request) && it.stage == Stage::Storing;
        let Some(hand_off) = self.hand_off.as_mut().filter(waits) else { return };
        self.timers.stop(Timer::Note);
        match stored {
            // The record system is down, and the caller needs a person all the more: go without the note.
            Ok(_) | Err(ErrorCode::EhrUnavailable | ErrorCode::Timeout) => {
                hand_off.id = id;
                hand_off.stage = Stage::Ready;
                self.timers.set(Timer::Heard, now + HEARD);
            }
            Err(error) => {
                self.hand_off = None;
                self.tool_done(now, request, ToolResult::failed(error));
            }
        }
    }

    /// The note has not been stored in time.
    pub(super) fn note_is_late(&mut self, now: Instant) {
        let storing = self.hand_off.as_ref().filter(|it| it.stage == Stage::Storing);
        if let Some(request) = storing.and_then(|it| it.request) {
            self.hand_off_stored(now, request, Err(ErrorCode::Timeout));
        }
    }

    /// The REFER goes out once the caller has heard that it will.
    pub(super) fn refer_when_quiet(&mut self) {
        let quiet = self.speaking.is_quiet() || self.cannot_go_on;
        if quiet && self.phase == Phase::Talking {
            self.refer();
        }
    }

    pub(super) fn refer(&mut self) {
        let Some(hand_off) = self.hand_off.as_mut().filter(|it| it.stage == Stage::Ready) else {
            return;
        };
        let Some(attempt) = hand_off.attempts.front() else { return };
        let (referred_by, context) = (&self.setup.referred_by, &self.setup.context);
        let headers = hand_off::headers(referred_by, hand_off.id.as_deref(), context);
        let (leg, target) = (self.setup.leg, attempt.uri.clone());
        hand_off.stage = Stage::Referring { accepted: false };
        self.timers.stop(Timer::Heard);
        self.outputs.push_back(Output::Sip(Command::Refer { leg, target, headers }));
    }

    pub(super) fn transfer(&mut self, now: Instant, state: TransferState) {
        let Some(hand_off) = self.hand_off.as_mut() else { return };
        let Some(verdict) = hand_off.state(state) else { return };
        let attempt = hand_off.attempts.front();
        let (ring, target) = attempt
            .map_or((Duration::ZERO, hand_off.target.clone()), |it| (it.ring, it.target.clone()));
        if hand_off.is_news(state) {
            self.outputs.push_back(Output::Told(Told::Transfer { target, state }));
        }
        match verdict {
            Verdict::Pending => {}
            Verdict::Ringing => self.timers.set(Timer::Ring, now + ring + RING_GRACE),
            Verdict::Doubtful => {
                self.timers.stop(Timer::Ring);
                self.timers.set(Timer::Doubt, now + DOUBT);
            }
            Verdict::Over(Outcome::Answered) if !self.setup.notify_says_answered => {
                self.attempt_over(now, Outcome::Taken);
            }
            Verdict::Over(outcome) => self.attempt_over(now, outcome),
        }
        // While others decide, the caller's silence is not the caller's fault.
        self.hold_floor_for_ringing(now);
    }

    /// It rang for as long as it may. What the user agent then says last decides: it may just have been answered.
    pub(super) fn rang_out(&mut self) {
        let leg = self.setup.leg;
        let Some(hand_off) = self.hand_off.as_mut() else { return };
        if let Stage::Referring { accepted } = hand_off.stage {
            hand_off.stage = Stage::GivingUp { accepted };
            self.outputs.push_back(Output::Sip(Command::GiveUpRefer { leg }));
        }
    }

    /// No BYE has followed an unknown outcome: the caller is still with us.
    pub(super) fn doubt_is_over(&mut self, now: Instant) {
        if let Some(outcome) = self.hand_off.as_ref().and_then(HandOff::doubt_resolved) {
            self.attempt_over(now, outcome);
            self.hold_floor_for_ringing(now);
        }
    }

    fn attempt_over(&mut self, now: Instant, outcome: Outcome) {
        self.timers.stop(Timer::Ring);
        self.timers.stop(Timer::Doubt);
        let Some(hand_off) = self.hand_off.as_mut() else { return };
        if outcome.is_moved() {
            self.hand_off_over(now, outcome);
            self.hang_up_wanted = true;
        } else if self.phase == Phase::Talking && hand_off.next_attempt(now, outcome) {
            self.refer();
        } else if hand_off.hang_up {
            self.end.get_or_insert(EndReason::Unanswered);
            self.hang_up();
            self.hand_off_over(now, outcome);
        } else {
            self.hand_off_over(now, outcome);
        }
    }

    /// The outcome is known: the record is told, and the agent, who goes on if the caller is still ours.
    pub(super) fn hand_off_over(&mut self, now: Instant, outcome: Outcome) {
        let Some(hand_off) = self.hand_off.take() else { return };
        for timer in [Timer::Note, Timer::Heard, Timer::Ring, Timer::Doubt] {
            self.timers.stop(timer);
        }
        self.moved |= outcome.is_moved();
        let (turn, target, took) = (self.last_turn(), hand_off.target, now - hand_off.began);
        self.outputs.push_back(Output::TransferDone { turn, target, outcome, took });
        let result = match outcome.is_moved() {
            true => ToolResult::ok(ToolData::Bridged),
            false => ToolResult::failed(ErrorCode::TransferFailed),
        };
        if let Some(request) = hand_off.request {
            self.tool_done(now, request, result);
        }
    }

    /// The agent cannot go on: it falls silent, and the caller goes to the fallback. Without one the call ends.
    pub(super) fn give_the_call_away(&mut self, now: Instant) {
        if self.cannot_go_on || !matches!(self.phase, Phase::Opening | Phase::Talking) {
            return;
        }
        self.cannot_go_on = true;
        self.end.get_or_insert(EndReason::Failed);
        let fallback = self.setup.fallback.clone();
        match (&mut self.hand_off, fallback) {
            // A person is being rung already; the fallback is rung after that.
            (Some(hand_off), fallback) => {
                let more = fallback.map(|(_, reach)| reach.attempts).unwrap_or_default();
                hand_off.attempts.extend(more);
                hand_off.hang_up = true;
                if hand_off.stage == Stage::Storing {
                    hand_off.stage = Stage::Ready;
                }
            }
            (None, Some((target, reach))) if !reach.attempts.is_empty() => {
                let mut rescue = HandOff::new(now, None, target, reach);
                (rescue.stage, rescue.hang_up) = (Stage::Ready, true);
                self.hand_off = Some(rescue);
            }
            (None, _) => self.hang_up(),
        }
    }
}
