//! When to decode what: behind [`Recognizer`], for one leg.
//!
//! A pause is decoded while it still may be none, so that the text is there when the turn ends; and while the
//! caller speaks, what has been said so far is decoded now and then, so that others can tell words from noise.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use rten::RunError;

use super::decoded::Decoded;
use super::turn_audio::{MIN_VOICED, Piece, TurnAudio};
use crate::base::{Frame, Hints, Phi, TurnId};
use crate::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Work};

/// Silence after which what was said is decoded on suspicion: 9 × 20 ms = 180 ms.
const SUSPECT: usize = 9;
/// Voice before the first partial result: 17 × 20 ms = 340 ms. Less is a syllable.
const FIRST_PARTIAL: usize = 17;
/// Pieces of up to 25 s that may wait for the decoder, which is some 20 times faster than speech.
const MAX_WAITING: usize = 4;

/// A model that all legs share.
pub(super) trait Ear: Send + Sync {
    /// Returns what is said in a piece of sound; with hints, what is said in the light of what is expected.
    fn decode(&self, piece: &Piece, hints: Option<&Hints>) -> Result<Decoded, RunError>;

    /// Returns the new voice after which a partial result is worth its cost, in frames of 20 ms, when the piece is
    /// as long as this, in frames.
    fn partial_after(&self, frames: usize) -> usize;

    /// Whether [`Decoded`]'s confidence was measured with this model.
    fn knows_how_sure_it_is(&self) -> bool;
}

/// A recogniser for one leg.
pub(super) struct PieceRecognizer {
    model: Arc<dyn Ear>,
    hints: Hints,
    audio: TurnAudio,
    waiting: VecDeque<Task>,
    /// What the earlier pieces of the turn being decoded said.
    so_far: Decoded,
    guess: Option<Guess>,
    /// The voiced frames of the current piece at which a guess failed: not again before there is more.
    guess_failed: Option<usize>,
    /// A piece of the turn being decoded could not be decoded.
    gap: bool,
    /// The voiced frames of the current piece that the last partial result or guess had.
    told_of: usize,
    /// The last partial result of this turn.
    told: String,
    failed_turn: Option<TurnId>,
}

enum Task {
    /// A long turn's earlier piece.
    Piece(Piece),
    /// A turn's last piece, with what was expected and what it was guessed to say.
    Last { turn: TurnId, piece: Piece, hints: Hints, guess: Option<Decoded> },
}

/// What [`TurnAudio::current`] said when it had so many voiced frames.
struct Guess {
    voiced: usize,
    decoded: Decoded,
}

impl PieceRecognizer {
    pub(super) fn new(model: Arc<dyn Ear>) -> Self {
        Self {
            model,
            hints: Hints::default(),
            audio: TurnAudio::default(),
            waiting: VecDeque::new(),
            so_far: Decoded::default(),
            guess: None,
            guess_failed: None,
            gap: false,
            told_of: 0,
            told: String::new(),
            failed_turn: None,
        }
    }

    /// Whether a guess exists and nothing but perhaps a click came since.
    fn guess_holds(&self) -> bool {
        let voiced = self.audio.current().voiced;
        self.guess.as_ref().is_some_and(|guess| voiced < guess.voiced + MIN_VOICED)
    }

    fn wants_guess(&self) -> bool {
        let current = self.audio.current();
        let failed = self.guess_failed.is_some_and(|voiced| current.voiced < voiced + MIN_VOICED);
        let over = current.is_speech() && self.audio.silence() >= SUSPECT;
        over && !self.guess_holds() && !failed
    }

    fn wants_partial(&self) -> bool {
        let current = self.audio.current();
        let new = current.voiced.saturating_sub(self.told_of);
        let step = match (self.told_of, self.told.is_empty()) {
            (0, _) => FIRST_PARTIAL,
            // Nothing could be made of it yet, and somebody waits for the first word.
            (_, true) => self.model.partial_after(current.frames()) / 2,
            (_, false) => self.model.partial_after(current.frames()),
        };
        new >= step && self.audio.silence() < SUSPECT
    }

    fn decode(&self, piece: &Piece, hints: Option<&Hints>) -> Result<Decoded, RecognizerError> {
        if !piece.is_speech() {
            return Ok(Decoded::default());
        }
        self.model.decode(piece, hints).map_err(|e| RecognizerError::Failed { what: e.to_string() })
    }

