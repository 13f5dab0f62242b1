//! Requests of ours inside a session: sent, answered, and sent again with credentials.

use std::time::Instant;

use bytes::Bytes;

use super::way::{Waiting, Way};
use super::{Output, Session};
use crate::sip::api::Flow;
use crate::sip::capability;
use crate::sip::message::{Request, Response, WriteError};

/// How often a request is sent again: for a proxy, for the far end, for a stale nonce or a longer timer.
const MAX_CHALLENGES: u8 = 3;

/// What was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What {
    Invite,
    Cancel,
    Bye,
    /// The BYE to a fork that answered too late.
    ForkBye,
    Refer,
    Notify,
    Reinvite,
    /// A re-INVITE or UPDATE that changes nothing.
    Refresh,
    Prack,
    /// A digit.
    Info,
}

/// A request that is under way.
pub(super) struct Asked {
    what: What,
    request: Request,
    way: Way,
    challenges: u8,
    /// It went another way already, after a connection had broken.
    moved: bool,
}

impl Asked {
    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    pub(super) fn is(&self, what: What) -> bool {
        self.what == what
    }
}

impl Session {
    /// Completes a request and sends it. Fails if a value from outside cannot stand in a header.
    pub(super) fn ask(
        &mut self,
        what: What,
        way: Way,
        mut request: Request,
    ) -> Result<u32, WriteError> {
        request.headers.push("Contact", self.contact());
        request.headers.push("User-Agent", &self.setup.product);
        request.headers.push("Allow", capability::allow(&self.setup.policy));
        request.headers.push("Supported", capability::supported(&self.setup.policy));
        self.ask_for_timer(&mut request);
        // What was asked of an earlier request is not waited for (RFC 3261 §22.2).
        if let Some(credentials) = &self.setup.credentials {
            self.wallet.sign(&mut request, credentials, &mut self.setup.dice);
        }
        self.send(what, way, request, 0)
    }

    /// Sends a request that is complete but for its Via, as soon as it is known where to.
    pub(super) fn send(
        &mut self,
        what: What,
        way: Way,
        request: Request,
        challenges: u8,
    ) -> Result<u32, WriteError> {
        request.to_bytes()?;
        self.last_number += 1;
        let number = self.last_number;
        let asked = Asked { what, request, way: way.clone(), challenges, moved: false };
        self.asked.insert(number, asked);
        if let Some(flow) = self.flow_or_wait(&way, Waiting::Ask(number)) {
            self.dispatch(number, flow);
        }
        Ok(number)
    }

    /// Puts a request on its way, as a new transaction.
    pub(super) fn dispatch(&mut self, number: u32, flow: Flow) {
        let via = self.via(flow.transport);
        let Some(asked) = self.asked.get_mut(&number) else { return };
        // RFC 3261 §9.1: a CANCEL has the Via of what it cancels.
        if asked.what != What::Cancel {
            asked.request.headers.remove("Via");
            asked.request.headers.push_first("Via", via);
        }
        let request = asked.request.clone();
        // It could be written without its Via, and so it can with it.
        let Ok(bytes) = request.to_bytes().map(Bytes::from) else { return };
        self.outputs.push_back(Output::Ask { number, flow, request, bytes });
    }

    pub(super) fn handle_response(&mut self, now: Instant, number: u32, response: Response) {
        let Some(what) = self.asked.get(&number).map(|asked| asked.what) else { return };
        let challenged = matches!(response.status, 401 | 407);
        if challenged && self.answer_challenge(number, &response) {
            return;
        }
        if !challenged && !response.is_provisional() {
            self.wallet.accepted(&response);
        }
        // Copies of an acceptance come under the same number.
        let several = matches!(what, What::Invite | What::Reinvite | What::Refresh);
        if !several && response.is_provisional() {
            return;
        }
        match what {
            What::Invite => self.handle_answer(now, number, &response),
            What::Refresh => self.handle_refresh_answer(now, number, &response),
            What::Bye => self.finish_closing(now),
            What::Refer => self.handle_refer_answer(now, response.status),
            What::Notify => self.handle_notify_answer(response.status),
            What::Reinvite => self.handle_reoffer_answer(now, number, &response),
            What::Info => self.handle_press_answer(response.status),
            What::Cancel | What::ForkBye | What::Prack => {}
        }
        if !several {
            self.asked.remove(&number);
        }
    }

