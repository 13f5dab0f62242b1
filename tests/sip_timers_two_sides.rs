//! Two user agents that do all of it with each other over a bad network: session timers, reliable 18x, early media,
//! delayed offers. Whatever is lost, copied or overtaken, every leg ends once and nothing is left.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use attendant::base::{Dice, LegId, Sdp};
use attendant::sip::message::{Message, Method};
use attendant::sip::{
    Command, Event, Flow, Input, NewLeg, Output, Policy, Prack, Refusal, SessionTimer, Trunk, Ua,
    UaConfig,
};
use bytes::Bytes;
use sip_wire::{OFFER, config, trunk};

const DAY: Duration = Duration::from_secs(24 * 3600);
const ADDRESSES: [&str; 2] = ["10.0.0.1:5060", "10.0.0.2:5060"];

/// One user agent, and what is known of its calls.
struct Side {
    ua: Ua,
    ended: BTreeMap<LegId, u32>,
    begun: Vec<LegId>,
    /// The highest CSeq of each dialog: Call-ID and our tag.
    cseq: BTreeMap<(String, String), u32>,
    /// Legs that have media: offer and answer were exchanged.
    agreed: BTreeMap<LegId, u32>,
}

struct World {
    dice: Dice,
    start: Instant,
    now: Instant,
    sides: [Side; 2],
    due: BTreeMap<(Instant, u64), Happening>,
    count: u64,
    loss: u64,
    copies: u64,
    /// How much longer than usual a call lasts: several refreshes then.
    long: bool,
    story: String,
}

enum Happening {
    Arrives { to: usize, flow: Flow, bytes: Bytes },
    Wants { side: usize, command: Box<Command> },
}

fn policy(dice: &mut Dice) -> Policy {
    let prack = [Prack::Off, Prack::Supported, Prack::Required][dice.below(3) as usize];
    let seconds = |dice: &mut Dice| Duration::from_secs(90 + dice.below(60));
    let (expires, min) = (seconds(dice), seconds(dice));
    let timer = (dice.below(4) > 0).then_some(SessionTimer { expires, min });
    Policy { timer, prack, ..Policy::default() }
}

impl World {
    fn new(seed: u64, loss: u64, long: bool) -> Self {
        let start = Instant::now();
        let mut dice = Dice::new(seed);
        let mut side = |index: usize| {
            let advertised = ADDRESSES[index].parse().unwrap();
            let trunks = vec![Trunk { advertised, policy: policy(&mut dice), ..trunk() }];
            let config = UaConfig { trunks, ..config() };
            Side {
                ua: Ua::new(config, seed * 2 + index as u64, start),
                ended: BTreeMap::new(),
                begun: Vec::new(),
                cseq: BTreeMap::new(),
                agreed: BTreeMap::new(),
            }
        };
        let sides = [side(0), side(1)];
        let copies = dice.below(30);
        let (due, story) = (BTreeMap::new(), String::new());
        Self { dice, start, now: start, sides, due, count: 0, loss, copies, long, story }
    }

    fn run(seed: u64, loss: u64, long: bool) -> Self {
        let mut world = Self::new(seed, loss, long);
        for call in 0..1 + world.dice.below(3) as u32 {
            let side = world.dice.below(2) as usize;
            let leg = LegId(call * 2 + 1);
            let after = world.dice.below(3000);
            let new = world.new_leg(side, leg);
            world.plan(after, side, Command::Invite(Box::new(new)));
            let patience = if long { 700_000 } else { 60_000 };
            world.plan(after + patience, side, Command::HangUp { leg, reason: None });
        }
        world.play();
        world
    }

    fn new_leg(&mut self, side: usize, leg: LegId) -> NewLeg {
        let (local, remote) =
            (ADDRESSES[side].parse().unwrap(), ADDRESSES[1 - side].parse().unwrap());
        let flow = Flow { local, remote, ..sip_wire::flow(ADDRESSES[0]) };
        let offer = if self.dice.below(3) == 0 { Sdp::default() } else { OFFER.into() };
        let policy = policy(&mut self.dice);
        let target = format!("sip:100@{remote}");
        NewLeg { leg, flow, target, offer, policy, advertised: local, ..sip_wire::new_leg() }
    }

    fn plan(&mut self, after_ms: u64, side: usize, command: Command) {
        let at = self.now + Duration::from_millis(after_ms);
        self.count += 1;
        let command = Box::new(command);
        self.due.insert((at, self.count), Happening::Wants { side, command });
    }

