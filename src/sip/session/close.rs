//! The end of a session, from either side (RFC 3261 §15), told exactly once.

use std::time::Instant;

use super::ask::What;
use super::way::Way;
use super::{Session, State, Timer};
use crate::sip::api::{EndCause, Event, Refusal, TransferState};
use crate::sip::message::{Method, Request};
use crate::sip::transaction::ServerId;

impl Session {
    /// Ends the leg in whatever way its state asks for.
    pub(super) fn hang_up(&mut self, now: Instant, reason: Option<String>) {
        self.drop_offered_back();
        match self.state {
            State::Incoming { .. } => {
                self.turn_down(&Refusal { status: 480, ..Refusal::default() });
                self.end(now, EndCause::Local);
            }
            State::Calling => self.call_off(now, reason),
            State::Confirmed => {
                self.state = State::Closing;
                self.drop_offer();
                // RFC 3261 §15: no BYE before the ACK, or before that is given up.
                if self.unacked.is_some() {
                    self.held_bye = Some(reason);
                } else {
                    self.bye(reason);
                }
            }
            State::Closing | State::Over => {}
        }
    }

    pub(super) fn bye(&mut self, reason: Option<String>) {
        self.state = State::Closing;
        let Some(dialog) = self.dialog.as_mut() else { return };
        let mut bye = dialog.request(Method::Bye);
        let way = self.dialog.as_ref().map_or(Way::Back, |dialog| self.way(dialog));
        if let Some(reason) = reason {
            bye.headers.push("Reason", reason_value(&reason));
        }
        let _ = self.ask(What::Bye, way, bye);
    }

    pub(super) fn handle_bye(&mut self, now: Instant, id: ServerId, bye: &Request) {
        self.far_reason = bye.headers.reasons().into_iter().next();
        match self.state {
            // RFC 3261 §15: not before the call is answered.
            State::Calling => self.answer(id, bye, 481),
            State::Incoming { .. } => {
                self.answer(id, bye, 200);
                self.turn_down(&Refusal { status: 487, ..Refusal::default() });
                self.end(now, EndCause::RemoteBye);
            }
            State::Confirmed => {
                self.answer(id, bye, 200);
                self.end(now, EndCause::RemoteBye);
            }
            // Both hung up; we were first.
            State::Closing => {
                self.answer(id, bye, 200);
                self.end(now, EndCause::Local);
            }
            State::Over => self.answer(id, bye, 200),
        }
    }

    /// Our BYE was answered, somehow.
    pub(super) fn finish_closing(&mut self, now: Instant) {
        if matches!(self.state, State::Closing) {
            self.end(now, EndCause::Local);
        }
    }

    /// Ends the leg for the call, and keeps it a while for late requests.
    pub(super) fn end(&mut self, now: Instant, cause: EndCause) {
        if matches!(self.state, State::Over) {
            return;
        }
        let cause =
            if self.gives_way && cause == EndCause::Local { EndCause::Replaced } else { cause };
        self.drop_offer();
        self.drop_reoffer();
        if self.transfer.is_some() {
            self.settle_transfer(TransferState::Unknown);
        }
        self.decline_refer();
        self.unacked = None;
        self.held_bye = None;
        self.timers.stop_all();
        self.state = State::Over;
        self.drop_offered_back();
        self.timers.set(Timer::Linger, now + self.give_up());
        let (leg, reason) = (self.leg(), self.far_reason.take());
        self.tell(Event::Ended { leg, cause, reason });
    }

    /// A change that we did not get round to answering has nothing to change any more.
    fn drop_offer(&mut self) {
        self.turn_offer_down(&Refusal { status: 487, ..Refusal::default() });
    }
}

/// Writes a Reason (RFC 3326): as it stands if it names its protocol, else as an ordinary end with words.
pub(super) fn reason_value(reason: &str) -> String {
    let named = ["SIP;", "Q.850;"].iter().any(|protocol| reason.starts_with(protocol));
    let reason: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if named {
        return reason;
    }
    format!("Q.850;cause=16;text=\"{}\"", reason.replace(['"', '\\'], "'"))
}
