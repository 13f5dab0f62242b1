//! Comfort noise (RFC 3389): what the noise of a silent line is like, in a dozen bytes, and noise
//! that is like it.
//!
//! All at 8 kHz, for which the payload type is made. The filter is all-pole, of the reflection
//! coefficients on the wire.

use crate::base::Decibel;

use super::resample::{Downsampler, NARROW, Upsampler, WIDE};

/// Coefficients that are sent, and the most that are heard; more tell nothing of a room.
const ORDER: usize = 10;
/// The longest payload that is made: the level and the coefficients.
pub const NOISE_PAYLOAD: usize = 1 + ORDER;
/// Quieter than any line.
const SILENT: u8 = 127;
/// RFC 3389 §3.2: how much one step of a coefficient is.
const STEP: f32 = 258.0 / 32_768.0;
/// A line's noise is steady: a new frame counts for an eighth.
const NEW: f32 = 0.125;

/// What noise is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseLikeness {
    /// In −dBov: 0 to 127.
    level: u8,
    /// As on the wire, each from 0 to 254; 127 is none.
    coefficients: [u8; ORDER],
}

impl NoiseLikeness {
    /// Noise with every frequency in it.
    pub fn white(level: Decibel) -> Self {
        Self { level: to_wire(level), coefficients: [127; ORDER] }
    }

    /// Reads a payload; an empty one tells nothing. Coefficients beyond those we use are left out.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (level, rest) = payload.split_first()?;
        let mut coefficients = [127; ORDER];
        for (ours, &theirs) in coefficients.iter_mut().zip(rest) {
            *ours = theirs.min(254);
        }
        Some(Self { level: level & 0x7f, coefficients })
    }

    /// Writes the payload, and returns its length; nothing where there is no room for it.
    pub fn write(&self, out: &mut [u8]) -> usize {
        let told = ORDER - self.coefficients.iter().rev().take_while(|it| **it == 127).count();
        let Some(out) = out.get_mut(..=told) else { return 0 };
        out[0] = self.level;
        out[1..].copy_from_slice(&self.coefficients[..told]);
        out.len()
    }

    /// Returns how loud it is.
    pub fn level(&self) -> Decibel {
        Decibel(-f32::from(self.level))
    }

    fn reflections(&self) -> [f32; ORDER] {
        self.coefficients.map(|wire| (f32::from(wire) - 127.0) * STEP)
    }
}

/// Listens to noise, and says what it is like.
#[derive(Clone, Debug, Default)]
pub struct NoiseListener {
    downsampler: Downsampler,
    /// Mean products of samples so many apart.
    products: [f32; ORDER + 1],
    heard: bool,
}

impl NoiseListener {
    /// Takes sound in which nobody speaks, at most 20 ms of it at 16 kHz.
    pub fn hear(&mut self, sound: &[i16]) {
        let mut narrow = [0; NARROW];
        let wide = &sound[..sound.len().min(WIDE) & !1];
        let narrow = &mut narrow[..wide.len() / 2];
        if narrow.len() <= ORDER {
            return;
        }
        self.downsampler.process(wide, narrow);
        let weight = if self.heard { NEW } else { 1.0 };
        self.heard = true;
        for (lag, product) in self.products.iter_mut().enumerate() {
            let pairs = narrow.iter().zip(&narrow[lag..]);
            let sum: f32 = pairs.map(|(&a, &b)| f32::from(a) * f32::from(b)).sum();
            *product += weight * (sum / narrow.len() as f32 - *product);
        }
    }

    /// Returns what has been heard.
    pub fn likeness(&self) -> NoiseLikeness {
        let rms = self.products[0].max(0.0).sqrt() / 32_768.0;
        let level = Decibel(20.0 * rms.max(1e-7).log10());
        let coefficients = reflections(&self.products).map(|it| {
            // Out of its range it is a rounding error of a pure tone, which is no noise.
            ((it / STEP).round() + 127.0).clamp(1.0, 253.0) as u8
        });
        NoiseLikeness { level: to_wire(level), coefficients }
    }
}

/// Levinson and Durbin: coefficients of a lattice whose noise has these products.
fn reflections(products: &[f32; ORDER + 1]) -> [f32; ORDER] {
    let mut reflections = [0.0; ORDER];
    // A floor 40 dB down keeps the filter from ringing at what rounding left.
    let mut error = products[0] * 1.0001 + 1e-3;
    let mut filter = [0.0_f32; ORDER];
    for order in 0..ORDER {
        let known: f32 = (0..order).map(|i| filter[i] * products[order - i]).sum();
        let reflection = -(products[order + 1] + known) / error;
        let before = filter;
        filter[order] = reflection;
        for i in 0..order {
            filter[i] = before[i] + reflection * before[order - 1 - i];
        }
        error *= 1.0 - reflection * reflection;
        if error <= 0.0 || !reflection.is_finite() {
            break;
        }
        reflections[order] = reflection;
    }
    reflections
}

