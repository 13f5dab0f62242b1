//! The threads that move sound: media threads that own sockets, hearing threads that own
//! recognisers, speaking threads that own voices; and the rings between them.
//!
//! House rules: a shell. It decides nothing that a core could; what happens on a media thread
//! neither allocates, locks, logs nor waits, except for its next millisecond.

mod adviser;
mod bridge;
mod control;
mod desk;
mod ear;
mod error;
mod events;
mod fader;
mod hearing;
mod hearing_load;
mod hearing_queue;
mod inflow;
mod leg;
mod linux;
mod load;
mod mouth;
mod news;
mod pacer;
mod plane;
mod playback;
mod polling;
mod ports;
mod prompts;
mod render;
mod rings;
mod slicer;
mod speaking;
mod tap;
mod thread;

pub use adviser::{Advice, AdviceSink};
pub use bridge::Bridge;
pub use control::{LegControl, LegMedia};
pub use error::WorkersError;
pub use events::{MediaEvent, MediaEventKind, MediaEvents};
pub use hearing::{Hearing, HearingEvent, HearingSink};
pub use hearing_load::HearingLoad;
pub use linux::{MemoryLock, Scheduling, lock_memory};
pub use plane::{MediaConfig, MediaLoad, MediaPlane, Pacing};
pub use playback::Playback;
pub use ports::Port;
pub use rings::{DownFrame, DownRing, UpRing, UpWriter, up_ring};
pub use speaking::{Rendering, Speaking, SpeakingEvent, SpeakingSink};
#[cfg(test)]
pub(crate) use tap::tap_for_tests;
pub use tap::{StereoFrame, TapReader};

pub use crate::media::LegParams;
