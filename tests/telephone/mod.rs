//! A telephone line in small: what 8 kHz, a telephone's band and µ-law leave of a voice.

/// Taps of the filters; odd, so that the delay is whole.
const TAPS: usize = 101;

/// Returns what the far end hears of 16 kHz sound, at 16 kHz again.
pub(crate) fn line(sound: &[i16]) -> Vec<i16> {
    let band = convolve(sound.iter().map(|&s| f64::from(s)).collect(), &band_pass(250.0, 3_450.0));
    let narrow = band.iter().step_by(2).map(|&s| f64::from(through_mu_law(clamp(s))));
    // Every second sample is nothing; the low-pass at twice the level fills it in.
    let stuffed: Vec<f64> = narrow.flat_map(|s| [s * 2.0, 0.0]).collect();
    convolve(stuffed, &band_pass(0.0, 3_800.0)).into_iter().map(clamp).collect()
}

fn clamp(sample: f64) -> i16 {
    sample.round().clamp(-32_768.0, 32_767.0) as i16
}

/// A windowed sinc, Hamming.
fn band_pass(low: f64, high: f64) -> Vec<f64> {
    let sinc = |hz: f64, n: f64| {
        let w = std::f64::consts::TAU * hz / 16_000.0;
        if n == 0.0 { w / std::f64::consts::PI } else { (w * n).sin() / (std::f64::consts::PI * n) }
    };
    (0..TAPS)
        .map(|i| {
            let n = i as f64 - (TAPS / 2) as f64;
            let window = 0.54 - 0.46 * (std::f64::consts::TAU * i as f64 / (TAPS - 1) as f64).cos();
            (sinc(high, n) - sinc(low, n)) * window
        })
        .collect()
}

fn convolve(sound: Vec<f64>, filter: &[f64]) -> Vec<f64> {
    let half = filter.len() / 2;
    (0..sound.len())
        .map(|at| {
            let from = (at + half).saturating_sub(sound.len() - 1);
            let to = filter.len().min(at + half + 1);
            (from..to).map(|tap| filter[tap] * sound[at + half - tap]).sum()
        })
        .collect()
}

/// ITU-T G.711 µ-law, there and back.
fn through_mu_law(sample: i16) -> i16 {
    let magnitude = (i32::from(sample).abs() + 132).min(32_635 + 132 - 132);
    let exponent = (31 - (magnitude | 0x80).leading_zeros() as i32 - 7).clamp(0, 7);
    let mantissa = (magnitude >> (exponent + 3)) & 0x0f;
    let back = (((mantissa << 3) + 132) << exponent) - 132;
    (if sample < 0 { -back } else { back }) as i16
}
