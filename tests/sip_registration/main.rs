//! Our registration with a PBX, as stories: kept, refreshed, refused, moved elsewhere, withdrawn.
#![allow(clippy::unwrap_used, reason = "tests")]

mod calls;
mod chaos;
#[path = "../sip_wire/mod.rs"]
mod sip_wire;
mod story;
#[path = "../timeline/mod.rs"]
mod timeline;

use std::time::Instant;

use attendant::sip::{Registration, Ua};
use sip_wire::config;
use story::{ADDRESS, ASK, NAME, Story, TAKEN, check, registers, settings};
use timeline::Machine;

/// The first 401 is how it begins; the registrar's Contact says for how long, and four fifths of that are waited.
#[test]
fn it_registers_refreshes_and_withdraws() {
    let wire = check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < 100 REGISTER
            20ms < {ASK}
            20ms > REGISTER #2 signed for 600 s
            30ms < {TAKEN} | Expires: 600
            30ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            80030ms > REGISTER #3 signed for 600 s
            80040ms < {TAKEN}
            80040ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            90000ms < withdraw
            90000ms > REGISTER #4 signed for 0 s
            90010ms < 200 REGISTER
            90010ms > pbx is withdrawn
            "
        ),
    );
    let all = registers(&wire);
    let call_ids: Vec<_> = all.iter().map(|r| r.headers.call_id().unwrap()).collect();
    assert!(call_ids.windows(2).all(|pair| pair[0] == pair[1]), "{call_ids:?}");
    assert_eq!(all[0].uri.to_wire(), "sip:10.0.0.9");
    assert_eq!(all[0].headers.get("To"), Some("<sip:2000@10.0.0.9>"));
    assert_eq!(all[0].headers.get("Contact"), Some("<sip:2000@10.0.0.1:5060>;expires=600"));
    assert_eq!(all[3].headers.get("Expires"), Some("0"));
    let nonce_counts = all.iter().filter_map(|r| r.headers.get("Authorization"));
    for (count, value) in (1..).zip(nonce_counts) {
        assert!(value.contains(&format!("nc={count:08x},")), "{value}");
        assert!(value.contains("username=\"agent\""), "{value}");
    }
}

/// An aged nonce is no wrong password, whether the PBX says `stale` or forgets to.
#[test]
fn an_old_nonce_is_replaced_without_a_word() {
    for stale in ["", ", stale=true"] {
        check(
            settings(ADDRESS),
            &format!(
                "
                0ms < keep
                0ms > REGISTER #1 for 600 s
                10ms < {ASK}
                10ms > REGISTER #2 signed for 600 s
                20ms < {TAKEN}
                20ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
                80020ms > REGISTER #3 signed for 600 s
                80030ms < 401 REGISTER | WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n2\", qop=\"auth\"{stale}
                80030ms > REGISTER #4 signed for 600 s
                80040ms < {TAKEN}
                80040ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
                90000ms < withdraw
                90000ms > REGISTER #5 signed for 0 s
                90010ms < 481 REGISTER
                90010ms > pbx is withdrawn
                "
            ),
        );
    }
}

/// A wrong password is shown once, then not for a quarter of an hour at least: PBXs ban those who keep knocking. A
/// new one from a reload is tried at once.
#[test]
fn a_wrong_password_waits_for_a_better_one() {
    let wire = check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {ASK}
            10ms > REGISTER #2 signed for 600 s
            20ms < {}
            20ms > pbx failed by 401: the user or the secret under [auth] is not the PBX's
            900000ms < secret better
            900000ms > REGISTER #3 for 600 s
            900010ms < {ASK}
            900010ms > REGISTER #4 signed for 600 s
            900020ms < {TAKEN}
            900020ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            900030ms < withdraw
            900030ms > REGISTER #5 signed for 0 s
            900040ms < 200 REGISTER
            900040ms > pbx is withdrawn
            ",
            ASK.replace("n1", "n2")
        ),
    );
    assert_eq!(registers(&wire).len(), 5);
}

