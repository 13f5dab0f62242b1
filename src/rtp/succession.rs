//! Which of several streams from one address is the far end's, where nothing but their SSRC tells them apart.
//!
//! A stream that lives has no successor. One that stopped has, soon, so that a transfer inside a PBX is heard;
//! later if it was known to pause, and much later once two were caught sending at a time. Whoever was
//! displaced and comes back proves just that, and is the stream again at once. Without SRTP no more is
//! possible: who waits for a pause to send is heard in it. Under SRTP nobody else can send any.

use std::time::{Duration, Instant};

use super::Ssrc;

/// How many in sequence make another stream the far end's: as a rule, after one that sends no silence, and
/// once two have been caught sending at a time.
const NEEDED: u8 = 2;
const NEEDED_AFTER_SILENCE: u8 = 10;
const NEEDED_IN_DOUBT: u8 = 25;
/// A stream lives for two of its packets and this after its last one.
const GRACE_MS: u32 = 20;
/// So many packets of a stream beside the one that came before it are more than a transfer's overlap.
const OVERLAP: u8 = 10;
/// Time between packets in sequence, if they are not sent faster so as to be believed sooner.
const APART: Duration = Duration::from_millis(16);
/// No packet holds less sound, in milliseconds.
const LEAST_MS: u32 = 5;
/// By so much more than it took to come may have been sent.
const UNEVEN: Duration = Duration::from_millis(500);
/// Streams that are known again.
const KNOWN: usize = 4;

/// The order in which streams came.
#[derive(Clone, Debug, Default)]
pub(super) struct Succession {
    /// When the last packet of the present stream came.
    came: Option<Instant>,
    /// Samples of its last sound.
    packet: u32,
    /// Streams of this far end, the first one first.
    known: [Option<Ssrc>; KNOWN],
    /// Packets of others of them since the present one began, and while it lived.
    beside: u8,
    /// Two have been caught sending at a time.
    contested: bool,
    /// What comes is under a key, so that all of it is the far end's.
    genuine: bool,
    /// Media were agreed anew, and nothing came of the stream since.
    anew: bool,
}

impl Succession {
    /// A stream begins, with packets of so much sound.
    pub(super) fn begin(&mut self, now: Instant, ssrc: Ssrc, samples: u32) {
        (self.came, self.beside, self.anew) = (Some(now), 0, false);
        self.packet = samples;
        self.list(ssrc);
    }

    /// A packet of the present stream came, with so much sound, and so many numbers `ahead` of what comes next.
    /// Returns whether the time since the last one explains these, and whether media were agreed anew in it.
    pub(super) fn heard(
        &mut self,
        now: Instant,
        ssrc: Ssrc,
        samples: u32,
        (ahead, samples_per_ms): (i64, u32),
    ) -> (bool, bool) {
        let gone = self.came.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let packet = u64::from((self.packet / samples_per_ms).max(LEAST_MS));
        let told = Duration::from_millis(ahead.unsigned_abs().saturating_mul(packet));
        self.came = Some(now);
        if samples > 0 {
            self.packet = samples;
        }
        let anew = std::mem::take(&mut self.anew);
        if anew {
            self.list(ssrc);
        }
        (told <= gone + UNEVEN, anew)
    }

    /// Media were agreed anew, perhaps with another far end, and perhaps under a key.
    pub(super) fn agree(&mut self, another_far_end: bool, genuine: bool) {
        (self.anew, self.genuine) = (true, genuine);
        if another_far_end {
            (self.known, self.contested) = ([None; KNOWN], false);
        }
    }

    /// How many packets in sequence of `ssrc` succeed `present`, which is `silent` from time to time; `None`
    /// while there can be no successor.
    pub(super) fn needed(
        &mut self,
        now: Instant,
        (ssrc, present): (Ssrc, Ssrc),
        silent: bool,
        samples_per_ms: u32,
    ) -> Option<u8> {
        if self.genuine || self.goes_before(ssrc, present) {
            return Some(NEEDED);
        }
        let lives = u64::from(2 * self.packet / samples_per_ms + GRACE_MS);
        let gone = self.came.map_or(Duration::MAX, |at| now.saturating_duration_since(at));
        if gone < Duration::from_millis(lives) {
            let was_the_stream = self.known.contains(&Some(ssrc));
            self.beside = self.beside.saturating_add(was_the_stream.into());
            self.contested |= self.beside >= OVERLAP;
            return None;
        }
        Some(match () {
            () if self.anew => NEEDED,
            () if self.contested => NEEDED_IN_DOUBT,
            () if silent => NEEDED_AFTER_SILENCE,
            () => NEEDED,
        })
    }

    /// Whether `count` packets in sequence since the first are as many as are `needed`.
    pub(super) fn is_enough(count: u8, lasted: Duration, needed: u8) -> bool {
        count >= needed && lasted >= APART * u32::from(needed.saturating_sub(NEEDED))
    }

    /// Whether a stream was the far end's before the present one was.
    pub(super) fn goes_before(&self, ssrc: Ssrc, present: Ssrc) -> bool {
        let place = |of: Ssrc| self.known.iter().position(|known| *known == Some(of));
        place(ssrc).is_some_and(|place_of| place(present).is_none_or(|present| place_of < present))
    }

    fn list(&mut self, ssrc: Ssrc) {
        if self.known.contains(&Some(ssrc)) {
            return;
        }
        if let Some(place) = self.known.iter_mut().find(|place| place.is_none()) {
            *place = Some(ssrc);
        }
    }
}
