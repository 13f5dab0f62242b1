//! What a session begins with.

use std::time::Duration;

use tokio::sync::mpsc;

use super::clip::Clip;
use super::plan::{ReferPlan, Talk};
use super::progress::CallProgress;
use crate::base::Sdp;
use crate::sdp::Negotiated;

/// What happens when it has rung long enough.
pub(super) enum Pickup {
    /// We called: give up.
    GiveUp,
    /// We were called: answer with this.
    Accept(Sdp, Negotiated),
    /// We were called: refuse with this status.
    Refuse(u16),
}

/// What a session begins with.
pub(super) struct Opening {
    pub talk: Talk,
    pub has_cues: bool,
    pub clips: Vec<Clip>,
    /// How long it rings before it is picked up, or given up.
    pub ringing: Duration,
    pub pickup: Pickup,
    pub hang_up_after: Option<Duration>,
    pub refer: Option<ReferPlan>,
    /// How long the call is held when everything is said.
    pub hold: Option<Duration>,
    pub progress: Option<mpsc::Sender<CallProgress>>,
}
