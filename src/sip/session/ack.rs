//! The ACK of an acceptance: made once, sent again for each copy (RFC 3261 §13.2.2.4).

use crate::base::Sdp;
use bytes::Bytes;

use super::early::MAX_FORKS;
use super::way::{Waiting, Way};
use super::{Output, Session};
use crate::sip::api::Flow;
use crate::sip::capability;
use crate::sip::dialog::Dialog;
use crate::sip::message::Request;

/// ACKs that a session keeps: those of every phone that one call may ring at, and of the last changes.
const MAX_ACKS: usize = 2 * MAX_FORKS;

/// An ACK of ours.
pub(super) struct Ack {
    /// The number of the INVITE that was accepted.
    number: u32,
    /// Who accepted it.
    tag: String,
    way: Way,
    request: Request,
    /// As it went out.
    sent: Option<(Flow, Bytes)>,
}

impl Session {
    /// Acknowledges an acceptance of the INVITE with this number and CSeq, with our answer if it held an offer.
    pub(super) fn acknowledge(
        &mut self,
        number: u32,
        cseq: u32,
        dialog: &Dialog,
        answer: Option<Sdp>,
    ) {
        let mut request = dialog.ack(cseq);
        request.headers.push("Contact", self.contact());
        request.headers.push("User-Agent", &self.setup.product);
        // RFC 3261 §13.2.2.4: the ACK shows the credentials of the INVITE.
        if let Some(asked) = self.asked.get(&number) {
            for name in ["Authorization", "Proxy-Authorization"] {
                request.headers.copy(&asked.request().headers, name);
            }
        }
        request.set_body(capability::ACCEPT, answer.unwrap_or_default());
        if self.acks.len() >= MAX_ACKS {
            self.acks.remove(0);
        }
        let (way, tag) = (self.way(dialog), dialog.remote_tag().to_owned());
        let waiting = Waiting::Ack(number, tag.clone());
        self.acks.push(Ack { number, tag: tag.clone(), way: way.clone(), request, sent: None });
        if let Some(flow) = self.flow_or_wait(&way, waiting) {
            self.dispatch_ack(number, &tag, flow);
        }
    }

    /// Sends the ACK of this acceptance again. False if there was none yet.
    pub(super) fn acknowledge_again(&mut self, number: u32, tag: &str) -> bool {
        let known = |ack: &&Ack| ack.number == number && ack.tag == tag;
        let Some(ack) = self.acks.iter().find(known) else { return false };
        let (way, sent) = (ack.way.clone(), ack.sent.clone());
        match sent {
            Some((flow, bytes)) if !self.ways.lost(flow) => {
                self.outputs.push_back(Output::Send { flow, bytes });
            }
            _ => {
                let waiting = Waiting::Ack(number, tag.to_owned());
                if let Some(flow) = self.flow_or_wait(&way, waiting) {
                    self.dispatch_ack(number, tag, flow);
                }
            }
        }
        true
    }

    /// Puts an ACK on its way.
    pub(super) fn dispatch_ack(&mut self, number: u32, tag: &str, flow: Flow) {
        let via = self.via(flow.transport);
        let known = |ack: &&mut Ack| ack.number == number && ack.tag == tag;
        let Some(ack) = self.acks.iter_mut().find(known) else { return };
        ack.request.headers.remove("Via");
        ack.request.headers.push_first("Via", via);
        // What is in it was written before, or is ours.
        let Ok(bytes) = ack.request.to_bytes().map(Bytes::from) else { return };
        ack.sent = Some((flow, bytes.clone()));
        self.outputs.push_back(Output::Send { flow, bytes });
    }

    /// Whether this phone has accepted an INVITE of ours, too late or first.
    pub(super) fn has_acknowledged(&self, tag: &str) -> bool {
        self.acks.iter().any(|ack| ack.tag == tag)
    }

    /// Returns how many have accepted the INVITE with this number.
    pub(super) fn acceptances(&self, number: u32) -> usize {
        self.acks.iter().filter(|ack| ack.number == number).count()
    }
}
