//! A clinic that does not exist, from a seed: practitioners, patients, slots and appointments.
//!
//! People depend on the seed alone; the book depends on the seed and the day. All telephone numbers are
//! of the range reserved for fiction (555-0100 to 555-0199).

use std::collections::BTreeSet;

use jiff::Span;
use jiff::civil::{Date, DateTime, Weekday, date};

use super::{
    Appointment, AppointmentId, AppointmentStatus, Gender, Patient, PatientId, PhoneNumber,
    Practice, Practitioner, PractitionerId, Slot, SlotId, VisitType,
};
use crate::base::{Dice, Phi, Purpose};

/// The demo caller with an appointment: Maria Lopez, born 1984-03-09, +1 312 555 0142.
pub const MARIA_LOPEZ: &str = "p-0001";
/// The demo caller without one: James Miller, born 1971-02-03, +1 312 555 0177.
pub const JAMES_MILLER: &str = "p-0002";
/// The scripted caller, with an appointment: Sarah Johnson, born 1981-06-14, +1 312 555 0131. Her name
/// and birth date come through a telephone line well in a synthesised voice.
pub const SARAH_JOHNSON: &str = "p-0003";
/// Two men of the same name and birth date, told apart by ZIP: Robert Johnson, born 1962-07-14.
pub const NAMESAKES: [&str; 2] = ["p-0004", "p-0005"];
/// Patients whose appointments are as promised here, and nobody's luck: the first of the book.
const PROMISED: u64 = 3;

/// Patients of the clinic.
pub const PATIENTS: usize = 200;
/// Days of the book, today being the first.
pub const DAYS: i32 = 28;
/// Length of a slot in minutes.
pub const SLOT_MINUTES: u16 = 30;

/// Chance in percent that a slot outside the two kept free a day is taken: 12 × 70 % of 14 slots are 60 %.
const TAKEN_PERCENT: u64 = 70;
/// When slots start: mornings from nine, afternoons from one; the last ends at five.
const MORNINGS: [(i8, i8); 6] = [(9, 0), (9, 30), (10, 0), (10, 30), (11, 0), (11, 30)];
const AFTERNOONS: [(i8, i8); 8] =
    [(13, 0), (13, 30), (14, 0), (14, 30), (15, 0), (15, 30), (16, 0), (16, 30)];

/// All of a clinic, as it is written into an empty practice book.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clinic {
    /// Its public facts.
    pub practice: Practice,
    /// Its practitioners.
    pub practitioners: Vec<Practitioner>,
    /// Its patients.
    pub patients: Vec<Patient>,
    /// What its practitioners offer, free or taken.
    pub slots: Vec<Slot>,
    /// What is taken.
    pub appointments: Vec<Appointment>,
}

/// Makes the clinic of a seed as it stands on the morning of a day.
pub fn clinic(seed: u64, today: Date) -> Clinic {
    let practitioners = practitioners();
    let patients = people(&mut Dice::new(seed));
    let mut book = Book {
        dice: Dice::new(seed ^ 0x0b00c),
        today,
        patients: &patients,
        busy: BTreeSet::new(),
        slots: Vec::new(),
        appointments: Vec::new(),
    };
    book.fill(&practitioners);
    let Book { slots, appointments, .. } = book;
    Clinic { practice: practice(), practitioners, patients, slots, appointments }
}

/// Returns the Thursday after a day, never the day itself.
pub fn coming_thursday(today: Date) -> Date {
    today.nth_weekday(1, Weekday::Thursday).expect("a practice does not live in the year 9999")
}

fn practice() -> Practice {
    Practice {
        name: "Maple Street Family Medicine".into(),
        address: "two fourteen Maple Street, Suite three, in Chicago".into(),
        hours: "Monday to Friday, nine in the morning to five in the afternoon".into(),
        time_zone: "America/Chicago".into(),
    }
}

fn practitioners() -> Vec<Practitioner> {
    [
        ("Anita", "Patel", "family medicine", Gender::Woman),
        ("David", "Chen", "family medicine", Gender::Man),
        ("Grace", "Okafor", "internal medicine", Gender::Woman),
        ("Luis", "Rivera", "family medicine", Gender::Man),
        ("Claire", "Sullivan", "internal medicine", Gender::Woman),
        ("Daniel", "Goldberg", "family medicine", Gender::Man),
    ]
    .into_iter()
    .map(|(given, family, specialty, gender)| Practitioner {
        id: PractitionerId(format!("dr-{}", family.to_lowercase())),
        given: given.into(),
        family: family.into(),
        spoken: format!("Dr. {family}"),
        specialty: specialty.into(),
        gender: Some(gender),
    })
    .collect()
}

