//! Who is calling: the machine that alone can say "this is that patient".
//!
//! Name and date of birth, and ZIP or the last four digits of the phone when more than one record fits. Three
//! tries, then it locks. It never says which item was wrong, and an unknown patient sounds like a known one.

use jiff::civil::Date;

use super::names::{Likeness, family_likeness, given_likeness};
use super::rules::is_minor;
use super::{Patient, PatientId};
use crate::base::{Phi, Purpose};

/// Something that was proven in this call. Only [`IdentityCheck`] can make one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// Returns what was proven.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// What the caller claims.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Given name.
    pub given: Phi<String>,
    /// Family name.
    pub family: Phi<String>,
    /// Date of birth.
    pub birth_date: Phi<Date>,
    /// ZIP, or the last four digits of the phone.
    pub tie_breaker: Option<Phi<String>>,
}

/// What a claim came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The caller is this patient.
    Verified {
        /// The proof that opens the record.
        patient: Verified<PatientId>,
        /// The given name on record, to address them by.
        given: Phi<String>,
    },
    /// More than one record fits: ask for ZIP or the last four digits of the phone. Not a failed try.
    NeedsTieBreaker,
    /// The record is a child's, and nobody on it acts for them: staff decide. Not a failed try.
    Minor,
    /// No.
    No {
        /// Tries left before it locks.
        attempts_left: u8,
    },
    /// Too many tries: nothing verifies any more in this call.
    Locked,
}

/// One call's verification.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IdentityCheck {
    failed: u8,
    tie_breaker_asked: bool,
}

impl IdentityCheck {
    /// Failed tries that lock it.
    pub const TRIES: u8 = 3;

    /// Judges a claim against the records that share its birth date. Others in `records` are ignored, so
    /// that a record system which searches loosely opens nothing.
    pub fn judge(&mut self, claim: &Claim, records: &[Patient], today: Date) -> Verdict {
        if self.is_locked() {
            return Verdict::Locked;
        }
        let mut fitting = best_fits(claim, records);
        match &claim.tie_breaker {
            Some(tie) => fitting.retain(|patient| breaks_tie(tie, patient)),
            None if fitting.len() > 1 && !self.tie_breaker_asked => {
                self.tie_breaker_asked = true;
                return Verdict::NeedsTieBreaker;
            }
            None => {}
        }
        let [patient] = fitting[..] else { return self.refuse() };
        if is_minor(*patient.birth_date.reveal(Purpose::Comparison), today) {
            return Verdict::Minor;
        }
        Verdict::Verified { patient: Verified(patient.id.clone()), given: patient.given.clone() }
    }

    /// Whether it has locked.
    pub fn is_locked(&self) -> bool {
        self.failed >= Self::TRIES
    }

    fn refuse(&mut self) -> Verdict {
        self.failed += 1;
        match Self::TRIES - self.failed {
            0 => Verdict::Locked,
            attempts_left => Verdict::No { attempts_left },
        }
    }
}

/// Returns the records of that birth date and exactly that name; where there are none, those whose name is close.
fn best_fits<'a>(claim: &Claim, records: &'a [Patient]) -> Vec<&'a Patient> {
    let graded: Vec<(Likeness, &Patient)> =
        records.iter().map(|patient| (likeness(claim, patient), patient)).collect();
    let of = |grade| graded.iter().filter(move |(g, _)| *g == grade).map(|(_, p)| *p).collect();
    let same: Vec<&Patient> = of(Likeness::Same);
    if same.is_empty() { of(Likeness::Close) } else { same }
}

fn likeness(claim: &Claim, patient: &Patient) -> Likeness {
    const PURPOSE: Purpose = Purpose::Comparison;
    if claim.birth_date != patient.birth_date {
        return Likeness::Different;
    }
    let given = given_likeness(claim.given.reveal(PURPOSE), patient.given.reveal(PURPOSE));
    let family = family_likeness(claim.family.reveal(PURPOSE), patient.family.reveal(PURPOSE));
    given.min(family)
}

