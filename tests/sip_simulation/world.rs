//! Three user agents, a proxy, a peer without manners and a stranger, on one network in virtual time.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, LegId};
use attendant::sip::message::{Message, Method};
use attendant::sip::{
    Command, Event, Flow, Input, NewLeg, Output, Policy, Prack, Refusal, SessionTimer, Transport,
    Trunk, Ua, UaConfig,
};
use bytes::Bytes;

use super::judge::Judge;
use super::proxy::Proxy;
use super::rogue::Rogue;
use super::sip_wire::{self, OFFER, config, trunk};

const HOUR: Duration = Duration::from_secs(3600);
const NAMES: [&str; SIDES] = ["one", "two", "three"];
const SIDES: usize = 3;

fn side_address(side: usize) -> SocketAddr {
    ([10, 0, 0, side as u8 + 1], 5060).into()
}

fn proxy_address() -> SocketAddr {
    ([10, 0, 0, 5], 5060).into()
}

fn rogue_address() -> SocketAddr {
    ([10, 0, 0, 7], 5060).into()
}

/// No trunk knows it.
fn stranger_address() -> SocketAddr {
    ([198, 51, 100, 66], 5060).into()
}

/// What this world's network and peers are like, from the seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Climate {
    transport: Transport,
    /// Percent of packets lost and copied.
    loss: u64,
    copies: u64,
    /// Percent of ACKs that never arrive.
    lost_acks: u64,
    /// Percent of packets of which something else arrives, too.
    meddling: u64,
    /// Percent of packets that a stranger answers with forgeries.
    forging: u64,
    /// Percent of packets that break a connection.
    breaks: u64,
    /// Calls of the rogue.
    rogue_calls: u64,
    strict_proxy: bool,
    /// How each side wants provisional responses to be acknowledged.
    prack: [Prack; SIDES],
    /// Session timers of ten minutes to an hour never expire here; those of a minute and a half do.
    timer: [u64; SIDES],
    /// Percent of calls of ours that leave the offer to the far end.
    no_offer: u64,
}

impl Climate {
    fn of(dice: &mut Dice) -> Self {
        let some = |dice: &mut Dice, one_in: u64, bound: u64| match dice.below(one_in) {
            0 => dice.below(bound),
            _ => 0,
        };
        let tcp = dice.below(5) == 0;
        Self {
            transport: if tcp { Transport::Tcp } else { Transport::Udp },
            loss: if tcp { 0 } else { dice.below(40) },
            copies: if tcp { 0 } else { dice.below(30) },
            lost_acks: if tcp { 0 } else { some(dice, 6, 100) },
            meddling: some(dice, 3, 30),
            forging: some(dice, 3, 30),
            breaks: if tcp { some(dice, 2, 10) } else { 0 },
            rogue_calls: some(dice, 2, 4),
            strict_proxy: dice.below(4) == 0,
            prack: std::array::from_fn(|_| match dice.below(4) {
                0 => Prack::Off,
                1 => Prack::Required,
                _ => Prack::Supported,
            }),
            timer: std::array::from_fn(|_| match dice.below(3) {
                0 => 0,
                1 => 90,
                _ => 1800,
            }),
            no_offer: if dice.below(4) == 0 { 50 } else { 0 },
        }
    }
}

struct Packet {
    transport: Transport,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Bytes,
}

enum Happening {
    Arrives(Packet),
    Wants { side: usize, command: Box<Command> },
    Resolved { side: usize, ticket: u64, flows: Vec<Flow> },
    RogueCalls { side: usize },
}

/// One user agent and what is known of it.
pub(crate) struct Side {
    pub(crate) ua: Ua,
    pub(crate) judge: Judge,
}

/// The world.
pub(crate) struct World {
    seed: u64,
    dice: Dice,
    start: Instant,
    pub(crate) now: Instant,
    pub(crate) sides: Vec<Side>,
    proxy: Proxy,
    rogue: Rogue,
    climate: Climate,
    /// What happens when, in order: the number keeps equal times apart.
    due: BTreeMap<(Instant, u64), Happening>,
    count: u64,
    /// The last arrival by each connection, which keeps its order.
    in_order: BTreeMap<(SocketAddr, SocketAddr), Instant>,
    pub(crate) story: String,
}

