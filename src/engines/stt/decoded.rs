//! What a model made of a stretch of sound.

use crate::base::{Phi, TurnId};
use crate::speech::Transcript;

/// What one turn may say: five minutes of fast speech.
const MAX_TEXT: usize = 8_000;

/// What a stretch of sound says.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Decoded {
    /// The words.
    pub(super) text: String,
    /// The probabilities of its word pieces, summed.
    pub(super) sureness: f32,
    /// How many word pieces that is.
    pub(super) pieces: usize,
}

impl Decoded {
    /// Adds what the next piece of the turn said.
    pub(super) fn append(&mut self, next: Self) {
        if next.text.is_empty() || self.text.len() > MAX_TEXT {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text += &next.text;
        self.sureness += next.sureness;
        self.pieces += next.pieces;
    }

    /// Returns it as all that was said in a turn.
    pub(super) fn into_final(self, turn: TurnId) -> Transcript {
        let confidence = if self.pieces == 0 { 0.0 } else { self.sureness / self.pieces as f32 };
        Transcript::Final {
            turn,
            text: Phi::new(self.text),
            confidence: confidence.clamp(0.0, 1.0),
        }
    }
}
