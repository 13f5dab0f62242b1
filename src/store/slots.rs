//! Table `slots`: the times that practitioners offer.

use jiff::civil::DateTime;
use sqlx::{Sqlite, Transaction};

use super::{Store, StoreError, sql};
use crate::practice::{Daypart, PractitionerId, Slot, SlotId, SlotSearch};

sql! {
    ADD = "insert into slots (id, practitioner, starts_at, minutes) values ($1, $2, $3, $4)
           on conflict do nothing";
    GET = "select id, practitioner, starts_at, minutes from slots where id = $1";
    FREE = "select s.id, s.practitioner, s.starts_at, s.minutes from slots s
           where s.starts_at >= $1 and s.starts_at < $2
             and ($3 = '' or s.practitioner = $3)
             and substr(s.starts_at, 12, 5) >= $4 and substr(s.starts_at, 12, 5) < $5
             and not exists (select 1 from appointments a where a.slot = s.id and a.status = 'booked')
           order by s.starts_at, s.id limit $6";
    COUNT = "select count(*) from slots";
}

type Row = (String, String, String, i64);

/// After every civil time that a book can hold, in text order.
const END_OF_THE_BOOK: &str = "9999-12-31T23:59:59";

impl Store {
    /// Returns free slots, earliest first.
    pub async fn free_slots(&self, search: &SlotSearch) -> Result<Vec<Slot>, StoreError> {
        let (not_before, before) = match search.daypart {
            Some(Daypart::Morning) => ("00:00", "12:00"),
            Some(Daypart::Afternoon) => ("12:00", "24:00"),
            None => ("00:00", "24:00"),
        };
        let rows: Vec<Row> = sqlx::query_as(FREE)
            .bind(civil_text(search.from))
            .bind(search.until.map_or_else(|| END_OF_THE_BOOK.to_owned(), civil_text))
            .bind(search.practitioner.as_ref().map_or("", |id| &id.0))
            .bind(not_before)
            .bind(before)
            .bind(i64::try_from(search.max).unwrap_or(i64::MAX))
            .fetch_all(self.db.reader())
            .await
            .map_err(StoreError::query("looking for free slots"))?;
        rows.into_iter().map(slot).collect()
    }

    /// Returns how many slots the book holds, free or taken.
    pub async fn slot_count(&self) -> Result<u64, StoreError> {
        let (count,): (i64,) = sqlx::query_as(COUNT)
            .fetch_one(self.db.reader())
            .await
            .map_err(StoreError::query("counting the slots"))?;
        Ok(count.unsigned_abs())
    }
}

/// Writes a civil time as stored: to the second, so that text order is time order.
pub(super) fn civil_text(at: DateTime) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Returns one slot, as the transaction sees it.
pub(super) async fn get(
    tx: &mut Transaction<'static, Sqlite>,
    id: &SlotId,
) -> Result<Option<Slot>, StoreError> {
    let row: Option<Row> = sqlx::query_as(GET)
        .bind(&id.0)
        .fetch_optional(&mut **tx)
        .await
        .map_err(StoreError::query("reading a slot"))?;
    row.map(slot).transpose()
}

fn slot((id, practitioner, starts_at, minutes): Row) -> Result<Slot, StoreError> {
    Ok(Slot {
        id: SlotId(id),
        practitioner: PractitionerId(practitioner),
        start: starts_at.parse().map_err(|_| StoreError::corrupt("slots", "starts_at"))?,
        minutes: minutes.try_into().map_err(|_| StoreError::corrupt("slots", "minutes"))?,
    })
}

pub(super) async fn add(
    tx: &mut Transaction<'static, Sqlite>,
    slot: &Slot,
) -> Result<(), StoreError> {
    sqlx::query(ADD)
        .bind(&slot.id.0)
        .bind(&slot.practitioner.0)
        .bind(civil_text(slot.start))
        .bind(i64::from(slot.minutes))
        .execute(&mut **tx)
        .await
        .map_err(StoreError::query("adding a slot"))?;
    Ok(())
}
