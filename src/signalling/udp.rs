//! UDP sockets (RFC 3261 §18): datagrams in and out, each socket in its turn.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use bytes::Bytes;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::ReadBuf;
use tokio::net::UdpSocket;

use crate::sip::message::MAX_MESSAGE;
use crate::sip::{Flow, Transport};

/// What the system is asked to queue for us: 4,000 messages of 1 KiB. It may give less (`net.core.rmem_max`).
const QUEUE: usize = 4 * 1024 * 1024;

/// One socket.
pub(super) struct Udp {
    /// As asked for.
    pub(super) bind: SocketAddr,
    /// As bound.
    pub(super) local: SocketAddr,
    socket: UdpSocket,
    /// No longer listed: it lives until nothing needs it.
    pub(super) retired: bool,
}

impl Udp {
    pub(super) fn bind(bind: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(bind), Type::DGRAM, Some(Protocol::UDP))?;
        if bind.is_ipv6() {
            // Said, and not left to the system's default: IPv4 has a socket of its own.
            socket.set_only_v6(true)?;
        }
        // A smaller queue works too.
        let _ = socket.set_recv_buffer_size(QUEUE);
        socket.set_nonblocking(true)?;
        socket.bind(&bind.into())?;
        let socket = UdpSocket::from_std(socket.into())?;
        Ok(Self { bind, local: socket.local_addr()?, socket, retired: false })
    }
}

/// All UDP sockets.
pub(super) struct Sockets {
    pub(super) all: Vec<Udp>,
    buffer: Box<[u8]>,
    /// The socket to ask first, so that a busy one does not silence the others.
    next: usize,
}

impl Sockets {
    pub(super) fn new(all: Vec<Udp>) -> Self {
        Self { all, buffer: vec![0; MAX_MESSAGE + 1].into_boxed_slice(), next: 0 }
    }

    /// Waits for a datagram; [`Self::bytes`] are its bytes.
    pub(super) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<(Flow, usize)> {
        for step in 0..self.all.len() {
            let index = (self.next + step) % self.all.len();
            let udp = &self.all[index];
            let mut space = ReadBuf::new(&mut self.buffer);
            if let Poll::Ready(remote) = poll_one(cx, &udp.socket, &mut space) {
                let length = space.filled().len();
                self.next = index + 1;
                return Poll::Ready((udp.flow(remote), length));
            }
        }
        Poll::Pending
    }

    /// Takes a datagram if one is there.
    pub(super) fn try_receive(&mut self) -> Option<(Flow, usize)> {
        let (first, count) = (self.next, self.all.len());
        for step in 0..count {
            let index = (first + step) % count;
            let udp = &self.all[index];
            if let Ok((length, remote)) = udp.socket.try_recv_from(&mut self.buffer) {
                self.next = index + 1;
                return Some((udp.flow(remote), length));
            }
        }
        None
    }

    /// Returns what was received last.
    pub(super) fn bytes(&self, length: usize) -> &[u8] {
        &self.buffer[..length]
    }

    /// Sends, or loses: over UDP the transactions above repeat what is lost.
    pub(super) async fn send(&self, flow: Flow, bytes: &Bytes) {
        let own = self.all.iter().find(|udp| udp.local == flow.local);
        let other = || self.all.iter().find(|udp| udp.local.is_ipv4() == flow.remote.is_ipv4());
        if let Some(udp) = own.or_else(other) {
            let _ = udp.socket.send_to(bytes, flow.remote).await;
        }
    }
}

impl Udp {
    /// Whether it is what was asked for.
    pub(super) fn serves(&self, bind: SocketAddr) -> bool {
        self.bind == bind || self.local == bind
    }

    fn flow(&self, remote: SocketAddr) -> Flow {
        Flow { transport: Transport::Udp, local: self.local, remote }
    }
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
