//! The phones that ring for one call of ours: a dialog each, until one of them answers (RFC 3261 §12.1, §13.2.2.4).

use crate::sip::dialog::Dialog;
use crate::sip::message::{NameAddr, Request, Response};

/// Phones that one call may ring at: a hunt group larger than this is not followed.
pub(super) const MAX_FORKS: usize = 16;

/// A phone that rings.
pub(super) struct Early {
    pub(super) dialog: Dialog,
    /// What it sent to listen to, last.
    pub(super) sdp: Option<Vec<u8>>,
}

/// All phones that ring, in the order in which they were heard of.
#[derive(Default)]
pub(super) struct EarlyDialogs(Vec<Early>);

impl EarlyDialogs {
    /// Remembers the phone that a provisional response is from, and what it sent. `None` if the response makes
    /// no dialog: a 100, or one phone too many.
    pub(super) fn note(
        &mut self,
        invite: &Request,
        response: &Response,
        sdp: Option<Vec<u8>>,
    ) -> Option<&mut Early> {
        let to = response.headers.to();
        let tag = to.as_ref().and_then(NameAddr::tag)?;
        match self.0.iter().position(|early| early.dialog.remote_tag() == tag) {
            Some(known) => {
                let early = self.0.get_mut(known)?;
                early.sdp = sdp.or(early.sdp.take());
                Some(early)
            }
            None if self.0.len() < MAX_FORKS => {
                let dialog = Dialog::answered(invite, response)?;
                self.0.push(Early { dialog, sdp });
                self.0.last_mut()
            }
            None => None,
        }
    }

    /// Returns the phone with this tag.
    pub(super) fn with(&mut self, remote_tag: &str) -> Option<&mut Early> {
        self.0.iter_mut().find(|early| early.dialog.remote_tag() == remote_tag)
    }

    /// Whether a phone with this tag rings.
    pub(super) fn rings_at(&self, remote_tag: &str) -> bool {
        self.0.iter().any(|early| early.dialog.remote_tag() == remote_tag)
    }

    /// Forgets them all: one has the call, or none will.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
