//! What was counted of one received RTP stream.

/// Counts of packets received on a leg. They only grow.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Packets from the leg's source that are RTP, whatever became of them.
    pub received: u64,
    /// Packets given up: they had not come when the hold ended. A late one stays counted here.
    pub lost: u64,
    /// Packets that came after they had been given up.
    pub late: u64,
    /// Packets that came again.
    pub duplicate: u64,
    /// Packets that came after one that was sent later, and in time.
    pub reordered: u64,
    /// Packets too far from the expected sequence number, or too long to be kept.
    pub out_of_range: u64,
    /// Times the stream was taken up anew: another SSRC, or a sequence jump that lasted.
    pub restarts: u64,
    /// Frames of 20 ms made up by concealment.
    pub concealed: u64,
    /// Frames of quiet left out, so that the delay becomes less; and packets and pauses that claim more time than
    /// has passed.
    pub dropped: u64,
    /// Frames of quiet put in, so that the delay becomes more.
    pub inserted: u64,
    /// Times that speech was made shorter or longer by a period of its voice.
    pub scaled: u64,
    /// Packets from an address that is not the leg's source.
    pub foreign: u64,
    /// Packets from the leg's source that are not under its key (SRTP): injected, changed, or the far end
    /// encrypts otherwise than it said.
    pub forged: u64,
    /// Packets under the leg's key that came before (SRTP): injected again, or doubled by the network.
    pub replayed: u64,
    /// Datagrams that are neither RTP nor RTCP.
    pub malformed: u64,
    /// RTCP packets, whoever sent them.
    pub control: u64,
    /// Packets of a payload type that was not agreed.
    pub unexpected: u64,
}
