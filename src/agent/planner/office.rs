//! The practice's public facts, told in the middle of anything else.

use std::time::Instant;

use super::step::{Flight, Step};
use super::task::Kind;
use crate::agent::api::Goal;
use crate::agent::conversation::Conversation;
use crate::agent::tongue::Tongue;
use crate::agent::tools::{OfficeTopic, ToolCall, ToolData, ToolResult};
use crate::agent::wording::{self, lines};
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
            (true, ToolData::OfficeInfo(text)) if self.wording.tongue == Tongue::English => text,
            // The same facts came with the setting: an error here need not be heard.
            _ => match topic {
                OfficeTopic::Hours => {
                    let hours = self.setting.practice.hours.trim_end_matches('.');
                    let hours = wording::hours(self.wording.tongue, hours);
                    self.wording.line(lines::WE_ARE_OPEN, &[&hours])
                }
                OfficeTopic::Address => {
                    let address = self.setting.practice.address.trim_end_matches('.');
                    self.wording.line(lines::WE_ARE_AT, &[address])
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
