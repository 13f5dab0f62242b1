//! Who is let in, and what is said to what we do not do: trunks, softphones, drain, bad input.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::{Duration, Instant};

use attendant::base::{Dice, Secret, TrunkName};
use attendant::sip::message::{Message, Method};
use attendant::sip::{Credentials, Flow, Inbound, Input, Output, Trunk, Ua, UaConfig};
use sip_wire::{
    INCOMING, OFFER, TAKEN, Wire, check, check_after, check_with, config, first, flow, registrar,
    trunk,
};

/// One trunk of softphones, which have to know a password.
fn softphones() -> UaConfig {
    let trunk = Trunk { name: TrunkName::new("phones"), inbound: Inbound::Registered, ..trunk() };
    UaConfig { trunks: vec![trunk], registrar: Some(registrar()), ..config() }
}

/// A scanner learns nothing, not even that we are here.
#[test]
fn an_unknown_source_hears_nothing() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.source = "192.0.2.66:5060".into();
    for text in ["OPTIONS sip:100@10.0.0.1 SIP/2.0\r\n\r\n", "garbage", "\r\n\r\n", ""] {
        wire.datagram(start, text);
        assert_eq!(wire.all(), ["Dropped UnknownSource"]);
    }
    timeline::Machine::input(&mut wire, start, "INVITE +sdp");
    assert_eq!(wire.all(), ["Dropped UnknownSource"]);
    assert!(wire.ua.is_idle() && wire.ua.poll_timeout().is_none(), "no state for strangers");
}

#[test]
fn garbage_from_a_known_peer_is_dropped_or_refused() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    for text in ["garbage", "SIP/2.0 nonsense\r\n\r\n", "INVITE\r\n\r\n"] {
        wire.datagram(start, text);
        assert_eq!(wire.all(), ["Dropped Malformed"], "{text:?}");
    }
    wire.datagram(start, "\r\n\r\n");
    assert_eq!(wire.all(), [""; 0], "keep-alives are nobody's business");
    let head = "Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n";
    let no_call_id =
        format!("INVITE sip:c@d SIP/2.0\r\n{head}CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
    wire.datagram(start, &no_call_id);
    let said = wire.ua.poll_output();
    assert!(matches!(said, Some(Output::Event(_))), "{said:?}");
    let Some(Output::Send { bytes, .. }) = wire.ua.poll_output() else { panic!("no answer") };
    assert!(bytes.starts_with(b"SIP/2.0 400 "), "{bytes:?}");
    let seven = format!(
        "INVITE sip:c@d SIP/7.0\r\n{head}Call-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    );
    wire.datagram(start, &seven);
    assert_eq!(wire.all(), ["Rejected INVITE 505", "505 INVITE"]);
    let ack = no_call_id.replace("INVITE", "ACK");
    wire.datagram(start, &ack);
    assert_eq!(wire.all(), ["Dropped Malformed"], "an ACK is never answered");
    wire.datagram(
        start,
        &format!(
            "SIP/2.0 200 OK\r\n{head}Call-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
        ),
    );
    assert_eq!(wire.all(), ["Dropped StrayResponse"]);
    assert!(wire.ua.is_idle());
}

#[test]
fn what_we_do_not_do_outside_a_call() {
    check(
        "
        0ms < OPTIONS outside
        0ms > 200 OPTIONS
        100ms < MESSAGE outside | Content-Type: text/plain | body=hi
        100ms > 405 MESSAGE
        100ms > Rejected MESSAGE 405
        200ms < SUBSCRIBE outside | Event: dialog
        200ms > 489 SUBSCRIBE
        200ms > Rejected SUBSCRIBE 489
        300ms < DANCE outside
        300ms > 501 DANCE
        300ms > Rejected DANCE 501
        400ms < BYE outside
        400ms > 481 BYE
        400ms > Rejected BYE 481
        500ms < REGISTER outside
        500ms > 405 REGISTER
        500ms > Rejected REGISTER 405
        600ms < NOTIFY outside | Event: message-summary
        600ms > 200 NOTIFY
        600ms > MailNotice
        700ms < NOTIFY outside | Event: refer
        700ms > 481 NOTIFY
        700ms > Rejected NOTIFY 481
        800ms < REFER outside | Refer-To: <sip:+882@evil>
        800ms > 603 REFER
        800ms > Rejected REFER 603
        900ms < ACK outside
        ",
    );
}

#[test]
fn an_invite_that_asks_too_much() {
    for (line, answer, ack) in [
        ("INVITE +sdp | Require: foo, norefersub, 100rel", "420 INVITE | Unsupported: foo", 1),
        ("INVITE | Content-Type: text/plain | body=hello", "415 INVITE", 1),
    ] {
        let status = &answer[..3];
        check(&format!(
            "
            0ms < {line}
            0ms > {answer}
            0ms > Rejected INVITE {status}
            10ms < ACK z9hG4bKpeer{ack}
            "
        ));
    }
}

/// To an OPTIONS we are the end of the way, however few hops are left (RFC 3261 §11).
#[test]
fn a_loop_ends_here() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    let head = "Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                To: <sip:c@d>\r\nCall-ID: x\r\nContact: <sip:a@10.0.0.9>\r\nMax-Forwards: 0\r\n";
    wire.datagram(start, &format!("INVITE sip:c@d SIP/2.0\r\n{head}CSeq: 1 INVITE\r\n\r\n"));
    assert_eq!(wire.all(), ["483 INVITE", "Rejected INVITE 483"]);
    let head = head.replace("bK1", "bK2");
    wire.datagram(start, &format!("OPTIONS sip:c@d SIP/2.0\r\n{head}CSeq: 2 OPTIONS\r\n\r\n"));
    assert_eq!(wire.all(), ["200 OPTIONS"]);
}

