//! Every sentence of the agent as a caller hears it, with a clinic's facts in it: for whoever measures how well its voice
//! is understood.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use super::{Line, filled, lines};
use crate::agent::tongue::Tongue;
use crate::agent::tools::{KnownAppointment, Ref};
use crate::base::{Language, TargetName};
use crate::practice::seed::{self, Clinic};
use crate::practice::{Practitioner, VisitType};

/// The clinic whose facts are told. Its book is not used: the times are chosen so that all sorts are told.
const CLINIC: u64 = 20_260_101;
/// Days from today, and the time: all days of a week, all hours of a practice, all that minutes are.
const TIMES: &[(i64, i8, i8)] = &[
    (1, 9, 30),
    (3, 10, 0),
    (4, 14, 0),
    (7, 11, 15),
    (12, 13, 15),
    (13, 8, 45),
    (19, 12, 0),
    (23, 16, 30),
    (30, 12, 30),
    (41, 15, 45),
    (58, 10, 5),
];
const VISITS: [VisitType; 5] = [
    VisitType::Office,
    VisitType::Physical,
    VisitType::Sick,
    VisitType::FollowUp,
    VisitType::Vaccination,
];
const BIRTHS: [Date; 5] = [
    Date::constant(1984, 3, 9),
    Date::constant(1971, 2, 3),
    Date::constant(1962, 7, 14),
    Date::constant(2004, 1, 1),
    Date::constant(1949, 11, 30),
];
const TARGETS: [&str; 4] = ["front-desk", "nurse-line", "billing", "pharmacy"];
/// Before a question or a choice.
const REASONS: [Line; 4] =
    [lines::NO_RESULTS, lines::RULES_CHANGE, lines::NOTHING_FREE, lines::FOR_STAFF];

/// Returns what the agent says in a language, each sentence once; nothing of one that it does not speak.
pub(crate) fn sentences(language: Language, today: Date) -> Vec<String> {
    let Some(tongue) = Tongue::of(language) else { return Vec::new() };
    let mut facts = Facts { tongue, clinic: seed::clinic(CLINIC, today), today, told: 0 };
    let mut said: Vec<String> = Vec::new();
    for (name, line) in lines::ALL {
        for way in line.ways(tongue) {
            for _ in 0..facts.times(name) {
                let sentence = facts.sentence(name, way);
                let sentence = super::titled(tongue, sentence, &facts.clinic.practitioners);
                if !said.contains(&sentence) {
                    said.push(sentence);
                }
            }
        }
    }
    said
}

/// Facts, others each time.
struct Facts {
    tongue: Tongue,
    clinic: Clinic,
    today: Date,
    told: usize,
}

impl Facts {
    /// How often a sentence is told, so that all that may be in it is.
    fn times(&self, name: &str) -> usize {
        match name {
            "BIRTH_RIGHT" => BIRTHS.len(),
            "SHALL_I_BOOK" | "YOU_HAVE_A" => VISITS.len(),
            "SHALL_I_MOVE" => 5,
            "CONNECTING" => TARGETS.len(),
            _ => 1,
        }
    }

    fn sentence(&mut self, name: &str, way: &str) -> String {
        self.told += 1;
        match name {
            // Begins an offer.
            "I_HAVE"
            | "NOTHING_SOONER"
            | "NOTHING_THEN"
            | "NOTHING_THAT_TIME_OF_DAY"
            | "NOTHING_WITH_THEM"
            | "NOTHING_EARLIER" => {
                let visit = super::visit(self.tongue, self.one(&VISITS));
                let question = filled(lines::SHALL_I_BOOK.ways(self.tongue)[0], &[visit]);
                format!("{way} {}. {question}", self.slot(0))
            }
            _ => {
                let fill = self.fill(name);
                let fill: Vec<&str> = fill.iter().map(String::as_str).collect();
                filled(way, &fill)
            }
        }
    }

