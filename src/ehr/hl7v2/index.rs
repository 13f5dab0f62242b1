//! What the messages of a record system add up to: its patients and appointments, ready to be searched.
//!
//! One owner, no clock. Messages may come twice, late or out of order: what is older than what stands is
//! left out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};

use super::inbound::{AppointmentChange, AppointmentEvent, Change, Inbound, PatientChange};
use crate::base::{Phi, Purpose};
use crate::practice::{AppointmentStatus, Patient, PatientId, PhoneNumber, PractitionerId};

/// Patients and appointments that are kept at most: a practice of twenty practitioners has forty thousand
/// patients, and as many appointments a quarter.
pub const ENTRIES_MAX: usize = 500_000;

/// What came of a change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// It stands.
    Applied,
    /// Something newer stands already.
    Stale,
    /// It is about something that we never heard of, and not enough to begin with.
    Unknown,
    /// The index is full.
    Full,
}

/// A patient as the messages tell.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PatientEntry {
    /// Given name.
    pub given: Option<Phi<String>>,
    /// Family name.
    pub family: Option<Phi<String>>,
    /// Date of birth.
    pub birth_date: Option<Phi<Date>>,
    /// Numbers, private ones first.
    pub phones: Vec<Phi<PhoneNumber>>,
    /// ZIP code.
    pub zip: Option<Phi<String>>,
    /// Primary language, as the sender codes it.
    pub language: Option<Phi<String>>,
    /// Whether they have died: nobody speaks for such a record by telephone.
    pub deceased: Option<Phi<bool>>,
    as_of: Option<DateTime>,
}

/// An appointment as the messages tell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppointmentEntry {
    /// The asker's id, ours where we booked it.
    pub placer: Option<String>,
    /// The record system's id.
    pub filler: Option<String>,
    /// Whose; `None` is time that is blocked.
    pub patient: Option<PatientId>,
    /// With whom.
    pub practitioner: Option<PractitionerId>,
    /// When.
    pub start: Phi<DateTime>,
    /// How long, in minutes.
    pub minutes: Option<u16>,
    /// The sender's code of the kind of visit, or its words.
    pub visit_code: Option<Phi<String>>,
    /// Where.
    pub location: Option<String>,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// Whether the patient did not come.
    pub missed: bool,
    as_of: Option<DateTime>,
}

/// The index.
#[derive(Clone, Debug, Default)]
pub struct Index {
    patients: BTreeMap<PatientId, PatientEntry>,
    by_phone: BTreeMap<PhoneNumber, BTreeSet<PatientId>>,
    by_birth: BTreeMap<Phi<Date>, BTreeSet<PatientId>>,
    merged: BTreeMap<PatientId, PatientId>,
    appointments: BTreeMap<String, AppointmentEntry>,
    /// From the asker's id to the key of `appointments`.
    by_placer: BTreeMap<String, String>,
}

impl Index {
    /// Applies a message; one effect a change.
    pub fn apply(&mut self, inbound: &Inbound) -> Vec<Effect> {
        let sent = inbound.sent;
        let apply = |change: &Change| match change {
            Change::Patient(change) => self.patient_changed(change, sent),
            Change::Merge { survivor, gone } => self.merge(survivor, gone),
            Change::Appointment(change) => self.appointment_changed(change, sent),
        };
        inbound.changes.iter().map(apply).collect()
    }

