//! Log-mel spectra as Whisper was trained on them (Radford et al. 2022, section 2.2): 80 bands on the mel scale of
//! Slaney's Auditory Toolbox, windows of 25 ms each 10 ms, 16 kHz.

use std::f32::consts::TAU;
use std::sync::Arc;

use rustfft::num_complex::Complex;
use rustfft::{Fft, FftPlanner};

/// Bands.
pub(super) const BANDS: usize = 80;
/// Samples from one window to the next.
pub(super) const HOP: usize = 160;
/// Samples of a window.
const WINDOW: usize = 400;
/// Frequencies of a window's spectrum.
const BINS: usize = WINDOW / 2 + 1;
const RATE: f32 = 16_000.0;
/// What lies so many powers of ten below the loudest is silence.
const RANGE: f32 = 8.0;

/// Makes spectra.
pub(super) struct MelSpectrum {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// What each band takes of which bins: the first bin, then the weights from there on.
    filters: Vec<(usize, Vec<f32>)>,
}

impl MelSpectrum {
    pub(super) fn new() -> Self {
        let window = (0..WINDOW).map(|n| 0.5 - 0.5 * (TAU * n as f32 / WINDOW as f32).cos());
        Self {
            fft: FftPlanner::new().plan_fft_forward(WINDOW),
            window: window.collect(),
            filters: filters(),
        }
    }

    /// Returns so many spectra of a sound, band by band; silence follows a shorter one, and what is longer is cut.
    pub(super) fn of(&self, samples: &[f32], spectra: usize) -> Vec<f32> {
        let mut all = vec![0.0; BANDS * spectra];
        let mut buffer = vec![Complex::default(); WINDOW];
        let mut scratch = vec![Complex::default(); self.fft.get_inplace_scratch_len()];
        let mut loudest = f32::NEG_INFINITY;
        for at in 0..spectra {
            for (n, slot) in buffer.iter_mut().enumerate() {
                // A window lies round its sample; before the first one the sound is mirrored.
                let place = (at * HOP + n).abs_diff(WINDOW / 2);
                let sample = samples.get(place).copied().unwrap_or(0.0);
                *slot = Complex::new(sample * self.window[n], 0.0);
            }
            self.fft.process_with_scratch(&mut buffer, &mut scratch);
            let power: [f32; BINS] = std::array::from_fn(|bin| buffer[bin].norm_sqr());
            for (band, (first, weights)) in self.filters.iter().enumerate() {
                let sum: f32 = weights.iter().zip(&power[*first..]).map(|(w, p)| w * p).sum();
                let level = sum.max(1e-10).log10();
                loudest = loudest.max(level);
                all[band * spectra + at] = level;
            }
        }
        for level in &mut all {
            *level = (level.max(loudest - RANGE) + 4.0) / 4.0;
        }
        all
    }
}

/// Triangles between neighbouring bands' centres, each of the same area.
fn filters() -> Vec<(usize, Vec<f32>)> {
    let top = mel(RATE / 2.0);
    let edge = |n: usize| hertz(top * n as f32 / (BANDS + 1) as f32);
    let weigh = |band: usize, bin: usize| {
        let (low, centre, high) = (edge(band), edge(band + 1), edge(band + 2));
        let hz = bin as f32 * RATE / WINDOW as f32;
        let height = ((hz - low) / (centre - low)).min((high - hz) / (high - centre));
        height.max(0.0) * 2.0 / (high - low)
    };
    let filter = |band| {
        let weights: Vec<f32> = (0..BINS).map(|bin| weigh(band, bin)).collect();
        let first = weights.iter().position(|&w| w > 0.0).unwrap_or(0);
        let end = weights.iter().rposition(|&w| w > 0.0).map_or(first, |last| last + 1);
        (first, weights[first..end].to_vec())
    };
    (0..BANDS).map(filter).collect()
}

/// Slaney's scale: straight up to 1 kHz (15 mel), then 27 mel for each factor of 6.4.
fn mel(hertz: f32) -> f32 {
    if hertz < 1000.0 { hertz * 0.015 } else { 15.0 + (hertz / 1000.0).ln() * 27.0 / 6.4_f32.ln() }
}

fn hertz(mel: f32) -> f32 {
    if mel < 15.0 { mel / 0.015 } else { 1000.0 * ((mel - 15.0) * 6.4_f32.ln() / 27.0).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_goes_there_and_back() {
        for hz in [0.0, 440.0, 999.0, 1000.0, 2500.0, 8000.0] {
            assert!((hertz(mel(hz)) - hz).abs() < 0.5, "{hz}");
        }
        assert!((mel(1000.0) - 15.0).abs() < 1e-4 && (mel(6400.0) - 42.0).abs() < 1e-3);
    }

    #[test]
    fn a_tone_is_loudest_in_its_band() {
        let mel = MelSpectrum::new();
        for hz in [300.0, 1000.0, 3000.0] {
            let tone: Vec<f32> = (0..16_000).map(|n| (TAU * hz * n as f32 / RATE).sin()).collect();
            let spectra = mel.of(&tone, 200);
            let at = |band: usize, time: usize| spectra[band * 200 + time];
            let loudest = (0..BANDS).max_by(|a, b| at(*a, 50).total_cmp(&at(*b, 50))).unwrap();
            let (first, weights) = &mel.filters[loudest];
            let bin = (hz / 40.0) as usize;
            assert!((*first..first + weights.len()).contains(&bin), "{hz}: band {loudest}");
            // Silence after the tone lies at the bottom: 8 powers of ten are 2 on this scale.
            assert!((at(loudest, 50) - at(loudest, 150) - 2.0).abs() < 1e-4);
        }
    }
}
