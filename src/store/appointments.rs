//! Table `appointments`. An index keeps a slot from being booked twice, whatever the code does.

use jiff::civil::DateTime;
use sqlx::{Sqlite, Transaction};

use super::slots::civil_text;
use super::{Store, StoreError, sql};
use crate::base::{Phi, Purpose};
use crate::practice::{
    Appointment, AppointmentId, AppointmentStatus, PatientId, PractitionerId, SlotId, VisitType,
};

sql! {
    ADD = "insert into appointments (id, patient, practitioner, slot, starts_at, visit_type, status, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_SEED = "insert into appointments
           (id, patient, practitioner, slot, starts_at, visit_type, status, changed_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";
    GET = "select id, patient, practitioner, slot, starts_at, visit_type, status from appointments
           where id = $1";
    UPCOMING = "select id, patient, practitioner, slot, starts_at, visit_type, status from appointments
           where patient = $1 and starts_at >= $2 and status = 'booked' order by starts_at, id limit $3";
    CLASHES = "select count(*) from appointments
           where patient = $1 and starts_at = $2 and status = 'booked' and id <> $3";
    CANCEL = "update appointments set status = 'cancelled', changed_at = $2
           where id = $1 and status = 'booked'";
    COUNT_BOOKED = "select count(*) from appointments where status = 'booked'";
}

type Row = (String, String, String, String, String, String, String);

/// Appointments returned at most: more than anybody wants read out.
const UPCOMING_MAX: i64 = 20;

impl Store {
    /// Returns a patient's booked appointments from a time on, soonest first, twenty at most.
    pub async fn appointments_of(
        &self,
        patient: &PatientId,
        from: DateTime,
    ) -> Result<Vec<Appointment>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(UPCOMING)
            .bind(&patient.0)
            .bind(civil_text(from))
            .bind(UPCOMING_MAX)
            .fetch_all(self.db.reader())
            .await
            .map_err(StoreError::query("reading the appointments of a patient"))?;
        rows.into_iter().map(appointment).collect()
    }

    /// Returns one appointment, whatever its status.
    pub async fn appointment(&self, id: &AppointmentId) -> Result<Option<Appointment>, StoreError> {
        let row: Option<Row> = sqlx::query_as(GET)
            .bind(&id.0)
            .fetch_optional(self.db.reader())
            .await
            .map_err(StoreError::query("reading an appointment"))?;
        row.map(appointment).transpose()
    }

    /// Returns how many appointments stand.
    pub async fn booked_count(&self) -> Result<u64, StoreError> {
        let (count,): (i64,) = sqlx::query_as(COUNT_BOOKED)
            .fetch_one(self.db.reader())
            .await
            .map_err(StoreError::query("counting the appointments"))?;
        Ok(count.unsigned_abs())
    }
}

/// What became of an attempt to add an appointment.
pub(super) enum Added {
    Booked,
    SlotTaken,
    UnknownPatient,
}

/// Adds an appointment; the database decides whether the slot is free.
pub(super) async fn add(
    tx: &mut Transaction<'static, Sqlite>,
    appointment: &Appointment,
) -> Result<Added, StoreError> {
    match insert(tx, ADD, appointment).await {
        Ok(_) => Ok(Added::Booked),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Added::SlotTaken),
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => {
            Ok(Added::UnknownPatient)
        }
        Err(error) => Err(StoreError::query("adding an appointment")(error)),
    }
}

/// Adds an appointment of a seeded clinic, unless it or another one on its slot is there.
pub(super) async fn add_seed(
    tx: &mut Transaction<'static, Sqlite>,
    appointment: &Appointment,
) -> Result<(), StoreError> {
    insert(tx, ADD_SEED, appointment).await.map_err(StoreError::query("seeding an appointment"))
}

async fn insert(
    tx: &mut Transaction<'static, Sqlite>,
    sql: &'static str,
    appointment: &Appointment,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql)
        .bind(&appointment.id.0)
        .bind(&appointment.patient.0)
        .bind(&appointment.practitioner.0)
        .bind(&appointment.slot.0)
        .bind(civil_text(*appointment.start.reveal(Purpose::Storage)))
        .bind(appointment.visit_type.code())
        .bind(status_code(appointment.status))
        .bind(Store::now())
        .execute(&mut **tx)
        .await
        .map(|_| ())
}

/// Returns one appointment, as the transaction sees it.
pub(super) async fn get(
    tx: &mut Transaction<'static, Sqlite>,
    id: &AppointmentId,
) -> Result<Option<Appointment>, StoreError> {
    let row: Option<Row> = sqlx::query_as(GET)
        .bind(&id.0)
        .fetch_optional(&mut **tx)
        .await
        .map_err(StoreError::query("reading an appointment"))?;
    row.map(appointment).transpose()
}

/// Whether the patient has another appointment at that time; `moving` does not count.
pub(super) async fn clashes(
    tx: &mut Transaction<'static, Sqlite>,
    patient: &PatientId,
    start: DateTime,
    moving: Option<&AppointmentId>,
) -> Result<bool, StoreError> {
    let (count,): (i64,) = sqlx::query_as(CLASHES)
        .bind(&patient.0)
        .bind(civil_text(start))
        .bind(moving.map_or("", |id| &id.0))
        .fetch_one(&mut **tx)
        .await
        .map_err(StoreError::query("looking for a clash"))?;
    Ok(count > 0)
}

/// Cancels an appointment; says whether it stood until now.
pub(super) async fn cancel(
    tx: &mut Transaction<'static, Sqlite>,
    id: &AppointmentId,
) -> Result<bool, StoreError> {
    let done = sqlx::query(CANCEL)
        .bind(&id.0)
        .bind(Store::now())
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("cancelling an appointment"))?;
    Ok(done.rows_affected() == 1)
}

fn status_code(status: AppointmentStatus) -> &'static str {
    match status {
        AppointmentStatus::Booked => "booked",
        AppointmentStatus::Cancelled => "cancelled",
    }
}

fn appointment(row: Row) -> Result<Appointment, StoreError> {
    let (id, patient, practitioner, slot, starts_at, visit_type, status) = row;
    let corrupt = |column| StoreError::corrupt("appointments", column);
    Ok(Appointment {
        id: AppointmentId(id),
        patient: PatientId(patient),
        practitioner: PractitionerId(practitioner),
        slot: SlotId(slot),
        start: Phi::new(starts_at.parse().map_err(|_| corrupt("starts_at"))?),
        visit_type: VisitType::from_code(&visit_type).ok_or_else(|| corrupt("visit_type"))?,
        status: match status.as_str() {
            "booked" => AppointmentStatus::Booked,
            "cancelled" => AppointmentStatus::Cancelled,
            _ => return Err(corrupt("status")),
        },
    })
}
