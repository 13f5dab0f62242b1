//! A server in a process of its own: this program once more, told by lines what to do.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::callers::Callers;
use super::{SERVER_CORE, SERVER_PRIORITY, give_up};

/// Set in the child: what it is.
const ROLE: &str = "MEDIA_STAGE_ROLE";

/// The role of this process, if it is a server.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Answers each line by `answer`, until nobody asks any more.
pub(crate) fn serve(mut answer: impl FnMut(&str) -> String) {
    println!("ready");
    for line in std::io::stdin().lines() {
        let Ok(line) = line else { return };
        println!("{}", answer(&line));
    }
}

/// The numbers of a line.
pub(crate) fn numbers<T: std::str::FromStr>(line: &str) -> Vec<T> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// A server. It is ended, by its own process id, when dropped.
pub(crate) struct Server {
    process: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Server {
    /// Starts one on the server's core. `real_time` for those that do not ask for it themselves.
    pub(crate) fn start(role: &str, real_time: bool) -> Self {
        let Ok(own) = std::env::current_exe() else { give_up("this program cannot be found") };
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", &SERVER_CORE.to_string()]);
        if real_time {
            command.args(["chrt", "--fifo", &SERVER_PRIORITY.to_string()]);
        }
        let started =
            command.arg(own).env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut process) = started else { give_up("a server cannot be started") };
        let (Some(questions), Some(answers)) = (process.stdin.take(), process.stdout.take()) else {
            give_up("a server cannot be spoken to")
        };
        let questions = Some(questions);
        let mut server = Self { process, questions, answers: BufReader::new(answers) };
        if server.answer() != "ready" {
            give_up("a server did not start");
        }
        server
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Asks, and waits for the answer.
    pub(crate) fn ask(&mut self, question: &str) -> String {
        let asked = self.questions.as_mut().map(|questions| writeln!(questions, "{question}"));
        if !matches!(asked, Some(Ok(()))) {
            give_up("the server has gone");
        }
        self.answer()
    }

    /// Adds callers, and a leg for each.
    pub(crate) fn take(&mut self, callers: &mut Callers, count: usize) {
        let ports: Vec<String> = callers.add(count, 0).iter().map(u16::to_string).collect();
        let answer = self.ask(&format!("open {}", ports.join(" ")));
        let ports = numbers(&answer);
        if ports.len() != count {
            give_up(&format!("the server took {} callers of {count}: {answer}", ports.len()));
        }
        callers.connect(&ports);
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(1..) => line.trim().to_owned(),
            _ => give_up("the server has gone"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Without questions it ends.
        self.questions = None;
        for _ in 0..100 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
