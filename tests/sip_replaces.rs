//! INVITE with Replaces (RFC 3891): a new call takes the place of one of ours.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::{Duration, Instant};

use attendant::base::{LegId, Purpose, TrunkName};
use attendant::sip::message::{Message, Replaces, Uri};
use attendant::sip::{Command, Event, Flow, Input, Output, Trunk, Ua, UaConfig};
use bytes::Bytes;
use sip_wire::{OFFER, config, flow, told, trunk};

/// A user agent with calls of several peers at once: each line of a peer's is written out.
struct World {
    ua: Ua,
    now: Instant,
    branch: u32,
    /// Our tag in the last response to an INVITE.
    our_tag: String,
    /// What a new call replaces, as its event says.
    replaced: Vec<(LegId, Option<LegId>)>,
}

impl World {
    fn new(config: UaConfig) -> Self {
        let now = Instant::now();
        let ua = Ua::new(config, 7, now);
        Self { ua, now, branch: 0, our_tag: String::new(), replaced: Vec::new() }
    }

    fn input(&mut self, input: Input) -> Vec<String> {
        self.ua.handle_input(self.now, input);
        self.said()
    }

    fn command(&mut self, command: Command) -> Vec<String> {
        self.input(Input::Command(command))
    }

    fn said(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        while let Some(output) = self.ua.poll_output() {
            said.push(match output {
                Output::Send { flow, bytes } => self.sent(flow, &bytes),
                Output::Resolve { uri, .. } => format!("resolve {uri}"),
                Output::Event(event) => {
                    if let Event::Incoming(incoming) = &event {
                        self.replaced.push((incoming.leg, incoming.replaces));
                    }
                    told(&event)
                }
            });
        }
        said
    }

    fn sent(&mut self, flow: Flow, bytes: &Bytes) -> String {
        match Message::parse(bytes).unwrap() {
            Message::Request(request) => format!("{} to {}", request.method, flow.remote),
            Message::Response(response) => {
                let to = response.headers.to().unwrap();
                self.our_tag = to.tag().unwrap_or_default().to_owned();
                format!("{} to {}", response.status, flow.remote)
            }
        }
    }

    /// Sends a request of the peer at this address, in the call of this name.
    fn request(&mut self, from: &str, call: &str, head: &str, extra: &str) -> Vec<String> {
        self.branch += 1;
        let (method, to_tag) = head.split_once(' ').unwrap_or((head, ""));
        let tag = if to_tag.is_empty() { String::new() } else { format!(";tag={to_tag}") };
        let cseq = if method == "INVITE" || method == "ACK" { 1 } else { 2 };
        let body = if method == "INVITE" { OFFER } else { "" };
        let text = format!(
            "{method} sip:100@10.0.0.1:5060 SIP/2.0\r\n\
             Via: SIP/2.0/UDP {from};branch=z9hG4bK{}\r\nFrom: <sip:1@{from}>;tag=t-{call}\r\n\
             To: <sip:100@10.0.0.1>{tag}\r\nCall-ID: {call}\r\nCSeq: {cseq} {method}\r\n\
             Max-Forwards: 70\r\nContact: <sip:1@{from}>\r\n{extra}Content-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.branch,
            body.len()
        );
        let bytes = Bytes::from(text);
        self.input(Input::Datagram { flow: flow(from), bytes })
    }

    /// A call of the peer at 10.0.0.9 that is up; returns the Replaces that names it.
    fn up(&mut self, call: &str) -> (LegId, String) {
        self.request("10.0.0.9:5060", call, "INVITE", "");
        let leg = self.replaced.last().unwrap().0;
        self.command(Command::Accept { leg, sdp: OFFER.into() });
        let head = format!("ACK {}", self.our_tag);
        self.request("10.0.0.9:5060", call, &head, "");
        (leg, format!("Replaces: {call};to-tag={};from-tag=t-{call}\r\n", self.our_tag))
    }

    /// Runs on until nothing is left to do.
    fn rest(mut self) {
        while let Some(at) = self.ua.poll_timeout() {
            self.now = self.now.max(at);
            self.ua.handle_timeout(self.now);
            self.said();
        }
        assert!(self.ua.is_idle(), "{:#?}", self.ua.dump(self.now));
    }

