//! One leg's media: packets in, frames out, and back, with one tick every 20 ms.
//!
//! House rules: a core, run by media threads: no clock, no socket, no lock, and no allocation
//! after set-up. All state is plain data, so that a leg can be taken over by another process.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub use crate::rtp::Playout;

mod collected;
mod latch;
mod leveller;
mod quiet;
mod receiver;
mod scaling;
mod sender;
mod session;

pub use latch::{Latch, Source};
pub use leveller::Leveller;
pub use receiver::{Heard, Sound, Timing};
pub use sender::Continuity;
pub use session::{LegParams, MediaSession, Received, SessionEvent, Stats};
