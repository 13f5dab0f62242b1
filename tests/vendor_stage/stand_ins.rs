//! What stands in for a vendor in tests: ears that count what they heard, and a voice that notes what it said.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use attendant::base::{Hints, Phi, TurnId};
use attendant::speech::{
    HeardFrame, Manner, Recognizer, RecognizerError, Transcript, Voice, VoiceError,
};

/// Says how many frames it heard of a turn, and how many of them were voiced.
#[derive(Default)]
pub struct CountingEar {
    frames: usize,
    voiced: usize,
    told: VecDeque<Transcript>,
}

impl Recognizer for CountingEar {
    fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError> {
        self.frames += 1;
        self.voiced += usize::from(heard.voiced);
        Ok(())
    }

    fn expect(&mut self, _: &Hints) {}

    fn finish(&mut self, turn: TurnId) {
        let text = Phi::new(format!("embedded heard {} frames", self.frames));
        (self.frames, self.voiced) = (0, 0);
        self.told.push_back(Transcript::Final { turn, text, confidence: 0.5 });
    }

    fn reset(&mut self) {
        (self.frames, self.voiced) = (0, 0);
    }

    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        Ok(self.told.pop_front())
    }
}

/// The sample that it speaks with: no tone has so many of them in a row.
pub const SAMPLE: i16 = 7_777;

/// Notes what it says.
#[derive(Clone, Default)]
pub struct NotingVoice(pub Arc<Mutex<Vec<String>>>);

impl Voice for NotingVoice {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        self.0.lock().unwrap().push(text.to_owned());
        let _ = sink(&[SAMPLE; 1_600]);
        Ok(())
    }
}
