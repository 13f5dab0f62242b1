//! Between the 8 kHz of narrow-band codecs and the 16 kHz of frames: a half-band filter with
//! state, so that frames join without a click.
//!
//! 47 taps of a Kaiser window: flat to 3 kHz, images below -75 dB from 5 kHz, 1.4 ms of delay.

/// Taps on one side of the centre that are not zero: every second one.
const SIDE: usize = 12;
/// Samples at 8 kHz that are worked on at once: 20 ms.
pub(super) const NARROW: usize = 160;
/// The same at 16 kHz.
pub(super) const WIDE: usize = 2 * NARROW;
/// Samples of the past that the interpolator needs.
const UP_PAST: usize = 2 * SIDE - 1;
/// Samples of the past that the decimator needs.
const DOWN_PAST: usize = 4 * SIDE - 2;

/// The odd taps from the centre outwards, of the interpolator (gain 2).
static TAPS: [f32; SIDE] = taps();

/// Doubles the sample rate.
#[derive(Clone, Debug)]
pub(super) struct Upsampler {
    past: [f32; UP_PAST],
}

impl Default for Upsampler {
    fn default() -> Self {
        Self { past: [0.0; UP_PAST] }
    }
}

impl Upsampler {
    /// Turns at most 20 ms at 8 kHz into as many at 16 kHz: `wide` is twice as long.
    pub(super) fn process(&mut self, narrow: &[i16], wide: &mut [i16]) {
        let mut input = [0.0_f32; UP_PAST + NARROW];
        let input = &mut input[..UP_PAST + narrow.len()];
        input[..UP_PAST].copy_from_slice(&self.past);
        for (to, &from) in input[UP_PAST..].iter_mut().zip(narrow) {
            *to = from.into();
        }
        for (window, out) in input.windows(UP_PAST + 1).zip(wide.chunks_exact_mut(2)) {
            let mut between = 0.0;
            for (index, tap) in TAPS.iter().enumerate() {
                between += tap * (window[SIDE - 1 - index] + window[SIDE + index]);
            }
            out[0] = window[SIDE - 1] as i16;
            out[1] = to_sample(between);
        }
        self.past.copy_from_slice(&input[narrow.len()..]);
    }
}

/// Halves the sample rate.
#[derive(Clone, Debug)]
pub(super) struct Downsampler {
    past: [f32; DOWN_PAST],
}

impl Default for Downsampler {
    fn default() -> Self {
        Self { past: [0.0; DOWN_PAST] }
    }
}

impl Downsampler {
    /// Turns at most 20 ms at 16 kHz into as many at 8 kHz: `narrow` is half as long.
    pub(super) fn process(&mut self, wide: &[i16], narrow: &mut [i16]) {
        let mut input = [0.0_f32; DOWN_PAST + WIDE];
        let input = &mut input[..DOWN_PAST + wide.len()];
        input[..DOWN_PAST].copy_from_slice(&self.past);
        for (to, &from) in input[DOWN_PAST..].iter_mut().zip(wide) {
            *to = from.into();
        }
        const CENTRE: usize = 2 * SIDE - 1;
        for (window, out) in input.windows(DOWN_PAST + 1).step_by(2).zip(narrow.iter_mut()) {
            let mut sum = window[CENTRE];
            for (index, tap) in TAPS.iter().enumerate() {
                sum += tap * (window[CENTRE - 1 - 2 * index] + window[CENTRE + 1 + 2 * index]);
            }
            *out = to_sample(sum / 2.0);
        }
        self.past.copy_from_slice(&input[wide.len()..]);
    }
}

/// Rounds and saturates.
fn to_sample(value: f32) -> i16 {
    value.round_ties_even() as i16
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
