//! What the agent is saying to the caller: queued, begun, heard.

use std::collections::VecDeque;

use crate::base::{Epoch, Phi, UtteranceId};
use crate::speech::Utterance;

#[derive(Clone, Debug)]
struct Spoken {
    id: UtteranceId,
    interruptible: bool,
    started: bool,
    utterance: Utterance,
}

#[derive(Clone, Debug)]
struct Cut {
    id: UtteranceId,
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
        self.queue.push_back(Spoken { id, interruptible, started: false, utterance });
        self.epoch
    }

    /// Whether nothing is being said or about to be said.
    pub(super) fn is_quiet(&self) -> bool {
        self.queue.is_empty()
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
            return Some(match complete {
                true => Ended::Spoken(id),
                false => Ended::Cut(id, cut.utterance.heard_after(frames, cut.at_rest)),
            });
        }
        let at = self.queue.iter().position(|spoken| spoken.id == id)?;
        let spoken = self.queue.remove(at)?;
        Some(match complete {
            true => Ended::Spoken(id),
            false => Ended::Cut(id, spoken.utterance.heard_after(frames, false)),
        })
    }

    /// An utterance could not be rendered: none of it will be heard.
    pub(super) fn dropped(&mut self, id: UtteranceId) -> Option<Ended> {
        self.ended(id, 0, false)
    }

    /// Drops everything: returns the new epoch, and the utterances of which nothing was played. `at_rest`: all that
    /// was sent has been heard.
    pub(super) fn flush(&mut self, at_rest: bool) -> (Epoch, Vec<UtteranceId>) {
        self.epoch = self.epoch.next();
        let mut unheard = Vec::new();
        for spoken in self.queue.drain(..) {
            match spoken.started {
                true => {
                    let Spoken { id, utterance, .. } = spoken;
                    self.cut = Some(Cut { id, utterance, at_rest });
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
    fn an_utterance_that_finished_while_it_was_being_cut_was_heard() {
        let mut speaking = Speaking::default();
        speaking.say(UtteranceId(1), Phi::new("yes".into()), true);
        speaking.started(UtteranceId(1));
        speaking.flush(false);
        assert_eq!(speaking.ended(UtteranceId(1), 9, true), Some(Ended::Spoken(UtteranceId(1))));
    }
}
