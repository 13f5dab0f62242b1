//! Where requests inside a dialog go: by the route set, to names, over connections that break.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use attendant::base::Dice;
use attendant::sip::message::{Message, Method, Request};
use attendant::sip::{Input, Policy, Transport, Trunk, UaConfig};
use sip_wire::{OUR_CALL, Wire, check, check_with, config, first, taken_with, trunk};

/// Tells a story whose peer comes by TCP, from a port that its system chose.
#[track_caller]
fn by_tcp(story: &str) -> Wire {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.transport = Transport::Tcp;
    wire.source = "10.0.0.9:49152".into();
    timeline::check(start, &mut wire, story);
    assert!(wire.ua.is_idle(), "left behind: {:#?}", wire.ua.dump(wire.now));
    wire
}

/// What such stories begin with.
fn up_by_tcp() -> String {
    taken_with(" | Contact: <sip:5551000@10.0.0.9:5060;transport=tcp>")
}

fn routes(request: &Request) -> Vec<String> {
    request.headers.get_all("Route").map(str::to_owned).collect()
}

fn all(wire: &Wire, method: &Method) -> Vec<Request> {
    let requests = wire.messages.iter().filter_map(|message| match message {
        Message::Request(request) if request.method == *method => Some(request.clone()),
        _ => None,
    });
    requests.collect()
}

/// Three proxies, the middle one of RFC 2543: REFER, re-INVITE, its ACK and BYE take the same way.
#[test]
fn three_recorded_routes_for_every_request() {
    let recorded = "<sip:10.0.0.2;lr>, <sip:10.0.0.3>, <sip:10.0.0.4;lr=on>";
    let up = taken_with(&format!(" | Record-Route: {recorded}"));
    let wire = check(&format!(
        "
        {up}
        1000ms < do reoffer
        1000ms > INVITE +sdp to 10.0.0.2:5060
        1100ms < 200 INVITE +sdp
        1100ms > ACK to 10.0.0.2:5060
        1100ms > Reoffered 200 +sdp
        2000ms < do refer sip:101@pbx
        2000ms > REFER | Refer-To: <sip:101@pbx> to 10.0.0.2:5060
        2100ms < 202 REFER
        2100ms > Transfer Accepted
        2200ms < do give-up-refer
        2200ms > Transfer Unknown
        3000ms < do hang-up
        3000ms > BYE to 10.0.0.2:5060
        3100ms < 200 BYE
        3100ms > Ended Local
        "
    ));
    let all_requests = [Method::Invite, Method::Ack, Method::Refer, Method::Bye];
    for request in all_requests.iter().map(|method| first(&wire, method)) {
        assert_eq!(routes(&request).join(", "), recorded, "{}", request.method);
    }
    // The 2xx of the re-INVITE said where they are now.
    assert_eq!(first(&wire, &Method::Ack).uri.to_wire(), "sip:101@10.0.0.9:5060");
    assert_eq!(first(&wire, &Method::Invite).uri.to_wire(), "sip:5551000@10.0.0.9:5060");
}

/// RFC 3261 §12.2.1.1: the strict router stands in the Request-URI, and the target comes last.
#[test]
fn a_strict_router_comes_first() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp | Record-Route: <sip:10.0.0.3;lr>, <sip:p@10.0.0.2:5080>
        90ms > ACK to 10.0.0.2:5080
        90ms > Answered +sdp
        200ms < do hang-up
        200ms > BYE to 10.0.0.2:5080
        300ms < 200 BYE
        300ms > Ended Local
        ",
    );
    for method in [Method::Ack, Method::Bye] {
        let request = first(&wire, &method);
        assert_eq!(request.uri.to_wire(), "sip:p@10.0.0.2:5080");
        assert_eq!(routes(&request), ["<sip:10.0.0.3;lr>", "<sip:101@10.0.0.9:5060>"]);
    }
}

