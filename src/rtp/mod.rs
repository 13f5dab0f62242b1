//! RTP (RFC 3550): packets, the order they should have come in, and telephone events.
//!
//! House rules: a core, and everything here runs on media threads: no clock, no socket, and no
//! allocation after set-up. What the far end sends is counted or dropped, never a panic.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod counters;
mod delay;
mod depth;
mod dtmf;
mod incoming;
mod jitter;
mod keys;
mod packet;
mod payloads;
mod playout;
mod reception;
mod replay;
mod reports;
mod rtcp;
mod rtcp_timing;
mod srtp;
mod succession;

pub use counters::Counters;
pub use depth::Depth;
pub use dtmf::{DtmfReceiver, DtmfSender, EVENT_PAYLOAD};
pub use jitter::{Inserted, JitterBuffer, MAX_PAYLOAD, Released};
pub use keys::{KeySeed, MasterKey, SALT, SrtpKeys, Suite};
pub use packet::{Header, Packet, PacketError, Ssrc, is_control};
pub use playout::{Pace, Playout};
pub use reception::{Reception, ReceptionReport};
pub use reports::{FarEnd, Reports, RtcpParams, Sent};
pub use rtcp::{NotRtcp, Ntp, RTCP_BYTES, ReportBlock, Said, VoipMetrics, read as read_rtcp};
pub use srtp::{OVERHEAD as SRTP_OVERHEAD, SrtpError, SrtpReceiver, SrtpSender};
