//! Understanding: from the words of one turn to what they mean, by rules alone.
//!
//! Nothing here remembers anything or decides anything; what a turn means in its place is the planner's.

mod answers;
mod birth;
mod days;
mod intents;
mod names;
mod numbers;
mod phrase;
mod spanish;
mod times;
mod tokens;
mod understood;
mod when;

pub(crate) use answers::{Answer, choice, is_plain};
pub(crate) use birth::{BirthHeard, complete};
pub(crate) use intents::{Intent, Meta};
pub(crate) use names::{NamePart, PractitionerHeard};
pub(crate) use numbers::{Number, digit_run, numbers};
pub(crate) use phrase::{any, find_all};
pub(crate) use spanish::{evident, folded, spanish_numbers};
pub(crate) use tokens::{Token, tokens};
pub(crate) use understood::{Asked, Understood, understand};
pub(crate) use when::{Shift, When};
