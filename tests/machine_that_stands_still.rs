//! Of what tests in real time rely on: a fault is told from a machine that stood still.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod machine;

use std::cell::Cell;
use std::time::Duration;

use machine::{Watch, tried};

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
fn a_core_that_is_taken_away_is_seen() {
    let watch = Watch::start();
    assert!(watch.end() < Duration::from_secs(10), "the watch ends");
    // A process that is stopped stands still, and its watch with it.
    let watch = Watch::start();
    let itself = std::process::id();
    let script = format!("sleep 0.2; kill -s STOP {itself}; sleep 0.3; kill -s CONT {itself}");
    assert!(std::process::Command::new("sh").args(["-c", &script]).status().unwrap().success());
    let still = watch.end();
    assert!(still > Duration::from_millis(200), "{still:?}");
}
