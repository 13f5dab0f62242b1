//! Whether a frame has a pitch, as a voice has and breath, hiss and the burst of a cough have not.
//!
//! The frame is compared with itself a period ago, over what the frame before leaves of it. That is done at 4 kHz, which is
//! enough for voices of 60 to 400 Hz and a sixteenth of the work.

use crate::base::Frame;

/// Samples of a frame at 4 kHz.
const SAMPLES: usize = Frame::SAMPLES / 4;
/// Periods of voices at 4 kHz, in samples: 400 Hz to 60 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 10..=66;
/// The highest magnitude that is computed with: the sum of 80 squares must fit in 32 bits.
const MOST: i32 = 4095;

/// Remembers the frame before.
#[derive(Clone, Debug)]
pub(super) struct Pitch {
    /// Two frames at 4 kHz, the latest last.
    sound: [i16; 2 * SAMPLES],
}

impl Default for Pitch {
    fn default() -> Self {
        Self { sound: [0; 2 * SAMPLES] }
    }
}

impl Pitch {
    /// Takes the next frame.
    pub(super) fn push(&mut self, frame: &Frame) {
        self.sound.copy_within(SAMPLES.., 0);
        for (to, from) in self.sound[SAMPLES..].iter_mut().zip(frame.0.chunks_exact(4)) {
            // A mean of four is filter enough: what it lets through of hiss has no period either.
            *to = (from.iter().map(|&s| i32::from(s)).sum::<i32>() / 4) as i16;
        }
    }

    /// Returns how much the last frame is like itself a period ago: 1 if altogether.
    pub(super) fn strength(&self) -> f32 {
        let peak = self.sound.iter().map(|s| i32::from(s.unsigned_abs())).max().unwrap_or(0);
        let shift = (0..16).find(|shift| peak >> shift <= MOST).unwrap_or(0);
        let mut sound = self.sound;
        sound.iter_mut().for_each(|sample| *sample >>= shift);
        let now = &sound[SAMPLES..];
        let energy = dot(now, now);
        if energy == 0 {
            return 0.0;
        }
        let mut best = 0.0_f32;
        for period in PERIODS {
            let before = &sound[SAMPLES - period..2 * SAMPLES - period];
            let likeness = dot(now, before);
            // Only the best counts: most need no square root.
            if likeness > 0 {
                let power = energy as f32 * dot(before, before) as f32;
                best = best.max(likeness as f32 * likeness as f32 / power.max(1.0));
            }
        }
        best.sqrt()
    }
}

fn dot(one: &[i16], other: &[i16]) -> i32 {
    one.iter().zip(other).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use std::f64::consts::TAU;

    fn strength(frames: [Frame; 2]) -> f32 {
        let mut pitch = Pitch::default();
        frames.iter().for_each(|frame| pitch.push(frame));
        pitch.strength()
    }

    fn both(mut sample: impl FnMut(f64) -> f64) -> [Frame; 2] {
        let mut frame =
            |from: usize| Frame(std::array::from_fn(|i| sample((from + i) as f64 / 16e3) as i16));
        [frame(0), frame(Frame::SAMPLES)]
    }

    #[test]
    fn voices_have_a_pitch_from_the_lowest_to_the_highest() {
        for hertz in [62.0, 90.0, 120.0, 180.0, 240.0, 320.0, 395.0] {
            for amplitude in [40.0, 6000.0] {
                let voice = |t: f64| {
                    (1..8)
                        .map(|n| amplitude / f64::from(n) * (TAU * hertz * f64::from(n) * t).sin())
                        .sum()
                };
                let strength = strength(both(voice));
                assert!(strength > 0.8, "{hertz} Hz at {amplitude}: {strength}");
            }
        }
    }

    #[test]
    fn hiss_and_silence_have_none() {
        let (mut dice, mut pitched) = (Dice::new(1), 0);
        for _ in 0..500 {
            let (mut low, mut lower) = (0.0, 0.0);
            let noise = both(|_| {
                // Most of it low, as a cough or a car has it.
                low += 0.5 * (dice.below(20_001) as f64 - 10_000.0 - low);
                lower += 0.5 * (low - lower);
                lower
            });
            pitched += u32::from(strength(noise) > 0.5);
        }
        assert!(pitched <= 5, "{pitched} of 500");
        assert_eq!(strength([Frame::SILENCE; 2]), 0.0);
        assert!(
            strength([Frame([i16::MIN; Frame::SAMPLES]); 2]) <= 1.001,
            "the loudest is no overflow"
        );
    }
}
