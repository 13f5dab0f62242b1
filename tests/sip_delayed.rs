//! INVITEs without an offer, both ways, and UPDATE around the answer: whose turn it is, in every order.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use attendant::sip::message::{Message, Method, Response};
use attendant::sip::{Command, Event, Output};
use sip_wire::{TAKEN, Wire, check, check_after, first};

/// Tells what comes after an INVITE without SDP.
#[track_caller]
fn offerless(headers: &str, story: &str) -> Wire {
    check(&format!(
        "
        0ms < INVITE{headers}
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx
        {story}
        "
    ))
}

#[test]
fn our_offer_is_in_the_200_and_their_answer_in_the_ack() {
    offerless(
        "",
        "
        0ms < do ring
        0ms > 180 INVITE
        50ms < do accept
        50ms > 200 INVITE +sdp
        550ms > 200 INVITE +sdp
        600ms < ACK +sdp
        600ms > Established +sdp
        1000ms < BYE
        1000ms > 200 BYE
        1000ms > Ended RemoteBye
        ",
    );
}

/// At once, or it would be a silent line for half a minute.
#[test]
fn an_empty_ack_ends_the_call() {
    offerless(
        "",
        "
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < ACK
        100ms > Rejected ACK 488
        100ms > BYE | Reason: SIP;cause=488;text=\"No answer in ACK\"
        150ms < 200 BYE
        150ms > Ended Local
        ",
    );
}

