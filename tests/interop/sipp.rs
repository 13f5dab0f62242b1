//! SIPp as a load of calls: INVITE, ACK, a pause, BYE, by its built-in scenario.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::free_port;

/// A load of calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    /// Whom.
    pub target: SocketAddr,
    /// The user that is dialled.
    pub dials: &'a str,
    /// How many calls in all.
    pub calls: u32,
    /// How many are begun a second.
    pub a_second: u32,
    /// How long each is held.
    pub held: Duration,
}

/// What came of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct LoadReport {
    /// Calls that went through the whole scenario.
    pub successful: u32,
    /// Calls that did not.
    pub failed: u32,
    /// Requests that had to be repeated.
    pub repeated: u32,
    /// What SIPp says went wrong.
    pub errors: String,
}

/// Runs a load to its end. SIPp ends by itself: it gives up so long after the last call was due.
pub(crate) fn run(load: &Load<'_>) -> LoadReport {
    let folder = tempfile::tempdir().unwrap();
    let (statistics, errors) = (folder.path().join("stat.csv"), folder.path().join("errors"));
    let due = Duration::from_secs(u64::from(load.calls / load.a_second.max(1))) + load.held;
    let ended = Command::new("sipp")
        .args(["-sn", "uac", "-nostdin", "-i", "127.0.0.1"])
        .args(["-p", &free_port().to_string(), "-mp", &free_port().to_string()])
        .args(["-s", load.dials, "-m", &load.calls.to_string(), "-r", &load.a_second.to_string()])
        .args(["-d", &load.held.as_millis().to_string()])
        .args(["-l", &load.calls.to_string()])
        .args(["-timeout", &format!("{}s", due.as_secs() + 40)])
        .arg("-trace_stat")
        .arg("-stf")
        .arg(&statistics)
        .arg("-trace_err")
        .arg("-error_file")
        .arg(&errors)
        .arg(load.target.to_string())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let table = fs::read_to_string(&statistics).unwrap_or_default();
    let count = |name: &str| last_of_column(&table, name).unwrap_or_default();
    let mut report = LoadReport {
        successful: count("SuccessfulCall(C)"),
        failed: count("FailedCall(C)"),
        repeated: count("Retransmissions(C)"),
        errors: fs::read_to_string(&errors).unwrap_or_default(),
    };
    if table.is_empty() {
        report.errors = format!("no statistics; SIPp ended with {ended}\n{}", report.errors);
    }
    report
}

/// A SIPp that answers calls by its built-in scenario; killed, by its own process id, when dropped.
#[derive(Debug)]
pub(crate) struct Answering {
    process: Child,
    folder: tempfile::TempDir,
    /// Where it answers.
    pub address: SocketAddr,
}

impl Answering {
    /// Starts it.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let process = Command::new("sipp")
            .args(["-sn", "uas", "-nostdin", "-i", "127.0.0.1"])
            .args(["-p", &address.port().to_string(), "-mp", &free_port().to_string()])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, folder, address }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the last value of a column of SIPp's statistics, which are separated by semicolons.
fn last_of_column(table: &str, name: &str) -> Option<u32> {
    let column = table.lines().next()?.split(';').position(|title| title == name)?;
    table.lines().last()?.split(';').nth(column)?.trim().parse().ok()
}
