//! Where hosts are: a name server of the test's own on loopback, and what comes of its records.
#![allow(clippy::unwrap_used, reason = "tests")]

mod signalling_stage;
mod sip_wire;
mod timeline;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use attendant::base::LegId;
use attendant::signalling::{Destination, Listen, LocateError, Resolver, Settings};
use attendant::sip::{Flow, Transport};
use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, NAPTR, SOA, SRV};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use signalling_stage::{agent, config, loopback};
use tokio::net::{TcpListener, UdpSocket};

type Zone = BTreeMap<(String, RecordType), Vec<(u32, RData)>>;

/// A name server that counts what it is asked.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
    asked: Arc<Mutex<BTreeMap<(String, RecordType), u32>>>,
}

impl Server {
    async fn start() -> Self {
        let socket = UdpSocket::bind(loopback()).await.unwrap();
        let address = socket.local_addr().unwrap();
        let server = Self { address, zone: Arc::default(), asked: Arc::default() };
        let running = server.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                let answer = running.answer(&Message::from_vec(&buffer[..length]).unwrap());
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        server
    }

    fn answer(&self, query: &Message) -> Message {
        let question = query.queries[0].clone();
        let name = question.name().to_ascii().to_lowercase().trim_end_matches('.').to_owned();
        let key = (name, question.query_type());
        *self.asked.lock().unwrap().entry(key.clone()).or_insert(0) += 1;
        let zone = self.zone.lock().unwrap();
        let mut answer = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
        answer.metadata.recursion_available = true;
        answer.add_query(question.clone());
        match zone.get(&key) {
            Some(records) => {
                for (ttl, data) in records {
                    let record = Record::from_rdata(question.name().clone(), *ttl, data.clone());
                    answer.add_answer(record);
                }
            }
            None => {
                let known = zone.keys().any(|(name, _)| *name == key.0);
                answer.metadata.response_code =
                    if known { ResponseCode::NoError } else { ResponseCode::NXDomain };
                // RFC 2308: how long the absence may be believed.
                let soa = SOA::new(name_of("ns.example"), name_of("a.example"), 1, 60, 60, 60, 60);
                let record = Record::from_rdata(name_of("example"), 60, RData::SOA(soa));
                answer.add_authority(record);
            }
        }
        answer
    }

    fn add(&self, name: &str, ttl: u32, data: RData) {
        let key = (name.to_owned(), data.record_type());
        self.zone.lock().unwrap().entry(key).or_default().push((ttl, data));
    }

    fn host(&self, name: &str, ip: &str) {
        self.add(
            name,
            60,
            match ip.parse().unwrap() {
                IpAddr::V4(ip) => RData::A(A(ip)),
                IpAddr::V6(ip) => RData::AAAA(AAAA(ip)),
            },
        );
    }

    fn service(&self, name: &str, priority: u16, weight: u16, port: u16, target: &str) {
        self.add(name, 60, RData::SRV(SRV::new(priority, weight, port, name_of(target))));
    }

    fn asked(&self, name: &str, of: RecordType) -> u32 {
        self.asked.lock().unwrap().get(&(name.to_owned(), of)).copied().unwrap_or(0)
    }

    fn resolver(&self, seed: u64) -> Resolver {
        Resolver::new(&[self.address], seed)
    }
}

fn name_of(text: &str) -> Name {
    Name::from_ascii(format!("{}.", text.trim_end_matches('.'))).unwrap()
}

fn ways() -> Vec<(Transport, SocketAddr)> {
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    vec![(Transport::Udp, at(1)), (Transport::Tcp, at(2)), (Transport::Tls, at(3))]
}

fn shown(flows: &[Flow]) -> Vec<String> {
    flows.iter().map(|flow| format!("{} {}", flow.transport.name(), flow.remote)).collect()
}

async fn locate(resolver: &Resolver, destination: &Destination) -> Vec<String> {
    shown(&resolver.locate(destination, &ways()).await.unwrap())
}

fn to(host: &str) -> Destination {
    Destination::new(host, None, None)
}

#[tokio::test]
async fn services_come_by_priority_and_weight_and_are_kept() {
    let server = Server::start().await;
    server.service("_sip._udp.carrier.example", 10, 60, 5061, "a.example");
    server.service("_sip._udp.carrier.example", 10, 40, 5062, "b.example");
    server.service("_sip._udp.carrier.example", 20, 0, 5063, "c.example");
    for (name, ip) in
        [("a.example", "192.0.2.1"), ("b.example", "192.0.2.2"), ("c.example", "192.0.2.3")]
    {
        server.host(name, ip);
    }
    let resolver = server.resolver(7);
    let carrier = Destination { transport: Some(Transport::Udp), ..to("carrier.example") };
    let mut firsts = BTreeMap::new();
    for _ in 0..200 {
        let found = locate(&resolver, &carrier).await;
        assert_eq!((found.len(), found[2].as_str()), (3, "UDP 192.0.2.3:5063"));
        *firsts.entry(found[0].clone()).or_insert(0) += 1;
    }
    // 120 and 80 of 200 by the weights.
    assert!((90..150).contains(&firsts["UDP 192.0.2.1:5061"]), "{firsts:?}");
    assert_eq!(firsts.values().sum::<i32>(), 200);
    // The name server was asked once, and the same seed draws the same lots.
    assert_eq!(server.asked("_sip._udp.carrier.example", RecordType::SRV), 1);
    assert_eq!(server.asked("a.example", RecordType::A), 1);
    let (one, other) = (server.resolver(9), server.resolver(9));
    for _ in 0..20 {
        assert_eq!(locate(&one, &carrier).await, locate(&other, &carrier).await);
    }
}

