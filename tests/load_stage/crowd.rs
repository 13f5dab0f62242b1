//! Callers by the hundred on one socket: INVITE, ACK, sound for a while, BYE, with the repeats that
//! UDP asks for. Written by hand, so that what is tested is not what tests it.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// RFC 3261's T1, its longest pause between repeats, and how long anything is waited for.
const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);
const GIVE_UP: Duration = Duration::from_secs(32);
/// 20 ms of µ-law silence.
const FRAME: usize = 160;

/// What the callers are to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many calls in all.
    pub calls: usize,
    /// How many begin each second.
    pub a_second: u32,
    /// How long each is up.
    pub held: Duration,
    /// Whether they send sound and count what they hear.
    pub talks: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Calls that went through: answered, kept, and hung up by us with an answer.
    pub completed: usize,
    /// Calls that were refused, with the statuses.
    pub refused: BTreeMap<u16, usize>,
    /// Calls that the gateway ended, or that nobody answered.
    pub lost: usize,
    /// Requests that had to be repeated.
    pub repeated: u64,
    /// From INVITE to 200, sorted.
    pub setup: Vec<Duration>,
    /// RTP packets that came, and the longest pause between two in any call.
    pub packets: u64,
    pub longest_gap: Duration,
}

impl Outcome {
    /// Returns the set-up time that so many percent stay below.
    pub(crate) fn setup_percentile(&self, percent: usize) -> Duration {
        let last = self.setup.len().saturating_sub(1);
        self.setup.get(last * percent / 100).copied().unwrap_or_default()
    }
}

enum State {
    Inviting,
    Up { until: Instant },
    Leaving,
}

struct Call {
    state: State,
    begun: Instant,
    /// What is repeated, when next, after which pause.
    request: String,
    next: Instant,
    pause: Duration,
    to: String,
    target: String,
    sound: Option<Sound>,
}

struct Sound {
    socket: UdpSocket,
    peer: SocketAddr,
    sequence: u16,
    next: Instant,
    heard: Option<Instant>,
}

/// The callers.
pub(crate) struct Crowd {
    socket: UdpSocket,
    local: SocketAddr,
    gateway: SocketAddr,
    plan: Plan,
    calls: BTreeMap<usize, Call>,
    rtp: BTreeMap<usize, UdpSocket>,
    name: String,
    outcome: Outcome,
    spins: bool,
}

