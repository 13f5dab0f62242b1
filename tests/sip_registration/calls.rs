//! What comes and goes by a registration: calls, the address that the registrar sees, reloads, and our own registrar.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::TrunkName;
use attendant::sip::message::{Message, Method, Response};
use attendant::sip::{Command, Flow, Inbound, Input, Output, Registration, Trunk, Ua, UaConfig};

use super::sip_wire::{self, config, flow};
use super::story::{ADDRESS, Story, registers, settings};
use super::timeline::Machine;

/// Behind a NAT the registrar tells where we are seen, and the Contact says that from then on; the first is taken back.
#[test]
fn the_address_that_the_registrar_sees_is_learned() {
    let seen = "200 REGISTER | Via";
    let settings = Registration { nat: true, ..settings(ADDRESS) };
    let start = Instant::now();
    let mut story = Story::new(start, settings, config());
    story.input(start, "keep");
    assert_eq!(story.output().unwrap(), "REGISTER #1 for 600 s");
    let answer = |story: &mut Story| {
        let Some(Message::Request(request)) = story.wire.messages.last() else { panic!("{seen}") };
        let mut response = Response::to_request(request, 200, None);
        response.headers.stamp_via("198.51.100.7:40000".parse().unwrap());
        response.headers.set_to_tag("t");
        let text = String::from_utf8(response.to_bytes().unwrap()).unwrap();
        story.wire.datagram(start, &text);
    };
    answer(&mut story);
    let told = story.output().unwrap();
    assert_eq!(told, "REGISTER #2 as 198.51.100.7:40000 for 600 s for 0 s");
    answer(&mut story);
    let told = story.output().unwrap();
    assert_eq!(told, "pbx is registered for 600 s as sip:2000@198.51.100.7:40000");
    // Calls by this trunk say the same.
    story.input(start, "INVITE +sdp outside");
    story.input(start, "do ring");
    while story.output().is_some() {}
    let Some(Message::Response(response)) = story.wire.messages.last() else { panic!() };
    let contact = response.headers.get("Contact").unwrap();
    assert_eq!(contact, "<sip:100@198.51.100.7:40000>");
}

fn registered(start: Instant, config: UaConfig, all: Vec<Registration>) -> Story {
    let mut story = Story::new(start, settings(ADDRESS), config);
    for one in &all {
        assert_eq!(one.registrar, ADDRESS);
    }
    story.keep(start, all);
    let mut asked = Vec::new();
    while let Some(line) = story.output() {
        assert!(line.starts_with("REGISTER"), "{line}");
        let Some(Message::Request(request)) = story.wire.messages.last() else { panic!() };
        asked.push(request.clone());
    }
    for request in asked {
        let mut response = Response::to_request(&request, 200, None);
        response.headers.set_to_tag("t");
        response
            .headers
            .push("Service-Route", "<sip:edge.clinic.lan;lr>, <sip:core.clinic.lan;lr>");
        let contact =
            format!("{};pub-gruu=\"sip:x@y;gr=1\"", request.headers.get("Contact").unwrap());
        response.headers.push("Contact", contact);
        response.headers.push("Path", "<sip:edge.clinic.lan;lr>");
        story.wire.datagram(start, &String::from_utf8(response.to_bytes().unwrap()).unwrap());
        assert!(story.output().unwrap().contains("is registered for 600 s"));
    }
    story
}

/// A PBX that we are an extension of needs no `allow`: its calls come by the registration's own flow, and by no other.
#[test]
fn calls_come_back_by_the_registration() {
    let start = Instant::now();
    let mut config = config();
    config.trunks[0].allow.clear();
    let mut story = registered(start, config, vec![settings(ADDRESS)]);
    story.wire.source = "10.0.0.9:5062".into();
    story.input(start, "OPTIONS outside");
    assert_eq!(story.output().unwrap(), "Dropped UnknownSource", "another port is another flow");
    story.wire.source = "10.0.0.9:5060".into();
    story.input(start, "INVITE +sdp outside");
    let mut told = || std::iter::from_fn(|| story.output()).collect::<Vec<_>>();
    assert_eq!(told(), ["100 INVITE", "Incoming 100 by pbx +sdp"]);
    story.input(start, "withdraw");
    assert_eq!(story.output().unwrap(), "REGISTER #2 for 0 s");
    story.input(start, "200 REGISTER");
    assert_eq!(story.output().unwrap(), "pbx is withdrawn");
    story.input(start, "INVITE +sdp outside");
    let told: Vec<_> = std::iter::from_fn(|| story.output()).collect();
    assert_eq!(told, ["Dropped UnknownSource"], "it is let in no longer");
}

/// Two trunks at one PBX: the user that the PBX calls says which, else it is the first. An address in `allow` comes last.
#[test]
fn the_user_that_is_called_tells_trunks_of_one_pbx_apart() {
    let start = Instant::now();
    let mut config = config();
    for name in ["night", "day"] {
        let name = TrunkName::new(name);
        config.trunks.push(Trunk { name, allow: vec![], ..sip_wire::trunk() });
    }
    let one = |trunk: &str, user: &str| {
        let (trunk, user) = (TrunkName::new(trunk), user.to_owned());
        Registration { trunk, user, ..settings(ADDRESS) }
    };
    let mut story = registered(start, config, vec![one("day", "2000"), one("night", "100")]);
    story.input(start, "INVITE +sdp outside");
    assert_eq!(story.output().unwrap(), "100 INVITE");
    assert_eq!(story.output().unwrap(), "Incoming 100 by night +sdp");
    story.keep(start, vec![one("day", "2000")]);
    assert_eq!(story.output().unwrap(), "REGISTER #2 for 0 s");
    story.input(start, "200 REGISTER");
    while story.output().is_some() {}
    story.input(start, "INVITE +sdp outside");
    story.output();
    assert_eq!(story.output().unwrap(), "Incoming 100 by day +sdp");
}