    fn end(mut self) {
        for (leg, _) in self.replaced.clone() {
            self.command(Command::HangUp { leg, reason: None });
        }
        self.rest();
    }
}

#[test]
fn a_call_takes_the_place_of_another() {
    let mut world = World::new(config());
    let (old, replaces) = world.up("consult");
    let said = world.request("10.0.0.8:5060", "caller", "INVITE", &replaces);
    assert_eq!(said, ["100 to 10.0.0.8:5060", "Incoming 100 by pbx +sdp"]);
    let (new, replaced) = world.replaced[1];
    assert_eq!(replaced, Some(old));
    assert_eq!(world.command(Command::Ring { leg: new }), ["180 to 10.0.0.8:5060"]);
    let said = world.command(Command::Accept { leg: new, sdp: OFFER.into() });
    assert_eq!(said, ["200 to 10.0.0.8:5060", "BYE to 10.0.0.9:5060"]);
    let head = format!("ACK {}", world.our_tag);
    assert_eq!(world.request("10.0.0.8:5060", "caller", &head, ""), ["Established"]);
    // The old call is over: nothing replaces it any more.
    let said = world.request("10.0.0.7:5060", "third", "INVITE", &replaces);
    assert_eq!(said, ["603 to 10.0.0.7:5060", "Rejected INVITE 603"]);
    world.end();
}

/// The new call is refused, so the old one goes on.
#[test]
fn a_replacement_that_is_refused_changes_nothing() {
    let mut world = World::new(config());
    let (old, replaces) = world.up("consult");
    world.request("10.0.0.8:5060", "caller", "INVITE", &replaces);
    let new = world.replaced[1].0;
    let refusal = attendant::sip::Refusal { status: 488, ..Default::default() };
    let said = world.command(Command::Refuse { leg: new, refusal });
    let expected = ["Refused INVITE 488", "488 to 10.0.0.8:5060", "Ended RefusedByUs(488)"];
    assert_eq!(said, expected);
    let said = world.command(Command::Reoffer { leg: old, sdp: OFFER.into() });
    assert_eq!(said, ["INVITE to 10.0.0.9:5060"], "it is still up");
    world.end();
}

/// RFC 3891 §3, case by case.
#[test]
fn what_may_not_be_replaced() {
    let mut world = World::new(config());
    let (_, replaces) = world.up("consult");
    let other = |from: &str, to: &str| replaces.replace(from, to);
    for (replaces, status) in [
        // Nobody we know.
        (other("consult;", "nobody;"), 481),
        (other("t-consult", "t-other"), 481),
        (other(";to-tag=", ";to-tag=x"), 481),
        // Only while it rings, and it is answered.
        (other("\r\n", ";early-only\r\n"), 486),
        // Not to be read, or twice.
        (other(";from-tag", ";form-tag"), 400),
        (format!("{replaces}{replaces}"), 400),
    ] {
        let said = world.request("10.0.0.8:5060", "caller", "INVITE", &replaces);
        let expected = [format!("{status} to 10.0.0.8:5060"), format!("Rejected INVITE {status}")];
        assert_eq!(said, expected, "{replaces}");
        world.now += Duration::from_secs(40);
        world.ua.handle_timeout(world.now);
        world.said();
    }
    let said = world.request("10.0.0.8:5060", "o", "OPTIONS", &replaces);
    assert_eq!(said, ["400 to 10.0.0.8:5060", "Rejected OPTIONS 400"]);
    world.end();
}

/// Two at once: the first has it.
#[test]
fn only_one_takes_the_place() {
    let mut world = World::new(config());
    let (_, replaces) = world.up("consult");
    world.request("10.0.0.8:5060", "caller", "INVITE", &replaces);
    let said = world.request("10.0.0.7:5060", "third", "INVITE", &replaces);
    assert_eq!(said, ["481 to 10.0.0.7:5060", "Rejected INVITE 481"]);
    world.end();
}

