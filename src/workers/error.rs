//! What can go wrong with threads, ports and rings.

use std::io;

/// Why media cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum WorkersError {
    /// Every port of the range is in use or at rest.
    #[error("no RTP port is free in {first} to {last}")]
    PortsExhausted {
        /// The first port of the range.
        first: u16,
        /// The last one.
        last: u16,
    },
    /// A socket could not be made.
    #[error("cannot open an RTP socket on {address}: {source}")]
    Socket {
        /// The address that was tried.
        address: std::net::IpAddr,
        /// Why not.
        source: io::Error,
    },
    /// A thread could not be started, or what it needs of the system could not be had.
    #[error("cannot start thread {thread}: {source}")]
    Thread {
        /// Its name.
        thread: String,
        /// Why not.
        source: io::Error,
    },
    /// The media threads have all the legs they can carry.
    #[error("the media threads carry {legs} legs, which is their limit")]
    TooManyLegs {
        /// How many.
        legs: usize,
    },
    /// The media threads are too busy for another call.
    #[error("the media threads are full: {percent} % of a core, or ticks too late")]
    Overloaded {
        /// How busy the busiest is.
        percent: u32,
    },
    /// What callers say would be understood too late.
    #[error("callers are understood {} ms late, or the hearing threads are too busy: {percent} %", late.as_millis())]
    HearingFull {
        /// How late: the oldest that waits, or 19 of 20 in the last 10 s.
        late: std::time::Duration,
        /// How much of the threads' time goes into it.
        percent: u32,
    },
    /// A thread has not yet done what it was asked to before, or has ended.
    #[error("{thread} does not take requests")]
    Busy {
        /// Its name.
        thread: &'static str,
    },
}

impl WorkersError {
    /// Returns the name that heads the manual entry and labels the metric.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PortsExhausted { .. } => "media-ports-exhausted",
            Self::Socket { .. } => "media-socket",
            Self::Thread { .. } => "media-thread",
            Self::TooManyLegs { .. } => "media-too-many-legs",
            Self::Overloaded { .. } => "media-overloaded",
            Self::HearingFull { .. } => "hearing-full",
            Self::Busy { .. } => "media-busy",
        }
    }

    /// Returns what an administrator can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::PortsExhausted { .. } => {
                "Widen the RTP port range: each leg takes a pair of ports, and rests it for 2 s."
            }
            Self::Socket { .. } => {
                "Check that the RTP address belongs to this machine, and the limit of open files."
            }
            Self::Thread { .. } => "Check the limits of tasks and open files of the service.",
            Self::TooManyLegs { .. } => "Add a media thread, or another machine.",
            Self::Overloaded { .. } => {
                "Add a media thread where a core is free ([threads] media), or another machine."
            }
            Self::HearingFull { .. } => {
                "Add a hearing thread where a core is free ([threads] hearing), or another machine."
            }
            Self::Busy { .. } => "The machine is overloaded: lower the number of calls admitted.",
        }
    }
}
