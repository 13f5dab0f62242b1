//! A media thread: a wheel of twenty slots, one a millisecond, each leg in one of them.
//!
//! In a tick: what the slot's legs send, then what their sockets and everybody else's received.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use super::leg::{Leg, Ticked};
use super::linux::{Epoll, EventFd, Monotonic};

/// A packet time of slots.
const SLOTS: usize = 20;
/// One turn of the wheel's ratchet.
const TICK: Duration = Duration::from_millis(1);
/// What a thread has places for: more than a core carries (benches/media_calls). How many calls are
/// admitted is for the admission to say.
pub(super) const LEGS: usize = 4000;
/// Legs that share a slot at most. New ones go to the emptiest slot.
const LEGS_IN_SLOT: usize = LEGS.div_ceil(SLOTS);
/// Without legs the thread sleeps, and looks up this often.
const IDLE: Duration = Duration::from_millis(200);
/// A tick later than this is counted.
const LATE: Duration = Duration::from_millis(2);
/// After a longer stall the missed ticks are not made up for: the machine was suspended.
const STALL: Duration = Duration::from_millis(200);
/// The epoll number of the wake-up.
const WAKE: u64 = u64::MAX;

/// What a media thread shows to others.
#[derive(Default)]
pub(super) struct Gauges {
    pub(super) stop: AtomicBool,
    pub(super) legs: AtomicUsize,
    pub(super) ticks: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) worst_us: AtomicU64,
}

/// What a media thread owns.
pub(super) struct MediaThread {
    pub(super) epoll: Epoll,
    pub(super) gauges: Arc<Gauges>,
    /// Legs to take up.
    pub(super) opened: HeapCons<Box<Leg>>,
    /// Legs that are done, to be freed elsewhere.
    pub(super) retired: HeapProd<Box<Leg>>,
    /// Wakes this thread when it has no legs.
    pub(super) wake: Arc<EventFd>,
    /// Wakes whoever drains the events.
    pub(super) told: Arc<EventFd>,
    pub(super) wheel: Wheel,
    pub(super) buffer: [u8; 2048],
}

/// Legs by number and by slot, in places made beforehand.
pub(super) struct Wheel {
    legs: Vec<Option<Box<Leg>>>,
    free: Vec<usize>,
    slots: [Vec<usize>; SLOTS],
}

impl Wheel {
    pub(super) fn new() -> Self {
        let slots = std::array::from_fn(|_| Vec::with_capacity(LEGS_IN_SLOT));
        Self { legs: (0..LEGS).map(|_| None).collect(), free: (0..LEGS).rev().collect(), slots }
    }

    fn is_empty(&self) -> bool {
        self.free.len() == LEGS
    }

    fn insert(&mut self, leg: Box<Leg>) -> Option<usize> {
        let number = self.free.pop()?;
        self.legs[number] = Some(leg);
        let slot = self.slots.iter_mut().min_by_key(|slot| slot.len())?;
        slot.push(number);
        Some(number)
    }

    fn remove(&mut self, number: usize) -> Option<Box<Leg>> {
        let leg = self.legs.get_mut(number)?.take()?;
        self.slots.iter_mut().for_each(|slot| slot.retain(|&other| other != number));
        self.free.push(number);
        Some(leg)
    }
}

impl MediaThread {
    /// Runs until stopped.
    pub(super) fn run(mut self) {
        if self.epoll.add(&*self.wake, WAKE).is_err() {
            return;
        }
        let (mut slot, mut deadline) = (0, Monotonic::now());
        while !self.gauges.stop.load(Ordering::Relaxed) {
            if self.wheel.is_empty() {
                if self.opened.is_empty() {
                    self.epoll.wait(IDLE);
                    self.wake.clear();
                }
                deadline = Monotonic::now();
            } else {
                deadline.sleep_until();
            }
            let behind = self.measure(deadline);
            self.take_up();
            let now = Instant::now();
            let mut told = self.tick(slot, now);
            told |= self.receive(now);
            if told {
                self.told.signal();
            }
            slot = (slot + 1) % SLOTS;
            deadline = match behind > STALL {
                true => Monotonic::now().after(TICK),
                false => deadline.after(TICK),
            };
        }
    }

    fn measure(&self, deadline: Monotonic) -> Duration {
        let behind = Monotonic::now().since(deadline);
        self.gauges.ticks.fetch_add(1, Ordering::Relaxed);
        if behind > LATE {
            self.gauges.late.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(behind.as_micros()).unwrap_or(u64::MAX);
        self.gauges.worst_us.fetch_max(micros, Ordering::Relaxed);
        behind
    }

    /// Takes up one new leg a tick.
    fn take_up(&mut self) {
        let Some(leg) = self.opened.try_pop() else { return };
        // The plane counts legs before it opens one, so that there is a place.
        if let Some(number) = self.wheel.insert(leg)
            && let Some(leg) = &self.wheel.legs[number]
            && self.epoll.add(&**leg, number as u64).is_err()
        {
            self.retire(number, true);
        }
    }

    fn tick(&mut self, slot: usize, now: Instant) -> bool {
        let (mut told, mut index) = (false, 0);
        while let Some(&number) = self.wheel.slots[slot].get(index) {
            let ticked = self.wheel.legs[number].as_mut().map(|leg| {
                let ticked = catch_unwind(AssertUnwindSafe(|| leg.tick(now)));
                told |= leg.took_word();
                ticked
            });
            match ticked {
                Some(Ok(Ticked::GoesOn)) => index += 1,
                // The leg leaves the slot, and the next one takes its place.
                Some(Ok(Ticked::Closes)) => told |= self.retire(number, false),
                Some(Err(_)) | None => told |= self.retire(number, true),
            }
        }
        told
    }

    fn receive(&mut self, now: Instant) -> bool {
        let mut told = false;
        for index in 0..self.epoll.wait(Duration::ZERO) {
            let number = self.epoll.number(index);
            if number == WAKE {
                self.wake.clear();
                continue;
            }
            let Some(leg) = self.wheel.legs.get_mut(number as usize).and_then(Option::as_mut)
            else {
                continue;
            };
            let buffer = &mut self.buffer;
            let received = catch_unwind(AssertUnwindSafe(|| leg.receive(now, buffer)));
            told |= leg.took_word();
            if received.is_err() {
                told |= self.retire(number as usize, true);
            }
        }
        told
    }

    fn retire(&mut self, number: usize, failed: bool) -> bool {
        let Some(mut leg) = self.wheel.remove(number) else { return false };
        self.epoll.remove(&*leg);
        leg.close(Instant::now(), failed);
        self.gauges.legs.fetch_sub(1, Ordering::Relaxed);
        // Nobody drains events: then it is freed here, which is late but not wrong.
        drop(self.retired.try_push(leg));
        true
    }
}
