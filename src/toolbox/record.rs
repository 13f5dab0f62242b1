//! Tool calls and results as they stand in the audit record.

use serde_json::{Value, json};

use crate::agent::tools::{KnownAppointment, OfferedSlot, ToolCall, ToolData, ToolResult};
use crate::base::Purpose;

const PURPOSE: Purpose = Purpose::AuditRecord;

/// Returns the arguments of a call, as the conversation gave them.
pub(super) fn arguments(call: &ToolCall) -> Value {
    match call {
        ToolCall::LookupPatientByPhone | ToolCall::GetPatientAppointments => json!({}),
        ToolCall::VerifyIdentity { given, family, birth_date, tie_breaker } => json!({
            "given": given.reveal(PURPOSE),
            "family": family.reveal(PURPOSE),
            "birth_date": birth_date.reveal(PURPOSE).to_string(),
            "tie_breaker": tie_breaker.as_ref().map(|tie| tie.reveal(PURPOSE)),
        }),
        ToolCall::FindSlots { visit_type, practitioner, from, until, daypart } => json!({
            "visit_type": visit_type.code(),
            "practitioner": practitioner.as_ref().map(|it| &it.0),
            "from": from.to_string(),
            "until": until.map(|until| until.to_string()),
            "daypart": daypart.map(|part| format!("{part:?}").to_lowercase()),
        }),
        ToolCall::BookAppointment { slot, visit_type, agreed_in } => json!({
            "slot": slot.0, "visit_type": visit_type.code(), "agreed_in": agreed_in.0,
        }),
        ToolCall::RescheduleAppointment { appointment, slot, agreed_in } => json!({
            "appointment": appointment.0, "slot": slot.0, "agreed_in": agreed_in.0,
        }),
        ToolCall::CancelAppointment { appointment, agreed_in } => json!({
            "appointment": appointment.0, "agreed_in": agreed_in.0,
        }),
        ToolCall::GetOfficeInfo { topic } => {
            json!({ "topic": format!("{topic:?}").to_lowercase() })
        }
        ToolCall::CreateCallback { reason } => json!({ "reason": reason.reveal(PURPOSE) }),
        ToolCall::TransferToHuman { target, reason, summary } => json!({
            "target": target.as_str(), "reason": reason, "summary": summary.reveal(PURPOSE),
        }),
    }
}

/// Returns what a tool came to.
pub(super) fn outcome(result: &ToolResult) -> Value {
    json!({
        "ok": result.is_ok(),
        "error": result.error.map(|code| code.code()),
        "data": data(&result.data),
    })
}

fn data(data: &ToolData) -> Value {
    match data {
        ToolData::None => Value::Null,
        ToolData::PhoneMatches(count) => json!({ "matches": count }),
        ToolData::Verified { given } => json!({ "verified": true, "given": given.reveal(PURPOSE) }),
        ToolData::NotVerified { attempts_left } => {
            json!({ "verified": false, "attempts_left": attempts_left })
        }
        ToolData::Appointments(list) => list.reveal(PURPOSE).iter().map(appointment).collect(),
        ToolData::Slots(list) => list.iter().map(slot).collect(),
        ToolData::Booked { start, practitioner } => json!({
            "start": start.reveal(PURPOSE).to_string(), "practitioner": practitioner,
        }),
        ToolData::Cancelled => json!({ "cancelled": true }),
        ToolData::OfficeInfo(text) => json!({ "text": text }),
        ToolData::Bridged => json!({ "bridged": true }),
    }
}

fn appointment(known: &KnownAppointment) -> Value {
    json!({
        "appointment": known.appointment.0,
        "start": known.start.to_string(),
        "practitioner": known.practitioner_ref.0,
        "visit_type": known.visit_type.code(),
    })
}

fn slot(offered: &OfferedSlot) -> Value {
    json!({
        "slot": offered.slot.0,
        "start": offered.start.to_string(),
        "practitioner": offered.practitioner,
    })
}
