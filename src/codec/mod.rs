//! Codecs: packets of compressed sound to frames, and back.
//!
//! House rules: a core. Everything here runs on media threads: no allocation after set-up.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod concealment;
mod decoder;
mod encoder;
mod g711;
mod g722;
mod resample;

use crate::base::{Frame, SampleRate};

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use g711::Law;

/// The longest payload that is made or taken: 60 ms of G.711 and of Opus up to 128 kbit/s.
pub const MAX_PAYLOAD: usize = 960;
/// The most sound that one payload carries, in samples at 16 kHz: 120 ms, of Opus (RFC 7587 §4.2).
pub const MAX_SAMPLES: usize = 1920;

/// A codec that a trunk may use. A closed set: SDP, media and configuration all speak of these.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Codec {
    /// G.711 µ-law (ITU-T G.711; RFC 3551 §4.5.14, payload type 0).
    Pcmu,
    /// G.711 A-law (payload type 8).
    Pcma,
    /// G.722, 7 kHz of sound (payload type 9).
    G722,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pcmu, Self::Pcma, Self::G722];

    /// Returns the encoding name of SDP (RFC 8866 §6.6).
    pub fn sdp_name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
        }
    }

    /// Returns the static payload type (RFC 3551 §6), if it has one.
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
        }
    }

    /// Returns the RTP clock rate: 8 kHz even for G.722, by an old error that stays (RFC 3551 §4.5.2).
    pub fn clock_rate(self) -> SampleRate {
        SampleRate(8_000)
    }

    /// Returns how many samples of the RTP clock a payload carries.
    pub fn samples(self, payload: &[u8]) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => payload.len() as u32,
        }
    }

    /// Returns how many samples at 16 kHz so many of the RTP clock are: an even number.
    pub fn wide(self, samples: u32) -> usize {
        (u64::from(samples) * u64::from(Frame::RATE.0) / u64::from(self.clock_rate().0)) as usize
            & !1
    }

    /// Returns how many samples of the RTP clock so many at 16 kHz are.
    pub fn on_clock(self, wide: usize) -> u32 {
        (wide as u64 * u64::from(self.clock_rate().0) / u64::from(Frame::RATE.0)) as u32
    }
}
