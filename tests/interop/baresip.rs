//! baresip without a sound card: a generated configuration, a WAV file as its microphone, recordings
//! of both directions, driven by its control port (netstrings of JSON).

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{free_port, free_tcp_port};

/// How long baresip may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a phone is set up.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    /// The user part of its address.
    pub user: &'a str,
    /// What it says: mono, 16 bit, at `rate`. The call ends when the file does, so pad it with silence.
    pub says: &'a Path,
    /// The rate of its microphone and its loudspeaker.
    pub rate: u32,
    /// Registers there with this password, for example `127.0.0.1:5060`.
    pub registrar: Option<(&'a str, &'a str)>,
    /// Its codecs, best first.
    pub codecs: &'a str,
    /// Further parameters of its account, such as `;ptime=40`.
    pub account: &'a str,
    /// Further lines of its configuration.
    pub config: &'a str,
}

impl<'a> Setup<'a> {
    /// A phone that does not register.
    pub(crate) fn saying(says: &'a Path) -> Self {
        let codecs = "PCMU/8000/1,PCMA/8000/1";
        let (rate, registrar, account, config) = (8000, None, "", "");
        Self { user: "baresip", says, rate, registrar, codecs, account, config }
    }
}

/// What a phone recorded, its first channel.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Samples a second: those of the codec.
    pub rate: u32,
    /// What it sent.
    pub sent: Vec<i16>,
    /// What it received, after its own jitter buffer.
    pub received: Vec<i16>,
}

/// A running baresip. It is killed, by its own process id, when dropped.
#[derive(Debug)]
pub(crate) struct Baresip {
    process: Child,
    control: TcpStream,
    pending: Vec<u8>,
    port: u16,
    rtp: RangeInclusive<u16>,
    folder: tempfile::TempDir,
}

impl Baresip {
    /// Starts it and waits until it can be talked to. Its ports were free a moment ago: when somebody was quicker, it
    /// does not listen on them, and is started with others.
    pub(crate) fn start(setup: &Setup<'_>) -> Self {
        let mut said = String::new();
        for _ in 0..4 {
            match Self::start_once(setup) {
                Ok(phone) => return phone,
                Err(why) => said.push_str(&why),
            }
        }
        panic!("baresip does not start: {said}")
    }

