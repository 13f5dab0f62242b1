//! Who calls whom, and why a call ended, as PBXs write it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::{Duration, Instant};

use attendant::base::{Dice, Purpose};
use attendant::sip::message::Method;
use attendant::sip::{
    CalledFrom, CallerFrom, Event, Inbound, Incoming, Input, Output, Policy, Trunk, Ua, UaConfig,
};
use sip_wire::{Wire, check, config, flow, registrar, trunk};

/// Takes an INVITE with these header lines and says who calls whom.
fn parties_with(config: UaConfig, headers: &str) -> Incoming {
    let start = Instant::now();
    let mut ua = Ua::new(config, 7, start);
    let from = match headers.contains("From:") {
        true => "",
        false => "From: \"Ann\" <sip:5551000@10.0.0.9>;tag=1\r\n",
    };
    let text = format!(
        "INVITE sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1\r\n{from}\
         To: <sip:200@10.0.0.1>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n\
         Contact: <sip:a@10.0.0.9>\r\n{headers}Content-Length: 0\r\n\r\n"
    );
    let flow = flow("10.0.0.9:5060");
    ua.handle_input(start, Input::Datagram { flow, bytes: text.into() });
    while let Some(output) = ua.poll_output() {
        if let Output::Event(Event::Incoming(incoming)) = output {
            return *incoming;
        }
    }
    panic!("no call came of {headers}");
}

/// `caller "display" -> called`, and whether it is withheld.
fn told(incoming: &Incoming) -> String {
    let plain = |text: &Option<attendant::base::Phi<String>>| match text {
        Some(text) => text.reveal(Purpose::Comparison).clone(),
        None => "nobody".to_owned(),
    };
    let withheld = if incoming.withheld { ", withheld" } else { "" };
    format!(
        "{} {:?} -> {}{withheld}",
        plain(&incoming.caller),
        plain(&incoming.display),
        incoming.called.reveal(Purpose::Comparison)
    )
}

fn policy(called: &[CalledFrom], caller: &[CallerFrom]) -> UaConfig {
    let policy = Policy { called: called.to_vec(), caller: caller.to_vec(), ..Policy::default() };
    UaConfig { trunks: vec![Trunk { policy, ..trunk() }], ..config() }
}

#[test]
fn the_caller_stands_where_the_profile_says() {
    use CallerFrom::{Asserted, From, Preferred, RemotePartyId};
    let all = "P-Asserted-Identity: \"Pat\" <sip:1@pbx>\r\nP-Preferred-Identity: <sip:2@pbx>\r\n\
               Remote-Party-ID: \"Rob\" <sip:3@pbx>;party=calling;screen=yes\r\n";
    for (order, headers, expected) in [
        (&[Asserted, RemotePartyId, From][..], all, "1 \"Pat\" -> 100"),
        (&[RemotePartyId, Asserted], all, "3 \"Rob\" -> 100"),
        (&[Preferred, From], all, "2 \"Ann\" -> 100"),
        (&[From, Asserted], all, "5551000 \"Ann\" -> 100"),
        (&[Preferred, From], "", "5551000 \"Ann\" -> 100"),
        (&[Asserted], "", "nobody \"nobody\" -> 100"),
        // Of two, one is for telephones; the other names the same person.
        (
            &[Asserted],
            "P-Asserted-Identity: <tel:+15550100>, <sip:+1555@pbx>\r\n",
            "+1555 \"Ann\" -> 100",
        ),
        (&[Asserted], "P-Asserted-Identity: <tel:+1-555-0100>\r\n", "+15550100 \"Ann\" -> 100"),
        // Somebody else's Remote-Party-ID is not the caller's.
        (
            &[RemotePartyId, From],
            "Remote-Party-ID: <sip:9@pbx>;party=called\r\n",
            "5551000 \"Ann\" -> 100",
        ),
        (&[Asserted, From], "P-Asserted-Identity: <sip:broken\r\n", "5551000 \"Ann\" -> 100"),
    ] {
        let incoming = parties_with(policy(&[CalledFrom::RequestUri], order), headers);
        assert_eq!(told(&incoming), expected, "{order:?}\n{headers}");
    }
}

