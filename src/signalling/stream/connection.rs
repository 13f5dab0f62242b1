//! One connection: a task that makes it or takes it, then carries messages both ways until it ends.
//!
//! It answers pings, sends its own, and gives up on a peer that is too slow in any of the ways there are.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::end::End;
use super::tls::{self, Expected};
use crate::base::Dice;
use crate::ops::{ConnectionEnd, TlsFailure};
use crate::signalling::settings::Limits;
use crate::sip::Flow;
use crate::sip::message::{Framed, MAX_MESSAGE, PING, PONG, frame};

/// Read at once.
const CHUNK: usize = 4 * 1024;
/// A peer that sends no bytes at all is asked for life by the system after this long.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// How long a closing connection may take to say so.
const FAREWELL: Duration = Duration::from_secs(1);
/// The halves of a ping come within this. Two pongs are further apart, because our pings are.
const HALVES: Duration = Duration::from_secs(2);
/// Answers and notes from the reading half to the writing half. More pings than this at once get one answer.
const NOTES: usize = 4;

/// What a connection tells of itself. When it ends, its task returns an [`End`].
#[derive(Debug)]
pub(in crate::signalling) struct Report {
    pub(in crate::signalling) flow: Flow,
    pub(in crate::signalling) serial: u64,
    pub(in crate::signalling) what: What,
}

/// What happened on a connection.
#[derive(Debug)]
pub(in crate::signalling) enum What {
    /// It is there, TLS included.
    Opened {
        /// Whether we made it.
        by_us: bool,
    },
    /// A whole message came.
    Message(Bytes),
    /// No message went either way for as long as an idle connection is kept.
    Idle,
}

/// How a connection comes to be.
pub(super) enum Begin {
    /// A peer made it.
    Accepted(TcpStream, Option<Arc<ServerConfig>>),
    /// We make it, for this TLS where it is TLS.
    Dial(Option<Result<Expected, End>>),
}

/// A connection before it runs.
pub(super) struct Connection {
    pub(super) flow: Flow,
    pub(super) serial: u64,
    pub(super) seed: u64,
    pub(super) limits: Limits,
    /// What to write; closed when the connection is to end.
    pub(super) orders: mpsc::Receiver<Bytes>,
    pub(super) reports: mpsc::Sender<Report>,
    /// Whether a peer made it, which has to say something before long.
    pub(super) accepted: bool,
}

/// From the reading half to the writing half.
enum Note {
    /// A ping came: answer it.
    Pinged,
    /// A pong came.
    Ponged,
    /// A message came.
    Heard,
}

impl Connection {
    /// Runs it to its end.
    pub(super) async fn run(self, begin: Begin) -> End {
        match begin {
            Begin::Accepted(stream, None) => self.carry(stream).await,
            Begin::Accepted(stream, Some(config)) => {
                let handshake = TlsAcceptor::from(config).accept(stream);
                match timeout(self.limits.connect, handshake).await {
                    Ok(Ok(stream)) => self.carry(stream).await,
                    Ok(Err(error)) => tls::end(&error, None),
                    Err(_) => End::tls(TlsFailure::Timeout, "the handshake took too long"),
                }
            }
            Begin::Dial(expected) => self.dial(expected).await,
        }
    }

    async fn dial(self, expected: Option<Result<Expected, End>>) -> End {
        let expected = match expected.transpose() {
            Ok(expected) => expected,
            Err(end) => return end,
        };
        let stream = match timeout(self.limits.connect, connect(self.flow)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return End::new(ConnectionEnd::Connect, error.to_string()),
            Err(_) => {
                let why = format!("no answer within {:?}", self.limits.connect);
                return End::new(ConnectionEnd::Connect, why);
            }
        };
        let Some(Expected { config, name }) = expected else { return self.carry(stream).await };
        match timeout(self.limits.connect, shake_hands(config, name.clone(), stream)).await {
            Ok(Ok(stream)) => self.carry(stream).await,
            Ok(Err(error)) => tls::end(&error, Some(&name)),
            Err(_) => End::tls(TlsFailure::Timeout, "the handshake took too long"),
        }
    }