#[test]
fn the_ack_is_lost() {
    offerless(
        "",
        "
        0ms < do accept
        0ms > 200 INVITE +sdp
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
fn a_bye_comes_while_the_answer_is_awaited() {
    offerless(
        "",
        "
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < BYE
        100ms > 200 BYE
        100ms > Ended RemoteBye
        200ms < ACK +sdp #1
        ",
    );
    offerless(
        "",
        "
        0ms < do accept
        0ms > 200 INVITE +sdp
        100ms < do hang-up
        200ms < ACK +sdp
        200ms > BYE
        250ms < 200 BYE
        250ms > Ended Local
        ",
    );
}

/// RFC 3262 §5: early media for a caller without an offer takes a reliable 183, and PRACK holds the answer.
#[test]
fn our_offer_is_in_a_reliable_183() {
    for header in [" | Supported: 100rel", " | Require: 100rel"] {
        offerless(
            header,
            "
            0ms < do progress
            0ms > 183 INVITE +sdp
            50ms < do accept
            60ms < UPDATE +sdp
            60ms > 491 UPDATE
            100ms < PRACK +sdp | RAck: {rack}
            100ms > 200 PRACK
            100ms > EarlyAnswer
            100ms > 200 INVITE
            200ms < ACK #1
            200ms > Established
            1000ms < BYE
            1000ms > 200 BYE
            1000ms > Ended RemoteBye
            ",
        );
    }
    // Without the answer there will be no media.
    offerless(
        " | Supported: 100rel",
        "
        0ms < do progress
        0ms > 183 INVITE +sdp
        100ms < PRACK | RAck: {rack}
        100ms > 200 PRACK
        100ms > 488 INVITE
        100ms > Rejected INVITE 488
        100ms > Ended RefusedByUs(488)
        200ms < ACK z9hG4bKpeer1 #1
        ",
    );
    // An offer that could get lost is not made.
    offerless(
        "",
        "
        0ms < do progress
        0ms > 183 INVITE
        100ms < do accept
        100ms > 200 INVITE +sdp
        200ms < ACK +sdp
        200ms > Established +sdp
        1000ms < BYE
        1000ms > 200 BYE
        1000ms > Ended RemoteBye
        ",
    );
}

/// Tells what comes after our INVITE without SDP.
#[track_caller]
fn asking(story: &str) -> Wire {
    check(&format!(
        "
        0ms < do call without offer
        0ms > INVITE
        {story}
        "
    ))
}

#[test]
fn their_offer_is_in_the_200_and_our_answer_in_the_ack() {
    let wire = asking(
        "
        100ms < 180 INVITE
        100ms > Progress 180
        200ms < 200 INVITE +sdp
        200ms > Offer +sdp
        300ms < 200 INVITE +sdp
        400ms < UPDATE +sdp
        400ms > 500 UPDATE | Retry-After: soon
        500ms < do accept-offer
        500ms > ACK +sdp
        500ms > Answered
        600ms < 200 INVITE +sdp
        600ms > ACK +sdp
        1000ms < do hang-up
        1000ms > BYE
        1100ms < 200 BYE
        1100ms > Ended Local
        ",
    );
    assert!(!first(&wire, &Method::Invite).headers.contains("Content-Type"));
    assert_eq!(first(&wire, &Method::Ack).headers.content_type().unwrap(), "application/sdp");
}

/// Whatever comes before our answer: what they sent is acknowledged, and the call ends.
#[test]
fn the_call_ends_before_our_answer() {
    asking(
        "
        100ms < 200 INVITE +sdp
        100ms > Offer +sdp
        200ms < do refuse-offer 488
        200ms > ACK
        200ms > BYE | Reason: SIP;cause=488;text=\"Offer not taken\"
        300ms < 200 BYE
        300ms > Ended Local
        ",
    );
    asking(
        "
        100ms < 200 INVITE +sdp
        100ms > Offer +sdp
        200ms < do hang-up
        200ms > ACK
        200ms > BYE
        300ms < 200 BYE
        300ms > Ended Local
        ",
    );
    asking(
        "
        100ms < 200 INVITE +sdp
        100ms > Offer +sdp
        200ms < BYE
        200ms > 200 BYE
        200ms > ACK
        200ms > Ended RemoteBye
        300ms < do accept-offer
        ",
    );
    // Our own call does not say: half of the time after which they would give up.
    asking(
        "
        100ms < 200 INVITE +sdp
        100ms > Offer +sdp
        16100ms > ACK
        16100ms > BYE | Reason: SIP;cause=488;text=\"Offer not taken\"
        16200ms < 200 BYE
        16200ms > Ended Local
        ",
    );
    asking(
        "
        100ms < 200 INVITE
        100ms > ACK
        100ms > Rejected INVITE 488
        100ms > BYE | Reason: SIP;cause=488;text=\"No offer in 200\"
        200ms < 200 BYE
        200ms > Ended Local
        ",
    );
}

/// Two phones answer: the second is told that it came too late.
#[test]
fn two_offers_of_two_phones() {
    asking(
        "
        100ms < 200 INVITE +sdp one
        100ms > Offer +sdp
        150ms < 200 INVITE +sdp two
        150ms > ACK
        150ms > BYE
        160ms < 200 BYE
        200ms < do accept-offer
        200ms > ACK +sdp
        200ms > Answered
        1000ms < do hang-up
        1000ms > BYE
        1100ms < 200 BYE
        1100ms > Ended Local
        ",
    );
}

/// RFC 3262 §5: their offer in a reliable 18x is answered in the PRACK; the 200 has none.
#[test]
fn their_offer_is_in_a_reliable_183() {
    asking(
        "
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183
        100ms > Offer +sdp
        200ms < UPDATE +sdp
        200ms > 500 UPDATE | Retry-After: soon
        600ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        700ms < do accept-offer
        700ms > PRACK +sdp
        750ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        800ms < 200 PRACK
        900ms < 180 INVITE | Require: 100rel | RSeq: 2
        900ms > Progress 180
        900ms > PRACK
        950ms < 200 PRACK
        1000ms < 200 INVITE
        1000ms > ACK
        1000ms > Answered
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
    );
    asking(
        "
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183
        100ms > Offer +sdp
        200ms < do refuse-offer 488
        200ms > PRACK
        200ms > CANCEL | Reason: SIP;cause=488;text=\"Offer not taken\"
        300ms < 200 PRACK
        310ms < 200 CANCEL
        320ms < 487 INVITE
        320ms > ACK
        320ms > Ended Local
        ",
    );
    // It is refused while our call thinks.
    asking(
        "
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183
        100ms > Offer +sdp
        200ms < 486 INVITE
        200ms > ACK
        200ms > Ended Refused(486)
        300ms < do accept-offer
        ",
    );
    // It is accepted without waiting for the PRACK: then the ACK holds the answer.
    asking(
        "
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183
        100ms > Offer +sdp
        200ms < 200 INVITE
        300ms < do accept-offer
        300ms > ACK +sdp
        300ms > Answered
        1000ms < BYE
        1000ms > 200 BYE
        1000ms > Ended RemoteBye
        ",
    );
}

/// Early media of several phones: each acceptance without SDP means what its own phone sent before.
#[test]
fn a_bare_200_means_the_description_of_its_own_phone() {
    let start = Instant::now();
    let mut wire = Wire::new(start, sip_wire::config());
    wire.command(start, Command::Invite(Box::new(sip_wire::new_leg())));
    wire.all();
    let invite = first(&wire, &Method::Invite);
    let answer = |status, tag: &str, port: &str| {
        let mut response = Response::to_request(&invite, status, None);
        response.headers.set_to_tag(tag);
        response.headers.push("Contact", "<sip:101@10.0.0.9:5060>");
        if !port.is_empty() {
            response.set_body("application/sdp", sip_wire::OFFER.replace("4000", port));
        }
        String::from_utf8(response.to_bytes().unwrap()).unwrap()
    };
    for (tag, port) in [("one", "4100"), ("two", "4200"), ("one", "4110"), ("three", "4300")] {
        wire.datagram(start, &answer(183, tag, port));
    }
    wire.all();
    wire.datagram(start, &answer(200, "one", ""));
    let heard = std::iter::from_fn(|| wire.ua.poll_output()).find_map(|output| match output {
        Output::Event(Event::Answered { sdp, .. }) => sdp,
        _ => None,
    });
    let heard = String::from_utf8(heard.unwrap().into()).unwrap();
    assert!(heard.contains("m=audio 4110 "), "{heard}");
}

/// UPDATE while it rings: never silence. With an offer it waits for the first answer, and is served after it.
#[test]
fn updates_while_it_rings() {
    check(
        "
        0ms < INVITE +sdp | Require: 100rel
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        0ms < do ring
        0ms > 180 INVITE
        5ms < PRACK | RAck: {rack}
        5ms > 200 PRACK
        10ms < UPDATE
        10ms > 200 UPDATE
        20ms < UPDATE +sdp
        20ms > 500 UPDATE | Retry-After: soon
        30ms < do progress
        30ms > 183 INVITE +sdp
        100ms < PRACK | RAck: {rack}
        100ms > 200 PRACK
        200ms < UPDATE +sdp | Contact: <sip:moved@10.0.0.7:5070>
        200ms > Offer +sdp
        250ms < UPDATE
        250ms > 500 UPDATE | Retry-After: soon
        260ms < do accept
        300ms < do accept-offer
        300ms > 200 UPDATE +sdp
        300ms > 200 INVITE
        400ms < ACK #1
        400ms > Established
        500ms < do hang-up
        500ms > BYE to 10.0.0.7:5070
        600ms < 200 BYE
        600ms > Ended Local
        ",
    );
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183 +sdp
        100ms > PRACK
        150ms < 200 PRACK
        200ms < UPDATE +sdp
        200ms > Offer +sdp
        250ms < UPDATE +sdp
        250ms > 500 UPDATE | Retry-After: soon
        300ms < do accept-offer
        300ms > 200 UPDATE +sdp
        400ms < UPDATE +sdp
        400ms > Offer +sdp
        450ms < do refuse-offer 488
        450ms > 488 UPDATE
        500ms < 200 INVITE
        500ms > ACK
        500ms > Answered
        1000ms < BYE
        1000ms > 200 BYE
        1000ms > Ended RemoteBye
        ",
    );
}

/// Our own UPDATE while it rings, once the first answer was acknowledged (RFC 3311 §5.1).
#[test]
fn our_updates_while_it_rings() {
    check(
        "
        0ms < INVITE +sdp | Require: 100rel | Allow: INVITE, UPDATE
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        10ms < do progress
        10ms > 183 INVITE +sdp
        20ms < do reoffer
        20ms > Reoffered 481
        30ms < PRACK | RAck: {rack}
        30ms > 200 PRACK
        40ms < do reoffer
        40ms > UPDATE +sdp
        50ms < UPDATE +sdp
        50ms > 491 UPDATE
        100ms < 200 UPDATE +sdp
        100ms > Reoffered 200 +sdp
        200ms < do reoffer
        200ms > UPDATE +sdp
        250ms < CANCEL z9hG4bKpeer1 #1
        250ms > 200 CANCEL
        250ms > 487 INVITE
        250ms > Reoffered 487
        250ms > Ended RemoteCancel
        260ms < 481 UPDATE
        300ms < ACK z9hG4bKpeer1 #1
        ",
    );
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1 | Allow: INVITE, UPDATE
        100ms > Progress 183 +sdp
        100ms > PRACK
        150ms < 200 PRACK
        200ms < do reoffer
        200ms > UPDATE +sdp
        250ms < 500 UPDATE | Retry-After: 2
        300ms < 200 INVITE | Allow: INVITE, UPDATE
        300ms > ACK
        300ms > Answered +sdp
        2250ms > INVITE +sdp
        2300ms < 200 INVITE +sdp
        2300ms > ACK
        2300ms > Reoffered 200 +sdp
        5000ms < BYE
        5000ms > 200 BYE
        5000ms > Ended RemoteBye
        ",
    );
    // Acknowledged after the call was taken: then it is what was changed that counts.
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1 | Allow: INVITE, UPDATE
        100ms > Progress 183 +sdp
        100ms > PRACK
        150ms < 200 PRACK
        200ms < do reoffer
        200ms > UPDATE +sdp
        250ms < 200 UPDATE +sdp
        250ms > Reoffered 200 +sdp
        300ms < 200 INVITE
        300ms > ACK
        300ms > Answered
        5000ms < BYE
        5000ms > 200 BYE
        5000ms > Ended RemoteBye
        ",
    );
}

