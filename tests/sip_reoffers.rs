//! Changes of ours to a running call: re-INVITE, its answer, glare with one of theirs, and what ends it.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::{Duration, Instant};

use attendant::base::{LegId, Sdp};
use attendant::sip::message::{Message, Method};
use attendant::sip::{Command, Input};
use sip_wire::{ACCEPTED, INCOMING, OUR_CALL, TAKEN, Wire, check, check_after, config};

/// Tells what comes after a call of theirs was taken, and they hang up after it.
#[track_caller]
fn within(story: &str) -> Wire {
    check(&format!(
        "
        {TAKEN}
        {story}
        90000ms < BYE
        90000ms > 200 BYE
        90000ms > Ended RemoteBye
        "
    ))
}

#[test]
fn our_change_is_taken_and_every_copy_is_acknowledged() {
    let wire = within(
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 100 INVITE
        1200ms < 200 INVITE +sdp | Contact: <sip:moved@10.0.0.7:5070>
        1200ms > ACK to 10.0.0.7:5070
        1200ms > Reoffered 200 +sdp
        1700ms < 200 INVITE +sdp
        1700ms > ACK to 10.0.0.7:5070
        2000ms < do refer sip:101@pbx
        2000ms > REFER | Refer-To: <sip:101@pbx> to 10.0.0.7:5070
        2100ms < 403 REFER
        2100ms > Transfer Failed(403)
        ",
    );
    let numbers: Vec<u32> = requests(&wire).iter().map(|(_, cseq)| *cseq).collect();
    let first = numbers[0];
    assert_eq!(
        numbers,
        [first, first, first, first + 1],
        "the ACKs have the number of their INVITE"
    );
    let acks: Vec<_> = wire.bytes.iter().filter(|bytes| bytes.starts_with(b"ACK ")).collect();
    assert_eq!(acks[0], acks[1]);
}

/// RFC 3261 §14.1: the session goes on as it was.
#[test]
fn our_change_is_refused() {
    within(
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 488 INVITE
        1100ms > ACK
        1100ms > Reoffered 488
        2000ms < do reoffer
        2000ms > INVITE +sdp
        2010ms < do reoffer
        2010ms > Reoffered 491
        2100ms < 200 INVITE +sdp
        2100ms > ACK
        2100ms > Reoffered 200 +sdp
        ",
    );
}

/// Both are refused, both come again, and both are served: theirs first, because ours waits.
#[test]
fn both_want_a_change_at_once() {
    let start = Instant::now();
    for ours in [true, false] {
        let mut wire = Wire::new(start, config());
        let up: &[&str] = match ours {
            true => &["do call", "200 INVITE +sdp"],
            false => &["INVITE +sdp", "do accept", "ACK"],
        };
        for line in up {
            timeline::Machine::input(&mut wire, start, line);
            wire.all();
        }
        for (line, expected) in [
            ("do reoffer", &["INVITE +sdp"][..]),
            ("INVITE +sdp", &["491 INVITE"]),
            ("491 INVITE", &["ACK"]),
            ("UPDATE +sdp", &["Offer +sdp"]),
            ("do accept-offer", &["200 UPDATE +sdp"]),
        ] {
            timeline::Machine::input(&mut wire, start, line);
            assert_eq!(wire.all(), expected, "{line}");
        }
        let at = until_invited(&mut wire);
        timeline::Machine::input(&mut wire, at, "200 INVITE +sdp");
        assert_eq!(wire.all(), ["ACK", "Reoffered 200 +sdp"]);
    }
}

/// Lets time pass until our INVITE goes out.
fn until_invited(wire: &mut Wire) -> Instant {
    loop {
        let at = wire.ua.poll_timeout().expect("nothing more will happen");
        wire.ua.handle_timeout(at);
        if wire.all().iter().any(|line| line.starts_with("INVITE")) {
            return at;
        }
    }
}

