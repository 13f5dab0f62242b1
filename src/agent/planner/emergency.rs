//! What happens when the emergency guard fires: stop, 911 first, then the choice of a person or going on.

use std::time::Instant;

use super::step::Step;
use crate::agent::api::Goal;
use crate::agent::conversation::{Conversation, Timer};
use crate::agent::guard::{Kind, RedFlag, red_flag};
use crate::agent::language::{Answer, NamePart, Understood, evident, folded, tokens};
use crate::agent::tongue::Tongue;
use crate::agent::wording::{self, lines};
use crate::base::{Phi, TurnId};

impl Conversation {
    /// Looks for an emergency in what was heard so far. Returns whether this turn belongs to one.
    pub(crate) fn guard_emergency(&mut self, turn: TurnId, text: &str) -> bool {
        let Some(flag) = red_flag(text) else {
            // Where a partial was taken for an emergency and the whole turn is none, the caller goes on as they like.
            return false;
        };
        if matches!(self.step, Step::Name(part) if part != NamePart::Family)
            && is_a_given_name(text)
        {
            return false;
        }
        if self.flagged_turn == Some(turn)
            && (self.flagged.contains(flag.rule) || flag.kind == Kind::Medical)
        {
            self.flagged.insert(flag.rule);
            return true;
        }
        // Said again while the question after it is open: answered there.
        if self.flagged.contains(flag.rule) && matches!(self.step, Step::Emergency { .. }) {
            return false;
        }
        self.flagged.insert(flag.rule);
        self.flagged_turn = Some(turn);
        self.turn = turn;
        // Somebody who is afraid is answered in their own language.
        if flag.tongue == Tongue::Spanish || evident(text, true) == Some(Tongue::English) {
            self.switch_to(flag.tongue);
        }
        self.heard = Some(Phi::new(crate::agent::guard::mask(text)));
        self.pre_empt(flag);
        true
    }

    fn pre_empt(&mut self, flag: RedFlag) {
        self.stop_speaking();
        self.caller_timers.stop(Timer::Transfer);
        self.timers.stop(Timer::Filler);
        self.timers.stop(Timer::StillWorking);
        self.say_911(flag.kind);
        self.decide("guard", flag.rule);
        self.goals.insert(Goal::Emergency);
        self.trouble.failures = 0;
        // A transfer that is under way goes on: it brings a person.
        if matches!(self.step, Step::Transferring { started: true, .. }) {
            return;
        }
        self.offer_person(flag.kind);
    }

    fn say_911(&mut self, kind: Kind) {
        match kind {
            Kind::Medical => {
                self.say_protected(lines::CALL_911);
                self.say_protected(lines::DONT_WAIT);
            }
            Kind::Crisis => {
                self.say_protected(lines::CALL_988);
                self.say_protected(lines::ABOUT_988);
            }
        }
    }

    fn offer_person(&mut self, kind: Kind) {
        let reason = if kind == Kind::Crisis { "crisis" } else { "red_flag" };
        let text = self.emergency_question();
        self.ask(Step::Emergency { reason }, text, "ask.emergency");
    }

    pub(super) fn emergency_question(&mut self) -> String {
        if self.setting.targets.is_empty() {
            return self.wording.line(lines::IF_SAFE, &[]);
        }
        let there = wording::target(self.wording.tongue, self.setting.targets.first());
        self.wording.line(lines::IF_SAFE_PERSON, &[&there])
    }

    fn say_protected(&mut self, line: wording::Line) {
        let text = self.wording.line(line, &[]);
        self.say_at_once(text, false);
    }

    /// After the 911 sentence: a person, or on with what the caller came for. The emergency said again is answered again.
    pub(super) fn answer_emergency(
        &mut self,
        now: Instant,
        u: &Understood,
        reason: &'static str,
    ) -> bool {
        if let Some(flag) = red_flag(&u.text) {
            self.say_911(flag.kind);
            self.offer_person(flag.kind);
            return true;
        }
        match (u.answer, u.intent) {
            (_, Some(_)) if self.flights.is_empty() => {
                // "No, I'm fine, I just want to move my appointment."
                self.step = Step::Open;
                self.new_wish(now, u)
            }
            (Some(Answer::Yes), _) if !self.setting.targets.is_empty() => {
                self.hand_off(now, reason);
                true
            }
            (Some(_), _) | (None, Some(_)) => {
                self.say_line(lines::IF_WORSE);
                self.resume(now);
                true
            }
            (None, None) => false,
        }
    }
}

/// "Socorro." is help, and what many women are called: where a name was asked for it is one, said once and alone.
fn is_a_given_name(text: &str) -> bool {
    let words = folded(&tokens(text));
    let named = matches!(words.as_slice(), [name] if name.word == "socorro")
        || matches!(words.as_slice(), [name, one] if name.word == "maria" && one.word == "socorro");
    named && !text.contains(['!', '¡'])
}