impl World {
    /// Lives through one seed, and fails with its story when something was wrong.
    pub(crate) fn run(seed: u64) -> Self {
        let start = Instant::now();
        let mut dice = Dice::new(seed);
        let climate = Climate::of(&mut dice);
        let side = |side: usize| Side {
            ua: Ua::new(config_of(side, climate), seed * SIDES as u64 + side as u64, start),
            judge: Judge::default(),
        };
        let mut world = Self {
            seed,
            dice,
            start,
            now: start,
            sides: (0..SIDES).map(side).collect(),
            proxy: Proxy::new(proxy_address(), climate.strict_proxy),
            rogue: Rogue::new(rogue_address(), climate.transport == Transport::Udp, seed),
            climate,
            due: BTreeMap::new(),
            count: 0,
            in_order: BTreeMap::new(),
            story: format!("{climate:?}\n"),
        };
        for call in 0..1 + world.dice.below(4) as u32 {
            let side = world.dice.below(SIDES as u64) as usize;
            let leg = LegId(call * 2 + 1);
            let after = world.dice.below(3000);
            let to = world.somebody(side);
            let new = world.new_leg(side, leg, to);
            world.plan(after, side, Command::Invite(Box::new(new)));
            // Nobody rings for ever.
            world.plan(after + 60_000, side, Command::HangUp { leg, reason: None });
        }
        for _ in 0..climate.rogue_calls {
            let (after, side) = (world.dice.below(4000), world.dice.below(SIDES as u64) as usize);
            world.schedule(after, Happening::RogueCalls { side });
        }
        world.play();
        for (side, name) in NAMES.iter().enumerate() {
            world.sides[side].judge.closes();
            world.look(side);
            let left = world.sides[side].ua.dump(world.now);
            if !world.sides[side].ua.is_idle() || !left.is_empty() {
                world.fail(&format!("{name} has left behind: {left:#?}"));
            }
        }
        world
    }

    /// Whether a call was up.
    pub(crate) fn was_up(&self) -> bool {
        self.sides.iter().any(|side| side.judge.legs.values().any(|leg| leg.up))
    }

    fn fail(&self, what: &str) -> ! {
        panic!("seed {}: {what}", self.seed);
    }

    fn look(&self, side: usize) {
        if let Some(wrong) = self.sides[side].judge.wrong.first() {
            self.fail(&format!("{}: {wrong}", NAMES[side]));
        }
    }

    fn somebody(&mut self, side: usize) -> SocketAddr {
        match self.dice.below(10) {
            0..2 => proxy_address(),
            2..4 => rogue_address(),
            // Nobody is there.
            4 if self.dice.below(4) == 0 => ([10, 0, 0, 99], 5060).into(),
            other => side_address((side + 1 + other as usize % (SIDES - 1)) % SIDES),
        }
    }

    fn new_leg(&mut self, side: usize, leg: LegId, remote: SocketAddr) -> NewLeg {
        let local = side_address(side);
        let flow = Flow { transport: self.climate.transport, local, remote };
        let target = format!("sip:100@{remote}");
        let policy = policy_of(side, self.climate);
        let mut new = sip_wire::new_leg();
        if self.dice.below(100) < self.climate.no_offer {
            new.offer = Default::default();
        }
        NewLeg { leg, flow, target, advertised: local, accept_refer: true, policy, ..new }
    }

    fn schedule(&mut self, after_ms: u64, happening: Happening) {
        self.count += 1;
        self.due.insert((self.now + Duration::from_millis(after_ms), self.count), happening);
    }

    fn plan(&mut self, after_ms: u64, side: usize, command: Command) {
        let command = Box::new(command);
        self.schedule(after_ms, Happening::Wants { side, command });
    }

    fn maybe(&mut self, side: usize, percent: u64, within_ms: u64, command: Command) {
        if self.dice.below(100) < percent {
            let after = self.dice.below(within_ms);
            self.plan(after, side, command);
        }
    }

