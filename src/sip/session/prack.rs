//! Their reliable provisional responses, and our PRACKs (RFC 3262 §4).

use super::Session;
use super::ask::What;
use crate::base::Sdp;
use crate::sip::api::Prack;
use crate::sip::capability;
use crate::sip::dialog::Dialog;
use crate::sip::message::{CSeq, Method, RAck, Response};

/// Which reliable provisional responses came, in one dialog, to one INVITE.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    last: Option<u32>,
}

impl Heard {
    /// Takes the number of the next one. False for a repeat, and for one that comes too early: what
    /// is missing before it comes again, and so does it.
    pub(super) fn take(&mut self, rseq: u32) -> bool {
        let next = self.last.is_none_or(|last| last.checked_add(1) == Some(rseq));
        if next {
            self.last = Some(rseq);
        }
        next
    }
}

impl Session {
    /// Returns the number of a provisional response that wants to be acknowledged.
    pub(super) fn reliable_number(&self, response: &Response) -> Option<u32> {
        let reliable = response.status > 100 && response.headers.has_token("Require", "100rel");
        let on = self.setup.policy.prack != Prack::Off;
        response.headers.rseq().filter(|_| reliable && on)
    }

    /// Acknowledges a provisional response to a re-INVITE of ours, if it wants to be.
    pub(super) fn acknowledge_in_dialog(&mut self, number: u32, response: &Response) {
        let Some(rseq) = self.reliable_number(response) else { return };
        if self.heard.0 != number {
            self.heard = (number, Heard::default());
        }
        let asked = self.asked.get(&number).and_then(|asked| asked.request().headers.cseq());
        if let (Some(cseq), true) = (asked, self.heard.1.take(rseq))
            && let Some(mut dialog) = self.dialog.clone()
        {
            self.acknowledge_progress(&mut dialog, rseq, cseq.number, None);
            self.dialog = Some(dialog);
        }
    }

    /// Acknowledges a provisional response to the INVITE with this CSeq, with the answer to its offer if it held one.
    pub(super) fn acknowledge_progress(
        &mut self,
        dialog: &mut Dialog,
        rseq: u32,
        cseq: u32,
        answer: Option<Sdp>,
    ) {
        let mut prack = dialog.request(Method::Prack);
        let invite = CSeq { number: cseq, method: Method::Invite };
        prack.headers.push("RAck", RAck { response: rseq, cseq: invite }.to_wire());
        prack.set_body(capability::ACCEPT, answer.unwrap_or_default());
        let way = self.way(dialog);
        let _ = self.ask(What::Prack, way, prack);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_taken_once_and_in_order() {
        let mut heard = Heard::default();
        let taken = [7, 7, 9, 8, 9, 8, 10].map(|rseq| heard.take(rseq));
        assert_eq!(taken, [true, false, false, true, true, false, true]);
        let mut last = Heard { last: Some(u32::MAX) };
        assert!(!last.take(0));
    }
}
