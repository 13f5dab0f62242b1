//! Our change to a running session: re-INVITE, or UPDATE while it rings; its answer, and what to do when both sides
//! want one at once (RFC 3261 §14.1, RFC 3311 §5.1).

use crate::base::Sdp;
use std::time::{Duration, Instant};

use super::ask::What;
use super::{Output, Session, State, Timer, body_of};
use crate::sip::api::Event;
use crate::sip::capability;
use crate::sip::dialog::Dialog;
use crate::sip::message::{Method, Request, Response};

/// How often a change is tried that meets one of theirs.
const MAX_ATTEMPTS: u8 = 5;
/// The longest that a peer may make us wait before we try again (RFC 3261 §14.2 says 10).
const MAX_RETRY_AFTER: u32 = 10;
/// The grain of the back-off (RFC 3261 §14.1).
const GRAIN: Duration = Duration::from_millis(10);

/// A change that we want.
pub(super) struct Reoffer {
    sdp: Sdp,
    attempts: u8,
    /// The request, once it is out.
    asked: Option<Asked>,
}

struct Asked {
    number: u32,
    heard: bool,
    cancelled: bool,
}

impl Session {
    /// Offers a change, now or as soon as nothing else is open.
    pub(super) fn reoffer(&mut self, now: Instant, sdp: Sdp) {
        if self.offerable().is_none() {
            return self.tell_reoffered(481, None);
        }
        if self.reoffer.is_some() {
            return self.tell_reoffered(491, None);
        }
        self.reoffer = Some(Reoffer { sdp, attempts: 0, asked: None });
        self.try_reoffer(now);
    }

    /// Whether an offer of ours is on its way, so that none of theirs can be taken.
    pub(super) fn is_reoffering(&self) -> bool {
        self.reoffer.as_ref().is_some_and(|reoffer| reoffer.asked.is_some())
    }

    /// RFC 3261 §14.1: no INVITE of ours while another is open, in either direction.
    pub(super) fn try_reoffer(&mut self, now: Instant) {
        let waits = self.reoffer.as_ref().is_some_and(|reoffer| reoffer.asked.is_none());
        let backing_off = self.timers.deadline(Timer::Reoffer).is_some();
        if !waits || backing_off || self.is_changing() {
            return;
        }
        let Some((dialog, method)) = self.offerable() else { return };
        let mut request = dialog.request(method);
        let dialog = dialog.clone();
        let Some(reoffer) = self.reoffer.as_mut() else { return };
        // Copies of older acceptances come no more, but for the last few.
        let newest = self.last_number;
        self.asked.retain(|number, asked| !asked.is(What::Reinvite) || number + 16 > newest);
        request.set_body(capability::ACCEPT, reoffer.sdp.clone());
        reoffer.attempts += 1;
        let way = self.way(&dialog);
        let sent = self.ask(What::Reinvite, way, request).ok();
        match (sent, self.reoffer.as_mut()) {
            (Some(number), Some(reoffer)) => {
                reoffer.asked = Some(Asked { number, heard: false, cancelled: false });
                self.timers.set(Timer::Reoffer, now + self.give_up() + self.setup.t1);
            }
            _ => self.settle_reoffer(400, None),
        }
    }

    /// Returns the dialog that a change of ours goes by, and how. While it rings that takes a far end with UPDATE, and
    /// an offer and answer that were exchanged reliably (RFC 3311 §5.1).
    fn offerable(&mut self) -> Option<(&mut Dialog, Method)> {
        let update = self.refreshing.has_update();
        match self.state {
            State::Confirmed => self.dialog.as_mut().map(|dialog| (dialog, Method::Invite)),
            State::Incoming { .. } if update && self.provisional.has_agreed() => {
                self.dialog.as_mut().map(|dialog| (dialog, Method::Update))
            }
            State::Calling if update => {
                let early = self.placed.as_mut()?.early.agreed()?;
                Some((&mut early.dialog, Method::Update))
            }
            _ => None,
        }
    }

    /// It went out again with credentials.
    pub(super) fn reoffered_again(&mut self, number: u32) {
        if let Some(reoffer) = self.reoffer.as_mut() {
            reoffer.asked = Some(Asked { number, heard: false, cancelled: false });
        }
    }

    pub(super) fn handle_reoffer_answer(&mut self, now: Instant, number: u32, response: &Response) {
        let current = self.reoffer.as_ref().and_then(|reoffer| reoffer.asked.as_ref());
        let current = current.is_some_and(|asked| asked.number == number);
        match response.status {
            ..200 => {
                let asked = self.reoffer.as_mut().and_then(|reoffer| reoffer.asked.as_mut());
                if let Some(asked) = asked.filter(|_| current) {
                    asked.heard = true;
                }
                self.acknowledge_in_dialog(number, response);
            }
            200..300 => self.handle_reoffer_acceptance(now, number, response, current),
            422 if current && self.ask_with_longer_timer(number, response) => {}
            status => {
                self.asked.remove(&number);
                if current {
                    self.handle_reoffer_refusal(now, status, response.headers.retry_after());
                }
            }
        }
    }

