//! User agents on real sockets of loopback, and what a test wants to know of them.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::LegId;
use attendant::signalling::{Direction, Handle, Settings, Signalling};
use attendant::sip::{Command, EndCause, Event, Flow, NewLeg, Transport, Trunk, UaConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::sip_wire::{self, OFFER};

/// Long enough for anything that happens at all, on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub type Seen = Arc<Mutex<Vec<(Direction, Flow, String)>>>;

/// A user agent and what it told and sent.
pub struct Agent {
    pub handle: Handle,
    pub events: mpsc::Receiver<Event>,
    pub seen: Seen,
}

pub fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// One trunk that takes everything from loopback.
pub fn config() -> UaConfig {
    let allow = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    UaConfig { trunks: vec![Trunk { allow, ..sip_wire::trunk() }], ..sip_wire::config() }
}

pub fn agent(settings: &Settings, config: UaConfig, seed: u64) -> Agent {
    let (signalling, handle, events) = Signalling::open(settings, config, seed).unwrap();
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let tap = move |direction, flow, bytes: &bytes::Bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        notes.lock().unwrap().push((direction, flow, text));
    };
    tokio::spawn(signalling.with_tap(Box::new(tap)).run());
    Agent { handle, events, seen }
}

impl Agent {
    /// Says in Via and Contact where its first socket really is.
    pub async fn advertise(&self) {
        let mut config = config();
        config.trunks[0].advertised = self.handle.local_addr();
        self.handle.command(Command::Configure(Box::new(config))).await.unwrap();
    }

    /// Returns the next event that `wanted` takes.
    pub async fn until<T>(&mut self, wanted: impl Fn(&Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("signalling goes on");
                if let Some(found) = wanted(&event) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, found).await.expect("it happens")
    }

    pub async fn incoming(&mut self) -> LegId {
        self.until(|event| match event {
            Event::Incoming(incoming) => Some(incoming.leg),
            _ => None,
        })
        .await
    }

    pub async fn ended(&mut self) -> EndCause {
        self.until(|event| match event {
            Event::Ended { cause, .. } => Some(*cause),
            _ => None,
        })
        .await
    }

    pub async fn hang_up(&self, leg: LegId) {
        self.handle.command(Command::HangUp { leg, reason: None }).await.unwrap();
    }

    /// Calls `remote` by a transport.
    pub async fn call(&self, transport: Transport, remote: SocketAddr) {
        let flow = self.handle.flow_by(transport, remote).unwrap();
        let target = format!("sip:100@{remote};transport={}", transport.name().to_lowercase());
        let advertised = flow.local;
        let new = NewLeg { flow, target, advertised, ..sip_wire::new_leg() };
        self.handle.command(Command::Invite(Box::new(new))).await.unwrap();
    }

    /// Asks `remote` whether it is there, and returns what it answers.
    pub async fn options(&mut self, transport: Transport, remote: SocketAddr) -> Option<u16> {
        let flow = self.handle.flow_by(transport, remote).unwrap();
        let target = format!("sip:{remote}");
        let asked = Command::Options { id: 7, flow, target, advertised: flow.local };
        self.handle.command(asked).await.unwrap();
        self.until(|event| match event {
            Event::OptionsAnswered { id: 7, status, .. } => Some(*status),
            _ => None,
        })
        .await
    }

    /// The lines of its connections.
    pub async fn connections(&self) -> Vec<String> {
        let lines = self.handle.dump().await.unwrap();
        lines.into_iter().filter(|line| line.contains(" connection ")).collect()
    }

    /// Waits until it has this many connections.
    pub async fn has_connections(&self, count: usize) {
        let there = async {
            while self.connections().await.len() != count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = timeout(PATIENCE, there).await;
        assert!(waited.is_ok(), "{count} wanted: {:?}", self.connections().await);
    }

    /// First lines of what went this way.
    pub fn lines(&self, way: Direction) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let went = seen.iter().filter(|(direction, ..)| *direction == way);
        went.map(|(.., text)| text.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

/// Calls, is answered, and returns the leg of who was called. The caller's is 1.
pub async fn connect(
    caller: &mut Agent,
    called: &mut Agent,
    transport: Transport,
    remote: SocketAddr,
) -> LegId {
    caller.call(transport, remote).await;
    let leg = called.incoming().await;
    called.handle.command(Command::Accept { leg, sdp: OFFER.into() }).await.unwrap();
    caller.until(|event| matches!(event, Event::Answered { .. }).then_some(())).await;
    called.until(|event| matches!(event, Event::Established { .. }).then_some(())).await;
    leg
}

/// An OPTIONS of somebody at the other end of a stream.
pub fn options(branch: &str) -> String {
    format!(
        "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5062;branch=z9hG4bK{branch};rport\r\n\
         From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// Reads until the text ends so.
pub async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let reading = async {
        let mut byte = [0];
        while !text.ends_with(end) {
            assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "it ended after {text:?}");
            text.push(char::from(byte[0]));
        }
    };
    let read = timeout(PATIENCE, reading).await;
    assert!(read.is_ok(), "{end:?} did not come, but {text:?}");
    text
}

/// Waits until the other side has closed the stream; an abort is as good.
pub async fn is_closed(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it closes");
    String::from_utf8_lossy(&rest).into_owned()
}

pub async fn write(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}
