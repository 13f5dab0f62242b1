//! Tones that a telephone network plays to people: ringing, busy, congestion, call waiting (ITU-T E.180, supplement
//! 2: the tones of each country), and the digits of a keypad (Q.23).

use std::f32::consts::TAU;

use crate::base::Frame;

use super::in_band::{COLUMNS, KEYS, ROWS};

/// A tone with a meaning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallTone {
    /// The other telephone rings.
    Ringing,
    /// The other line is busy.
    Busy,
    /// No line was to be had.
    Congestion,
    /// Somebody else calls.
    Waiting,
}

/// One step of a tone: up to two frequencies, Hz, for so many milliseconds.
type Beat = (u16, u16, u16);

/// The tones of a country.
#[derive(Debug, Eq, PartialEq)]
pub struct CallTones {
    country: &'static str,
    ringing: &'static [Beat],
    busy: &'static [Beat],
    congestion: &'static [Beat],
    waiting: &'static [Beat],
}

/// By ISO 3166 code. Canada's are those of the United States.
#[rustfmt::skip]
const COUNTRIES: [CallTones; 7] = [
    CallTones {
        country: "US",
        ringing: &[(440, 480, 2000), (0, 0, 4000)],
        busy: &[(480, 620, 500), (0, 0, 500)],
        congestion: &[(480, 620, 250), (0, 0, 250)],
        waiting: &[(440, 0, 300), (0, 0, 10_000)],
    },
    CallTones {
        country: "MX",
        ringing: &[(425, 0, 1000), (0, 0, 4000)],
        busy: &[(425, 0, 250), (0, 0, 250)],
        congestion: &[(425, 0, 250), (0, 0, 250)],
        waiting: &[(425, 0, 200), (0, 0, 600), (425, 0, 200), (0, 0, 10_000)],
    },
    CallTones {
        country: "GB",
        ringing: &[(400, 450, 400), (0, 0, 200), (400, 450, 400), (0, 0, 2000)],
        busy: &[(400, 0, 375), (0, 0, 375)],
        congestion: &[(400, 0, 400), (0, 0, 350), (400, 0, 225), (0, 0, 525)],
        waiting: &[(400, 0, 100), (0, 0, 3500)],
    },
    CallTones {
        country: "DE",
        ringing: &[(425, 0, 1000), (0, 0, 4000)],
        busy: &[(425, 0, 480), (0, 0, 480)],
        congestion: &[(425, 0, 240), (0, 0, 240)],
        waiting: &[(425, 0, 200), (0, 0, 200), (425, 0, 200), (0, 0, 5000)],
    },
    CallTones {
        country: "FR",
        ringing: &[(440, 0, 1500), (0, 0, 3500)],
        busy: &[(440, 0, 500), (0, 0, 500)],
        congestion: &[(440, 0, 250), (0, 0, 250)],
        waiting: &[(440, 0, 300), (0, 0, 10_000)],
    },
    CallTones {
        country: "ES",
        ringing: &[(425, 0, 1500), (0, 0, 3000)],
        busy: &[(425, 0, 200), (0, 0, 200)],
        congestion: &[(425, 0, 200), (0, 0, 200), (425, 0, 200), (0, 0, 200), (425, 0, 200), (0, 0, 600)],
        waiting: &[(425, 0, 175), (0, 0, 175), (425, 0, 175), (0, 0, 3500)],
    },
    CallTones {
        country: "AU",
        ringing: &[(400, 450, 400), (0, 0, 200), (400, 450, 400), (0, 0, 2000)],
        busy: &[(425, 0, 375), (0, 0, 375)],
        congestion: &[(425, 0, 375), (0, 0, 375)],
        waiting: &[(425, 0, 200), (0, 0, 200), (425, 0, 200), (0, 0, 4400)],
    },
];

impl CallTones {
    /// Returns the tones of a country by its ISO 3166 code, or those of North America where it is not known.
    pub fn of(country: &str) -> &'static Self {
        COUNTRIES.iter().find(|tones| tones.country == country).unwrap_or(&COUNTRIES[0])
    }

    fn beats(&self, tone: CallTone) -> &'static [Beat] {
        match tone {
            CallTone::Ringing => self.ringing,
            CallTone::Busy => self.busy,
            CallTone::Congestion => self.congestion,
            CallTone::Waiting => self.waiting,
        }
    }
}

