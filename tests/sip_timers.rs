//! Session timers (RFC 4028): who refreshes, how, how often, and what ends a call that nobody refreshes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::{Duration, Instant};

use attendant::sip::message::{Message, Method};
use attendant::sip::{Policy, SessionTimer, Trunk, UaConfig};
use sip_wire::{Wire, config, trunk};

const SHOW: &[&str] = &["Session-Expires", "Min-SE", "Require"];

fn timer(expires: u64, min: u64) -> Policy {
    let (expires, min) = (Duration::from_secs(expires), Duration::from_secs(min));
    Policy { timer: Some(SessionTimer { expires, min }), ..Policy::default() }
}

#[track_caller]
fn check(policy: Policy, script: &str) -> Wire {
    let start = Instant::now();
    let trunks = vec![Trunk { policy: policy.clone(), ..trunk() }];
    let mut wire = Wire::new(start, UaConfig { trunks, ..config() });
    wire.policy = policy;
    wire.show = SHOW;
    timeline::check(start, &mut wire, script);
    assert!(wire.ua.is_idle(), "left behind: {:#?}", wire.ua.dump(wire.now));
    wire
}

/// Tells what comes after they called with these headers, and we took it with those.
#[track_caller]
fn called(asked: &str, answered: &str, story: &str) -> Wire {
    check(
        timer(100, 90),
        &format!(
            "
            0ms < INVITE +sdp{asked}
            0ms > 100 INVITE
            0ms > Incoming 100 by pbx +sdp
            0ms < do accept
            0ms > 200 INVITE +sdp{answered}
            100ms < ACK
            100ms > Established
            {story}
            "
        ),
    )
}

/// Tells what comes after we called and they took it with these headers.
#[track_caller]
fn calling(answered: &str, story: &str) -> Wire {
    check(
        timer(100, 90),
        &format!(
            "
            0ms < do call
            0ms > INVITE +sdp | Session-Expires: 100 | Min-SE: 90
            100ms < 200 INVITE +sdp{answered}
            100ms > ACK
            100ms > Answered +sdp
            {story}
            "
        ),
    )
}

const BYE_OF_THEIRS: &str = "
    < BYE
    > 200 BYE
    > Ended RemoteBye
";

fn they_hang_up(at: u32) -> String {
    BYE_OF_THEIRS
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!("{at}ms {}\n", line.trim()))
        .collect()
}

/// They say that they refresh, and do: at half time, by UPDATE, then by re-INVITE. Each starts the time anew.
#[test]
fn the_caller_refreshes() {
    called(
        " | Supported: timer | Session-Expires: 90;refresher=uac",
        " | Session-Expires: 90;refresher=uac | Require: timer",
        &format!(
            "
            45000ms < UPDATE | Supported: timer | Session-Expires: 90;refresher=uac
            45000ms > 200 UPDATE | Session-Expires: 90;refresher=uac | Require: timer
            90000ms < INVITE +sdp | Supported: timer | Session-Expires: 90;refresher=uac
            90000ms > Offer +sdp
            90000ms < do accept-offer
            90000ms > 200 INVITE +sdp | Session-Expires: 90;refresher=uac | Require: timer
            90100ms < ACK
            {}",
            they_hang_up(140_000)
        ),
    );
}

/// RFC 4028 §10: a third of the interval before its end, or 32 s.
#[test]
fn the_caller_does_not_refresh() {
    called(
        " | Supported: timer | Session-Expires: 90",
        " | Session-Expires: 90;refresher=uac | Require: timer",
        "
        60000ms > BYE | Reason: SIP;cause=408;text=\"session timer expired\"
        60000ms > Ended SessionExpired
        60100ms < 200 BYE
        ",
    );
    let long = check(
        timer(1800, 90),
        "
        0ms < do call
        0ms > INVITE +sdp | Session-Expires: 1800 | Min-SE: 90
        100ms < 200 INVITE +sdp | Session-Expires: 1800;refresher=uas | Require: timer
        100ms > ACK
        100ms > Answered +sdp
        1768100ms > BYE | Reason: SIP;cause=408;text=\"session timer expired\"
        1768100ms > Ended SessionExpired
        1768200ms < 200 BYE
        ",
    );
    assert!(!long.messages.is_empty());
}

