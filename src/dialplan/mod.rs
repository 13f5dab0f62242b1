//! Rules of a number plan: which route a call takes, and why.
//!
//! House rules: a core. Takes dialled numbers and a civil time; reads no file and no clock.
//! Reasons name the rule, never the caller's number, so that they may be logged.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod condition;
mod explain;
mod hours;
mod number;
mod pattern;
mod plan;

pub use condition::{CallerRule, Condition, HeaderRule, HoursRule};
pub use hours::{DateRule, Hours, HoursError, Opening};
pub use number::{Country, Numbers};
pub use pattern::{Pattern, PatternError};
pub use plan::{
    Action, AgentName, Chosen, Dialled, Language, NoRoute, Plan, PlanTest, Reason, Route,
    RouteName, Target, Unanswered, Verdict,
};
