//! Our changes to a running session: a re-INVITE (RFC 3261 §14.1) or UPDATE (RFC 3311 §5.1) of ours, and its answer.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::ask::What;
use super::prack::Heard;
use super::{Output, Session, State, Timer, body_of};
use crate::sip::api::{Event, Flow};
use crate::sip::capability;
use crate::sip::message::{Method, Response};

/// A re-INVITE or UPDATE of ours without a final answer.
pub(super) struct Change {
    number: u32,
    method: Method,
    /// What we offered.
    sdp: Option<Vec<u8>>,
    heard: Heard,
}

impl Change {
    /// Whether it holds an offer, so that none of theirs may come in between.
    pub(super) fn is_offering(&self) -> bool {
        self.sdp.is_some()
    }

    /// Whether no re-INVITE of theirs may come in between.
    pub(super) fn is_exclusive(&self) -> bool {
        self.method == Method::Invite || self.is_offering()
    }
}

/// The ACK to our last re-INVITE, which each copy of its 200 gets again.
pub(super) struct Reack {
    number: u32,
    flow: Flow,
    bytes: Bytes,
}

impl Session {
    /// Whether an offer is open in either direction, so that another has to wait (RFC 3261 §14.1).
    pub(super) fn is_changing(&self) -> bool {
        self.change.is_some() || self.offered.is_some() || self.unacked.is_some()
    }

    /// Sends a re-INVITE or UPDATE. False if it cannot be written.
    pub(super) fn change(&mut self, method: Method, sdp: Option<Vec<u8>>) -> bool {
        let Some(dialog) = self.dialog.as_mut() else { return false };
        let mut request = dialog.request(method.clone());
        let flow = self.dialog.as_ref().map_or(self.setup.flow, |dialog| self.way(dialog));
        if let Some(sdp) = &sdp {
            request.set_body(capability::ACCEPT, sdp.clone());
        }
        // Copies of the answer to the last one have stopped coming.
        self.forget_changes();
        let Ok(number) = self.ask(What::Change, flow, request) else { return false };
        self.change = Some(Change { number, method, sdp, heard: Heard::default() });
        true
    }

    /// Our change went out again under another number.
    pub(super) fn changed_again(&mut self, number: u32) {
        if let Some(change) = self.change.as_mut() {
            change.number = number;
            change.heard = Heard::default();
        }
    }

    pub(super) fn handle_change_answer(&mut self, now: Instant, number: u32, response: &Response) {
        if response.is_success() && self.acknowledge_copy(number) {
            return;
        }
        if response.is_provisional() {
            return self.handle_change_progress(number, response);
        }
        if !self.change.as_ref().is_some_and(|change| change.number == number) {
            return;
        }
        if response.status == 422 && self.ask_with_longer_timer(number, response) {
            return;
        }
        let Some(change) = self.change.take() else { return };
        if response.is_success() {
            return self.changed(now, change, response);
        }
        match response.status {
            _ if !matches!(self.state, State::Confirmed) => {}
            // RFC 3261 §14.1: both sides wanted something at once.
            491 => {
                let wait = self.glare_wait();
                self.timers.set(Timer::Refresh, now + wait);
            }
            // RFC 3261 §12.2.1.2: nobody there knows the call.
            408 | 481 => self.refresh_unanswered(now),
            405 | 501 if change.method == Method::Update => {
                self.refreshing.has_no_update();
                self.refresh_session(now);
            }
            _ => self.refresh_failed(now, response.headers.retry_after()),
        }
    }

    pub(super) fn handle_change_unanswered(&mut self, now: Instant, number: u32) {
        if self.change.take_if(|change| change.number == number).is_some() {
            self.refresh_unanswered(now);
        }
    }

    /// Waits for no answer any more: the leg is about to be forgotten.
    pub(super) fn abandon_change(&mut self) {
        if let Some(change) = self.change.take() {
            self.outputs.push_back(Output::Abandon { number: change.number });
        }
    }

    fn changed(&mut self, now: Instant, change: Change, response: &Response) {
        if let Some(dialog) = self.dialog.as_mut() {
            dialog.refresh_target(response.headers.contacts());
        }
        if change.method == Method::Invite {
            self.acknowledge_change(change.number);
        }
        if !matches!(self.state, State::Confirmed) {
            return;
        }
        self.take_timer(now, response);
        let answer = body_of(&response.headers, &response.body).sdp;
        let (Some(offer), Some(answer)) = (change.sdp, answer) else { return };
        self.ours = Some(offer);
        if self.theirs.replace(answer.clone()).as_ref() != Some(&answer) {
            let leg = self.leg();
            self.tell(Event::Changed { leg, sdp: answer });
        }
    }

    fn handle_change_progress(&mut self, number: u32, response: &Response) {
        let Some(rseq) = self.reliable_number(response) else { return };
        let ours = |change: &&mut Change| change.number == number;
        let Some(change) = self.change.as_mut().filter(ours) else { return };
        let fresh = change.heard.take(rseq);
        let asked = self.asked.get(&number).and_then(|asked| asked.request().headers.cseq());
        if let (Some(cseq), true, Some(mut dialog)) = (asked, fresh, self.dialog.clone()) {
            self.acknowledge_progress(&mut dialog, rseq, cseq.number, None);
            self.dialog = Some(dialog);
        }
    }

    fn acknowledge_change(&mut self, number: u32) {
        let Some(dialog) = self.dialog.clone() else { return };
        let Some(request) = self.asked.get(&number).map(|asked| asked.request().clone()) else {
            return;
        };
        if let Some((flow, bytes)) = self.write_ack(&dialog, &request, None) {
            self.outputs.push_back(Output::Send { flow, bytes: bytes.clone() });
            self.reack = Some(Reack { number, flow, bytes });
        }
    }

    /// Sends the ACK again if this number's acceptance has come before.
    fn acknowledge_copy(&mut self, number: u32) -> bool {
        let Some(reack) = self.reack.as_ref().filter(|reack| reack.number == number) else {
            return false;
        };
        let (flow, bytes) = (reack.flow, reack.bytes.clone());
        self.outputs.push_back(Output::Send { flow, bytes });
        true
    }

    /// RFC 3261 §14.1: the side that chose the Call-ID waits longer, so that the two do not meet again.
    pub(super) fn glare_wait(&mut self) -> Duration {
        let tens = match self.placed.is_some() {
            true => 210 + self.setup.dice.below(191),
            false => self.setup.dice.below(201),
        };
        Duration::from_millis(10 * tens)
    }
}
