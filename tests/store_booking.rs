//! The practice book on real files: races, all-or-nothing, repeats, seeding.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::Arc;

use attendant::base::{CallId, Phi, Purpose};
use attendant::ehr::{BuiltinBook, Ehr, EhrError, PatientSearch, TaskRequest, WriteKey};
use attendant::practice::seed::{self, Clinic};
use attendant::practice::{
    Appointment, Claim, Daypart, HandOffNote, IdentityCheck, Patient, PatientId, PhoneNumber,
    SlotId, SlotSearch, Verdict, Verified, VisitType, is_minor,
};
use attendant::store::{CallRecording, CallSound, Refusal, SideSound, Store, WrapUp, Written};
use jiff::civil::{Date, DateTime, date};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sqlx::Connection;
use tempfile::TempDir;

const MONDAY: Date = date(2026, 3, 16);

struct Book {
    _dir: TempDir,
    store: Store,
    clinic: Clinic,
}

async fn book() -> Book {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("book.db")).await.unwrap();
    let clinic = seed::clinic(1, MONDAY);
    store.seed(&clinic).await.unwrap();
    Book { _dir: dir, store, clinic }
}

impl Book {
    fn ehr(&self) -> BuiltinBook {
        BuiltinBook::new(self.store.clone())
    }

    /// Proves to be a patient, as a caller would.
    fn verified(&self, id: &str) -> Verified<PatientId> {
        let patient = self.clinic.patients.iter().find(|patient| patient.id.0 == id).unwrap();
        let claim = Claim {
            given: patient.given.clone(),
            family: patient.family.clone(),
            birth_date: patient.birth_date.clone(),
            tie_breaker: patient.zip.clone(),
        };
        match IdentityCheck::default().judge(&claim, &self.clinic.patients, MONDAY) {
            Verdict::Verified { patient, .. } => patient,
            other => panic!("{other:?}"),
        }
    }

    fn sixteen_who_are_free_for(&self, slot: &SlotId) -> Vec<Verified<PatientId>> {
        let start = self.clinic.slots.iter().find(|other| other.id == *slot).unwrap().start;
        let at_that_time = |a: &&Appointment| *a.start.reveal(Purpose::Comparison) == start;
        let busy: Vec<_> =
            self.clinic.appointments.iter().filter(at_that_time).map(|a| &a.patient).collect();
        let adult = |p: &&Patient| !is_minor(*p.birth_date.reveal(Purpose::Comparison), MONDAY);
        let free = self.clinic.patients.iter().filter(adult).filter(|p| !busy.contains(&&p.id));
        free.take(16).map(|patient| self.verified(&patient.id.0)).collect()
    }

    async fn upcoming(&self, id: &str) -> Vec<Appointment> {
        self.store.appointments_of(&PatientId(id.into()), start_of(MONDAY)).await.unwrap()
    }

    async fn free(&self, max: usize) -> Vec<SlotId> {
        let from = start_of(MONDAY);
        let search = SlotSearch { from, until: None, practitioner: None, daypart: None, max };
        let found = self.store.free_slots(&search).await.unwrap();
        found.into_iter().map(|slot| slot.id).collect()
    }
}

fn start_of(day: Date) -> DateTime {
    day.at(0, 0, 0, 0)
}

