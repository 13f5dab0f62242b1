//! Phones that play and record, and what is measured in a recording.

use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, LegId, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{MediaSession, SessionEvent};
use attendant::workers::{
    DownFrame, LegMedia, LegParams, MediaConfig, MediaEvent, MediaEventKind, MediaEvents,
    MediaPlane,
};

pub(crate) const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Attempts of which one must succeed: a machine that stands still makes holes in what phones play and hear, in so many
/// attempts not in each.
pub(crate) const ATTEMPTS: usize = 20;
/// So long that only a machine that stands still fails by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn plane(
    threads: usize,
    ports: RangeInclusive<u16>,
    bind: IpAddr,
) -> (MediaPlane, MediaEvents) {
    let config = MediaConfig { threads, ports, bind, advertised: bind };
    let plane = MediaPlane::start(&config).unwrap();
    let events = plane.events().unwrap();
    (plane, events)
}

pub(crate) fn params(codec: Codec, remote: SocketAddr) -> LegParams {
    let payload_type = codec.static_payload_type().unwrap_or(96);
    LegParams { telephone_event: Some(101), ..LegParams::new(codec, payload_type, remote) }
}

/// A phone: it plays a tone, and keeps what it hears.
pub(crate) struct Phone {
    socket: UdpSocket,
    session: MediaSession,
    /// The tone, in hertz and amplitude; nothing is a silent caller.
    pub tone: Option<(f32, f32)>,
    /// A buzz instead, as of a voice.
    pub voice: bool,
    played: usize,
    pub heard: Vec<Frame>,
    pub digits: String,
}

