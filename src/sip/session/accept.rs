//! Their INVITE: rung, accepted, refused or taken back (RFC 3261 §13.3).

use crate::base::Sdp;
use std::time::{Duration, Instant};

use super::reliable::Provisional;
use super::{Output, Session, Setup, State, Timer, body_of};
use crate::sip::api::{EndCause, Event, Refusal};
use crate::sip::capability;
use crate::sip::dialog::Dialog;
use crate::sip::message::{Request, Response};
use crate::sip::transaction::ServerId;

/// An acceptance that is repeated until its ACK comes.
pub(super) struct Unacked {
    id: ServerId,
    cseq: u32,
    response: Response,
    resend_in: Duration,
    /// The acceptance holds our offer, and the ACK must hold the answer.
    pub(super) offering: bool,
    /// It accepts the call, not a change to it.
    first: bool,
}

impl Session {
    /// Begins a session with an INVITE to us, and says 100 at once: some PBXs mark a line busy
    /// that says nothing for 4 s. `None` if the INVITE lacks what a dialog needs.
    pub(crate) fn incoming(mut setup: Setup, id: ServerId, invite: Request) -> Option<Self> {
        let tag = setup.dice.hex(16);
        let cseq = first_cseq(&mut setup);
        let dialog = Dialog::answering(&invite, &tag, cseq)?;
        let call_id = invite.headers.call_id()?.to_owned();
        let trying = Response::to_request(&invite, 100, None);
        let provisional = Provisional::new(&setup.policy, &invite);
        let offer = body_of(&invite.headers, &invite.body).sdp;
        let allow = invite.headers.clone();
        let mut session = Self::new(setup, State::Incoming { id, invite }, call_id, tag);
        session.dialog = Some(dialog);
        session.provisional = provisional;
        session.theirs = offer;
        session.note_allow(&allow);
        session.outputs.push_back(Output::Respond { id, response: trying });
        Some(session)
    }

    pub(super) fn accept(&mut self, now: Instant, sdp: Sdp) {
        if !matches!(self.state, State::Incoming { .. }) || self.hold_acceptance(&sdp) {
            return;
        }
        self.stop_providing();
        let state = std::mem::replace(&mut self.state, State::Confirmed);
        let State::Incoming { id, invite } = state else { return };
        let offering = self.provisional.is_offering();
        let mut response = self.response(&invite, 200);
        self.open(&mut response);
        self.answer_timer(now, &invite, &mut response);
        // What went out reliably stands (RFC 3261 §13.2.1).
        if !self.provisional.has_described() {
            if !offering {
                self.answered_with(sdp.clone());
            }
            response.set_body(capability::ACCEPT, sdp);
        }
        self.repeat_until_ack(now, id, &invite, response, offering, true);
    }

    /// Sends an acceptance now, and again until it is acknowledged.
    pub(super) fn repeat_until_ack(
        &mut self,
        now: Instant,
        id: ServerId,
        invite: &Request,
        response: Response,
        offering: bool,
        first: bool,
    ) {
        let cseq = invite.headers.cseq().map_or(0, |cseq| cseq.number);
        let resend_in = self.setup.t1;
        self.timers.set(Timer::Repeat, now + resend_in);
        self.timers.set(Timer::Ack, now + self.give_up());
        self.outputs.push_back(Output::Respond { id, response: response.clone() });
        self.unacked = Some(Unacked { id, cseq, response, resend_in, offering, first });
    }

    pub(super) fn refuse(&mut self, now: Instant, refusal: &Refusal) {
        // Anything below 300 would be no refusal.
        let status = if (300..700).contains(&refusal.status) { refusal.status } else { 500 };
        self.turn_down(&Refusal { status, ..refusal.clone() });
        if matches!(self.state, State::Incoming { .. }) {
            self.end(now, EndCause::RefusedByUs(status));
        }
    }

