//! A user agent and the peer at the other end of its wire, driven by the words of a timeline.
//!
//! `< INVITE +sdp` is a request of the peer, `< 200 BYE` its answer to ours, `< do accept` a
//! command to the user agent; `>` shows what it sent and told. Headers of the peer's follow `|`.
#![allow(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test takes what it needs"
)]

mod beginnings;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use attendant::base::{LegId, Purpose, Sdp, Secret, TrunkName};
use attendant::sip::auth::Algorithm;
use attendant::sip::message::{Message, Method, Request, Response, Sipfrag};
use attendant::sip::{
    Command, Credentials, Event, Flow, Inbound, Input, NewLeg, Output, Policy, Refusal, Registrar,
    RegistrationState, Transport, Trunk, Ua, UaConfig,
};

pub use beginnings::{ACCEPTED, INCOMING, OUR_CALL, RINGING, TAKEN, taken_with};

pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n\
                         m=audio 4000 RTP/AVP 0\r\n";

const OURS: &str = "10.0.0.1:5060";
const THEIRS: &str = "10.0.0.9:5060";

pub fn flow(remote: &str) -> Flow {
    let (local, remote) = (OURS.parse().unwrap(), remote.parse().unwrap());
    Flow { transport: Transport::Udp, local, remote }
}

pub fn trunk() -> Trunk {
    Trunk {
        name: TrunkName::new("pbx"),
        allow: vec!["10.0.0.0/24".parse().unwrap()],
        inbound: Inbound::Ip,
        advertised: OURS.parse().unwrap(),
        credentials: None,
        accept_refer: false,
        refer_wait: Duration::from_secs(60),
        listens: vec![],
        policy: Policy::default(),
    }
}

pub fn config() -> UaConfig {
    UaConfig {
        product: "Attendant/test".into(),
        trunks: vec![trunk()],
        registrar: None,
        t1: Duration::from_millis(500),
    }
}

pub fn registrar() -> Registrar {
    let digests = vec![Algorithm::Sha256, Algorithm::Md5];
    Registrar { realm: "clinic".into(), users: vec![credentials()], digests }
}

pub fn credentials() -> Credentials {
    Credentials { user: "anna".into(), secret: Secret::new("wonder") }
}

/// One of our calls, to the peer.
pub fn new_leg() -> NewLeg {
    NewLeg {
        leg: LegId(1),
        flow: flow(THEIRS),
        target: format!("sip:101@{THEIRS}"),
        from_user: "desk".into(),
        display: None,
        offer: OFFER.into(),
        headers: vec![],
        credentials: None,
        advertised: OURS.parse().unwrap(),
        accept_refer: false,
        policy: Policy::default(),
    }
}

pub struct Wire {
    pub ua: Ua,
    pub now: Instant,
    /// Where the peer's packets come from.
    pub source: String,
    /// What they come by.
    pub transport: Transport,
    /// Names that the user agent asked for, in order.
    pub tickets: Vec<u64>,
    /// The leg that commands are about.
    leg: LegId,
    /// What the user agent wants to have looked up.
    pub ticket: u64,
    /// Refusals inside calls that were told, and why.
    pub refused: Vec<(u16, &'static str)>,
    call_id: String,
    our_tag: String,
    pub their_tag: String,
    cseq: u32,
    branches: u32,
    /// What the peer sent last, by method, to be sent again or cancelled.
    sent: BTreeMap<String, String>,
    /// What the user agent asked last, by method, to be answered.
    asked: BTreeMap<String, Request>,
    /// The peer's headers that go on every request.
    pub extra: String,
    /// Headers that are told with each message, beyond the usual.
    pub show: &'static [&'static str],
    /// How our own calls are made.
    pub policy: Policy,
    /// RAck of the last reliable response, which stands for `{rack}`, and the RSeq of the first.
    rack: String,
    first_rseq: Option<u32>,
    /// What the user agent sent, whole.
    pub messages: Vec<Message>,
    pub bytes: Vec<Vec<u8>>,
}

impl Wire {
    pub fn new(start: Instant, config: UaConfig) -> Self {
        Self::with_seed(start, config, 7)
    }

