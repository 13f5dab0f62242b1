//! A gateway in a process of its own, so that its memory and CPU time are its own, and the crowds
//! that call it.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

pub(crate) mod crowd;
pub(crate) mod flood;
#[path = "../machine/mod.rs"]
mod machine;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::gateway_stage::quiet::Quiet;
use super::gateway_stage::{Folder, wait_until};

/// Where the child finds its configuration.
const FOLDER: &str = "ATTENDANT_LOAD_FOLDER";

/// The gateway's own end: answers questions until nobody asks any more. False where this process is
/// no [`Target`]'s.
pub(crate) fn serve() -> bool {
    let Some(dir) = std::env::var_os(FOLDER).map(PathBuf::from) else { return false };
    let gateway = Quiet::start_in(&dir);
    println!("ready");
    for line in std::io::stdin().lines() {
        assert_eq!(line.unwrap(), "facts");
        let (arrived, over) = gateway.counts();
        println!("{} {arrived} {over} {}", gateway.calls(), gateway.sip());
    }
    true
}

/// A gateway in a process of its own. It is ended, by its own process id, when dropped.
pub(crate) struct Target {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What it says of itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Facts {
    /// Calls at this moment.
    pub calls: usize,
    /// Calls that came in.
    pub arrived: usize,
    /// Calls that are over.
    pub over: usize,
    /// Dialogs, transactions and questions that SIP holds.
    pub sip: usize,
}

/// What a process has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    /// CPU time of all its threads.
    pub cpu: Duration,
    /// Resident memory in kB.
    pub resident: u64,
}

impl Target {
    /// Starts it and waits until it takes calls.
    pub(crate) fn start(folder: &Folder) -> Self {
        folder.fill_book();
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(FOLDER, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut target = Self { process, questions, answers };
        assert_eq!(target.answer(), "ready");
        target
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        let length = self.answers.read_line(&mut line).unwrap();
        assert!(length > 0, "the gateway has gone");
        line.trim().to_owned()
    }

    /// Asks how it is.
    pub(crate) fn facts(&mut self) -> Facts {
        writeln!(self.questions.as_mut().unwrap(), "facts").unwrap();
        let answer = self.answer();
        let mut numbers = answer.split(' ').map(|number| number.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Facts { calls: next(), arrived: next(), over: next(), sip: next() }
    }

    /// Waits until it is as it should be, and returns how it is.
    pub(crate) fn wait_for(&mut self, patience: Duration, fits: impl Fn(Facts) -> bool) -> Facts {
        let mut facts = Facts::default();
        wait_until(patience, || {
            facts = self.facts();
            fits(facts)
        });
        facts
    }

    /// Returns what it has used so far.
    pub(crate) fn used(&self) -> Used {
        used(self.process.id())
    }

    /// Returns how many files and sockets it has open.
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap().count()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Without questions it drains and ends.
        self.questions = None;
        let ended =
            wait_until(Duration::from_secs(15), || self.process.try_wait().unwrap().is_some());
        if !ended {
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// Returns what a process has used.
pub(crate) fn used(pid: u32) -> Used {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in parentheses may hold anything; what follows is numbers.
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let resident = machine::resident(pid);
    // Linux counts in hundredths of a second on every machine that we build for.
    Used { cpu: Duration::from_millis(ticks * 10), resident }
}
