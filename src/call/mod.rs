//! One call: its leg, its conversation and who has the floor, joined.
//!
//! House rules: a core, and the only one that knows both telephony and conversation. A call's
//! inputs, recorded, are its bug report and its replay.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

#[allow(missing_docs, reason = "variants are documented; a field `leg: LegId` says all there is")]
mod api;
mod hand_off;
mod hearing;
mod machine;
mod recording;
mod signals;
mod speaking;
mod transfer;

pub use api::{
    Attempt, Carrier, Consent, EndReason, Input, Outcome, Output, Reach, Record, Setup, Silence,
    Sound, Summary, Told,
};
pub use machine::Call;
