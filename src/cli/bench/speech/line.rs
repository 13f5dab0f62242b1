//! A telephone line: its band, its coding, noise on it, and packets that get lost.

use crate::base::{Dice, Frame};
use crate::codec::{Codec, Decoder, Law};

/// What the line does to speech.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::cli::bench) enum Condition {
    /// 250 to 3,450 Hz and µ-law.
    Clean,
    /// And pink noise, 15 dB below the speech.
    Pink,
    /// And other people who talk, 15 dB below it.
    Babble,
    /// And 2 % of the packets lost, each by itself.
    Loss,
}

impl Condition {
    pub(super) const ALL: [Self; 4] = [Self::Clean, Self::Pink, Self::Babble, Self::Loss];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Pink => "pink 15 dB",
            Self::Babble => "babble 15 dB",
            Self::Loss => "2 % loss",
        }
    }
}

/// Speech that has come through: at 8 kHz as the far end of the line has it, and in frames as a recogniser gets them.
#[derive(Clone, Debug)]
pub(in crate::cli::bench) struct Through {
    pub(in crate::cli::bench) narrow: Vec<i16>,
    pub(super) frames: Vec<(Frame, bool)>,
}

/// 20 ms.
const PACKET: usize = 160;
const LOSS_PERCENT: u64 = 2;
const NOISE_BELOW: f64 = 15.0;
/// Speech comes at telephone level, pauses not counted.
const LEVEL: f64 = -22.0;

/// Sends speech through. `others` are what babble is made of; both are at 8 kHz.
pub(in crate::cli::bench) fn send(
    speech: &[f64],
    condition: Condition,
    others: &[Vec<f64>],
    seed: u64,
) -> Through {
    let mut dice = Dice::new(seed);
    let mut sound = levelled(&band(speech), LEVEL);
    match condition {
        Condition::Pink => {
            add(&mut sound, &levelled(&band(&pink(speech.len(), &mut dice)), LEVEL - NOISE_BELOW))
        }
        Condition::Babble => {
            let babble = babble(speech.len(), others, &mut dice);
            add(&mut sound, &levelled(&band(&babble), LEVEL - NOISE_BELOW));
        }
        Condition::Clean | Condition::Loss => {}
    }
    let coded: Vec<u8> = sound
        .iter()
        .map(|s| Law::Mu.encode((s * 32_768.0).clamp(-32_768.0, 32_767.0) as i16))
        .collect();
    let mut decoder = Decoder::new(Codec::Pcmu);
    let mut through = Through { narrow: Vec::new(), frames: Vec::new() };
    for packet in coded.chunks_exact(PACKET) {
        let lost = condition == Condition::Loss && dice.below(100) < LOSS_PERCENT;
        let mut frame = Frame::SILENCE;
        if lost {
            decoder.conceal(&mut frame.0);
        } else {
            decoder.decode(packet, &mut frame.0);
        }
        // Whoever else listens gets what the gateway made of it.
        through.narrow.extend(frame.0.chunks_exact(2).map(|two| i16::midpoint(two[0], two[1])));
        through.frames.push((frame, lost));
    }
    through
}

fn add(sound: &mut [f64], other: &[f64]) {
    for (sample, more) in sound.iter_mut().zip(other) {
        *sample += more;
    }
}

/// Sets the level of what is not silent, in dBov.
fn levelled(sound: &[f64], level: f64) -> Vec<f64> {
    let power = |part: &[f64]| part.iter().map(|s| s * s).sum::<f64>() / part.len().max(1) as f64;
    let powers: Vec<f64> = sound.chunks(PACKET).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let active: Vec<f64> = powers.into_iter().filter(|p| *p > loudest / 1000.0).collect();
    let rms = (active.iter().sum::<f64>() / active.len().max(1) as f64).sqrt();
    let gain = if rms > 0.0 { 10_f64.powf(level / 20.0) / rms } else { 0.0 };
    sound.iter().map(|s| s * gain).collect()
}

/// Half the taps of the filter.
const HALF: usize = 64;

