//! Their changes to a running session: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311).

use std::time::Instant;

use super::{Output, Session, State, body_of};
use crate::sip::api::{Event, Refusal};
use crate::sip::capability;
use crate::sip::message::{Method, Request};
use crate::sip::transaction::ServerId;

/// RFC 3261 §14.2 wants a random number between 0 and 10.
const RETRY_BOUND: u64 = 11;

/// A re-INVITE or UPDATE that the call has not answered yet.
pub(super) struct Offered {
    id: ServerId,
    request: Request,
}

impl Offered {
    pub(super) fn id(&self) -> ServerId {
        self.id
    }
}

impl Session {
    pub(super) fn handle_reinvite(&mut self, id: ServerId, request: Request) {
        match self.state {
            _ if self.offered.is_some() => self.answer_later(id, &request),
            State::Confirmed if self.unacked.is_some() => self.answer(id, &request, 491),
            // RFC 3261 §14.2: ours is on its way.
            State::Confirmed if self.is_reoffering() => self.answer(id, &request, 491),
            State::Confirmed => self.offer(id, request),
            // RFC 3261 §14.2: their first INVITE has no final answer yet.
            State::Incoming { .. } => self.answer_later(id, &request),
            State::Calling => self.answer(id, &request, 491),
            State::Closing | State::Over => self.answer(id, &request, 481),
        }
    }

    pub(super) fn handle_update(&mut self, id: ServerId, request: Request) {
        if matches!(self.state, State::Closing | State::Over) {
            return self.answer(id, &request, 481);
        }
        let body = body_of(&request.headers, &request.body);
        let offering = self.unacked.as_ref().is_some_and(|unacked| unacked.offering);
        match (&self.state, body.sdp.is_some()) {
            // A refresh of where they are, or that they are.
            (_, false) if !body.strange => self.refresh(id, &request),
            // RFC 3311 §5.2: an offer of theirs waits for our answer.
            _ if self.offered.is_some() => self.answer_later(id, &request),
            (State::Incoming { .. }, _) => self.answer_later(id, &request),
            // ... or one of ours for theirs.
            (State::Calling, _) => self.answer(id, &request, 491),
            _ if offering || self.is_reoffering() => self.answer(id, &request, 491),
            _ => self.offer(id, request),
        }
    }

    pub(super) fn accept_offer(&mut self, now: Instant, sdp: Vec<u8>) {
        let Some(Offered { id, request }) = self.offered.take() else { return };
        if let Some(dialog) = self.dialog.as_mut() {
            dialog.refresh_target(request.headers.contacts());
        }
        let mut response = self.response(&request, 200);
        self.open(&mut response);
        response.set_body(capability::ACCEPT, sdp);
        if request.method == Method::Update {
            self.outputs.push_back(Output::Respond { id, response });
            return self.try_reoffer(now);
        }
        let offering = body_of(&request.headers, &request.body).sdp.is_none();
        let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
        self.repeat_until_ack(now, id, cseq, response, offering, false);
    }

    pub(super) fn refuse_offer(&mut self, now: Instant, refusal: &Refusal) {
        let Some(Offered { id, request }) = self.offered.take() else { return };
        let status = if (300..700).contains(&refusal.status) { refusal.status } else { 488 };
        let response = self.refusal(&request, &Refusal { status, ..refusal.clone() });
        self.outputs.push_back(Output::Respond { id, response });
        self.try_reoffer(now);
    }

    fn offer(&mut self, id: ServerId, request: Request) {
        let body = body_of(&request.headers, &request.body);
        if body.strange {
            let mut response = self.response(&request, 415);
            response.headers.push("Accept", capability::ACCEPT);
            return self.outputs.push_back(Output::Respond { id, response });
        }
        self.offered = Some(Offered { id, request });
        let leg = self.leg();
        self.tell(Event::Offer { leg, sdp: body.sdp });
    }

    /// Two of theirs overlap: the later one may come again in a while.
    fn answer_later(&mut self, id: ServerId, request: &Request) {
        let mut response = self.response(request, 500);
        let wait = self.setup.dice.below(RETRY_BOUND);
        response.headers.push("Retry-After", wait.to_string());
        self.outputs.push_back(Output::Respond { id, response });
    }

    fn refresh(&mut self, id: ServerId, request: &Request) {
        let from = request.headers.from();
        let tag = from.as_ref().and_then(|from| from.tag()).unwrap_or_default();
        if let Some(dialog) = self.dialog_with(tag) {
            dialog.refresh_target(request.headers.contacts());
        }
        let mut response = self.response(request, 200);
        self.open(&mut response);
        self.outputs.push_back(Output::Respond { id, response });
    }
}
