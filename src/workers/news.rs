//! Which legs have something to tell: per media thread a ring of their numbers, and one wake-up for all.
//!
//! With thousands of legs somebody tells something nearly every millisecond. Whoever takes the events looks at the legs
//! that have some, and at no other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::control::Returned;
use super::events::MediaEvent;
use super::linux::EventFd;

/// A leg's number among all legs whose end has not been seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Token(u32);

/// What comes out of a leg, at the end that is not on its media thread.
pub(super) struct Outlet {
    pub(super) token: Token,
    /// Whether the token is on its way. Cleared before the rings are emptied, so that what comes later queues it again.
    pub(super) queued: Arc<AtomicBool>,
    pub(super) events: HeapCons<MediaEvent>,
    /// What the leg is done with, to be freed.
    pub(super) returned: HeapCons<Returned>,
}

/// Where new legs leave their outlets.
#[derive(Default)]
pub(super) struct Arrivals(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    outlets: Vec<Outlet>,
    free: Vec<Token>,
    /// Tokens given out so far.
    count: u32,
}

impl Arrivals {
    /// A number for a leg to come.
    pub(super) fn token(&self) -> Token {
        let mut waiting = self.lock();
        waiting.free.pop().unwrap_or_else(|| {
            waiting.count += 1;
            Token(waiting.count - 1)
        })
    }

