//! Our provisional responses, sent reliably where the far end wants it, and the PRACKs for them (RFC 3262 §3).

use crate::base::Sdp;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::accept::first_cseq;
use super::modify::{Offered, Open};
use super::{Output, Session, State, Timer, body_of};
use crate::sip::api::{EndCause, Event, Policy, Prack, Refusal};
use crate::sip::capability;
use crate::sip::message::{Method, Request, Response};
use crate::sip::transaction::ServerId;

/// A proxy gives up on a call that says nothing for three minutes (RFC 3261 §13.3.1.1).
const RING_AGAIN: Duration = Duration::from_secs(60);

/// Whether a provisional response of ours is repeated until it is acknowledged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reliability {
    /// The far end does not know how, or its family is not to.
    Never,
    /// Where it has to be: for an offer of ours.
    Possible,
    Always,
}

/// What a provisional response says of the media.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Describes {
    Nothing,
    Offer,
    Answer,
}

/// What we said so far to an INVITE of theirs, short of a final answer.
pub(super) struct Provisional {
    reliability: Reliability,
    /// The INVITE holds no offer, so that ours is wanted.
    offering: bool,
    /// The number of the last reliable one, if there was one.
    rseq: Option<u32>,
    waiting: Option<Waiting>,
    /// What is to be said after it: one at a time.
    next: VecDeque<(u16, Option<Sdp>)>,
    /// Our acceptance, if it has to wait.
    accepted: Option<Sdp>,
    /// A description went out reliably: a later one would mean nothing.
    described: bool,
    /// What is said again to keep proxies patient.
    last: (u16, Option<Sdp>),
}

/// A reliable one without its PRACK.
struct Waiting {
    rseq: u32,
    cseq: u32,
    response: Response,
    describes: Describes,
    resend_in: Duration,
}

/// As it is for a call of ours, where there is nothing to say.
impl Default for Provisional {
    fn default() -> Self {
        Self {
            reliability: Reliability::Never,
            offering: false,
            rseq: None,
            waiting: None,
            next: VecDeque::new(),
            accepted: None,
            described: false,
            last: (180, None),
        }
    }
}

impl Provisional {
    pub(super) fn new(policy: &Policy, invite: &Request) -> Self {
        let names = |header| invite.headers.has_token(header, "100rel");
        let reliability = match policy.prack {
            Prack::Off => Reliability::Never,
            _ if names("Require") => Reliability::Always,
            _ if !names("Supported") => Reliability::Never,
            Prack::Required => Reliability::Always,
            Prack::Supported => Reliability::Possible,
        };
        Self {
            reliability,
            offering: body_of(&invite.headers, &invite.body).sdp.is_none(),
            ..Self::default()
        }
    }

    /// Whether the 200 has to wait: no second answer may overtake the first (RFC 3262 §3).
    fn is_in_doubt(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.describes != Describes::Nothing)
    }

    /// Whether offer and answer were exchanged before the 200.
    pub(super) fn has_described(&self) -> bool {
        self.described
    }

    /// Whether they were, and the far end has acknowledged it.
    pub(super) fn has_agreed(&self) -> bool {
        self.described && !self.is_in_doubt()
    }

    /// Whether an offer of ours went out in a provisional response and has no answer.
    pub(super) fn has_open_offer(&self) -> bool {
        self.waiting.as_ref().is_some_and(|waiting| waiting.describes == Describes::Offer)
    }

    /// Whether the description of the 200 is an offer of ours.
    pub(super) fn is_offering(&self) -> bool {
        self.offering && !self.described
    }
}