#[tokio::test]
async fn an_answer_is_believed_for_its_time_and_a_failure_too() {
    let server = Server::start().await;
    let at = RData::A(A([192, 0, 2, 1].into()));
    server.add("short.example", 1, at);
    let resolver = server.resolver(7);
    let short = Destination::new("short.example", Some(5070), Some(Transport::Udp));
    assert_eq!(locate(&resolver, &short).await, ["UDP 192.0.2.1:5070"]);
    assert_eq!(locate(&resolver, &short).await, ["UDP 192.0.2.1:5070"]);
    assert_eq!(server.asked("short.example", RecordType::A), 1);
    // A port that is written leaves nothing for SRV to say.
    assert_eq!(server.asked("_sip._udp.short.example", RecordType::SRV), 0);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(locate(&resolver, &short).await, ["UDP 192.0.2.1:5070"]);
    assert_eq!(server.asked("short.example", RecordType::A), 2);

    let nowhere = to("nowhere.example");
    for _ in 0..3 {
        let error = resolver.locate(&nowhere, &ways()).await.unwrap_err();
        assert_eq!(error, LocateError::Unknown { host: "nowhere.example".into() });
        assert_eq!(error.to_string(), "the name servers know no address of nowhere.example");
    }
    assert_eq!(server.asked("nowhere.example", RecordType::A), 1);
    assert_eq!(server.asked("_sip._tcp.nowhere.example", RecordType::SRV), 1);
}

#[tokio::test]
async fn naptr_says_the_transport_and_so_does_the_uri() {
    let server = Server::start().await;
    let naptr = |order, services: &str, to: &str| {
        let (flags, services) = (b"s".to_vec().into(), services.as_bytes().to_vec().into());
        RData::NAPTR(NAPTR::new(order, 50, flags, services, Box::default(), name_of(to)))
    };
    server.add("pbx.example", 60, naptr(20, "SIP+D2U", "_sip._udp.pbx.example"));
    server.add("pbx.example", 60, naptr(10, "SIP+D2T", "_sip._tcp.pbx.example"));
    server.add("pbx.example", 60, naptr(5, "SIP+D2W", "_sip._ws.pbx.example"));
    server.service("_sip._udp.pbx.example", 1, 1, 5060, "host.example");
    server.service("_sip._tcp.pbx.example", 1, 1, 5080, "host.example");
    server.service("_sips._tcp.pbx.example", 1, 1, 5081, "host.example");
    server.host("host.example", "192.0.2.7");
    server.host("host.example", "2001:db8::7");
    let resolver = server.resolver(7);
    assert_eq!(
        locate(&resolver, &to("pbx.example")).await,
        ["TCP 192.0.2.7:5080", "UDP 192.0.2.7:5060"]
    );
    let udp = Destination { transport: Some(Transport::Udp), ..to("pbx.example") };
    assert_eq!(locate(&resolver, &udp).await, ["UDP 192.0.2.7:5060"]);
    let sips = Destination { secure: true, ..to("pbx.example") };
    assert_eq!(locate(&resolver, &sips).await, ["TLS 192.0.2.7:5081"]);
    // A socket for IPv6 goes to the IPv6 address.
    let six = [(Transport::Tcp, "[2001:db8::1]:5060".parse().unwrap())];
    let found = resolver.locate(&to("pbx.example"), &six).await.unwrap();
    assert_eq!(shown(&found), ["TCP [2001:db8::7]:5080"]);
}

#[tokio::test]
async fn without_services_the_host_itself_counts() {
    let server = Server::start().await;
    server.host("plain.example", "192.0.2.8");
    server.add("_sip._udp.closed.example", 60, RData::SRV(SRV::new(0, 0, 0, Name::root())));
    server.host("closed.example", "192.0.2.9");
    let resolver = server.resolver(7);
    assert_eq!(locate(&resolver, &to("plain.example")).await, ["UDP 192.0.2.8:5060"]);
    let tls = Destination { transport: Some(Transport::Tls), ..to("plain.example") };
    assert_eq!(locate(&resolver, &tls).await, ["TLS 192.0.2.8:5061"]);
    // A lone dot says that there is no such service (RFC 2782).
    let closed = Destination { transport: Some(Transport::Udp), ..to("closed.example") };
    let error = resolver.locate(&closed, &ways()).await.unwrap_err();
    assert_eq!(error, LocateError::Unknown { host: "closed.example".into() });
    // Addresses need nobody to ask.
    assert_eq!(locate(&resolver, &to("192.0.2.10")).await, ["UDP 192.0.2.10:5060"]);
    let error = resolver.locate(&to("[2001:db8::1]"), &ways()).await.unwrap_err();
    assert_eq!(error, LocateError::NoWay { host: "2001:db8::1".into() });
}

