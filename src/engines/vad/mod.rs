//! Judges of what is a voice.

mod silero;

pub use silero::SileroModel;
