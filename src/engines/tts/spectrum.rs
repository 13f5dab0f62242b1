//! From what Hibari predicts of a voice, 80 times a second, to sound.
//!
//! A spectrum has three parts: a train of pulses at the voice's pitch, shaped; noise, shaped; and
//! a part with phases of its own. Hibari's spectra are those of 24 kHz sound, 601 lines 20 Hz
//! apart. We keep the 401 up to 8 kHz and work at 16 kHz throughout: that is what a resampler
//! would leave of it, for less than it would cost.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use rustfft::num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

/// Samples a window, 50 ms at 16 kHz: the lines are 20 Hz apart.
const WINDOW: usize = 800;
/// Samples from one window to the next, 12.5 ms.
const HOP: usize = 200;
/// Windows that overlap at any sample.
const OVERLAP: usize = WINDOW / HOP;
/// Lines that we use, 0 to 8 kHz.
const LINES: usize = WINDOW / 2 + 1;
/// Lines that the network predicts, 0 to 12 kHz.
const PREDICTED_LINES: usize = 601;
/// The network's window length; its levels are those of a transform of this size.
const PREDICTED_WINDOW: f32 = 1200.0;
/// Below this pitch, in Hz, there is no voice but breath.
const LOWEST_PITCH: f32 = 40.0;
/// Overtones above are not made: the last line's are at the edge of what 16 kHz can hold.
const HIGHEST_OVERTONE: f32 = 7_900.0;
/// A level (natural logarithm) beyond what any voice has: a network gone wrong must not deafen.
const LOUDEST: f32 = 7.0;
/// The network speaks at -27 dBov; a telephone expects about -22, and its peaks leave room.
const GAIN: f32 = 1.7;
/// Random numbers that are made once; the noise starts anywhere in them for each line.
const NOISE: usize = 1 << 14;

/// What the network says of a sentence.
pub(super) struct Spectra {
    frames: usize,
    pulse_level: Vec<f32>,
    pulse_phase: Vec<f32>,
    noise_level: Vec<f32>,
    free_level: Vec<f32>,
    free_phase: Vec<f32>,
    pitch: Vec<f32>,
}

impl Spectra {
    /// Takes the network's outputs; `None` if they are not of one length.
    pub(super) fn new(parts: [Vec<f32>; 6]) -> Option<Self> {
        let [pulse_level, pulse_phase, noise_level, free_level, free_phase, pitch] = parts;
        let frames = pitch.len();
        let lines = [&pulse_level, &pulse_phase, &noise_level, &free_level, &free_phase];
        if lines.iter().any(|part| part.len() != frames * PREDICTED_LINES) {
            return None;
        }
        Some(Self { frames, pulse_level, pulse_phase, noise_level, free_level, free_phase, pitch })
    }
}

/// Makes sound of spectra; keeps what is the same for every sentence.
pub(super) struct Synthesiser {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    noise: Vec<Complex32>,
    dice: u64,
}

impl Synthesiser {
    pub(super) fn new() -> Self {
        let mut planner = FftPlanner::new();
        let mut dice = 0x9e37_79b9_7f4a_7c15;
        Self {
            forward: planner.plan_fft_forward(WINDOW),
            inverse: planner.plan_fft_inverse(WINDOW),
            window: (0..WINDOW)
                .map(|n| 0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos())
                .collect(),
            noise: (0..NOISE).map(|_| gaussian(&mut dice)).collect(),
            dice,
        }
    }

    /// Returns a sentence's sound, 16 kHz.
    pub(super) fn sound(&mut self, spectra: &Spectra) -> Vec<i16> {
        let mut lines = self.pulse_lines(&pulses(&spectra.pitch), spectra.frames);
        self.shape(spectra, &mut lines);
        let sound = self.overlap_add(&mut lines, spectra.frames);
        sound.into_iter().map(|s| (s * GAIN * 32_767.0).clamp(-32_768.0, 32_767.0) as i16).collect()
    }

