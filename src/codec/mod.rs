//! Codecs: packets of compressed sound to frames, and back.
//!
//! House rules: a core. Everything here but `rates` runs on media threads: no allocation after
//! set-up.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod comfort_noise;
mod concealment;
mod decoder;
mod encoder;
mod g711;
mod g722;
mod opus;
mod rates;
mod resample;

use crate::base::{Frame, PacketTime, SampleRate};

pub use comfort_noise::{NOISE_PAYLOAD, NoiseLikeness, NoiseListener, NoiseMaker};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use g711::Law;
pub use opus::{OpusCoders, OpusDecoder, OpusEncoder, OpusSettings};
pub use rates::at_frame_rate;
pub use resample::Halver;

/// The longest payload that is made or taken: 30 ms of samples at 16 kHz, 60 ms of Opus at
/// 128 kbit/s, 120 ms of G.711.
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
    /// Opus (RFC 6716, RFC 7587): we send and hear 8 kHz of sound.
    Opus,
    /// Samples as they are at 16 kHz, high byte first (RFC 3551 §4.5.11).
    L16,
    /// The same at 8 kHz.
    L16Narrow,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus, Self::L16, Self::L16Narrow];

    /// Returns the encoding name of SDP (RFC 8866 §6.6).
    pub fn sdp_name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
            Self::L16 | Self::L16Narrow => "L16",
        }
    }

    /// Returns the static payload type (RFC 3551 §6), if it has one. Those of L16 are for 44.1 kHz.
    pub fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::Opus | Self::L16 | Self::L16Narrow => None,
        }
    }

    /// Returns the RTP clock rate: 8 kHz even for G.722, by an old error that stays (RFC 3551
    /// §4.5.2), and 48 kHz for Opus whatever it carries (RFC 7587 §4.1).
    pub fn clock_rate(self) -> SampleRate {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 | Self::L16Narrow => SampleRate(8_000),
            Self::L16 => SampleRate(16_000),
            Self::Opus => SampleRate(48_000),
        }
    }

    /// Returns the channels that SDP names: two for Opus, always (RFC 7587 §7).
    pub fn sdp_channels(self) -> u8 {
        if self == Self::Opus { 2 } else { 1 }
    }

    /// Returns how much sound a packet may carry: what fits into [`MAX_PAYLOAD`].
    pub fn max_packet_time(self) -> PacketTime {
        PacketTime(match self {
            Self::L16 => 30,
            Self::Pcmu | Self::Pcma | Self::G722 | Self::L16Narrow | Self::Opus => 60,
        })
    }

    /// Returns how much sound goes into a packet, in samples at 16 kHz: 10 to 60 ms, but not more
    /// than is asked for, fits, and the codec has a frame for.
    pub fn packet(self, asked: PacketTime) -> usize {
        let time = match (self, asked.0.clamp(10, self.max_packet_time().0)) {
            (Self::Opus, 10..20) => 10,
            (Self::Opus, 20..40) => 20,
            (Self::Opus, 40..60) => 40,
            (_, time) => time,
        };
        usize::from(time) * Frame::RATE.0 as usize / 1000
    }

    /// Returns how many samples of the RTP clock a payload carries; none if it is damaged.
    pub fn samples(self, payload: &[u8]) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => payload.len() as u32,
            Self::L16 | Self::L16Narrow => payload.len() as u32 / 2,
            Self::Opus => opus::samples_at_48_khz(payload),
        }
    }

    /// Whether its sound is sampled at 8 kHz, and its rate doubled on its way into frames.
    pub fn is_narrow(self) -> bool {
        matches!(self, Self::Pcmu | Self::Pcma | Self::L16Narrow)
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
