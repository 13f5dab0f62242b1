//! Decoded sound on its way into frames, and what each part of it is made of.

use crate::base::Frame;
use crate::codec::MAX_SAMPLES;

use super::receiver::Sound;

/// The most that waits when a packet is decoded: a frame, one to be left out, and a little more.
pub(super) const BEFORE_A_PACKET: usize = 3 * Frame::SAMPLES;
const ROOM: usize = BEFORE_A_PACKET + MAX_SAMPLES;
/// Changes between what came, what was made up and silence that are remembered.
const RUNS: usize = 16;

/// Sound at 16 kHz, first in first out.
#[derive(Clone, Debug)]
pub(super) struct Collected {
    /// Elsewhere: packets of one frame are not collected, and a leg without it is in fewer pages.
    samples: Box<[i16; ROOM]>,
    filled: usize,
    /// How many samples in a row are of what; those at the end are empty.
    runs: [(usize, Sound); RUNS],
}

impl Collected {
    pub(super) fn new() -> Self {
        Self { samples: Box::new([0; ROOM]), filled: 0, runs: [(0, Sound::Received); RUNS] }
    }

    pub(super) fn len(&self) -> usize {
        self.filled
    }

    /// Adds what `make` writes into at most `room` samples, and returns how many it wrote.
    pub(super) fn add(
        &mut self,
        sound: Sound,
        room: usize,
        make: impl FnOnce(&mut [i16]) -> usize,
    ) -> usize {
        let end = (self.filled + room).min(ROOM);
        let made = make(&mut self.samples[self.filled..end]).min(end - self.filled);
        self.filled += made;
        self.note(sound, made);
        made
    }

    /// All that waits.
    pub(super) fn samples(&mut self) -> &mut [i16] {
        &mut self.samples[..self.filled]
    }

    /// Takes a frame off the front; it is what at least half of it is made of. What is missing of
    /// it is silence.
    pub(super) fn cut(&mut self) -> (Frame, Sound) {
        let mut frame = Frame::SILENCE;
        let length = self.filled.min(Frame::SAMPLES);
        frame.0[..length].copy_from_slice(&self.samples[..length]);
        let (mut concealed, mut paused, mut left) = (0, 0, length);
        for (run, sound) in self.runs {
            let part = run.min(left);
            left -= part;
            match sound {
                Sound::Received => {}
                Sound::Concealed => concealed += part,
                Sound::Pause => paused += part,
            }
        }
        self.drop_front(length);
        let half = |samples: usize| 2 * samples >= Frame::SAMPLES;
        let sound = match (half(concealed), half(paused)) {
            (true, _) => Sound::Concealed,
            (false, true) => Sound::Pause,
            (false, false) => Sound::Received,
        };
        (frame, sound)
    }

    pub(super) fn drop_front(&mut self, length: usize) {
        let length = length.min(self.filled);
        self.samples.copy_within(length..self.filled, 0);
        self.filled -= length;
        let mut left = length;
        let mut gone = 0;
        for (run, _) in &mut self.runs {
            let part = (*run).min(left);
            *run -= part;
            left -= part;
            gone += usize::from(*run == 0 && gone < RUNS);
            if *run > 0 {
                break;
            }
        }
        self.runs.rotate_left(gone % RUNS);
    }

    /// Puts sound before all that waits.
    pub(super) fn put_front(&mut self, sound: &[i16]) {
        let length = sound.len().min(ROOM - self.filled);
        self.samples.copy_within(..self.filled, length);
        self.samples[..length].copy_from_slice(&sound[..length]);
        self.filled += length;
        // It is of the same kind as what it was made from.
        self.runs[0].0 += length;
    }

    fn note(&mut self, sound: Sound, length: usize) {
        if length == 0 {
            return;
        }
        let used = self.runs.iter().take_while(|(run, _)| *run > 0).count();
        match used.checked_sub(1).map(|last| &mut self.runs[last]) {
            // With too many changes the last one is not noticed.
            Some((run, kind)) if *kind == sound || used == RUNS => *run += length,
            _ => self.runs[used] = (length, sound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    #[test]
    fn frames_come_out_as_samples_went_in_and_say_what_they_are() {
        let mut collected = Collected::new();
        let mut dice = Dice::new(2);
        let (mut put, mut got) = (0_u32, 0_u32);
        let mut kinds = std::collections::VecDeque::new();
        for _ in 0..5000 {
            while collected.len() < Frame::SAMPLES {
                let kind =
                    [Sound::Received, Sound::Concealed, Sound::Pause][dice.below(3) as usize];
                let length = 2 * (1 + dice.below(400) as usize);
                collected.add(kind, length, |out| {
                    for sample in &mut *out {
                        *sample = put as i16;
                        put += 1;
                        kinds.push_back(kind);
                    }
                    out.len()
                });
            }
            if dice.below(4) == 0 {
                collected.drop_front(100);
                got += 100;
                kinds.drain(..100);
            }
            if collected.len() < Frame::SAMPLES {
                continue;
            }
            let (frame, sound) = collected.cut();
            for sample in frame.0 {
                assert_eq!(sample, got as i16);
                got += 1;
            }
            let of = |kind| kinds.iter().take(320).filter(|k| **k == kind).count() >= 160;
            let expected = match (of(Sound::Concealed), of(Sound::Pause)) {
                (true, _) => Sound::Concealed,
                (_, true) => Sound::Pause,
                _ => Sound::Received,
            };
            assert_eq!(sound, expected);
            kinds.drain(..320);
        }
    }
}