/// RFC 3261 §12.2: what is recorded later changes nothing; where they are does.
#[test]
fn the_route_set_is_frozen_and_the_target_is_not() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        50ms < 180 INVITE | Record-Route: <sip:10.0.0.5;lr>
        50ms > Progress 180
        90ms < 200 INVITE +sdp | Record-Route: <sip:10.0.0.2;lr>
        90ms > ACK to 10.0.0.2:5060
        90ms > Answered +sdp
        1000ms < INVITE +sdp | Record-Route: <sip:10.0.0.66;lr> | Contact: <sip:later@10.0.0.8>
        1000ms > Offer +sdp
        1000ms < do accept-offer
        1000ms > 200 INVITE +sdp
        1100ms < ACK
        2000ms < UPDATE | Contact: <sip:even@10.0.0.7>
        2000ms > 200 UPDATE
        3000ms < do hang-up
        3000ms > BYE to 10.0.0.2:5060
        3100ms < 200 BYE
        3100ms > Ended Local
        ",
    );
    let bye = first(&wire, &Method::Bye);
    assert_eq!(routes(&bye), ["<sip:10.0.0.2;lr>"]);
    assert_eq!(bye.uri.to_wire(), "sip:even@10.0.0.7");
}

/// A name is looked up once; the ACK waits for it and so does what comes meanwhile.
#[test]
fn a_name_is_looked_up_once_and_kept() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp | Contact: <sip:101@pbx.example;user=phone>
        90ms > resolve sip:pbx.example
        90ms > Answered +sdp
        100ms < do refer sip:102@pbx
        110ms < resolved 10.0.0.2:5080, 10.0.0.3:5080
        110ms > ACK to 10.0.0.2:5080
        110ms > REFER | Refer-To: <sip:102@pbx> to 10.0.0.2:5080
        200ms < 603 REFER
        200ms > Transfer Failed(603)
        590ms < 200 INVITE +sdp | Contact: <sip:101@pbx.example;user=phone>
        590ms > ACK to 10.0.0.2:5080
        1000ms < do hang-up
        1000ms > BYE to 10.0.0.2:5080
        1100ms < 200 BYE
        1100ms > Ended Local
        ",
    );
    assert_eq!(first(&wire, &Method::Bye).uri.to_wire(), "sip:101@pbx.example;user=phone");
    let acks: Vec<_> = wire.bytes.iter().filter(|bytes| bytes.starts_with(b"ACK ")).collect();
    assert_eq!(acks[0], acks[1], "each copy gets the same ACK");
}

/// Copies that come while the name is looked up do not make a queue.
#[test]
fn a_name_that_leads_nowhere() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp | Contact: <sip:101@nowhere.example>
        90ms > resolve sip:nowhere.example
        90ms > Answered +sdp
        590ms < 200 INVITE +sdp | Contact: <sip:101@nowhere.example>
        600ms < resolved
        600ms > ACK
        1000ms < do hang-up
        1000ms > resolve sip:nowhere.example
        5000ms > BYE
        5100ms < 200 BYE
        5100ms > Ended Local
        ",
    );
}

#[test]
fn transports_stand_where_they_should() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp | Contact: <sip:101@10.0.0.9:5070;transport=TCP>
        90ms > resolve sip:10.0.0.9:5070;transport=tcp
        90ms > Answered +sdp
        95ms < resolved tcp 10.0.0.9:5070
        95ms > ACK to 10.0.0.9:5070 by TCP
        1000ms < do hang-up
        1000ms > BYE to 10.0.0.9:5070 by TCP
        1100ms < 200 BYE
        1100ms > Ended Local
        ",
    );
    for (method, via) in [(Method::Invite, "UDP"), (Method::Ack, "TCP"), (Method::Bye, "TCP")] {
        let request = first(&wire, &method);
        assert_eq!(request.headers.top_via().unwrap().transport, via, "{method}");
    }
    let story = up_by_tcp() + "900ms < BYE\n900ms > 200 BYE\n900ms > Ended RemoteBye";
    let wire = by_tcp(&story);
    let text = String::from_utf8(wire.bytes[1].clone()).unwrap();
    assert!(text.contains("Contact: <sip:100@10.0.0.1:5060;transport=tcp>"), "{text}");
}

