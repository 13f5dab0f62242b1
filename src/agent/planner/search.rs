//! Finding a free slot: pages of the book, wishes that no tool argument can carry, and what to give up when none fits.

use std::time::Instant;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

use super::step::{Flight, Step};
use super::task::{Kind, Search};
use crate::agent::conversation::Conversation;
use crate::agent::language::{Answer, Shift, Understood, When};
use crate::agent::memory::Outcome;
use crate::agent::tools::{OfferedSlot, ToolCall, ToolData, ToolResult};
use crate::agent::wording::{self, lines};
use crate::base::{Purpose, UtteranceId};
use crate::practice::{Daypart, VisitType};

/// Pages of slots looked through before a wish is given up: 3 slots a page, so two weeks of "Tuesdays after 4".
const MOST_PAGES: u8 = 12;
/// A search looks no further than this.
const HORIZON_DAYS: i32 = 120;
/// A slot of today must be at least this far away.
const NOTICE_MINUTES: i64 = 60;

/// Of texts that the recogniser is less sure of than this, less than half were right to the word.
const DOUBTED: f32 = 0.5;

impl Conversation {
    /// Starts looking for a slot that fits the wish.
    pub(super) fn search(&mut self, now: Instant) {
        self.task.search = Search { because: self.task.search.because, ..Search::default() };
        self.resolve_shift();
        self.task.slots.clear();
        self.find_page(now, false);
    }

    /// "The week after", "something sooner": in relation to the time on offer, or to the appointment to be moved.
    fn resolve_shift(&mut self) {
        let Some(shift) = self.task.wish.when.shift.take() else { return };
        let offered = self.task.offered.as_ref().map(|slot| slot.start);
        let booked = || self.task.appointment.as_ref().map(|a| a.reveal(Purpose::Comparison).start);
        let base = offered.or_else(booked).unwrap_or(self.setting.now);
        match shift {
            Shift::Earlier => self.task.wish.before = Some(base),
            Shift::Later => self.task.wish.after = Some(base),
            _ => {}
        }
        if shift != Shift::WeekAfter {
            return;
        }
        let base = base.date();
        let ahead = 7 - i32::from(base.weekday().to_monday_zero_offset());
        let monday = base.saturating_add(ahead.days());
        let wish = &mut self.task.wish;
        (wish.when.from, wish.when.until) = (Some(monday), Some(monday.saturating_add(7.days())));
        (wish.after, wish.before) = (None, None);
    }

    fn find_page(&mut self, now: Instant, retried: bool) {
        let Some(from) = self.page_start() else { return self.relax(now) };
        let wish = &self.task.wish;
        let when = self.wished();
        let until = match (when.until, wish.before.filter(|_| self.task.search.relaxed == 0)) {
            (Some(day), Some(before)) => Some(day.at(0, 0, 0, 0).min(before)),
            (Some(day), None) => Some(day.at(0, 0, 0, 0)),
            (None, before) => before,
        };
        if until.is_some_and(|until| until <= from) {
            return self.relax(now);
        }
        let daypart = when.daypart.or_else(|| {
            let noon = Time::constant(12, 0, 0, 0);
            if when.earliest.is_some_and(|t| t >= noon) {
                Some(Daypart::Afternoon)
            } else if when.latest.is_some_and(|t| t <= noon) {
                Some(Daypart::Morning)
            } else {
                None
            }
        });
        let practitioner = wish.practitioner.clone().filter(|_| self.task.search.relaxed < 3);
        let visit_type = self.task_visit_type();
        self.run(
            now,
            Flight::Slots { retried },
            ToolCall::FindSlots { visit_type, practitioner, from, until, daypart },
        );
    }

    /// The wish, without what was given up.
    fn wished(&self) -> When {
        let mut when = self.task.wish.when.clone();
        if self.task.search.relaxed >= 1 {
            when.until = None;
            when.weekdays.clear();
            (when.earliest, when.latest) = (None, None);
        }
        if self.task.search.relaxed >= 2 {
            when.daypart = None;
        }
        when
    }

    fn task_visit_type(&self) -> VisitType {
        let of_appointment =
            || self.task.appointment.as_ref().map(|a| a.reveal(Purpose::EhrRequest).visit_type);
        match self.task.kind {
            Kind::Reschedule => of_appointment(),
            _ => self.task.wish.visit_type,
        }
        .unwrap_or(VisitType::Office)
    }

