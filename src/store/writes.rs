//! Table `writes`, and the writes it remembers: book, reschedule, cancel.
//!
//! Each is one transaction under an idempotency key, and is read back from the book after it was committed,
//! before anybody may be told that it is done. A repeat of a key has no second effect.

use sqlx::{Sqlite, Transaction};

use super::appointments::{self, Added};
use super::{Store, StoreError, slots, sql};
use crate::base::Phi;
use crate::practice::{
    Appointment, AppointmentId, AppointmentStatus, PatientId, Slot, SlotId, VisitType,
};

sql! {
    ADD = "insert into writes (key, kind, appointment, done_at) values ($1, $2, $3, $4)";
    GET = "select appointment from writes where key = $1";
}

type Tx = Transaction<'static, Sqlite>;

/// What a write came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Written {
    /// Done now: the appointment as it stands in the book.
    Done(Appointment),
    /// Done before under the same key: the appointment as it stands now.
    Repeated(Appointment),
    /// Refused, and nothing was changed.
    Refused(Refusal),
}

/// Why a write was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// The slot has another appointment.
    SlotTaken,
    /// No such slot or patient, or no such appointment that stands and is this patient's.
    NotFound,
    /// The patient has another appointment at that time.
    Clash,
}

impl Store {
    /// Books a slot for a patient.
    pub async fn book(
        &self,
        key: &str,
        patient: &PatientId,
        slot: &SlotId,
        visit_type: VisitType,
    ) -> Result<Written, StoreError> {
        let mut tx = self.db.begin("booking").await?;
        if let Some(first) = first_result(&mut tx, key).await? {
            return Ok(Written::Repeated(first));
        }
        let wanted = Wanted { key, patient, slot, visit_type, moving: None };
        let id = match wanted.book(&mut tx).await? {
            Ok(id) => id,
            Err(refusal) => return Ok(Written::Refused(refusal)),
        };
        self.finish(tx, key, "book", &id, AppointmentStatus::Booked).await
    }

    /// Moves an appointment of a patient to another slot: the new one is booked before the old one is
    /// freed, both or neither.
    pub async fn reschedule(
        &self,
        key: &str,
        patient: &PatientId,
        appointment: &AppointmentId,
        slot: &SlotId,
    ) -> Result<Written, StoreError> {
        let mut tx = self.db.begin("rescheduling").await?;
        if let Some(first) = first_result(&mut tx, key).await? {
            return Ok(Written::Repeated(first));
        }
        let Some(old) = standing(&mut tx, patient, appointment).await? else {
            return Ok(Written::Refused(Refusal::NotFound));
        };
        let visit_type = old.visit_type;
        let wanted = Wanted { key, patient, slot, visit_type, moving: Some(&old.id) };
        let id = match wanted.book(&mut tx).await? {
            Ok(id) => id,
            Err(refusal) => return Ok(Written::Refused(refusal)),
        };
        appointments::cancel(&mut tx, &old.id).await?;
        self.finish(tx, key, "reschedule", &id, AppointmentStatus::Booked).await
    }

    /// Cancels an appointment of a patient.
    pub async fn cancel(
        &self,
        key: &str,
        patient: &PatientId,
        appointment: &AppointmentId,
    ) -> Result<Written, StoreError> {
        let mut tx = self.db.begin("cancelling").await?;
        if let Some(first) = first_result(&mut tx, key).await? {
            return Ok(Written::Repeated(first));
        }
        let Some(old) = standing(&mut tx, patient, appointment).await? else {
            return Ok(Written::Refused(Refusal::NotFound));
        };
        appointments::cancel(&mut tx, &old.id).await?;
        self.finish(tx, key, "cancel", &old.id, AppointmentStatus::Cancelled).await
    }

    /// Returns what was done under a key, as it stands now; `None` if nothing was.
    pub async fn written(&self, key: &str) -> Result<Option<Appointment>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as(GET)
            .bind(key)
            .fetch_optional(self.db.reader())
            .await
            .map_err(StoreError::query("looking for a write"))?;
        match row {
            Some((id,)) => self.appointment(&AppointmentId(id)).await,
            None => Ok(None),
        }
    }

    /// Notes the key, commits, and reads back.
    async fn finish(
        &self,
        mut tx: Tx,
        key: &str,
        kind: &'static str,
        id: &AppointmentId,
        expected: AppointmentStatus,
    ) -> Result<Written, StoreError> {
        sqlx::query(ADD)
            .bind(key)
            .bind(kind)
            .bind(&id.0)
            .bind(Self::now())
            .execute(&mut *tx)
            .await
            .map_err(StoreError::query("noting a write"))?;
        tx.commit().await.map_err(StoreError::query("committing a write"))?;
        match self.appointment(id).await? {
            Some(found) if found.status == expected => Ok(Written::Done(found)),
            _ => Err(StoreError::Query {
                what: "reading back an appointment",
                why: "the book does not hold what was just written".into(),
            }),
        }
    }
}

/// An appointment to be made.
struct Wanted<'a> {
    key: &'a str,
    patient: &'a PatientId,
    slot: &'a SlotId,
    visit_type: VisitType,
    moving: Option<&'a AppointmentId>,
}

impl Wanted<'_> {
    async fn book(&self, tx: &mut Tx) -> Result<Result<AppointmentId, Refusal>, StoreError> {
        let Some(slot) = slots::get(tx, self.slot).await? else {
            return Ok(Err(Refusal::NotFound));
        };
        if appointments::clashes(tx, self.patient, slot.start, self.moving).await? {
            return Ok(Err(Refusal::Clash));
        }
        let appointment = self.appointment(slot);
        Ok(match appointments::add(tx, &appointment).await? {
            Added::Booked => Ok(appointment.id),
            Added::SlotTaken => Err(Refusal::SlotTaken),
            Added::UnknownPatient => Err(Refusal::NotFound),
        })
    }

    /// The id follows from the key, so that a write has one id however often it is tried.
    fn appointment(&self, slot: Slot) -> Appointment {
        Appointment {
            id: AppointmentId(format!("a-{}", self.key.chars().take(16).collect::<String>())),
            patient: self.patient.clone(),
            practitioner: slot.practitioner,
            slot: slot.id,
            start: Phi::new(slot.start),
            visit_type: self.visit_type,
            status: AppointmentStatus::Booked,
        }
    }
}

/// Returns an appointment that stands and is this patient's.
async fn standing(
    tx: &mut Tx,
    patient: &PatientId,
    id: &AppointmentId,
) -> Result<Option<Appointment>, StoreError> {
    let found = appointments::get(tx, id).await?;
    Ok(found.filter(|a| a.patient == *patient && a.status == AppointmentStatus::Booked))
}

async fn first_result(tx: &mut Tx, key: &str) -> Result<Option<Appointment>, StoreError> {
    let row: Option<(String,)> = sqlx::query_as(GET)
        .bind(key)
        .fetch_optional(&mut **tx)
        .await
        .map_err(StoreError::query("looking for a write"))?;
    match row {
        Some((id,)) => appointments::get(tx, &AppointmentId(id)).await,
        None => Ok(None),
    }
}
