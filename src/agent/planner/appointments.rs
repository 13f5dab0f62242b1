//! The caller's appointments: fetched once, told, and chosen among by what the caller says of them.

use std::time::Instant;

use super::step::Step;
use super::task::Kind;
use crate::agent::api::Goal;
use crate::agent::conversation::Conversation;
use crate::agent::language::{Answer, PractitionerHeard, Understood, choice};
use crate::agent::tools::{KnownAppointment, ToolData, ToolResult};
use crate::agent::wording::{self, lines};
use crate::base::{Phi, Purpose};

/// Appointments read out in one go.
const MOST_TOLD: usize = 4;

impl Conversation {
    /// Makes sure that it is known which appointment the task is about. Returns false while it is not.
    pub(super) fn choose_appointment(&mut self, now: Instant, why: Kind) -> bool {
        if self.task.appointment.is_some() {
            return true;
        }
        let Some(known) = self.known_appointments() else {
            self.fetch_appointments(now, false);
            return false;
        };
        if known.is_empty() {
            self.ask_line(Step::BookInstead, lines::NO_APPOINTMENT_BOOK, "ask.book_instead");
            return false;
        }
        let (fitting, named) = self.fitting(&known);
        match fitting.as_slice() {
            [index] => {
                self.task.appointment = known.get(*index).cloned().map(Phi::new);
                true
            }
            [] if !self.task.hint.by_day
                && self.task.kind == Kind::Reschedule
                && !self.task.wish.stated =>
            {
                // "My appointment for Wednesday at two", and there is none: that is when they want to come.
                let hint = std::mem::take(&mut self.task.hint);
                self.task.wish.when.update(&hint.when);
                self.task.wish.stated = true;
                self.choose_appointment(now, why)
            }
            // What the caller said fits none; where there is only one, that may be it.
            [] if known.len() == 1 => {
                let seen = wording::appointment(self.wording.tongue, &known[0]);
                let text = self.wording.line(lines::THE_ONE, &[&seen]);
                self.ask(Step::TheOne { index: 0 }, text, "ask.the_one");
                false
            }
            some => {
                let some: Vec<usize> =
                    if some.is_empty() { (0..known.len()).collect() } else { some.to_vec() };
                self.ask_which(&known, &some, named && fitting.is_empty(), why);
                false
            }
        }
    }

    fn ask_which(&mut self, known: &[KnownAppointment], some: &[usize], misnamed: bool, why: Kind) {
        let tongue = self.wording.tongue;
        let told: Vec<String> = some
            .iter()
            .take(MOST_TOLD)
            .filter_map(|index| known.get(*index))
            .map(|a| wording::with(tongue, a.start, &a.practitioner))
            .collect();
        let line = match (why, misnamed) {
            (Kind::Cancel, false) => lines::WHICH_TO_CANCEL,
            (Kind::Cancel, true) => lines::NOT_THAT_ONE_CANCEL,
            (_, false) => lines::WHICH_TO_MOVE,
            (_, true) => lines::NOT_THAT_ONE_MOVE,
        };
        let text = self.wording.line(line, &[&wording::list(tongue, &told)]);
        self.ask(Step::WhichAppointment, text, "ask.which_appointment");
    }

    fn known_appointments(&self) -> Option<Vec<KnownAppointment>> {
        self.task.appointments.as_ref().map(|known| known.reveal(Purpose::SpokenReply).clone())
    }