/// What an admin reads, by what the registrar says.
#[test]
fn every_refusal_says_what_to_do() {
    let digest = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"1\", algorithm=SHA-256-sess";
    for (answer, told) in [
        ("403 REGISTER", "403: it forbids this user to register"),
        ("404 REGISTER", "404: it knows no such user"),
        ("302 REGISTER", "302: it sends us elsewhere, which we do not follow"),
        ("405 REGISTER", "405: it is no registrar"),
        ("500 REGISTER", "500: it failed by itself"),
        ("503 REGISTER", "503: it serves nobody for now (503 Service Unavailable)"),
        (
            "423 REGISTER",
            "423: it finds the time too short, and names none that we did not ask for",
        ),
        (
            "423 REGISTER | Min-Expires: 60",
            "423: it finds the time too short, and names none that we did not ask for",
        ),
        ("200 REGISTER | Expires: 0", "200: it took the registration and granted no time"),
        (&format!("401 REGISTER | {digest}"), "401: the challenge asks for no digest that we can"),
    ] {
        check(
            settings(ADDRESS),
            &format!(
                "
                0ms < keep
                0ms > REGISTER #1 for 600 s
                10ms < {answer}
                10ms > pbx failed by {told}
                20ms < withdraw
                20ms > pbx is withdrawn
                "
            ),
        );
    }
    check(
        Registration { credentials: None, ..settings(ADDRESS) },
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {ASK}
            10ms > pbx failed by 401: it asks for a password
            20ms < withdraw
            20ms > pbx is withdrawn
            "
        ),
    );
}

/// RFC 3261 §10.2.8; the longer time is asked for from then on.
#[test]
fn a_registrar_that_wants_it_longer_gets_it_longer() {
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s
        10ms < 423 REGISTER | Min-Expires: 1000
        10ms > REGISTER #2 for 1000 s
        20ms < 200 REGISTER
        20ms > pbx is registered for 1000 s as sip:2000@10.0.0.1:5060
        800020ms > REGISTER #3 for 1000 s
        800030ms < 200 REGISTER | Expires: 50
        800030ms > pbx is registered for 50 s as sip:2000@10.0.0.1:5060
        810000ms < withdraw
        810000ms > REGISTER #4 for 0 s
        810010ms < 200 REGISTER
        810010ms > pbx is withdrawn
        ",
    );
}

/// RFC 3263: the second registrar serves while the first is silent, and keeps the registration.
#[test]
fn the_next_registrar_serves() {
    check(
        settings(NAME),
        &format!(
            "
            0ms < keep
            0ms > resolve sip:pbx.clinic.lan
            10ms < resolved 10.0.0.8:5060 10.0.0.7:5060 10.0.0.9:5060
            10ms > REGISTER #1 for 600 s to 10.0.0.8:5060 unanswered
            32010ms > REGISTER #2 for 600 s to 10.0.0.7:5060
            32020ms < 503 REGISTER
            32020ms > REGISTER #3 for 600 s
            32030ms < {TAKEN}
            32030ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            112030ms > REGISTER #4 for 600 s unanswered
            132030ms > pbx is lost
            144030ms > resolve sip:pbx.clinic.lan
            144040ms < resolved 10.0.0.8:5060
            144040ms > REGISTER #5 for 600 s to 10.0.0.8:5060
            144050ms < {TAKEN}
            144050ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            144060ms < withdraw
            144060ms > REGISTER #6 for 0 s to 10.0.0.8:5060
            144070ms < 200 REGISTER
            144070ms > pbx is withdrawn
            "
        ),
    );
}

/// RFC 5626 §4.5: half a minute to a minute at first, then twice that, never more than half an hour; and never twice
/// the same, so that a hundred sites do not come back in one second. A Retry-After that is longer counts.
#[test]
fn failures_are_spaced_out() {
    let start = Instant::now();
    let mut firsts = Vec::new();
    for seed in 0..20 {
        let mut story = Story::new(start, settings(ADDRESS), config());
        story.wire.ua = Ua::new(config(), seed, start);
        story.input(start, "keep");
        let mut waits = Vec::new();
        let mut now = start;
        for attempt in 0..10 {
            while story.output().is_some() {}
            story.input(now, "480 REGISTER");
            while story.output().is_some() {}
            // What is left of the transaction comes first.
            let next = loop {
                let next = story.deadline().unwrap();
                story.timeout(next);
                if let Some(line) = story.output() {
                    assert!(line.starts_with("REGISTER"), "{line}");
                    break next;
                }
            };
            let wait = (next - now).as_secs_f64();
            let upper = f64::min(30.0 * 2_f64.powi(attempt + 1), 1800.0);
            assert!((upper / 2.0..=upper).contains(&wait), "seed {seed}, {attempt}: {wait} s");
            waits.push(wait);
            now = next;
        }
        firsts.push(waits[0].to_bits());
    }
    firsts.sort_unstable();
    firsts.dedup();
    assert!(firsts.len() > 15, "{} different waits of 20", firsts.len());
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s
        10ms < 480 REGISTER | Retry-After: 120 (maintenance)
        10ms > pbx failed by 480: it refused (480 Temporarily Unavailable)
        120010ms > REGISTER #2 for 600 s
        120020ms < withdraw
        120020ms > REGISTER #3 for 0 s
        120030ms < 200 REGISTER
        120030ms > pbx is withdrawn
        ",
    );
}

