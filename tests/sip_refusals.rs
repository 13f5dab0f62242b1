//! Whatever 4xx, 5xx or 6xx leaves us says why in words, on the wire and to the admin.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::collections::BTreeSet;
use std::time::Instant;

use attendant::sip::message::Message;
use attendant::sip::{Command, Inbound, Refusal, UaConfig};
use sip_wire::{Wire, config, registrar, trunk};
use timeline::Machine;

/// Tells a story and returns the refusals that left: status and method. Each has its words and was told once.
fn refusals(config: UaConfig, story: &[&str]) -> BTreeSet<(u16, String)> {
    let start = Instant::now();
    let mut wire = Wire::new(start, config);
    let mut told = 0;
    for line in story {
        wire.input(start, line);
        while let Some(output) = wire.output() {
            told += usize::from(output.starts_with("Rejected"));
        }
    }
    let mut found = BTreeSet::new();
    let mut count = 0;
    for message in &wire.messages {
        let Message::Response(response) = message else { continue };
        if response.status < 400 || matches!(response.status, 401 | 407 | 487) {
            continue;
        }
        count += 1;
        let what = (response.status, response.headers.cseq().unwrap().method.to_string());
        let warnings: Vec<_> = response.headers.get_all("Warning").collect();
        let [warning] = &warnings[..] else { panic!("{what:?} says {warnings:?}") };
        let words = warning.strip_prefix("399 Attendant \"").and_then(|w| w.strip_suffix('"'));
        assert!(words.is_some_and(|words| words.len() > 10), "{what:?} says {warning}");
        found.insert(what);
    }
    assert_eq!(told + wire.refused.len(), count, "{story:?}: {found:?}");
    found
}

#[test]
fn every_refusal_has_its_words() {
    let phones = UaConfig {
        trunks: vec![attendant::sip::Trunk { inbound: Inbound::Registered, ..trunk() }],
        registrar: Some(registrar()),
        ..config()
    };
    let call = ["INVITE +sdp", "do accept", "ACK"];
    let mut all = BTreeSet::new();
    for story in [
        &["INVITE +sdp | Require: foo"][..],
        &["INVITE | Content-Type: text/plain | body=hello"],
        &["INVITE +sdp", "INVITE +sdp outside #1 z9hG4bKother"],
        &["do drain", "INVITE +sdp", "OPTIONS outside"],
        &["MESSAGE outside | Content-Type: text/plain | body=hi"],
        &["SUBSCRIBE outside | Event: dialog", "NOTIFY outside | Event: refer", "DANCE outside"],
        &["BYE outside", "REGISTER outside", "REFER outside | Refer-To: <sip:+882@evil>", "CANCEL"],
    ] {
        all.extend(refusals(config(), story));
    }
    for lines in [
        &["DANCE", "SUBSCRIBE | Event: dialog", "PRACK | RAck: 1 1 INVITE", "MESSAGE | body=hi"][..],
        &["REFER | Refer-To: <sip:1@evil>", "NOTIFY | Event: refer", "INFO | body=x"],
        &["INVITE +sdp", "INVITE +sdp", "do refuse-offer 488"],
        &["BYE #9", "BYE #3"],
        &["UPDATE +sdp", "do refuse-offer 488"],
        &["BYE", "INFO | Content-Type: application/dtmf | body=1"],
    ] {
        all.extend(refusals(config(), &[&call[..], lines].concat()));
    }
    all.extend(refusals(
        phones,
        &["REGISTER outside | Contact: *", "INVITE +sdp outside", "REGISTER outside"],
    ));
    // A call's refusal without words of its own gets some, one with words keeps them.
    all.extend(refusals(config(), &["INVITE +sdp", "do refuse 404"]));
    println!("{all:#?}");
    let statuses: BTreeSet<_> = all.iter().map(|(status, _)| *status).collect();
    for status in [404, 405, 415, 420, 481, 482, 488, 489, 500, 501, 503, 603] {
        assert!(statuses.contains(&status), "{status} was not reached: {all:?}");
    }
}

#[test]
fn the_words_of_a_decision_go_out_as_they_are() {
    let start = Instant::now();
    let mut wire = Wire::new(start, config());
    wire.input(start, "INVITE +sdp");
    while wire.output().is_some() {}
    let refusal = Refusal {
        status: 486,
        warning: Some("this caller has made 10 calls in 600 s".into()),
        ..Refusal::default()
    };
    wire.command(start, Command::Refuse { leg: attendant::base::LegId(2), refusal });
    while wire.output().is_some() {}
    let Some(Message::Response(response)) = wire.messages.last() else { panic!() };
    let warnings: Vec<_> = response.headers.get_all("Warning").collect();
    assert_eq!(warnings, ["399 10.0.0.1:5060 \"this caller has made 10 calls in 600 s\""]);
    assert!(wire.refused.is_empty(), "whoever decided it has told it");
}
