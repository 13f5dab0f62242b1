//! Vendors on this machine, over real sockets in their own wire formats, each with the fault that it was given; and the
//! engines that stand in for them, which say what reached them.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may")]

pub mod http;
pub mod socket;
pub mod stand_ins;

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use attendant::base::{Secret, Vendor, VendorKind, VendorLimits};

/// What is wrong with a vendor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Nothing.
    Well,
    /// Nobody listens at its address.
    Refused,
    /// 401.
    Denied,
    /// 429, with `Retry-After`.
    TooMany,
    /// 500.
    Server,
    /// 503.
    Unavailable,
    /// 404.
    NotThere,
    /// 302 to somewhere else.
    Redirect,
    /// It answers with a web page.
    Page,
    /// It accepts, and reads nothing.
    NeverReads,
    /// It reads, and says nothing.
    Silent,
    /// It says something all the time that is of no use.
    Dribble,
    /// What it says is not what its protocol says.
    Malformed,
    /// It closes in the middle.
    Cut,
    /// As before, with a reset.
    Reset,
    /// Sound that it does not take, or that nobody can play.
    WrongRate,
    /// Its first byte comes after the limit.
    SlowStart,
    /// It does its work once, and then keeps the connection and does nothing.
    HalfOpen,
    /// It stops in the middle, and stays.
    Stall,
    /// It says that there is nothing.
    Empty,
    /// It does not come to an end.
    Endless,
    /// It closes in the middle once, and is well from then on.
    CutOnce,
    /// It hears on and finds no word.
    Wordless,
    /// It closes each connection after a turn, while nobody speaks.
    Idles,
    /// It does not come to an end on its first connection, and is well from then on.
    StallOnce,
    /// Its sound comes at a third of the speed at which it is played.
    Slow,
}

impl Mode {
    pub const ALL: [Self; 22] = [
        Self::Well,
        Self::Refused,
        Self::Denied,
        Self::TooMany,
        Self::Server,
        Self::Unavailable,
        Self::NotThere,
        Self::Redirect,
        Self::Page,
        Self::NeverReads,
        Self::Silent,
        Self::Dribble,
        Self::Malformed,
        Self::Cut,
        Self::Reset,
        Self::WrongRate,
        Self::SlowStart,
        Self::HalfOpen,
        Self::Stall,
        Self::Empty,
        Self::Endless,
        Self::CutOnce,
    ];

    /// The limit that it is given: short where a limit is what ends it, and so long that a slow machine keeps it where
    /// something is to come before.
    pub fn limit(self) -> Duration {
        match self {
            Self::NeverReads | Self::Silent | Self::Dribble | Self::SlowStart => {
                Duration::from_millis(400)
            }
            Self::HalfOpen | Self::Stall | Self::Endless => Duration::from_secs(3),
            _ => Duration::from_secs(20),
        }
    }
}

/// A vendor as configuration would name it: the one on this machine.
pub fn vendor(kind: VendorKind, address: SocketAddr, limit: Duration) -> Vendor {
    let scheme = kind.schemes()[1];
    let path = match kind {
        VendorKind::Deepgram => "/v1/listen",
        VendorKind::ElevenLabs => "/v1/text-to-speech",
        _ => "/v1",
    };
    Vendor {
        kind,
        url: format!("{scheme}://{address}{path}"),
        model: kind.model().into(),
        voice: "ada".into(),
        key: Some(Secret::new("fern-and-willow")),
        codes: Default::default(),
        limits: VendorLimits {
            first: limit,
            stall: limit,
            failures: 3,
            pause: Duration::from_secs(3600),
        },
    }
}

/// What a vendor was asked: the head of the request and its body, or the messages.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub head: String,
    pub body: Vec<u8>,
}

/// A listener that serves each connection on a thread of its own, until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    /// WebSockets that it has closed.
    pub closed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

