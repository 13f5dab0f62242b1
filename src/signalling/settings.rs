//! What signalling is set up with: where it listens, whom it expects by TLS, and its limits.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use crate::sip::Transport;

/// Everything that the sockets need to know. A reload hands in a new one: see [`super::Handle::reload`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// Where it listens. Trunks that share an address share the socket: an entry stands here once.
    pub listens: Vec<Listen>,
    /// Whom we expect at the other end of the TLS connections that we make. The first that fits counts.
    pub tls_clients: Vec<TlsClient>,
    /// Bounds on what strangers and friends may cost.
    pub limits: Limits,
    /// Name servers to ask; empty asks those of the system.
    pub name_servers: Vec<SocketAddr>,
}

impl Settings {
    /// Plain UDP at these addresses and nothing else: what a phone or a test needs.
    pub fn udp(addresses: &[SocketAddr]) -> Self {
        Self { listens: addresses.iter().copied().map(Listen::udp).collect(), ..Self::default() }
    }
}

/// One address to listen on. Its address as bound is the `local` of every [`crate::sip::Flow`] through it, also of
/// the connections that we make: those leave from its IP address and a port of the system's choice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listen {
    /// The transport.
    pub transport: Transport,
    /// The address; port 0 lets the system choose. `[::]` takes IPv6 alone: IPv4 needs an entry of its own.
    pub bind: SocketAddr,
    /// How we show ourselves to who connects by TLS. A TLS address without it takes no connection; it only names
    /// the way out for trunks that are only ever called.
    pub tls: Option<TlsServer>,
}

impl Listen {
    /// A UDP address.
    pub fn udp(bind: SocketAddr) -> Self {
        Self { transport: Transport::Udp, bind, tls: None }
    }

    /// A TCP address.
    pub fn tcp(bind: SocketAddr) -> Self {
        Self { transport: Transport::Tcp, bind, tls: None }
    }

    /// A TLS address.
    pub fn tls(bind: SocketAddr, tls: TlsServer) -> Self {
        Self { transport: Transport::Tls, bind, tls: Some(tls) }
    }
}

/// How we show ourselves to who connects by TLS. The files are PEM and are read anew at each reload.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TlsServer {
    /// Our certificate, and after it those up to the root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The CA of the client certificates that are asked for: without a valid one nobody connects (mTLS).
    pub client_ca: Option<PathBuf>,
}

/// Whom we expect at the other end of the TLS connections that we make to a trunk.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct TlsClient {
    /// The name that the peer's certificate must hold: the host of the configuration, whatever address or
    /// Record-Route led there.
    pub server_name: String,
    /// The host names that lead there ([`super::Resolver`] notes where they do).
    pub hosts: Vec<String>,
    /// The addresses that are the peer's, whatever name led there.
    pub networks: Vec<IpNet>,
    /// The CA that its certificate must come from; `None` takes those of the system.
    pub ca: Option<PathBuf>,
    /// Our certificate, where the peer asks for one; `key` belongs to it.
    pub cert: Option<PathBuf>,
    /// The private key of `cert`.
    pub key: Option<PathBuf>,
}

/// Bounds on what strangers and friends may cost. The defaults are far above what a PBX needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Messages from a listed PBX, for each source address (IPv4 /32, IPv6 /64).
    pub listed: Rate,
    /// Messages from any other source that may speak: softphones, and who a call led us to.
    pub guests: Rate,
    /// Source addresses remembered at a time; the one unseen for longest is forgotten.
    pub sources: usize,
    /// Connections of one source address.
    pub connections_per_source: usize,
    /// Connections in all.
    pub connections: usize,
    /// How long a connection may take to be made, TLS included.
    pub connect: Duration,
    /// How long a message may take from its first byte to its last, and a new connection until its first message.
    pub message: Duration,
    /// How long a peer may take nothing of what we write.
    pub write: Duration,
    /// After how long without a message a connection that no call and no registration needs is closed.
    pub idle: Duration,
    /// The longest time between two pings (RFC 5626 §4.4.1); each wait is 80 to 100 % of it.
    pub ping: Duration,
    /// How long a peer that has answered a ping before may take to answer one (RFC 5626 §4.4.1).
    pub pong: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // 1,000 calls a second are some 7,000 messages.
            listed: Rate { per_second: 20_000, burst: 40_000 },
            // A house of 50 phones that all register after a power cut is 200 messages.
            guests: Rate { per_second: 200, burst: 1_000 },
            sources: 4_096,
            connections_per_source: 64,
            connections: 1_024,
            connect: Duration::from_secs(5),
            // 64·T1: as long as a transaction waits.
            message: Duration::from_secs(32),
            write: Duration::from_secs(10),
            idle: Duration::from_secs(600),
            ping: Duration::from_secs(120),
            pong: Duration::from_secs(10),
        }
    }
}

/// A token bucket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// What it regains in a second.
    pub per_second: u32,
    /// What it holds.
    pub burst: u32,
}
