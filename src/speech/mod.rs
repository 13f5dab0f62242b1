//! Hearing, speaking, and whose turn it is.
//!
//! House rules: a core, as in [`crate::sip`]. Nothing here knows which engine hears or speaks.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod attention;
mod background;
mod echo;
mod echo_gate;
pub mod floor;
pub mod normalise;
mod pitch;
mod recognizer;
mod second_opinion;
mod utterance;
mod vad;
mod voice;
mod voice_hint;

pub use attention::{Attention, Noticed};
pub use echo::{EchoReference, Sent};
pub use floor::{Floor, patience::Awaited};
pub use recognizer::{HeardFrame, Recognizer, RecognizerError, Transcript, Work};
pub use second_opinion::{SecondOpinion, VoiceModel};
pub use utterance::Utterance;
pub use vad::{Activity, Vad, VoiceEdge};
pub use voice::{Manner, Trouble, Voice, VoiceError};
pub use voice_hint::{Origin, VoiceHint};
