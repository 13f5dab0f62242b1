//! From payload bytes to frames.

use crate::base::Frame;

use super::concealment::Concealment;
use super::g711::Law;
use super::g722::G722Decoder;
use super::resample::Upsampler;
use super::{Codec, FRAME_BYTES};

/// Decodes one stream. Between the laws of G.711 it keeps its sound, so that there is no click.
#[derive(Clone, Debug)]
pub struct Decoder {
    coding: Coding,
    concealment: Concealment,
    upsampler: Upsampler,
}

#[derive(Clone, Debug)]
enum Coding {
    /// 8 kHz, without a memory.
    G711(Law),
    /// 16 kHz.
    G722(G722Decoder),
}

impl Decoder {
    /// Makes a decoder for a stream that begins.
    pub fn new(codec: Codec) -> Self {
        let (coding, concealment) = match codec {
            Codec::Pcmu => (Coding::G711(Law::Mu), Concealment::at_8_khz()),
            Codec::Pcma => (Coding::G711(Law::A), Concealment::at_8_khz()),
            Codec::G722 => (Coding::G722(G722Decoder::default()), Concealment::at_16_khz()),
        };
        Self { coding, concealment, upsampler: Upsampler::default() }
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

    /// Decodes 20 ms: [`FRAME_BYTES`] bytes. What is missing is silence, what is over is ignored.
    pub fn decode(&mut self, payload: &[u8], out: &mut Frame) {
        match &mut self.coding {
            Coding::G711(law) => {
                let mut narrow = [0; FRAME_BYTES];
                for (sample, &code) in narrow.iter_mut().zip(payload) {
                    *sample = law.decode(code);
                }
                self.concealment.good(&mut narrow);
                self.upsampler.process(&narrow, &mut out.0);
            }
            Coding::G722(decoder) => {
                *out = Frame::SILENCE;
                for (pair, &code) in out.0.chunks_exact_mut(2).zip(payload) {
                    pair.copy_from_slice(&decoder.decode(code));
                }
                self.concealment.good(&mut out.0);
            }
        }
    }

    /// Makes up 20 ms that did not come.
    pub fn conceal(&mut self, out: &mut Frame) {
        match self.coding {
            Coding::G711(_) => {
                let mut narrow = [0; FRAME_BYTES];
                self.concealment.conceal(&mut narrow);
                self.upsampler.process(&narrow, &mut out.0);
            }
            Coding::G722(_) => self.concealment.conceal(&mut out.0),
        }
    }

    /// Makes 20 ms of silence, which the far end did not send.
    pub fn pause(&mut self, out: &mut Frame) {
        match self.coding {
            Coding::G711(_) => {
                let mut narrow = [0; FRAME_BYTES];
                self.concealment.good(&mut narrow);
                self.upsampler.process(&narrow, &mut out.0);
            }
            Coding::G722(_) => {
                *out = Frame::SILENCE;
                self.concealment.good(&mut out.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Encoder;
    use super::*;
    use std::f64::consts::TAU;

    fn tone(frame: usize) -> Frame {
        let at = |i| TAU * 440.0 * (frame * Frame::SAMPLES + i) as f64 / 16e3;
        Frame(std::array::from_fn(|i| (8000.0 * at(i).sin()) as i16))
    }

    /// Codec and both filters together: 8→16→8 kHz costs no more than G.711 itself.
    #[test]
    fn a_tone_comes_through_with_the_quality_of_g711_or_better() {
        for codec in Codec::ALL {
            let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
            let (mut sent, mut heard) = (Vec::new(), Vec::new());
            for frame in 0..50 {
                let (mut payload, mut out) = ([0; FRAME_BYTES], Frame::SILENCE);
                encoder.encode(&tone(frame), &mut payload);
                decoder.decode(&payload, &mut out);
                sent.extend(tone(frame).0);
                heard.extend(out.0);
            }
            // The delay of both filters: 23 samples down, 23 up (of 16 kHz, the latest aligned).
            let error_at = |delay: usize| -> f64 {
                (1000..12_000).map(|i| f64::from(heard[i + delay] - sent[i]).powi(2)).sum()
            };
            let best = (0..100).map(error_at).min_by(f64::total_cmp).unwrap();
            let energy: f64 = (1000..12_000).map(|i| f64::from(sent[i]).powi(2)).sum();
            let snr = 10.0 * (energy / best).log10();
            assert!(snr > 33.0, "{codec:?}: {snr:.1} dB");
        }
    }

    #[test]
    fn a_short_payload_is_filled_and_a_long_one_is_cut() {
        let mut decoder = Decoder::new(Codec::Pcmu);
        let mut out = Frame::SILENCE;
        decoder.decode(&[], &mut out);
        assert_eq!(out, Frame::SILENCE);
        decoder.decode(&[0xff; 1000], &mut out);
        assert_eq!(out, Frame::SILENCE);
    }
}
