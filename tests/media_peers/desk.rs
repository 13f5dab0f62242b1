//! Our side: the gateway in this process, with a voice that says a known sentence and ears that write down every
//! frame. What stands between them and the wire is the product: SIP, SDP, media threads, rings.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::{Hints, Phi, TurnId};
use attendant::gateway::{Engines, Gateway};
use attendant::speech::{
    HeardFrame, Manner, Recognizer, RecognizerError, Transcript, Voice, VoiceError,
};
use tokio::runtime::Runtime;

use super::gateway_stage::{Folder, NODE, NUMBER, PROFILE, wait_until};
use super::sound;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The beginning of what the agent says first, which nobody can interrupt: our sound stands in its place.
const GREETING: &str = "Thank you for calling";

/// What each call's ears wrote down, in the order of the calls.
type Notes = Arc<Mutex<Vec<Vec<i16>>>>;

struct Writer {
    number: usize,
    notes: Notes,
    turn: Option<TurnId>,
}

impl Recognizer for Writer {
    fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError> {
        self.notes.lock().unwrap()[self.number].extend_from_slice(&heard.frame.0);
        Ok(())
    }
    fn expect(&mut self, _: &Hints) {}
    fn finish(&mut self, turn: TurnId) {
        self.turn = Some(turn);
    }
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let text = Phi::default();
        Ok(self.turn.take().map(|turn| Transcript::Final { turn, text, confidence: 0.0 }))
    }
}

/// Says our sentence for a greeting, and is silent otherwise.
struct Known(Vec<i16>);

impl Voice for Known {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let greets = text.starts_with(GREETING);
        let _ = sink(if greets { &self.0 } else { &[0; 1600] });
        Ok(())
    }
}

/// A gateway that is called. It is stopped when dropped.
pub(crate) struct Desk {
    pub folder: Folder,
    gateway: Option<Gateway>,
    runtime: Runtime,
    notes: Notes,
}

impl Desk {
    /// Starts it on RTP ports from an even one to an odd one, with lines for `[media]` of its trunk.
    pub(crate) fn open(ports: &str, media: &str) -> Self {
        let folder = Folder::trunk();
        folder.change(NODE, "24000-24399", ports);
        folder.change(PROFILE, "calls = 200", "calls = 20");
        folder.append(PROFILE, &format!("[media]\n{media}\n"));
        folder.fill_book();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let notes = Notes::default();
        let writers = Arc::clone(&notes);
        let ears = move |_| -> Box<dyn Recognizer> {
            let mut all = writers.lock().unwrap();
            all.push(Vec::new());
            Box::new(Writer { number: all.len() - 1, notes: Arc::clone(&writers), turn: None })
        };
        let engines =
            Engines { ears: Box::new(ears), voices: vec![Box::new(Known(sound::ours()))] };
        let started =
            runtime.block_on(Gateway::start_with(folder.path(), folder.config(), engines));
        Self { gateway: Some(started.unwrap()), folder, runtime, notes }
    }

    /// Returns whom to dial.
    pub(crate) fn uri(&self) -> String {
        format!("sip:{NUMBER}@{}", self.folder.sip)
    }

    /// Returns what a call's ears have heard so far, 16 kHz.
    pub(crate) fn heard(&self, call: usize) -> Vec<i16> {
        self.notes.lock().unwrap()[call].clone()
    }

    /// Waits until a call has been heard for so long.
    pub(crate) fn hears(&self, call: usize, ms: usize) -> bool {
        wait_until(PATIENCE, || {
            let notes = self.notes.lock().unwrap();
            notes.get(call).is_some_and(|note| note.len() >= ms * 16)
        })
    }

    /// Waits until no call is left.
    pub(crate) fn is_empty(&self) -> bool {
        wait_until(PATIENCE, || self.gateway.as_ref().is_some_and(|it| it.facts().calls == 0))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop(Duration::from_secs(2)));
        }
    }
}
