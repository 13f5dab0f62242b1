//! What is counted of one leg.

use crate::rtp::Counters;

use super::receiver::Timing;
use super::socket_counts::SocketCounts;

/// What is known of one leg. Counts only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Of what came.
    pub received: Counters,
    /// Packets sent.
    pub packets_sent: u64,
    /// Frames of the agent's sound sent, without silence.
    pub frames_played: u64,
    /// How even what comes is; see [`MediaSession::timing`](super::MediaSession::timing).
    pub timing: Timing,
    /// Of the socket, filled in by whoever owns it.
    pub socket: SocketCounts,
}
