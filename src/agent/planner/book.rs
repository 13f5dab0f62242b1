//! Booking a new appointment: what for, with whom if it matters, when, agreed, done.

use std::time::Instant;

use super::step::Step;
use crate::agent::conversation::Conversation;
use crate::agent::language::Understood;
use crate::practice::VisitType;

impl Conversation {
    pub(super) fn book(&mut self, now: Instant) {
        if self.task.wish.visit_type.is_none() {
            let text = self.wording.pick(&[
                "What is the visit for: a physical, something new, a follow-up, or a vaccination?",
                "What kind of visit is it: a physical, a sick visit, a follow-up, or a vaccination?",
            ]);
            return self.ask(Step::VisitType, text.into(), "ask.visit_type");
        }
        if !self.task.wish.stated && self.task.wish.visit_type != Some(VisitType::Sick) {
            let text = self.wording.pick(&[
                "When would you like to come in?",
                "What day or time works for you?",
                "When would suit you?",
            ]);
            return self.ask(Step::When, text.into(), "ask.when");
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
