//! Moonshine base: an encoder that turns a stretch of sound into states, and a decoder that turns
//! states into word pieces, one a step, each step given what the ones before have computed.

use std::sync::Arc;

use rten::{NodeId, RunError, Value, ValueView};

use super::hearing::MoonshineRecognizer;
use super::turn_audio::Piece;
use super::word_pieces::{END, START, WordPieces};
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::{Network, unusable};
use crate::speech::Recognizer;

/// People say fewer word pieces a second than this; the model, when it is lost, says more.
const PIECES_PER_SECOND: f32 = 6.5;
/// A short answer in much silence may need that many all the same.
const MIN_PIECES: usize = 10;
/// Below this much voice an empty answer is believed: 25 × 20 ms = 0.5 s.
const SURE_OF_VOICE: usize = 25;
/// The model sees half a second at least: it was not trained on less. 16 kHz × 0.5 s.
const MIN_SAMPLES: usize = 8_000;

/// The weights, shared by all recognisers: about 230 MB.
pub struct MoonshineModel {
    encoder: Network,
    decoder: Network,
    pieces: WordPieces,
    nodes: Nodes,
}

/// What is fed and read at each step.
struct Nodes {
    sound: NodeId,
    states_out: NodeId,
    token: NodeId,
    states_in: NodeId,
    use_cache: NodeId,
    /// The outputs in the order they are read: the logits, then one for each of `caches`.
    outputs: Vec<NodeId>,
    caches: Vec<Cache>,
}

/// Keys or values of one layer's attention: an input of the next step, an output of the last.
struct Cache {
    input: NodeId,
    /// Whether it looks at the sound, and so stays what the first step made of it.
    of_sound: bool,
}

/// The shape of an empty cache: heads, then the width of one (Moonshine base).
const EMPTY_CACHE: [usize; 4] = [0, 8, 1, 52];

/// What a stretch of sound says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Decoded {
    /// The words.
    pub(super) text: String,
    /// The probabilities of its word pieces, summed.
    pub(super) sureness: f32,
    /// How many word pieces that is.
    pub(super) pieces: usize,
}

impl MoonshineModel {
    /// Loads the weights: about 0.15 s.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not this model.
    pub fn load(paths: &ModelPaths) -> Result<Arc<Self>, ModelError> {
        let encoder = Network::load(paths, ModelFile::MoonshineEncoder)?;
        let decoder = Network::load(paths, ModelFile::MoonshineDecoder)?;
        let json = paths.read(ModelFile::MoonshineTokenizer)?;
        let pieces = WordPieces::parse(&json)
            .map_err(|e| unusable(paths, ModelFile::MoonshineTokenizer, e))?;
        let nodes = Nodes::find(&encoder, &decoder)?;
        Ok(Arc::new(Self { encoder, decoder, pieces, nodes }))
    }

    /// Returns a recogniser for one leg.
    pub fn recognizer(self: &Arc<Self>) -> Box<dyn Recognizer> {
        Box::new(MoonshineRecognizer::new(Arc::clone(self)))
    }

    /// Returns what is said in a piece of sound.
    pub(super) fn decode(&self, piece: &Piece) -> Result<Decoded, RunError> {
        let states = self.encode(&piece.samples)?;
        let seconds = piece.samples.len() as f32 / 16_000.0;
        let limit = ((seconds * PIECES_PER_SECOND).ceil() as usize).max(MIN_PIECES);
        let decoded = self.say(&states, limit, false)?;
        // The model ends at once on many a string of digits; made to begin, it says them well. On
        // silence it would say "You", so only where there was a voice.
        if decoded.text.is_empty() && piece.voiced >= SURE_OF_VOICE {
            return self.say(&states, limit, true);
        }
        Ok(decoded)
    }

    fn encode(&self, samples: &[f32]) -> Result<Value, RunError> {
        let mut sound = samples.to_vec();
        sound.resize(sound.len().max(MIN_SAMPLES), 0.0);
        let shape = [1, sound.len()];
        let sound = Value::from_shape(shape, sound).expect("the shape is the length's own");
        let mut outputs =
            self.encoder.run(vec![(self.nodes.sound, sound.into())], &[self.nodes.states_out])?;
        Ok(outputs.pop().expect("one output was asked for"))
    }

