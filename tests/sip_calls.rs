//! Whole calls as timelines, the peer calling us and we calling the peer.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use attendant::sip::message::Message;
use attendant::sip::{Command, NewLeg};
use sip_wire::{ACCEPTED, INCOMING, RINGING, TAKEN, check, check_after};

#[test]
fn a_call_comes_rings_is_taken_and_ends() {
    check(
        "
        0ms < INVITE +sdp
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        100ms < do ring
        100ms > 180 INVITE
        200ms < repeat INVITE
        200ms > 180 INVITE
        1000ms < do accept
        1000ms > 200 INVITE +sdp
        1050ms < repeat INVITE
        1100ms < ACK
        1100ms > Established
        1200ms < repeat ACK
        9000ms < INFO | Content-Type: application/dtmf-relay | body=Signal=5
        9000ms > 200 INFO
        9000ms > Dtmf 5
        20000ms < BYE
        20000ms > 200 BYE
        20000ms > Ended RemoteBye
        20500ms < repeat BYE
        20500ms > 200 BYE
        25000ms < BYE
        25000ms > 200 BYE
        ",
    );
}

/// RFC 3261 §13.3.1.4, and no BYE before the ACK or its time-out.
#[test]
fn an_acceptance_nobody_acknowledges() {
    check_after(
        ACCEPTED,
        "
        500ms > 200 INVITE +sdp
        1500ms > 200 INVITE +sdp
        3500ms > 200 INVITE +sdp
        7500ms > 200 INVITE +sdp
        11500ms > 200 INVITE +sdp
        15500ms > 200 INVITE +sdp
        19500ms > 200 INVITE +sdp
        23500ms > 200 INVITE +sdp
        27500ms > 200 INVITE +sdp
        31500ms > 200 INVITE +sdp
        32000ms > BYE | Reason: SIP;cause=408;text=\"ACK never came\"
        32000ms > Ended AckTimeout
        32100ms < 200 BYE
        ",
    );
}

#[test]
fn we_hang_up_before_the_ack_and_the_bye_waits_for_it() {
    check_after(
        ACCEPTED,
        "
        100ms < do hang-up
        500ms > 200 INVITE +sdp
        600ms < ACK
        600ms > BYE
        700ms < 200 BYE
        700ms > Ended Local
        ",
    );
}

/// Both hang up: each answers the other, and it is told once.
#[test]
fn byes_cross() {
    check_after(
        TAKEN,
        "
        5000ms < do hang-up agent is done
        5000ms > BYE | Reason: Q.850;cause=16;text=\"agent is done\"
        5010ms < BYE
        5010ms > 200 BYE
        5010ms > Ended Local
        5020ms < 200 BYE
        5030ms < do hang-up
        ",
    );
}

#[test]
fn a_bye_nobody_answers_ends_the_leg_all_the_same() {
    check_after(
        TAKEN,
        "
        1000ms < do hang-up
        1000ms > BYE
        1500ms > BYE
        2500ms > BYE
        4500ms > BYE
        8500ms > BYE
        12500ms > BYE
        16500ms > BYE
        20500ms > BYE
        24500ms > BYE
        28500ms > BYE
        32500ms > BYE
        33000ms > Ended Local
        ",
    );
}

/// Delayed offer (the default of CUCM): our offer in the 200, their answer in the ACK.
#[test]
fn a_delayed_offer_is_answered_in_the_ack() {
    check(
        "
        0ms < INVITE
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < ACK +sdp
        100ms > Established +sdp
        900ms < BYE
        900ms > 200 BYE
        900ms > Ended RemoteBye
        ",
    );
}

/// Without an answer nobody would hear anything: the call ends at once and not after a minute of silence.
#[test]
fn a_delayed_offer_that_is_not_answered() {
    check(
        "
        0ms < INVITE
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < ACK
        100ms > Rejected ACK 488
        100ms > BYE | Reason: SIP;cause=488;text=\"No answer in ACK\"
        200ms < 200 BYE
        200ms > Ended Local
        ",
    );
}

