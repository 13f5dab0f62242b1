//! Booking a new appointment: what for, with whom if it matters, when, agreed, done.

use std::time::Instant;

use super::step::Step;
use crate::agent::conversation::Conversation;
use crate::agent::language::Understood;
use crate::agent::wording::lines;
use crate::practice::VisitType;

impl Conversation {
    pub(super) fn book(&mut self, now: Instant) {
        if self.task.wish.visit_type.is_none() {
            return self.ask_line(Step::VisitType, lines::VISIT_TYPE, "ask.visit_type");
        }
        if !self.task.wish.stated && self.task.wish.visit_type != Some(VisitType::Sick) {
            return self.ask_line(Step::When, lines::WHEN_BOOK, "ask.when");
        }
        self.search(now);
    }

    pub(super) fn answer_visit_type(&mut self, now: Instant, u: &Understood) -> bool {
        self.merge_task(u);
        let unsure = u.says(&[
            "not sure",
            "dont know",
            "just ..3 see",
            "neither|none",
            "something else",
            "other",
            "new|something new",
            "any*",
            "general",
            "checked out",
        ]);
        match u.visit_type {
            Some(kind) => self.task.wish.visit_type = Some(kind),
            None if u.says(&["new|something new"]) => {
                self.task.wish.visit_type = Some(VisitType::Sick)
            }
            None if unsure => self.task.wish.visit_type = Some(VisitType::Office),
            None => return false,
        }
        self.advance(now);
        true
    }
}