impl Session {
    /// Answers their INVITE with 180, or with 183 and our description.
    pub(super) fn provide(&mut self, now: Instant, status: u16, sdp: Option<Sdp>) {
        if !matches!(self.state, State::Incoming { .. }) || self.provisional.accepted.is_some() {
            return;
        }
        self.timers.set(Timer::Ring, now + RING_AGAIN);
        let provisional = &mut self.provisional;
        let offers = provisional.offering && sdp.is_some();
        let reliable = match provisional.reliability {
            Reliability::Never => false,
            Reliability::Possible => offers,
            Reliability::Always => true,
        };
        if reliable {
            provisional.next.push_back((status, sdp));
            provisional.last = (status, None);
            return self.provide_next(now);
        }
        // An offer that may get lost is none (RFC 3262 §5).
        let sdp = sdp.filter(|_| !offers && !provisional.described);
        provisional.last = (status, sdp.clone());
        let State::Incoming { id, invite } = &self.state else { return };
        let (id, mut response) = (*id, self.response(invite, status));
        self.open(&mut response);
        response.set_body(capability::ACCEPT, sdp.unwrap_or_default());
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// Says again what was said last.
    pub(super) fn provide_again(&mut self, now: Instant) {
        let (status, sdp) = self.provisional.last.clone();
        match self.provisional.waiting {
            // It is being repeated all the time.
            Some(_) => self.timers.set(Timer::Ring, now + RING_AGAIN),
            None => self.provide(now, status, sdp),
        }
    }

    /// Sends the next reliable one, if none waits for its PRACK.
    fn provide_next(&mut self, now: Instant) {
        let State::Incoming { id, invite } = &self.state else { return };
        if self.provisional.waiting.is_some() {
            return;
        }
        let Some((status, sdp)) = self.provisional.next.pop_front() else { return };
        let (id, mut response) = (*id, self.response(invite, status));
        let cseq = invite.headers.cseq().map_or(0, |cseq| cseq.number);
        self.open(&mut response);
        let last = self.provisional.rseq;
        let rseq = last.map_or_else(|| first_cseq(&mut self.setup), |last| last + 1);
        self.provisional.rseq = Some(rseq);
        response.headers.push("Require", "100rel");
        response.headers.push("RSeq", rseq.to_string());
        let sdp = sdp.filter(|_| !self.provisional.described);
        let describes = match (&sdp, self.provisional.offering) {
            (None, _) => Describes::Nothing,
            (Some(_), true) => Describes::Offer,
            (Some(_), false) => Describes::Answer,
        };
        if let Some(sdp) = sdp {
            self.provisional.described = true;
            if describes == Describes::Answer {
                self.answered_with(sdp.clone());
            }
            response.set_body(capability::ACCEPT, sdp);
        }
        let resend_in = self.setup.t1;
        self.timers.set(Timer::Provide, now + resend_in);
        self.timers.set(Timer::Prack, now + self.give_up());
        self.outputs.push_back(Output::Respond { id, response: response.clone() });
        self.provisional.waiting = Some(Waiting { rseq, cseq, response, describes, resend_in });
    }

    /// Sends the one that waits once more. The pauses double without a limit (RFC 3262 §3).
    pub(super) fn repeat_provisional(&mut self, now: Instant) {
        let State::Incoming { id, .. } = self.state else { return };
        let Some(waiting) = self.provisional.waiting.as_mut() else { return };
        waiting.resend_in *= 2;
        self.timers.set(Timer::Provide, now + waiting.resend_in);
        let response = waiting.response.clone();
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// RFC 3262 §3: nobody acknowledged for 64·T1, so the INVITE is refused.
    pub(super) fn give_up_on_prack(&mut self, now: Instant) {
        self.reject_invite("our reliable 18x was never acknowledged by a PRACK", 504);
        self.end(now, EndCause::AckTimeout);
    }

    /// Whether an acceptance has to wait; if so, it goes out by itself later.
    pub(super) fn hold_acceptance(&mut self, sdp: &[u8]) -> bool {
        let waits = self.provisional.is_in_doubt() || self.offered.is_some();
        if waits {
            self.provisional.accepted = Some(sdp.into());
            self.provisional.next.clear();
        }
        waits
    }

    /// A final answer goes out: nothing provisional is repeated, though its PRACK may still come.
    pub(super) fn stop_providing(&mut self) {
        self.timers.stop(Timer::Ring);
        self.timers.stop(Timer::Provide);
        self.timers.stop(Timer::Prack);
        self.provisional.next.clear();
        self.provisional.accepted = None;
    }

    pub(super) fn handle_prack(&mut self, now: Instant, id: ServerId, request: Request) {
        let Some(rack) = request.headers.rack() else { return self.answer(id, &request, 400) };
        let about = (rack.response, rack.cseq.number);
        let matches = |waiting: &mut Waiting| {
            (waiting.rseq, waiting.cseq) == about && rack.cseq.method == Method::Invite
        };
        let Some(waiting) = self.provisional.waiting.take_if(matches) else {
            return self.answer(id, &request, 481);
        };
        self.timers.stop(Timer::Provide);
        self.timers.stop(Timer::Prack);
        if !matches!(self.state, State::Incoming { .. }) {
            return self.answer(id, &request, 200);
        }
        let body = body_of(&request.headers, &request.body);
        match (waiting.describes, body.sdp) {
            (Describes::Offer, None) => {
                self.answer(id, &request, 200);
                self.reject_invite("the PRACK holds no answer to the offer in our 18x", 488);
                return self.end(now, EndCause::RefusedByUs(488));
            }
            (Describes::Offer, Some(answer)) => {
                self.answer(id, &request, 200);
                self.ours = Some(waiting.response.body.into());
                self.theirs = Some(answer.clone());
                let leg = self.leg();
                self.tell(Event::EarlyAnswer { leg, sdp: answer });
            }
            (_, Some(offer)) => match self.open_offer(&request) {
                // Their first offer has no answer yet, or a later one.
                Some(Open::Theirs) => self.answer_later(id, &request),
                Some(Open::Ours) => self.answer(id, &request, 491),
                None => {
                    // RFC 3262 §5: a new offer. Its answer goes into the 200 to the PRACK.
                    self.offered = Some(Offered::new(id, request));
                    let leg = self.leg();
                    return self.tell(Event::Offer { leg, sdp: Some(offer) });
                }
            },
            (_, None) => self.answer(id, &request, 200),
        }
        self.go_on_providing(now);
    }

    /// Sends what had to wait.
    pub(super) fn go_on_providing(&mut self, now: Instant) {
        if !matches!(self.state, State::Incoming { .. }) || self.offered.is_some() {
            return;
        }
        match self.provisional.accepted.take() {
            Some(sdp) => self.accept(now, sdp),
            None => self.provide_next(now),
        }
    }

    /// Refuses their INVITE ourselves, and says why to the admin.
    fn reject_invite(&mut self, why: &'static str, status: u16) {
        self.turn_down(&Refusal { status, ..Refusal::default() });
        let (flow, method) = (self.setup.flow, "INVITE".to_owned());
        self.tell(Event::Rejected { flow, method, status, why });
    }
}