/// RFC 3261 §14.1: whoever chose the Call-ID waits 2.1 to 4 s, the other 0 to 2 s.
#[test]
fn the_owner_of_the_call_id_waits_longer() {
    let wait = |ours: bool, seed: u64| {
        let start = Instant::now();
        let mut wire = Wire::with_seed(start, config(), seed);
        let lines = match ours {
            true => ["do call", "200 INVITE +sdp", "do reoffer", "491 INVITE"],
            false => ["INVITE +sdp", "do accept", "ACK", "do reoffer"],
        };
        for line in lines {
            timeline::Machine::input(&mut wire, start, line);
            wire.all();
        }
        if !ours {
            timeline::Machine::input(&mut wire, start, "491 INVITE");
            wire.all();
        }
        (until_invited(&mut wire) - start).as_millis()
    };
    let owners: Vec<u128> = (0..200).map(|seed| wait(true, seed)).collect();
    let others: Vec<u128> = (0..200).map(|seed| wait(false, seed)).collect();
    assert!(owners.iter().all(|ms| (2100..=4000).contains(ms)), "{owners:?}");
    assert!(others.iter().all(|ms| *ms <= 2000), "{others:?}");
    let spread = |of: &[u128]| of.iter().max().unwrap() - of.iter().min().unwrap();
    assert!(spread(&owners) > 1500 && spread(&others) > 1500, "they are dice, not constants");
}

/// Whoever says 491 for ever is not asked for ever.
#[test]
fn glare_without_end() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    for line in ["INVITE +sdp", "do accept", "ACK", "do reoffer"] {
        timeline::Machine::input(&mut wire, start, line);
        wire.all();
    }
    let (mut now, mut tries) = (start, 1);
    loop {
        timeline::Machine::input(&mut wire, now, "491 INVITE");
        if wire.all().contains(&"Reoffered 491".to_owned()) {
            break;
        }
        while !wire.all().iter().any(|line| line.starts_with("INVITE")) {
            now = wire.ua.poll_timeout().unwrap();
            wire.ua.handle_timeout(now);
        }
        tries += 1;
    }
    assert_eq!(tries, 5);
}

/// A peer that is busy with one of its own says when to come again (RFC 3261 §14.2).
#[test]
fn they_ask_us_to_come_again() {
    within(
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 500 INVITE | Retry-After: 3
        1100ms > ACK
        4100ms > INVITE +sdp
        4200ms < 200 INVITE +sdp
        4200ms > ACK
        4200ms > Reoffered 200 +sdp
        5000ms < do reoffer
        5000ms > INVITE +sdp
        5100ms < 500 INVITE
        5100ms > ACK
        5100ms > Reoffered 500
        ",
    );
}

/// RFC 3261 §14.1: none of ours while one of theirs is open, up to its ACK.
#[test]
fn our_change_waits_for_theirs() {
    within(
        "
        1000ms < INVITE +sdp
        1000ms > Offer +sdp
        1050ms < do reoffer
        1100ms < do accept-offer
        1100ms > 200 INVITE +sdp
        1200ms < ACK
        1200ms > INVITE +sdp
        1300ms < 200 INVITE +sdp
        1300ms > ACK
        1300ms > Reoffered 200 +sdp
        ",
    );
    check_after(
        ACCEPTED,
        "
        50ms < do reoffer
        100ms < ACK
        100ms > Established
        100ms > INVITE +sdp
        150ms < BYE
        150ms > 200 BYE
        150ms > Reoffered 487
        150ms > Ended RemoteBye
        160ms < 487 INVITE
        160ms > ACK
        ",
    );
}

/// Two refusals mean that they do not know the call any more.
#[test]
fn a_change_of_a_call_that_they_do_not_know() {
    check_after(
        OUR_CALL,
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 481 INVITE
        1100ms > ACK
        1100ms > Reoffered 481
        1100ms > BYE | Reason: SIP;cause=481;text=\"re-INVITE failed\"
        1200ms < 481 BYE
        1200ms > Ended Local
        ",
    );
}

