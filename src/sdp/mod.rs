//! SDP (RFC 8866) and the offer/answer model (RFC 3264). Knows nothing of SIP.
//!
//! House rules: a core. What a peer sends is never a panic.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod api;
mod crypto;
mod fmtp;
mod format;
mod negotiation;
mod rtcp;
mod session;

pub use api::{Direction, Encryption, LocalMedia, Negotiated, RtcpMux, SdpError};
pub use negotiation::{accept_answer, answer, offer, offers_keys};
pub use session::{Attribute, Connection, Media, Origin, Session};
