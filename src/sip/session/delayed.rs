//! An INVITE of ours without an offer: theirs comes in a reliable 18x or in the 200, and our answer goes into the
//! PRACK or the ACK (RFC 3261 §13.2.1, RFC 3262 §5).

use crate::base::Sdp;
use std::time::Instant;

use super::{Session, State, Timer};
use crate::sip::api::Event;

/// Their offer in a response to our INVITE, which waits for our answer.
pub(super) enum OfferedBack {
    /// In a reliable provisional response of the far end with this tag.
    Early { tag: String, rseq: u32 },
    /// In the acceptance, which nobody has acknowledged so far.
    Final,
}

impl Session {
    /// Tells the call of their offer, and waits for its answer as long as the far end would.
    pub(super) fn offer_back(&mut self, now: Instant, at: OfferedBack, sdp: Sdp) {
        // The 200 may repeat an offer that the call has not answered yet.
        let told = self.theirs.as_ref() == Some(&sdp) && self.offered_back.is_some();
        self.offered_back = Some(at);
        self.theirs = Some(sdp.clone());
        self.timers.set(Timer::Answer, now + self.give_up() / 2);
        if !told {
            let leg = self.leg();
            self.tell(Event::Offer { leg, sdp: Some(sdp) });
        }
    }

    /// Sends our answer where it belongs.
    pub(super) fn answer_back(&mut self, sdp: Sdp) {
        let Some(at) = self.offered_back.take() else { return };
        self.timers.stop(Timer::Answer);
        self.answered_with(sdp.clone());
        match at {
            OfferedBack::Early { tag, rseq } => self.acknowledge_early(&tag, rseq, Some(sdp)),
            OfferedBack::Final => {
                self.acknowledge_first(Some(sdp));
                let leg = self.leg();
                self.tell(Event::Answered { leg, sdp: None });
            }
        }
    }

    /// The call does not want what they offer, or never said: there is no other way to say so than to end it.
    pub(super) fn refuse_back(&mut self, now: Instant) {
        if self.offered_back.is_some() {
            self.drop_offered_back();
            self.hang_up(now, Some("SIP;cause=488;text=\"Offer not taken\"".to_owned()));
        }
    }

    /// What they sent is acknowledged, without an answer: the call ends.
    pub(super) fn drop_offered_back(&mut self) {
        self.timers.stop(Timer::Answer);
        match self.offered_back.take() {
            Some(OfferedBack::Early { tag, rseq }) if matches!(self.state, State::Calling) => {
                self.acknowledge_early(&tag, rseq, None);
            }
            Some(OfferedBack::Final) => self.acknowledge_first(None),
            _ => {}
        }
    }

    /// Acknowledges the acceptance that made our dialog.
    pub(super) fn acknowledge_first(&mut self, answer: Option<Sdp>) {
        let (Some(dialog), Some(placed)) = (self.dialog.clone(), self.placed.as_ref()) else {
            return;
        };
        let (number, cseq) = (placed.number(), placed.cseq());
        self.acknowledge(number, cseq, &dialog, answer);
    }

    /// A description of ours stands as an answer.
    pub(super) fn answered_with(&mut self, sdp: Sdp) {
        self.ours = Some(sdp);
    }

    /// Whether an offer of theirs in a response waits for our answer.
    pub(super) fn owes_answer(&self) -> bool {
        self.offered_back.is_some()
    }
}