/// `sips:` asks for privacy all the way, and we say that we keep it (RFC 3261 §12.1.1).
#[test]
fn what_is_asked_for_by_sips_is_answered_by_sips() {
    let start = Instant::now();
    for (contact, ours) in [
        ("<sips:5551000@10.0.0.9>", "<sips:100@10.0.0.1:5060>"),
        ("<sip:5551000@10.0.0.9;transport=tls>", "<sip:100@10.0.0.1:5060;transport=tls>"),
    ] {
        let mut wire = Wire::new(start, config());
        (wire.transport, wire.source) = (Transport::Tls, "10.0.0.9:49152".into());
        for line in [format!("INVITE +sdp | Contact: {contact}").as_str(), "do accept"] {
            timeline::Machine::input(&mut wire, start, line);
            wire.all();
        }
        let Some(Message::Response(response)) = wire.messages.last() else { panic!("no answer") };
        assert_eq!(response.headers.get("Contact"), Some(ours));
    }
}

/// The connection they came by is used as long as it stands, whatever port their Contact names.
#[test]
fn a_connection_that_stands_is_used() {
    by_tcp(&format!(
        "{}
        1000ms < do refer sip:102@pbx
        1000ms > REFER | Refer-To: <sip:102@pbx>
        1100ms < 603 REFER
        1100ms > Transfer Failed(603)
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
        up_by_tcp()
    ));
}

/// It was closed while the call was quiet: BYE and REFER dial the Contact instead of dying at timer B or F.
#[test]
fn a_connection_that_was_closed_is_dialled_anew() {
    by_tcp(&format!(
        "{}
        1000ms < broken 10.0.0.9:49152
        2000ms < do refer sip:102@pbx
        2000ms > REFER | Refer-To: <sip:102@pbx> to 10.0.0.9:5060
        2100ms < 603 REFER
        2100ms > Transfer Failed(603)
        3000ms < do hang-up
        3000ms > BYE to 10.0.0.9:5060
        3100ms < 200 BYE
        3100ms > Ended Local
        ",
        up_by_tcp()
    ));
    // They open another one themselves: that is the way now.
    by_tcp(&format!(
        "{}
        1000ms < broken 10.0.0.9:49152
        1500ms < from 10.0.0.9:49153
        1600ms < OPTIONS
        1600ms > 200 OPTIONS
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
        up_by_tcp()
    ));
}

/// It broke just as the request went out: once more by another way, and then it has failed at once.
#[test]
fn a_request_whose_connection_breaks_fails_fast() {
    by_tcp(&format!(
        "{}
        1000ms < do refer sip:102@pbx
        1000ms > REFER | Refer-To: <sip:102@pbx>
        1010ms < broken 10.0.0.9:49152
        1010ms > REFER | Refer-To: <sip:102@pbx> to 10.0.0.9:5060
        1020ms < broken 10.0.0.9:5060
        1020ms > Transfer Failed(503)
        2000ms < do hang-up
        2000ms > BYE to 10.0.0.9:5060
        2010ms < broken 10.0.0.9:5060
        2010ms > BYE to 10.0.0.9:5060
        2020ms < broken 10.0.0.9:5060
        2020ms > Ended Local
        ",
        up_by_tcp()
    ));
}

#[test]
fn a_call_of_ours_whose_connection_cannot_be_made() {
    by_tcp(
        "
        0ms < do call
        0ms > INVITE +sdp
        10ms < broken 10.0.0.9:49152
        10ms > Ended Refused(503)
        ",
    );
    by_tcp(&format!(
        "
        {OUR_CALL}
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1010ms < broken 10.0.0.9:49152
        1010ms > INVITE +sdp to 10.0.0.9:5060
        1020ms < broken 10.0.0.9:5060
        1020ms > Reoffered 503
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        "
    ));
}

/// A name has several addresses: the next one is taken when the first cannot be reached.
#[test]
fn the_next_address_of_a_name() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.transport = Transport::Tcp;
    timeline::check(
        start,
        &mut wire,
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp | Contact: <sip:101@pbx.example;transport=tcp>
        90ms > resolve sip:pbx.example;transport=tcp
        90ms > Answered +sdp
        95ms < resolved 10.0.0.2:5060, 10.0.0.3:5060
        95ms > ACK to 10.0.0.2:5060
        1000ms < do hang-up
        1000ms > BYE to 10.0.0.2:5060
        1010ms < broken 10.0.0.2:5060
        1010ms > BYE to 10.0.0.3:5060
        1100ms < 200 BYE
        1100ms > Ended Local
        ",
    );
    assert!(wire.ua.is_idle());
}

