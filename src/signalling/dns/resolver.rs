//! Looks up where a host is (RFC 3263 §4), by our own records of what failed and the name servers' of all else.
//!
//! Answers and failures are kept as long as their TTL says (RFC 2308 for the failures).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};

use super::Destination;
use super::failures::Failures;
use super::srv::{Service, order};
use crate::base::Dice;
use crate::sip::{Flow, Transport};

/// What a whole look-up may take: a caller waits for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// What one name server may take to answer, twice.
const ONE_SERVER: Duration = Duration::from_secs(2);
/// A failure is believed no longer than this, whatever its TTL says: somebody is repairing it.
const FAILURE_TTL_MAX: Duration = Duration::from_secs(60);
/// An answer is believed no longer than this.
const ANSWER_TTL_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Answers kept.
const ANSWERS: u64 = 1_024;
/// Places that one look-up yields at most.
const FLOWS_MAX: usize = 32;
/// Addresses whose names are remembered, for TLS.
const NAMES_MAX: usize = 4_096;

/// Why a host was not found.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LocateError {
    /// None of the sockets speaks the transport, or the address family, that it takes.
    #[error("no socket of ours leads to {host}: check its transport and the listening addresses")]
    NoWay {
        /// The host.
        host: String,
    },
    /// The name servers know no such name, or no address of it that our sockets reach.
    #[error("the name servers know no address of {host}")]
    Unknown {
        /// The host.
        host: String,
    },
    /// Nobody could be asked.
    #[error("{host} cannot be looked up: {why}")]
    Failed {
        /// The host.
        host: String,
        /// What the resolver says.
        why: String,
    },
}

/// Finds hosts. Clones share what they know.
#[derive(Clone, Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    client: ArcSwap<Result<Client, String>>,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Client {
    servers: Vec<SocketAddr>,
    resolver: TokioResolver,
}

#[derive(Debug)]
struct Memory {
    dice: Dice,
    failures: Failures,
    /// The host that led to an address last.
    names: BTreeMap<SocketAddr, String>,
}

impl Resolver {
    /// Asks these name servers; none given, those of the system. `seed` draws among SRV records.
    pub fn new(servers: &[SocketAddr], seed: u64) -> Self {
        let memory =
            Memory { dice: Dice::new(seed), failures: Failures::default(), names: BTreeMap::new() };
        let client = ArcSwap::from_pointee(client(servers));
        Self { shared: Arc::new(Shared { client, memory: Mutex::new(memory) }) }
    }

    /// Asks these name servers from now on.
    pub(in crate::signalling) fn set_servers(&self, servers: &[SocketAddr]) {
        let same = |client: &Client| !servers.is_empty() && client.servers == servers;
        if !self.shared.client.load().as_ref().as_ref().is_ok_and(same) {
            self.shared.client.store(Arc::new(client(servers)));
        }
    }

    /// Returns where it can be reached, best first, by the sockets in `ways`: their transports and addresses as
    /// bound, preferred ones first. What failed lately comes last. Never empty.
    ///
    /// # Errors
    /// Where there is no way, no such name, or nobody to ask; within 5 s.
    pub async fn locate(
        &self,
        destination: &Destination,
        ways: &[(Transport, SocketAddr)],
    ) -> Result<Vec<Flow>, LocateError> {
        let host = &destination.host;
        let takes = |way: &&(Transport, SocketAddr)| destination.takes(way.0);
        let ways: Vec<_> = ways.iter().filter(takes).copied().collect();
        if ways.is_empty() {
            return Err(LocateError::NoWay { host: host.clone() });
        }
        let mut flows = match host.parse::<IpAddr>() {
            // RFC 3263 §4.1: an address is its own answer.
            Ok(ip) => first_way(&ways, ip, destination.port),
            Err(_) => {
                let found = tokio::time::timeout(PATIENCE, self.look_up(destination, &ways)).await;
                let late = |_| LocateError::Failed {
                    host: host.clone(),
                    why: format!("no answer within {} s", PATIENCE.as_secs()),
                };
                found.map_err(late)??
            }
        };
        flows.truncate(FLOWS_MAX);
        let mut memory = self.memory();
        memory.failures.sort(Instant::now(), &mut flows);
        memory.note_names(host, &flows);
        match flows.is_empty() {
            true => Err(LocateError::NoWay { host: host.clone() }),
            false => Ok(flows),
        }
    }

