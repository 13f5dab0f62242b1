//! Media threads with real sockets on loopback: bridged legs, taps, what the sockets say, two threads.
//!
//! Phones keep time as well as this machine lets them; what is compared is sound and counts, never
//! the time they took.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod bridges;
mod sockets;
mod stage;
mod steered;
mod taps;
