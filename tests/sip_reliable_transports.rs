//! What the user agent does differently over TCP and TLS: it sends nothing twice and waits for no repeats (RFC 3261
//! §17), and it tells trunks apart by the sockets that their requests come by.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{LegId, TrunkName};
use attendant::sip::{
    Command, DropReason, EndCause, Event, Flow, Inbound, Input, NewLeg, Output, Refusal, Standing,
    Transport, Trunk, Ua, UaConfig,
};
use sip_wire::{OFFER, config, new_leg, trunk};

fn at(port: u16) -> SocketAddr {
    ([10, 0, 0, 1], port).into()
}

fn flow(transport: Transport, port: u16) -> Flow {
    Flow { transport, local: at(port), remote: ([10, 0, 0, 9], 40_000).into() }
}

/// A user agent in virtual time.
struct Agent {
    ua: Ua,
    start: Instant,
    now: Instant,
    /// When each message went out, and its first words.
    sent: Vec<(u128, String)>,
    events: Vec<Event>,
    last: String,
}

impl Agent {
    fn new(config: UaConfig) -> Self {
        let now = Instant::now();
        let ua = Ua::new(config, 7, now);
        Self { ua, start: now, now, sent: vec![], events: vec![], last: String::new() }
    }

    fn take(&mut self) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Send { bytes, .. } => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let first = text.lines().next().unwrap();
                    let mut words = first.split(' ');
                    let word = words.next().unwrap();
                    let word = if word == "SIP/2.0" { words.next().unwrap() } else { word };
                    self.sent.push((self.now.duration_since(self.start).as_millis(), word.into()));
                    self.last = text;
                }
                Output::Event(event) => self.events.push(event),
                Output::Resolve { .. } => {}
            }
        }
    }

    fn hears(&mut self, flow: Flow, text: &str) {
        let bytes = bytes::Bytes::copy_from_slice(text.as_bytes());
        self.ua.handle_input(self.now, Input::Datagram { flow, bytes });
        self.take();
    }

    fn does(&mut self, command: Command) {
        self.ua.handle_input(self.now, Input::Command(command));
        self.take();
    }

    /// Lets time go by.
    fn waits(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.ua.poll_timeout().filter(|due| *due <= end) {
            self.now = due.max(self.now);
            self.ua.handle_timeout(self.now);
            self.take();
        }
        self.now = end;
    }

    fn sent(&self) -> Vec<(u128, &str)> {
        self.sent.iter().map(|(at, word)| (*at, word.as_str())).collect()
    }

    fn answers(&mut self, flow: Flow, status: u16) {
        let head = |name: &str| {
            let prefix = format!("{name}: ");
            let line = self.last.lines().find(|line| line.starts_with(&prefix));
            line.unwrap().to_owned()
        };
        let text = format!(
            "SIP/2.0 {status} Word\r\n{}\r\n{}\r\n{};tag=peer\r\n{}\r\n{}\r\nContent-Length: 0\r\n\r\n",
            head("Via"),
            head("From"),
            head("To"),
            head("Call-ID"),
            head("CSeq")
        );
        self.hears(flow, &text);
    }
}

