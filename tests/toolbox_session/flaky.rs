//! A record system in front of the built-in book that can fail, fall silent, or do its work unheard.

use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use attendant::base::CallId;
use attendant::ehr::{
    BoxFuture, BuiltinBook, Ehr, EhrError, PatientSearch, TaskId, TaskRequest, WriteKey,
};
use attendant::practice::{
    Appointment, AppointmentId, Patient, PatientId, Practice, Practitioner, Slot, SlotId,
    SlotSearch, Verified, VisitType,
};
use jiff::civil::DateTime;
use tokio::task::AbortHandle;

/// How the record system behaves, for some requests.
#[derive(Clone, Copy)]
pub(crate) enum Mood {
    Well,
    Down(u32),
    Silent(u32),
    /// It does what it is asked and is not heard.
    DoneButLost(u32),
}

/// A record system in front of the built-in book that can fail.
pub(crate) struct Flaky {
    inner: BuiltinBook,
    mood: Mutex<Mood>,
    pub(crate) writes: AtomicU32,
    pub(crate) watch: Mutex<Option<std::path::PathBuf>>,
    pub(crate) seen: Mutex<String>,
    /// The audit writer, to be ended in the middle of a write.
    pub(crate) cut: Mutex<Option<AbortHandle>>,
}

impl Flaky {
    pub(crate) fn new(inner: BuiltinBook) -> Self {
        let (mood, writes) = (Mutex::new(Mood::Well), AtomicU32::new(0));
        let (watch, seen, cut) = Default::default();
        Self { inner, mood, writes, watch, seen, cut }
    }

    pub(crate) fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn next_mood(&self) -> Mood {
        let mut mood = self.mood.lock().unwrap();
        let now = *mood;
        *mood = match now {
            Mood::Down(left @ 2..) => Mood::Down(left - 1),
            Mood::Silent(left @ 2..) => Mood::Silent(left - 1),
            Mood::DoneButLost(left @ 2..) => Mood::DoneButLost(left - 1),
            _ => Mood::Well,
        };
        now
    }

    fn moody<'a, T: Send + 'a>(
        &'a self,
        done: BoxFuture<'a, Result<T, EhrError>>,
    ) -> BoxFuture<'a, Result<T, EhrError>> {
        let mood = self.next_mood();
        Box::pin(async move {
            match mood {
                Mood::Well => done.await,
                Mood::Down(_) => Err(EhrError::Unavailable("test")),
                Mood::Silent(_) => std::future::pending().await,
                Mood::DoneButLost(_) => {
                    done.await?;
                    std::future::pending().await
                }
            }
        })
    }

    fn write<'a, T: Send + 'a>(
        &'a self,
        done: BoxFuture<'a, Result<T, EhrError>>,
    ) -> BoxFuture<'a, Result<T, EhrError>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if let Some(path) = &*self.watch.lock().unwrap() {
            *self.seen.lock().unwrap() = fs::read_to_string(path).unwrap();
        }
        if let Some(writer) = self.cut.lock().unwrap().take() {
            writer.abort();
        }
        self.moody(done)
    }
}

impl Ehr for Flaky {
    fn practice(&self) -> BoxFuture<'_, Result<Practice, EhrError>> {
        self.moody(self.inner.practice())
    }

    fn practitioners(&self) -> BoxFuture<'_, Result<Vec<Practitioner>, EhrError>> {
        self.moody(self.inner.practitioners())
    }

    fn find_patients<'a>(
        &'a self,
        search: &'a PatientSearch,
    ) -> BoxFuture<'a, Result<Vec<Patient>, EhrError>> {
        self.moody(self.inner.find_patients(search))
    }

    fn appointments_of<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        from: DateTime,
    ) -> BoxFuture<'a, Result<Vec<Appointment>, EhrError>> {
        self.moody(self.inner.appointments_of(patient, from))
    }

    fn free_slots<'a>(
        &'a self,
        search: &'a SlotSearch,
    ) -> BoxFuture<'a, Result<Vec<Slot>, EhrError>> {
        self.moody(self.inner.free_slots(search))
    }

    fn book<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        slot: &'a SlotId,
        visit_type: VisitType,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        self.write(self.inner.book(patient, slot, visit_type, key))
    }

    fn reschedule<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        appointment: &'a AppointmentId,
        slot: &'a SlotId,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        self.write(self.inner.reschedule(patient, appointment, slot, key))
    }

    fn cancel<'a>(
        &'a self,
        patient: &'a Verified<PatientId>,
        appointment: &'a AppointmentId,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Appointment, EhrError>> {
        self.write(self.inner.cancel(patient, appointment, key))
    }

    fn outcome<'a>(
        &'a self,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<Option<Appointment>, EhrError>> {
        self.moody(self.inner.outcome(key))
    }

    fn create_task<'a>(
        &'a self,
        call: CallId,
        task: &'a TaskRequest,
        key: &'a WriteKey,
    ) -> BoxFuture<'a, Result<TaskId, EhrError>> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.inner.create_task(call, task, key)
    }
}