    fn work(&mut self, task: Task) -> Result<Option<Transcript>, RecognizerError> {
        match task {
            Task::Piece(piece) => {
                let decoded = self.decode(&piece, None);
                self.gap |= decoded.is_err();
                self.so_far.append(decoded?);
                Ok(None)
            }
            Task::Last { turn, piece, hints, guess } => {
                let decoded = match guess {
                    Some(decoded) => Ok(decoded),
                    None => self.decode(&piece, Some(&hints)),
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
                Ok(Some(self.told_whole(all, turn)))
            }
        }
    }

    /// Returns a turn's text, without any confidence where a part of it is missing.
    fn told_whole(&mut self, all: Decoded, turn: TurnId) -> Transcript {
        let gap = mem::take(&mut self.gap);
        all.into_final(turn, gap, self.model.knows_how_sure_it_is())
    }

    fn guess(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let current = self.audio.current();
        let voiced = current.voiced;
        self.told_of = voiced;
        let decoded = self.decode(current, Some(&self.hints));
        self.guess_failed = decoded.is_err().then_some(voiced);
        let decoded = decoded?;
        self.guess = Some(Guess { voiced, decoded: decoded.clone() });
        // Told even if it is no news: that these words are all there is lets the turn end.
        self.told.clear();
        Ok(self.partial(decoded))
    }

    fn go_on(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        let current = self.audio.current();
        // Even if it fails: not again at the next frame.
        self.told_of = current.voiced;
        let decoded = self.decode(self.audio.current(), None)?;
        Ok(self.partial(decoded))
    }

    /// Returns what was said so far, if that is news.
    fn partial(&mut self, decoded: Decoded) -> Option<Transcript> {
        let mut all = self.so_far.clone();
        all.append(decoded);
        if all.text.is_empty() || all.text == self.told {
            return None;
        }
        self.told.clone_from(&all.text);
        Some(Transcript::Partial { text: Phi::new(all.text) })
    }

    fn begin_piece(&mut self) {
        self.guess = None;
        self.guess_failed = None;
        self.told_of = 0;
    }
}

impl Recognizer for PieceRecognizer {
    fn push(&mut self, heard: &HeardFrame) -> Result<(), RecognizerError> {
        let piece = self.audio.push(heard);
        // A click that was forgotten.
        self.told_of = self.told_of.min(self.audio.current().voiced);
        let Some(piece) = piece else { return Ok(()) };
        self.begin_piece();
        self.waiting.push_back(Task::Piece(piece));
        let pieces = self.waiting.iter().filter(|task| matches!(task, Task::Piece(_))).count();
        if pieces <= MAX_WAITING {
            return Ok(());
        }
        let oldest = self.waiting.iter().position(|task| matches!(task, Task::Piece(_)));
        match oldest.and_then(|at| self.waiting.remove(at)) {
            Some(Task::Piece(lost)) => {
                Err(RecognizerError::Behind { frames: lost.samples.len() / Frame::SAMPLES })
            }
            _ => Ok(()),
        }
    }

    fn expect(&mut self, hints: &Hints) {
        if self.hints != *hints {
            self.hints = hints.clone();
            // It was made in the light of others.
            self.guess = None;
        }
    }

    fn finish(&mut self, turn: TurnId) {
        let holds = self.guess_holds();
        let guess = self.guess.take().filter(|_| holds).map(|guess| guess.decoded);
        let (piece, hints) = (self.audio.take(), self.hints.clone());
        self.waiting.push_back(Task::Last { turn, piece, hints, guess });
        self.begin_piece();
        self.told.clear();
    }

    fn reset(&mut self) {
        let finished = self.waiting.iter().rposition(|task| matches!(task, Task::Last { .. }));
        self.waiting.truncate(finished.map_or(0, |last| last + 1));
        if finished.is_none() && self.failed_turn.is_none() {
            (self.so_far, self.gap) = (Decoded::default(), false);
        }
        self.audio = TurnAudio::default();
        self.begin_piece();
        self.told.clear();
    }

    fn due(&self) -> Option<Work> {
        let over = self.waiting.iter().any(|task| matches!(task, Task::Last { .. }));
        match self.waiting.front() {
            _ if self.failed_turn.is_some() => None,
            Some(Task::Last { piece, guess, .. }) if guess.is_some() || !piece.is_speech() => None,
            Some(_) if over => Some(Work::Final),
            // A piece that is whole has to be decoded in any case, and before the turn's end.
            Some(_) => Some(Work::Guess),
            None if self.wants_guess() => Some(Work::Guess),
            None if self.wants_partial() => Some(Work::Partial),
            None => None,
        }
    }

    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        if let Some(turn) = self.failed_turn.take() {
            self.gap = true;
            let so_far = mem::take(&mut self.so_far);
            return Ok(Some(self.told_whole(so_far, turn)));
        }
        if let Some(task) = self.waiting.pop_front() {
            return self.work(task);
        }
        if self.wants_guess() {
            return self.guess();
        }
        if self.wants_partial() { self.go_on() } else { Ok(None) }
    }
}