    /// The appointments that fit what the caller said of theirs, and whether they said anything.
    fn fitting(&self, known: &[KnownAppointment]) -> (Vec<usize>, bool) {
        let hint = &self.task.hint;
        let mut left: Vec<usize> = (0..known.len()).collect();
        let named_day = hint.when.names_day() || !hint.weekdays.is_empty();
        if named_day {
            let on_the_day: Vec<usize> = left
                .iter()
                .copied()
                .filter(|i| hint.when.names_day() && hint.when.allows_day(known[*i].start.date()))
                .collect();
            let by_weekday = |i: &usize| hint.weekdays.contains(&known[*i].start.date().weekday());
            left = if on_the_day.is_empty() {
                left.into_iter().filter(by_weekday).collect()
            } else {
                on_the_day
            };
        }
        // The rest narrows where it can; a recogniser's error in it must not lose the appointment.
        let mut narrow = |keep: &dyn Fn(&KnownAppointment) -> bool| {
            let fewer: Vec<usize> = left.iter().copied().filter(|i| keep(&known[*i])).collect();
            if !fewer.is_empty() {
                left = fewer;
            }
        };
        if hint.when.names_time() {
            narrow(&|a| hint.when.allows_time(a.start.time()));
        }
        if let Some(name) = &hint.practitioner {
            narrow(&|a| a.practitioner == *name);
        }
        if let Some(kind) = hint.visit_type {
            narrow(&|a| a.visit_type == kind);
        }
        (left, named_day)
    }

    /// "The second one", "the one on Thursday", "with Dr. Patel".
    pub(super) fn answer_which(&mut self, now: Instant, u: &Understood) -> bool {
        let Some(known) = self.known_appointments() else { return false };
        if let Some(PractitionerHeard::Known(index)) = u.practitioner {
            self.task.hint.practitioner =
                self.setting.practitioners.get(index).map(|one| one.spoken.clone());
        }
        let named = u.which.names_day()
            || u.which.names_time()
            || !u.which_weekdays.is_empty()
            || u.visit_type.is_some()
            || u.practitioner.is_some();
        if named {
            self.task.hint.when = u.which.clone();
            self.task.hint.weekdays.clone_from(&u.which_weekdays);
            self.task.hint.visit_type = u.visit_type;
            self.advance(now);
            return true;
        }
        if let Some(index) = choice(&u.tokens, known.len()) {
            self.task.appointment = known.get(index).cloned().map(Phi::new);
            self.advance(now);
            return true;
        }
        false
    }

    /// "Is that the one?"
    pub(super) fn answer_the_one(&mut self, now: Instant, u: &Understood, index: usize) -> bool {
        match u.answer {
            Some(Answer::Yes) => {
                self.task.appointment = self
                    .known_appointments()
                    .and_then(|known| known.get(index).cloned())
                    .map(Phi::new);
                self.advance(now);
            }
            Some(Answer::No) => self.offer_staff(lines::NO_OTHER),
            _ => return false,
        }
        true
    }

    pub(super) fn appointments_fetched(&mut self, now: Instant, retried: bool, result: ToolResult) {
        if super::results::is_down(&result) {
            return if retried { self.records_down() } else { self.fetch_appointments(now, true) };
        }
        let known = match result.data {
            ToolData::Appointments(known) => known,
            _ => Phi::default(),
        };
        self.task.appointments = Some(known);
        self.go_on(now);
    }

    /// "When is my appointment?"
    pub(super) fn list_appointments(&mut self, now: Instant) {
        let Some(known) = self.known_appointments() else {
            return self.fetch_appointments(now, false);
        };
        let (fitting, named) = self.fitting(&known);
        let some: Vec<&KnownAppointment> = if named && !fitting.is_empty() {
            fitting.iter().map(|index| &known[*index]).collect()
        } else {
            known.iter().collect()
        };
        let tongue = self.wording.tongue;
        let text = match some.as_slice() {
            [] => self.wording.line(lines::NO_APPOINTMENT, &[]),
            [one] => self.wording.line(lines::YOU_HAVE_A, &[&wording::an_appointment(tongue, one)]),
            many => {
                let told: Vec<String> = many
                    .iter()
                    .take(MOST_TOLD)
                    .map(|a| wording::with(tongue, a.start, &a.practitioner))
                    .collect();
                let (count, told) = (many.len().to_string(), wording::list(tongue, &told));
                self.wording.line(lines::YOU_HAVE_MANY, &[&count, &told])
            }
        };
        self.say(text, true);
        self.goals.insert(Goal::Informed);
        self.deeds.push(Phi::new("Told them when their appointments are.".into()));
        // Nothing has changed them: "please cancel it" need not fetch them again.
        let known = self.task.appointments.take();
        self.anything_else();
        self.task.appointments = known;
    }
}
