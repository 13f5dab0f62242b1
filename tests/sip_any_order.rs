//! A peer that says anything at any time: PRACKs, UPDATEs, acceptances and offers in an order that a seed chooses.
//! Nothing breaks, every request gets one final answer, every leg ends once, and nothing is left.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use attendant::base::{Dice, LegId};
use attendant::sip::message::{Message, Method};
use attendant::sip::{Command, Policy, Prack, SessionTimer, Trunk, UaConfig};
use sip_wire::{Wire, config, trunk};
use timeline::Machine;

/// What a peer may say in or round a call. `{n}` is a small number.
const PEER: &[&str] = &[
    "INVITE",
    "INVITE +sdp",
    "INVITE +sdp | Supported: timer | Session-Expires: 120;refresher=uas",
    "ACK",
    "ACK +sdp",
    "ACK #1",
    "ACK +sdp #1",
    "CANCEL",
    "CANCEL z9hG4bKpeer1 #1",
    "BYE",
    "PRACK | RAck: {rack}",
    "PRACK | RAck: {rack}",
    "PRACK +sdp | RAck: {rack}",
    "PRACK | RAck: 1 1 INVITE",
    "repeat INVITE",
    "repeat PRACK",
    "repeat UPDATE",
    "UPDATE",
    "UPDATE | Supported: timer | Session-Expires: {n}0",
    "UPDATE | Supported: timer | Session-Expires: 90;refresher=uas | Allow: INVITE, UPDATE",
    "UPDATE +sdp",
    "OPTIONS | Require: timer, 100rel",
    "100 INVITE",
    "180 INVITE",
    "180 INVITE | Require: 100rel | RSeq: {n}",
    "183 INVITE +sdp",
    "183 INVITE +sdp | Require: 100rel | RSeq: {n} | Allow: UPDATE",
    "183 INVITE +sdp other | Require: 100rel | RSeq: {n}",
    "200 INVITE +sdp | Allow: INVITE, UPDATE | Session-Expires: 100;refresher=uac",
    "200 INVITE +sdp | Session-Expires: 90;refresher=uas",
    "200 INVITE +sdp other",
    "200 INVITE",
    "421 INVITE | Require: 100rel",
    "422 INVITE | Min-SE: {n}00",
    "486 INVITE",
    "491 INVITE",
    "481 INVITE",
    "200 PRACK",
    "481 PRACK",
    "200 UPDATE",
    "200 UPDATE +sdp | Session-Expires: 100;refresher=uac",
    "405 UPDATE",
    "491 UPDATE",
    "422 UPDATE | Min-SE: {n}00",
    "200 CANCEL",
    "200 BYE",
];

/// What our own call may want meanwhile.
const OURS: &[&str] = &[
    "do ring",
    "do progress",
    "do accept",
    "do accept",
    "do refuse 486",
    "do accept-offer",
    "do accept-offer",
    "do refuse-offer 488",
    "do reoffer",
    "do hang-up",
];

/// What keeps a call going, said more often than the rest.
const LIKELY: &[&str] = &[
    "do accept",
    "do progress",
    "do accept-offer",
    "ACK",
    "ACK +sdp",
    "PRACK | RAck: {rack}",
    "PRACK +sdp | RAck: {rack}",
    "183 INVITE +sdp | Require: 100rel | RSeq: 1 | Allow: UPDATE",
    "180 INVITE | Require: 100rel | RSeq: 2",
    "200 INVITE +sdp | Allow: INVITE, UPDATE | Session-Expires: 100;refresher=uac",
    "200 PRACK",
    "200 UPDATE",
    "UPDATE +sdp",
];

struct Told {
    wire: Wire,
    story: String,
    begun: u32,
    ended: u32,
    /// Final answers of ours: by branch and method.
    finals: BTreeMap<String, Vec<u16>>,
    /// Requests of theirs that want one, and how often they came: so late that nobody remembers the first, the
    /// same bytes are a request of their own.
    asked: BTreeMap<String, u32>,
}

impl Told {
    fn say(&mut self, now: Instant, line: &str) {
        let answers = line.starts_with(|c: char| c.is_ascii_digit());
        let repeats =
            line.strip_prefix("repeat ").is_some_and(|method| !self.wire.has_sent(method));
        if (answers && !self.wire.has_asked(line)) || repeats {
            return;
        }
        writeln!(self.story, "< {line}").unwrap();
        self.wire.input(now, line);
        let method = line.split(' ').next().unwrap();
        let method = line.strip_prefix("repeat ").unwrap_or(method);
        if method.chars().all(|c| c.is_ascii_uppercase()) && method != "ACK" {
            let branch = self.wire.last_branch(method);
            *self.asked.entry(format!("{branch} {method}")).or_default() += 1;
        }
        self.listen();
    }

    fn listen(&mut self) {
        let seen = self.wire.messages.len();
        for line in self.wire.all() {
            writeln!(self.story, "> {line}").unwrap();
            self.begun += u32::from(line.starts_with("Incoming"));
            self.ended += u32::from(line.starts_with("Ended"));
        }
        for message in &self.wire.messages[seen..] {
            let Message::Response(response) = message else { continue };
            if response.status >= 200 {
                let via = response.headers.top_via().unwrap();
                let method = response.headers.cseq().unwrap().method;
                let key = format!("{} {method}", via.branch().unwrap());
                let statuses = self.finals.entry(key).or_default();
                if !statuses.contains(&response.status) {
                    statuses.push(response.status);
                }
            }
        }
    }

