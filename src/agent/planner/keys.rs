//! Keyed digits: 0 for a person, and the second way to give a date of birth or a ZIP code.

use std::time::{Duration, Instant};

use super::step::{Step, ZIP_DIGITS};
use crate::agent::conversation::{Conversation, Timer};
use crate::agent::language::Intent;
use crate::agent::wording::{Line, lines};
use crate::base::{Phi, Purpose};

/// A pause after which keyed digits are taken as they stand.
const KEYED_PAUSE: Duration = Duration::from_millis(2_500);
/// Month, day and year; in Spanish the day is first.
const BIRTH_DATE_DIGITS: usize = 8;

impl Conversation {
    /// Whether a key means something now, so that what is being said is better not heard to its end.
    pub fn takes_key(&self, key: char) -> bool {
        let moves_on = matches!(self.step, Step::Transferring { .. });
        !self.is_over() && (key == '0' && !moves_on || self.collects() > 0)
    }

    /// How many digits the open question may be answered with.
    fn collects(&self) -> usize {
        match self.step {
            Step::BirthDate | Step::BirthDateRight => BIRTH_DATE_DIGITS,
            Step::TieBreaker => ZIP_DIGITS.into(),
            _ => 0,
        }
    }

    /// The other way to answer, for a caller who is not heard.
    pub(crate) fn offer_of_keys(&self) -> Option<Line> {
        match self.step {
            Step::BirthDate => Some(lines::KEY_BIRTH),
            Step::TieBreaker => Some(lines::KEY_ZIP),
            Step::Emergency { .. } => None,
            _ if self.setting.targets.is_empty() => None,
            _ => Some(lines::KEY_ZERO),
        }
    }

    /// Takes one keyed digit.
    pub(crate) fn key(&mut self, now: Instant, digit: char) {
        let collects = self.collects();
        self.trouble.is_answered();
        match digit {
            '0' if collects == 0 => self.keyed_zero(now),
            '*' => self.keyed = Phi::default(),
            '#' if collects > 0 => self.keyed_enough(now),
            '0'..='9' if collects > 0 => {
                self.keyed = self.keyed.map(|digits| format!("{digits}{digit}"));
                if self.keyed.reveal(Purpose::Understanding).len() >= collects {
                    self.keyed_enough(now);
                } else {
                    self.caller_timers.set(now, Timer::Keyed, KEYED_PAUSE);
                }
            }
            _ => {}
        }
    }

    fn keyed_zero(&mut self, now: Instant) {
        if matches!(self.step, Step::Transferring { .. }) {
            return;
        }
        if !self.flights.is_empty() {
            self.deferred = Some(Phi::new("operator".into()));
            return;
        }
        self.decide("intent", Intent::Person.name());
        self.hand_off(now, "patient_request");
    }

    /// Takes the keyed digits as the answer to the open question.
    pub(crate) fn keyed_enough(&mut self, now: Instant) {
        self.caller_timers.stop(Timer::Keyed);
        let keyed = std::mem::take(&mut self.keyed);
        let digits = keyed.reveal(Purpose::Understanding);
        match digits.as_str() {
            "" => {}
            "0" => self.keyed_zero(now),
            _ if !self.flights.is_empty() => {}
            digits => {
                let asked = if self.step == Step::BirthDateRight {
                    Step::BirthDate
                } else {
                    self.step.clone()
                };
                self.step = asked;
                let understood = self.read(digits);
                self.take_turn(now, &understood);
            }
        }
    }
}