/// They want us to refresh: by UPDATE, since they take it.
#[test]
fn the_called_refreshes_by_update() {
    called(
        " | Supported: timer | Session-Expires: 200;refresher=uas | Allow: INVITE, ACK, BYE, UPDATE",
        " | Session-Expires: 100;refresher=uas | Require: timer",
        &format!(
            "
            50000ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            50100ms < 200 UPDATE | Session-Expires: 100;refresher=uac | Require: timer
            100100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            100200ms < 200 UPDATE | Session-Expires: 100;refresher=uas
            {}",
            // From now on it is they who refresh.
            they_hang_up(160_000)
        ),
    );
}

/// A peer without UPDATE gets a re-INVITE with the very description that stands.
#[test]
fn without_update_a_reinvite_repeats_our_description() {
    let wire = calling(
        " | Session-Expires: 100;refresher=uac | Require: timer | Allow: INVITE, ACK, BYE",
        &format!(
            "
            50100ms > INVITE +sdp | Session-Expires: 100;refresher=uac | Min-SE: 90
            50200ms < 100 INVITE
            50300ms < 200 INVITE +sdp | Session-Expires: 100;refresher=uac
            50300ms > ACK
            50800ms < 200 INVITE +sdp | Session-Expires: 100;refresher=uac
            50800ms > ACK
            {}",
            they_hang_up(60_000)
        ),
    );
    let invites = wire.messages.iter().filter_map(|message| match message {
        Message::Request(request) if request.method == Method::Invite => Some(&request.body),
        _ => None,
    });
    let bodies: Vec<_> = invites.collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
}

/// While they hold us, our answer says so, and the refresh repeats that: nothing is resumed by it.
#[test]
fn a_refresh_does_not_end_a_hold() {
    let held = sip_wire::OFFER.to_owned() + "a=recvonly\r\n";
    let start = Instant::now();
    let policy = timer(100, 90);
    let trunks = vec![Trunk { policy, ..trunk() }];
    let mut wire = Wire::new(start, UaConfig { trunks, ..config() });
    let tell = |wire: &mut Wire, ms: u64, line: &str| {
        timeline::Machine::input(wire, start + Duration::from_millis(ms), line);
        wire.all()
    };
    tell(&mut wire, 0, "INVITE +sdp | Supported: timer | Session-Expires: 100;refresher=uas");
    tell(&mut wire, 0, "do accept");
    tell(&mut wire, 100, "ACK");
    assert_eq!(tell(&mut wire, 1000, "INVITE +sdp | Supported: timer"), ["Offer +sdp"]);
    let (leg, sdp) = (attendant::base::LegId(2), held.clone().into_bytes());
    let now = start + Duration::from_millis(1000);
    wire.command(now, attendant::sip::Command::AcceptOffer { leg, sdp: sdp.into() });
    wire.all();
    tell(&mut wire, 1100, "ACK");
    let due = wire.ua.poll_timeout().unwrap();
    let mut told = Vec::new();
    let mut next = Some(due);
    while let Some(at) = next.filter(|at| *at <= start + Duration::from_secs(51)) {
        wire.ua.handle_timeout(at);
        told.extend(wire.all());
        next = wire.ua.poll_timeout();
    }
    assert_eq!(told, ["INVITE +sdp"]);
    assert_eq!(sip_wire::first(&wire, &Method::Invite).body, held.as_bytes());
}

/// RFC 4028 §7.2: an acceptance without the field ends what was agreed; we go on asking, and kill nobody.
#[test]
fn a_peer_without_timers_is_refreshed_and_never_given_up() {
    calling(
        " | Allow: INVITE, UPDATE",
        &format!(
            "
            50100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            50200ms < 500 UPDATE
            100200ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            100300ms < 200 UPDATE
            150300ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            150400ms < 405 UPDATE
            150400ms > INVITE +sdp | Session-Expires: 100;refresher=uac | Min-SE: 90
            150500ms < 488 INVITE
            150500ms > ACK
            {}",
            they_hang_up(160_000)
        ),
    );
    called(
        "",
        "",
        &format!(
            "
            50000ms > INVITE +sdp | Session-Expires: 100;refresher=uac | Min-SE: 90
            50100ms < 200 INVITE +sdp
            50100ms > ACK
            {}",
            they_hang_up(60_000)
        ),
    );
}