/// CANCEL has a transaction of its own, and is answered again when it comes again.
#[test]
fn a_call_is_taken_back() {
    check_after(
        INCOMING,
        "
        10ms < do ring
        10ms > 180 INVITE
        500ms < CANCEL
        500ms > 200 CANCEL
        500ms > 487 INVITE
        500ms > Ended RemoteCancel
        600ms < repeat CANCEL
        600ms > 200 CANCEL
        700ms < ACK z9hG4bKpeer1
        800ms < do accept
        ",
    );
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    check_after(
        INCOMING,
        "
        10ms < do accept
        10ms > 200 INVITE +sdp
        20ms < CANCEL
        20ms > 200 CANCEL
        30ms < ACK
        30ms > Established
        40ms < CANCEL z9hG4bKother
        40ms > 481 CANCEL
        40ms > Rejected CANCEL 481
        900ms < BYE
        900ms > 200 BYE
        900ms > Ended RemoteBye
        ",
    );
}

#[test]
fn a_call_is_refused() {
    let wire = check(
        "
        0ms < INVITE +sdp
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        0ms < do refuse 486
        0ms > 486 INVITE
        0ms > Ended RefusedByUs(486)
        500ms > 486 INVITE
        600ms < ACK z9hG4bKpeer1
        ",
    );
    let tags: Vec<_> = wire.messages.iter().filter_map(to_tag).collect();
    assert_eq!(tags.len(), 2, "the 100 has no tag of ours, the refusals have");
    assert_eq!(tags[0], tags[1]);
}

#[test]
fn we_hang_up_on_what_rings() {
    check_after(
        INCOMING,
        "
        100ms < do hang-up
        100ms > 480 INVITE
        100ms > Ended Local
        200ms < ACK z9hG4bKpeer1
        ",
    );
    check_after(
        RINGING,
        "
        100ms < BYE
        100ms > 200 BYE
        100ms > 487 INVITE
        100ms > Ended RemoteBye
        200ms < ACK z9hG4bKpeer1 #1
        ",
    );
}

/// A proxy must hear of a call that rings for long (RFC 3261 §13.3.1.1).
#[test]
fn a_call_that_rings_for_long() {
    check_after(
        RINGING,
        "
        60000ms > 180 INVITE
        100000ms < do refuse 480
        100000ms > 480 INVITE
        100000ms > Ended RefusedByUs(480)
        100100ms < ACK z9hG4bKpeer1
        ",
    );
}

#[test]
fn we_call_and_they_hang_up() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 100 INVITE
        200ms < 180 INVITE
        200ms > Progress 180
        900ms < 200 INVITE +sdp
        900ms > ACK
        900ms > Answered +sdp
        1400ms < 200 INVITE +sdp
        1400ms > ACK
        9000ms < BYE
        9000ms > 200 BYE
        9000ms > Ended RemoteBye
        9500ms < 200 INVITE +sdp
        9500ms > ACK
        ",
    );
    assert_eq!(wire.bytes[1], wire.bytes[2], "each copy gets the same ACK");
    let invite = String::from_utf8(wire.bytes[0].clone()).unwrap();
    for line in
        ["Max-Forwards: 70", "User-Agent: Attendant/test", "Contact: <sip:desk@10.0.0.1:5060>"]
    {
        assert!(invite.contains(line), "{invite}");
    }
    assert!(invite.contains(";rport") && invite.contains("Allow: INVITE"), "{invite}");
}

/// SDP in the 183 alone is the answer (RFC 3261 §13.2.1 allows it, carriers do it).
#[test]
fn the_answer_came_with_the_ringing() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        200ms < 183 INVITE +sdp
        200ms > Progress 183 +sdp
        900ms < 200 INVITE
        900ms > ACK
        900ms > Answered +sdp
        1000ms < do hang-up
        1000ms > BYE
        1100ms < 481 BYE
        1100ms > Ended Local
        ",
    );
}

#[test]
fn our_call_is_refused_or_never_answered() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        200ms < 486 INVITE
        200ms > ACK
        200ms > Ended Refused(486)
        700ms < 486 INVITE
        700ms > ACK
        ",
    );
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        500ms > INVITE +sdp
        1500ms > INVITE +sdp
        3500ms > INVITE +sdp
        7500ms > INVITE +sdp
        15500ms > INVITE +sdp
        31500ms > INVITE +sdp
        32000ms > Ended Timeout
        ",
    );
}

/// Before anybody said something there is nothing to cancel (RFC 3261 §9.1).
#[test]
fn we_call_and_change_our_mind() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < do hang-up SIP;cause=200;text=\"completed elsewhere\"
        200ms < 100 INVITE
        200ms > CANCEL | Reason: SIP;cause=200;text=\"completed elsewhere\"
        250ms < 180 INVITE
        300ms < 200 CANCEL
        300ms < 487 INVITE
        300ms > ACK
        300ms > Ended Local
        ",
    );
}

