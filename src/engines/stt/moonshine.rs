//! Moonshine base: an encoder that turns a stretch of sound into states, and a decoder that turns
//! states into word pieces, one a step, each step given what the ones before have computed.

use std::sync::Arc;

use rten::{NodeId, RunError, Value};

use super::decoded::Decoded;
use super::decoder::{Decoder, likeliest, without_loop};
use super::hearing::{Ear, PieceRecognizer};
use super::lexicon::candidates;
use super::second_try;
use super::turn_audio::Piece;
use super::word_pieces::{END, START, WordPieces};
use crate::base::{Expect, Hints};
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::{Network, unusable};
use crate::speech::Recognizer;

/// People say fewer word pieces a second than this; the model, when it is lost, says more.
const PIECES_PER_SECOND: f32 = 6.5;
/// A short answer in much silence may need that many all the same.
const MIN_PIECES: usize = 10;
/// The model sees half a second at least: it was not trained on less. 16 kHz × 0.5 s.
const MIN_SAMPLES: usize = 8_000;
/// A phrase that is likely now is believed in place of what was heard if the sound speaks against it no more than
/// this, in nats.
const BELIEVED: f32 = 6.0;
/// A word that anybody may say at any time must be likelier than what was heard, by so much.
const SURER: f32 = 0.5;
/// Names in one sentence that are put right.
const ROUNDS: usize = 2;
/// Heads of its attention, and the width of one.
const HEADS: (usize, usize) = (8, 52);

/// The weights, shared by all recognisers: about 230 MB.
pub struct MoonshineModel {
    encoder: Network,
    sound: NodeId,
    states: NodeId,
    decoder: Decoder,
    pieces: WordPieces,
}

impl MoonshineModel {
    /// Loads the weights and decodes once, so that the first caller does not wait for what is done once: about
    /// 0.25 s.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not this model.
    pub fn load(paths: &ModelPaths) -> Result<Arc<Self>, ModelError> {
        let encoder = Network::load(paths, ModelFile::MoonshineEncoder)?;
        let decoder = Network::load(paths, ModelFile::MoonshineDecoder)?;
        let json = paths.read(ModelFile::MoonshineTokenizer)?;
        let pieces = WordPieces::parse(&json)
            .map_err(|e| unusable(paths, ModelFile::MoonshineTokenizer, e))?;
        let [states] = *encoder.outputs() else {
            return Err(encoder.unusable("it has more than one output"));
        };
        let sound = encoder.node("input_values")?;
        let decoder = Decoder::new(decoder, HEADS.0, HEADS.1)?;
        let model = Self { encoder, sound, states, decoder, pieces };
        let states = model.encode(&vec![0.0; 2 * MIN_SAMPLES]);
        states
            .and_then(|states| model.say(&states, 2, true, false))
            .map_err(|e| unusable(paths, ModelFile::MoonshineDecoder, e))?;
        Ok(Arc::new(model))
    }

    /// Returns a recogniser for one leg.
    pub fn recognizer(self: &Arc<Self>) -> Box<dyn Recognizer> {
        Box::new(PieceRecognizer::new(Arc::clone(self) as Arc<dyn Ear>))
    }

    /// Puts in phrases that are likely now where they sound alike and the model finds them hardly less likely than
    /// what it has said itself.
    fn in_the_light_of(
        &self,
        hints: &Hints,
        mut decoded: Decoded,
        states: &Value,
    ) -> Result<Decoded, RunError> {
        let heard = decoded.text.clone();
        for _ in 0..ROUNDS {
            let candidates = candidates(&decoded.text, hints);
            if candidates.is_empty() {
                break;
            }
            // Against what was heard, also in the second round: doubts do not add up.
            let texts =
                [&heard, &decoded.text].into_iter().chain(candidates.iter().map(|it| &it.text));
            let texts: Vec<_> = texts.map(|text| self.framed(text)).collect();
            let weights = self.decoder.weigh(&texts, states)?;
            let [heard, now, others @ ..] = weights.as_slice() else { break };
            let believed = others.iter().zip(candidates).filter(|(weight, candidate)| {
                **weight >= if candidate.likely { heard - BELIEVED } else { now + SURER }
            });
            let Some((_, best)) = believed.max_by(|(a, _), (b, _)| a.total_cmp(b)) else { break };
            decoded.text = best.text;
        }
        Ok(decoded)
    }

    /// Returns a text's pieces between those that begin and end every text.
    fn framed(&self, text: &str) -> Vec<u32> {
        let pieces = self.pieces.numbers(text);
        std::iter::once(START).chain(pieces).chain([END]).collect()
    }

    fn encode(&self, samples: &[f32]) -> Result<Value, RunError> {
        let mut sound = samples.to_vec();
        sound.resize(sound.len().max(MIN_SAMPLES), 0.0);
        let shape = [1, sound.len()];
        let sound = Value::from_shape(shape, sound).expect("the shape is the length's own");
        let mut outputs = self.encoder.run(vec![(self.sound, sound.into())], &[self.states])?;
        Ok(outputs.pop().expect("one output was asked for"))
    }

    /// Says what the states mean, taking the likeliest word piece each time.
    fn say(
        &self,
        states: &Value,
        limit: usize,
        must_begin: bool,
        digits: bool,
    ) -> Result<Decoded, RunError> {
        let mut memory = self.decoder.begin();
        let mut said: Vec<u32> = Vec::with_capacity(limit);
        let mut probabilities = Vec::with_capacity(limit);
        while said.len() < limit {
            let not_the_end = must_begin && said.is_empty();
            let logits =
                self.decoder.step(&[*said.last().unwrap_or(&START)], states, &mut memory)?;
            let next = likeliest(&logits, 1, |token| not_the_end && token == END);
            let Some((token, probability)) = next.filter(|(token, _)| *token != END) else { break };
            said.push(token);
            probabilities.push(probability);
            if let Some(length) = without_loop(&said, digits) {
                said.truncate(length);
                break;
            }
        }
        let text = self.pieces.text(&said);
        Ok(Decoded::new(text, &probabilities[..said.len()]))
    }
}

impl Ear for MoonshineModel {
    fn decode(&self, piece: &Piece, hints: Option<&Hints>) -> Result<Decoded, RunError> {
        let states = self.encode(&piece.samples)?;
        let digits = hints.is_some_and(|hints| hints.expect == Expect::Digits);
        let seconds = piece.samples.len() as f32 / 16_000.0;
        let limit = ((seconds * PIECES_PER_SECOND).ceil() as usize).max(MIN_PIECES);
        let mut decoded = self.say(&states, limit, false, digits)?;
        if decoded.text.is_empty() && second_try::is_worth(piece, hints) {
            let second = self.say(&states, limit, true, digits)?;
            if second_try::is_believed(&second.text, piece, hints) {
                decoded = second;
            }
        }
        match hints {
            Some(hints) => self.in_the_light_of(hints, decoded, &states),
            None => Ok(decoded),
        }
    }

    fn knows_how_sure_it_is(&self) -> bool {
        true
    }

    /// Every 500 ms, and of a long piece every fifth of it: at most 15 % of a core while somebody speaks.
    fn partial_after(&self, frames: usize) -> usize {
        (frames / 5).max(25)
    }
}
