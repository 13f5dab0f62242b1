//! A scripted softphone: one user agent, its own media, and a stopwatch on the wire.
//!
//! House rules: a shell with two small machines in it (the ear, the script). It measures what it
//! hears by itself, with nothing of the media plane that it is to measure.

mod clip;
mod ear;
mod measure;
mod plan;
mod progress;
mod script;

pub use ear::{Ear, EarSettings, HeardPacket, Noticed};
pub use plan::{AgentSaid, AnswerPlan, AnswerRule, CallPlan, Line, Pauses, Talk};
pub use progress::CallProgress;
