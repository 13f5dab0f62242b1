//! What happens in the calls, for whoever watches: the demonstration's screen, later the call page.

use std::time::Instant;

use tokio::sync::broadcast;

use crate::base::{CallId, TrunkName};
use crate::call::{Summary, Told};

/// Something that happened in a call.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Which call.
    pub call: CallId,
    /// When.
    pub at: Instant,
    /// What.
    pub seen: Seen,
}

/// What can be seen of a call.
#[derive(Clone, Debug)]
pub enum Seen {
    /// It came in and was given a route.
    Arrived {
        /// Where it came from.
        trunk: TrunkName,
        /// The dialplan's route that took it.
        route: String,
    },
    /// What the call tells of itself.
    Told(Told),
    /// It is over.
    Over(Box<Summary>),
}

/// Tells the watchers. A watcher that is slow loses the oldest; nobody waits for it.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    call: CallId,
    sender: broadcast::Sender<Watched>,
}

impl Watch {
    pub(super) fn new(call: CallId, sender: broadcast::Sender<Watched>) -> Self {
        Self { call, sender }
    }

    pub(super) fn tell(&self, seen: Seen) {
        // An error means that nobody watches, which is the usual case.
        let _ = self.sender.send(Watched { call: self.call, at: Instant::now(), seen });
    }
}
