//! UDP sockets (RFC 3261 §18): datagrams in and out, each socket in its turn.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
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
    /// Its number in the system's table of sockets, where there is one.
    inode: Option<String>,
    /// What the system threw away, as last seen.
    lost: u64,
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
        let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok();
        let inode = link.and_then(|link| {
            let name = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(name.to_owned())
        });
        let local = socket.local_addr()?;
        Ok(Self { bind, local, socket, retired: false, inode, lost: 0 })
    }
}

/// Reads what the system threw away because the queue of a socket was full, out of its table of sockets.
fn lost(table: &str, inode: &str) -> Option<u64> {
    // sl local remote state queues timer retransmits uid timeout inode references pointer drops
    let of = |line: &&str| line.split_whitespace().nth(9) == Some(inode);
    table.lines().find(of)?.split_whitespace().nth(12)?.parse().ok()
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

    /// Returns how many datagrams the system threw away since the last time, because we were behind.
    pub(super) fn newly_lost(&mut self) -> u64 {
        let read = |file| std::fs::read_to_string(file).unwrap_or_default();
        let tables = [read("/proc/self/net/udp"), read("/proc/self/net/udp6")];
        let of = |udp: &mut Udp| {
            let inode = udp.inode.as_deref()?;
            let lost = tables.iter().find_map(|table| lost(table, inode))?;
            Some(lost.saturating_sub(std::mem::replace(&mut udp.lost, lost)))
        };
        self.all.iter_mut().filter_map(of).sum()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// More than the queue holds, and nobody reads: the system says how much it threw away.
    #[tokio::test]
    async fn what_the_system_loses_is_counted() {
        let mut sockets = Sockets::new(vec![Udp::bind("127.0.0.1:0".parse().unwrap()).unwrap()]);
        assert_eq!(sockets.newly_lost(), 0);
        let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let (mut sent, mut received) = (0, 0);
        while sent < 20_000 {
            sender.send_to(&[b'x'; 1_000], sockets.all[0].local).await.unwrap();
            sent += 1;
        }
        while sockets.try_receive().is_some() {
            received += 1;
        }
        assert!(received < sent, "{received}");
        assert_eq!(sockets.newly_lost(), sent - received);
        assert_eq!(sockets.newly_lost(), 0);
    }
}
