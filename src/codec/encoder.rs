//! From frames to payload bytes.

use crate::base::Frame;

use super::decoder::law;
use super::g711::Law;
use super::resample::Downsampler;
use super::{Codec, FRAME_BYTES};

/// Encodes one stream. It keeps its sound over a change of codec, so that there is no click.
#[derive(Clone, Debug)]
pub struct Encoder {
    law: Law,
    downsampler: Downsampler,
}

impl Encoder {
    /// Makes an encoder for a stream that begins.
    pub fn new(codec: Codec) -> Self {
        Self { law: law(codec), downsampler: Downsampler::default() }
    }

    /// Goes on with another codec.
    pub fn switch(&mut self, codec: Codec) {
        self.law = law(codec);
    }

    /// Encodes 20 ms.
    pub fn encode(&mut self, frame: &Frame, out: &mut [u8; FRAME_BYTES]) {
        let mut narrow = [0; FRAME_BYTES];
        self.downsampler.process(&frame.0, &mut narrow);
        for (code, &sample) in out.iter_mut().zip(&narrow) {
            *code = self.law.encode(sample);
        }
    }
}
