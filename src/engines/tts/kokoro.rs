//! Kokoro: a Spanish-speaking woman. Text becomes sounds by [`super::spanish`], one network turns these into a wave.
//!
//! It takes 0.4 s a second of sound on one core: clause by clause, with what is often said rendered beforehand.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use rten::{NodeId, Value, ValueView};
use serde_json::from_slice;

use super::edges::spoken;
use super::spanish;
use crate::base::Language;
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::{Network, unusable};
use crate::speech::normalise::{clauses, sentences, to_spoken_in};
use crate::speech::{Manner, Voice, VoiceError};

/// What a style has for each length of a text.
const STYLE: usize = 256;
/// Lengths that the style knows.
const LENGTHS: usize = 510;
/// What follows a sentence, and a clause, in samples at 16 kHz.
const AFTER_SENTENCE: usize = 200 * 16;
const AFTER_CLAUSE: usize = 90 * 16;
/// Beginning and end of what the network is given.
const EDGE: i32 = 0;

/// The weights, shared by all voices: about 450 MB.
pub struct KokoroModel {
    network: Network,
    numbers: BTreeMap<char, i32>,
    style: Vec<f32>,
    inputs: [NodeId; 3],
    output: NodeId,
}

struct KokoroVoice {
    model: Arc<KokoroModel>,
}

impl KokoroModel {
    /// Loads the weights and the style of a voice, and speaks once, so that the first caller does not wait for what
    /// is done once.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not this model.
    pub fn load(paths: &ModelPaths) -> Result<Arc<Self>, ModelError> {
        let parts = ModelFile::KOKORO_PARTS;
        let network = Network::load_parts(paths, &parts)?;
        let file = ModelFile::HibariPhonemes;
        let numbers = from_slice(&paths.read(file)?).map_err(|e| unusable(paths, file, e))?;
        let style: Vec<f32> = paths
            .read(ModelFile::KokoroStyle)?
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect();
        if style.len() != LENGTHS * STYLE {
            return Err(unusable(paths, ModelFile::KokoroStyle, "it is not the style of a voice"));
        }
        let [output] = *network.outputs() else {
            return Err(network.unusable("it has more than one output"));
        };
        let inputs = [network.node("input_ids")?, network.node("style")?, network.node("speed")?];
        let model = Self { network, numbers, style, inputs, output };
        let first = model.sound(&spanish::phonemes("Un momento."), 1.0);
        first.map_err(|e| model.network.unusable(&e))?;
        Ok(Arc::new(model))
    }

    /// Returns a voice for one thread.
    pub fn voice(self: &Arc<Self>) -> Box<dyn Voice> {
        Box::new(KokoroVoice { model: Arc::clone(self) })
    }

    /// Returns the sound of phonemes, 16 kHz: of more than the style knows in several runs.
    fn sound(&self, phonemes: &str, speed: f32) -> Result<Vec<i16>, String> {
        let known = phonemes.chars().filter_map(|c| self.numbers.get(&c).copied());
        let known: Vec<i32> = known.collect();
        let mut sound = Vec::new();
        for run in known.chunks(LENGTHS - 1) {
            sound.extend(self.run(run.to_vec(), speed)?);
        }
        Ok(sound)
    }

    fn run(&self, inside: Vec<i32>, speed: f32) -> Result<Vec<i16>, String> {
        let row = inside.len() * STYLE..(inside.len() + 1) * STYLE;
        let ids: Vec<i32> = [EDGE].into_iter().chain(inside).chain([EDGE]).collect();
        let ids = Value::from_shape([1, ids.len()], ids).map_err(|e| e.to_string())?;
        let style =
            Value::from_shape([1, STYLE], self.style[row].to_vec()).map_err(|e| e.to_string())?;
        let speed = Value::from_shape([1], vec![speed]).map_err(|e| e.to_string())?;
        let [to_ids, to_style, to_speed] = self.inputs;
        let inputs = vec![(to_ids, ids.into()), (to_style, style.into()), (to_speed, speed.into())];
        let wave = self.network.run(inputs, &[self.output]).map_err(|e| e.to_string())?;
        let Some(ValueView::FloatTensor(wave)) = wave.first().map(Value::as_view) else {
            return Err("it said no floats".to_owned());
        };
        let wave: Vec<f32> = wave.iter().copied().collect();
        if wave.iter().any(|s| !s.is_finite()) {
            return Err("its sound is not finite".to_owned());
        }
        Ok(to_16_khz(&wave))
    }
}

/// Two samples of three, after a low-pass at 7.6 kHz.
fn to_16_khz(wave: &[f32]) -> Vec<i16> {
    /// Samples of the input on either side of what is computed.
    const REACH: isize = 24;
    let taps = |from: f32| -> Vec<f32> {
        let sinc = |x: f32| {
            if x.abs() < 1e-6 {
                1.0
            } else {
                (std::f32::consts::PI * x).sin() / (std::f32::consts::PI * x)
            }
        };
        // 7.6 kHz of 24 kHz, as a part of the input's rate, under a Hann window.
        let pass = 2.0 * 7.6 / 24.0;
        let taps: Vec<f32> = (-REACH..=REACH)
            .map(|n| {
                let x = n as f32 - from;
                let window = 0.5 + 0.5 * (std::f32::consts::PI * x / (REACH as f32 + 1.0)).cos();
                pass * sinc(pass * x) * window
            })
            .collect();
        let sum: f32 = taps.iter().sum();
        taps.into_iter().map(|tap| tap / sum).collect()
    };
    // Every other sample falls on one of the input, the rest between two.
    let phases = [taps(0.0), taps(0.5)];
    (0..wave.len() * 2 / 3)
        .map(|n| {
            let at = (n / 2 * 3 + n % 2) as isize;
            let sum: f32 = (-REACH..=REACH)
                .zip(&phases[n % 2])
                .filter_map(|(k, tap)| Some(wave.get(usize::try_from(at + k).ok()?)? * tap))
                .sum();
            (sum * 32_767.0).clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

impl Voice for KokoroVoice {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let failed = |what: String| VoiceError::Failed { what: format!("kokoro: {what}") };
        for clause in clauses(&to_spoken_in(text, Language::ES_US)) {
            let phonemes = spanish::phonemes(&clause);
            let sound = self.model.sound(&phonemes, manner.rate.clamp(0.5, 2.0)).map_err(failed)?;
            let pause = match clause.chars().last() {
                Some('.' | '!' | '?') => AFTER_SENTENCE,
                Some(',' | ';' | ':') => AFTER_CLAUSE,
                _ => 0,
            };
            let pause = vec![0; pause];
            if sink(spoken(&sound)).is_break() || sink(&pause).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn parts(&self, text: &str, _: Manner) -> Vec<String> {
        sentences(&to_spoken_in(text, Language::ES_US))
    }

    fn pieces(&self, part: &str, _: Manner) -> Vec<String> {
        clauses(part).iter().flat_map(|clause| spanish::pieces(clause)).collect()
    }
}
