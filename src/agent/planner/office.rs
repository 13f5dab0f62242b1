//! The practice's public facts, told in the middle of anything else.

use std::time::Instant;

use super::step::{Flight, Step};
use super::task::Kind;
use crate::agent::api::Goal;
use crate::agent::conversation::Conversation;
use crate::agent::tools::{OfficeTopic, ToolCall, ToolData, ToolResult};
use crate::base::{Phi, Purpose};

impl Conversation {
    pub(super) fn office(&mut self, now: Instant, topic: OfficeTopic) {
        let back = Box::new(self.step.clone());
        self.run(now, Flight::Office { topic, back }, ToolCall::GetOfficeInfo { topic });
    }

    pub(super) fn office_told(
        &mut self,
        now: Instant,
        topic: OfficeTopic,
        back: Step,
        result: ToolResult,
    ) {
        let told = match (result.is_ok(), result.data) {
            (true, ToolData::OfficeInfo(text)) => text,
            // The same facts came with the setting: an error here need not be heard.
            _ => match topic {
                OfficeTopic::Hours => {
                    format!("We're open {}.", self.setting.practice.hours.trim_end_matches('.'))
                }
                OfficeTopic::Address => {
                    format!("We're at {}.", self.setting.practice.address.trim_end_matches('.'))
                }
            },
        };
        self.say(told, true);
        self.goals.insert(Goal::Informed);
        self.deeds.push(Phi::new("Answered a question about the practice.".into()));
        if self.task.kind == Kind::None {
            self.deferred = None;
            return self.anything_else();
        }
        self.step = back;
        match self.deferred.take() {
            Some(text) => {
                let understood = self.read(text.reveal(Purpose::Understanding));
                self.take_turn(now, &understood);
            }
            None => self.ask_again_or_open(),
        }
    }
}
