//! The tools of a call on a real book and a real audit record: levels, references, repeats, silence.
#![allow(clippy::unwrap_used, missing_docs)]

mod flaky;

use std::fs;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::agent::tools::{
    ErrorCode, KnownAppointment, OfferedSlot, OfficeTopic, Ref, ToolCall, ToolData, ToolResult,
};
use attendant::audit::{Audit, verify};
use attendant::base::{CallId, Phi, Purpose, TargetName, TurnId};
use attendant::ehr::BuiltinBook;
use attendant::practice::{Appointment, Daypart, Patient, PatientId, PhoneNumber, VisitType, seed};
use attendant::store::Store;
use attendant::toolbox::{Deadlines, ToolSession, Toolbox, TransferOutcome};
use jiff::civil::{Date, DateTime, date, datetime};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use flaky::{Flaky, Mood};

/// Monday morning: the coming Thursday is the 19th.
const NOW: DateTime = datetime(2026, 3, 16, 8, 40, 0, 0);
const TURN: TurnId = TurnId(4);

struct Clinic {
    dir: TempDir,
    store: Store,
    ehr: Arc<Flaky>,
    toolbox: Toolbox,
    now: Arc<Mutex<DateTime>>,
    writer: JoinHandle<()>,
}

async fn clinic() -> Clinic {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("book.db")).await.unwrap();
    store.seed(&seed::clinic(1, NOW.date())).await.unwrap();
    let (audit, writer) = Audit::open(dir.path().join("audit.jsonl")).unwrap();
    let ehr = Arc::new(Flaky::new(BuiltinBook::new(store.clone())));
    let now = Arc::new(Mutex::new(NOW));
    let clock = Arc::clone(&now);
    let toolbox = Toolbox::new(ehr.clone(), audit, Arc::new(move || *clock.lock().unwrap()))
        .with_deadlines(Deadlines {
            read: Duration::from_millis(300),
            write: Duration::from_millis(300),
            audit: Duration::from_secs(5),
        });
    Clinic { dir, store, ehr, toolbox, now, writer: tokio::spawn(writer) }
}

impl Clinic {
    fn call(&self, caller: Option<&str>) -> ToolSession {
        let caller = caller.map(|number| Phi::new(PhoneNumber::parse(number).unwrap()));
        self.toolbox.session(CallId(7), caller)
    }

    /// Returns a call in which Maria Lopez is verified.
    async fn marias_call(&self) -> ToolSession {
        let call = self.call(Some("+13125550142"));
        let verified = call.run(TURN, verify_as("Maria", "Lopez", date(1984, 3, 9))).await;
        assert!(verified.is_ok(), "{verified:?}");
        call
    }

