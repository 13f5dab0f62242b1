//! What legs say, on its way from their rings to their recognisers.
//!
//! A ring is short, since every leg has one; a recogniser may compute for seconds. So a thread that
//! does nothing else empties rings whose recogniser is busy, and memory is taken only by those
//! that are behind.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::speech::HeardFrame;

use super::WorkersError;
use super::rings::UpRing;

/// How often rings are emptied: well before the 640 ms are over that one holds, and as often as there is a frame that a
/// second opinion may be asked of.
const ROUND: Duration = Duration::from_millis(20);
/// Frames that may wait for one recogniser: 250 × 20 ms = 5 s. Beyond that the oldest are dropped.
const WAITING: usize = 250;
/// Room for more than this is given back once it is empty.
const KEPT: usize = 8;

/// A frame, and how many frames were written with it.
pub(super) type Counted = (u64, HeardFrame);

/// One leg's.
pub(super) struct Inflow {
    ring: UpRing,
    waiting: VecDeque<Counted>,
    overflown: u64,
}

impl Inflow {
    fn gather(&mut self) {
        while let Some(heard) = self.ring.pop() {
            if self.waiting.len() == WAITING {
                self.waiting.pop_front();
                self.overflown += 1;
            }
            self.waiting.push_back((self.ring.taken(), heard));
        }
    }

    /// Moves all that has come to the end of `into`, and returns how many frames were lost so far.
    pub(super) fn take(&mut self, into: &mut VecDeque<Counted>) -> u64 {
        self.gather();
        if into.is_empty() {
            std::mem::swap(&mut self.waiting, into);
        } else {
            into.append(&mut self.waiting);
        }
        if self.waiting.capacity() > KEPT {
            self.waiting = VecDeque::new();
        }
        self.ring.dropped() + self.overflown
    }
}

/// Locks one leg's, for as long as it takes to empty it.
pub(super) fn lock(inflow: &Mutex<Inflow>) -> MutexGuard<'_, Inflow> {
    inflow.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    inflows: Vec<Weak<Mutex<Inflow>>>,
    stopping: bool,
}

/// The thread that empties rings. It ends when this is dropped.
pub(super) struct Gatherer {
    shared: Arc<Shared>,
    join: Option<JoinHandle<()>>,
}

impl Gatherer {
    pub(super) fn start() -> Result<Self, WorkersError> {
        let (shared, thread) = (Arc::new(Shared::default()), "gathering");
        let theirs = Arc::clone(&shared);
        let join = std::thread::Builder::new()
            .name(thread.into())
            .spawn(move || run(&theirs))
            .map_err(|source| WorkersError::Thread { thread: thread.into(), source })?;
        Ok(Self { shared, join: Some(join) })
    }

    /// Empties a ring from now on, for as long as what is returned is held.
    pub(super) fn attach(&self, ring: UpRing) -> Arc<Mutex<Inflow>> {
        let (waiting, overflown) = (VecDeque::new(), 0);
        let inflow = Arc::new(Mutex::new(Inflow { ring, waiting, overflown }));
        self.shared.state().inflows.push(Arc::downgrade(&inflow));
        self.shared.changed.notify_one();
        inflow
    }
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        self.shared.state().stopping = true;
        self.shared.changed.notify_one();
        let _ = self.join.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(shared: &Shared) {
    let mut state = shared.state();
    while !state.stopping {
        state.inflows.retain(|inflow| {
            let Some(inflow) = inflow.upgrade() else { return false };
            lock(&inflow).gather();
            true
        });
        state = match state.inflows.is_empty() {
            true => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            false => {
                shared.changed.wait_timeout(state, ROUND).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Frame;
    use crate::workers::up_ring;

    #[test]
    fn what_is_not_taken_waits_beyond_the_ring_and_then_the_oldest_goes() {
        let gatherer = Gatherer::start().unwrap();
        let (mut writer, ring) = up_ring();
        let inflow = gatherer.attach(ring);
        let mut taken = VecDeque::new();
        for (round, frames) in [(0, 200), (1, 300)] {
            for tick in 0..frames {
                writer.push(&HeardFrame::new(round * 1000 + tick, Frame::SILENCE, false));
                if tick % 16 == 15 {
                    lock(&inflow).gather();
                }
            }
            let lost = lock(&inflow).take(&mut taken);
            let ticks: Vec<_> = taken.drain(..).map(|(_, heard)| heard.tick).collect();
            let first = round * 1000 + lost;
            assert_eq!(ticks, (first..round * 1000 + frames).collect::<Vec<_>>());
            assert_eq!(lost, round * 50);
        }
        assert!(lock(&inflow).waiting.capacity() <= KEPT);
        // The thread empties by itself whom nobody asks for.
        (0..20).for_each(|tick| writer.push(&HeardFrame::new(tick, Frame::SILENCE, false)));
        while lock(&inflow).waiting.len() < 20 {
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(inflow);
        while !gatherer.shared.state().inflows.is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
