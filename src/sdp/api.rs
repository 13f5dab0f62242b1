//! What we can do, and what was agreed.

use std::net::SocketAddr;

use crate::base::{PacketTime, SampleRate};
use crate::codec::{Codec, OpusSettings};
use crate::rtp::{KeySeed, RtcpParams, SrtpKeys};

/// Our side of a media session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LocalMedia {
    /// Where we receive RTP, as advertised.
    pub rtp: SocketAddr,
    /// What we speak, best first.
    pub codecs: Vec<Codec>,
    /// Whether telephone-event (RFC 4733) is offered and accepted.
    pub telephone_event: bool,
    /// Whether comfort noise (RFC 3389) is offered and accepted.
    pub comfort_noise: bool,
    /// How much sound we put in a packet.
    pub packet_time: PacketTime,
    /// `o=` session id, the same for the life of a dialog.
    pub session_id: u64,
    /// `o=` version, one more each time our description changes (RFC 3264 §8).
    pub version: u64,
    /// SRTP with keys in SDP (RFC 4568), if it is on.
    pub encryption: Option<Encryption>,
    /// Whether RTCP goes over the port of RTP (RFC 5761).
    pub rtcp_mux: RtcpMux,
    /// What was agreed last in this dialog. An offer of ours keeps its numbers and its RTCP.
    pub agreed: Option<Box<Negotiated>>,
}

/// Whether RTCP may go over the port of RTP (RFC 5761), where the far end can do that.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RtcpMux {
    /// Never, though it is offered.
    Off,
    /// When the far end offers it.
    #[default]
    Accept,
    /// Offered by us too.
    Offer,
}

/// How our side encrypts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encryption {
    /// Whether audio without it is refused; else we do as the far end does.
    pub required: bool,
    /// What our keys come from: of this leg alone.
    pub seed: KeySeed,
    /// Which of its keys is ours now: another one each time the far end takes another.
    pub number: u32,
}

impl LocalMedia {
    /// Our side in its first version, with packets of 20 ms and nothing that goes beyond `codecs`.
    pub fn new(rtp: SocketAddr, codecs: Vec<Codec>, session_id: u64) -> Self {
        let (telephone_event, packet_time) = (false, PacketTime::DEFAULT);
        let (version, encryption, rtcp_mux) = (1, None, RtcpMux::default());
        Self {
            rtp,
            codecs,
            telephone_event,
            comfort_noise: false,
            packet_time,
            session_id,
            version,
            encryption,
            rtcp_mux,
            agreed: None,
        }
    }
}

/// Who sends (RFC 3264 §5.1), seen from our side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Direction {
    /// Both.
    #[default]
    SendRecv,
    /// Only we.
    SendOnly,
    /// Only the far end: we are on hold with music.
    RecvOnly,
    /// Nobody: we are on hold.
    Inactive,
}

impl Direction {
    /// Whether we may send.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether we are sent to.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }
}

/// What an offer and its answer agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Negotiated {
    /// The codec that we send; it is also what we expect.
    pub codec: Codec,
    /// The payload type that the far end wants to receive it under, and uses itself.
    pub payload_type: u8,
    /// How the far end wants its Opus, if that is the codec.
    pub opus: OpusSettings,
    /// The payload type of telephone-event, when both sides have it.
    pub telephone_event: Option<u8>,
    /// What its durations count at.
    pub event_clock: SampleRate,
    /// The payload type of comfort noise, when both sides have it and the codec's clock is its own.
    pub comfort_noise: Option<u8>,
    /// Where the far end receives RTP.
    pub remote: SocketAddr,
    /// How much sound to put in a packet: the far end's `a=ptime` if we can, else ours.
    pub packet_time: PacketTime,
    /// Who sends, seen from our side.
    pub direction: Direction,
    /// The keys of SRTP; `None` sends in the clear.
    pub srtp: Option<SrtpKeys>,
    /// RTCP: where it goes, and what extended reports say.
    pub rtcp: RtcpParams,
}

impl Negotiated {
    /// Sound both ways in packets of 20 ms, and nothing else.
    pub fn new(codec: Codec, payload_type: u8, remote: SocketAddr) -> Self {
        Self {
            codec,
            payload_type,
            opus: OpusSettings::default(),
            telephone_event: None,
            event_clock: SampleRate(8_000),
            comfort_noise: None,
            remote,
            packet_time: PacketTime::DEFAULT,
            direction: Direction::SendRecv,
            srtp: None,
            rtcp: RtcpParams::default(),
        }
    }
}

/// Why an offer cannot be answered, or an answer not be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SdpError {
    /// It is not SDP.
    #[error("line {line}: {what}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// There is no audio in it that we may carry.
    #[error("no usable audio stream: {what}")]
    NoAudio {
        /// What was there instead.
        what: String,
    },
    /// No codec of ours is among the offered ones.
    #[error("no codec in common; the peer offers {offered}, we allow {allowed}")]
    NoCommonCodec {
        /// Their codecs.
        offered: String,
        /// Ours.
        allowed: String,
    },
}
