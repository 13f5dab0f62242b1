//! Sound in place of packets that did not come: the last pitch period goes on and fades.
//!
//! The idea of G.711 appendix I, simplified: 10 ms at full level, silent after 60 ms, and a
//! cross-fade back into the sound when it returns.

use crate::base::place;

// All lengths are in samples at 8 kHz; at 16 kHz they count twice.

/// What is worked on at most at once: 20 ms.
const FRAME: usize = 160;
/// The longest pitch period: 15 ms, 67 Hz.
const LONGEST: usize = 120;
/// The shortest: 5 ms, 200 Hz; a higher voice repeats two or three of its periods.
const SHORTEST: usize = 40;
/// What is compared to find the period: 20 ms.
const TEMPLATE: usize = 160;
/// Samples of the past that are kept.
const PAST: usize = TEMPLATE + LONGEST;
/// Full level for 10 ms.
const HOLD: usize = 80;
/// Silent from 60 ms on.
const SILENT: usize = 480;
/// The cross-fade back: 4 ms.
const BLEND: usize = 32;

/// Conceals losses in one stream.
#[derive(Clone, Debug)]
pub(super) struct Concealment {
    /// 1 at 8 kHz, 2 at 16 kHz.
    scale: usize,
    past: [i16; 2 * PAST],
    period: usize,
    /// Samples made up since the last good one.
    made: usize,
}

impl Concealment {
    /// For frames of 160 samples.
    pub(super) fn at_8_khz() -> Self {
        Self { scale: 1, past: [0; 2 * PAST], period: LONGEST, made: 0 }
    }

    /// For frames of 320 samples.
    pub(super) fn at_16_khz() -> Self {
        Self { scale: 2, period: 2 * LONGEST, ..Self::at_8_khz() }
    }
}

impl Concealment {
    /// The part that is written with each packet.
    pub(super) fn hot(&self) -> (usize, usize) {
        place(&self.past[..self.scale * PAST])
    }

    /// Takes good sound, at most 20 ms of it, and smooths its beginning if it ends a loss.
    pub(super) fn good(&mut self, sound: &mut [i16]) {
        debug_assert!(sound.len() <= self.scale * FRAME);
        let (past, blend) = (self.scale * PAST, self.scale * BLEND);
        if self.made > 0 {
            for (index, sample) in sound.iter_mut().enumerate().take(blend) {
                let weight = index as i32 + 1;
                let made = i32::from(self.make(index)) * (blend as i32 - weight);
                *sample = ((made + i32::from(*sample) * weight) / blend as i32) as i16;
            }
            self.made = 0;
        }
        self.past.copy_within(sound.len()..past, 0);
        self.past[past - sound.len()..past].copy_from_slice(sound);
    }

    /// Makes up sound.
    pub(super) fn conceal(&mut self, sound: &mut [i16]) {
        if self.made == 0 {
            self.period = self.find_period();
        }
        for (index, sample) in sound.iter_mut().enumerate() {
            *sample = self.make(index);
        }
        self.made = (self.made + sound.len()).min(self.scale * SILENT);
    }

    /// The sample `index` after those already made.
    fn make(&self, index: usize) -> i16 {
        let (hold, silent) = (self.scale * HOLD, self.scale * SILENT);
        let at = self.made + index;
        if at >= silent {
            return 0;
        }
        let sample = i32::from(self.past[self.scale * PAST - self.period + at % self.period]);
        let level = (silent - at.max(hold)) as i32;
        (sample * level / (silent - hold) as i32) as i16
    }