    /// Acknowledged whatever has become of us meanwhile, and as often as it comes.
    fn handle_reoffer_acceptance(
        &mut self,
        now: Instant,
        number: u32,
        response: &Response,
        current: bool,
    ) {
        let to = response.headers.to();
        let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or_default();
        if self.acknowledge_again(number, tag) {
            return;
        }
        let asked = self.asked.get(&number);
        let cseq = asked.and_then(|asked| asked.request().headers.cseq());
        let Some(dialog) = self.dialog_with(tag) else { return };
        // RFC 3261 §12.2.1.2: from now on they are where their answer says.
        dialog.refresh_target(response.headers.contacts());
        let dialog = dialog.clone();
        if let Some(invite) = cseq.filter(|cseq| cseq.method == Method::Invite) {
            self.acknowledge(number, invite.number, &dialog, None);
        }
        if current {
            let answer = body_of(&response.headers, &response.body).sdp;
            if matches!(self.state, State::Confirmed) {
                self.take_timer(now, response);
            } else if let Some(placed) = self.placed.as_mut() {
                placed.early.note_change(tag);
            }
            if answer.is_some() {
                self.ours = self.reoffer.as_ref().map(|reoffer| reoffer.sdp.clone());
                self.theirs.clone_from(&answer);
            }
            self.settle_reoffer(response.status, answer);
            // Theirs may have waited for ours.
            self.try_reoffer(now);
        }
    }

    pub(super) fn handle_reoffer_refusal(
        &mut self,
        now: Instant,
        status: u16,
        retry_after: Option<u32>,
    ) {
        let Some(reoffer) = self.reoffer.as_mut() else { return };
        let over = matches!(self.state, State::Closing | State::Over);
        let again = reoffer.attempts < MAX_ATTEMPTS && !over;
        let cancelled = reoffer.asked.take().is_some_and(|asked| asked.cancelled);
        self.timers.stop(Timer::Reoffer);
        match status {
            491 if again && !cancelled => {
                let wait = self.glare_wait();
                self.timers.set(Timer::Reoffer, now + wait);
            }
            500 if again && retry_after.is_some_and(|wait| wait <= MAX_RETRY_AFTER) => {
                let wait = Duration::from_secs(retry_after.unwrap_or_default().into());
                self.timers.set(Timer::Reoffer, now + wait.max(self.setup.t1));
            }
            408 | 481 if !cancelled => {
                self.settle_reoffer(status, None);
                let reason = format!("SIP;cause={status};text=\"re-INVITE failed\"");
                self.hang_up(now, Some(reason));
            }
            // What we took back was not answered in time, whatever they call it.
            487 if cancelled => self.settle_reoffer(408, None),
            status => self.settle_reoffer(status, None),
        }
    }

    /// The back-off is over, or an answer is overdue that was promised by a 1xx.
    pub(super) fn handle_reoffer_timeout(&mut self, now: Instant) {
        let asked = self.reoffer.as_mut().and_then(|reoffer| reoffer.asked.as_mut());
        let Some(asked) = asked else { return self.try_reoffer(now) };
        let number = asked.number;
        if asked.heard && !asked.cancelled {
            asked.cancelled = true;
            self.cancel_reoffer(now, number);
        } else {
            self.outputs.push_back(Output::Abandon { number });
            self.asked.remove(&number);
            self.settle_reoffer(408, None);
        }
    }

    /// RFC 3261 §14.1: whoever chose the Call-ID waits longer, so that the two do not meet again.
    pub(super) fn glare_wait(&mut self) -> Duration {
        let grains = match self.placed.is_some() {
            true => 210 + self.setup.dice.below(191),
            false => self.setup.dice.below(201),
        };
        GRAIN * grains as u32
    }

    fn cancel_reoffer(&mut self, now: Instant, number: u32) {
        let Some(asked) = self.asked.get(&number) else { return };
        let way = asked.way().clone();
        let cancel = cancel_of(asked.request());
        let _ = self.send(What::Cancel, way, cancel, 0);
        self.timers.set(Timer::Reoffer, now + self.give_up());
    }

    /// The leg is over: nothing is to be changed any more. An acceptance that crosses our BYE is still acknowledged.
    pub(super) fn drop_reoffer(&mut self) {
        if self.reoffer.is_some() {
            self.settle_reoffer(487, None);
        }
    }

    /// The leg is forgotten: an answer that was promised comes no more.
    pub(super) fn abandon_reoffers(&mut self) {
        let numbers = self.asked.iter().filter(|(_, asked)| asked.is(What::Reinvite));
        for number in numbers.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.outputs.push_back(Output::Abandon { number });
        }
    }

    fn settle_reoffer(&mut self, status: u16, answer: Option<Sdp>) {
        self.reoffer = None;
        self.timers.stop(Timer::Reoffer);
        self.tell_reoffered(status, answer);
    }

    fn tell_reoffered(&mut self, status: u16, answer: Option<Sdp>) {
        let leg = self.leg();
        self.tell(Event::Reoffered { leg, status, answer });
    }
}

/// RFC 3261 §9.1: the INVITE's own Via, Request-URI, To, From, Call-ID and number.
pub(super) fn cancel_of(invite: &Request) -> Request {
    let mut cancel = Request::new(Method::Cancel, invite.uri.clone());
    for name in ["Via", "Route", "From", "To", "Call-ID"] {
        cancel.headers.copy(&invite.headers, name);
    }
    cancel.headers.push("Max-Forwards", "70");
    let cseq = invite.headers.cseq().map_or(0, |cseq| cseq.number);
    cancel.headers.push("CSeq", format!("{cseq} CANCEL"));
    cancel
}
