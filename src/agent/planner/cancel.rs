//! Calling an appointment off: which one, read back, agreed, done.

use std::time::Instant;

use jiff::civil::DateTime;

use super::step::{Flight, Step};
use super::task::Kind;
use crate::agent::conversation::Conversation;
use crate::agent::language::{Answer, Intent, Understood, any, is_plain};
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
        if moves(u) {
            self.decide("intent", Intent::Reschedule.name());
            self.task.kind = Kind::Reschedule;
            self.merge_task(u);
            self.advance(now);
            return true;
        }
        if self.cancels_another(now, u, start) {
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
            // To speak of cancelling is no yes: "what happens if I cancel?".
            None if !orders(u) && again => return false,
            None if !orders(u) => {
                let text = self.wording.line(lines::CANCEL_SURE, &[]);
                let step = Step::CancelIt { start, utterance: said, again: true };
                self.read_back(step, text, "confirm.cancel");
            }
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

    /// "Cancel the Friday one" is no yes to Thursday's: which one it is, is asked anew.
    fn cancels_another(&mut self, now: Instant, u: &Understood, start: DateTime) -> bool {
        let other = !u.which.allows(start)
            || !u.which_weekdays.is_empty() && !u.which_weekdays.contains(&start.weekday());
        let answers =
            matches!(u.intent, None | Some(Intent::Cancel)) && u.answer != Some(Answer::No);
        if !other || !answers {
            return false;
        }
        self.task.appointment = None;
        self.hint_from(u, Kind::Cancel);
        self.cancel(now);
        true
    }
}

/// Whether the caller would rather move it.
fn moves(u: &Understood) -> bool {
    u.intent == Some(Intent::Reschedule)
        || u.says(&[
            "move|reschedule it|that|instead",
            "^ move|reschedule",
            "id|rather ..2 move|reschedule",
        ])
}

/// Whether the caller says to cancel, and neither asks nor wonders about it.
fn orders(u: &Understood) -> bool {
    #[rustfmt::skip]
    let (order, other): (&[&str], &[&str]) = match u.spanish.as_slice() {
        [] => (
            &["^ ..3 cancel it|that|this|them|my|the|please", "^ ..1 cancel $", "want|need|like|ahead ..3 cancel", "can|could|would|will you ..2 cancel", "i|ill|ill just cancel it|that|this"],
            &["what|how|why|when|if|whether|fee|charge|cost|happens|before|instead|thinking|might|maybe|should"],
        ),
        _ => (
            &["^ ..3 cancela*|cancele*|cancelo|anule*", "quiero|quisiera|necesito|deseo|favor|gustaria|puede|podria ..2 cancel*|anul*", "^ cancelar*"],
            &["que pasa", "como|cuanto|cuando|cobran|cobra|cargo|politica|antes|mejor|pensando|quizas|quiza|vez|deberia", "si la|lo|cancelo|cancelara", "^ ..2 si cancel*"],
        ),
    };
    let words = if u.spanish.is_empty() { &u.tokens } else { &u.spanish };
    (!u.spanish.is_empty() || is_plain(words)) && any(words, order) && !any(words, other)
}
