//! REFER out and in: what became of a transfer, whatever order the messages come in.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use attendant::sip::message::{Message, Method};
use sip_wire::{TAKEN, Wire, check, check_with, config, first};

/// Tells what comes after a call that we made to the peer was answered and REFER went out.
#[track_caller]
fn referring(story: &str) -> Wire {
    check(&format!(
        "
        0ms < do call with password
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        1000ms < do refer sip:101@10.0.0.9
        1000ms > REFER | Refer-To: <sip:101@10.0.0.9>
        {story}
        "
    ))
}

const ACTIVE: &str =
    "NOTIFY | Event: refer | Subscription-State: active;expires=60 | Content-Type: message/sipfrag";
const OVER: &str = "NOTIFY | Event: refer | Subscription-State: terminated;reason=noresource | Content-Type: message/sipfrag";

/// Fills the long lines in.
#[track_caller]
fn referred(story: &str) -> Wire {
    referring(&story.replace("ACTIVE", ACTIVE).replace("OVER", OVER))
}

#[test]
fn the_target_answers() {
    let wire = referred(
        "
        1100ms < 202 REFER
        1100ms > Transfer Accepted
        1110ms < ACTIVE | body=SIP/2.0 100 Trying
        1110ms > 200 NOTIFY
        1110ms > Transfer Progress(100)
        2000ms < ACTIVE | body=SIP/2.0 180 Ringing
        2000ms > 200 NOTIFY
        2000ms > Transfer Progress(180)
        5000ms < OVER | body=SIP/2.0 200 OK
        5000ms > 200 NOTIFY
        5000ms > Transfer Answered
        5100ms < do hang-up
        5100ms > BYE
        5200ms < 200 BYE
        5200ms > Ended Local
        ",
    );
    let refer = first(&wire, &Method::Refer);
    let own = refer.headers.from().unwrap().uri.to_wire();
    assert_eq!(refer.headers.get("Referred-By").unwrap(), format!("<{own}>"));
}

#[test]
fn the_target_is_busy_and_the_caller_stays() {
    referred(
        "
        1100ms < 202 REFER
        1100ms > Transfer Accepted
        2000ms < OVER | body=SIP/2.0 486 Busy Here
        2000ms > 200 NOTIFY
        2000ms > Transfer Failed(486)
        9000ms < BYE
        9000ms > 200 BYE
        9000ms > Ended RemoteBye
        ",
    );
}

/// The NOTIFY overtook the 202, which then has nothing new to say.
#[test]
fn the_notify_is_faster_than_the_202() {
    referred(
        "
        1050ms < ACTIVE | body=SIP/2.0 100 Trying
        1050ms > 200 NOTIFY
        1050ms > Transfer Accepted
        1050ms > Transfer Progress(100)
        1100ms < 202 REFER
        1900ms < OVER | body=SIP/2.0 200 OK
        1900ms > 200 NOTIFY
        1900ms > Transfer Answered
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        ",
    );
}

/// Nobody says that it worked, so nobody may say so to the caller.
#[test]
fn the_subscription_ends_without_a_word() {
    referred(
        "
        1100ms < 202 REFER
        1100ms > Transfer Accepted
        1200ms < NOTIFY | Event: refer | Subscription-State: active;expires=60
        1200ms > 200 NOTIFY
        1300ms < NOTIFY | o: refer | Subscription-State: terminated;reason=timeout
        1300ms > 200 NOTIFY
        1300ms > Transfer Unknown
        9000ms < BYE
        9000ms > 200 BYE
        9000ms > Ended RemoteBye
        ",
    );
}

#[test]
fn nothing_is_heard_after_the_202() {
    referred(
        "
        1100ms < 202 REFER
        1100ms > Transfer Accepted
        61100ms > Transfer Unknown
        70000ms < OVER | body=SIP/2.0 200 OK
        70000ms > 200 NOTIFY
        71000ms < BYE
        71000ms > 200 BYE
        71000ms > Ended RemoteBye
        ",
    );
}

/// The call has waited for long enough: the outcome is unknown at once, and another number may be tried.
#[test]
fn a_refer_is_given_up() {
    referred(
        "
        1100ms < 202 REFER
        1100ms > Transfer Accepted
        2000ms < ACTIVE | body=SIP/2.0 180 Ringing
        2000ms > 200 NOTIFY
        2000ms > Transfer Progress(180)
        20000ms < do give-up-refer
        20000ms > Transfer Unknown
        20001ms < do give-up-refer
        20100ms < do refer sip:102@10.0.0.9
        20100ms > REFER | Refer-To: <sip:102@10.0.0.9>
        20200ms < 202 REFER
        20200ms > Transfer Accepted
        21000ms < OVER | body=SIP/2.0 200 OK
        21000ms > 200 NOTIFY
        21000ms > Transfer Answered
        22000ms < BYE
        22000ms > 200 BYE
        22000ms > Ended RemoteBye
        ",
    );
}

/// The PBX took the caller and hung up on us; its last NOTIFY still wants an answer.
#[test]
fn they_hang_up_before_the_last_notify() {
    referred(
        "
        1100ms < 202 REFER
        1100ms > Transfer Accepted
        1200ms < BYE
        1200ms > 200 BYE
        1200ms > Transfer Unknown
        1200ms > Ended RemoteBye
        1300ms < OVER | body=SIP/2.0 200 OK
        1300ms > 200 NOTIFY
        1400ms < INFO
        1400ms > 481 INFO
        ",
    );
}