/// Makes noise that is like what was described.
#[derive(Clone, Debug)]
pub struct NoiseMaker {
    filter: [f32; ORDER],
    /// What the filter is fed with is so loud, and is to be.
    gain: f32,
    target: f32,
    /// The latest sample last.
    past: [f32; ORDER],
    dice: u32,
    upsampler: Upsampler,
}

impl Default for NoiseMaker {
    /// Makes silence until it is told otherwise.
    fn default() -> Self {
        Self {
            filter: [0.0; ORDER],
            gain: 0.0,
            target: 0.0,
            past: [0.0; ORDER],
            dice: 1,
            upsampler: Upsampler::default(),
        }
    }
}

impl NoiseMaker {
    /// Goes on with noise that is like this.
    pub fn be(&mut self, likeness: &NoiseLikeness) {
        let mut filter = [0.0_f32; ORDER];
        let mut left = 1.0;
        for (order, reflection) in likeness.reflections().into_iter().enumerate() {
            let before = filter;
            filter[order] = reflection;
            for i in 0..order {
                filter[i] = before[i] + reflection * before[order - 1 - i];
            }
            left *= 1.0 - reflection * reflection;
        }
        self.filter = filter;
        // A die between -1 and 1 has a third of the power of one that is always either.
        let rms = 32_768.0 * 10.0_f32.powf(likeness.level().0 / 20.0);
        self.target = if likeness.level >= SILENT { 0.0 } else { rms * (3.0 * left).sqrt() };
        // The first time there is nothing to come from.
        if self.gain == 0.0 {
            self.gain = self.target;
        }
    }

    /// Whether it was told of any noise.
    pub fn is_silent(&self) -> bool {
        self.target == 0.0
    }

    /// Makes noise at 8 kHz, a frame at most at once.
    pub(super) fn narrow(&mut self, out: &mut [i16]) {
        let mut made = [0.0_f32; ORDER + NARROW];
        made[..ORDER].copy_from_slice(&self.past);
        // The latest sample comes last, so that all others can be added before it is there.
        let mut filter = self.filter;
        filter.reverse();
        for (index, sample) in out.iter_mut().enumerate() {
            self.dice = self.dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let die = (self.dice >> 8) as f32 / 8_388_608.0 - 1.0;
            let past = &made[index..index + ORDER];
            let known: f32 =
                filter.iter().zip(past).map(|(factor, earlier)| factor * earlier).sum();
            let value = self.gain * die - known;
            made[index + ORDER] = value;
            *sample = value as i16;
        }
        self.past.copy_from_slice(&made[out.len()..out.len() + ORDER]);
        // What is described anew comes in over some 80 ms.
        self.gain += 0.25 * (self.target - self.gain);
        if !self.past.iter().all(|it| it.is_finite()) {
            self.past = [0.0; ORDER];
        }
    }

    /// Makes noise at 16 kHz: an even number of samples.
    pub fn fill(&mut self, out: &mut [i16]) {
        for wide in out.chunks_mut(WIDE) {
            let mut narrow = [0; NARROW];
            let narrow = &mut narrow[..wide.len() / 2];
            self.narrow(narrow);
            self.upsampler.process(narrow, &mut wide[..2 * narrow.len()]);
        }
    }
}

