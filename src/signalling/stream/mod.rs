//! SIP over connections (RFC 3261 §18, RFC 5626 §4.4.1): TCP, and TLS on top of it.
//!
//! A connection is a task that carries bytes; which there are, and what they may cost, is decided in one place.

mod connection;
mod connections;
mod end;
mod listener;
mod tls;

pub(super) use connection::What;
pub(super) use connections::{Connections, Ended, Happened};
pub(super) use listener::{Arrived, Listener, poll_accept};
pub use tls::TlsError;
pub(super) use tls::{Clients, server};
