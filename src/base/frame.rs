//! Twenty milliseconds of sound, the unit that everything above the codecs works in.

use std::time::Duration;

use super::SampleRate;

/// A sample this large is at the limit of every codec of ours.
const CLIPPED: u16 = 32_000;
/// The squares of a full-scale square wave of 20 ms.
const FULL: f32 = 32_768.0 * 32_768.0 * Frame::SAMPLES as f32;

/// 20 ms of 16-bit mono PCM at 16 kHz. Codecs of other rates resample at the codec's edge, so
/// that a rate mix-up cannot be written down.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Frame(pub [i16; Frame::SAMPLES]);

/// Where something lies: its address and its size in bytes.
pub fn place<T: ?Sized>(it: &T) -> (usize, usize) {
    (std::ptr::from_ref(it).addr(), size_of_val(it))
}

/// How loud a frame is: measured once, for all who ask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// The sum of the squares of its samples.
    pub energy: u64,
    /// The sum of their magnitudes.
    pub magnitude: u32,
    /// How many are at the limit of every codec of ours.
    pub clipped: u16,
    /// The root mean square level in dBov (0 = a full-scale square wave, RFC 6464), -127 for
    /// digital silence.
    pub level: f32,
}

impl Loudness {
    /// That of digital silence.
    pub const SILENCE: Self = Self { energy: 0, magnitude: 0, clipped: 0, level: -127.0 };
}

impl Frame {
    /// Samples in a frame: 20 ms × 16 kHz.
    pub const SAMPLES: usize = 320;
    /// The one sample rate inside the house.
    pub const RATE: SampleRate = SampleRate(16_000);
    /// How long a frame lasts.
    pub const TIME: Duration = Duration::from_millis(20);
    /// Digital silence.
    pub const SILENCE: Self = Self([0; Self::SAMPLES]);

    /// Measures how loud it is.
    pub fn loudness(&self) -> Loudness {
        // In whole numbers, so that the order of the additions is free and several are done at once;
        // squares in two halves, so that their sums need no more than 32 bits.
        let (mut high, mut low, mut magnitude) = (0_u32, 0_u32, 0_u32);
        for &sample in &self.0 {
            let square = (i32::from(sample) * i32::from(sample)) as u32;
            high += square >> 16;
            low += square & 0xffff;
            magnitude += u32::from(sample.unsigned_abs());
        }
        let energy = (u64::from(high) << 16) + u64::from(low);
        // Nothing is as large where all squares together are not.
        let clipped = match energy < u64::from(CLIPPED) * u64::from(CLIPPED) {
            true => 0,
            false => self.0.iter().map(|s| u16::from(s.unsigned_abs() >= CLIPPED)).sum(),
        };
        let level = match energy {
            0 => -127.0,
            _ => (10.0 * (energy as f32 / FULL).log10()).max(-127.0),
        };
        Loudness { energy, magnitude, clipped, level }
    }

    /// Returns the root mean square level in dBov (0 = a full-scale square wave, RFC 6464),
    /// -127 for digital silence.
    pub fn level(&self) -> f32 {
        self.loudness().level
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({:.0} dBov)", self.level())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    #[test]
    fn a_full_scale_square_wave_is_zero_and_silence_is_the_floor() {
        assert_eq!(Frame([i16::MIN; 320]).level(), 0.0);
        assert_eq!(Frame::SILENCE.loudness(), Loudness::SILENCE);
    }

    #[test]
    fn what_is_measured_at_once_is_what_each_sum_would_be() {
        let mut dice = Dice::new(6);
        for round in 0..10_000 {
            let most = 1 + dice.below(32_768) as i32;
            let frame = Frame(std::array::from_fn(|_| {
                let sample = dice.below(2 * most as u64 + 1) as i32 - most;
                sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16
            }));
            let frame = if round == 0 { Frame([i16::MIN; 320]) } else { frame };
            let samples = || frame.0.iter().map(|&s| i64::from(s));
            let energy: i64 = samples().map(|s| s * s).sum();
            let rms = (energy as f64 / 320.0).sqrt() / 32_768.0;
            let got = frame.loudness();
            assert_eq!(got.energy, energy as u64);
            assert_eq!(i64::from(got.magnitude), samples().map(i64::abs).sum::<i64>());
            assert_eq!(usize::from(got.clipped), samples().filter(|s| s.abs() >= 32_000).count());
            let level = if energy == 0 { -127.0 } else { (20.0 * rms.log10()).max(-127.0) };
            assert!((f64::from(got.level) - level).abs() < 0.001, "{got:?} {level}");
        }
    }
}
