//! SIP over UDP (RFC 3261 §18): one task that owns the user agent and its sockets.
//!
//! Drain the outputs, wait for a datagram, a command or a deadline, feed it in, drain.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use super::BindError;
use crate::sip::message::MAX_MESSAGE;
use crate::sip::{Command, Event, Flow, Input, Output, Transport, Ua, UaConfig};

/// Commands that may wait: every one of a thousand calls may want something in the same millisecond.
const COMMANDS: usize = 1024;
/// Events that may wait for their readers. Beyond it datagrams stay in the socket, whose buffer is the
/// last queue: SIP repeats what that loses.
const EVENTS: usize = 1024;
/// Datagrams taken before timers and commands get their turn again.
const BURST: usize = 64;

/// Which way a message went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// Sees every message, for a ladder or a capture file. It must be quick: SIP waits for it.
pub type Tap = Box<dyn FnMut(Direction, Flow, &Bytes) + Send>;

/// Signalling has ended, so nobody takes the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("signalling has stopped")]
pub struct Stopped;

/// The user agent and its sockets. [`Signalling::run`] is its life.
pub struct Signalling {
    ua: Ua,
    sockets: Vec<(SocketAddr, UdpSocket)>,
    requests: mpsc::Receiver<Request>,
    events: mpsc::Sender<Event>,
    /// Events that found the channel full.
    backlog: VecDeque<Event>,
    /// Datagrams thrown away that nobody was told of, because the channel was full.
    untold: u64,
    tap: Option<Tap>,
    buffer: Box<[u8]>,
    /// The socket to ask first, so that a busy one does not silence the others.
    next_socket: usize,
}

enum Request {
    Command(Box<Command>),
    Dump(oneshot::Sender<Vec<String>>),
}

/// What the rest of the program holds of signalling. When the last clone is gone, signalling ends.
#[derive(Clone, Debug)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
    local: Vec<SocketAddr>,
}

enum Woken {
    Received(usize, SocketAddr, usize),
    Asked(Option<Request>),
    Due,
    Reader(bool),
}

impl Signalling {
    /// Opens the sockets; port 0 lets the system choose. Nothing moves before [`Signalling::run`].
    pub async fn bind(
        addresses: &[SocketAddr],
        config: UaConfig,
        seed: u64,
    ) -> Result<(Self, Handle, mpsc::Receiver<Event>), BindError> {
        let mut sockets = Vec::with_capacity(addresses.len());
        for &address in addresses {
            let failed = |source| BindError::new(address, source);
            let socket = UdpSocket::bind(address).await.map_err(failed)?;
            sockets.push((socket.local_addr().map_err(failed)?, socket));
        }
        if sockets.is_empty() {
            return Err(BindError::NoAddress);
        }
        let (request_sender, requests) = mpsc::channel(COMMANDS);
        let (events, event_receiver) = mpsc::channel(EVENTS);
        let local = sockets.iter().map(|(local, _)| *local).collect();
        let signalling = Self {
            ua: Ua::new(config, seed, Instant::now()),
            sockets,
            requests,
            events,
            backlog: VecDeque::new(),
            untold: 0,
            tap: None,
            buffer: vec![0; MAX_MESSAGE + 1].into_boxed_slice(),
            next_socket: 0,
        };
        Ok((signalling, Handle { requests: request_sender, local }, event_receiver))
    }

    /// Shows every message to `tap`.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// Runs until the last [`Handle`] is gone or nobody reads the events any more.
    pub async fn run(mut self) {
        loop {
            self.drain().await;
            match self.wait().await {
                Woken::Received(socket, remote, length) => self.receive(socket, remote, length),
                Woken::Asked(Some(request)) => self.obey(request),
                Woken::Due => self.ua.handle_timeout(Instant::now()),
                Woken::Reader(true) => {}
                Woken::Asked(None) | Woken::Reader(false) => break,
            }
            if self.events.is_closed() {
                break;
            }
            self.take_burst();
        }
        self.drain().await;
    }

    /// Waits for one thing. While events wait for their reader, the sockets wait too.
    async fn wait(&mut self) -> Woken {
        let deadline = self.ua.poll_timeout();
        let sleep = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        let full = self.backlog.len() >= EVENTS;
        let (sockets, buffer, first) = (&self.sockets, &mut self.buffer, self.next_socket);
        tokio::select! {
            biased;
            () = sleep => Woken::Due,
            request = self.requests.recv() => Woken::Asked(request),
            permit = self.events.reserve(), if !self.backlog.is_empty() => match permit {
                Ok(permit) => {
                    if let Some(event) = self.backlog.pop_front() {
                        permit.send(event);
                    }
                    Woken::Reader(true)
                }
                Err(_) => Woken::Reader(false),
            },
            (socket, remote, length) = poll_fn(|cx| poll_sockets(cx, sockets, buffer, first)), if !full => {
                Woken::Received(socket, remote, length)
            }
        }
    }

