//! Why SIP cannot listen.

use std::io;
use std::net::SocketAddr;

/// Why SIP cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum SignallingError {
    /// The address cannot be bound.
    #[error("SIP cannot listen on udp {address}: {source}; see with `ss -lunp` which program holds the port, or change `listen`")]
    Bind {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is nothing to listen on.
    #[error("no SIP profile names an address to listen on; write one in sip-profiles/")]
    Nowhere,
}
