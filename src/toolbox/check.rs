//! What must hold before a tool runs: level, arguments, references, limits.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, date};

use super::known::Known;
use crate::agent::tools::{ErrorCode, OfficeTopic, Ref, ToolCall};
use crate::audit::fingerprint;
use crate::base::{CallId, Phi, Purpose, TurnId};
use crate::ehr::WriteKey;
use crate::practice::{
    Appointment, Claim, NOTICE, PatientId, Slot, SlotSearch, Verified, VisitType, may_offer,
};

/// Tools that one turn may use: the longest path in use takes four.
const PER_TURN: u32 = 10;
/// Tools that one call may use: sixty turns with two each.
const PER_CALL: u32 = 120;
/// Characters of a name.
const NAME_MAX: usize = 80;
/// Characters of a reason or a summary.
pub(super) const TEXT_MAX: usize = 4_000;
/// Free slots asked for, of which a few are offered: enough for different times among six practitioners.
const SEARCH_MAX: usize = 48;
/// No caller was born before this.
const OLDEST: Date = date(1900, 1, 2);

/// Words that stand where a name should be.
const PLACEHOLDERS: &[&str] = &[
    "caller",
    "doe",
    "first",
    "firstname",
    "jane doe",
    "john doe",
    "last",
    "lastname",
    "n/a",
    "name",
    "none",
    "null",
    "patient",
    "placeholder",
    "string",
    "test",
    "undefined",
    "unknown",
    "xxx",
];

/// A call to a tool with everything resolved that this call knows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Request {
    Lookup,
    Verify(Claim),
    Appointments(Verified<PatientId>),
    Find(SlotSearch),
    Book { patient: Verified<PatientId>, slot: Slot, visit_type: VisitType },
    Reschedule { patient: Verified<PatientId>, appointment: Appointment, slot: Slot },
    Cancel { patient: Verified<PatientId>, appointment: Appointment },
    Office(OfficeTopic),
    Callback(Phi<String>),
}

impl Request {
    /// Returns the idempotency key of a write: the call, the tool and its normalised arguments. The turn
    /// of the caller's agreement is not among them.
    pub(super) fn key(&self, call: CallId) -> Option<WriteKey> {
        let call = call.to_string();
        let key = match self {
            Self::Book { patient, slot, visit_type } => {
                fingerprint(&[&call, "book", &patient.get().0, &slot.id.0, visit_type.code()])
            }
            Self::Reschedule { patient, appointment, slot } => {
                fingerprint(&[&call, "reschedule", &patient.get().0, &appointment.id.0, &slot.id.0])
            }
            Self::Cancel { patient, appointment } => {
                fingerprint(&[&call, "cancel", &patient.get().0, &appointment.id.0])
            }
            Self::Callback(reason) => {
                fingerprint(&[&call, "callback", reason.reveal(Purpose::Comparison)])
            }
            _ => return None,
        };
        Some(WriteKey(key))
    }
}

impl Known {
    /// Checks a call to a tool and resolves its references. Nothing was done yet.
    pub(super) fn check(
        &mut self,
        call: &ToolCall,
        turn: TurnId,
        now: DateTime,
    ) -> Result<Request, ErrorCode> {
        self.count(turn)?;
        if self.level() < level_of(call) {
            return Err(ErrorCode::NotVerified);
        }
        let patient = || self.verified.clone().ok_or(ErrorCode::NotVerified);
        Ok(match call {
            ToolCall::LookupPatientByPhone => Request::Lookup,
            ToolCall::VerifyIdentity { given, family, birth_date, tie_breaker } => {
                let (given, family, birth_date) =
                    (given.clone(), family.clone(), birth_date.clone());
                let claim = Claim { given, family, birth_date, tie_breaker: tie_breaker.clone() };
                check_claim(&claim, now.date())?;
                Request::Verify(claim)
            }
            ToolCall::GetPatientAppointments => Request::Appointments(patient()?),
            ToolCall::FindSlots { practitioner, from, until, daypart, .. } => {
                let mut search = window(*from, *until, now)?;
                search.practitioner = match practitioner {
                    Some(it) => Some(self.practitioner(it).ok_or(ErrorCode::FabricatedArgument)?),
                    None => None,
                };
                Request::Find(SlotSearch { daypart: *daypart, ..search })
            }
            ToolCall::BookAppointment { slot, visit_type, agreed_in } => {
                check_agreement(*agreed_in, turn)?;
                let slot = self.slot(slot, now)?;
                Request::Book { patient: patient()?, slot, visit_type: *visit_type }
            }
            ToolCall::RescheduleAppointment { appointment, slot, agreed_in } => {
                check_agreement(*agreed_in, turn)?;
                let appointment = self.appointment(appointment, now)?;
                let slot = self.slot(slot, now)?;
                Request::Reschedule { patient: patient()?, appointment, slot }
            }
            ToolCall::CancelAppointment { appointment, agreed_in } => {
                check_agreement(*agreed_in, turn)?;
                let appointment = self.appointment(appointment, now)?;
                Request::Cancel { patient: patient()?, appointment }
            }
            ToolCall::GetOfficeInfo { topic } => Request::Office(*topic),
            ToolCall::CreateCallback { reason } => {
                check_text(reason)?;
                Request::Callback(reason.clone())
            }
            // The call moves itself: see `store_hand_off` and `finish_transfer`.
            ToolCall::TransferToHuman { .. } => return Err(ErrorCode::InvalidArgument),
        })
    }

