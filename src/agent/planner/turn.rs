//! One turn of the caller: what it means here, in the order in which meanings outrank each other.

use std::time::Instant;

use super::step::Step;
use super::task::{Kind, Task};
use crate::agent::api::Output;
use crate::agent::conversation::Conversation;
use crate::agent::guard::advice;
use crate::agent::language::{
    Answer, Asked, Intent, Meta, NamePart, PractitionerHeard, Shift, Understood, any, understand,
};
use crate::agent::wording::{self, lines};
use crate::base::Purpose;

/// Weight of words that made no sense, and of silence taken for speech; [`FRUSTRATED`] is two of the former.
const NO_SENSE: u8 = 2;
const NO_WORDS: u8 = 1;
/// Two failures in a row count as a request for a person.
const FRUSTRATED: u8 = 3;

impl Conversation {
    /// Acts on one understood turn.
    pub(crate) fn take_turn(&mut self, now: Instant, u: &Understood) {
        if u.length() == 0 {
            return self.not_understood(now, NO_WORDS);
        }
        self.trouble.held = false;
        if u.intent == Some(Intent::Person) {
            self.merge_identity(u);
            self.decide("intent", Intent::Person.name());
            return self.hand_off(now, "patient_request");
        }
        if self.asks_for_a_language(now, u) || self.about_the_conversation(u) {
            return;
        }
        if self.step == Step::Message {
            return self.message_told(now, u);
        }
        if let Some(asked) = advice(u) {
            self.decide("guard", asked.rule());
            return self.refuse_advice(now, asked, u);
        }
        let merged = self.merge_identity(u);
        if u.proxy
            && !matches!(
                self.step,
                Step::MessageOrPerson | Step::AfterTransfer | Step::Emergency { .. }
            )
        {
            return self.for_somebody_else(now);
        }
        if self.answers_question(now, u) || self.new_wish(now, u) {
            self.trouble.failures = 0;
            return;
        }
        if merged || self.merge_task(u) {
            self.trouble.failures = 0;
            return self.proceed(now);
        }
        self.small_talk(now, u);
    }

    /// What is said about the conversation itself, where it carries nothing else.
    fn about_the_conversation(&mut self, u: &Understood) -> bool {
        let content = u.intent.is_some()
            || !u.when.is_empty()
            || u.birth.is_some()
            || u.name.family.is_some();
        match u.meta {
            Some(Meta::Robot) => {
                self.say_line(lines::ROBOT);
                self.ask_again_or_open();
            }
            Some(_)
                if self.step == Step::Working
                    && u.meta != Some(Meta::NeverMind)
                    && u.meta != Some(Meta::Goodbye) =>
            {
                // Said while a tool ran: its answer is the reply.
                return false;
            }
            Some(Meta::Repeat) if !content => {
                if u.says(&["slower|slowly", "slow down"])
                    || any(&u.spanish, &["mas despacio|lento"])
                {
                    self.push(Output::Slower);
                }
                self.repeat();
            }
            // "Okay, hold on" agrees to nothing yet.
            Some(Meta::Hold) if !content && matches!(u.answer, None | Some(Answer::Unclear)) => {
                self.trouble.held = true;
                self.say_line(lines::TAKE_YOUR_TIME);
                self.listen();
            }
            Some(Meta::Help) if !content => {
                self.say_line(lines::HELP);
                self.ask_again_or_open();
            }
            Some(Meta::Reached) if !content => {
                let text = self.wording.line(lines::REACHED, &[&self.setting.practice.name]);
                self.say(text, true);
                self.ask_again_or_open();
            }
            Some(Meta::Still) if !content => {
                self.say_line(lines::HERE);
                self.ask_again_or_open();
            }
            Some(Meta::NeverMind) if self.step != Step::Message && u.intent.is_none() => {
                self.say_line(if self.task.kind == Kind::None {
                    lines::ALL_RIGHT
                } else {
                    lines::NOTHING_CHANGED
                });
                self.anything_else();
            }
            Some(Meta::Goodbye) if !content && self.may_close(u) => self.goodbye(),
            _ => return false,
        }
        self.trouble.failures = 0;
        true
    }