    fn audit_rows(&self) -> Vec<Value> {
        let path = self.dir.path().join("audit.jsonl");
        verify(&path).unwrap();
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Returns the audit record in short: one line a row.
    fn audit_story(&self) -> String {
        let told = |row: &Value| match row["kind"].as_str() {
            Some("tool_call") => format!("> {} {}", row["name"], row["verdict"]),
            _ => format!("< {} {}", row["name"], row["outcome"]["error"]),
        };
        let lines: Vec<String> = self.audit_rows().iter().map(told).collect();
        lines.join("\n").replace('"', "")
    }

    async fn marias(&self) -> Vec<Appointment> {
        self.store.appointments_of(&PatientId(seed::MARIA_LOPEZ.into()), NOW).await.unwrap()
    }
}

fn verify_as(given: &str, family: &str, birth_date: Date) -> ToolCall {
    let (given, family) = (Phi::new(given.into()), Phi::new(family.into()));
    ToolCall::VerifyIdentity { given, family, birth_date: Phi::new(birth_date), tie_breaker: None }
}

fn find(from: DateTime) -> ToolCall {
    let (practitioner, until, daypart) = (None, None, None);
    ToolCall::FindSlots { visit_type: VisitType::Office, practitioner, from, until, daypart }
}

fn book(slot: &Ref) -> ToolCall {
    let (slot, visit_type) = (slot.clone(), VisitType::Office);
    ToolCall::BookAppointment { slot, visit_type, agreed_in: TURN }
}

fn reschedule(appointment: &Ref, slot: &Ref) -> ToolCall {
    let (appointment, slot) = (appointment.clone(), slot.clone());
    ToolCall::RescheduleAppointment { appointment, slot, agreed_in: TURN }
}

fn cancel(appointment: &Ref) -> ToolCall {
    ToolCall::CancelAppointment { appointment: appointment.clone(), agreed_in: TURN }
}

fn slots(result: ToolResult) -> Vec<OfferedSlot> {
    match result {
        ToolResult { error: None, data: ToolData::Slots(slots) } => slots,
        other => panic!("{other:?}"),
    }
}

fn appointments(result: ToolResult) -> Vec<KnownAppointment> {
    match result {
        ToolResult { error: None, data: ToolData::Appointments(known) } => {
            known.reveal(Purpose::Comparison).clone()
        }
        other => panic!("{other:?}"),
    }
}

fn booked(data: &ToolData) -> (DateTime, &str) {
    let ToolData::Booked { start, practitioner } = data else { panic!("{data:?}") };
    (*start.reveal(Purpose::Comparison), practitioner)
}

#[tokio::test]
async fn thursdays_appointment_moves_to_the_next_free_morning() {
    let clinic = clinic().await;
    let call = clinic.call(Some("+13125550142"));
    let matches = call.run(TurnId(1), ToolCall::LookupPatientByPhone).await;
    assert!(matches!(matches.data, ToolData::PhoneMatches(1..)), "{matches:?}");
    let who = call.run(TurnId(2), verify_as("maria", "Lopes", date(1984, 3, 9))).await;
    let ToolData::Verified { given } = &who.data else { panic!("{who:?}") };
    assert_eq!(given.reveal(Purpose::Comparison), "Maria");
    let hers = appointments(call.run(TurnId(3), ToolCall::GetPatientAppointments).await);
    let [hers] = &hers[..] else { panic!("{hers:?}") };
    assert_eq!(
        (hers.start, &*hers.practitioner),
        (datetime(2026, 3, 19, 10, 0, 0, 0), "Dr. Patel")
    );
    let search = ToolCall::FindSlots {
        visit_type: hers.visit_type,
        practitioner: Some(hers.practitioner_ref.clone()),
        from: datetime(2026, 3, 20, 0, 0, 0, 0),
        until: None,
        daypart: Some(Daypart::Morning),
    };
    let offered = slots(call.run(TurnId(3), search).await);
    assert_eq!(offered[0].start.date(), date(2026, 3, 20));
    assert!(offered.iter().all(|slot| slot.practitioner == "Dr. Patel"));
    let moved = call.run(TURN, reschedule(&hers.appointment, &offered[0].slot)).await;
    assert_eq!(moved.error, None);
    assert_eq!(booked(&moved.data), (offered[0].start, "Dr. Patel"));
    let now_hers = clinic.marias().await;
    assert_eq!(now_hers.len(), 1);
    assert_eq!(*now_hers[0].start.reveal(Purpose::Comparison), offered[0].start);
    assert_eq!(
        clinic.audit_story(),
        "> lookup_patient_by_phone allowed\n< lookup_patient_by_phone null\n\
         > verify_identity allowed\n< verify_identity null\n\
         > get_patient_appointments allowed\n< get_patient_appointments null\n\
         > find_slots allowed\n< find_slots null\n\
         > reschedule_appointment allowed\n< reschedule_appointment null"
    );
    let counts = call.counts();
    assert_eq!((counts.called, counts.failed), (5, 0));
    assert_eq!(counts.patient, Some(PatientId(seed::MARIA_LOPEZ.into())));
}

#[tokio::test]
async fn each_tool_needs_its_level() {
    let clinic = clinic().await;
    let call = clinic.call(Some("+13125550142"));
    let none = Ref("slot-1".into());
    let denied = [
        ToolCall::GetPatientAppointments,
        book(&none),
        reschedule(&none, &none),
        cancel(&none),
        find(NOW),
    ];
    for tool in denied.clone() {
        assert_eq!(call.run(TurnId(1), tool).await, ToolResult::failed(ErrorCode::NotVerified));
    }
    let hours = call.run(TurnId(2), ToolCall::GetOfficeInfo { topic: OfficeTopic::Hours }).await;
    assert!(matches!(hours.data, ToolData::OfficeInfo(text) if text.contains("Monday")));
    assert!(call.run(TurnId(3), ToolCall::LookupPatientByPhone).await.is_ok());
    assert!(call.run(TurnId(3), find(NOW)).await.is_ok(), "a known number opens the calendar");
    for tool in denied.into_iter().take(4) {
        assert_eq!(call.run(TURN, tool).await, ToolResult::failed(ErrorCode::NotVerified));
    }
    let stranger = clinic.call(Some("+13125550199"));
    let matches = stranger.run(TurnId(1), ToolCall::LookupPatientByPhone).await;
    assert_eq!(matches.data, ToolData::PhoneMatches(0));
    let denied = stranger.run(TurnId(1), find(NOW)).await;
    assert_eq!(denied, ToolResult::failed(ErrorCode::NotVerified));
    assert!(clinic.audit_story().contains("> find_slots NOT_VERIFIED\n< find_slots NOT_VERIFIED"));
}

#[tokio::test]
async fn three_wrong_birth_dates_lock_the_call_and_no_other() {
    let clinic = clinic().await;
    let call = clinic.call(None);
    for (day, expected) in [
        (1, ToolResult::ok(ToolData::NotVerified { attempts_left: 2 })),
        (2, ToolResult::ok(ToolData::NotVerified { attempts_left: 1 })),
        (3, ToolResult::failed(ErrorCode::VerifyLocked)),
        (9, ToolResult::failed(ErrorCode::VerifyLocked)),
    ] {
        assert_eq!(call.run(TURN, verify_as("Maria", "Lopez", date(1984, 3, day))).await, expected);
    }
    clinic.marias_call().await;
}

#[tokio::test]
async fn namesakes_are_told_apart_and_children_are_for_staff() {
    let clinic = clinic().await;
    let call = clinic.call(None);
    let mut robert = verify_as("Robert", "Johnson", date(1962, 7, 14));
    assert_eq!(
        call.run(TURN, robert.clone()).await,
        ToolResult::failed(ErrorCode::MultipleMatches)
    );
    let ToolCall::VerifyIdentity { tie_breaker, .. } = &mut robert else { unreachable!() };
    *tie_breaker = Some(Phi::new("60640".into()));
    assert!(call.run(TURN, robert).await.is_ok());
    assert_eq!(call.counts().patient, Some(PatientId(seed::NAMESAKES[1].into())));
    let made = seed::clinic(1, NOW.date());
    let born = |patient: &&Patient| patient.birth_date.reveal(Purpose::Comparison).year() > 2012;
    let child = made.patients.iter().find(born).unwrap();
    let (given, family) = (child.given.clone(), child.family.clone());
    let birth_date = child.birth_date.clone();
    let of_child = ToolCall::VerifyIdentity { given, family, birth_date, tie_breaker: None };
    let other_call = clinic.call(None);
    let denied = other_call.run(TURN, of_child).await;
    assert_eq!(denied, ToolResult::failed(ErrorCode::PolicyDenied));
    assert_eq!(other_call.counts().patient, None);
}

#[tokio::test]
async fn arguments_that_nobody_gave_are_refused() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let hers = appointments(call.run(TURN, ToolCall::GetPatientAppointments).await).remove(0);
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0).slot;
    let other_call = clinic.marias_call().await;
    let mut early = find(NOW);
    if let ToolCall::FindSlots { practitioner, .. } = &mut early {
        *practitioner = Some(Ref("dr-nobody".into()));
    }
    let mut future = book(&slot);
    if let ToolCall::BookAppointment { agreed_in, .. } = &mut future {
        *agreed_in = TURN.next();
    }
    let fabricated = [
        (&call, book(&Ref("slot-99".into()))),
        (&call, book(&hers.appointment)),
        (&call, reschedule(&slot, &slot)),
        (&call, cancel(&Ref("a-dr-patel-20260319-1000".into()))),
        (&call, early),
        (&call, future),
        (&other_call, book(&slot)),
        (&other_call, cancel(&hers.appointment)),
        (&call, verify_as("John Doe", "Unknown", date(1980, 1, 1))),
        (&call, verify_as("Maria", "Lopez", date(1900, 1, 1))),
    ];
    for (number, (call, tool)) in fabricated.into_iter().enumerate() {
        let refused = call.run(TurnId(4 + number as u32 / 8), tool.clone()).await;
        assert_eq!(refused, ToolResult::failed(ErrorCode::FabricatedArgument), "{tool:?}");
    }
    for tool in [
        verify_as("", "Lopez", date(1984, 3, 9)),
        verify_as("Maria", "1234", date(1984, 3, 9)),
        verify_as("Maria", "Lopez", date(2026, 3, 17)),
        ToolCall::CreateCallback { reason: Phi::new("  ".into()) },
        ToolCall::TransferToHuman {
            target: TargetName::new("reception"),
            reason: "patient_request",
            summary: Phi::new("x".into()),
        },
    ] {
        let refused = call.run(TurnId(6), tool.clone()).await;
        assert_eq!(refused, ToolResult::failed(ErrorCode::InvalidArgument), "{tool:?}");
    }
    assert_eq!(clinic.ehr.writes.load(Ordering::SeqCst), 0, "nothing reached the record");
}

