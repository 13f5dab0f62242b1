//! Taking a message: the caller's words, left for the team as a callback.

use std::time::Instant;

use super::step::{Flight, Step};
use super::task::{Kind, Task};
use crate::agent::conversation::Conversation;
use crate::agent::language::{Meta, NamePart, Understood, any};
use crate::agent::tools::ToolCall;
use crate::agent::wording::lines;
use crate::base::{Phi, Purpose};

/// Characters of a message kept: about three minutes of dictation.
const LONGEST: usize = 2000;

impl Conversation {
    /// Starts on a message. What was asked for in the same breath ("tell Dr. Kim that I called") is the message.
    pub(super) fn start_message(&mut self, now: Instant, u: &Understood) {
        self.task = Task {
            kind: Kind::Message,
            appointments: self.task.appointments.take(),
            ..Task::default()
        };
        if u.length() > 6
            && u.says(&[
                "that|to say",
                "tell ..3 that|doctor|nurse",
                "about my|a|the",
                "call me back about",
            ])
        {
            return self.leave_message(now);
        }
        self.ask_message();
    }

    /// Goes on with a message: leaves it where it was told, else asks for it.
    pub(super) fn message(&mut self, now: Instant) {
        if self.task.message.is_some() { self.leave_message(now) } else { self.ask_message() }
    }

    pub(super) fn ask_message(&mut self) {
        self.task.kind = Kind::Message;
        self.ask_line(Step::Message, lines::MESSAGE, "ask.message");
    }

    /// Everything said now is the message, except ways out.
    pub(super) fn message_told(&mut self, now: Instant, u: &Understood) {
        if matches!(u.meta, Some(Meta::NeverMind))
            || u.length() <= 3 && any(&u.tokens, &["^ no|nothing|nope", "forget it"])
        {
            self.say_line(lines::ALL_RIGHT);
            return self.anything_else();
        }
        let thin = u.length() <= 2 && (u.answer.is_some() || u.meta.is_some());
        if thin {
            self.say_line(lines::LISTENING);
            return self.listen();
        }
        self.merge_identity(u);
        self.leave_message(now);
    }

    /// Leaves what was said for the team; a name is asked for once.
    fn leave_message(&mut self, now: Instant) {
        let words = self.task.message.take().or_else(|| self.heard.clone()).unwrap_or_default();
        let named = self.facts.given.is_some() || self.facts.family.is_some();
        if !named && !std::mem::replace(&mut self.task.name_asked, true) {
            self.task.message = Some(words);
            return self.ask_line(Step::Name(NamePart::Both), lines::NAME_TOO, "ask.name");
        }
        let reason = Phi::new(format!(
            "{} Message: {}",
            self.who(),
            words.reveal(Purpose::EhrRequest).chars().take(LONGEST).collect::<String>()
        ));
        self.run(now, Flight::Message, ToolCall::CreateCallback { reason });
    }
}
