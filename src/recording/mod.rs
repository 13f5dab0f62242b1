//! What was said, as sound: recorded by a thread of its own, encrypted to keys that this machine cannot open, and
//! removed when its time has come.
//!
//! House rules: a shell. Whether a call is recorded, and from when to when, the call decides; nothing here holds up a
//! call or a tick, and what cannot be written is told and counted. The home of `age`.

mod error;
mod file;
mod held;
mod keep;
mod recorder;
mod take;
mod wav;

pub use error::RecordingError;
pub use file::{Listed, Pause, Row, list};
pub use held::Why;
pub use keep::{Purged, purge, recover};
pub use recorder::{Kept, Order, Recorder, Recording};