    /// The lag at which the last 20 ms are most like what came before them. At 16 kHz every second
    /// sample and lag is close enough, and no dearer than at 8 kHz.
    fn find_period(&self) -> usize {
        let loudest = self.past.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        // So many bits that 160 products of two fit into 32.
        let shift = (16 - loudest.leading_zeros()).saturating_sub(11);
        let mut past = [0_i16; PAST];
        for (to, from) in past.iter_mut().zip(self.past.iter().step_by(self.scale)) {
            *to = from >> shift;
        }
        let square = |at: usize| i32::from(past[at]) * i32::from(past[at]);
        let template = &past[LONGEST..];
        let mut energy: i32 = (LONGEST - SHORTEST..PAST - SHORTEST).map(square).sum();
        let mut best = (0.0_f32, LONGEST);
        for lag in SHORTEST..=LONGEST {
            let earlier = &past[LONGEST - lag..PAST - lag];
            let products = template.iter().zip(earlier).map(|(&a, &b)| i32::from(a) * i32::from(b));
            let product = products.sum::<i32>().max(0) as f32;
            let likeness = product * product / (energy as f32 + 1.0);
            if likeness > best.0 {
                best = (likeness, lag);
            }
            // The window of the next lag has one sample more in front, and one less at the end.
            if lag < LONGEST {
                energy += square(LONGEST - lag - 1) - square(PAST - lag - 1);
            }
        }
        self.scale * best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn voice(frame: usize, hertz: f64) -> [i16; FRAME] {
        std::array::from_fn(|i| {
            let t = (frame * FRAME + i) as f64 / 8000.0;
            (6000.0 * (TAU * hertz * t).sin() + 3000.0 * (TAU * 3.0 * hertz * t).sin()) as i16
        })
    }

    #[test]
    fn a_lost_frame_of_a_steady_voice_is_nearly_what_was_lost() {
        for hertz in [80.0, 110.0, 160.0, 230.0, 310.0] {
            let mut concealment = Concealment::at_8_khz();
            for frame in 0..5 {
                concealment.good(&mut voice(frame, hertz));
            }
            let mut made = [0; FRAME];
            concealment.conceal(&mut made);
            let lost = voice(5, hertz);
            let error: f64 = (0..HOLD).map(|i| f64::from(made[i] - lost[i]).powi(2)).sum();
            let energy: f64 = (0..HOLD).map(|i| f64::from(lost[i]).powi(2)).sum();
            assert!(error < energy * 0.15, "{hertz} Hz: {}", error / energy);
        }
    }

    #[test]
    fn a_long_loss_fades_to_silence_by_60_ms_and_the_voice_returns_without_a_step() {
        let mut concealment = Concealment::at_8_khz();
        for frame in 0..5 {
            concealment.good(&mut voice(frame, 150.0));
        }
        let mut made = [0; FRAME];
        let mut levels = Vec::new();
        for _ in 0..5 {
            concealment.conceal(&mut made);
            levels.push(made.iter().map(|s| s.unsigned_abs()).max().unwrap());
        }
        assert!(levels[0] > 6000 && levels[1] < levels[0] && levels[2] < levels[1], "{levels:?}");
        assert_eq!(levels[3..], [0, 0]);
        let mut back = [9000; FRAME];
        concealment.good(&mut back);
        assert!(back[0] < 400 && back[BLEND] == 9000, "{back:?}");
    }

    #[test]
    fn at_16_khz_a_lost_frame_is_as_close() {
        for hertz in [80.0, 160.0, 310.0] {
            let wide = |frame: usize| -> [i16; 2 * FRAME] {
                std::array::from_fn(|i| {
                    let t = (frame * 2 * FRAME + i) as f64 / 16_000.0;
                    (6000.0 * (TAU * hertz * t).sin() + 3000.0 * (TAU * 3.0 * hertz * t).sin())
                        as i16
                })
            };
            let mut concealment = Concealment::at_16_khz();
            (0..5).for_each(|frame| concealment.good(&mut wide(frame)));
            let (mut made, lost) = ([0; 2 * FRAME], wide(5));
            concealment.conceal(&mut made);
            let error: f64 = (0..2 * HOLD).map(|i| f64::from(made[i] - lost[i]).powi(2)).sum();
            let energy: f64 = (0..2 * HOLD).map(|i| f64::from(lost[i]).powi(2)).sum();
            assert!(error < energy * 0.15, "{hertz} Hz: {}", error / energy);
        }
    }

    #[test]
    fn before_any_sound_there_is_silence() {
        let mut made = [1; FRAME];
        Concealment::at_8_khz().conceal(&mut made);
        assert_eq!(made, [0; FRAME]);
    }
}
