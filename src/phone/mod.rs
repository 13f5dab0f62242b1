//! A scripted softphone: one user agent, its own media, and a stopwatch on the wire.
//!
//! House rules: a shell with two small machines in it (the ear, the script). It measures what it
//! hears by itself, with nothing of the media plane that it is to measure.

mod clip;
mod closing;
mod ear;
mod error;
mod holding;
mod measure;
mod opening;
mod party;
#[allow(clippy::module_inception, reason = "the phone is the room's one noun")]
mod phone;
mod plan;
mod progress;
mod quality;
mod recording;
mod report;
mod script;
mod session;
mod signals;
mod sound;
mod target;
mod voice;
mod wire;

pub use ear::{Ear, EarSettings, HeardPacket, Noticed};
pub use error::PhoneError;
pub use holding::HoldReport;
pub use phone::{Encrypted, Phone, PhoneConfig};
pub use plan::{AgentSaid, AnswerPlan, AnswerRule, CallPlan, Line, Pauses, ReferPlan, Talk};
pub use progress::CallProgress;
pub use quality::{QualityReport, Verdict};
pub use report::{
    CallReport, EndedBy, Outcome, PacketReport, SpurtReport, TransferReport, TurnReport,
};
pub use target::{local_address_for, local_address_towards, transport_for};
pub use voice::choose_voice;