/// The demo callers first, then households that share a name, a number and a ZIP.
fn people(dice: &mut Dice) -> Vec<Patient> {
    let mut people = Vec::with_capacity(PATIENTS);
    for (given, family, born, phone, zip) in [
        ("Maria", "Lopez", date(1984, 3, 9), "3125550142", "60614"),
        ("James", "Miller", date(1971, 2, 3), "3125550177", "60622"),
        ("Sarah", "Johnson", date(1981, 6, 14), "3125550131", "60657"),
        ("Robert", "Johnson", date(1962, 7, 14), "3125550118", "60614"),
        ("Robert", "Johnson", date(1962, 7, 14), "7735550163", "60640"),
    ] {
        add(&mut people, given, family, born, phone, zip);
    }
    for household in 0.. {
        let family = pick(dice, FAMILY_NAMES);
        let zip = pick(dice, ZIPS);
        let phone = household_phone(household);
        let adults = 1 + dice.below(2);
        let children = if adults == 2 { dice.below(4) } else { dice.below(2) };
        let adult_year = 1938 + dice.below(56);
        for member in 0..adults + children {
            let is_child = member >= adults;
            let year = if is_child { 2010 + dice.below(14) } else { adult_year + dice.below(5) };
            let born = date(year as i16, 1 + dice.below(12) as i8, 1 + dice.below(28) as i8);
            let names = [GIVEN_WOMEN, GIVEN_MEN][dice.below(2) as usize];
            let given = pick(dice, names);
            if is_new(&people, given, family, born) {
                add(&mut people, given, family, born, &phone, zip);
            }
            if people.len() == PATIENTS {
                return people;
            }
        }
    }
    people
}

/// Nobody else shares a birth date with a demo caller, and nobody is there twice.
fn is_new(people: &[Patient], given: &str, family: &str, born: Date) -> bool {
    const PURPOSE: Purpose = Purpose::Comparison;
    people.iter().enumerate().all(|(index, other)| {
        let same_day = *other.birth_date.reveal(PURPOSE) == born;
        let same_name =
            other.given.reveal(PURPOSE) == given && other.family.reveal(PURPOSE) == family;
        let is_demo_caller = index < 4;
        let is_close = same_name || (is_demo_caller && same_day);
        !is_close
    })
}

fn add(people: &mut Vec<Patient>, given: &str, family: &str, born: Date, phone: &str, zip: &str) {
    people.push(Patient {
        id: PatientId(format!("p-{:04}", people.len() + 1)),
        given: Phi::new(given.into()),
        family: Phi::new(family.into()),
        birth_date: Phi::new(born),
        phone: PhoneNumber::parse(phone).map(Phi::new),
        zip: Some(Phi::new(zip.into())),
    });
}

/// Numbers of the demo callers are in the first two areas; households begin in the third.
fn household_phone(household: usize) -> String {
    const AREAS: [&str; 4] = ["708", "847", "630", "224"];
    format!("{}55501{:02}", AREAS[household / 100 % AREAS.len()], household % 100)
}

fn pick<'a>(dice: &mut Dice, from: &[&'a str]) -> &'a str {
    from[dice.below(from.len() as u64) as usize]
}

/// The book while it is being filled.
struct Book<'a> {
    dice: Dice,
    today: Date,
    patients: &'a [Patient],
    /// Who is where when: nobody is in two places.
    busy: BTreeSet<(usize, DateTime)>,
    slots: Vec<Slot>,
    appointments: Vec<Appointment>,
}