    /// Says what the states mean, taking the likeliest word piece each time.
    fn say(&self, states: &Value, limit: usize, must_begin: bool) -> Result<Decoded, RunError> {
        let mut caches: Vec<Value> = self.nodes.caches.iter().map(|_| empty_cache()).collect();
        let mut said: Vec<u32> = Vec::with_capacity(limit);
        let mut sureness = 0.0;
        while said.len() < limit {
            let first = said.is_empty();
            let mut outputs =
                self.step(*said.last().unwrap_or(&START), states, first, &mut caches)?;
            let logits = outputs.remove(0);
            let (token, probability) = likeliest(&logits, first && must_begin);
            if token == END {
                break;
            }
            said.push(token);
            sureness += probability;
            if let Some(length) = without_loop(&said) {
                said.truncate(length);
                break;
            }
            for ((slot, cache), new) in caches.iter_mut().zip(&self.nodes.caches).zip(outputs) {
                if first || !cache.of_sound {
                    *slot = new;
                }
            }
        }
        let text = self.pieces.text(&said);
        Ok(Decoded { text, sureness: sureness.min(said.len() as f32), pieces: said.len() })
    }

    fn step(
        &self,
        token: u32,
        states: &Value,
        first: bool,
        caches: &mut [Value],
    ) -> Result<Vec<Value>, RunError> {
        let nodes = &self.nodes;
        let token = Value::from_shape([1, 1], vec![token as i32]).expect("one is one by one");
        let use_cache = Value::from_shape([1], vec![i32::from(!first)]).expect("one is one");
        let mut inputs = vec![
            (nodes.token, token.into()),
            (nodes.states_in, states.as_view().into()),
            (nodes.use_cache, use_cache.into()),
        ];
        for (cache, value) in nodes.caches.iter().zip(caches) {
            inputs.push(if cache.of_sound {
                (cache.input, value.as_view().into())
            } else {
                // Given away, so that the network can append to it where it lies.
                (cache.input, std::mem::replace(value, empty_cache()).into())
            });
        }
        self.decoder.run(inputs, &nodes.outputs)
    }
}

impl Nodes {
    fn find(encoder: &Network, decoder: &Network) -> Result<Self, ModelError> {
        let mut outputs = vec![decoder.node("logits")?];
        let mut caches = Vec::new();
        for name in decoder.input_names() {
            let Some(which) = name.strip_prefix("past_key_values") else { continue };
            outputs.push(decoder.node(&format!("present{which}"))?);
            caches
                .push(Cache { input: decoder.node(&name)?, of_sound: which.contains(".encoder.") });
        }
        let [states_out] = encoder.outputs() else {
            return Err(encoder.unusable("it has more than one output"));
        };
        Ok(Self {
            sound: encoder.node("input_values")?,
            states_out: *states_out,
            token: decoder.node("input_ids")?,
            states_in: decoder.node("encoder_hidden_states")?,
            use_cache: decoder.node("use_cache_branch")?,
            outputs,
            caches,
        })
    }
}

fn empty_cache() -> Value {
    Value::from_shape(EMPTY_CACHE, Vec::<f32>::new()).expect("nothing has no elements")
}

/// Returns the likeliest word piece of the last step and its probability.
fn likeliest(logits: &Value, not_the_end: bool) -> (u32, f32) {
    let ValueView::FloatTensor(logits) = logits.as_view() else { return (END, 0.0) };
    let (mut best, mut at) = (f32::NEG_INFINITY, END);
    for (token, &logit) in logits.iter().enumerate() {
        let token = token as u32;
        if logit > best && !(not_the_end && token == END) {
            (best, at) = (logit, token);
        }
    }
    let sum: f32 = logits.iter().map(|&logit| (logit - best).exp()).sum();
    (at, 1.0 / sum.max(1.0))
}

/// Returns how much to keep if the end goes round in circles: the first time round.
fn without_loop(said: &[u32]) -> Option<usize> {
    (1..=12).find_map(|period| {
        // "five five five five" is a number; a phrase is said four times by no one.
        let times = if period <= 2 { 8 } else { 4 };
        let start = said.len().checked_sub(period * times)?;
        let round = &said[start..start + period];
        said[start..].chunks(period).all(|again| again == round).then_some(start + period)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_cut_after_its_first_round() {
        assert_eq!(without_loop(&[9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]), Some(4));
        assert_eq!(without_loop(&[9, 1, 2, 3, 1, 2, 3, 1, 2, 3]), None);
        assert_eq!(without_loop(&[7, 5, 5, 5, 5, 5, 5, 5]), None, "digits repeat");
        assert_eq!(without_loop(&[7, 5, 5, 5, 5, 5, 5, 5, 5]), Some(2));
        assert_eq!(without_loop(&[]), None);
    }

    #[test]
    fn the_end_can_be_forbidden() {
        let logits = Value::from_shape([1, 1, 4], vec![0.0_f32, 1.0, 9.0, 2.0]).unwrap();
        assert_eq!(likeliest(&logits, false).0, END);
        assert_eq!(likeliest(&logits, true).0, 3);
        assert!(likeliest(&logits, false).1 > 0.99);
    }
}
