//! Requests of ours inside a session: sent, answered, and sent again with credentials.

use std::time::Instant;

use bytes::Bytes;

use super::{Output, Session};
use crate::sip::api::Flow;
use crate::sip::capability;
use crate::sip::challenge::answer_challenge;
use crate::sip::message::{Request, Response, WriteError};

/// How often a request is sent again: for a proxy, for the far end, for a stale nonce or a longer timer.
const MAX_CHALLENGES: u8 = 3;

/// What was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What {
    Invite,
    /// A re-INVITE or UPDATE.
    Change,
    Prack,
    Cancel,
    Bye,
    /// The BYE to a fork that answered too late.
    ForkBye,
    Refer,
    Notify,
}

/// A request that is under way.
pub(super) struct Asked {
    what: What,
    request: Request,
    flow: Flow,
    challenges: u8,
}

impl Asked {
    pub(super) fn request(&self) -> &Request {
        &self.request
    }
}

impl Session {
    /// Completes a request and sends it. Fails if a value from outside cannot stand in a header.
    pub(super) fn ask(
        &mut self,
        what: What,
        flow: Flow,
        mut request: Request,
    ) -> Result<u32, WriteError> {
        let via = self.via();
        request.headers.push_first("Via", via);
        if what != What::Cancel {
            request.headers.push("Contact", self.contact());
            request.headers.push("User-Agent", &self.setup.product);
            request.headers.push("Allow", capability::allow(&self.setup.policy));
            request.headers.push("Supported", capability::supported(&self.setup.policy));
            self.ask_for_timer(&mut request);
        }
        self.send(what, flow, request, 0)
    }

    /// Sends a request that is complete.
    pub(super) fn send(
        &mut self,
        what: What,
        flow: Flow,
        request: Request,
        challenges: u8,
    ) -> Result<u32, WriteError> {
        let bytes = Bytes::from(request.to_bytes()?);
        self.last_number += 1;
        let number = self.last_number;
        self.outputs.push_back(Output::Ask { number, flow, request: request.clone(), bytes });
        self.asked.insert(number, Asked { what, request, flow, challenges });
        Ok(number)
    }

    pub(super) fn handle_response(&mut self, now: Instant, number: u32, response: Response) {
        let Some(what) = self.asked.get(&number).map(|asked| asked.what) else { return };
        let challenged = matches!(response.status, 401 | 407);
        if challenged && self.answer_challenge(number, &response) {
            return;
        }
        // Copies of an acceptance come under the same number.
        let several = matches!(what, What::Invite | What::Change);
        if !several && response.is_provisional() {
            return;
        }
        match what {
            What::Invite => self.handle_answer(now, number, &response),
            What::Change => self.handle_change_answer(now, number, &response),
            What::Bye => self.finish_closing(now),
            What::Refer => self.handle_refer_answer(now, response.status),
            What::Notify => self.handle_notify_answer(response.status),
            What::Cancel | What::ForkBye | What::Prack => {}
        }
        if !several {
            self.asked.remove(&number);
        }
    }

    pub(super) fn handle_no_answer(&mut self, now: Instant, number: u32) {
        let Some(asked) = self.asked.remove(&number) else { return };
        match asked.what {
            What::Invite => self.handle_unanswered(now),
            What::Change => self.handle_change_unanswered(now, number),
            What::Bye => self.finish_closing(now),
            // As good as 408 (RFC 3261 §8.1.3.1).
            What::Refer => self.handle_refer_answer(now, 408),
            What::Notify => self.handle_notify_answer(408),
            What::Cancel | What::ForkBye | What::Prack => {}
        }
    }

    /// The last re-INVITE of ours is long acknowledged: what comes for it now comes too late.
    pub(super) fn forget_changes(&mut self) {
        self.asked.retain(|_, asked| asked.what != What::Change);
    }

    /// Sends a challenged request again with what it asks for. False if we cannot.
    fn answer_challenge(&mut self, number: u32, response: &Response) -> bool {
        let Some(asked) = self.asked.get(&number) else { return false };
        let Some(credentials) = self.setup.credentials.clone() else { return false };
        let mut request = asked.request.clone();
        answer_challenge(&mut request, response, &credentials, &mut self.setup.dice)
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
        let (what, flow, times) = (asked.what, asked.flow, asked.challenges);
        if times == MAX_CHALLENGES || self.is_calling_off(what) {
            return false;
        }
        let Some(cseq) = self.next_cseq(what, &request) else { return false };
        request.headers.set("CSeq", format!("{cseq} {}", request.method));
        let via = self.via();
        request.headers.set("Via", via);
        let Ok(again) = self.send(what, flow, request.clone(), times + 1) else { return false };
        match what {
            What::Invite => self.placed_again(again, request),
            What::Change => self.changed_again(again),
            What::Refer => self.referred_again(cseq),
            What::Prack | What::Cancel | What::Bye | What::ForkBye | What::Notify => {}
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