#[test]
fn a_change_that_nobody_answers() {
    let repeats = [1000, 1500, 2500, 4500, 8500, 16500, 32500];
    let repeats = repeats.map(|ms| format!("{ms}ms > INVITE +sdp\n")).concat();
    let repeats = repeats.replacen("1000ms > INVITE +sdp\n", "", 1);
    check(&format!(
        "
        {OUR_CALL}
        1000ms < do reoffer
        1000ms > INVITE +sdp
        {repeats}
        33000ms > Reoffered 408
        33000ms > BYE | Reason: SIP;cause=408;text=\"re-INVITE failed\"
        33100ms < 200 BYE
        33100ms > Ended Local
        "
    ));
}

/// A 1xx promised an answer that does not come: taken back, and the call goes on.
#[test]
fn a_change_that_they_think_about_for_ever() {
    within(
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 100 INVITE
        33500ms > CANCEL
        33600ms < 200 CANCEL
        33700ms < 487 INVITE
        33700ms > ACK
        33700ms > Reoffered 408
        ",
    );
    within(
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 100 INVITE
        33500ms > CANCEL
        33600ms < 200 CANCEL
        65500ms > Reoffered 408
        ",
    );
}

/// An acceptance that crosses our BYE is acknowledged all the same, as often as it comes.
#[test]
fn we_hang_up_while_our_change_is_open() {
    check_after(
        OUR_CALL,
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < do hang-up
        1100ms > BYE
        1150ms < 200 INVITE +sdp
        1150ms > ACK
        1150ms > Reoffered 200 +sdp
        1200ms < 200 BYE
        1200ms > Ended Local
        1650ms < 200 INVITE +sdp
        1650ms > ACK
        ",
    );
    check_after(
        OUR_CALL,
        "
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1050ms < 100 INVITE
        1100ms < do hang-up
        1100ms > BYE
        1200ms < 200 BYE
        1200ms > Reoffered 487
        1200ms > Ended Local
        1300ms < 200 INVITE +sdp
        1300ms > ACK
        ",
    );
}

#[test]
fn our_change_is_challenged() {
    let challenge =
        "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";
    let wire = check(&format!(
        "
        0ms < do call with password
        0ms > INVITE +sdp
        100ms < 200 INVITE +sdp
        100ms > ACK
        100ms > Answered +sdp
        1000ms < do reoffer
        1000ms > INVITE +sdp
        1100ms < 401 INVITE | {challenge}
        1100ms > ACK
        1100ms > INVITE +sdp
        1200ms < 200 INVITE +sdp
        1200ms > ACK
        1200ms > Reoffered 200 +sdp
        1300ms < do hang-up
        1300ms > BYE
        1400ms < 200 BYE
        1400ms > Ended Local
        "
    ));
    let numbers = requests(&wire);
    let first = numbers[0].1;
    let expected = [
        ("INVITE", first),
        ("ACK", first),
        ("INVITE", first + 1),
        ("ACK", first + 1),
        ("INVITE", first + 2),
        ("ACK", first + 2),
        ("BYE", first + 3),
    ];
    assert_eq!(numbers, expected.map(|(method, cseq)| (method.to_owned(), cseq)));
}

/// Before the call is up, or after it, there is nothing to change.
#[test]
fn no_change_without_a_call() {
    check_after(
        INCOMING,
        "
        10ms < do reoffer
        10ms > Reoffered 481
        20ms < do refuse 486
        20ms > 486 INVITE
        20ms > Ended RefusedByUs(486)
        30ms < ACK z9hG4bKpeer1
        40ms < do reoffer
        40ms > Reoffered 481
        ",
    );
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    let reoffer = Command::Reoffer { leg: LegId(77), sdp: Sdp::default() };
    wire.ua.handle_input(start + Duration::from_secs(1), Input::Command(reoffer));
    assert_eq!(wire.all(), [""; 0]);
}

/// The requests that went out, in order.
fn requests(wire: &Wire) -> Vec<(String, u32)> {
    let requests = wire.messages.iter().filter_map(|message| match message {
        Message::Request(request) => {
            Some((request.method.to_string(), request.headers.cseq().unwrap().number))
        }
        Message::Response(_) => None,
    });
    requests.filter(|(method, _)| method != Method::Cancel.as_str()).collect()
}
