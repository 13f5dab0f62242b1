//! How loud a leg is: the level of speech while there is some, in the manner of ITU-T P.56 method
//! B on frames of 20 ms; the noise floor below it; and what is clipped.

use crate::base::{Frame, Loudness};

/// Thresholds of activity, 6 dB apart: from 2¹ to 2¹⁴ of 2¹⁵.
const THRESHOLDS: usize = 14;
/// What is above a threshold keeps it active for 200 ms (P.56 §7.1).
const HANGOVER: u8 = 10;
/// Speech is this far above the threshold that tells it (P.56 §7.1).
const MARGIN: f32 = 15.9;
/// How much a frame counts in the envelope: a time constant of 30 ms.
const SMOOTHING: f32 = 0.487;
/// Levels are counted in steps of this many dB.
const STEP: f32 = 2.0;
const STEPS: usize = 64;
/// Frames in which whoever was heard before may still ring.
const RINGS: u32 = 10;
/// Below this there is nothing: the idle pattern of A-law has -72 dBov.
pub const DIGITAL_SILENCE: f32 = -70.0;

/// How loud one direction was. Levels are in dBov: 0 is full scale, -127 nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Frames that were measured.
    pub frames: u32,
    /// Speech, while there is some.
    pub speech: f32,
    /// The part of the time in which there is some, 0 to 1.
    pub active: f32,
    /// The level that nine tenths of the frames are above.
    pub noise: f32,
    /// The loudest frame.
    pub loudest: f32,
    /// The part of the samples that is at the limit, 0 to 1.
    pub clipped: f32,
}

impl Default for Levels {
    fn default() -> Self {
        let nothing = -127.0;
        let (speech, noise, loudest) = (nothing, nothing, nothing);
        Self { frames: 0, speech, active: 0.0, noise, loudest, clipped: 0.0 }
    }
}

impl Levels {
    /// Whether there were frames, and nothing in any of them.
    pub fn is_silent(&self) -> bool {
        self.frames > 0 && self.loudest < DIGITAL_SILENCE
    }
}

/// Measures one direction.
#[derive(Clone, Debug)]
pub struct LevelMeter {
    frames: u32,
    energy: u64,
    loudest: u64,
    /// The frame from which it is judged, and the loudest one before it.
    judged_from: u32,
    before: u64,
    clipped: u64,
    envelope: f32,
    active: [u32; THRESHOLDS],
    hangover: [u8; THRESHOLDS],
    counts: [u32; STEPS],
}

impl Default for LevelMeter {
    fn default() -> Self {
        Self {
            frames: 0,
            energy: 0,
            loudest: 0,
            judged_from: 0,
            before: 0,
            clipped: 0,
            envelope: 0.0,
            active: [0; THRESHOLDS],
            hangover: [0; THRESHOLDS],
            counts: [0; STEPS],
        }
    }
}

impl LevelMeter {
    /// Measures a frame.
    pub fn push(&mut self, frame: &Frame) {
        self.take(&frame.loudness());
    }

    /// Takes a frame that has been measured.
    pub fn take(&mut self, loudness: &Loudness) {
        let &Loudness { energy, magnitude, clipped, level } = loudness;
        self.frames = self.frames.saturating_add(1);
        if self.frames == self.judged_from {
            self.before = self.before.max(std::mem::take(&mut self.loudest));
        }
        self.energy += energy;
        self.loudest = self.loudest.max(energy);
        self.clipped += u64::from(clipped);
        self.envelope += (magnitude as f32 / Frame::SAMPLES as f32 - self.envelope) * SMOOTHING;
        for (bit, (active, left)) in self.active.iter_mut().zip(&mut self.hangover).enumerate() {
            // Without branches, so that several are done at once.
            let reached = self.envelope >= (2 << bit) as f32;
            *active += u32::from(reached || *left > 0);
            *left = if reached { HANGOVER } else { left.saturating_sub(1) };
        }
        let step = (-level / STEP).clamp(0.0, (STEPS - 1) as f32);
        self.counts[step as usize] += 1;
    }

    /// Returns what has been measured so far.
    pub fn levels(&self) -> Levels {
        if self.frames == 0 {
            return Levels::default();
        }
        let samples = f64::from(self.frames) * Frame::SAMPLES as f64;
        let (speech, active) = self.speech();
        Levels {
            frames: self.frames,
            speech,
            active,
            noise: self.noise(),
            loudest: level(self.loudest.max(self.before), 1),
            clipped: (self.clipped as f64 / samples) as f32,
        }
    }

    /// Whoever is heard from here on may be somebody else.
    pub fn judge_from_here(&mut self) {
        self.judged_from = self.frames.saturating_add(RINGS);
    }

    /// Returns how many frames came since then, and how loud the loudest was; the rest is not known.
    pub fn of_late(&self) -> Levels {
        let frames = self.frames.saturating_sub(self.judged_from);
        let loudest = if frames > 0 { level(self.loudest, 1) } else { Levels::default().loudest };
        Levels { frames, loudest, ..Levels::default() }
    }