/// Samples over which a tone rises and falls: 5 ms, so that it does not click.
const EDGE: u32 = 80;
/// A tone of a network, -19 dBm0 a frequency, as an amplitude.
const NETWORK: f32 = 2_500.0;
/// A digit: -9 dBm0 for the row and -7 for the column, as telephones send.
const DIGIT: (f32, f32) = (7_900.0, 9_950.0);
/// Samples in a millisecond of a frame.
const PER_MS: u32 = (Frame::SAMPLES / 20) as u32;

/// A sine by recurrence.
#[derive(Clone, Copy, Debug, Default)]
struct Sine {
    factor: f32,
    one: f32,
    two: f32,
}

impl Sine {
    fn new(hertz: f32, amplitude: f32) -> Self {
        let turn = TAU * hertz / Frame::RATE.0 as f32;
        Self { factor: 2.0 * turn.cos(), one: 0.0, two: -amplitude * turn.sin() }
    }

    fn next(&mut self) -> f32 {
        let now = self.factor * self.one - self.two;
        (self.one, self.two) = (now, self.one);
        now
    }
}

/// Two sines for so many samples.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    sines: [Sine; 2],
    at: u32,
    length: u32,
}

impl Pair {
    fn new(hertz: (f32, f32), amplitude: (f32, f32), ms: u32) -> Self {
        let sines = [Sine::new(hertz.0, amplitude.0), Sine::new(hertz.1, amplitude.1)];
        Self { sines, at: 0, length: ms * PER_MS }
    }

    /// The next sample, or `None` when it is over.
    fn next(&mut self) -> Option<f32> {
        if self.at == self.length {
            return None;
        }
        let edge = (self.at + 1).min(self.length - self.at).min(EDGE) as f32 / EDGE as f32;
        self.at += 1;
        let sum: f32 = self.sines.iter_mut().map(Sine::next).sum();
        Some(sum * edge)
    }
}

/// Plays a tone of a network over and over.
#[derive(Clone, Copy, Debug)]
pub(super) struct TonePlayer {
    beats: &'static [Beat],
    /// The beat that comes next.
    next: usize,
    pair: Pair,
}

impl TonePlayer {
    pub(super) fn new(tones: &'static CallTones, tone: CallTone) -> Self {
        Self { beats: tones.beats(tone), next: 0, pair: Pair::default() }
    }

    pub(super) fn next_sample(&mut self) -> f32 {
        // Every beat has a length, so that the second look finds a sample.
        for _ in 0..2 {
            if let Some(sample) = self.pair.next() {
                return sample;
            }
            let (low, high, ms) = self.beats[self.next];
            let loud = |hertz| if hertz == 0 { 0.0 } else { NETWORK };
            let hertz = (f32::from(low), f32::from(high));
            self.pair = Pair::new(hertz, (loud(low), loud(high)), u32::from(ms));
            self.next = (self.next + 1) % self.beats.len();
        }
        0.0
    }
}

/// How long a digit lasts, and the pause after it: as for events.
const TONE_MS: u32 = 100;
const PAUSE_MS: u32 = 60;
/// Digits that may wait: as for events.
const WAITING: usize = 32;

/// Presses digits in the sound, for a far end without telephone events.
#[derive(Clone)]
pub(super) struct Dialler {
    waiting: [Option<char>; WAITING],
    pair: Pair,
    pause: u32,
}

impl Default for Dialler {
    fn default() -> Self {
        Self { waiting: [None; WAITING], pair: Pair::default(), pause: 0 }
    }
}

impl Dialler {
    /// Queues a digit; `false` when it is none of `0-9*#A-D` or too many wait.
    pub(super) fn press(&mut self, digit: char) -> bool {
        let digit = digit.to_ascii_uppercase();
        let place = self.waiting.iter_mut().find(|place| place.is_none());
        match place.filter(|_| KEYS.as_flattened().contains(&digit)) {
            Some(place) => {
                *place = Some(digit);
                true
            }
            None => false,
        }
    }

