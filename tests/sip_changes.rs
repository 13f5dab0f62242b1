//! What happens inside a call: re-INVITE, UPDATE, INFO, OPTIONS, and requests out of order.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use attendant::sip::message::{Message, Method};
use sip_wire::{RINGING, TAKEN, Wire, check, check_after, first, taken_with};

/// Tells what comes after a call that they made was taken.
#[track_caller]
fn up(story: &str) -> Wire {
    check(&format!(
        "
        {TAKEN}
        {story}
        "
    ))
}

/// As [`up`], and they hang up after it.
#[track_caller]
fn within(story: &str) -> Wire {
    up(&format!(
        "{story}
        90000ms < BYE
        90000ms > 200 BYE
        90000ms > Ended RemoteBye
        "
    ))
}

/// Hold and codec changes: repeated until acknowledged, like the first answer.
#[test]
fn a_reinvite_is_accepted() {
    let wire = up("
        1000ms < INVITE +sdp | Contact: <sip:moved@10.0.0.7:5070>
        1000ms > Offer +sdp
        1100ms < do accept-offer
        1100ms > 200 INVITE +sdp
        1600ms > 200 INVITE +sdp
        1700ms < ACK
        2000ms < do hang-up
        2000ms > BYE to 10.0.0.7:5070
        2100ms < 200 BYE
        2100ms > Ended Local
        ");
    assert_eq!(first(&wire, &Method::Bye).uri.to_wire(), "sip:moved@10.0.0.7:5070");
}

#[test]
fn a_reinvite_without_offer_gets_ours() {
    within(
        "
        1000ms < INVITE
        1000ms > Offer
        1100ms < do accept-offer
        1100ms > 200 INVITE +sdp
        1200ms < ACK +sdp
        1200ms > Established +sdp
        ",
    );
}

/// RFC 3261 §14.2: the session goes on as it was.
#[test]
fn a_reinvite_is_refused() {
    within(
        "
        1000ms < INVITE +sdp
        1000ms > Offer +sdp
        1100ms < do refuse-offer 488
        1100ms > 488 INVITE
        1200ms < ACK z9hG4bKpeer2
        ",
    );
}

#[test]
fn a_reinvite_that_we_think_about_for_long_gets_100() {
    within(
        "
        1000ms < INVITE +sdp
        1000ms > Offer +sdp
        1200ms > 100 INVITE
        1300ms < CANCEL
        1300ms > 200 CANCEL
        1300ms > 487 INVITE
        1400ms < ACK z9hG4bKpeer2
        1500ms < do accept-offer
        ",
    );
}

/// RFC 3261 §14.2: a second one before the first is answered comes too early.
#[test]
fn reinvites_overlap() {
    within(
        "
        1000ms < INVITE +sdp
        1000ms > Offer +sdp
        1050ms < INVITE +sdp
        1050ms > 500 INVITE | Retry-After: soon
        1060ms < ACK z9hG4bKpeer3
        1070ms < UPDATE +sdp
        1070ms > 500 UPDATE | Retry-After: soon
        1080ms < UPDATE
        1080ms > 200 UPDATE
        1100ms < do accept-offer
        1100ms > 200 INVITE +sdp
        1150ms < INVITE +sdp
        1150ms > 491 INVITE
        1160ms < ACK z9hG4bKpeer6
        1200ms < ACK z9hG4bKack #2
        1300ms < INVITE +sdp
        1300ms > Offer +sdp
        1300ms < do accept-offer
        1300ms > 200 INVITE +sdp
        1400ms < ACK
        ",
    );
}

/// A change that is never acknowledged ends the call (RFC 3261 §14.2).
#[test]
fn a_reinvite_nobody_acknowledges() {
    up("
        1000ms < INVITE +sdp
        1000ms > Offer +sdp
        1000ms < do accept-offer
        1000ms > 200 INVITE +sdp
        1500ms > 200 INVITE +sdp
        2500ms > 200 INVITE +sdp
        4500ms > 200 INVITE +sdp
        8500ms > 200 INVITE +sdp
        12500ms > 200 INVITE +sdp
        16500ms > 200 INVITE +sdp
        20500ms > 200 INVITE +sdp
        24500ms > 200 INVITE +sdp
        28500ms > 200 INVITE +sdp
        32500ms > 200 INVITE +sdp
        33000ms > BYE | Reason: SIP;cause=408;text=\"ACK never came\"
        33000ms > Ended AckTimeout
        33100ms < 200 BYE
        ");
}

#[test]
fn they_hang_up_while_we_think_about_their_offer() {
    up("
        1000ms < INVITE +sdp
        1000ms > Offer +sdp
        1100ms < BYE
        1100ms > 200 BYE
        1100ms > 487 INVITE
        1100ms > Ended RemoteBye
        1200ms < ACK z9hG4bKpeer2
        1300ms < do accept-offer
        ");
}

#[test]
fn an_update_changes_the_session() {
    within(
        "
        1000ms < UPDATE +sdp
        1000ms > Offer +sdp
        1100ms < do accept-offer
        1100ms > 200 UPDATE +sdp
        2000ms < UPDATE
        2000ms > 200 UPDATE
        3000ms < UPDATE +sdp
        3000ms > Offer +sdp
        3100ms < do refuse-offer 488
        3100ms > 488 UPDATE
        4000ms < UPDATE | Content-Type: text/plain | body=hello
        4000ms > 415 UPDATE
        ",
    );
}

/// RFC 3311 §5.2: while an offer is open, in either direction, another has to wait.
#[test]
fn updates_before_the_answer() {
    check_after(
        RINGING,
        "
        100ms < UPDATE +sdp
        100ms > 500 UPDATE | Retry-After: soon
        200ms < UPDATE
        200ms > 200 UPDATE
        300ms < do refuse 486
        300ms > 486 INVITE
        300ms > Ended RefusedByUs(486)
        400ms < ACK z9hG4bKpeer1 #1
        ",
    );
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE
        100ms > Progress 180
        200ms < UPDATE +sdp
        200ms > 491 UPDATE
        300ms < UPDATE
        300ms > 200 UPDATE
        400ms < 200 INVITE +sdp
        400ms > ACK
        400ms > Answered +sdp
        500ms < UPDATE #2
        500ms > 500 UPDATE
        900ms < BYE
        900ms > 200 BYE
        900ms > Ended RemoteBye
        ",
    );
}

/// RFC 3261 §12.2.2: a gap is served, going back is refused.
#[test]
fn numbers_may_leap_but_not_go_back() {
    within(
        "
        1000ms < OPTIONS #11
        1000ms > 200 OPTIONS
        2000ms < OPTIONS #5
        2000ms > 500 OPTIONS
        3000ms < OPTIONS #11 z9hG4bKreplayed
        3000ms > 500 OPTIONS
        4000ms < OPTIONS #12
        4000ms > 200 OPTIONS
        ",
    );
}

#[test]
fn information_that_is_no_digit() {
    within(
        "
        1000ms < INFO
        1000ms > 200 INFO
        2000ms < INFO | Content-Type: application/dtmf | body=#
        2000ms > 200 INFO
        2000ms > Dtmf #
        3000ms < INFO | Content-Type: application/media_control+xml | body=<x/>
        3000ms > 415 INFO
        ",
    );
}

/// One after another, so that none overtakes another; in the bare form for a far end that takes no other.
#[test]
fn digits_of_ours_go_by_info() {
    let wire = within(
        "
        1000ms < do press 1
        1000ms > INFO +sdp
        1010ms < do press #
        1100ms < 415 INFO
        1100ms > INFO +sdp
        1200ms < 200 INFO
        1200ms > INFO +sdp
        1300ms < 200 INFO
        1400ms < do press x
        ",
    );
    let info = first(&wire, &Method::Info);
    assert_eq!(info.headers.content_type().as_deref(), Some("application/dtmf-relay"));
    assert_eq!(info.body, b"Signal=1\r\nDuration=100\r\n");
}

#[test]
fn what_we_do_not_do_inside_a_call() {
    within(
        "
        1000ms < PRACK | RAck: 1 1 INVITE
        1000ms > 481 PRACK
        2000ms < MESSAGE | Content-Type: text/plain | body=hi
        2000ms > 405 MESSAGE
        3000ms < SUBSCRIBE | Event: dialog
        3000ms > 489 SUBSCRIBE
        4000ms < DANCE
        4000ms > 501 DANCE
        5000ms < NOTIFY | Event: message-summary | Subscription-State: active
        5000ms > 200 NOTIFY
        6000ms < NOTIFY | Event: presence | Subscription-State: active
        6000ms > 489 NOTIFY
        7000ms < REFER | Refer-To: <sip:+882@evil>
        7000ms > 603 REFER
        8000ms < OPTIONS | Require: foo
        8000ms > 420 OPTIONS | Unsupported: foo
        8000ms > Rejected OPTIONS 420
        ",
    );
}

/// Two proxies recorded themselves: BYE goes to the nearer one, in the order for the called side.
#[test]
fn requests_of_ours_go_by_the_recorded_route() {
    let recorded = " | Record-Route: <sip:10.0.0.2;lr>, <sip:10.0.0.3:5066;lr=on>";
    let wire = check_after(
        &taken_with(recorded),
        "
        200ms < do hang-up
        200ms > BYE to 10.0.0.2:5060
        300ms < 200 BYE
        300ms > Ended Local
        ",
    );
    let bye = first(&wire, &Method::Bye);
    let routes: Vec<_> = bye.headers.get_all("Route").collect();
    assert_eq!(routes, ["<sip:10.0.0.2;lr>", "<sip:10.0.0.3:5066;lr=on>"]);
    assert_eq!(bye.uri.to_wire(), "sip:5551000@10.0.0.9:5060");
    let accepted = wire.messages.iter().find_map(|message| match message {
        Message::Response(response) if response.status == 200 => Some(response.clone()),
        _ => None,
    });
    let recorded = accepted.unwrap().headers.get("Record-Route").map(str::to_owned);
    assert_eq!(recorded.unwrap(), "<sip:10.0.0.2;lr>, <sip:10.0.0.3:5066;lr=on>");
}

#[test]
fn the_caller_turns_the_recorded_route_round() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp | Record-Route: <sip:10.0.0.3;lr>, <sip:10.0.0.2;lr>
        90ms > ACK to 10.0.0.2:5060
        90ms > Answered +sdp
        200ms < do hang-up
        200ms > BYE to 10.0.0.2:5060
        300ms < 200 BYE
        300ms > Ended Local
        ",
    );
    for method in [Method::Ack, Method::Bye] {
        let request = first(&wire, &method);
        let routes: Vec<_> = request.headers.get_all("Route").collect();
        assert_eq!(routes, ["<sip:10.0.0.2;lr>", "<sip:10.0.0.3;lr>"], "{method}");
        assert_eq!(request.uri.to_wire(), "sip:101@10.0.0.9:5060");
    }
}