/// A proxy asked for it, for a caller that does not know it: we refresh, and nothing is required.
#[test]
fn a_proxy_asks_for_a_timer() {
    called(
        " | Session-Expires: 95",
        " | Session-Expires: 95;refresher=uas",
        &format!(
            "
            47500ms > INVITE +sdp | Session-Expires: 95;refresher=uac | Min-SE: 90
            47600ms < 200 INVITE +sdp | Session-Expires: 95;refresher=uac
            47600ms > ACK
            {}",
            they_hang_up(60_000)
        ),
    );
}

/// RFC 4028 §9: less than our least is 422 with what that is, before the call and in it.
#[test]
fn their_interval_is_too_short() {
    check(
        timer(600, 300),
        &format!(
            "
            0ms < INVITE +sdp | Supported: timer | Session-Expires: 90
            0ms > 422 INVITE | Min-SE: 300
            0ms > Rejected INVITE 422
            100ms < ACK
            200ms < INVITE outside +sdp | Supported: timer | Session-Expires: 300 | Min-SE: 300
            200ms > 100 INVITE
            200ms > Incoming 100 by pbx +sdp
            200ms < do accept
            200ms > 200 INVITE +sdp | Session-Expires: 300;refresher=uac | Require: timer
            300ms < ACK
            300ms > Established
            1000ms < UPDATE | Supported: timer | Session-Expires: 299
            1000ms > 422 UPDATE | Min-SE: 300
            2000ms < INVITE +sdp | Supported: timer | Session-Expires: 100
            2000ms > 422 INVITE | Min-SE: 300
            2100ms < ACK
            3000ms < UPDATE | Supported: timer | x: 500 ; refresher=uas | Min-SE: 400
            3000ms > 200 UPDATE | Session-Expires: 500;refresher=uas | Require: timer
            {}",
            they_hang_up(90_000)
        ),
    );
}

/// RFC 4028 §7.3: what they want at least is asked for instead; twice, if a second hop wants more still.
#[test]
fn our_interval_is_too_short() {
    check(
        timer(100, 90),
        &format!(
            "
            0ms < do call
            0ms > INVITE +sdp | Session-Expires: 100 | Min-SE: 90
            100ms < 422 INVITE | Min-SE: 300
            100ms > ACK
            100ms > INVITE +sdp | Session-Expires: 300 | Min-SE: 300
            200ms < 422 INVITE | Min-SE: 400
            200ms > ACK
            200ms > INVITE +sdp | Session-Expires: 400 | Min-SE: 400
            300ms < 200 INVITE +sdp | Session-Expires: 400;refresher=uac | Require: timer | Allow: UPDATE
            300ms > ACK
            300ms > Answered +sdp
            200300ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 400
            200400ms < 422 UPDATE | Min-SE: 500
            200400ms > UPDATE | Session-Expires: 500;refresher=uac | Min-SE: 500
            200500ms < 200 UPDATE | Session-Expires: 500;refresher=uac
            {}",
            they_hang_up(210_000)
        ),
    );
}

/// A 422 that names no more than we asked for, or nothing, would be answered for ever.
#[test]
fn a_422_that_makes_no_sense_is_a_refusal() {
    for header in ["", " | Min-SE: 100", " | Min-SE: soon"] {
        check(
            timer(100, 90),
            &format!(
                "
                0ms < do call
                0ms > INVITE +sdp | Session-Expires: 100 | Min-SE: 90
                100ms < 422 INVITE{header}
                100ms > ACK
                100ms > Ended Refused(422)
                "
            ),
        );
    }
}

/// Two refreshes fit into the interval: the second may still save the call.
#[test]
fn a_refused_refresh_is_tried_once_more() {
    let answered = " | Session-Expires: 100;refresher=uac | Allow: UPDATE";
    calling(
        answered,
        &format!(
            "
            50100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            50100ms < 500 UPDATE | Retry-After: 3
            53100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            53200ms < 200 UPDATE | Session-Expires: 100;refresher=uac
            {}",
            they_hang_up(60_000)
        ),
    );
    calling(
        answered,
        "
        50100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
        50100ms < 503 UPDATE
        59100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
        59200ms < 503 UPDATE
        68100ms > BYE | Reason: SIP;cause=408;text=\"session timer expired\"
        68100ms > Ended SessionExpired
        68200ms < 200 BYE
        ",
    );
}