/// A call that rings with us is not ours to give away; one of ours that rings with them is.
#[test]
fn calls_that_ring() {
    let mut world = World::new(config());
    world.request("10.0.0.9:5060", "ringing", "INVITE", "");
    let leg = world.replaced[0].0;
    world.command(Command::Ring { leg });
    let replaces = format!("Replaces: ringing;to-tag={};from-tag=t-ringing\r\n", world.our_tag);
    let said = world.request("10.0.0.8:5060", "caller", "INVITE", &replaces);
    assert_eq!(said, ["481 to 10.0.0.8:5060", "Rejected INVITE 481"]);
    world.end();

    let mut world = World::new(config());
    let ours = LegId(1);
    world
        .ua
        .handle_input(world.now, Input::Command(Command::Invite(Box::new(sip_wire::new_leg()))));
    let Some(Output::Send { bytes, .. }) = world.ua.poll_output() else { panic!("no INVITE") };
    let Ok(Message::Request(invite)) = Message::parse(&bytes) else { panic!("no INVITE") };
    let mut ringing = attendant::sip::message::Response::to_request(&invite, 180, None);
    ringing.headers.set_to_tag("them");
    let bytes = Bytes::from(ringing.to_bytes().unwrap());
    world.input(Input::Datagram { flow: flow("10.0.0.9:5060"), bytes });
    let (call, tag) = (invite.headers.call_id().unwrap(), invite.headers.from().unwrap());
    let replaces =
        format!("Replaces: {call};to-tag={};from-tag=them;early-only\r\n", tag.tag().unwrap());
    let said = world.request("10.0.0.8:5060", "pickup", "INVITE", &replaces);
    assert_eq!(said, ["100 to 10.0.0.8:5060", "Incoming 100 by pbx +sdp"]);
    assert_eq!(world.replaced[0].1, Some(ours));
    let leg = world.replaced[0].0;
    let said = world.command(Command::Accept { leg, sdp: OFFER.into() });
    assert_eq!(said, ["200 to 10.0.0.8:5060", "CANCEL to 10.0.0.9:5060"]);
    world.end();
}

/// Whoever may call us by one trunk may not take over what the other's callers say.
#[test]
fn another_trunk_replaces_nothing() {
    let other = Trunk {
        name: TrunkName::new("other"),
        allow: vec!["192.0.2.0/24".parse().unwrap()],
        ..trunk()
    };
    let mut world = World::new(UaConfig { trunks: vec![trunk(), other], ..config() });
    let (_, replaces) = world.up("consult");
    let said = world.request("192.0.2.8:5060", "caller", "INVITE", &replaces);
    assert_eq!(said, ["481 to 192.0.2.8:5060", "Rejected INVITE 481"]);
    world.end();
}

/// It is no new call, so draining does not refuse it.
#[test]
fn draining_lets_a_replacement_in() {
    let mut world = World::new(config());
    let (_, replaces) = world.up("consult");
    world.command(Command::Drain { retry_after: Some(Duration::from_secs(9)) });
    let said = world.request("10.0.0.8:5060", "caller", "INVITE", &replaces);
    assert_eq!(said, ["100 to 10.0.0.8:5060", "Incoming 100 by pbx +sdp"]);
    world.end();
}

/// What an attended transfer of ours says to the other end.
#[test]
fn a_refer_to_that_replaces() {
    let replaces = Replaces {
        call_id: "a b@10.0.0.1;x".replace(' ', ""),
        to_tag: "7743".into(),
        from_tag: "64%72".into(),
        early_only: false,
    };
    let mut uri = Uri::parse("sip:staff@10.0.0.9:5060").unwrap();
    uri.push_header("Replaces", &replaces.to_wire());
    let wire = uri.to_wire();
    assert_eq!(
        wire,
        "sip:staff@10.0.0.9:5060?Replaces=ab%4010.0.0.1%3Bx%3Bto-tag%3D7743%3Bfrom-tag%3D64%2572"
    );
    let read = Uri::parse(&wire).unwrap().header("Replaces").unwrap();
    assert_eq!(*read.reveal(Purpose::Comparison), replaces.to_wire());
}