/// A name that leads to the peer at the other end of our connection needs no second one.
#[test]
fn a_name_that_leads_to_our_own_connection() {
    let up = taken_with(" | Contact: <sip:5551000@cucm.example:5060;transport=tcp>");
    by_tcp(&format!(
        "
        {up}
        1000ms < do hang-up
        1000ms > resolve sip:cucm.example:5060;transport=tcp
        1001ms < resolved 10.0.0.3:5060, 10.0.0.9:5060
        1001ms > BYE
        1100ms < 200 BYE
        1100ms > Ended Local
        "
    ));
}

/// The profile says that its Contacts cannot be reached: everything goes back the way it came.
#[test]
fn a_contact_behind_a_nat_is_never_asked() {
    let policy = Policy { nat: true, ..Policy::default() };
    let nat = UaConfig { trunks: vec![Trunk { policy, ..trunk() }], ..config() };
    check_with(
        nat,
        &format!(
            "
        {}
        1000ms < do hang-up
        1000ms > BYE
        1100ms < 200 BYE
        1100ms > Ended Local
        ",
            taken_with(" | Contact: <sip:5551000@192.168.7.7:5060>")
        ),
    );
}

/// Contacts that lead nowhere, or that no message can be sent to.
#[test]
fn contacts_that_are_no_place() {
    for contact in ["<sip:a@0.0.0.0>", "<sip:a@[::]:5060>", "<sip:a@10.0.0.7:0>", "<tel:+15550100>"]
    {
        let up = taken_with(&format!(" | Contact: {contact}"));
        check(&format!(
            "
            {up}
            1000ms < do hang-up
            1000ms > BYE
            1100ms < 200 BYE
            1100ms > Ended Local
            "
        ));
    }
}

/// Two phones at two places: each gets its own ACK, and the loser its BYE, where it is.
#[test]
fn each_fork_is_asked_where_it_is() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE one | Contact: <sip:one@10.0.0.31>
        100ms > Progress 180
        110ms < 180 INVITE two | Contact: <sip:two@10.0.0.32>
        110ms > Progress 180
        900ms < 200 INVITE +sdp two | Contact: <sip:two@10.0.0.32>
        900ms > ACK to 10.0.0.32:5060
        900ms > Answered +sdp
        20000ms < 200 INVITE +sdp one | Contact: <sip:one@10.0.0.31>
        20000ms > ACK to 10.0.0.31:5060
        20000ms > BYE to 10.0.0.31:5060
        20100ms < 200 BYE
        20500ms < 200 INVITE +sdp one | Contact: <sip:one@10.0.0.31>
        20500ms > ACK to 10.0.0.31:5060
        40000ms < do hang-up
        40000ms > BYE to 10.0.0.32:5060
        40100ms < 200 BYE
        40100ms > Ended Local
        ",
    );
}

/// Every phone that rings counts for itself: the BYE to a loser has a number of its own.
#[test]
fn numbers_rise_in_each_dialog() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE one
        100ms > Progress 180
        900ms < 200 INVITE +sdp two
        900ms > ACK
        900ms > Answered +sdp
        950ms < 200 INVITE +sdp one
        950ms > ACK
        950ms > BYE
        990ms < 200 BYE
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 200 INVITE +sdp two
        1100ms > ACK
        1100ms > Reoffered 200 +sdp
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
    );
    let number = |request: &Request| request.headers.cseq().unwrap().number;
    let first = number(&all(&wire, &Method::Invite)[0]);
    let byes: Vec<u32> = all(&wire, &Method::Bye).iter().map(number).collect();
    assert_eq!(byes, [first + 1, first + 2]);
    assert_eq!(number(&all(&wire, &Method::Invite)[1]), first + 1);
}

