//! Rules of a number plan: which route a call takes, and why.
//!
//! House rules: a core. Takes dialled numbers and a civil time; reads no file and no clock.
//! Reasons name the rule, never the caller's number, so that they may be logged.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod calendar;
mod condition;
mod day;
mod explain;
mod forbidden;
mod hours;
mod language;
mod list;
mod number;
mod pattern;
mod plan;
mod when;

pub use calendar::{Calendar, Gap, Held, Moments};
pub use condition::{CallerRule, Condition, HeaderRule, header_name};
pub use day::DateRule;
pub use forbidden::Danger;
pub use hours::{Holiday, Hours, HoursError, Opening, Span};
pub use language::Shared;
pub use list::NumberList;
pub use number::{Country, Numbers};
pub use pattern::{Pattern, PatternError};
pub use plan::{
    Action, AgentName, Chosen, Dialled, How, Offer, Plan, PlanTest, Reason, Rings, Route,
    RouteName, Target, Unanswered, Verdict,
};
pub use when::{When, WhenError};
