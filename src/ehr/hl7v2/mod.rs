//! HL7 v2: messages of record systems read tolerantly, ours written strictly, and the frames round them.
//!
//! House rules: no socket and no clock; who listens and sends is a shell's. What a message says of a patient
//! is [`crate::base::Phi`] from here on, and an error names the place, never the value.

mod ack;
mod charset;
mod delimiters;
mod error;
mod inbound;
mod index;
mod message;
pub mod mllp;
mod outbound;
#[cfg(test)]
mod tests;
mod values;
mod write;

pub use ack::{
    AckCode, AckMode, Acknowledgement, Wanted, acknowledge, read_acknowledgement, reject_unreadable,
};
pub use delimiters::Delimiters;
pub use error::{Fault, Hl7Error, Place};
pub use inbound::{AppointmentChange, AppointmentEvent, Change, Dialect, Inbound, PatientChange};
pub use index::{AppointmentEntry, ENTRIES_MAX, Effect, Index, PatientEntry};
pub use message::{Field, Limits, Message, Part, Repair, Segment};
pub use outbound::{Booking, CallNote, Code, SiuRequest, write_mdm, write_siu};
pub use values::{Update, read_date, read_time, write_time};
pub use write::{Envelope, Party, VERSION};