    /// Carries messages until one of the halves has enough.
    async fn carry<S: AsyncRead + AsyncWrite>(self, stream: S) -> End {
        let Self { flow, serial, seed, limits, orders, reports, accepted } = self;
        let tell = |what| reports.send(Report { flow, serial, what });
        if tell(What::Opened { by_us: !accepted }).await.is_err() {
            return End::plain(ConnectionEnd::Local);
        }
        let (reader, writer) = tokio::io::split(stream);
        let (notes, noted) = mpsc::channel(NOTES);
        let first_due = accepted.then(|| Instant::now() + limits.message);
        let read =
            Reading { reader, limits: &limits, notes, reports: &reports, flow, serial, first_due };
        let write = Writing {
            writer,
            limits: &limits,
            orders,
            noted,
            reports: &reports,
            flow,
            serial,
            dice: Dice::new(seed),
        };
        tokio::select! {
            end = read.run() => end,
            end = write.run() => end,
        }
    }
}

/// Leaves from our listening address, so that a peer's list of addresses knows us.
async fn connect(flow: Flow) -> io::Result<TcpStream> {
    let socket = match flow.remote {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    let ip = flow.local.ip();
    if !ip.is_unspecified() && ip.is_ipv4() == flow.remote.is_ipv4() {
        socket.bind((ip, 0).into())?;
    }
    let stream = socket.connect(flow.remote).await?;
    tune(&stream);
    Ok(stream)
}

async fn shake_hands(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    stream: TcpStream,
) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    TlsConnector::from(config).connect(name, stream).await
}

/// Small messages go at once, and a peer that vanished is noticed. A system that can do neither still works.
pub(super) fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 4);
    let _ = SockRef::from(stream).set_tcp_keepalive(&keep_alive);
}

struct Reading<'a, S> {
    reader: ReadHalf<S>,
    limits: &'a Limits,
    notes: mpsc::Sender<Note>,
    reports: &'a mpsc::Sender<Report>,
    flow: Flow,
    serial: u64,
    /// By when the first message has to be there.
    first_due: Option<Instant>,
}

impl<S: AsyncRead> Reading<'_, S> {
    async fn run(mut self) -> End {
        let mut buffer = BytesMut::new();
        // Until the first message, and from the first byte of each to its last.
        let mut due = self.first_due;
        let mut heard = due.is_none();
        let mut half = None;
        loop {
            buffer.reserve(CHUNK);
            let read = match due {
                Some(due) => tokio::time::timeout_at(due, self.reader.read_buf(&mut buffer)).await,
                None => Ok(self.reader.read_buf(&mut buffer).await),
            };
            match read {
                Ok(Ok(0)) => return End::plain(ConnectionEnd::Peer),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return End::broken(&error),
                Err(_) => {
                    let what = if heard { "a message was not ended" } else { "nothing was said" };
                    let within = self.limits.message.as_secs();
                    return End::new(ConnectionEnd::Slow, format!("{what} within {within} s"));
                }
            }
            match self.take(&mut buffer, &mut half).await {
                Ok(messages) => {
                    heard |= messages > 0;
                    due = match (buffer.is_empty(), due) {
                        (true, _) if heard => None,
                        (false, due) if messages == 0 && due.is_some() => due,
                        (false, _) => Some(Instant::now() + self.limits.message),
                        (true, due) => due,
                    };
                }
                Err(end) => return end,
            }
        }
    }

    /// Takes what is whole, and returns how many messages that was.
    /// `half` is when a lone line end came: the first half of a ping, perhaps.
    async fn take(
        &mut self,
        buffer: &mut BytesMut,
        half: &mut Option<Instant>,
    ) -> Result<usize, End> {
        let mut messages = 0;
        loop {
            match frame(buffer) {
                Framed::NeedMore => return Ok(messages),
                Framed::Ping => {
                    buffer.advance(PING);
                    self.note(Note::Pinged);
                }
                Framed::Pong => {
                    buffer.advance(PONG);
                    let whole = half.take().is_some_and(|first| first.elapsed() < HALVES);
                    *half = (!whole).then(Instant::now);
                    self.note(if whole { Note::Pinged } else { Note::Ponged });
                }
                Framed::Message(length) => {
                    *half = None;
                    messages += 1;
                    let message = buffer.split_to(length).freeze();
                    self.pass(message).await?;
                    self.note(Note::Heard);
                }
                Framed::Broken(why) => {
                    // It may still be a request that gets its refusal.
                    let rest = buffer.split_to(buffer.len().min(MAX_MESSAGE)).freeze();
                    self.pass(rest).await?;
                    tokio::time::sleep(FAREWELL).await;
                    return Err(End::new(ConnectionEnd::Malformed, why));
                }
            }
        }
    }

    /// Waits where the user agent is behind, and with us the peer.
    async fn pass(&self, message: Bytes) -> Result<(), End> {
        let report = Report { flow: self.flow, serial: self.serial, what: What::Message(message) };
        self.reports.send(report).await.map_err(|_| End::plain(ConnectionEnd::Local))
    }

    fn note(&self, note: Note) {
        // Full: as many are waiting to be seen, and one of a kind is enough.
        let _ = self.notes.try_send(note);
    }
}