/// The connection ends: what came by it cannot come any more, so it is made anew at once; one that ends again and
/// again is left alone for a while.
#[test]
fn a_broken_connection_is_made_anew() {
    check(
        settings(NAME),
        &format!(
            "
            0ms < keep
            0ms > resolve sip:pbx.clinic.lan
            10ms < resolved 10.0.0.8:5060 10.0.0.9:5060
            10ms > REGISTER #1 for 600 s to 10.0.0.8:5060
            20ms < broken 10.0.0.8:5060
            20ms > REGISTER #2 for 600 s
            30ms < 200 REGISTER
            30ms > pbx is registered for 600 s as sip:2000@10.0.0.1:5060
            70000ms < broken 10.0.0.8:5060
            80000ms < broken 10.0.0.9:5060
            80000ms > pbx is lost
            80000ms > resolve sip:pbx.clinic.lan
            80010ms < resolved 10.0.0.9:5060
            80010ms > REGISTER #3 for 600 s
            80020ms < {TAKEN}
            80020ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            80030ms < broken 10.0.0.9:5060
            80030ms > pbx is lost
            80030ms > pbx failed by silence: the registrar closes the connection soon after it took us
            90000ms < withdraw
            90000ms > pbx is withdrawn
            "
        ),
    );
}

#[test]
fn a_name_that_leads_nowhere() {
    check(
        settings(NAME),
        "
        0ms < keep
        0ms > resolve sip:pbx.clinic.lan
        10ms < resolved
        10ms > pbx failed by silence: its name leads nowhere
        10010ms < again
        10010ms > resolve sip:pbx.clinic.lan
        42010ms > pbx failed by silence: its name was not looked up in time
        42020ms < withdraw
        42020ms > pbx is withdrawn
        ",
    );
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s unanswered
        32000ms > pbx failed by silence: it does not answer
        32010ms < withdraw
        32010ms > pbx is withdrawn
        ",
    );
}

/// A PBX that starts anew has forgotten us: whoever notices has us register again.
#[test]
fn it_registers_again_when_told() {
    check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {TAKEN}
            10ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            20000ms < again
            20000ms > REGISTER #2 for 600 s
            20010ms < {TAKEN}
            20010ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            20020ms < withdraw
            20020ms > REGISTER #3 for 0 s unanswered
            52020ms > pbx is withdrawn
            "
        ),
    );
}

/// It is withdrawn before the registrar has said anything: what may yet be taken is taken back.
#[test]
fn it_is_withdrawn_while_it_waits() {
    check(
        settings(ADDRESS),
        "
        0ms < keep
        0ms > REGISTER #1 for 600 s
        10ms < withdraw
        10ms > REGISTER #2 for 0 s
        20ms < 200 REGISTER
        20ms > pbx is withdrawn
        ",
    );
}

/// Removed and written again before the registrar has answered: one registration, whose numbers go on, so that the
/// withdrawal cannot overtake what came after it.
#[test]
fn it_comes_back_while_it_leaves() {
    check(
        settings(ADDRESS),
        &format!(
            "
            0ms < keep
            0ms > REGISTER #1 for 600 s
            10ms < {TAKEN}
            10ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            20ms < withdraw
            20ms > REGISTER #2 for 0 s
            30ms < keep
            30ms > pbx is lost
            30ms > REGISTER #3 for 600 s
            40ms < {TAKEN}
            40ms > pbx is registered for 100 s as sip:2000@10.0.0.1:5060
            50ms < withdraw
            50ms > REGISTER #4 for 0 s
            60ms < 200 REGISTER
            60ms > pbx is withdrawn
            "
        ),
    );
}