/// A forking proxy sent it by two paths: one call, and 482 to the second.
#[test]
fn the_same_call_comes_twice() {
    check_after(
        INCOMING,
        "
        10ms < INVITE +sdp outside #1 z9hG4bKotherpath
        10ms > 482 INVITE
        10ms > Rejected INVITE 482
        20ms < ACK #1 z9hG4bKotherpath
        30ms < do refuse 486
        30ms > 486 INVITE
        30ms > Ended RefusedByUs(486)
        40ms < ACK #1 z9hG4bKpeer1
        ",
    );
}

/// The answer goes to where the packet came from, and says what that was (RFC 3581).
#[test]
fn answers_go_back_through_the_nat() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.source = "10.0.0.77:61000".into();
    wire.their_tag = "1".into();
    let text = "INVITE sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK1\r\n\
                From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n\
                Contact: <sip:a@192.168.1.5:5060>\r\nContent-Length: 0\r\n\r\n";
    wire.datagram(start, text);
    assert_eq!(wire.all(), ["100 INVITE", "Incoming 100 by pbx"]);
    let via = match &wire.messages[0] {
        Message::Response(response) => response.headers.top_via().unwrap(),
        Message::Request(_) => panic!("a request"),
    };
    assert_eq!(via.received(), Some("10.0.0.77".parse().unwrap()));
    assert_eq!(via.rport(), Some(Some(61000)));
    timeline::Machine::input(&mut wire, start, "do accept");
    assert_eq!(wire.all(), ["200 INVITE +sdp"]);
    timeline::Machine::input(&mut wire, start, "ACK #1 +sdp");
    timeline::Machine::input(&mut wire, start, "do hang-up");
    assert_eq!(wire.all().last().unwrap(), "BYE", "it went by the flow, not to 192.168.1.5");
}

