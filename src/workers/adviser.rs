//! A leg's second opinion on what is a voice, asked of each frame on its way to a recogniser.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::speech::{HeardFrame, SecondOpinion, VoiceHint, VoiceModel};

/// With more frames than this in a leg's ring whoever empties it is late: they pass unjudged, for a late opinion is worth
/// nothing and would make others later. 8 × 20 ms = 160 ms.
const LATE: u64 = 8;

/// What comes of asking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Advice {
    /// Whether there was a voice after all.
    Hint(VoiceHint),
    /// The model failed, with what it said, and is not asked any more.
    Failed(String),
}

/// Takes advice. It is called on the thread that empties rings, or on one that hears, and must not wait.
pub type AdviceSink = Box<dyn Fn(Advice) + Send>;

/// One leg's.
pub(super) struct Adviser {
    opinion: Option<SecondOpinion>,
    sink: AdviceSink,
}

impl Adviser {
    pub(super) fn new(model: Box<dyn VoiceModel>, sink: AdviceSink) -> Self {
        Self { opinion: Some(SecondOpinion::new(model)), sink }
    }

    /// Judges a frame with so many behind it, and marks it anew.
    pub(super) fn judge(&mut self, heard: &mut HeardFrame, waiting: u64) {
        let Some(opinion) = &mut self.opinion else { return };
        if waiting > LATE {
            if let Some(hint) = opinion.skip() {
                (self.sink)(Advice::Hint(hint));
            }
            return;
        }
        let judged = catch_unwind(AssertUnwindSafe(|| opinion.judge(heard)));
        let advice = match judged.unwrap_or_else(|_| Err("it panicked".into())) {
            Ok(None) => return,
            Ok(Some(hint)) => Advice::Hint(hint),
            Err(what) => {
                self.opinion = None;
                Advice::Failed(what)
            }
        };
        // This thread empties all legs' rings: one leg's sink must not end it.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.sink)(advice)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::base::Frame;
    use crate::workers::up_ring;

    /// Never hears a voice; fails at one of its frames, or panics.
    struct Never {
        frames: u32,
        fails: u32,
        panics: u32,
    }

    impl VoiceModel for Never {
        fn push(&mut self, _: &Frame) -> Result<Option<f32>, String> {
            self.frames += 1;
            assert_ne!(self.frames, self.panics, "a scripted panic");
            if self.frames == self.fails { Err("scripted".into()) } else { Ok(Some(0.0)) }
        }
        fn reset(&mut self) {}
    }

    fn advised(
        frames: u64,
        at_once: u64,
        fails: u32,
        panics: u32,
    ) -> (Vec<bool>, Receiver<Advice>) {
        let (sink, told) = channel();
        let (mut writer, ring) = up_ring();
        let model = Box::new(Never { frames: 0, fails, panics });
        let mut ring = ring.advised(model, Box::new(move |advice| sink.send(advice).unwrap()));
        let mut voiced = Vec::new();
        for tick in 0..frames {
            writer.push(&HeardFrame::new(tick, Frame::SILENCE, true));
            if tick % at_once == at_once - 1 {
                voiced.extend(std::iter::from_fn(|| ring.pop()).map(|heard| heard.voiced));
            }
        }
        drop(ring);
        (voiced, told)
    }

    #[test]
    fn what_is_no_voice_is_denied_and_told() {
        let (voiced, told) = advised(20, 1, 0, 0);
        assert_eq!(told.iter().collect::<Vec<_>>(), vec![Advice::Hint(VoiceHint::Denied); 5]);
        assert_eq!(voiced.iter().filter(|voiced| **voiced).count(), 3);
    }

    #[test]
    fn who_is_late_passes_frames_unjudged() {
        let (voiced, told) = advised(60, 30, 0, 0);
        let denied = |advice: &Advice| *advice == Advice::Hint(VoiceHint::Denied);
        assert_eq!(
            told.iter().filter(denied).count(),
            4,
            "the last eight of each thirty are judged"
        );
        assert!(voiced[..22].iter().all(|voiced| *voiced));
        assert_eq!(voiced.len(), 60);
    }

    #[test]
    fn a_model_that_fails_or_panics_is_told_once_and_not_asked_again() {
        for (fails, panics, what) in [(3, 0, "scripted"), (0, 3, "it panicked")] {
            let (voiced, told) = advised(20, 1, fails, panics);
            assert_eq!(told.iter().collect::<Vec<_>>(), [Advice::Failed(what.into())]);
            assert!(voiced.iter().all(|voiced| *voiced));
        }
    }
}