    /// Before the leg can tell anything.
    pub(super) fn leave(&self, outlet: Outlet) {
        self.lock().outlets.push(outlet);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What media threads and the taker of events both see.
pub(super) struct Bell {
    pub(super) wake: Arc<EventFd>,
    /// Something may have gone by unsaid: every leg is to be looked at.
    missed: AtomicBool,
}

impl Bell {
    pub(super) fn new(wake: Arc<EventFd>) -> Self {
        Self { wake, missed: AtomicBool::new(false) }
    }

    /// Lets every leg be looked at.
    pub(super) fn look_at_all(&self) {
        self.missed.store(true, Ordering::Release);
        self.wake.signal();
    }
}

/// A media thread's end.
pub(super) struct News {
    tokens: HeapProd<Token>,
    bell: Arc<Bell>,
    told: bool,
}

/// Makes both ends, for so many legs.
pub(super) fn news(legs: usize, bell: Arc<Bell>) -> (News, HeapCons<Token>) {
    let (tokens, taken) = HeapRb::new(legs).split();
    (News { tokens, bell, told: false }, taken)
}

impl News {
    /// A leg has something to tell.
    pub(super) fn of(&mut self, token: Token, queued: &AtomicBool) {
        if !queued.swap(true, Ordering::AcqRel) {
            self.told = true;
            // More legs that are gone wait to be looked at than there can be.
            if self.tokens.try_push(token).is_err() {
                self.bell.missed.store(true, Ordering::Release);
            }
        }
    }

    /// A leg is gone: it is found by itself, if it could be left to be freed.
    pub(super) fn of_the_gone(&mut self, left: bool) {
        self.told = true;
        if !left {
            self.bell.missed.store(true, Ordering::Release);
        }
    }

    /// Wakes whoever takes the events, if there are any.
    pub(super) fn ring(&mut self) {
        if std::mem::take(&mut self.told) {
            self.bell.wake.signal();
        }
    }
}

/// A thread that ends leaves legs behind, whose end is to be seen.
impl Drop for News {
    fn drop(&mut self) {
        self.bell.look_at_all();
    }
}

/// The other end: all outlets, and which of them to look at.
pub(super) struct Desk {
    arrivals: Arc<Arrivals>,
    bell: Arc<Bell>,
    tokens: Vec<HeapCons<Token>>,
    /// By token.
    outlets: Vec<Option<Outlet>>,
    /// Kept for its room.
    named: Vec<Token>,
    #[cfg(test)]
    pub(super) looks: usize,
}

impl Desk {
    pub(super) fn new(
        arrivals: Arc<Arrivals>,
        bell: Arc<Bell>,
        tokens: Vec<HeapCons<Token>>,
    ) -> Self {
        let (outlets, named) = (Vec::new(), Vec::new());
        Self {
            arrivals,
            bell,
            tokens,
            outlets,
            named,
            #[cfg(test)]
            looks: 0,
        }
    }

    /// Takes what the legs have told, and the end of those that are `gone`.
    pub(super) fn take(
        &mut self,
        gone: impl Iterator<Item = Token>,
        ready: &mut impl Extend<MediaEvent>,
    ) {
        let mut named = std::mem::take(&mut self.named);
        let all = self.bell.missed.swap(false, Ordering::AcqRel);
        self.tokens.iter_mut().for_each(|tokens| named.extend(tokens.pop_iter()));
        named.extend(gone);
        // After the tokens, so that each has its outlet.
        self.welcome();
        if all {
            (0..self.outlets.len()).for_each(|index| self.look(index, ready));
        }
        named.drain(..).for_each(|token| self.look(token.0 as usize, ready));
        self.named = named;
    }

    fn welcome(&mut self) {
        let mut waiting = self.arrivals.lock();
        for outlet in waiting.outlets.drain(..) {
            let index = outlet.token.0 as usize;
            if index >= self.outlets.len() {
                self.outlets.resize_with(index + 1, || None);
            }
            self.outlets[index] = Some(outlet);
        }
    }

    fn look(&mut self, index: usize, ready: &mut impl Extend<MediaEvent>) {
        let Some(place) = self.outlets.get_mut(index) else { return };
        let Some(outlet) = place else { return };
        #[cfg(test)]
        {
            self.looks += 1;
        }
        outlet.queued.swap(false, Ordering::AcqRel);
        let gone = !outlet.events.write_is_held();
        ready.extend(outlet.events.pop_iter());
        outlet.returned.clear();
        if gone {
            let token = outlet.token;
            *place = None;
            self.arrivals.lock().free.push(token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{EventSender, MediaEventKind};
    use super::*;
    use crate::base::{Dice, LegId, UtteranceId};
    use std::time::Instant;

    const LEGS: usize = 3000;

    fn stage(room: usize) -> (Arc<Arrivals>, News, Desk) {
        let bell = Arc::new(Bell::new(Arc::new(EventFd::new().unwrap())));
        let arrivals = Arc::new(Arrivals::default());
        let (news, tokens) = news(room, Arc::clone(&bell));
        let desk = Desk::new(Arc::clone(&arrivals), bell, vec![tokens]);
        (arrivals, news, desk)
    }

    fn leg(arrivals: &Arrivals, number: usize) -> (EventSender, HeapProd<Returned>) {
        let (returns, returned) = HeapRb::new(2).split();
        let (sender, outlet) = EventSender::new(LegId(number as u32), arrivals.token(), returned);
        arrivals.leave(outlet);
        (sender, returns)
    }

    fn tell(leg: &mut EventSender, news: &mut News, number: u32) {
        let frames_played = number;
        let utterance = UtteranceId(0);
        leg.tell(Instant::now(), MediaEventKind::UtteranceProgress { utterance, frames_played });
        leg.pass_word(news);
    }

    #[test]
    fn only_the_leg_that_tells_is_looked_at() {
        let (arrivals, mut news, mut desk) = stage(LEGS);
        let mut legs: Vec<_> = (0..LEGS).map(|number| leg(&arrivals, number)).collect();
        let mut ready = Vec::new();
        desk.take(std::iter::empty(), &mut ready);
        assert_eq!((desk.looks, ready.len()), (0, 0));
        (0..3).for_each(|number| tell(&mut legs[1234].0, &mut news, number));
        desk.take(std::iter::empty(), &mut ready);
        assert_eq!((desk.looks, ready.len()), (1, 3));
        assert!(ready.iter().all(|event| event.leg == LegId(1234)));
        // One that is gone leaves its number to another.
        let (sender, _) = legs.swap_remove(7);
        let token = sender.token();
        drop(sender);
        desk.take([token].into_iter(), &mut ready);
        assert_eq!((desk.looks, ready.len()), (2, 3));
        assert_eq!(arrivals.token(), token);
    }

    #[test]
    fn what_finds_no_room_lets_all_be_looked_at() {
        let (arrivals, mut news, mut desk) = stage(4);
        let mut legs: Vec<_> = (0..10).map(|number| leg(&arrivals, number)).collect();
        legs.iter_mut().for_each(|leg| tell(&mut leg.0, &mut news, 1));
        let mut ready = Vec::new();
        desk.take(std::iter::empty(), &mut ready);
        assert_eq!(ready.len(), 10);
        // A thread that ends says so of all its legs.
        drop((legs, news));
        desk.take(std::iter::empty(), &mut ready);
        assert!(desk.outlets.iter().all(Option::is_none));
    }

    #[test]
    fn nothing_is_lost_between_two_threads() {
        let (arrivals, mut news, mut desk) = stage(64);
        const TOLD: u32 = 100_000;
        let mut legs: Vec<_> = (0..64).map(|number| leg(&arrivals, number)).collect();
        let teller = std::thread::spawn(move || {
            let mut dice = Dice::new(5);
            let mut next = [0; 64];
            let mut told = 0;
            while told < TOLD {
                let number = dice.below(64) as usize;
                if legs[number].0.has_room() {
                    tell(&mut legs[number].0, &mut news, next[number]);
                    next[number] += 1;
                    told += 1;
                } else {
                    std::thread::yield_now();
                }
            }
            // Nobody is told of the end: what was told must have been enough.
            (legs, news)
        });
        let (mut ready, mut next, mut got) = (Vec::new(), [0; 64], 0);
        let mut ended = false;
        loop {
            let last = std::mem::replace(&mut ended, teller.is_finished());
            desk.take(std::iter::empty(), &mut ready);
            for event in ready.drain(..) {
                let MediaEventKind::UtteranceProgress { frames_played, .. } = event.kind else {
                    unreachable!()
                };
                let next = &mut next[event.leg.0 as usize];
                assert_eq!(std::mem::replace(next, frames_played + 1), frames_played);
                got += 1;
            }
            if last {
                break;
            }
        }
        assert_eq!(got, TOLD);
        drop(teller.join().unwrap());
    }
}
