//! Digits in the sound itself (ITU-T Q.23, Q.24), for a PBX that sends no events.
//!
//! Goertzel's filter at the eight frequencies, over blocks of 12.75 ms that begin every 6.4 ms. A digit needs four
//! blocks in a row that hold its two tones and little else: a tone of 40 ms has them wherever it begins, one of
//! 23 ms has not, and speech hardly ever has.

use std::f32::consts::TAU;
use std::fmt;

use crate::base::Frame;

/// Samples of half a block at 8 kHz. A block is two: its filters are 78 Hz wide, which tells neighbours apart.
const HALF: usize = 51;
const BLOCK: usize = 2 * HALF;
/// Hz, of the rows and of the columns (Q.23).
pub(super) const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
/// See [`ROWS`].
pub(super) const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
pub(super) const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// The weakest tone: -36 dBm0, as an amplitude in 16 bits.
const WEAKEST: f32 = 350.0;
/// How much of a block's power the two tones hold: what is beside them, or before and after them, is little.
const SHARE: f32 = 0.66;
/// How much stronger a tone is than the next in its group: 6 dB.
const CLEAR: f32 = 4.0;
/// The high tone may be 4 dB over the low one and 8 dB under it (Q.24, AT&T); what is more is for the filters.
const HIGH_OVER_LOW: f32 = 5.0;
const LOW_OVER_HIGH: f32 = 14.0;
/// A tone belongs to its place if it is nearer to that than to one 5 % beside: 1.5 % off is taken, 3.5 % is not.
const BESIDE: f32 = 0.05;
/// Blocks with the digit that make it one.
const NEEDED: u8 = 4;
/// Blocks without the digit after which it is over: a pause of 40 ms has six, an interruption of 10 ms three.
const GAP: u8 = 5;
/// Blocks without the digit that interrupt a row of others, and do not end it.
const BRIDGED: u8 = 3;
/// Blocks with a digit from which the sound is taken for tones, and kept from whoever listens for words.
const TONES: u8 = 2;

/// What is in a frame.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Tones {
    /// A digit that has begun.
    pub(super) pressed: Option<char>,
    /// Whether the frame is a digit's sound.
    pub(super) present: bool,
}

/// A number for each of the eight frequencies: side by side, so that the processor takes them at once.
type Eight = [f32; 8];

/// What a tone turns in some samples.
#[derive(Clone, Copy, Debug)]
struct Turn {
    cos: Eight,
    sin: Eight,
}

impl Turn {
    fn of(samples: usize) -> Self {
        let angle = |index: usize| {
            let hertz = if index < 4 { ROWS[index] } else { COLUMNS[index - 4] };
            TAU * hertz / 8000.0 * samples as f32
        };
        Self {
            cos: std::array::from_fn(|index| angle(index).cos()),
            sin: std::array::from_fn(|index| angle(index).sin()),
        }
    }
}

/// Finds digits in one stream.
#[derive(Clone)]
pub(super) struct ToneDetector {
    /// 2 cos of what a tone turns in a sample.
    factor: Eight,
    /// The two values of each filter.
    one: Eight,
    two: Eight,
    /// Their result over the half block before, a complex number.
    before: (Eight, Eight),
    /// In a sample, and in half a block.
    turn: Turn,
    half_turn: Turn,
    samples: [f32; BLOCK],
    filled: usize,
    /// Of the two halves.
    power: [f32; 2],
    /// The digit that the last blocks held, how many of them, and how many since did not.
    last: Option<char>,
    row: u8,
    missed: u8,
    /// The digit that is being held down.
    held: Option<char>,
    /// Blocks without it.
    gap: u8,
}

impl Default for ToneDetector {
    fn default() -> Self {
        Self {
            factor: Turn::of(1).cos.map(|cos| 2.0 * cos),
            one: [0.0; 8],
            two: [0.0; 8],
            before: ([0.0; 8], [0.0; 8]),
            turn: Turn::of(1),
            half_turn: Turn::of(HALF),
            samples: [0.0; BLOCK],
            filled: HALF,
            power: [0.0; 2],
            last: None,
            row: 0,
            missed: 0,
            held: None,
            gap: 0,
        }
    }
}

