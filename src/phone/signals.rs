//! The phone's user agent on its socket, run by whoever waits for the next event.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use ipnet::IpNet;
use tokio::net::UdpSocket;

use super::error::PhoneError;
use crate::base::TrunkName;
use crate::sip::{Command, Event, Flow, Inbound, Input, Output, Transport, Trunk, Ua, UaConfig};

/// Larger than any datagram.
const DATAGRAM: usize = 65_536;
/// T1 of RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// How long the outcome of a REFER of ours is waited for.
const REFER_WAIT: Duration = Duration::from_secs(30);

/// A user agent with a socket of its own.
pub(super) struct Signals {
    ua: Ua,
    socket: UdpSocket,
    address: SocketAddr,
    /// What goes out next, kept here when a wait is given up in the middle of a send.
    outgoing: VecDeque<(Flow, Bytes)>,
    events: VecDeque<Event>,
    datagram: Vec<u8>,
}

impl Signals {
    /// Binds the socket.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub(super) async fn bind(bind: SocketAddr, seed: u64) -> Result<Self, PhoneError> {
        let failed = |source: io::Error| PhoneError::Bind { address: bind, source };
        let socket = UdpSocket::bind(bind).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            ua: Ua::new(configuration(address), seed, Instant::now()),
            socket,
            address,
            outgoing: VecDeque::new(),
            events: VecDeque::new(),
            datagram: vec![0; DATAGRAM],
        })
    }

    /// Returns the socket's address.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells the user agent what is wanted. It is sent by the next [`Self::next`].
    pub(super) fn tell(&mut self, command: Command) {
        self.ua.handle_input(Instant::now(), Input::Command(command));
    }

    /// Sends, receives and keeps time until there is an event. May be given up at any point.
    ///
    /// # Errors
    /// When the socket fails for good.
    pub(super) async fn next(&mut self) -> Result<Event, PhoneError> {
        loop {
            self.drain();
            while let Some((flow, bytes)) = self.outgoing.front() {
                // What cannot be sent now is repeated by the transaction, or times out.
                let _ = self.socket.send_to(bytes, flow.remote).await;
                self.outgoing.pop_front();
            }
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            let due = self.ua.poll_timeout();
            tokio::select! {
                received = self.socket.recv_from(&mut self.datagram) => match received {
                    Ok((length, remote)) => self.receive(length, remote),
                    // An ICMP message of an earlier send; Linux tells of it here.
                    Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                    Err(source) => return Err(PhoneError::Bind { address: self.address, source }),
                },
                () = sleep_until(due) => self.ua.handle_timeout(Instant::now()),
            }
        }
    }

    fn receive(&mut self, length: usize, remote: SocketAddr) {
        let flow = Flow { transport: Transport::Udp, local: self.address, remote };
        let bytes = Bytes::copy_from_slice(&self.datagram[..length]);
        self.ua.handle_input(Instant::now(), Input::Datagram { flow, bytes });
    }

    fn drain(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Send { flow, bytes } => self.outgoing.push_back((flow, bytes)),
                Output::Event(event) => self.events.push_back(event),
            }
        }
    }
}

/// Takes calls from anybody: a phone is started by whoever wants to be called.
fn configuration(address: SocketAddr) -> UaConfig {
    let anybody: IpNet = match address.ip() {
        IpAddr::V4(_) => IpNet::new_assert(IpAddr::from([0; 4]), 0),
        IpAddr::V6(_) => IpNet::new_assert(IpAddr::from([0_u8; 16]), 0),
    };
    let trunk = Trunk {
        name: TrunkName::new("phone"),
        allow: vec![anybody],
        inbound: Inbound::Ip,
        advertised: address,
        credentials: None,
        accept_refer: true,
        refer_wait: REFER_WAIT,
    };
    UaConfig {
        product: concat!("attendant-phone/", env!("CARGO_PKG_VERSION")).to_string(),
        trunks: vec![trunk],
        registrar: None,
        t1: T1,
    }
}

/// Waits until then; for ever when there is no such time.
pub(super) async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