    /// Where the next page begins: the first moment from which the wish could be met. `None` beyond the horizon.
    fn page_start(&self) -> Option<DateTime> {
        let today = self.setting.now.date();
        let wish = &self.task.wish;
        let when = self.wished();
        let soon = self.setting.now.saturating_add(NOTICE_MINUTES.minutes());
        let tomorrow = today.saturating_add(1.day()).at(0, 0, 0, 0);
        let same_day = when.from == Some(today) || self.task_visit_type() == VisitType::Sick;
        let mut from = if same_day { soon } else { tomorrow };
        if let Some(day) = when.from {
            from = from.max(day.at(0, 0, 0, 0));
        }
        if let Some(after) = wish.after {
            from = from.max(after.saturating_add(1.minute()));
        }
        if let Some(page) = self.task.search.page_from {
            from = from.max(page);
        }
        let mut day = from.date();
        for _ in 0..HORIZON_DAYS {
            if when.allows_day(day) || when.until.is_some_and(|until| day >= until) {
                let begin =
                    when.earliest.map_or(day.at(0, 0, 0, 0), |earliest| day.to_datetime(earliest));
                let missed = when.latest.is_some_and(|latest| from >= day.to_datetime(latest));
                if !missed {
                    return Some(from.max(begin));
                }
            }
            day = day.saturating_add(1.day());
            from = day.at(0, 0, 0, 0);
        }
        None
    }

    /// Looks at a page of slots: offers the first that fits, turns the page, or gives up a wish.
    pub(super) fn slots_found(&mut self, now: Instant, retried: bool, result: ToolResult) {
        if super::results::is_down(&result) {
            return if retried { self.records_down() } else { self.find_page(now, true) };
        }
        let ToolData::Slots(page) = result.data else { return self.relax(now) };
        if self.deferred.is_some() {
            return self.wait_and_hear(now);
        }
        let last = page.iter().map(|slot| slot.start).max();
        let fitting: Vec<OfferedSlot> = page.into_iter().filter(|slot| self.fits(slot)).collect();
        if fitting.is_empty() {
            match last {
                Some(last) if self.task.search.pages < MOST_PAGES => {
                    self.task.search.pages += 1;
                    self.task.search.page_from = Some(last.saturating_add(1.minute()));
                    self.find_page(now, false);
                }
                _ => self.relax(now),
            }
            return;
        }
        self.task.slots = fitting;
        self.offer_next(now);
    }

    /// The caller spoke while the book was searched: that comes first, and may change the search.
    fn wait_and_hear(&mut self, now: Instant) {
        self.go_on(now);
    }

    fn fits(&self, slot: &OfferedSlot) -> bool {
        let wish = &self.task.wish;
        // "The next free morning" for Thursday's appointment is not that Thursday, unless the day was named.
        let same_day =
            self.task.kind == Kind::Reschedule
                && !wish.when.names_day()
                && (wish.before.is_none() || self.task.offered.is_some())
                && self.task.appointment.as_ref().is_some_and(|a| {
                    a.reveal(Purpose::Comparison).start.date() == slot.start.date()
                });
        self.wished().allows(slot.start)
            && !same_day
            && !self.task.declined.contains(&slot.start)
            && wish.after.is_none_or(|after| slot.start > after)
            && (self.task.search.relaxed > 0
                || wish.before.is_none_or(|before| slot.start < before))
            && wish.not_with.as_ref().is_none_or(|name| *name != slot.practitioner)
    }

    /// Nothing fits: gives up the least important wish that is left.
    fn relax(&mut self, now: Instant) {
        let wish = &self.task.wish;
        if wish.before.is_some() && self.task.search.relaxed == 0 {
            if wish.practitioner.is_some() && self.task.offered.is_none() {
                // Sooner matters more than with whom.
                self.task.wish.practitioner = None;
                let because = Some(lines::NOTHING_SOONER);
                self.task.search = Search { because, ..Search::default() };
                return self.find_page(now, false);
            }
            return self.nothing_earlier(now);
        }
        let search = &mut self.task.search;
        let (level, because) = match search.relaxed {
            0 if wish.when.names_day()
                || wish.when.earliest.is_some()
                || wish.when.latest.is_some() =>
            {
                (1, lines::NOTHING_THEN)
            }
            0 | 1 if wish.when.daypart.is_some() => (2, lines::NOTHING_THAT_TIME_OF_DAY),
            0..=2 if wish.practitioner.is_some() => (3, lines::NOTHING_WITH_THEM),
            _ => return self.nothing_free(),
        };
        *search = Search { relaxed: level, because: Some(because), ..Search::default() };
        self.find_page(now, false);
    }

