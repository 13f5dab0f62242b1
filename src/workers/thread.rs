//! A media thread: a wheel of twenty slots, one a millisecond, each leg in one of them.
//!
//! In a tick: what the slot's legs send, then what their sockets and everybody else's received; while
//! it is behind, mostly what they send.
//! One system call a packet: see docs/development/decisions/media-system-calls.md.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ringbuf::traits::{Consumer, Observer, Producer};
use ringbuf::{HeapCons, HeapProd};

use crate::media::SocketCounts;

use super::leg::{Leg, Scratch, Ticked};
use super::linux::{Epoll, EventFd, Monotonic, thread_time};
use super::load::{self, LoadMeter};
use super::news::News;
use super::pacer::{Due, Pacer, Receiving, SLOTS};
use super::polling::Policy;

/// What a thread has places for: more than a core carries (benches/media_calls). How many calls are
/// admitted is for its load to say.
pub(super) const LEGS: usize = 4000;
/// Legs that share a slot at most. New ones go to the emptiest slot.
const LEGS_IN_SLOT: usize = LEGS.div_ceil(SLOTS);
/// Without legs the thread sleeps, and looks up this often.
const IDLE: Duration = Duration::from_millis(200);
/// How many legs ahead their parts are fetched: later, and they are not there yet; earlier, and they are gone again.
const AHEAD: [usize; 3] = [5, 3, 1];
/// A leg that is to move by so many slots may move by this many less.
const LESS: usize = 4;
/// From one slot to the next.
const TICK: Duration = Duration::from_millis(1);
/// A tick later than this is counted.
const LATE: Duration = Duration::from_millis(2);
/// The epoll number of the wake-up.
const WAKE: u64 = u64::MAX;
/// What is added to a leg's number for its RTCP port.
const CONTROL: u64 = 1 << 32;

/// What a media thread shows to others.
#[derive(Default)]
pub(super) struct Gauges {
    pub(super) stop: AtomicBool,
    pub(super) legs: AtomicUsize,
    pub(super) ticks: AtomicU64,
    pub(super) late: AtomicU64,
    pub(super) worst_us: AtomicU64,
    /// Packet times that were left out because they were missed.
    pub(super) left_out: AtomicU64,
    /// The part of a core that was used in the last second, in thousandths.
    pub(super) busy: AtomicU32,
    /// Whether it is too busy for more legs.
    pub(super) refusing: AtomicBool,
    /// What the sockets of all its legs have counted, those that are closed too.
    pub(super) sockets: SocketGauges,
}

/// [`SocketCounts`] of many legs.
#[derive(Default)]
pub(super) struct SocketGauges {
    pub(super) thrown_away: AtomicU64,
    pub(super) send_refused: AtomicU64,
    pub(super) send_full: AtomicU64,
    pub(super) send_failed: AtomicU64,
}

impl SocketGauges {
    /// Adds what one leg has counted since.
    fn add(&self, before: &SocketCounts, after: &SocketCounts) {
        // Faults are few: nothing is written as long as there is none.
        if before != after {
            let add = |to: &AtomicU64, by: u64| _ = to.fetch_add(by, Ordering::Relaxed);
            add(&self.thrown_away, after.thrown_away - before.thrown_away);
            add(&self.send_refused, after.send_refused - before.send_refused);
            add(&self.send_full, after.send_full - before.send_full);
            add(&self.send_failed, after.send_failed - before.send_failed);
        }
    }

    /// Reads them all.
    pub(super) fn read(&self) -> SocketCounts {
        SocketCounts {
            thrown_away: self.thrown_away.load(Ordering::Relaxed),
            send_refused: self.send_refused.load(Ordering::Relaxed),
            send_full: self.send_full.load(Ordering::Relaxed),
            send_failed: self.send_failed.load(Ordering::Relaxed),
        }
    }
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
    pub(super) wheel: Wheel,
    pub(super) scratch: Scratch,
    pub(super) polling: Policy,
    /// Wakes whoever takes the events. Dropped after the legs.
    pub(super) news: News,
}

/// Legs by number and by slot, in places made beforehand.
pub(super) struct Wheel {
    legs: Vec<Option<Place>>,
    free: Vec<usize>,
    slots: [Vec<usize>; SLOTS],
}

struct Place {
    leg: Box<Leg>,
    slot: usize,
}

