//! How long transactions wait (RFC 3261 §17.1.1.1, table 4 of appendix A).

use std::time::Duration;

/// The three times that all timers of a transaction are made of, and whether the transport repeats for us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// Round-trip estimate.
    pub t1: Duration,
    /// The longest gap between repeats of a non-INVITE request or an INVITE response.
    pub t2: Duration,
    /// How long a message may stay in the network.
    pub t4: Duration,
    /// TCP and TLS: nothing is sent twice, and nothing has to be waited for.
    pub reliable: bool,
}

impl Timing {
    /// Derives T2 and T4 from T1 in the RFC's proportions: 500 ms gives 4 s and 5 s.
    pub fn from_t1(t1: Duration, reliable: bool) -> Self {
        Self { t1, t2: 8 * t1, t4: 10 * t1, reliable }
    }

    /// Returns 64·T1, after which a peer that did not answer is given up: timers B, D, F, H, J, L and M.
    pub fn give_up(self) -> Duration {
        64 * self.t1
    }

    /// Returns `time` over UDP, and nothing where the transport is reliable: timers D, I, J and K.
    pub fn unless_reliable(self, time: Duration) -> Duration {
        if self.reliable { Duration::ZERO } else { time }
    }
}
