//! A whole gateway for tests: a configuration folder with a seeded clinic on free loopback ports,
//! run in this process ([`running::Inside`]; [`quiet::Quiet`] without speech) or as the program itself
//! ([`program::Program`]).
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

pub(crate) mod program;
pub(crate) mod quiet;
pub(crate) mod running;
pub(crate) mod sound;
pub(crate) mod wire;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use attendant::base::Secret;
use attendant::config::{Book, Config, templates};
use attendant::engines::models::{self, Progress};
use attendant::practice::seed::{self, Clinic};
use attendant::store::Store;

/// The user that a softphone registers as, and its password.
pub(crate) const USER: &str = "1000";
pub(crate) const PASSWORD: &str = "seven-willows";
/// What reaches the agent.
pub(crate) const NUMBER: &str = "900";
/// The clinic of `attendant demo`.
const SEED: u64 = 20_260_101;
/// RTP ports below those that the system gives to clients.
const RTP_PORTS: RangeInclusive<u16> = 24_000..=24_399;

/// Files that replace or change what [`Folder::new`] writes.
pub(crate) const NODE: &str = "attendant.toml";
pub(crate) const PROFILE: &str = "sip-profiles/demo.toml";
pub(crate) const PLAN: &str = "dialplans/front-desk.toml";

/// Lets one test at a time make sound: two gateways on two cores would both stutter.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static SOUND: Mutex<()> = Mutex::new(());
    // A test that failed has left nothing behind that the next one could trip over.
    SOUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where one gateway's configuration and data are.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: tempfile::TempDir,
    /// Where it listens for SIP.
    pub sip: SocketAddr,
    /// Where it serves `/metrics`.
    pub metrics: SocketAddr,
}

impl Folder {
    /// Writes the files of a demonstration: softphones of this machine may register and call.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let sip = free.local_addr().unwrap();
        let metrics = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let params = templates::DemoParams {
            sip,
            // Nobody is there: calls that are handed over come back.
            peer: ([127, 0, 0, 1], 9).into(),
            rtp_ports: RTP_PORTS,
            metrics: Some(metrics),
            data: dir.path().join("data"),
            models: models::default_dir(),
            user: USER.into(),
            password: Secret::new(PASSWORD),
            number: NUMBER.into(),
            time_zone: "America/Chicago".into(),
        };
        let folder = Self { dir, sip, metrics };
        for (path, text) in templates::demo_files(&params) {
            folder.write(&path, &text);
        }
        folder
    }

    /// The same with a trunk instead: calls from 127.0.0.1 are taken without a password.
    pub(crate) fn trunk() -> Self {
        let folder = Self::new();
        folder.write(
            PROFILE,
            "preset   = \"generic\"\ndialplan = \"front-desk\"\n\n\
             [peer]\nhost  = \"127.0.0.1:9\"\nallow = [\"127.0.0.1/32\"]\nping  = \"off\"\n\n\
             [limits]\ncalls = 200\n\n[transfer]\nallow = [\"_1XX\"]\n",
        );
        folder
    }

    /// Returns the configuration directory.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Returns the path of a file in it.
    pub(crate) fn file(&self, path: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file of the configuration.
    pub(crate) fn write(&self, path: impl AsRef<Path>, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a passage of a file.
    pub(crate) fn change(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(path)).unwrap();
        assert!(text.contains(from), "{from:?} is not in {path}:\n{text}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Adds to the end of a file.
    pub(crate) fn append(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.file(path)).unwrap();
        self.write(path, &format!("{before}\n{text}"));
    }

    /// Fetches a page of the gateway's metrics listener.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.metrics).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// Returns the value of a series, named with its labels as `/metrics` writes it.
    pub(crate) fn metric(&self, series: &str) -> Option<f64> {
        let page = self.get("/metrics")?;
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.trim().parse().ok()
    }

    /// Reads the files.
    pub(crate) fn config(&self) -> Config {
        Config::load(self.path()).unwrap_or_else(|errors| panic!("{errors}"))
    }

    /// Makes sure of the speech models, and fills the practice book unless there is one.
    pub(crate) fn prepare(&self) {
        models::ensure(&models::default_dir(), Progress::Quiet).unwrap();
        self.fill_book();
    }

    /// Returns where its data is.
    pub(crate) fn config_data(&self) -> PathBuf {
        Config::data_dir(self.path()).unwrap()
    }

    /// Fills the practice book unless there is one.
    pub(crate) fn fill_book(&self) {
        let Book::BuiltIn { path } = self.config().node.book;
        if path.exists() {
            return;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(&path).await.unwrap();
            store.seed(&clinic()).await.unwrap();
            store.close().await;
        });
    }
}

/// Returns the clinic that the book is filled with.
pub(crate) fn clinic() -> Clinic {
    let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
    seed::clinic(SEED, jiff::Timestamp::now().to_zoned(zone).date())
}

/// Looks again and again until it is so, and says whether it came to be.
pub(crate) fn wait_until(patience: Duration, mut so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if so() {
            return true;
        }
        if begun.elapsed() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
