//! G.722 (ITU-T G.722, 1988 and 2012): 7 kHz of sound in 64 kbit/s, mode 1.
//!
//! A filter pair splits 16 kHz into two bands of 8 kHz; each is coded as the difference from what
//! an adaptive predictor expects, six bits below and two above. The names are those of the
//! recommendation's blocks. All arithmetic is that of the recommendation, bit for bit.

/// The filter pair's coefficients (table 11): one half, the other is its mirror image.
const QMF: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
/// Decision levels of the six-bit quantiser (table 14), from the second one on.
const DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];
/// Output of the six-bit inverse quantiser (table 17), by the code.
const LEVELS_6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776,
    -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280,
    11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776,
    2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
];
/// Output of the four-bit inverse quantiser, which the predictors of both ends follow.
const LEVELS_4: [i32; 16] = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584,
    1200, 0,
];
/// Output of the two-bit inverse quantiser of the upper band.
const LEVELS_2: [i32; 4] = [-7408, -1616, 7408, 1616];
/// How the lower band's scale moves after each four-bit code.
const STEPS_4: [i32; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];
/// How the upper band's scale moves after each two-bit code.
const STEPS_2: [i32; 4] = [798, -214, 798, -214];
/// 2048 · 2^(n/32): the fraction of the scale's logarithm (table 20).
const FRACTIONS: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];

/// What the quantiser and predictor of one band remember.
#[derive(Clone, Debug)]
struct Band {
    /// The predicted sample (S), and its part from the zeros (SZ).
    predicted: i32,
    from_zeros: i32,
    /// Reconstructed samples (R), the latest first.
    sums: [i32; 2],
    /// Partly reconstructed samples (P).
    parts: [i32; 2],
    /// The two poles (A) and six zeros (B), and the differences the zeros see (D).
    poles: [i32; 2],
    zeros: [i32; 6],
    differences: [i32; 6],
    /// The scale (DET) and its logarithm (NB).
    scale: i32,
    log_scale: i32,
}

impl Band {
    fn new(scale: i32) -> Self {
        Self {
            predicted: 0,
            from_zeros: 0,
            sums: [0; 2],
            parts: [0; 2],
            poles: [0; 2],
            zeros: [0; 6],
            differences: [0; 6],
            scale,
            log_scale: 0,
        }
    }

    /// LOGSCL, SCALEL, LOGSCH, SCALEH: the scale follows how large the differences are.
    fn adapt_scale(&mut self, step: i32, highest: i32, shift: i32) {
        self.log_scale = (((self.log_scale * 127) >> 7) + step).clamp(0, highest);
        let fraction = FRACTIONS[((self.log_scale >> 6) & 31) as usize];
        let exponent = shift - (self.log_scale >> 11);
        self.scale = match exponent {
            ..0 => fraction << -exponent,
            _ => fraction >> exponent,
        } << 2;
    }

    /// Block 4: takes a quantised difference and predicts the next sample.
    fn predict(&mut self, difference: i32) {
        let sum = saturate(self.predicted + difference);
        let part = saturate(self.from_zeros + difference);
        self.poles = self.adapt_poles(part);
        // UPZERO
        let gain = if difference == 0 { 0 } else { 128 };
        for (zero, earlier) in self.zeros.iter_mut().zip(self.differences) {
            let step = if (earlier < 0) == (difference < 0) { gain } else { -gain };
            *zero = saturate(step + ((*zero * 32_640) >> 15));
        }
        // DELAYA
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.parts = [part, self.parts[0]];
        self.sums = [sum, self.sums[0]];
        // FILTEP, FILTEZ, PREDIC
        let filtered = |(sample, factor): (&i32, &i32)| (saturate(2 * sample) * factor) >> 15;
        let from_poles = self.sums.iter().zip(&self.poles).map(filtered).sum::<i32>();
        self.from_zeros =
            saturate(self.differences.iter().zip(&self.zeros).map(filtered).sum::<i32>());
        self.predicted = saturate(saturate(from_poles) + self.from_zeros);
    }

    /// UPPOL2 and UPPOL1.
    fn adapt_poles(&self, part: i32) -> [i32; 2] {
        let [first, second] = self.poles;
        let [same_1, same_2] = self.parts.map(|earlier| (earlier < 0) == (part < 0));
        let four = saturate(first << 2);
        let pull = if same_1 { (-four).min(32_767) } else { four };
        let push = if same_2 { 128 } else { -128 };
        let second = (push + (pull >> 7) + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        let limit = saturate(15_360 - second);
        let push = if same_1 { 192 } else { -192 };
        let first = saturate(push + ((first * 32_640) >> 15)).clamp(-limit, limit);
        [first, second]
    }
}

/// The lower and the upper band.
#[derive(Clone, Debug)]
struct Bands {
    low: Band,
    high: Band,
}

impl Default for Bands {
    fn default() -> Self {
        Self { low: Band::new(32), high: Band::new(8) }
    }
}

impl Bands {
    /// Follows a code, as both ends do.
    fn follow(&mut self, code: u8) {
        let low = usize::from(code & 0x3f) >> 2;
        let difference = (self.low.scale * LEVELS_4[low]) >> 15;
        self.low.adapt_scale(STEPS_4[low], 18_432, 8);
        self.low.predict(difference);
        let high = usize::from(code >> 6);
        let difference = (self.high.scale * LEVELS_2[high]) >> 15;
        self.high.adapt_scale(STEPS_2[high], 22_528, 10);
        self.high.predict(difference);
    }
}

/// Encodes one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct G722Encoder {
    bands: Bands,
    past: [i32; 24],
}