    /// What stands in a line's holes.
    fn fill(&self, name: &str) -> Vec<String> {
        let tongue = self.tongue;
        let practice = &self.clinic.practice;
        let there = || super::target(tongue, Some(&TargetName::new(self.one(&TARGETS))));
        let reason = || self.one(&REASONS).ways(tongue)[0].to_owned();
        let two = || super::list(tongue, &[self.slot(0), self.slot(1)]);
        match name {
            "GREETING" | "REACHED" => vec![practice.name.clone()],
            "WE_ARE_OPEN" => vec![super::hours(tongue, &practice.hours)],
            "WE_ARE_AT" => vec![practice.address.clone()],
            "BIRTH_RIGHT" => vec![super::birth_date(tongue, self.one(&BIRTHS))],
            "THANKS_NAME" => vec![self.doctor(0).given.clone()],
            "THE_ONE" | "SHALL_I_CANCEL" => vec![super::appointment(tongue, &self.appointment())],
            "YOU_HAVE_A" => vec![super::an_appointment(tongue, &self.appointment())],
            "YOU_HAVE_MANY" => vec!["2".into(), two()],
            "WHICH_TO_MOVE" | "WHICH_TO_CANCEL" | "NOT_THAT_ONE_MOVE" | "NOT_THAT_ONE_CANCEL" => {
                vec![two()]
            }
            "UNKNOWN_DOCTOR" => {
                let all = self.clinic.practitioners.iter();
                vec![super::list(tongue, &all.map(|one| one.spoken.clone()).collect::<Vec<_>>())]
            }
            "SHALL_I_MOVE" => vec![super::weekday(tongue, self.time(0).date())],
            "SHALL_I_BOOK" => vec![super::visit(tongue, self.one(&VISITS)).to_owned()],
            "IS_THAT_A_YES" | "CANCEL_THAT" | "CANCELLED_ON" => {
                vec![super::moment(tongue, self.time(0))]
            }
            "GO_AHEAD_THAT" | "BOOKED" | "MOVED" => vec![self.slot(0)],
            "THE_APPOINTMENT" => vec![lines::NO_ADVICE.ways(tongue)[0].to_owned()],
            "MESSAGE_OFFER" => vec![reason()],
            "MESSAGE_OR_PERSON" => vec![reason(), there()],
            "CONNECTING"
            | "NOT_REACHED"
            | "NOT_REACHED_DANGER"
            | "NOT_REACHED_MESSAGE"
            | "IF_SAFE_PERSON" => vec![there()],
            _ => Vec::new(),
        }
    }

    fn one<T: Copy>(&self, of: &[T]) -> T {
        of[self.told % of.len()]
    }

    fn time(&self, later: usize) -> DateTime {
        let (days, hour, minute) = TIMES[(self.told + later) % TIMES.len()];
        let day = self.today.checked_add(days.days()).expect("a clinic is not of the year 9999");
        day.at(hour, minute, 0, 0)
    }

    fn doctor(&self, later: usize) -> &Practitioner {
        let all = &self.clinic.practitioners;
        &all[(self.told + later) % all.len()]
    }

    fn slot(&self, later: usize) -> String {
        super::with(self.tongue, self.time(later), &self.doctor(later).spoken)
    }

    fn appointment(&self) -> KnownAppointment {
        KnownAppointment {
            start: self.time(0),
            practitioner: self.doctor(0).spoken.clone(),
            visit_type: self.one(&VISITS),
            appointment: Ref(String::new()),
            practitioner_ref: Ref(String::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 23);

    #[test]
    fn every_line_is_told_whole() {
        for (language, about) in
            [(Language::EN_US, "Dr. Patel"), (Language::ES_US, "con la doctora Patel")]
        {
            let said = sentences(language, TODAY);
            assert!(said.len() >= lines::ALL.len(), "{}", said.len());
            for sentence in &said {
                assert!(!sentence.contains(['{', '}']), "{sentence}");
                assert!(sentence.ends_with(['.', '?']), "{sentence}");
            }
            assert!(said.iter().any(|sentence| sentence.contains(about)));
            for (name, line) in lines::ALL {
                // "de el" is one word.
                let begins = |way: &str| {
                    let begins = way.split('{').next().unwrap_or_default();
                    begins.strip_suffix(" de ").unwrap_or(begins).to_owned()
                };
                for way in line.ways(Tongue::of(language).unwrap()) {
                    let told = said.iter().any(|sentence| sentence.starts_with(&begins(way)));
                    assert!(told, "{name}: {way}");
                }
            }
        }
        assert!(sentences(Language::tagged("fr-FR").unwrap(), TODAY).is_empty());
    }

    #[test]
    fn all_visits_and_all_days_are_told() {
        let said = sentences(Language::EN_US, TODAY).join("\n");
        for kind in VISITS {
            assert!(said.contains(kind.spoken()), "{kind:?}");
        }
        for day in ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"] {
            assert!(said.contains(day), "{day}");
        }
    }
}