impl Book<'_> {
    fn fill(&mut self, practitioners: &[Practitioner]) {
        for offset in 0..DAYS {
            let day = self.today + Span::new().days(offset);
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                practitioners.iter().for_each(|practitioner| self.fill_day(practitioner, day));
            }
        }
    }

    /// One morning and one afternoon slot of each day stay free, so that there is always something to offer.
    fn fill_day(&mut self, practitioner: &Practitioner, day: Date) {
        let promised = match practitioner.family.as_str() {
            _ if day != coming_thursday(self.today) => None,
            "Patel" => Some((10, 0, 0)),
            "Chen" => Some((10, 30, 2)),
            _ => None,
        };
        let free_morning = MORNINGS[self.dice.below(MORNINGS.len() as u64) as usize];
        let free_afternoon = AFTERNOONS[self.dice.below(AFTERNOONS.len() as u64) as usize];
        for (hour, minute) in MORNINGS.into_iter().chain(AFTERNOONS) {
            let slot = slot(practitioner, day.at(hour, minute, 0, 0));
            let taken = self.dice.below(100) < TAKEN_PERCENT;
            let kept_free = [free_morning, free_afternoon].contains(&(hour, minute));
            if let Some((10, at, patient)) = promised
                && (hour, minute) == (10, at)
            {
                self.take(&slot, patient, VisitType::FollowUp);
            } else if taken && !kept_free {
                let patient = self.somebody(slot.start);
                let kind = VisitType::ALL[self.dice.below(VisitType::ALL.len() as u64) as usize];
                self.take(&slot, patient, kind);
            }
            self.slots.push(slot);
        }
    }

    /// Returns somebody who is not elsewhere then and is not a demo caller.
    fn somebody(&mut self, start: DateTime) -> usize {
        loop {
            let index =
                (PROMISED + self.dice.below(self.patients.len() as u64 - PROMISED)) as usize;
            if !self.busy.contains(&(index, start)) {
                return index;
            }
        }
    }

    fn take(&mut self, slot: &Slot, patient: usize, visit_type: VisitType) {
        self.busy.insert((patient, slot.start));
        self.appointments.push(Appointment {
            id: AppointmentId(slot.id.0.replacen("s-", "a-", 1)),
            patient: self.patients[patient].id.clone(),
            practitioner: slot.practitioner.clone(),
            slot: slot.id.clone(),
            start: Phi::new(slot.start),
            visit_type,
            status: AppointmentStatus::Booked,
        });
    }
}

fn slot(practitioner: &Practitioner, start: DateTime) -> Slot {
    let id = format!("s-{}-{}", practitioner.id.0, start.strftime("%Y%m%d-%H%M"));
    let practitioner = practitioner.id.clone();
    Slot { id: SlotId(id), practitioner, start, minutes: SLOT_MINUTES }
}

const ZIPS: &[&str] = &["60610", "60614", "60618", "60622", "60640", "60647", "60657", "60660"];

const GIVEN_WOMEN: &[&str] = &[
    "Alice", "Amara", "Angela", "Barbara", "Carmen", "Carol", "Diana", "Elena", "Emily", "Fatima",
    "Gloria", "Hannah", "Helen", "Irene", "Jennifer", "Joyce", "Karen", "Laura", "Linda", "Lucia",
    "Margaret", "Mei", "Monica", "Nadia", "Nancy", "Olivia", "Patricia", "Priya", "Rachel", "Rosa",
    "Ruth", "Sandra", "Sofia", "Susan", "Teresa", "Yolanda",
];

const GIVEN_MEN: &[&str] = &[
    "Ahmed", "Andrew", "Anthony", "Carlos", "Charles", "Daniel", "Diego", "Edward", "Eric",
    "Frank", "George", "Hector", "Henry", "Ivan", "Jamal", "Jorge", "Joseph", "Kenneth", "Kevin",
    "Leon", "Marcus", "Matthew", "Miguel", "Nathan", "Oscar", "Patrick", "Paul", "Peter", "Raj",
    "Richard", "Samuel", "Stephen", "Thomas", "Victor", "Walter", "William",
];

