//! Whether nobody speaks, as far as an even playout needs to know: a frame in which nothing would
//! be missed.

#[cfg(test)]
use crate::base::Frame;

/// Never quiet above this level, in dBov: a tone or a hum as loud is listened to.
const LOUDEST: f32 = -42.0;
/// Always quiet below this one.
const SURELY: f32 = -52.0;
/// What stands out of the noise by less than this is noise.
const ABOVE_NOISE: f32 = 8.0;
/// How fast the noise may become louder, in decibels a frame: 2.5 a second.
const RISE: f32 = 0.05;

/// Follows the noise of a line.
#[derive(Clone, Debug)]
pub(super) struct Quiet {
    noise: f32,
    /// Quiet frames in a row.
    frames: u32,
}

impl Default for Quiet {
    fn default() -> Self {
        Self { noise: LOUDEST, frames: 0 }
    }
}

impl Quiet {
    /// Takes a frame, by its level in dBov.
    pub(super) fn take(&mut self, level: f32) {
        self.noise = (self.noise + RISE).min(level).clamp(SURELY - ABOVE_NOISE, LOUDEST);
        let quiet = level < SURELY || level < LOUDEST && level < self.noise + ABOVE_NOISE;
        self.frames = if quiet { self.frames.saturating_add(1) } else { 0 };
    }

    /// Whether the last two frames were quiet.
    pub(super) fn is_quiet(&self) -> bool {
        self.frames >= 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(amplitude: i16) -> Frame {
        Frame(std::array::from_fn(|i| if i % 40 < 20 { amplitude } else { -amplitude }))
    }

    #[test]
    fn speech_is_not_quiet_and_the_noise_between_words_is() {
        let mut quiet = Quiet::default();
        for (amplitude, frames, expected) in
            [(0, 10, true), (4000, 50, false), (60, 20, true), (600, 30, false), (100, 10, true)]
        {
            (0..frames).for_each(|_| quiet.take(frame(amplitude).level()));
            assert_eq!(quiet.is_quiet(), expected, "{amplitude}");
        }
    }

    #[test]
    fn a_steady_tone_is_listened_to() {
        let mut quiet = Quiet::default();
        (0..5000).for_each(|_| quiet.take(frame(1000).level()));
        assert!(!quiet.is_quiet());
    }
}
