//! One call's use of the tools.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::civil::DateTime;
use tokio::time::timeout;

use super::check::Request;
use super::known::Known;
use super::{Toolbox, record};
use crate::agent::tools::{
    ErrorCode, KnownAppointment, OfferedSlot, OfficeTopic, Ref, ToolCall, ToolData, ToolResult,
};
use crate::audit::{Kind, Line};
use crate::base::{CallId, Phi, Purpose, TurnId};
use crate::ehr::{BoxFuture, Ehr, EhrError, PatientSearch, WriteKey};
use crate::practice::{
    AppointmentStatus, Claim, PatientId, PhoneNumber, Slot, SlotSearch, Verdict, Verified,
    may_offer,
};

/// Slots offered at a time: what an ear can hold.
const OFFERED: usize = 3;
/// Appointments told at most.
const TOLD: usize = 10;

/// The tools of one call: who the caller is proven to be, and what they were shown.
///
/// Tools of a call run one after another. A future that was begun must be driven to its end, also when the
/// caller hangs up meanwhile: a write dropped half-way is undone or in doubt, and its result goes unrecorded.
pub struct ToolSession {
    pub(super) toolbox: Toolbox,
    pub(super) call: CallId,
    pub(super) caller: Option<Phi<PhoneNumber>>,
    known: Mutex<Known>,
    one_at_a_time: tokio::sync::Mutex<()>,
}

/// What a call's tools came to, for the wrap-up row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Counts {
    /// Who the caller was proven to be.
    pub patient: Option<PatientId>,
    /// Tools asked for.
    pub called: u32,
    /// Those that failed.
    pub failed: u32,
}

impl ToolSession {
    pub(super) fn new(toolbox: Toolbox, call: CallId, caller: Option<Phi<PhoneNumber>>) -> Self {
        let (known, one_at_a_time) = Default::default();
        Self { toolbox, call, caller, known, one_at_a_time }
    }

    /// Runs a tool. The line that says so is on the disk before it does anything, and the line that says
    /// what it came to is on the disk before this returns.
    ///
    /// `transfer_to_human` is refused here: see [`Self::store_hand_off`] and [`Self::finish_transfer`].
    pub async fn run(&self, turn: TurnId, call: ToolCall) -> ToolResult {
        let _one = self.one_at_a_time.lock().await;
        self.learn_the_directory().await;
        let now = (self.toolbox.clock)();
        let checked = self.known().check(&call, turn, now);
        let base = checked.as_ref().ok().and_then(|request| request.key(self.call));
        let key = base.as_ref().map(|base| self.known().writes.key(base));
        let asked = self
            .line(Kind::ToolCall, call.name(), turn, key.as_ref())
            .with_args(record::arguments(&call))
            .with_verdict(checked.as_ref().err().map_or("allowed", |code| code.code()));
        let mut result = ToolResult::failed(ErrorCode::EhrUnavailable);
        if self.record(asked).await.is_ok() {
            result = match checked {
                Ok(request) => self.carry_out(request, base, now).await,
                Err(code) => ToolResult::failed(code),
            };
            let came_to = self
                .line(Kind::ToolResult, call.name(), turn, key.as_ref())
                .with_outcome(record::outcome(&result));
            if self.record(came_to).await.is_err() {
                result = self.unrecorded(key.as_ref());
            }
        }
        self.known().failed += u32::from(!result.is_ok());
        result
    }

    /// Returns what the call's tools came to so far.
    pub fn counts(&self) -> Counts {
        let known = self.known();
        let patient = known.verified.as_ref().map(|patient| patient.get().clone());
        Counts { patient, called: known.called, failed: known.failed }
    }

    async fn carry_out(
        &self,
        request: Request,
        base: Option<WriteKey>,
        now: DateTime,
    ) -> ToolResult {
        let done = match (request, base) {
            (Request::Lookup, _) => self.look_up().await,
            (Request::Verify(claim), _) => self.verify(claim, now).await,
            (Request::Appointments(patient), _) => self.appointments(&patient, now).await,
            (Request::Find(search), _) => self.find(&search, now).await,
            (Request::Office(topic), _) => self.office(topic).await,
            (write, Some(base)) => return self.write(&write, &base).await,
            (_, None) => Err(ErrorCode::InvalidArgument),
        };
        done.map_or_else(ToolResult::failed, ToolResult::ok)
    }

    /// Whether the caller's number is known: that opens the calendar, and no record.
    async fn look_up(&self) -> Result<ToolData, ErrorCode> {
        let Some(caller) = &self.caller else { return Ok(ToolData::PhoneMatches(0)) };
        let search = PatientSearch::Phone(caller.clone());
        let matches = self.read(|ehr| ehr.find_patients(&search)).await?.len();
        self.known().number_matches = matches > 0;
        Ok(ToolData::PhoneMatches(matches))
    }

