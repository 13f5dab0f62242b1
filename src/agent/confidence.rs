//! What is not kept: the words of callers who do not want to be recorded, and the numbers of cards.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::api::{Output, Private};
use super::conversation::{Conversation, Timer};
use super::guard::{
    CardSign, CardWatch, declines, has_figures, is_hello, mask, mask_digits, refuses_recording,
};
use super::planner::Step;
use super::wording::lines;
use crate::base::{Expect, Phi, TurnId, UtteranceId};

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
    /// What was said in a turn that is not over sounds like that.
    unsure: bool,
    /// The utterance that told the caller last that the call is recorded.
    notice: Option<UtteranceId>,
    /// The caller has heard it and has not answered.
    asked: bool,
    /// In which languages they were told, by the first part of their tags.
    told: BTreeSet<&'static str>,
    /// The language has changed since.
    untold: bool,
}

impl Conversation {
    /// Tells the caller that the call is recorded, if it is.
    pub(crate) fn tell_of_recording(&mut self) {
        let Some(notice) = &self.setting.notice else { return };
        let text = notice.text(self.language).to_owned();
        let utterance = self.say(text, false);
        self.confidence.notice = Some(utterance);
        self.confidence.told.insert(self.language.primary());
        self.push(Output::Notice { utterance });
    }

    /// The same in another language, before the next question, to who has begun to speak that. In an emergency there is
    /// more important: then there is silence from here on.
    pub(crate) fn tell_of_recording_again(&mut self) {
        if self.confidence.untold && self.flagged.is_empty() {
            self.confidence.untold = false;
            self.tell_of_recording();
        }
    }

    /// The language has changed.
    pub(crate) fn is_told_anew(&mut self) {
        let known = self.confidence.told.contains(self.language.primary());
        let recorded = self.setting.notice.is_some() && !self.confidence.unrecorded;
        if recorded && !known && !std::mem::replace(&mut self.confidence.untold, true) {
            self.push(Output::Private(Private::Untold { turn: self.turn }));
        }
    }

    /// The caller has heard all of an utterance.
    pub(crate) fn notice_was_heard(&mut self, utterance: UtteranceId) {
        self.confidence.asked |= self.confidence.notice == Some(utterance);
    }

    /// Takes what was heard so far of a turn. What sounds like a refusal may be the beginning of another sentence.
    pub(crate) fn keep_nothing_of_partial(&mut self, now: Instant, turn: TurnId, text: &str) {
        let refuses = refuses_recording(text) && !self.confidence.unrecorded;
        if refuses && !std::mem::replace(&mut self.confidence.unsure, true) {
            self.push(Output::Private(Private::Unsure { turn }));
        }
        let sign = self.confidence.cards.said(text, false, self.asks_for_figures());
        self.card_sign(now, sign, Private::Said { turn });
    }

    /// Takes a whole turn. Returns whether the caller has just refused to be recorded, and what may be kept of the words.
    pub(crate) fn keep_what_may_be(
        &mut self,
        now: Instant,
        turn: TurnId,
        text: &str,
    ) -> (bool, Option<Phi<String>>) {
        let nothing = text.trim().is_empty();
        // The first turn after the notice answers it; "hello?" was said to the greeting.
        let answers = self.confidence.asked && !nothing && !is_hello(text);
        self.confidence.asked &= !answers;
        let unsure = std::mem::take(&mut self.confidence.unsure);
        // Of who seemed to refuse and was not understood in the end, nothing is kept.
        let refused = refuses_recording(text) || answers && declines(text) || unsure && nothing;
        if refused {
            self.not_recorded();
        } else if unsure {
            self.push(Output::Private(Private::Sure));
        }
        let was_whole = self.confidence.whole;
        let sign = self.confidence.cards.said(text, true, self.asks_for_figures());
        self.card_sign(now, sign, Private::Said { turn });
        let follows = was_whole && has_figures(text);
        let secret = sign == CardSign::Whole || follows;
        // What belongs to a number may go on in the next turn; else it is over with this one.
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
        let is_news = match (self.confidence.private, how) {
            // The words of an earlier turn came later.
            (Some(Private::Said { turn: known }), Private::Said { turn }) => turn < known,
            (known, how) => known != Some(how),
        };
        if is_news {
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
