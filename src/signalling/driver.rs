//! One task that owns the user agent and its sockets: drain the outputs, wait for a datagram, a connection, a
//! command or a deadline, feed it in, drain.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::BindError;
use super::bound::Bound;
use super::dns::{Destination, Resolver};
use super::gate::Gate;
use super::handle::{Handle, Request, Ways};
use super::settings::Settings;
use super::stream::{Arrived, Connections, Ended, Happened, Listener, What, poll_accept};
use super::udp::Sockets;
use crate::ops::{self, ConnectionEnd, ConnectionRefusal};
use crate::sip::message::Uri;
use crate::sip::{Event, Flow, Input, Output, Transport, Ua, UaConfig};

/// Commands that may wait: every one of a thousand calls may want something in the same millisecond.
const COMMANDS: usize = 1024;
/// Events that may wait for their readers. Beyond it datagrams stay in the socket and messages in their
/// connections, whose buffers are the last queue: SIP and TCP repeat what that loses.
const EVENTS: usize = 1024;
/// Datagrams taken before timers and commands get their turn again.
const BURST: usize = 64;
/// Look-ups at a time; beyond it the answer is that nothing was found.
const LOOK_UPS: usize = 256;
/// How long no connection is taken after the system had no room for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How often the sockets are looked at: what they lost, and whether one that is no longer listed is still needed.
const TIDY: Duration = Duration::from_secs(10);

/// Which way a message went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// Received.
    In,
    /// Sent.
    Out,
}

/// Sees every message that is read or written, for a ladder or a capture file. It must be quick: SIP waits for it.
pub type Tap = Box<dyn FnMut(Direction, Flow, &Bytes) + Send>;

/// The user agent and its sockets. [`Signalling::run`] is its life.
pub struct Signalling {
    ua: Ua,
    sockets: Sockets,
    listeners: Vec<Listener>,
    connections: Connections,
    gate: Gate,
    resolver: Resolver,
    /// Look-ups going on: the ticket, and where it can be reached.
    look_ups: JoinSet<(u64, Vec<Flow>)>,
    ways: Ways,
    requests: mpsc::Receiver<Request>,
    events: mpsc::Sender<Event>,
    /// Events that found the channel full.
    backlog: VecDeque<Event>,
    /// Messages thrown away that nobody was told of, because the channel was full.
    untold: u64,
    tap: Option<Tap>,
    /// No connection is taken before this.
    accept_from: Instant,
    /// When to look at the sockets next.
    tidy: Instant,
}

enum Woken {
    Received(Flow, usize),
    Arrived(io::Result<Arrived>),
    Happened(Happened),
    Located(u64, Vec<Flow>),
    Asked(Option<Request>),
    Due,
    Reader(bool),
}

impl Signalling {
    /// Opens UDP sockets and nothing else; port 0 lets the system choose. Nothing moves before [`Signalling::run`].
    ///
    /// # Errors
    /// Where an address cannot be bound.
    pub async fn bind(
        addresses: &[SocketAddr],
        config: UaConfig,
        seed: u64,
    ) -> Result<(Self, Handle, mpsc::Receiver<Event>), BindError> {
        Self::open(&Settings::udp(addresses), config, seed)
    }

