//! The clinic in plain types and rules: patients, practitioners, appointment slots, appointments.
//!
//! House rules: a core. Everything that names or describes a patient is [`crate::base::Phi`].
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod identity;
mod names;
mod rules;
pub mod seed;
mod types;

pub use identity::{Claim, IdentityCheck, Verdict, Verified};
pub use names::{Likeness, family_likeness, given_likeness};
pub use rules::{ADULT_AGE, NOTICE, is_minor, may_offer};
pub use types::{
    Appointment, AppointmentId, AppointmentStatus, Daypart, Gender, HandOffNote, Patient,
    PatientId, PhoneNumber, Practice, Practitioner, PractitionerId, Slot, SlotId, SlotSearch,
    VisitType,
};