    /// "That's it" answers a read-back; "bye" ends the call wherever it is said.
    fn may_close(&self, u: &Understood) -> bool {
        let plain =
            any(&u.tokens, &["bye", "hang up", "have a good|great|nice|wonderful", "take care"]);
        plain
            || matches!(
                self.step,
                Step::Open | Step::AnythingElse | Step::MessageOrPerson | Step::AfterTransfer
            )
    }

    pub(super) fn goodbye(&mut self) {
        let text = self.wording.line(lines::GOODBYE, &[]);
        self.close(text, "goodbye");
    }

    /// Takes the turn as the answer to the open question, if it can be one.
    fn answers_question(&mut self, now: Instant, u: &Understood) -> bool {
        match self.step.clone() {
            Step::Open | Step::AnythingElse => self.answer_open(u),
            Step::BirthDateRight => self.answer_birth_date_right(now, u),
            Step::TieBreaker => self.answer_tie_breaker(now, u),
            Step::WhatAboutIt => self.answer_what_about_it(now, u),
            Step::MoveOrCancel => self.answer_move_or_cancel(now, u),
            Step::WhichAppointment => self.answer_which(now, u),
            Step::TheOne { index } => self.answer_the_one(now, u, index),
            Step::VisitType => self.answer_visit_type(now, u),
            Step::When => self.answer_when(now, u),
            Step::Offer { slot, utterance, again } => {
                self.answer_offer(now, u, &slot, utterance, again)
            }
            Step::CancelIt { utterance, again, .. } => {
                self.answer_cancel_it(now, u, utterance, again)
            }
            Step::BookInstead => self.answer_book_instead(now, u),
            Step::MessageOrPerson => self.answer_message_or_person(now, u),
            Step::AfterTransfer => self.answer_after_transfer(now, u),
            Step::Emergency { reason } => self.answer_emergency(now, u, reason),
            _ => false,
        }
    }

    fn answer_open(&mut self, u: &Understood) -> bool {
        if u.intent.is_some() {
            return false;
        }
        match u.answer {
            Some(Answer::No) if self.step == Step::AnythingElse => self.goodbye(),
            // Nothing is written on it here: "yes, I have a question" is as good as a yes.
            Some(Answer::Yes | Answer::Unclear)
                if (u.answer == Some(Answer::Yes) || u.says(&["^ ..1 yes|yeah|yep|yup|sure"]))
                    && u.meta != Some(Meta::Thanks)
                    && self.step == Step::AnythingElse
                    && u.visit_type.is_none() =>
            {
                self.ask_line(Step::Open, lines::OPEN_SURE, "ask.open");
            }
            _ => return false,
        }
        true
    }

    /// Starts what the caller wants, if they say what.
    pub(super) fn new_wish(&mut self, now: Instant, u: &Understood) -> bool {
        let Some(intent) = u.intent else { return self.wish_unsaid(now, u) };
        // Said again while it is being done: an answer, or nothing new.
        let same = matches!(
            (intent, self.task.kind),
            (Intent::Reschedule | Intent::CannotCome, Kind::Reschedule)
                | (Intent::Book, Kind::Book | Kind::Reschedule)
                | (Intent::Cancel, Kind::Cancel)
                | (Intent::Appointments, Kind::Appointments)
                | (
                    Intent::AppointmentUnclear,
                    Kind::Reschedule | Kind::Book | Kind::Cancel | Kind::Appointments
                )
        );
        if same {
            if intent == Intent::Reschedule && self.task.appointment.is_none() {
                self.hint_from(u, Kind::Reschedule);
            } else {
                self.merge_task(u);
            }
            self.proceed(now);
            return true;
        }
        self.decide("intent", intent.name());
        match intent {
            Intent::Person => self.hand_off(now, "patient_request"),
            Intent::Reschedule => self.start(now, Kind::Reschedule, u),
            Intent::Cancel => self.start(now, Kind::Cancel, u),
            Intent::Appointments => self.start(now, Kind::Appointments, u),
            Intent::Book => self.start(now, Kind::Book, u),
            Intent::CannotCome => {
                self.start_quietly(Kind::Reschedule, u);
                if self.task.wish.stated {
                    self.proceed(now);
                } else {
                    let step = Step::MoveOrCancel;
                    self.ask_line(step, lines::MOVE_OR_CANCEL, "ask.move_or_cancel");
                }
            }
            Intent::AppointmentUnclear => {
                self.ask_line(Step::WhatAboutIt, lines::WHAT_ABOUT_IT, "ask.what_about_it");
            }
            Intent::Hours => self.office(now, crate::agent::tools::OfficeTopic::Hours),
            Intent::Address => self.office(now, crate::agent::tools::OfficeTopic::Address),
            Intent::Message => self.start_message(now, u),
            Intent::ForStaff => self.offer_staff(lines::FOR_STAFF),
        }
        true
    }

