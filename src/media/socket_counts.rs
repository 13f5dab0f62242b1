//! What was counted at a leg's socket, which a session does not see.

/// Counts of one leg's socket. They only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SocketCounts {
    /// Datagrams that the kernel threw away because the receive buffer was full.
    pub thrown_away: u64,
    /// Packets that the far end's machine refused: nobody listens there.
    pub send_refused: u64,
    /// Packets not sent because a queue of this machine was full.
    pub send_full: u64,
    /// Packets not sent for any other reason, such as no route.
    pub send_failed: u64,
}

impl SocketCounts {
    /// Returns how many packets were not sent, for whatever reason.
    pub fn unsent(&self) -> u64 {
        self.send_refused + self.send_full + self.send_failed
    }
}
