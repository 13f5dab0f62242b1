//! What a stranger to our code would try first, a line each: the probes that other stacks fail.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use sip_wire::{INCOMING, TAKEN, Wire, check, check_after, config};

/// Sends one request that is written out, and says what came of it.
fn probe(request: &str) -> String {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.datagram(start, request);
    wire.all().join(", ")
}

const HEAD: &str = "Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n\
                    To: <sip:100@10.0.0.1>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n\
                    Contact: <sip:a@10.0.0.9>\r\n";
const LINE: &str = "INVITE sip:100@10.0.0.1 SIP/2.0\r\n";
const TAIL: &str = "Content-Length: 0\r\n\r\n";

#[test]
fn one_request_one_answer() {
    let incoming = "100 INVITE, Incoming 100 by pbx";
    for (request, expected) in [
        (format!("{LINE}{HEAD}{TAIL}"), incoming),
        // A display name of Latin-1 and no tag: an old PBX, and a call all the same.
        (
            format!("{LINE}{}{TAIL}", HEAD.replace("<sip:a@b>;tag=1", "\"Ren\u{e9}\" <sip:a@b>")),
            incoming,
        ),
        (
            format!("{LINE}{HEAD}Require: foo\r\n{TAIL}"),
            "420 INVITE | Unsupported: foo, Rejected INVITE 420",
        ),
        (format!("{LINE}{HEAD}Require: replaces, norefersub\r\n{TAIL}"), incoming),
        (format!("{LINE}{HEAD}CSeq: 2 INVITE\r\n{TAIL}"), "Rejected INVITE 400, 400 INVITE"),
        (format!("{LINE}{HEAD}Content-Length: 5\r\n{TAIL}"), "Rejected INVITE 400, 400 INVITE"),
        (
            format!("{LINE}{}{TAIL}", HEAD.replace("1 INVITE", "1 BYE")),
            "Rejected INVITE 400, 400 BYE",
        ),
        (
            format!("{LINE}{}{TAIL}", HEAD.replace("Forwards: 70", "Forwards: 0")),
            "483 INVITE, Rejected INVITE 483",
        ),
        (
            format!("{}{HEAD}{TAIL}", LINE.replace("sip:100@10.0.0.1", "tel:+1-555-0100")),
            "100 INVITE, Incoming +15550100 by pbx",
        ),
        (
            format!("{}{HEAD}{TAIL}", LINE.replace("sip:100@10.0.0.1", "urn:service:sos")),
            "416 INVITE, Rejected INVITE 416",
        ),
        (
            format!("{}{HEAD}{TAIL}", LINE.replace("SIP/2.0", "SIP/7.0")),
            "Rejected INVITE 505, 505 INVITE",
        ),
        (
            format!("{LINE}{HEAD}X: {}\r\n{TAIL}", "a".repeat(9_000)),
            "Rejected INVITE 513, 513 INVITE",
        ),
        (format!("{LINE}{HEAD}Accept: text/plain\r\n{TAIL}"), "406 INVITE, Rejected INVITE 406"),
        (
            format!("{LINE}{HEAD}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"),
            "415 INVITE, Rejected INVITE 415",
        ),
    ] {
        assert_eq!(probe(&request), expected, "{request}");
    }
    for (method, expected) in [
        ("OPTIONS", "200 OPTIONS"),
        ("MESSAGE", "405 MESSAGE, Rejected MESSAGE 405"),
        ("PUBLISH", "405 PUBLISH, Rejected PUBLISH 405"),
        ("SUBSCRIBE", "489 SUBSCRIBE, Rejected SUBSCRIBE 489"),
        ("DANCE", "501 DANCE, Rejected DANCE 501"),
        ("PRACK", "481 PRACK, Rejected PRACK 481"),
        ("UPDATE", "481 UPDATE, Rejected UPDATE 481"),
        ("REFER", "603 REFER, Rejected REFER 603"),
    ] {
        let request = format!("{LINE}{HEAD}{TAIL}").replace("INVITE", method);
        assert_eq!(probe(&request), expected, "{method}");
    }
}

/// What crosses the end of a call is answered for 32 s, and nothing of it is an error.
#[test]
fn late_requests_after_the_end() {
    check_after(
        TAKEN,
        "
        900ms < BYE
        900ms > 200 BYE
        900ms > Ended RemoteBye
        1000ms < NOTIFY | Event: refer | Subscription-State: terminated
        1000ms > 200 NOTIFY
        30000ms < BYE
        30000ms > 200 BYE
        30100ms < INFO
        30100ms > 481 INFO
        30200ms < INVITE +sdp
        30200ms > 481 INVITE
        30300ms < ACK z9hG4bKpeer6
        33000ms < BYE
        33000ms > 481 BYE
        33000ms > Rejected BYE 481
        ",
    );
}

/// A phone that was too late hangs up by itself, and its BYE crosses ours.
#[test]
fn the_bye_of_a_fork_that_lost() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    for (line, expected) in [
        ("do call", &["INVITE +sdp"][..]),
        ("200 INVITE +sdp two", &["ACK", "Answered +sdp"]),
        ("200 INVITE +sdp one", &["ACK", "BYE"]),
    ] {
        timeline::Machine::input(&mut wire, start, line);
        assert_eq!(wire.all(), expected, "{line}");
    }
    for (tag, expected) in [("one", "200 BYE"), ("three", "481 BYE")] {
        wire.their_tag = tag.into();
        timeline::Machine::input(&mut wire, start, "BYE");
        assert_eq!(wire.all(), [expected]);
    }
    wire.their_tag = "two".into();
    timeline::Machine::input(&mut wire, start, "BYE");
    assert_eq!(wire.all(), ["200 BYE", "Ended RemoteBye"]);
}

/// The 200 and the CANCEL cross in every order; each is answered for itself, and nobody talks to nobody.
#[test]
fn cancels_and_acceptances_cross() {
    // Theirs: CANCEL first, then we accept.
    check_after(
        INCOMING,
        "
        10ms < CANCEL
        10ms > 200 CANCEL
        10ms > 487 INVITE
        10ms > Ended RemoteCancel
        11ms < do accept
        20ms < repeat CANCEL
        20ms > 200 CANCEL
        30ms < ACK z9hG4bKpeer1
        ",
    );
    // We accept first, and hang up on top of it: no BYE before the ACK.
    check_after(
        INCOMING,
        "
        10ms < do accept
        10ms > 200 INVITE +sdp
        11ms < CANCEL
        11ms > 200 CANCEL
        12ms < do hang-up
        20ms < repeat CANCEL
        20ms > 200 CANCEL
        400ms < ACK
        400ms > BYE
        500ms < 200 BYE
        500ms > Ended Local
        ",
    );
    // Ours: the 200 of another phone, after the CANCEL of all.
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE one
        100ms > Progress 180
        110ms < 180 INVITE two
        110ms > Progress 180
        200ms < do hang-up
        200ms > CANCEL
        210ms < 200 INVITE +sdp two
        210ms > ACK
        210ms > BYE
        220ms < 200 INVITE +sdp one
        220ms > ACK
        220ms > BYE
        230ms < 200 BYE
        240ms < 200 CANCEL
        710ms > BYE
        720ms < 200 BYE two
        720ms > Ended Local
        ",
    );
}
