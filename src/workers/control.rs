//! The half of a leg that the rest of the house holds: what is asked of a leg, from any thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringbuf::traits::{Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::base::{Epoch, UtteranceId};
use crate::codec::{Codec, OpusCoders};
use crate::media::{Backdrop, LegParams};

use super::bridge::{Bridge, BridgeEnd, bridge};
use super::rings::{DownRing, UpRing};
use super::tap::{TapReader, TapWriter, tap};
use super::{WorkersError, linux::EventFd};

/// Requests that may wait for the leg's next tick.
const REQUESTS: usize = 16;

/// The last backdrops that a leg may still have: those it is asked for, and what plays until it has
/// faded, for three ticks in which as many more are asked for.
const BACKDROPS: usize = 4 * REQUESTS;

/// What is asked of a leg.
pub(super) enum Request {
    /// With what Opus needs, where the leg has it not: the media thread allocates nothing.
    Update(LegParams, Option<OpusCoders>),
    Press(char),
    PlayBehind(Backdrop),
    Bridge(BridgeEnd),
    Tap(Box<TapWriter>),
    /// A fault of ours, to see what becomes of the others.
    #[cfg(test)]
    Panic,
    /// One while the leg is closed.
    #[cfg(test)]
    PanicAtTheEnd,
}

/// What a leg is done with. It is freed elsewhere: freeing takes a lock.
pub(super) enum Returned {
    Bridge { _end: BridgeEnd },
    Tap { _writer: Box<TapWriter> },
}

/// What both halves see, in a cache line of its own: the media thread looks at it in every tick.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Shared {
    epoch: AtomicU32,
    /// How the agent goes out: [`DUCKED`] and [`PAUSED`].
    steer: AtomicU8,
    /// Utterance in the upper half, frames played in the lower.
    played: AtomicU64,
    closing: AtomicBool,
    /// Something was asked since it was looked.
    waiting: AtomicBool,
    /// The leg takes no more requests.
    gone: AtomicBool,
}

const DUCKED: u8 = 1;
const PAUSED: u8 = 2;

impl Shared {
    /// Whether the agent is turned down, and whether it is held. To be asked before the epoch: who flushes and then
    /// lets it go on is not heard with what was flushed.
    pub(super) fn steer(&self) -> (bool, bool) {
        let steer = self.steer.load(Ordering::Acquire);
        (steer & DUCKED != 0, steer & PAUSED != 0)
    }

    fn set_steer(&self, bit: u8, on: bool) {
        match on {
            true => self.steer.fetch_or(bit, Ordering::AcqRel),
            false => self.steer.fetch_and(!bit, Ordering::AcqRel),
        };
    }

    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Whether requests wait. All of them are to be taken then: it is not said again.
    pub(super) fn has_requests(&self) -> bool {
        // Cleared before they are taken, so that one that comes meanwhile is seen at the next tick.
        self.waiting.load(Ordering::Acquire) && self.waiting.swap(false, Ordering::AcqRel)
    }

