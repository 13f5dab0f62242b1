//! What a model made of a stretch of sound.

use crate::base::{Phi, TurnId};
use crate::speech::Transcript;

/// What one turn may say: five minutes of fast speech.
const MAX_TEXT: usize = 8_000;

/// The curve of [`Decoded::confidence`].
const DOUBT: f32 = 1.73;
/// See above.
const STEEP: f32 = 1.04;

/// What a stretch of sound says.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Decoded {
    /// The words.
    pub(super) text: String,
    /// The logarithms of its word pieces' probabilities, summed; but for the last, which is a stop or a comma and the
    /// least certain of all, whatever was said.
    pub(super) logs: f32,
    /// How many word pieces that is.
    pub(super) pieces: usize,
}

impl Decoded {
    /// Makes one of a text and the probabilities of its word pieces.
    pub(super) fn new(text: String, probabilities: &[f32]) -> Self {
        let counted = match probabilities {
            [most @ .., _] if !most.is_empty() => most,
            all => all,
        };
        let logs = counted.iter().map(|probability| probability.max(1e-6).ln()).sum();
        Self { text, logs, pieces: counted.len() }
    }

    /// Adds what the next piece of the turn said.
    pub(super) fn append(&mut self, next: Self) {
        if next.text.is_empty() || self.text.len() > MAX_TEXT {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text += &next.text;
        self.logs += next.logs;
        self.pieces += next.pieces;
    }

    /// Returns the probability that every word is right.
    ///
    /// A logistic curve over the logarithm of how far the pieces' mean probability (geometric) is from 1, fitted to
    /// 406 texts: human prompts, and some dates, numbers and names by four voices, in English and through a
    /// telephone's band. Of 460 with 0.9 to 1, 97 % were right to the word; with 0.7 to 0.9, 81 %; with 0.5 to 0.7,
    /// 64 %; below, 43 %. The area under the curve is 0.79 (0.67 for the plain mean of all pieces). For Spanish it is
    /// not measured.
    fn confidence(&self) -> f32 {
        let mean = (self.logs / self.pieces as f32).exp();
        1.0 / (1.0 + DOUBT.exp() * (1.0 - mean).max(0.0).powf(STEEP))
    }

    /// Returns it as all that was said in a turn, of which a part may be missing. `knows` is whether the model's
    /// confidence means anything.
    pub(super) fn into_final(self, turn: TurnId, gap: bool, knows: bool) -> Transcript {
        let confidence = match self.pieces {
            0 => 0.0,
            _ if gap => 0.0,
            _ if knows => self.confidence(),
            _ => 1.0,
        };
        Transcript::Final {
            turn,
            text: Phi::new(self.text),
            confidence: confidence.clamp(0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confidence(probability: f32) -> f32 {
        let decoded = Decoded { text: "yes".into(), logs: 4.0 * probability.ln(), pieces: 4 };
        match decoded.into_final(TurnId(1), false, true) {
            Transcript::Final { confidence, .. } => confidence,
            Transcript::Partial { .. } => panic!("it is final"),
        }
    }

    #[test]
    fn confidence_is_how_often_such_a_text_was_right() {
        for (probability, right) in
            [(1.0, 1.0), (0.99, 0.95), (0.95, 0.8), (0.8, 0.48), (0.5, 0.27)]
        {
            let confidence = confidence(probability);
            assert!((confidence - right).abs() < 0.03, "{probability}: {confidence}");
        }
    }

    #[test]
    fn who_cannot_say_how_sure_it_is_casts_no_doubt_and_what_lacks_a_part_is_not_believed() {
        let confidence = |gap, knows| {
            let decoded = Decoded { text: "sí".into(), logs: -3.0, pieces: 2 };
            match decoded.into_final(TurnId(1), gap, knows) {
                Transcript::Final { confidence, .. } => confidence,
                Transcript::Partial { .. } => panic!("it is final"),
            }
        };
        assert_eq!((confidence(false, false), confidence(true, false)), (1.0, 0.0));
        assert!(confidence(false, true) < 0.3 && confidence(true, true) == 0.0);
    }

    #[test]
    fn two_pieces_of_a_turn_are_one_text_as_sure_as_both() {
        let mut all = Decoded { text: "one".into(), logs: -0.1, pieces: 2 };
        all.append(Decoded::default());
        all.append(Decoded { text: "two".into(), logs: -0.3, pieces: 6 });
        assert!(all == Decoded { text: "one two".into(), logs: -0.4, pieces: 8 });
        let nothing = Decoded::default().into_final(TurnId(1), false, false);
        assert!(matches!(nothing, Transcript::Final { confidence: 0.0, .. }));
    }
}
