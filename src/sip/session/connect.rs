//! Our INVITE: its provisional answers, its acceptances, its refusal, and its CANCEL (RFC 3261 §13.2, §9.1).

use crate::base::Sdp;
use std::time::Instant;

use super::accept::first_cseq;
use super::ask::What;
use super::delayed::OfferedBack;
use super::early::{EarlyDialogs, MAX_FORKS};
use super::reoffer::cancel_of;
use super::way::Way;
use super::{Output, Session, Setup, State, Timer, body_of};
use crate::sip::api::{EndCause, Event, NewLeg, Prack};
use crate::sip::capability;
use crate::sip::dialog::Dialog;
use crate::sip::message::{Method, NameAddr, Request, Response, Uri};

/// A call that we made.
pub(super) struct Placed {
    invite: Request,
    number: u32,
    /// Somebody said something, so that a CANCEL may be sent.
    heard: bool,
    cancelled: bool,
    /// We no longer want it, for this reason.
    called_off: Option<Option<String>>,
    /// The phones that ring.
    pub(super) early: EarlyDialogs,
}

/// What a provisional response was, beyond its status.
struct Noted {
    tag: Option<String>,
    sdp: Option<Sdp>,
    /// It has to be acknowledged under this number.
    rseq: Option<u32>,
}

impl Placed {
    pub(super) fn early_with(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        self.early.with(remote_tag).map(|early| &mut early.dialog)
    }

    pub(super) fn cseq(&self) -> u32 {
        self.invite.headers.cseq().map_or(0, |cseq| cseq.number)
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the INVITE holds our offer.
    pub(super) fn is_offering(&self) -> bool {
        !self.invite.body.is_empty()
    }
}

impl Session {
    /// Begins a session with an INVITE of ours. A call that cannot be written is over at once.
    pub(crate) fn connect(now: Instant, mut setup: Setup, new: &NewLeg) -> Self {
        let call_id = setup.dice.hex(24);
        let tag = setup.dice.hex(16);
        let cseq = first_cseq(&mut setup);
        let flow = setup.flow;
        let mut session = Self::new(setup, State::Calling, call_id, tag);
        let sent = session.invite(new, cseq).and_then(|invite| {
            session.ask(What::Invite, Way::Back, invite).map_err(|_| "a header holds a line end")
        });
        match sent {
            Ok(number) => {
                let Some(asked) = session.asked.get(&number) else { return session };
                session.placed = Some(Placed {
                    invite: asked.request().clone(),
                    number,
                    heard: false,
                    cancelled: false,
                    called_off: None,
                    early: EarlyDialogs::default(),
                });
            }
            Err(why) => {
                let method = "INVITE".to_owned();
                session.tell(Event::Rejected { flow, method, status: 400, why });
                session.end(now, EndCause::Refused(400));
            }
        }
        session
    }

    fn invite(&self, new: &NewLeg, cseq: u32) -> Result<Request, &'static str> {
        let target = Uri::parse(&new.target).map_err(|_| "the target is no URI")?;
        let host = new.advertised.ip().to_string();
        let own = Uri::sip(Some(&new.from_user), &host, Some(new.advertised.port()));
        let mut from = NameAddr::new(own).with_tag(&self.local_tag);
        from.display.clone_from(&new.display);
        // To says whom we want, without what only the way there needs (RFC 3261 §19.1.1).
        let mut to = target.clone();
        to.headers.clear();
        let mut request = Request::new(Method::Invite, target);
        request.headers.push("Max-Forwards", "70");
        request.headers.push("From", from.to_wire());
        request.headers.push("To", NameAddr::new(to).to_wire());
        request.headers.push("Call-ID", &self.call_id);
        request.headers.push("CSeq", format!("{cseq} INVITE"));
        for (name, value) in &new.headers {
            request.headers.push(name, value);
        }
        if self.setup.policy.prack == Prack::Required {
            request.headers.push("Require", "100rel");
        }
        request.set_body(capability::ACCEPT, new.offer.clone());
        Ok(request)
    }

    /// Our INVITE went out again, with credentials.
    pub(super) fn placed_again(&mut self, number: u32) {
        let Some(asked) = self.asked.get(&number) else { return };
        if let Some(placed) = &mut self.placed {
            placed.invite = asked.request().clone();
            placed.number = number;
            placed.heard = false;
            placed.early.clear();
        }
    }