#[test]
fn the_refer_is_refused_or_lost() {
    for status in [403, 405, 481, 501, 603] {
        referred(&format!(
            "
            1100ms < {status} REFER
            1100ms > Transfer Failed({status})
            9000ms < BYE
            9000ms > 200 BYE
            9000ms > Ended RemoteBye
            "
        ));
    }
    let wire = check(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        100ms < do refer not a uri
        100ms > Transfer Failed(400)
        200ms < BYE
        200ms > 200 BYE
        200ms > Ended RemoteBye
        300ms < do refer sip:101@10.0.0.9
        300ms > Transfer Failed(481)
        ",
    );
    assert!(!wire.messages.iter().any(|message| is(message, "REFER")));
}

#[test]
fn the_refer_is_never_answered() {
    let repeats = [1500, 2500, 4500, 8500, 12500, 16500, 20500, 24500, 28500, 32500];
    let repeats = repeats.map(|ms| format!("{ms}ms > REFER | Refer-To: <sip:101@10.0.0.9>\n"));
    referred(&format!(
        "{}33000ms > Transfer Failed(408)
        90000ms < BYE
        90000ms > 200 BYE
        90000ms > Ended RemoteBye
        ",
        repeats.concat()
    ));
}

#[test]
fn the_refer_is_challenged() {
    let wire = referred(
        "
        1100ms < 407 REFER | Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"1\", qop=\"auth\"
        1100ms > REFER | Refer-To: <sip:101@10.0.0.9>
        1150ms < do refer sip:102@10.0.0.9
        1150ms > Transfer Failed(491)
        1200ms < 202 REFER
        1200ms > Transfer Accepted
        1300ms < OVER | body=SIP/2.0 200 OK
        1300ms > 200 NOTIFY
        1300ms > Transfer Answered
        9000ms < BYE
        9000ms > 200 BYE
        9000ms > Ended RemoteBye
        ",
    );
    let refers: Vec<_> = wire
        .messages
        .iter()
        .filter_map(|message| match message {
            Message::Request(request) if request.method == Method::Refer => Some(request),
            _ => None,
        })
        .collect();
    assert_eq!(refers.len(), 2);
    assert_eq!(
        refers[0].headers.cseq().unwrap().number + 1,
        refers[1].headers.cseq().unwrap().number
    );
    assert!(refers[1].headers.contains("Proxy-Authorization"));
}

#[test]
fn a_notify_that_nobody_asked_for() {
    check(&format!(
        "
        0ms < do call
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        100ms < {OVER} | body=SIP/2.0 200 OK
        100ms > 481 NOTIFY
        900ms < BYE
        900ms > 200 BYE
        900ms > Ended RemoteBye
        "
    ));
}

/// Our scripted phone is referred: 202 and 100 at once, then one NOTIFY after the other.
#[test]
fn a_phone_is_referred() {
    let wire = check(
        "
        0ms < do call as phone
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        1000ms < REFER | Refer-To: \"Desk\" <sip:101@10.0.0.9;x=y?Replaces=a%40b> | X-Handoff-Id: h-7
        1000ms > Referred to sip:101@10.0.0.9;x=y?Replaces=a%40b
        1010ms < REFER | Refer-To: <sip:102@10.0.0.9>
        1010ms > 491 REFER
        1100ms < do accept-refer
        1100ms > 202 REFER
        1100ms > NOTIFY +100 | Subscription-State: active;expires=300
        1110ms < do notify 180
        1120ms < do notify 200
        1130ms < do notify 486
        1200ms < 200 NOTIFY
        1200ms > NOTIFY +200 | Subscription-State: terminated;reason=noresource
        1300ms < 200 NOTIFY
        1400ms < do notify 200
        2000ms < BYE
        2000ms > 200 BYE
        2000ms > Ended RemoteBye
        ",
    );
    let notify = first(&wire, &Method::Notify);
    assert_eq!(notify.headers.get("Event"), Some("refer"));
    assert_eq!(notify.headers.get("Content-Type"), Some("message/sipfrag;version=2.0"));
}

#[test]
fn a_phone_declines_what_it_is_referred_to() {
    check(
        "
        0ms < do call as phone
        0ms > INVITE +sdp
        90ms < 200 INVITE +sdp
        90ms > ACK
        90ms > Answered +sdp
        1000ms < REFER
        1000ms > 400 REFER
        2000ms < REFER | Refer-To: <sip:101@10.0.0.9>
        2000ms > Referred to sip:101@10.0.0.9
        18000ms > 603 REFER
        19000ms < REFER | Refer-To: <sip:101@10.0.0.9> | Refer-Sub: false
        19000ms > Referred to sip:101@10.0.0.9
        19100ms < do accept-refer
        19100ms > 202 REFER
        19200ms < do notify 200
        20000ms < do hang-up
        20000ms > BYE
        20100ms < 200 BYE
        20100ms > Ended Local
        ",
    );
}

/// The trunk says how long an outcome is waited for.
#[test]
fn the_trunk_knows_how_patient_to_be() {
    let mut config = config();
    config.trunks[0].refer_wait = std::time::Duration::from_secs(7);
    check_with(
        config,
        &format!(
            "
        {TAKEN}
        200ms < do refer sip:101@10.0.0.9
        200ms > REFER | Refer-To: <sip:101@10.0.0.9>
        300ms < 200 REFER
        300ms > Transfer Accepted
        7300ms > Transfer Unknown
        9000ms < BYE
        9000ms > 200 BYE
        9000ms > Ended RemoteBye
            "
        ),
    );
}

fn is(message: &Message, method: &str) -> bool {
    matches!(message, Message::Request(request) if request.method.as_str() == method)
}