#[tokio::test]
async fn offered_slots_are_an_hour_ahead_at_different_times_and_keep_their_reference() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let offered = slots(call.run(TURN, find(NOW)).await);
    assert_eq!(offered.len(), 3);
    assert!(offered[0].start >= datetime(2026, 3, 16, 9, 40, 0, 0));
    assert!(offered.windows(2).all(|pair| pair[0].start < pair[1].start), "{offered:?}");
    assert_eq!(slots(call.run(TURN, find(NOW)).await), offered);
    *clinic.now.lock().unwrap() = offered[0].start;
    let late = call.run(TURN.next(), book(&offered[0].slot)).await;
    assert_eq!(late, ToolResult::failed(ErrorCode::OutsideWindow));
    let mut past = find(NOW);
    if let ToolCall::FindSlots { until, .. } = &mut past {
        *until = Some(offered[0].start);
    }
    let refused = call.run(TURN.next(), past).await;
    assert_eq!(refused, ToolResult::failed(ErrorCode::OutsideWindow));
    let beyond = call.run(TURN.next(), find(datetime(2027, 1, 1, 0, 0, 0, 0))).await;
    assert_eq!(beyond, ToolResult::failed(ErrorCode::NotFound));
}

#[tokio::test]
async fn a_write_asked_twice_is_done_once() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0).slot;
    let first = call.run(TURN, book(&slot)).await;
    let mut again = book(&slot);
    if let ToolCall::BookAppointment { agreed_in, .. } = &mut again {
        *agreed_in = TurnId(2);
    }
    let second = call.run(TURN, again).await;
    assert_eq!(second, ToolResult { error: Some(ErrorCode::AlreadyDone), data: first.data });
    assert!(second.is_ok());
    assert_eq!(clinic.marias().await.len(), 2);
    assert_eq!(clinic.ehr.writes.load(Ordering::SeqCst), 1);
    let keys: Vec<Value> = clinic.audit_rows().iter().map(|row| row["key"].clone()).collect();
    let written: Vec<_> = keys.iter().filter(|key| !key.is_null()).collect();
    assert_eq!(written.len(), 4);
    assert!(written.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn what_was_cancelled_can_be_booked_again() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0);
    for turn in 4..7 {
        let turn = TurnId(turn);
        let done = call.run(turn, book(&slot.slot)).await;
        assert_eq!(done.error, None, "booked anew");
        let known = appointments(call.run(turn, ToolCall::GetPatientAppointments).await);
        let it = known.iter().find(|known| known.start == slot.start).unwrap();
        let gone = call.run(turn, cancel(&it.appointment)).await;
        assert_eq!(gone, ToolResult::ok(ToolData::Cancelled));
        let twice = call.run(turn, cancel(&it.appointment)).await;
        assert_eq!(twice.error, Some(ErrorCode::AlreadyDone));
    }
    assert_eq!(clinic.marias().await.len(), 1);
}

