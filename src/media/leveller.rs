//! Brings the agent's voice to one loudness, whichever engine speaks: about -20 dBov over speech,
//! which is what trunks and their echo cancellers expect, with a limiter against clipping.

use crate::base::{Decibel, Frame};

/// Where speech is brought to.
const TARGET: f32 = -20.0;
/// Quieter frames are pauses between words: they do not count.
const SPEECH: f32 = -45.0;
/// The most that is added: more would raise an engine's own noise.
const MOST_GAIN: f32 = 18.0;
/// The most that is taken away.
const MOST_LOSS: f32 = -24.0;
/// Frames of speech over which the level is remembered: 150 × 20 ms = 3 s.
const MEMORY: f32 = 150.0;
/// No sample goes above this: -1 dB of full scale.
const CEILING: f32 = 29_204.0;

/// The gain of one voice, which it keeps from one utterance to the next.
#[derive(Clone, Debug)]
pub struct Leveller {
    /// The mean power of speech so far, as a part of full scale.
    power: f32,
    /// Frames it is the mean of, up to the memory.
    frames: f32,
    /// The gain at the end of the last frame.
    gain: f32,
}

impl Default for Leveller {
    fn default() -> Self {
        Self { power: 0.0, frames: 0.0, gain: 1.0 }
    }
}

impl Leveller {
    /// Levels the next frame in place.
    pub fn level(&mut self, frame: &mut Frame) {
        let level = frame.level();
        let fresh = self.frames == 0.0;
        if level > SPEECH {
            self.frames = (self.frames + 1.0).min(MEMORY);
            self.power += (10_f32.powf(level / 10.0) - self.power) / self.frames;
        }
        if self.frames == 0.0 {
            return;
        }
        let speech = 10.0 * self.power.max(1e-9).log10();
        let wanted = 10_f32.powf((TARGET - speech).clamp(MOST_LOSS, MOST_GAIN) / 20.0);
        // A word's onset says little about the voice: come near the gain with what is known.
        let step = if fresh { 1.0 } else { 0.2 };
        let mut gain = self.gain + (wanted - self.gain) * step;
        let peak = frame.0.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        let most = CEILING / f32::from(peak).max(1.0);
        gain = gain.min(most);
        let start = if fresh { gain } else { self.gain.min(most) };
        for (index, sample) in frame.0.iter_mut().enumerate() {
            let part = index as f32 / Frame::SAMPLES as f32;
            *sample = (f32::from(*sample) * (start + (gain - start) * part)) as i16;
        }
        self.gain = gain;
    }

    /// Returns the gain that the last frame ended with, in dB.
    pub fn gain(&self) -> Decibel {
        Decibel(20.0 * self.gain.log10())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    /// Words of 300 ms with pauses of 100 ms, at a level in dBov.
    fn speech(level: f32) -> impl Iterator<Item = Frame> {
        let amplitude = 32_768.0 * 10_f32.powf(level / 20.0) * 2_f32.sqrt();
        (0..250_usize).map(move |frame| {
            if frame % 20 >= 15 {
                return Frame::SILENCE;
            }
            Frame(std::array::from_fn(|i| {
                let t = (frame * 320 + i) as f32 / 16e3;
                (amplitude * (TAU * 220.0 * t).sin()) as i16
            }))
        })
    }

    #[test]
    fn any_voice_comes_out_at_minus_20_within_half_a_second() {
        for input in [-36.0, -30.0, -20.0, -14.0, -6.0] {
            let mut leveller = Leveller::default();
            let levels: Vec<_> = speech(input)
                .map(|mut frame| {
                    leveller.level(&mut frame);
                    frame.level()
                })
                .filter(|&level| level > SPEECH)
                .collect();
            for level in &levels[12..] {
                assert!((level - TARGET).abs() < 1.5, "{input}: {level} in {levels:?}");
            }
        }
    }

    #[test]
    fn a_shout_after_a_whisper_is_limited_and_not_clipped() {
        let mut leveller = Leveller::default();
        for mut frame in speech(-38.0) {
            leveller.level(&mut frame);
        }
        assert!(leveller.gain().0 > 15.0);
        for mut frame in speech(-4.0) {
            leveller.level(&mut frame);
            assert!(frame.0.iter().all(|s| s.unsigned_abs() <= CEILING as u16));
        }
    }
}
