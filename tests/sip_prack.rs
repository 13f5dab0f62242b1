//! Reliable provisional responses (RFC 3262) both ways, with each message lost once, and the early media in them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use attendant::sip::message::Method;
use attendant::sip::{Policy, Prack, Trunk, UaConfig};
use sip_wire::{Wire, config, first, trunk};

#[track_caller]
fn with(prack: Prack, script: &str) -> Wire {
    let start = Instant::now();
    let policy = Policy { prack, ..Policy::default() };
    let trunks = vec![Trunk { policy: policy.clone(), ..trunk() }];
    let mut wire = Wire::new(start, UaConfig { trunks, ..config() });
    wire.policy = policy;
    wire.show = &["RSeq", "RAck"];
    timeline::check(start, &mut wire, script);
    assert!(wire.ua.is_idle(), "left behind: {:#?}", wire.ua.dump(wire.now));
    wire
}

#[track_caller]
fn check(script: &str) -> Wire {
    with(Prack::Supported, script)
}

/// Tells what comes after an INVITE that requires 100rel.
#[track_caller]
fn required(story: &str) -> Wire {
    check(&format!(
        "
        0ms < INVITE +sdp | Require: 100rel
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        {story}
        "
    ))
}

/// The ringing is acknowledged, and the call goes on as ever.
#[test]
fn ringing_is_acknowledged() {
    let wire = required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        100ms < PRACK | RAck: {rack}
        100ms > 200 PRACK
        1000ms < do accept
        1000ms > 200 INVITE +sdp
        1100ms < ACK #1
        1100ms > Established
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        ",
    );
    let ringing = wire.messages.iter().find_map(|message| match message {
        attendant::sip::message::Message::Response(it) if it.status == 180 => Some(it.clone()),
        _ => None,
    });
    let headers = ringing.unwrap().headers;
    assert!(headers.has_token("Require", "100rel") && headers.has_token("Allow", "PRACK"));
    assert!(headers.contains("Contact"));
}

/// RFC 3262 §3: lost on its way there, the 180 comes again, with pauses that double.
#[test]
fn ringing_gets_lost() {
    required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        500ms > 180 INVITE | RSeq: 1
        1500ms > 180 INVITE | RSeq: 1
        3500ms > 180 INVITE | RSeq: 1
        3600ms < PRACK | RAck: {rack}
        3600ms > 200 PRACK
        4000ms < do refuse 486
        4000ms > 486 INVITE
        4000ms > Ended RefusedByUs(486)
        4100ms < ACK z9hG4bKpeer1 #1
        ",
    );
}

/// The answer to the PRACK gets lost: the repeat gets it again, and a new PRACK for the same 481.
#[test]
fn the_answer_to_prack_gets_lost() {
    required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        100ms < PRACK | RAck: {rack}
        100ms > 200 PRACK
        600ms < repeat PRACK
        600ms > 200 PRACK
        700ms < PRACK | RAck: {rack}
        700ms > 481 PRACK
        800ms < PRACK | RAck: 1 1 INVITE
        800ms > 481 PRACK
        900ms < PRACK | RAck: 7143 2 INVITE
        900ms > 481 PRACK
        900ms < PRACK | RAck: nonsense
        900ms > 400 PRACK
        900ms < PRACK
        900ms > 400 PRACK
        1000ms < CANCEL z9hG4bKpeer1 #1
        1000ms > 200 CANCEL
        1000ms > 487 INVITE
        1000ms > Ended RemoteCancel
        1100ms < ACK z9hG4bKpeer1 #1
        ",
    );
}

/// RFC 3262 §3: no PRACK for 64·T1 refuses the INVITE.
#[test]
fn nobody_acknowledges_the_ringing() {
    required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        500ms > 180 INVITE | RSeq: 1
        1500ms > 180 INVITE | RSeq: 1
        3500ms > 180 INVITE | RSeq: 1
        7500ms > 180 INVITE | RSeq: 1
        15500ms > 180 INVITE | RSeq: 1
        31500ms > 180 INVITE | RSeq: 1
        32000ms > 504 INVITE
        32000ms > Rejected INVITE 504
        32000ms > Ended AckTimeout
        32100ms < ACK z9hG4bKpeer1 #1
        32200ms < PRACK | RAck: {rack}
        32200ms > 200 PRACK
        ",
    );
}

