//! The second opinion on what is a voice: where it comes from, and what it says to a call.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;

use crate::base::CallId;
use crate::call::{Input, Sound};
use crate::config::Config;
use crate::engines::models::{self, Set};
use crate::engines::vad::SileroModel;
use crate::ops;
use crate::speech::{Origin, VoiceHint, VoiceModel};
use crate::workers::{Advice, AdviceSink};

/// Makes the judge of a call.
pub(super) type Judges = Box<dyn Fn() -> Box<dyn VoiceModel> + Send + Sync>;

/// Loads the embedded one. Without it the detector decides alone, which is said.
pub(super) fn embedded(config: &Config) -> Option<Judges> {
    let found = models::find_set(&config.node.models, Set::Detector);
    match found.and_then(|paths| SileroModel::load(&paths)) {
        Ok(model) => {
            let model: Arc<SileroModel> = model;
            Some(Box::new(move || model.judge()))
        }
        Err(error) => {
            let advice = error.advice();
            tracing::warn!(%error, %advice, "No model tells voices from noise and music: the detector alone decides, and is taken in more often.");
            None
        }
    }
}

/// Brings a call what its judge says.
pub(super) fn sink(call: CallId, inbox: mpsc::Sender<Input>) -> AdviceSink {
    Box::new(move |advice| match advice {
        Advice::Hint(kind) => tell(&inbox, kind),
        Advice::Failed(what) => {
            tell(&inbox, VoiceHint::Unknown);
            drop(inbox.try_send(Input::JudgeFailed));
            ops::DetectorFailed { call, what: &what }.emit();
        }
    })
}

fn tell(inbox: &mpsc::Sender<Input>, kind: VoiceHint) {
    let hint = Sound::VoiceHint { kind, by: Origin::Model, at: Instant::now() };
    // A call that is over, or 256 inputs behind, has no use for it.
    drop(inbox.try_send(Input::Sound(hint)));
}
