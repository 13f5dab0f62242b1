//! The sound of the turn that the caller is in, kept until its words are there: whoever stands in hears it all. What is
//! no turn of the caller's, a click or the agent's own echo in a long pause, is left out of it.

use std::collections::VecDeque;

use crate::speech::HeardFrame;

/// Kept from before a voice sets in: 15 × 20 ms = 300 ms, for the detector is late on soft consonants.
const BEFORE: usize = 15;
/// The least that is a word and not a click: 4 × 20 ms = 80 ms.
const MIN_VOICED: usize = 4;
/// Kept of a pause: 50 × 20 ms = 1 s. With [`BEFORE`] of the next word, a longer one shrinks to 1.3 s. Words so far are
/// told by a vendor that hears the pause after them. A click is forgotten after it.
const PAUSE: usize = 50;
/// The longest turn that is kept whole: 9000 × 20 ms = three minutes. Of a longer one the end is.
const LONGEST: usize = 9_000;

/// A turn under way.
#[derive(Default)]
pub(super) struct Kept {
    /// What came last and is no part of the turn so far.
    before: VecDeque<HeardFrame>,
    turn: VecDeque<HeardFrame>,
    /// Voiced frames of the turn.
    voiced: usize,
    /// Frames since the last voiced one.
    silence: usize,
}

impl Kept {
    /// Whether a word may have been heard since the last turn ended.
    pub(super) fn has_begun(&self) -> bool {
        self.voiced >= MIN_VOICED
    }

    /// Takes a frame. Returns how many of [`Self::frames`], from the end, are new to whoever hears the turn: all of
    /// them when it begins, none in a long pause.
    pub(super) fn push(&mut self, heard: &HeardFrame) -> usize {
        let begun = self.has_begun();
        let before = self.turn.len();
        self.silence = if heard.voiced { 0 } else { self.silence + 1 };
        if heard.voiced {
            self.turn.extend(self.before.drain(..));
            self.voiced += 1;
        }
        if heard.voiced || (!self.turn.is_empty() && self.silence <= PAUSE) {
            self.turn.push_back(*heard);
        } else {
            if !begun {
                // It was a click.
                self.voiced = 0;
                self.turn.clear();
            }
            if self.before.len() == BEFORE {
                self.before.pop_front();
            }
            self.before.push_back(*heard);
            return 0;
        }
        let new = match (begun, self.has_begun()) {
            (true, _) => self.turn.len() - before,
            (false, true) => self.turn.len(),
            (false, false) => 0,
        };
        while self.turn.len() > LONGEST {
            self.turn.pop_front();
        }
        new.min(self.turn.len())
    }

    /// The turn so far.
    pub(super) fn frames(&self) -> impl ExactSizeIterator<Item = &HeardFrame> {
        self.turn.iter()
    }

    /// Ends the turn and returns it; nothing where no word was heard. What came after its last pause began stays: the
    /// next turn may begin in it.
    pub(super) fn take(&mut self) -> Vec<HeardFrame> {
        let turn = std::mem::take(&mut self.turn);
        if std::mem::take(&mut self.voiced) >= MIN_VOICED { turn.into() } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Frame;

    /// Pushes so many frames; returns how many were new to whoever hears the turn.
    fn push(kept: &mut Kept, voiced: bool, frames: usize) -> usize {
        let heard = |tick: usize| HeardFrame::new(tick as u64, Frame::SILENCE, voiced);
        (0..frames).map(|tick| kept.push(&heard(tick))).sum()
    }

    #[test]
    fn a_turn_begins_300_ms_before_its_voice() {
        let mut kept = Kept::default();
        assert_eq!(push(&mut kept, false, 100), 0);
        assert_eq!(push(&mut kept, true, 3), 0, "a click has as much");
        assert_eq!((push(&mut kept, true, 1), kept.has_begun()), (15 + 4, true));
        assert_eq!((push(&mut kept, false, 1), kept.frames().len()), (1, 20));
        assert_eq!((kept.take().len(), kept.has_begun()), (20, false));
    }

    #[test]
    fn a_click_and_the_sound_after_it_are_no_turn() {
        let mut kept = Kept::default();
        for _ in 0..20 {
            assert_eq!((push(&mut kept, true, 1), push(&mut kept, false, 100)), (0, 0));
        }
        assert_eq!(push(&mut kept, true, 10), 15 + 10);
        assert_eq!(kept.take().len(), 25);
        assert_eq!((push(&mut kept, true, 2), kept.take().len()), (0, 0), "a turn of a click");
        assert_eq!(push(&mut kept, true, 3), 0, "two clicks are no word");
    }

    #[test]
    fn a_long_pause_shrinks_and_a_short_one_stays() {
        let mut kept = Kept::default();
        push(&mut kept, true, 20);
        assert_eq!(push(&mut kept, false, 500), PAUSE);
        assert_eq!(push(&mut kept, true, 1), BEFORE + 1);
        push(&mut kept, false, 40);
        assert_eq!(push(&mut kept, true, 1), 1);
        assert_eq!(kept.take().len(), 20 + PAUSE + BEFORE + 1 + 40 + 1);
    }

    #[test]
    fn of_an_endless_turn_the_end_is_kept() {
        let mut kept = Kept::default();
        assert_eq!(push(&mut kept, true, LONGEST + 100), LONGEST + 100);
        assert_eq!(kept.take().len(), LONGEST);
    }
}