    /// What is wanted without being said: "a flu shot, please", "and what time?".
    fn wish_unsaid(&mut self, now: Instant, u: &Understood) -> bool {
        // "A flu shot, please." or "with Dr. Patel next week" at the beginning is a wish to book.
        let opening = matches!(self.step, Step::Open | Step::AnythingElse);
        let books =
            u.visit_type.is_some() || matches!(u.practitioner, Some(PractitionerHeard::Known(_)));
        // "And what time?" after the appointments were told.
        let asks = u.says(&["what|which ..1 time|day|date|doctor", "^ ..1 when", "who with|is"]);
        if opening && asks && self.task.appointments.is_some() {
            self.start(now, Kind::Appointments, u);
            return true;
        }
        if opening && books && self.task.kind == Kind::None {
            self.decide("intent", Intent::Book.name());
            self.start(now, Kind::Book, u);
            return true;
        }
        false
    }

    fn start(&mut self, now: Instant, kind: Kind, u: &Understood) {
        self.start_quietly(kind, u);
        self.proceed(now);
    }

    /// Begins a task with what was said; what was known of the appointment stays when the caller changes their mind.
    pub(super) fn start_quietly(&mut self, kind: Kind, u: &Understood) {
        let old = std::mem::take(&mut self.task);
        self.task = Task { kind, appointments: old.appointments, ..Task::default() };
        if matches!(old.kind, Kind::Reschedule | Kind::Cancel | Kind::Appointments)
            && kind != Kind::Book
        {
            (self.task.hint, self.task.appointment) = (old.hint, old.appointment);
        }
        match kind {
            Kind::Book => {
                self.merge_task(u);
            }
            Kind::Reschedule | Kind::Cancel | Kind::Appointments => self.hint_from(u, kind),
            Kind::None | Kind::Message => {}
        }
    }

    pub(super) fn hint_from(&mut self, u: &Understood, kind: Kind) {
        let hint = &mut self.task.hint;
        if u.which.names_day() || u.which.names_time() {
            hint.when = u.which.clone();
            self.task.appointment = None;
        }
        if !u.which_weekdays.is_empty() {
            hint.weekdays.clone_from(&u.which_weekdays);
            self.task.appointment = None;
        }
        if let Some(PractitionerHeard::Known(index)) = u.practitioner {
            hint.practitioner = self.setting.practitioners.get(index).map(|one| one.spoken.clone());
        }
        hint.visit_type = u.visit_type.or(hint.visit_type);
        // "My Tuesday appointment" names it; "my appointment for Tuesday" may also be the wish.
        hint.by_day = u.says(&[
            "monday|tuesday|wednesday|thursday|friday|mondays|tuesdays|wednesdays|thursdays|fridays ..1 appointment|visit|one",
            "from ..2 monday|tuesday|wednesday|thursday|friday",
            "cant|wont|unable ..6 monday|tuesday|wednesday|thursday|friday",
        ]);
        // Without a named source and target apart, words about time name the appointment and not the wish.
        let relative =
            matches!(u.when.shift, Some(Shift::Earlier | Shift::Later | Shift::WeekAfter));
        if kind == Kind::Reschedule && !u.when.is_empty() && (u.when != u.which || relative) {
            self.task.wish.when.update(&u.when);
            if relative {
                self.task.wish.when.shift = u.when.shift;
            }
            self.task.wish.stated = true;
        }
        let open =
            matches!(u.practitioner, Some(PractitionerHeard::Another | PractitionerHeard::Any));
        if kind == Kind::Reschedule && open {
            self.task.wish.practitioner_stated = true;
        }
    }

