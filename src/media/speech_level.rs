//! How loud speech is while somebody speaks: the active speech level of ITU-T P.56, method B.
//!
//! A smoothed envelope is held against thresholds 6 dB apart; each counts the time that it was exceeded, a pause of
//! 200 ms included. The level is the power over the time that belongs to the threshold 15.9 dB below it.

/// Samples a second.
const SAMPLE_RATE: u32 = 16_000;
/// Thresholds, 1 to 2^14, twice each other.
const THRESHOLDS: usize = 15;
/// The envelope's time constant, two times one after the other.
const SMOOTHING: f32 = 0.03;
/// A pause up to this belongs to the speech round it: 200 ms.
const HANGOVER: u32 = 200 * SAMPLE_RATE / 1000;
/// What lies between the level and its threshold.
const MARGIN: f32 = 15.9;
/// The envelope is looked at every 8th sample: it moves far less in between.
const STEP: u32 = 8;

/// Measures speech piece by piece.
#[derive(Clone, Debug)]
pub struct SpeechLevel {
    envelope: [f32; 2],
    /// Sum of squares.
    energy: f64,
    /// Samples in which each threshold counted as exceeded.
    active: [f64; THRESHOLDS],
    /// Samples since each was exceeded.
    since: [u32; THRESHOLDS],
    /// Samples since the envelope was last held against the thresholds.
    phase: u32,
    keep: f32,
}

impl Default for SpeechLevel {
    fn default() -> Self {
        Self {
            envelope: [0.0; 2],
            energy: 0.0,
            active: [0.0; THRESHOLDS],
            since: [HANGOVER; THRESHOLDS],
            phase: 0,
            keep: (-1.0 / (SAMPLE_RATE as f32 * SMOOTHING)).exp(),
        }
    }
}

impl SpeechLevel {
    /// Takes the next samples, 16 kHz.
    pub fn push(&mut self, samples: &[i16]) {
        for &sample in samples {
            let size = f32::from(sample).abs();
            self.energy += f64::from(size * size);
            let [first, second] = &mut self.envelope;
            *first = self.keep * *first + (1.0 - self.keep) * size;
            *second = self.keep * *second + (1.0 - self.keep) * *first;
            self.phase += 1;
            if self.phase == STEP {
                self.phase = 0;
                self.count();
            }
        }
    }

    fn count(&mut self) {
        let mut threshold = 1.0;
        for (active, since) in self.active.iter_mut().zip(&mut self.since) {
            if self.envelope[1] >= threshold {
                *since = 0;
            } else {
                *since = (*since + STEP).min(HANGOVER);
            }
            if *since < HANGOVER {
                *active += f64::from(STEP);
            }
            threshold *= 2.0;
        }
    }

    /// Returns the level in dBov (0 is a square wave at full scale) and how long speech lasted, in seconds; `None`
    /// where nobody spoke.
    pub fn level(&self) -> Option<(f32, f32)> {
        let full = 20.0 * 32_768_f32.log10();
        let mut above: Option<(f32, f32)> = None;
        for (j, &active) in self.active.iter().enumerate().take_while(|(_, active)| **active > 0.0)
        {
            let level = 10.0 * ((self.energy / active) as f32).log10() - full;
            let margin = level - (20.0 * 2_f32.powi(j as i32).log10() - full);
            let seconds = active as f32 / SAMPLE_RATE as f32;
            if margin <= MARGIN {
                let Some((before, its_margin)) = above else { return Some((level, seconds)) };
                let part = (its_margin - MARGIN) / (its_margin - margin).max(1e-3);
                return Some((before + (level - before) * part, seconds));
            }
            above = Some((level, margin));
        }
        None
    }

    /// Lets what was heard so far count for at most so many seconds of speech, so that what comes counts more.
    pub fn remember(&mut self, seconds: f32) {
        let Some((_, spoken)) = self.level() else {
            // Noise and silence are no part of any level.
            self.energy = 0.0;
            self.active = [0.0; THRESHOLDS];
            return;
        };
        let part = f64::from(seconds / spoken.max(1e-3)).min(1.0);
        self.energy *= part;
        self.active.iter_mut().for_each(|active| *active *= part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    fn tone(level: f32, seconds: f32) -> Vec<i16> {
        let amplitude = 32_768.0 * 10_f32.powf(level / 20.0) * 2_f32.sqrt();
        (0..(seconds * 16e3) as usize)
            .map(|n| (amplitude * (TAU * 440.0 * n as f32 / 16e3).sin()) as i16)
            .collect()
    }

    #[test]
    fn long_pauses_do_not_make_speech_quieter_and_short_ones_belong_to_it() {
        for level in [-40.0, -26.0, -20.0, -10.0] {
            let mut meter = SpeechLevel::default();
            for _ in 0..4 {
                meter.push(&tone(level, 1.0));
                meter.push(&vec![0; 16_000]);
            }
            let (measured, seconds) = meter.level().unwrap();
            // 4 s of tone, and four times the hangover.
            assert!((3.9..5.4).contains(&seconds), "{seconds}");
            assert!((measured - level).abs() < 1.2, "{level}: {measured}");
        }
    }

    #[test]
    fn silence_has_no_level_and_what_is_forgotten_counts_less() {
        let mut meter = SpeechLevel::default();
        meter.push(&vec![0; 16_000]);
        assert_eq!(meter.level(), None);
        meter.push(&tone(-40.0, 10.0));
        meter.remember(0.5);
        meter.push(&tone(-20.0, 5.0));
        assert!((meter.level().unwrap().0 + 20.0).abs() < 1.0, "{:?}", meter.level());
    }
}
