//! Twenty milliseconds of sound, the unit that everything above the codecs works in.

use std::time::Duration;

use super::SampleRate;

/// 20 ms of 16-bit mono PCM at 16 kHz. Codecs of other rates resample at the codec's edge, so
/// that a rate mix-up cannot be written down.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Frame(pub [i16; Frame::SAMPLES]);

impl Frame {
    /// Samples in a frame: 20 ms × 16 kHz.
    pub const SAMPLES: usize = 320;
    /// The one sample rate inside the house.
    pub const RATE: SampleRate = SampleRate(16_000);
    /// How long a frame lasts.
    pub const TIME: Duration = Duration::from_millis(20);
    /// Digital silence.
    pub const SILENCE: Self = Self([0; Self::SAMPLES]);

    /// Returns the root mean square level in dBov (0 = a full-scale square wave, RFC 6464),
    /// -127 for digital silence.
    pub fn level(&self) -> f32 {
        // In whole numbers, so that the order of the additions is free and several are done at once.
        let energy: u64 =
            self.0.iter().map(|&s| u64::from((i32::from(s) * i32::from(s)) as u32)).sum();
        let rms = (energy as f64 / Self::SAMPLES as f64).sqrt() / 32_768.0;
        if rms <= 0.0 { -127.0 } else { (20.0 * rms.log10()).max(-127.0) as f32 }
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

    #[test]
    fn a_full_scale_square_wave_is_zero_and_silence_is_the_floor() {
        assert_eq!(Frame([i16::MIN; 320]).level(), 0.0);
        assert_eq!(Frame::SILENCE.level(), -127.0);
    }
}