    /// Whether a challenge to this request no longer matters: we are calling it off.
    pub(super) fn is_calling_off(&self, what: What) -> bool {
        let called_off = self.placed.as_ref().is_some_and(|placed| placed.called_off.is_some());
        what == What::Invite && called_off
    }

    pub(super) fn handle_answer(&mut self, now: Instant, number: u32, response: &Response) {
        let calling = matches!(self.state, State::Calling);
        match response.status {
            ..200 => self.handle_progress(now, response),
            200..300 => self.handle_acceptance(now, response),
            // RFC 4028 §7.3, RFC 3261 §21.4.15: again, as they want it.
            422 if calling && self.ask_with_longer_timer(number, response) => {}
            421 if calling && self.ask_requiring(number, response) => {}
            status if calling => {
                self.far_reason = response.headers.reasons().into_iter().next();
                let cause = self.or_local(EndCause::Refused(status));
                self.end(now, cause);
            }
            _ => {}
        }
    }

    /// Timer B, or a connection that broke: nobody is there.
    pub(super) fn handle_unanswered(&mut self, now: Instant, status: u16) {
        if matches!(self.state, State::Calling) {
            let cause = match status {
                408 => EndCause::Timeout,
                status => EndCause::Refused(status),
            };
            let cause = self.or_local(cause);
            self.end(now, cause);
        }
    }

    fn handle_progress(&mut self, now: Instant, response: &Response) {
        let Some(placed) = self.placed.as_mut() else { return };
        if !matches!(self.state, State::Calling) {
            return;
        }
        let first_word = !std::mem::replace(&mut placed.heard, true);
        let called_off = placed.called_off.clone();
        let noted = self.note_progress(response);
        if let (Some(reason), true) = (called_off.clone(), first_word) {
            self.cancel(now, reason);
        }
        let Some(Noted { tag, sdp, rseq }) = noted else { return };
        let offering = self.placed.as_ref().is_some_and(Placed::is_offering);
        let offer = sdp.clone().filter(|_| !offering && rseq.is_some() && called_off.is_none());
        if response.status > 100 && called_off.is_none() {
            let (leg, status, sdp) = (self.leg(), response.status, sdp.filter(|_| offering));
            self.tell(Event::Progress { leg, status, sdp });
        }
        match (tag, rseq, offer) {
            (Some(tag), Some(rseq), Some(offer)) => {
                self.offer_back(now, OfferedBack::Early { tag, rseq }, offer);
            }
            (Some(tag), Some(rseq), None) => self.acknowledge_early(&tag, rseq, None),
            _ => {}
        }
    }

    /// Remembers a phone that rings, and what it sent to listen to. Nothing comes back for a
    /// reliable response that came before, or before its time.
    fn note_progress(&mut self, response: &Response) -> Option<Noted> {
        let rseq = self.reliable_number(response);
        self.note_allow(&response.headers);
        let busy = self.owes_answer();
        let sdp = body_of(&response.headers, &response.body).sdp;
        let placed = self.placed.as_mut()?;
        let offering = placed.is_offering();
        let Some(early) = placed.early.of(&placed.invite, response) else {
            return Some(Noted { tag: None, sdp, rseq: None });
        };
        if let Some(rseq) = rseq {
            // One offer after the other: this one comes again.
            if (busy && !offering && sdp.is_some()) || !early.heard.take(rseq) {
                return None;
            }
            early.agreed |= sdp.is_some();
        }
        if !early.changed && sdp.is_some() {
            early.sdp.clone_from(&sdp);
        }
        Some(Noted { tag: Some(early.dialog.remote_tag().to_owned()), sdp, rseq })
    }

    /// Acknowledges a reliable response of the phone with this tag.
    pub(super) fn acknowledge_early(&mut self, tag: &str, rseq: u32, answer: Option<Sdp>) {
        let Some(placed) = self.placed.as_mut() else { return };
        let cseq = placed.cseq();
        let Some(mut dialog) = placed.early_with(tag).cloned() else { return };
        self.acknowledge_progress(&mut dialog, rseq, cseq, answer);
        if let Some(early) = self.placed.as_mut().and_then(|placed| placed.early_with(tag)) {
            *early = dialog;
        }
    }