/// One at a time: the 183 waits until the 180 is acknowledged, the 200 until the 183 is.
#[test]
fn early_media_is_acknowledged_before_the_acceptance() {
    required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        50ms < do progress
        100ms < PRACK | RAck: {rack}
        100ms > 200 PRACK
        100ms > 183 INVITE +sdp | RSeq: 2
        150ms < do accept
        600ms > 183 INVITE +sdp | RSeq: 2
        700ms < PRACK | RAck: {rack}
        700ms > 200 PRACK
        700ms > 200 INVITE
        800ms < ACK #1
        800ms > Established
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        ",
    );
}

/// A 180 says nothing that the 200 could contradict: the acceptance waits for nobody.
#[test]
fn an_acceptance_does_not_wait_for_plain_ringing() {
    required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        100ms < do accept
        100ms > 200 INVITE +sdp
        150ms < PRACK | RAck: {rack}
        150ms > 200 PRACK
        600ms > 200 INVITE +sdp
        700ms < ACK #1
        700ms > Established
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        ",
    );
}

/// Whoever hangs up while something waits: nothing of it is left.
#[test]
fn the_end_comes_before_prack() {
    for (end, told) in [
        ("< CANCEL", "200ms > 200 CANCEL\n200ms > 487 INVITE\n200ms > Ended RemoteCancel"),
        ("< do hang-up", "200ms > 480 INVITE\n200ms > Ended Local"),
        ("< BYE", "200ms > 200 BYE\n200ms > 487 INVITE\n200ms > Ended RemoteBye"),
    ] {
        required(&format!(
            "
            0ms < do progress
            0ms > 183 INVITE +sdp | RSeq: 1
            100ms < do accept
            200ms {end}
            {told}
            300ms < PRACK | RAck: {{rack}}
            300ms > 200 PRACK
            350ms < ACK z9hG4bKpeer1 #1
            400ms < PRACK | RAck: {{rack}}
            400ms > 481 PRACK
            "
        ));
    }
}

/// RFC 3262 §5: once the answer is out, a PRACK may hold a new offer; its 200 holds the answer.
#[test]
fn a_prack_with_an_offer() {
    required(
        "
        0ms < do progress
        0ms > 183 INVITE +sdp | RSeq: 1
        100ms < PRACK +sdp | RAck: {rack}
        100ms > Offer +sdp
        150ms < do accept
        200ms < do accept-offer
        200ms > 200 PRACK +sdp
        200ms > 200 INVITE
        300ms < ACK #1
        300ms > Established
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        ",
    );
    required(
        "
        0ms < do progress
        0ms > 183 INVITE +sdp | RSeq: 1
        100ms < PRACK +sdp | RAck: {rack}
        100ms > Offer +sdp
        150ms < do refuse-offer 488
        150ms > 488 PRACK
        200ms < do refuse 486
        200ms > 486 INVITE
        200ms > Ended RefusedByUs(486)
        300ms < ACK z9hG4bKpeer1 #1
        ",
    );
    // Not before: their first offer is still open.
    required(
        "
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        100ms < PRACK +sdp | RAck: {rack}
        100ms > 500 PRACK | Retry-After: soon
        200ms < do refuse 486
        200ms > 486 INVITE
        200ms > Ended RefusedByUs(486)
        300ms < ACK z9hG4bKpeer1 #1
        ",
    );
}

/// An UPDATE overtook the PRACK, and its offer is still open: one after the other.
#[test]
fn a_prack_with_an_offer_meets_another_offer() {
    required(
        "
        0ms < do progress
        0ms > 183 INVITE +sdp | RSeq: 1
        50ms < UPDATE +sdp | Allow: UPDATE
        50ms > Offer +sdp
        100ms < PRACK +sdp | RAck: {rack}
        100ms > 500 PRACK | Retry-After: soon
        150ms < do accept-offer
        150ms > 200 UPDATE +sdp
        200ms < do refuse 486
        200ms > 486 INVITE
        200ms > Ended RefusedByUs(486)
        300ms < ACK z9hG4bKpeer1 #1
        ",
    );
}

/// The PRACK's offer is open when the caller gives up.
#[test]
fn the_end_comes_before_the_answer_to_a_prack() {
    required(
        "
        0ms < do progress
        0ms > 183 INVITE +sdp | RSeq: 1
        100ms < PRACK +sdp | RAck: {rack}
        100ms > Offer +sdp
        200ms < CANCEL z9hG4bKpeer1 #1
        200ms > 200 CANCEL
        200ms > 487 INVITE
        200ms > 487 PRACK
        200ms > Ended RemoteCancel
        300ms < ACK z9hG4bKpeer1 #1
        400ms < do accept-offer
        ",
    );
}

