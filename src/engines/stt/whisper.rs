//! Whisper base, for Spanish: an encoder that turns a log-mel spectrum into states, and a decoder that turns states
//! into word pieces.
//!
//! The model was made for 30 s at a time. What a caller says is shorter, and the encoder's time grows faster than
//! its length: so the encoder is given no more than there is, by adding the positions ourselves between its
//! convolutions and its first layer.

use std::sync::Arc;

use rten::{NodeId, RunError, Value, ValueView};

use super::byte_pieces::BytePieces;
use super::decoded::Decoded;
use super::decoder::{Decoder, likeliest, logit, probability, without_loop};
use super::hearing::{Ear, PieceRecognizer};
use super::mel::{BANDS, HOP, MelSpectrum};
use super::second_try;
use super::turn_audio::Piece;
use crate::base::{Expect, Hints, Language};
use crate::engines::models::{ModelError, ModelFile, ModelPaths};
use crate::engines::runtime::{Network, unusable};
use crate::speech::Recognizer;

/// The width of a state.
const WIDTH: usize = 512;
/// Heads of its attention, and the width of one.
const HEADS: (usize, usize) = (8, 64);
/// States of 30 s: there are no more positions.
const MAX_STATES: usize = 1500;
/// States the encoder is given at least: 10 s. Human telephone numbers and rendered sentences had 2.7 and 1.8 % of
/// words wrong, a short answer took 0.11 s; with all 1500 states it was 5.0 and 0.9 % and 0.49 s, with 250 2.3 and
/// 8.1 % and 0.08 s. Human prompts with 500: 21 %, transcripts that lack accents and differ from the sound included.
const MIN_STATES: usize = 500;
/// Silence that follows what was said, in states of 20 ms.
const AFTER: usize = 50;
/// Spanish has more pieces a word in this vocabulary than English.
const PIECES_PER_SECOND: f32 = 10.0;
/// A short answer in much silence may need that many all the same.
const MIN_PIECES: usize = 12;

/// A text is none if the model finds it so likely that nobody spoke, and the text so unlikely (the mean logarithm of
/// its pieces' probabilities). Noise, hold music and coughs through a telephone's band had 0.53 to 0.95 and -3.4 and
/// less; words of one syllable 0.35 and less.
const NOBODY_SPOKE: (f32, f32) = (0.4, -2.0);

/// The weights, shared by all recognisers.
pub struct WhisperModel {
    encoder: Network,
    nodes: Nodes,
    decoder: Decoder,
    pieces: BytePieces,
    marks: Marks,
    mel: MelSpectrum,
    /// The encoder's positions.
    positions: Vec<f32>,
}

/// Where the encoder is fed and read.
struct Nodes {
    spectrum: NodeId,
    /// Between the convolutions and the positions.
    sound: NodeId,
    /// Behind the positions.
    placed: NodeId,
    states: NodeId,
}

/// What a text begins and ends with.
struct Marks {
    start: u32,
    transcribe: u32,
    no_times: u32,
    end: u32,
    spanish: u32,
    /// What is likely at the start of a sound that is no speech.
    no_speech: u32,
    english: u32,
}

impl WhisperModel {
    /// Loads the weights and decodes once.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not this model.
    pub fn load(paths: &ModelPaths) -> Result<Arc<Self>, ModelError> {
        let encoder = Network::load_for_any_length(paths, ModelFile::WhisperEncoder)?;
        let decoder = Network::load(paths, ModelFile::WhisperDecoder)?;
        let json = paths.read(ModelFile::WhisperTokenizer)?;
        let pieces = BytePieces::parse(&json)
            .map_err(|e| unusable(paths, ModelFile::WhisperTokenizer, e))?;
        let mark = |name: &str| {
            let what = || unusable(paths, ModelFile::WhisperTokenizer, format!("it has no {name}"));
            pieces.mark(name).ok_or_else(what)
        };
        let marks = Marks {
            start: mark("<|startoftranscript|>")?,
            transcribe: mark("<|transcribe|>")?,
            no_times: mark("<|notimestamps|>")?,
            end: mark("<|endoftext|>")?,
            spanish: mark("<|es|>")?,
            no_speech: mark("<|nocaptions|>").or_else(|_| mark("<|nospeech|>"))?,
            english: mark("<|en|>")?,
        };
        let nodes = Nodes {
            spectrum: encoder.node("input_features")?,
            sound: encoder.node("/Transpose_output_0")?,
            placed: encoder.node("/Add_2_output_0")?,
            states: encoder.node("last_hidden_state")?,
        };
        let decoder = Decoder::new(decoder, HEADS.0, HEADS.1)?;
        let (mel, positions) = (MelSpectrum::new(), positions());
        let model = Self { encoder, nodes, decoder, pieces, marks, mel, positions };
        let states = model.encode(&[0.0; 1600]);
        states
            .and_then(|states| model.say(&states, 2, true, false))
            .map_err(|e| unusable(paths, ModelFile::WhisperDecoder, e))?;
        Ok(Arc::new(model))
    }

    /// Whether it hears this language.
    pub fn hears(language: Language) -> bool {
        language.primary() == "es"
    }

    /// Returns a recogniser for one leg.
    pub fn recognizer(self: &Arc<Self>) -> Box<dyn Recognizer> {
        Box::new(PieceRecognizer::new(Arc::clone(self) as Arc<dyn Ear>))
    }

