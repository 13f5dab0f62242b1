//! Hibari: a US woman's voice. Text becomes phonemes, a network turns these into spectra, and
//! [`super::spectrum`] turns spectra into sound.

use std::ops::ControlFlow;
use std::sync::Arc;

use rten::{NodeId, Value, ValueView};

use super::edges::spoken;
use super::phonemes::Phonemes;
use super::spectrum::{Spectra, Synthesiser};
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::Network;
use crate::speech::normalise::{sentences, to_spoken};
use crate::speech::{Manner, Voice, VoiceError};

/// What a speaker leaves between two sentences: 180 ms. The model's own edges are up to 400 ms of
/// silence, which a caller waits through before every answer.
const BREATH: usize = 180 * 16;
/// How slowly it can speak and be understood, and how fast.
const SLOWEST: f32 = 0.5;
const FASTEST: f32 = 2.0;

/// The weights and the dictionary, shared by all voices: about 140 MB.
pub struct HibariModel {
    network: Network,
    phonemes: Phonemes,
    input: NodeId,
    speed: NodeId,
    outputs: [NodeId; 6],
}

/// One that speaks.
struct HibariVoice {
    model: Arc<HibariModel>,
    synthesiser: Synthesiser,
}

impl HibariModel {
    /// Loads the weights and the dictionary.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not this model.
    pub fn load(paths: &ModelPaths) -> Result<Arc<Self>, ModelError> {
        let network = Network::load(paths, ModelFile::HibariVoice)?;
        let phonemes = Phonemes::load(paths)?;
        let outputs = <[NodeId; 6]>::try_from(network.outputs())
            .map_err(|_| network.unusable("it has not the six outputs of a Hibari voice"))?;
        let (input, speed) = (network.node("ids")?, network.node("speed")?);
        Ok(Arc::new(Self { network, phonemes, input, speed, outputs }))
    }

    /// Returns a voice for one thread.
    pub fn voice(self: &Arc<Self>) -> Box<dyn Voice> {
        Box::new(HibariVoice { model: Arc::clone(self), synthesiser: Synthesiser::new() })
    }

    /// Computes the spectra of a sentence.
    fn spectra(&self, ids: Vec<i32>, speed: f32) -> Result<Spectra, String> {
        let ids = Value::from_shape([1, ids.len()], ids).map_err(|e| e.to_string())?;
        let speed = Value::from_shape([1], vec![speed]).map_err(|e| e.to_string())?;
        let inputs = vec![(self.input, ids.into()), (self.speed, speed.into())];
        let values = self.network.run(inputs, &self.outputs).map_err(|e| e.to_string())?;
        let parts: Vec<Vec<f32>> = values.iter().filter_map(floats).collect();
        let parts = <[Vec<f32>; 6]>::try_from(parts).map_err(|_| "it said no floats".to_owned())?;
        if parts.iter().flatten().any(|value| !value.is_finite()) {
            return Err("its spectra are not finite".to_owned());
        }
        Spectra::new(parts).ok_or_else(|| "its spectra do not fit together".to_owned())
    }
}

fn floats(value: &Value) -> Option<Vec<f32>> {
    match value.as_view() {
        ValueView::FloatTensor(tensor) => Some(tensor.iter().copied().collect()),
        _ => None,
    }
}

impl Voice for HibariVoice {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let failed = |what: String| VoiceError::Failed { what: format!("hibari: {what}") };
        let speed = manner.rate.clamp(SLOWEST, FASTEST);
        for sentence in self.parts(text, manner) {
            for ids in self.model.phonemes.numbers(&sentence) {
                let spectra = self.model.spectra(ids, speed).map_err(failed)?;
                let sound = self.synthesiser.sound(&spectra);
                let pause = [0; BREATH];
                if sink(spoken(&sound)).is_break() || sink(&pause).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn parts(&self, text: &str, _: Manner) -> Vec<String> {
        sentences(&to_spoken(text))
    }
}
