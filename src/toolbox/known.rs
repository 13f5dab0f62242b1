//! What one call has earned and been shown: its level, its references, its writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::tools::{Ref, ToolData};
use crate::audit::fingerprint;
use crate::base::TurnId;
use crate::ehr::{TaskId, WriteKey};
use crate::practice::{
    Appointment, AppointmentId, IdentityCheck, PatientId, Practitioner, PractitionerId, Slot,
    Verified,
};

/// The state of a session.
#[derive(Default)]
pub(super) struct Known {
    pub(super) identity: IdentityCheck,
    pub(super) verified: Option<Verified<PatientId>>,
    pub(super) number_matches: bool,
    pub(super) directory: Vec<Practitioner>,
    pub(super) slots: Minted<Slot>,
    pub(super) appointments: Minted<Appointment>,
    pub(super) writes: Writes,
    pub(super) this_turn: (TurnId, u32),
    pub(super) called: u32,
    pub(super) failed: u32,
}

impl Known {
    /// Returns the authorisation level that the call has reached.
    pub(super) fn level(&self) -> u8 {
        match (&self.verified, self.number_matches) {
            (Some(_), _) => 2,
            (None, true) => 1,
            (None, false) => 0,
        }
    }

    /// Opens a record. Appointments of another patient are no longer known.
    pub(super) fn verify(&mut self, patient: Verified<PatientId>) {
        if self.verified.as_ref() != Some(&patient) {
            self.appointments.forget();
        }
        self.verified = Some(patient);
    }

    /// Returns a practitioner's name as spoken.
    pub(super) fn spoken(&self, id: &PractitionerId) -> String {
        let found = self.directory.iter().find(|practitioner| practitioner.id == *id);
        found.map_or_else(|| "the practice".to_owned(), |practitioner| practitioner.spoken.clone())
    }

    /// Returns the practitioner that a reference stands for. The directory is public, so its ids are
    /// the references.
    pub(super) fn practitioner(&self, reference: &Ref) -> Option<PractitionerId> {
        let mut ids = self.directory.iter().map(|practitioner| &practitioner.id);
        ids.find(|id| id.0 == reference.0).cloned()
    }
}

/// References minted in this call, and what each stands for. They mean nothing in another call.
pub(super) struct Minted<T> {
    prefix: &'static str,
    by_ref: BTreeMap<Ref, T>,
    minted: u32,
}

impl Default for Minted<Slot> {
    fn default() -> Self {
        Self { prefix: "slot", by_ref: BTreeMap::new(), minted: 0 }
    }
}

impl Default for Minted<Appointment> {
    fn default() -> Self {
        Self { prefix: "appt", by_ref: BTreeMap::new(), minted: 0 }
    }
}

impl<T: Eq> Minted<T> {
    /// Returns the reference of a thing; the same thing keeps its reference.
    pub(super) fn mint(&mut self, thing: T) -> Ref {
        if let Some((reference, _)) = self.by_ref.iter().find(|(_, known)| **known == thing) {
            return reference.clone();
        }
        self.minted += 1;
        let reference = Ref(format!("{}-{}", self.prefix, self.minted));
        self.by_ref.insert(reference.clone(), thing);
        reference
    }

    /// Returns what a reference stands for, if it was minted here.
    pub(super) fn get(&self, reference: &Ref) -> Option<&T> {
        self.by_ref.get(reference)
    }

    /// Drops all. Numbers go on, so that an old reference never comes to mean something new.
    fn forget(&mut self) {
        self.by_ref.clear();
    }
}

/// What this call has written, by idempotency key.
#[derive(Default)]
pub(super) struct Writes {
    done: BTreeMap<WriteKey, Done>,
    /// How often a write was undone by a later one: "book it, no cancel it, oh well book it" is two bookings.
    undone: BTreeMap<WriteKey, u32>,
    unknown: BTreeSet<WriteKey>,
}

struct Done {
    data: ToolData,
    made: Option<AppointmentId>,
    task: Option<TaskId>,
    /// Without the count of how often it was undone.
    base: WriteKey,
}

impl Writes {
    /// Returns the key of a write that is described by its normalised arguments.
    pub(super) fn key(&self, base: &WriteKey) -> WriteKey {
        match self.undone.get(base) {
            Some(times) => WriteKey(fingerprint(&[&base.0, &times.to_string()])),
            None => base.clone(),
        }
    }

    /// Returns what a write came to, if it was done in this call.
    pub(super) fn first_result(&self, key: &WriteKey) -> Option<ToolData> {
        self.done.get(key).map(|done| done.data.clone())
    }

    /// Returns the task that a write stored, if it was done in this call.
    pub(super) fn first_task(&self, key: &WriteKey) -> Option<TaskId> {
        self.done.get(key).and_then(|done| done.task.clone())
    }

    /// Notes an appointment made, or the end of one, or both.
    pub(super) fn settle(
        &mut self,
        base: &WriteKey,
        data: ToolData,
        made: Option<AppointmentId>,
        ended: Option<&AppointmentId>,
    ) {
        let key = self.key(base);
        if let Some(ended) = ended {
            let Self { done, undone, .. } = self;
            done.retain(|_, past| {
                let stands = past.made.as_ref() != Some(ended);
                if !stands {
                    *undone.entry(past.base.clone()).or_default() += 1;
                }
                stands
            });
        }
        self.unknown.remove(&key);
        self.done.insert(key, Done { data, made, task: None, base: base.clone() });
    }

    /// Notes a task stored.
    pub(super) fn settle_task(&mut self, key: &WriteKey, task: TaskId) {
        self.unknown.remove(key);
        let (data, base) = (ToolData::None, key.clone());
        self.done.insert(key.clone(), Done { data, made: None, task: Some(task), base });
    }

    /// Notes that nobody knows what a write came to.
    pub(super) fn doubt(&mut self, key: &WriteKey) {
        self.done.remove(key);
        self.unknown.insert(key.clone());
    }

    /// Whether nobody knows what a write came to.
    pub(super) fn is_unknown(&self, key: &WriteKey) -> bool {
        self.unknown.contains(key)
    }
}