/// RFC 3323, RFC 3325: routing may know what nobody is to be shown.
#[test]
fn a_caller_who_withholds_the_number() {
    use CallerFrom::{Asserted, From, RemotePartyId};
    let order = [Asserted, RemotePartyId, From];
    let anonymous = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\r\n";
    for (headers, expected) in [
        (anonymous.to_owned(), "nobody \"nobody\" -> 100, withheld"),
        (
            format!("{anonymous}P-Asserted-Identity: <sip:7@pbx>\r\nPrivacy: id\r\n"),
            "7 \"nobody\" -> 100, withheld",
        ),
        (
            format!("{anonymous}P-Asserted-Identity: <sip:7@pbx>\r\n"),
            "7 \"nobody\" -> 100, withheld",
        ),
        ("Privacy: id;critical\r\n".to_owned(), "5551000 \"Ann\" -> 100, withheld"),
        ("Privacy: none\r\n".to_owned(), "5551000 \"Ann\" -> 100"),
        ("Remote-Party-ID: <sip:8@pbx>;privacy=full\r\n".to_owned(), "8 \"Ann\" -> 100, withheld"),
        ("Remote-Party-ID: <sip:8@pbx>;privacy=off\r\n".to_owned(), "8 \"Ann\" -> 100"),
        ("P-Asserted-Identity: <sip:anonymous@pbx>\r\n".to_owned(), "5551000 \"Ann\" -> 100"),
    ] {
        let incoming = parties_with(policy(&[CalledFrom::RequestUri], &order), &headers);
        assert_eq!(told(&incoming), expected, "{headers}");
    }
}

#[test]
fn the_dialled_number_stands_where_the_profile_says() {
    use CalledFrom::{Diversion, HistoryInfo, RequestUri, To};
    let forwarded = "Diversion: <sip:302@pbx>;reason=no-answer, <sip:301@pbx>;reason=unconditional\r\n\
                     History-Info: <sip:401@pbx>;index=1, <sip:402@pbx>;index=1.1\r\n";
    for (order, headers, expected) in [
        (&[RequestUri][..], forwarded, "100"),
        (&[To], forwarded, "200"),
        (&[Diversion, RequestUri], forwarded, "301"),
        (&[HistoryInfo, RequestUri], forwarded, "401"),
        (&[Diversion, HistoryInfo, To], "", "200"),
        (&[Diversion], "", "100"),
        (&[Diversion, To], "Diversion: \"broken\r\n", "200"),
    ] {
        let incoming = parties_with(policy(order, &[CallerFrom::From]), headers);
        assert_eq!(*incoming.called.reveal(Purpose::Comparison), expected, "{order:?}\n{headers}");
    }
}

/// A softphone is who it has proved to be, whatever it writes.
#[test]
fn a_softphone_cannot_say_that_it_is_somebody_else() {
    use attendant::sip::{Command, NewLeg};
    let trunk = Trunk { inbound: Inbound::Registered, ..trunk() };
    let phones = UaConfig { trunks: vec![trunk], registrar: Some(registrar()), ..config() };
    let start = Instant::now();
    let mut server = Ua::new(phones, 1, start);
    let mut phone = Ua::new(UaConfig { trunks: vec![], ..config() }, 2, start);
    let towards = attendant::sip::Flow {
        local: "10.0.0.9:5060".parse().unwrap(),
        remote: "10.0.0.1:5060".parse().unwrap(),
        ..flow("10.0.0.1:5060")
    };
    let new = NewLeg {
        flow: towards,
        from_user: "911".into(),
        headers: vec![
            ("P-Asserted-Identity".into(), "<sip:912@pbx>".into()),
            ("Remote-Party-ID".into(), "<sip:913@pbx>".into()),
        ],
        credentials: Some(sip_wire::credentials()),
        ..sip_wire::new_leg()
    };
    phone.handle_input(start, Input::Command(Command::Invite(Box::new(new))));
    let mut incoming = None;
    for _ in 0..6 {
        for turn in 0..2 {
            let (from, to) = match turn {
                0 => (&mut phone, &mut server),
                _ => (&mut server, &mut phone),
            };
            while let Some(output) = from.poll_output() {
                match output {
                    Output::Send { flow, bytes } => {
                        let flow =
                            attendant::sip::Flow { local: flow.remote, remote: flow.local, ..flow };
                        to.handle_input(start, Input::Datagram { flow, bytes });
                    }
                    Output::Event(Event::Incoming(it)) => incoming = Some(it),
                    _ => {}
                }
            }
        }
    }
    assert_eq!(told(&incoming.expect("the phone is let in")), "anna \"nobody\" -> 101");
}

