//! A change of the language: to the one the caller plainly speaks; and the open question put anew in it.

use super::step::Step;
use crate::agent::api::Output;
use crate::agent::conversation::{Conversation, Question};
use crate::agent::language::{NamePart, evident};
use crate::agent::tongue::Tongue;
use crate::agent::wording::{self, lines};
use crate::base::{Language, Phi, Purpose};

impl Conversation {
    /// The route's language in this tongue.
    pub(super) fn language_in(&self, tongue: Tongue) -> Option<Language> {
        self.setting.languages.iter().copied().find(|one| Tongue::of(*one) == Some(tongue))
    }

    /// Goes on in another tongue, if the route has it. Returns whether anything changed.
    pub(crate) fn switch_to(&mut self, tongue: Tongue) -> bool {
        if tongue == self.wording.tongue {
            return false;
        }
        let Some(language) = self.language_in(tongue) else { return false };
        self.speak(language);
        true
    }

    /// Goes on in a language of the route that the agent speaks.
    pub(super) fn speak(&mut self, language: Language) {
        self.wording.tongue = Tongue::of(language).unwrap_or_default();
        self.language = language;
        self.decide("intent", format!("language.{language}"));
        self.push(Output::SwitchLanguage(language));
        self.is_told_anew();
    }

    /// Who plainly speaks another language of the route is answered in it, in the same turn.
    pub(crate) fn follow_the_caller(&mut self, text: &str) {
        // A name or a message says nothing about its speaker's language.
        if matches!(self.step, Step::Name(_) | Step::Message | Step::Transferring { .. }) {
            return;
        }
        if let Some(tongue) = evident(text, self.trouble.turns <= 1) {
            self.switch_to(tongue);
        }
    }

    /// Returns the open question, put anew if the language has changed since it was asked.
    pub(crate) fn question_now(&mut self) -> Option<Question> {
        let mut question = self.question.clone()?;
        if question.tongue != self.wording.tongue {
            question.text = Phi::new(self.question_anew());
            question.tongue = self.wording.tongue;
            self.question = Some(question.clone());
        }
        Some(question)
    }

    fn question_anew(&mut self) -> String {
        let tongue = self.wording.tongue;
        let line = match self.step.clone() {
            Step::Open => lines::OPEN,
            Step::AnythingElse => lines::ANYTHING_ELSE,
            Step::Name(NamePart::Both) => lines::NAME_TOO,
            Step::Name(NamePart::Family) => lines::FAMILY_NAME,
            Step::Name(NamePart::Given) => lines::GIVEN_NAME,
            Step::BirthDate if self.facts.birth_month_day.is_some() => lines::BIRTH_YEAR,
            Step::BirthDate => lines::BIRTH,
            Step::BirthDateRight => {
                let Some(date) = &self.facts.birth_date else {
                    return self.wording.line(lines::BIRTH, &[]);
                };
                let heard = wording::birth_date(tongue, *date.reveal(Purpose::SpokenReply));
                return self.wording.line(lines::BIRTH_RIGHT, &[&heard]);
            }
            Step::TieBreaker => lines::TIE_BREAKER,
            Step::WhatAboutIt => lines::WHAT_ABOUT_IT,
            Step::MoveOrCancel => lines::MOVE_OR_CANCEL,
            Step::WhichAppointment => lines::WHICH_ONE,
            Step::TheOne { index } => {
                let seen = self
                    .task
                    .appointments
                    .as_ref()
                    .and_then(|known| known.reveal(Purpose::SpokenReply).get(index).cloned());
                let Some(seen) = seen else { return self.wording.line(lines::WHICH_ONE, &[]) };
                let seen = wording::appointment(tongue, &seen);
                return self.wording.line(lines::THE_ONE, &[&seen]);
            }
            Step::VisitType => lines::VISIT_TYPE,
            Step::When => lines::WHEN_BEST,
            Step::Offer { slot, .. } => {
                let lead = self.wording.line(lines::I_HAVE, &[]);
                let question = self.offer_question();
                return format!("{lead} {}. {question}", wording::slot(tongue, &slot));
            }
            Step::CancelIt { start, .. } => {
                let which = wording::moment(tongue, start);
                return self.wording.line(lines::CANCEL_THAT, &[&which]);
            }
            Step::BookInstead => lines::NO_APPOINTMENT_BOOK,
            Step::Message => lines::MESSAGE,
            Step::MessageOrPerson => lines::MESSAGE_OR_DESK,
            Step::AfterTransfer => lines::HINT_STAFF,
            Step::Emergency { .. } => return self.emergency_question(),
            Step::Working | Step::Transferring { .. } | Step::Ended => lines::ONE_MOMENT,
        };
        self.wording.line(line, &[])
    }
}
