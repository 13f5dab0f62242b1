//! The phones that ring for one call of ours: a dialog each, until one of them answers (RFC 3261 §12.1, §13.2.2.4).

use super::prack::Heard;
use crate::base::Sdp;
use crate::sip::dialog::Dialog;
use crate::sip::message::{NameAddr, Request, Response};

/// Phones that one call may ring at: a hunt group larger than this is not followed.
pub(super) const MAX_FORKS: usize = 16;

/// A phone that rings.
pub(super) struct Early {
    pub(super) dialog: Dialog,
    /// What it sent to listen to, last.
    pub(super) sdp: Option<Sdp>,
    /// Its reliable provisional responses.
    pub(super) heard: Heard,
    /// Offer and answer were exchanged reliably, so that the 200 holds nothing new.
    pub(super) agreed: bool,
    /// They have changed since: the call has agreed to another description of theirs.
    pub(super) changed: bool,
}

/// All phones that ring, in the order in which they were heard of.
#[derive(Default)]
pub(super) struct EarlyDialogs(Vec<Early>);

impl EarlyDialogs {
    /// Returns the phone that a provisional response is from, which may be new. `None` if the response makes no
    /// dialog: a 100, or one phone too many.
    pub(super) fn of(&mut self, invite: &Request, response: &Response) -> Option<&mut Early> {
        let to = response.headers.to();
        let tag = to.as_ref().and_then(NameAddr::tag)?;
        match self.0.iter().position(|early| early.dialog.remote_tag() == tag) {
            Some(known) => self.0.get_mut(known),
            None if self.0.len() < MAX_FORKS => {
                let dialog = Dialog::answered(invite, response)?;
                let heard = Heard::default();
                self.0.push(Early { dialog, sdp: None, heard, agreed: false, changed: false });
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

    /// Whether offer and answer were exchanged with this phone while it rang.
    pub(super) fn has_agreed(&self, remote_tag: &str) -> bool {
        self.get(remote_tag).is_some_and(|early| early.agreed)
    }

    /// Returns the phone with which offer and answer were exchanged, if it is one alone.
    pub(super) fn agreed(&mut self) -> Option<&mut Early> {
        let mut agreed = self.0.iter_mut().filter(|early| early.agreed);
        agreed.next().filter(|_| agreed.next().is_none())
    }

    /// Whether they changed what was agreed while it rang.
    pub(super) fn has_changed(&self, remote_tag: &str) -> bool {
        self.get(remote_tag).is_some_and(|early| early.changed)
    }

    /// They changed what was agreed while it rang.
    pub(super) fn note_change(&mut self, remote_tag: &str) {
        if let Some(early) = self.with(remote_tag) {
            early.changed = true;
        }
    }

    /// Returns the description that an acceptance leaves us with.
    pub(super) fn description(&self, remote_tag: &str, accepted: Option<Sdp>) -> Option<Sdp> {
        match self.get(remote_tag) {
            Some(early) if early.changed => None,
            // RFC 3261 §13.2.1: whatever else comes after the answer means nothing.
            Some(early) if early.agreed => early.sdp.clone(),
            Some(early) => accepted.or_else(|| early.sdp.clone()),
            None => accepted,
        }
    }

    fn get(&self, remote_tag: &str) -> Option<&Early> {
        self.0.iter().find(|early| early.dialog.remote_tag() == remote_tag)
    }

    /// Forgets them all: one has the call, or none will.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
