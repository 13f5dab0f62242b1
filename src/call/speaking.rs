//! What the agent is saying to the caller: queued, begun, heard.

use std::collections::VecDeque;

use crate::base::{Epoch, Phi, UtteranceId};
use crate::speech::Utterance;

#[derive(Clone, Debug)]
struct Spoken {
    id: UtteranceId,
    interruptible: bool,
    started: bool,
    /// The voice has failed in its middle: what there is of it is played.
    failed: bool,
    utterance: Utterance,
}

#[derive(Clone, Debug)]
struct Cut {
    id: UtteranceId,
    failed: bool,
    utterance: Utterance,
    /// It had been held before for so long that nothing of it was still on its way.
    at_rest: bool,
}

/// The utterances that are not yet over, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Speaking {
    epoch: Epoch,
    queue: VecDeque<Spoken>,
    /// Dropped while playing: how much of it was heard is still to be told.
    cut: Option<Cut>,
}

/// How an utterance ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Ended {
    /// All of it was heard.
    Spoken(UtteranceId),
    /// Only this much of it was heard.
    Cut(UtteranceId, Phi<String>),
}

impl Speaking {
    /// Queues an utterance and returns the epoch that it belongs to.
    pub(super) fn say(&mut self, id: UtteranceId, text: Phi<String>, interruptible: bool) -> Epoch {
        let utterance = Utterance::new(text);
        self.queue.push_back(Spoken {
            id,
            interruptible,
            started: false,
            failed: false,
            utterance,
        });
        self.epoch
    }

    /// The last that is being said or about to be said.
    pub(super) fn last(&self) -> Option<UtteranceId> {
        self.queue.back().map(|spoken| spoken.id)
    }

    /// Whether nothing is being said or about to be said.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty()
    }

    /// The same, and nothing is left of what was dropped.
    pub(super) fn is_over(&self) -> bool {
        self.is_quiet() && self.cut.is_none()
    }

    /// Returns the utterance's text and whether it may be cut off, if it has just begun.
    pub(super) fn started(&mut self, id: UtteranceId) -> Option<(Phi<String>, bool)> {
        let spoken = self.queue.iter_mut().find(|spoken| spoken.id == id && !spoken.started)?;
        spoken.started = true;
        Some((spoken.utterance.text().clone(), spoken.interruptible))
    }

    pub(super) fn rendered(&mut self, id: UtteranceId, frames: u32) {
        if let Some(spoken) = self.queue.iter_mut().find(|spoken| spoken.id == id) {
            spoken.utterance.rendered(frames);
        } else if let Some(cut) = self.cut.as_mut().filter(|cut| cut.id == id) {
            cut.utterance.rendered(frames);
        }
    }

    /// Takes what the media thread says of an utterance that is over.
    pub(super) fn ended(&mut self, id: UtteranceId, frames: u32, complete: bool) -> Option<Ended> {
        if let Some(cut) = self.cut.take_if(|cut| cut.id == id) {
            return Some(match complete && !cut.failed {
                true => Ended::Spoken(id),
                false => Ended::Cut(id, cut.utterance.heard_after(frames, cut.at_rest)),
            });
        }
        let at = self.queue.iter().position(|spoken| spoken.id == id)?;
        let spoken = self.queue.remove(at)?;
        Some(match complete && !spoken.failed {
            true => Ended::Spoken(id),
            // All that there is has been sent and is on its way.
            false => Ended::Cut(id, spoken.utterance.heard_after(frames, complete)),
        })
    }

    /// An utterance could not be rendered, or not to its end: so many frames of it are played.
    pub(super) fn failed(&mut self, id: UtteranceId, frames: u32) -> Option<Ended> {
        // One frame of silence stands in for nothing at all.
        if frames <= 1 {
            return self.ended(id, 0, false);
        }
        if let Some(spoken) = self.queue.iter_mut().find(|spoken| spoken.id == id) {
            spoken.failed = true;
        } else if let Some(cut) = self.cut.as_mut().filter(|cut| cut.id == id) {
            cut.failed = true;
        }
        None
    }

    /// Drops everything: returns the new epoch, and the utterances of which nothing was played. `at_rest`: all that
    /// was sent has been heard.
    pub(super) fn flush(&mut self, at_rest: bool) -> (Epoch, Vec<UtteranceId>) {
        self.epoch = self.epoch.next();
        let mut unheard = Vec::new();
        for spoken in self.queue.drain(..) {
            match spoken.started {
                true => {
                    let Spoken { id, failed, utterance, .. } = spoken;
                    self.cut = Some(Cut { id, failed, utterance, at_rest });
                }
                false => unheard.push(spoken.id),
            }
        }
        (self.epoch, unheard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Purpose;

    #[test]
    fn what_was_not_played_was_not_heard() {
        let mut speaking = Speaking::default();
        let (one, two) = (UtteranceId(1), UtteranceId(2));
        speaking.say(one, Phi::new("one two three four".into()), true);
        speaking.say(two, Phi::new("never".into()), true);
        speaking.rendered(one, 100);
        assert!(speaking.started(one).is_some());
        assert!(speaking.started(one).is_none(), "an utterance starts once");
        let (epoch, unheard) = speaking.flush(false);
        assert_eq!((epoch, unheard), (Epoch(1), vec![two]));
        assert!(speaking.is_quiet());
        let Some(Ended::Cut(id, heard)) = speaking.ended(one, 60, false) else { panic!() };
        assert_eq!((id, heard.reveal(Purpose::Comparison).as_str()), (one, "one two"));
        assert_eq!(speaking.ended(one, 60, false), None, "and ends once");
    }

    #[test]
    fn what_the_voice_rendered_before_it_failed_was_heard() {
        let mut speaking = Speaking::default();
        let id = UtteranceId(1);
        speaking.say(id, Phi::new("You are booked for Monday, and the rest is lost".into()), true);
        speaking.started(id);
        assert_eq!(speaking.failed(id, 75), None, "it is still being played");
        assert!(!speaking.is_quiet());
        // 75 frames are 1.5 s, and those about 22 characters.
        let Some(Ended::Cut(_, heard)) = speaking.ended(id, 75, true) else { panic!() };
        assert_eq!(heard.reveal(Purpose::Comparison), "You are booked for");
        speaking.say(id, Phi::new("Nothing of this".into()), true);
        assert_eq!(speaking.failed(id, 1), Some(Ended::Cut(id, Phi::default())));
    }

    #[test]
    fn an_utterance_that_finished_while_it_was_being_cut_was_heard() {
        let mut speaking = Speaking::default();
        speaking.say(UtteranceId(1), Phi::new("yes".into()), true);
        speaking.started(UtteranceId(1));
        speaking.flush(false);
        assert_eq!(speaking.ended(UtteranceId(1), 9, true), Some(Ended::Spoken(UtteranceId(1))));
    }
}
