//! Between the 8 kHz of narrow-band codecs and the 16 kHz of frames: a half-band filter with
//! state, so that frames join without a click.
//!
//! 47 taps of a Kaiser window: flat to 3 kHz, images below -75 dB from 5 kHz, 1.4 ms of delay.

use crate::base::Frame;

/// Taps on one side of the centre that are not zero: every second one.
const SIDE: usize = 12;
/// Samples at 8 kHz that are worked on at once: 20 ms.
pub(super) const NARROW: usize = 160;
/// The same at 16 kHz.
pub(super) const WIDE: usize = 2 * NARROW;
/// Samples of the past that the filter needs.
const PAST: usize = 2 * SIDE - 1;

/// The odd taps from the centre outwards, of the interpolator (gain 2).
static TAPS: [f32; SIDE] = taps();

/// Doubles the sample rate.
#[derive(Clone, Debug)]
pub(super) struct Upsampler {
    past: [f32; PAST],
}

impl Default for Upsampler {
    fn default() -> Self {
        Self { past: [0.0; PAST] }
    }
}

impl Upsampler {
    /// Turns at most 20 ms at 8 kHz into as many at 16 kHz: `wide` is twice as long.
    pub(super) fn process(&mut self, narrow: &[i16], wide: &mut [i16]) {
        let mut input = [0.0; PAST + NARROW];
        input[..PAST].copy_from_slice(&self.past);
        for (to, &from) in input[PAST..].iter_mut().zip(narrow) {
            *to = from.into();
        }
        let mut between = [0.0; NARROW];
        filter(&input, &mut between[..narrow.len().next_multiple_of(LANES)]);
        let pairs = input[SIDE - 1..].iter().zip(&between);
        for (out, (&sample, &between)) in wide.chunks_exact_mut(2).zip(pairs) {
            out[0] = to_sample(sample);
            out[1] = to_sample(between);
        }
        self.past.copy_from_slice(&input[narrow.len()..][..PAST]);
    }
}

/// Halves the sample rate.
#[derive(Clone, Debug)]
pub(super) struct Downsampler {
    /// Of the samples with even numbers, which the filter weighs.
    past: [f32; PAST],
    /// Of those between them, of which it takes the one in its centre.
    past_odd: [f32; SIDE],
}

impl Default for Downsampler {
    fn default() -> Self {
        Self { past: [0.0; PAST], past_odd: [0.0; SIDE] }
    }
}

impl Downsampler {
    /// Turns at most 20 ms at 16 kHz into as many at 8 kHz: `narrow` is half as long.
    pub(super) fn process(&mut self, wide: &[i16], narrow: &mut [i16]) {
        let (mut even, mut odd) = ([0.0; PAST + NARROW], [0.0; SIDE + NARROW]);
        even[..PAST].copy_from_slice(&self.past);
        odd[..SIDE].copy_from_slice(&self.past_odd);
        let to = even[PAST..].iter_mut().zip(&mut odd[SIDE..]);
        for (pair, (even, odd)) in wide.chunks_exact(2).zip(to) {
            (*even, *odd) = (pair[0].into(), pair[1].into());
        }
        let mut sums = [0.0; NARROW];
        sums.copy_from_slice(&odd[..NARROW]);
        filter(&even, &mut sums[..narrow.len().next_multiple_of(LANES)]);
        for (out, &sum) in narrow.iter_mut().zip(&sums) {
            *out = to_sample(sum / 2.0);
        }
        let length = narrow.len();
        self.past.copy_from_slice(&even[length..][..PAST]);
        self.past_odd.copy_from_slice(&odd[length..][..SIDE]);
    }
}

/// Makes 8 kHz of frames, for whoever keeps them: half as many samples, and all that narrow-band codecs carry.
#[derive(Clone, Debug, Default)]
pub struct Halver(Downsampler);

impl Halver {
    /// Returns the same 20 ms at 8 kHz, 1.4 ms later.
    pub fn process(&mut self, frame: &Frame) -> [i16; NARROW] {
        let mut narrow = [0; NARROW];
        self.0.process(&frame.0, &mut narrow);
        narrow
    }
}

/// Sums that are worked on together.
const LANES: usize = 8;

/// Adds to each sum what the taps make of its samples. Some sums at a time, so that they stay in
/// registers; each is added to in the same order.
fn filter(input: &[f32; PAST + NARROW], sums: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "only this machine can tell what it can do")]
        // SAFETY: it was just asked whether the processor has what the function is compiled for.
        unsafe {
            return filter_wide(input, sums);
        }
    }
    filter_plain(input, sums);
}

/// The same for registers that hold all lanes at once. Nothing is fused, so that the sums are the same.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn filter_wide(input: &[f32; PAST + NARROW], sums: &mut [f32]) {
    filter_plain(input, sums);
}

#[inline(always)]
fn filter_plain(input: &[f32; PAST + NARROW], sums: &mut [f32]) {
    for (block, sums) in sums.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let mut held = *sums;
        let input = &input[block * LANES..][..PAST + LANES];
        for (index, tap) in TAPS.iter().enumerate() {
            let before = &input[SIDE - 1 - index..][..LANES];
            let after = &input[SIDE + index..][..LANES];
            for lane in 0..LANES {
                held[lane] += tap * (before[lane] + after[lane]);
            }
        }
        *sums = held;
    }
}

