//! Attendant: a SIP/RTP media gateway with the voice agent inside, for medical practices.
//!
//! Read the modules in this order. Each may use those above it, never those below; the
//! table in `tests/architecture.rs` holds that line.

pub mod agent;
pub mod base;
pub mod codec;
pub mod dialplan;
#[doc(hidden)]
pub mod fuzzing;
pub mod practice;
pub mod sdp;
pub mod signalling;
pub mod sip;
pub mod speech;
