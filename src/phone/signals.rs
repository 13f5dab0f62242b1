//! The phone's user agent on its socket, run by whoever waits for the next event.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::{Duration, Instant};

use ipnet::IpNet;
use tokio::sync::mpsc;

use super::error::PhoneError;
use crate::base::TrunkName;
use crate::signalling::{Handle, Listen, Settings, Signalling, TlsClient};
use crate::sip::{Command, Event, Flow, Inbound, Policy, Transport, Trunk, UaConfig};

/// T1 of RFC 3261 §17.1.1.1.
const T1: Duration = Duration::from_millis(500);
/// How long the outcome of a REFER of ours is waited for.
const REFER_WAIT: Duration = Duration::from_secs(30);
/// What a TLS phone, which nobody can connect to, names as its port.
const TLS_PORT: u16 = 5061;

/// A user agent with a socket of its own.
pub(super) struct Signals {
    handle: Handle,
    /// Moves only while somebody waits for an event.
    driver: Pin<Box<dyn Future<Output = ()> + Send>>,
    events: mpsc::Receiver<Event>,
    /// What is to be told next, kept here when a wait is given up.
    wishes: VecDeque<Command>,
}

impl Signals {
    /// Binds the socket. TLS goes out alone: a phone has no certificate to be connected to.
    ///
    /// # Errors
    /// When it cannot be bound, or the CA not be read.
    pub(super) fn bind(
        transport: Transport,
        bind: SocketAddr,
        tls: Option<TlsClient>,
        seed: u64,
    ) -> Result<Self, PhoneError> {
        let listen = match transport {
            Transport::Udp => Listen::udp(bind),
            Transport::Tcp => Listen::tcp(bind),
            Transport::Tls if bind.port() == 0 => {
                let bind = SocketAddr::new(bind.ip(), TLS_PORT);
                Listen { transport, bind, tls: None }
            }
            Transport::Tls => Listen { transport, bind, tls: None },
        };
        let settings = Settings {
            listens: vec![listen],
            tls_clients: tls.into_iter().collect(),
            ..Settings::default()
        };
        Self::bind_as(&settings, seed, configuration)
    }

    fn bind_as(
        settings: &Settings,
        seed: u64,
        configuration: impl Fn(SocketAddr) -> UaConfig,
    ) -> Result<Self, PhoneError> {
        let asked = configuration(settings.listens[0].bind);
        let (signalling, handle, events) = Signalling::open(settings, asked, seed)?;
        // Only now the port is known that calls come to.
        let known = Command::Configure(Box::new(configuration(handle.local_addr())));
        let driver = Box::pin(signalling.run());
        Ok(Self { handle, driver, events, wishes: VecDeque::from([known]) })
    }

    /// Returns the socket's address.
    pub(super) fn address(&self) -> SocketAddr {
        self.handle.local_addr()
    }

    /// Returns the way to a peer.
    pub(super) fn flow(&self, remote: SocketAddr) -> Flow {
        self.handle.flow_to(remote)
    }

    /// Tells the user agent what is wanted. It is sent by the next [`Self::next`].
    pub(super) fn tell(&mut self, command: Command) {
        self.wishes.push_back(command);
    }

    /// Sends, receives and keeps time until there is an event. May be given up at any point.
    ///
    /// # Errors
    /// When signalling has ended, which it does not while the phone is there.
    pub(super) async fn next(&mut self) -> Result<Event, PhoneError> {
        loop {
            let wish = async {
                match self.wishes.front() {
                    Some(wish) => self.handle.command(wish.clone()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                told = wish => {
                    self.wishes.pop_front();
                    told.map_err(|_| PhoneError::Stopped)?;
                }
                event = self.events.recv() => return event.ok_or(PhoneError::Stopped),
                () = &mut self.driver => return Err(PhoneError::Stopped),
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
    use crate::speech::{Manner, Voice, VoiceError};

    struct Mute;

    impl Voice for Mute {
        fn speak(
            &mut self,
            _text: &str,
            _: Manner,
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
        let mut registrar = Signals::bind_as(&Settings::udp(&[loopback]), 1, |address| {
            let registrar = Registrar {
                realm: "practice".into(),
                users: vec![user("right")],
                digests: vec![Algorithm::Sha256, Algorithm::Md5],
            };
            let mut config = UaConfig { registrar: Some(registrar), ..configuration(address) };
            config.trunks[0].inbound = Inbound::Registered;
            config
        })
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
