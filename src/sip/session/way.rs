//! Where requests inside a dialog go (RFC 3261 §8.1.2, RFC 3263): back the way the call came, or to the next hop.
//!
//! Nothing goes to an address that is neither the flow of the INVITE, nor in the route set, nor the
//! remote target. A name is looked up once and kept for the dialog; requests wait for it, but not long.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::{Output, Session, Timer};
use crate::sip::api::{Flow, Transport};
use crate::sip::dialog::Dialog;
use crate::sip::message::{Scheme, Uri};

/// Names that one session looks up: a peer that moves on and on is not followed with a growing memory.
const MAX_NAMES: usize = 16;

/// Where a request goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// By the flow of the INVITE.
    Back,
    /// To whatever this URI leads to. It names no person.
    To(Uri),
}

/// What is known of the ways of a session.
#[derive(Default)]
pub(super) struct Ways {
    /// The connection of the INVITE is no more.
    broken: bool,
    /// Names, and where they lead, best first.
    known: BTreeMap<String, Vec<Flow>>,
    /// What waits for a name.
    waiting: Vec<(String, Waiting)>,
    /// The last connection that broke.
    lost: Option<Flow>,
}

impl Ways {
    /// Whether this flow is known to be no more.
    pub(super) fn lost(&self, flow: Flow) -> bool {
        self.lost == Some(flow)
    }
}

/// What waits for a name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Waiting {
    /// The request with this number.
    Ask(u32),
    /// The ACK of an acceptance, by the number of the INVITE and the tag of the phone.
    Ack(u32, String),
}

impl Session {
    /// Returns the way that requests of this dialog go.
    pub(super) fn way(&self, dialog: &Dialog) -> Way {
        if self.setup.pinned && !self.ways.broken {
            return Way::Back;
        }
        let hop = dialog.next_hop();
        let known = matches!(hop.scheme, Scheme::Sip | Scheme::Sips) && !hop.host.is_empty();
        let nowhere = hop.host_ip().is_some_and(|ip| ip.is_unspecified()) || hop.port == Some(0);
        if !known || nowhere {
            return Way::Back;
        }
        // Only what leads there: no user, whom a name server has no business to know.
        let host = hop.params.get("maddr").unwrap_or(&hop.host);
        let mut uri = Uri { scheme: hop.scheme.clone(), ..Uri::sip(None, host, hop.port) };
        if let Some(transport) = hop.params.get("transport") {
            uri.params.set("transport", Some(&transport.to_ascii_lowercase()));
        }
        Way::To(uri)
    }

    /// Returns the flow of a way, if that is known. If not, the name is looked up and `waiting` waits for it.
    pub(super) fn flow_or_wait(&mut self, way: &Way, waiting: Waiting) -> Option<Flow> {
        let own = self.setup.flow;
        let uri = match way {
            Way::Back => return Some(own),
            Way::To(uri) => uri,
        };
        let standing = own.transport != Transport::Udp && !self.ways.broken;
        let transport = transport_of(uri, own.transport);
        if let Some(ip) = uri.host_ip() {
            if standing && ip == own.remote.ip().to_canonical() {
                return Some(own);
            }
            if transport == Some(own.transport) && ip.is_ipv4() == own.local.is_ipv4() {
                let port = uri.port.unwrap_or(match own.transport {
                    Transport::Udp | Transport::Tcp => 5060,
                    Transport::Tls => 5061,
                });
                return Some(Flow { remote: SocketAddr::new(ip, port), ..own });
            }
        }
        let name = uri.to_wire();
        if let Some(flows) = self.ways.known.get(&name) {
            return self.best(flows).or(Some(own));
        }
        let asked = self.ways.waiting.iter().any(|(asked, _)| *asked == name);
        if !self.ways.waiting.iter().any(|(_, waits)| *waits == waiting) {
            self.ways.waiting.push((name.clone(), waiting));
        }
        if !asked {
            self.outputs.push_back(Output::Resolve { uri: name });
        }
        None
    }

