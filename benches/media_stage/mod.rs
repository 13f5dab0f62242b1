//! What the media benches share: callers with the kernel's time stamps, servers in processes of
//! their own, and what Linux says that each has used.
//!
//! Two cores are needed: the server's media thread has one, callers and the agent have the other.
#![allow(dead_code, reason = "each bench uses its part")]

pub(crate) mod callers;
pub(crate) mod floor;
pub(crate) mod ours;
pub(crate) mod relay;
pub(crate) mod server;
pub(crate) mod voice;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};

/// Where servers run.
pub(crate) const SERVER_CORE: usize = 0;
/// Where callers run, and whatever is not measured.
pub(crate) const CALLER_CORE: usize = 1;
/// The real-time priority of our media threads, and so of all servers.
pub(crate) const SERVER_PRIORITY: u32 = 10;
/// Callers stop for nobody either.
const CALLER_PRIORITY: u32 = 10;

/// A measurement that cannot be made: says why, and ends the bench.
pub(crate) fn give_up(why: &str) -> ! {
    eprintln!("not measured: {why}");
    // Not by an exit: what was started is ended by those who started it.
    std::panic::resume_unwind(Box::new(()))
}

/// Ends the bench unless `program` is there.
pub(crate) fn need(program: &str, package: &str) {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()));
    if !found {
        give_up(&format!("{program} is missing: `make bench` installs it (package {package})"));
    }
}

/// Ends the bench where two cores are not to be had.
pub(crate) fn need_two_cores() {
    need("taskset", "util-linux");
    need("chrt", "util-linux");
    if std::thread::available_parallelism().map_or(1, usize::from) < 2 {
        give_up("two cores are needed, one for the server and one for its callers");
    }
}

/// The verdict of one line.
pub(crate) fn verdict(good: bool) -> &'static str {
    if good { "within budget" } else { "OVER BUDGET" }
}

/// Makes this thread one that calls: on its core, and interrupted by nobody if that is granted.
pub(crate) fn become_caller() {
    pin(thread_id(), CALLER_CORE);
    if !schedule("--fifo", CALLER_PRIORITY, thread_id()) {
        println!("no real-time scheduling for the callers: deviations are theirs as well");
    }
}

/// The kernel's number of this thread.
pub(crate) fn thread_id() -> u32 {
    let link = fs::read_link("/proc/thread-self").unwrap_or_default();
    let number = link.file_name().and_then(|name| name.to_str()?.parse().ok());
    number.unwrap_or_else(|| give_up("/proc/thread-self cannot be read"))
}

/// Ties a thread to a core.
pub(crate) fn pin(thread: u32, core: usize) {
    let arguments = ["--cpu-list", "--pid", &core.to_string(), &thread.to_string()];
    if !quietly("taskset", &arguments) {
        give_up(&format!("thread {thread} cannot be tied to core {core}"));
    }
}

/// Asks for a scheduling class, for this thread and none that it starts; whether it was granted.
pub(crate) fn schedule(class: &str, priority: u32, thread: u32) -> bool {
    let (priority, thread) = (priority.to_string(), thread.to_string());
    quietly("chrt", &["--reset-on-fork", class, "--pid", &priority, &thread])
}

fn quietly(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// CPU time of a thread, to the nanosecond.
fn cpu_of_task(task: &Path) -> Duration {
    let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let first = text.split(' ').next().and_then(|ns| ns.parse().ok());
    Duration::from_nanos(first.unwrap_or(0))
}

/// CPU time of the threads of a process whose names begin with `name`; `""` for all of them.
pub(crate) fn cpu(process: u32, name: &str) -> Duration {
    tasks(process)
        .iter()
        .filter(|task| {
            fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.starts_with(name))
        })
        .map(|task| cpu_of_task(task))
        .sum()
}

/// How long the two cores wanted to run and were not let, by whoever owns the machine.
pub(crate) fn stolen() -> Duration {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let of = |core: usize| {
        let line = text.lines().find(|line| line.starts_with(&format!("cpu{core} ")))?;
        line.split_whitespace().nth(8)?.parse::<u64>().ok()
    };
    let ticks: u64 = [SERVER_CORE, CALLER_CORE].into_iter().filter_map(of).sum();
    // Of a hundredth of a second, on every machine that this runs on.
    Duration::from_millis(10 * ticks)
}

fn tasks(process: u32) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(format!("/proc/{process}/task")) else { return vec![] };
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Resident memory of a process, in KB of 1,024 bytes.
pub(crate) fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    number.unwrap_or_else(|| give_up("the server has gone"))
}

/// A clock that absolute sleeps are told by.
pub(crate) fn monotonic() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from)
}

/// Sleeps until then, by [`monotonic`].
pub(crate) fn sleep_until(then: Duration) {
    let (clock, flag) = (ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME);
    let _ = clock_nanosleep(clock, flag, &TimeSpec::from(then));
}

/// The middle one of an odd number of figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
