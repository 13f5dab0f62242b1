//! Crowds and floods: many short calls leave nothing behind, and a flood of strangers costs no call.
//!
//! The gateway is this program once more, in a process of its own; so `main` is here, and not the test
//! harness's. `make soak` and `make flood` make it longer: `SOAK_CALLS`, `FLOOD_SECONDS`.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod load_stage;

use std::net::UdpSocket;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gateway_stage::{Folder, NODE, PROFILE, wait_until};
use load_stage::Target;
use load_stage::crowd::{Crowd, Outcome, Plan};
use load_stage::flood::Flood;

const FRIEND: &str = "127.0.0.1";
const STRANGER: &str = "127.0.0.66";
/// Even ports of the gateway's sound; each must come back.
const PORTS: (u16, u16) = (26_000, 26_799);
const PATIENCE: Duration = Duration::from_secs(30);

type Test = (&'static str, fn());

const TESTS: [Test; 2] = [
    ("many_short_calls_leave_nothing", many_short_calls_leave_nothing),
    ("a_flood_of_strangers_costs_no_call", a_flood_of_strangers_costs_no_call),
];

/// Runs the tests one after another; an argument chooses those whose names it is a part of, as the
/// harness would have it.
fn main() -> ExitCode {
    if load_stage::serve() {
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if has("--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let chosen = |(name, _): &&Test| !has("--ignored") && is_chosen(name, &arguments);
    let tests: Vec<_> = TESTS.iter().filter(chosen).collect();
    println!("\nrunning {} tests", tests.len());
    let begun = Instant::now();
    let fails = |(name, test): &&&Test| {
        // What failed has said so.
        let failed = std::panic::catch_unwind(test).is_err();
        println!("test {name} ... {}", if failed { "FAILED" } else { "ok" });
        failed
    };
    let failed = tests.iter().filter(fails).count();
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        tests.len() - failed,
        TESTS.len() - tests.len(),
        begun.elapsed().as_secs_f64()
    );
    // 101 is what the harness ends with.
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// Whether the arguments name a test, or none.
fn is_chosen(name: &str, arguments: &[String]) -> bool {
    let (mut names, mut skipped) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--skip" => skipped.extend(rest.next()),
            "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" => {
                rest.next();
            }
            flag if flag.starts_with('-') => {}
            _ => names.push(argument),
        }
    }
    let exact = arguments.iter().any(|argument| argument == "--exact");
    let fits = |wanted: &&String| if exact { name == *wanted } else { name.contains(*wanted) };
    (names.is_empty() || names.iter().any(fits)) && !skipped.iter().any(fits)
}

/// Returns how much of something was asked for, or `None` for the short version.
fn asked_for(variable: &str) -> Option<usize> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable}={value} is no number")))
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

/// A thousand or more short calls, in rounds; memory after the second half is what it was after the first.
fn many_short_calls_leave_nothing() {
    const A_SECOND: u32 = 100;
    let asked = asked_for("SOAK_CALLS");
    // In a long version there is time to see the last of SIP's timers run out.
    let (calls, waits_for_sip) = (asked.unwrap_or(1_000), asked.is_some());
    assert!(calls >= 4 && calls.is_multiple_of(4), "{calls} calls are not four rounds");
    let folder = folder();
    let mut target = Target::start(&folder);
    let (idle, files) = (target.used(), target.open_files());
    let held = Duration::from_millis(200);
    let plan = Plan { calls: calls / 4, a_second: A_SECOND, held, talks: false };
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
        "{calls} calls at {A_SECOND} a second: {cpu:?} of CPU a call; resident kB, idle, after each quarter and at the end: {resident:?} {}",
        used.resident
    );
    // Halfway, every pool and buffer has had its size: what grows from there on is a leak, but for
    // ended calls that still answer what comes late.
    let lingering = if waits_for_sip { 0 } else { calls as u64 / 2 * 16 };
    let grown = used.resident.saturating_sub(resident[2]);
    assert!(grown < 4_000 + lingering, "memory grew by {grown} kB: {resident:?}");
}

/// Fifty calls talk, others come, and a stranger sends ten thousand INVITEs a second.
fn a_flood_of_strangers_costs_no_call() {
    let lasts = Duration::from_secs(asked_for("FLOOD_SECONDS").unwrap_or(2) as u64);
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