    /// Says that the leg takes no more requests. What was asked before can be popped after this; who asks later sees it.
    pub(super) fn go(&self) {
        self.gone.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// To be asked after a request was put in: whether nobody may take it.
    fn is_gone(&self) -> bool {
        fence(Ordering::SeqCst);
        self.gone.load(Ordering::SeqCst)
    }

    pub(super) fn tell_played(&self, (utterance, frames): (UtteranceId, u32)) {
        let played = u64::from(utterance.0) << 32 | u64::from(frames);
        self.played.store(played, Ordering::Release);
    }
}

/// The half of a leg that the rest of the house holds.
pub struct LegMedia {
    /// What the caller says.
    pub up: UpRing,
    /// What the agent says.
    pub down: DownRing,
    /// Everything else. The leg closes when the last copy of it is dropped.
    pub control: LegControl,
}

/// Steers a leg, from any thread.
#[derive(Clone)]
pub struct LegControl(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    /// Locked by those who ask; the media thread has the other ends and locks nothing.
    ends: Mutex<Ends>,
    /// As many of the backdrops asked for last as the leg may have, so that a recording which it lets go of is never
    /// freed there.
    behind: Mutex<VecDeque<Backdrop>>,
    wake: Arc<EventFd>,
}

struct Ends {
    requests: HeapProd<Request>,
    shared: Arc<Shared>,
    /// The leg has what Opus needs; it keeps it.
    opus: bool,
}

/// A leg's ends of what it shares with its control.
pub(super) struct Asked {
    pub(super) shared: Arc<Shared>,
    pub(super) requests: HeapCons<Request>,
    /// It is emptied by whoever takes the events.
    pub(super) returned: HeapProd<Returned>,
}

/// Makes the control of a leg, and what the leg has of it.
pub(super) fn control(wake: Arc<EventFd>, codec: Codec) -> (LegControl, Asked, HeapCons<Returned>) {
    let shared = Arc::new(Shared::default());
    let (requests, asked) = HeapRb::new(REQUESTS).split();
    let (returns, returned) = HeapRb::new(2 * REQUESTS).split();
    let (opus, shared_by_ends) = (codec == Codec::Opus, Arc::clone(&shared));
    let ends = Mutex::new(Ends { requests, shared: shared_by_ends, opus });
    let behind = Mutex::new(VecDeque::new());
    let handle = Handle { shared: Arc::clone(&shared), ends, behind, wake };
    (LegControl(Arc::new(handle)), Asked { shared, requests: asked, returned: returns }, returned)
}

impl LegControl {
    /// Begins an epoch: from the next tick on, nothing older is played.
    pub fn flush(&self, epoch: Epoch) {
        self.0.shared.epoch.store(epoch.0, Ordering::Release);
    }

    /// Turns the agent down by 15 dB from the next tick on, or up again.
    pub fn duck(&self, on: bool) {
        self.0.shared.set_steer(DUCKED, on);
    }

    /// Holds the agent where it is from the next tick on, or lets it go on with the next frame. A flush while it is
    /// held drops what is held; what comes after it is held too.
    pub fn pause(&self, on: bool) {
        self.0.shared.set_steer(PAUSED, on);
    }

    /// Returns what of the agent's speech went out last, as of the last tick.
    pub fn played(&self) -> (UtteranceId, u32) {
        let played = self.0.shared.played.load(Ordering::Acquire);
        (UtteranceId((played >> 32) as u32), played as u32)
    }

    /// Goes on under what a later offer and answer agreed on.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before.
    pub fn update(&self, params: LegParams) -> Result<(), WorkersError> {
        let mut ends = self.ends();
        let needs_opus = params.codec == Codec::Opus && !ends.opus;
        let coders = needs_opus.then(OpusCoders::default);
        ends.ask(Request::Update(params, coders))?;
        ends.opus |= needs_opus;
        Ok(())
    }

    /// Presses a digit (RFC 4733). It is ignored when the far end does not take them.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before.
    pub fn send_dtmf(&self, digit: char) -> Result<(), WorkersError> {
        self.ask(Request::Press(digit))
    }

    /// Changes what is sent while the agent says nothing: sound for a caller who waits.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before.
    pub fn play_behind(&self, backdrop: Backdrop) -> Result<(), WorkersError> {
        let mut behind = self.0.behind.lock().unwrap_or_else(PoisonError::into_inner);
        // Held before the leg has it.
        behind.push_back(backdrop.clone());
        let asked = self.ask(Request::PlayBehind(backdrop));
        if asked.is_err() {
            behind.pop_back();
        } else if behind.len() > BACKDROPS {
            behind.pop_front();
        }
        asked
    }

    /// Lets this leg and another hear each other, for as long as what is returned is held and both
    /// are open. Digits pass too. The agent hears neither meanwhile, but can speak to each: what is
    /// put into a leg's down-ring is heard by its far end alone, over the other, who is turned
    /// down. A leg that is bridged with another already leaves that one to the agent. With a leg
    /// that is closed meanwhile the bridge is over at once.
    ///
    /// # Errors
    /// When a media thread has not taken up what was asked before, or both are one leg; then both
    /// stay as they are.
    pub fn bridge(&self, other: &Self) -> Result<Bridge, WorkersError> {
        let (bridge, ours, theirs) = bridge();
        if Arc::ptr_eq(&self.0, &other.0) {
            return Err(WorkersError::Busy { thread: "media" });
        }
        // Both are asked or neither: who was parted from another already could not stay as it is. Locked in the same
        // order whoever asks.
        let in_order = Arc::as_ptr(&self.0) < Arc::as_ptr(&other.0);
        let (first, second) = if in_order { (self, other) } else { (other, self) };
        let (mut first, mut second) = (first.ends(), second.ends());
        if first.requests.is_full() || second.requests.is_full() {
            return Err(WorkersError::Busy { thread: "media" });
        }
        let (for_first, for_second) = if in_order { (ours, theirs) } else { (theirs, ours) };
        first.ask(Request::Bridge(for_first))?;
        second.ask(Request::Bridge(for_second))?;
        drop((first, second));
        if self.0.shared.is_gone() || other.0.shared.is_gone() {
            bridge.part();
        }
        Ok(bridge)
    }

