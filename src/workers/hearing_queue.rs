//! Which leg a hearing thread serves next: the most urgent work of all legs, whichever thread is free.
//!
//! Feeding recognisers costs next to nothing and comes first. Then finals, the longest waiting first, since a caller
//! waits; then guesses in pauses; then partial results, for which one thread is always left free.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::LegId;
use crate::speech::Work;

use super::WorkersError;
use super::ear::{Done, Ear};
use super::hearing::Request;
use super::hearing_load::{HearingLoad, HearingMeter};
use super::rings::UpMark;

/// How often rings are looked at when nothing is asked.
const ROUND: Duration = Duration::from_millis(10);
/// Requests that may wait for one leg: a call has no more than a few at a time.
const REQUESTS: usize = 256;
/// Ears that are fed at a time, so that other threads find some too.
const FED: usize = 16;

/// What a thread does next.
pub(super) enum Job {
    /// Takes frames and requests to these.
    Feed(Vec<Meal>),
    /// Computes for one.
    Compute(LegId, Box<Ear>, Work),
}

/// What one ear is fed.
pub(super) struct Meal {
    pub(super) leg: LegId,
    pub(super) ear: Box<Ear>,
    /// What it is asked, each with how many frames had been written then.
    pub(super) requests: VecDeque<(Request, u64)>,
    /// How many frames have been written by now. What comes later may be for a later request.
    pub(super) written: u64,
}

/// What waits, for all threads.
pub(super) struct Queue {
    threads: usize,
    board: Mutex<Board>,
    changed: Condvar,
}

#[derive(Default)]
struct Board {
    slots: BTreeMap<LegId, Slot>,
    meter: HearingMeter,
    /// Threads that compute.
    computing: usize,
    stopping: bool,
}

/// One leg's place.
struct Slot {
    /// Gone while a thread has it.
    ear: Option<Box<Ear>>,
    /// How far its ring is written.
    mark: UpMark,
    /// Each with how many frames had been written when it was made.
    requests: VecDeque<(Request, u64)>,
    /// When it is to be fed again.
    feed_at: Instant,
    due: Option<Work>,
    /// Since when it wants to compute that.
    due_since: Instant,
    /// When the oldest turn was over that is not finished yet.
    over_since: Option<Instant>,
}

impl Queue {
    pub(super) fn new(threads: usize) -> Self {
        let board = Board { meter: HearingMeter::new(threads), ..Board::default() };
        Self { threads, board: Mutex::new(board), changed: Condvar::new() }
    }

    pub(super) fn attach(&self, leg: LegId, ear: Box<Ear>, mark: UpMark) {
        let now = Instant::now();
        let slot = Slot {
            ear: Some(ear),
            mark,
            requests: VecDeque::new(),
            feed_at: now,
            due: None,
            due_since: now,
            over_since: None,
        };
        // What it replaces is dropped without the lock: it may take a while.
        let old = self.board().slots.insert(leg, slot);
        self.changed.notify_one();
        drop(old);
    }

    pub(super) fn ask(&self, leg: LegId, request: Request) -> Result<(), WorkersError> {
        let mut board = self.board();
        let Some(slot) = board.slots.get_mut(&leg) else { return Ok(()) };
        if slot.requests.len() == REQUESTS {
            return Err(WorkersError::Busy { thread: "hearing" });
        }
        if let Request::Finish(_) = request {
            slot.over_since.get_or_insert_with(Instant::now);
        }
        slot.requests.push_back((request, slot.mark.written()));
        drop(board);
        self.changed.notify_one();
        Ok(())
    }

    pub(super) fn detach(&self, leg: LegId) {
        let slot = self.board().slots.remove(&leg);
        drop(slot);
    }

    pub(super) fn load(&self, now: Instant) -> HearingLoad {
        let mut board = self.board();
        let waiting = board.waiting(now);
        board.meter.load(now, waiting)
    }

    pub(super) fn stop(&self) {
        self.board().stopping = true;
        self.changed.notify_all();
    }

