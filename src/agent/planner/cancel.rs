//! Calling an appointment off: which one, read back, agreed, done.

use std::time::Instant;

use super::step::{Flight, Step};
use super::task::Kind;
use crate::agent::conversation::Conversation;
use crate::agent::language::{Answer, Intent, Understood};
use crate::agent::memory::Outcome;
use crate::agent::tools::ToolCall;
use crate::agent::wording::{self, lines};
use crate::base::{Purpose, UtteranceId};

impl Conversation {
    pub(super) fn cancel(&mut self, now: Instant) {
        if !self.choose_appointment(now, Kind::Cancel) {
            return;
        }
        let Some(known) =
            self.task.appointment.as_ref().map(|a| a.reveal(Purpose::SpokenReply).clone())
        else {
            return;
        };
        let which = wording::appointment(self.wording.tongue, &known);
        let text = self.wording.line(lines::SHALL_I_CANCEL, &[&which]);
        let step = Step::CancelIt { start: known.start, utterance: UtteranceId(0), again: false };
        self.read_back(step, text, "confirm.cancel");
    }

    pub(super) fn answer_cancel_it(
        &mut self,
        now: Instant,
        u: &Understood,
        said: UtteranceId,
        again: bool,
    ) -> bool {
        let Step::CancelIt { start, .. } = self.step else { return false };
        let moves = u.intent == Some(Intent::Reschedule)
            || u.says(&[
                "move|reschedule it|that|instead",
                "^ move|reschedule",
                "id|rather ..2 move|reschedule",
            ]);
        if moves {
            self.decide("intent", Intent::Reschedule.name());
            self.task.kind = Kind::Reschedule;
            self.merge_task(u);
            self.advance(now);
            return true;
        }
        match u.answer {
            _ if matches!(u.intent, Some(intent) if intent != Intent::Cancel) => return false,
            Some(Answer::No) => {
                self.say_line(lines::STAYS);
                self.anything_else();
            }
            None if u.intent != Some(Intent::Cancel) => return false,
            Some(Answer::Unclear) => return false,
            Some(Answer::Yes) | None
                if !again
                    && (self.doubts(u)
                        || !self
                            .heard_enough(said, &wording::clock(self.wording.tongue, start))) =>
            {
                let text = match self.memory.outcome(said) {
                    Some(Outcome::Cut) => {
                        let which = wording::moment(self.wording.tongue, start);
                        self.wording.line(lines::CANCEL_THAT, &[&which])
                    }
                    _ => self.wording.line(lines::CANCEL_SURE, &[]),
                };
                self.read_back(
                    Step::CancelIt { start, utterance: said, again: true },
                    text,
                    "confirm.cancel",
                );
            }
            Some(Answer::Yes) | None => {
                let Some(known) = &self.task.appointment else { return false };
                let appointment = known.reveal(Purpose::EhrRequest).appointment.clone();
                self.decide("confirm", "cancel");
                let agreed_in = self.turn;
                self.run(
                    now,
                    Flight::Cancel,
                    ToolCall::CancelAppointment { appointment, agreed_in },
                );
            }
        }
        true
    }
}