    fn play(&mut self) {
        let mut same = 0;
        loop {
            let timers = self.sides.iter().filter_map(|side| side.ua.poll_timeout()).min();
            let happening = self.due.keys().next().map(|(at, _)| *at);
            let Some(next) = timers.into_iter().chain(happening).min() else { return };
            same = if next <= self.now { same + 1 } else { 0 };
            if same > 10_000 || next > self.start + HOUR {
                self.fail("it never ends");
            }
            self.now = self.now.max(next);
            while let Some(entry) = self.due.first_entry().filter(|e| e.key().0 <= self.now) {
                let happening = entry.remove();
                self.happen(happening);
            }
            for side in 0..SIDES {
                self.sides[side].ua.handle_timeout(self.now);
                self.drain(side);
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Arrives(packet) => self.arrive(packet),
            Happening::Wants { side, command } => {
                self.tell(NAMES[side], &format!("wants {}", name(&command)));
                self.sides[side].judge.ordered(&command);
                self.input(side, Input::Command(*command));
            }
            Happening::Resolved { side, ticket, flows } => {
                self.input(side, Input::Resolved { ticket, flows });
            }
            Happening::RogueCalls { side } => {
                let sends = self.rogue.call(side_address(side));
                self.rogue_sends(sends);
            }
        }
    }

    fn input(&mut self, side: usize, input: Input) {
        self.sides[side].ua.handle_input(self.now, input);
        self.drain(side);
        self.sides[side].judge.settled();
        self.look(side);
    }

    fn arrive(&mut self, packet: Packet) {
        let Packet { transport, from, to, bytes } = packet;
        if to == proxy_address() {
            // It trusts no stranger either: what it passed on would come from a known address.
            if from == stranger_address() {
                return;
            }
            let phones: Vec<_> = (0..SIDES).map(side_address).filter(|it| *it != from).collect();
            for (to, bytes) in self.proxy.pass(from, &bytes, &phones) {
                self.transmit(Packet { transport, from: proxy_address(), to, bytes: bytes.into() });
            }
        } else if to == rogue_address() {
            let sends = self.rogue.hears(from, &bytes);
            self.rogue_sends(sends);
        } else if let Some(side) = (0..SIDES).find(|side| side_address(*side) == to) {
            let flow = Flow { transport, local: to, remote: from };
            let known = from != stranger_address();
            self.sides[side].judge.hears(self.now, flow, &bytes, known);
            self.input(side, Input::Datagram { flow, bytes });
        }
    }

    fn rogue_sends(&mut self, sends: super::rogue::Sends) {
        let transport = self.climate.transport;
        for (after, to, text) in sends {
            self.tell("rogue", &format!("sends {}", first_line(text.as_bytes())));
            let packet = Packet { transport, from: rogue_address(), to, bytes: text.into() };
            self.schedule(after + 5, Happening::Arrives(packet));
        }
    }

    fn drain(&mut self, side: usize) {
        while let Some(output) = self.sides[side].ua.poll_output() {
            match output {
                Output::Send { flow, bytes } => {
                    self.tell(
                        NAMES[side],
                        &format!("sends {} to {}", summary(&bytes), flow.remote),
                    );
                    self.sides[side].judge.says(self.now, flow, &bytes);
                    let Flow { transport, local, remote } = flow;
                    self.transmit(Packet { transport, from: local, to: remote, bytes });
                }
                Output::Event(event) => {
                    self.tell(NAMES[side], &format!("hears {}", sip_wire::told(&event)));
                    self.sides[side].judge.tells(&event);
                    self.react(side, event);
                }
                Output::Resolve { ticket, uri, from } => {
                    let found = super::proxy::address(&uri);
                    let flows = found.map(|remote| Flow { remote, ..from }).into_iter().collect();
                    let after = self.dice.below(200);
                    self.schedule(after, Happening::Resolved { side, ticket, flows });
                }
            }
        }
    }

    /// Puts a packet on the network, with what the weather makes of it.
    fn transmit(&mut self, packet: Packet) {
        let climate = self.climate;
        self.meddle(&packet);
        self.forge(&packet);
        if climate.transport != Transport::Udp {
            return self.transmit_in_order(packet);
        }
        if packet.bytes.starts_with(b"ACK ") && self.dice.below(100) < climate.lost_acks {
            return;
        }
        for _ in 0..1 + u64::from(self.dice.below(100) < climate.copies) {
            if self.dice.below(100) < climate.loss {
                continue;
            }
            // Most are quick; some are overtaken by a repeat.
            let delay = match self.dice.below(10) {
                0 => self.dice.below(2000),
                _ => 5 + self.dice.below(60),
            };
            let Packet { transport, from, to, ref bytes } = packet;
            let copy = Packet { transport, from, to, bytes: bytes.clone() };
            self.schedule(delay, Happening::Arrives(copy));
        }
    }

    fn transmit_in_order(&mut self, packet: Packet) {
        let way = (packet.from, packet.to);
        if self.dice.below(100) < self.climate.breaks {
            return self.break_connection(packet);
        }
        let delay = Duration::from_millis(1 + self.dice.below(80));
        let at = (self.now + delay).max(self.in_order.get(&way).copied().unwrap_or(self.now));
        self.in_order.insert(way, at);
        self.count += 1;
        self.due.insert((at, self.count), Happening::Arrives(packet));
    }

    /// Both ends learn of it, and what was under way is lost.
    fn break_connection(&mut self, packet: Packet) {
        let Packet { transport, from, to, .. } = packet;
        self.tell("network", &format!("breaks {from} to {to}"));
        self.due.retain(|_, happening| match happening {
            Happening::Arrives(it) => {
                (it.from, it.to) != (from, to) && (it.to, it.from) != (from, to)
            }
            _ => true,
        });
        for (local, remote) in [(from, to), (to, from)] {
            if let Some(side) = (0..SIDES).find(|side| side_address(*side) == local) {
                self.sides[side].judge.broken = true;
                let flow = Flow { transport, local, remote };
                self.sides[side].ua.handle_input(self.now, Input::Broken { flow });
                self.drain(side);
            }
        }
    }

    /// Somebody in the path adds what does not belong there.
    fn meddle(&mut self, packet: &Packet) {
        if self.dice.below(100) >= self.climate.meddling {
            return;
        }
        let mut bytes = packet.bytes.to_vec();
        // Nothing is copied on its way along a connection.
        let what = if self.climate.transport == Transport::Udp { self.dice.below(4) } else { 3 };
        match what {
            // The same again, late.
            0 => {}
            1 => bytes.truncate(self.dice.below(bytes.len() as u64) as usize),
            2 => {
                for _ in 0..1 + self.dice.below(4) {
                    let at = self.dice.below(bytes.len() as u64) as usize;
                    bytes[at] = self.dice.below(256) as u8;
                }
            }
            _ => bytes = (0..self.dice.below(200)).map(|_| self.dice.below(256) as u8).collect(),
        }
        let Packet { transport, from, to, .. } = *packet;
        let after = self.dice.below(3000);
        let copy = Packet { transport, from, to, bytes: bytes.into() };
        self.schedule(after, Happening::Arrives(copy));
    }

    /// A stranger who can listen sends what would end or change the call.
    fn forge(&mut self, packet: &Packet) {
        if self.dice.below(100) >= self.climate.forging {
            return;
        }
        let Ok(text) = std::str::from_utf8(&packet.bytes) else { return };
        let line = text.lines().next().unwrap_or_default();
        let of = |name| super::proxy::header(text, name).unwrap_or_default();
        let method = ["BYE", "CANCEL", "INVITE", "ACK"][self.dice.below(4) as usize];
        let forged = match line.starts_with("SIP/2.0") || self.dice.below(3) == 0 {
            true => text.to_owned(),
            false => format!(
                "{method} sip:100@{} SIP/2.0\r\nVia: {}\r\nFrom: {}\r\nTo: {}\r\nCall-ID: {}\r\n\
                 CSeq: 20000 {method}\r\nContact: <sip:thief@{}>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
                packet.to,
                of("Via"),
                of("From"),
                of("To"),
                of("Call-ID"),
                stranger_address(),
            ),
        };
        let (transport, to, from) = (packet.transport, packet.to, stranger_address());
        let after = self.dice.below(3000);
        let packet = Packet { transport, from, to, bytes: forged.into() };
        self.schedule(after, Happening::Arrives(packet));
    }

    /// Plays the users: each event makes them do something, soon or late.
    fn react(&mut self, side: usize, event: Event) {
        match event {
            Event::Incoming(incoming) => self.answer_call(side, incoming.leg),
            Event::Progress { leg, .. } => {
                self.maybe(side, 20, 3000, Command::HangUp { leg, reason: None });
            }
            Event::Established { leg, .. } | Event::Answered { leg, .. } => {
                let target = "sip:101@10.0.0.3".to_owned();
                self.maybe(side, 40, 9000, Command::Refer { leg, target, headers: vec![] });
                self.maybe(side, 10, 12_000, Command::GiveUpRefer { leg });
                // Hold and resume, from both sides at once now and then: glare (RFC 3261 §14.1).
                for _ in 0..2 {
                    self.maybe(side, 40, 6000, Command::Reoffer { leg, sdp: OFFER.into() });
                }
                self.maybe(side, 70, 20_000, Command::HangUp { leg, reason: Some("done".into()) });
                self.blunder(side, leg);
            }
            Event::Referred { leg, .. } => {
                self.maybe(side, 80, 2000, Command::AcceptRefer { leg });
                self.maybe(side, 80, 3000, Command::Notify { leg, status: 180 });
                self.maybe(side, 80, 6000, Command::Notify { leg, status: 200 });
            }
            Event::Offer { leg, .. } => {
                self.maybe(side, 70, 900, Command::AcceptOffer { leg, sdp: OFFER.into() });
                let refusal = Refusal { status: 488, ..Refusal::default() };
                self.maybe(side, 20, 900, Command::RefuseOffer { leg, refusal });
            }
            _ => {}
        }
    }

    fn answer_call(&mut self, side: usize, leg: LegId) {
        self.maybe(side, 50, 1000, Command::Ring { leg });
        self.maybe(side, 20, 1500, Command::Progress { leg, sdp: OFFER.into() });
        match self.dice.below(5) {
            0 => {
                let refusal = Refusal { status: 486, ..Refusal::default() };
                self.maybe(side, 100, 8000, Command::Refuse { leg, refusal });
            }
            1 => self.maybe(side, 100, 8000, Command::HangUp { leg, reason: None }),
            _ => self.maybe(side, 100, 8000, Command::Accept { leg, sdp: OFFER.into() }),
        }
        self.maybe(side, 100, 50_000, Command::HangUp { leg, reason: None });
        // A leg that was never answered is ended in the end.
        self.plan(55_000, side, Command::HangUp { leg, reason: None });
    }

    /// Something that makes no sense at this moment, as a slow program above may say it.
    fn blunder(&mut self, side: usize, leg: LegId) {
        let refusal = Refusal { status: 600, ..Refusal::default() };
        let command = match self.dice.below(8) {
            0 => Command::Ring { leg },
            1 => Command::Accept { leg, sdp: OFFER.into() },
            2 => Command::Refuse { leg, refusal },
            3 => Command::AcceptOffer { leg, sdp: OFFER.into() },
            4 => Command::RefuseOffer { leg, refusal },
            5 => Command::AcceptRefer { leg },
            6 => Command::Notify { leg, status: 200 },
            _ => Command::HangUp { leg, reason: None },
        };
        self.maybe(side, 20, 90_000, command);
    }

    fn tell(&mut self, who: &str, line: &str) {
        let at = (self.now - self.start).as_millis();
        writeln!(self.story, "{at:>7} {who} {line}").unwrap();
    }
}

/// Whatever went wrong, a panic of the user agent's own included: its story is told.
impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (seed, story) = (self.seed, &self.story);
            eprintln!(
                "--- the story of seed {seed}; SIMULATED_SEED={seed} runs it alone ---\n{story}"
            );
        }
    }
}