impl G722Encoder {
    /// Encodes two samples at 16 kHz.
    pub(super) fn encode(&mut self, pair: [i16; 2]) -> u8 {
        self.past.copy_within(2.., 0);
        self.past[22] = pair[0].into();
        self.past[23] = pair[1].into();
        let (mut odd, mut even) = (0, 0);
        for (index, two) in self.past.chunks_exact(2).enumerate() {
            odd += two[0] * QMF[index];
            even += two[1] * QMF[11 - index];
        }
        let low = quantise_low(
            saturate(((even + odd) >> 14) - self.bands.low.predicted),
            &self.bands.low,
        );
        let high = quantise_high(
            saturate(((even - odd) >> 14) - self.bands.high.predicted),
            &self.bands.high,
        );
        let code = high << 6 | low;
        self.bands.follow(code);
        code
    }
}

/// QUANTL: six bits.
fn quantise_low(difference: i32, band: &Band) -> u8 {
    let size = if difference < 0 { -(difference + 1) } else { difference };
    // They rise, so that half of those left are out with each look.
    let level = DECISIONS.partition_point(|level| size >= (level * band.scale) >> 12) as u8;
    match (difference < 0, level) {
        // The two smallest negative codes stand apart (table 15).
        (true, 0) => 63,
        (true, 1) => 62,
        (true, level) => 33 - level,
        (false, level) => 61 - level,
    }
}

/// QUANTH: two bits.
fn quantise_high(difference: i32, band: &Band) -> u8 {
    let size = if difference < 0 { -(difference + 1) } else { difference };
    let large = size >= (564 * band.scale) >> 12;
    match (difference < 0, large) {
        (true, false) => 1,
        (true, true) => 0,
        (false, false) => 3,
        (false, true) => 2,
    }
}

/// Decodes one stream.
#[derive(Clone, Debug, Default)]
pub(super) struct G722Decoder {
    bands: Bands,
    past: [i32; 24],
}

impl G722Decoder {
    /// Decodes two samples at 16 kHz.
    pub(super) fn decode(&mut self, code: u8) -> [i16; 2] {
        let Bands { low, high } = &self.bands;
        let difference = (low.scale * LEVELS_6[usize::from(code & 0x3f)]) >> 15;
        let low = (low.predicted + difference).clamp(-16_384, 16_383);
        let difference = (high.scale * LEVELS_2[usize::from(code >> 6)]) >> 15;
        let high = (high.predicted + difference).clamp(-16_384, 16_383);
        self.bands.follow(code);
        self.past.copy_within(2.., 0);
        self.past[22] = low + high;
        self.past[23] = low - high;
        let (mut first, mut second) = (0, 0);
        for (index, two) in self.past.chunks_exact(2).enumerate() {
            second += two[0] * QMF[index];
            first += two[1] * QMF[11 - index];
        }
        [saturate(first >> 11) as i16, saturate(second >> 11) as i16]
    }
}

fn saturate(value: i32) -> i32 {
    value.clamp(i16::MIN.into(), i16::MAX.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Speech-like sound with energy in both bands, from nothing but arithmetic.
    fn sound(seconds: usize) -> Vec<i16> {
        let mut noise = 1_u32;
        (0..seconds * 16_000)
            .map(|i| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let t = i as f64 / 16_000.0;
                let syllable = (TAU * 3.0 * t).sin().max(0.0);
                let voice = (1..12).map(|k| (TAU * 140.0 * f64::from(k) * t).sin() / f64::from(k));
                let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
                (6000.0 * syllable * voice.sum::<f64>() + 4000.0 * (1.0 - syllable) * hiss) as i16
            })
            .collect()
    }

    fn encode(samples: &[i16]) -> Vec<u8> {
        let mut encoder = G722Encoder::default();
        samples.chunks_exact(2).map(|pair| encoder.encode([pair[0], pair[1]])).collect()
    }

    fn decode(codes: &[u8]) -> Vec<i16> {
        let mut decoder = G722Decoder::default();
        codes.iter().flat_map(|&code| decoder.decode(code)).collect()
    }

    #[test]
    fn what_comes_back_is_what_went_in_22_samples_later() {
        let sent = sound(2);
        let heard = decode(&encode(&sent));
        let error = |delay: usize| -> f64 {
            let pairs = sent.iter().zip(&heard[delay..]).skip(1000);
            pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
        };
        let (delay, least) =
            (0..60).map(|d| (d, error(d))).min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        let energy: f64 = sent.iter().map(|&s| f64::from(s).powi(2)).sum();
        let ratio = 10.0 * (energy / least).log10();
        assert_eq!(delay, 22);
        assert!(ratio > 18.0, "{ratio:.1} dB");
    }

    #[test]
    fn silence_stays_silent_and_any_bytes_decode() {
        let heard = decode(&encode(&[0; 3200]));
        assert!(heard.iter().all(|s| s.unsigned_abs() < 8), "{:?}", heard.iter().max());
        let mut bytes = Vec::new();
        let mut state = 7_u32;
        for _ in 0..100_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            bytes.push((state >> 24) as u8);
        }
        assert_eq!(decode(&bytes).len(), 200_000);
    }

    #[test]
    fn full_scale_does_not_overflow() {
        let square: Vec<i16> =
            (0..32_000).map(|i| if i / 40 % 2 == 0 { i16::MAX } else { i16::MIN }).collect();
        assert_eq!(decode(&encode(&square)).len(), 32_000);
    }
}