    fn nothing_earlier(&mut self, now: Instant) {
        self.task.wish.before = None;
        match self.task.offered.clone() {
            Some(slot) => {
                self.task.declined.retain(|start| *start != slot.start);
                self.task.search.because = Some(lines::NOTHING_EARLIER);
                self.offer(slot);
            }
            None => self.search(now),
        }
    }

    fn nothing_free(&mut self) {
        self.offer_staff(lines::NOTHING_FREE);
    }

    /// Offers the next slot that was found, or searches on.
    fn offer_next(&mut self, now: Instant) {
        if self.task.slots.is_empty() {
            return self.search(now);
        }
        let slot = self.task.slots.remove(0);
        self.offer(slot);
    }

    fn offer(&mut self, slot: OfferedSlot) {
        let what = wording::slot(self.wording.tongue, &slot);
        let because = self.task.search.because.take().unwrap_or(lines::I_HAVE);
        let lead = self.wording.line(because, &[]);
        let question = self.offer_question();
        self.task.offered = Some(slot.clone());
        let step = Step::Offer { slot, utterance: UtteranceId(0), again: false };
        self.read_back(step, format!("{lead} {what}. {question}"), "offer.slot");
    }

    /// "Shall I move your Thursday appointment there?"
    pub(super) fn offer_question(&mut self) -> String {
        let tongue = self.wording.tongue;
        match (self.task.kind, &self.task.appointment) {
            (Kind::Reschedule, Some(known)) => {
                let old = known.reveal(Purpose::SpokenReply).start.date();
                self.wording.line(lines::SHALL_I_MOVE, &[&wording::weekday(tongue, old)])
            }
            _ => {
                let what = wording::visit(tongue, self.task_visit_type());
                self.wording.line(lines::SHALL_I_BOOK, &[what])
            }
        }
    }

    /// Hears what the caller says to an offer.
    pub(super) fn answer_offer(
        &mut self,
        now: Instant,
        u: &Understood,
        slot: &OfferedSlot,
        said: UtteranceId,
        again: bool,
    ) -> bool {
        use crate::agent::language::{Intent, PractitionerHeard};
        let other_wish = matches!(
            u.intent,
            Some(
                Intent::Cancel
                    | Intent::Appointments
                    | Intent::Hours
                    | Intent::Address
                    | Intent::Message
                    | Intent::ForStaff
            )
        );
        if other_wish {
            return false;
        }
        let named = match &u.practitioner {
            Some(PractitionerHeard::Known(index)) => self
                .setting
                .practitioners
                .get(*index)
                .is_some_and(|one| one.spoken != slot.practitioner),
            Some(PractitionerHeard::Another) => true,
            _ => false,
        };
        let elsewhen = u.when.shift.is_some() || !u.when.allows(slot.start);
        // A yes to a doctor whom nobody here knows is none to the one on offer.
        let unknown = matches!(u.practitioner, Some(PractitionerHeard::Unknown));
        match u.answer {
            _ if elsewhen || named => self.other_offer(now, u, slot),
            Some(Answer::Yes) if !unknown => self.agreed(now, slot, said, again, self.doubts(u)),
            Some(Answer::No) => self.other_offer(now, u, slot),
            Some(Answer::Yes | Answer::Unclear) | None
                if !u.when.is_empty() || u.answer.is_some() =>
            {
                // The time on offer, said back; or a yes and a no in one breath.
                let moment = wording::moment(self.wording.tongue, slot.start);
                let text = self.wording.line(lines::IS_THAT_A_YES, &[&moment]);
                let step = Step::Offer { slot: slot.clone(), utterance: said, again: true };
                self.read_back(step, text, "confirm.slot");
            }
            _ => return false,
        }
        true
    }

