//! Their REFER, where it is allowed, and the NOTIFYs that tell them how it goes (RFC 3515 §2.4).

use std::time::Instant;

use super::ask::What;
use super::way::Way;
use super::{Output, Session, State, Timer};
use crate::base::Phi;
use crate::sip::api::Event;
use crate::sip::message::{Method, Request, Sipfrag};
use crate::sip::transaction::ServerId;

/// How long a subscription lasts that nobody ends, in seconds: longer than any phone rings.
const SUBSCRIPTION: u32 = 300;

/// A REFER of theirs.
pub(super) struct Referred {
    /// The request, until it is answered.
    waiting: Option<(ServerId, Request)>,
    /// Its number, if it was not the first: then a NOTIFY must say which it is about.
    id: Option<u32>,
    /// They want no NOTIFY (RFC 4488).
    quiet: bool,
    /// A NOTIFY is under way, so that the next one waits: they could overtake each other.
    busy: bool,
    next: Option<u16>,
}

impl Session {
    pub(super) fn handle_refer(&mut self, now: Instant, id: ServerId, request: Request) {
        let up = matches!(self.state, State::Confirmed);
        if !self.setup.accept_refer || !up {
            return self.answer(id, &request, 603);
        }
        if self.referred.as_ref().is_some_and(|referred| referred.waiting.is_some()) {
            return self.answer(id, &request, 491);
        }
        // RFC 3515 §2.4.2: exactly one Refer-To.
        let several = request.headers.get_all("Refer-To").count() != 1;
        let Some(to) = request.headers.refer_to().filter(|_| !several) else {
            return self.answer(id, &request, 400);
        };
        let refer_sub = request.headers.get("Refer-Sub").unwrap_or_default();
        let cseq = request.headers.cseq().map(|cseq| cseq.number);
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_owned(), Phi::new(value.to_owned())));
        let (leg, headers) = (self.leg(), headers.collect());
        self.referred = Some(Referred {
            id: cseq.filter(|_| self.referred.is_some()),
            quiet: refer_sub.trim_start().to_ascii_lowercase().starts_with("false"),
            waiting: Some((id, request)),
            busy: false,
            next: None,
        });
        // Half of the time after which their transaction would give up on us.
        self.timers.set(Timer::Decline, now + self.give_up() / 2);
        self.tell(Event::Referred { leg, target: Phi::new(to.uri.to_wire()), headers });
    }

    pub(super) fn accept_refer(&mut self) {
        let Some((id, request)) = self.referred.as_mut().and_then(|r| r.waiting.take()) else {
            return;
        };
        self.timers.stop(Timer::Decline);
        let mut response = self.response(&request, 202);
        self.open(&mut response);
        if self.referred.as_ref().is_some_and(|referred| referred.quiet) {
            response.headers.push("Refer-Sub", "false");
        }
        self.outputs.push_back(Output::Respond { id, response });
        self.notify(100);
    }

    /// Nobody took it.
    pub(super) fn decline_refer(&mut self) {
        if let Some((id, request)) = self.referred.as_mut().and_then(|r| r.waiting.take()) {
            self.timers.stop(Timer::Decline);
            self.answer(id, &request, 603);
        }
    }

    pub(super) fn notify(&mut self, status: u16) {
        let Some(referred) = self.referred.as_mut() else { return };
        if referred.quiet || referred.waiting.is_some() {
            return;
        }
        if referred.busy {
            // Nothing is said after the last word.
            if referred.next.is_none_or(|next| next < 200) {
                referred.next = Some(status);
            }
            return;
        }
        let id = referred.id;
        let (Some(dialog), true) = (self.dialog.as_mut(), (100..700).contains(&status)) else {
            return;
        };
        let mut notify = dialog.request(Method::Notify);
        let way = self.dialog.as_ref().map_or(Way::Back, |dialog| self.way(dialog));
        let event = id.map_or("refer".to_owned(), |id| format!("refer;id={id}"));
        notify.headers.push("Event", event);
        let state = match status {
            ..200 => format!("active;expires={SUBSCRIPTION}"),
            _ => "terminated;reason=noresource".to_owned(),
        };
        notify.headers.push("Subscription-State", state);
        notify.set_body("message/sipfrag;version=2.0", Sipfrag::new(status).to_bytes());
        let sent = self.ask(What::Notify, way, notify).is_ok();
        if let Some(referred) = self.referred.as_mut() {
            referred.busy = sent;
            referred.quiet = status >= 200;
        }
    }

    pub(super) fn handle_notify_answer(&mut self, status: u16) {
        let Some(referred) = self.referred.as_mut() else { return };
        referred.busy = false;
        let next = referred.next.take();
        // RFC 6665 §4.2.2: whoever does not know the subscription is told no more.
        if status >= 300 {
            referred.quiet = true;
        } else if let Some(next) = next {
            self.notify(next);
        }
    }
}
