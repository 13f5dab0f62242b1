//! What a capture of the wire says of a conversation, with nothing of the product's own: its packets, sound
//! and clock are read here by other code than the code under measurement.

mod pcap;
mod rtp;
mod sound;
mod turns;

pub(super) use pcap::{Datagram, read};
pub(super) use rtp::{Leg, legs};
pub(super) use turns::{Discard, WireTurn, greeting_ms, turns};

#[cfg(test)]
mod made;
