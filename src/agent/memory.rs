//! What the agent said and how much of it the caller heard: the transcript's side of the agent.

use std::collections::BTreeMap;

use crate::base::{Phi, UtteranceId};

/// Utterances remembered. A long call has about 120; older ones no longer matter to what is said next.
const KEPT: usize = 512;

/// How an utterance ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// Waiting or being spoken.
    Pending,
    /// Heard to its end.
    Whole,
    /// Cut off.
    Cut,
}

#[derive(Clone, Debug)]
struct Said {
    heard: Phi<String>,
    outcome: Outcome,
}

/// The agent's utterances, by id.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    said: BTreeMap<UtteranceId, (Phi<String>, Said)>,
}

impl Memory {
    /// Returns what the caller heard of an utterance: all, a part, or nothing yet. `None` for an unknown one.
    pub fn heard(&self, utterance: UtteranceId) -> Option<&Phi<String>> {
        self.said.get(&utterance).map(|(_, said)| &said.heard)
    }

    /// Returns what was heard of everything said so far, in order.
    pub fn all_heard(&self) -> impl Iterator<Item = (UtteranceId, &Phi<String>)> {
        self.said.iter().map(|(id, (_, said))| (*id, &said.heard))
    }

    pub(crate) fn begin(&mut self, utterance: UtteranceId, text: Phi<String>) {
        if self.said.len() >= KEPT {
            self.said.pop_first();
        }
        self.said
            .insert(utterance, (text, Said { heard: Phi::default(), outcome: Outcome::Pending }));
    }

    pub(crate) fn spoken(&mut self, utterance: UtteranceId) {
        if let Some((text, said)) = self.said.get_mut(&utterance) {
            *said = Said { heard: text.clone(), outcome: Outcome::Whole };
        }
    }

    pub(crate) fn cut(&mut self, utterance: UtteranceId, heard: Phi<String>) {
        if let Some((_, said)) = self.said.get_mut(&utterance) {
            *said = Said { heard, outcome: Outcome::Cut };
        }
    }

    pub(crate) fn outcome(&self, utterance: UtteranceId) -> Option<Outcome> {
        self.said.get(&utterance).map(|(_, said)| said.outcome)
    }

    /// Whether something waits to be heard.
    pub(crate) fn is_speaking(&self) -> bool {
        self.said.values().any(|(_, said)| said.outcome == Outcome::Pending)
    }

    /// What waits will not be heard: everything was dropped.
    pub(crate) fn drop_pending(&mut self) {
        for (_, said) in self.said.values_mut() {
            if said.outcome == Outcome::Pending {
                said.outcome = Outcome::Cut;
            }
        }
    }
}