const FAMILY_NAMES: &[&str] = &[
    "Adams",
    "Ali",
    "Anderson",
    "Baker",
    "Bennett",
    "Brooks",
    "Campbell",
    "Carter",
    "Castillo",
    "Clark",
    "Cohen",
    "Collins",
    "Cooper",
    "Davis",
    "Diaz",
    "Edwards",
    "Evans",
    "Fischer",
    "Flores",
    "Foster",
    "Garcia",
    "Gonzalez",
    "Graham",
    "Green",
    "Gupta",
    "Hall",
    "Harris",
    "Hayes",
    "Hernandez",
    "Hughes",
    "Jackson",
    "Jenkins",
    "Kelly",
    "Kim",
    "King",
    "Kowalski",
    "Lee",
    "Lewis",
    "Lopez",
    "Martin",
    "Martinez",
    "Mitchell",
    "Moore",
    "Morales",
    "Murphy",
    "Nelson",
    "Nguyen",
    "Novak",
    "O'Brien",
    "Ortiz",
    "Parker",
    "Perez",
    "Peterson",
    "Phillips",
    "Price",
    "Ramirez",
    "Reed",
    "Reyes",
    "Roberts",
    "Rogers",
    "Ross",
    "Russo",
    "Sanchez",
    "Schmidt",
    "Scott",
    "Singh",
    "Smith",
    "Stewart",
    "Torres",
    "Turner",
    "Walker",
    "Washington",
    "Watson",
    "White",
    "Williams",
    "Wilson",
    "Wong",
    "Wright",
    "Young",
    "Zhang",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::{Claim, Daypart, IdentityCheck, Verdict, is_minor};
    use jiff::ToSpan;
    use std::collections::BTreeMap;

    const MONDAY: Date = date(2026, 3, 16);

    fn by_slot(clinic: &Clinic) -> BTreeMap<&SlotId, &Appointment> {
        clinic.appointments.iter().map(|appointment| (&appointment.slot, appointment)).collect()
    }

    #[test]
    fn a_seed_and_a_day_make_one_clinic() {
        assert_eq!(clinic(7, MONDAY), clinic(7, MONDAY));
        assert_ne!(clinic(7, MONDAY), clinic(8, MONDAY));
        let later = clinic(7, MONDAY + 7.days());
        assert_eq!(clinic(7, MONDAY).patients, later.patients, "people do not change overnight");
    }

    #[test]
    fn the_counts_hold_whatever_the_seed_and_the_day() {
        for seed in 0..40 {
            let today = MONDAY + Span::new().days(seed as i32);
            let clinic = clinic(seed, today);
            assert_eq!(clinic.practitioners.len(), 6);
            assert_eq!(clinic.patients.len(), PATIENTS);
            assert_eq!(clinic.slots.len(), 20 * 6 * 14, "20 weekdays, 6 practitioners, 14 a day");
            let percent = clinic.appointments.len() * 100 / clinic.slots.len();
            assert!((55..=65).contains(&percent), "seed {seed}: {percent} % taken");
            assert_eq!(by_slot(&clinic).len(), clinic.appointments.len(), "a slot is taken once");
            let ids: BTreeSet<_> = clinic.slots.iter().map(|slot| &slot.id).collect();
            assert_eq!(ids.len(), clinic.slots.len());
            let minors = clinic
                .patients
                .iter()
                .filter(|patient| is_minor(*patient.birth_date.reveal(Purpose::Comparison), today));
            assert!((20..100).contains(&minors.count()), "seed {seed}");
            let phones: BTreeSet<_> =
                clinic.patients.iter().map(|patient| patient.phone.clone()).collect();
            assert!(phones.len() < 150, "families share a number");
        }
    }

    #[test]
    fn nobody_is_in_two_places_at_once() {
        let clinic = clinic(3, MONDAY);
        let at: BTreeSet<_> =
            clinic.appointments.iter().map(|a| (&a.patient, a.start.clone())).collect();
        assert_eq!(at.len(), clinic.appointments.len());
    }

    #[test]
    fn the_demo_callers_stand_in_the_book_as_promised() {
        for offset in 0..14 {
            let today = MONDAY + Span::new().days(offset);
            let clinic = clinic(1, today);
            let of = |id: &str| -> Vec<_> {
                clinic.appointments.iter().filter(|a| a.patient.0 == id).collect()
            };
            let [hers] = of(MARIA_LOPEZ)[..] else { panic!("Maria has one appointment") };
            let start = *hers.start.reveal(Purpose::Comparison);
            assert_eq!(start.weekday(), Weekday::Thursday);
            assert_eq!(start.time(), jiff::civil::time(10, 0, 0, 0));
            let days = today.until(start.date()).unwrap().get_days();
            assert!((1..=7).contains(&days), "{today} to {start}");
            assert_eq!(hers.practitioner.0, "dr-patel");
            assert!(of(JAMES_MILLER).is_empty());
            let [sarahs] = of(SARAH_JOHNSON)[..] else { panic!("Sarah has one appointment") };
            assert_eq!(*sarahs.start.reveal(Purpose::Comparison), start.date().at(10, 30, 0, 0));
            let taken = by_slot(&clinic);
            for next in 1..=5 {
                let day = start.date() + Span::new().days(next);
                let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
                let free = clinic.slots.iter().any(|slot| {
                    slot.practitioner == hers.practitioner
                        && slot.start.date() == day
                        && Daypart::Morning.contains(slot.start.time())
                        && !taken.contains_key(&slot.id)
                });
                assert_eq!(free, !weekend, "{day}");
            }
        }
    }

    #[test]
    fn each_adult_is_verified_by_name_and_birth_date_but_for_the_namesakes() {
        let clinic = clinic(1, MONDAY);
        for patient in &clinic.patients {
            let claim = Claim {
                given: patient.given.clone(),
                family: patient.family.clone(),
                birth_date: patient.birth_date.clone(),
                tie_breaker: None,
            };
            match IdentityCheck::default().judge(&claim, &clinic.patients, MONDAY) {
                Verdict::Verified { patient: proven, .. } => assert_eq!(*proven.get(), patient.id),
                Verdict::NeedsTieBreaker => assert!(NAMESAKES.contains(&&*patient.id.0)),
                Verdict::Minor => {}
                other => panic!("{:?}: {other:?}", patient.id),
            }
        }
    }
}
