//! Moving an appointment: which one, to when, agreed, done.

use std::time::Instant;

use super::step::{Flight, Step};
use super::task::Kind;
use crate::agent::conversation::Conversation;
use crate::agent::language::{Answer, Understood};
use crate::agent::wording::lines;

impl Conversation {
    pub(super) fn reschedule(&mut self, now: Instant) {
        if !self.choose_appointment(now, Kind::Reschedule) {
            return;
        }
        if !self.task.wish.stated {
            return self.ask_line(Step::When, lines::WHEN_INSTEAD, "ask.when");
        }
        if self.task.wish.practitioner.is_none() && !self.task.wish.practitioner_stated {
            let known = self
                .task
                .appointment
                .as_ref()
                .map(|a| a.reveal(crate::base::Purpose::EhrRequest).practitioner_ref.clone());
            self.task.wish.practitioner = known;
        }
        self.search(now);
    }

    /// "Would you like to move it, or cancel it?"
    pub(super) fn answer_move_or_cancel(&mut self, now: Instant, u: &Understood) -> bool {
        let cancel = u.says(&["cancel*", "second", "latter", "call it off"]);
        let moves = u.says(&[
            "move|reschedule|change|switch",
            "first ..1 $",
            "another|different",
            "instead",
        ]) || !u.when.is_empty();
        match (cancel, moves) {
            (true, false) => self.task.kind = Kind::Cancel,
            (false, true) => {
                self.task.kind = Kind::Reschedule;
                self.merge_task(u);
            }
            _ => return false,
        }
        self.decide("intent", if cancel { "cancel" } else { "reschedule" });
        self.advance(now);
        true
    }

    /// "Would you like to book, move or cancel one?"
    pub(super) fn answer_what_about_it(&mut self, now: Instant, u: &Understood) -> bool {
        let kind = if u.says(&["move|reschedule|change|switch"]) {
            Kind::Reschedule
        } else if u.says(&["cancel*"]) {
            Kind::Cancel
        } else if u.says(&["book|make|new|schedule"]) {
            Kind::Book
        } else if u.says(&["when|hear|time|is|check|confirm"]) {
            Kind::Appointments
        } else {
            return false;
        };
        self.decide(
            "intent",
            match kind {
                Kind::Reschedule => "reschedule",
                Kind::Cancel => "cancel",
                Kind::Book => "book",
                _ => "appointments",
            },
        );
        self.start_quietly(kind, u);
        self.proceed(now);
        true
    }

    /// "I don't see one. Shall I book a new one?"
    pub(super) fn answer_book_instead(&mut self, now: Instant, u: &Understood) -> bool {
        match u.answer {
            Some(Answer::Yes) => {
                self.decide("intent", "book");
                self.start_quietly(Kind::Book, u);
                self.proceed(now);
            }
            Some(Answer::No) => self.anything_else(),
            _ => return false,
        }
        true
    }

    pub(super) fn fetch_appointments(&mut self, now: Instant, retried: bool) {
        self.run(
            now,
            Flight::Appointments { retried },
            crate::agent::tools::ToolCall::GetPatientAppointments,
        );
    }
}
