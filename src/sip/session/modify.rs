//! Their changes to a running session: re-INVITE (RFC 3261 §14) and UPDATE (RFC 3311).

use crate::base::Sdp;
use std::time::Instant;

use super::{Output, Session, State, body_of};
use crate::sip::api::{Event, Refusal};
use crate::sip::capability;
use crate::sip::message::{Method, Request};
use crate::sip::transaction::ServerId;

/// RFC 3261 §14.2 wants a random number between 0 and 10.
const RETRY_BOUND: u64 = 11;

/// A re-INVITE, UPDATE or PRACK with an offer that the call has not answered yet.
pub(super) struct Offered {
    id: ServerId,
    request: Request,
}

/// Whose offer waits for an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Open {
    Ours,
    Theirs,
}

impl Offered {
    pub(super) fn new(id: ServerId, request: Request) -> Self {
        Self { id, request }
    }

    pub(super) fn id(&self) -> ServerId {
        self.id
    }
}

impl Session {
    pub(super) fn handle_reinvite(&mut self, id: ServerId, request: Request) {
        match self.state {
            _ if self.offered.is_some() || self.owes_answer() => self.answer_later(id, &request),
            State::Confirmed if self.unacked.is_some() => self.answer(id, &request, 491),
            // RFC 3261 §14.2: ours is on its way.
            State::Confirmed if self.is_inviting() => self.answer(id, &request, 491),
            State::Confirmed => self.offer(id, request),
            // RFC 3261 §14.2: their first INVITE has no final answer yet.
            State::Incoming { .. } => self.answer_later(id, &request),
            State::Calling => self.answer(id, &request, 491),
            State::Closing | State::Over => self.answer(id, &request, 481),
        }
    }

    pub(super) fn handle_update(&mut self, now: Instant, id: ServerId, request: Request) {
        if matches!(self.state, State::Closing | State::Over) {
            return self.answer(id, &request, 481);
        }
        let updating = self.offered.as_ref().is_some_and(|it| it.request.method == Method::Update);
        let body = body_of(&request.headers, &request.body);
        // RFC 3311 §5.2: one UPDATE after another.
        if updating {
            self.answer_later(id, &request);
        } else if body.sdp.is_none() && !body.strange {
            // A refresh of where they are, or that they are.
            self.answer_refresh(now, id, &request);
        } else {
            match self.open_offer(&request) {
                Some(Open::Theirs) => self.answer_later(id, &request),
                Some(Open::Ours) => self.answer(id, &request, 491),
                None => self.offer(id, request),
            }
        }
    }

    /// Returns whose offer waits for an answer in the dialog of this request, if one does (RFC 3311 §5.2).
    pub(super) fn open_offer(&self, request: &Request) -> Option<Open> {
        if self.offered.is_some() || self.owes_answer() {
            return Some(Open::Theirs);
        }
        let unacked = self.unacked.as_ref().is_some_and(|unacked| unacked.offering);
        match &self.state {
            State::Incoming { .. } if self.provisional.has_open_offer() => Some(Open::Ours),
            State::Incoming { .. } if !self.provisional.has_described() => Some(Open::Theirs),
            State::Calling => {
                let placed = self.placed.as_ref()?;
                let agreed = placed.early.has_agreed(&from_tag(request));
                let open = if placed.is_offering() { Open::Ours } else { Open::Theirs };
                (!agreed).then_some(open)
            }
            _ => (unacked || self.is_inviting()).then_some(Open::Ours),
        }
    }

    pub(super) fn accept_offer(&mut self, now: Instant, sdp: Sdp) {
        let Some(Offered { id, request }) = self.offered.take() else {
            return self.answer_back(sdp);
        };
        let tag = from_tag(&request);
        let theirs = body_of(&request.headers, &request.body).sdp;
        let offering = theirs.is_none();
        if !offering {
            self.theirs = theirs;
            self.answered_with(sdp.clone());
        }
        let mut response = self.response(&request, 200);
        self.open(&mut response);
        response.set_body(capability::ACCEPT, sdp);
        if request.method == Method::Prack {
            self.outputs.push_back(Output::Respond { id, response });
            return self.go_on_providing(now);
        }
        if let Some(dialog) = self.dialog_with(&tag) {
            dialog.refresh_target(request.headers.contacts());
        }
        if matches!(self.state, State::Confirmed) {
            self.answer_timer(now, &request, &mut response);
        } else if let Some(placed) = self.placed.as_mut() {
            placed.early.note_change(&tag);
        }
        if request.method == Method::Update {
            self.outputs.push_back(Output::Respond { id, response });
            self.go_on_providing(now);
            return self.try_reoffer(now);
        }
        self.repeat_until_ack(now, id, &request, response, offering, false);
    }

    pub(super) fn refuse_offer(&mut self, now: Instant, refusal: &Refusal) {
        match self.offered.is_some() {
            true => self.turn_offer_down(refusal),
            false => self.refuse_back(now),
        }
        self.go_on_providing(now);
        self.try_reoffer(now);
    }

    /// Refuses the offer in a request of theirs, whatever the reason.
    pub(super) fn turn_offer_down(&mut self, refusal: &Refusal) {
        let Some(Offered { id, request }) = self.offered.take() else { return };
        let status = if (300..700).contains(&refusal.status) { refusal.status } else { 488 };
        let response = self.refusal(&request, &Refusal { status, ..refusal.clone() });
        self.outputs.push_back(Output::Respond { id, response });
    }

    fn offer(&mut self, id: ServerId, request: Request) {
        let body = body_of(&request.headers, &request.body);
        if body.strange {
            let mut response = self.response(&request, 415);
            response.headers.push("Accept", capability::ACCEPT);
            return self.outputs.push_back(Output::Respond { id, response });
        }
        if let Some(least) = self.too_short(&request) {
            return self.answer_too_short(id, &request, least);
        }
        self.offered = Some(Offered { id, request });
        let leg = self.leg();
        self.tell(Event::Offer { leg, sdp: body.sdp });
    }

    /// Two of theirs overlap: the later one may come again in a while.
    pub(super) fn answer_later(&mut self, id: ServerId, request: &Request) {
        let mut response = self.response(request, 500);
        let wait = self.setup.dice.below(RETRY_BOUND);
        response.headers.push("Retry-After", wait.to_string());
        self.outputs.push_back(Output::Respond { id, response });
    }

    fn answer_refresh(&mut self, now: Instant, id: ServerId, request: &Request) {
        if let Some(least) = self.too_short(request) {
            return self.answer_too_short(id, request, least);
        }
        if let Some(dialog) = self.dialog_with(&from_tag(request)) {
            dialog.refresh_target(request.headers.contacts());
        }
        let mut response = self.response(request, 200);
        self.open(&mut response);
        if matches!(self.state, State::Confirmed) {
            self.answer_timer(now, request, &mut response);
        }
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// RFC 4028 §9: they want to be refreshed more often than we like.
    fn answer_too_short(&mut self, id: ServerId, request: &Request, least: u32) {
        let mut response = self.response(request, 422);
        response.headers.push("Min-SE", least.to_string());
        self.outputs.push_back(Output::Respond { id, response });
    }
}

fn from_tag(request: &Request) -> String {
    let from = request.headers.from();
    from.as_ref().and_then(|from| from.tag()).unwrap_or_default().to_owned()
}
