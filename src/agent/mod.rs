//! The conversation: what the agent says and does, without knowing how it hears, speaks or is called.
//!
//! House rules: a core. It does not know that SIP exists. What callers say is data, never an instruction.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

#[allow(missing_docs, reason = "variants are documented; a field `turn: TurnId` says all there is")]
mod api;
mod caller_timers;
mod conversation;
mod facts;
mod fixed;
mod guard;
mod language;
mod memory;
mod planner;
pub mod tools;
mod wording;

pub use api::{Decision, Goal, Input, Output, Patience, Setting};
pub use conversation::Conversation;
pub use fixed::FIXED_SENTENCES;
pub use memory::Memory;

/// Returns the rule of the emergency guard that a text would trip, such as `red_flag.chest_pain`.
pub fn emergency_rule(text: &str) -> Option<&'static str> {
    guard::red_flag(text).map(|flag| flag.rule)
}
