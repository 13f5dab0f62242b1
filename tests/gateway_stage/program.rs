//! The program itself, `attendant run`, and what it says.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Folder, wait_until};

/// How long it may take to start, and to do as a signal says: an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command of the program said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub out: String,
    /// What it wrote to stderr.
    pub err: String,
}

/// Runs a command of the program to its end.
pub(crate) fn command(arguments: &[&str], dir: &Path) -> Said {
    let written = tempfile::tempdir().unwrap();
    let (out, err) = (written.path().join("out"), written.path().join("err"));
    let mut process = Command::new(env!("CARGO_BIN_EXE_attendant"))
        .args(arguments)
        .arg("--config")
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap();
    let mut status = None;
    let ended = wait_until(PATIENCE, || {
        status = process.try_wait().unwrap();
        status.is_some()
    });
    let (out, err) = (fs::read_to_string(out).unwrap(), fs::read_to_string(err).unwrap());
    if !ended {
        let _ = process.kill();
        let _ = process.wait();
        panic!("{arguments:?} does not end:\n{out}{err}");
    }
    Said { code: status.and_then(|status| status.code()), out, err }
}

/// A running `attendant run`. It is killed, by its own process id, when dropped.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    folder: &'a Folder,
    process: Child,
}

impl<'a> Program<'a> {
    /// Starts it and waits until it is ready for calls.
    pub(crate) fn start(folder: &'a Folder) -> Self {
        folder.prepare();
        let log = fs::File::create(folder.file("stderr")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_attendant"))
            .args(["run", "--config"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut program = Self { folder, process };
        let ready = wait_until(PATIENCE, || {
            let ended = program.process.try_wait().unwrap();
            assert!(ended.is_none(), "{}", program.log());
            program.get("/health").is_some_and(|answer| answer.ends_with("ready\n"))
        });
        assert!(ready, "{}", program.log());
        program
    }

    /// Returns what it has written to stderr.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.file("stderr")).unwrap_or_default()
    }

    /// Waits until it has logged this.
    pub(crate) fn logs(&self, words: &str) -> bool {
        wait_until(PATIENCE, || self.log().contains(words))
    }

    /// Sends it a signal: `HUP`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        let mut status = None;
        wait_until(PATIENCE, || {
            status = self.process.try_wait().unwrap();
            status.is_some()
        });
        status
    }

    /// Whether it is still there.
    pub(crate) fn lives(&mut self) -> bool {
        self.process.try_wait().unwrap().is_none()
    }

    /// Fetches a page of its metrics listener.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        self.folder.get(path)
    }

    /// Returns the value of a series, named with its labels as `/metrics` writes it.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        self.folder.metric(series)
    }

    /// Waits until a series has this value.
    pub(crate) fn counts(&self, series: &str, value: f64) -> bool {
        wait_until(PATIENCE, || self.metric(series) == Some(value))
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
