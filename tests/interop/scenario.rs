//! Scenario files for SIPp, and what stands in their first comment: how the test sets the stage, and
//! what must come of it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// How long one scenario may take; the longest waits for a few timers.
const PATIENCE: Duration = Duration::from_secs(40);

/// Returns the first of the four ports that a SIPp wants for sound, below those of the system.
fn sound_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = 14_000 + u16::try_from(std::process::id() % 200).unwrap() * 40;
    own + NEXT.fetch_add(1, Ordering::Relaxed) % 1000 * 4
}

/// Returns a port that nobody has, by UDP or TCP, and that the system gives nobody by itself: whoever asks over TCP
/// whether a port of the system's listens may be given that very port to ask from.
fn sip_port(ip: &str) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let own = u16::try_from(std::process::id() % 40).unwrap() * 100;
    loop {
        let port = 10_000 + (own + NEXT.fetch_add(1, Ordering::Relaxed)) % 4000;
        if UdpSocket::bind((ip, port)).is_ok() && TcpListener::bind((ip, port)).is_ok() {
            return port;
        }
    }
}

/// A scenario file.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    /// The file's name without its ending.
    pub name: String,
    path: PathBuf,
    directives: Vec<(String, String)>,
}

/// What came of one.
#[derive(Debug)]
pub(crate) struct Played {
    /// Whether every call went as the file says.
    pub ok: bool,
    /// SIPp's exit code, its complaint, and the last messages.
    pub report: String,
}

/// A SIPp that plays a scenario. It is killed, by its own process id, when dropped.
#[derive(Debug)]
pub(crate) struct Player {
    process: Child,
    folder: tempfile::TempDir,
    started: Instant,
    by_tcp: bool,
    /// Where it is reached.
    pub address: SocketAddr,
}

/// Reads all scenario files, in the order of their names.
pub(crate) fn all() -> Vec<Scenario> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "xml"));
    paths.sort();
    paths.into_iter().map(Scenario::read).collect()
}

impl Scenario {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let comment = text.split("<!--").nth(1).and_then(|rest| rest.split("-->").next());
        let comment = comment.unwrap_or_else(|| panic!("{} has no comment", path.display()));
        let directives = comment.lines().filter_map(|line| {
            let (key, value) = line.trim().split_once(": ")?;
            let is_key = key.bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            is_key.then(|| (key.to_owned(), value.trim().to_owned()))
        });
        let directives = directives.collect();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Self { name, path, directives }
    }

    /// Returns the value of a directive.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// Returns all values of a directive.
    pub(crate) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        let found = self.directives.iter().filter(move |(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    /// The same, played over TCP.
    pub(crate) fn by_tcp(mut self) -> Self {
        self.directives.push(("transport".into(), "t1".into()));
        self
    }

    /// Whether it is played over TCP.
    pub(crate) fn is_by_tcp(&self) -> bool {
        self.get("transport") == Some("t1")
    }

    /// Whether it belongs on this stage.
    pub(crate) fn is_for(&self, stage: &str) -> bool {
        self.get("stage") == Some(stage)
    }

    /// Starts SIPp on this address of loopback. It calls `target`, or waits for a call where that is `None`.
    pub(crate) fn start(&self, ip: &str, target: Option<SocketAddr>) -> Player {
        self.start_by(ip, target, None)
    }

    /// As [`Self::start`]; everything is sent to a proxy.
    pub(crate) fn start_by(
        &self,
        ip: &str,
        target: Option<SocketAddr>,
        proxy: Option<SocketAddr>,
    ) -> Player {
        let folder = tempfile::tempdir().unwrap();
        let address: SocketAddr = format!("{ip}:{}", sip_port(ip)).parse().unwrap();
        let mut command = Command::new("sipp");
        command.arg("-sf").arg(&self.path).args(["-m", "1", "-nostdin", "-i", ip, "-mi", ip]);
        command.args(["-p", &address.port().to_string(), "-mp", &sound_port().to_string()]);
        command.args(["-s", self.get("dials").unwrap_or("900")]);
        command.args(["-t", self.get("transport").unwrap_or("u1")]);
        command.args(["-timeout", "30s", "-timeout_error", "-recv_timeout", "25000"]);
        command.args(["-trace_err", "-error_file", "errors"]);
        command.args(["-trace_msg", "-message_file", "messages"]);
        if let Some((user, password)) = self.get("sipp-login").and_then(|it| it.split_once(' ')) {
            command.args(["-au", user, "-ap", password]);
        }
        if let Some(proxy) = proxy {
            command.args(["-rsa", &proxy.to_string()]);
        }
        command.args(target.map(|target| target.to_string()));
        let process = command
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let (started, by_tcp) = (Instant::now(), self.is_by_tcp());
        Player { process, folder, started, by_tcp, address }
    }
}

impl Player {
    /// Waits until it has opened its port.
    pub(crate) fn listens(&self) {
        let closed = || match self.by_tcp {
            true => TcpStream::connect(self.address).is_err(),
            false => UdpSocket::bind(self.address).is_ok(),
        };
        while closed() {
            assert!(self.started.elapsed() < PATIENCE, "SIPp does not listen: {}", self.report());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Played {
        let status = loop {
            match self.process.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if self.started.elapsed() > PATIENCE => break None,
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let ok = status.is_some_and(|status| status.success());
        let ended =
            status.map_or_else(|| "it did not end".to_owned(), |it: ExitStatus| it.to_string());
        Played { ok, report: format!("{ended}\n{}", self.report()) }
    }

    fn report(&self) -> String {
        let read = |name: &str| {
            let bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let messages = read("messages");
        let from = messages.len().saturating_sub(6000);
        let from = (from..).find(|at| messages.is_char_boundary(*at)).unwrap_or(0);
        format!("{}{}\n{}", read("errors"), read("stderr"), &messages[from..])
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