    pub fn with_seed(start: Instant, config: UaConfig, seed: u64) -> Self {
        Self {
            ua: Ua::new(config, seed, start),
            now: start,
            source: THEIRS.into(),
            transport: Transport::Udp,
            tickets: Vec::new(),
            leg: LegId(2),
            ticket: 0,
            refused: Vec::new(),
            call_id: "call@10.0.0.9".into(),
            our_tag: String::new(),
            their_tag: "peer".into(),
            cseq: 0,
            branches: 0,
            sent: BTreeMap::new(),
            asked: BTreeMap::new(),
            extra: String::new(),
            show: &[],
            policy: Policy::default(),
            rack: String::new(),
            first_rseq: None,
            messages: Vec::new(),
            bytes: Vec::new(),
        }
    }

    pub fn command(&mut self, now: Instant, command: Command) {
        self.ua.handle_input(now, Input::Command(command));
    }

    pub fn datagram(&mut self, now: Instant, text: &str) {
        let bytes = bytes::Bytes::copy_from_slice(text.as_bytes());
        let flow = self.flow(&self.source);
        self.ua.handle_input(now, Input::Datagram { flow, bytes });
    }

    /// The way to an address, by the peer's transport or the one named before it: `tls 10.0.0.3:5061`.
    fn flow(&self, remote: &str) -> Flow {
        let (transport, remote) = match remote.split_once(' ') {
            Some(("udp", remote)) => (Transport::Udp, remote),
            Some(("tcp", remote)) => (Transport::Tcp, remote),
            Some((_, remote)) => (Transport::Tls, remote),
            None => (self.transport, remote),
        };
        Flow { transport, ..flow(remote) }
    }

    /// Takes one output: its bytes are kept, what it is in a word is returned.
    pub fn step(&mut self) -> Option<String> {
        Some(match self.ua.poll_output()? {
            Output::Send { flow, bytes } => {
                let message = Message::parse(&bytes).unwrap_or_else(|error| {
                    panic!("it sent {:?}: {error:?}", String::from_utf8_lossy(&bytes))
                });
                self.bytes.push(bytes.to_vec());
                let line = self.note(flow, &message);
                self.messages.push(message);
                line
            }
            Output::Resolve { ticket, uri, .. } => {
                self.tickets.push(ticket);
                self.ticket = ticket;
                format!("resolve {uri}")
            }
            // Stories show the answers; the events about them have a test of their own.
            Output::Event(Event::Refused { status, why, .. }) => {
                self.refused.push((status, why));
                return self.step();
            }
            Output::Event(event) => {
                if let Event::Incoming(incoming) = &event {
                    self.leg = incoming.leg;
                }
                told(&event)
            }
        })
    }

