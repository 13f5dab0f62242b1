//! From sound at 16 kHz to payloads.

use super::Codec;
use super::g711::Law;
use super::g722::G722Encoder;
use super::resample::{Downsampler, NARROW, WIDE};

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

    /// Encodes the sound of one packet: an even number of samples at 16 kHz. Returns the length of
    /// its payload in `out`, for which [`MAX_PAYLOAD`](super::MAX_PAYLOAD) is enough.
    pub fn encode(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        let length = (sound.len() / 2).min(out.len());
        let (sound, out) = (&sound[..2 * length], &mut out[..length]);
        match &mut self.coding {
            Coding::G711(law) => {
                for (wide, codes) in sound.chunks(WIDE).zip(out.chunks_mut(NARROW)) {
                    let mut narrow = [0; NARROW];
                    let narrow = &mut narrow[..codes.len()];
                    self.downsampler.process(wide, narrow);
                    for (code, &sample) in codes.iter_mut().zip(&*narrow) {
                        *code = law.encode(sample);
                    }
                }
            }
            Coding::G722(encoder) => {
                for (code, pair) in out.iter_mut().zip(sound.chunks_exact(2)) {
                    *code = encoder.encode([pair[0], pair[1]]);
                }
            }
        }
        length
    }
}