/// A phone, and the leg that talks to it.
pub(crate) fn call(plane: &MediaPlane, leg: u32, codec: Codec, at: IpAddr) -> (Phone, LegMedia) {
    let port = plane.reserve().unwrap();
    let ours = port.advertised();
    let socket = UdpSocket::bind((at, 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let remote = socket.local_addr().unwrap();
    let media = plane.open(LegId(leg), port, params(codec, remote)).unwrap();
    let mut dice = Dice::new(leg.into());
    let session = MediaSession::new(Instant::now(), params(codec, ours), &mut dice);
    let (heard, digits) = (Vec::new(), String::new());
    (Phone { socket, session, tone: None, voice: false, played: 0, heard, digits }, media)
}

impl Phone {
    pub(crate) fn press(&mut self, digit: char) {
        assert!(self.session.press(digit));
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends to its own address, for a leg on a socket of both families that has none to send to.
    pub(crate) fn goes_home(&mut self) {
        let to = (self.address().ip(), self.session.remote().port()).into();
        self.session.update(Instant::now(), params(Codec::Pcmu, to));
    }

    /// Sends 20 ms and takes what has come.
    fn tick(&mut self) {
        let now = Instant::now();
        let frame = match self.voice {
            true => Some(buzz(self.played)),
            false => self.tone.map(|(hertz, amplitude)| tone(hertz, amplitude, self.played)),
        };
        self.played += 1;
        self.session.tick(now, frame.as_ref());
        let mut buffer = [0; 2048];
        while let Some(length) = self.session.poll_packet(&mut buffer) {
            self.socket.send_to(&buffer[..length], self.session.remote()).unwrap();
        }
        while let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
            self.session.receive(now, &buffer[..length], from);
            self.heard.extend(
                std::iter::from_fn(|| self.session.poll_heard(now)).map(|heard| heard.frame),
            );
        }
        while let Some(event) = self.session.poll_event() {
            if let SessionEvent::Digit(digit, _) = event {
                self.digits.push(*digit.reveal(attendant::base::Purpose::Comparison));
            }
        }
    }
}

/// Frame `index` of a steady tone.
pub(crate) fn tone(hertz: f32, amplitude: f32, index: usize) -> Frame {
    Frame(std::array::from_fn(|i| {
        let t = (index * Frame::SAMPLES + i) as f32 / 16e3;
        (amplitude * (TAU * hertz * t).sin()) as i16
    }))
}

/// Frame `index` of a buzz at 120 Hz with a spectrum that falls like a voice's.
fn buzz(index: usize) -> Frame {
    Frame(std::array::from_fn(|i| {
        let t = (index * Frame::SAMPLES + i) as f32 / 16e3;
        let voice: f32 = (1..20).map(|h| (TAU * 120.0 * h as f32 * t).sin() / h as f32).sum();
        (4000.0 * voice) as i16
    }))
}

/// Lets phones play and hear for so many frames, one every 20 ms as well as may be.
pub(crate) fn run(phones: &mut [&mut Phone], frames: u32) {
    let start = Instant::now();
    for frame in 1..=frames {
        phones.iter_mut().for_each(|phone| phone.tick());
        let over = start + Duration::from_millis(20) * frame;
        std::thread::sleep(over.saturating_duration_since(Instant::now()));
    }
}

/// Lets phones play and hear until something is so.
pub(crate) fn run_until(phones: &mut [&mut Phone], mut is_so: impl FnMut(&[&mut Phone]) -> bool) {
    let start = Instant::now();
    while !is_so(phones) {
        assert!(start.elapsed() < PATIENCE, "it never came to be so");
        run(phones, 1);
    }
}

/// What an agent says, put into a down-ring as it has room.
pub(crate) struct Speech {
    frames: VecDeque<DownFrame>,
}

impl Speech {
    pub(crate) fn new(utterance: u32, frames: impl ExactSizeIterator<Item = Frame>) -> Self {
        let (count, utterance) = (frames.len(), UtteranceId(utterance));
        let frames = frames.enumerate().map(|(index, frame)| DownFrame {
            epoch: Epoch(0),
            utterance,
            last: index + 1 == count,
            frame,
        });
        Self { frames: frames.collect() }
    }

    /// Whether there is more to say.
    pub(crate) fn say(&mut self, leg: &mut LegMedia) -> bool {
        while let Some(next) = self.frames.front() {
            if !leg.down.push(next) {
                return true;
            }
            self.frames.pop_front();
        }
        false
    }
}

/// The level of the part of a frame's sound that is at one pitch, in dBov.
pub(crate) fn level_at(frames: &[Frame], hertz: f32) -> f32 {
    let (mut re, mut im, mut count) = (0.0_f64, 0.0_f64, 0.0_f64);
    for &sample in frames.iter().flat_map(|frame| &frame.0) {
        let phase = f64::from(TAU) * f64::from(hertz) * count / 16e3;
        re += f64::from(sample) * phase.cos();
        im += f64::from(sample) * phase.sin();
        count += 1.0;
    }
    let amplitude = 2.0 * re.hypot(im) / count.max(1.0);
    (20.0 * (amplitude / 2_f64.sqrt() / 32_768.0).max(1e-7).log10()) as f32
}

/// The middle one of the levels at this pitch, of stretches of 100 ms.
pub(crate) fn middle_level(frames: &[Frame], hertz: f32) -> f32 {
    let mut levels: Vec<_> = frames.chunks_exact(5).map(|part| level_at(part, hertz)).collect();
    levels.sort_by(f32::total_cmp);
    levels.get(levels.len() / 2).copied().unwrap_or(-127.0)
}

/// Whether a tone of this amplitude is what is heard, at its level.
pub(crate) fn is_heard(frames: &[Frame], hertz: f32, amplitude: f32) -> bool {
    (middle_level(frames, hertz) - level_of(amplitude)).abs() < 1.5
}

/// The level in dBov of a tone of this amplitude.
pub(crate) fn level_of(amplitude: f32) -> f32 {
    20.0 * (amplitude / 2_f32.sqrt() / 32_768.0).log10()
}

/// Takes events until one is wanted.
pub(crate) fn wait_for(
    events: &mut MediaEvents,
    wanted: impl Fn(&MediaEvent) -> bool,
) -> MediaEventKind {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match events.poll() {
            Some(event) if wanted(&event) => return event.kind,
            Some(_) => {}
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("the event never came")
}
