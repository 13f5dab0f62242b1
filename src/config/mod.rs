//! Files into checked values. A value that exists is a value that is valid.
//!
//! House rules: every message names file, line and column, and says what to write instead. What a
//! file holds (`*File` structs) is private to the module that reads it; checked values are public.

mod across;
mod callers_file;
mod code;
mod diagnostic;
mod file;
mod hours_file;
mod limits_file;
mod load;
mod names;
mod node;
mod plan_file;
mod preset;
mod reach;
mod route_file;
mod target_file;
pub mod templates;
mod transfer;
mod trunk;
mod trunk_file;

pub use code::Code;
pub use diagnostic::{ConfigErrors, Diagnostic, Severity};
pub use load::{Config, Generation};
pub use node::{Book, Node, RtpBind};
pub use preset::Preset;
pub use transfer::{NotAllowed, Transfer, TransferMethod};
pub use trunk::{Limits, Peer, PerCaller, PlanName, Register, TrunkMedia, TrunkProfile};
