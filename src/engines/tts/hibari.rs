//! Hibari: a US woman's voice. Text becomes phonemes, a network turns these into spectra, and
//! [`super::spectrum`] turns spectra into sound.

use std::ops::ControlFlow;
use std::sync::Arc;

use rten::{NodeId, Value, ValueView};

use super::phonemes::Phonemes;
use super::spectrum::{Spectra, Synthesiser};
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::Network;
use crate::speech::normalise::{sentences, to_spoken};
use crate::speech::{Manner, Voice, VoiceError};

/// What a speaker leaves between two sentences: 180 ms. The model's own edges are up to 400 ms of
/// silence, which a caller waits through before every answer.
const BREATH: usize = 180 * 16;
/// The grain in which silence is looked for: 5 ms.
const GRAIN: usize = 5 * 16;
/// Below this a grain is silent: -55 dBov, as a sum of absolute values over a grain.
const SILENT: u32 = 58 * GRAIN as u32;
/// What is kept before the first sound, so that a soft consonant is not cut: 20 ms.
const LEAD: usize = 20 * 16;
/// What is kept after the last: 30 ms.
const TAIL: usize = 30 * 16;

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
    fn spectra(&self, ids: Vec<i32>) -> Result<Spectra, String> {
        let ids = Value::from_shape([1, ids.len()], ids).map_err(|e| e.to_string())?;
        let speed = Value::from_shape([1], vec![1.0_f32]).map_err(|e| e.to_string())?;
        let inputs = vec![(self.input, ids.into()), (self.speed, speed.into())];
        let values = self.network.run(inputs, &self.outputs).map_err(|e| e.to_string())?;
        let parts: Vec<Vec<f32>> = values.iter().filter_map(floats).collect();
        let parts = <[Vec<f32>; 6]>::try_from(parts).map_err(|_| "it said no floats".to_owned())?;
        Spectra::new(parts).ok_or_else(|| "its spectra do not fit together".to_owned())
    }
}

/// Returns the sound without the silence at its edges.
fn spoken(sound: &[i16]) -> &[i16] {
    let loud =
        |grain: &[i16]| grain.iter().map(|s| u32::from(s.unsigned_abs())).sum::<u32>() > SILENT;
    let grains = || sound.chunks(GRAIN).map(loud);
    let (Some(first), Some(last)) = (grains().position(|l| l), grains().rposition(|l| l)) else {
        return &[];
    };
    let from = (first * GRAIN).saturating_sub(LEAD);
    let to = ((last + 1) * GRAIN + TAIL).min(sound.len());
    &sound[from..to]
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
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let failed = |what: String| VoiceError::Failed { what: format!("hibari: {what}") };
        for sentence in sentences(&to_spoken(text)) {
            for ids in self.model.phonemes.numbers(&sentence) {
                let spectra = self.model.spectra(ids).map_err(failed)?;
                let sound = self.synthesiser.sound(&spectra);
                let pause = [0; BREATH];
                if sink(spoken(&sound)).is_break() || sink(&pause).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_at_the_edges_is_not_spoken() {
        let mut sound = vec![3_i16; 16_000];
        sound[8_000..8_160].fill(2_000);
        let kept = spoken(&sound);
        assert_eq!(kept.len(), LEAD + 160 + TAIL);
        assert_eq!(kept[LEAD], 2_000);
        assert!(spoken(&[0; 1_000]).is_empty());
        assert!(spoken(&[]).is_empty());
    }
}