    /// Nobody answered: as good as this status, 408 or 503 (RFC 3261 §8.1.3.1).
    pub(super) fn handle_no_answer(&mut self, now: Instant, number: u32, status: u16) {
        if status == 503 && self.go_another_way(number) {
            return;
        }
        let Some(asked) = self.asked.remove(&number) else { return };
        match asked.what {
            What::Invite => self.handle_unanswered(now, status),
            What::Bye => self.finish_closing(now),
            What::Refer => self.handle_refer_answer(now, status),
            What::Notify => self.handle_notify_answer(status),
            What::Reinvite => self.handle_reoffer_refusal(now, status, None),
            What::Refresh => self.handle_refresh_unanswered(now, number, status),
            What::Info => self.handle_press_answer(status),
            What::Cancel | What::ForkBye | What::Prack => {}
        }
    }

    /// Sends a request once more after its connection broke: an idle one may have been closed just then.
    fn go_another_way(&mut self, number: u32) -> bool {
        let Some(asked) = self.asked.get_mut(&number).filter(|asked| !asked.moved) else {
            return false;
        };
        if matches!(asked.what, What::Invite | What::Cancel) {
            return false;
        }
        asked.moved = true;
        let fork = asked.what == What::ForkBye;
        let way = match (&asked.way, &self.dialog) {
            // Where a phone is that was too late, the dialog of another does not know.
            (Way::Back, Some(dialog)) if !fork => self.way(dialog),
            (way, _) => way.clone(),
        };
        if let Some(flow) = self.flow_or_wait(&way, Waiting::Ask(number)) {
            self.dispatch(number, flow);
        }
        true
    }

    /// Sends a challenged request again with what it asks for. False if we cannot.
    fn answer_challenge(&mut self, number: u32, response: &Response) -> bool {
        let Some(asked) = self.asked.get(&number) else { return false };
        let request = asked.request.clone();
        self.setup.credentials.is_some()
            && self.wallet.learn(&request, response).is_ok()
            && self.ask_again(number, request)
    }

    /// Sends a request again that got 422, if that asks for a longer interval (RFC 4028 §7.3).
    pub(super) fn ask_with_longer_timer(&mut self, number: u32, response: &Response) -> bool {
        let Some(asked) = self.asked.get(&number) else { return false };
        let mut request = asked.request.clone();
        if !self.raise_timer(response) {
            return false;
        }
        self.ask_for_timer(&mut request);
        self.ask_again(number, request)
    }

    /// Sends a request again that got 421, if what it should require is something we can do.
    pub(super) fn ask_requiring(&mut self, number: u32, response: &Response) -> bool {
        let Some(asked) = self.asked.get(&number) else { return false };
        let mut request = asked.request.clone();
        let tags = response.headers.tokens("Require");
        let policy = &self.setup.policy;
        let able = !tags.is_empty() && tags.iter().all(|tag| capability::understands(policy, tag));
        if !able || tags.iter().all(|tag| request.headers.has_token("Require", tag)) {
            return false;
        }
        request.headers.set("Require", tags.join(", "));
        self.ask_again(number, request)
    }

    /// Sends a refused request again, with what it lacked: a new transaction, a higher CSeq. False
    /// if we no longer want to.
    fn ask_again(&mut self, number: u32, mut request: Request) -> bool {
        let Some(asked) = self.asked.get(&number) else { return false };
        let (what, way, times) = (asked.what, asked.way.clone(), asked.challenges);
        if times == MAX_CHALLENGES || self.is_calling_off(what) {
            return false;
        }
        // Each time under a new count: the same one twice is a replay.
        if let Some(credentials) = &self.setup.credentials {
            self.wallet.sign(&mut request, credentials, &mut self.setup.dice);
        }
        let Some(cseq) = self.next_cseq(what, &request) else { return false };
        request.headers.set("CSeq", format!("{cseq} {}", request.method));
        let Ok(again) = self.send(what, way, request, times + 1) else { return false };
        match what {
            What::Invite => self.placed_again(again),
            What::Reinvite => self.reoffered_again(again),
            What::Refresh => self.refreshing_again(again),
            What::Refer => self.referred_again(cseq),
            What::Prack | What::Cancel | What::Bye | What::ForkBye | What::Notify | What::Info => {}
        }
        self.asked.remove(&number);
        true
    }

    fn next_cseq(&mut self, what: What, request: &Request) -> Option<u32> {
        match what {
            What::Invite => self.placed.as_ref().map(|placed| placed.cseq() + 1),
            What::Cancel | What::ForkBye => None,
            _ => {
                let to = request.headers.to();
                let tag = to.as_ref().and_then(|to| to.tag()).unwrap_or_default();
                self.dialog_with(tag).map(|dialog| dialog.next_cseq())
            }
        }
    }
}
