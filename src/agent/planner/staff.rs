//! What only staff can do: said so, with the choice of a message or a person.

use std::time::Instant;

use super::step::Step;
use crate::agent::conversation::Conversation;
use crate::agent::guard::Advice;
use crate::agent::language::{Answer, Intent, Understood};
use crate::agent::wording::{self, Line, lines};

impl Conversation {
    /// Says why it is not for the agent, and offers what is.
    pub(super) fn offer_staff(&mut self, why: Line) {
        let why = self.wording.line(why, &[]);
        let text = if self.setting.targets.is_empty() {
            self.wording.line(lines::MESSAGE_OFFER, &[&why])
        } else {
            let there = wording::target(self.wording.tongue, self.setting.targets.first());
            self.wording.line(lines::MESSAGE_OR_PERSON, &[&why, &there])
        };
        self.ask(Step::MessageOrPerson, text, "ask.message_or_person");
    }

    /// No diagnosis, no dose, no result: the caller's other wishes in the same turn are still heard.
    pub(super) fn refuse_advice(&mut self, now: Instant, asked: Advice, u: &Understood) {
        let why = match asked {
            Advice::Results => lines::NO_RESULTS,
            Advice::Clinical | Advice::Dose => lines::NO_ADVICE,
        };
        let appointment =
            matches!(u.intent, Some(Intent::Book | Intent::Reschedule | Intent::Cancel));
        if appointment && asked != Advice::Results {
            let why = self.wording.line(why, &[]);
            let text = self.wording.line(lines::THE_APPOINTMENT, &[&why]);
            self.say(text, true);
            self.merge_identity(u);
            if self.new_wish(now, u) {
                return;
            }
        }
        self.offer_staff(why);
    }

    /// Another person's record needs a relationship on record: staff look at that.
    pub(super) fn for_somebody_else(&mut self, now: Instant) {
        self.decide("guard", "privacy.proxy");
        self.say_line(lines::SOMEBODY_ELSE);
        self.hand_off(now, "roi_required");
    }

    pub(super) fn answer_message_or_person(&mut self, now: Instant, u: &Understood) -> bool {
        if u.says(&[
            "message|note",
            "call me|us back",
            "callback",
            "first ..1 $",
            "leave|take one|it|that",
        ]) {
            self.decide("intent", "message");
            self.ask_message();
            return true;
        }
        if u.says(&[
            "connect|desk|person|human|someone|somebody|transfer|second|talk|speak|reception|nurse",
        ]) {
            self.hand_off(now, "patient_request");
            return true;
        }
        match (u.answer, u.intent) {
            (_, Some(_)) => false,
            (Some(Answer::Yes), None) if self.setting.targets.is_empty() => {
                self.ask_message();
                true
            }
            (Some(Answer::Yes), None) => {
                let step = Step::MessageOrPerson;
                self.ask_line(step, lines::MESSAGE_OR_DESK, "ask.message_or_person");
                true
            }
            (Some(Answer::No), None) => {
                self.anything_else();
                true
            }
            _ => false,
        }
    }

    /// The record system does not answer.
    pub(super) fn records_down(&mut self) {
        self.deferred = None;
        self.offer_staff(lines::SCHEDULE_DOWN);
    }
}
