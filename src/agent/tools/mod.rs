//! The tools: typed arguments and results, one envelope for all. The toolbox runs them.
//!
//! The caller's number, the verified patient and the clock are bound below the model and stand in no argument here.

mod envelope;

pub use envelope::{ErrorCode, ToolResult};

use jiff::civil::{Date, DateTime};

use crate::base::{Phi, TargetName};
use crate::practice::{Daypart, VisitType};

/// An opaque reference minted by the toolbox for this call, such as `appt-1` or `slot-3`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ref(pub String);

/// A request to do something, with what the conversation knows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ToolCall {
    /// `lookup_patient_by_phone`: does the caller's number match a record? (level 0, read)
    LookupPatientByPhone,
    /// `verify_identity` (level 0, read; three tries)
    VerifyIdentity {
        /// Given name as understood.
        given: Phi<String>,
        /// Family name as understood.
        family: Phi<String>,
        /// Date of birth.
        birth_date: Phi<Date>,
        /// ZIP or last four digits of the phone, when more than one record matches.
        tie_breaker: Option<Phi<String>>,
    },
    /// `get_patient_appointments`: the upcoming ones (level 2, read)
    GetPatientAppointments,
    /// `find_slots` (level 1 or 2, read)
    FindSlots {
        /// What for.
        visit_type: VisitType,
        /// Only this practitioner, by the `practitioner_ref` of a result or the directory.
        practitioner: Option<Ref>,
        /// Not before this.
        from: DateTime,
        /// Before this.
        until: Option<DateTime>,
        /// Only this part of the day.
        daypart: Option<Daypart>,
    },
    /// `book_appointment` (level 2, write)
    BookAppointment {
        /// A slot of this call's `find_slots`.
        slot: Ref,
        /// What for.
        visit_type: VisitType,
        /// The utterance in which the caller agreed to the read-back of exactly these arguments.
        agreed_in: crate::base::TurnId,
    },
    /// `reschedule_appointment`: the new one is booked before the old one is freed (level 2, write)
    RescheduleAppointment {
        /// An appointment of this call's `get_patient_appointments`.
        appointment: Ref,
        /// A slot of this call's `find_slots`.
        slot: Ref,
        /// The turn in which the caller agreed to the read-back of exactly these arguments.
        agreed_in: crate::base::TurnId,
    },
    /// `cancel_appointment` (level 2, write)
    CancelAppointment {
        /// An appointment of this call's `get_patient_appointments`.
        appointment: Ref,
        /// The turn in which the caller agreed to the read-back.
        agreed_in: crate::base::TurnId,
    },
    /// `get_office_info` (level 0, read)
    GetOfficeInfo {
        /// What about.
        topic: OfficeTopic,
    },
    /// `create_callback`: a message for the team (level 0, write)
    CreateCallback {
        /// What the caller wants, in sentences.
        reason: Phi<String>,
    },
    /// `transfer_to_human` (level 0, telephony). The note is stored before the call is moved.
    TransferToHuman {
        /// A target of the route.
        target: TargetName,
        /// Why, from the closed list: `patient_request`, `red_flag`, `frustrated`, `verify_locked`, `language`, ...
        reason: &'static str,
        /// Who the caller is, what they want, what was done.
        summary: Phi<String>,
    },
}

/// What `get_office_info` can be asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OfficeTopic {
    /// Opening hours.
    Hours,
    /// The address.
    Address,
}

impl ToolCall {
    /// The wire names of all tools.
    pub const NAMES: [&str; 10] = [
        "lookup_patient_by_phone",
        "verify_identity",
        "get_patient_appointments",
        "find_slots",
        "book_appointment",
        "reschedule_appointment",
        "cancel_appointment",
        "get_office_info",
        "create_callback",
        "transfer_to_human",
    ];

    /// Returns the wire name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LookupPatientByPhone => "lookup_patient_by_phone",
            Self::VerifyIdentity { .. } => "verify_identity",
            Self::GetPatientAppointments => "get_patient_appointments",
            Self::FindSlots { .. } => "find_slots",
            Self::BookAppointment { .. } => "book_appointment",
            Self::RescheduleAppointment { .. } => "reschedule_appointment",
            Self::CancelAppointment { .. } => "cancel_appointment",
            Self::GetOfficeInfo { .. } => "get_office_info",
            Self::CreateCallback { .. } => "create_callback",
            Self::TransferToHuman { .. } => "transfer_to_human",
        }
    }
}

/// A slot on offer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OfferedSlot {
    /// Its reference in this call.
    pub slot: Ref,
    /// When, in the practice's civil time.
    pub start: DateTime,
    /// With whom, as spoken.
    pub practitioner: String,
}

/// An appointment of the verified patient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KnownAppointment {
    /// Its reference in this call.
    pub appointment: Ref,
    /// When, in the practice's civil time.
    pub start: DateTime,
    /// With whom, as spoken.
    pub practitioner: String,
    /// The practitioner's reference in this call.
    pub practitioner_ref: Ref,
    /// What for.
    pub visit_type: VisitType,
}

/// What a tool found or did, by tool.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ToolData {
    /// Nothing to tell beyond the envelope.
    None,
    /// How many records the caller's number matches: never spoken.
    PhoneMatches(usize),
    /// The caller is who they say: how to address them.
    Verified {
        /// The given name on record.
        given: Phi<String>,
    },
    /// Tries left before verification locks.
    NotVerified {
        /// How many.
        attempts_left: u8,
    },
    /// The upcoming appointments, soonest first.
    Appointments(Phi<Vec<KnownAppointment>>),
    /// Free slots, soonest first.
    Slots(Vec<OfferedSlot>),
    /// An appointment now stands in the book, read back from it.
    Booked {
        /// When.
        start: Phi<DateTime>,
        /// With whom, as spoken.
        practitioner: String,
    },
    /// An appointment no longer stands.
    Cancelled,
    /// A fact of the practice, as spoken.
    OfficeInfo(String),
    /// A person has the caller.
    Bridged,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TurnId;

    #[test]
    fn the_list_of_names_has_every_tool() {
        let (slot, appointment) = (Ref("slot-1".into()), Ref("appt-1".into()));
        let (visit_type, agreed_in) = (VisitType::FollowUp, TurnId(1));
        let today = jiff::civil::date(2026, 3, 16);
        let calls = [
            ToolCall::LookupPatientByPhone,
            ToolCall::VerifyIdentity {
                given: Phi::default(),
                family: Phi::default(),
                birth_date: Phi::new(today),
                tie_breaker: None,
            },
            ToolCall::GetPatientAppointments,
            ToolCall::FindSlots {
                visit_type,
                practitioner: None,
                from: today.at(9, 0, 0, 0),
                until: None,
                daypart: None,
            },
            ToolCall::BookAppointment { slot: slot.clone(), visit_type, agreed_in },
            ToolCall::RescheduleAppointment { appointment: appointment.clone(), slot, agreed_in },
            ToolCall::CancelAppointment { appointment, agreed_in },
            ToolCall::GetOfficeInfo { topic: OfficeTopic::Hours },
            ToolCall::CreateCallback { reason: Phi::default() },
            ToolCall::TransferToHuman {
                target: TargetName::new("front-desk"),
                reason: "patient_request",
                summary: Phi::default(),
            },
        ];
        assert_eq!(calls.map(|call| call.name()), ToolCall::NAMES);
    }
}