impl ToneDetector {
    /// Takes 20 ms.
    pub(super) fn hear(&mut self, frame: &Frame) -> Tones {
        let mut heard = Tones { pressed: None, present: self.is_present() };
        // Nothing below 2 kHz is lost by leaving out every second sample, and what folds down from above 4 kHz
        // only makes a block less pure.
        for &sample in frame.0.iter().step_by(2) {
            let sample = f32::from(sample);
            for i in 0..8 {
                let next = (sample - self.two[i]) + self.factor[i] * self.one[i];
                (self.one[i], self.two[i]) = (next, self.one[i]);
            }
            self.power[1] += sample * sample;
            self.samples[self.filled] = sample;
            self.filled += 1;
            if self.filled == BLOCK {
                heard.pressed = self.end_half().or(heard.pressed);
                heard.present |= self.is_present();
            }
        }
        heard
    }

    fn is_present(&self) -> bool {
        self.held.is_some() || self.row >= TONES
    }

    /// Half a block is full: with the one before it, it is a block.
    fn end_half(&mut self) -> Option<char> {
        let found = self.digit();
        self.samples.copy_within(HALF.., 0);
        self.filled = HALF;
        self.power = [self.power[1], 0.0];
        if found.is_some() {
            self.row = if found == self.last { self.row.saturating_add(1) } else { 1 };
            (self.last, self.missed) = (found, 0);
        } else {
            self.missed = self.missed.saturating_add(1);
            self.row = if self.missed > BRIDGED { 0 } else { self.row };
        }
        self.gap = if found == self.held { 0 } else { self.gap.saturating_add(1) };
        if self.gap >= GAP {
            self.held = None;
        }
        if self.row >= NEEDED && found.is_some() && found != self.held {
            (self.held, self.gap) = (found, 0);
            return found;
        }
        None
    }

    /// The digit of the block, if it holds one and little else.
    fn digit(&mut self) -> Option<char> {
        let powers = self.end_filters();
        let (row, low) = strongest(&powers[..4])?;
        let (column, high) = strongest(&powers[4..])?;
        let half = BLOCK as f32 / 2.0;
        let loud = low.min(high) >= (WEAKEST * half).powi(2);
        let pure = low + high >= SHARE * (self.power[0] + self.power[1]) * half;
        let even = high <= low * HIGH_OVER_LOW && low <= high * LOW_OVER_HIGH;
        // The frequencies last: they cost most, and are seldom asked for.
        let digit = loud && pure && even && self.is_at(ROWS[row]) && self.is_at(COLUMNS[column]);
        digit.then_some(KEYS[row][column])
    }

    /// Ends a half of each filter, and returns the power of the whole block in it.
    fn end_filters(&mut self) -> Eight {
        let (turn, half) = (&self.turn, &self.half_turn);
        let powers = std::array::from_fn(|i| {
            let real = self.one[i] - turn.cos[i] * self.two[i];
            let imaginary = turn.sin[i] * self.two[i];
            let (before, before_imaginary) = (self.before.0[i], self.before.1[i]);
            (self.before.0[i], self.before.1[i]) = (real, imaginary);
            let whole = real + half.cos[i] * before - half.sin[i] * before_imaginary;
            let beside = imaginary + half.cos[i] * before_imaginary + half.sin[i] * before;
            whole * whole + beside * beside
        });
        (self.one, self.two) = ([0.0; 8], [0.0; 8]);
        powers
    }

    /// Whether the tone near a frequency is not off by 2.5 % or more: with a window that is even about its middle,
    /// the nearer of two frequencies shows more power.
    fn is_at(&self, hertz: f32) -> bool {
        let here = self.power_at(hertz);
        here > self.power_at(hertz * (1.0 - BESIDE)) && here > self.power_at(hertz * (1.0 + BESIDE))
    }

    /// Power at a frequency through a Hann window.
    fn power_at(&self, hertz: f32) -> f32 {
        let (factor, hann) = ((TAU * hertz / 8000.0).cos() * 2.0, (TAU / BLOCK as f32).cos() * 2.0);
        // The window's cosine, half a sample off its ends, by recurrence as well.
        let mut window = ((TAU * 0.5 / BLOCK as f32).cos(), (TAU * -0.5 / BLOCK as f32).cos());
        let (mut one, mut two) = (0.0_f32, 0.0_f32);
        for sample in self.samples {
            (one, two) = (sample * (1.0 - window.0) + factor * one - two, one);
            window = (hann * window.0 - window.1, window.0);
        }
        one * one + two * two - factor * one * two
    }
}

