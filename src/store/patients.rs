//! Table `patients`.

use jiff::civil::Date;
use sqlx::{Sqlite, Transaction};

use super::{Store, StoreError, sql};
use crate::base::{Phi, Purpose};
use crate::practice::{Patient, PatientId, PhoneNumber};

sql! {
    ADD = "insert into patients (id, given, family, birth_date, phone, zip) values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing";
    BY_BIRTH_DATE = "select id, given, family, birth_date, phone, zip from patients
           where birth_date = $1 order by id";
    BY_PHONE = "select id, given, family, birth_date, phone, zip from patients where phone = $1 order by id";
    COUNT = "select count(*) from patients";
}

type Row = (String, String, String, String, Option<String>, Option<String>);

impl Store {
    /// Returns the patients born on a date.
    pub async fn patients_born(&self, date: &Phi<Date>) -> Result<Vec<Patient>, StoreError> {
        self.patients(BY_BIRTH_DATE, date.reveal(Purpose::Storage).to_string()).await
    }

    /// Returns the patients reached at a number: a family may share one.
    pub async fn patients_at(&self, phone: &Phi<PhoneNumber>) -> Result<Vec<Patient>, StoreError> {
        self.patients(BY_PHONE, phone.reveal(Purpose::Storage).as_str().to_owned()).await
    }

    /// Returns how many patients the book holds.
    pub async fn patient_count(&self) -> Result<u64, StoreError> {
        let (count,): (i64,) = sqlx::query_as(COUNT)
            .fetch_one(self.db.reader())
            .await
            .map_err(StoreError::query("counting the patients"))?;
        Ok(count.unsigned_abs())
    }

    async fn patients(&self, sql: &'static str, by: String) -> Result<Vec<Patient>, StoreError> {
        let rows: Vec<Row> = sqlx::query_as(sql)
            .bind(by)
            .fetch_all(self.db.reader())
            .await
            .map_err(StoreError::query("looking for a patient"))?;
        rows.into_iter().map(patient).collect()
    }
}

fn patient((id, given, family, born, phone, zip): Row) -> Result<Patient, StoreError> {
    let born = born.parse().map_err(|_| StoreError::corrupt("patients", "birth_date"))?;
    let phone = match phone {
        Some(text) => Some(
            PhoneNumber::parse(&text).ok_or_else(|| StoreError::corrupt("patients", "phone"))?,
        ),
        None => None,
    };
    Ok(Patient {
        id: PatientId(id),
        given: Phi::new(given),
        family: Phi::new(family),
        birth_date: Phi::new(born),
        phone: phone.map(Phi::new),
        zip: zip.map(Phi::new),
    })
}

pub(super) async fn add(
    tx: &mut Transaction<'static, Sqlite>,
    patient: &Patient,
) -> Result<(), StoreError> {
    const PURPOSE: Purpose = Purpose::Storage;
    sqlx::query(ADD)
        .bind(&patient.id.0)
        .bind(patient.given.reveal(PURPOSE))
        .bind(patient.family.reveal(PURPOSE))
        .bind(patient.birth_date.reveal(PURPOSE).to_string())
        .bind(patient.phone.as_ref().map(|phone| phone.reveal(PURPOSE).as_str()))
        .bind(patient.zip.as_ref().map(|zip| zip.reveal(PURPOSE)))
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("adding a patient"))?;
    Ok(())
}
