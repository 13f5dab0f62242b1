//! All connections: which there are, how many there may be, and how one is found or made for a message.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::{self, JoinSet};

use super::connection::{Begin, Connection, Report, What, tune};
use super::end::End;
use super::tls::Clients;
use crate::base::Dice;
use crate::ops::{ConnectionEnd, ConnectionRefusal};
use crate::signalling::gate::Source;
use crate::signalling::settings::Limits;
use crate::sip::{Flow, Transport};

/// Messages that may wait for one connection, while it is made or its peer is slow.
const ORDERS: usize = 256;
/// Reports that may wait for the user agent. Beyond it the connections are not read.
const REPORTS: usize = 256;

/// What connections may take to write their last when everything ends.
const MOMENT: Duration = Duration::from_secs(1);

/// What happens on the connections.
#[derive(Debug)]
pub(in crate::signalling) enum Happened {
    /// A connection tells something.
    Told(Report),
    /// A connection is over.
    Ended(Ended),
}

/// A connection is over.
#[derive(Debug)]
pub(in crate::signalling) struct Ended {
    pub(in crate::signalling) flow: Flow,
    pub(in crate::signalling) end: End,
    pub(in crate::signalling) by_us: bool,
    /// Whether it was ever there.
    pub(in crate::signalling) was_open: bool,
    /// Whether no younger connection stands in its place.
    pub(in crate::signalling) last: bool,
}

/// All connections.
pub(in crate::signalling) struct Connections {
    live: BTreeMap<u64, Live>,
    /// The youngest of each flow: one connection carries everything between two places.
    by_flow: HashMap<Flow, u64>,
    by_task: HashMap<task::Id, u64>,
    /// Those that peers made, by where they come from.
    by_source: HashMap<Source, usize>,
    accepted: usize,
    tasks: JoinSet<End>,
    reports: (mpsc::Sender<Report>, mpsc::Receiver<Report>),
    clients: Clients,
    limits: Limits,
    last: u64,
    dice: Dice,
}

struct Live {
    flow: Flow,
    /// `None`: it is to end.
    orders: Option<mpsc::Sender<Bytes>>,
    abort: task::AbortHandle,
    by_us: bool,
    opened: bool,
    stuck: bool,
}

impl Live {
    fn try_send(&self, bytes: Bytes) -> Result<(), mpsc::error::TrySendError<Bytes>> {
        match &self.orders {
            Some(orders) => orders.try_send(bytes),
            None => Err(mpsc::error::TrySendError::Closed(bytes)),
        }
    }
}

impl Connections {
    pub(in crate::signalling) fn new(limits: Limits, clients: Clients, seed: u64) -> Self {
        Self {
            live: BTreeMap::new(),
            by_flow: HashMap::new(),
            by_task: HashMap::new(),
            by_source: HashMap::new(),
            accepted: 0,
            tasks: JoinSet::new(),
            reports: mpsc::channel(REPORTS),
            clients,
            limits,
            last: 0,
            dice: Dice::new(seed),
        }
    }

    /// From now on for new connections; those that are there keep what they began with.
    pub(in crate::signalling) fn configure(&mut self, limits: Limits, clients: Clients) {
        self.limits = limits;
        self.clients = clients;
    }

    /// Takes a connection that a peer made, for TLS with this configuration.
    pub(in crate::signalling) fn accept(
        &mut self,
        flow: Flow,
        stream: TcpStream,
        tls: Option<Arc<ServerConfig>>,
    ) -> Result<(), ConnectionRefusal> {
        let source = Source::of(flow.remote.ip());
        if self.accepted >= self.limits.connections {
            return Err(ConnectionRefusal::NodeLimit);
        }
        let same = self.by_source.entry(source).or_insert(0);
        if *same >= self.limits.connections_per_source {
            return Err(ConnectionRefusal::SourceLimit);
        }
        *same += 1;
        self.accepted += 1;
        tune(&stream);
        self.start(flow, Begin::Accepted(stream, tls));
        Ok(())
    }

    /// Sends over the connection of this flow; where there is none it is made, for TLS towards what `host` led to.
    /// What cannot be sent ends the connection, which is told.
    pub(in crate::signalling) fn send(
        &mut self,
        flow: Flow,
        bytes: Bytes,
        host: impl FnOnce() -> Option<String>,
    ) {
        use mpsc::error::TrySendError::{Closed, Full};
        let there = self.by_flow.get(&flow).and_then(|serial| self.live.get_mut(serial));
        let left = match there.map(|live| (live.try_send(bytes.clone()), live)) {
            Some((Ok(()), _)) => return,
            Some((Err(Full(_)), live)) => {
                live.stuck = true;
                live.abort.abort();
                return;
            }
            // Its end is on the way to us: a new one takes its place.
            Some((Err(Closed(bytes)), _)) => bytes,
            None => bytes,
        };
        let serial = self.dial(flow, host().as_deref());
        let fresh = self.live.get(&serial).and_then(|live| live.orders.as_ref());
        // A new queue has room.
        let _ = fresh.map(|orders| orders.try_send(left));
    }

