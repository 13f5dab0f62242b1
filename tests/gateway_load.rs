//! Crowds and floods: many short calls leave nothing behind, and a flood of strangers costs no call.
//!
//! The short versions run with the suite; `make soak` and `make flood` run the long ones and print
//! their figures.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod load_stage;

use std::net::UdpSocket;
use std::time::Duration;

use gateway_stage::{Folder, NODE, PROFILE, alone, wait_until};
use load_stage::Target;
use load_stage::crowd::{Crowd, Outcome, Plan};
use load_stage::flood::Flood;

const FRIEND: &str = "127.0.0.1";
const STRANGER: &str = "127.0.0.66";
/// Even ports of the gateway's sound; each must come back.
const PORTS: (u16, u16) = (26_000, 26_799);
const PATIENCE: Duration = Duration::from_secs(30);

/// What [`Target`] runs in a process of its own.
#[test]
#[ignore = "a part of the other tests"]
fn the_gateway_itself() {
    load_stage::serve();
}

fn folder() -> Folder {
    let folder = Folder::trunk();
    let (first, last) = PORTS;
    folder.change(NODE, "ports = \"24000-24399\"", &format!("ports = \"{first}-{last}\""));
    folder.append(NODE, "[limits]\ncalls = 390\n\n[log]\nfilter = \"error\"\n");
    folder.change(PROFILE, "calls = 200", "calls = 390");
    folder
}

fn ports_are_free() -> bool {
    (PORTS.0..=PORTS.1).step_by(2).all(|port| UdpSocket::bind((FRIEND, port)).is_ok())
}

fn assert_all_went_well(outcome: &Outcome, calls: usize) {
    let Outcome { completed, refused, lost, .. } = outcome;
    assert!(
        *completed == calls && refused.is_empty() && *lost == 0,
        "{completed} of {calls} calls, {lost} lost, refused {refused:?}"
    );
}

/// So many short calls, in rounds; memory after the second half is what it was after the first.
fn soak(calls: usize, a_second: u32, waits_for_sip: bool) {
    let _alone = alone();
    let folder = folder();
    let mut target = Target::start(&folder);
    let (idle, files) = (target.used(), target.open_files());
    let held = Duration::from_millis(200);
    let plan = Plan { calls: calls / 4, a_second, held, talks: false };
    let mut resident = vec![idle.resident];
    for round in 0..4 {
        let outcome = Crowd::new(&format!("soak{round}x"), FRIEND, folder.sip, plan).run();
        assert_all_went_well(&outcome, calls / 4);
        resident.push(target.used().resident);
        let (p50, p99) = (outcome.setup_percentile(50), outcome.setup_percentile(99));
        println!(
            "round {round}: INVITE to 200 p50 {p50:?} p99 {p99:?}, {} repeated",
            outcome.repeated
        );
    }
    let facts = target.wait_for(PATIENCE, |facts| facts.calls == 0 && facts.over == calls);
    assert_eq!((facts.calls, facts.arrived, facts.over), (0, calls, calls));
    assert!(wait_until(PATIENCE, ports_are_free), "ports are still held");
    assert!(wait_until(PATIENCE, || target.open_files() <= files), "descriptors are still open");
    if waits_for_sip {
        // An ended call answers what comes late for 64*T1, 32 s.
        let facts = target.wait_for(Duration::from_secs(60), |facts| facts.sip == 0);
        assert_eq!(facts.sip, 0, "SIP still holds something");
    }
    let used = target.used();
    let cpu = (used.cpu - idle.cpu) / u32::try_from(calls).unwrap();
    println!(
        "{calls} calls at {a_second} a second: {cpu:?} of CPU a call; resident kB, idle, after each quarter and at the end: {resident:?} {}",
        used.resident
    );
    // Halfway, every pool and buffer has had its size: what grows from there on is a leak, but for
    // ended calls that still answer what comes late.
    let lingering = if waits_for_sip { 0 } else { calls as u64 / 2 * 16 };
    let grown = used.resident.saturating_sub(resident[2]);
    assert!(grown < 4_000 + lingering, "memory grew by {grown} kB: {resident:?}");
}

#[test]
fn a_thousand_short_calls_leave_nothing() {
    soak(1_000, 100, false);
}

#[test]
#[ignore = "minutes: make soak"]
fn soak_of_twenty_thousand_calls() {
    soak(20_000, 100, true);
}

/// Fifty calls talk, others come, and a stranger sends ten thousand INVITEs a second.
fn flood(lasts: Duration) {
    let _alone = alone();
    let folder = folder();
    let target = Target::start(&folder);
    let talking =
        Plan { calls: 50, a_second: 50, held: lasts + Duration::from_secs(4), talks: true };
    let talkers = Crowd::new("talk", FRIEND, folder.sip, talking);
    let talkers = std::thread::spawn(move || talkers.run());
    std::thread::sleep(Duration::from_millis(2_000));
    let calm = target.used();
    std::thread::sleep(Duration::from_millis(1_000));
    let before = target.used();
    let flood = Flood::start(STRANGER, folder.sip, 10_000, lasts);
    let arriving = Plan {
        calls: 5 * lasts.as_secs() as usize,
        a_second: 5,
        held: Duration::from_millis(300),
        talks: false,
    };
    let arrived = Crowd::new("come", FRIEND, folder.sip, arriving).run();
    let flooded = flood.finish();
    let after = target.used();
    let talked = talkers.join().unwrap();
    let share = |cpu: Duration, took: Duration| cpu.as_secs_f64() * 100.0 / took.as_secs_f64();
    println!(
        "{} INVITEs in {:?} ({:.0} a second), {} answers; CPU of the gateway {:.1} % of a core before, {:.1} % during; \
         resident {} kB before, {} kB after",
        flooded.sent,
        flooded.took,
        flooded.sent as f64 / flooded.took.as_secs_f64(),
        flooded.answers,
        share(before.cpu - calm.cpu, Duration::from_secs(1)),
        share(after.cpu - before.cpu, flooded.took),
        before.resident,
        after.resident
    );
    println!(
        "50 calls heard {} packets, longest pause {:?}; {} came meanwhile: INVITE to 200 p50 {:?} p99 {:?}, {} repeated",
        talked.packets,
        talked.longest_gap,
        arrived.completed,
        arrived.setup_percentile(50),
        arrived.setup_percentile(99),
        arrived.repeated + talked.repeated
    );
    assert_all_went_well(&talked, 50);
    assert_all_went_well(&arrived, arriving.calls);
    assert_eq!(flooded.answers, 0, "a stranger hears nothing");
    let grown = after.resident.saturating_sub(before.resident);
    assert!(grown < 20_000, "memory grew by {grown} kB");
}

#[test]
fn a_flood_of_strangers_costs_no_call() {
    flood(Duration::from_secs(2));
}

#[test]
#[ignore = "a quarter of a minute of both cores: make flood"]
fn flood_of_ten_seconds() {
    flood(Duration::from_secs(10));
}
