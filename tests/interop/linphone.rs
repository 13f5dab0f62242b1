//! linphonec without a sound card: WAV files as microphone and loudspeaker, driven by its standard input.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::free_port;

/// How long it may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running linphonec. It is killed, by its own process id, when dropped.
#[derive(Debug)]
pub(crate) struct Linphone {
    process: Child,
    folder: tempfile::TempDir,
}

impl Linphone {
    /// Starts it with one codec, by its name and rate in SDP, and with what it says: mono, 16 bit.
    pub(crate) fn start(codec: &str, rate: u32, says: &Path) -> Self {
        super::require("linphonec", "linphone-cli");
        let folder = tempfile::tempdir().unwrap();
        // Without a route to the world it thinks that there is no network, unless told not to look. What is not
        // named among its codecs is added to them, so that each has to be switched off.
        let port = free_port();
        let mut config = format!(
            "[sip]\nsip_port={}\nregister_only_when_network_is_up=0\nauto_net_state_mon=0\nuse_ipv6=0\nipv6_migration_done=1\nguess_hostname=0\n\
             contact=\"peer\" <sip:peer@127.0.0.1>\n[rtp]\naudio_rtp_port={}\n[video]\nenabled=0\n\
             automatically_initiate=0\nautomatically_accept=0\n",
            port,
            free_port() & !1,
        );
        let all = [
            ("PCMU", 8000),
            ("PCMA", 8000),
            ("G722", 8000),
            ("opus", 48_000),
            ("speex", 16_000),
            ("speex", 8000),
            ("GSM", 8000),
            ("G729", 8000),
            ("speex", 32_000),
        ];
        for (n, (name, rates)) in all.into_iter().enumerate() {
            let (channels, wanted) =
                (1 + u32::from(name == "opus"), name == codec && rates == rate);
            config += &format!(
                "[audio_codec_{n}]\nmime={name}\nrate={rates}\nchannels={channels}\nenabled={}\n",
                u8::from(wanted)
            );
        }
        fs::write(folder.path().join("rc"), config).unwrap();
        fs::create_dir_all(folder.path().join(".local/share/linphone")).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new("linphonec")
            .arg("-c")
            .arg(folder.path().join("rc"))
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut linphone = Self { process, folder };
        // It prompts before it listens.
        let begun = Instant::now();
        while !linphone.log().contains(&format!("sip port = {port}")) {
            assert!(begun.elapsed() < PATIENCE, "{}", linphone.log());
            linphone.command("ports");
            std::thread::sleep(Duration::from_millis(200));
        }
        linphone.command("soundcard use files");
        linphone.command(&format!("record {}", linphone.recording().display()));
        linphone.command(&format!("play {}", says.canonicalize().unwrap().display()));
        linphone
    }

    /// Gives a command, such as `call sip:900@127.0.0.1:5060` or `terminate`.
    pub(crate) fn command(&mut self, command: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{command}").unwrap();
    }

    /// Waits until it has written this.
    pub(crate) fn writes(&self, words: &str) -> bool {
        let begun = Instant::now();
        while !self.log().contains(words) {
            if begun.elapsed() > PATIENCE {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        true
    }

    /// Returns what it has written to its terminal.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Quits, and returns what it recorded with the rate of that.
    pub(crate) fn finish(mut self) -> (u32, Vec<i16>) {
        self.command("quit");
        let asked = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < PATIENCE, "linphonec does not quit:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut reader = hound::WavReader::open(self.recording()).unwrap();
        let spec = reader.spec();
        let samples = reader.samples().step_by(usize::from(spec.channels));
        (spec.sample_rate, samples.map(Result::unwrap).collect())
    }

    fn recording(&self) -> PathBuf {
        self.folder.path().join("heard.wav")
    }
}

impl Drop for Linphone {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
