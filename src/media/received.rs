//! What a session says of each datagram that it is given.

use crate::rtp::{Inserted, SrtpError};

/// What became of a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Received {
    /// Sound, or comfort noise.
    Sound(Inserted),
    /// A packet of a telephone event; the digit comes as a [`SessionEvent`](super::SessionEvent).
    Event(Inserted),
    /// From somebody else: dropped.
    Foreign,
    /// RTCP of the far end.
    Control,
    /// Not RTP: dropped.
    Malformed,
    /// Of a payload type that was not agreed: its sound is dropped.
    Unexpected,
    /// Not under the leg's key, or again: dropped.
    Unprotected(SrtpError),
    /// Sent although nothing should be: dropped.
    OnHold,
}
