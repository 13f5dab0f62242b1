//! Table `practitioners`.

use sqlx::{Sqlite, Transaction};

use super::{Store, StoreError, sql};
use crate::practice::{Gender, Practitioner, PractitionerId};

sql! {
    ADD = "insert into practitioners (id, given, family, spoken, specialty, gender)
           values ($1, $2, $3, $4, $5, $6)
           on conflict do nothing";
    LIST = "select id, given, family, spoken, specialty, gender from practitioners order by family, id";
}

impl Store {
    /// Returns all practitioners, by family name.
    pub async fn practitioners(&self) -> Result<Vec<Practitioner>, StoreError> {
        let rows: Vec<(String, String, String, String, String, Option<String>)> =
            sqlx::query_as(LIST)
                .fetch_all(self.db.reader())
                .await
                .map_err(StoreError::query("reading the practitioners"))?;
        let practitioner =
            |(id, given, family, spoken, specialty, gender): (_, _, _, _, _, Option<String>)| {
                Practitioner {
                    id: PractitionerId(id),
                    given,
                    family,
                    spoken,
                    specialty,
                    gender: gender.as_deref().and_then(Gender::named),
                }
            };
        Ok(rows.into_iter().map(practitioner).collect())
    }
}

pub(super) async fn add(
    tx: &mut Transaction<'static, Sqlite>,
    practitioner: &Practitioner,
) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&practitioner.id.0)
        .bind(&practitioner.given)
        .bind(&practitioner.family)
        .bind(&practitioner.spoken)
        .bind(&practitioner.specialty)
        .bind(practitioner.gender.map(Gender::name))
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("adding a practitioner"))?;
    Ok(())
}