    async fn verify(&self, claim: Claim, now: DateTime) -> Result<ToolData, ErrorCode> {
        let search = PatientSearch::BirthDate(claim.birth_date.clone());
        let records = self.read(|ehr| ehr.find_patients(&search)).await?;
        let mut known = self.known();
        match known.identity.judge(&claim, &records, now.date()) {
            Verdict::Verified { patient, given } => {
                known.verify(patient);
                Ok(ToolData::Verified { given })
            }
            Verdict::No { attempts_left } => Ok(ToolData::NotVerified { attempts_left }),
            Verdict::NeedsTieBreaker => Err(ErrorCode::MultipleMatches),
            Verdict::Minor => Err(ErrorCode::PolicyDenied),
            Verdict::Locked => Err(ErrorCode::VerifyLocked),
        }
    }

    async fn appointments(
        &self,
        patient: &Verified<PatientId>,
        now: DateTime,
    ) -> Result<ToolData, ErrorCode> {
        let found = self.read(|ehr| ehr.appointments_of(patient, now)).await?;
        let mut known = self.known();
        let standing = found.into_iter().filter(|appointment| {
            appointment.patient == *patient.get() && appointment.status == AppointmentStatus::Booked
        });
        let told = standing.take(TOLD).map(|appointment| KnownAppointment {
            start: *appointment.start.reveal(Purpose::SpokenReply),
            practitioner: known.spoken(&appointment.practitioner),
            practitioner_ref: Ref(appointment.practitioner.0.clone()),
            visit_type: appointment.visit_type,
            appointment: known.appointments.mint(appointment),
        });
        Ok(ToolData::Appointments(Phi::new(told.collect())))
    }

    async fn find(&self, search: &SlotSearch, now: DateTime) -> Result<ToolData, ErrorCode> {
        let mut found = self.read(|ehr| ehr.free_slots(search)).await?;
        found.retain(|slot| may_offer(slot.start, now));
        if found.is_empty() {
            return Err(ErrorCode::NotFound);
        }
        let mut known = self.known();
        let offered = choose(found).into_iter().map(|slot| OfferedSlot {
            start: slot.start,
            practitioner: known.spoken(&slot.practitioner),
            slot: known.slots.mint(slot),
        });
        Ok(ToolData::Slots(offered.collect()))
    }

    async fn office(&self, topic: OfficeTopic) -> Result<ToolData, ErrorCode> {
        let practice = self.read(|ehr| ehr.practice()).await?;
        Ok(ToolData::OfficeInfo(match topic {
            OfficeTopic::Hours => practice.hours,
            OfficeTopic::Address => practice.address,
        }))
    }

    /// Reads the public directory once. Without it names are not spoken and references to it not known.
    pub(super) async fn learn_the_directory(&self) {
        if self.known().directory.is_empty()
            && let Ok(directory) = self.read(|ehr| ehr.practitioners()).await
        {
            self.known().directory = directory;
        }
    }

    /// Asks the record system, and once more if it did not answer.
    async fn read<'a, T>(
        &'a self,
        ask: impl Fn(&'a dyn Ehr) -> BoxFuture<'a, Result<T, EhrError>>,
    ) -> Result<T, ErrorCode> {
        let mut last = ErrorCode::Timeout;
        for _ in 0..2 {
            match timeout(self.toolbox.deadlines.read, ask(&*self.toolbox.ehr)).await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(EhrError::Unavailable(_))) => last = ErrorCode::EhrUnavailable,
                Ok(Err(error)) => return Err(code_of(error)),
                Err(_) => last = ErrorCode::Timeout,
            }
        }
        Err(last)
    }

    pub(super) fn line(
        &self,
        kind: Kind,
        name: &str,
        turn: TurnId,
        key: Option<&WriteKey>,
    ) -> Line {
        let key = key.map(|key| key.0.clone());
        Line::new(kind, name).in_call(self.call, Some(turn)).with_key(key)
    }

    /// Writes an audit line, within its deadline.
    pub(super) async fn record(&self, line: Line) -> Result<(), ErrorCode> {
        let written = timeout(self.toolbox.deadlines.audit, self.toolbox.audit.write(line)).await;
        match written {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(ErrorCode::EhrUnavailable),
        }
    }

    /// What is told of a tool whose result could not be recorded: nothing that it found, and of a write
    /// that nobody knows.
    fn unrecorded(&self, key: Option<&WriteKey>) -> ToolResult {
        match key {
            Some(key) => {
                self.known().writes.doubt(key);
                ToolResult::failed(ErrorCode::Timeout)
            }
            None => ToolResult::failed(ErrorCode::EhrUnavailable),
        }
    }

    /// The lock is held for moments only, never across an await.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn code_of(error: EhrError) -> ErrorCode {
    match error {
        EhrError::SlotTaken => ErrorCode::SlotTaken,
        EhrError::NotFound => ErrorCode::NotFound,
        EhrError::Conflict => ErrorCode::PolicyDenied,
        EhrError::Unavailable(_) => ErrorCode::EhrUnavailable,
    }
}

/// Chooses what to offer: the earliest, at different times if there are such.
fn choose(found: Vec<Slot>) -> Vec<Slot> {
    let mut times = BTreeSet::new();
    let (first_of_time, others): (Vec<Slot>, Vec<Slot>) =
        found.into_iter().partition(|slot| times.insert(slot.start));
    let mut chosen: Vec<Slot> = first_of_time.into_iter().chain(others).take(OFFERED).collect();
    chosen.sort_by_key(|slot| slot.start);
    chosen
}
