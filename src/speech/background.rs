//! How loud the talk behind the caller is: a television, a waiting room. It is learnt while nobody is expected to speak.
//!
//! A voice behind the caller has words, and no detector or recogniser can tell it from the caller's. What tells them apart
//! is that it was there before, most of the time, and that the caller is nearer to the telephone.

/// Levels are counted in steps of so many dB, from the least on.
const STEP: f32 = 2.0;
const LEAST: f32 = -64.0;
const STEPS: usize = 32;
/// What part of what is known a frame is: it is forgotten in 3 s of our speech.
const PART: f32 = 1.0 / 150.0;
/// So many of the frames may be louder than the talk: its own loudest, and a caller's "uh-huh".
const LOUDER: f32 = 0.2;
/// A caller is louder than the talk by so much, in dB.
const ABOVE: f32 = 6.0;
/// But whoever is as loud as this, in dBov, is listened to whatever was heard before.
const LOUD: f32 = -28.0;

/// What was heard while we spoke and were not interrupted.
#[derive(Clone, Debug)]
pub(super) struct Background {
    /// How much of it was of each level, the softest first; the first is that of silence.
    shares: [f32; STEPS],
    /// What must be exceeded, in dBov.
    needed: f32,
}

impl Default for Background {
    /// Nobody talks.
    fn default() -> Self {
        let mut shares = [0.0; STEPS];
        shares[0] = 1.0;
        Self { shares, needed: f32::MIN }
    }
}

impl Background {
    /// Learns from a frame that came while we spoke, by its level in dBov; of what may be our echo, by less than any.
    pub(super) fn hear(&mut self, level: f32) {
        let step = ((level - LEAST) / STEP).clamp(0.0, STEPS as f32 - 1.0);
        self.shares.iter_mut().for_each(|share| *share -= *share * PART);
        self.shares[step as usize] += PART;
        let mut louder = 0.0;
        let talk = self.shares.iter().rposition(|share| {
            louder += share;
            louder > LOUDER
        });
        self.needed = match talk {
            None | Some(0) => f32::MIN,
            Some(step) => (LEAST + STEP * (step as f32 + 0.5) + ABOVE).min(LOUD),
        };
    }

    /// How loud a caller must be to be told from it, in dBov.
    pub(super) fn needed(&self) -> f32 {
        self.needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(frames: impl IntoIterator<Item = f32>) -> f32 {
        let mut background = Background::default();
        frames.into_iter().for_each(|level| background.hear(level));
        background.needed()
    }

    /// Words with pauses between them.
    fn talk(level: f32, frames: usize) -> impl Iterator<Item = f32> {
        (0..frames).map(move |at| if at % 20 < 12 { level + (at % 5) as f32 - 2.0 } else { -70.0 })
    }

    fn silence(frames: usize) -> impl Iterator<Item = f32> {
        std::iter::repeat_n(-127.0, frames)
    }

    #[test]
    fn a_television_is_known_within_two_seconds_and_forgotten_in_a_few() {
        let needed = after(talk(-42.0, 100));
        assert!((-38.0..=-33.0).contains(&needed), "{needed}");
        assert_eq!(after(talk(-42.0, 100).chain(silence(250))), f32::MIN);
    }

    #[test]
    fn a_sign_of_listening_is_no_background() {
        assert_eq!(after(talk(-22.0, 20).chain(silence(30))), f32::MIN);
    }

    #[test]
    fn who_is_loud_is_heard_over_any_talk() {
        assert_eq!(after(talk(-22.0, 500)), LOUD);
        assert_eq!(after([40.0; 500]), LOUD);
    }

    #[test]
    fn silence_asks_for_nothing() {
        assert_eq!(after(silence(1000)), f32::MIN);
        assert_eq!(after([f32::MIN; 1000]), f32::MIN);
    }
}
