//! What takes the place of speech models: ears that understand nothing, and a voice made of tones.
#![allow(dead_code, reason = "phones need the voice alone")]

use std::ops::ControlFlow;

use attendant::base::{Hints, Phi, TurnId};
use attendant::speech::{
    HeardFrame, Manner, Recognizer, RecognizerError, Transcript, Voice, VoiceError,
};

/// Hears every turn out and understands nothing of it.
#[derive(Default)]
pub(crate) struct Deaf(Option<TurnId>);

impl Recognizer for Deaf {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: &Hints) {}
    fn finish(&mut self, turn: TurnId) {
        self.0 = Some(turn);
    }
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let text = Phi::default();
        Ok(self.0.take().map(|turn| Transcript::Final { turn, text, confidence: 0.0 }))
    }
}

/// Speaks in tones: each letter 60 ms, each space a pause, with silence before and after as real
/// voices have it.
pub(crate) struct Syllables;

impl Voice for Syllables {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let silence = |ms: usize| vec![0; ms * 16];
        let mut pieces = vec![silence(130)];
        for letter in text.chars() {
            if letter == ' ' {
                pieces.push(silence(40));
                continue;
            }
            let step =
                f64::from(200 + 20 * (letter as u32 % 32)) * std::f64::consts::TAU / 16_000.0;
            let tone = |n: u32| (8000.0 * (f64::from(n) * step).sin()) as i16;
            pieces.push((0..960).map(tone).collect());
        }
        pieces.push(silence(170));
        for piece in pieces {
            if sink(&piece).is_break() {
                break;
            }
        }
        Ok(())
    }
}