/// Whoever overheard the Call-ID and the tags still sits in the wrong place.
#[test]
fn a_bye_from_elsewhere_ends_nothing() {
    let start = Instant::now();
    let mut config = config();
    config.trunks[0].allow = vec!["10.0.0.9/32".parse().unwrap()];
    let mut wire = Wire::new(start, config);
    for line in ["INVITE +sdp", "do accept"] {
        timeline::Machine::input(&mut wire, start, line);
        wire.all();
    }
    wire.source = "10.0.0.66:5060".into();
    timeline::Machine::input(&mut wire, start, "BYE");
    assert_eq!(wire.all(), ["Dropped UnknownSource"]);
    wire.source = "10.0.0.9:5060".into();
    wire.their_tag = "guessed".into();
    timeline::Machine::input(&mut wire, start, "BYE");
    assert_eq!(wire.all(), ["481 BYE"]);
}

#[test]
fn draining_finishes_calls_and_begins_none() {
    check_after(
        TAKEN,
        "
        1000ms < do drain
        1100ms < OPTIONS outside
        1100ms > 503 OPTIONS | Retry-After: 120
        1100ms > Rejected OPTIONS 503
        1200ms < INVITE +sdp outside
        1200ms > 503 INVITE | Retry-After: 120
        1200ms > Rejected INVITE 503
        1210ms < ACK z9hG4bKpeer3
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
    );
}

#[test]
fn a_softphone_registers_calls_and_goes() {
    let start = Instant::now();
    let mut server = Ua::new(softphones(), 1, start);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..config() }, 2, start);
    let told = exchange(start, &mut server, &mut phone, register(300, "wonder"));
    assert_eq!(told, ["Registered anna for 300 s", "RegisterAnswered Some(200)"]);
    assert_eq!(server.dump(start).last().unwrap(), "anna is at 10.0.0.9:5060, for 300 s");
    let told = exchange(start, &mut server, &mut phone, register(0, "wonder"));
    assert_eq!(told, ["Registered anna for 0 s", "RegisterAnswered Some(200)"]);
    let told = exchange(start, &mut server, &mut phone, register(300, "guess"));
    assert_eq!(told, ["AuthenticationFailed Some(\"anna\")", "RegisterAnswered Some(401)"]);
    let told = exchange(start, &mut server, &mut phone, register(60, "wonder"));
    assert_eq!(told, ["Registered anna for 60 s", "RegisterAnswered Some(200)"]);
    // It falls silent and is forgotten.
    let later = start + Duration::from_secs(60);
    server.handle_timeout(later);
    let said: Vec<_> = std::iter::from_fn(|| server.poll_output()).collect();
    assert!(matches!(&said[..], [Output::Event(_)]), "{said:?}");
}

/// An unregistered phone has to show its password with the call itself; a registered one is known by its flow.
#[test]
fn a_softphone_calls() {
    check_with(
        softphones(),
        "
        0ms < INVITE +sdp
        0ms > 401 INVITE
        10ms < ACK z9hG4bKpeer1
        ",
    );
    let start = Instant::now();
    let mut server = Ua::new(softphones(), 1, start);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..config() }, 2, start);
    let call = |secret: &str| {
        let mut new = sip_wire::new_leg();
        new.flow = towards_server();
        new.credentials = Some(Credentials { user: "anna".into(), secret: Secret::new(secret) });
        attendant::sip::Command::Invite(Box::new(new))
    };
    let told = exchange(start, &mut server, &mut phone, call("wonder"));
    assert_eq!(told, ["Incoming by phones"]);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..config() }, 3, start);
    let told = exchange(start, &mut server, &mut phone, call("guess"));
    assert_eq!(told, ["AuthenticationFailed Some(\"anna\")", "Ended Refused(401)"]);
}

/// A PBX and a softphone at one address: the registered flow tells them apart.
#[test]
fn a_registered_flow_comes_before_the_list_of_addresses() {
    let start = Instant::now();
    let mut config = softphones();
    config.trunks.insert(0, trunk());
    let mut server = Ua::new(config, 1, start);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..sip_wire::config() }, 2, start);
    let call = || {
        let new = attendant::sip::NewLeg { flow: towards_server(), ..sip_wire::new_leg() };
        attendant::sip::Command::Invite(Box::new(new))
    };
    assert_eq!(exchange(start, &mut server, &mut phone, call()), ["Incoming by pbx"]);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..sip_wire::config() }, 3, start);
    exchange(start, &mut server, &mut phone, register(300, "wonder"));
    assert_eq!(exchange(start, &mut server, &mut phone, call()), ["Incoming by phones"]);
}