/// Where nobody asks for it, early media goes out as it is, and the 200 says it again.
#[test]
fn early_media_without_100rel() {
    for header in ["", " | Supported: 100rel"] {
        check(&format!(
            "
            0ms < INVITE +sdp{header}
            0ms > 100 INVITE
            0ms > Incoming 100 by pbx +sdp
            0ms < do progress
            0ms > 183 INVITE +sdp
            60000ms > 183 INVITE +sdp
            61000ms < do accept
            61000ms > 200 INVITE +sdp
            61100ms < ACK
            61100ms > Established
            62000ms < BYE
            62000ms > 200 BYE
            62000ms > Ended RemoteBye
            "
        ));
    }
}

/// A trunk that wants it gets it from every peer that knows it.
#[test]
fn ringing_is_reliable_where_the_trunk_wants_it() {
    with(
        Prack::Required,
        "
        0ms < INVITE +sdp | Supported: timer, 100rel
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        0ms < do ring
        0ms > 180 INVITE | RSeq: 1
        100ms < PRACK | RAck: {rack}
        100ms > 200 PRACK
        60000ms > 180 INVITE | RSeq: 2
        60100ms < PRACK | RAck: {rack}
        60100ms > 200 PRACK
        61000ms < do refuse 486
        61000ms > 486 INVITE
        61000ms > Ended RefusedByUs(486)
        61100ms < ACK z9hG4bKpeer1 #1
        ",
    );
    with(
        Prack::Required,
        "
        0ms < INVITE +sdp
        0ms > 100 INVITE
        0ms > Incoming 100 by pbx +sdp
        0ms < do ring
        0ms > 180 INVITE
        1000ms < do refuse 486
        1000ms > 486 INVITE
        1000ms > Ended RefusedByUs(486)
        1100ms < ACK z9hG4bKpeer1 #1
        ",
    );
}

#[test]
fn a_trunk_that_does_without() {
    with(
        Prack::Off,
        "
        0ms < INVITE +sdp | Require: 100rel
        0ms > 420 INVITE | Unsupported: 100rel
        0ms > Rejected INVITE 420
        100ms < ACK
        ",
    );
    let wire = with(
        Prack::Off,
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE | Require: 100rel | RSeq: 1
        100ms > Progress 180
        200ms < 421 INVITE | Require: 100rel
        200ms > ACK
        200ms > Ended Refused(421)
        ",
    );
    let invite = first(&wire, &Method::Invite);
    assert!(!invite.headers.has_token("Supported", "100rel"));
    assert!(!invite.headers.has_token("Allow", "PRACK"));
}

/// Each reliable response is acknowledged once, in order, however often it comes.
#[test]
fn what_they_send_reliably_is_acknowledged_once_and_in_order() {
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE | Require: 100rel | RSeq: 41 | Contact: <sip:phone@10.0.0.7:5070> | Record-Route: <sip:10.0.0.2;lr>
        100ms > Progress 180
        100ms > PRACK | RAck: 41 of INVITE to 10.0.0.2:5060
        150ms < 180 INVITE | Require: 100rel | RSeq: 41 | Contact: <sip:phone@10.0.0.7:5070>
        160ms < 183 INVITE +sdp | Require: 100rel | RSeq: 43
        600ms > PRACK | RAck: 41 of INVITE to 10.0.0.2:5060
        650ms < 200 PRACK
        700ms < 183 INVITE +sdp | Require: 100rel | RSeq: 42
        700ms > Progress 183 +sdp
        700ms > PRACK | RAck: 42 of INVITE to 10.0.0.2:5060
        750ms < 200 PRACK
        760ms < 183 INVITE | Require: 100rel | RSeq: 43
        760ms > Progress 183
        760ms > PRACK | RAck: 43 of INVITE to 10.0.0.2:5060
        800ms < 200 PRACK
        900ms < 200 INVITE | Record-Route: <sip:10.0.0.2;lr>
        900ms > ACK to 10.0.0.2:5060
        900ms > Answered +sdp
        2000ms < do hang-up
        2000ms > BYE to 10.0.0.2:5060
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
    );
    let prack = first(&wire, &Method::Prack);
    assert_eq!(prack.uri.to_wire(), "sip:phone@10.0.0.7:5070");
    assert_eq!(prack.headers.get("Route"), Some("<sip:10.0.0.2;lr>"));
}