    /// Notes that nobody was there: for a minute it is tried after all else.
    pub fn note_failure(&self, flow: Flow) {
        self.memory().failures.note(Instant::now(), flow);
    }

    /// Notes that somebody answered there.
    pub fn note_success(&self, flow: Flow) {
        self.memory().failures.clear(flow);
    }

    /// Returns the host that led to an address last.
    pub(in crate::signalling) fn name_of(&self, address: SocketAddr) -> Option<String> {
        self.memory().names.get(&address).cloned()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // What it holds is whole at every moment, so that a panic elsewhere spoils nothing.
        self.shared.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_up(
        &self,
        destination: &Destination,
        ways: &[(Transport, SocketAddr)],
    ) -> Result<Vec<Flow>, LocateError> {
        let client = self.shared.client.load_full();
        let failed = |why: String| LocateError::Failed { host: destination.host.clone(), why };
        let resolver = &client.as_ref().as_ref().map_err(|why| failed(why.clone()))?.resolver;
        let search = Search { resolver, host: &destination.host };
        // RFC 3263 §4.2: a port that is written leaves nothing for SRV to say.
        if destination.port.is_none() {
            let services = search.services(destination, ways).await.map_err(failed)?;
            let (mut flows, said) = (Vec::new(), !services.is_empty());
            for (transport, services) in services {
                let ordered = order(services, &mut self.memory().dice);
                for service in ordered.into_iter().take(FLOWS_MAX) {
                    // One target that cannot be looked up does not hide the others.
                    let ips = search.addresses(&service.target).await.unwrap_or_default();
                    let some = ips.into_iter().filter_map(|ip| {
                        let way = ways.iter().find(|way| way.0 == transport && fits(way, ip))?;
                        Some(flow(way, SocketAddr::new(ip, service.port)))
                    });
                    flows.extend(some);
                }
            }
            match (flows.is_empty(), said) {
                (false, _) => return Ok(flows),
                // RFC 3263 §4.2: the addresses of the host itself count where there is no SRV record at all.
                (true, true) => {
                    return Err(LocateError::Unknown { host: destination.host.clone() });
                }
                (true, false) => {}
            }
        }
        let ips = search.addresses(&destination.host).await.map_err(failed)?;
        let flows: Vec<_> =
            ips.into_iter().flat_map(|ip| first_way(ways, ip, destination.port)).collect();
        match flows.is_empty() {
            true => Err(LocateError::Unknown { host: destination.host.clone() }),
            false => Ok(flows),
        }
    }
}

impl Memory {
    fn note_names(&mut self, host: &str, flows: &[Flow]) {
        if self.names.len() + flows.len() > NAMES_MAX {
            self.names.clear();
        }
        self.names.extend(flows.iter().map(|flow| (flow.remote, host.to_ascii_lowercase())));
    }
}

/// One look-up.
struct Search<'a> {
    resolver: &'a TokioResolver,
    host: &'a str,
}

