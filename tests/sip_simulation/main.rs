//! Two user agents over a bad network, five hundred times: loss, copies, delay, overtaking, and
//! two impatient users, all from a seed.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use attendant::base::{Dice, LegId};
use attendant::sip::message::{Message, Method};
use attendant::sip::{
    Command, Event, Flow, Input, NewLeg, Output, Refusal, TransferState, Trunk, Ua, UaConfig,
};
use bytes::Bytes;
use sip_wire::{OFFER, config, trunk};

const HOUR: Duration = Duration::from_secs(3600);
const ADDRESSES: [&str; 2] = ["10.0.0.1:5060", "10.0.0.2:5060"];

/// One user agent, and what is known of its calls.
struct Side {
    ua: Ua,
    /// How often each leg's end was told.
    ended: BTreeMap<LegId, u32>,
    /// Legs that began.
    begun: Vec<LegId>,
    /// Final answers to each INVITE of theirs: by Call-ID, CSeq and branch.
    finals: BTreeMap<String, BTreeMap<u16, u32>>,
    /// REFERs sent, and outcomes told.
    referred: u32,
    outcomes: u32,
}

struct World {
    dice: Dice,
    start: Instant,
    now: Instant,
    sides: [Side; 2],
    /// What happens when, in order: the number keeps equal times apart.
    due: BTreeMap<(Instant, u64), Happening>,
    count: u64,
    /// Percent of packets lost and copied.
    loss: u64,
    copies: u64,
    story: String,
}

enum Happening {
    Arrives { to: usize, flow: Flow, bytes: Bytes },
    Wants { side: usize, command: Box<Command> },
}

impl World {
    fn run(seed: u64) -> Self {
        let start = Instant::now();
        let side = |index: usize| Side {
            ua: Ua::new(config_of(index), seed * 2 + index as u64, start),
            ended: BTreeMap::new(),
            begun: Vec::new(),
            finals: BTreeMap::new(),
            referred: 0,
            outcomes: 0,
        };
        let mut dice = Dice::new(seed);
        let (loss, copies) = (dice.below(40), dice.below(30));
        let mut world = Self {
            dice,
            start,
            now: start,
            sides: [side(0), side(1)],
            due: BTreeMap::new(),
            count: 0,
            loss,
            copies,
            story: String::new(),
        };
        for call in 0..1 + world.dice.below(4) as u32 {
            let side = world.dice.below(2) as usize;
            let leg = LegId(call * 2 + 1);
            let after = world.dice.below(3000);
            world.plan(after, side, Command::Invite(Box::new(new_leg(side, leg))));
            // Nobody rings for ever.
            world.plan(after + 60_000, side, Command::HangUp { leg, reason: None });
        }
        world.play();
        world
    }

    fn plan(&mut self, after_ms: u64, side: usize, command: Command) {
        let at = self.now + Duration::from_millis(after_ms);
        self.count += 1;
        let command = Box::new(command);
        self.due.insert((at, self.count), Happening::Wants { side, command });
    }

