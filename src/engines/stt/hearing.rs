//! When to decode what: behind [`Recognizer`], for one leg.
//!
//! A pause is decoded while it still may be none, so that the text is there when the turn ends.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::moonshine::{Decoded, MoonshineModel};
use super::turn_audio::{MIN_VOICED, Piece, TurnAudio};
use crate::base::{Hints, Phi, TurnId};
use crate::speech::{HeardFrame, Recognizer, RecognizerError, Transcript};

/// Silence after which what was said is decoded on suspicion: 9 × 20 ms = 180 ms.
const SUSPECT: usize = 9;
/// Pieces of up to 25 s that may wait for the decoder, which is some 20 times faster than speech.
const MAX_WAITING: usize = 4;
/// What one turn may say: five minutes of fast speech.
const MAX_TEXT: usize = 8_000;

/// Moonshine for one leg.
pub(super) struct MoonshineRecognizer {
    model: Arc<MoonshineModel>,
    audio: TurnAudio,
    waiting: VecDeque<Work>,
    /// What the earlier pieces of the turn being decoded said.
    so_far: Decoded,
    guess: Option<Guess>,
    failed_turn: Option<TurnId>,
}

enum Work {
    /// A long turn's earlier piece.
    Piece(Piece),
    /// A turn's last piece, with what it was guessed to say.
    Last { turn: TurnId, piece: Piece, guess: Option<Decoded> },
}

/// What [`TurnAudio::current`] said when it had so many voiced frames.
struct Guess {
    voiced: usize,
    decoded: Decoded,
}

impl MoonshineRecognizer {
    pub(super) fn new(model: Arc<MoonshineModel>) -> Self {
        Self {
            model,
            audio: TurnAudio::default(),
            waiting: VecDeque::new(),
            so_far: Decoded::default(),
            guess: None,
            failed_turn: None,
        }
    }

    /// Whether a guess exists and nothing but perhaps a click came since.
    fn guess_holds(&self) -> bool {
        let voiced = self.audio.current().voiced;
        self.guess.as_ref().is_some_and(|guess| voiced < guess.voiced + MIN_VOICED)
    }

    fn decode(&self, piece: &Piece) -> Result<Decoded, RecognizerError> {
        if !piece.is_speech() {
            return Ok(Decoded::default());
        }
        self.model.decode(piece).map_err(|e| RecognizerError::Failed { what: e.to_string() })
    }

    fn work(&mut self, work: Work) -> Result<Option<Transcript>, RecognizerError> {
        match work {
            Work::Piece(piece) => {
                let decoded = self.decode(&piece)?;
                self.so_far.append(decoded);
                Ok(None)
            }
            Work::Last { turn, piece, guess } => {
                let decoded = match guess {
                    Some(decoded) => Ok(decoded),
                    None => self.decode(&piece),
                };
                let mut all = mem::take(&mut self.so_far);
                match decoded {
                    Ok(decoded) => all.append(decoded),
                    Err(e) => {
                        // The turn must end all the same: with what is known of it, next time.
                        self.failed_turn = Some(turn);
                        self.so_far = all;
                        return Err(e);
                    }
                }
                Ok(Some(all.into_final(turn)))
            }
        }
    }

    fn guess(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let current = self.audio.current();
        if !current.is_speech() || self.audio.silence() < SUSPECT || self.guess_holds() {
            return Ok(None);
        }
        let voiced = current.voiced;
        let decoded = self.decode(current)?;
        let mut all = self.so_far.clone();
        all.append(decoded.clone());
        self.guess = Some(Guess { voiced, decoded });
        Ok((!all.text.is_empty()).then(|| Transcript::Partial { text: Phi::new(all.text) }))
    }
}

impl Recognizer for MoonshineRecognizer {
    fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError> {
        let Some(piece) = self.audio.push(heard) else { return Ok(()) };
        self.guess = None;
        self.waiting.push_back(Work::Piece(piece));
        let pieces = self.waiting.iter().filter(|work| matches!(work, Work::Piece(_))).count();
        if pieces <= MAX_WAITING {
            return Ok(());
        }
        let oldest = self.waiting.iter().position(|work| matches!(work, Work::Piece(_)));
        match oldest.and_then(|at| self.waiting.remove(at)) {
            Some(Work::Piece(lost)) => Err(RecognizerError::Behind {
                frames: lost.samples.len() / crate::base::Frame::SAMPLES,
            }),
            _ => Ok(()),
        }
    }

    /// Moonshine listens for anything; the hint is not used yet.
    fn expect(&mut self, _hints: &Hints) {}

    fn finish(&mut self, turn: TurnId) {
        let holds = self.guess_holds();
        let guess = self.guess.take().filter(|_| holds).map(|guess| guess.decoded);
        self.waiting.push_back(Work::Last { turn, piece: self.audio.take(), guess });
    }

    fn reset(&mut self) {
        let finished = self.waiting.iter().rposition(|work| matches!(work, Work::Last { .. }));
        self.waiting.truncate(finished.map_or(0, |last| last + 1));
        if finished.is_none() && self.failed_turn.is_none() {
            self.so_far = Decoded::default();
        }
        self.audio = TurnAudio::default();
        self.guess = None;
    }

    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        if let Some(turn) = self.failed_turn.take() {
            return Ok(Some(mem::take(&mut self.so_far).into_final(turn)));
        }
        while let Some(work) = self.waiting.pop_front() {
            if let Some(transcript) = self.work(work)? {
                return Ok(Some(transcript));
            }
        }
        self.guess()
    }
}

impl Decoded {
    fn append(&mut self, next: Self) {
        if next.text.is_empty() || self.text.len() > MAX_TEXT {
            return;
        }
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text += &next.text;
        self.sureness += next.sureness;
        self.pieces += next.pieces;
    }

    fn into_final(self, turn: TurnId) -> Transcript {
        let confidence = if self.pieces == 0 { 0.0 } else { self.sureness / self.pieces as f32 };
        Transcript::Final {
            turn,
            text: Phi::new(self.text),
            confidence: confidence.clamp(0.0, 1.0),
        }
    }
}
