//! Table `meta`: the practice's public facts.

use sqlx::{Sqlite, Transaction};

use super::{Store, StoreError, sql};
use crate::practice::Practice;

sql! {
    PUT = "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value";
    GET = "select value from meta where key = $1";
}

const NAME: &str = "practice.name";
const ADDRESS: &str = "practice.address";
const HOURS: &str = "practice.hours";
const TIME_ZONE: &str = "practice.time_zone";

impl Store {
    /// Returns the practice's public facts; `None` in a book that was never seeded.
    pub async fn practice(&self) -> Result<Option<Practice>, StoreError> {
        let mut values = Vec::with_capacity(4);
        for key in [NAME, ADDRESS, HOURS, TIME_ZONE] {
            let row: Option<(String,)> = sqlx::query_as(GET)
                .bind(key)
                .fetch_optional(self.db.reader())
                .await
                .map_err(StoreError::query("reading the practice"))?;
            let Some((value,)) = row else { return Ok(None) };
            values.push(value);
        }
        let mut next = values.into_iter();
        let mut take = || next.next().unwrap_or_default();
        Ok(Some(Practice { name: take(), address: take(), hours: take(), time_zone: take() }))
    }
}

pub(super) async fn put_practice(
    tx: &mut Transaction<'static, Sqlite>,
    practice: &Practice,
) -> Result<(), StoreError> {
    for (key, value) in [
        (NAME, &practice.name),
        (ADDRESS, &practice.address),
        (HOURS, &practice.hours),
        (TIME_ZONE, &practice.time_zone),
    ] {
        let put = sqlx::query(PUT).bind(key).bind(value).execute(&mut **tx).await;
        put.map_err(StoreError::query("writing the practice"))?;
    }
    Ok(())
}