impl Crowd {
    /// Opens their socket on an address of loopback.
    pub(crate) fn new(name: &str, from: &str, gateway: SocketAddr, plan: Plan) -> Self {
        let socket = UdpSocket::bind((from, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let local = socket.local_addr().unwrap();
        let (calls, rtp) = (BTreeMap::new(), BTreeMap::new());
        let (name, outcome) = (name.to_owned(), Outcome::default());
        Self { socket, local, gateway, plan, calls, rtp, name, outcome, spins: false }
    }

    /// Looks for answers all the time, so that times are not rounded up to the next look.
    pub(crate) fn spinning(mut self) -> Self {
        self.spins = true;
        self
    }

    /// Makes all the calls.
    pub(crate) fn run(mut self) -> Outcome {
        let begun = Instant::now();
        let mut made = 0;
        while made < self.plan.calls || !self.calls.is_empty() {
            let due =
                begun.elapsed().as_micros() as u64 * u64::from(self.plan.a_second) / 1_000_000;
            while made < self.plan.calls && (made as u64) <= due {
                self.invite(made);
                made += 1;
            }
            self.receive();
            self.tick();
            match self.spins {
                true => std::thread::yield_now(),
                false => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        self.outcome.setup.sort_unstable();
        self.outcome
    }

    fn invite(&mut self, number: usize) {
        let port = match self.plan.talks {
            true => {
                let socket = UdpSocket::bind((self.local.ip(), 0)).unwrap();
                socket.set_nonblocking(true).unwrap();
                let port = socket.local_addr().unwrap().port();
                self.rtp.insert(number, socket);
                port
            }
            // Sound that nobody listens to goes to the discard port.
            false => 9,
        };
        let ip = self.local.ip();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        );
        let (to, target) =
            (format!("<sip:900@{}>", self.gateway), format!("sip:900@{}", self.gateway));
        let request = self.request(number, "INVITE", 1, &target, &to, &sdp);
        let (state, begun) = (State::Inviting, Instant::now());
        let (next, pause, sound) = (begun + T1, T1, None);
        self.send(&request);
        self.calls.insert(number, Call { state, begun, request, next, pause, to, target, sound });
    }

    fn request(
        &self,
        number: usize,
        method: &str,
        cseq: u32,
        target: &str,
        to: &str,
        sdp: &str,
    ) -> String {
        let Self { local, name, .. } = self;
        let kind = if sdp.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK{name}{number}{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:3125550142@{local}>;tag={name}{number}\r\nTo: {to}\r\n\
             Call-ID: {name}-{number}\r\nCSeq: {cseq} {method}\r\nContact: <sip:caller@{local}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        )
    }

    fn send(&self, text: &str) {
        // A full buffer is a packet lost: it is repeated.
        let _ = self.socket.send_to(text.as_bytes(), self.gateway);
    }

    fn receive(&mut self) {
        let mut buffer = [0; 4000];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let id = header(&text, "Call-ID").and_then(|id| id.rsplit_once('-')?.1.parse().ok());
            let Some(number) = id else { continue };
            match text.strip_prefix("SIP/2.0 ") {
                Some(rest) => {
                    let status = rest.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
                    self.answered(number, status, &text);
                }
                None => self.asked(number, &text),
            }
        }
    }

    fn answered(&mut self, number: usize, status: u16, text: &str) {
        let invite = header(text, "CSeq").is_some_and(|cseq| cseq.ends_with("INVITE"));
        let Some(call) = self.calls.get_mut(&number) else { return };
        match (&call.state, invite, status) {
            (_, true, 200) => {
                let first = matches!(call.state, State::Inviting);
                call.to = header(text, "To").unwrap_or_default().to_owned();
                let contact = header(text, "Contact").unwrap_or_default();
                call.target = contact.trim_matches(['<', '>']).to_owned();
                if first {
                    self.outcome.setup.push(call.begun.elapsed());
                    call.state = State::Up { until: Instant::now() + self.plan.held };
                    let rtp = self.rtp.remove(&number);
                    call.sound = rtp.and_then(|socket| Sound::new(socket, text));
                }
                let (target, to) = (call.target.clone(), call.to.clone());
                let ack = self.request(number, "ACK", 1, &target, &to, "");
                self.send(&ack);
            }
            (State::Inviting, true, 101..=199) => call.next = Instant::now() + GIVE_UP,
            (State::Inviting, true, 300..) => {
                *self.outcome.refused.entry(status).or_default() += 1;
                let to = header(text, "To").unwrap_or_default().to_owned();
                let target = call.target.clone();
                let ack = self.request(number, "ACK", 1, &target, &to, "");
                let ack = ack.replacen(&format!("{number}ACK"), &format!("{number}INVITE"), 1);
                self.send(&ack);
                self.calls.remove(&number);
            }
            (State::Leaving, false, 200..) => {
                match status {
                    200 => self.outcome.completed += 1,
                    _ => self.outcome.lost += 1,
                }
                self.calls.remove(&number);
            }
            _ => {}
        }
    }

    /// The gateway asks something: a BYE that we did not want is a call lost.
    fn asked(&mut self, number: usize, text: &str) {
        let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
        let lines: String = lines.map(|line| format!("{line}\r\n")).collect();
        if text.starts_with("ACK ") {
            return;
        }
        self.send(&format!("SIP/2.0 200 OK\r\n{lines}Content-Length: 0\r\n\r\n"));
        if text.starts_with("BYE ")
            && let Some(call) = self.calls.remove(&number)
            && !matches!(call.state, State::Leaving)
        {
            self.outcome.lost += 1;
        }
    }

    fn tick(&mut self) {
        let now = Instant::now();
        let numbers: Vec<usize> = self.calls.keys().copied().collect();
        for number in numbers {
            let Some(call) = self.calls.get_mut(&number) else { continue };
            if let Some(sound) = &mut call.sound {
                sound.tick(now, &mut self.outcome);
            }
            match call.state {
                State::Up { until } if now >= until => self.leave(number, now),
                State::Up { .. } => {}
                State::Inviting | State::Leaving if now >= call.begun + GIVE_UP => {
                    self.outcome.lost += 1;
                    self.calls.remove(&number);
                }
                State::Inviting | State::Leaving if now >= call.next => {
                    call.pause = (call.pause * 2).min(T2);
                    call.next = now + call.pause;
                    self.outcome.repeated += 1;
                    let request = call.request.clone();
                    self.send(&request);
                }
                State::Inviting | State::Leaving => {}
            }
        }
    }

    fn leave(&mut self, number: usize, now: Instant) {
        let Some(call) = self.calls.get(&number) else { return };
        let (target, to) = (call.target.clone(), call.to.clone());
        let bye = self.request(number, "BYE", 2, &target, &to, "");
        self.send(&bye);
        let Some(call) = self.calls.get_mut(&number) else { return };
        call.state = State::Leaving;
        call.sound = None;
        (call.begun, call.next, call.pause, call.request) = (now, now + T1, T1, bye);
    }
}

impl Sound {
    fn new(socket: UdpSocket, answer: &str) -> Option<Self> {
        let port = answer.split("m=audio ").nth(1)?.split(' ').next()?.parse().ok()?;
        let ip = answer.split("c=IN IP4 ").nth(1)?.lines().next()?.trim().parse().ok()?;
        let peer = SocketAddr::new(ip, port);
        Some(Self { socket, peer, sequence: 1, next: Instant::now(), heard: None })
    }

    fn tick(&mut self, now: Instant, outcome: &mut Outcome) {
        while now >= self.next {
            self.next += Duration::from_millis(20);
            self.sequence = self.sequence.wrapping_add(1);
            let mut packet = vec![0x80, 0];
            packet.extend(self.sequence.to_be_bytes());
            packet.extend((u32::from(self.sequence) * FRAME as u32).to_be_bytes());
            packet.extend(7_u32.to_be_bytes());
            packet.extend([0xff; FRAME]);
            let _ = self.socket.send_to(&packet, self.peer);
        }
        while self.socket.recv(&mut [0; 2000]).is_ok() {
            outcome.packets += 1;
            let gap = self.heard.map_or(Duration::ZERO, |heard| now - heard);
            outcome.longest_gap = outcome.longest_gap.max(gap);
            self.heard = Some(now);
        }
    }
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let head = text.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}