/// RFC 3261 §14.1: whoever chose the Call-ID waits 2.1 to 4 s, the other side up to 2 s.
#[test]
fn a_refresh_that_meets_theirs_comes_again() {
    let ours = ["do call", "200 INVITE +sdp | Session-Expires: 100;refresher=uac"];
    let theirs =
        ["INVITE +sdp | Supported: timer | Session-Expires: 100;refresher=uas", "do accept", "ACK"];
    for seed in 0..40 {
        for (owner, story) in [(true, &ours[..]), (false, &theirs[..])] {
            let start = Instant::now();
            let trunks = vec![Trunk { policy: timer(100, 90), ..trunk() }];
            let config = UaConfig { trunks, ..config() };
            let mut wire = Wire::with_seed(start, config, seed);
            wire.policy = timer(100, 90);
            for line in story {
                timeline::Machine::input(&mut wire, start, line);
                wire.all();
            }
            let half = start + Duration::from_secs(50);
            wire.ua.handle_timeout(half);
            assert!(wire.all().contains(&"INVITE +sdp".to_owned()));
            timeline::Machine::input(&mut wire, half, "INVITE +sdp");
            assert_eq!(wire.all(), ["491 INVITE"]);
            timeline::Machine::input(&mut wire, half, "491 INVITE");
            assert_eq!(wire.all(), ["ACK"]);
            let mut now = half;
            while !wire.all().contains(&"INVITE +sdp".to_owned()) {
                now = wire.ua.poll_timeout().unwrap();
                wire.ua.handle_timeout(now);
            }
            let waited = (now - half).as_millis();
            let allowed = if owner { 2100..=4000 } else { 0..=2000 };
            assert!(allowed.contains(&waited), "seed {seed}: {waited} ms");
        }
    }
}

/// An offer that our own call thinks about for long holds no UPDATE up; a re-INVITE has to wait for it.
#[test]
fn a_refresh_meets_an_open_offer() {
    calling(
        " | Session-Expires: 100;refresher=uac | Allow: UPDATE",
        &format!(
            "
            50000ms < INVITE +sdp
            50000ms > Offer +sdp
            50100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
            50150ms < 200 UPDATE | Session-Expires: 100;refresher=uac
            50160ms < CANCEL
            50160ms > 200 CANCEL
            50160ms > 487 INVITE
            50170ms < ACK
            {}",
            they_hang_up(60_000)
        ),
    );
    calling(
        " | Session-Expires: 100;refresher=uac | Allow: INVITE",
        &format!(
            "
            50000ms < INVITE +sdp
            50000ms > Offer +sdp
            50200ms > 100 INVITE
            51000ms < do refuse-offer 488
            51000ms > 488 INVITE
            51010ms < ACK
            52100ms > INVITE +sdp | Session-Expires: 100;refresher=uac | Min-SE: 90
            52200ms < 200 INVITE +sdp | Session-Expires: 100;refresher=uac
            52200ms > ACK
            {}",
            they_hang_up(60_000)
        ),
    );
}

/// RFC 3261 §12.2.1.2: nobody there knows the call any more.
#[test]
fn a_refresh_finds_nobody() {
    for status in [408, 481] {
        calling(
            " | Session-Expires: 100;refresher=uac | Allow: UPDATE",
            &format!(
                "
                50100ms > UPDATE | Session-Expires: 100;refresher=uac | Min-SE: 90
                50200ms < {status} UPDATE
                50200ms > BYE | Reason: SIP;cause=408;text=\"refresh not answered\"
                50200ms > Ended SessionExpired
                50300ms < 481 BYE
                "
            ),
        );
    }
}

