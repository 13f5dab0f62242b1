//! The sound of the turn that the caller is in, kept until its words are there: whoever stands in hears it all.

use std::collections::VecDeque;

use crate::speech::HeardFrame;

/// Kept from before a voice sets in: 15 × 20 ms = 300 ms, for the detector is late on soft consonants.
const BEFORE: usize = 15;
/// The longest turn that is kept whole: 9000 × 20 ms = three minutes. Of a longer one the end is.
const LONGEST: usize = 9_000;

/// A turn under way.
#[derive(Default)]
pub(super) struct Kept {
    before: VecDeque<HeardFrame>,
    turn: VecDeque<HeardFrame>,
}

impl Kept {
    /// Whether a voice was heard since the last turn ended.
    pub(super) fn has_begun(&self) -> bool {
        !self.turn.is_empty()
    }

    /// Takes a frame that comes before the voice; once there is one, returns what the turn begins with.
    pub(super) fn wait_for_voice(&mut self, heard: &HeardFrame) -> Vec<HeardFrame> {
        if heard.voiced {
            self.turn.extend(self.before.drain(..));
            self.turn.push_back(*heard);
            return self.turn.iter().copied().collect();
        }
        if self.before.len() == BEFORE {
            self.before.pop_front();
        }
        self.before.push_back(*heard);
        Vec::new()
    }

    /// Takes a frame of the turn.
    pub(super) fn push(&mut self, heard: &HeardFrame) {
        if self.turn.len() == LONGEST {
            self.turn.pop_front();
        }
        self.turn.push_back(*heard);
    }

    /// The turn so far.
    pub(super) fn frames(&self) -> impl Iterator<Item = &HeardFrame> {
        self.turn.iter()
    }

    /// Ends the turn and returns it.
    pub(super) fn take(&mut self) -> Vec<HeardFrame> {
        std::mem::take(&mut self.turn).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Frame;

    #[test]
    fn a_turn_begins_300_ms_before_its_voice() {
        let mut kept = Kept::default();
        for tick in 0..100 {
            assert!(kept.wait_for_voice(&HeardFrame::new(tick, Frame::SILENCE, false)).is_empty());
        }
        let begun = kept.wait_for_voice(&HeardFrame::new(100, Frame::SILENCE, true));
        assert_eq!((begun.len(), begun[0].tick, kept.has_begun()), (16, 85, true));
        kept.push(&HeardFrame::new(101, Frame::SILENCE, false));
        assert_eq!(kept.take().last().map(|heard| heard.tick), Some(101));
        assert!(!kept.has_begun());
    }
}
