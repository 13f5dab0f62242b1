//! Words every other module speaks: ids, units, limits, frames of sound, and [`Phi`].
//!
//! House rules: no dependency on any other module; a number with a unit is a type here, not a
//! `u64` with a comment.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod dice;
mod expect;
mod frame;
mod ids;
mod language;
mod phi;
mod sdp;
mod timer_table;
mod units;
mod vendor;

pub use dice::Dice;
pub use expect::{Expect, Hints};
pub use frame::{Frame, Loudness, place};
pub use ids::{CallId, Epoch, LegId, TargetName, ToolRequestId, TrunkName, TurnId, UtteranceId};
pub use language::Language;
pub use phi::{Phi, Purpose, Secret};
pub use sdp::Sdp;
pub use timer_table::TimerTable;
pub use units::{Decibel, ExtSeqNo, PacketTime, RtpTime, SampleRate, SeqNo};
pub use vendor::{Vendor, VendorKind, VendorLimits};
