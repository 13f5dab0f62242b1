//! Frames to G.711 bytes and back to 8 kHz samples, and how loud they are.

use crate::base::{Decibel, Frame};
use crate::codec::{Codec, Encoder, Law};

/// Encodes 16 kHz frames.
pub(super) fn encode(codec: Codec, frames: &[Frame]) -> Vec<u8> {
    let mut encoder = Encoder::new(codec);
    let mut bytes = vec![0; frames.len() * Frame::SAMPLES / 2];
    for (frame, payload) in frames.iter().zip(bytes.chunks_exact_mut(Frame::SAMPLES / 2)) {
        encoder.encode(&frame.0, payload);
    }
    bytes
}

/// Decodes to 8 kHz samples.
pub(super) fn decode(codec: Codec, bytes: &[u8]) -> Vec<i16> {
    let law = law(codec);
    bytes.iter().map(|&code| law.decode(code)).collect()
}

/// Returns the byte of silence.
pub(super) fn silence(codec: Codec) -> u8 {
    law(codec).silence()
}

/// Returns the root mean square level.
pub(super) fn level(samples: &[i16]) -> Decibel {
    let energy: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
    let rms = (energy / samples.len().max(1) as f64).sqrt() / 32_768.0;
    Decibel(if rms <= 0.0 { -127.0 } else { (20.0 * rms.log10()).max(-127.0) as f32 })
}

fn law(codec: Codec) -> Law {
    match codec {
        Codec::Pcma => Law::A,
        Codec::Pcmu => Law::Mu,
        Codec::G722 => unreachable!("the phone offers G.711 alone"),
    }
}
