//! Writes a made-up clinic into the book.

use super::{Store, StoreError, appointments, meta, patients, practitioners, slots};
use crate::practice::seed::Clinic;

impl Store {
    /// Writes a clinic into the book, all or nothing. What is there already stays as it is: seeding
    /// twice changes nothing, and seeding on a later day adds the days that are new.
    pub async fn seed(&self, clinic: &Clinic) -> Result<(), StoreError> {
        let mut tx = self.db.begin("seeding").await?;
        meta::put_practice(&mut tx, &clinic.practice).await?;
        for practitioner in &clinic.practitioners {
            practitioners::add(&mut tx, practitioner).await?;
        }
        for patient in &clinic.patients {
            patients::add(&mut tx, patient).await?;
        }
        for slot in &clinic.slots {
            slots::add(&mut tx, slot).await?;
        }
        for appointment in &clinic.appointments {
            appointments::add_seed(&mut tx, appointment).await?;
        }
        tx.commit().await.map_err(StoreError::query("seeding"))
    }
}