/// What a connection's thread works with.
#[derive(Clone)]
pub struct Desk {
    pub mode: Mode,
    pub asked: Arc<Mutex<Vec<Asked>>>,
    /// Connections and requests that have come, over all of them.
    pub served: Arc<AtomicUsize>,
    /// What a vendor that hears says of the next turns, instead of how much it heard.
    pub script: Arc<Mutex<VecDeque<String>>>,
    /// How fast a voice speaks, in characters a second.
    pub pace: usize,
    pub closed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Desk {
    /// What a vendor that hears says of a turn of so many frames.
    pub fn words(&self, frames: usize) -> String {
        let scripted = self.script.lock().unwrap().pop_front();
        scripted.unwrap_or_else(|| format!("vendor heard {frames} frames"))
    }

    /// Sleeps, unless the server ends. Returns whether it goes on.
    pub fn sleep(&self, time: Duration) -> bool {
        let slices = time.as_millis() / 10 + 1;
        (0..slices).all(|_| {
            std::thread::sleep(Duration::from_millis(10));
            self.goes_on()
        })
    }

    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Keeps a connection open, and does nothing.
    pub fn hold(&self) {
        while self.sleep(Duration::from_millis(50)) {}
    }

    /// Counts a connection or a request; returns how many came before.
    pub fn count(&self) -> usize {
        self.served.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether this is a mode that fails, for what comes as number `n`.
    pub fn mode_of(&self, n: usize) -> Mode {
        match (self.mode, n) {
            (Mode::CutOnce, 0) => Mode::Cut,
            (Mode::StallOnce, 0) => Mode::Stall,
            (Mode::CutOnce | Mode::StallOnce, _) => Mode::Well,
            (mode, _) => mode,
        }
    }
}

impl Server {
    pub fn start(mode: Mode, serve: fn(&Desk, TcpStream)) -> Self {
        Self::with(mode, serve, &[], http::CHARACTERS_A_SECOND)
    }

    /// The same, with what it says of the next turns.
    pub fn scripted(mode: Mode, serve: fn(&Desk, TcpStream), words: &[&str]) -> Self {
        Self::with(mode, serve, words, http::CHARACTERS_A_SECOND)
    }

    /// The same as [`Self::start`], with a voice that speaks so many characters a second.
    pub fn paced(mode: Mode, serve: fn(&Desk, TcpStream), pace: usize) -> Self {
        Self::with(mode, serve, &[], pace)
    }

    fn with(mode: Mode, serve: fn(&Desk, TcpStream), words: &[&str], pace: usize) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let closed = Arc::default();
        let script: VecDeque<String> = words.iter().map(ToString::to_string).collect();
        let desk = Desk {
            mode,
            asked: Arc::clone(&asked),
            served: Arc::default(),
            script: Arc::new(Mutex::new(script)),
            pace,
            closed: Arc::clone(&closed),
            stop: Arc::clone(&stop),
        };
        if mode == Mode::Refused {
            return Self { address, asked, closed, stop, accepting: None };
        }
        listener.set_nonblocking(true).unwrap();
        let accepting = std::thread::spawn(move || {
            let mut threads = Vec::new();
            while desk.goes_on() {
                match listener.accept() {
                    Ok((stream, _)) => {
                        stream.set_nonblocking(false).unwrap();
                        stream.set_nodelay(true).unwrap();
                        let desk = desk.clone();
                        threads.push(std::thread::spawn(move || serve(&desk, stream)));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
        Self { address, asked, closed, stop, accepting: Some(accepting) }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(accepting) = self.accepting.take() {
            let ended = accepting.join();
            if !std::thread::panicking() {
                ended.unwrap();
            }
        }
    }
}

/// Reads the head of a request; `None` when the other side has gone, or the server ends.
pub fn read_head(desk: &Desk, stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            Ok(_) => return None,
            Err(_) if desk.goes_on() => {}
            Err(_) => return None,
        }
    }
    Some(String::from_utf8(head).unwrap())
}

/// Writes a whole answer with this status. The other side may have gone.
pub fn answer(stream: &mut TcpStream, status: &str, more: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// Answers as modes do that never come to their protocol. Returns whether this was one.
pub fn refuses(desk: &Desk, mode: Mode, stream: &mut TcpStream) -> bool {
    let json = b"{\"error\":{\"message\":\"no\"}}";
    match mode {
        Mode::Denied => answer(stream, "401 Unauthorized", "", json),
        Mode::TooMany => answer(stream, "429 Too Many Requests", "retry-after: 7\r\n", json),
        Mode::Server => answer(stream, "500 Internal Server Error", "", json),
        Mode::Unavailable => answer(stream, "503 Service Unavailable", "", b"busy"),
        Mode::NotThere => answer(stream, "404 Not Found", "", json),
        Mode::Redirect => {
            answer(stream, "302 Found", "location: http://127.0.0.1:9/elsewhere\r\n", b"");
        }
        Mode::Page => {
            let kind = "content-type: text/html\r\n";
            answer(stream, "200 OK", kind, b"<html><body>Sign in to the network</body></html>");
        }
        Mode::SlowStart => return !desk.sleep(Duration::from_millis(1_500)),
        _ => return false,
    }
    true
}

/// Closes with a reset instead of an end.
pub fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
}
