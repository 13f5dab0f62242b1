//! A voice made of tones: each letter 60 ms, each space a pause, with silence before and after as
//! real voices have it.

use std::ops::ControlFlow;

use attendant::speech::{Voice, VoiceError};

/// Speaks in tones.
pub(crate) struct Syllables;

impl Voice for Syllables {
    fn speak(
        &mut self,
        text: &str,
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