    /// Whether a digit or the pause after it is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting[0].is_some() || self.pair.at < self.pair.length || self.pause > 0
    }

    /// The next frame of digits; it is silence in and after their pauses.
    pub(super) fn next_frame(&mut self) -> Frame {
        let mut frame = Frame::SILENCE;
        for sample in &mut frame.0 {
            *sample = self.next_sample() as i16;
        }
        frame
    }

    fn next_sample(&mut self) -> f32 {
        if let Some(sample) = self.pair.next() {
            return sample;
        }
        if self.pause > 0 {
            self.pause -= 1;
            return 0.0;
        }
        let Some(digit) = self.waiting[0].take() else { return 0.0 };
        self.waiting.rotate_left(1);
        let place = KEYS.as_flattened().iter().position(|key| *key == digit).unwrap_or(0);
        self.pair = Pair::new((ROWS[place / 4], COLUMNS[place % 4]), DIGIT, TONE_MS);
        self.pause = PAUSE_MS * PER_MS;
        0.0
    }
}

/// Without the digits: they may be part of a member id.
impl std::fmt::Debug for Dialler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialler").field("busy", &self.is_busy()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::in_band::ToneDetector;
    use super::*;

    /// The level of each 10 ms, as `x` where there is sound.
    fn heard(country: &str, tone: CallTone, ms: usize) -> Vec<(usize, bool)> {
        let mut player = TonePlayer::new(CallTones::of(country), tone);
        let mut runs: Vec<(usize, bool)> = Vec::new();
        for _ in 0..ms / 5 {
            let power: f32 = (0..80).map(|_| player.next_sample().powi(2)).sum();
            let on = power / 80.0 > 1000.0;
            match runs.last_mut() {
                Some((length, was)) if *was == on => *length += 5,
                _ => runs.push((5, on)),
            }
        }
        runs
    }

    #[test]
    fn cadences_are_those_of_the_country() {
        let us = heard("US", CallTone::Ringing, 12_000);
        assert_eq!(us, [(2000, true), (4000, false), (2000, true), (4000, false)]);
        assert_eq!(heard("CA", CallTone::Ringing, 12_000), us);
        let busy = heard("US", CallTone::Busy, 2000);
        assert_eq!(busy, [(500, true), (500, false), (500, true), (500, false)]);
        let uk = heard("GB", CallTone::Ringing, 3000);
        assert_eq!(uk, [(400, true), (200, false), (400, true), (2000, false)]);
    }

    #[test]
    fn every_tone_is_the_two_frequencies_of_its_table_and_never_loud() {
        for tones in &COUNTRIES {
            for tone in [CallTone::Ringing, CallTone::Busy, CallTone::Congestion, CallTone::Waiting]
            {
                let mut player = TonePlayer::new(tones, tone);
                let samples: Vec<f32> = (0..1600).map(|_| player.next_sample()).collect();
                let at = |hertz: f32| {
                    let turn = TAU * hertz / 16_000.0;
                    let angle = |i: usize| turn * i as f32;
                    let real: f32 =
                        samples.iter().enumerate().map(|(i, s)| s * angle(i).cos()).sum();
                    let imaginary: f32 =
                        samples.iter().enumerate().map(|(i, s)| s * angle(i).sin()).sum();
                    real.hypot(imaginary) / 800.0
                };
                let (low, high, _) = tones.beats(tone)[0];
                let country = tones.country;
                for hertz in [low, high].into_iter().filter(|hertz| *hertz > 0) {
                    let level = at(f32::from(hertz));
                    assert!(
                        (2200.0..2700.0).contains(&level),
                        "{country} {tone:?} {hertz}: {level}"
                    );
                }
                assert!(at(1000.0) < 100.0);
                assert!(samples.iter().all(|sample| sample.abs() < 5100.0));
            }
        }
    }

    /// Our own detector takes what we send: by the table of Q.24, so does every other.
    #[test]
    fn digits_that_we_press_are_digits() {
        let (mut dialler, mut detector) = (Dialler::default(), ToneDetector::default());
        let number = "18005550100*#ABCD99";
        assert!(number.chars().all(|digit| dialler.press(digit)));
        let (mut heard, mut frames) = (String::new(), 0);
        while dialler.is_busy() {
            heard.extend(detector.hear(&dialler.next_frame()).pressed);
            frames += 1;
        }
        assert_eq!(heard, number);
        assert_eq!(frames, number.len() * 8 + 1);
        assert!(!dialler.press('x'));
        assert_eq!((0..40).filter(|_| dialler.press('1')).count(), WAITING);
        assert!(!format!("{dialler:?}").contains('1'));
    }
}
