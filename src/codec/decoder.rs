//! From payloads to sound at 16 kHz.

use super::Codec;
use super::concealment::Concealment;
use super::g711::Law;
use super::g722::G722Decoder;
use super::resample::{NARROW, Upsampler, WIDE};

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

    /// Decodes the payload of one packet, and returns how many samples at 16 kHz it came to: at
    /// most [`MAX_SAMPLES`](super::MAX_SAMPLES). What `out` has no room for is left out.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        let length = (2 * payload.len()).min(out.len() & !1);
        let (payload, out) = (&payload[..length / 2], &mut out[..length]);
        match &mut self.coding {
            Coding::G711(law) => {
                let law = *law;
                for (codes, wide) in payload.chunks(NARROW).zip(out.chunks_mut(WIDE)) {
                    let mut narrow = [0; NARROW];
                    let narrow = &mut narrow[..codes.len()];
                    for (sample, &code) in narrow.iter_mut().zip(codes) {
                        *sample = law.decode(code);
                    }
                    self.concealment.good(narrow);
                    self.upsampler.process(narrow, wide);
                }
            }
            Coding::G722(decoder) => {
                for (pair, &code) in out.chunks_exact_mut(2).zip(payload) {
                    pair.copy_from_slice(&decoder.decode(code));
                }
                out.chunks_mut(WIDE).for_each(|piece| self.concealment.good(piece));
            }
        }
        length
    }

    /// Makes up sound that did not come: an even number of samples at 16 kHz.
    pub fn conceal(&mut self, out: &mut [i16]) {
        for wide in out.chunks_mut(WIDE) {
            match self.coding {
                Coding::G711(_) => {
                    let mut narrow = [0; NARROW];
                    let narrow = &mut narrow[..wide.len() / 2];
                    self.concealment.conceal(narrow);
                    self.upsampler.process(narrow, wide);
                }
                Coding::G722(_) => self.concealment.conceal(wide),
            }
        }
    }

    /// Makes silence, which the far end did not send: an even number of samples at 16 kHz.
    pub fn pause(&mut self, out: &mut [i16]) {
        for wide in out.chunks_mut(WIDE) {
            match self.coding {
                Coding::G711(_) => {
                    let mut narrow = [0; NARROW];
                    let narrow = &mut narrow[..wide.len() / 2];
                    self.concealment.good(narrow);
                    self.upsampler.process(narrow, wide);
                }
                Coding::G722(_) => {
                    wide.fill(0);
                    self.concealment.good(wide);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Encoder, MAX_PAYLOAD};
    use super::*;
    use crate::base::Frame;
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
                let (mut payload, mut out) = ([0; MAX_PAYLOAD], Frame::SILENCE);
                let length = encoder.encode(&tone(frame).0, &mut payload);
                assert_eq!(decoder.decode(&payload[..length], &mut out.0), Frame::SAMPLES);
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
    fn a_payload_of_any_length_is_as_much_sound_as_there_is_room_for() {
        let mut decoder = Decoder::new(Codec::Pcmu);
        let mut out = [1; 2000];
        assert_eq!(decoder.decode(&[], &mut out), 0);
        for length in [1, 79, 160, 161, 480, 1000] {
            assert_eq!(decoder.decode(&vec![0xff; length], &mut out), 2 * length);
        }
        assert_eq!(decoder.decode(&[0xff; 1500], &mut out), 2000);
        assert_eq!(decoder.decode(&[0xff; 100], &mut out[..11]), 10);
        assert_eq!(out, [0; 2000]);
    }

    /// However a stream is cut into packets, it is the same sound.
    #[test]
    fn where_a_stream_is_cut_cannot_be_heard() {
        for codec in Codec::ALL {
            let sound: Vec<i16> = (0..12).flat_map(|frame| tone(frame).0).collect();
            let through = |samples: usize| {
                let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
                let mut heard = Vec::new();
                for packet in sound.chunks(samples) {
                    let (mut payload, mut out) = ([0; MAX_PAYLOAD], [0; 2000]);
                    let length = encoder.encode(packet, &mut payload);
                    let samples = decoder.decode(&payload[..length], &mut out);
                    heard.extend_from_slice(&out[..samples]);
                }
                heard
            };
            let whole = through(320);
            for samples in [160, 480, 640, 960] {
                assert!(through(samples) == whole, "{codec:?} by {samples}");
            }
        }
    }
}
