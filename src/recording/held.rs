//! The last seconds of a recording, held back: what turns out to be a card number is still to be silenced.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long sound is held back before it is written: a card number is known for one 4 to 10 s after its first digit.
pub(super) const HELD: Duration = Duration::from_secs(15);
/// The same where nothing is known of a turn before it is over, which may be a dictated one: 4 MB a call.
pub(super) const HELD_LONGER: Duration = Duration::from_secs(60);
/// How far a pause reaches back beyond what it was asked for: the clocks of the two are told by different threads.
const MARGIN: Duration = Duration::from_millis(300);

/// Why nothing is recorded for a while.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// What was said or keyed looked like the number of a payment card, or what goes with it.
    Card,
    /// The caller was on hold.
    Hold,
    /// Whether the caller agreed was doubtful.
    Consent,
}

impl Why {
    /// Returns the word that stands in rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Hold => "hold",
            Self::Consent => "consent",
        }
    }
}

/// A time in which silence is written instead of sound.
#[derive(Clone, Copy, Debug)]
struct Quiet {
    why: Why,
    from: Instant,
    to: Option<Instant>,
}

/// Twenty milliseconds that may still be silenced.
struct Piece {
    sent: Instant,
    sound: Box<[u8]>,
}

/// Sound that is held back, and the times of silence.
pub(super) struct Held {
    time: Duration,
    pieces: VecDeque<Piece>,
    quiet: Vec<Quiet>,
}

impl Held {
    /// Holds sound back so long.
    pub(super) fn new(time: Duration) -> Self {
        Self { time, pieces: VecDeque::new(), quiet: Vec::new() }
    }

    /// Takes what was sent and heard at a time; later pieces come later.
    pub(super) fn push(&mut self, sent: Instant, sound: Box<[u8]>) {
        self.pieces.push_back(Piece { sent, sound });
    }

    /// From `since` on there is silence. A second pause for the same reason changes nothing but its beginning.
    pub(super) fn pause(&mut self, why: Why, since: Instant) {
        let from = since.checked_sub(MARGIN).unwrap_or(since);
        match self.quiet.iter_mut().find(|quiet| quiet.why == why && quiet.to.is_none()) {
            Some(quiet) => quiet.from = quiet.from.min(from),
            None => self.quiet.push(Quiet { why, from, to: None }),
        }
    }

    /// The reason is over: from `at` on there is sound, unless there is another reason.
    pub(super) fn resume(&mut self, why: Why, at: Instant) {
        for quiet in self.quiet.iter_mut().filter(|quiet| quiet.why == why) {
            quiet.to.get_or_insert(at.max(quiet.from));
        }
    }

    /// Returns the next piece that is old enough to be written; with `all`, whatever is left. Why it is silent, if it is.
    pub(super) fn pop(&mut self, now: Instant, all: bool) -> Option<(Box<[u8]>, Option<Why>)> {
        let due = |piece: &Piece| all || piece.sent + self.time <= now;
        self.pieces.front().filter(|piece| due(piece))?;
        let mut piece = self.pieces.pop_front()?;
        let inside =
            |quiet: &&Quiet| quiet.from <= piece.sent && quiet.to.is_none_or(|to| piece.sent < to);
        let why = self.quiet.iter().find(inside).map(|quiet| quiet.why);
        if why.is_some() {
            piece.sound.fill(0);
        }
        // What ended before anything that is left needs no thought any more.
        self.quiet.retain(|quiet| quiet.to.is_none_or(|to| to > piece.sent));
        Some((piece.sound, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(20);

    /// Pushes so many frames, and returns the seconds in which there is silence after all was written.
    fn silent(frames: u32, with: impl Fn(&mut Held, Instant)) -> Vec<(f32, Option<Why>)> {
        let start = Instant::now() + Duration::from_secs(60);
        let mut held = Held::new(HELD);
        (0..frames).for_each(|n| held.push(start + FRAME * n, Box::from([1, 1])));
        with(&mut held, start);
        let out = (0..).map_while(|n: u32| Some((n, held.pop(start, true)?)));
        out.filter(|(_, (sound, _))| **sound == [0, 0])
            .map(|(n, (_, why))| (n as f32 / 50.0, why))
            .collect()
    }

    #[test]
    fn a_pause_reaches_back_and_ends() {
        let seconds = Duration::from_secs;
        let found = silent(500, |held, start| {
            held.pause(Why::Card, start + seconds(3));
            held.resume(Why::Card, start + seconds(5));
        });
        assert_eq!((found[0].0, found.last().unwrap().0), (2.7, 4.98));
        assert_eq!(found.len(), 115);
    }

    #[test]
    fn one_reason_does_not_end_another() {
        let seconds = Duration::from_secs;
        let found = silent(500, |held, start| {
            held.pause(Why::Hold, start + seconds(1));
            held.pause(Why::Card, start + seconds(2));
            held.pause(Why::Card, start + seconds(3));
            held.resume(Why::Hold, start + seconds(4));
            held.resume(Why::Card, start + seconds(6));
        });
        assert_eq!((found[0], found.last().unwrap().0), ((0.7, Some(Why::Hold)), 5.98));
        assert_eq!(found.len(), 50 * 5 + 15);
    }

    #[test]
    fn what_is_held_is_written_in_its_time() {
        let start = Instant::now();
        let mut held = Held::new(HELD);
        (0..1000).for_each(|n| held.push(start + FRAME * n, Box::from([1])));
        assert!(held.pop(start + HELD - FRAME, false).is_none());
        let now = start + HELD + FRAME * 10;
        let written = std::iter::from_fn(|| held.pop(now, false)).count();
        assert_eq!(written, 11);
        assert_eq!(std::iter::from_fn(|| held.pop(now, true)).count(), 1000 - 11);
    }
}