    /// Adds what was said about the wish to the task. Returns whether there was anything.
    pub(super) fn merge_task(&mut self, u: &Understood) -> bool {
        if !matches!(self.task.kind, Kind::Book | Kind::Reschedule) {
            return false;
        }
        let mut found = false;
        let week_after = u.when.shift == Some(Shift::WeekAfter);
        let said = u.when.names_day() || u.when.names_time() || u.when.anytime;
        if said || week_after || !u.when.avoid.is_empty() {
            self.task.wish.when.update(&u.when);
            self.task.wish.stated = true;
            found = true;
        }
        if let Some(kind) = u.visit_type.filter(|_| self.task.kind == Kind::Book) {
            found |= self.task.wish.visit_type != Some(kind);
            self.task.wish.visit_type = Some(kind);
        }
        found | self.merge_practitioner(u)
    }

    pub(super) fn merge_practitioner(&mut self, u: &Understood) -> bool {
        let wish = &mut self.task.wish;
        match &u.practitioner {
            Some(PractitionerHeard::Known(index)) => {
                let Some(one) = self.setting.practitioners.get(*index) else { return false };
                wish.practitioner = Some(crate::agent::tools::Ref(one.id.0.clone()));
                wish.not_with = None;
            }
            Some(PractitionerHeard::Any) => (wish.practitioner, wish.not_with) = (None, None),
            Some(PractitionerHeard::Another) => {
                wish.practitioner = None;
                wish.not_with =
                    self.task.offered.as_ref().map(|slot| slot.practitioner.clone()).or_else(
                        || {
                            self.task
                                .appointment
                                .as_ref()
                                .map(|a| a.reveal(Purpose::Comparison).practitioner.clone())
                        },
                    );
            }
            Some(PractitionerHeard::Unknown) => {
                let names: Vec<_> =
                    self.setting.practitioners.iter().map(|one| one.spoken.clone()).collect();
                let names = wording::list(self.wording.tongue, &names);
                let text = self.wording.line(lines::UNKNOWN_DOCTOR, &[&names]);
                self.say(text, true);
                return false;
            }
            None => return false,
        }
        self.task.wish.practitioner_stated = true;
        true
    }

    /// Goes on with the task, or asks what it is.
    pub(super) fn proceed(&mut self, now: Instant) {
        if self.task.kind == Kind::None {
            self.ask_line(Step::Open, lines::OPEN_THANKS, "ask.open");
        } else {
            self.advance(now);
        }
    }

    /// What remains: greetings, thanks, a nod; or it was not understood.
    fn small_talk(&mut self, now: Instant, u: &Understood) {
        match (u.meta, &self.step.clone()) {
            (_, Step::Working) => self.advance(now),
            (Some(Meta::Thanks), Step::AnythingElse | Step::Open) => {
                self.say_line(lines::WELCOME);
                self.anything_else();
            }
            (Some(Meta::Goodbye), _) => self.goodbye(),
            (Some(Meta::Hello), Step::Open) => {
                self.ask(Step::Open, "Hello. How can I help you?".into(), "ask.open");
            }
            (Some(Meta::Hello), _) => {
                self.say_line(lines::HERE);
                self.ask_again_or_open();
            }
            (_, Step::Open | Step::AnythingElse) if self.bare_name(u) => self.proceed(now),
            // Somebody who begins to speak.
            _ if hesitates(u) => self.listen(),
            _ if nods(u) => self.nodded(now),
            (Some(Meta::Thanks), _) => self.nodded(now),
            _ => self.not_understood(now, NO_SENSE),
        }
    }