#[test]
fn we_ask_whether_somebody_is_there() {
    check(
        "
        0ms < do options
        0ms > OPTIONS
        100ms < 200 OPTIONS
        100ms > OptionsAnswered Some(200)
        1000ms < do options
        1000ms > OPTIONS
        1100ms < 503 OPTIONS
        1100ms > OptionsAnswered Some(503)
        ",
    );
    let wire = check(
        "
        0ms < do register
        0ms > REGISTER
        100ms < 403 REGISTER
        100ms > RegisterAnswered Some(403)
        ",
    );
    let register = first(&wire, &Method::Register);
    assert_eq!(register.uri.to_wire(), "sip:10.0.0.9:5060");
    assert_eq!(register.headers.get("To"), Some("<sip:anna@10.0.0.9:5060>"));
    assert_eq!(register.headers.get("Contact"), Some("<sip:anna@10.0.0.1:5060>;expires=300"));
}

#[test]
fn nobody_is_there() {
    let repeats = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let repeats = repeats.map(|ms| format!("{ms}ms > OPTIONS\n"));
    check(&format!("0ms < do options\n{}32000ms > OptionsAnswered None", repeats.concat()));
}

/// Bytes that only look like SIP: whatever comes, nothing panics, and nothing is left.
#[test]
fn broken_messages_leave_nothing_behind() {
    let start = Instant::now();
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut wire = Wire::new(start, config());
        for line in ["INVITE +sdp", "do accept", "ACK", "REFER | Refer-To: <sip:a@b>", "BYE"] {
            timeline::Machine::input(&mut wire, start, line);
        }
        let good = wire.bytes.clone();
        for sample in good.iter().chain([&OFFER.as_bytes().to_vec()]) {
            let mut bytes = sample.clone();
            for _ in 0..=dice.below(6) {
                let at = dice.below(bytes.len() as u64) as usize;
                match dice.below(3) {
                    0 => bytes[at] = dice.bits() as u8,
                    1 => drop(bytes.drain(at..)),
                    _ => bytes.insert(at, b";,<>\"\r\n\0 :"[dice.below(10) as usize]),
                }
                bytes.push(b'\n');
            }
            let flow = flow("10.0.0.9:5060");
            wire.ua.handle_input(start, Input::Datagram { flow, bytes: bytes.into() });
        }
        let mut now = start;
        while let Some(next) = wire.ua.poll_timeout() {
            now = now.max(next);
            wire.ua.handle_timeout(now);
            while let Some(output) = wire.ua.poll_output() {
                drop(output);
            }
            assert!(
                now < start + Duration::from_secs(3600),
                "seed {seed}: {:#?}",
                wire.ua.dump(now)
            );
        }
        assert!(wire.ua.is_idle(), "seed {seed}: {:#?}", wire.ua.dump(now));
    }
}

fn towards_server() -> Flow {
    let (server, phone) = ("10.0.0.1:5060".parse().unwrap(), "10.0.0.9:5060".parse().unwrap());
    Flow { local: phone, remote: server, ..flow("10.0.0.1:5060") }
}

fn register(seconds: u64, secret: &str) -> attendant::sip::Command {
    attendant::sip::Command::Register {
        id: 1,
        flow: towards_server(),
        registrar: "sip:10.0.0.1:5060".into(),
        credentials: Credentials { user: "anna".into(), secret: Secret::new(secret) },
        advertised: "10.0.0.9:5060".parse().unwrap(),
        expires: Duration::from_secs(seconds),
    }
}