/// The strongest of a group, if the others are far weaker.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (best, power) = powers.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let alone = |(index, other): (usize, &f32)| index == best || other * CLEAR < power;
    powers.iter().enumerate().all(alone).then_some((best, power))
}

/// Without the digits: they may be part of a date of birth.
impl fmt::Debug for ToneDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToneDetector").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Codec, Decoder, Encoder};
    use std::f64::consts::TAU;

    /// How digits are sent; levels in dBm0 a tone.
    #[derive(Clone, Copy)]
    struct Sent {
        low: f64,
        high: f64,
        on_ms: usize,
        off_ms: usize,
        /// Of the frequencies.
        off_by: f64,
        /// Noise under the digit, dB.
        snr: Option<f64>,
        /// Where the tone is interrupted, ms, and for how long.
        cut: Option<(usize, usize)>,
    }

    const PLAIN: Sent =
        Sent { low: -10.0, high: -10.0, on_ms: 40, off_ms: 40, off_by: 0.0, snr: None, cut: None };
    /// Times that all sixteen keys are sent, each time elsewhere in a block.
    const ROUNDS: usize = 100;

    fn amplitude(dbm0: f64) -> f64 {
        32_124.0 * 10_f64.powf((dbm0 - 3.17) / 20.0)
    }

    /// Sends every key at every place in a block, 1,600 in all, and returns what was sent and what was found.
    fn found(codec: Codec, sent: Sent) -> (String, String) {
        let keys: String = KEYS.iter().flatten().collect();
        let mut samples = Vec::new();
        let mut noise = 1_u32;
        for round in 0..ROUNDS {
            samples.extend(vec![0.0; 160 + 7 * round]);
            for place in 0..16 {
                let (low, high) = (f64::from(ROWS[place / 4]), f64::from(COLUMNS[place % 4]));
                let power = (amplitude(sent.low).powi(2) + amplitude(sent.high).powi(2)) / 2.0;
                let hiss = sent.snr.map_or(0.0, |snr| (power / 10_f64.powf(snr / 10.0)).sqrt());
                for i in 0..8 * (sent.on_ms + sent.off_ms) {
                    let t = i as f64 / 8000.0 * (1.0 + sent.off_by);
                    let cut = sent.cut.is_some_and(|(at, ms)| (at..at + ms).contains(&(i / 8)));
                    let on = f64::from(u8::from(i < 8 * sent.on_ms && !cut));
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let white = (f64::from(noise >> 8) / f64::from(1 << 23) - 1.0) * 3_f64.sqrt();
                    let tones = amplitude(sent.low) * (TAU * low * t).sin()
                        + amplitude(sent.high) * (TAU * high * t + 1.0).sin();
                    samples.push(on * tones + hiss * white);
                }
            }
        }
        samples.extend(vec![0.0; 800]);
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut detector = ToneDetector::default();
        let mut heard = String::new();
        for chunk in samples.chunks(160) {
            let wide: [i16; 320] =
                std::array::from_fn(|i| chunk.get(i / 2).map_or(0, |s| *s as i16));
            let (mut payload, mut frame) = ([0; 160], Frame::SILENCE);
            encoder.encode(&wide, &mut payload);
            decoder.decode(&payload, &mut frame.0);
            heard.extend(detector.hear(&frame).pressed);
        }
        (keys.repeat(ROUNDS), heard)
    }

    #[track_caller]
    fn accepted(sent: Sent, what: &str) {
        let (keys, heard) = found(Codec::Pcmu, sent);
        assert_eq!(heard.len(), keys.len(), "{what}");
        assert_eq!(heard, keys, "{what}");
    }

    /// Q.24 table A-1, what has to be taken: each of 1,600 digits exactly once.
    #[test]
    fn every_digit_that_a_telephone_may_send_is_found_once() {
        accepted(PLAIN, "40 ms");
        accepted(Sent { on_ms: 100, off_ms: 60, ..PLAIN }, "100 ms");
        accepted(Sent { low: -25.0, high: -25.0, ..PLAIN }, "-25 dBm0");
        accepted(Sent { low: 0.0, high: 0.0, ..PLAIN }, "0 dBm0");
        accepted(Sent { low: -14.0, ..PLAIN }, "the high tone 4 dB stronger");
        accepted(Sent { high: -18.0, ..PLAIN }, "the high tone 8 dB weaker");
        accepted(Sent { snr: Some(15.0), ..PLAIN }, "noise 15 dB below");
        for off_by in [-0.015, 0.015] {
            accepted(Sent { off_by, ..PLAIN }, &format!("frequencies off by {off_by}"));
        }
        let worst = Sent { off_by: 0.015, high: -18.0, snr: Some(15.0), ..PLAIN };
        accepted(worst, "off by 1.5 %, 8 dB weaker and in noise at once");
        let (keys, heard) = found(Codec::Pcma, PLAIN);
        assert_eq!(heard, keys, "A-law");
    }

    #[test]
    fn an_interruption_of_ten_milliseconds_is_one_digit_still() {
        accepted(Sent { on_ms: 60, cut: Some((25, 10)), ..PLAIN }, "60 ms, cut after 25");
        accepted(Sent { on_ms: 100, cut: Some((45, 10)), ..PLAIN }, "100 ms, cut after 45");
        accepted(Sent { on_ms: 200, cut: Some((150, 9)), ..PLAIN }, "200 ms, cut after 150");
    }

    /// A pause of 40 ms makes the same key two presses.
    #[test]
    fn a_key_held_down_is_one_press_and_a_pause_makes_another() {
        let mut detector = ToneDetector::default();
        let mut heard = String::new();
        for frame in 0..200_usize {
            heard.extend(detector.hear(&five(frame, |ms| ms < 2000)).pressed);
        }
        assert_eq!(heard, "5", "held for two seconds");
        for frame in 200..400_usize {
            heard.extend(detector.hear(&five(frame, |ms| ms % 80 < 40)).pressed);
        }
        assert_eq!(heard.len(), 1 + 4000 / 80);
    }

    /// A frame of the tones of `5`, where `on` says so of the millisecond.
    fn five(frame: usize, on: impl Fn(usize) -> bool) -> Frame {
        Frame(std::array::from_fn(|i| {
            let at = frame * Frame::SAMPLES + i;
            let t = at as f64 / 16_000.0;
            let tones = (TAU * 770.0 * t).sin() + (TAU * 1336.0 * t).sin();
            if on(at / 16) { (6000.0 * tones) as i16 } else { 0 }
        }))
    }

    #[test]
    fn what_is_no_digit_is_not_taken_for_one() {
        for (sent, what) in [
            (Sent { off_by: 0.035, ..PLAIN }, "frequencies 3.5 % too high"),
            (Sent { off_by: -0.035, ..PLAIN }, "frequencies 3.5 % too low"),
            (Sent { off_by: 0.035, high: -18.0, ..PLAIN }, "3.5 % too high and 8 dB weaker"),
            (Sent { off_by: -0.035, on_ms: 300, ..PLAIN }, "3.5 % too low, for long"),
            (Sent { on_ms: 23, off_ms: 57, ..PLAIN }, "23 ms"),
            (Sent { on_ms: 10, off_ms: 70, ..PLAIN }, "10 ms"),
            (Sent { low: -45.0, high: -45.0, ..PLAIN }, "-45 dBm0"),
            (Sent { high: -30.0, ..PLAIN }, "one tone alone, or nearly"),
            (Sent { snr: Some(-3.0), ..PLAIN }, "noise louder than the tones"),
        ] {
            let (keys, heard) = found(Codec::Pcmu, sent);
            assert_eq!(heard, "", "{what}: {} of {}", heard.len(), keys.len());
        }
    }

    /// The frames of a digit are told apart, so that nobody takes them for a voice: all but the first 20 ms.
    #[test]
    fn the_sound_of_a_digit_is_known_as_such() {
        let mut detector = ToneDetector::default();
        let present: String = (0..15)
            .map(|frame| {
                let tones = detector.hear(&five(frame, |ms| (60..160).contains(&ms)));
                if tones.present { 'x' } else { '.' }
            })
            .collect();
        assert!(present.starts_with("...") && present[4..].starts_with("xxxx"), "{present}");
        assert!(present.ends_with("....."), "{present}");
        assert!(!format!("{detector:?}").contains('5'));
    }
}
