//! Of what tests in real time rely on: a fault is told from a machine that stood still.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod machine;

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use machine::{Watch, account_for, fault, tried};

/// Makes a test that fails so often, on a machine that stands still for so long each time; how often it was made, and
/// whether it passed.
fn made(failures: usize, still: u64) -> (usize, bool) {
    let made = Cell::new(0);
    let test = || {
        made.set(made.get() + 1);
        assert!(made.get() > failures, "planted");
    };
    let passed = tried(&test, || (), |()| Duration::from_millis(still)).is_ok();
    (made.get(), passed)
}

#[test]
fn a_fault_is_one_however_the_machine_was() {
    assert_eq!(made(0, 500), (1, true));
    assert_eq!(made(1, 0), (1, false), "the machine went on: a fault at once");
    assert_eq!(made(1, 19), (1, false));
    assert_eq!(made(1, 50), (2, true), "the machine stood still: once more");
    assert_eq!(made(usize::MAX, 50), (6, false), "a fault comes again");
}

#[test]
fn what_no_machine_does_is_a_fault_at_once() {
    let made = Cell::new(0);
    let test = || {
        made.set(made.get() + 1);
        fault("planted");
    };
    assert!(tried(&test, || (), |()| Duration::from_secs(1)).is_err());
    assert_eq!(made.get(), 1);
}

#[test]
fn a_core_that_is_taken_away_is_seen() {
    let watch = Watch::start();
    let second = Duration::from_secs(1);
    assert!(catch_unwind(|| account_for(10 * second)).is_err(), "nobody else was held up");
    assert!(watch.end() < 10 * second, "the watch ends");
    // A process that is stopped stands still, and its watch with it.
    let watch = Watch::start();
    let itself = std::process::id();
    let script = format!("sleep 0.2; kill -s STOP {itself}; sleep 0.3; kill -s CONT {itself}");
    assert!(std::process::Command::new("sh").args(["-c", &script]).status().unwrap().success());
    account_for(Duration::from_millis(200));
    let still = watch.end();
    assert!(still > Duration::from_millis(200), "{still:?}");
}