    /// Returns everything that is there to be said now.
    pub fn all(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.step()).collect()
    }

    fn note(&mut self, flow: Flow, message: &Message) -> String {
        let headers = match message {
            Message::Request(request) => &request.headers,
            Message::Response(response) => &response.headers,
        };
        self.call_id = headers.call_id().unwrap().to_owned();
        let mut line = match message {
            Message::Request(request) => {
                self.our_tag = headers.from().unwrap().tag().unwrap().to_owned();
                self.asked.insert(request.method.to_string(), request.clone());
                request.method.to_string()
            }
            Message::Response(response) => {
                let about = headers.cseq().unwrap().method;
                if response.status > 100 && about == Method::Invite {
                    self.our_tag = headers.to().unwrap().tag().unwrap().to_owned();
                }
                if let Some(rseq) = headers.get("RSeq") {
                    self.rack = format!("{rseq} {} INVITE", headers.cseq().unwrap().number);
                }
                format!("{} {}", response.status, about)
            }
        };
        let body = match message {
            Message::Request(request) => &request.body,
            Message::Response(response) => &response.body,
        };
        match Sipfrag::parse(body) {
            Some(fragment) => line.push_str(&format!(" +{}", fragment.status)),
            None if !body.is_empty() => line.push_str(" +sdp"),
            None => {}
        }
        let usual = ["Reason", "Retry-After", "Unsupported", "Refer-To", "Subscription-State"];
        for name in usual.iter().chain(self.show) {
            if let Some(value) = headers.get(name) {
                let value = self.plain(name, value);
                line.push_str(&format!(" | {name}: {value}"));
            }
        }
        if flow.remote.to_string() != self.source {
            line.push_str(&format!(" to {}", flow.remote));
        }
        if flow.transport != self.transport {
            line.push_str(&format!(" by {}", flow.transport.name()));
        }
        line
    }

    /// Writes numbers that a seed chose as what they mean: RSeq from 1, and whose CSeq it is in RAck.
    fn plain(&mut self, name: &str, value: &str) -> String {
        match name {
            "RSeq" => {
                let rseq: u32 = value.parse().unwrap();
                (1 + i64::from(rseq) - i64::from(*self.first_rseq.get_or_insert(rseq))).to_string()
            }
            "RAck" => {
                let cseq = self.asked["INVITE"].headers.cseq().unwrap().number;
                value.replace(&format!(" {cseq} INVITE"), " of INVITE")
            }
            // RFC 3261 §14.2: between 0 and 10, as the dice fall.
            "Retry-After" if value.parse().is_ok_and(|wait: u8| wait <= 10) => "soon".to_owned(),
            _ => value.to_owned(),
        }
    }

    /// Sends a request of the peer's. `METHOD [#cseq] [+sdp] [| Header: value]...`
    fn request(&mut self, now: Instant, line: &str) {
        let mut parts = line.split(" | ");
        let mut words = parts.next().unwrap().split(' ');
        let method = words.next().unwrap();
        let mut body = "";
        let mut cseq = match method {
            "ACK" | "CANCEL" => self.cseq,
            _ => self.cseq + 1,
        };
        let mut branch = None;
        let mut outside = self.our_tag.is_empty();
        for word in words {
            match word {
                "+sdp" => body = OFFER,
                "outside" => outside = true,
                word if word.starts_with('#') => cseq = word[1..].parse().unwrap(),
                word => branch = Some(word.to_owned()),
            }
        }
        if !matches!(method, "ACK" | "CANCEL") {
            self.cseq = self.cseq.max(cseq);
            self.branches += 1;
        }
        let branch = branch.unwrap_or_else(|| format!("z9hG4bKpeer{}", self.branches));
        let tag = match outside || method == "CANCEL" {
            true => String::new(),
            false => format!(";tag={}", self.our_tag),
        };
        let mut text = format!(
            "{method} sip:100@{OURS} SIP/2.0\r\nVia: SIP/2.0/{} {};branch={branch};rport\r\n\
             From: <sip:5551000@10.0.0.9>;tag={}\r\nTo: <sip:100@10.0.0.1>{tag}\r\n\
             Call-ID: {}\r\nCSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n{}",
            self.transport.name(),
            self.source,
            self.their_tag,
            self.call_id,
            self.extra
        );
        let mut own = parts.filter(|part| !part.starts_with("body=")).collect::<Vec<_>>();
        if !own.iter().any(|header| header.starts_with("Contact")) {
            own.push("Contact: <sip:5551000@10.0.0.9:5060>");
        }
        for header in own {
            text.push_str(&format!("{header}\r\n"));
        }
        if let Some((_, other)) = line.split_once("body=") {
            body = other;
        } else if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.sent.insert(method.to_owned(), text.clone());
        self.datagram(now, &text);
    }

    /// Whether the user agent has asked what this line answers.
    pub fn has_asked(&self, line: &str) -> bool {
        line.split(' ').nth(1).is_some_and(|method| self.asked.contains_key(method))
    }

    /// Whether the peer has sent a request of this method.
    pub fn has_sent(&self, method: &str) -> bool {
        self.sent.contains_key(method)
    }

    /// Returns the branch of the peer's last request of this method.
    pub fn last_branch(&self, method: &str) -> String {
        let (_, rest) = self.sent[method].split_once("branch=").unwrap();
        rest.split(';').next().unwrap().to_owned()
    }

    /// Answers what the user agent asked last with this method. `200 INVITE [+sdp] [tag] [| Header: value]...`
    fn respond(&mut self, now: Instant, line: &str) {
        let mut parts = line.split(" | ");
        let mut words = parts.next().unwrap().split(' ');
        let status = words.next().unwrap().parse().unwrap();
        let request = &self.asked[words.next().unwrap()];
        let mut response = Response::to_request(request, status, None);
        let mut tag = self.their_tag.clone();
        for word in words {
            match word {
                "+sdp" => response.set_body("application/sdp", OFFER),
                word => tag = word.to_owned(),
            }
        }
        if status > 100 {
            response.headers.set_to_tag(&tag);
        }
        let headers: Vec<_> = parts.collect();
        if !headers.iter().any(|header| header.starts_with("Contact")) {
            response.headers.push("Contact", "<sip:101@10.0.0.9:5060>");
        }
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            response.headers.push(name, value);
        }
        let text = String::from_utf8(response.to_bytes().unwrap()).unwrap();
        self.datagram(now, &text);
    }

    fn obey(&mut self, now: Instant, line: &str) {
        let leg = self.leg;
        let mut words = line.splitn(2, ' ');
        let (verb, rest) = (words.next().unwrap(), words.next().unwrap_or_default());
        let refusal = || Refusal { status: rest.parse().unwrap(), ..Refusal::default() };
        let reason = || Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        let command = match verb {
            "ring" => Command::Ring { leg },
            "progress" => Command::Progress { leg, sdp: OFFER.into() },
            "accept" => Command::Accept { leg, sdp: OFFER.into() },
            "refuse" => Command::Refuse { leg, refusal: refusal() },
            "accept-offer" => Command::AcceptOffer { leg, sdp: OFFER.into() },
            "refuse-offer" => Command::RefuseOffer { leg, refusal: refusal() },
            "reoffer" => Command::Reoffer { leg, sdp: OFFER.into() },
            "hang-up" => Command::HangUp { leg, reason: reason() },
            "refer" => Command::Refer { leg, target: rest.to_owned(), headers: vec![] },
            "give-up-refer" => Command::GiveUpRefer { leg },
            "accept-refer" => Command::AcceptRefer { leg },
            "press" => Command::Press { leg, digit: rest.chars().next().unwrap() },
            "notify" => Command::Notify { leg, status: rest.parse().unwrap() },
            "call" => {
                self.leg = LegId(1);
                let credentials = Some(credentials()).filter(|_| rest == "with password");
                let (accept_refer, flow) = (rest == "as phone", self.flow(&self.source));
                let offer = if rest == "without offer" { Sdp::default() } else { OFFER.into() };
                let policy = self.policy.clone();
                let new = NewLeg { credentials, accept_refer, flow, offer, policy, ..new_leg() };
                Command::Invite(Box::new(new))
            }
            "drain" => Command::Drain { retry_after: Some(Duration::from_secs(120)) },
            "options" => Command::Options {
                id: 5,
                flow: flow(THEIRS),
                target: format!("sip:{THEIRS}"),
                advertised: OURS.parse().unwrap(),
            },
            "register" => Command::Register {
                id: 6,
                flow: flow(THEIRS),
                registrar: format!("sip:{THEIRS}"),
                credentials: credentials(),
                advertised: OURS.parse().unwrap(),
                expires: Duration::from_secs(300),
            },
            other => panic!("unknown command {other}"),
        };
        self.command(now, command);
    }
}