/// Rounds, halves to even, and saturates. Next to this number a float has no room for fractions, so
/// that adding it rounds, and leaves the whole number in the lowest bits.
fn to_sample(value: f32) -> i16 {
    const ROUNDS: f32 = 12_582_912.0;
    let value = value.clamp(f32::from(i16::MIN), f32::from(i16::MAX));
    (value + ROUNDS).to_bits() as i16
}

/// The ideal half-band filter is sin(πn/2)/(πn), which for odd n is ±1/(πn); doubled, windowed,
/// and scaled so that a constant stays what it is.
const fn taps() -> [f32; SIDE] {
    // Kaiser: β = 0.1102 (A - 8.7) for A = 78 dB.
    const BETA: f64 = 7.64;
    let mut taps = [0.0; SIDE];
    let mut sum = 0.0;
    let mut index = 0;
    while index < SIDE {
        let n = (2 * index + 1) as f64;
        let position = n / (2 * SIDE) as f64;
        let sign = if index % 2 == 0 { 1.0 } else { -1.0 };
        let window = bessel_of_square(BETA * BETA * (1.0 - position * position));
        taps[index] = sign * window / n;
        sum += 2.0 * taps[index];
        index += 1;
    }
    let mut scaled = [0.0; SIDE];
    let mut index = 0;
    while index < SIDE {
        scaled[index] = (taps[index] / sum) as f32;
        index += 1;
    }
    scaled
}

/// The modified Bessel function I₀ of the root of `square`, by its series.
const fn bessel_of_square(square: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 1.0);
    while k < 40.0 {
        term *= square / 4.0 / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Power in dB of the part of `samples` at `hertz`, relative to a sine of amplitude 10,000.
    fn power(samples: &[i16], rate: f64, hertz: f64) -> f64 {
        // A Hann window, so that the far side of a strong line does not hide a weak one.
        let length = samples.len() as f64;
        let (mut re, mut im) = (0.0, 0.0);
        for (index, &sample) in samples.iter().enumerate() {
            let window = 1.0 - (TAU * index as f64 / length).cos();
            let phase = TAU * hertz * index as f64 / rate;
            re += window * f64::from(sample) * phase.cos();
            im += window * f64::from(sample) * phase.sin();
        }
        20.0 * (re.hypot(im) * 2.0 / length / 10_000.0).log10()
    }

    fn sine<const N: usize>(hertz: f64, rate: f64, frame: usize) -> [i16; N] {
        std::array::from_fn(|i| {
            (10_000.0 * (TAU * hertz * (frame * N + i) as f64 / rate).sin()).round() as i16
        })
    }

    #[test]
    fn up_is_flat_to_3_khz_and_its_image_is_75_db_down() {
        for hertz in [100.0, 400.0, 1000.0, 2000.0, 2500.0, 3000.0] {
            let mut upsampler = Upsampler::default();
            let mut out = Vec::new();
            for frame in 0..50 {
                let mut wide = [0; WIDE];
                upsampler.process(&sine::<NARROW>(hertz, 8000.0, frame), &mut wide);
                out.extend_from_slice(&wide);
            }
            let out = &out[WIDE..];
            let (gain, image) = (power(out, 16e3, hertz), power(out, 16e3, 8000.0 - hertz));
            assert!(gain.abs() < 0.05, "{hertz} Hz: {gain} dB");
            assert!(image < -75.0, "{hertz} Hz: image {image} dB");
        }
    }

    #[test]
    fn down_is_flat_to_3_khz_and_what_would_fold_is_75_db_down() {
        let measure = |hertz: f64, at: f64| {
            let mut downsampler = Downsampler::default();
            let mut out = Vec::new();
            for frame in 0..50 {
                let mut narrow = [0; NARROW];
                downsampler.process(&sine::<WIDE>(hertz, 16e3, frame), &mut narrow);
                out.extend_from_slice(&narrow);
            }
            power(&out[NARROW..], 8000.0, at)
        };
        for hertz in [100.0, 1000.0, 2000.0, 3000.0] {
            let gain = measure(hertz, hertz);
            assert!(gain.abs() < 0.05, "{hertz} Hz: {gain} dB");
        }
        for hertz in [5000.0, 5500.0, 6500.0, 7500.0] {
            let folded = measure(hertz, 8000.0 - hertz);
            assert!(folded < -75.0, "{hertz} Hz folds to {folded} dB");
        }
    }

    #[test]
    fn whatever_the_processor_can_do_the_sums_are_the_same() {
        let mut dice = crate::base::Dice::new(3);
        for length in (8..=NARROW).step_by(8) {
            let input: [f32; PAST + NARROW] =
                std::array::from_fn(|_| dice.below(65_536) as f32 - 32_768.0);
            let mut sums = [[1.5; NARROW]; 2];
            filter(&input, &mut sums[0][..length]);
            filter_plain(&input, &mut sums[1][..length]);
            assert_eq!(sums[0], sums[1]);
        }
    }

    #[test]
    fn full_scale_does_not_wrap() {
        let mut wide = [0; WIDE];
        let square: [i16; NARROW] =
            std::array::from_fn(|i| if i % 8 < 4 { i16::MAX } else { i16::MIN });
        Upsampler::default().process(&square, &mut wide);
        for (pair, next) in wide[100..].windows(2).map(|w| (w[0], w[1])) {
            assert!(i32::from(pair).abs_diff(i32::from(next)) <= 65_535);
        }
        let mut narrow = [0; NARROW];
        Downsampler::default().process(&[i16::MAX; WIDE], &mut narrow);
        assert!(narrow[100..].iter().all(|&s| s > 32_700));
    }
}
