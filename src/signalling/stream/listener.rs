//! Sockets that take connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};

use crate::sip::{Flow, Transport};

/// Connections that the system holds until we take them.
const WAITING: i32 = 256;

/// One address for TCP or TLS.
pub(in crate::signalling) struct Listener {
    pub(in crate::signalling) transport: Transport,
    /// As asked for.
    pub(in crate::signalling) bind: SocketAddr,
    /// As bound.
    pub(in crate::signalling) local: SocketAddr,
    /// `None` takes nobody and only names the way out.
    socket: Option<Arc<TcpListener>>,
    tls: Option<Arc<ServerConfig>>,
}

impl Listener {
    pub(in crate::signalling) fn bind(
        transport: Transport,
        bind: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        if transport == Transport::Tls && tls.is_none() {
            return Ok(Self { transport, bind, local: bind, socket: None, tls });
        }
        let socket = Socket::new(Domain::for_address(bind), Type::STREAM, Some(Protocol::TCP))?;
        if bind.is_ipv6() {
            // Said, and not left to the system's default: IPv4 has a socket of its own.
            socket.set_only_v6(true)?;
        }
        // A restart does not wait for connections of the process before.
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        socket.listen(WAITING)?;
        let socket = TcpListener::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Self { transport, bind, local, socket: Some(Arc::new(socket)), tls })
    }

    /// Whether it can go on as one that was asked for like this, with another certificate perhaps.
    pub(in crate::signalling) fn serves(&self, bind: SocketAddr, takes: bool) -> bool {
        (self.bind == bind || self.local == bind) && self.socket.is_some() == takes
    }

    /// The same socket, for another transport or with another certificate.
    pub(in crate::signalling) fn renewed(
        &self,
        transport: Transport,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        let socket = self.socket.clone();
        Self { transport, bind: self.bind, local: self.local, socket, tls }
    }
}

/// A connection that a peer made.
pub(in crate::signalling) struct Arrived {
    pub(in crate::signalling) flow: Flow,
    pub(in crate::signalling) stream: TcpStream,
    pub(in crate::signalling) tls: Option<Arc<ServerConfig>>,
}

/// Waits for a connection at any of them. An error is the system's: no room for another one.
pub(in crate::signalling) fn poll_accept(
    listeners: &[Listener],
    cx: &mut Context<'_>,
) -> Poll<io::Result<Arrived>> {
    for listener in listeners {
        let Some(socket) = &listener.socket else { continue };
        if let Poll::Ready(accepted) = socket.poll_accept(cx) {
            return Poll::Ready(accepted.map(|(stream, remote)| Arrived {
                flow: Flow { transport: listener.transport, local: listener.local, remote },
                stream,
                tls: listener.tls.clone(),
            }));
        }
    }
    Poll::Pending
}
