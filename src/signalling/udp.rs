//! SIP over UDP (RFC 3261 §18): one task owns the user agent, one task a socket reads.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use crate::sip::{Command, Event, Flow, Input, Output, Transport, Ua, UaConfig};

use super::SignallingError;

/// Larger than any datagram.
const DATAGRAM: usize = 65_536;
/// Commands and events that may wait, each way.
const QUEUE: usize = 1024;
/// Datagrams that may wait; more are a flood, and the kernel's buffer overflows instead of ours.
const DATAGRAMS: usize = 1024;

/// Binds sockets for the user agent.
pub struct Signalling;

/// Tells the user agent what the calls want. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Handle(mpsc::Sender<Command>);

impl Handle {
    /// Passes a command on; waits while the queue is full. After the end of signalling nothing happens.
    pub async fn command(&self, command: Command) {
        let _ = self.0.send(command).await;
    }
}

impl Signalling {
    /// Binds all addresses. Returns the handle, the events, and what is to be spawned; that ends when
    /// the last handle is dropped or nobody takes the events any more.
    ///
    /// # Errors
    /// When one of the addresses cannot be bound.
    pub async fn bind(
        addresses: &[SocketAddr],
        config: UaConfig,
        seed: u64,
    ) -> Result<
        (Handle, mpsc::Receiver<Event>, impl Future<Output = ()> + Send + 'static),
        SignallingError,
    > {
        if addresses.is_empty() {
            return Err(SignallingError::Nowhere);
        }
        let mut sockets = Vec::new();
        for &address in addresses {
            let bound = UdpSocket::bind(address).await;
            let socket = bound.map_err(|source| SignallingError::Bind { address, source })?;
            sockets.push((address, Arc::new(socket)));
        }
        let (commands, asked) = mpsc::channel(QUEUE);
        let (events, told) = mpsc::channel(QUEUE);
        let driver = Driver { ua: Ua::new(config, seed, Instant::now()), sockets, events };
        Ok((Handle(commands), told, driver.run(asked)))
    }
}

struct Driver {
    ua: Ua,
    sockets: Vec<(SocketAddr, Arc<UdpSocket>)>,
    events: mpsc::Sender<Event>,
}

impl Driver {
    async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let (received, mut datagrams) = mpsc::channel(DATAGRAMS);
        let readers: Vec<_> = self
            .sockets
            .iter()
            .map(|(local, socket)| read(*local, Arc::clone(socket), received.clone()))
            .collect();
        let mut readers = std::pin::pin!(join_all(readers));
        loop {
            if !self.drain().await {
                return;
            }
            let deadline = self.ua.poll_timeout();
            let timer = async {
                match deadline {
                    Some(at) => sleep_until(at.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = &mut readers => return,
                Some((flow, bytes)) = datagrams.recv() => {
                    self.ua.handle_input(Instant::now(), Input::Datagram { flow, bytes });
                }
                command = commands.recv() => match command {
                    Some(command) => self.ua.handle_input(Instant::now(), Input::Command(command)),
                    None => return,
                },
                () = timer => self.ua.handle_timeout(Instant::now()),
            }
        }
    }

    /// Sends and tells; returns whether anybody still listens.
    async fn drain(&mut self) -> bool {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Send { flow, bytes } => self.send(flow, &bytes).await,
                Output::Event(event) => {
                    if self.events.send(event).await.is_err() {
                        return false;
                    }
                }
            }
        }
        true
    }

    async fn send(&self, flow: Flow, bytes: &Bytes) {
        let by_flow = self.sockets.iter().find(|(local, _)| *local == flow.local);
        let Some((_, socket)) = by_flow.or(self.sockets.first()) else { return };
        // What cannot be sent now is repeated by the transaction, or times out.
        if let Err(error) = socket.send_to(bytes, flow.remote).await {
            tracing::debug!(%error, remote = %flow.remote, "A SIP message could not be sent.");
        }
    }
}

async fn read(local: SocketAddr, socket: Arc<UdpSocket>, to: mpsc::Sender<(Flow, Bytes)>) {
    let mut datagram = vec![0; DATAGRAM];
    loop {
        // An error is an ICMP message of an earlier send, which Linux tells of here.
        let Ok((length, remote)) = socket.recv_from(&mut datagram).await else { continue };
        let flow = Flow { transport: Transport::Udp, local, remote };
        if to.send((flow, Bytes::copy_from_slice(&datagram[..length]))).await.is_err() {
            return;
        }
    }
}

async fn join_all<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
