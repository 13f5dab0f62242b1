//! Why the gateway cannot start: what happened, where, and what to do.

use std::net::SocketAddr;

use crate::audit::AuditError;
use crate::ehr::EhrError;
use crate::engines::models::ModelError;
use crate::engines::vendor::NetworkError;
use crate::recording::RecordingError;
use crate::signalling::BindError;
use crate::store::StoreError;
use crate::toolbox::UnknownTimeZone;
use crate::workers::WorkersError;

/// Why the gateway cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A speech model is missing or damaged.
    #[error(transparent)]
    Models(#[from] ModelError),
    /// Speech vendors cannot be asked.
    #[error(transparent)]
    Vendors(#[from] NetworkError),
    /// The practice book cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The practice book answers, but not with what a call needs.
    #[error("the record system cannot say who the practice is")]
    Practice(#[source] EhrError),
    /// The book is empty.
    #[error("the practice book {path} is empty; load a practice, or try one with `attendant demo`")]
    EmptyBook {
        /// Its file.
        path: String,
    },
    /// The time zone in the book is unknown.
    #[error(transparent)]
    TimeZone(#[from] UnknownTimeZone),
    /// The audit record cannot be written.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// SIP cannot listen.
    #[error(transparent)]
    Signalling(#[from] BindError),
    /// The system gives no random bytes, without which passwords cannot be asked for.
    #[error("/dev/urandom gives no random bytes; without them nobody's password can be checked")]
    Random(#[source] std::io::Error),
    /// Media cannot run.
    #[error(transparent)]
    Workers(#[from] WorkersError),
    /// Recordings cannot be made.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// Metrics cannot listen.
    #[error(
        "metrics: cannot listen on {address}; see with `ss -ltnp` which program holds the port, or change [metrics] listen"
    )]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl StartError {
    /// What to do about it, in the imperative, where the message does not say it already.
    pub fn advice(&self) -> Option<String> {
        match self {
            Self::Store(error) => Some(error.advice().to_owned()),
            Self::Audit(error) => Some(error.advice().to_owned()),
            Self::Signalling(error) => Some(error.advice()),
            Self::Workers(error) => Some(error.advice().to_owned()),
            Self::Models(error) => Some(error.advice()),
            Self::Recording(error) => Some(error.advice().to_owned()),
            Self::Vendors(_)
            | Self::Practice(_)
            | Self::EmptyBook { .. }
            | Self::TimeZone(_)
            | Self::Random(_)
            | Self::Metrics { .. } => None,
        }
    }
}
