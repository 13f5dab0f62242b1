//! Events of the SIP sockets: connections, TLS, and what is dropped before it is read.

use std::net::{IpAddr, SocketAddr};

use ::metrics::{counter, gauge};

use super::labels::{ConnectionEnd, ConnectionRefusal, DropLabel, Label, TlsFailure};
use super::metrics::names;

/// A connection is there. Emit exactly one [`ConnectionClosed`] for each.
#[derive(Debug)]
pub struct ConnectionOpened {
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// `TCP` or `TLS`.
    pub transport: &'static str,
    /// Whether we made it.
    pub by_us: bool,
}

impl ConnectionOpened {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { peer, transport, by_us } = self;
        let by = if by_us { "us" } else { "peer" };
        tracing::debug!(%peer, transport, by, "SIP connection opened.");
        counter!(names::CONNECTIONS_OPENED, "by" => by).increment(1);
        gauge!(names::SIP_CONNECTIONS).increment(1.0);
    }
}

/// A connection is over, or was never made.
#[derive(Debug)]
pub struct ConnectionClosed<'a> {
    /// Who was at the other end.
    pub peer: SocketAddr,
    /// `TCP` or `TLS`.
    pub transport: &'static str,
    /// Why.
    pub reason: ConnectionEnd,
    /// What the system or the peer said of it; empty where there is nothing to add.
    pub why: &'a str,
    /// Whether [`ConnectionOpened`] was told.
    pub was_open: bool,
}

impl ConnectionClosed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { peer, transport, reason, why, was_open } = self;
        let label = reason.label();
        match reason {
            ConnectionEnd::Peer | ConnectionEnd::Idle | ConnectionEnd::Local => {
                tracing::debug!(%peer, transport, reason = label, "SIP connection closed.");
            }
            ConnectionEnd::Connect => {
                tracing::warn!(%peer, transport, why, "No SIP connection to the peer.");
            }
            // [`TlsFailed`] says the rest.
            ConnectionEnd::Tls => {}
            ConnectionEnd::Broken
            | ConnectionEnd::NoPong
            | ConnectionEnd::Stuck
            | ConnectionEnd::Slow
            | ConnectionEnd::Malformed => {
                tracing::warn!(%peer, transport, reason = label, why, "SIP connection lost.");
            }
        }
        counter!(names::CONNECTIONS_CLOSED, "reason" => label).increment(1);
        if was_open {
            gauge!(names::SIP_CONNECTIONS).decrement(1.0);
        }
    }
}

/// A connection was not taken.
#[derive(Debug)]
pub struct ConnectionRefused {
    /// Who wanted it.
    pub source: SocketAddr,
    /// Why.
    pub reason: ConnectionRefusal,
}

impl ConnectionRefused {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { source, reason } = self;
        let label = reason.label();
        match reason {
            // Scanners make many; `SourceDropped` says it once a minute.
            ConnectionRefusal::UnknownSource => {
                tracing::debug!(%source, reason = label, "SIP connection refused.");
            }
            ConnectionRefusal::SourceLimit
            | ConnectionRefusal::NodeLimit
            | ConnectionRefusal::System => {
                tracing::warn!(%source, reason = label, "SIP connection refused.");
            }
        }
        counter!(names::CONNECTIONS_REFUSED, "reason" => label).increment(1);
    }
}

/// TLS was not agreed on.
#[derive(Debug)]
pub struct TlsFailed<'a> {
    /// Who is at the other end.
    pub peer: SocketAddr,
    /// Whether we made the connection.
    pub by_us: bool,
    /// Why.
    pub reason: TlsFailure,
    /// The same in words, with what to do.
    pub why: &'a str,
}

impl TlsFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { peer, by_us, reason, why } = self;
        let by = if by_us { "us" } else { "peer" };
        tracing::warn!(%peer, by, reason = reason.label(), why, "TLS handshake failed.");
        counter!(names::SIP_TLS_FAILURES, "reason" => reason.label()).increment(1);
    }
}

/// Something was thrown away before it was read. Each is counted; the line comes once a minute and source at
/// most, and its words and fields are what fail2ban filters look for: they do not change.
#[derive(Debug)]
pub struct SourceDropped {
    /// Where it came from.
    pub source: IpAddr,
    /// Why.
    pub why: DropLabel,
    /// How many since the last line of this source, where one is due.
    pub line: Option<u64>,
}

impl SourceDropped {
    /// Counts it, and logs it where a line is due.
    pub fn emit(self) {
        let Self { source, why, line } = self;
        if let Some(dropped) = line {
            tracing::warn!(%source, why = why.label(), dropped, "SIP source dropped.");
        }
        counter!(names::SIP_DROPPED, "reason" => why.label()).increment(1);
    }
}

/// What the system threw away since it was asked last, because its queue for SIP was full.
#[derive(Debug)]
pub struct DatagramsLost {
    /// How many; none is nothing to tell.
    pub datagrams: u64,
}

impl DatagramsLost {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { datagrams } = self;
        if datagrams > 0 {
            tracing::warn!(datagrams, "The queue for SIP was full: raise net.core.rmem_max.");
        }
        counter!(names::SIP_LOST).increment(datagrams);
    }
}
