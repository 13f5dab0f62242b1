//! The sockets that SIP runs on. A shell: it carries bytes and time to [`crate::sip::Ua`], and decides nothing.
//!
//! House rules: an `if` about SIP belongs in `sip`; no task is started here; every queue has a limit.

mod error;
mod udp;

pub use error::BindError;
pub use udp::{Direction, Handle, Signalling, Stopped, Tap};