    /// Lets time pass until then, or until nothing waits.
    fn wait(&mut self, until: Instant) {
        while let Some(at) = self.wire.deadline().filter(|at| *at <= until) {
            self.wire.timeout(at);
            self.listen();
        }
    }
}

fn policy(dice: &mut Dice) -> Policy {
    let prack = [Prack::Off, Prack::Supported, Prack::Required][dice.below(3) as usize];
    let (expires, min) = (Duration::from_secs(100 + dice.below(100)), Duration::from_secs(90));
    let timer = (dice.below(4) > 0).then_some(SessionTimer { expires, min });
    Policy { timer, prack, ..Policy::default() }
}

fn run(seed: u64) -> Told {
    let start = Instant::now();
    let mut dice = Dice::new(seed);
    let policy = policy(&mut dice);
    let trunks = vec![Trunk { policy: policy.clone(), ..trunk() }];
    let mut wire = Wire::with_seed(start, UaConfig { trunks, ..config() }, seed);
    wire.policy = policy;
    wire.show = &["RSeq", "RAck", "Session-Expires", "Min-SE"];
    let mut told = Told {
        wire,
        story: String::new(),
        begun: 0,
        ended: 0,
        finals: BTreeMap::new(),
        asked: BTreeMap::new(),
    };
    let beginnings: &[&str] = &[
        "INVITE",
        "INVITE | Supported: 100rel, timer",
        "INVITE +sdp | Require: 100rel | Allow: UPDATE",
        "INVITE +sdp | Supported: timer | Session-Expires: 100;refresher=uas",
        "do call",
        "do call without offer",
    ];
    let beginning = beginnings[dice.below(beginnings.len() as u64) as usize];
    told.begun += u32::from(beginning.starts_with("do"));
    let mut now = start;
    told.say(now, beginning);
    let taken = dice.below(8);
    for count in 0..dice.below(40) {
        // Calls that are never taken would be half of the truth.
        if count == taken {
            for line in ["do accept", "PRACK | RAck: {rack}", "ACK +sdp #1"] {
                told.say(now, line);
            }
            told.say(now, "200 INVITE +sdp | Allow: INVITE, UPDATE | Session-Expires: 100");
            told.say(now, "do accept-offer");
        }
        let pause = [0, 30, 300, 300, 3000, 40_000][dice.below(6) as usize];
        now += Duration::from_millis(dice.below(pause + 1));
        told.wait(now);
        let lines = [OURS, PEER, PEER, LIKELY, LIKELY, LIKELY][dice.below(6) as usize];
        let line = lines[dice.below(lines.len() as u64) as usize];
        told.say(now, &line.replace("{n}", &dice.below(9).to_string()));
    }
    // Their calls have even numbers, ours is the first.
    for leg in std::iter::once(1).chain((1..=told.begun).map(|n| 2 * n)) {
        told.wire.command(now, Command::HangUp { leg: LegId(leg), reason: None });
        told.listen();
    }
    told.wait(now + Duration::from_secs(24 * 3600));
    told
}

#[test]
fn whatever_comes_nothing_breaks() {
    let (mut up, mut acknowledged) = (0, 0);
    for seed in 0..1500 {
        let told = run(seed);
        let story = &told.story;
        let dump = told.wire.ua.dump(told.wire.now);
        assert!(told.wire.ua.is_idle(), "seed {seed}: {dump:#?}\n{story}");
        assert_eq!(told.begun, told.ended, "seed {seed}: legs that ended\n{story}");
        for (request, times) in &told.asked {
            let finals = told.finals.get(request).map_or(&[][..], Vec::as_slice);
            let right = (1..=*times).contains(&(finals.len() as u32));
            assert!(right, "seed {seed}: {request} got {finals:?}\n{story}");
        }
        up += u32::from(story.contains("> Established") || story.contains("> Answered"));
        acknowledged += u32::from(story.contains("> 200 PRACK") || story.contains("> PRACK"));
    }
    assert!(up > 300 && acknowledged > 100, "{up} of 1500 up, {acknowledged} with PRACK");
}

/// A refusal of theirs ends a call; nothing they say in it makes us send a request without a number of its own.
#[test]
fn numbers_of_ours_rise() {
    for seed in 5000..5500 {
        let told = run(seed);
        let mut highest: BTreeMap<String, (u32, String)> = BTreeMap::new();
        for message in &told.wire.messages {
            let Message::Request(request) = message else { continue };
            if matches!(request.method, Method::Ack | Method::Cancel) {
                continue;
            }
            let headers = &request.headers;
            let to = headers.to().unwrap();
            let dialog = format!("{} {}", headers.call_id().unwrap(), to.tag().unwrap_or_default());
            let branch = headers.top_via().unwrap().branch().unwrap().to_owned();
            let cseq = headers.cseq().unwrap().number;
            let last = highest.entry(dialog).or_default();
            if last.1 != branch && last.0 >= cseq {
                // A repeat of an older request than the last is the only thing that goes back.
                let again = told.wire.messages.iter().filter(|other| match other {
                    Message::Request(other) => {
                        other.headers.top_via().unwrap().branch() == Some(&branch)
                    }
                    Message::Response(_) => false,
                });
                assert!(again.count() > 1, "seed {seed}: {cseq} after {}\n{}", last.0, told.story);
                continue;
            }
            *last = (cseq, branch);
        }
    }
}
