//! A caller of few words for recordings: a socket that sends a script or what it hears, and `age` to open what was kept.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::VecDeque;
use std::f64::consts::TAU;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use attendant::codec::Law;

/// Samples of 20 ms at 8 kHz.
pub(crate) const FRAME: usize = 160;

/// A key pair of age, as `age-keygen` makes it.
pub(crate) struct Keys {
    dir: tempfile::TempDir,
    pub(crate) public: String,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let made = Command::new("age-keygen").arg("-o").arg(&file).output();
        let made = made.unwrap_or_else(|e| panic!("age-keygen does not run ({e}): make setup"));
        let said = String::from_utf8(made.stderr).unwrap();
        let public = said.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(public.starts_with("age1"), "{said}");
        Self { dir, public }
    }

    /// Opens a file with the program `age`; what it wrote, and whether it says that this is all.
    pub(crate) fn open(&self, file: &Path) -> (Vec<u8>, bool) {
        let out = Command::new("age")
            .arg("-d")
            .arg("-i")
            .arg(self.dir.path().join("key"))
            .stdin(std::fs::File::open(file).unwrap())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        (out.stdout, out.status.success())
    }
}

/// A recording, opened: both sides at its rate.
pub(crate) struct Opened {
    pub(crate) hertz: u32,
    pub(crate) left: Vec<i16>,
    pub(crate) right: Vec<i16>,
}

/// Reads a WAV file by FFmpeg, which is what people play it with.
pub(crate) fn read_wav(bytes: &[u8]) -> Opened {
    let dir = tempfile::tempdir().unwrap();
    let (wav, raw) = (dir.path().join("a.wav"), dir.path().join("a.raw"));
    std::fs::write(&wav, bytes).unwrap();
    let run = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-i"])
        .arg(&wav)
        .args(["-f", "s16le", "-c:a", "pcm_s16le"])
        .arg(&raw)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let hertz = u32::from_le_bytes(bytes[24..28].try_into().unwrap());
    assert_eq!(&bytes[22..24], [2, 0], "two channels");
    let pcm = std::fs::read(raw).unwrap();
    let samples: Vec<_> = pcm.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
    let side = |at| samples.iter().skip(at).step_by(2).copied().collect();
    Opened { hertz, left: side(0), right: side(1) }
}

/// Finds the recordings below a directory that are whole, or with `open` those that are not.
pub(crate) fn recordings(directory: &Path, open: bool) -> Vec<PathBuf> {
    let end = if open { ".wav.age.part" } else { ".wav.age" };
    let all = attendant::recording::list(directory).unwrap();
    all.into_iter()
        .map(|it| it.sound)
        .filter(|path| path.to_str().unwrap().ends_with(end))
        .collect()
}

/// A telephone's RTP.
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    heard: Arc<Mutex<Vec<i16>>>,
    script: Arc<Mutex<VecDeque<i16>>>,
    mirrors: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Caller {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let address = socket.local_addr().unwrap();
        let (heard, script) = <(Arc<Mutex<Vec<i16>>>, Arc<Mutex<VecDeque<i16>>>)>::default();
        let (mirrors, over) = <(Arc<AtomicBool>, Arc<AtomicBool>)>::default();
        let line = Line {
            socket,
            heard: Arc::clone(&heard),
            script: Arc::clone(&script),
            mirrors: Arc::clone(&mirrors),
            over: Arc::clone(&over),
        };
        let thread = Some(std::thread::spawn(move || line.run()));
        Self { address, heard, script, mirrors, over, thread }
    }

    /// The media line of its SDP.
    pub(crate) fn media(&self) -> String {
        format!(
            "m=audio {} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n",
            self.address.port()
        )
    }

    /// Sends back what it hears, or does not.
    pub(crate) fn mirror(&self, on: bool) {
        self.mirrors.store(on, SeqCst);
    }

    /// Says this after what it is saying.
    pub(crate) fn say(&self, sound: impl IntoIterator<Item = i16>) {
        self.script.lock().unwrap().extend(sound);
    }

    /// Whether all was said.
    pub(crate) fn is_silent(&self) -> bool {
        self.script.lock().unwrap().is_empty()
    }

    /// What it has heard so far.
    pub(crate) fn heard(&self) -> Vec<i16> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
        let _ = self.thread.take().unwrap().join();
    }
}

