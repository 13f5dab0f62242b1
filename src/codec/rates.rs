//! Sound of any rate to 16 kHz, for files and voices: whole, in memory, and never on a media thread. The home of
//! `rubato`.

use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler};

use crate::base::{Frame, SampleRate};

/// Samples that are worked on at once.
const CHUNK: usize = 1024;
/// What sound is recorded at, from telephones to studios.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;

/// Returns the sound at the rate of a [`Frame`], in its whole length, or `None` when nobody records at that rate.
pub fn at_frame_rate(sound: Vec<i16>, rate: SampleRate) -> Option<Vec<i16>> {
    if !RATES.contains(&rate.0) {
        return None;
    }
    if rate == Frame::RATE || sound.is_empty() {
        return Some(sound);
    }
    let (from, to) = (rate.0 as usize, Frame::RATE.0 as usize);
    let mut resampler = Fft::<f32>::new(from, to, CHUNK, 1, FixedSync::Both).ok()?;
    let length = sound.len();
    let samples = sound.into_iter().map(f32::from).collect();
    let input = InterleavedOwned::new_from(samples, 1, length).ok()?;
    let made = resampler.process_all(&input, length, None).ok()?;
    Some(made.take_data().into_iter().map(|sample| sample.round_ties_even() as i16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(hertz: f64, rate: u32, seconds: f64) -> Vec<i16> {
        let length = (seconds * f64::from(rate)) as usize;
        let at = |i: usize| TAU * hertz * i as f64 / f64::from(rate);
        (0..length).map(|i| (10_000.0 * at(i).sin()).round() as i16).collect()
    }

    #[test]
    fn a_tone_of_any_rate_is_the_same_tone() {
        for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000] {
            let made = at_frame_rate(tone(1_000.0, rate, 0.5), SampleRate(rate)).unwrap();
            assert!(made.len().abs_diff(8_000) <= 1, "{rate}: {}", made.len());
            // It begins and ends without what would have been beside it. Less than a sample of delay is none.
            let part = &made[1000..7000];
            let wave = |i: usize| (TAU * i as f64 / 16.0).sin_cos();
            let (mut sine, mut cosine) = (0.0, 0.0);
            for (i, &sample) in part.iter().enumerate() {
                sine += f64::from(sample) * wave(i).0 / 3000.0;
                cosine += f64::from(sample) * wave(i).1 / 3000.0;
            }
            let left = part.iter().enumerate().map(|(i, &sample)| {
                (f64::from(sample) - sine * wave(i).0 - cosine * wave(i).1).powi(2)
            });
            let ratio = 10.0 * (6000.0 * 5e7 / left.sum::<f64>().max(1.0)).log10();
            let gain = sine.hypot(cosine) / 10_000.0;
            assert!(
                ratio > 60.0 && (0.995..1.005).contains(&gain),
                "{rate}: {ratio:.1} dB, {gain}"
            );
        }
    }

    #[test]
    fn what_16_khz_cannot_hold_is_left_out() {
        let made = at_frame_rate(tone(11_000.0, 48_000, 0.5), SampleRate(48_000)).unwrap();
        let loudest = made[1000..7000].iter().map(|sample| sample.unsigned_abs()).max();
        assert!(loudest < Some(30), "{loudest:?}");
    }

    #[test]
    fn odd_rates_and_lengths_are_no_fault() {
        for rate in [0, 1, 3_999, 192_001, u32::MAX] {
            assert_eq!(at_frame_rate(vec![1; 100], SampleRate(rate)), None);
        }
        assert_eq!(at_frame_rate(Vec::new(), SampleRate(8_000)), Some(Vec::new()));
        for length in [1, 7, 1023, 1024, 1025] {
            let made = at_frame_rate(vec![0; length], SampleRate(8_000)).unwrap();
            assert_eq!(made.len(), 2 * length);
        }
        let full = at_frame_rate(vec![i16::MIN; 4000], SampleRate(44_100)).unwrap();
        assert!(full[500..900].iter().all(|sample| *sample < -32_000));
    }
}
