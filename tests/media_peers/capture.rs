//! What is on the wire, captured by dumpcap and read by tshark: neither of them is ours.

use std::fs;
use std::net::UdpSocket;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::packets::{FIELDS, Row};

/// How long dumpcap may take to begin, and to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where nobody listens (discard): what is sent there is decoded as nothing.
const NOBODY: u16 = 9;

/// A capture of the RTP to and from a range of ports. It is killed, by its own process id, when dropped.
pub(crate) struct Capture {
    process: Child,
    folder: tempfile::TempDir,
    ports: RangeInclusive<u16>,
}

impl Capture {
    /// Begins to capture on loopback.
    pub(crate) fn start(ports: RangeInclusive<u16>) -> Self {
        super::interop::require("tshark", "tshark");
        let folder = tempfile::tempdir().unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new("dumpcap")
            .args(["-q", "-i", "lo", "-f"])
            .arg(format!(
                "udp portrange {}-{} or udp dst port {NOBODY}",
                ports.start(),
                ports.end()
            ))
            .arg("-w")
            .arg(folder.path().join("file.pcapng"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("dumpcap does not run ({error}): apt-get install tshark")
            });
        let mut capture = Self { process, folder, ports };
        let begun = Instant::now();
        // It names its file when it has opened the interface.
        while !capture.log().contains("File: ") {
            let ended = capture.process.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "dumpcap may not capture on lo. Run the tests as root, or give it leave: \
                 setcap cap_net_raw+ep $(command -v dumpcap)\n{}",
                capture.log()
            );
            std::thread::sleep(Duration::from_millis(30));
        }
        capture
    }

    /// Ends, and returns every packet of RTP.
    pub(crate) fn finish(mut self) -> Vec<Row> {
        self.end();
        let mut tshark = Command::new("tshark");
        tshark.arg("-n").arg("-r").arg(self.file()).args(["-Y", "rtp", "-T", "fields"]);
        for port in self.ports.clone().step_by(2) {
            tshark.args(["-d", &format!("udp.port=={port},rtp")]);
        }
        // The payload type of telephone events has to be told.
        tshark.args(["-d", "rtp.pt==101,rtpevent"]);
        for field in FIELDS {
            tshark.args(["-e", field]);
        }
        let said = tshark.stdin(Stdio::null()).output().unwrap();
        assert!(said.status.success(), "tshark: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).lines().filter_map(Row::parse).collect()
    }

    /// Ends, and returns every packet of RTCP as tshark reads it: ports, and these fields, where there are
    /// several of a kind with commas between them.
    pub(crate) fn reports(mut self, fields: &[&str]) -> Vec<Vec<String>> {
        self.end();
        let mut tshark = Command::new("tshark");
        tshark.arg("-n").arg("-r").arg(self.file()).args(["-Y", "rtcp", "-T", "fields"]);
        for port in self.ports.clone().skip(1).step_by(2) {
            tshark.args(["-d", &format!("udp.port=={port},rtcp")]);
        }
        for field in ["udp.srcport"].iter().chain(fields) {
            tshark.args(["-e", field]);
        }
        let said = tshark.stdin(Stdio::null()).output().unwrap();
        assert!(said.status.success(), "tshark: {}", String::from_utf8_lossy(&said.stderr));
        let said = String::from_utf8_lossy(&said.stdout);
        said.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
    }

    /// Ends: what was sent by now is in the file.
    fn end(&mut self) {
        // Packets come to it in their order: behind them all a word of our own.
        let word = self.folder.path().as_os_str().as_bytes().to_vec();
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let asked = Instant::now();
        let is_in = |all: Vec<u8>| all.windows(word.len()).any(|it| it == word);
        while !fs::read(self.file()).is_ok_and(is_in) {
            assert!(asked.elapsed() < PATIENCE, "dumpcap does not write:\n{}", self.log());
            // That nobody takes it is told of the one before; it was on the wire.
            let _ = socket.send_to(&word, ("127.0.0.1", NOBODY));
            std::thread::sleep(Duration::from_millis(50));
        }
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
        let asked = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < PATIENCE, "dumpcap does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("file.pcapng")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
