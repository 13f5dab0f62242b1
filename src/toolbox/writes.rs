//! Writes: asked once, looked up when in doubt, told as done only when the record says so.

use tokio::time::timeout;

use super::check::Request;
use super::session::{ToolSession, code_of};
use crate::agent::tools::{ErrorCode, ToolData, ToolResult};
use crate::base::Purpose;
use crate::ehr::{BoxFuture, EhrError, TaskRequest, WriteKey};
use crate::practice::{Appointment, AppointmentId, AppointmentStatus, SlotId};

impl ToolSession {
    /// Does a write, or tells its first result.
    pub(super) async fn write(&self, request: &Request, base: &WriteKey) -> ToolResult {
        let key = self.known().writes.key(base);
        if let Some(data) = self.known().writes.first_result(&key) {
            return ToolResult { error: Some(ErrorCode::AlreadyDone), data };
        }
        if let Request::Callback(reason) = request {
            let (patient, caller) = (self.counts().patient, self.caller.clone());
            let task = TaskRequest::Callback { patient, caller, reason: reason.clone() };
            let stored = self.store_task(&task, &key).await;
            return stored.map_or_else(ToolResult::failed, |()| ToolResult::ok(ToolData::None));
        }
        if self.known().writes.is_unknown(&key) {
            match self.look_for(request, &key).await {
                // Provably not done: it may be sent again under the same key.
                Ok(None) => {}
                Ok(Some(found)) => {
                    let data = self.settle(request, base, &found);
                    return ToolResult { error: Some(ErrorCode::AlreadyDone), data };
                }
                Err(code) => return ToolResult::failed(code),
            }
        }
        let asked = timeout(self.toolbox.deadlines.write, self.ask(request, &key)).await;
        match asked {
            Ok(Ok(appointment)) if has_done(request, &appointment) => {
                ToolResult::ok(self.settle(request, base, &appointment))
            }
            Ok(Err(refused)) if !matches!(refused, EhrError::Unavailable(_)) => {
                ToolResult::failed(code_of(refused))
            }
            // Silence, a broken answer, or one that does not fit: only the record knows.
            _ => match self.look_for(request, &key).await {
                Ok(Some(found)) => ToolResult::ok(self.settle(request, base, &found)),
                Ok(None) | Err(_) => {
                    self.known().writes.doubt(&key);
                    ToolResult::failed(ErrorCode::Timeout)
                }
            },
        }
    }

    /// Stores work for staff, once per key.
    pub(super) async fn store_task(
        &self,
        task: &TaskRequest,
        key: &WriteKey,
    ) -> Result<(), ErrorCode> {
        let ehr = &self.toolbox.ehr;
        let stored = ehr.create_task(self.call, task, key);
        match timeout(self.toolbox.deadlines.write, stored).await {
            Ok(Ok(id)) => {
                self.known().writes.settle_task(key, id);
                Ok(())
            }
            Ok(Err(error)) => Err(code_of(error)),
            Err(_) => Err(ErrorCode::Timeout),
        }
    }

    fn ask<'a>(
        &'a self,
        request: &'a Request,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        let ehr = &self.toolbox.ehr;
        match request {
            Request::Book { patient, slot, visit_type } => {
                ehr.book(patient, &slot.id, *visit_type, key)
            }
            Request::Reschedule { patient, appointment, slot } => {
                ehr.reschedule(patient, &appointment.id, &slot.id, key)
            }
            Request::Cancel { patient, appointment } => ehr.cancel(patient, &appointment.id, key),
            _ => Box::pin(async { Err(EhrError::NotFound) }),
        }
    }

    /// Asks the record what a write came to.
    async fn look_for(
        &self,
        request: &Request,
        key: &WriteKey,
    ) -> Result<Option<Appointment>, ErrorCode> {
        match timeout(self.toolbox.deadlines.read, self.toolbox.ehr.outcome(key)).await {
            Ok(Ok(Some(found))) if has_done(request, &found) => Ok(Some(found)),
            Ok(Ok(None)) => Ok(None),
            Ok(Ok(Some(_)) | Err(_)) | Err(_) => Err(ErrorCode::Timeout),
        }
    }

    /// Notes a write as done and says what there is to tell.
    fn settle(&self, request: &Request, base: &WriteKey, found: &Appointment) -> ToolData {
        let mut known = self.known();
        let data = match request {
            Request::Cancel { .. } => ToolData::Cancelled,
            _ => ToolData::Booked {
                start: found.start.clone(),
                practitioner: known.spoken(&found.practitioner),
            },
        };
        let made = wanted_slot(request).map(|_| found.id.clone());
        known.writes.settle(base, data.clone(), made, ended(request));
        data
    }
}

/// Whether an appointment is what the write was to bring about.
fn has_done(request: &Request, found: &Appointment) -> bool {
    let status_fits = match wanted_slot(request) {
        Some(slot) => found.status == AppointmentStatus::Booked && found.slot == *slot,
        None => found.status == AppointmentStatus::Cancelled,
    };
    let start_fits = match request {
        Request::Book { slot, .. } | Request::Reschedule { slot, .. } => {
            *found.start.reveal(Purpose::Comparison) == slot.start
        }
        _ => true,
    };
    status_fits && start_fits
}

fn wanted_slot(request: &Request) -> Option<&SlotId> {
    match request {
        Request::Book { slot, .. } | Request::Reschedule { slot, .. } => Some(&slot.id),
        _ => None,
    }
}

/// Returns the appointment that a write ends.
fn ended(request: &Request) -> Option<&AppointmentId> {
    match request {
        Request::Reschedule { appointment, .. } | Request::Cancel { appointment, .. } => {
            Some(&appointment.id)
        }
        _ => None,
    }
}