fn key(text: &str) -> WriteKey {
    WriteKey(attendant::audit::fingerprint(&[text]))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_sixteen_that_race_for_a_slot_one_wins() {
    let book = book().await;
    let ehr: Arc<dyn Ehr> = Arc::new(book.ehr());
    for round in 0..5 {
        let slot = book.free(50).await.remove(round * 10);
        let racers = book.sixteen_who_are_free_for(&slot);
        let before = book.store.booked_count().await.unwrap();
        let tasks: Vec<_> = racers
            .into_iter()
            .enumerate()
            .map(|(racer, patient)| {
                let (ehr, slot) = (Arc::clone(&ehr), slot.clone());
                let key = key(&format!("{round} {racer}"));
                tokio::spawn(async move {
                    ehr.book(&patient, &slot, VisitType::Office, &key).await.map(|_| racer)
                })
            })
            .collect();
        let mut won = Vec::new();
        for task in tasks {
            match task.await.unwrap() {
                Ok(racer) => won.push(racer),
                Err(error) => assert_eq!(error, EhrError::SlotTaken),
            }
        }
        assert_eq!(won.len(), 1, "round {round}: {won:?}");
        assert_eq!(book.store.booked_count().await.unwrap(), before + 1);
    }
}

#[tokio::test]
async fn rescheduling_moves_the_appointment_and_frees_the_old_slot() {
    let book = book().await;
    let (ehr, maria) = (book.ehr(), book.verified(seed::MARIA_LOPEZ));
    let old = book.upcoming(seed::MARIA_LOPEZ).await.remove(0);
    let old_start = *old.start.reveal(Purpose::Comparison);
    let search = SlotSearch {
        from: start_of(old_start.date().tomorrow().unwrap()),
        until: None,
        practitioner: Some(old.practitioner.clone()),
        daypart: Some(Daypart::Morning),
        max: 1,
    };
    let wanted = ehr.free_slots(&search).await.unwrap().remove(0);
    assert_eq!(wanted.start.date(), old_start.date().tomorrow().unwrap());
    assert!(wanted.start.hour() < 12);
    let moved = ehr.reschedule(&maria, &old.id, &wanted.id, &key("move")).await.unwrap();
    assert_eq!(*moved.start.reveal(Purpose::Comparison), wanted.start);
    assert_eq!(moved.visit_type, old.visit_type);
    assert_eq!(book.upcoming(seed::MARIA_LOPEZ).await, [moved]);
    assert!(book.free(10_000).await.contains(&old.slot), "the old slot is free again");
    assert!(!book.free(10_000).await.contains(&wanted.id));
}

#[tokio::test]
async fn when_the_new_slot_is_taken_the_old_appointment_stands() {
    let book = book().await;
    let (ehr, maria) = (book.ehr(), book.verified(seed::MARIA_LOPEZ));
    let before = book.upcoming(seed::MARIA_LOPEZ).await;
    let hers = *before[0].start.reveal(Purpose::Comparison);
    let taken = book
        .clinic
        .appointments
        .iter()
        .find(|other| *other.start.reveal(Purpose::Comparison) > hers)
        .unwrap();
    let count = book.store.booked_count().await.unwrap();
    let refused = ehr.reschedule(&maria, &before[0].id, &taken.slot, &key("no")).await;
    assert_eq!(refused, Err(EhrError::SlotTaken));
    assert_eq!(book.upcoming(seed::MARIA_LOPEZ).await, before);
    assert_eq!(book.store.booked_count().await.unwrap(), count);
    assert_eq!(ehr.outcome(&key("no")).await, Ok(None));
}

#[tokio::test]
async fn nobody_moves_or_cancels_what_is_not_theirs_or_not_there() {
    let book = book().await;
    let (ehr, james) = (book.ehr(), book.verified(seed::JAMES_MILLER));
    let marias = book.upcoming(seed::MARIA_LOPEZ).await.remove(0);
    let free = book.free(1).await.remove(0);
    let none = SlotId("s-none".into());
    let kind = VisitType::Office;
    assert_eq!(ehr.cancel(&james, &marias.id, &key("a")).await, Err(EhrError::NotFound));
    let moved = ehr.reschedule(&james, &marias.id, &free, &key("b")).await;
    assert_eq!(moved, Err(EhrError::NotFound));
    assert_eq!(ehr.book(&james, &none, kind, &key("c")).await, Err(EhrError::NotFound));
    assert_eq!(book.upcoming(seed::MARIA_LOPEZ).await, [marias]);
    let nobody = book.store.book("d", &PatientId("p-none".into()), &free, kind).await.unwrap();
    assert_eq!(nobody, Written::Refused(Refusal::NotFound));
}

#[tokio::test]
async fn a_patient_is_not_booked_twice_at_one_time() {
    let book = book().await;
    let (ehr, james) = (book.ehr(), book.verified(seed::JAMES_MILLER));
    let from = start_of(MONDAY);
    let search = SlotSearch { from, until: None, practitioner: None, daypart: None, max: 500 };
    let free = ehr.free_slots(&search).await.unwrap();
    let (one, other) = free
        .windows(2)
        .find(|pair| pair[0].start == pair[1].start)
        .map(|pair| (&pair[0], &pair[1]))
        .unwrap();
    let first = ehr.book(&james, &one.id, VisitType::Sick, &key("1")).await.unwrap();
    let second = ehr.book(&james, &other.id, VisitType::Sick, &key("2")).await;
    assert_eq!(second, Err(EhrError::Conflict));
    // Moving to another practitioner at the same time is no clash with oneself.
    ehr.reschedule(&james, &first.id, &other.id, &key("3")).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_appointment_frees_its_slot_and_cannot_be_cancelled_again() {
    let book = book().await;
    let (ehr, maria) = (book.ehr(), book.verified(seed::MARIA_LOPEZ));
    let hers = book.upcoming(seed::MARIA_LOPEZ).await.remove(0);
    ehr.cancel(&maria, &hers.id, &key("x")).await.unwrap();
    assert!(book.upcoming(seed::MARIA_LOPEZ).await.is_empty());
    assert!(book.free(10_000).await.contains(&hers.slot));
    assert!(ehr.cancel(&maria, &hers.id, &key("x")).await.is_ok(), "the same write again");
    assert_eq!(ehr.cancel(&maria, &hers.id, &key("y")).await, Err(EhrError::NotFound));
}

/// Whatever is written in whatever order with whatever repeats: a key has one effect, and a slot one patient.
#[test]
fn the_same_key_twice_is_one_effect() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let steps = prop::collection::vec((0_usize..6, 0_usize..4, 0_u8..6), 1..25);
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    TestRunner::new(config)
        .run(&steps, |steps| runtime.block_on(repeats_change_nothing(&steps)))
        .unwrap();
}

async fn repeats_change_nothing(steps: &[(usize, usize, u8)]) -> Result<(), TestCaseError> {
    let book = book().await;
    let (ehr, james) = (book.ehr(), book.verified(seed::JAMES_MILLER));
    let slots = book.free(4).await;
    let mut first = std::collections::BTreeMap::new();
    for (which_key, which_slot, kind) in steps {
        let key = key(&which_key.to_string());
        let count = book.store.booked_count().await.unwrap();
        let slot = &slots[*which_slot];
        let standing = book.upcoming(seed::JAMES_MILLER).await;
        let done = match (kind, standing.first()) {
            (0 | 1, Some(old)) => ehr.reschedule(&james, &old.id, slot, &key).await,
            (2, Some(old)) => ehr.cancel(&james, &old.id, &key).await,
            _ => ehr.book(&james, slot, VisitType::Office, &key).await,
        };
        let Ok(appointment) = done else { continue };
        let id = appointment.id.clone();
        if let Some(before) = first.insert(*which_key, id.clone()) {
            prop_assert_eq!(before, id, "a repeat answers with its first appointment");
            prop_assert_eq!(book.store.booked_count().await.unwrap(), count);
            prop_assert_eq!(book.upcoming(seed::JAMES_MILLER).await, standing);
        }
        prop_assert_eq!(ehr.outcome(&key).await, Ok(Some(appointment)));
    }
    Ok(())
}

#[tokio::test]
async fn seeding_twice_changes_nothing_and_a_later_day_adds_days() {
    let book = book().await;
    let counts = async || {
        let store = &book.store;
        let patients = store.patient_count().await.unwrap();
        (patients, store.slot_count().await.unwrap(), store.booked_count().await.unwrap())
    };
    let before = counts().await;
    assert_eq!((before.0, before.1), (200, 1680));
    assert_eq!(before.2, book.clinic.appointments.len() as u64);
    let maria = book.verified(seed::MARIA_LOPEZ);
    let hers = book.upcoming(seed::MARIA_LOPEZ).await.remove(0);
    book.ehr().cancel(&maria, &hers.id, &key("gone")).await.unwrap();
    book.store.seed(&book.clinic).await.unwrap();
    assert_eq!(
        counts().await,
        (before.0, before.1, before.2 - 1),
        "what was changed stays changed"
    );
    book.store.seed(&seed::clinic(1, date(2026, 3, 23))).await.unwrap();
    assert_eq!(counts().await.1, 1680 + 5 * 6 * 14);
    assert_eq!(book.store.practice().await.unwrap().unwrap(), book.clinic.practice);
    assert_eq!(book.store.practitioners().await.unwrap().len(), 6);
}

#[tokio::test]
async fn patients_are_found_by_birth_date_and_by_number() {
    let book = book().await;
    let ehr = book.ehr();
    let born = PatientSearch::BirthDate(Phi::new(date(1984, 3, 9)));
    let found = ehr.find_patients(&born).await.unwrap();
    assert_eq!(found, [book.clinic.patients[0].clone()], "what was written is what is read");
    let phone = |text| PatientSearch::Phone(Phi::new(PhoneNumber::parse(text).unwrap()));
    assert_eq!(ehr.find_patients(&phone("+13125550142")).await.unwrap(), found);
    assert!(ehr.find_patients(&phone("+13125550143")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_hand_off_note_is_stored_once_and_as_given() {
    let book = book().await;
    let note = HandOffNote {
        patient: Some(PatientId(seed::MARIA_LOPEZ.into())),
        caller: PhoneNumber::parse("+13125550142").map(Phi::new),
        target: "reception".into(),
        reason: "patient_request".into(),
        summary: Phi::new("Moved her appointment; asks about a bill.".into()),
    };
    let task = TaskRequest::HandOff(note.clone());
    let ehr = book.ehr();
    let id = ehr.create_task(CallId(7), &task, &key("t")).await.unwrap();
    assert_eq!(ehr.create_task(CallId(7), &task, &key("t")).await.unwrap(), id);
    assert!(id.0.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{id}");
    let stored = book.store.tasks_of(CallId(7)).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].id, id.0);
    assert_eq!(stored[0].task.summary, note.summary);
    assert_eq!(stored[0].task.target.as_deref(), Some("reception"));
    assert!(book.store.tasks_of(CallId(8)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_call_has_one_wrap_up_row() {
    let book = book().await;
    let row = WrapUp {
        call: CallId(7),
        started: "2026-03-16T15:00:00Z".parse().unwrap(),
        ended: "2026-03-16T15:02:00Z".parse().unwrap(),
        trunk: "front-desk".into(),
        caller: None,
        patient: None,
        end_reason: "handed_off".into(),
        goals: vec!["rescheduled".into(), "transferred".into()],
        escalation_reason: Some("patient_request".into()),
        hand_off: None,
        turns: 5,
        tools_called: 6,
        tool_errors: 0,
        barge_ins: 1,
        resumed: 3,
        backchannels: 2,
        gap_p50_ms: Some(700),
        gap_max_ms: None,
        summary: Phi::new("Moved.".into()),
        audit_head: None,
        sound: Some(CallSound {
            verdict: "fine".into(),
            heard: SideSound { mos: Some(4.2), loss: Some(0.01), jitter_ms: Some(3.5) },
            lost: 6,
            ..CallSound::default()
        }),
        consent: Some("given"),
        recording: Some(CallRecording {
            file: "2026-03-16/c-7.wav.age".into(),
            complete: true,
            length_ms: 90_000,
            paused_ms: 4_000,
            lost_frames: 2,
        }),
    };
    assert!(book.store.wrap_up(&row).await.unwrap());
    let again = WrapUp { end_reason: "other".into(), ..row.clone() };
    assert!(!book.store.wrap_up(&again).await.unwrap());
    let ended = book.store.end_of(CallId(7)).await.unwrap().unwrap();
    assert_eq!(ended, ("handed_off".into(), row.goals));
    let sound = book.store.sound_of(CallId(7)).await.unwrap();
    assert_eq!(sound, Some(("fine".into(), Some(4.2), None)));
    let kept = book.store.recording_of(CallId(7)).await.unwrap();
    assert_eq!(kept, (Some("given".into()), row.recording));
    let mute =
        WrapUp { call: CallId(8), sound: None, consent: Some("denied"), recording: None, ..again };
    assert!(book.store.wrap_up(&mute).await.unwrap());
    let kept = book.store.recording_of(CallId(8)).await.unwrap();
    assert_eq!(kept, (Some("denied".into()), None));
    assert_eq!(book.store.sound_of(CallId(8)).await.unwrap(), None);
}

#[tokio::test]
async fn a_book_that_cannot_be_opened_says_why_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let message = async |path: &Path| {
        let error = Store::open(path).await.err().expect("must not open");
        (error.code(), error.to_string(), error.advice())
    };
    let (code, text, advice) = message(&dir.path().join("nowhere/book.db")).await;
    assert_eq!(code, "store-open");
    assert!(text.contains("nowhere/book.db") && text.contains("No such file"), "{text}");
    assert!(advice.contains("directory exists"), "{advice}");
    let (_, text, _) = message(dir.path()).await;
    assert!(text.contains("cannot be opened"), "{text}");
    let other = dir.path().join("letter.txt");
    std::fs::write(&other, "Dear patient, this is not a database at all. ".repeat(50)).unwrap();
    let (code, text, _) = message(&other).await;
    assert_eq!(code, "store-open");
    assert!(text.contains("not a database"), "{text}");
    let newer = dir.path().join("newer.db");
    Store::open(&newer).await.unwrap().close().await;
    let url = format!("sqlite://{}", newer.display());
    let mut changed = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let other_version = "update _sqlx_migrations set checksum = x'00' where version = 3";
    sqlx::query(other_version).execute(&mut changed).await.unwrap();
    changed.close().await.unwrap();
    let (code, text, advice) = message(&newer).await;
    assert_eq!(code, "store-migrate");
    assert!(text.contains("newer.db") && advice.contains("restore"), "{text} {advice}");
}

#[tokio::test]
async fn the_file_is_its_owners_and_what_was_booked_outlives_the_process() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("book.db");
    let (clinic, slot);
    {
        let store = Store::open(&path).await.unwrap();
        clinic = seed::clinic(1, MONDAY);
        store.seed(&clinic).await.unwrap();
        let taken: Vec<_> = clinic.appointments.iter().map(|a| &a.slot).collect();
        slot = clinic.slots.iter().find(|slot| !taken.contains(&&slot.id)).unwrap().id.clone();
        let james = PatientId(seed::JAMES_MILLER.into());
        store.book("k", &james, &slot, VisitType::Office).await.unwrap();
        // No close: as if the process had died.
    }
    for name in ["book.db", "book.db-wal"] {
        let mode = std::fs::metadata(dir.path().join(name)).map(|m| m.permissions().mode() & 0o777);
        assert!(matches!(mode, Ok(0o600) | Err(_)), "{name}: {mode:?}");
    }
    let store = Store::open(&path).await.unwrap();
    assert_eq!(store.written("k").await.unwrap().unwrap().slot, slot);
}

#[tokio::test]
async fn errors_name_no_patient() {
    let book = book().await;
    book.store.close().await;
    let born = Phi::new(date(1984, 3, 9));
    let error = book.store.patients_born(&born).await.unwrap_err();
    let shown = format!("{error} {error:?}").to_lowercase();
    for word in ["maria", "lopez", "1984", "3125550142"] {
        assert!(!shown.contains(word), "{shown}");
    }
    assert!(shown.contains("closed"), "{shown}");
}
