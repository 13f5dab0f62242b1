//! The clinic in plain types and rules: patients, practitioners, appointment slots, appointments.
//!
//! House rules: a core. Everything that names or describes a patient is [`crate::base::Phi`].
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod types;

pub use types::{
    Appointment, AppointmentId, AppointmentStatus, Daypart, HandOffNote, Patient, PatientId,
    PhoneNumber, Practice, Practitioner, PractitionerId, Slot, SlotId, SlotSearch, VisitType,
};