    /// P.56 §7.3: the threshold that lies a margin below the level of what is above it.
    fn speech(&self) -> (f32, f32) {
        let mut before: Option<(f32, f32)> = None;
        for (bit, &count) in self.active.iter().enumerate() {
            if count == 0 {
                break;
            }
            let threshold = 20.0 * ((2 << bit) as f32 / 32_768.0).log10();
            let speech = level(self.energy, count);
            let above = speech - threshold;
            if above <= MARGIN {
                // Between this threshold and the one before it, in proportion.
                let speech = match before {
                    Some((speech_before, above_before)) => {
                        let part = (above_before - MARGIN) / (above_before - above).max(0.001);
                        speech_before + (speech - speech_before) * part.clamp(0.0, 1.0)
                    }
                    None => speech,
                };
                return (speech, self.share(speech));
            }
            before = Some((speech, above));
        }
        match before {
            // Louder than every threshold tells: a steady tone.
            Some((speech, _)) => (speech, self.share(speech)),
            None => (-127.0, 0.0),
        }
    }

    /// The part of the time in which so loud a sound has all of the energy.
    fn share(&self, speech: f32) -> f32 {
        10_f32.powf((level(self.energy, self.frames) - speech) / 10.0).min(1.0)
    }

    fn noise(&self) -> f32 {
        let tenth = self.frames / 10;
        let mut seen = 0;
        for (step, &count) in self.counts.iter().enumerate().rev() {
            seen += count;
            if seen > tenth {
                let level = -STEP * (step as f32 + 0.5);
                return if step == STEPS - 1 { -127.0 } else { level };
            }
        }
        -127.0
    }
}

/// The level in dBov of so many frames' squares.
fn level(energy: u64, frames: u32) -> f32 {
    if energy == 0 || frames == 0 {
        return -127.0;
    }
    let full = 32_768.0_f32 * 32_768.0 * Frame::SAMPLES as f32;
    (10.0 * (energy as f32 / full / frames as f32).log10()).max(-127.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    /// A tone of so many dBov in one part of every second, over noise.
    fn measure(tone: f32, percent: usize, noise: f32, seconds: usize) -> Levels {
        let (mut meter, mut dice) = (LevelMeter::default(), Dice::new(1));
        let amplitude = 32_768.0 * 10_f32.powf(tone / 20.0) * std::f32::consts::SQRT_2;
        let noise = 32_768.0 * 10_f32.powf(noise / 20.0) * 3_f32.sqrt();
        for index in 0..seconds * 50 {
            let sounds = index % 50 < percent / 2;
            meter.push(&Frame(std::array::from_fn(|i| {
                let hiss = noise * (dice.below(20_001) as f32 / 10_000.0 - 1.0);
                let phase = (index * Frame::SAMPLES + i) as f32 * 0.37;
                let tone = if sounds { amplitude * phase.sin() } else { 0.0 };
                (tone + hiss).round().clamp(-32_768.0, 32_767.0) as i16
            })));
        }
        meter.levels()
    }

    /// The level of speech does not depend on how much of it there is, which is its purpose. The
    /// hangover counts 200 ms after each burst, which takes a decibel or two off short ones.
    #[test]
    fn speech_is_as_loud_however_seldom() {
        for tone in [-10.0, -20.0, -35.0, -50.0] {
            for percent in [100, 60, 30] {
                let levels = measure(tone, percent, -90.0, 20);
                let off = levels.speech - tone;
                assert!((-3.5..0.4).contains(&off), "{tone} {percent}: {levels:?}");
                let busy = percent as f32 / 100.0;
                assert!((busy - 0.02..busy + 0.28).contains(&levels.active), "{levels:?}");
            }
        }
    }

    #[test]
    fn the_floor_is_that_of_the_noise_between_words() {
        for noise in [-75.0, -60.0, -45.0] {
            let levels = measure(-20.0, 50, noise, 10);
            assert!((levels.noise - noise).abs() < 2.0, "{noise}: {levels:?}");
        }
    }

    #[test]
    fn silence_is_silent_and_so_is_the_idle_pattern_of_a_law() {
        let mut meter = LevelMeter::default();
        assert!(!meter.levels().is_silent(), "nothing was measured yet");
        (0..100).for_each(|_| meter.push(&Frame::SILENCE));
        assert_eq!(meter.levels().speech, -127.0);
        assert!(meter.levels().is_silent());
        (0..100).for_each(|_| meter.push(&Frame([8; 320])));
        assert!(meter.levels().is_silent(), "{:?}", meter.levels());
        assert!(!measure(-60.0, 2, -90.0, 2).is_silent());
    }

    #[test]
    fn what_hits_the_limit_is_counted() {
        let mut meter = LevelMeter::default();
        meter.push(&Frame(std::array::from_fn(|i| if i % 4 == 0 { i16::MIN } else { 100 })));
        assert!((meter.levels().clipped - 0.25).abs() < 1e-6);
        assert_eq!(measure(-20.0, 100, -90.0, 1).clipped, 0.0);
    }
}
