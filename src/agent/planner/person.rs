//! A person: granted the first time it is asked for. The caller is never lost: every path ends with a person, with the
//! agent again, or with a message taken.

use std::time::Instant;

use super::step::{Flight, Step};
use crate::agent::api::Goal;
use crate::agent::conversation::{Conversation, Timer};
use crate::agent::language::{Answer, Intent, Meta, Understood};
use crate::agent::tools::{ToolCall, ToolData, ToolResult};
use crate::agent::wording::{self, lines};
use crate::base::{Phi, UtteranceId};

impl Conversation {
    /// Announces a transfer; it starts when the announcement was heard.
    pub(crate) fn hand_off(&mut self, now: Instant, reason: &'static str) {
        self.decide("hand_off", reason);
        if self.setting.targets.is_empty() {
            self.say_line(lines::NOBODY);
            return self.ask_message();
        }
        let there = wording::target(self.wording.tongue, self.setting.targets.first());
        let lead = match reason {
            "frustrated" => self.wording.line(lines::TROUBLE, &[]),
            "language" => self.wording.line(lines::ONLY_THIS, &[]),
            "verify_locked" => self.wording.line(lines::NOT_VERIFIED_DESK, &[]),
            _ => String::new(),
        };
        let text = format!("{lead} {}", self.wording.line(lines::CONNECTING, &[&there]));
        let utterance = self.announce_transfer(now, text.trim().into());
        self.deferred = None;
        self.step = Step::Transferring { utterance, reason, started: false };
    }

    /// Two failures count as a request for a person. Where that has failed before, a message is what is left.
    pub(super) fn frustrated(&mut self, now: Instant) {
        if self.trouble.failed_transfers == 0 && !self.setting.targets.is_empty() {
            return self.hand_off(now, "frustrated");
        }
        self.say_line(lines::TROUBLE_MESSAGE);
        self.ask_message();
    }

    pub(crate) fn transfer_if_announced(&mut self, now: Instant, heard: UtteranceId) {
        if matches!(self.step, Step::Transferring { utterance, started: false, .. } if utterance == heard)
        {
            self.start_transfer(now);
        }
    }

    pub(crate) fn start_transfer(&mut self, now: Instant) {
        self.caller_timers.stop(Timer::Transfer);
        let Step::Transferring { utterance, reason, started: false } = self.step else { return };
        let Some(target) = self.setting.targets.first().cloned() else { return };
        self.step = Step::Transferring { utterance, reason, started: true };
        let summary = self.summary();
        self.run(
            now,
            Flight::Transfer { reason },
            ToolCall::TransferToHuman { target, reason, summary },
        );
    }

    /// Before the transfer starts it can be taken back; while it rings the caller is told what happens.
    pub(crate) fn hear_during_transfer(&mut self, now: Instant, text: &str) {
        let Step::Transferring { started, .. } = self.step else { return };
        let heard = self.read(text);
        let takes_back = matches!(heard.meta, Some(Meta::NeverMind))
            || heard.says(&["dont transfer|connect", "wait no", "stop"]);
        if !started && takes_back {
            self.caller_timers.stop(Timer::Transfer);
            self.say_line(lines::ALL_RIGHT);
            return self.resume(now);
        }
        let asks = matches!(heard.meta, Some(Meta::Hello | Meta::Still | Meta::Repeat))
            || heard.length() > 4;
        if started && asks && heard.intent != Some(Intent::Person) {
            self.say_line(lines::STILL_CONNECTING);
        }
    }

    pub(super) fn transferred_or_not(
        &mut self,
        now: Instant,
        reason: &'static str,
        result: ToolResult,
    ) {
        if result.is_ok() && matches!(result.data, ToolData::Bridged | ToolData::None) {
            self.goals.insert(Goal::Transferred);
            self.done.insert(crate::agent::guard::Claim::Transferred);
            return self.end("transferred");
        }
        self.trouble.failed_transfers = self.trouble.failed_transfers.saturating_add(1);
        self.deeds.push(Phi::new("A transfer was tried and nobody answered.".into()));
        self.decide("hand_off", "failed");
        let line = if matches!(reason, "red_flag" | "crisis") {
            lines::NOT_REACHED_DANGER
        } else if self.facts.locked {
            lines::NOT_REACHED_MESSAGE
        } else {
            lines::NOT_REACHED
        };
        let there = wording::target(self.wording.tongue, self.setting.targets.first());
        let text = self.wording.line(line, &[&there]);
        self.ask(Step::AfterTransfer, text, "ask.after_transfer");
        self.unpark(now);
    }

    pub(super) fn answer_after_transfer(&mut self, now: Instant, u: &Understood) -> bool {
        if u.says(&["message|note", "call me|us back", "first ..1 $", "callback"]) {
            self.decide("intent", "message");
            self.ask_message();
            return true;
        }
        if u.says(&["keep|continue|go on|helping|help", "stay", "you", "second ..1 $"])
            && u.intent.is_none()
        {
            self.resume(now);
            return true;
        }
        match (u.answer, u.intent) {
            (_, Some(_)) => false,
            (Some(Answer::Yes), None) if self.facts.locked => {
                self.ask_message();
                true
            }
            (Some(Answer::No), None) => {
                self.goodbye();
                true
            }
            _ => false,
        }
    }

    /// Goes back to where the conversation was before a person or an emergency came in.
    pub(super) fn resume(&mut self, now: Instant) {
        if !self.flights.is_empty() {
            // A tool still runs; its answer goes on from here.
            self.step = Step::Working;
            return;
        }
        self.step = Step::Open;
        if self.unpark(now) {
            return;
        }
        if self.facts.locked || self.task.kind == super::task::Kind::None {
            self.task = super::task::Task::default();
            self.ask_line(Step::Open, lines::OPEN_WHAT, "ask.open");
        } else {
            self.advance(now);
        }
    }

    /// Tells what tools have answered meanwhile. Returns whether there was anything.
    fn unpark(&mut self, now: Instant) -> bool {
        let parked = std::mem::take(&mut self.parked);
        let any = !parked.is_empty();
        for (flight, result) in parked {
            self.tool_answered(now, flight, result);
        }
        any
    }
}
