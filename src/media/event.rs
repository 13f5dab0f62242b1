//! What a session tells of itself.

use std::net::SocketAddr;
use std::time::Duration;

use crate::base::Phi;

use super::keypad::Way;
use super::verdict::Verdict;

/// What happened on the leg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SessionEvent {
    /// The first packet of the far end came.
    FirstPacket {
        /// Where from.
        from: SocketAddr,
    },
    /// The far end's address is not that of its SDP; packets go there from now on.
    SourceLearnt {
        /// Where it is.
        at: SocketAddr,
    },
    /// The far end pressed a digit, which may be part of a date of birth or a member id; and how it came.
    Digit(Phi<char>, Way),
    /// Nothing came although the far end should send.
    NoPackets {
        /// For how long.
        lasted: Duration,
    },
    /// Nothing came for as long as was agreed, not even RTCP: the far end is gone.
    Gone {
        /// For how long.
        lasted: Duration,
    },
    /// Whether both sides hear each other: said once it is known, and when it changes.
    Judged(Verdict),
}
