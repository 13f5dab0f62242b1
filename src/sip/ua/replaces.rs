//! A call that takes the place of another (RFC 3891): the last step of an attended transfer to us.

use super::Ua;
use crate::base::{LegId, TrunkName};
use crate::sip::message::Request;

impl Ua {
    /// Returns the leg whose place an INVITE takes, or why it may not.
    pub(super) fn replaced_by(
        &self,
        invite: &Request,
        trunk: &TrunkName,
    ) -> Result<Option<LegId>, (u16, &'static str)> {
        let Ok(named) = invite.headers.replaces() else {
            return Err((400, "its Replaces cannot be read"));
        };
        let Some(named) = named else { return Ok(None) };
        let unknown = (481, "it replaces no call of ours");
        let key = (named.call_id, named.to_tag);
        let leg = self.by_dialog.get(&key).copied().ok_or(unknown)?;
        let session = self.legs.get(&leg).ok_or(unknown)?;
        // Who may call us may not for that take over what another trunk's callers say.
        if session.trunk() != Some(trunk) || self.replacing.values().any(|old| *old == leg) {
            return Err(unknown);
        }
        match session.yields_to(&named.from_tag, named.early_only) {
            Ok(()) => Ok(Some(leg)),
            Err(481) => Err(unknown),
            Err(486) => Err((486, "it replaces only a call that rings, and that one is answered")),
            Err(status) => Err((status, "the call that it replaces is over")),
        }
    }

    /// Whether an INVITE carries a Via of ours: a call that we made has come back (RFC 3261 §8.2.2.2).
    pub(super) fn is_own(&self, invite: &Request) -> bool {
        let vias = invite.headers.vias();
        vias.iter()
            .skip(1)
            .any(|via| via.branch().is_some_and(|branch| self.transactions.has_invited(branch)))
    }
}
