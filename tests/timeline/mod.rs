//! Stories with times in them. One line an event: `<` goes in, `>` came out; time is virtual.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::fmt::Write;
use std::time::{Duration, Instant};

/// Something that is moved by inputs and time, and tells its outputs as lines.
pub trait Machine {
    /// Takes the text after `<`.
    fn input(&mut self, now: Instant, line: &str);
    /// Runs what is due.
    fn timeout(&mut self, now: Instant);
    /// Returns the next line for `>`.
    fn output(&mut self) -> Option<String>;
    /// Returns when to call `timeout`.
    fn deadline(&self) -> Option<Instant>;
}

/// Feeds the `<` lines in at their times and compares the whole story, up to an hour after its end.
#[track_caller]
pub fn check(start: Instant, machine: &mut dyn Machine, script: &str) {
    let script: Vec<_> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut told = String::new();
    drain(start, machine, start, &mut told);
    for line in script.iter().filter(|line| line.contains(" < ")) {
        let (ms, input) = line.split_once("ms < ").expect("`<time>ms < <input>`");
        let now = start + Duration::from_millis(ms.parse().expect("a number of milliseconds"));
        run_until(start, machine, now, &mut told);
        writeln!(told, "{line}").unwrap();
        machine.input(now, input);
        drain(start, machine, now, &mut told);
    }
    run_until(start, machine, start + Duration::from_secs(3600), &mut told);
    let script: String = script.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(told, script, "\n--- it went ---\n{told}\n--- the script says ---\n{script}");
}

fn run_until(start: Instant, machine: &mut dyn Machine, end: Instant, told: &mut String) {
    while let Some(now) = machine.deadline().filter(|&at| at <= end) {
        machine.timeout(now);
        drain(start, machine, now, told);
        assert_ne!(machine.deadline(), Some(now), "a deadline was handled and is still due");
    }
}

fn drain(start: Instant, machine: &mut dyn Machine, now: Instant, told: &mut String) {
    while let Some(output) = machine.output() {
        writeln!(told, "{}ms > {output}", (now - start).as_millis()).unwrap();
    }
}