    /// Takes what else has come, so that a burst does not cost a wake-up each.
    fn take_burst(&mut self) {
        for _ in 0..BURST {
            if self.backlog.len() >= EVENTS {
                return;
            }
            let taken = self.sockets.iter().enumerate().find_map(|(index, (_, socket))| {
                let (length, remote) = socket.try_recv_from(&mut self.buffer).ok()?;
                Some((index, remote, length))
            });
            let Some((index, remote, length)) = taken else { return };
            self.receive(index, remote, length);
        }
    }

    fn receive(&mut self, socket: usize, remote: SocketAddr, length: usize) {
        self.next_socket = (socket + 1) % self.sockets.len();
        let local = self.sockets[socket].0;
        let flow = Flow { transport: Transport::Udp, local, remote };
        let bytes = Bytes::copy_from_slice(&self.buffer[..length]);
        if let Some(tap) = &mut self.tap {
            tap(Direction::In, flow, &bytes);
        }
        self.ua.handle_input(Instant::now(), Input::Datagram { flow, bytes });
    }

    fn obey(&mut self, request: Request) {
        match request {
            Request::Command(command) => {
                self.ua.handle_input(Instant::now(), Input::Command(*command));
            }
            // Who asked may have gone meanwhile.
            Request::Dump(reply) => drop(reply.send(self.dump())),
        }
    }

    async fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Send { flow, bytes } => self.send(flow, &bytes).await,
                Output::Event(event) => self.tell(event),
                Output::Resolve { .. } => {}
            }
        }
    }

    /// Sends, or loses: over UDP the transactions above repeat what is lost.
    async fn send(&mut self, flow: Flow, bytes: &Bytes) {
        if let Some(tap) = &mut self.tap {
            tap(Direction::Out, flow, bytes);
        }
        let own = self.sockets.iter().find(|(local, _)| *local == flow.local);
        if let Some((_, socket)) = own.or(self.sockets.first()) {
            let _ = socket.send_to(bytes, flow.remote).await;
        }
    }

    fn tell(&mut self, event: Event) {
        let full = match self.backlog.is_empty() {
            true => match self.events.try_send(event) {
                Err(mpsc::error::TrySendError::Full(event)) => event,
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
            },
            false => event,
        };
        // A flood from strangers may not fill the queue that calls wait in.
        match full {
            Event::Dropped { .. } => self.untold += 1,
            event => self.backlog.push_back(event),
        }
    }

    fn dump(&self) -> Vec<String> {
        let mut lines = self.ua.dump(Instant::now());
        if self.untold + self.backlog.len() as u64 > 0 {
            let (waiting, untold) = (self.backlog.len(), self.untold);
            lines.push(format!("{waiting} events wait for a reader, {untold} drops were not told"));
        }
        lines
    }
}

impl Handle {
    /// Tells the user agent what the calls want. Waits while its queue is full.
    pub async fn command(&self, command: Command) -> Result<(), Stopped> {
        let request = Request::Command(Box::new(command));
        self.requests.send(request).await.map_err(|_| Stopped)
    }

    /// Returns a line for each thing that exists, and what it waits for.
    pub async fn dump(&self) -> Result<Vec<String>, Stopped> {
        let (reply, lines) = oneshot::channel();
        self.requests.send(Request::Dump(reply)).await.map_err(|_| Stopped)?;
        lines.await.map_err(|_| Stopped)
    }

    /// Returns the first address as bound: the port is the real one.
    pub fn local_addr(&self) -> SocketAddr {
        self.local[0]
    }

    /// Returns all addresses as bound, in the order given.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local
    }

    /// Returns the way to a peer by the first socket.
    pub fn flow_to(&self, remote: SocketAddr) -> Flow {
        Flow { transport: Transport::Udp, local: self.local_addr(), remote }
    }
}

/// Asks each socket in turn for a datagram, from `first` on.
fn poll_sockets(
    cx: &mut Context<'_>,
    sockets: &[(SocketAddr, UdpSocket)],
    buffer: &mut [u8],
    first: usize,
) -> Poll<(usize, SocketAddr, usize)> {
    for step in 0..sockets.len() {
        let index = (first + step) % sockets.len();
        let mut space = ReadBuf::new(buffer);
        match poll_one(cx, &sockets[index].1, &mut space) {
            Poll::Ready(remote) => return Poll::Ready((index, remote, space.filled().len())),
            Poll::Pending => {}
        }
    }
    Poll::Pending
}

/// Passes over errors: an ICMP refusal to something we sent says nothing about the next datagram.
fn poll_one(cx: &mut Context<'_>, socket: &UdpSocket, space: &mut ReadBuf<'_>) -> Poll<SocketAddr> {
    /// Errors in a row after which the others get their turn.
    const ERRORS: usize = 8;
    for _ in 0..ERRORS {
        match socket.poll_recv_from(cx, space) {
            Poll::Ready(Ok(remote)) => return Poll::Ready(remote),
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Poll::Ready(Err(_)) => {}
            Poll::Pending => return Poll::Pending,
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
