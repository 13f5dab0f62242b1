//! Our refresh of a session: an UPDATE without SDP (RFC 3311), or a re-INVITE that repeats what stands (RFC 4028 §7.4).

use crate::base::Sdp;
use std::time::Instant;

use super::ask::What;
use super::{Output, Session, State, Timer, body_of};
use crate::sip::api::Event;
use crate::sip::capability;
use crate::sip::message::{Method, Response};

/// A refresh of ours without a final answer.
pub(super) struct Refresh {
    number: u32,
    method: Method,
}

impl Session {
    /// Whether something is under way that a refresh, or another offer of ours, has to wait for.
    pub(super) fn is_changing(&self) -> bool {
        self.refresh.is_some()
            || self.is_reoffering()
            || self.offered.is_some()
            || self.unacked.is_some()
            || self.owes_answer()
    }

    /// Whether a refresh of ours is under way.
    pub(super) fn is_refreshing(&self) -> bool {
        self.refresh.is_some()
    }

    /// Whether a re-INVITE of ours is under way, so that none of theirs can be taken.
    pub(super) fn is_inviting(&self) -> bool {
        let refreshing = self.refresh.as_ref().is_some_and(|it| it.method == Method::Invite);
        refreshing || self.is_reoffering()
    }

    /// Sends a refresh; with a description, by re-INVITE. False if it cannot be written.
    pub(super) fn ask_to_refresh(&mut self, sdp: Option<Sdp>) -> bool {
        let method = if sdp.is_some() { Method::Invite } else { Method::Update };
        let Some(dialog) = self.dialog.as_mut() else { return false };
        let mut request = dialog.request(method.clone());
        let way = self.dialog.as_ref().map(|dialog| self.way(dialog));
        request.set_body(capability::ACCEPT, sdp.unwrap_or_default());
        // Copies of the answer to the last one have stopped coming.
        self.asked.retain(|_, asked| !asked.is(What::Refresh));
        let sent = way.and_then(|way| self.ask(What::Refresh, way, request).ok());
        self.refresh = sent.map(|number| Refresh { number, method });
        self.refresh.is_some()
    }

    /// It went out again under another number.
    pub(super) fn refreshing_again(&mut self, number: u32) {
        if let Some(refresh) = self.refresh.as_mut() {
            refresh.number = number;
        }
    }

    pub(super) fn handle_refresh_answer(&mut self, now: Instant, number: u32, response: &Response) {
        let to = response.headers.to();
        let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or_default();
        if response.is_success() && self.acknowledge_again(number, tag) {
            return;
        }
        if response.is_provisional() {
            return self.acknowledge_in_dialog(number, response);
        }
        if response.status == 422 && self.ask_with_longer_timer(number, response) {
            return;
        }
        let Some(refresh) = self.refresh.take_if(|refresh| refresh.number == number) else {
            return;
        };
        match response.status {
            200..300 => self.refreshed(now, &refresh, tag, response),
            _ if !matches!(self.state, State::Confirmed) => {}
            // RFC 3261 §14.1: both sides wanted something at once.
            491 => {
                let wait = self.glare_wait();
                self.timers.set(Timer::Refresh, now + wait);
            }
            // RFC 3261 §12.2.1.2: nobody there knows the call.
            408 | 481 => self.refresh_unanswered(now),
            405 | 501 if refresh.method == Method::Update => {
                self.refreshing.has_no_update();
                self.refresh_session(now);
            }
            _ => self.refresh_failed(now, response.headers.retry_after()),
        }
        self.try_reoffer(now);
    }

    /// Nobody answered: as good as 408, or 503 where a connection broke.
    pub(super) fn handle_refresh_unanswered(&mut self, now: Instant, number: u32, status: u16) {
        if self.refresh.take_if(|refresh| refresh.number == number).is_some() {
            match status {
                408 => self.refresh_unanswered(now),
                _ => self.refresh_failed(now, None),
            }
        }
    }

    /// Waits for no answer any more: the leg is about to be forgotten.
    pub(super) fn abandon_refresh(&mut self) {
        if let Some(refresh) = self.refresh.take() {
            self.outputs.push_back(Output::Abandon { number: refresh.number });
        }
    }

    fn refreshed(&mut self, now: Instant, refresh: &Refresh, tag: &str, response: &Response) {
        let ours = |dialog: &&mut crate::sip::dialog::Dialog| dialog.remote_tag() == tag;
        let Some(dialog) = self.dialog.as_mut().filter(ours) else { return };
        dialog.refresh_target(response.headers.contacts());
        let dialog = dialog.clone();
        if refresh.method == Method::Invite {
            let asked = self.asked.get(&refresh.number);
            let cseq = asked.and_then(|asked| asked.request().headers.cseq());
            let cseq = cseq.map_or(0, |cseq| cseq.number);
            self.acknowledge(refresh.number, cseq, &dialog, None);
        }
        if !matches!(self.state, State::Confirmed) {
            return;
        }
        self.take_timer(now, response);
        let answer = body_of(&response.headers, &response.body).sdp;
        if let Some(answer) = answer.filter(|_| refresh.method == Method::Invite)
            && self.theirs.replace(answer.clone()).as_ref() != Some(&answer)
        {
            let leg = self.leg();
            self.tell(Event::Changed { leg, sdp: answer });
        }
    }
}