struct Line {
    socket: UdpSocket,
    heard: Arc<Mutex<Vec<i16>>>,
    script: Arc<Mutex<VecDeque<i16>>>,
    mirrors: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
}

impl Line {
    fn run(self) {
        let (begun, mut number, mut to) = (Instant::now(), 0_u32, None);
        let mut back = VecDeque::new();
        while !self.over.load(SeqCst) {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = self.socket.recv_from(&mut packet) {
                to = Some(from);
                if packet[1] & 0x7f != 0 {
                    continue;
                }
                let samples = packet[12..length].iter().map(|&code| Law::Mu.decode(code));
                self.heard.lock().unwrap().extend(samples);
                if self.mirrors.load(SeqCst) {
                    back.extend(packet[12..length].iter().copied());
                }
            }
            if let Some(to) = to {
                let payload = self.frame(&mut back);
                let mut rtp = vec![0x80, 0];
                rtp.extend((number as u16).to_be_bytes());
                rtp.extend((number * FRAME as u32).to_be_bytes());
                rtp.extend(77_u32.to_be_bytes());
                rtp.extend(payload);
                let _ = self.socket.send_to(&rtp, to);
            }
            number += 1;
            let due = begun + Duration::from_millis(20) * number;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
}

impl Line {
    /// Returns the next 20 ms: what is to be said, what is to be sent back, or silence.
    fn frame(&self, back: &mut VecDeque<u8>) -> Vec<u8> {
        let mut script = self.script.lock().unwrap();
        if !script.is_empty() {
            let samples = (0..FRAME).map(|_| script.pop_front().unwrap_or(0));
            return samples.map(|sample| Law::Mu.encode(sample)).collect();
        }
        match back.len() >= FRAME {
            true => back.drain(..FRAME).collect(),
            false => vec![Law::Mu.silence(); FRAME],
        }
    }
}

/// A tone of 8 kHz samples.
pub(crate) fn tone(hertz: f64, ms: usize) -> impl Iterator<Item = i16> {
    (0..ms * 8).map(move |i| (8000.0 * (TAU * hertz * i as f64 / 8000.0).sin()) as i16)
}

/// Silence of 8 kHz samples.
pub(crate) fn pause(ms: usize) -> impl Iterator<Item = i16> {
    std::iter::repeat_n(0, ms * 8)
}

/// The part of a stretch's power that is at a frequency, 0 to 1; 0 where there is silence.
pub(crate) fn share(samples: &[i16], hertz: f64, rate: u32) -> f64 {
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (i, &sample) in samples.iter().enumerate() {
        let (s, c) = (TAU * hertz * i as f64 / f64::from(rate)).sin_cos();
        let sample = f64::from(sample);
        sine += sample * s;
        cosine += sample * c;
        power += sample * sample;
    }
    let length = samples.len() as f64;
    match power / length > 100.0 * 100.0 {
        true => 2.0 * (sine * sine + cosine * cosine) / (power * length),
        false => 0.0,
    }
}

/// Whether a tone of some length stands out somewhere.
pub(crate) fn holds(samples: &[i16], hertz: f64, rate: u32, ms: usize) -> bool {
    let window = rate as usize * ms / 1000;
    samples.windows(window).step_by(window / 8).any(|part| share(part, hertz, rate) > 0.5)
}

/// The two tones of a telephone's key (ITU-T Q.23), 80 ms, and the pause after it.
pub(crate) fn key(digit: char) -> Vec<i16> {
    let (low, high) = key_tones(digit);
    let both = tone(low, 80).zip(tone(high, 80)).map(|(low, high)| low / 2 + high / 2);
    both.chain(pause(70)).collect()
}

pub(crate) fn key_tones(digit: char) -> (f64, f64) {
    let keys = ["123", "456", "789", "*0#"];
    let row = keys.iter().position(|row| row.contains(digit)).unwrap();
    let column = keys[row].find(digit).unwrap();
    ([697.0, 770.0, 852.0, 941.0][row], [1209.0, 1336.0, 1477.0][column])
}
