//! Our INVITE: its provisional answers, its acceptances, its refusal, and its CANCEL (RFC 3261 §13.2, §9.1).

use std::time::Instant;

use super::accept::first_cseq;
use super::ask::What;
use super::early::{EarlyDialogs, MAX_FORKS};
use super::reoffer::cancel_of;
use super::way::Way;
use super::{Output, Session, Setup, State, Timer, body_of};
use crate::sip::api::{EndCause, Event, NewLeg};
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

impl Placed {
    pub(super) fn early_with(&mut self, remote_tag: &str) -> Option<&mut Dialog> {
        self.early.with(remote_tag).map(|early| &mut early.dialog)
    }

    pub(super) fn cseq(&self) -> u32 {
        self.invite.headers.cseq().map_or(0, |cseq| cseq.number)
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

    pub(super) fn handle_answer(&mut self, now: Instant, response: Response) {
        match response.status {
            ..200 => self.handle_progress(now, &response),
            200..300 => self.handle_acceptance(&response),
            status => {
                if matches!(self.state, State::Calling) {
                    self.far_reason = response.headers.reasons().into_iter().next();
                    let cause = self.or_local(EndCause::Refused(status));
                    self.end(now, cause);
                }
            }
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
        let sdp = body_of(&response.headers, &response.body).sdp;
        placed.early.note(&placed.invite, response, sdp.clone());
        let called_off = placed.called_off.clone();
        if let Some(reason) = called_off {
            if first_word {
                self.cancel(now, reason);
            }
        } else if response.status > 100 {
            let (leg, status) = (self.leg(), response.status);
            self.tell(Event::Progress { leg, status, sdp });
        }
    }

    /// Every acceptance gets an ACK, its copies too; the first phone has the call, others get BYE.
    fn handle_acceptance(&mut self, response: &Response) {
        let Some(placed) = self.placed.as_mut() else { return };
        let Some(mut dialog) = Dialog::answered(&placed.invite, response) else { return };
        let number = placed.number;
        if self.acknowledge_again(number, dialog.remote_tag())
            || self.acceptances(number) >= MAX_FORKS
        {
            return;
        }
        let Some(placed) = self.placed.as_mut() else { return };
        let sdp = body_of(&response.headers, &response.body).sdp;
        let (called_off, cseq) = (placed.called_off.clone(), placed.cseq());
        let early = placed.early.with(dialog.remote_tag());
        let sdp = sdp.or_else(|| early.as_ref().and_then(|early| early.sdp.clone()));
        if let Some(early) = early {
            // What the far end asked while it rang counts on in the confirmed dialog.
            dialog.continue_from(&early.dialog);
        }
        self.acknowledge(number, cseq, &dialog);
        if !matches!(self.state, State::Calling) {
            // Another phone was faster, or nobody waits for any.
            let bye = dialog.request(Method::Bye);
            let way = self.way(&dialog);
            let _ = self.ask(What::ForkBye, way, bye);
            return;
        }
        self.dialog = Some(dialog);
        self.timers.stop(Timer::Cancel);
        match called_off {
            Some(reason) => self.bye(reason),
            None => {
                self.state = State::Confirmed;
                let leg = self.leg();
                self.tell(Event::Answered { leg, sdp });
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
