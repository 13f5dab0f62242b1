//! The sockets that drive the SIP user agent.
//!
//! House rules: a shell. It owns the clock and the sockets, and decides nothing about SIP.

mod error;
mod udp;

pub use error::SignallingError;
pub use udp::{Handle, Signalling};