impl super::timeline::Machine for Wire {
    fn input(&mut self, now: Instant, line: &str) {
        self.now = now;
        let line = &line.replace("{rack}", &self.rack);
        let first = line.split(' ').next().unwrap();
        match first {
            "do" => self.obey(now, &line[3..]),
            // The answer to the oldest question after a name: `resolved [tcp] 10.0.0.3:5060, ...`
            "resolved" => {
                let ticket = self.tickets.remove(0);
                let flows = line[8..].split(", ").map(str::trim).filter(|flow| !flow.is_empty());
                let flows = flows.map(|remote| self.flow(remote)).collect();
                self.ua.handle_input(now, Input::Resolved { ticket, flows });
            }
            // A connection ends: `broken 10.0.0.9:5060`
            "broken" => {
                let flow = self.flow(&line[7..]);
                self.ua.handle_input(now, Input::Broken { flow });
            }
            // The peer has another connection.
            "from" => self.source = line[5..].to_owned(),
            // The same bytes once more.
            "repeat" => {
                let text = self.sent[&line[7..]].clone();
                self.datagram(now, &text);
            }
            status if status.parse::<u16>().is_ok() => self.respond(now, line),
            _ => self.request(now, line),
        }
    }

    fn timeout(&mut self, now: Instant) {
        self.now = now;
        self.ua.handle_timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        self.step()
    }