#[tokio::test]
async fn a_slot_lost_to_another_call_is_said_to_be() {
    let clinic = clinic().await;
    let (one, other) = (clinic.marias_call().await, clinic.call(None));
    other.run(TURN, verify_as("James", "Miller", date(1971, 2, 3))).await;
    let slot = slots(one.run(TURN, find(NOW)).await).remove(0);
    let same = slots(other.run(TURN, find(NOW)).await).remove(0);
    assert!(one.run(TURN, book(&slot.slot)).await.is_ok());
    let lost = other.run(TURN, book(&same.slot)).await;
    assert_eq!(lost, ToolResult::failed(ErrorCode::SlotTaken));
    let next = slots(other.run(TURN, find(NOW)).await);
    assert!(next.iter().all(|offered| offered.slot != same.slot));
}

#[tokio::test]
async fn a_read_is_tried_twice_and_no_more() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let get = || call.run(TURN, ToolCall::GetPatientAppointments);
    clinic.ehr.set(Mood::Down(1));
    assert!(get().await.is_ok());
    clinic.ehr.set(Mood::Down(2));
    assert_eq!(get().await, ToolResult::failed(ErrorCode::EhrUnavailable));
    clinic.ehr.set(Mood::Silent(1));
    assert!(get().await.is_ok());
    clinic.ehr.set(Mood::Silent(2));
    assert_eq!(get().await, ToolResult::failed(ErrorCode::Timeout));
}

