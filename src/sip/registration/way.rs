//! The way to a place that is named by its address.

use std::net::SocketAddr;

use crate::sip::api::{Flow, Transport};
use crate::sip::message::Uri;

/// Returns the way to a URI whose host is an address, which needs no look-up.
pub(crate) fn direct(uri: &Uri, from: Flow) -> Option<Flow> {
    let port = uri.port.unwrap_or(if from.transport == Transport::Tls { 5061 } else { 5060 });
    uri.host_ip().map(|ip| Flow { remote: SocketAddr::new(ip, port), ..from })
}