struct Writing<'a, S> {
    writer: WriteHalf<S>,
    limits: &'a Limits,
    orders: mpsc::Receiver<Bytes>,
    noted: mpsc::Receiver<Note>,
    reports: &'a mpsc::Sender<Report>,
    flow: Flow,
    serial: u64,
    dice: Dice,
}

/// What the writing half waits for.
struct Waits {
    /// The next ping, once the connection has proved of use.
    ping: Option<Instant>,
    /// The end of patience with a peer that has answered before.
    pong: Option<Instant>,
    /// When it counts as idle.
    idle: Instant,
    /// The peer answers pings.
    answers: bool,
}

impl<S: AsyncWrite> Writing<'_, S> {
    async fn run(mut self) -> End {
        let idle = Instant::now() + self.limits.idle;
        let mut waits = Waits { ping: None, pong: None, idle, answers: false };
        loop {
            let next = [waits.ping, waits.pong, Some(waits.idle)].into_iter().flatten().min();
            let next = next.unwrap_or(waits.idle);
            let sent = tokio::select! {
                biased;
                note = self.noted.recv() => match note {
                    Some(note) => self.take(note, &mut waits).await,
                    // The reading half has ended, and with it the task.
                    None => std::future::pending().await,
                },
                order = self.orders.recv() => match order {
                    Some(bytes) => {
                        self.used(&mut waits);
                        self.write(&bytes).await
                    }
                    None => {
                        let _ = timeout(FAREWELL, self.writer.shutdown()).await;
                        return End::plain(ConnectionEnd::Local);
                    }
                },
                () = tokio::time::sleep_until(next) => self.wake(&mut waits).await,
            };
            if let Err(end) = sent {
                return end;
            }
        }
    }

    async fn take(&mut self, note: Note, waits: &mut Waits) -> Result<(), End> {
        match note {
            Note::Pinged => self.write(b"\r\n").await,
            Note::Ponged => {
                waits.answers |= waits.pong.take().is_some();
                Ok(())
            }
            Note::Heard => {
                self.used(waits);
                Ok(())
            }
        }
    }

    /// A message went or came.
    fn used(&mut self, waits: &mut Waits) {
        waits.idle = Instant::now() + self.limits.idle;
        if waits.ping.is_none() {
            waits.ping = Some(self.next_ping());
        }
    }

    async fn wake(&mut self, waits: &mut Waits) -> Result<(), End> {
        let now = Instant::now();
        // Peers that do not know RFC 5626 pass a ping over: only who has answered one is missed.
        if waits.pong.is_some_and(|due| due <= now) {
            waits.pong = None;
            if waits.answers {
                let why = format!("no pong within {} s", self.limits.pong.as_secs_f32());
                return Err(End::new(ConnectionEnd::NoPong, why));
            }
        }
        if waits.ping.is_some_and(|due| due <= now) {
            waits.ping = Some(self.next_ping());
            waits.pong.get_or_insert(now + self.limits.pong);
            self.write(b"\r\n\r\n").await?;
        }
        if waits.idle <= now {
            waits.idle = now + self.limits.idle;
            let report = Report { flow: self.flow, serial: self.serial, what: What::Idle };
            let gone = |_| End::plain(ConnectionEnd::Local);
            self.reports.send(report).await.map_err(gone)?;
        }
        Ok(())
    }

    /// RFC 5626 §4.4.1: 80 to 100 % of the longest time, so that a thousand peers do not ping as one.
    fn next_ping(&mut self) -> Instant {
        let share = 800 + self.dice.below(201) as u32;
        Instant::now() + self.limits.ping * share / 1_000
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let writing = async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        match timeout(self.limits.write, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::broken(&error)),
            Err(_) => {
                let why = format!("it took nothing for {} s", self.limits.write.as_secs_f32());
                Err(End::new(ConnectionEnd::Stuck, why))
            }
        }
    }
}
