//! Brings the agent's voice to one loudness, whichever engine speaks: an active speech level (ITU-T P.56) of about
//! -20 dBov, which is what trunks and their echo cancellers expect, without a steady part and with a limiter against
//! clipping.

use crate::base::{Decibel, Frame};

use super::SpeechLevel;

/// Where speech is brought to.
const TARGET: f32 = -19.5;
/// Quieter frames are pauses between words: there the gain may jump unheard.
const SPEECH: f32 = -50.0;
/// The most that is added: more would raise an engine's own noise.
const MOST_GAIN: f32 = 18.0;
/// The most that is taken away.
const MOST_LOSS: f32 = -24.0;
/// Seconds of speech over which the level is remembered.
const MEMORY: f32 = 3.0;
/// Seconds of speech that must be known before the level is believed.
const ENOUGH: f32 = 0.04;
/// How fast the gain moves within speech: 0.3 dB a frame, 15 dB a second.
const STEP: f32 = 1.035;
/// No sample goes above this: -1 dB of full scale.
const CEILING: f32 = 29_204.0;
/// What keeps a steady part out: a high-pass at 13 Hz.
const STEADY: f32 = 0.995;

/// The gain of one voice, which it keeps from one utterance to the next.
#[derive(Clone, Debug)]
pub struct Leveller {
    meter: SpeechLevel,
    /// What speech is to be multiplied by, once that is known.
    wanted: Option<f32>,
    /// The gain at the end of the last frame, once there was one.
    gain: Option<f32>,
    /// The last sample before and after the high-pass.
    high_pass: [f32; 2],
}

impl Default for Leveller {
    fn default() -> Self {
        Self { meter: SpeechLevel::default(), wanted: None, gain: None, high_pass: [0.0; 2] }
    }
}

impl Leveller {
    /// Takes note of sound that is about to be levelled: the more of it, the better the first frame fits.
    pub fn learn(&mut self, coming: &[i16]) {
        self.meter.remember(MEMORY);
        self.meter.push(coming);
        if let Some((level, _)) = self.meter.level().filter(|(_, seconds)| *seconds > ENOUGH) {
            self.wanted = Some(10_f32.powf((TARGET - level).clamp(MOST_LOSS, MOST_GAIN) / 20.0));
        }
    }

    /// Levels the next frame in place. The one after it, where it is known, is looked at for peaks, so that the gain
    /// is down before they come.
    pub fn level(&mut self, frame: &mut Frame, next: Option<&Frame>) {
        self.remove_steady(frame);
        let Some(wanted) = self.wanted else { return };
        let gain = match self.gain {
            Some(gain) if frame.level() > SPEECH => wanted.clamp(gain / STEP, gain * STEP),
            _ => wanted,
        };
        let (here, there) = (room(frame), next.map_or(f32::MAX, room));
        let end = gain.min(here).min(there);
        let start = self.gain.unwrap_or(end).min(here);
        for (index, sample) in frame.0.iter_mut().enumerate() {
            let part = index as f32 / Frame::SAMPLES as f32;
            *sample = (f32::from(*sample) * (start + (end - start) * part)) as i16;
        }
        self.gain = Some(end);
    }

    fn remove_steady(&mut self, frame: &mut Frame) {
        let [before, after] = &mut self.high_pass;
        for sample in &mut frame.0 {
            let input = f32::from(*sample);
            *after = input - *before + STEADY * *after;
            *before = input;
            *sample = *after as i16;
        }
    }

    /// Returns the gain that the last frame ended with, in dB.
    pub fn gain(&self) -> Decibel {
        Decibel(20.0 * self.gain.unwrap_or(1.0).log10())
    }
}

/// The most that a frame can be multiplied by.
fn room(frame: &Frame) -> f32 {
    let peak = frame.0.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    CEILING / f32::from(peak).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::TAU;

    /// Words of 300 ms with pauses of 100 ms, at a level in dBov.
    fn speech(level: f32, steady: f32) -> Vec<Frame> {
        let amplitude = 32_768.0 * 10_f32.powf(level / 20.0) * 2_f32.sqrt();
        let frame = |frame: usize| {
            if frame % 20 >= 15 {
                return Frame([steady as i16; Frame::SAMPLES]);
            }
            Frame(std::array::from_fn(|i| {
                let t = (frame * 320 + i) as f32 / 16e3;
                (amplitude * (TAU * 220.0 * t).sin() + steady) as i16
            }))
        };
        (0..250).map(frame).collect()
    }

    /// Levels sound that comes in pieces of so many frames; what comes out.
    fn levelled(leveller: &mut Leveller, frames: &[Frame], piece: usize) -> Vec<Frame> {
        let mut out = Vec::new();
        for frames in frames.chunks(piece) {
            leveller.learn(&frames.iter().flat_map(|frame| frame.0).collect::<Vec<_>>());
            for (n, frame) in frames.iter().enumerate() {
                let mut frame = *frame;
                leveller.level(&mut frame, frames.get(n + 1));
                out.push(frame);
            }
        }
        out
    }

    fn active(frames: &[Frame]) -> f32 {
        let mut meter = SpeechLevel::default();
        frames.iter().for_each(|frame| meter.push(&frame.0));
        meter.level().unwrap().0
    }

    #[test]
    fn any_voice_comes_out_at_one_level_in_whole_sentences_and_in_streams() {
        for input in [-36.0, -30.0, -20.0, -14.0, -6.0] {
            for (piece, skipped) in [(250, 0), (5, 10), (1, 15)] {
                let out = levelled(&mut Leveller::default(), &speech(input, 0.0), piece);
                let level = active(&out[skipped..]);
                assert!((level - TARGET).abs() < 1.0, "{input}, pieces of {piece}: {level}");
            }
        }
    }

    #[test]
    fn a_shout_after_a_whisper_is_limited_without_a_step() {
        let mut leveller = Leveller::default();
        levelled(&mut leveller, &speech(-38.0, 0.0), 250);
        assert!(leveller.gain().0 > 15.0);
        // Half a word in the whisper's level, then a shout within the same piece.
        let frames = [&speech(-38.0, 0.0)[..10], &speech(-4.0, 0.0)[..15]].concat();
        leveller.learn(&[]);
        let out = levelled(&mut leveller, &frames, frames.len());
        assert!(out.iter().flat_map(|f| f.0).all(|s| s.unsigned_abs() <= CEILING as u16));
        let sound: Vec<i16> = out.iter().flat_map(|frame| frame.0).collect();
        // A tone of 220 Hz at the ceiling moves by 2,521 a sample at most.
        let jump = sound.windows(2).map(|w| (i32::from(w[1]) - i32::from(w[0])).abs()).max();
        assert!(jump.unwrap() < 3_000, "{jump:?}");
    }

    #[test]
    fn a_steady_part_is_taken_out() {
        let out = levelled(&mut Leveller::default(), &speech(-20.0, 2_000.0), 250);
        let late: Vec<i16> = out[100..200].iter().flat_map(|frame| frame.0).collect();
        let mean = late.iter().map(|&s| f64::from(s)).sum::<f64>() / late.len() as f64;
        assert!(mean.abs() < 30.0, "{mean}");
    }

    #[test]
    fn silence_stays_silence() {
        let out = levelled(&mut Leveller::default(), &[Frame::SILENCE; 50], 50);
        assert!(out.iter().all(|frame| frame.0 == Frame::SILENCE.0));
    }
}