    fn encode(&self, samples: &[f32]) -> Result<Value, RunError> {
        let states = (samples.len() / (2 * HOP) + AFTER).clamp(MIN_STATES, MAX_STATES);
        let spectrum = self.mel.of(samples, 2 * states);
        let spectrum =
            Value::from_shape([1, BANDS, 2 * states], spectrum).expect("it was asked for so many");
        let inputs = vec![(self.nodes.spectrum, spectrum.into())];
        let sound = self.encoder.run(inputs, &[self.nodes.sound])?.remove(0);
        let ValueView::FloatTensor(sound) = sound.as_view() else { return Ok(sound) };
        let placed: Vec<f32> = sound.iter().zip(&self.positions).map(|(s, p)| s + p).collect();
        let placed =
            Value::from_shape([1, states, WIDTH], placed).expect("two spectra make a state");
        let inputs = vec![(self.nodes.placed, placed.into())];
        Ok(self.encoder.run(inputs, &[self.nodes.states])?.remove(0))
    }

    fn say(
        &self,
        states: &Value,
        limit: usize,
        must_begin: bool,
        digits: bool,
    ) -> Result<Decoded, RunError> {
        let Marks { start, transcribe, no_times, end, spanish, no_speech, .. } = self.marks;
        let mut memory = self.decoder.begin();
        let mut next = vec![start, spanish, transcribe, no_times];
        let mut said: Vec<u32> = Vec::with_capacity(limit);
        let mut probabilities = Vec::with_capacity(limit);
        let mut silent = 0.0;
        while said.len() < limit {
            let not_the_end = must_begin && said.is_empty();
            let logits = self.decoder.step(&next, states, &mut memory)?;
            if said.is_empty() {
                silent = probability(&logits, next.len(), 0, no_speech);
            }
            let found = likeliest(&logits, next.len(), |token| {
                if token == end { not_the_end } else { self.pieces.is_unsaid(token) }
            });
            let Some((token, probability)) = found.filter(|(token, _)| *token != end) else {
                break;
            };
            said.push(token);
            probabilities.push(probability);
            if let Some(length) = without_loop(&said, digits) {
                said.truncate(length);
                break;
            }
            next = vec![token];
        }
        let text = self.pieces.text(&said);
        let decoded = Decoded::new(text, &probabilities[..said.len()]);
        let (nobody, unlikely) = NOBODY_SPOKE;
        let noise = silent > nobody && decoded.logs < unlikely * decoded.pieces as f32;
        Ok(if noise { Decoded::default() } else { decoded })
    }
}

impl WhisperModel {
    /// Returns how likely a piece is Spanish and not English, 0 to 1, and what [`Self::write_down`] needs.
    pub(super) fn share_of_spanish(&self, piece: &Piece) -> Result<(f32, Value), RunError> {
        let states = self.encode(&piece.samples)?;
        let mut memory = self.decoder.begin();
        let logits = self.decoder.step(&[self.marks.start], &states, &mut memory)?;
        let Marks { spanish, english, .. } = self.marks;
        let of = |token: u32| logit(&logits, token);
        Ok((1.0 / (1.0 + (of(english) - of(spanish)).exp()), states))
    }

    /// Returns the Spanish words of a piece, heard in the light of what is expected.
    pub(super) fn write_down(
        &self,
        piece: &Piece,
        states: &Value,
        hints: Option<&Hints>,
    ) -> Result<Decoded, RunError> {
        let digits = hints.is_some_and(|hints| hints.expect == Expect::Digits);
        let seconds = piece.samples.len() as f32 / 16_000.0;
        let limit = ((seconds * PIECES_PER_SECOND).ceil() as usize).max(MIN_PIECES);
        let mut decoded = self.say(states, limit, false, digits)?;
        if decoded.text.is_empty() && second_try::is_worth(piece, hints) {
            let second = self.say(states, limit, true, digits)?;
            if second_try::is_believed(&second.text, piece, hints) {
                decoded = second;
            }
        }
        // It writes "C" for many a "sí". The letter's name sounds otherwise in Spanish.
        let yes_or_no = hints.is_some_and(|hints| hints.expect == Expect::YesNo);
        if yes_or_no && decoded.text.trim_end_matches('.') == "C" {
            decoded.text = "Sí.".to_owned();
        }
        Ok(decoded)
    }
}

impl Ear for WhisperModel {
    fn decode(&self, piece: &Piece, hints: Option<&Hints>) -> Result<Decoded, RunError> {
        self.write_down(piece, &self.encode(&piece.samples)?, hints)
    }

    fn knows_how_sure_it_is(&self) -> bool {
        false
    }

    /// Every two seconds: each costs as much as 10 s of sound do.
    fn partial_after(&self, frames: usize) -> usize {
        (frames / 4).max(100)
    }
}

/// Sines, then cosines, of wavelengths from 2π to 10,000 times that (Vaswani et al. 2017, section 3.5).
fn positions() -> Vec<f32> {
    let half = WIDTH / 2;
    let step = 10_000.0_f64.ln() / (half - 1) as f64;
    let angle = move |at: usize, n: usize| at as f64 * (-step * n as f64).exp();
    let of = |at| {
        let sines = (0..half).map(move |n| angle(at, n).sin() as f32);
        sines.chain((0..half).map(move |n| angle(at, n).cos() as f32))
    };
    (0..MAX_STATES).flat_map(of).collect()
}
