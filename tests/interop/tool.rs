//! Tools that run to their end by themselves: sipsak, SIPVicious.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a tool said.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its exit code; `None` if it was killed because it did not end.
    pub code: Option<i32>,
    /// What it wrote, stdout first.
    pub text: String,
}

/// Runs a tool to its end, or kills it, by its own process id, when time is up.
pub(crate) fn run(program: &str, arguments: &[&str], patience: Duration) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    let mut process = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(fs::File::create(&out).unwrap())
        .stderr(fs::File::create(&err).unwrap())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} does not run ({error}): make setup"));
    let started = Instant::now();
    let code = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status.code();
        }
        if started.elapsed() > patience {
            let _ = process.kill();
            let _ = process.wait();
            break None;
        }
        std::thread::sleep(Duration::from_millis(30));
    };
    let read = |path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    Said { code, text: read(&out) + &read(&err) }
}
