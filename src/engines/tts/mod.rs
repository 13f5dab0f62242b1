//! Engines that speak.

mod edges;
mod embedded;
mod flite;
mod hibari;
mod kokoro;
mod lexicon;
mod phonemes;
mod spanish;
mod spectrum;

pub use embedded::EmbeddedVoices;
pub use flite::{Flite, FliteError, FliteVoice};
pub use hibari::HibariModel;
pub use kokoro::KokoroModel;
