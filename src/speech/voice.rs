//! The seam between us and whatever turns words into sound.

use std::ops::ControlFlow;

/// Why a voice cannot speak a sentence.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The model or vendor failed.
    #[error("the voice failed: {what}")]
    Failed {
        /// What it said.
        what: String,
    },
}

/// Text to speech. Owned by one thread.
pub trait Voice: Send {
    /// Speaks a text of one or more sentences, written as for a reader ("9:30 AM", "Dr. Patel").
    ///
    /// `sink` gets the sound as it becomes ready: 16 kHz mono, pieces of any length. It returns
    /// `Break` when nobody wants the rest.
    ///
    /// # Errors
    /// When the engine has failed; what the sink got until then was right.
    fn speak(
        &mut self,
        text: &str,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError>;
}
