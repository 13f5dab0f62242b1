//! Who may speak to us by which socket, and what still needs a flow.

use std::net::SocketAddr;

use super::Ua;
use crate::sip::api::{Flow, Inbound, Standing, Transport, Trunk};

impl Ua {
    /// Returns how well the source of a message is known. A shell asks before it hands anything in: strangers get
    /// no answer, whatever they say.
    pub fn standing(&self, flow: Flow) -> Standing {
        let mut takers = self.config.trunks.iter().filter(|trunk| trunk.takes(flow)).peekable();
        let guests_alone = |trunk: &Trunk| matches!(trunk.inbound, Inbound::Registered);
        match takers.peek().is_some() {
            // What we registered with is a PBX, listed or not.
            _ if self.registrations.knows(flow) => Standing::Listed,
            true if takers.all(guests_alone) => Standing::Guest,
            true => Standing::Listed,
            // Whom we ask something may answer.
            false if self.admits(flow) || self.transactions.asks(flow.remote.ip()) => {
                Standing::Guest
            }
            false => Standing::Stranger,
        }
    }

    /// Whether a call, a registration or a transaction still needs this flow: its connection is kept.
    pub fn uses(&self, flow: Flow) -> bool {
        self.legs.values().any(|leg| leg.flow() == flow)
            || self.bindings.user_of(flow).is_some()
            || self.registrations.knows(flow)
            || self.transactions.uses(|used| used == flow)
    }

    /// Whether anything still needs this socket of ours.
    pub fn uses_socket(&self, transport: Transport, local: SocketAddr) -> bool {
        let of_it = |flow: Flow| flow.transport == transport && flow.local == local;
        self.legs.values().any(|leg| of_it(leg.flow()))
            || self.registrations.any(of_it)
            || self.transactions.uses(of_it)
    }
}

impl Trunk {
    /// Whether requests that come this way are its: by a socket of its own, from an address of its list, and where
    /// it asks for certificates, over TLS, whose socket has checked them.
    pub(super) fn takes(&self, flow: Flow) -> bool {
        let own = self.listens.is_empty() || self.listens.contains(&(flow.transport, flow.local));
        let private =
            !matches!(self.inbound, Inbound::Certificate) || flow.transport == Transport::Tls;
        own && private && self.allows(flow.remote.ip())
    }

    /// Returns the address that Via and Contact tell of the socket that a call came by: the trunk's, with the
    /// socket's own port where the trunk has several. A port that is none of its sockets' was mapped by somebody.
    pub(super) fn advertised_by(&self, flow: Flow) -> SocketAddr {
        let own = |port| self.listens.iter().any(|(_, local)| local.port() == port);
        let (told, local) = (self.advertised, flow.local);
        if told.is_ipv4() != local.is_ipv4() && !local.ip().is_unspecified() {
            return local;
        }
        match own(told.port()) && own(local.port()) {
            true => SocketAddr::new(told.ip(), local.port()),
            false => told,
        }
    }
}
