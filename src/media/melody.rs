//! What a caller hears while others are busy for them: slow bells, made up note by note, and nobody's property.
//!
//! Four voices of two partials each, which ring out by themselves; the pattern has no end that could be heard.

use std::f32::consts::TAU;

use crate::base::Frame;

/// Samples from one note to the next: 0.6 s.
const STEP: u32 = 9_600;
/// Voices: a note rings while three more begin.
const VOICES: usize = 4;
/// The amplitude of a note, some -30 dBov over all: under speech, over the noise of a line.
const AMPLITUDE: f32 = 2_500.0;
/// How much of a note is left after a second.
const LEFT: f32 = 0.12;
/// Samples over which a note begins: 10 ms, as a soft mallet.
const ATTACK: u32 = 160;
/// Half tones over A below middle C, on the black keys and their like: any two of them agree. `-1` rests.
#[rustfmt::skip]
const NOTES: [i8; 32] = [
    3, 10, 15, 19,  -1, 17, 15, -1,  5, 12, 17, 22,  -1, 19, 17, -1,
    0,  7, 12, 15,  -1, 19, 15, -1,  3, 10, 12, 19,  -1, 15, 10, -1,
];

/// A sine that fades.
#[derive(Clone, Copy, Debug, Default)]
struct Partial {
    factor: f32,
    fade: f32,
    one: f32,
    two: f32,
}

impl Partial {
    fn new(hertz: f32, amplitude: f32) -> Self {
        let rate = Frame::RATE.0 as f32;
        let turn = TAU * hertz / rate;
        let fade = LEFT.powf(1.0 / rate);
        let factor = 2.0 * fade * turn.cos();
        Self { factor, fade: fade * fade, one: 0.0, two: -amplitude * turn.sin() }
    }

    fn next(&mut self) -> f32 {
        let now = self.factor * self.one - self.fade * self.two;
        (self.one, self.two) = (now, self.one);
        now
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Voice {
    partials: [Partial; 2],
    age: u32,
}

/// Plays the pattern for as long as anybody listens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Melody {
    voices: [Voice; VOICES],
    at: u32,
    note: usize,
}

impl Melody {
    pub(super) fn next_sample(&mut self) -> f32 {
        if self.at == 0 {
            let note = NOTES[self.note % NOTES.len()];
            if note >= 0 {
                let hertz = 220.0 * 2_f32.powf(f32::from(note) / 12.0);
                let partials =
                    [Partial::new(hertz, AMPLITUDE), Partial::new(2.0 * hertz, AMPLITUDE * 0.25)];
                self.voices[self.note % VOICES] = Voice { partials, age: 0 };
            }
            self.note += 1;
        }
        self.at = (self.at + 1) % STEP;
        let mut sum = 0.0;
        for voice in &mut self.voices {
            let begin = voice.age.min(ATTACK) as f32 / ATTACK as f32;
            voice.age = voice.age.saturating_add(1);
            sum += begin * (voice.partials[0].next() + voice.partials[1].next());
        }
        sum
    }
}
