//! From payloads to sound at 16 kHz.

use crate::base::place;

use super::Codec;
use super::comfort_noise::{NoiseLikeness, NoiseMaker};
use super::concealment::Concealment;
use super::g711::Law;
use super::g722::G722Decoder;
use super::opus::OpusDecoder;
use super::resample::{NARROW, Upsampler, WIDE};

/// Decodes one stream. Between codecs of 8 kHz it keeps its sound, so that there is no click.
#[derive(Debug)]
pub struct Decoder {
    coding: Coding,
    concealment: Concealment,
    upsampler: Upsampler,
    noise: NoiseMaker,
    /// Made when it is first needed, or before; then it stays.
    opus: Option<OpusDecoder>,
}

#[derive(Clone, Debug)]
enum Coding {
    /// 8 kHz, without a memory.
    Narrow(Narrow),
    /// 16 kHz.
    G722(G722Decoder),
    /// 16 kHz, without a memory.
    Linear,
    /// Its memory is beside it.
    Opus,
}

/// How one sample at 8 kHz is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Narrow {
    G711(Law),
    Linear,
}

impl Coding {
    fn of(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu => Self::Narrow(Narrow::G711(Law::Mu)),
            Codec::Pcma => Self::Narrow(Narrow::G711(Law::A)),
            Codec::L16Narrow => Self::Narrow(Narrow::Linear),
            Codec::G722 => Self::G722(G722Decoder::default()),
            Codec::L16 => Self::Linear,
            Codec::Opus => Self::Opus,
        }
    }

    fn concealment(&self) -> Concealment {
        match self {
            Self::Narrow(_) => Concealment::at_8_khz(),
            Self::G722(_) | Self::Linear | Self::Opus => Concealment::at_16_khz(),
        }
    }
}

impl Decoder {
    /// Makes a decoder for a stream that begins. For Opus it asks the system for memory.
    pub fn new(codec: Codec) -> Self {
        let coding = Coding::of(codec);
        let opus = (codec == Codec::Opus).then(OpusDecoder::new);
        Self {
            concealment: coding.concealment(),
            coding,
            upsampler: Upsampler::default(),
            noise: NoiseMaker::default(),
            opus,
        }
    }

    /// Goes on with another codec. Opus must have been there before, or be given by
    /// [`Self::equip`]: nothing is allocated here.
    pub fn switch(&mut self, codec: Codec) {
        match (&mut self.coding, Coding::of(codec)) {
            (Coding::Narrow(before), Coding::Narrow(now)) => *before = now,
            (Coding::G722(_), Coding::G722(_))
            | (Coding::Linear, Coding::Linear)
            | (Coding::Opus, Coding::Opus) => {}
            (_, coding) => {
                self.concealment = coding.concealment();
                self.upsampler = Upsampler::default();
                self.coding = coding;
                if let Some(opus) = &mut self.opus {
                    opus.restart();
                }
            }
        }
    }

    /// Takes the decoder that Opus needs, if it has none.
    pub fn equip(&mut self, opus: OpusDecoder) {
        self.opus.get_or_insert(opus);
    }

    /// Names the place of each part that a packet needs, for whoever fetches them ahead.
    pub fn hot(&self, mut fetch: impl FnMut((usize, usize))) {
        fetch(place(&self.coding));
        fetch(self.concealment.hot());
        fetch(place(&self.upsampler));
    }

