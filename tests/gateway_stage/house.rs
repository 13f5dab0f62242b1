//! The gateway in this process without speech models: its ears understand nothing, its voice hums.

use std::ops::ControlFlow;
use std::time::Duration;

use attendant::base::{Expect, Phi, TurnId};
use attendant::gateway::{Engines, Facts, Gateway};
use attendant::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Voice, VoiceError};
use tokio::runtime::Runtime;

use super::Folder;

#[derive(Default)]
struct Deaf(Option<TurnId>);

impl Recognizer for Deaf {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: Expect) {}
    fn finish(&mut self, turn: TurnId) {
        self.0 = Some(turn);
    }
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let text = Phi::default();
        Ok(self.0.take().map(|turn| Transcript::Final { turn, text, confidence: 0.0 }))
    }
}

struct Humming;

impl Voice for Humming {
    fn speak(
        &mut self,
        text: &str,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        // 50 ms a letter, as a person would take.
        for _ in text.chars() {
            if sink(&[100; 800]).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// A gateway in this process. It is stopped when dropped.
pub(crate) struct House {
    gateway: Option<Gateway>,
    runtime: Runtime,
}

impl House {
    /// Starts it.
    pub(crate) fn open(folder: &Folder) -> Self {
        folder.fill_book();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let ears = Box::new(|| -> Box<dyn Recognizer> { Box::new(Deaf::default()) });
        let engines = Engines { ears, voice: Box::new(Humming) };
        let started =
            runtime.block_on(Gateway::start_with(folder.path(), folder.config(), engines));
        Self { gateway: Some(started.unwrap()), runtime }
    }

    /// Returns what it says of itself.
    pub(crate) fn facts(&self) -> Facts {
        self.gateway.as_ref().unwrap().facts()
    }

    /// Reads the configuration again.
    pub(crate) fn reload(&self) {
        self.runtime.block_on(self.gateway.as_ref().unwrap().reload()).unwrap();
    }

    /// Drains and stops it in a thread of its own.
    pub(crate) fn stop(mut self, within: Duration) -> std::thread::JoinHandle<()> {
        let gateway = self.gateway.take().unwrap();
        std::thread::spawn(move || self.runtime.block_on(gateway.stop(within)))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop(Duration::from_secs(2)));
        }
    }
}