/// Their INVITE waits for our answer, and its connection is gone: the answer goes where their Via says
/// (RFC 3261 §18.2.2).
#[test]
fn an_answer_whose_connection_broke() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    (wire.transport, wire.source) = (Transport::Tcp, "10.0.0.9:49152".into());
    let text = "INVITE sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.9:5070;branch=z9hG4bK1\r\n\
                From: <sip:a@b>;tag=peer\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\
                Max-Forwards: 70\r\nContact: <sip:a@10.0.0.9:5070;transport=tcp>\r\n\
                Content-Length: 0\r\n\r\n";
    wire.datagram(start, text);
    wire.all();
    for (line, expected) in [
        ("broken 10.0.0.9:49152", &[][..]),
        ("do accept", &["200 INVITE +sdp to 10.0.0.9:5070"]),
        ("from 10.0.0.9:5070", &[]),
        ("ACK #1 +sdp", &["Established +sdp"]),
        ("do hang-up", &["BYE"]),
    ] {
        timeline::Machine::input(&mut wire, start, line);
        assert_eq!(wire.all(), expected, "{line}");
    }
}

/// Whatever is recorded, named or answered: nothing goes to an address that is neither the flow, in the
/// route set, nor the remote target; and a name is resolved before anything is sent to what it leads to.
#[test]
fn nothing_is_sent_anywhere_else() {
    let start = Instant::now();
    let places = ["10.0.0.9", "10.0.0.21", "10.0.0.22:5070", "pbx.example", "core.example:5080"];
    for seed in 0..600 {
        let mut dice = Dice::new(seed);
        let mut wire = Wire::with_seed(start, config(), seed);
        let mut pick = || places[dice.below(places.len() as u64) as usize];
        let target = format!("<sip:x@{}>", pick());
        let routes: Vec<String> = (0..dice.below(3))
            .map(|_| {
                let place = places[dice.below(places.len() as u64) as usize];
                let kind = [";lr", "", ";lr=on", ";lr;transport=udp"][dice.below(4) as usize];
                format!("<sip:{place}{kind}>")
            })
            .collect();
        let ours = dice.below(2) == 0;
        let recorded = match routes.is_empty() {
            true => String::new(),
            false => format!(" | Record-Route: {}", routes.join(", ")),
        };
        let nearest = if ours { routes.last() } else { routes.first() };
        let hop = nearest.unwrap_or(&target).clone();
        let begin = match ours {
            true => {
                vec!["do call".to_owned(), format!("200 INVITE +sdp | Contact: {target}{recorded}")]
            }
            false => vec![
                format!("INVITE +sdp | Contact: {target}{recorded}"),
                "do accept".into(),
                "ACK".into(),
            ],
        };
        let then =
            ["do reoffer", "200 INVITE +sdp", "do refer sip:1@pbx", "403 REFER", "do hang-up"];
        let story = begin.into_iter().chain(then.map(str::to_owned));
        let mut sent = Vec::new();
        for line in story {
            // An answer to what still waits for a name is not ready yet.
            if line.starts_with(|c: char| c.is_ascii_digit()) && !wire.has_asked(&line) {
                continue;
            }
            let line = match line.strip_suffix("INVITE +sdp") {
                // The re-INVITE is answered from where the call was.
                Some(_) => format!("{line} | Contact: {target}"),
                None => line,
            };
            timeline::Machine::input(&mut wire, start, &line);
            sent.extend(wire.all());
            while let Some(ticket) = (!wire.tickets.is_empty()).then(|| wire.tickets.remove(0)) {
                let flows = match dice.below(3) {
                    0 => vec![],
                    _ => vec![sip_wire::flow("10.0.0.30:5060"), sip_wire::flow("10.0.0.31:5060")],
                };
                wire.ua.handle_input(start, Input::Resolved { ticket, flows });
                sent.extend(wire.all());
            }
        }
        let host = hop.trim_start_matches("<sip:").trim_start_matches("x@");
        let host = host.split(['>', ';']).next().unwrap();
        let named = host.contains("example");
        let numeric = if host.contains(':') { host.to_owned() } else { format!("{host}:5060") };
        for line in sent.iter().filter(|line| line.contains(" to 10.")) {
            let place = line.split(" to ").last().unwrap();
            let allowed = match named {
                true => place == "10.0.0.30:5060",
                false => place == numeric,
            };
            assert!(allowed, "seed {seed}: {line}, with {hop}\n{sent:#?}");
        }
    }
}
