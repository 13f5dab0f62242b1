//! Payloads to sound, and how loud it is.
//!
//! G.711 is decoded as it stands, without the filters of a wider rate: a packet's level is its own.

use crate::base::{Decibel, Frame};
use crate::codec::{Codec, Decoder, Law, MAX_SAMPLES};

/// Samples a second of G.711.
pub(super) const NARROW: u32 = 8_000;
/// Samples a second of all else.
const WIDE: u32 = Frame::RATE.0;

/// Decoded sound.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// The samples.
    pub samples: Vec<i16>,
}

impl Sound {
    /// Returns it at one of our two rates. The way between them is a short one: it is for recordings in
    /// which the codec changes.
    pub(super) fn at(self, rate: u32) -> Vec<i16> {
        match (self.rate, rate) {
            (NARROW, WIDE) => self.samples.iter().flat_map(|sample| [*sample; 2]).collect(),
            (WIDE, NARROW) => {
                self.samples.chunks_exact(2).map(|two| i16::midpoint(two[0], two[1])).collect()
            }
            _ => self.samples,
        }
    }

    /// Returns the root mean square level.
    pub(super) fn level(&self) -> Decibel {
        let energy: f64 = self.samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
        let rms = (energy / self.samples.len().max(1) as f64).sqrt() / 32_768.0;
        Decibel(if rms <= 0.0 { -127.0 } else { (20.0 * rms.log10()).max(-127.0) as f32 })
    }
}

/// Decodes one stream.
#[derive(Debug)]
pub(super) struct Hearing(Way);

#[derive(Debug)]
enum Way {
    Law(Law),
    Other(Box<Decoder>),
}

impl Hearing {
    /// Begins a stream.
    pub(super) fn new(codec: Codec) -> Self {
        Self(match codec {
            Codec::Pcma => Way::Law(Law::A),
            Codec::Pcmu => Way::Law(Law::Mu),
            // Every other one has a rate or a memory of its own.
            other => Way::Other(Box::new(Decoder::new(other))),
        })
    }

    /// Decodes the payload of the next packet.
    pub(super) fn decode(&mut self, payload: &[u8]) -> Sound {
        match &mut self.0 {
            Way::Law(law) => {
                let samples = payload.iter().map(|&code| law.decode(code)).collect();
                Sound { rate: NARROW, samples }
            }
            Way::Other(decoder) => {
                let mut samples = vec![0; MAX_SAMPLES];
                let length = decoder.decode(payload, &mut samples);
                samples.truncate(length);
                Sound { rate: WIDE, samples }
            }
        }
    }
}
