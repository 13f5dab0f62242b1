//! The record system: what a call reads and writes, whoever keeps the record.
//!
//! House rules: the trait speaks in `practice` types only. What belongs to a patient is reached by a
//! [`Verified`] id. A write has an idempotency key, happens once, and is read back before it is answered.
//! [`hl7v2`] and [`eligibility`] are wire formats as values: what they read and write has no socket.

mod api;
mod builtin;
pub mod eligibility;
pub mod hl7v2;

pub use api::{BoxFuture, Ehr, EhrError, PatientSearch, TaskId, TaskRequest, WriteKey};
pub use builtin::BuiltinBook;

#[cfg(doc)]
use crate::practice::Verified;