/// Lets two user agents talk over a perfect network until both are silent, and returns what they told.
fn exchange(
    now: Instant,
    server: &mut Ua,
    phone: &mut Ua,
    command: attendant::sip::Command,
) -> Vec<String> {
    let mut told = Vec::new();
    phone.handle_input(now, Input::Command(command));
    for _ in 0..20 {
        for turn in 0..2 {
            let (from, to) = match turn {
                0 => (&mut *phone, &mut *server),
                _ => (&mut *server, &mut *phone),
            };
            while let Some(output) = from.poll_output() {
                match output {
                    Output::Send { flow, bytes } => {
                        let flow = Flow { local: flow.remote, remote: flow.local, ..flow };
                        to.handle_input(now, Input::Datagram { flow, bytes });
                    }
                    Output::Event(event) => told.push(sip_wire::told(&event)),
                    Output::Resolve { .. } => {}
                }
            }
        }
    }
    told.iter().map(|line| line.replace(" +sdp", "").replace("Incoming 101", "Incoming")).collect()
}

/// What real peers write and other stacks stumble over: a tel: URI, Latin-1, and no From tag.
#[test]
fn an_invite_as_pbxs_write_it() {
    let invite = |uri: &str, from: &[u8]| {
        let mut text = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1;rport\r\nFrom: "
        )
        .into_bytes();
        text.extend_from_slice(from);
        text.extend_from_slice(
            b"\r\nTo: <sip:100@10.0.0.1>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n\
              Contact: <sip:a@10.0.0.9>\r\nContent-Length: 0\r\n\r\n",
        );
        text
    };
    let start = Instant::now();
    for (uri, from, called) in [
        ("tel:+1-555-0100", &b"<sip:a@b>;tag=1"[..], "+15550100"),
        ("sip:100@10.0.0.1", b"\"Ren\xe9e\" <sip:a@b>;tag=1", "100"),
        ("sip:john.doe@10.0.0.1", b"<sip:a@b>", "john.doe"),
    ] {
        let mut wire = Wire::new(start, config());
        let bytes = invite(uri, from).into();
        wire.ua.handle_input(start, Input::Datagram { flow: flow("10.0.0.9:5060"), bytes });
        assert_eq!(wire.all(), ["100 INVITE".to_owned(), format!("Incoming {called} by pbx")]);
        timeline::Machine::input(&mut wire, start, "do ring");
        assert_eq!(wire.all(), ["180 INVITE"]);
    }
}

/// A reload takes a user away: the phone is forgotten, running calls are not.
#[test]
fn a_user_is_taken_away() {
    let start = Instant::now();
    let mut server = Ua::new(softphones(), 1, start);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..config() }, 2, start);
    exchange(start, &mut server, &mut phone, register(300, "wonder"));
    let mut without = softphones();
    without.registrar.as_mut().unwrap().users.clear();
    let configure = attendant::sip::Command::Configure(Box::new(without));
    server.handle_input(start, Input::Command(configure));
    let said: Vec<_> = std::iter::from_fn(|| server.poll_output()).collect();
    assert!(matches!(&said[..], [Output::Event(_)]), "{said:?}");
    assert!(!server.dump(start).iter().any(|line| line.contains("anna")));
}

/// Branches without the cookie name nothing by themselves (RFC 3261 §17.2.3): the rest is compared.
#[test]
fn a_peer_of_the_last_century() {
    check(
        "
        0ms < INVITE +sdp 1
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        10ms < repeat INVITE
        10ms > 100 INVITE
        20ms < CANCEL 1
        20ms > 200 CANCEL
        20ms > 487 INVITE
        20ms > Ended RemoteCancel
        30ms < ACK 1
        40ms < INVITE +sdp outside 1
        40ms > 100 INVITE
        40ms > Incoming 100 by pbx +sdp
        50ms < do accept
        50ms > 200 INVITE +sdp
        60ms < ACK 1
        60ms > Established
        70ms < BYE 1
        70ms > 200 BYE
        70ms > Ended RemoteBye
        ",
    );
}