    /// Every acceptance gets an ACK, its copies too; the first phone has the call, others get BYE.
    fn handle_acceptance(&mut self, now: Instant, response: &Response) {
        let Some(placed) = self.placed.as_ref() else { return };
        let Some(mut dialog) = Dialog::answered(&placed.invite, response) else { return };
        let (number, cseq) = (placed.number, placed.cseq());
        let tag = dialog.remote_tag().to_owned();
        let chosen = self.dialog.as_ref().is_some_and(|dialog| dialog.remote_tag() == tag);
        if self.acknowledge_again(number, &tag)
            || self.acceptances(number) >= MAX_FORKS
            || (chosen && self.owes_answer())
        {
            return;
        }
        if let Some(early) = self.placed.as_mut().and_then(|placed| placed.early_with(&tag)) {
            // What the far end asked while it rang counts on in the confirmed dialog.
            dialog.continue_from(early);
        }
        if !matches!(self.state, State::Calling) {
            // Another phone was faster, or nobody waits for any.
            self.acknowledge(number, cseq, &dialog, None);
            let bye = dialog.request(Method::Bye);
            let way = self.way(&dialog);
            let _ = self.ask(What::ForkBye, way, bye);
            return;
        }
        self.dialog = Some(dialog);
        self.timers.stop(Timer::Cancel);
        if let Some(reason) = self.placed.as_ref().and_then(|placed| placed.called_off.clone()) {
            self.acknowledge_first(None);
            return self.bye(reason);
        }
        self.state = State::Confirmed;
        self.take_timer(now, response);
        self.agree(now, &tag, body_of(&response.headers, &response.body).sdp);
    }

    /// The call is up: its media are agreed on, or there is an offer to answer first.
    fn agree(&mut self, now: Instant, tag: &str, accepted: Option<Sdp>) {
        let Some(placed) = self.placed.as_ref() else { return };
        let agreed = placed.early.has_agreed(tag);
        let offer = Some(placed.invite.body.clone()).filter(|offer| !offer.is_empty());
        let sdp = placed.early.description(tag, accepted);
        let leg = self.leg();
        match (offer, sdp) {
            (Some(offer), sdp) => {
                self.acknowledge_first(None);
                if self.placed.as_ref().is_some_and(|placed| !placed.early.has_changed(tag)) {
                    self.ours = Some(offer.into());
                    self.theirs.clone_from(&sdp);
                }
                self.tell(Event::Answered { leg, sdp });
            }
            (None, _) if agreed && !self.owes_answer() => {
                self.acknowledge_first(None);
                self.tell(Event::Answered { leg, sdp: None });
            }
            (None, Some(sdp)) => self.offer_back(now, OfferedBack::Final, sdp),
            (None, None) => {
                self.acknowledge_first(None);
                let (flow, method) = (self.setup.flow, "INVITE".to_owned());
                let why = "its 200 holds no offer, and our INVITE held none";
                self.tell(Event::Rejected { flow, method, status: 488, why });
                self.hang_up(now, Some("SIP;cause=488;text=\"No offer in 200\"".to_owned()));
            }
        }
    }

    /// Calls our INVITE off. Before anybody said something there is nothing to cancel yet.
    pub(super) fn call_off(&mut self, now: Instant, reason: Option<String>) {
        let Some(placed) = self.placed.as_mut() else { return };
        if placed.called_off.is_some() {
            return;
        }
        placed.called_off = Some(reason.clone());
        if placed.heard {
            self.cancel(now, reason);
        }
    }

    fn cancel(&mut self, now: Instant, reason: Option<String>) {
        let Some(placed) = self.placed.as_mut().filter(|placed| !placed.cancelled) else { return };
        placed.cancelled = true;
        let mut cancel = cancel_of(&placed.invite);
        if let Some(reason) = reason {
            cancel.headers.push("Reason", super::close::reason_value(&reason));
        }
        let _ = self.send(What::Cancel, Way::Back, cancel, 0);
        self.timers.set(Timer::Cancel, now + self.give_up());
    }

    /// RFC 3261 §9.1: the CANCEL changed nothing for 64·T1, so the INVITE is given up.
    pub(super) fn give_up_on_cancel(&mut self, now: Instant) {
        if !matches!(self.state, State::Calling) {
            return;
        }
        if let Some(number) = self.placed.as_ref().map(|placed| placed.number) {
            self.outputs.push_back(Output::Abandon { number });
        }
        self.end(now, EndCause::Local);
    }

    /// Whatever became of a call that we called off, it was us who ended it.
    fn or_local(&self, cause: EndCause) -> EndCause {
        let called_off = self.placed.as_ref().is_some_and(|placed| placed.called_off.is_some());
        if called_off { EndCause::Local } else { cause }
    }
}