    fn start_once(setup: &Setup<'_>) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let (port, control) = (free_port(), free_tcp_port());
        // Without an own range, two phones on one machine draw ports from the same.
        static PHONES: AtomicU16 = AtomicU16::new(0);
        let place = (std::process::id() % 50) as u16 * 80 + PHONES.fetch_add(40, Ordering::Relaxed);
        let first = 28_000 + place % 4_400;
        let rtp = first..=first + 38;
        write_configuration(folder.path(), setup, port, control, &rtp);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut process = Command::new("baresip")
            .arg("-4")
            .arg("-f")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let started = Instant::now();
        let said = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        let control = loop {
            match TcpStream::connect(("127.0.0.1", control)) {
                Ok(stream) => break stream,
                Err(error) if started.elapsed() > PATIENCE => {
                    let _ = (process.kill(), process.wait());
                    return Err(format!("{error}\n{}", said()));
                }
                Err(_) => {}
            }
            if let Some(ended) = process.try_wait().unwrap() {
                return Err(format!("{ended}\n{}", said()));
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        control.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        Ok(Self { process, control, pending: Vec::new(), port, rtp, folder })
    }

    /// Returns its SIP port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the ports that it takes for RTP and RTCP.
    pub(crate) fn rtp_ports(&self) -> RangeInclusive<u16> {
        self.rtp.clone()
    }

    /// Returns its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Calls somebody.
    pub(crate) fn dial(&mut self, uri: &str) {
        self.command("dial", uri);
    }

    /// Answers the call that rings.
    pub(crate) fn accept(&mut self) {
        self.command("accept", "");
    }

    /// Ends its call.
    pub(crate) fn hang_up(&mut self) {
        self.command("hangup", "");
    }

    /// Holds its call.
    pub(crate) fn hold(&mut self) {
        self.command("hold", "");
    }

    /// Goes on with it.
    pub(crate) fn resume(&mut self) {
        self.command("resume", "");
    }

    /// Presses a digit, `*` or `#`.
    pub(crate) fn press(&mut self, digit: char) {
        self.command("sndcode", &digit.to_string());
    }

    /// Gives a command such as `audio_debug` and returns what it says to that.
    pub(crate) fn ask(&mut self, command: &str) -> String {
        let json = serde_json::json!({ "command": command, "token": command }).to_string();
        write!(self.control, "{}:{json},", json.len()).unwrap();
        let answer = self.take(PATIENCE, |message| message["token"] == command);
        answer.and_then(|it| it["data"].as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Waits for an event such as `CALL_ESTABLISHED`, `CALL_CLOSED`, `REGISTER_OK`, `CALL_TRANSFER`;
    /// returns it, or `None` when it does not come in time. What comes before it is forgotten.
    pub(crate) fn wait_for(&mut self, kind: &str, patience: Duration) -> Option<Value> {
        self.take(patience, |message| message["event"] == true && message["type"] == kind)
    }

    /// Waits for a message that is wanted.
    fn take(&mut self, patience: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let started = Instant::now();
        while started.elapsed() < patience {
            while let Some(message) = self.take_message() {
                if wanted(&message) {
                    return Some(message);
                }
            }
            let mut buffer = [0; 4096];
            // A timeout is a look at the clock; the end of the stream is an end of waiting.
            match self.control.read(&mut buffer) {
                Ok(0) => return None,
                Ok(length) => self.pending.extend_from_slice(&buffer[..length]),
                Err(_) => {}
            }
        }
        None
    }

    /// Waits until it has written this to its terminal: it may register before an event of that can
    /// be waited for.
    pub(crate) fn writes(&self, words: &str, patience: Duration) -> bool {
        let started = Instant::now();
        while !self.log().contains(words) {
            if started.elapsed() > patience {
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

    /// Quits, so that the recordings are complete, and returns those of the last call.
    pub(crate) fn finish(mut self) -> Recorded {
        self.command("quit", "");
        let asked = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            assert!(asked.elapsed() < PATIENCE, "baresip does not quit:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        let recording = |end: &str| {
            let found = fs::read_dir(self.folder.path().join("recorded")).unwrap();
            let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
            paths.retain(|path| path.to_string_lossy().ends_with(end));
            paths.sort();
            // Each start of its audio begins another file, named by the second in which it did.
            let mut all = (0, Vec::new());
            for path in &paths {
                let mut reader = hound::WavReader::open(path).unwrap();
                let spec = reader.spec();
                let samples = reader.samples::<i16>().step_by(usize::from(spec.channels));
                all.1.extend(samples.map(Result::unwrap));
                assert!([0, spec.sample_rate].contains(&all.0), "one rate all the time");
                all.0 = spec.sample_rate;
            }
            assert!(!paths.is_empty(), "no {end}:\n{}", self.log());
            all
        };
        let ((rate, sent), (_, received)) = (recording("-enc.wav"), recording("-dec.wav"));
        Recorded { rate, sent, received }
    }

    fn command(&mut self, command: &str, params: &str) {
        let json = serde_json::json!({ "command": command, "params": params }).to_string();
        write!(self.control, "{}:{json},", json.len()).unwrap();
    }

    /// Takes a whole netstring off what was read: `12:{"a":"text"},`.
    fn take_message(&mut self) -> Option<Value> {
        let colon = self.pending.iter().position(|byte| *byte == b':')?;
        let length: usize = std::str::from_utf8(&self.pending[..colon]).ok()?.parse().ok()?;
        let end = colon + 1 + length;
        if self.pending.len() <= end {
            return None;
        }
        let message = serde_json::from_slice(&self.pending[colon + 1..end]).unwrap_or(Value::Null);
        self.pending.drain(..=end);
        Some(message)
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write_configuration(
    folder: &Path,
    setup: &Setup<'_>,
    port: u16,
    control: u16,
    rtp: &RangeInclusive<u16>,
) {
    let recorded = folder.join("recorded");
    fs::create_dir(&recorded).unwrap();
    let says = setup.says.canonicalize().unwrap();
    let (rate, more) = (setup.rate, setup.config);
    let mut config = String::new();
    for module in ["g711", "g722", "opus", "l16", "srtp", "aufile", "sndfile"] {
        writeln!(config, "module {module}.so").unwrap();
    }
    write!(
        config,
        "poll_method epoll\nnet_interface 127.0.0.1\nsip_listen 127.0.0.1:{port}\n\
         rtp_ports {}-{}\nmodule_path /usr/lib/baresip/modules\n\
         module_tmp uuid.so\nmodule_tmp account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\n\
         ctrl_tcp_listen 127.0.0.1:{control}\n\
         audio_source aufile,{}\naudio_player aufile,{}\naudio_alert aufile,{}\n\
         ausrc_srate {rate}\nauplay_srate {rate}\nausrc_channels 1\nauplay_channels 1\n\
         audio_buffer 20-160\ncall_max_calls 4\nsnd_path {}\n{more}\n",
        rtp.start(),
        rtp.end(),
        says.display(),
        folder.join("played.wav").display(),
        folder.join("alert.wav").display(),
        recorded.display(),
    )
    .unwrap();
    let Setup { user, codecs, account: more, .. } = setup;
    let account = match setup.registrar {
        Some((registrar, password)) => {
            format!(
                "<sip:{user}@{registrar}>;auth_pass={password};regint=60;audio_codecs={codecs}{more}"
            )
        }
        None => format!("<sip:{user}@127.0.0.1:{port}>;regint=0;audio_codecs={codecs}{more}"),
    };
    fs::write(folder.join("config"), config).unwrap();
    fs::write(folder.join("accounts"), account + "\n").unwrap();
    fs::write(folder.join("contacts"), "").unwrap();
}
