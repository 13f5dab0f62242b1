//! What of the caller's sound is kept for the recogniser: the words and a little round them.

use std::collections::VecDeque;
use std::mem;

use crate::base::Frame;
use crate::speech::HeardFrame;

/// Kept from before a voice sets in: 15 × 20 ms = 300 ms, for the detector is late on soft consonants.
const BEFORE: usize = 15;
/// Kept of a pause: with [`BEFORE`] of the next word, a longer one shrinks to 600 ms.
const AFTER: usize = 15;
/// The least that is a word and not a click: 4 × 20 ms = 80 ms.
pub(super) const MIN_VOICED: usize = 4;
/// A click is forgotten after this long: 50 × 20 ms = 1 s.
const FORGET_CLICK: usize = 50;
/// From here on a piece ends at the next pause: 900 × 20 ms = 18 s.
const WANT_CUT: usize = 900;
/// What counts as such a pause: 10 × 20 ms = 200 ms.
const CUT_PAUSE: usize = 10;
/// No piece is longer: 1250 × 20 ms = 25 s. The recogniser's memory and time grow with the square.
const MAX_PIECE: usize = 1250;

/// A stretch of sound that holds speech, at most 25 s of it.
#[derive(Default)]
pub(super) struct Piece {
    /// 16 kHz, -1 to 1.
    pub(super) samples: Vec<f32>,
    /// How many of its frames are voiced.
    pub(super) voiced: usize,
}

impl Piece {
    fn push(&mut self, frame: &Frame, voiced: bool) {
        self.samples.extend(frame.0.iter().map(|&s| f32::from(s) / 32_768.0));
        self.voiced += usize::from(voiced);
    }

    /// How many frames it has.
    pub(super) fn frames(&self) -> usize {
        self.samples.len() / Frame::SAMPLES
    }

    /// Whether there may be a word in it.
    pub(super) fn is_speech(&self) -> bool {
        self.voiced >= MIN_VOICED
    }
}

/// The sound of a turn under way.
#[derive(Default)]
pub(super) struct TurnAudio {
    before: VecDeque<Frame>,
    current: Piece,
    silence: usize,
}

impl TurnAudio {
    /// Takes a frame; returns a piece that has become long enough to be decoded by itself.
    pub(super) fn push(&mut self, heard: &HeardFrame) -> Option<Piece> {
        if heard.voiced {
            for frame in self.before.drain(..) {
                self.current.push(&frame, false);
            }
            self.current.push(&heard.frame, true);
            self.silence = 0;
        } else {
            self.silence += 1;
            if self.current.voiced > 0 && self.silence <= AFTER {
                self.current.push(&heard.frame, false);
            } else {
                if self.before.len() == BEFORE {
                    self.before.pop_front();
                }
                self.before.push_back(heard.frame);
            }
            if self.silence >= FORGET_CLICK && !self.current.is_speech() {
                self.current = Piece::default();
            }
        }
        let long = self.current.frames() >= WANT_CUT && self.silence >= CUT_PAUSE;
        (long || self.current.frames() >= MAX_PIECE).then(|| mem::take(&mut self.current))
    }

    /// What has been kept since the last piece.
    pub(super) fn current(&self) -> &Piece {
        &self.current
    }

    /// How many frames ago the last voiced one came.
    pub(super) fn silence(&self) -> usize {
        self.silence
    }

    /// Ends the turn and returns what was kept. The last 300 ms stay: the next turn may begin in them.
    pub(super) fn take(&mut self) -> Piece {
        mem::take(&mut self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(audio: &mut TurnAudio, voiced: bool, frames: usize) -> Vec<usize> {
        let heard = HeardFrame::new(0, Frame([1; Frame::SAMPLES]), voiced);
        (0..frames).filter_map(|_| audio.push(&heard)).map(|piece| piece.frames()).collect()
    }

    #[test]
    fn a_word_is_kept_with_300_ms_on_both_sides() {
        let mut audio = TurnAudio::default();
        push(&mut audio, false, 100);
        push(&mut audio, true, 20);
        push(&mut audio, false, 100);
        assert_eq!((audio.current().frames(), audio.current().voiced), (15 + 20 + 15, 20));
        assert_eq!(audio.take().frames(), 50);
        assert!(!audio.current().is_speech());
    }

    #[test]
    fn a_long_pause_between_words_shrinks_to_600_ms() {
        let mut audio = TurnAudio::default();
        push(&mut audio, true, 20);
        push(&mut audio, false, 200);
        push(&mut audio, true, 20);
        assert_eq!(audio.current().frames(), 20 + 15 + 15 + 20);
    }

    #[test]
    fn a_short_pause_stays_as_it_was() {
        let mut audio = TurnAudio::default();
        push(&mut audio, true, 20);
        push(&mut audio, false, 22);
        push(&mut audio, true, 20);
        assert_eq!(audio.current().frames(), 62);
    }

    #[test]
    fn a_click_is_forgotten_after_a_second() {
        let mut audio = TurnAudio::default();
        push(&mut audio, true, 3);
        push(&mut audio, false, 60);
        assert_eq!(audio.current().frames(), 0);
        push(&mut audio, true, 3);
        assert!(!audio.current().is_speech(), "two clicks are not a word");
    }

    #[test]
    fn long_speech_is_cut_at_a_pause_and_endless_speech_at_25_s() {
        let mut audio = TurnAudio::default();
        assert!(push(&mut audio, true, 950).is_empty());
        assert_eq!(push(&mut audio, false, 10), [960]);
        assert_eq!(push(&mut audio, true, 1300), [1250]);
        assert_eq!(audio.current().frames(), 50);
    }
}