    fn play(&mut self) {
        loop {
            let timer = |side: &Side| side.ua.poll_timeout();
            let timers = self.sides.iter().filter_map(timer).min();
            let happening = self.due.keys().next().map(|(at, _)| *at);
            let Some(next) = timers.into_iter().chain(happening).min() else { return };
            self.now = self.now.max(next);
            assert!(self.now < self.start + HOUR, "it never ends:\n{}", self.story);
            while let Some(entry) = self.due.first_entry().filter(|e| e.key().0 <= self.now) {
                match entry.remove() {
                    Happening::Arrives { to, flow, bytes } => {
                        self.sides[to].ua.handle_input(self.now, Input::Datagram { flow, bytes });
                    }
                    Happening::Wants { side, command } => {
                        if let Command::Invite(new) = &*command {
                            self.sides[side].begun.push(new.leg);
                        }
                        if let Command::Refer { .. } = &*command {
                            self.sides[side].referred += 1;
                        }
                        self.tell(side, format!("wants {}", name(&command)));
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
                    Output::Resolve { .. } => {}
                }
            }
        }
    }

    fn send(&mut self, side: usize, flow: Flow, bytes: Bytes) {
        let message = Message::parse(&bytes).unwrap();
        self.tell(side, format!("sends {}", summary(&message)));
        if let Message::Response(response) = &message
            && response.status >= 200
            && response.headers.cseq().unwrap().method == Method::Invite
        {
            let headers = &response.headers;
            let via = headers.top_via().unwrap();
            let key = format!(
                "{} {} {}",
                headers.call_id().unwrap(),
                headers.cseq().unwrap().number,
                via.branch().unwrap()
            );
            *self.sides[side].finals.entry(key).or_default().entry(response.status).or_default() +=
                1;
        }
        assert_eq!(flow.remote.to_string(), ADDRESSES[1 - side], "{}", self.story);
        let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
        let times = 1 + u64::from(self.dice.below(100) < self.copies);
        for _ in 0..times {
            if self.dice.below(100) < self.loss {
                continue;
            }
            // Most are quick; some are overtaken by a repeat.
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

    /// Plays the users: each event makes them do something, soon or late.
    fn react(&mut self, side: usize, event: Event) {
        self.tell(side, format!("hears {}", sip_wire::told(&event)));
        match event {
            Event::Incoming(incoming) => {
                let leg = incoming.leg;
                self.sides[side].begun.push(leg);
                self.maybe(side, 50, 1000, Command::Ring { leg });
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
            Event::Progress { leg, .. } => {
                self.maybe(side, 20, 3000, Command::HangUp { leg, reason: None });
            }
            Event::Established { leg, .. } | Event::Answered { leg, .. } => {
                let target = "sip:101@10.0.0.3".to_owned();
                self.maybe(side, 40, 9000, Command::Refer { leg, target, headers: vec![] });
                self.maybe(side, 70, 20_000, Command::HangUp { leg, reason: Some("done".into()) });
            }
            Event::Referred { leg, .. } => {
                self.maybe(side, 80, 2000, Command::AcceptRefer { leg });
                self.maybe(side, 80, 3000, Command::Notify { leg, status: 180 });
                self.maybe(side, 80, 6000, Command::Notify { leg, status: 200 });
            }
            Event::Offer { leg, .. } => {
                self.maybe(side, 80, 900, Command::AcceptOffer { leg, sdp: OFFER.into() });
            }
            Event::Transfer { state, .. } => {
                let last = !matches!(state, TransferState::Accepted | TransferState::Progress(_));
                self.sides[side].outcomes += u32::from(last);
            }
            Event::Ended { leg, .. } => *self.sides[side].ended.entry(leg).or_default() += 1,
            Event::Dropped { .. } | Event::Rejected { .. } => {}
            other => panic!("{other:?}"),
        }
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
}

fn config_of(side: usize) -> UaConfig {
    let advertised = ADDRESSES[side].parse().unwrap();
    let refer_wait = Duration::from_secs(20);
    UaConfig {
        trunks: vec![Trunk { advertised, accept_refer: true, refer_wait, ..trunk() }],
        ..config()
    }
}

fn new_leg(side: usize, leg: LegId) -> NewLeg {
    let (local, remote) = (ADDRESSES[side].parse().unwrap(), ADDRESSES[1 - side].parse().unwrap());
    let flow = Flow { local, remote, ..sip_wire::flow(ADDRESSES[0]) };
    let target = format!("sip:100@{remote}");
    NewLeg { leg, flow, target, advertised: local, accept_refer: true, ..sip_wire::new_leg() }
}

fn name(command: &Command) -> String {
    format!("{command:?}").split([' ', '(']).next().unwrap().to_owned()
}

fn summary(message: &Message) -> String {
    match message {
        Message::Request(request) => {
            format!("{} {}", request.method, request.headers.cseq().unwrap().number)
        }
        Message::Response(response) => {
            let cseq = response.headers.cseq().unwrap();
            format!("{} to {} {}", response.status, cseq.method, cseq.number)
        }
    }
}

#[test]
fn whatever_the_network_does_every_leg_ends_once_and_nothing_is_left() {
    let mut up = 0;
    for seed in 0..500 {
        let world = World::run(seed);
        let story = &world.story;
        for side in &world.sides {
            assert!(side.ua.is_idle(), "seed {seed}: {:#?}\n{story}", side.ua.dump(world.now));
            for leg in &side.begun {
                let times = side.ended.get(leg).copied().unwrap_or(0);
                assert_eq!(times, 1, "seed {seed}: {leg} ended {times} times\n{story}");
            }
            assert_eq!(side.begun.len(), side.ended.len(), "seed {seed}\n{story}");
            for (invite, statuses) in &side.finals {
                assert_eq!(statuses.len(), 1, "seed {seed}: {invite} got {statuses:?}\n{story}");
            }
            assert_eq!(
                side.referred, side.outcomes,
                "seed {seed}: a transfer without end\n{story}"
            );
        }
        up += u32::from(story.contains("hears Established"));
    }
    // Otherwise this would be a test of how calls fail.
    assert!(up > 250, "{up} of 500 worlds had a call that was up");
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..20 {
        assert_eq!(World::run(seed).story, World::run(seed).story);
    }
    assert_ne!(World::run(1).story, World::run(2).story);
}