    fn play(&mut self) {
        loop {
            let timers = self.sides.iter().filter_map(|side| side.ua.poll_timeout()).min();
            let happening = self.due.keys().next().map(|(at, _)| *at);
            let Some(next) = timers.into_iter().chain(happening).min() else { return };
            self.now = self.now.max(next);
            assert!(self.now < self.start + DAY, "it never ends:\n{}", self.story);
            while let Some(entry) = self.due.first_entry().filter(|e| e.key().0 <= self.now) {
                match entry.remove() {
                    Happening::Arrives { to, flow, bytes } => {
                        self.sides[to].ua.handle_input(self.now, Input::Datagram { flow, bytes });
                    }
                    Happening::Wants { side, command } => {
                        if let Command::Invite(new) = &*command {
                            self.sides[side].begun.push(new.leg);
                        }
                        let name = format!("{command:?}");
                        let name = name.split([' ', '(']).next().unwrap();
                        self.tell(side, format!("wants {name}"));
                        self.sides[side].ua.handle_input(self.now, Input::Command(*command));
                    }
                }
                self.drain();
            }
            for side in 0..2 {
                self.sides[side].ua.handle_timeout(self.now);
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        for side in 0..2 {
            while let Some(output) = self.sides[side].ua.poll_output() {
                match output {
                    Output::Send { flow, bytes } => self.send(side, flow, bytes),
                    Output::Event(event) => self.react(side, event),
                    Output::Resolve { ticket, .. } => {
                        let resolved = Input::Resolved { ticket, flows: vec![] };
                        self.sides[side].ua.handle_input(self.now, resolved);
                    }
                }
            }
        }
    }

    fn send(&mut self, side: usize, flow: Flow, bytes: Bytes) {
        let message = Message::parse(&bytes).unwrap();
        self.tell(side, format!("sends {}", summary(&message)));
        self.look_at_cseq(side, &message);
        assert_eq!(flow.remote.to_string(), ADDRESSES[1 - side], "{}", self.story);
        let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
        let times = 1 + u64::from(self.dice.below(100) < self.copies);
        for _ in 0..times {
            if self.dice.below(100) < self.loss {
                continue;
            }
            let delay = match self.dice.below(10) {
                0 => self.dice.below(2000),
                _ => 5 + self.dice.below(60),
            };
            self.count += 1;
            let at = self.now + Duration::from_millis(delay);
            let bytes = bytes.clone();
            self.due.insert((at, self.count), Happening::Arrives { to: 1 - side, flow, bytes });
        }
    }

    /// Numbers rise, and are never used for two requests: a repeat has the branch of the first.
    fn look_at_cseq(&mut self, side: usize, message: &Message) {
        let Message::Request(request) = message else { return };
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return;
        }
        let headers = &request.headers;
        let dialog = (
            headers.call_id().unwrap().to_owned(),
            format!(
                "{} {}",
                headers.from().unwrap().tag().unwrap(),
                headers.top_via().unwrap().branch().unwrap()
            ),
        );
        let cseq = headers.cseq().unwrap().number;
        let known = self.sides[side].cseq.get(&dialog).copied();
        if let Some(known) = known {
            assert_eq!(known, cseq, "a branch with two numbers\n{}", self.story);
            return;
        }
        let (call_id, tag) = (&dialog.0, dialog.1.split(' ').next().unwrap());
        let highest = self.sides[side]
            .cseq
            .iter()
            .filter(|((id, rest), _)| id == call_id && rest.split(' ').next() == Some(tag));
        let highest = highest.map(|(_, cseq)| *cseq).max().unwrap_or(0);
        assert!(cseq > highest, "{cseq} after {highest}\n{}", self.story);
        self.sides[side].cseq.insert(dialog, cseq);
    }

    /// Plays the users: each event makes them do something, soon or late.
    fn react(&mut self, side: usize, event: Event) {
        self.tell(side, format!("hears {}", sip_wire::told(&event)));
        match event {
            Event::Incoming(incoming) => self.pick_up(side, incoming.leg),
            Event::Progress { leg, .. } => {
                self.maybe(side, 10, 3000, Command::HangUp { leg, reason: None });
            }
            Event::Established { leg, .. } | Event::Answered { leg, .. } => {
                *self.sides[side].agreed.entry(leg).or_default() += 1;
                let within = if self.long { 600_000 } else { 20_000 };
                self.maybe(side, 60, within, Command::HangUp { leg, reason: None });
                self.maybe(side, 20, within / 2, Command::Reoffer { leg, sdp: OFFER.into() });
            }
            Event::Offer { leg, .. } => match self.dice.below(10) {
                0 => {
                    let refusal = Refusal { status: 488, ..Refusal::default() };
                    self.maybe(side, 100, 900, Command::RefuseOffer { leg, refusal });
                }
                _ => self.maybe(side, 90, 900, Command::AcceptOffer { leg, sdp: OFFER.into() }),
            },
            Event::Ended { leg, .. } => *self.sides[side].ended.entry(leg).or_default() += 1,
            _ => {}
        }
    }

    fn pick_up(&mut self, side: usize, leg: LegId) {
        self.sides[side].begun.push(leg);
        self.maybe(side, 60, 1000, Command::Ring { leg });
        self.maybe(side, 60, 2000, Command::Progress { leg, sdp: OFFER.into() });
        match self.dice.below(8) {
            0 => {
                let refusal = Refusal { status: 486, ..Refusal::default() };
                self.maybe(side, 100, 8000, Command::Refuse { leg, refusal });
            }
            1 => self.maybe(side, 100, 8000, Command::HangUp { leg, reason: None }),
            _ => self.maybe(side, 100, 8000, Command::Accept { leg, sdp: OFFER.into() }),
        }
        let patience = if self.long { 650_000 } else { 55_000 };
        self.plan(patience, side, Command::HangUp { leg, reason: None });
    }

    fn maybe(&mut self, side: usize, percent: u64, within_ms: u64, command: Command) {
        if self.dice.below(100) < percent {
            let after = self.dice.below(within_ms);
            self.plan(after, side, command);
        }
    }

    fn tell(&mut self, side: usize, line: String) {
        let at = (self.now - self.start).as_millis();
        writeln!(self.story, "{at:>7} {} {line}", ["one", "two"][side]).unwrap();
    }

    #[track_caller]
    fn look_back(&self, seed: u64) {
        let story = &self.story;
        for side in &self.sides {
            assert!(side.ua.is_idle(), "seed {seed}: {:#?}\n{story}", side.ua.dump(self.now));
            for leg in &side.begun {
                let times = side.ended.get(leg).copied().unwrap_or(0);
                assert_eq!(times, 1, "seed {seed}: {leg} ended {times} times\n{story}");
            }
            assert_eq!(side.begun.len(), side.ended.len(), "seed {seed}\n{story}");
        }
    }
}

fn summary(message: &Message) -> String {
    let (start, headers, body) = match message {
        Message::Request(request) => {
            let cseq = request.headers.cseq().unwrap().number;
            (format!("{} {cseq}", request.method), &request.headers, &request.body)
        }
        Message::Response(response) => {
            let cseq = response.headers.cseq().unwrap();
            let about = format!("{} to {} {}", response.status, cseq.method, cseq.number);
            (about, &response.headers, &response.body)
        }
    };
    let mut line = start;
    for name in ["RSeq", "RAck", "Session-Expires", "Min-SE", "Reason"] {
        if let Some(value) = headers.get(name) {
            line.push_str(&format!(" {name}: {value}"));
        }
    }
    line + if body.is_empty() { "" } else { " +sdp" }
}

#[test]
fn whatever_the_network_does_nothing_is_left() {
    let (mut up, mut acknowledged) = (0, 0);
    for seed in 0..400 {
        let loss = Dice::new(seed).below(40);
        let world = World::run(seed, loss, false);
        world.look_back(seed);
        up += u32::from(world.story.contains("hears Established"));
        acknowledged += u32::from(world.story.contains("200 to PRACK"));
    }
    // Otherwise this would be a test of how calls fail.
    assert!(up > 150 && acknowledged > 80, "{up} of 400 worlds up, {acknowledged} with PRACK");
}

/// Long calls over a network that loses little: they are refreshed again and again, and none dies of it.
#[test]
fn long_calls_are_kept_alive() {
    let mut refreshed = 0;
    for seed in 1000..1100 {
        let world = World::run(seed, 0, true);
        world.look_back(seed);
        let story = &world.story;
        assert!(!story.contains("SessionExpired"), "seed {seed}\n{story}");
        assert!(!story.contains("AckTimeout"), "seed {seed}\n{story}");
        refreshed += u32::from(story.contains("sends UPDATE"));
    }
    assert!(refreshed > 40, "{refreshed} of 100 worlds with a refresh");
}

/// The same over a bad network: they may die, but they end.
#[test]
fn long_calls_end_somehow() {
    for seed in 2000..2100 {
        World::run(seed, 30, true).look_back(seed);
    }
}
