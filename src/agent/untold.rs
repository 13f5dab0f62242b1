//! What was done and has not reached the caller's ear: it is said again, before anything else is.
//!
//! Who speaks as the agent says "You're booked for Monday" has not heard it, and would hang up without knowing. The
//! sentence is kept until it was heard as far as it matters, and is the first thing that is said after the
//! interruption, this time to its end. An emergency and a person go before it; the note for the person says it too.

use crate::agent::conversation::Conversation;
use crate::agent::planner::Step;
use crate::base::{Phi, Purpose, TurnId, UtteranceId};

/// A result that was told.
#[derive(Clone, Debug)]
pub(crate) struct Untold {
    utterance: UtteranceId,
    text: Phi<String>,
    /// The words that matter: the time of an appointment. `None` where all of it does.
    matter: Option<Phi<String>>,
    /// The turn that it answered.
    turn: TurnId,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// On its way to the caller.
    Said,
    /// Cut off before it mattered.
    Lost,
    /// Heard: kept for a caller who asks what was said.
    Heard,
}

impl Conversation {
    /// Tells what was done, and sees to it that it is heard as far as `matter`, or to its end.
    pub(crate) fn say_result(&mut self, text: String, matter: Option<String>) {
        self.untold.retain(|told| told.state != State::Heard);
        self.tell_again();
        let text = self.checked(text);
        let utterance = self.utter(text.clone(), true);
        let (text, matter) = (Phi::new(text), matter.map(Phi::new));
        let (turn, state) = (self.turn, State::Said);
        self.untold.push(Untold { utterance, text, matter, turn, state });
    }

    /// An utterance was heard to its end.
    pub(crate) fn result_heard(&mut self, utterance: UtteranceId) {
        for told in self.untold.iter_mut().filter(|told| told.utterance == utterance) {
            told.state = State::Heard;
        }
    }

    /// An utterance was cut off, as the memory knows.
    pub(crate) fn result_cut(&mut self, utterance: UtteranceId) {
        let heard = self.memory.heard(utterance).map(|it| it.reveal(Purpose::Comparison).as_str());
        for told in self.untold.iter_mut().filter(|told| told.utterance == utterance) {
            let matter = told.matter.as_ref().unwrap_or(&told.text).reveal(Purpose::Comparison);
            let enough = heard.is_some_and(|heard| heard.contains(matter.as_str()));
            told.state = if enough { State::Heard } else { State::Lost };
        }
    }

    /// All that was to be said is dropped. What is heard of it all the same is told later.
    pub(crate) fn results_dropped(&mut self) {
        for told in self.untold.iter_mut().filter(|told| told.state == State::Said) {
            told.state = State::Lost;
        }
    }

    /// The caller asks what was said: the result that they have just been told, too.
    pub(crate) fn result_again(&mut self) {
        let turn = self.turn;
        let last = self.untold.last_mut().filter(|told| told.turn.next() >= turn);
        if let Some(told) = last.filter(|told| told.state == State::Heard) {
            (told.state, told.turn) = (State::Lost, turn);
        }
    }

    /// Says what was lost, to its end, unless an emergency or a person comes first.
    pub(crate) fn tell_again(&mut self) {
        if matches!(self.step, Step::Emergency { .. } | Step::Transferring { .. }) {
            return;
        }
        for at in 0..self.untold.len() {
            if self.untold[at].state == State::Lost {
                // It was checked when it was said first, and what was done since takes nothing of it back.
                let text = self.untold[at].text.reveal(Purpose::SpokenReply).clone();
                let utterance = self.utter(text, false);
                (self.untold[at].utterance, self.untold[at].state) = (utterance, State::Said);
            }
        }
    }
}