/// The 200 and the CANCEL crossed: the call is up, so it is ended as one that is up.
#[test]
fn they_answer_while_we_cancel() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE
        100ms > Progress 180
        200ms < do hang-up
        200ms > CANCEL
        210ms < 200 INVITE +sdp
        210ms > ACK
        210ms > BYE
        220ms < 200 CANCEL
        230ms < 200 BYE
        230ms > Ended Local
        700ms < 200 INVITE +sdp
        700ms > ACK
        ",
    );
}

#[test]
fn a_cancel_without_effect_is_given_up() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE
        100ms > Progress 180
        1000ms < do hang-up
        1000ms > CANCEL
        1100ms < 200 CANCEL
        33000ms > Ended Local
        ",
    );
}

/// A hunt group: two phones ring, both are picked up; the first has the call.
#[test]
fn two_phones_answer() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE one
        100ms > Progress 180
        110ms < 180 INVITE two
        110ms > Progress 180
        900ms < 200 INVITE +sdp two
        900ms > ACK
        900ms > Answered +sdp
        910ms < 200 INVITE +sdp one
        910ms > ACK
        910ms > BYE
        950ms < 200 BYE
        1410ms < 200 INVITE +sdp one
        1410ms > ACK
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
    );
    let byes: Vec<_> = wire.messages.iter().filter(|m| is(m, "BYE")).filter_map(to_tag).collect();
    assert_eq!(byes, ["one", "two"]);
}

/// 401 of the far end and 407 of a proxy before it: each is answered once, under a higher CSeq.
#[test]
fn our_call_is_challenged() {
    let wire = check(
        "
        0ms < do call with password
        0ms > INVITE +sdp
        10ms < 407 INVITE | Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"1\", qop=\"auth\"
        10ms > ACK
        10ms > INVITE +sdp
        20ms < 401 INVITE | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"2\", algorithm=SHA-256
        20ms > ACK
        20ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        900ms < do hang-up
        900ms > BYE
        910ms < 407 BYE | Proxy-Authenticate: Digest realm=\"proxy\", nonce=\"3\", qop=\"auth\"
        910ms > BYE
        920ms < 200 BYE
        920ms > Ended Local
        ",
    );
    let numbers: Vec<u32> = wire.messages.iter().filter(|m| !is(m, "ACK")).map(cseq).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    let ack = wire.messages.iter().rfind(|message| is(message, "ACK")).unwrap();
    let Message::Request(ack) = ack else { panic!() };
    assert!(ack.headers.contains("Proxy-Authorization") && ack.headers.contains("Authorization"));
}

/// The same challenge twice means that the password is wrong.
#[test]
fn our_password_is_wrong() {
    check(
        "
        0ms < do call with password
        0ms > INVITE +sdp
        10ms < 401 INVITE | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"1\", qop=\"auth\"
        10ms > ACK
        10ms > INVITE +sdp
        20ms < 401 INVITE | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"2\", qop=\"auth\"
        20ms > ACK
        20ms > Ended Refused(401)
        ",
    );
}

/// From, Contact and Max-Forwards of a call that nobody can name are refused before they are sent.
#[test]
fn our_call_cannot_be_written() {
    let start = Instant::now();
    for (target, header) in [("not a uri", "x"), ("sip:101@10.0.0.9", "x\r\nEvil: 1")] {
        let mut wire = sip_wire::Wire::new(start, sip_wire::config());
        let headers = vec![("X-Handoff-Id".to_owned(), header.to_owned())];
        let new = NewLeg { target: target.to_owned(), headers, ..sip_wire::new_leg() };
        wire.command(start, Command::Invite(Box::new(new)));
        assert_eq!(wire.all(), ["Rejected INVITE 400", "Ended Refused(400)"]);
    }
}

fn is(message: &Message, method: &str) -> bool {
    matches!(message, Message::Request(request) if request.method.as_str() == method)
}

fn to_tag(message: &Message) -> Option<String> {
    let headers = match message {
        Message::Request(request) => &request.headers,
        Message::Response(response) => &response.headers,
    };
    headers.to()?.tag().map(str::to_owned)
}

fn cseq(message: &Message) -> u32 {
    match message {
        Message::Request(request) => request.headers.cseq().unwrap().number,
        Message::Response(response) => response.headers.cseq().unwrap().number,
    }
}
