//! Why a connection ended.

use crate::ops::{ConnectionEnd, TlsFailure};

/// Why a connection ended, or was never made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::signalling) struct End {
    /// For metrics.
    pub(in crate::signalling) reason: ConnectionEnd,
    /// Why TLS was not agreed on, where that was it.
    pub(in crate::signalling) tls: Option<TlsFailure>,
    /// In words; empty where the reason says it all.
    pub(in crate::signalling) why: String,
}

impl End {
    pub(super) fn new(reason: ConnectionEnd, why: impl Into<String>) -> Self {
        Self { reason, tls: None, why: why.into() }
    }

    pub(super) fn plain(reason: ConnectionEnd) -> Self {
        Self::new(reason, "")
    }

    pub(super) fn tls(failure: TlsFailure, why: impl Into<String>) -> Self {
        Self { reason: ConnectionEnd::Tls, tls: Some(failure), why: why.into() }
    }

    /// What the system said while we read or wrote.
    pub(super) fn broken(error: &std::io::Error) -> Self {
        super::tls::late(error)
            .unwrap_or_else(|| Self::new(ConnectionEnd::Broken, error.to_string()))
    }
}
