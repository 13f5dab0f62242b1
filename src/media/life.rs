//! Whether the far end is there: how long nothing has come from it.

use std::time::{Duration, Instant};

use super::event::SessionEvent;

/// Nothing came for this long: worth saying, and saying again after as long.
const NO_PACKETS: Duration = Duration::from_secs(5);

/// An announced silence may last so many times as long.
const ANNOUNCED: u32 = 5;

/// When the far end was last heard of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// The last packet of sound, or when its absence began to count.
    packet: Instant,
    said: Duration,
    /// The last packet of any kind, RTCP too.
    sign: Instant,
    gone: Duration,
}

impl Life {
    /// Counts from now.
    pub(super) fn new(now: Instant) -> Self {
        Self { packet: now, said: Duration::ZERO, sign: now, gone: Duration::ZERO }
    }

    /// When a packet of sound last came, or when its absence began to count: not yet, where the far end has said
    /// that it falls `silent`.
    pub(super) fn last_packet(&self, now: Instant, silent: bool) -> Instant {
        if silent { now } else { self.packet }
    }

    /// A packet of RTP came.
    pub(super) fn packet(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// Something came that is not sound, so that somebody is there.
    pub(super) fn sign(&mut self, now: Instant) {
        (self.sign, self.gone) = (now, Duration::ZERO);
    }

    /// Returns what is to be said of a silence: that it lasts, and that it has lasted for `limit`. One that the
    /// far end has announced (RFC 3389 §4: it then sends again only when its noise changes) may last longer.
    pub(super) fn check(
        &mut self,
        now: Instant,
        limit: Option<Duration>,
        silent: bool,
    ) -> [Option<SessionEvent>; 2] {
        let limit = limit.map(|limit| if silent { ANNOUNCED * limit } else { limit });
        let lasted = now.saturating_duration_since(self.last_packet(now, silent));
        let quiet = lasted >= self.said + NO_PACKETS;
        if quiet {
            self.said = lasted;
        }
        let absent = now.saturating_duration_since(self.sign);
        let gone = limit.is_some_and(|limit| absent >= self.gone + limit);
        if gone {
            self.gone = absent;
        }
        [
            quiet.then_some(SessionEvent::NoPackets { lasted }),
            gone.then_some(SessionEvent::Gone { lasted: absent }),
        ]
    }
}