    /// Returns the spectra of a pulse train, [`LINES`] a window, the window's middle at each hop;
    /// a steady tone of level 1 has a line of level 1.
    fn pulse_lines(&self, pulses: &[f32], frames: usize) -> Vec<Complex32> {
        let mut lines = vec![Complex32::default(); frames * LINES];
        let level = OVERLAP as f32 / WINDOW as f32;
        let mut pair = vec![Complex32::default(); WINDOW];
        for (at, two) in lines.chunks_mut(2 * LINES).enumerate() {
            // Two windows at once, as real and imaginary part.
            let start = (2 * at * HOP) as isize - (WINDOW / 2) as isize;
            for (n, value) in pair.iter_mut().enumerate() {
                let weight = self.window[n] * level;
                let sample = |at: isize| mirrored(pulses, at + n as isize) * weight;
                *value = Complex32::new(sample(start), sample(start + HOP as isize));
            }
            self.forward.process(&mut pair);
            let (first, second) = two.split_at_mut(LINES);
            for k in 0..LINES {
                let (one, other) = (pair[k], pair[(WINDOW - k) % WINDOW].conj());
                first[k] = (one + other) * 0.5;
                if let Some(line) = second.get_mut(k) {
                    let twice = one - other;
                    *line = Complex32::new(twice.im, -twice.re) * 0.5;
                }
            }
        }
        lines
    }

    /// Gives the pulses their colour and adds the other two parts.
    fn shape(&mut self, spectra: &Spectra, lines: &mut [Complex32]) {
        let frames = spectra.frames;
        for k in 0..LINES {
            let row = k * frames..(k + 1) * frames;
            let [pulse_level, pulse_phase, noise_level, free_level, free_phase] = [
                &spectra.pulse_level[row.clone()],
                &spectra.pulse_phase[row.clone()],
                &spectra.noise_level[row.clone()],
                &spectra.free_level[row.clone()],
                &spectra.free_phase[row],
            ];
            let start = random(&mut self.dice) as usize;
            for frame in 0..frames {
                let line = &mut lines[frame * LINES + k];
                let turn = Complex32::from_polar(
                    level(pulse_level[frame]),
                    PI * pulse_phase[frame].tanh(),
                );
                let noise = self.noise[start.wrapping_add(frame) % NOISE];
                let free = Complex32::from_polar(level(free_level[frame]), free_phase[frame]);
                *line = *line * turn + noise * level(noise_level[frame]) + free;
            }
        }
    }

    /// Turns spectra into sound, where windows overlap by their weighted mean.
    fn overlap_add(&self, lines: &mut [Complex32], frames: usize) -> Vec<f32> {
        let mut sound = vec![0.0_f32; (frames + OVERLAP) * HOP];
        let mut weight = vec![0.0_f32; sound.len()];
        let mut pair = vec![Complex32::default(); WINDOW];
        let i = Complex32::new(0.0, 1.0);
        for (at, two) in lines.chunks_mut(2 * LINES).enumerate() {
            let (first, second) = two.split_at(LINES);
            for k in 0..LINES {
                let none = Complex32::default();
                let (mut a, mut b) = (first[k], second.get(k).copied().unwrap_or(none));
                if k == 0 || k == LINES - 1 {
                    (a.im, b.im) = (0.0, 0.0);
                }
                pair[k] = a + i * b;
                pair[(WINDOW - k) % WINDOW] = a.conj() + i * b.conj();
            }
            self.inverse.process(&mut pair);
            let start = 2 * at * HOP;
            for (n, value) in pair.iter().enumerate() {
                sound[start + n] += value.re * self.window[n];
                weight[start + n] += self.window[n] * self.window[n];
                if !second.is_empty() {
                    sound[start + HOP + n] += value.im * self.window[n];
                    weight[start + HOP + n] += self.window[n] * self.window[n];
                }
            }
        }
        let kept = WINDOW / 2..WINDOW / 2 + frames * HOP;
        let weights = &weight[kept.clone()];
        // The network's levels are those of its own, longer transform.
        sound[kept].iter().zip(weights).map(|(s, w)| s / w.max(1e-6) / PREDICTED_WINDOW).collect()
    }
}

fn level(logarithm: f32) -> f32 {
    logarithm.min(LOUDEST).exp()
}

/// Returns a sample of a sound that goes on as its own mirror image at both ends.
fn mirrored(sound: &[f32], at: isize) -> f32 {
    let last = sound.len() as isize - 1;
    let at = at.abs();
    let at = if at > last { 2 * last - at } else { at };
    usize::try_from(at).ok().and_then(|at| sound.get(at)).copied().unwrap_or(0.0)
}

