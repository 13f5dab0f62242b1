//! What the rest of the program holds of signalling.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};

use super::dns::Resolver;
use super::error::BindError;
use super::gate::Drops;
use super::settings::Settings;
use crate::sip::{Command, Flow, Transport};

/// Signalling has ended, so nobody takes the command.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("signalling has stopped")]
pub struct Stopped;

/// What the driver is asked for.
pub(super) enum Request {
    Command(Box<Command>),
    Dump(oneshot::Sender<Vec<String>>),
    Drops(oneshot::Sender<Drops>),
    Reload(Box<Settings>, oneshot::Sender<Result<(), BindError>>),
}

/// The sockets as bound, in the order of the settings.
pub(super) type Ways = Arc<ArcSwap<Vec<(Transport, SocketAddr)>>>;

/// What the rest of the program holds of signalling. When the last clone is gone, signalling ends.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) ways: Ways,
    pub(super) resolver: Resolver,
}

impl Handle {
    /// Tells the user agent what the calls want. Waits while its queue is full.
    pub async fn command(&self, command: Command) -> Result<(), Stopped> {
        let request = Request::Command(Box::new(command));
        self.requests.send(request).await.map_err(|_| Stopped)
    }

    /// Returns a line for each thing that exists, and what it waits for.
    pub async fn dump(&self) -> Result<Vec<String>, Stopped> {
        self.ask(Request::Dump).await
    }

    /// Returns how much was thrown away before it was read.
    pub async fn drops(&self) -> Result<Drops, Stopped> {
        self.ask(Request::Drops).await
    }

    /// Takes new settings: certificates are read again, new addresses bound, then all is swapped at once. An address
    /// that stays is untouched; one that goes takes nothing new and lives until its calls have ended. An error
    /// changes nothing. Connections that are there keep what they began with.
    ///
    /// # Errors
    /// Where an address cannot be bound or a TLS file not be used. Signalling that has stopped takes anything.
    pub async fn reload(&self, settings: Settings) -> Result<(), BindError> {
        let reload = |reply| Request::Reload(Box::new(settings), reply);
        self.ask(reload).await.unwrap_or(Ok(()))
    }

    /// Returns what finds hosts by the name servers of the settings.
    pub fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Returns the first address as bound: the port is the real one.
    pub fn local_addr(&self) -> SocketAddr {
        self.first().1
    }

    /// Returns all addresses as bound, in the order given.
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.ways().into_iter().map(|(_, local)| local).collect()
    }

    /// Returns all sockets as bound, in the order given.
    pub fn ways(&self) -> Vec<(Transport, SocketAddr)> {
        self.ways.load().to_vec()
    }

    /// Returns the way to a peer by the first socket.
    pub fn flow_to(&self, remote: SocketAddr) -> Flow {
        let (transport, local) = self.first();
        Flow { transport, local, remote }
    }

    /// Returns the way to a peer by the first socket of a transport, if there is one.
    pub fn flow_by(&self, transport: Transport, remote: SocketAddr) -> Option<Flow> {
        let ways = self.ways.load();
        let (_, local) = *ways.iter().find(|way| way.0 == transport)?;
        Some(Flow { transport, local, remote })
    }

    fn first(&self) -> (Transport, SocketAddr) {
        self.ways.load()[0]
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }
}
