//! English and Spanish at once, until it is known which of them a caller speaks.
//!
//! A call begins in one language, and who speaks the other is made into nonsense: of Spanish on a telephone the English
//! recogniser writes down "Nope, we'll all respect that" for "No puedo respirar". Whisper tells the two apart by the
//! sound before it writes anything, so it is asked of what seems whole; where it hears Spanish its words count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rten::RunError;

use super::decoded::Decoded;
use super::hearing::{Ear, PieceRecognizer};
use super::turn_audio::Piece;
use super::{MoonshineModel, WhisperModel};
use crate::base::Hints;
use crate::speech::Recognizer;

/// Which share of the two must be Spanish. Of 36 short English sentences of three voices on a telephone line the highest
/// was 0.02; of 30 Spanish ones of two voices 27 had more than this, and every emergency.
const SPANISH: f32 = 0.6;
/// Below this it is plainly English.
const ENGLISH: f32 = 0.1;
/// So many pieces in English, each of half a second of voice, and the caller speaks English. A pause and the end of its
/// turn may both be asked about.
const SETTLED: usize = 4;
/// Frames of 20 ms with a voice in them: 25 × 20 ms = 0.5 s.
const ENOUGH: usize = 25;

/// The ear of one leg.
struct EitherEar {
    english: Arc<MoonshineModel>,
    spanish: Arc<WhisperModel>,
    /// Pieces that were plainly English.
    settled: AtomicUsize,
}

/// Returns a recogniser for one leg of a call that begins in English.
pub fn either(english: &Arc<MoonshineModel>, spanish: &Arc<WhisperModel>) -> Box<dyn Recognizer> {
    let (english, spanish) = (Arc::clone(english), Arc::clone(spanish));
    let ear = EitherEar { english, spanish, settled: AtomicUsize::new(0) };
    Box::new(PieceRecognizer::new(Arc::new(ear)))
}

impl Ear for EitherEar {
    fn decode(&self, piece: &Piece, hints: Option<&Hints>) -> Result<Decoded, RunError> {
        // In the middle of a sentence only the quick one is asked: its words tell that somebody speaks.
        if hints.is_some() && self.settled.load(Ordering::Relaxed) < SETTLED {
            let (share, states) = self.spanish.share_of_spanish(piece)?;
            if share >= SPANISH {
                return self.spanish.write_down(piece, &states, hints);
            }
            if share < ENGLISH && piece.voiced >= ENOUGH {
                self.settled.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.english.decode(piece, hints)
    }

    /// The English recogniser does; until the caller is known to speak English it may have been the other.
    fn knows_how_sure_it_is(&self) -> bool {
        self.settled.load(Ordering::Relaxed) >= SETTLED
    }

    fn partial_after(&self, frames: usize) -> usize {
        self.english.partial_after(frames)
    }
}