/// RFC 3326: what the far end says reaches whoever asks why the call ended.
#[test]
fn the_far_ends_reason() {
    let up = "
        0ms < INVITE +sdp
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp";
    check(&format!(
        "{up}
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < ACK
        100ms > Established
        900ms < BYE | Reason: Q.850 ;cause=16 ;text=\"Normal call clearing\"
        900ms > 200 BYE
        900ms > Ended RemoteBye for Q.850;cause=16;text=\"Normal call clearing\"
        "
    ));
    check(&format!(
        "{up}
        100ms < CANCEL | Reason: SIP;cause=200;text=\"Call completed elsewhere\"
        100ms > 200 CANCEL
        100ms > 487 INVITE
        100ms > Ended RemoteCancel for SIP;cause=200;text=\"Call completed elsewhere\"
        200ms < ACK z9hG4bKpeer1
        "
    ));
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 486 INVITE | Reason: Q.850;cause=17
        100ms > ACK
        100ms > Ended Refused(486) for Q.850;cause=17
        ",
    );
    check(&format!(
        "{up}
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < ACK
        100ms > Established
        900ms < BYE | Reason: ;;;=\"
        900ms > 200 BYE
        900ms > Ended RemoteBye
        "
    ));
}

/// Bodies of INFO as telephones write them, and as nobody should: one digit or none, never a fault.
#[test]
fn information_with_odd_bodies() {
    let start = Instant::now();
    let pressed = |kind: &str, body: &str| {
        let mut wire = Wire::new(start, config());
        for line in ["INVITE +sdp", "do accept", "ACK"] {
            timeline::Machine::input(&mut wire, start, line);
            wire.all();
        }
        let line = format!("INFO | Content-Type: {kind} | body={body}");
        timeline::Machine::input(&mut wire, start, &line);
        wire.all().join(", ")
    };
    for (body, expected) in [
        ("Signal=5\r\nDuration=160\r\n", "200 INFO, Dtmf 5"),
        ("signal = *\r\n", "200 INFO, Dtmf *"),
        ("Duration=250\r\nSignal=10", "200 INFO, Dtmf *"),
        ("Signal=\"5\"", "415 INFO"),
        ("Signal=12345", "415 INFO"),
        ("Signal=", "415 INFO"),
        ("\r\n\r\n", "415 INFO"),
        ("Signal=5=6", "415 INFO"),
    ] {
        assert_eq!(pressed("application/dtmf-relay", body), expected, "{body:?}");
    }
    for (kind, body, expected) in [
        ("Application/DTMF-Relay;charset=x", "Signal=1", "200 INFO, Dtmf 1"),
        ("application/dtmf", " 9 ", "200 INFO, Dtmf 9"),
        ("application/dtmf", "99", "415 INFO"),
        ("text/plain", "5", "415 INFO"),
    ] {
        assert_eq!(pressed(kind, body), expected, "{kind} {body:?}");
    }
}

/// No REFER makes us call anybody, whatever it says: 603 where it is not allowed, and nothing else goes out.
#[test]
fn no_refer_moves_us() {
    let start = Instant::now();
    for seed in 0..400 {
        let mut dice = Dice::new(seed);
        let mut wire = Wire::new(start, config());
        for line in ["INVITE +sdp", "do accept", "ACK"] {
            timeline::Machine::input(&mut wire, start, line);
            wire.all();
        }
        let mut word =
            |choices: &[&str]| choices[dice.below(choices.len() as u64) as usize].to_owned();
        let target = word(&[
            "<sip:+882@evil>",
            "<tel:+15550100>",
            "sip:a@b",
            "<sip:x@y?Replaces=a>",
            "x",
            "",
        ]);
        let method = word(&["REFER", "REFER outside", "REFER #99"]);
        let more =
            word(&["", " | Refer-Sub: false", " | Require: norefersub", " | Target-Dialog: x"]);
        let line = format!("{method} | Refer-To: {target}{more}");
        timeline::Machine::input(&mut wire, start, &line);
        let said = wire.all();
        let told = said.iter().filter(|line| line.starts_with("Referred"));
        assert_eq!(told.count(), 0, "{line}");
        let requests = wire.messages.iter().filter_map(|message| match message {
            attendant::sip::message::Message::Request(request) => Some(request.method.clone()),
            _ => None,
        });
        let asked: Vec<Method> = requests.collect();
        assert!(asked.is_empty(), "{line}: {asked:?}");
        assert!(
            said[0].starts_with("603") || said[0].starts_with("400") || said[0].starts_with("420"),
            "{line}: {said:?}"
        );
        wire.ua.handle_timeout(start + Duration::from_secs(1));
    }
}

/// A call of ours that comes back to us is a loop, not a caller (RFC 3261 §8.2.2.2).
#[test]
fn our_own_call_comes_back() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    timeline::Machine::input(&mut wire, start, "do call");
    assert_eq!(wire.all(), ["INVITE +sdp"]);
    let sent = String::from_utf8(wire.bytes[0].clone()).unwrap();
    let proxied = sent.replacen(
        "Via: ",
        "Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKproxy;rport\r\nVia: ",
        1,
    );
    wire.datagram(start, &proxied);
    assert_eq!(wire.all(), ["482 INVITE", "Rejected INVITE 482"]);
}
