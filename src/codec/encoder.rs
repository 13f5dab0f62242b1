//! From sound at 16 kHz to payloads.

use super::Codec;
use super::decoder::Narrow;
use super::g711::Law;
use super::g722::G722Encoder;
use super::opus::{OpusEncoder, OpusSettings};
use super::resample::{Downsampler, NARROW, WIDE};

/// Encodes one stream. Between codecs of 8 kHz it keeps its sound, so that there is no click.
#[derive(Debug)]
pub struct Encoder {
    coding: Coding,
    downsampler: Downsampler,
    /// Made when it is first needed, or before; then it stays.
    opus: Option<OpusEncoder>,
}

#[derive(Clone, Debug)]
enum Coding {
    /// 8 kHz, without a memory.
    Narrow(Narrow),
    /// 16 kHz.
    G722(G722Encoder),
    /// 16 kHz, without a memory.
    Linear,
    /// Its memory is beside it.
    Opus,
}

impl Coding {
    fn of(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu => Self::Narrow(Narrow::G711(Law::Mu)),
            Codec::Pcma => Self::Narrow(Narrow::G711(Law::A)),
            Codec::L16Narrow => Self::Narrow(Narrow::Linear),
            Codec::G722 => Self::G722(G722Encoder::default()),
            Codec::L16 => Self::Linear,
            Codec::Opus => Self::Opus,
        }
    }
}

impl Encoder {
    /// Makes an encoder for a stream that begins. For Opus it asks the system for memory.
    pub fn new(codec: Codec) -> Self {
        let opus = (codec == Codec::Opus).then(OpusEncoder::new);
        Self { coding: Coding::of(codec), downsampler: Downsampler::default(), opus }
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
                self.downsampler = Downsampler::default();
                self.coding = coding;
                if let Some(opus) = &mut self.opus {
                    opus.restart();
                }
            }
        }
    }

    /// Takes the encoder that Opus needs, if it has none.
    pub fn equip(&mut self, opus: OpusEncoder) {
        self.opus.get_or_insert(opus);
    }

    /// Goes on as the far end wants its Opus; other codecs have nothing to set.
    pub fn tune(&mut self, settings: &OpusSettings) {
        if let Some(opus) = &mut self.opus {
            opus.tune(settings);
        }
    }

    /// Repeats more or less of itself for a path that loses so many packets in a hundred; codecs
    /// without redundancy do not.
    pub fn expect_loss(&mut self, percent: u8) {
        if let Some(opus) = &mut self.opus {
            opus.expect_loss(percent);
        }
    }

    /// Encodes the sound of one packet: as much as [`Codec::packet`] says. Returns the length of
    /// its payload in `out`, for which [`MAX_PAYLOAD`](super::MAX_PAYLOAD) is enough; zero when it
    /// need not be sent.
    pub fn encode(&mut self, sound: &[i16], out: &mut [u8]) -> usize {
        match &mut self.coding {
            Coding::Narrow(Narrow::G711(law)) => {
                let law = *law;
                self.narrow(sound, out, |sample| [law.encode(sample)])
            }
            Coding::Narrow(Narrow::Linear) => self.narrow(sound, out, i16::to_be_bytes),
            Coding::G722(encoder) => {
                let pairs = sound.as_chunks().0;
                for (code, pair) in out.iter_mut().zip(pairs) {
                    *code = encoder.encode(*pair);
                }
                pairs.len().min(out.len())
            }
            Coding::Linear => {
                let codes = out.as_chunks_mut().0;
                for (code, sample) in codes.iter_mut().zip(sound) {
                    *code = sample.to_be_bytes();
                }
                2 * sound.len().min(codes.len())
            }
            Coding::Opus => self.opus.as_mut().map_or(0, |opus| opus.encode(sound, out)),
        }
    }

    /// Encodes at 8 kHz, by samples of `BYTES` bytes.
    fn narrow<const BYTES: usize>(
        &mut self,
        sound: &[i16],
        out: &mut [u8],
        encode: impl Fn(i16) -> [u8; BYTES],
    ) -> usize {
        let codes = out.as_chunks_mut().0;
        let length = (sound.len() / 2).min(codes.len());
        let (sound, codes) = (&sound[..2 * length], &mut codes[..length]);
        for (wide, codes) in sound.chunks(WIDE).zip(codes.chunks_mut(NARROW)) {
            let mut narrow = [0; NARROW];
            let narrow = &mut narrow[..codes.len()];
            self.downsampler.process(wide, narrow);
            for (code, &sample) in codes.iter_mut().zip(&*narrow) {
                *code = encode(sample);
            }
        }
        BYTES * length
    }
}
