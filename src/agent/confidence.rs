//! What is not kept: the words of callers who do not want to be recorded, and the numbers of cards.

use std::time::{Duration, Instant};

use super::api::{Output, Private};
use super::conversation::{Conversation, Timer};
use super::guard::{
    CardSign, CardWatch, declines, has_figures, mask, mask_digits, refuses_recording,
};
use super::planner::Step;
use super::wording::lines;
use crate::base::{Expect, Phi};

/// Without another sign, what is private is over after this: the turn in which it was came to nothing.
const LASTS: Duration = Duration::from_secs(20);
/// The same after a whole number: its date and security code follow.
const LASTS_AFTER: Duration = Duration::from_secs(30);

/// What is known of what must not be kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Confidence {
    cards: CardWatch,
    /// What was told last.
    private: Option<Private>,
    /// A whole number was said or keyed: what figures follow belong to it.
    whole: bool,
    /// The last turn held some of one.
    pub(crate) secret: bool,
    /// The caller does not want to be recorded.
    unrecorded: bool,
}

impl Conversation {
    /// Takes what was heard so far of a turn.
    pub(crate) fn keep_nothing_of_partial(&mut self, now: Instant, text: &str) {
        if refuses_recording(text) {
            self.not_recorded();
        }
        let sign = self.confidence.cards.said(text, false, self.asks_for_figures());
        self.card_sign(now, sign, Private::Said);
    }

    /// Takes a whole turn. Returns whether the caller has just refused to be recorded, and what may be kept of the words.
    pub(crate) fn keep_what_may_be(
        &mut self,
        now: Instant,
        text: &str,
    ) -> (bool, Option<Phi<String>>) {
        let first = self.trouble.turns == 1 && self.setting.notice.is_some();
        let refused = refuses_recording(text) || first && declines(text);
        if refused {
            self.not_recorded();
        }
        let was_whole = self.confidence.whole;
        let sign = self.confidence.cards.said(text, true, self.asks_for_figures());
        self.card_sign(now, sign, Private::Said);
        let follows = was_whole && has_figures(text);
        let secret = sign == CardSign::Whole || follows;
        // What belongs to a number may go on in the next turn; else it is over with this one.
        let nothing = text.trim().is_empty();
        if !(secret || nothing && was_whole) {
            self.private_is_over();
        }
        self.confidence.secret = secret;
        (refused, (!self.confidence.unrecorded).then(|| Phi::new(self.masked(text))))
    }

    /// Returns the words of the last turn without what must not be kept or shown: numbers of cards and of social
    /// security.
    pub fn masked(&self, text: &str) -> String {
        if self.confidence.secret { mask_digits(text) } else { mask(text) }
    }

    /// Takes a key.
    pub(crate) fn keep_nothing_of_key(&mut self, now: Instant, key: char) {
        let sign = self.confidence.cards.keyed(now, key, self.asks_for_figures());
        self.card_sign(now, sign, Private::Keyed);
    }

    /// Nothing private was said or keyed for a while, or the turn is over.
    pub(crate) fn private_is_over(&mut self) {
        self.caller_timers.stop(Timer::Private);
        self.confidence.whole = false;
        if self.confidence.private.take().is_some() {
            self.push(Output::Private(Private::Over));
        }
    }

    fn card_sign(&mut self, now: Instant, sign: CardSign, how: Private) {
        if sign == CardSign::Nothing {
            return;
        }
        self.confidence.whole |= sign == CardSign::Whole;
        let lasts = if self.confidence.whole { LASTS_AFTER } else { LASTS };
        self.caller_timers.set(now, Timer::Private, lasts);
        if self.confidence.private != Some(how) {
            self.confidence.private = Some(how);
            self.push(Output::Private(how));
        }
    }

    fn not_recorded(&mut self) {
        if !std::mem::replace(&mut self.confidence.unrecorded, true) {
            self.heard = None;
            self.push(Output::Unrecorded);
            self.decide("guard", "consent.denied");
        }
    }

    /// Tells a caller who has just refused.
    pub(crate) fn tell_unrecorded(&mut self) {
        let line = match self.setting.notice {
            Some(_) => lines::UNRECORDED,
            None => lines::NOT_RECORDED,
        };
        let text = self.wording.line(line, &[]);
        self.say(text, false);
    }

    /// Whether the open question is for some number: one that begins as a card's does is none then.
    fn asks_for_figures(&self) -> bool {
        let (expect, _) = self.step.listening();
        matches!(expect, Expect::Date | Expect::Digits) || matches!(self.step, Step::BirthDateRight)
    }
}
