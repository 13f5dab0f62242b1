//! One press, one digit, by however many ways it comes.
//!
//! A PBX may send an event (RFC 4733) and leave the tone in the sound beside it, or send an INFO as well. Each way
//! tells a press once; so what a second way tells of a digit soon after the first did is the same press.

use std::fmt;
use std::time::{Duration, Instant};

/// A digit that comes by another way within this time is the same press. Pressing a key twice takes less, but each
/// way tells both.
const SAME_PRESS: Duration = Duration::from_millis(1500);
/// The same for an INFO, which may wait for the key to be let go.
const SAME_PRESS_BY_INFO: Duration = Duration::from_secs(3);
/// Presses remembered: more than can be made in that time.
const PRESSES: usize = 24;

/// How a digit came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Way {
    /// As a telephone event (RFC 4733), or for who cannot tell, somehow in the media.
    Event,
    /// As a tone in the sound.
    Tone,
    /// By SIP INFO.
    Info,
}

#[derive(Clone, Copy)]
struct Press {
    digit: char,
    at: Instant,
    /// The ways it has come by, a bit each.
    ways: u8,
}

/// The keypad of one caller.
#[derive(Clone, Default)]
pub struct Keypad {
    /// The oldest first.
    presses: [Option<Press>; PRESSES],
    /// Events have come: tones beside them are an echo.
    has_events: bool,
}

impl Keypad {
    /// Takes what one way tells; whether it is a press of its own.
    pub fn take(&mut self, now: Instant, digit: char, way: Way) -> bool {
        let bit = 1 << way as u8;
        self.has_events |= way == Way::Event;
        let within = if way == Way::Info { SAME_PRESS_BY_INFO } else { SAME_PRESS };
        let same = |press: &&mut Press| {
            let recent = now.saturating_duration_since(press.at) <= within;
            recent && press.digit == digit && press.ways & bit == 0
        };
        if let Some(press) = self.presses.iter_mut().flatten().find(same) {
            press.ways |= bit;
            return false;
        }
        if way == Way::Tone && self.has_events {
            return false;
        }
        self.presses.rotate_left(1);
        self.presses[PRESSES - 1] = Some(Press { digit, at: now, ways: bit });
        true
    }

    /// The far end is another, or was told otherwise: what is known of its ways no longer holds.
    pub fn forget_ways(&mut self) {
        self.has_events = false;
    }
}

/// Without the digits: they may be part of a date of birth.
impl fmt::Debug for Keypad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keypad").field("has_events", &self.has_events).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Digits as `ms way digit`; returns those that count.
    fn counted(told: &[(u64, Way, char)]) -> String {
        let start = Instant::now();
        let mut keypad = Keypad::default();
        let at = |ms| start + Duration::from_millis(ms);
        told.iter()
            .filter(|(ms, way, digit)| keypad.take(at(*ms), *digit, *way))
            .map(|told| told.2)
            .collect()
    }

    use Way::{Event, Info, Tone};

    #[test]
    fn each_way_alone_counts_every_press() {
        for way in [Event, Tone, Info] {
            let told = [(0, way, '5'), (160, way, '5'), (320, way, '5'), (900, way, '1')];
            assert_eq!(counted(&told), "5551", "{way:?}");
        }
    }

    #[test]
    fn a_press_that_comes_by_two_ways_is_one() {
        let leaked = [(0, Event, '5'), (40, Tone, '5'), (200, Event, '5'), (240, Tone, '5')];
        assert_eq!(counted(&leaked), "55");
        let early = [(0, Tone, '5'), (40, Event, '5'), (200, Tone, '5'), (240, Event, '5')];
        assert_eq!(counted(&early), "55");
        // INFO when the key is let go, behind the events of two presses.
        let late = [(0, Event, '7'), (150, Event, '7'), (400, Info, '7'), (600, Info, '7')];
        assert_eq!(counted(&late), "77");
        let three = [(0, Event, '9'), (30, Tone, '9'), (90, Info, '9'), (300, Event, '8')];
        assert_eq!(counted(&three), "98");
    }

    #[test]
    fn a_way_that_misses_a_press_costs_nothing() {
        let told = [(0, Event, '5'), (200, Event, '5'), (240, Tone, '5'), (700, Event, '5')];
        assert_eq!(counted(&told), "555");
    }

    #[test]
    fn another_digit_or_a_later_one_is_another_press() {
        assert_eq!(counted(&[(0, Event, '1'), (40, Info, '2')]), "12");
        assert_eq!(counted(&[(0, Info, '1'), (1501, Event, '1')]), "11");
        // A key that is held: its INFO comes when it is let go.
        assert_eq!(counted(&[(0, Event, '1'), (2800, Info, '1')]), "1");
        assert_eq!(counted(&[(0, Event, '1'), (3001, Info, '1')]), "11");
    }

    /// A tone that is cut in two by a lost packet is no second press where events tell of presses.
    #[test]
    fn tones_alone_count_until_events_come() {
        assert_eq!(counted(&[(0, Tone, '1'), (300, Tone, '2')]), "12");
        let told = [(0, Event, '1'), (40, Tone, '1'), (90, Tone, '1'), (5000, Tone, '3')];
        assert_eq!(counted(&told), "1");
    }

    #[test]
    fn digits_are_not_in_what_is_logged() {
        let mut keypad = Keypad::default();
        keypad.take(Instant::now(), '7', Way::Event);
        assert!(!format!("{keypad:?}").contains('7'));
    }
}