impl Search<'_> {
    /// Returns the SRV records where there are any, transports in the order in which they are tried.
    async fn services(
        &self,
        destination: &Destination,
        ways: &[(Transport, SocketAddr)],
    ) -> Result<Vec<(Transport, Vec<Service>)>, String> {
        let mut names = Vec::new();
        // RFC 3263 §4.1: NAPTR only says what is not said yet.
        if destination.transport.is_none() && !destination.secure {
            names = self.replacements(ways).await;
        }
        if names.is_empty() {
            let mut transports: Vec<_> = ways.iter().map(|way| way.0).collect();
            transports.dedup();
            names = transports
                .into_iter()
                .map(|transport| (transport, format!("{}.{}", service_of(transport), self.host)))
                .collect();
        }
        let mut found = Vec::new();
        for (transport, name) in names {
            let records = self.records(&name, RecordType::SRV).await?;
            if records.iter().any(|record| matches!(record, RData::SRV(_))) {
                found.push((transport, records.iter().filter_map(service).collect()));
            }
        }
        Ok(found)
    }

    /// Returns where the NAPTR records send us, best first. Few hosts have any.
    async fn replacements(&self, ways: &[(Transport, SocketAddr)]) -> Vec<(Transport, String)> {
        let records = self.records(self.host, RecordType::NAPTR).await.unwrap_or_default();
        let mut found: Vec<_> = records
            .iter()
            .filter_map(|record| {
                let RData::NAPTR(naptr) = record else { return None };
                let transport = transport_of(&naptr.services)?;
                let ours = naptr.flags.eq_ignore_ascii_case(b"s")
                    && ways.iter().any(|way| way.0 == transport);
                let name = naptr.replacement.to_ascii();
                ours.then_some((naptr.order, naptr.preference, transport, name))
            })
            .collect();
        found.sort_by_key(|(order, preference, ..)| (*order, *preference));
        found.into_iter().map(|(_, _, transport, name)| (transport, name)).collect()
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match self.resolver.lookup_ip(absolute(host)).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) if is_absence(&error) => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn records(&self, name: &str, of: RecordType) -> Result<Vec<RData>, String> {
        match self.resolver.lookup(absolute(name), of).await {
            Ok(found) => Ok(found.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if is_absence(&error) => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn client(servers: &[SocketAddr]) -> Result<Client, String> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = match servers {
        [] => TokioResolver::builder(provider).map_err(|error| {
            format!("the name servers of this machine cannot be read (/etc/resolv.conf): {error}")
        })?,
        servers => {
            let servers = servers.iter().map(name_server).collect();
            let config = ResolverConfig::from_name_servers(servers);
            TokioResolver::builder_with_config(config, provider)
        }
    };
    set(builder.options_mut());
    let resolver = builder.build().map_err(|error| error.to_string())?;
    Ok(Client { servers: servers.to_vec(), resolver })
}

fn set(options: &mut ResolverOpts) {
    options.timeout = ONE_SERVER;
    options.attempts = 1;
    options.cache_size = ANSWERS;
    options.positive_max_ttl = Some(ANSWER_TTL_MAX);
    options.negative_max_ttl = Some(FAILURE_TTL_MAX);
    options.ip_strategy = hickory_resolver::config::LookupIpStrategy::Ipv4AndIpv6;
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// Whether the name servers said that there is none, which is an answer.
fn is_absence(error: &NetError) -> bool {
    error.is_no_records_found() || error.is_nx_domain()
}

/// A name with a dot in it is whole; only a bare one is looked for in the domains of this machine.
fn absolute(name: &str) -> String {
    match name.contains('.') && !name.ends_with('.') {
        true => format!("{name}."),
        false => name.to_owned(),
    }
}

fn service(record: &RData) -> Option<Service> {
    let RData::SRV(srv) = record else { return None };
    // RFC 2782: a lone dot means that the service is decidedly not there.
    let target = srv.target.to_ascii();
    (target != ".").then_some(Service {
        priority: srv.priority,
        weight: srv.weight,
        port: srv.port,
        target,
    })
}

fn service_of(transport: Transport) -> &'static str {
    match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
    }
}

fn transport_of(services: &[u8]) -> Option<Transport> {
    match services.to_ascii_uppercase().as_slice() {
        b"SIP+D2U" => Some(Transport::Udp),
        b"SIP+D2T" => Some(Transport::Tcp),
        b"SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    }
}

fn default_port(transport: Transport) -> u16 {
    match transport {
        Transport::Udp | Transport::Tcp => 5060,
        Transport::Tls => 5061,
    }
}

fn fits(way: &&(Transport, SocketAddr), ip: IpAddr) -> bool {
    way.1.is_ipv4() == ip.is_ipv4()
}

fn flow(way: &(Transport, SocketAddr), remote: SocketAddr) -> Flow {
    Flow { transport: way.0, local: way.1, remote }
}

/// Goes to an address by the first socket that can.
fn first_way(ways: &[(Transport, SocketAddr)], ip: IpAddr, port: Option<u16>) -> Vec<Flow> {
    let way = ways.iter().find(|way| fits(way, ip));
    let found =
        way.map(|way| flow(way, SocketAddr::new(ip, port.unwrap_or_else(|| default_port(way.0)))));
    found.into_iter().collect()
}
