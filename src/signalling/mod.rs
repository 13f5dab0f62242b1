//! The sockets that SIP runs on: UDP, TCP and TLS. A shell: it carries bytes and time to [`crate::sip::Ua`], looks
//! up hosts, keeps strangers out, and decides nothing about calls.
//!
//! How it is set up: [`Settings`] list where it listens ([`Listen`]), with which certificates ([`TlsServer`]), whom
//! it expects at the other end of its own TLS connections ([`TlsClient`]), and the [`Limits`]. [`Signalling::open`]
//! opens all of it, [`Signalling::bind`] plain UDP alone; [`Handle::reload`] swaps it while calls go on.
//!
//! A [`crate::sip::Flow`] names a way: transport, our address as bound, the peer's address. Over TCP and TLS it is
//! one connection, made when something is sent to a flow that has none. [`Resolver::locate`] finds the flows to a
//! host, best first; an end of a connection comes to the user agent as [`crate::sip::Input::Broken`].
//!
//! House rules: an `if` about SIP belongs in `sip`; no task outlives [`Signalling::run`]; every queue has a limit.

mod bound;
mod dns;
mod driver;
mod error;
mod gate;
mod handle;
mod settings;
mod stream;
mod udp;

pub use dns::{Destination, LocateError, Resolver};
pub use driver::{Direction, Signalling, Tap};
pub use error::BindError;
pub use gate::Drops;
pub use handle::{Handle, Stopped};
pub use settings::{Limits, Listen, Rate, Settings, TlsClient, TlsServer};
pub use stream::TlsError;
