//! Engines that speak.

mod flite;

pub use flite::{Flite, FliteError, FliteVoice};