/// The call is over before their UPDATE has its answer.
#[test]
fn the_call_ends_before_the_answer_to_an_update() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183 +sdp
        100ms > PRACK
        150ms < 200 PRACK
        200ms < UPDATE +sdp
        200ms > Offer +sdp
        300ms < 486 INVITE
        300ms > ACK
        300ms > 487 UPDATE
        300ms > Ended Refused(486)
        400ms < UPDATE
        400ms > 481 UPDATE
        ",
    );
}

/// The full offer again, and nothing of it sticks if the ACK does not answer it.
#[test]
fn a_reinvite_without_offer() {
    let wire = check_after(
        TAKEN,
        "
        1000ms < INVITE
        1000ms > Offer
        1000ms < do accept-offer
        1000ms > 200 INVITE +sdp
        1100ms < UPDATE +sdp
        1100ms > 491 UPDATE
        1200ms < ACK +sdp #2
        1200ms > Established +sdp
        2000ms < INVITE
        2000ms > Offer
        2000ms < do accept-offer
        2000ms > 200 INVITE +sdp
        2100ms < ACK
        3000ms < BYE
        3000ms > 200 BYE
        3000ms > Ended RemoteBye
        ",
    );
    let accepted = wire.messages.iter().filter(|message| match message {
        Message::Response(it) => it.status == 200 && !it.body.is_empty(),
        Message::Request(_) => false,
    });
    assert_eq!(accepted.count(), 3);
}
