//! Hearing, speaking, and whose turn it is.
//!
//! House rules: a core, as in [`crate::sip`]. Nothing here knows which engine hears or speaks.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod normalise;
mod recognizer;
mod vad;
mod voice;

pub use recognizer::{HeardFrame, Recognizer, RecognizerError, Transcript};
pub use vad::{Activity, Vad, VoiceEdge};
pub use voice::{Voice, VoiceError};