/// Returns the pulse train of a pitch curve: all overtones at level 1, nothing where no voice is.
fn pulses(pitch: &[f32]) -> Vec<f32> {
    let mut train = Vec::with_capacity(pitch.len() * HOP);
    // Where in its period the voice is, 0 to 1.
    let mut phase = 0.0_f64;
    for n in 0..pitch.len() * HOP {
        // A frame's value stands for its middle; between two middles the pitch is on a line.
        let place = ((n as f32 + 0.5) / HOP as f32 - 0.5).max(0.0);
        let (left, part) = (place as usize, place.fract());
        let right = (left + 1).min(pitch.len() - 1);
        let now = pitch[left] * (1.0 - part) + pitch[right] * part;
        let hz = now.max(LOWEST_PITCH);
        phase = (phase + f64::from(hz) / 16_000.0).fract();
        train.push(if now > LOWEST_PITCH { pulse(phase as f32, hz) } else { 0.0 });
    }
    train
}

/// Returns cos t + cos 2t + ... + cos Ht for t = 2π·phase, by its closed form.
fn pulse(phase: f32, hz: f32) -> f32 {
    let overtones = (HIGHEST_OVERTONE / hz).floor();
    let half = PI * phase;
    let below = 2.0 * half.sin();
    if below.abs() < 2e-3 {
        return overtones;
    }
    ((2.0 * overtones + 1.0) * half).sin() / below - 0.5
}

/// A step of xorshift64*.
fn random(state: &mut u64) -> u32 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
}

/// Two normal random numbers (Box-Muller).
fn gaussian(state: &mut u64) -> Complex32 {
    let uniform = (f64::from(random(state)) + 1.0) / (f64::from(u32::MAX) + 1.0);
    let turn = f64::from(random(state)) / f64::from(u32::MAX);
    Complex32::from_polar((-2.0 * uniform.ln()).sqrt() as f32, TAU * turn as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: f32 = -30.0;

    fn spectra(frames: usize, pitch: f32, pulse_level: f32) -> Spectra {
        let all = |value: f32| vec![value; frames * PREDICTED_LINES];
        let parts =
            [all(pulse_level), all(0.0), all(QUIET), all(QUIET), all(0.0), vec![pitch; frames]];
        Spectra::new(parts).unwrap()
    }

    /// The level of one frequency in the middle of a sound.
    fn tone(sound: &[i16], hz: f32) -> f32 {
        let middle = &sound[sound.len() / 4..sound.len() * 3 / 4];
        let sum: Complex32 = middle
            .iter()
            .enumerate()
            .map(|(n, &s)| Complex32::from_polar(f32::from(s), -TAU * hz * n as f32 / 16_000.0))
            .sum();
        2.0 * sum.norm() / middle.len() as f32
    }

    #[test]
    fn a_voice_has_its_pitch_and_overtones_and_nothing_between() {
        let sound = Synthesiser::new().sound(&spectra(80, 200.0, 0.0));
        assert_eq!(sound.len(), 80 * HOP, "a second");
        // A line of e^0 is a tone of 4 / 1200: a window sums to half its length, on either side.
        let expected = 4.0 / PREDICTED_WINDOW * GAIN * 32_767.0;
        for hz in [200.0, 1_000.0, 3_000.0, 7_000.0] {
            let level = tone(&sound, hz);
            assert!((0.8..1.25).contains(&(level / expected)), "{hz}: {level} of {expected}");
        }
        assert!(tone(&sound, 300.0) < 0.02 * tone(&sound, 200.0));
    }

    #[test]
    fn no_pitch_is_silence_and_no_frames_are_no_sound() {
        assert!(Synthesiser::new().sound(&spectra(40, 0.0, 3.0)).iter().all(|&s| s.abs() <= 1));
        assert!(Synthesiser::new().sound(&spectra(0, 0.0, 3.0)).is_empty());
    }

    #[test]
    fn an_odd_number_of_windows_is_whole_too() {
        let sound = Synthesiser::new().sound(&spectra(41, 200.0, 3.0));
        let peak = |part: &[i16]| part.iter().map(|s| s.unsigned_abs()).max().unwrap();
        assert!(peak(&sound[40 * HOP..]) * 2 > peak(&sound[20 * HOP..21 * HOP]));
    }

    #[test]
    fn parts_of_different_lengths_are_refused() {
        let mut parts: [Vec<f32>; 6] = Default::default();
        parts[5] = vec![0.0];
        assert!(Spectra::new(parts).is_none());
    }

    #[test]
    fn a_pulse_is_the_sum_of_its_overtones() {
        for phase in [0.0_f32, 0.01, 0.2, 0.5, 0.99] {
            let sum: f32 = (1..=39).map(|h| (TAU * phase * h as f32).cos()).sum();
            assert!((pulse(phase, 200.0) - sum).abs() < 0.05, "{phase}");
        }
    }
}