    /// A name leads there; to nowhere, if there is none. Then the flow of the INVITE has to do.
    pub(super) fn handle_resolved(&mut self, name: &str, flows: Vec<Flow>) {
        if self.ways.known.len() >= MAX_NAMES {
            self.ways.known.clear();
        }
        let flow = self.best(&flows).unwrap_or(self.setup.flow);
        if !flows.is_empty() {
            self.ways.known.insert(name.to_owned(), flows);
        }
        let waiting = std::mem::take(&mut self.ways.waiting);
        let (now, later) = waiting.into_iter().partition(|(asked, _)| asked == name);
        self.ways.waiting = later;
        let now: Vec<(String, Waiting)> = now;
        for (_, waiting) in now {
            match waiting {
                Waiting::Ask(number) => self.dispatch(number, flow),
                Waiting::Ack(number, tag) => self.dispatch_ack(number, &tag, flow),
            }
        }
    }

    /// Nobody says where the names lead: what waits goes back the way the call came.
    pub(super) fn give_up_on_names(&mut self) {
        let names: Vec<String> = self.ways.waiting.iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            self.handle_resolved(&name, Vec::new());
        }
    }

    /// A connection is no more. What comes next looks for another way.
    pub(super) fn handle_broken(&mut self, flow: Flow) {
        self.ways.lost = Some(flow);
        self.ways.broken |= flow == self.setup.flow && flow.transport != Transport::Udp;
        for flows in self.ways.known.values_mut() {
            flows.retain(|known| *known != flow);
        }
        self.ways.known.retain(|_, flows| !flows.is_empty());
    }

    /// The far end has opened another connection in place of the one that broke.
    pub(super) fn handle_flow(&mut self, flow: Flow) {
        let same = flow.transport == self.setup.flow.transport
            && flow.remote.ip() == self.setup.flow.remote.ip();
        if self.ways.broken && same {
            self.setup.flow = flow;
            self.ways.broken = false;
        }
    }

    /// Sees to it that nothing waits for a name for ever.
    pub(super) fn watch_names(&mut self, now: Instant) {
        match (self.ways.waiting.is_empty(), self.timers.deadline(Timer::Name)) {
            (true, Some(_)) => self.timers.stop(Timer::Name),
            // As long as a request may be silent between two repeats.
            (false, None) => self.timers.set(Timer::Name, now + 8 * self.setup.t1),
            _ => {}
        }
    }

    /// Whether requests of this dialog may come from this address: it is the far end's, or one that we send to.
    pub(crate) fn is_peer(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let known = || self.ways.known.values().flatten().any(|flow| is_at(*flow, ip));
        let hop = || self.dialog.as_ref().and_then(|dialog| dialog.next_hop().host_ip());
        is_at(self.setup.flow, ip) || hop() == Some(ip) || known()
    }

    /// Chooses among the places that a name leads to: the connection that stands, else the first.
    fn best(&self, flows: &[Flow]) -> Option<Flow> {
        let own = self.setup.flow;
        let stands = own.transport != Transport::Udp && !self.ways.broken;
        let same =
            |flow: &&Flow| flow.transport == own.transport && flow.remote.ip() == own.remote.ip();
        flows.iter().find(same).filter(|_| stands).map(|_| own).or(flows.first().copied())
    }
}

fn is_at(flow: Flow, ip: IpAddr) -> bool {
    flow.remote.ip().to_canonical() == ip
}

/// Returns the transport that a URI asks for: what stands there, else that of the call. `None` for one that we
/// do not know.
fn transport_of(uri: &Uri, own: Transport) -> Option<Transport> {
    match (uri.params.get("transport"), &uri.scheme) {
        (Some("udp"), _) => Some(Transport::Udp),
        (Some("tcp"), Scheme::Sips) | (Some("tls"), _) | (None, Scheme::Sips) => {
            Some(Transport::Tls)
        }
        (Some("tcp"), _) => Some(Transport::Tcp),
        (Some(_), _) => None,
        (None, _) => Some(own),
    }
}
