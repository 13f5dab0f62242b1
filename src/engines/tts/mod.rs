//! Engines that speak.

mod flite;
mod hibari;
mod phonemes;
mod spectrum;

pub use flite::{Flite, FliteError, FliteVoice};
pub use hibari::HibariModel;