    /// Taps the leg: both sides as they are heard, side by side. It ends when the reader is
    /// dropped; a second one takes the place of the first. While it lasts it costs 85 KB, nearly as
    /// much as the leg.
    ///
    /// # Errors
    /// When the media thread has not taken up what was asked before, or the leg is closed.
    pub fn tap(&self) -> Result<TapReader, WorkersError> {
        let (writer, reader) = tap();
        self.ask(Request::Tap(writer))?;
        if self.0.shared.is_gone() {
            return Err(WorkersError::Busy { thread: "media" });
        }
        Ok(reader)
    }

    /// Closes the leg at its next tick; [`super::MediaEventKind::Closed`] follows.
    pub fn close(&self) {
        self.0.close();
    }

    pub(super) fn ask(&self, request: Request) -> Result<(), WorkersError> {
        self.ends().ask(request)
    }

    fn ends(&self) -> MutexGuard<'_, Ends> {
        self.0.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ends {
    fn ask(&mut self, request: Request) -> Result<(), WorkersError> {
        let pushed = self.requests.try_push(request);
        self.shared.waiting.store(true, Ordering::Release);
        pushed.map_err(|_| WorkersError::Busy { thread: "media" })
    }
}

impl Handle {
    fn close(&self) {
        self.shared.closing.store(true, Ordering::Release);
        self.wake.signal();
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use crate::media::{Clip, MediaSession};
    use ringbuf::traits::Consumer;
    use std::time::Instant;

    #[test]
    fn a_recording_outlives_the_leg_s_use_of_it_however_often_it_is_changed() {
        let (control, mut asked, _) = control(Arc::new(EventFd::new().unwrap()), Codec::Pcmu);
        let params = LegParams::new(Codec::Pcmu, 0, ([192, 0, 2, 1], 4000).into());
        let mut session = MediaSession::new(Instant::now(), params, &mut Dice::new(1));
        let mut clips = Vec::new();
        for round in 0..40 {
            // As many as fit, and one that does not.
            for _ in 0..=round % REQUESTS {
                let clip = Clip::new(vec![1000; 16_000]).unwrap();
                clips.push(clip.watch());
                let _ = control.play_behind(Backdrop::Clip(clip));
            }
            while let Some(request) = asked.requests.try_pop() {
                let Request::PlayBehind(backdrop) = request else { unreachable!() };
                let held = clips.iter().filter(|clip| clip.strong_count() > 0).count();
                session.play_behind(backdrop);
                session.tick(Instant::now(), None);
                let holds = clips.iter().filter(|clip| clip.strong_count() > 0).count();
                assert_eq!(holds, held, "round {round}: freed by the leg");
            }
        }
        // Those of long ago are free.
        assert!(clips.iter().filter(|clip| clip.strong_count() > 0).count() <= BACKDROPS + 1);
    }

    #[test]
    fn a_bridge_that_cannot_be_asked_of_both_is_asked_of_neither() {
        let wake = || Arc::new(EventFd::new().unwrap());
        let (a, mut asked_a, _) = control(wake(), Codec::Pcmu);
        let (b, mut asked_b, _) = control(wake(), Codec::Pcmu);
        while b.send_dtmf('1').is_ok() {}
        assert!(a.bridge(&b).is_err() && b.bridge(&a).is_err() && a.bridge(&a).is_err());
        assert!(asked_a.requests.try_pop().is_none());
        asked_b.requests.clear();
        let bridge = a.bridge(&b).unwrap();
        assert!(matches!(asked_a.requests.try_pop(), Some(Request::Bridge(_))));
        assert!(bridge.is_over(), "its end was dropped");
    }
}
