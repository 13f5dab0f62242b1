//! Files into checked values. A value that exists is a value that is valid.
//!
//! House rules: every message names file, line and column, and says what to write instead. What a
//! file holds (`*File` structs) is private to the module that reads it; checked values are public.

mod across;
mod alone;
mod auth_file;
mod callers_file;
mod code;
mod diagnostic;
pub mod explain;
mod file;
mod hours_file;
mod keys;
mod layers;
mod limits_file;
mod listen_file;
mod load;
mod media_file;
mod names;
mod node;
mod peer_file;
mod plan_file;
mod presets;
mod reach;
mod recording_file;
pub mod reference;
mod route_file;
mod session_file;
mod snippet;
mod speech_file;
mod target_file;
pub mod templates;
mod transfer;
mod transfer_file;
mod trunk;
mod trunk_file;
mod waiting_file;

pub use alone::{read_plan, read_profile};
pub use code::Code;
pub use diagnostic::{ConfigErrors, Diagnostic, Severity};
pub use keys::{Fallback, Key, NODE, PLAN, TRUNK};
pub use load::{Config, Generation, Readable};
pub use node::{Book, Floods, Node, RtpBind};
pub use presets::{Fact, Family, Knowledge, Preset, Standing};
pub use recording_file::Recording;
pub use snippet::{SnippetFamily, SnippetValues, snippet};
pub use speech_file::{Reached, Speech};
pub use transfer::{ContextField, NotAllowed, Notify200, Transfer, TransferMethod};
pub use trunk::{
    Limits, Listen, Peer, PerCaller, PlanName, Register, RtcpMux, Srtp, TlsFiles, TrunkMedia,
    TrunkProfile,
};
pub use waiting_file::WaitingSound;
