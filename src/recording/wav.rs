//! Stereo PCM as a WAV file that nobody can go back in: the caller left, the agent right.

use crate::base::Frame;
use crate::codec::Halver;

/// What the length of the sound is given as, since it is not known when the header is written: what players take for
/// "as much as there is", without a word of SoX and of FFmpeg.
const ENDLESS: u32 = 0x7fff_f000;
/// Bytes of a header.
const HEADER: usize = 44;

/// The sample rate of a recording.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rate {
    /// 8 kHz: all that G.711 carries, 32 kB a second.
    Narrow,
    /// 16 kHz.
    Wide,
}

impl Rate {
    pub(super) fn hertz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Wide => 16_000,
        }
    }

    /// Bytes of 20 ms of both sides.
    #[cfg(test)]
    pub(super) fn frame_bytes(self) -> usize {
        (self.hertz() / 50 * 4) as usize
    }
}

/// Returns the header of a file (RIFF WAVE, PCM, 16 bits, two channels).
pub(super) fn header(rate: Rate) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        header[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(b"RIFF");
    put(&(ENDLESS + HEADER as u32 - 8).to_le_bytes());
    put(b"WAVEfmt ");
    put(&16_u32.to_le_bytes());
    put(&1_u16.to_le_bytes());
    put(&2_u16.to_le_bytes());
    put(&rate.hertz().to_le_bytes());
    put(&(4 * rate.hertz()).to_le_bytes());
    put(&4_u16.to_le_bytes());
    put(&16_u16.to_le_bytes());
    put(b"data");
    put(&ENDLESS.to_le_bytes());
    header
}

/// Makes samples of frames, at the rate of the file.
pub(super) struct Interleaver {
    rate: Rate,
    sides: [Halver; 2],
}

impl Interleaver {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, sides: Default::default() }
    }

    /// Returns 20 ms of both sides as the file has them.
    pub(super) fn bytes(&mut self, left: &Frame, right: &Frame) -> Box<[u8]> {
        let interleaved = |left: &[i16], right: &[i16]| {
            let pairs = left.iter().zip(right);
            pairs
                .flat_map(|(left, right)| [left.to_le_bytes(), right.to_le_bytes()])
                .flatten()
                .collect()
        };
        match self.rate {
            Rate::Wide => interleaved(&left.0, &right.0),
            Rate::Narrow => {
                let [l, r] = &mut self.sides;
                interleaved(&l.process(left), &r.process(right))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_follows() {
        // A reader that believes lengths gets one that is right: all of the sound, which is far less than the length.
        for (rate, hertz) in [(Rate::Narrow, 8_000), (Rate::Wide, 16_000)] {
            let mut file = header(rate).to_vec();
            file.resize(HEADER + ENDLESS as usize % 4096 + 4096, 0);
            let spec = hound_spec(&file);
            assert_eq!(spec, (2, hertz, 16));
        }
    }

    /// Channels, rate and bits, read by the places that the format gives them.
    fn hound_spec(file: &[u8]) -> (u16, u32, u16) {
        assert_eq!(
            (&file[..4], &file[8..16], &file[36..40]),
            (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..])
        );
        let two = |at: usize| u16::from_le_bytes([file[at], file[at + 1]]);
        let rate = u32::from_le_bytes(file[24..28].try_into().unwrap());
        (two(22), rate, two(34))
    }

    #[test]
    fn sides_are_where_they_belong_at_both_rates() {
        let (left, right) = (Frame([1000; Frame::SAMPLES]), Frame([-2000; Frame::SAMPLES]));
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut interleaver = Interleaver::new(rate);
            interleaver.bytes(&left, &right);
            let bytes = interleaver.bytes(&left, &right);
            assert_eq!(bytes.len(), rate.frame_bytes());
            let samples: Vec<_> =
                bytes.chunks(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
            for pair in samples.chunks(2) {
                assert!((pair[0] - 1000).abs() < 5 && (pair[1] + 2000).abs() < 5, "{pair:?}");
            }
        }
    }
}
