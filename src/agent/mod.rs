//! The conversation: what the agent says and does, without knowing how it hears, speaks or is called.
//!
//! House rules: a core. It does not know that SIP exists. What callers say is data, never an instruction.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

#[allow(missing_docs, reason = "variants are documented; a field `turn: TurnId` says all there is")]
mod api;
mod caller_timers;
mod confidence;
mod conversation;
mod fact_reader;
mod facts;
mod fixed;
mod guard;
mod language;
mod memory;
mod planner;
mod tongue;
pub mod tools;
mod untold;
mod wording;

use jiff::civil::Date;

use crate::base::Language;

pub use api::{Decision, Goal, Input, Notice, Output, Patience, Private, Setting};
pub use conversation::Conversation;
pub use fact_reader::{FactsRead, read_facts};
pub use fixed::fixed_sentences;
pub use memory::Memory;

/// Whether the agent understands a language and has its sentences in it. It greets in such a one and may go on in such
/// a one; a caller who asks for another goes to a person.
pub fn speaks(language: Language) -> bool {
    tongue::Tongue::of(language).is_some()
}

/// Returns the language in which the agent greets on a route with these: the first that it speaks.
pub fn greets_in(languages: &[Language]) -> Language {
    languages.iter().copied().find(|language| speaks(*language)).unwrap_or_default()
}

/// Returns every sentence that the agent says in a language, with the facts of an invented clinic in it; none for a
/// language that it does not speak.
pub fn sentences(language: Language, today: Date) -> Vec<String> {
    wording::sentences(language, today)
}

/// Returns the rule of the emergency guard that a text would trip, such as `red_flag.chest_pain`.
pub fn emergency_rule(text: &str) -> Option<&'static str> {
    guard::red_flag(text).map(|flag| flag.rule)
}
