//! What one leg has to say: utterances in order, rendered or not, on their way into its ring.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::{Epoch, Frame, LegId, UtteranceId};

use super::rings::{DownFrame, DownRing};
use super::speaking::SpeakingEvent;

pub(super) struct Utterance {
    pub(super) id: UtteranceId,
    pub(super) epoch: Epoch,
    pub(super) asked: Instant,
    pub(super) first: Option<Duration>,
    pub(super) total: u32,
    /// Rendered and not yet in the ring.
    pub(super) frames: VecDeque<Frame>,
    pub(super) rendered: bool,
}

impl Utterance {
    pub(super) fn new(id: UtteranceId, epoch: Epoch) -> Self {
        Self {
            id,
            epoch,
            asked: Instant::now(),
            first: None,
            total: 0,
            frames: VecDeque::new(),
            rendered: false,
        }
    }
}

pub(super) struct Mouth {
    pub(super) ring: DownRing,
    pub(super) sink: Arc<dyn Fn(LegId, SpeakingEvent) + Send + Sync>,
    /// Nothing older is spoken.
    pub(super) epoch: Epoch,
    pub(super) queue: VecDeque<Utterance>,
}

impl Mouth {
    /// Fills the ring; whether something waits for room or for the voice's next piece.
    pub(super) fn hand_on(&mut self) -> bool {
        if self.ring.is_closed() {
            self.queue.clear();
        }
        while let Some(front) = self.queue.front_mut() {
            // The last frame is marked, and it is known to be the last when all is rendered.
            let held = usize::from(!front.rendered);
            while front.frames.len() > held
                && let Some(&frame) = front.frames.front()
            {
                let last = front.rendered && front.frames.len() == 1;
                let (epoch, utterance) = (front.epoch, front.id);
                if !self.ring.push(&DownFrame { epoch, utterance, last, frame }) {
                    return true;
                }
                front.frames.pop_front();
            }
            if !front.rendered {
                return false;
            }
            self.queue.pop_front();
        }
        false
    }
}
