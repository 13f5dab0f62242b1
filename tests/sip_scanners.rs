//! What the scanners of the Internet learn of a gateway: from an address that no trunk lists nothing
//! at all, and from one that is listed not who is there. sipsak and SIPVicious ask.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod interop;

use std::time::Duration;

use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{Peer, status};
use gateway_stage::{Folder, PROFILE, wait_until};
use interop::tool;

/// No scanner needs longer for a handful of requests.
const PATIENCE: Duration = Duration::from_secs(40);
/// Where the scanners come from: two of them bind nothing else, whatever they are told.
const SCANNER: &str = "127.0.0.1";
const ELSEWHERE: &str = "127.0.0.66";

/// A gateway with softphones that may register from `allowed`.
fn gateway(allowed: &str) -> (Folder, Quiet) {
    let folder = Folder::new();
    folder.change(PROFILE, "[\"127.0.0.0/8\", \"::1/128\"]", &format!("[\"{allowed}/32\"]"));
    let gateway = Quiet::start(&folder);
    (folder, gateway)
}

/// Runs a tool of SIPVicious.
fn scan(folder: &Folder, program: &str, more: &[&str]) -> String {
    let (port, local) = (folder.sip.port().to_string(), interop::free_port().to_string());
    let target = folder.sip.ip().to_string();
    let mut arguments = vec!["-p", &port, "-x", SCANNER, "-P", &local, "-t", "0.01"];
    arguments.extend(more);
    arguments.push(&target);
    let said = tool::run(program, &arguments, PATIENCE);
    assert!(said.code.is_some(), "{program} does not end: {}", said.text);
    said.text
}

/// The rows of a table that a tool has drawn which begin with this cell, the cell itself left out.
fn rows(text: &str, starts: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let first = cells.next()?;
        first.starts_with(starts).then(|| cells.collect::<Vec<_>>().join(" "))
    });
    rows.collect()
}

/// One after another: metrics are those of the first gateway of a process.
#[test]
fn scanners_learn_nothing() {
    for program in ["svmap", "svwar", "svcrack"] {
        interop::require(program, "sipvicious");
    }
    interop::require("sipsak", "sipsak");
    scanners_that_are_not_listed_hear_nothing();
    a_listed_scanner_cannot_tell_who_is_there();
    sipsak_is_answered_what_it_asks();
}

fn scanners_that_are_not_listed_hear_nothing() {
    let (folder, gateway) = gateway(ELSEWHERE);
    let words = folder.file("words");
    std::fs::write(&words, "1234\nseven-willows\nhunter2\n").unwrap();
    let words = words.to_string_lossy().into_owned();
    // They wait for answers, so they may wait together. `-d` writes every message that comes back.
    std::thread::scope(|scope| {
        for method in ["OPTIONS", "INVITE", "REGISTER", "BREW"] {
            let folder = &folder;
            scope.spawn(move || {
                let said = scan(folder, "svmap", &["-d", "-m", method]);
                assert!(said.contains("found nothing") && !said.contains("SIP/2.0"), "{said}");
            });
        }
        for method in ["REGISTER", "INVITE", "OPTIONS"] {
            let folder = &folder;
            scope.spawn(move || {
                let more = ["-m", method, "-e", "998-1002", "--force", "--maximumtime", "3"];
                let said = scan(folder, "svwar", &more);
                assert_eq!(rows(&said, "100"), Vec::<String>::new(), "{said}");
            });
        }
        scope.spawn(|| {
            let more = ["-u", "1000", "-d", &words, "--maximumtime", "3"];
            let said = scan(&folder, "svcrack", &more);
            assert!(!said.contains("seven-willows"), "{said}");
        });
    });
    let strangers = "attendant_sip_dropped_total{reason=\"unknown_source\"}";
    let counted = wait_until(PATIENCE, || folder.metric(strangers).is_some_and(|it| it >= 8.0));
    assert!(counted, "{:?}", folder.get("/metrics"));
    assert_eq!(gateway.counts(), (0, 0), "no call came of it");
    // It was not asleep: who is listed gets an answer.
    assert_eq!(status(&Peer::at(ELSEWHERE, folder.sip).ask("OPTIONS")), 200);
}

/// User 1000 exists, its neighbours do not: nobody can tell.
fn a_listed_scanner_cannot_tell_who_is_there() {
    let (folder, gateway) = gateway(SCANNER);
    std::thread::scope(|scope| {
        for method in ["REGISTER", "INVITE", "OPTIONS"] {
            let folder = &folder;
            scope.spawn(move || {
                let more = ["-m", method, "-e", "998-1002", "--force", "--maximumtime", "3"];
                let said = scan(folder, "svwar", &more);
                let known = rows(&said, "1000");
                for unknown in ["998", "999", "1001", "1002"] {
                    assert_eq!(rows(&said, unknown), known, "{method}: {said}");
                }
            });
        }
        scope.spawn(|| {
            let words = folder.file("words");
            let guesses: String = (0..40).map(|n| format!("guess{n}\n")).collect();
            std::fs::write(&words, guesses).unwrap();
            let words = words.to_string_lossy().into_owned();
            let said = scan(&folder, "svcrack", &["-u", "1000", "-d", &words]);
            assert!(rows(&said, "1000").is_empty(), "{said}");
        });
    });
    assert_eq!(gateway.counts(), (0, 0));
}

fn sipsak_is_answered_what_it_asks() {
    let folder = Folder::trunk();
    let gateway = Quiet::start(&folder);
    let uri = format!("sip:900@{}", folder.sip);
    let ask = |more: &[&str]| {
        let mut arguments = vec!["-s", &uri];
        arguments.extend(more);
        tool::run("sipsak", &arguments, PATIENCE)
    };
    let said = ask(&["-vv"]);
    assert_eq!(said.code, Some(0), "{}", said.text);
    assert!(said.text.contains("SIP/2.0 200 OK") && said.text.contains("Allow: "), "{}", said.text);
    // Its traceroute sends OPTIONS with Max-Forwards from 0 on: we are the end of the way.
    let said = ask(&["-T"]);
    assert_eq!(said.code, Some(0), "{}", said.text);
    // Requests with more and more of their bytes spoilt; it stops at the first that gets no answer.
    let said = ask(&["-R", "-t", "200"]);
    assert!(said.code.is_some(), "{}", said.text);
    assert_eq!(ask(&[]).code, Some(0), "it still answers");
    assert!(gateway.is_empty_within(PATIENCE));
}
