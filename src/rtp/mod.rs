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
mod packet;
mod payloads;
mod playout;
mod reception;
mod replay;
mod srtp;

pub use counters::Counters;
pub use depth::Depth;
pub use dtmf::{DtmfReceiver, DtmfSender, EVENT_PAYLOAD};
pub use jitter::{Inserted, JitterBuffer, MAX_PAYLOAD, Released};
pub use packet::{Header, Packet, PacketError, Ssrc};
pub use playout::{Pace, Playout};
pub use reception::{Reception, ReceptionReport};
pub use srtp::{
    MasterKey, OVERHEAD as SRTP_OVERHEAD, SALT, SrtpError, SrtpReceiver, SrtpSender, Suite,
};
