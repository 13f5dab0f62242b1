//! Registrars that do anything, from a seed: what always holds is looked at after each step.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use attendant::base::{Dice, TrunkName};
use attendant::sip::message::{Message, Request, Response};
use attendant::sip::{Command, Event, Flow, Input, Output, Registration, RegistrationState, Ua};
use bytes::Bytes;

use super::sip_wire::{config, flow};
use super::story::{ADDRESS, NAME, settings};

/// What a registrar may answer, with the headers that make it interesting.
const ANSWERS: [(u16, &[(&str, &str)]); 16] = [
    (100, &[]),
    (200, &[("Expires", "120")]),
    (200, &[("Contact", "<sip:2000@10.0.0.1:5060>;expires=60"), ("Service-Route", "<sip:e;lr>")]),
    (200, &[("Expires", "0")]),
    (200, &[("Contact", "<sip:other@10.9.9.9>;expires=garbage"), ("Expires", "99999999999")]),
    (200, &[("Authentication-Info", "nextnonce=\"next\"")]),
    (401, &[("WWW-Authenticate", "Digest realm=\"a\", nonce=\"1\", qop=\"auth\"")]),
    (401, &[("WWW-Authenticate", "Digest realm=\"a\", nonce=\"2\", stale=true")]),
    (401, &[("WWW-Authenticate", "Basic realm=\"a\"")]),
    (407, &[("Proxy-Authenticate", "Digest realm=\"b\", nonce=\"3\", algorithm=SHA-256")]),
    (423, &[("Min-Expires", "1000")]),
    (423, &[("Min-Expires", "4294967295")]),
    (302, &[("Contact", "<sip:elsewhere>")]),
    (403, &[]),
    (503, &[("Retry-After", "4294967295")]),
    (606, &[]),
];

struct World {
    ua: Ua,
    dice: Dice,
    now: Instant,
    asked: Vec<(Flow, Request)>,
    tickets: Vec<u64>,
    /// The last number of each Call-ID.
    numbers: BTreeMap<String, u32>,
    /// When REGISTERs with new numbers went out.
    sent: Vec<Instant>,
    holds: BTreeMap<TrunkName, bool>,
    withdrawn: BTreeMap<TrunkName, u32>,
}

impl World {
    fn drain(&mut self, seed: u64) {
        while let Some(output) = self.ua.poll_output() {
            match output {
                Output::Resolve { ticket, .. } => self.tickets.push(ticket),
                Output::Send { flow, bytes } => self.sent(seed, flow, &bytes),
                Output::Event(Event::Registration { trunk, state }) => {
                    self.told(seed, trunk, &state)
                }
                Output::Event(_) => {}
            }
        }
    }

    fn sent(&mut self, seed: u64, flow: Flow, bytes: &Bytes) {
        let Ok(Message::Request(request)) = Message::parse(bytes) else { panic!("seed {seed}") };
        let call_id = request.headers.call_id().unwrap().to_owned();
        let number = request.headers.cseq().unwrap().number;
        let last = self.numbers.insert(call_id, number).unwrap_or(0);
        assert!(number >= last && number <= last + 1, "seed {seed}: CSeq {last}, then {number}");
        if number > last {
            self.sent.push(self.now);
            self.asked.push((flow, request));
        }
    }

    fn told(&mut self, seed: u64, trunk: TrunkName, state: &RegistrationState) {
        let holds = self.holds.entry(trunk.clone()).or_default();
        match state {
            RegistrationState::Registered { expires, .. } => {
                assert!(!expires.is_zero(), "seed {seed}");
                *holds = true;
            }
            RegistrationState::Failed { why, retry, .. } => {
                assert!(why.len() > 10, "seed {seed}: {why}");
                let bounds = Duration::from_secs(30)..=Duration::from_secs(3600);
                assert!(bounds.contains(retry), "seed {seed}: again in {retry:?}");
            }
            RegistrationState::Lost => assert!(std::mem::take(holds), "seed {seed}: lost twice"),
            RegistrationState::Withdrawn => {
                *holds = false;
                *self.withdrawn.entry(trunk).or_default() += 1;
            }
        }
    }

