//! The embedded planner: plain rules that fill in what a task needs, ask for what is missing, and act.
//!
//! One file a task. Each turn goes through [`turn`]: first what is about the conversation, then what answers the open
//! question, then new wishes; at the end [`Conversation::advance`] finds the next step of the task at hand.

mod appointments;
mod book;
mod cancel;
mod emergency;
mod identify;
mod keys;
mod message;
mod office;
mod person;
mod quiet;
mod reschedule;
mod results;
mod search;
mod staff;
mod step;
mod summary;
mod switch;
mod task;
mod tongue;
mod turn;

pub(crate) use step::{Flight, Step};
pub(crate) use task::Task;

use std::time::Instant;

use crate::agent::conversation::Conversation;
use crate::agent::wording::lines;
use task::Kind;

impl Conversation {
    /// Takes the next step of the task at hand: asks, runs a tool, or offers.
    pub(crate) fn advance(&mut self, now: Instant) {
        match self.task.kind {
            Kind::None => self.anything_else(),
            Kind::Message => self.message(now),
            _ if !self.facts.is_verified() => self.identify(now),
            Kind::Reschedule => self.reschedule(now),
            Kind::Book => self.book(now),
            Kind::Cancel => self.cancel(now),
            Kind::Appointments => self.list_appointments(now),
        }
    }

    /// A task is over, or there was none.
    pub(crate) fn anything_else(&mut self) {
        self.task = Task::default();
        self.ask_line(Step::AnythingElse, lines::ANYTHING_ELSE, "ask.anything_else");
    }
}
