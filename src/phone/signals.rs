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
use crate::sip::{
    Command, Event, Flow, Inbound, Input, Output, Policy, Transport, Trunk, Ua, UaConfig,
};

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
        Self::bind_as(bind, seed, configuration).await
    }

    async fn bind_as(
        bind: SocketAddr,
        seed: u64,
        configuration: impl FnOnce(SocketAddr) -> UaConfig,
    ) -> Result<Self, PhoneError> {
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
                Output::Resolve { .. } => {}
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
        listens: Vec::new(),
        policy: Policy::default(),
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

#[cfg(test)]
mod tests {
    use super::super::{Phone, PhoneConfig};
    use super::*;
    use crate::base::Secret;
    use crate::sip::auth::Algorithm;
    use crate::sip::{Credentials, Registrar};
    use crate::speech::{Voice, VoiceError};

    struct Mute;

    impl Voice for Mute {
        fn speak(
            &mut self,
            _text: &str,
            _sink: &mut dyn FnMut(&[i16]) -> std::ops::ControlFlow<()>,
        ) -> Result<(), VoiceError> {
            Ok(())
        }
    }

    fn user(password: &str) -> Credentials {
        Credentials { user: "101".into(), secret: Secret::new(password) }
    }

    #[tokio::test]
    async fn a_phone_registers_with_the_right_password_only() {
        let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut registrar = Signals::bind_as(loopback, 1, |address| {
            let registrar = Registrar {
                realm: "practice".into(),
                users: vec![user("right")],
                digests: vec![Algorithm::Sha256, Algorithm::Md5],
            };
            let mut config = UaConfig { registrar: Some(registrar), ..configuration(address) };
            config.trunks[0].inbound = Inbound::Registered;
            config
        })
        .await
        .unwrap();
        let config = PhoneConfig::new(loopback.ip(), "101", Box::new(Mute));
        let mut phone = Phone::start(config).await.unwrap();
        let address = format!("sip:{}", registrar.address());
        let mut registered = Vec::new();
        let hour = Duration::from_secs(3600);
        let register = async {
            let good = phone.register(&address, user("right"), hour).await;
            (good, phone.register(&address, user("wrong"), hour).await)
        };
        tokio::pin!(register);
        let (good, bad) = loop {
            tokio::select! {
                answers = &mut register => break answers,
                event = registrar.next() => match event.unwrap() {
                    Event::Registered { user, expires, .. } => registered.push((user, expires)),
                    other => assert!(matches!(other, Event::AuthenticationFailed { .. }), "{other:?}"),
                },
            }
        };
        good.unwrap();
        assert_eq!(registered, [("101".to_string(), hour)]);
        let error = bad.unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot register 101 at {address}: 40")), "{error}");
    }
}