#[tokio::test]
async fn a_write_that_was_lost_on_the_way_back_is_found_and_told_as_done() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0);
    clinic.ehr.set(Mood::DoneButLost(1));
    let done = call.run(TURN, book(&slot.slot)).await;
    assert_eq!(booked(&done.data).0, slot.start);
    assert_eq!(clinic.ehr.writes.load(Ordering::SeqCst), 1, "a write is sent once");
}

#[tokio::test]
async fn a_write_in_doubt_is_looked_up_before_it_is_sent_again() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0);
    // Done, but neither the answer nor the look-up came back.
    clinic.ehr.set(Mood::DoneButLost(2));
    assert_eq!(call.run(TURN, book(&slot.slot)).await, ToolResult::failed(ErrorCode::Timeout));
    let again = call.run(TURN, book(&slot.slot)).await;
    assert_eq!(again.error, Some(ErrorCode::AlreadyDone));
    assert_eq!(booked(&again.data).0, slot.start);
    assert_eq!(clinic.ehr.writes.load(Ordering::SeqCst), 1);
    // Not done: the look-up says so, and a second request may send it.
    let other = slots(call.run(TURN, find(NOW)).await).remove(1);
    clinic.ehr.set(Mood::Down(1));
    assert_eq!(call.run(TURN, book(&other.slot)).await, ToolResult::failed(ErrorCode::Timeout));
    assert_eq!(clinic.marias().await.len(), 2);
    assert_eq!(call.run(TURN, book(&other.slot)).await.error, None);
    assert_eq!(clinic.marias().await.len(), 3);
}

#[tokio::test]
async fn without_an_audit_line_nothing_is_done() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0);
    clinic.writer.abort();
    let refused = call.run(TURN, book(&slot.slot)).await;
    assert_eq!(refused, ToolResult::failed(ErrorCode::EhrUnavailable));
    assert_eq!(clinic.ehr.writes.load(Ordering::SeqCst), 0);
    assert_eq!(clinic.marias().await.len(), 1);
    let read = call.run(TURN, ToolCall::GetPatientAppointments).await;
    assert_eq!(read, ToolResult::failed(ErrorCode::EhrUnavailable));
    let target = TargetName::new("reception");
    let note = call.store_hand_off(TURN, &target, "patient_request", &Phi::new("x".into())).await;
    assert_eq!(note, Err(ErrorCode::EhrUnavailable));
    assert!(clinic.store.tasks_of(CallId(7)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_write_whose_result_cannot_be_recorded_is_not_told_as_done() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0);
    *clinic.ehr.cut.lock().unwrap() = Some(clinic.writer.abort_handle());
    let done = call.run(TURN, book(&slot.slot)).await;
    assert_eq!(done, ToolResult::failed(ErrorCode::Timeout));
    assert_eq!(clinic.marias().await.len(), 2, "it stands all the same, for staff to find");
    assert_eq!(clinic.audit_rows().last().unwrap()["kind"], "tool_call");
}