    /// Looks for something else, as the caller put it.
    fn other_offer(&mut self, now: Instant, u: &Understood, slot: &OfferedSlot) {
        self.task.declined.push(slot.start);
        let changed = self.merge_task(u);
        let wish = &mut self.task.wish;
        if u.when.names_day() {
            (wish.after, wish.before) = (None, None);
        }
        let next_day = |day: Date| day.saturating_add(1.day());
        match u.when.shift {
            Some(Shift::Later) if !u.when.names_day() => {
                (wish.after, wish.before) = (Some(slot.start), None)
            }
            Some(Shift::LaterThatDay) => {
                wish.when = When {
                    from: Some(slot.start.date()),
                    until: Some(next_day(slot.start.date())),
                    ..When::default()
                };
                (wish.after, wish.before) = (Some(slot.start), None);
            }
            Some(Shift::OtherDay) if !u.when.names_day() => {
                wish.when.until = None;
                (wish.after, wish.before) =
                    (Some(next_day(slot.start.date()).at(0, 0, 0, 0)), None);
            }
            Some(Shift::Earlier) if !u.when.names_day() => {
                (wish.before, wish.after) = (Some(slot.start), None)
            }
            _ => {}
        }
        if changed || u.when.shift.is_some_and(|shift| shift != Shift::Other) {
            self.search(now);
        } else if self.task.declined.len().is_multiple_of(3) {
            // Guessing on would only annoy.
            self.task.search = Search::default();
            self.ask_line(Step::When, lines::WHEN_BEST, "ask.when");
        } else {
            self.offer_next(now);
        }
    }

    /// The caller agreed; it counts if they heard what to, and if it is not in doubt that they did.
    fn agreed(
        &mut self,
        now: Instant,
        slot: &OfferedSlot,
        said: UtteranceId,
        again: bool,
        doubted: bool,
    ) {
        let heard = self.heard_enough(said, &wording::clock(self.wording.tongue, slot.start));
        if (!heard || doubted) && !again {
            let text = match self.memory.outcome(said) {
                Some(Outcome::Cut) => {
                    let what = wording::slot(self.wording.tongue, slot);
                    self.wording.line(lines::GO_AHEAD_THAT, &[&what])
                }
                _ => self.wording.line(lines::GO_AHEAD_SURE, &[]),
            };
            let step = Step::Offer { slot: slot.clone(), utterance: said, again: true };
            return self.read_back(step, text, "confirm.slot");
        }
        self.decide("confirm", "slot");
        self.write(now, slot);
    }

    /// Whether words that seem to agree may have been others. One plain word that was heard as a yes is none.
    pub(super) fn doubts(&self, u: &Understood) -> bool {
        u.length() > 1 && self.sure < DOUBTED
    }

    /// Whether a read-back was heard, at least as far as the words that matter.
    pub(super) fn heard_enough(&self, said: UtteranceId, matter: &str) -> bool {
        match self.memory.outcome(said) {
            Some(Outcome::Whole) => true,
            Some(Outcome::Cut) => self
                .memory
                .heard(said)
                .is_some_and(|heard| heard.reveal(Purpose::Comparison).contains(matter)),
            _ => false,
        }
    }

    fn write(&mut self, now: Instant, slot: &OfferedSlot) {
        let agreed_in = self.turn;
        let slot = slot.slot.clone();
        match (self.task.kind, &self.task.appointment) {
            (Kind::Reschedule, Some(known)) => {
                let appointment = known.reveal(Purpose::EhrRequest).appointment.clone();
                self.run(
                    now,
                    Flight::Reschedule,
                    ToolCall::RescheduleAppointment { appointment, slot, agreed_in },
                );
            }
            _ => {
                let visit_type = self.task_visit_type();
                self.run(
                    now,
                    Flight::Book,
                    ToolCall::BookAppointment { slot, visit_type, agreed_in },
                );
            }
        }
    }

    /// Somebody else took it: the next one is offered at once.
    pub(super) fn slot_taken(&mut self, now: Instant) {
        if let Some(slot) = &self.task.offered {
            self.task.declined.push(slot.start);
        }
        self.say_line(lines::JUST_TAKEN);
        self.offer_next(now);
    }

    pub(super) fn answer_when(&mut self, now: Instant, u: &Understood) -> bool {
        let any = u.says(&[
            "i dont know",
            "not sure",
            "you tell|choose|pick",
            "what do you have",
            "what have you got",
            "whats available",
            "no preference",
        ]);
        if any && u.when.is_empty() {
            self.task.wish.stated = true;
            self.advance(now);
            return true;
        }
        if u.when.shift.is_some() && !u.when.names_day() && !u.when.names_time() {
            self.task.wish.stated = true;
        }
        if u.when.names_day() {
            (self.task.wish.after, self.task.wish.before) = (None, None);
        }
        if self.merge_task(u) || self.task.wish.stated && u.when.shift.is_some() {
            self.advance(now);
            return true;
        }
        false
    }
}
