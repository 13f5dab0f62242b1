//! The sockets that SIP runs on. A shell: it carries bytes and time to [`crate::sip::Ua`], and decides nothing.
//!
//! House rules: an `if` about SIP belongs in `sip`; no task is started here; every queue has a limit.

mod dns;
mod error;
mod settings;
mod udp;

pub use dns::{Destination, LocateError, Resolver};
pub use error::BindError;
pub use settings::{Limits, Listen, Rate, Settings, TlsClient, TlsServer};
pub use udp::{Direction, Handle, Signalling, Stopped, Tap};
