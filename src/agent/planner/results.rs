//! What tools have answered: recorded first, then told. Nothing is said to be done on any other ground.

use std::time::Instant;

use super::step::Flight;
use super::task::{Kind, Task};
use crate::agent::api::Goal;
use crate::agent::conversation::Conversation;
use crate::agent::guard::Claim;
use crate::agent::tongue::Tongue;
use crate::agent::tools::{ErrorCode, ToolCall, ToolData, ToolResult};
use crate::agent::wording::{self, lines};
use crate::base::{Phi, Purpose};

/// Whether the record system did not answer, or not in time.
pub(super) fn is_down(result: &ToolResult) -> bool {
    matches!(result.error, Some(ErrorCode::EhrUnavailable | ErrorCode::Timeout))
}

impl Conversation {
    /// Acts on a tool's answer.
    pub(crate) fn tool_answered(&mut self, now: Instant, flight: Flight, result: ToolResult) {
        match flight {
            Flight::Verify => self.verified_or_not(now, result),
            _ if result.error == Some(ErrorCode::NotVerified) => self.verify_again(now),
            Flight::Appointments { retried } => self.appointments_fetched(now, retried, result),
            Flight::Slots { retried } => self.slots_found(now, retried, result),
            Flight::Book => self.booked(now, result, Goal::Booked),
            Flight::Reschedule => self.booked(now, result, Goal::Rescheduled),
            Flight::Cancel => self.cancelled(now, result),
            Flight::Office { topic, back } => self.office_told(now, topic, *back, result),
            Flight::Message => self.message_left(now, &result),
            Flight::Rescue => self.rescued(&result),
            Flight::Transfer { reason } => self.transferred_or_not(now, reason, result),
        }
    }

    /// The toolbox says that the call's level is too low: whatever we believed, we start over.
    fn verify_again(&mut self, now: Instant) {
        self.facts.verified = None;
        self.deferred = None;
        self.facts.failed_tries = self.facts.failed_tries.saturating_add(1);
        self.facts.forget_identity();
        self.identify(now);
    }

    fn booked(&mut self, now: Instant, result: ToolResult, goal: Goal) {
        match result.error {
            None | Some(ErrorCode::AlreadyDone) => {}
            Some(ErrorCode::SlotTaken | ErrorCode::NotFound) => return self.slot_taken(now),
            Some(ErrorCode::PolicyDenied | ErrorCode::OutsideWindow) => {
                return self.offer_staff(lines::RULES_CHANGE);
            }
            Some(ErrorCode::InvalidArgument | ErrorCode::FabricatedArgument) => {
                return self.offer_staff(lines::COULD_NOT);
            }
            Some(_) => return self.rescue(now),
        }
        let ToolData::Booked { start, practitioner } = result.data else { return self.rescue(now) };
        self.goals.insert(goal);
        self.done.insert(if goal == Goal::Booked { Claim::Booked } else { Claim::Moved });
        let start = *start.reveal(Purpose::SpokenReply);
        let matter = wording::clock(self.wording.tongue, start);
        let told = wording::with(self.wording.tongue, start, &practitioner);
        let noted = wording::with(Tongue::English, start, &practitioner);
        let (line, deed) = match goal {
            Goal::Booked => (lines::BOOKED, format!("Booked an appointment on {noted}.")),
            _ => (lines::MOVED, format!("Moved the appointment to {noted}.")),
        };
        let text = self.wording.line(line, &[&told]);
        self.deeds.push(Phi::new(deed));
        self.told(now, text, Some(matter));
    }

    fn cancelled(&mut self, now: Instant, result: ToolResult) {
        match result.error {
            None | Some(ErrorCode::AlreadyDone) => {}
            Some(ErrorCode::PolicyDenied | ErrorCode::OutsideWindow) => {
                return self.offer_staff(lines::RULES_CANCEL);
            }
            Some(
                ErrorCode::InvalidArgument | ErrorCode::FabricatedArgument | ErrorCode::NotFound,
            ) => {
                return self.offer_staff(lines::COULD_NOT);
            }
            Some(_) => return self.rescue(now),
        }
        self.goals.insert(Goal::Cancelled);
        self.done.insert(Claim::Cancelled);
        let start = self.task.appointment.as_ref().map(|a| a.reveal(Purpose::SpokenReply).start);
        let noted = start.map_or_else(String::new, |start| {
            format!(" on {}", wording::moment(Tongue::English, start))
        });
        self.deeds.push(Phi::new(format!("Cancelled the appointment{noted}.")));
        let text = match start {
            Some(start) => {
                let which = wording::moment(self.wording.tongue, start);
                self.wording.line(lines::CANCELLED_ON, &[&which])
            }
            None => self.wording.line(lines::CANCELLED, &[]),
        };
        self.told(now, text, None);
    }

    /// A write is done and told; what was said meanwhile counts only if it is a wish of its own.
    fn told(&mut self, now: Instant, text: String, matter: Option<String>) {
        self.say_result(text, matter);
        self.anything_else();
        let deferred = self.deferred.take();
        if let Some(text) = deferred {
            let understood = self.read(text.reveal(Purpose::Understanding));
            if understood.intent.is_some() {
                self.take_turn(now, &understood);
            }
        }
    }

    fn message_left(&mut self, now: Instant, result: &ToolResult) {
        if !result.is_ok() {
            self.task = Task::default();
            return self.message_lost(now);
        }
        self.done.insert(Claim::MessageLeft);
        self.deeds.push(Phi::new("Took a message for the team.".into()));
        let text = self.wording.line(lines::MESSAGE_LEFT, &[]);
        self.told(now, text, None);
    }

    fn message_lost(&mut self, now: Instant) {
        let text = self.wording.line(lines::MESSAGE_LOST, &[]);
        self.say_result(text, None);
        if self.trouble.failed_transfers == 0 && !self.setting.targets.is_empty() {
            return self.hand_off(now, "engine_failure");
        }
        self.say_line(lines::CALL_LATER);
        self.anything_else();
    }

    /// A write failed or its outcome is unknown: it is never repeated here, the team looks at it.
    fn rescue(&mut self, now: Instant) {
        self.say_line(lines::NOT_CONFIRMED);
        self.deferred = None;
        let wanted = match (self.task.kind, &self.task.offered) {
            (Kind::Reschedule, Some(slot)) => {
                format!("to move their appointment to {}", wording::slot(Tongue::English, slot))
            }
            (Kind::Book, Some(slot)) => format!("to book {}", wording::slot(Tongue::English, slot)),
            _ => "to cancel an appointment".into(),
        };
        let reason = Phi::new(format!(
            "{} Requested {wanted}; the record system did not confirm it. Please check and call back.",
            self.who()
        ));
        self.run(now, Flight::Rescue, ToolCall::CreateCallback { reason });
    }

    fn rescued(&mut self, result: &ToolResult) {
        if result.is_ok() {
            self.done.insert(Claim::MessageLeft);
            self.deeds.push(Phi::new("Left an unconfirmed change for the team to check.".into()));
            let text = self.wording.line(lines::LEFT_FOR_TEAM, &[]);
            self.say_result(text, None);
            return self.anything_else();
        }
        self.task = Task::default();
        self.offer_staff(lines::SCHEDULE_DOWN);
    }
}
