//! Why signalling cannot start.

use std::io;
use std::net::SocketAddr;

use super::stream::TlsError;
use crate::sip::Transport;

/// Why a socket cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No address was given.
    #[error("signalling has no address to listen on")]
    NoAddress,
    /// Another program holds the port.
    #[error("{} port {address} is taken by another program", socket(*.transport))]
    Taken {
        /// What we wanted to speak there.
        transport: Transport,
        /// Where we wanted to listen.
        address: SocketAddr,
    },
    /// The address is not one of this machine's.
    #[error("{address} is not an address of this machine")]
    NotOurs {
        /// Where we wanted to listen.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("cannot listen on {address}")]
    Refused {
        /// Where we wanted to listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// One address is to show two certificates, or to ask for those of two CAs.
    #[error("{address} is listed for TLS twice, with different certificates or client CAs")]
    TwoCertificates {
        /// Where.
        address: SocketAddr,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// What the system calls the socket of a transport.
fn socket(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "UDP",
        Transport::Tcp | Transport::Tls => "TCP",
    }
}

impl BindError {
    /// Sorts what the system said.
    pub(super) fn new(transport: Transport, address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::Taken { transport, address },
            io::ErrorKind::AddrNotAvailable => Self::NotOurs { address },
            _ => Self::Refused { address, source },
        }
    }

    /// Returns the name under which the manual explains it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => "signalling-no-address",
            Self::Taken { .. } => "signalling-port-taken",
            Self::NotOurs { .. } => "signalling-not-our-address",
            Self::Refused { .. } => "signalling-cannot-listen",
            Self::TwoCertificates { .. } => "signalling-two-certificates",
            Self::Tls(error) => error.code(),
        }
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::NoAddress => {
                "Set `listen` in attendant.toml, for example \"10.0.0.5:5060\".".into()
            }
            Self::Taken { transport, address } => {
                let kind = if *transport == Transport::Udp { 'u' } else { 't' };
                let port = address.port();
                format!(
                    "See who holds it with `ss -l{kind}np 'sport = :{port}'`; stop that program, or choose another port."
                )
            }
            Self::NotOurs { .. } => {
                "See the addresses of this machine with `ip -brief address`.".into()
            }
            Self::Refused { address, .. } if address.port() < 1024 => format!(
                "Ports below 1024 need CAP_NET_BIND_SERVICE; choose one above instead of {}.",
                address.port()
            ),
            Self::Refused { .. } => "Check the address and the rights of the service.".into(),
            Self::TwoCertificates { address } => format!(
                "Write the same `cert`, `key` and `client-ca` in every SIP profile with tls at {address}, or give one of them another port."
            ),
            Self::Tls(error) => error.advice(),
        }
    }
}
