//! The trait that every record system implements, and its words.

use std::fmt;
use std::pin::Pin;

use jiff::civil::{Date, DateTime};

use crate::base::{CallId, Phi};
use crate::practice::{
    Appointment, AppointmentId, HandOffNote, Patient, PatientId, PhoneNumber, Practice,
    Practitioner, Slot, SlotId, SlotSearch, Verified, VisitType,
};

/// A future that a `dyn` trait can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why the record system did not do what it was asked. It says nothing of whom it was about.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EhrError {
    /// Somebody else has the slot.
    #[error("the slot is taken")]
    SlotTaken,
    /// No such slot, or no such appointment that stands and is the patient's.
    #[error("not found")]
    NotFound,
    /// It contradicts what stands: the patient has another appointment at that time.
    #[error("it conflicts with another appointment")]
    Conflict,
    /// It does not answer, or not sensibly. Of a write the outcome is unknown.
    #[error("the record system is unavailable: {0}")]
    Unavailable(&'static str),
}

/// What to find patients by. The result is material for the identity check, never for the conversation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PatientSearch {
    /// Everybody born on that date.
    BirthDate(Phi<Date>),
    /// Everybody reached at that number.
    Phone(Phi<PhoneNumber>),
}

/// The idempotency key of a write: a hash in hexadecimal.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WriteKey(pub String);

/// A task's id in the record system, fit for a SIP header.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TaskId(pub String);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Work for staff.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TaskRequest {
    /// What they must know before a transferred call rings.
    HandOff(HandOffNote),
    /// Call somebody back.
    Callback {
        /// The verified patient, if there is one.
        patient: Option<PatientId>,
        /// The caller's asserted number.
        caller: Option<Phi<PhoneNumber>>,
        /// What they want, in sentences.
        reason: Phi<String>,
    },
}

/// A record system. Reads may be repeated; a write is asked once, and after silence its outcome is looked
/// up by [`Ehr::outcome`] before anything else is tried.
pub trait Ehr: Send + Sync {
    /// Returns the practice's public facts.
    fn practice(&self) -> BoxFuture<'_, Result<Practice, EhrError>>;

    /// Returns its practitioners.
    fn practitioners(&self) -> BoxFuture<'_, Result<Vec<Practitioner>, EhrError>>;

    /// Finds patients; nobody is an empty list, not an error.
    fn find_patients<'a>(
        &'a self,
        search: &'a PatientSearch,
    ) -> BoxFuture<'a, Result<Vec<Patient>, EhrError>>;

    /// Returns the patient's standing appointments from a time on, soonest first.
    fn appointments_of<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        from: DateTime,
    ) -> BoxFuture<'a, Result<Vec<Appointment>, EhrError>>;

    /// Returns free slots, earliest first.
    fn free_slots<'a>(
        &'a self,
        search: &'a SlotSearch,
    ) -> BoxFuture<'a, Result<Vec<Slot>, EhrError>>;

    /// Books a slot; answers with the appointment as read back.
    fn book<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        slot: &'a SlotId,
        visit_type: VisitType,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>>;

    /// Moves an appointment: the new one is booked before the old one is freed. On any error but
    /// [`EhrError::Unavailable`] the old one stands.
    fn reschedule<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        appointment: &'a AppointmentId,
        slot: &'a SlotId,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>>;

    /// Cancels an appointment; answers with it as read back.
    fn cancel<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        appointment: &'a AppointmentId,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>>;

    /// Returns what a write under this key came to, as it stands now; `None` when it was provably not done.
    fn outcome<'a>(
        &'a self,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Option<Appointment>, EhrError>>;

    /// Stores work for staff; answers with its id once it is stored.
    fn create_task<'a>(
        &'a self,
        call: CallId,
        task: &'a TaskRequest,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<TaskId, EhrError>>;
}