/// RFC 3261 §13.2.1: what was answered reliably is not answered again by the 200.
#[test]
fn two_phones_ring_reliably_and_each_keeps_its_media() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 183 INVITE +sdp one | Require: 100rel | RSeq: 1
        100ms > Progress 183 +sdp
        100ms > PRACK | RAck: 1 of INVITE
        110ms < 200 PRACK
        200ms < 180 INVITE two | Require: 100rel | RSeq: 9
        200ms > Progress 180
        200ms > PRACK | RAck: 9 of INVITE
        210ms < 200 PRACK
        300ms < 200 INVITE one
        300ms > ACK
        300ms > Answered +sdp
        400ms < 200 INVITE +sdp two
        400ms > ACK
        400ms > BYE
        450ms < 200 BYE
        2000ms < do hang-up
        2000ms > BYE
        2100ms < 200 BYE
        2100ms > Ended Local
        ",
    );
}

/// A call that we no longer want still acknowledges what rings, or it would ring on.
#[test]
fn a_cancelled_call_settles() {
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        50ms < do hang-up
        100ms < 180 INVITE | Require: 100rel | RSeq: 1
        100ms > CANCEL
        100ms > PRACK | RAck: 1 of INVITE
        150ms < 200 CANCEL
        160ms < 200 PRACK
        200ms < 487 INVITE
        200ms > ACK
        200ms > Ended Local
        ",
    );
    // Nobody answers the PRACK: it ends by itself.
    check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 180 INVITE | Require: 100rel | RSeq: 1
        100ms > Progress 180
        100ms > PRACK | RAck: 1 of INVITE
        200ms < 486 INVITE
        200ms > ACK
        200ms > Ended Refused(486)
        600ms > PRACK | RAck: 1 of INVITE
        1600ms > PRACK | RAck: 1 of INVITE
        3600ms > PRACK | RAck: 1 of INVITE
        7600ms > PRACK | RAck: 1 of INVITE
        11600ms > PRACK | RAck: 1 of INVITE
        15600ms > PRACK | RAck: 1 of INVITE
        19600ms > PRACK | RAck: 1 of INVITE
        23600ms > PRACK | RAck: 1 of INVITE
        27600ms > PRACK | RAck: 1 of INVITE
        31600ms > PRACK | RAck: 1 of INVITE
        ",
    );
}

/// Required of the far end; one that wants it the other way round is asked again.
#[test]
fn our_invite_requires_it() {
    let wire = with(
        Prack::Required,
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 420 INVITE | Unsupported: 100rel
        100ms > ACK | Unsupported: 100rel
        100ms > Ended Refused(420)
        "
        .replace("> ACK | Unsupported: 100rel", "> ACK")
        .as_str(),
    );
    assert!(first(&wire, &Method::Invite).headers.has_token("Require", "100rel"));
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        100ms < 421 INVITE | Require: 100rel
        100ms > ACK
        100ms > INVITE +sdp
        200ms < 421 INVITE | Require: 100rel
        200ms > ACK
        200ms > Ended Refused(421)
        ",
    );
    assert!(!first(&wire, &Method::Invite).headers.contains("Require"));
}

/// A proxy wants a password for the PRACK too.
#[test]
fn a_prack_is_challenged() {
    let challenge = "Proxy-Authenticate: Digest realm=\"clinic\", nonce=\"n\", algorithm=MD5";
    let wire = check(&format!(
        "
        0ms < do call with password
        0ms > INVITE +sdp
        100ms < 183 INVITE +sdp | Require: 100rel | RSeq: 1
        100ms > Progress 183 +sdp
        100ms > PRACK | RAck: 1 of INVITE
        200ms < 407 PRACK | {challenge}
        200ms > PRACK | RAck: 1 of INVITE
        300ms < 200 PRACK
        400ms < 200 INVITE
        400ms > ACK
        400ms > Answered +sdp
        500ms < BYE
        500ms > 200 BYE
        500ms > Ended RemoteBye
        "
    ));
    assert!(wire.messages.iter().any(|message| matches!(message,
        attendant::sip::message::Message::Request(it)
            if it.method == Method::Prack && it.headers.contains("Proxy-Authorization"))));
}
