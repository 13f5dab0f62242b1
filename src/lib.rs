//! Attendant: a SIP/RTP media gateway with the voice agent inside, for medical practices.
//!
//! Read the modules in this order. Each may use those above it, never those below; the
//! table in `tests/architecture.rs` holds that line.
//!
//! * Cores, which decide and have no clock, socket, lock or `async`: [`base`], [`sip`], [`sdp`],
//!   [`codec`], [`rtp`], [`media`], [`speech`], [`practice`], [`agent`], [`dialplan`], [`call`].
//! * Shells, which do what cores decided: [`ops`], [`config`], [`signalling`], [`workers`],
//!   [`recording`], [`engines`], [`store`], [`ehr`], [`audit`], [`toolbox`], [`phone`], [`gateway`], [`cli`].
//! * [`fuzzing`] is for tests: what must hold for bytes that others wrote.

pub mod agent;
pub mod audit;
pub mod base;
pub mod call;
pub mod cli;
pub mod codec;
pub mod config;
pub mod dialplan;
pub mod ehr;
pub mod engines;
pub mod fuzzing;
pub mod gateway;
pub mod media;
pub mod ops;
pub mod phone;
pub mod practice;
pub mod recording;
pub mod rtp;
pub mod sdp;
pub mod signalling;
pub mod sip;
pub mod speech;
pub mod store;
pub mod toolbox;
pub mod workers;