    /// Returns the record that an id stands for today: ids of merged records lead to the one that stayed.
    pub fn resolve<'a>(&'a self, id: &'a PatientId) -> &'a PatientId {
        let mut at = id;
        // Merges make no circle, see `merge`; the bound says so once more.
        for _ in 0..=self.merged.len() {
            match self.merged.get(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// Returns what is known of a patient.
    pub fn entry(&self, id: &PatientId) -> Option<&PatientEntry> {
        self.patients.get(self.resolve(id))
    }

    /// Returns a patient, if enough is known for an identity check and they live.
    pub fn patient(&self, id: &PatientId) -> Option<Patient> {
        let id = self.resolve(id);
        let entry = self.patients.get(id)?;
        if entry.deceased == Some(Phi::new(true)) {
            return None;
        }
        Some(Patient {
            id: id.clone(),
            given: entry.given.clone()?,
            family: entry.family.clone()?,
            birth_date: entry.birth_date.clone()?,
            phone: entry.phones.first().cloned(),
            zip: entry.zip.clone(),
        })
    }

    /// Returns everybody born on a date.
    pub fn born(&self, date: &Phi<Date>) -> Vec<Patient> {
        let ids = self.by_birth.get(date);
        ids.into_iter().flatten().filter_map(|id| self.patient(id)).collect()
    }

    /// Returns everybody reached at a number.
    pub fn at(&self, phone: &Phi<PhoneNumber>) -> Vec<Patient> {
        let ids = self.by_phone.get(phone.reveal(Purpose::Comparison));
        ids.into_iter().flatten().filter_map(|id| self.patient(id)).collect()
    }

    /// Returns a patient's standing appointments from a time on, soonest first.
    pub fn appointments_of(&self, patient: &PatientId, from: DateTime) -> Vec<&AppointmentEntry> {
        let patient = self.resolve(patient);
        let mut found: Vec<&AppointmentEntry> = self
            .appointments
            .values()
            .filter(|entry| entry.status == AppointmentStatus::Booked)
            .filter(|entry| entry.patient.as_ref().is_some_and(|id| self.resolve(id) == patient))
            .filter(|entry| *entry.start.reveal(Purpose::Comparison) >= from)
            .collect();
        found.sort_by(|one, other| one.start.cmp(&other.start));
        found
    }

    /// Returns the appointment of an id, the asker's or the record system's.
    pub fn appointment(&self, id: &str) -> Option<&AppointmentEntry> {
        let key = self.by_placer.get(id).map_or(id, String::as_str);
        self.appointments.get(key).or_else(|| self.appointments.get(&filler_key(id)))
    }

    /// Whether a practitioner has something at a time: the slots of a sender who tells no slots are what is
    /// free between these.
    pub fn is_busy(&self, practitioner: &PractitionerId, from: DateTime, to: DateTime) -> bool {
        self.appointments.values().any(|entry| {
            let start = *entry.start.reveal(Purpose::Comparison);
            let minutes = i64::from(entry.minutes.unwrap_or(1));
            let end = start.saturating_add(jiff::SignedDuration::from_mins(minutes));
            entry.status == AppointmentStatus::Booked
                && entry.practitioner.as_ref() == Some(practitioner)
                && start < to
                && end > from
        })
    }

    /// Returns how many patients and appointments there are.
    pub fn len(&self) -> (usize, usize) {
        (self.patients.len(), self.appointments.len())
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    fn patient_changed(&mut self, change: &PatientChange, sent: Option<DateTime>) -> Effect {
        // What is said of a record that is no more must not overwrite the one that it went into.
        if self.merged.contains_key(&change.id) {
            return Effect::Stale;
        }
        let id = change.id.clone();
        let mut entry = match self.patients.get(&id) {
            Some(entry) if is_newer(entry.as_of, sent) => return Effect::Stale,
            Some(entry) => entry.clone(),
            None if self.patients.len() >= ENTRIES_MAX => return Effect::Full,
            None => PatientEntry::default(),
        };
        change.given.clone().apply(&mut entry.given);
        change.family.clone().apply(&mut entry.family);
        change.birth_date.clone().apply(&mut entry.birth_date);
        change.zip.clone().apply(&mut entry.zip);
        change.language.clone().apply(&mut entry.language);
        change.deceased.clone().apply(&mut entry.deceased);
        let mut phones = Some(std::mem::take(&mut entry.phones));
        change.phones.clone().apply(&mut phones);
        entry.phones = phones.unwrap_or_default();
        entry.as_of = sent.or(entry.as_of);
        self.forget(&id);
        self.keep(id, entry);
        Effect::Applied
    }

    /// Takes a patient out of the index, with all ways that lead there.
    fn forget(&mut self, id: &PatientId) -> Option<PatientEntry> {
        const PURPOSE: Purpose = Purpose::Comparison;
        let entry = self.patients.remove(id)?;
        for phone in entry.phones.iter().map(|phone| phone.reveal(PURPOSE)) {
            leave(&mut self.by_phone, phone, id);
        }
        if let Some(date) = &entry.birth_date {
            leave(&mut self.by_birth, date, id);
        }
        Some(entry)
    }

    fn keep(&mut self, id: PatientId, entry: PatientEntry) {
        const PURPOSE: Purpose = Purpose::Comparison;
        for phone in &entry.phones {
            self.by_phone.entry(phone.reveal(PURPOSE).clone()).or_default().insert(id.clone());
        }
        if let Some(date) = &entry.birth_date {
            self.by_birth.entry(date.clone()).or_default().insert(id.clone());
        }
        self.patients.insert(id, entry);
    }

    fn merge(&mut self, survivor: &PatientId, gone: &PatientId) -> Effect {
        let survivor = self.resolve(survivor).clone();
        // A second telling, or a circle: the record is the survivor's already.
        if *self.resolve(gone) == survivor {
            return Effect::Stale;
        }
        if self.merged.len() >= ENTRIES_MAX {
            return Effect::Full;
        }
        let gone = self.resolve(gone).clone();
        self.forget(&gone);
        self.merged.insert(gone, survivor);
        Effect::Applied
    }

    fn appointment_changed(
        &mut self,
        change: &AppointmentChange,
        sent: Option<DateTime>,
    ) -> Effect {
        let key = self.key(change);
        let Some(entry) = self.appointments.get_mut(&key) else {
            let Some(start) = change.start.clone() else { return Effect::Unknown };
            if self.appointments.len() >= ENTRIES_MAX {
                return Effect::Full;
            }
            let entry = AppointmentEntry {
                placer: change.placer.clone(),
                filler: change.filler.clone(),
                patient: change.patient.clone(),
                practitioner: change.practitioner.clone(),
                start,
                minutes: change.minutes,
                visit_code: change.visit_code.clone(),
                location: change.location.clone(),
                status: change.status,
                missed: change.event == AppointmentEvent::NoShow,
                as_of: sent,
            };
            self.appointments.insert(key.clone(), entry);
            self.name(change.placer.clone(), key);
            return Effect::Applied;
        };
        if is_newer(entry.as_of, sent) {
            return Effect::Stale;
        }
        entry.start = change.start.clone().unwrap_or_else(|| entry.start.clone());
        entry.placer = change.placer.clone().or(entry.placer.take());
        entry.filler = change.filler.clone().or(entry.filler.take());
        entry.patient = change.patient.clone().or(entry.patient.take());
        entry.practitioner = change.practitioner.clone().or(entry.practitioner.take());
        entry.minutes = change.minutes.or(entry.minutes);
        entry.visit_code = change.visit_code.clone().or(entry.visit_code.take());
        entry.location = change.location.clone().or(entry.location.take());
        entry.status = change.status;
        entry.missed = change.event == AppointmentEvent::NoShow;
        entry.as_of = sent.or(entry.as_of);
        self.name(change.placer.clone(), key);
        Effect::Applied
    }

    fn name(&mut self, placer: Option<String>, key: String) {
        if let Some(placer) = placer.filter(|_| self.by_placer.len() < 2 * ENTRIES_MAX) {
            self.by_placer.insert(placer, key);
        }
    }

    /// The record system's id is the key where it is known, also when it came after the asker's.
    fn key(&mut self, change: &AppointmentChange) -> String {
        let known = change.placer.as_ref().and_then(|placer| self.by_placer.get(placer)).cloned();
        match (&change.filler, known) {
            (None, Some(known)) => known,
            (None, None) => format!("p:{}", change.placer.as_deref().unwrap_or_default()),
            (Some(filler), known) => {
                let key = filler_key(filler);
                let moved = known.filter(|old| old.starts_with("p:"));
                if let Some(entry) = moved.and_then(|old| self.appointments.remove(&old)) {
                    self.appointments.insert(key.clone(), entry);
                }
                key
            }
        }
    }
}

fn filler_key(id: &str) -> String {
    format!("f:{id}")
}

/// Whether what stands is newer than what comes. Times of one second are told in the order of arrival.
fn is_newer(stands: Option<DateTime>, comes: Option<DateTime>) -> bool {
    matches!((stands, comes), (Some(stands), Some(comes)) if stands > comes)
}

fn leave<K: Ord>(ways: &mut BTreeMap<K, BTreeSet<PatientId>>, key: &K, id: &PatientId) {
    if let Some(ids) = ways.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            ways.remove(key);
        }
    }
}