fn policy_of(side: usize, climate: Climate) -> Policy {
    let expires = Duration::from_secs(climate.timer[side]);
    let timer = SessionTimer { expires, min: Duration::from_secs(90) };
    let timer = Some(timer).filter(|timer| !timer.expires.is_zero());
    Policy { timer, prack: climate.prack[side], ..Policy::default() }
}

fn config_of(side: usize, climate: Climate) -> UaConfig {
    let trunk = Trunk {
        advertised: side_address(side),
        accept_refer: true,
        refer_wait: Duration::from_secs(20),
        policy: policy_of(side, climate),
        ..trunk()
    };
    UaConfig { trunks: vec![trunk], ..config() }
}

fn name(command: &Command) -> String {
    format!("{command:?}").split([' ', '(']).next().unwrap().to_owned()
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
}

fn summary(bytes: &[u8]) -> String {
    let Ok(message) = Message::parse(bytes) else { return first_line(bytes) };
    match message {
        Message::Request(request) => {
            let cseq = request.headers.cseq().map_or(0, |cseq| cseq.number);
            format!("{} {cseq} ({})", request.method, request.headers.call_id().unwrap_or_default())
        }
        Message::Response(response) => {
            let cseq = response.headers.cseq();
            let (method, number) = cseq.map_or((Method::Ack, 0), |it| (it.method, it.number));
            let id = response.headers.call_id().unwrap_or_default();
            format!("{} to {method} {number} ({id})", response.status)
        }
    }
}