    /// Lets a connection end once what it has to write is written.
    pub(in crate::signalling) fn close(&mut self, serial: u64) {
        let Some(live) = self.live.get_mut(&serial) else { return };
        live.orders = None;
        if self.by_flow.get(&live.flow) == Some(&serial) {
            self.by_flow.remove(&live.flow);
        }
    }

    /// Lets all of them end once what they have to write is written, and waits for that a moment.
    pub(in crate::signalling) async fn finish(&mut self) {
        self.live.values_mut().for_each(|live| live.orders = None);
        // Nobody hears what they tell any more.
        self.reports.1.close();
        let ends = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(MOMENT, ends).await;
    }

    /// Waits for the next thing that happens; for ever where nothing can.
    pub(in crate::signalling) async fn next(&mut self) -> Happened {
        loop {
            tokio::select! {
                biased;
                // What a connection told comes before its end.
                report = self.reports.1.recv() => {
                    // Never `None`: we hold a sender.
                    let Some(report) = report else { continue };
                    if let (What::Opened { .. }, Some(live)) = (&report.what, self.live.get_mut(&report.serial)) {
                        live.opened = true;
                    }
                    return Happened::Told(report);
                }
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                    let ended = match ended {
                        Ok((id, end)) => self.forget(id, Some(end)),
                        Err(error) => self.forget(error.id(), None),
                    };
                    if let Some(ended) = ended {
                        return Happened::Ended(ended);
                    }
                }
            }
        }
    }

    /// Says one line for each connection.
    pub(in crate::signalling) fn dump(&self) -> Vec<String> {
        let line = |live: &Live| {
            let Flow { transport, local, remote } = live.flow;
            let by = if live.by_us { "to" } else { "from" };
            let state = match (&live.orders, live.opened) {
                (None, _) => "closing",
                (_, true) => "up",
                (_, false) => "being made",
            };
            format!("{} connection {by} {remote} at {local}: {state}", transport.name())
        };
        self.live.values().map(line).collect()
    }

    fn dial(&mut self, flow: Flow, host: Option<&str>) -> u64 {
        let full = self.live.len() - self.accepted >= self.limits.connections;
        let expected = match flow.transport {
            _ if full => {
                let why = format!("{} others are open already", self.limits.connections);
                Some(Err(End::new(ConnectionEnd::Connect, why)))
            }
            Transport::Tls => Some(self.clients.expect(flow.remote.ip(), host)),
            Transport::Udp | Transport::Tcp => None,
        };
        self.start(flow, Begin::Dial(expected))
    }

    fn start(&mut self, flow: Flow, begin: Begin) -> u64 {
        self.last += 1;
        let serial = self.last;
        let (orders, ordered) = mpsc::channel(ORDERS);
        let by_us = matches!(begin, Begin::Dial(_));
        let connection = Connection {
            flow,
            serial,
            seed: self.dice.bits(),
            limits: self.limits.clone(),
            orders: ordered,
            reports: self.reports.0.clone(),
            accepted: !by_us,
        };
        let abort = self.tasks.spawn(connection.run(begin));
        self.by_task.insert(abort.id(), serial);
        let orders = Some(orders);
        let live = Live { flow, orders, abort, by_us, opened: false, stuck: false };
        self.live.insert(serial, live);
        self.by_flow.insert(flow, serial);
        serial
    }

    fn forget(&mut self, id: task::Id, end: Option<End>) -> Option<Ended> {
        let serial = self.by_task.remove(&id)?;
        let live = self.live.remove(&serial)?;
        let last = match self.by_flow.get(&live.flow) {
            Some(younger) if *younger != serial => false,
            Some(_) => self.by_flow.remove(&live.flow).is_some(),
            None => true,
        };
        if !live.by_us {
            self.accepted -= 1;
            let source = Source::of(live.flow.remote.ip());
            if let Some(count) = self.by_source.get_mut(&source) {
                *count -= 1;
                if *count == 0 {
                    self.by_source.remove(&source);
                }
            }
        }
        let end = match (end, live.stuck, &live.orders) {
            (_, true, _) => {
                End::new(ConnectionEnd::Stuck, format!("{ORDERS} messages wait for it"))
            }
            // It was we who wanted it to end, whoever was first.
            (Some(_), _, None) => End::plain(ConnectionEnd::Idle),
            (Some(end), ..) => end,
            (None, ..) => End::new(ConnectionEnd::Broken, "its task failed: please report this"),
        };
        let (flow, by_us, was_open) = (live.flow, live.by_us, live.opened);
        Some(Ended { flow, end, by_us, was_open, last })
    }
}
