//! Which leg an event is about.

use super::api::Event;
use crate::base::LegId;

impl Event {
    /// Returns the leg that it is about; `None` for what is about no leg, or begins one.
    pub fn leg(&self) -> Option<LegId> {
        match self {
            Self::Established { leg, .. }
            | Self::Progress { leg, .. }
            | Self::Answered { leg, .. }
            | Self::EarlyAnswer { leg, .. }
            | Self::Changed { leg, .. }
            | Self::Offer { leg, .. }
            | Self::Reoffered { leg, .. }
            | Self::Referred { leg, .. }
            | Self::Transfer { leg, .. }
            | Self::Dtmf { leg, .. }
            | Self::Ended { leg, .. } => Some(*leg),
            Self::Incoming(_)
            | Self::OptionsAnswered { .. }
            | Self::RegisterAnswered { .. }
            | Self::Registration { .. }
            | Self::Registered { .. }
            | Self::AuthenticationFailed { .. }
            | Self::MailNotice { .. }
            | Self::Dropped { .. }
            | Self::Refused { .. }
            | Self::Rejected { .. } => None,
        }
    }
}