impl Wheel {
    pub(super) fn new() -> Self {
        let slots = std::array::from_fn(|_| Vec::with_capacity(LEGS_IN_SLOT));
        Self { legs: (0..LEGS).map(|_| None).collect(), free: (0..LEGS).rev().collect(), slots }
    }

    fn len(&self) -> usize {
        LEGS - self.free.len()
    }

    fn is_empty(&self) -> bool {
        self.free.len() == LEGS
    }

    fn get(&mut self, number: usize) -> Option<&mut Leg> {
        self.legs.get_mut(number)?.as_mut().map(|place| &mut *place.leg)
    }

    /// Finds a place for a leg, or gives it back.
    fn insert(&mut self, leg: Box<Leg>) -> Result<usize, Box<Leg>> {
        let Some(number) = self.free.pop() else { return Err(leg) };
        let slot = (0..SLOTS).min_by_key(|&slot| self.slots[slot].len()).unwrap_or(0);
        self.slots[slot].push(number);
        self.legs[number] = Some(Place { leg, slot });
        Ok(number)
    }

    /// Has the processor fetch what the slot's next legs need, while the present one is in the kernel: first what
    /// lies in a leg, then what that points to, then the frames' places in that.
    fn fetch_ahead(&self, slot: usize, index: usize) {
        let leg =
            |at: usize| self.slots[slot].get(at).and_then(|&number| self.legs[number].as_ref());
        let [of_leg, of_rings, of_frames] = AHEAD;
        if let Some(place) = leg(index + of_leg) {
            place.leg.fetch_ahead();
        }
        if let Some(place) = leg(index + of_rings) {
            place.leg.fetch_rings();
        }
        if let Some(place) = leg(index + of_frames) {
            place.leg.fetch_frames();
        }
    }

    /// Moves a leg by so many slots, or a few less, to one that has room; whether it moved.
    fn shift(&mut self, number: usize, earlier: usize) -> bool {
        let most = (self.len() / SLOTS * 5 / 4 + 2).min(LEGS_IN_SLOT);
        let Some(Some(place)) = self.legs.get_mut(number) else { return false };
        let to = (earlier.saturating_sub(LESS).max(1)..=earlier)
            .rev()
            .map(|by| (place.slot + SLOTS - by) % SLOTS)
            .find(|&slot| self.slots[slot].len() < most);
        let Some(to) = to else { return false };
        self.slots[place.slot].retain(|&other| other != number);
        self.slots[to].push(number);
        place.slot = to;
        true
    }

    fn remove(&mut self, number: usize) -> Option<Box<Leg>> {
        let Place { leg, slot } = self.legs.get_mut(number)?.take()?;
        self.slots[slot].retain(|&other| other != number);
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
        let start = Monotonic::now();
        let (mut pacer, mut receiving) = (Pacer::new(start), Receiving::default());
        let mut meter = LoadMeter::new(start.clock(), thread_time());
        while !self.gauges.stop.load(Ordering::Relaxed) {
            if self.wheel.is_empty() {
                if self.opened.is_empty() {
                    self.epoll.wait(IDLE);
                    self.wake.clear();
                }
                pacer.restart(Monotonic::now());
            } else {
                pacer.deadline().sleep_until();
            }
            let due = pacer.tick(Monotonic::now());
            self.measure(&due, &mut meter);
            self.take_up();
            let now = Instant::now();
            let receives = receiving.is_due(due.behind);
            self.scratch.wall = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
            self.scratch.receives = receives;
            self.polling.tick(self.wheel.len());
            self.tick(&due, now);
            if receives {
                self.receive(now);
            }
            self.news.ring();
        }
    }