    /// A nod, or thanks, where something else was asked: the question comes once more, at once and without a reproach.
    fn nodded(&mut self, now: Instant) {
        self.trouble.failures = self.trouble.failures.saturating_add(NO_WORDS);
        if self.trouble.failures >= FRUSTRATED {
            self.trouble.failures = 0;
            return self.frustrated(now);
        }
        self.ask_again_or_open();
    }

    /// "Maria Lopez. 3 9 84." before anything was asked.
    fn bare_name(&mut self, u: &Understood) -> bool {
        let names = u.tokens.iter().take(2).filter(|t| t.capital).count() == 2;
        if self.facts.is_verified() || !names || u.length() > 8 {
            return false;
        }
        let today = self.setting.now.date();
        let asked = Asked::Name(NamePart::Both);
        let tongue = self.wording.tongue;
        let named = understand(&u.text, asked, tongue, &self.setting.practitioners, today);
        named.name.family.is_some() && self.merge_identity(&named)
    }

    /// Asks again in other words; the second failure in a row brings a person.
    pub(crate) fn not_understood(&mut self, now: Instant, weight: u8) {
        if matches!(self.step, Step::Working | Step::Transferring { .. }) {
            return;
        }
        if self.task.message.is_some() {
            // A message is worth more than the name with it.
            return self.message(now);
        }
        self.trouble.failures = self.trouble.failures.saturating_add(weight);
        if self.trouble.failures >= FRUSTRATED {
            self.trouble.failures = 0;
            return self.frustrated(now);
        }
        let more = match self.step {
            Step::Open => Some(lines::HINT_OPEN),
            Step::Name(_) => Some(lines::HINT_NAME),
            Step::BirthDate => Some(lines::HINT_BIRTH),
            Step::TieBreaker => Some(lines::HINT_ZIP),
            Step::VisitType => Some(lines::HINT_VISIT),
            Step::When => Some(lines::HINT_WHEN),
            Step::MessageOrPerson | Step::AfterTransfer => Some(lines::HINT_STAFF),
            _ => None,
        };
        self.say_line(lines::SORRY);
        match more {
            Some(line) => {
                self.say_line(line);
                self.listen();
            }
            None => self.ask_again_or_open(),
        }
    }

    pub(crate) fn ask_again_or_open(&mut self) {
        if self.step == Step::Working {
            // What comes next is asked when the tool's answer is dealt with.
        } else if self.question.is_some() {
            self.ask_again();
        } else {
            self.ask_line(Step::Open, lines::OPEN, "ask.open");
        }
    }

    /// "Say that again."
    pub(super) fn repeat(&mut self) {
        self.decide("ask", "repeat");
        self.result_again();
        self.ask_again_or_open();
    }

    /// A tool has answered: first what was said while it ran, then the next step.
    pub(crate) fn go_on(&mut self, now: Instant) {
        if let Some(text) = self.deferred.take() {
            let understood = self.read(text.reveal(Purpose::Understanding));
            self.take_turn(now, &understood);
        }
        if self.step == Step::Working && self.flights.is_empty() {
            self.advance(now);
        }
    }
}

/// "Mm-hmm", "okay", "right".
fn nods(u: &Understood) -> bool {
    u.length() <= 2
        && (any(&u.spanish, &["^ ok|aja|si|bien|claro|entiendo|ya|okey"])
            || any(&u.tokens, &["^ ok|uhhuh|right|yeah|yes|alright|fine|sure"]))
}

/// "Well, ..", "Bueno, ..".
fn hesitates(u: &Understood) -> bool {
    u.length() == 1
        && (any(&u.spanish, &["bueno|pues|este|y"]) || any(&u.tokens, &["oh|so|and|well"]))
}
