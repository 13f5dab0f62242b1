//! A vendor's samples to 16 kHz, as they come: a windowed sinc, a set of taps for each place between two samples.

use std::f64::consts::PI;

use crate::base::{Frame, SampleRate};

/// What vendors send.
const RATES: [u32; 8] = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 44_100, 48_000];
/// Zeros of the sinc on each side, at the lower of both rates.
const ZEROS: f64 = 16.0;
/// Where the pass band ends, of half the lower rate.
const BAND: f64 = 0.92;

/// Turns samples of one rate into samples at 16 kHz.
pub(super) struct Resampler {
    /// Input samples an output sample further: `step.0 / step.1`.
    step: (usize, usize),
    /// A row of taps for each place, `step.1` of them; empty where nothing is to be done.
    taps: Vec<Vec<f32>>,
    side: usize,
    past: Vec<f32>,
    /// Which place the next output sample has.
    place: usize,
}

impl Resampler {
    /// Returns `None` for a rate that no vendor sends.
    pub(super) fn new(from: SampleRate) -> Option<Self> {
        if !RATES.contains(&from.0) {
            return None;
        }
        let (from, to) = (from.0 as usize, Frame::RATE.0 as usize);
        let divisor = common(from, to);
        let step = (from / divisor, to / divisor);
        if from == to {
            return Some(Self { step, taps: Vec::new(), side: 0, past: Vec::new(), place: 0 });
        }
        let low = (to as f64 / from as f64).min(1.0);
        let side = (ZEROS / low).ceil() as usize;
        let taps = (0..step.1).map(|place| row(place as f64 / step.1 as f64, side, low)).collect();
        Some(Self { step, taps, side, past: vec![0.0; side - 1], place: 0 })
    }

    /// Adds what these samples become to `out`.
    pub(super) fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        if self.taps.is_empty() {
            out.extend_from_slice(samples);
            return;
        }
        self.past.extend(samples.iter().map(|&sample| f32::from(sample)));
        let mut at = 0;
        while at + 2 * self.side <= self.past.len() {
            let window = &self.past[at..at + 2 * self.side];
            let sum: f32 = window.iter().zip(&self.taps[self.place]).map(|(x, h)| x * h).sum();
            out.push(sum.round() as i16);
            self.place += self.step.0;
            at += self.place / self.step.1;
            self.place %= self.step.1;
        }
        self.past.drain(..at.min(self.past.len()));
    }

    /// Adds the last samples to `out`.
    pub(super) fn finish(&mut self, out: &mut Vec<i16>) {
        let silence = vec![0; self.side];
        self.push(&silence, out);
    }
}

fn common(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common(b, a % b) }
}

/// The taps for a sample that lies `place` after the one in the middle.
fn row(place: f64, side: usize, low: f64) -> Vec<f32> {
    let band = low * BAND;
    let tap = |index: usize| {
        let t = index as f64 - (side as f64 - 1.0) - place;
        let sinc = if t == 0.0 { band } else { (PI * band * t).sin() / (PI * t) };
        let window = t / side as f64;
        // Blackman: -74 dB beside the band.
        let cosine = |n: f64| (PI * n * window).cos();
        sinc * (0.42 + 0.5 * cosine(1.0) + 0.08 * cosine(2.0))
    };
    let taps: Vec<f64> = (0..2 * side).map(tap).collect();
    let sum: f64 = taps.iter().sum();
    taps.into_iter().map(|tap| (tap / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn a_tone_of_any_rate_is_the_same_tone_however_it_is_cut() {
        for rate in RATES {
            let tone: Vec<i16> = (0..rate)
                .map(|i| (8_000.0 * (TAU * 1_000.0 * f64::from(i) / f64::from(rate)).sin()) as i16)
                .collect();
            let mut resampler = Resampler::new(SampleRate(rate)).unwrap();
            let mut out = Vec::new();
            tone.chunks(777).for_each(|chunk| resampler.push(chunk, &mut out));
            resampler.finish(&mut out);
            assert!(out.len().abs_diff(16_000) < 40, "{rate}: {}", out.len());
            let part = &out[2_000..14_000];
            let energy: f64 = part.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / 12_000.0;
            assert!((energy.sqrt() / (8_000.0 / 2f64.sqrt()) - 1.0).abs() < 0.01, "{rate}");
            let crossings = part.windows(2).filter(|w| (w[0] < 0) != (w[1] < 0)).count();
            assert!(crossings.abs_diff(1_500) <= 2, "{rate}: {crossings}");
        }
    }

    #[test]
    fn what_16_khz_cannot_hold_is_left_out_and_odd_rates_are_refused() {
        let tone: Vec<i16> = (0..24_000)
            .map(|i| (8_000.0 * (TAU * 10_000.0 * f64::from(i) / 24_000.0).sin()) as i16)
            .collect();
        let mut out = Vec::new();
        Resampler::new(SampleRate(24_000)).unwrap().push(&tone, &mut out);
        assert!(out[500..].iter().all(|sample| sample.abs() < 30));
        assert!(Resampler::new(SampleRate(12_345)).is_none());
        assert!(Resampler::new(SampleRate(0)).is_none());
    }
}