    fn step(&mut self, seed: u64) {
        let pick = |dice: &mut Dice, length: usize| dice.below(length.max(1) as u64) as usize;
        match self.dice.below(10) {
            0..=4 if !self.asked.is_empty() => {
                let at = pick(&mut self.dice, self.asked.len());
                let (flow, request) = self.asked.swap_remove(at);
                let (status, headers) = ANSWERS[pick(&mut self.dice, ANSWERS.len())];
                let mut response = Response::to_request(&request, status, None);
                response.headers.set_to_tag("r");
                headers.iter().for_each(|(name, value)| response.headers.push(name, value));
                if self.dice.below(4) == 0 {
                    response.headers.stamp_via("198.51.100.7:40000".parse().unwrap());
                }
                let bytes = response.to_bytes().unwrap().into();
                self.ua.handle_input(self.now, Input::Datagram { flow, bytes });
            }
            5 if !self.tickets.is_empty() => {
                let at = pick(&mut self.dice, self.tickets.len());
                let ticket = self.tickets.swap_remove(at);
                let all = ["10.0.0.9:5060", "10.0.0.8:5060", "10.0.0.7:5060"];
                let count = pick(&mut self.dice, 4);
                let to = |text: &&str| Flow { remote: text.parse().unwrap(), ..flow("0.0.0.0:0") };
                let flows = all[..count].iter().map(to).collect();
                self.ua.handle_input(self.now, Input::Resolved { ticket, flows });
            }
            6 => {
                let flow = flow(["10.0.0.9:5060", "10.0.0.8:5060"][pick(&mut self.dice, 2)]);
                self.ua.handle_input(self.now, Input::Broken { flow });
            }
            7 => {
                let trunk = TrunkName::new(["a", "b"][pick(&mut self.dice, 2)]);
                self.ua.handle_input(self.now, Input::Command(Command::RegisterAgain { trunk }));
            }
            8 if self.dice.below(4) == 0 => self.keep(),
            _ => {
                let until = self.now + Duration::from_millis(self.dice.below(200_000));
                self.run(seed, until);
            }
        }
        self.drain(seed);
    }

    /// Wants other registrations, or the same with another time.
    fn keep(&mut self) {
        let mut wanted = Vec::new();
        for (name, registrar) in [("a", NAME), ("b", ADDRESS)] {
            if self.dice.below(3) > 0 {
                let expires = Duration::from_secs(60 + self.dice.below(3) * 600);
                let nat = self.dice.below(2) == 0;
                let trunk = TrunkName::new(name);
                wanted.push(Registration { trunk, expires, nat, ..settings(registrar) });
            }
        }
        self.ua.handle_input(self.now, Input::Command(Command::KeepRegistered(wanted)));
    }

    fn run(&mut self, seed: u64, until: Instant) {
        while let Some(next) = self.ua.poll_timeout().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.ua.handle_timeout(self.now);
            self.drain(seed);
            assert_ne!(
                self.ua.poll_timeout(),
                Some(next),
                "seed {seed}: it was handled and is due"
            );
        }
        self.now = until;
    }
}

#[test]
fn whatever_the_registrar_does() {
    for seed in 0..300 {
        let start = Instant::now();
        let mut world = World {
            ua: Ua::new(config(), seed, start),
            dice: Dice::new(seed),
            now: start,
            asked: Vec::new(),
            tickets: Vec::new(),
            numbers: BTreeMap::new(),
            sent: Vec::new(),
            holds: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
        };
        world.keep();
        for _ in 0..120 {
            world.step(seed);
        }
        // However it went, in the end nobody thinks that we are there, and nothing is left.
        let wish = Command::KeepRegistered(Vec::new());
        world.ua.handle_input(world.now, Input::Command(wish));
        world.drain(seed);
        let end = world.now + Duration::from_secs(120);
        world.run(seed, end);
        assert!(world.ua.is_idle(), "seed {seed}: {:#?}", world.ua.dump(world.now));
        assert_eq!(world.ua.poll_timeout(), None, "seed {seed}");
        assert!(!world.holds.values().any(|holds| *holds), "seed {seed}: {:?}", world.holds);
        assert!(world.ua.dump(world.now).is_empty(), "seed {seed}");
    }
}