/// Five digits are a ZIP, nine a ZIP+4, four the end of a phone number; anything else fits nobody.
fn breaks_tie(tie: &Phi<String>, patient: &Patient) -> bool {
    const PURPOSE: Purpose = Purpose::Comparison;
    let digits: String = tie.reveal(PURPOSE).chars().filter(char::is_ascii_digit).collect();
    match digits.len() {
        4 => {
            let phone = patient.phone.as_ref().map(|phone| phone.reveal(PURPOSE));
            phone.is_some_and(|phone| phone.as_str().ends_with(&digits))
        }
        5 | 9 => {
            patient.zip.as_ref().is_some_and(|zip| zip.reveal(PURPOSE).starts_with(&digits[..5]))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::PhoneNumber;
    use jiff::civil::date;

    const TODAY: Date = date(2026, 3, 16);

    fn patient(id: &str, given: &str, family: &str, born: Date, phone: &str, zip: &str) -> Patient {
        Patient {
            id: PatientId(id.into()),
            given: Phi::new(given.into()),
            family: Phi::new(family.into()),
            birth_date: Phi::new(born),
            phone: PhoneNumber::parse(phone).map(Phi::new),
            zip: Some(Phi::new(zip.into())),
        }
    }

    fn records() -> Vec<Patient> {
        vec![
            patient("maria", "María", "López", date(1984, 3, 9), "3125550142", "60614"),
            patient("bob-1", "Robert", "Johnson", date(1962, 7, 14), "3125550101", "60614"),
            patient("bob-2", "Robert", "Johnson", date(1962, 7, 14), "7735550102", "60640"),
            patient("ana", "Ana", "Ruiz", date(1990, 1, 2), "3125550103", "60614"),
            patient("anna", "Anne", "Ruiz", date(1990, 1, 2), "3125550104", "60640"),
            patient("kid", "Emma", "Lopez", date(2015, 5, 5), "3125550142", "60614"),
        ]
    }

    /// Tells the story of a call: one claim a line, `given family date [tie-breaker] -> verdict`.
    fn check(script: &str) {
        let mut identity = IdentityCheck::default();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (said, expected) = line.split_once(" -> ").unwrap();
            let parts: Vec<&str> = said.split(' ').collect();
            let claim = Claim {
                given: Phi::new(parts[0].into()),
                family: Phi::new(parts[1].into()),
                birth_date: Phi::new(parts[2].parse().unwrap()),
                tie_breaker: parts.get(3).map(|tie| Phi::new((*tie).into())),
            };
            let got = match identity.judge(&claim, &records(), TODAY) {
                Verdict::Verified { patient, .. } => patient.get().0.clone(),
                Verdict::NeedsTieBreaker => "tie?".into(),
                Verdict::Minor => "minor".into(),
                Verdict::No { attempts_left } => format!("no {attempts_left}"),
                Verdict::Locked => "locked".into(),
            };
            assert_eq!(got, expected, "{line}");
        }
    }

    #[test]
    fn a_name_and_a_birth_date_are_enough_where_only_one_record_fits() {
        check("Maria Lopez 1984-03-09 -> maria");
        check("MARIA Lopes 1984-03-09 -> maria");
        check("Marya Lopez 1984-03-09 -> maria");
    }

    #[test]
    fn three_wrong_tries_lock_and_stay_locked() {
        check(
            "Maria Lopez 1984-03-08 -> no 2
             Maria Miller 1984-03-09 -> no 1
             Joan Lopez 1984-03-09 -> locked
             Maria Lopez 1984-03-09 -> locked",
        );
    }

    #[test]
    fn a_known_and_an_unknown_patient_are_refused_alike() {
        check("Maria Lopez 1984-03-10 -> no 2");
        check("Nobody Atall 1950-01-01 -> no 2");
    }

    #[test]
    fn namesakes_need_a_tie_breaker() {
        check("Robert Johnson 1962-07-14 -> tie?\nRobert Johnson 1962-07-14 60640 -> bob-2");
        check("Robert Johnson 1962-07-14 0101 -> bob-1");
        check("Robert Johnson 1962-07-14 60614-2201 -> bob-1");
        check("Robert Johnson 1962-07-14 99999 -> no 2");
        check("Robert Johnson 1962-07-14 -> tie?\nRobert Johnson 1962-07-14 -> no 2");
    }

    #[test]
    fn the_exact_name_wins_over_a_close_one_and_two_close_ones_are_not_enough() {
        check("Ana Ruiz 1990-01-02 -> ana");
        check("Anna Ruiz 1990-01-02 -> tie?\nAnna Ruiz 1990-01-02 60640 -> anna");
    }

    #[test]
    fn a_wrong_tie_breaker_is_not_ignored_and_an_odd_one_fits_nobody() {
        check("Maria Lopez 1984-03-09 60699 -> no 2");
        check("Robert Johnson 1962-07-14 6 -> no 2");
        check("Robert Johnson 1962-07-14 sixty -> no 2");
    }

    #[test]
    fn a_childs_record_is_for_staff() {
        check("Emma Lopez 2015-05-05 -> minor\nEmma Lopez 2015-05-06 -> no 2");
    }

    #[test]
    fn nothing_of_a_claim_or_verdict_shows_in_debug() {
        let claim = Claim {
            given: Phi::new("Maria".into()),
            family: Phi::new("Lopez".into()),
            birth_date: Phi::new(date(1984, 3, 9)),
            tie_breaker: Some(Phi::new("60614".into())),
        };
        let verdict = IdentityCheck::default().judge(&claim, &records(), TODAY);
        let shown = format!("{claim:?} {verdict:?}").to_lowercase();
        for word in ["maría", "lopez", "1984", "60614"] {
            assert!(!shown.contains(word), "{word}: {shown}");
        }
    }
}