    fn measure(&self, due: &Due, meter: &mut LoadMeter) {
        let Self { gauges, .. } = self;
        let &Due { behind, left_out, .. } = due;
        gauges.ticks.fetch_add(1, Ordering::Relaxed);
        if behind > LATE {
            gauges.late.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(behind.as_micros()).unwrap_or(u64::MAX);
        gauges.worst_us.fetch_max(micros, Ordering::Relaxed);
        if behind > load::LATE {
            gauges.left_out.fetch_add(left_out, Ordering::Relaxed);
            meter.late(TICK * (1 + 20 * u32::try_from(left_out).unwrap_or(u32::MAX / 20)));
        }
        let clock = Monotonic::now().clock();
        if meter.is_due(clock) {
            let measured = meter.measure(clock, thread_time());
            gauges.busy.store((1000.0 * measured.busy) as u32, Ordering::Relaxed);
            gauges.refusing.store(measured.refusing, Ordering::Relaxed);
        }
    }

    /// Takes up one new leg a tick.
    fn take_up(&mut self) {
        let Some(leg) = self.opened.try_pop() else { return };
        let number = match self.wheel.insert(leg) {
            Ok(number) => number,
            // The plane counts legs before it opens one, so that there is a place; if not, this one is closed.
            Err(leg) => return self.part_with(leg, true),
        };
        let Some(leg) = self.wheel.get(number) else { return };
        let watched = self.epoll.add(leg, number as u64);
        let watched = watched.and_then(|()| self.epoll.add(leg.control(), CONTROL | number as u64));
        if watched.is_err() {
            self.retire(number, true);
        }
    }

    fn tick(&mut self, due: &Due, now: Instant) {
        let mut index = 0;
        while let Some(&number) = self.wheel.slots[due.slot].get(index) {
            let Self { wheel, gauges, scratch, polling, news, .. } = &mut *self;
            if polling.is_on() {
                wheel.fetch_ahead(due.slot, index);
            }
            let ticked = wheel.get(number).map(|leg| {
                let before = *leg.socket();
                let ticked = catch_unwind(AssertUnwindSafe(|| leg.tick(now, due.turn, scratch)));
                gauges.sockets.add(&before, leg.socket());
                leg.pass_word(news);
                ticked
            });
            match ticked {
                Some(Ok(Ticked::GoesOn)) => index += usize::from(!self.arrange(number)),
                // The leg leaves the slot, and the next one takes its place.
                Some(Ok(Ticked::Closes)) => self.retire(number, false),
                Some(Err(_)) => self.retire(number, true),
                // A number without a leg, which cannot be: it does not keep the thread here.
                None => _ = self.wheel.slots[due.slot].swap_remove(index),
            }
        }
    }

    /// Has a leg look for what comes itself, or not, as all do by now; whether it left its slot.
    fn arrange(&mut self, number: usize) -> bool {
        let Self { wheel, epoll, polling, .. } = self;
        let Some(leg) = wheel.get(number) else { return false };
        if polling.changes(leg.is_polled()) {
            if leg.is_polled() {
                // Without a watch it goes on as it is, and is asked again.
                leg.poll(epoll.add(&*leg, number as u64).is_err());
            } else {
                epoll.remove(&*leg);
                leg.poll(true);
            }
        }
        leg.earlier().is_some_and(|earlier| wheel.shift(number, earlier))
    }

    fn receive(&mut self, now: Instant) {
        for index in 0..self.epoll.wait(Duration::ZERO) {
            let number = self.epoll.number(index);
            if number == WAKE {
                self.wake.clear();
                continue;
            }
            let Self { wheel, gauges, scratch, news, .. } = &mut *self;
            let (number, control) = ((number & !CONTROL) as usize, number & CONTROL != 0);
            let Some(leg) = wheel.get(number) else { continue };
            let before = *leg.socket();
            let received = catch_unwind(AssertUnwindSafe(|| match control {
                true => leg.receive_control(now, scratch),
                false => _ = leg.receive(now, scratch),
            }));
            gauges.sockets.add(&before, leg.socket());
            leg.pass_word(news);
            if received.is_err() {
                self.retire(number, true);
            }
        }
    }

    fn retire(&mut self, number: usize, failed: bool) {
        if let Some(leg) = self.wheel.remove(number) {
            self.part_with(leg, failed);
        }
    }

    fn part_with(&mut self, mut leg: Box<Leg>, failed: bool) {
        self.epoll.remove(&*leg);
        self.epoll.remove(leg.control());
        // Before its end is told: whoever hears of it finds the place free.
        self.gauges.legs.fetch_sub(1, Ordering::Relaxed);
        let now = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| leg.close(now, failed))).is_err() {
            // It has failed twice: nothing is asked of it any more but to be gone.
            leg.give_up(now);
        }
        // Nobody drains events: then it is freed here, which is late but not wrong.
        self.news.of_the_gone(self.retired.try_push(leg).map_err(drop).is_ok());
    }
}