    /// Answers their INVITE with a refusal, whatever the reason.
    pub(super) fn turn_down(&mut self, refusal: &Refusal) {
        self.stop_providing();
        let State::Incoming { id, invite } = &self.state else { return };
        let (id, response) = (*id, self.refusal(invite, refusal));
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// Makes a refusal with all that it says.
    pub(super) fn refusal(&self, request: &Request, refusal: &Refusal) -> Response {
        let mut response = self.response(request, refusal.status);
        if let Some(phrase) = &refusal.phrase {
            response.phrase = clean(phrase);
        }
        if let Some(warning) = &refusal.warning {
            let agent = self.setup.advertised;
            let words = clean(warning).replace(['"', '\\'], "'");
            response.headers.push("Warning", format!("399 {agent} \"{words}\""));
        }
        if let Some(retry_after) = refusal.retry_after {
            response.headers.push("Retry-After", retry_after.as_secs().to_string());
        }
        response
    }

    pub(super) fn handle_cancel(&mut self, now: Instant, id: ServerId, cancel: &Request) {
        if matches!(self.state, State::Incoming { id: own, .. } if own == id) {
            self.far_reason = cancel.headers.reasons().into_iter().next();
            self.turn_down(&Refusal { status: 487, ..Refusal::default() });
            self.end(now, EndCause::RemoteCancel);
        } else if self.offered.as_ref().is_some_and(|offered| offered.id() == id) {
            self.refuse_offer(now, &Refusal { status: 487, ..Refusal::default() });
        }
    }

    pub(super) fn handle_ack(&mut self, now: Instant, ack: &Request) {
        let cseq = ack.headers.cseq().map(|cseq| cseq.number);
        let Some(unacked) = self.unacked.take_if(|unacked| Some(unacked.cseq) == cseq) else {
            return;
        };
        self.timers.stop(Timer::Repeat);
        self.timers.stop(Timer::Ack);
        if let Some(reason) = self.held_bye.take() {
            return self.bye(reason);
        }
        let leg = self.leg();
        let answer = body_of(&ack.headers, &ack.body).sdp.filter(|_| unacked.offering);
        if answer.is_some() {
            self.ours = Some(unacked.response.body.into());
            self.theirs.clone_from(&answer);
        }
        match (unacked.first, unacked.offering, &answer) {
            // Nobody would hear anything; waiting on would only make a zombie of the call.
            (true, true, None) => {
                let (flow, method) = (self.setup.flow, "ACK".to_owned());
                let why = "the ACK holds no answer to the offer in our 200";
                self.tell(Event::Rejected { flow, method, status: 488, why });
                self.hang_up(now, Some("SIP;cause=488;text=\"No answer in ACK\"".to_owned()));
            }
            (true, ..) | (false, true, Some(_)) => self.tell(Event::Established { leg, answer }),
            // A change without an offer of ours is done with its 200.
            (false, ..) => {}
        }
        self.try_reoffer(now);
    }

    pub(super) fn repeat_acceptance(&mut self, now: Instant) {
        let t2 = 8 * self.setup.t1;
        let Some(unacked) = self.unacked.as_mut() else { return };
        unacked.resend_in = (unacked.resend_in * 2).min(t2);
        self.timers.set(Timer::Repeat, now + unacked.resend_in);
        let (id, response) = (unacked.id, unacked.response.clone());
        self.outputs.push_back(Output::Respond { id, response });
    }

    /// RFC 3261 §13.3.1.4: nobody acknowledged for 64·T1, so the session ends as if it had begun.
    pub(super) fn give_up_on_ack(&mut self, now: Instant) {
        let held = self.held_bye.take();
        let cause = if held.is_some() { EndCause::Local } else { EndCause::AckTimeout };
        let late = "SIP;cause=408;text=\"ACK never came\"".to_owned();
        self.bye(held.unwrap_or(Some(late)));
        self.end(now, cause);
    }

    /// Puts on a response what a dialog needs of it.
    pub(super) fn open(&self, response: &mut Response) {
        response.headers.push("Contact", self.contact());
        response.headers.push("Allow", capability::allow(&self.setup.policy));
        response.headers.push("Supported", capability::supported(&self.setup.policy));
    }
}

/// Chooses where our numbers begin: below 2^31 (RFC 3261 §8.1.1.5), and short in a trace.
pub(super) fn first_cseq(setup: &mut Setup) -> u32 {
    1 + setup.dice.below(9999) as u32
}

/// Takes out what would end a line. Phrases and warnings may come from a dialplan.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