#[tokio::test]
async fn a_name_server_that_is_not_there_is_said() {
    let nobody = UdpSocket::bind(loopback()).await.unwrap();
    let resolver = Resolver::new(&[nobody.local_addr().unwrap()], 7);
    let host = Destination::new("pbx.example", Some(5060), None);
    let error = resolver.locate(&host, &ways()).await.unwrap_err();
    assert!(matches!(error, LocateError::Failed { .. }), "{error}");
    assert!(error.to_string().starts_with("pbx.example cannot be looked up: "), "{error}");
}

/// The first target is dead: the connection is refused, and from then on the second one comes first.
#[tokio::test]
async fn a_dead_first_target_gives_way_to_the_second() {
    let server = Server::start().await;
    let called = agent(
        &Settings { listens: vec![Listen::tcp(loopback())], ..Settings::default() },
        config(),
        2,
    );
    let dead = TcpListener::bind(loopback()).await.unwrap().local_addr().unwrap();
    let alive = called.handle.local_addr();
    server.service("_sip._tcp.pbx.example", 1, 0, dead.port(), "one.example");
    server.service("_sip._tcp.pbx.example", 2, 0, alive.port(), "two.example");
    server.host("one.example", "127.0.0.1");
    server.host("two.example", "127.0.0.1");
    let settings = Settings {
        listens: vec![Listen::tcp(loopback())],
        name_servers: vec![server.address],
        ..Settings::default()
    };
    let mut caller = agent(&settings, config(), 1);
    let resolver = caller.handle.resolver().clone();
    let pbx = to("pbx.example");
    let order = async || {
        let flows = resolver.locate(&pbx, &caller.handle.ways()).await.unwrap();
        flows.iter().map(|flow| flow.remote).collect::<Vec<_>>()
    };
    assert_eq!(order().await, [dead, alive]);
    caller.call(Transport::Tcp, dead).await;
    caller.has_connections(0).await;
    assert_eq!(order().await, [alive, dead]);
    assert_eq!(caller.options(Transport::Tcp, alive).await, Some(200));
    // Whoever learns otherwise says so.
    resolver.note_success(caller.handle.flow_by(Transport::Tcp, dead).unwrap());
    let flows = resolver.locate(&pbx, &caller.handle.ways()).await.unwrap();
    assert_eq!(flows[0].remote, dead);
}

/// The far end names a host in its Contact: the BYE goes where its SRV records lead.
#[tokio::test]
async fn a_contact_that_is_a_name_is_looked_up() {
    let server = Server::start().await;
    let (first, second) = (UdpSocket::bind(loopback()).await, UdpSocket::bind(loopback()).await);
    let (first, second) = (first.unwrap(), second.unwrap());
    server.service(
        "_sip._udp.pbx.example",
        1,
        0,
        second.local_addr().unwrap().port(),
        "host.example",
    );
    server.host("host.example", "127.0.0.1");
    let settings = Settings { name_servers: vec![server.address], ..Settings::udp(&[loopback()]) };
    let caller = agent(&settings, config(), 1);
    caller.call(Transport::Udp, first.local_addr().unwrap()).await;
    let mut buffer = [0; 4_000];
    let (length, from) = first.recv_from(&mut buffer).await.unwrap();
    let invite = String::from_utf8_lossy(&buffer[..length]).into_owned();
    let copied: String = invite
        .lines()
        .filter(|line| {
            ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    let to = invite.lines().find(|line| line.starts_with("To:")).unwrap();
    let answer = format!(
        "SIP/2.0 200 OK\r\n{copied}{to};tag=peer\r\nContact: <sip:100@pbx.example>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{}",
        sip_wire::OFFER.len(),
        sip_wire::OFFER
    );
    first.send_to(answer.as_bytes(), from).await.unwrap();
    let mut heard = async || {
        let received = tokio::time::timeout(signalling_stage::PATIENCE, second.recv(&mut buffer));
        let length = received.await.expect("it comes").unwrap();
        String::from_utf8_lossy(&buffer[..length]).lines().next().unwrap().to_owned()
    };
    assert_eq!(heard().await, "ACK sip:100@pbx.example SIP/2.0");
    caller.hang_up(LegId(1)).await;
    assert_eq!(heard().await, "BYE sip:100@pbx.example SIP/2.0");
    assert_eq!(server.asked("_sip._udp.pbx.example", RecordType::SRV), 1);
}