    /// Opens everything that the settings list. Call it inside a runtime. `seed` draws among SRV records and spreads
    /// pings.
    ///
    /// # Errors
    /// Where an address cannot be bound or a TLS file not be used; then nothing is left open.
    pub fn open(
        settings: &Settings,
        config: UaConfig,
        seed: u64,
    ) -> Result<(Self, Handle, mpsc::Receiver<Event>), BindError> {
        let bound = Bound::open(settings)?;
        let now = Instant::now();
        let (request_sender, requests) = mpsc::channel(COMMANDS);
        let (events, event_receiver) = mpsc::channel(EVENTS);
        let ways = Arc::new(ArcSwap::from_pointee(bound.ways));
        let resolver = Resolver::new(&settings.name_servers, seed ^ 1);
        let handle = Handle {
            requests: request_sender,
            ways: Arc::clone(&ways),
            resolver: resolver.clone(),
        };
        let signalling = Self {
            ua: Ua::new(config, seed, now),
            sockets: Sockets::new(bound.udp),
            listeners: bound.listeners,
            connections: Connections::new(settings.limits.clone(), bound.clients, seed ^ 2),
            gate: Gate::new(&settings.limits, now),
            resolver,
            look_ups: JoinSet::new(),
            ways,
            requests,
            events,
            backlog: VecDeque::new(),
            untold: 0,
            tap: None,
            accept_from: now,
            tidy: now + TIDY,
        };
        Ok((signalling, handle, event_receiver))
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
                Woken::Received(flow, length) => self.receive(flow, length),
                Woken::Arrived(arrived) => self.take(arrived),
                Woken::Happened(happened) => self.hear(happened),
                Woken::Located(ticket, flows) => {
                    self.feed(Input::Resolved { ticket, flows });
                }
                Woken::Asked(Some(request)) => self.obey(request),
                Woken::Due => self.wake(),
                Woken::Reader(true) => {}
                Woken::Asked(None) | Woken::Reader(false) => break,
            }
            if self.events.is_closed() {
                break;
            }
            self.take_burst();
        }
        self.drain().await;
        self.connections.finish().await;
    }

    /// Waits for one thing. While events wait for their reader, the sockets wait too.
    async fn wait(&mut self) -> Woken {
        let due = self.ua.poll_timeout().map_or(self.tidy, |due| due.min(self.tidy));
        let full = self.backlog.len() >= EVENTS;
        let (sockets, listeners, pause) = (&mut self.sockets, &self.listeners, self.accept_from);
        let connections = &mut self.connections;
        // In any order, so that a flood of one kind does not silence the others.
        let network = async {
            let arrival = async {
                tokio::time::sleep_until(pause.into()).await;
                poll_fn(|cx| poll_accept(listeners, cx)).await
            };
            tokio::select! {
                happened = connections.next() => Woken::Happened(happened),
                arrived = arrival => Woken::Arrived(arrived),
                (flow, length) = poll_fn(|cx| sockets.poll_receive(cx)) => {
                    Woken::Received(flow, length)
                }
            }
        };
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(due.into()) => Woken::Due,
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
            Some(found) = self.look_ups.join_next(), if !self.look_ups.is_empty() => {
                // One that panicked is one that found nothing; who asked gives up by itself.
                let (ticket, flows) = found.unwrap_or_default();
                Woken::Located(ticket, flows)
            }
            woken = network, if !full => woken,
        }
    }

    /// Takes what else has come, so that a burst does not cost a wake-up each.
    fn take_burst(&mut self) {
        for _ in 0..BURST {
            if self.backlog.len() >= EVENTS {
                return;
            }
            let Some((flow, length)) = self.sockets.try_receive() else { return };
            self.receive(flow, length);
        }
    }

    fn receive(&mut self, flow: Flow, length: usize) {
        let bytes = self.sockets.bytes(length);
        let ua = &self.ua;
        if self.gate.admits(Instant::now(), flow, bytes, || ua.standing(flow)) {
            self.read(flow, Bytes::copy_from_slice(bytes));
        }
    }

    fn read(&mut self, flow: Flow, bytes: Bytes) {
        if let Some(tap) = &mut self.tap {
            tap(Direction::In, flow, &bytes);
        }
        self.feed(Input::Datagram { flow, bytes });
    }

    fn feed(&mut self, input: Input) {
        self.ua.handle_input(Instant::now(), input);
    }

    /// Takes a connection that a peer made, or lets it go.
    fn take(&mut self, arrived: io::Result<Arrived>) {
        let Arrived { flow, stream, tls } = match arrived {
            Ok(arrived) => arrived,
            Err(_) => {
                let (source, reason) = (SocketAddr::from(([0; 4], 0)), ConnectionRefusal::System);
                ops::ConnectionRefused { source, reason }.emit();
                // No file descriptor is free: what waits goes on waiting.
                self.accept_from = Instant::now() + ACCEPT_PAUSE;
                return;
            }
        };
        let ua = &self.ua;
        let known = self.gate.admits_connection(Instant::now(), flow, || ua.standing(flow));
        let taken = match known {
            true => self.connections.accept(flow, stream, tls),
            false => Err(ConnectionRefusal::UnknownSource),
        };
        if let Err(reason) = taken {
            ops::ConnectionRefused { source: flow.remote, reason }.emit();
        }
    }

    fn hear(&mut self, happened: Happened) {
        match happened {
            Happened::Told(report) => {
                let flow = report.flow;
                match report.what {
                    What::Opened { by_us } => {
                        if by_us {
                            self.resolver.note_success(flow);
                        }
                        let (peer, transport) = (flow.remote, flow.transport.name());
                        ops::ConnectionOpened { peer, transport, by_us }.emit();
                    }
                    What::Message(bytes) => {
                        let (ua, now) = (&self.ua, Instant::now());
                        if self.gate.admits(now, flow, &bytes, || ua.standing(flow)) {
                            self.read(flow, bytes);
                        }
                    }
                    What::Idle => {
                        if !self.ua.uses(flow) {
                            self.connections.close(report.serial);
                        }
                    }
                }
            }
            Happened::Ended(ended) => self.bury(&ended),
        }
    }

    /// A connection is over: what waits for it is told at once.
    fn bury(&mut self, ended: &Ended) {
        let Ended { flow, end, by_us, was_open, last } = ended;
        let (peer, transport) = (flow.remote, flow.transport.name());
        if let Some(reason) = end.tls {
            ops::TlsFailed { peer, by_us: *by_us, reason, why: &end.why }.emit();
        }
        let (reason, why, was_open) = (end.reason, end.why.as_str(), *was_open);
        ops::ConnectionClosed { peer, transport, reason, why, was_open }.emit();
        if *by_us && !was_open {
            self.resolver.note_failure(*flow);
        }
        if *last && !matches!(end.reason, ConnectionEnd::Idle | ConnectionEnd::Local) {
            self.feed(Input::Broken { flow: *flow });
        }
    }

    fn obey(&mut self, request: Request) {
        // Who asked may have gone meanwhile.
        match request {
            Request::Command(command) => {
                if matches!(*command, crate::sip::Command::Configure(_)) {
                    self.gate.forget();
                }
                self.feed(Input::Command(*command));
            }
            Request::Dump(reply) => drop(reply.send(self.dump())),
            Request::Drops(reply) => drop(reply.send(self.gate.drops())),
            Request::Reload(settings, reply) => drop(reply.send(self.reload(&settings))),
        }
    }

    /// Opens what is new first, so that a mistake changes nothing.
    fn reload(&mut self, settings: &Settings) -> Result<(), BindError> {
        let bound = Bound::beside(settings, &self.sockets.all, &self.listeners)?;
        for udp in &mut self.sockets.all {
            udp.retired = !bound.ways.contains(&(Transport::Udp, udp.local));
        }
        self.sockets.all.extend(bound.udp);
        self.listeners = bound.listeners;
        self.connections.configure(settings.limits.clone(), bound.clients);
        self.gate.configure(&settings.limits);
        self.resolver.set_servers(&settings.name_servers);
        self.ways.store(Arc::new(bound.ways));
        self.tidy = Instant::now();
        Ok(())
    }

    fn wake(&mut self) {
        let now = Instant::now();
        if self.tidy <= now {
            self.tidy = now + TIDY;
            let (ua, all) = (&self.ua, &mut self.sockets.all);
            all.retain(|udp| !udp.retired || ua.uses_socket(Transport::Udp, udp.local));
            ops::DatagramsLost { datagrams: self.sockets.newly_lost() }.emit();
        }
        self.ua.handle_timeout(now);
    }

    async fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Send { flow, bytes } => self.send(flow, bytes).await,
                Output::Event(event) => self.tell(event),
                Output::Resolve { ticket, uri, from } => self.look_up(ticket, &uri, from),
            }
        }
    }

    async fn send(&mut self, flow: Flow, bytes: Bytes) {
        if let Some(tap) = &mut self.tap {
            tap(Direction::Out, flow, &bytes);
        }
        self.gate.welcome(flow.remote.ip());
        match flow.transport {
            Transport::Udp => self.sockets.send(flow, &bytes).await,
            Transport::Tcp | Transport::Tls => {
                let resolver = &self.resolver;
                self.connections.send(flow, bytes, || resolver.name_of(flow.remote));
            }
        }
    }

    fn look_up(&mut self, ticket: u64, uri: &str, from: Flow) {
        let destination = Uri::parse(uri).ok().and_then(|uri| Destination::of_uri(&uri));
        let Some(destination) = destination.filter(|_| self.look_ups.len() < LOOK_UPS) else {
            return self.feed(Input::Resolved { ticket, flows: Vec::new() });
        };
        let mut ways = self.ways.load().to_vec();
        // The socket that would have been used comes first, then those at the same address.
        ways.sort_by_key(|way| {
            (*way != (from.transport, from.local), way.1.ip() != from.local.ip())
        });
        let resolver = self.resolver.clone();
        self.look_ups.spawn(async move {
            (ticket, resolver.locate(&destination, &ways).await.unwrap_or_default())
        });
    }

    fn tell(&mut self, event: Event) {
        let full = match self.backlog.is_empty() {
            true => match self.events.try_send(event) {
                Err(mpsc::error::TrySendError::Full(event)) => event,
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => return,
            },
            false => event,
        };
        // A flood of rubbish may not fill the queue that calls wait in.
        match full {
            Event::Dropped { .. } => self.untold += 1,
            event => self.backlog.push_back(event),
        }
    }

    fn dump(&self) -> Vec<String> {
        let mut lines = self.ua.dump(Instant::now());
        lines.extend(self.connections.dump());
        if self.untold + self.backlog.len() as u64 > 0 {
            let (waiting, untold) = (self.backlog.len(), self.untold);
            lines.push(format!("{waiting} events wait for a reader, {untold} drops were not told"));
        }
        lines
    }
}