/// The audit record is read at the moment of the effect: the line is there.
#[tokio::test]
async fn the_audit_line_is_on_the_disk_before_the_effect() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let slot = slots(call.run(TURN, find(NOW)).await).remove(0);
    let path = clinic.dir.path().join("audit.jsonl");
    *clinic.ehr.watch.lock().unwrap() = Some(path);
    assert!(call.run(TURN, book(&slot.slot)).await.is_ok());
    let seen = clinic.ehr.seen.lock().unwrap().clone();
    let last: Value = serde_json::from_str(seen.lines().last().unwrap()).unwrap();
    assert_eq!((&last["kind"], &last["name"]), (&"tool_call".into(), &"book_appointment".into()));
    assert_eq!(last["verdict"], "allowed");
}

#[tokio::test]
async fn a_callback_and_a_hand_off_are_stored_once() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    let callback = || ToolCall::CreateCallback { reason: Phi::new("Asks about a bill.".into()) };
    assert_eq!(call.run(TURN, callback()).await, ToolResult::ok(ToolData::None));
    assert_eq!(call.run(TURN, callback()).await.error, Some(ErrorCode::AlreadyDone));
    let target = TargetName::new("reception");
    let summary = Phi::new("Maria Lopez wants a person.".to_owned());
    let id = call.store_hand_off(TURN, &target, "patient_request", &summary).await.unwrap();
    let same = call.store_hand_off(TURN, &target, "patient_request", &summary).await.unwrap();
    assert_eq!(id, same);
    let tasks = clinic.store.tasks_of(CallId(7)).await.unwrap();
    assert_eq!(tasks.len(), 2);
    let note = tasks.iter().find(|task| task.id == id.as_str()).unwrap();
    assert_eq!(note.task.patient, Some(PatientId(seed::MARIA_LOPEZ.into())));
    assert_eq!(note.task.caller, Some(Phi::new(PhoneNumber::parse("+13125550142").unwrap())));
    let bad = call.store_hand_off(TURN, &target, "because", &summary).await;
    assert_eq!(bad, Err(ErrorCode::InvalidArgument));
    let failed = TransferOutcome::Failed { cause: "486 Busy Here".into() };
    let told = call.finish_transfer(TURN, Some(&id), &failed).await;
    assert_eq!(told, ToolResult::failed(ErrorCode::TransferFailed));
    let told = call.finish_transfer(TURN, Some(&id), &TransferOutcome::Bridged).await;
    assert_eq!(told, ToolResult::ok(ToolData::Bridged));
    let rows = clinic.audit_rows();
    let last = rows.last().unwrap();
    assert_eq!(last["outcome"]["hand_off"], id.as_str());
    assert_eq!(rows[rows.len() - 2]["outcome"]["cause"], "486 Busy Here");
    let told = call.finish_transfer(TURN, None, &TransferOutcome::Taken).await;
    assert!(told.is_ok(), "the caller is no longer ours");
    let last = clinic.audit_rows().pop().unwrap();
    assert_eq!(last["outcome"]["cause"], "accepted, the PBX hung up");
    assert!(last["outcome"]["data"].is_null(), "nobody knows whether it was answered");
}

/// A person can be reached while a tool hangs.
#[tokio::test]
async fn a_hand_off_does_not_wait_for_a_tool() {
    let clinic = clinic().await;
    let call = clinic.marias_call().await;
    clinic.ehr.set(Mood::Silent(1));
    let target = TargetName::new("nurse");
    let summary = Phi::new("Chest pain.".to_owned());
    let order = Mutex::new(Vec::new());
    let slow = async {
        call.run(TURN, ToolCall::GetPatientAppointments).await;
        order.lock().unwrap().push("tool");
    };
    let hand_off = async {
        call.store_hand_off(TURN, &target, "red_flag", &summary).await.unwrap();
        order.lock().unwrap().push("hand-off");
    };
    tokio::join!(slow, hand_off);
    assert_eq!(*order.lock().unwrap(), ["hand-off", "tool"]);
}

#[tokio::test]
async fn a_turn_has_a_limit() {
    let clinic = clinic().await;
    let call = clinic.call(None);
    let ask = |turn| call.run(turn, ToolCall::GetOfficeInfo { topic: OfficeTopic::Address });
    for _ in 0..10 {
        assert!(ask(TurnId(1)).await.is_ok());
    }
    assert_eq!(ask(TurnId(1)).await, ToolResult::failed(ErrorCode::PolicyDenied));
    assert!(ask(TurnId(2)).await.is_ok());
}
