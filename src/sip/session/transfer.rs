//! Our REFER and the subscription it makes (RFC 3515, RFC 6665): what became of the transfer.
//!
//! `Requested → Accepted → Progress → Answered | Failed | Unknown`. The first NOTIFY may overtake
//! the 202, the last may follow the BYE, and either may have no body.

use std::time::Instant;

use super::ask::What;
use super::way::Way;
use super::{Session, State, Timer};
use crate::sip::api::{Event, TransferState};
use crate::sip::message::{Method, NameAddr, Request, Sipfrag, Subscription, Uri};
use crate::sip::transaction::ServerId;

/// A REFER of ours whose outcome is not known yet.
pub(super) struct Transfer {
    /// Its number, by which a NOTIFY may name it.
    cseq: u32,
    accepted: bool,
}

impl Session {
    pub(super) fn refer(&mut self, target: &str, headers: &[(String, String)]) {
        if !matches!(self.state, State::Confirmed) {
            return self.tell_transfer(TransferState::Failed(481));
        }
        // One at a time: a second would leave nobody knowing where the caller is.
        if self.transfer.is_some() {
            return self.tell_transfer(TransferState::Failed(491));
        }
        let (Ok(uri), Some(dialog)) = (Uri::parse(target), self.dialog.as_mut()) else {
            return self.tell_transfer(TransferState::Failed(400));
        };
        let by = dialog.local_uri();
        let mut refer = dialog.request(Method::Refer);
        let cseq = refer.headers.cseq().map_or(0, |cseq| cseq.number);
        refer.headers.push("Refer-To", NameAddr::new(uri).to_wire());
        for (name, value) in headers {
            refer.headers.push(name, value);
        }
        if let Some(by) = by.filter(|_| !refer.headers.contains("Referred-By")) {
            refer.headers.push("Referred-By", NameAddr::new(by).to_wire());
        }
        let way = self.dialog.as_ref().map_or(Way::Back, |dialog| self.way(dialog));
        match self.ask(What::Refer, way, refer) {
            Ok(_) => {
                self.transfer = Some(Transfer { cseq, accepted: false });
                self.has_referred = true;
            }
            Err(_) => self.tell_transfer(TransferState::Failed(400)),
        }
    }

    /// Our REFER went out again with credentials, under another number.
    pub(super) fn referred_again(&mut self, cseq: u32) {
        if let Some(transfer) = self.transfer.as_mut() {
            transfer.cseq = cseq;
        }
    }

    pub(super) fn handle_refer_answer(&mut self, now: Instant, status: u16) {
        if self.transfer.is_none() {
            return;
        }
        match status {
            200..300 => self.accept_transfer(now),
            _ => self.settle_transfer(TransferState::Failed(status)),
        }
    }

    pub(super) fn handle_notify(&mut self, now: Instant, id: ServerId, request: &Request) {
        let event = request.headers.event();
        let Some(event) = event.filter(|event| event.package == "refer") else {
            // Told without asking, such as message-summary after a REGISTER: no harm in it.
            return self.answer(id, request, if self.asked_for(request) { 200 } else { 489 });
        };
        let ours = |transfer: &Transfer| {
            event.id.as_ref().is_none_or(|id| id.parse() == Ok(transfer.cseq))
        };
        if !self.transfer.as_ref().is_some_and(ours) {
            // A subscription that is over may still have something to say.
            return self.answer(id, request, if self.has_referred { 200 } else { 481 });
        }
        self.answer(id, request, 200);
        self.accept_transfer(now);
        let state = request.headers.subscription_state().map(|state| state.state);
        let fragment = Sipfrag::parse(&request.body).map(|fragment| fragment.status);
        match fragment {
            Some(status @ 300..) => self.settle_transfer(TransferState::Failed(status)),
            Some(200..) => self.settle_transfer(TransferState::Answered),
            Some(status) => self.tell_transfer(TransferState::Progress(status)),
            None => {}
        }
        if state == Some(Subscription::Terminated) && self.transfer.is_some() {
            self.settle_transfer(TransferState::Unknown);
        }
    }

    pub(super) fn give_up_on_transfer(&mut self) {
        if self.transfer.is_some() {
            self.settle_transfer(TransferState::Unknown);
        }
    }

    /// Tells the last that will be told of this transfer.
    pub(super) fn settle_transfer(&mut self, outcome: TransferState) {
        self.transfer = None;
        self.timers.stop(Timer::Transfer);
        self.tell_transfer(outcome);
    }

    fn accept_transfer(&mut self, now: Instant) {
        let wait = self.setup.refer_wait;
        let Some(transfer) = self.transfer.as_mut().filter(|transfer| !transfer.accepted) else {
            return;
        };
        transfer.accepted = true;
        self.timers.set(Timer::Transfer, now + wait);
        self.tell_transfer(TransferState::Accepted);
    }

    fn asked_for(&self, notify: &Request) -> bool {
        notify.headers.event().is_some_and(|event| event.package == "message-summary")
    }

    fn tell_transfer(&mut self, state: TransferState) {
        let leg = self.leg();
        self.tell(Event::Transfer { leg, state });
    }
}
