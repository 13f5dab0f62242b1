//! The observer: dumpcap on loopback, which knows nothing of us.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::super::wire::{self, Datagram};
use super::Failure;

/// How long dumpcap may take to begin, and a process to end on a busy machine: a gateway drains for 10 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running capture. It is ended, by its own process id, when dropped.
pub(super) struct Capture {
    process: Child,
    file: PathBuf,
    log: PathBuf,
}

impl Capture {
    /// Begins to capture the UDP packets of some ports on loopback.
    pub(super) fn start(folder: &Path, ports: &RangeInclusive<u16>) -> Result<Self, Failure> {
        let (file, log) = (folder.join("wire.pcap"), folder.join("dumpcap.log"));
        let process = Command::new("dumpcap")
            .args(["-q", "-P", "-B", "16", "-i", "lo", "-f"])
            .arg(format!("udp portrange {}-{}", ports.start(), ports.end()))
            .arg("-w")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    "dumpcap is not installed: apt-get install tshark".into()
                }
                _ => Failure::from(error),
            })?;
        let mut capture = Self { process, file, log };
        let begun = Instant::now();
        // It names its file when it has opened the interface.
        while !capture.said().contains("File: ") {
            if capture.process.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
                return Err(format!(
                    "dumpcap may not capture on lo; run this as root, or give it leave with \
                     `setcap cap_net_raw+ep $(command -v dumpcap)`: {}",
                    capture.said().trim()
                )
                .into());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(capture)
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends, and returns all packets.
    pub(super) fn finish(mut self) -> Result<Vec<Datagram>, Failure> {
        // What was sent by now is still on its way to the file.
        std::thread::sleep(Duration::from_millis(1500));
        end(&mut self.process, "INT")?;
        read(&self.file)
    }
}

/// Reads the packets of a capture.
pub(super) fn read(file: &Path) -> Result<Vec<Datagram>, Failure> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(wire::read(&bytes)?)
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks a child to end, and waits for it.
pub(super) fn end(child: &mut Child, signal: &str) -> Result<(), Failure> {
    let pid = child.id().to_string();
    Command::new("kill").args(["-s", signal, &pid]).status()?;
    let asked = Instant::now();
    while child.try_wait()?.is_none() {
        if asked.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Err(format!("process {pid} did not end in {} s", PATIENCE.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    Ok(())
}
