//! The media plane against real peers.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod calls;
mod capture;
mod changes;
mod compare;
mod desk;
mod echo;
mod faults;
#[path = "../gateway_stage/mod.rs"]
mod gateway_stage;
#[path = "../interop/mod.rs"]
mod interop;
mod limits;
mod packets;
mod post;
mod reports;
mod sound;
