//! One leg's media: packets in, frames out, and back, with one tick every 20 ms.
//!
//! House rules: a core, run by media threads: no clock, no socket, no lock, and no allocation
//! after set-up. All state is plain data, so that a leg can be taken over by another process;
//! but for libopus, which begins anew.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod backdrop;
mod collected;
mod digits;
mod event;
mod in_band;
mod keypad;
mod latch;
mod leveller;
mod levels;
mod life;
mod melody;
mod mix;
mod pauses;
mod protection;
mod quality;
mod quiet;
mod received;
mod receiver;
mod scaling;
mod sender;
mod session;
mod socket_counts;
mod speech_level;
mod stats;
mod tones;
mod verdict;
mod watch;

pub use crate::rtp::Playout;
pub use backdrop::{Backdrop, Clip};
pub use event::SessionEvent;
pub use keypad::{Keypad, Way};
pub use latch::{Latch, Source};
pub use leveller::Leveller;
pub use levels::{DIGITAL_SILENCE, LevelMeter, Levels};
pub use mix::over;
pub use quality::{Impairment, Path, Rating, burst_ratio, mos, rate};
pub use received::Received;
pub use receiver::{Heard, Sound, Timing};
pub use sender::Continuity;
pub use session::{LegParams, MediaSession};
pub use socket_counts::SocketCounts;
pub use speech_level::SpeechLevel;
pub use stats::Stats;
pub use tones::{CallTone, CallTones};
pub use verdict::{DECIDES_AFTER, Facts, Inbound, Outbound, Verdict};
pub use watch::Quality;
