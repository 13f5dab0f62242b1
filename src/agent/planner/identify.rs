//! Who is calling: name, date of birth, and one thing more where two records fit. Nothing of a record is said before.

use std::time::Instant;

use jiff::civil::Date;

use super::step::{Flight, Step};
use crate::agent::conversation::Conversation;
use crate::agent::language::{Answer, BirthHeard, NamePart, Understood, complete, digit_run};
use crate::agent::tools::{ErrorCode, ToolCall, ToolData, ToolResult};
use crate::agent::wording::{birth_date, lines};
use crate::base::{Phi, Purpose};

impl Conversation {
    /// Asks for what is missing, then verifies.
    pub(super) fn identify(&mut self, now: Instant) {
        if self.facts.locked {
            return self.hand_off(now, "verify_locked");
        }
        match (&self.facts.given, &self.facts.family) {
            (None, None) => {
                let line = if matches!(self.step, Step::Name(_)) {
                    lines::NAME_STILL
                } else if self.facts.failed_tries > 0 {
                    lines::NAME_AGAIN
                } else {
                    lines::NAME
                };
                return self.ask_line(Step::Name(NamePart::Both), line, "ask.name");
            }
            (Some(_), None) => {
                let step = Step::Name(NamePart::Family);
                return self.ask_line(step, lines::FAMILY_NAME, "ask.family_name");
            }
            (None, Some(_)) => {
                let step = Step::Name(NamePart::Given);
                return self.ask_line(step, lines::GIVEN_NAME, "ask.given_name");
            }
            (Some(_), Some(_)) => {}
        }
        let Some(date) = self.facts.birth_date.clone() else {
            let line = match self.facts.birth_month_day {
                Some(_) => lines::BIRTH_YEAR,
                None if self.facts.birth_refused.is_some() => lines::HINT_BIRTH,
                None if self.facts.failed_tries > 0 => lines::BIRTH_AGAIN,
                None => lines::BIRTH,
            };
            return self.ask_line(Step::BirthDate, line, "ask.birth_date");
        };
        // A second try is worth a read-back of the date: tries are few. So is a date that may be another.
        let unsure = self.facts.failed_tries > 0 || self.facts.birth_ambiguous;
        if unsure && !self.facts.birth_date_agreed {
            let heard = birth_date(self.wording.tongue, *date.reveal(Purpose::SpokenReply));
            let text = self.wording.line(lines::BIRTH_RIGHT, &[&heard]);
            return self.read_back(Step::BirthDateRight, text, "confirm.birth_date");
        }
        self.verify(now);
    }

    fn verify(&mut self, now: Instant) {
        let (Some(given), Some(family), Some(birth_date)) =
            (self.facts.given.clone(), self.facts.family.clone(), self.facts.birth_date.clone())
        else {
            return;
        };
        let tie_breaker = self.facts.tie_breaker.clone();
        self.run(
            now,
            Flight::Verify,
            ToolCall::VerifyIdentity { given, family, birth_date, tie_breaker },
        );
    }

    /// Takes over name and date of birth, whenever they are said before verification. Returns whether there was any.
    pub(crate) fn merge_identity(&mut self, u: &Understood) -> bool {
        if self.facts.is_verified() {
            return false;
        }
        let asked = matches!(self.step, Step::Name(_));
        let mut found = false;
        let take = |slot: &mut Option<Phi<String>>, heard: &Option<String>, wins: bool| {
            let Some(name) = heard else { return false };
            if slot.is_none() || wins {
                *slot = Some(Phi::new(name.clone()));
                return true;
            }
            false
        };
        // "Maria." when asked for the last name, and Maria is the first: said again, not a last name.
        found |= take(
            &mut self.facts.given,
            &u.name.given,
            asked && self.step != Step::Name(NamePart::Family),
        );
        found |= take(&mut self.facts.family, &u.name.family, asked || u.name.spelled);
        let today = self.setting.now.date();
        let begun =
            self.facts.birth_month_day.as_ref().map(|begun| *begun.reveal(Purpose::Understanding));
        let date = match (u.birth, begun) {
            (Some(BirthHeard::Full(date)), _) => Some(date),
            (Some(BirthHeard::Year(year)), Some((month, day))) => complete(month, day, year, today),
            (Some(BirthHeard::MonthDay(month, day)), _) => {
                self.facts.birth_month_day = Some(Phi::new((month, day)));
                found = true;
                None
            }
            _ => None,
        };
        if let Some(date) = date {
            let refused = self.facts.birth_refused.take();
            let refused = refused.map(|date| *date.reveal(Purpose::Comparison));
            // The same figures again, after a no: then the other of them is the month.
            let other = Date::new(date.year(), date.day(), date.month()).ok();
            let date = match other {
                Some(other) if u.birth_ambiguous && refused == Some(date) => other,
                _ => date,
            };
            self.facts.birth_ambiguous = u.birth_ambiguous;
            self.facts.birth_date = Some(Phi::new(date));
            self.facts.birth_month_day = None;
            self.facts.birth_date_agreed = false;
            found = true;
        }
        found
    }

    pub(super) fn answer_birth_date_right(&mut self, now: Instant, u: &Understood) -> bool {
        match (u.birth, u.answer) {
            // Said again, perhaps differently: it was taken over already and is read back.
            (Some(_), _) => self.identify(now),
            (None, Some(Answer::Yes)) if self.doubts(u) && !self.trouble.doubted => {
                self.trouble.doubted = true;
                self.not_understood(now, 0);
            }
            (None, Some(Answer::Yes)) => {
                self.trouble.doubted = false;
                self.decide("confirm", "birth_date");
                self.facts.birth_date_agreed = true;
                self.identify(now);
            }
            (None, Some(Answer::No)) => {
                self.facts.birth_refused = self.facts.birth_date.take();
                self.identify(now);
            }
            _ => return false,
        }
        true
    }

    pub(super) fn answer_tie_breaker(&mut self, now: Instant, u: &Understood) -> bool {
        match digit_run(&u.tokens) {
            Some(digits) if matches!(digits.len(), 4 | 5) => {
                self.facts.tie_breaker = Some(Phi::new(digits));
                self.verify(now);
                true
            }
            _ => false,
        }
    }

    /// Hears the outcome of a try.
    pub(super) fn verified_or_not(&mut self, now: Instant, result: ToolResult) {
        match (result.error, result.data) {
            (None | Some(ErrorCode::AlreadyDone), ToolData::Verified { given }) => {
                let name = given.reveal(Purpose::SpokenReply);
                let thanks = self.wording.line(lines::THANKS_NAME, &[name]);
                self.facts.verified = Some(given);
                self.facts.birth_date_agreed = true;
                self.say(thanks, true);
                self.go_on(now);
            }
            (Some(ErrorCode::MultipleMatches), _) => {
                self.facts.tie_breaker = None;
                self.ask_line(Step::TieBreaker, lines::TIE_BREAKER, "ask.tie_breaker");
            }
            (Some(ErrorCode::VerifyLocked), _)
            | (_, ToolData::NotVerified { attempts_left: 0 }) => {
                self.facts.locked = true;
                self.hand_off(now, "verify_locked");
            }
            (Some(ErrorCode::EhrUnavailable | ErrorCode::Timeout), _) => self.records_down(),
            // Not verified, for whatever reason: always the same words.
            _ => {
                self.deferred = None;
                self.facts.failed_tries = self.facts.failed_tries.saturating_add(1);
                self.facts.forget_identity();
                self.say_line(lines::NOT_VERIFIED);
                self.identify(now);
            }
        }
    }
}
