//! Two legs that hear each other instead of the agent: each passes what it hears to the other, on
//! whichever media threads they are.
//!
//! Frames go from decoder to encoder, so that any two codecs meet. Each direction is a short ring
//! that the hearing leg fills and the other empties, a frame a tick.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::base::Frame;

/// Places in each direction: 16 × 20 ms. It is only full when the other leg's thread stands still.
const PLACES: usize = 16;
/// Frames that may wait for the other leg's tick. More is delay that never goes away by itself:
/// then the oldest are dropped.
const WAITING: usize = 3;

/// What one leg passes to the other.
#[derive(Clone, Copy, Debug)]
enum Passed {
    Sound(Frame),
    Digit(char),
}

#[derive(Debug, Default)]
struct Shared {
    over: AtomicBool,
    passed: AtomicU64,
    dropped: AtomicU64,
}

/// Holds two legs together. When it is dropped, both return to the agent at their next tick.
#[derive(Debug)]
pub struct Bridge(Arc<Shared>);

impl Bridge {
    /// Whether the legs have parted: one of them is closed, or was bridged with another.
    pub fn is_over(&self) -> bool {
        self.0.over.load(Ordering::Acquire)
    }

    /// Returns how many frames were passed on, both ways together.
    pub fn passed(&self) -> u64 {
        self.0.passed.load(Ordering::Relaxed)
    }

    /// Returns how many were dropped because the other leg could not keep up.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl Bridge {
    /// Both legs return to the agent.
    pub(super) fn part(&self) {
        self.0.over.store(true, Ordering::Release);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.part();
    }
}

/// One leg's end, on its media thread.
pub(super) struct BridgeEnd {
    shared: Arc<Shared>,
    to: HeapProd<Passed>,
    from: HeapCons<Passed>,
}

/// An end that nobody has any more leaves nobody bridged with it: that of a leg that closed before it took it, too.
impl Drop for BridgeEnd {
    fn drop(&mut self) {
        self.part();
    }
}

/// Makes a bridge and its two ends.
pub(super) fn bridge() -> (Bridge, BridgeEnd, BridgeEnd) {
    let shared = Arc::new(Shared::default());
    let (to_b, from_a) = HeapRb::new(PLACES).split();
    let (to_a, from_b) = HeapRb::new(PLACES).split();
    let a = BridgeEnd { shared: Arc::clone(&shared), to: to_b, from: from_b };
    let b = BridgeEnd { shared: Arc::clone(&shared), to: to_a, from: from_a };
    (Bridge(shared), a, b)
}

impl BridgeEnd {
    pub(super) fn is_over(&self) -> bool {
        self.shared.over.load(Ordering::Acquire)
    }

    /// The other leg is told at its next tick.
    pub(super) fn part(&self) {
        self.shared.over.store(true, Ordering::Release);
    }

    /// Passes a frame on that this leg heard.
    pub(super) fn pass(&mut self, frame: &Frame) {
        let passed = self.to.try_push(Passed::Sound(*frame)).is_ok();
        let count = if passed { &self.shared.passed } else { &self.shared.dropped };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Passes a digit on that this leg's far end pressed.
    pub(super) fn press(&mut self, digit: char) {
        let _ = self.to.try_push(Passed::Digit(digit));
    }

    /// Takes the frame that this leg sends now, and the digits before it.
    pub(super) fn next(&mut self, mut press: impl FnMut(char)) -> Option<Frame> {
        let mut too_many = self.from.occupied_len().saturating_sub(WAITING);
        // The ring holds no more than this, whatever is pushed meanwhile.
        for _ in 0..PLACES {
            match self.from.try_pop()? {
                Passed::Digit(digit) => press(digit),
                Passed::Sound(_) if too_many > 0 => {
                    self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Passed::Sound(frame) => return Some(frame),
            }
            too_many = too_many.saturating_sub(1);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: i16) -> Frame {
        Frame([number; Frame::SAMPLES])
    }

    /// Numbers are frames and letters digits that A passes, `|` is a tick of B; returns what B sends
    /// at each tick, `-` for nothing, after the digits it presses.
    fn check(story: &str, expected: &str) -> u64 {
        let (bridge, mut a, mut b) = bridge();
        let mut sent = String::new();
        for event in story.chars() {
            match event {
                '|' => {
                    let next = b.next(|digit| sent.push(digit));
                    sent.push(next.map_or('-', |frame| (b'0' + frame.0[7] as u8) as char));
                }
                '0'..='9' => a.pass(&frame(event as i16 - '0' as i16)),
                digit => a.press(digit),
            }
        }
        assert_eq!(sent, expected, "{story}");
        bridge.dropped()
    }

    #[test]
    fn a_frame_a_tick_in_order_and_little_waits() {
        assert_eq!(check("1|2|3|4|", "1234"), 0);
        // A frame that comes late is a pause once, and from then on one waits.
        assert_eq!(check("1||23|4|5|", "1-234"), 0);
        // A burst after a stall is not kept for the rest of the call.
        assert_eq!(check("1||||23456|7|8|9|", "1---4567"), 2);
        assert_eq!(check("", ""), 0);
    }

    #[test]
    fn digits_keep_their_place() {
        assert_eq!(check("1a2|3|b||", "1a23b-"), 0);
        assert_eq!(check("abc|1|", "abc-1"), 0);
        assert_eq!(check("123a45|||", "a45-"), 3);
    }

    #[test]
    fn both_ends_learn_that_it_is_over() {
        let (held, a, b) = bridge();
        assert!(!a.is_over() && !b.is_over());
        a.part();
        assert!(held.is_over() && b.is_over());
        let (held, a, b) = bridge();
        drop(held);
        assert!(a.is_over() && b.is_over());
        let (held, a, b) = bridge();
        drop(a);
        assert!(held.is_over() && b.is_over());
    }

    #[test]
    fn a_leg_that_stands_still_costs_the_other_nothing() {
        let (bridge, mut a, _b) = bridge();
        (0..100).for_each(|number| a.pass(&frame(number)));
        assert_eq!((bridge.passed(), bridge.dropped()), (PLACES as u64, 100 - PLACES as u64));
    }
}