    fn deadline(&self) -> Option<Instant> {
        self.ua.poll_timeout()
    }
}

/// Says what an event is, in a word; names and numbers of invented people included.
pub fn told(event: &Event) -> String {
    let sdp = |sdp: &Option<Sdp>| if sdp.is_some() { " +sdp" } else { "" };
    match event {
        Event::Incoming(incoming) => {
            let called = incoming.called.reveal(Purpose::Comparison);
            format!("Incoming {called} by {}{}", incoming.trunk, sdp(&incoming.offer))
        }
        Event::Established { answer, .. } => format!("Established{}", sdp(answer)),
        Event::Progress { status, sdp: body, .. } => format!("Progress {status}{}", sdp(body)),
        Event::EarlyAnswer { .. } => "EarlyAnswer".to_owned(),
        Event::Changed { .. } => "Changed".to_owned(),
        Event::Answered { sdp: body, .. } => format!("Answered{}", sdp(body)),
        Event::Offer { sdp: body, .. } => format!("Offer{}", sdp(body)),
        Event::Referred { target, .. } => {
            format!("Referred to {}", target.reveal(Purpose::Comparison))
        }
        Event::Transfer { state, .. } => format!("Transfer {state:?}"),
        Event::Dtmf { digit, .. } => format!("Dtmf {digit}"),
        Event::Ended { cause, reason, .. } => match reason {
            Some(reason) => format!("Ended {cause:?} for {}", reason.to_wire()),
            None => format!("Ended {cause:?}"),
        },
        Event::Reoffered { status, answer, .. } => format!("Reoffered {status}{}", sdp(answer)),
        Event::OptionsAnswered { status, retry_after, .. } => {
            let after = retry_after.map(|after| format!(" again in {} s", after.as_secs()));
            format!("OptionsAnswered {status:?}{}", after.unwrap_or_default())
        }
        Event::RegisterAnswered { status, .. } => format!("RegisterAnswered {status:?}"),
        Event::Registered { user, expires, .. } => {
            format!("Registered {user} for {} s", expires.as_secs())
        }
        Event::Registration { trunk, state } => match state {
            RegistrationState::Registered { expires, contact, .. } => {
                format!("{trunk} is registered for {} s as {contact}", expires.as_secs())
            }
            RegistrationState::Failed { status, why, .. } => {
                let status = status.map_or("silence".to_owned(), |status| status.to_string());
                format!("{trunk} failed by {status}: {}", why.split(':').next().unwrap())
            }
            RegistrationState::Lost => format!("{trunk} is lost"),
            RegistrationState::Withdrawn => format!("{trunk} is withdrawn"),
        },
        Event::AuthenticationFailed { user, .. } => format!("AuthenticationFailed {user:?}"),
        Event::MailNotice { .. } => "MailNotice".to_owned(),
        Event::Dropped { why, .. } => format!("Dropped {why:?}"),
        Event::Refused { method, status, .. } => format!("Refused {method} {status}"),
        Event::Rejected { method, status, .. } => format!("Rejected {method} {status}"),
    }
}

/// Tells a story to a fresh user agent, and looks that nothing of it is left an hour later.
#[track_caller]
pub fn check_with(config: UaConfig, script: &str) -> Wire {
    let start = Instant::now();
    let mut wire = Wire::new(start, config);
    super::timeline::check(start, &mut wire, script);
    assert!(wire.ua.is_idle(), "left behind: {:#?}", wire.ua.dump(wire.now));
    wire
}

/// As [`check_with`], with one trunk that trusts the peer's address.
#[track_caller]
pub fn check(script: &str) -> Wire {
    check_with(config(), script)
}

/// As [`check`], of what comes after one of the beginnings above.
#[track_caller]
pub fn check_after(beginning: &str, script: &str) -> Wire {
    check(&format!("{beginning}{script}"))
}

/// Whether a request of this method went out, and the first that did.
pub fn first(wire: &Wire, method: &Method) -> Request {
    let found = wire.messages.iter().find_map(|message| match message {
        Message::Request(request) if request.method == *method => Some(request.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no {method} went out"))
}