    /// Counts a tool against the limits.
    pub(super) fn count(&mut self, turn: TurnId) -> Result<(), ErrorCode> {
        if self.this_turn.0 != turn {
            self.this_turn = (turn, 0);
        }
        self.this_turn.1 += 1;
        self.called += 1;
        let within = self.this_turn.1 <= PER_TURN && self.called <= PER_CALL;
        if within { Ok(()) } else { Err(ErrorCode::PolicyDenied) }
    }

    fn slot(&self, reference: &Ref, now: DateTime) -> Result<Slot, ErrorCode> {
        let slot = self.slots.get(reference).ok_or(ErrorCode::FabricatedArgument)?;
        if may_offer(slot.start, now) { Ok(slot.clone()) } else { Err(ErrorCode::OutsideWindow) }
    }

    fn appointment(&self, reference: &Ref, now: DateTime) -> Result<Appointment, ErrorCode> {
        let appointment = self.appointments.get(reference).ok_or(ErrorCode::FabricatedArgument)?;
        let is_ahead = *appointment.start.reveal(Purpose::Comparison) > now;
        if is_ahead { Ok(appointment.clone()) } else { Err(ErrorCode::OutsideWindow) }
    }
}

/// Returns the level that a tool needs.
fn level_of(call: &ToolCall) -> u8 {
    match call {
        ToolCall::LookupPatientByPhone
        | ToolCall::VerifyIdentity { .. }
        | ToolCall::GetOfficeInfo { .. }
        | ToolCall::CreateCallback { .. }
        | ToolCall::TransferToHuman { .. } => 0,
        ToolCall::FindSlots { .. } => 1,
        ToolCall::GetPatientAppointments
        | ToolCall::BookAppointment { .. }
        | ToolCall::RescheduleAppointment { .. }
        | ToolCall::CancelAppointment { .. } => 2,
    }
}

fn check_claim(claim: &Claim, today: Date) -> Result<(), ErrorCode> {
    const PURPOSE: Purpose = Purpose::Comparison;
    for name in [&claim.given, &claim.family] {
        let name = name.reveal(PURPOSE).trim().to_lowercase();
        if name.chars().count() > NAME_MAX || !name.chars().any(char::is_alphabetic) {
            return Err(ErrorCode::InvalidArgument);
        }
        if PLACEHOLDERS.contains(&name.as_str()) {
            return Err(ErrorCode::FabricatedArgument);
        }
    }
    let born = *claim.birth_date.reveal(PURPOSE);
    if born > today {
        return Err(ErrorCode::InvalidArgument);
    }
    if born < OLDEST { Err(ErrorCode::FabricatedArgument) } else { Ok(()) }
}

/// A caller agrees before or in the turn that acts on it.
fn check_agreement(agreed_in: TurnId, turn: TurnId) -> Result<(), ErrorCode> {
    if agreed_in <= turn { Ok(()) } else { Err(ErrorCode::FabricatedArgument) }
}

pub(super) fn check_text(text: &Phi<String>) -> Result<(), ErrorCode> {
    let text = text.reveal(Purpose::Comparison);
    let fits = !text.trim().is_empty() && text.chars().count() <= TEXT_MAX;
    if fits { Ok(()) } else { Err(ErrorCode::InvalidArgument) }
}

/// What is offered starts with due notice, whatever was asked for.
fn window(from: DateTime, until: Option<DateTime>, now: DateTime) -> Result<SlotSearch, ErrorCode> {
    if until.is_some_and(|until| until <= from) {
        return Err(ErrorCode::InvalidArgument);
    }
    let earliest = now.checked_add(NOTICE.minutes()).map_err(|_| ErrorCode::OutsideWindow)?;
    let from = from.max(earliest);
    if until.is_some_and(|until| until <= from) {
        return Err(ErrorCode::OutsideWindow);
    }
    Ok(SlotSearch { from, until, practitioner: None, daypart: None, max: SEARCH_MAX })
}
