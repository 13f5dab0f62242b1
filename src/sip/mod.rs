//! The SIP user agent (RFC 3261), without a socket.
//!
//! House rules: no clock, no socket, no lock. A machine is moved by `handle_input` and
//! `handle_timeout`, and read out by `poll_output` and `poll_timeout`, until both are empty.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod about;
mod agenda;
#[allow(missing_docs, reason = "variants are documented; a field `leg: LegId` says all there is")]
mod api;
pub mod auth;
mod capability;
mod dialog;
pub mod message;
mod registrar;
mod registration;
mod session;
pub mod transaction;
mod ua;

pub use api::{
    CalledFrom, CallerFrom, Command, Credentials, DropReason, EndCause, Event, Flow, Inbound,
    Incoming, Input, NewLeg, Output, Policy, Prack, Refusal, Registrar, Registration,
    RegistrationState, SessionTimer, Standing, TransferState, Transport, Trunk, UaConfig,
};
pub use ua::Ua;
