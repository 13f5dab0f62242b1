//! From frames to payload bytes.

use crate::base::Frame;

use super::g711::Law;
use super::g722::G722Encoder;
use super::resample::Downsampler;
use super::{Codec, FRAME_BYTES};

/// Encodes one stream. Between the laws of G.711 it keeps its sound, so that there is no click.
#[derive(Clone, Debug)]
pub struct Encoder {
    coding: Coding,
    downsampler: Downsampler,
}

#[derive(Clone, Debug)]
enum Coding {
    /// 8 kHz, without a memory.
    G711(Law),
    /// 16 kHz.
    G722(G722Encoder),
}

impl Encoder {
    /// Makes an encoder for a stream that begins.
    pub fn new(codec: Codec) -> Self {
        let coding = match codec {
            Codec::Pcmu => Coding::G711(Law::Mu),
            Codec::Pcma => Coding::G711(Law::A),
            Codec::G722 => Coding::G722(G722Encoder::default()),
        };
        Self { coding, downsampler: Downsampler::default() }
    }

    /// Goes on with another codec.
    pub fn switch(&mut self, codec: Codec) {
        match (&mut self.coding, codec) {
            (Coding::G711(law), Codec::Pcmu) => *law = Law::Mu,
            (Coding::G711(law), Codec::Pcma) => *law = Law::A,
            (Coding::G722(_), Codec::G722) => {}
            _ => *self = Self::new(codec),
        }
    }

    /// Encodes 20 ms.
    pub fn encode(&mut self, frame: &Frame, out: &mut [u8; FRAME_BYTES]) {
        match &mut self.coding {
            Coding::G711(law) => {
                let mut narrow = [0; FRAME_BYTES];
                self.downsampler.process(&frame.0, &mut narrow);
                for (code, &sample) in out.iter_mut().zip(&narrow) {
                    *code = law.encode(sample);
                }
            }
            Coding::G722(encoder) => {
                for (code, pair) in out.iter_mut().zip(frame.0.chunks_exact(2)) {
                    *code = encoder.encode([pair[0], pair[1]]);
                }
            }
        }
    }
}