/// A band-pass of 250 to 3,450 Hz: two windowed sinc functions, one taken from the other.
fn band(sound: &[f64]) -> Vec<f64> {
    let low_pass = |hertz: f64, n: f64| {
        let x = 2.0 * hertz / 8000.0;
        if n == 0.0 { x } else { (std::f64::consts::PI * x * n).sin() / (std::f64::consts::PI * n) }
    };
    let taps: Vec<f64> = (0..=2 * HALF)
        .map(|n| {
            let at = n as f64 - HALF as f64;
            let hann = 0.5 + 0.5 * (std::f64::consts::PI * at / (HALF as f64 + 1.0)).cos();
            hann * (low_pass(3450.0, at) - low_pass(250.0, at))
        })
        .collect();
    (0..sound.len())
        .map(|n| {
            let tap = |(k, tap): (usize, &f64)| {
                let at = (n + HALF).checked_sub(k)?;
                sound.get(at).map(|s| s * tap)
            };
            taps.iter().enumerate().filter_map(tap).sum()
        })
        .collect()
}

fn uniform(dice: &mut Dice) -> f64 {
    (dice.bits() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
}

/// White noise through three poles: 3 dB an octave less, within half a decibel (Paul Kellet's economy filter).
fn pink(length: usize, dice: &mut Dice) -> Vec<f64> {
    let mut b = [0.0; 3];
    (0..length)
        .map(|_| {
            let white = uniform(dice);
            b[0] = 0.99765 * b[0] + white * 0.099_046_0;
            b[1] = 0.96300 * b[1] + white * 0.296_516_4;
            b[2] = 0.57000 * b[2] + white * 1.052_691_3;
            b[0] + b[1] + b[2] + white * 0.1848
        })
        .collect()
}

/// Six people who talk at once, each from somewhere in something else that was said.
fn babble(length: usize, others: &[Vec<f64>], dice: &mut Dice) -> Vec<f64> {
    let mut sum = vec![0.0; length];
    for _ in 0..6 {
        let Some(other) = others.get(dice.below(others.len().max(1) as u64) as usize) else {
            break;
        };
        let from = dice.below(other.len().max(1) as u64) as usize;
        let voice = levelled(other, LEVEL);
        add(&mut sum, &voice.iter().cycle().skip(from).take(length).copied().collect::<Vec<_>>());
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64) -> Vec<f64> {
        (0..8000)
            .map(|n| 0.3 * (std::f64::consts::TAU * hertz * f64::from(n) / 8000.0).sin())
            .collect()
    }

    fn decibel(sound: &[f64]) -> f64 {
        let middle = &sound[1000..7000];
        10.0 * (middle.iter().map(|s| s * s).sum::<f64>() / middle.len() as f64).max(1e-12).log10()
    }

    #[test]
    fn the_band_is_that_of_a_telephone() {
        let through = |hertz| decibel(&band(&tone(hertz))) - decibel(&tone(hertz));
        for hertz in [400.0, 1000.0, 2000.0, 3200.0] {
            assert!(through(hertz).abs() < 1.0, "{hertz}: {}", through(hertz));
        }
        for hertz in [60.0, 120.0, 3800.0] {
            assert!(through(hertz) < -20.0, "{hertz}: {}", through(hertz));
        }
    }

    #[test]
    fn noise_lies_as_far_below_as_it_says() {
        let speech = tone(1000.0);
        let others = [tone(700.0)];
        let clean = send(&speech, Condition::Clean, &others, 1).narrow;
        for condition in [Condition::Pink, Condition::Babble] {
            let noisy = send(&speech, condition, &others, 1).narrow;
            let level = |sound: &[i16]| {
                decibel(&sound.iter().map(|s| f64::from(*s) / 32_768.0).collect::<Vec<_>>())
            };
            let noise: Vec<i16> = noisy.iter().zip(&clean).map(|(a, b)| a - b).collect();
            let below = level(&clean) - level(&noise);
            assert!((12.0..18.0).contains(&below), "{condition:?}: {below}");
        }
    }

    #[test]
    fn lost_packets_are_made_up_and_told() {
        let speech: Vec<f64> = (0..10).flat_map(|_| tone(300.0)).collect();
        let through = send(&speech, Condition::Loss, &[], 7);
        let lost = through.frames.iter().filter(|(_, lost)| *lost).count();
        assert!((2..25).contains(&lost), "{lost} of {}", through.frames.len());
        assert_eq!(send(&speech, Condition::Loss, &[], 7).narrow, through.narrow);
    }
}