/// RFC 3608: what the registrar wants gone by on the way out stands as Route on our calls of that trunk.
#[test]
fn the_service_route_is_gone_by() {
    let start = Instant::now();
    let mut story = registered(start, config(), vec![settings(ADDRESS)]);
    story.input(start, "do call");
    while story.output().is_some() {}
    let invite = sip_wire::first(&story.wire, &Method::Invite);
    let routes: Vec<_> = invite.headers.get_all("Route").collect();
    assert_eq!(routes, ["<sip:edge.clinic.lan;lr>", "<sip:core.clinic.lan;lr>"]);
}

/// A reload: one goes, one comes, one changes, and the one that stays is left in peace.
#[test]
fn a_reload_changes_only_what_changed() {
    let start = Instant::now();
    let one = |trunk: &str, user: &str, seconds| {
        let (trunk, user) = (TrunkName::new(trunk), user.to_owned());
        let expires = Duration::from_secs(seconds);
        Registration { trunk, user, expires, ..settings(ADDRESS) }
    };
    let all = vec![one("a", "1", 600), one("b", "2", 600), one("c", "3", 600)];
    let mut story = registered(start, config(), all);
    let next = vec![one("c", "3", 900), one("renamed", "1", 600), one("d", "4", 600)];
    story.keep(start, next.clone());
    let told: Vec<_> = std::iter::from_fn(|| story.output()).collect();
    assert_eq!(
        told,
        [
            "REGISTER #2 for 900 s",
            "a is withdrawn",
            "REGISTER #2 for 600 s",
            "REGISTER #2 for 0 s",
            "REGISTER #1 for 600 s"
        ]
    );
    let tos = registers(&story.wire);
    let tos: Vec<_> = tos.iter().rev().take(4).map(|r| r.headers.get("To").unwrap()).collect();
    let expected = ["<sip:4@10.0.0.9>", "<sip:2@10.0.0.9>", "<sip:1@10.0.0.9>", "<sip:3@10.0.0.9>"];
    assert_eq!(tos, expected);
    for _ in 0..2 {
        story.keep(start, next.clone());
        assert_eq!(story.output(), None, "nothing has changed");
    }
}

/// Both ends are ours: the registrar asks for a digest, grants what it likes and lets the calls of the registered in.
#[test]
fn our_own_registrar_takes_it() {
    let start = Instant::now();
    let mut phones = sip_wire::config();
    phones.trunks[0].inbound = Inbound::Registered;
    phones.registrar = Some(sip_wire::registrar());
    let mut server = Ua::new(phones, 1, start);
    let mut client = Ua::new(config(), 2, start);
    let ours: SocketAddr = "10.0.0.9:5060".parse().unwrap();
    let registration = Registration {
        registrar: "sip:10.0.0.1:5060".into(),
        user: "anna".into(),
        credentials: Some(sip_wire::credentials()),
        from: Flow { local: ours, ..flow("0.0.0.0:0") },
        advertised: ours,
        expires: Duration::from_secs(7200),
        ..settings(ADDRESS)
    };
    let wish = Command::KeepRegistered(vec![registration]);
    client.handle_input(start, Input::Command(wish));
    let mut told = Vec::new();
    let mut now = start;
    let end = start + Duration::from_secs(6000);
    loop {
        let mut moved = true;
        while std::mem::take(&mut moved) {
            for turn in 0..2 {
                let (from, to) = match turn {
                    0 => (&mut client, &mut server),
                    _ => (&mut server, &mut client),
                };
                while let Some(output) = from.poll_output() {
                    moved = true;
                    match output {
                        Output::Send { flow, bytes } => {
                            let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
                            to.handle_input(now, Input::Datagram { flow, bytes });
                        }
                        Output::Event(event) => {
                            told.push(format!(
                                "{} {}",
                                (now - start).as_secs(),
                                sip_wire::told(&event)
                            ));
                        }
                        Output::Resolve { .. } => panic!("an address is no name"),
                    }
                }
            }
        }
        let next = [client.poll_timeout(), server.poll_timeout()].into_iter().flatten().min();
        match next.filter(|next| *next <= end) {
            None if now == end => break,
            None => {
                now = end;
                client.handle_input(now, Input::Command(Command::KeepRegistered(vec![])));
            }
            Some(next) => {
                now = next;
                client.handle_timeout(now);
                server.handle_timeout(now);
            }
        }
    }
    let expected = [
        "0 Registered anna for 3600 s",
        "0 pbx is registered for 3600 s as sip:anna@10.0.0.9:5060",
        "2880 Registered anna for 3600 s",
        "2880 pbx is registered for 3600 s as sip:anna@10.0.0.9:5060",
        "5760 Registered anna for 3600 s",
        "5760 pbx is registered for 3600 s as sip:anna@10.0.0.9:5060",
        "6000 Registered anna for 0 s",
        "6000 pbx is withdrawn",
    ];
    assert_eq!(told, expected);
}