    /// Decodes the payload of one packet, and returns how many samples at 16 kHz it came to: at
    /// most [`MAX_SAMPLES`](super::MAX_SAMPLES). What `out` has no room for is left out.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match &mut self.coding {
            Coding::Narrow(Narrow::G711(law)) => {
                let law = *law;
                self.narrow(payload, out, |[code]| law.decode(code))
            }
            Coding::Narrow(Narrow::Linear) => self.narrow(payload, out, i16::from_be_bytes),
            Coding::G722(decoder) => {
                let length = (2 * payload.len()).min(out.len() & !1);
                for (pair, &code) in out.chunks_exact_mut(2).zip(payload) {
                    pair.copy_from_slice(&decoder.decode(code));
                }
                out[..length].chunks_mut(WIDE).for_each(|piece| self.concealment.good(piece));
                length
            }
            Coding::Linear => {
                let length = (payload.len() / 2).min(out.len());
                for (sample, two) in out.iter_mut().zip(payload.as_chunks().0) {
                    *sample = i16::from_be_bytes(*two);
                }
                out[..length].chunks_mut(WIDE).for_each(|piece| self.concealment.good(piece));
                length
            }
            Coding::Opus => self.opus.as_mut().map_or(0, |opus| opus.decode(payload, out)),
        }
    }

    /// Makes up sound that did not come: an even number of samples at 16 kHz.
    pub fn conceal(&mut self, out: &mut [i16]) {
        self.fill(out, Concealment::conceal, OpusDecoder::conceal);
    }

    /// Makes up sound that did not come from what the packet after it repeats of it, if this codec
    /// has such a thing; else it is [`Self::conceal`]. All that is missing before `next`, at most
    /// [`MAX_SAMPLES`](super::MAX_SAMPLES), is to be asked for at once.
    pub fn recover(&mut self, next: &[u8], out: &mut [i16]) {
        match (&self.coding, &mut self.opus) {
            (Coding::Opus, Some(opus)) => opus.recover(next, out),
            _ => self.conceal(out),
        }
    }

    /// Makes what the far end did not send: silence, or the noise that it told of. An even number
    /// of samples at 16 kHz.
    pub fn pause(&mut self, out: &mut [i16]) {
        if self.noise.is_silent() {
            let silence = |concealment: &mut Concealment, out: &mut [i16]| {
                out.fill(0);
                concealment.good(out);
            };
            return self.fill(out, silence, OpusDecoder::pause);
        }
        match self.coding {
            Coding::Narrow(_) => self.narrow_noise(out),
            Coding::G722(_) | Coding::Linear | Coding::Opus => {
                self.noise.fill(out);
                out.chunks_mut(WIDE).for_each(|wide| self.concealment.good(wide));
            }
        }
    }

    /// Takes the payload of comfort noise (RFC 3389): what the pauses from now on are to sound
    /// like. One that tells nothing changes nothing.
    pub fn hear_noise(&mut self, payload: &[u8]) {
        if let Some(likeness) = NoiseLikeness::parse(payload) {
            self.noise.be(&likeness);
        }
    }

    fn narrow_noise(&mut self, out: &mut [i16]) {
        for wide in out.chunks_mut(WIDE) {
            let mut narrow = [0; NARROW];
            let narrow = &mut narrow[..wide.len() / 2];
            self.noise.narrow(narrow);
            self.concealment.good(narrow);
            self.upsampler.process(narrow, wide);
        }
    }

    /// Decodes what is 8 kHz, by samples of `BYTES` bytes.
    fn narrow<const BYTES: usize>(
        &mut self,
        payload: &[u8],
        out: &mut [i16],
        decode: impl Fn([u8; BYTES]) -> i16,
    ) -> usize {
        let codes = payload.as_chunks().0;
        let codes = &codes[..codes.len().min(out.len() / 2)];
        for (codes, wide) in codes.chunks(NARROW).zip(out.chunks_mut(WIDE)) {
            let mut narrow = [0; NARROW];
            let narrow = &mut narrow[..codes.len()];
            for (sample, &code) in narrow.iter_mut().zip(codes) {
                *sample = decode(code);
            }
            self.concealment.good(narrow);
            self.upsampler.process(narrow, &mut wide[..2 * codes.len()]);
        }
        2 * codes.len()
    }

    /// Makes sound without a payload.
    fn fill(
        &mut self,
        out: &mut [i16],
        ours: impl Fn(&mut Concealment, &mut [i16]),
        opus: impl Fn(&mut OpusDecoder, &mut [i16]),
    ) {
        debug_assert!(out.len().is_multiple_of(2));
        match (&self.coding, &mut self.opus) {
            (Coding::Narrow(_), _) => {
                for wide in out.chunks_mut(WIDE) {
                    let mut narrow = [0; NARROW];
                    let narrow = &mut narrow[..wide.len() / 2];
                    ours(&mut self.concealment, narrow);
                    self.upsampler.process(narrow, wide);
                }
            }
            (Coding::G722(_) | Coding::Linear, _) => {
                out.chunks_mut(WIDE).for_each(|wide| ours(&mut self.concealment, wide));
            }
            (Coding::Opus, Some(decoder)) => opus(decoder, out),
            (Coding::Opus, None) => out.fill(0),
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
            let best = (0..200).map(error_at).min_by(f64::total_cmp).unwrap();
            let energy: f64 = (1000..12_000).map(|i| f64::from(sent[i]).powi(2)).sum();
            let snr = 10.0 * (energy / best).log10();
            let least = if codec == Codec::Opus { 15.0 } else { 33.0 };
            assert!(snr > least, "{codec:?}: {snr:.1} dB");
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
        for codec in Codec::ALL.into_iter().filter(|codec| *codec != Codec::Opus) {
            let sound: Vec<i16> = (0..12).flat_map(|frame| tone(frame).0).collect();
            let through = |samples: usize| {
                let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
                let mut heard = Vec::new();
                for packet in sound.chunks(samples) {
                    // 60 ms at 16 kHz is more than is sent, but not more than can be.
                    let (mut payload, mut out) = ([0; 2 * MAX_PAYLOAD], [0; 2000]);
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