fn request(method: &str, branch: &str, transport: &str, body: &str) -> String {
    format!(
        "{method} sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 10.0.0.9:5060;branch=z9hG4bK{branch}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@10.0.0.9>;tag=1\r\nTo: <sip:100@10.0.0.1>\r\nCall-ID: {branch}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:a@10.0.0.9:5060>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Timers A and E off, B and F as ever; K at zero.
#[test]
fn our_requests_go_out_once() {
    for transport in [Transport::Tcp, Transport::Tls] {
        let way = flow(transport, 5060);
        let mut agent = Agent::new(config());
        agent.does(Command::Invite(Box::new(NewLeg { flow: way, ..new_leg() })));
        assert!(agent.last.contains(&format!("Via: SIP/2.0/{} 10.0.0.1:5060;", transport.name())));
        agent.waits(Duration::from_secs(31));
        assert_eq!(agent.sent(), [(0, "INVITE")]);
        agent.waits(Duration::from_secs(2));
        let ended = agent
            .events
            .iter()
            .any(|event| matches!(event, Event::Ended { cause: EndCause::Timeout, .. }));
        assert!(ended, "64·T1: {:?}", agent.events);

        let mut agent = Agent::new(config());
        let advertised = at(5060);
        let target = "sip:10.0.0.9".to_owned();
        agent.does(Command::Options { id: 1, flow: way, target, advertised });
        agent.waits(Duration::from_secs(10));
        assert_eq!(agent.sent(), [(0, "OPTIONS")]);
        agent.answers(way, 200);
        agent.waits(Duration::ZERO);
        assert!(agent.ua.is_idle(), "{:?}", agent.ua.dump(agent.now));
    }
    // Over UDP the same is repeated.
    let mut agent = Agent::new(config());
    agent.does(Command::Invite(Box::new(NewLeg { flow: flow(Transport::Udp, 5060), ..new_leg() })));
    agent.waits(Duration::from_secs(4));
    assert_eq!(agent.sent(), [(0, "INVITE"), (500, "INVITE"), (1500, "INVITE"), (3500, "INVITE")]);
}

/// Timer D at zero: a refusal is acknowledged, and nothing is left.
#[test]
fn a_refusal_leaves_nothing_behind() {
    let way = flow(Transport::Tcp, 5060);
    let mut agent = Agent::new(config());
    agent.does(Command::Invite(Box::new(NewLeg { flow: way, ..new_leg() })));
    agent.answers(way, 486);
    agent.waits(Duration::ZERO);
    assert_eq!(agent.sent(), [(0, "INVITE"), (0, "ACK")]);
    let lines = agent.ua.dump(agent.now);
    assert!(!lines.iter().any(|line| line.contains("INVITE")), "{lines:?}");
}

/// Timers G, I and J: a refusal of ours goes out once, and its ACK ends it.
#[test]
fn our_refusal_goes_out_once() {
    let way = flow(Transport::Tcp, 5060);
    let mut agent = Agent::new(config());
    let invite = request("INVITE", "refused", "TCP", OFFER);
    agent.hears(way, &invite);
    let refusal = Refusal { status: 486, ..Refusal::default() };
    agent.does(Command::Refuse { leg: LegId(2), refusal });
    agent.waits(Duration::from_secs(10));
    assert_eq!(agent.sent().iter().filter(|(_, word)| *word == "486").count(), 1);
    let to = agent.last.lines().find(|line| line.starts_with("To: ")).unwrap().to_owned();
    let ack = request("ACK", "refused", "TCP", "").replace("To: <sip:100@10.0.0.1>", &to);
    agent.hears(way, &ack);
    agent.waits(Duration::ZERO);
    let lines = agent.ua.dump(agent.now);
    assert!(!lines.iter().any(|line| line.contains("INVITE from")), "{lines:?}");
    // An answer to anything else is forgotten at once.
    agent.hears(way, &request("OPTIONS", "asked", "TCP", ""));
    agent.waits(Duration::ZERO);
    let lines = agent.ua.dump(agent.now);
    assert!(!lines.iter().any(|line| line.contains("OPTIONS from")), "{lines:?}");
}

fn two_trunks(first: Trunk) -> UaConfig {
    let second = Trunk {
        name: TrunkName::new("second"),
        listens: vec![(Transport::Tcp, at(5070)), (Transport::Tls, at(5071))],
        ..trunk()
    };
    UaConfig { trunks: vec![first, second], ..config() }
}

fn trunk_of_call(config: &UaConfig, way: Flow) -> Option<String> {
    let mut agent = Agent::new(config.clone());
    agent.hears(way, &request("INVITE", "call", way.transport.name(), OFFER));
    agent.events.iter().find_map(|event| match event {
        Event::Incoming(incoming) => Some(incoming.trunk.to_string()),
        Event::Dropped { why: DropReason::UnknownSource, .. } => None,
        event => panic!("{event:?}"),
    })
}

/// Two trunks of one PBX, told apart by the sockets that they use.
#[test]
fn a_trunk_has_its_own_sockets() {
    let first = Trunk { listens: vec![(Transport::Udp, at(5060))], ..trunk() };
    let config = two_trunks(first);
    let of = |transport, port| trunk_of_call(&config, flow(transport, port));
    assert_eq!(of(Transport::Udp, 5060).as_deref(), Some("pbx"));
    assert_eq!(of(Transport::Tcp, 5070).as_deref(), Some("second"));
    assert_eq!(of(Transport::Tls, 5071).as_deref(), Some("second"));
    // The same port by another transport, and another port, are nobody's.
    assert_eq!(of(Transport::Tcp, 5060), None);
    assert_eq!(of(Transport::Udp, 5071), None);
    let ua = Ua::new(config.clone(), 7, Instant::now());
    assert_eq!(ua.standing(flow(Transport::Udp, 5060)), Standing::Listed);
    assert_eq!(ua.standing(flow(Transport::Tcp, 5060)), Standing::Stranger);
}

/// A trunk that asks for certificates takes nothing that came without TLS.
#[test]
fn a_certificate_takes_tls() {
    let first = Trunk { inbound: Inbound::Certificate, ..trunk() };
    let config = UaConfig { trunks: vec![first], ..config() };
    assert_eq!(trunk_of_call(&config, flow(Transport::Tls, 5061)).as_deref(), Some("pbx"));
    assert_eq!(trunk_of_call(&config, flow(Transport::Tcp, 5061)), None);
    assert_eq!(trunk_of_call(&config, flow(Transport::Udp, 5061)), None);
}

/// Softphones alone are guests, however wide their network is.
#[test]
fn who_may_only_register_is_a_guest() {
    let phones = Trunk { inbound: Inbound::Registered, ..trunk() };
    let pbx = Trunk { allow: vec!["10.0.0.9/32".parse().unwrap()], ..trunk() };
    let ua = |trunks| Ua::new(UaConfig { trunks, ..config() }, 7, Instant::now());
    let way = flow(Transport::Udp, 5060);
    assert_eq!(ua(vec![phones.clone()]).standing(way), Standing::Guest);
    assert_eq!(ua(vec![phones, pbx]).standing(way), Standing::Listed);
    assert_eq!(ua(vec![]).standing(way), Standing::Stranger);
}

/// Where trunk has sockets at several ports, each of its calls names the one that it came by.
#[test]
fn contact_and_via_name_the_socket_of_the_call() {
    let advertised = "203.0.113.7:5060".parse().unwrap();
    let listens = vec![(Transport::Udp, at(5060)), (Transport::Tls, at(5061))];
    let contact = |trunk: &Trunk, way: Flow| {
        let mut agent = Agent::new(UaConfig { trunks: vec![trunk.clone()], ..config() });
        agent.hears(way, &request("INVITE", "call", way.transport.name(), OFFER));
        agent.does(Command::Accept { leg: LegId(2), sdp: OFFER.into() });
        let line = agent.last.lines().find(|line| line.starts_with("Contact: ")).unwrap();
        line.split('@').nth(1).unwrap().split([';', '>']).next().unwrap().to_owned()
    };
    let several = Trunk { advertised, listens, ..trunk() };
    assert_eq!(contact(&several, flow(Transport::Udp, 5060)), "203.0.113.7:5060");
    assert_eq!(contact(&several, flow(Transport::Tls, 5061)), "203.0.113.7:5061");
    // A port that somebody maps to ours is told as it was written.
    let mapped = Trunk { advertised: "203.0.113.7:15060".parse().unwrap(), ..several.clone() };
    assert_eq!(contact(&mapped, flow(Transport::Udp, 5060)), "203.0.113.7:15060");
    // A socket of the other family has no use for that address.
    let six = Flow {
        transport: Transport::Udp,
        local: "[2001:db8::1]:5060".parse().unwrap(),
        remote: "[2001:db8::9]:5060".parse().unwrap(),
    };
    let allow = vec!["2001:db8::/64".parse().unwrap()];
    let both = Trunk { allow, listens: vec![], ..several };
    assert_eq!(contact(&both, six), "[2001:db8::1]:5060");
}