fn to_wire(level: Decibel) -> u8 {
    (-level.0).round().clamp(0.0, f32::from(SILENT)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Noise of a room: louder below 500 Hz, and a hum of air at 1.5 kHz.
    fn room(frames: usize) -> Vec<i16> {
        let (mut dice, mut low, mut hum) = (7_u32, 0.0, [0.0; 2]);
        (0..frames * WIDE)
            .map(|_| {
                dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let white = f64::from(dice >> 8) / 8_388_608.0 - 1.0;
                low += 0.15 * (white - low);
                let next = white + 1.9 * 0.97 * (TAU * 1500.0 / 16e3).cos() * hum[0] - 0.9 * hum[1];
                hum = [next, hum[0]];
                (400.0 * low + 20.0 * next) as i16
            })
            .collect()
    }

    /// Power in dB in bands of 250 Hz below 3.5 kHz.
    fn bands(sound: &[i16]) -> [f64; 14] {
        let mut power = [1e-9; 14];
        for piece in sound.chunks_exact(640) {
            for (band, sum) in power.iter_mut().enumerate() {
                for line in 0..10 {
                    let hertz = (band * 250 + line * 25) as f64 + 12.5;
                    let (mut re, mut im) = (0.0, 0.0);
                    for (i, &sample) in piece.iter().enumerate() {
                        let window = 1.0 - (TAU * i as f64 / 640.0).cos();
                        let phase = TAU * hertz * i as f64 / 16e3;
                        re += window * f64::from(sample) * phase.cos();
                        im += window * f64::from(sample) * phase.sin();
                    }
                    *sum += re * re + im * im;
                }
            }
        }
        power.map(|sum| 10.0 * sum.log10())
    }

    fn distance(a: &[i16], b: &[i16]) -> f64 {
        let (a, b) = (bands(a), bands(b));
        (a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / a.len() as f64).sqrt()
    }

    fn made(likeness: &NoiseLikeness, frames: usize) -> Vec<i16> {
        let (mut maker, mut out) = (NoiseMaker::default(), vec![0; frames * WIDE]);
        maker.be(likeness);
        maker.fill(&mut out);
        out
    }

    fn level(sound: &[i16]) -> f64 {
        let energy: f64 = sound.iter().map(|&s| f64::from(s).powi(2)).sum();
        10.0 * (energy / sound.len() as f64 / 32_768.0_f64.powi(2)).log10()
    }

    #[test]
    fn noise_is_like_what_was_heard_and_white_noise_is_not() {
        let room = room(50);
        let mut listener = NoiseListener::default();
        room.chunks_exact(WIDE).for_each(|frame| listener.hear(frame));
        let mut payload = [0; NOISE_PAYLOAD];
        let length = listener.likeness().write(&mut payload);
        let likeness = NoiseLikeness::parse(&payload[..length]).unwrap();
        assert_eq!(likeness, listener.likeness());
        let ours = distance(&made(&likeness, 50), &room);
        let white = distance(&made(&NoiseLikeness::white(likeness.level()), 50), &room);
        assert!(ours < 2.5 && white > 5.0, "{ours:.1} dB, and white {white:.1} dB");
    }

    #[test]
    fn noise_is_as_loud_as_it_says() {
        for loud in [-20.0, -40.0, -55.0, -70.0] {
            let heard = level(&made(&NoiseLikeness::white(Decibel(loud)), 100));
            assert!((heard - f64::from(loud)).abs() < 1.0, "{heard:.1} for {loud}");
            // With a strong colour too.
            let coloured = NoiseLikeness {
                coefficients: [20, 200, 100, 127, 127, 127, 127, 127, 127, 127],
                ..NoiseLikeness::white(Decibel(loud))
            };
            let heard = level(&made(&coloured, 400));
            assert!((heard - f64::from(loud)).abs() < 1.5, "{heard:.1} for {loud}, coloured");
        }
        assert!(made(&NoiseLikeness::white(Decibel(-127.0)), 10).iter().all(|s| *s == 0));
    }

    #[test]
    fn any_payload_makes_noise_that_stays_bounded() {
        assert_eq!(NoiseLikeness::parse(&[]), None);
        let (mut state, mut maker) = (5_u32, NoiseMaker::default());
        for round in 0..400 {
            let payload: Vec<u8> = (0..1 + round % 40)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    [(state >> 24) as u8, 0, 254, 255][(state >> 20) as usize & 3]
                })
                .collect();
            maker.be(&NoiseLikeness::parse(&payload).unwrap());
            let mut out = [0; 2 * WIDE];
            maker.fill(&mut out);
            maker.fill(&mut out[..(round % 320) & !1]);
        }
        maker.be(&NoiseLikeness::white(Decibel(-60.0)));
        let mut out = [0; 100 * WIDE];
        maker.fill(&mut out);
        assert!((level(&out[50 * WIDE..]) + 60.0).abs() < 1.0);
    }

    #[test]
    fn silence_and_a_tone_are_described_too() {
        let mut listener = NoiseListener::default();
        listener.hear(&[0; WIDE]);
        assert_eq!(listener.likeness().level(), Decibel(-127.0));
        let tone: Vec<i16> = (0..50 * WIDE)
            .map(|i| (1000.0 * (TAU * 440.0 * i as f64 / 16e3).sin()) as i16)
            .collect();
        tone.chunks_exact(WIDE).for_each(|frame| listener.hear(frame));
        let likeness = listener.likeness();
        assert!((likeness.level().0 + 33.3).abs() < 1.0, "{:?}", likeness.level());
        let made = made(&likeness, 100);
        assert!(level(&made) < -20.0, "{:.1}", level(&made));
    }
}
