//! The practice book that needs no record system at all: the store behind the trait.

use jiff::civil::DateTime;

use super::{BoxFuture, Ehr, EhrError, PatientSearch, TaskId, TaskRequest, WriteKey};
use crate::base::CallId;
use crate::practice::{
    Appointment, AppointmentId, Patient, PatientId, Practice, Practitioner, Slot, SlotId,
    SlotSearch, Verified, VisitType,
};
use crate::store::{NewTask, Refusal, Store, StoreError, TaskKind, Written};

/// The built-in practice book.
#[derive(Clone)]
pub struct BuiltinBook {
    store: Store,
}

impl BuiltinBook {
    /// Serves the record from a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Ehr for BuiltinBook {
    fn practice(&self) -> BoxFuture<'_, Result<Practice, EhrError>> {
        Box::pin(async { self.store.practice().await?.ok_or(EhrError::NotFound) })
    }

    fn practitioners(&self) -> BoxFuture<'_, Result<Vec<Practitioner>, EhrError>> {
        Box::pin(async { Ok(self.store.practitioners().await?) })
    }

    fn find_patients<'a>(
        &'a self,
        search: &'a PatientSearch,
    ) -> BoxFuture<'a, Result<Vec<Patient>, EhrError>> {
        Box::pin(async move {
            Ok(match search {
                PatientSearch::BirthDate(date) => self.store.patients_born(date).await?,
                PatientSearch::Phone(phone) => self.store.patients_at(phone).await?,
            })
        })
    }

    fn appointments_of<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        from: DateTime,
    ) -> BoxFuture<'a, Result<Vec<Appointment>, EhrError>> {
        Box::pin(async move { Ok(self.store.appointments_of(patient.get(), from).await?) })
    }

    fn free_slots<'a>(
        &'a self,
        search: &'a SlotSearch,
    ) -> BoxFuture<'a, Result<Vec<Slot>, EhrError>> {
        Box::pin(async move { Ok(self.store.free_slots(search).await?) })
    }

    fn book<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        slot: &'a SlotId,
        visit_type: VisitType,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        Box::pin(
            async move { settled(self.store.book(&key.0, patient.get(), slot, visit_type).await?) },
        )
    }

    fn reschedule<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        appointment: &'a AppointmentId,
        slot: &'a SlotId,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        Box::pin(async move {
            settled(self.store.reschedule(&key.0, patient.get(), appointment, slot).await?)
        })
    }

    fn cancel<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        appointment: &'a AppointmentId,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        Box::pin(
            async move { settled(self.store.cancel(&key.0, patient.get(), appointment).await?) },
        )
    }

    fn outcome<'a>(
        &'a self,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Option<Appointment>, EhrError>> {
        Box::pin(async move { Ok(self.store.written(&key.0).await?) })
    }

    fn create_task<'a>(
        &'a self,
        call: CallId,
        task: &'a TaskRequest,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<TaskId, EhrError>> {
        Box::pin(async move {
            let task = self.store.add_task(&key.0, &new_task(call, task)).await?;
            Ok(TaskId(task.id))
        })
    }
}

fn settled(written: Written) -> Result<Appointment, EhrError> {
    match written {
        Written::Done(appointment) | Written::Repeated(appointment) => Ok(appointment),
        Written::Refused(Refusal::SlotTaken) => Err(EhrError::SlotTaken),
        Written::Refused(Refusal::NotFound) => Err(EhrError::NotFound),
        Written::Refused(Refusal::Clash) => Err(EhrError::Conflict),
    }
}

fn new_task(call: CallId, request: &TaskRequest) -> NewTask {
    match request {
        TaskRequest::HandOff(note) => NewTask {
            kind: TaskKind::HandOff,
            call,
            patient: note.patient.clone(),
            caller: note.caller.clone(),
            target: Some(note.target.clone()),
            reason: note.reason.clone(),
            summary: note.summary.clone(),
        },
        TaskRequest::Callback { patient, caller, reason } => NewTask {
            kind: TaskKind::Callback,
            call,
            patient: patient.clone(),
            caller: caller.clone(),
            target: None,
            reason: "patient_request".into(),
            summary: reason.clone(),
        },
    }
}

impl From<StoreError> for EhrError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(error.code())
    }
}