/// Silence is as good as 408, and the session timer is not even needed to see it.
#[test]
fn a_refresh_meets_silence() {
    let policy = timer(400, 90);
    check(
        policy,
        "
        0ms < do call
        0ms > INVITE +sdp | Session-Expires: 400 | Min-SE: 90
        100ms < 200 INVITE +sdp | Allow: UPDATE
        100ms > ACK
        100ms > Answered +sdp
        200100ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        200600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        201600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        203600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        207600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        211600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        215600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        219600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        223600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        227600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        231600ms > UPDATE | Session-Expires: 400;refresher=uac | Min-SE: 90
        232100ms > BYE | Reason: SIP;cause=408;text=\"refresh not answered\"
        232100ms > Ended SessionExpired
        232200ms < 200 BYE
        ",
    );
}

/// We hang up while our refresh is under way: its acceptance is acknowledged all the same.
#[test]
fn a_hang_up_crosses_our_refresh() {
    calling(
        " | Session-Expires: 100;refresher=uac | Allow: INVITE",
        "
        50100ms > INVITE +sdp | Session-Expires: 100;refresher=uac | Min-SE: 90
        50150ms < do hang-up
        50150ms > BYE
        50200ms < 200 INVITE +sdp
        50200ms > ACK
        50250ms < 200 BYE
        50250ms > Ended Local
        50700ms < 200 INVITE +sdp
        50700ms > ACK
        ",
    );
    // Nor does one stay behind that was never answered.
    calling(
        " | Session-Expires: 100;refresher=uac | Allow: INVITE",
        "
        50100ms > INVITE +sdp | Session-Expires: 100;refresher=uac | Min-SE: 90
        50150ms < 100 INVITE
        50200ms < BYE
        50200ms > 200 BYE
        50200ms > Ended RemoteBye
        ",
    );
}

/// Their side may have moved meanwhile; whoever plays the sound must know.
#[test]
fn the_answer_to_a_refresh_may_bring_other_media() {
    let other = "v=0\r\no=- 1 2 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0\r\n";
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.policy = timer(100, 90);
    let tell = |wire: &mut Wire, ms: u64, line: &str| {
        timeline::Machine::input(wire, start + Duration::from_millis(ms), line);
        wire.all()
    };
    tell(&mut wire, 0, "do call");
    tell(&mut wire, 100, "200 INVITE +sdp | Session-Expires: 100;refresher=uac");
    wire.ua.handle_timeout(start + Duration::from_millis(50_100));
    assert_eq!(wire.all(), ["INVITE +sdp"]);
    let invite = match wire.messages.last().unwrap() {
        Message::Request(request) => request.clone(),
        Message::Response(response) => panic!("{response:?}"),
    };
    let mut answer = attendant::sip::message::Response::to_request(&invite, 200, None);
    answer.headers.push("Contact", "<sip:101@10.0.0.9:5060>");
    answer.set_body("application/sdp", other);
    let text = String::from_utf8(answer.to_bytes().unwrap()).unwrap();
    wire.datagram(start + Duration::from_millis(50_200), &text);
    assert_eq!(wire.all(), ["ACK", "Changed"]);
}

/// What is switched off is not offered, not taken, and refused where it is demanded.
#[test]
fn a_trunk_without_timers() {
    let off = || Policy { timer: None, ..Policy::default() };
    check(
        off(),
        "
        0ms < INVITE +sdp | Require: timer | Session-Expires: 90
        0ms > 420 INVITE | Unsupported: timer
        0ms > Rejected INVITE 420
        100ms < ACK
        ",
    );
    let wire = check(
        off(),
        &format!(
            "
            0ms < INVITE +sdp | Supported: timer | Session-Expires: 90
            0ms > 100 INVITE
            0ms > Incoming 100 by pbx +sdp
            0ms < do accept
            0ms > 200 INVITE +sdp
            100ms < ACK
            100ms > Established
            {}",
            they_hang_up(1_000_000)
        ),
    );
    for message in &wire.messages {
        if let Message::Response(response) = message {
            assert!(!response.headers.has_token("Supported", "timer"));
        }
    }
    check(
        off(),
        &format!(
            "
            0ms < do call
            0ms > INVITE +sdp
            100ms < 200 INVITE +sdp | Session-Expires: 90;refresher=uac
            100ms > ACK
            100ms > Answered +sdp
            {}",
            they_hang_up(1_000_000)
        ),
    );
}
