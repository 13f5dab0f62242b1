//! Requests of ours inside a session: sent, answered, and sent again with credentials.

use std::time::Instant;

use bytes::Bytes;

use super::{Output, Session};
use crate::sip::api::Flow;
use crate::sip::capability;
use crate::sip::message::{Request, Response, WriteError};

/// How often a request is sent again: for a proxy, for the far end, and for a stale nonce.
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
            request.headers.push("Allow", capability::ALLOW);
            request.headers.push("Supported", capability::SUPPORTED);
            // What was asked of an earlier request is not waited for (RFC 3261 §22.2).
            if let Some(credentials) = &self.setup.credentials {
                self.wallet.sign(&mut request, credentials, &mut self.setup.dice);
            }
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
        if !challenged && !response.is_provisional() {
            self.wallet.accepted(&response);
        }
        if what != What::Invite && response.is_provisional() {
            return;
        }
        match what {
            // Copies of an acceptance come under the same number.
            What::Invite => self.handle_answer(now, response),
            What::Bye => self.finish_closing(now),
            What::Refer => self.handle_refer_answer(now, response.status),
            What::Notify => self.handle_notify_answer(response.status),
            What::Cancel | What::ForkBye => {}
        }
        if what != What::Invite {
            self.asked.remove(&number);
        }
    }

    pub(super) fn handle_no_answer(&mut self, now: Instant, number: u32) {
        let Some(asked) = self.asked.remove(&number) else { return };
        match asked.what {
            What::Invite => self.handle_unanswered(now),
            What::Bye => self.finish_closing(now),
            // As good as 408 (RFC 3261 §8.1.3.1).
            What::Refer => self.handle_refer_answer(now, 408),
            What::Notify => self.handle_notify_answer(408),
            What::Cancel | What::ForkBye => {}
        }
    }

    /// Sends a challenged request again with what it asks for: a new transaction, a higher CSeq.
    /// False if we cannot, or no longer want to.
    fn answer_challenge(&mut self, number: u32, response: &Response) -> bool {
        let Some(asked) = self.asked.get(&number) else { return false };
        let (what, flow, challenges) = (asked.what, asked.flow, asked.challenges);
        let Some(credentials) = self.setup.credentials.clone() else { return false };
        let mut request = asked.request.clone();
        if challenges == MAX_CHALLENGES || self.is_calling_off(what) {
            return false;
        }
        if self.wallet.learn(&request, response).is_err() {
            return false;
        }
        self.wallet.sign(&mut request, &credentials, &mut self.setup.dice);
        let Some(cseq) = self.next_cseq(what) else { return false };
        request.headers.set("CSeq", format!("{cseq} {}", request.method));
        let via = self.via();
        request.headers.set("Via", via);
        let Ok(again) = self.send(what, flow, request.clone(), challenges + 1) else {
            return false;
        };
        match what {
            What::Invite => self.placed_again(again, request),
            What::Refer => self.referred_again(cseq),
            _ => {}
        }
        self.asked.remove(&number);
        true
    }

    fn next_cseq(&mut self, what: What) -> Option<u32> {
        match what {
            What::Invite => self.placed.as_ref().map(|placed| placed.cseq() + 1),
            What::Cancel | What::ForkBye => None,
            _ => self.dialog.as_mut().map(|dialog| dialog.next_cseq()),
        }
    }
}