    /// Waits for something to do; `None` at the end.
    pub(super) fn next(&self) -> Option<Job> {
        let mut board = self.board();
        loop {
            if board.stopping {
                return None;
            }
            let now = Instant::now();
            if let Some(job) = board.job(now, self.threads) {
                return Some(job);
            }
            board = match board.next_feeding(now) {
                None => self.changed.wait(board).unwrap_or_else(PoisonError::into_inner),
                Some(at) => {
                    let wait = at.saturating_duration_since(now).max(Duration::from_millis(1));
                    self.changed.wait_timeout(board, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// A thread has done with an ear, but not with what it computed for it.
    pub(super) fn computed(&self, work: Work, begun: Instant, now: Instant) {
        let mut board = self.board();
        board.computing -= 1;
        board.meter.computed(work, begun, now);
    }

    /// Puts an ear back to its place, if it still has one.
    pub(super) fn give_back(&self, leg: LegId, ear: Box<Ear>, done: &Done) {
        let left = self.board().give_back(Instant::now(), leg, ear, done);
        if done.due.is_some() {
            self.changed.notify_one();
        }
        drop(left);
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    fn job(&mut self, now: Instant, threads: usize) -> Option<Job> {
        let hungry = |slot: &&mut Slot| {
            slot.ear.is_some() && (slot.feed_at <= now || !slot.requests.is_empty())
        };
        let fed: Vec<_> = self
            .slots
            .iter_mut()
            .filter_map(|(leg, slot)| Some((leg, Some(slot).filter(hungry)?)))
            .take(FED)
            .filter_map(|(leg, slot)| {
                slot.feed_at = now + ROUND;
                let (ear, requests) = (slot.ear.take()?, std::mem::take(&mut slot.requests));
                Some(Meal { leg: *leg, ear, requests, written: slot.mark.written() })
            })
            .collect();
        if !fed.is_empty() {
            return Some(Job::Feed(fed));
        }
        let waiting = self.waiting(now);
        let least = self.meter.least(now, waiting);
        let one_is_left = threads == 1 || self.computing + 1 < threads;
        let allowed = |work: Work| work >= least && (work != Work::Partial || one_is_left);
        let urgency = |slot: &Slot| {
            let work = slot.due.filter(|&work| slot.ear.is_some() && allowed(work))?;
            let since = slot.over_since.filter(|_| work == Work::Final).unwrap_or(slot.due_since);
            Some((work, std::cmp::Reverse(since)))
        };
        let most_urgent = self
            .slots
            .iter_mut()
            .filter_map(|(leg, slot)| Some((urgency(slot)?, *leg, slot)))
            .max_by_key(|(urgency, ..)| *urgency);
        let ((work, _), leg, slot) = most_urgent?;
        let ear = slot.ear.take()?;
        self.computing += 1;
        Some(Job::Compute(leg, ear, work))
    }

    /// When to look again at the latest; `None` without any leg. Ears that a thread has are fed when they are back.
    fn next_feeding(&self, now: Instant) -> Option<Instant> {
        let here = |slot: &&Slot| slot.ear.is_some();
        let next = self.slots.values().filter(here).map(|slot| slot.feed_at).min();
        next.or((!self.slots.is_empty()).then_some(now + ROUND))
    }

    fn give_back(
        &mut self,
        now: Instant,
        leg: LegId,
        ear: Box<Ear>,
        done: &Done,
    ) -> Option<Box<Ear>> {
        let Some(slot) = self.slots.get_mut(&leg) else { return Some(ear) };
        if done.broken {
            self.slots.remove(&leg);
            return Some(ear);
        }
        if slot.due != done.due {
            (slot.due, slot.due_since) = (done.due, now);
        }
        // Whoever does not compute has its own reasons to be late: a vendor is no load of ours.
        let waits = done.due == Some(Work::Final) || slot.asks_to_finish();
        if let Some(over) = slot.over_since.filter(|_| !waits) {
            slot.over_since = None;
            if done.finished {
                self.meter.finished(over, now);
            }
        }
        slot.ear.replace(ear)
    }

    /// How long the oldest turn waits that is over.
    fn waiting(&self, now: Instant) -> Duration {
        let oldest = self.slots.values().filter_map(|slot| slot.over_since).min();
        oldest.map_or(Duration::ZERO, |over| now.saturating_duration_since(over))
    }
}

impl Slot {
    fn asks_to_finish(&self) -> bool {
        self.requests.iter().any(|request| matches!(request, (Request::Finish(_), _)))
    }
}
