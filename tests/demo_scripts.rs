//! The demonstration as a newcomer runs it, once for each script: the call reaches its goal, leaves
//! what it promises, and no word about a patient stands in its log, however much is logged.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod machine;

use std::collections::BTreeSet;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use attendant::audit;
use attendant::base::Purpose;
use attendant::practice::seed;
use machine::steadily;

/// What was said and logged in a demonstration, and what it left.
struct Shown {
    out: String,
    err: String,
    folder: PathBuf,
    _parent: tempfile::TempDir,
}

/// Runs a script to its end. One at a time: each is a call with two voices.
fn show(script: &str) -> Shown {
    static SOUND: Mutex<()> = Mutex::new(());
    let _alone = SOUND.lock().unwrap_or_else(PoisonError::into_inner);
    let parent = tempfile::tempdir().unwrap();
    let listen = UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_attendant"))
        .args(["demo", "--once", "--script", script, "--listen", &listen.to_string(), "--dir"])
        .arg(parent.path())
        .env("ATTENDANT_LOG", "trace")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (out, err) = (text(output.stdout), text(output.stderr));
    println!("{out}");
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    let folder = fs::read_dir(parent.path()).unwrap().next().unwrap().unwrap().path();
    Shown { out, err, folder, _parent: parent }
}

/// What every demonstration leaves behind.
fn check_files(shown: &Shown) {
    let folder = shown.folder.canonicalize().unwrap();
    assert!(shown.out.contains(&format!("Left in {}", folder.display())), "{}", shown.out);
    let channels = loud_seconds(&folder.join("call.wav"));
    assert!(
        channels.iter().all(|seconds| *seconds > 0.5),
        "caller, agent: {channels:?} s of sound"
    );
    let transcript = fs::read_to_string(folder.join("call.txt")).unwrap();
    for who in ["caller ", "agent ", "heard ", "gateway "] {
        assert!(transcript.contains(who), "{who}is not in\n{transcript}");
    }
    let latency = fs::read_to_string(folder.join("latency.txt")).unwrap();
    assert!(latency.contains("greeting") && latency.contains("median"), "{latency}");
    let report = fs::read_to_string(folder.join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert!(report["turns"].as_array().is_some_and(|turns| !turns.is_empty()), "{report}");
    let intact = audit::verify(folder.join("data/audit.jsonl")).unwrap();
    assert!(intact.rows > 0);
    let verified = Command::new(env!("CARGO_BIN_EXE_attendant"))
        .args(["audit", "verify"])
        .arg(folder.join("data/audit.jsonl"))
        .output()
        .unwrap();
    assert!(verified.status.success());
    assert!(String::from_utf8_lossy(&verified.stdout).starts_with("OK: "));
}

/// Seconds of 20 ms frames with sound in them, by channel.
fn loud_seconds(path: &Path) -> [f64; 2] {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.spec().channels, 2);
    let frame = reader.spec().sample_rate as usize / 50;
    let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
    [0, 1].map(|channel| {
        let channel: Vec<i16> = samples.iter().skip(channel).step_by(2).copied().collect();
        let loud = |frame: &&[i16]| frame.iter().any(|sample| sample.unsigned_abs() > 1000);
        channel.chunks(frame).filter(loud).count() as f64 / 50.0
    })
}

/// Returns what may stand in no log: every name, number, ZIP code and birth date of the clinic's
/// patients, and the words of a caller who says one.
fn private_words() -> BTreeSet<String> {
    const PURPOSE: Purpose = Purpose::Comparison;
    let clinic = seed::clinic(20_260_101, jiff::Zoned::now().date());
    let mut words = BTreeSet::new();
    for patient in &clinic.patients {
        words.insert(patient.given.reveal(PURPOSE).to_lowercase());
        words.insert(patient.family.reveal(PURPOSE).to_lowercase());
        words.insert(patient.birth_date.reveal(PURPOSE).to_string());
        words.extend(patient.zip.iter().map(|zip| zip.reveal(PURPOSE).clone()));
        if let Some(number) = &patient.phone {
            let number: String =
                number.reveal(PURPOSE).as_str().chars().filter(char::is_ascii_digit).collect();
            words.insert(number[number.len() - 10..].to_owned());
        }
    }
    let said = [
        "lopez",
        "johnson",
        "1984",
        "1981",
        "eighty four",
        "eighty one",
        "march ninth",
        "june fourteenth",
        "date of birth",
        "my appointment",
        "a physical",
        "chest pain",
        "thursday",
    ];
    words.extend(said.map(str::to_owned));
    words
}

/// Every line of a log is searched for every private word; a digit or letter beside it makes it
/// another word.
fn check_privacy(log: &str) {
    assert!(
        log.contains("Call started.") && log.contains("Tool ran.") || log.contains("Call ended.")
    );
    let words = private_words();
    assert!(words.len() > 300, "{} words", words.len());
    let log = log.to_lowercase();
    let mut found = Vec::new();
    for line in log.lines() {
        // When it was logged is no secret, and has many digits.
        let line = line.split_once("z ").map_or(line, |(_, line)| line);
        found.extend(words.iter().filter(|word| stands_in(word, line)).map(|word| (word, line)));
    }
    assert!(found.is_empty(), "{} times, such as {:?}", found.len(), &found[..found.len().min(5)]);
}

fn stands_in(word: &str, line: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let digits = word.chars().all(|c| c.is_ascii_digit());
        // A number is the same with a country code before it.
        let joined = |c: char| c.is_alphanumeric() && !(digits && word.len() == 10);
        !before.is_some_and(joined) && !after.is_some_and(joined)
    })
}

#[test]
fn an_appointment_is_moved_and_the_caller_is_handed_over() {
    steadily(moved);
}

fn moved() {
    let shown = show("move");
    check_files(&shown);
    check_privacy(&shown.err);
    for line in ["reschedule_appointment: ok", "transfer_to_human: ok", "call over: HandedOff"] {
        assert!(shown.out.contains(line), "{line}\n{}", shown.out);
    }
    let desk = hound::WavReader::open(shown.folder.join("extension-101.wav")).unwrap();
    assert!(desk.duration() > 0, "the second phone recorded its part");
}

#[test]
fn an_appointment_is_booked() {
    steadily(booked);
}

fn booked() {
    let shown = show("book");
    check_files(&shown);
    check_privacy(&shown.err);
    assert!(shown.out.contains("book_appointment: ok"), "{}", shown.out);
}

#[test]
fn an_emergency_is_answered_with_911_at_once() {
    steadily(emergency);
}

fn emergency() {
    let shown = show("emergency");
    check_files(&shown);
    check_privacy(&shown.err);
    let transcript = fs::read_to_string(shown.folder.join("call.txt")).unwrap();
    let (_, answer) = transcript.split_once("chest pain").expect("the caller said it");
    let first =
        answer.lines().find_map(|line| line.split_once("agent").map(|(_, said)| said.trim()));
    let first = first.unwrap_or_else(|| panic!("the agent did not answer:\n{transcript}"));
    let words: Vec<_> = first.split_whitespace().take(12).collect();
    assert!(words.iter().any(|word| word.contains("911")), "the agent's first words: {first}");
}

#[test]
fn private_words_are_found_where_they_stand() {
    for (word, line) in [
        ("lopez", "heard \"maria lopez.\""),
        ("3125550142", "from=sip:+13125550142@127.0.0.1"),
        ("1984-03-09", "born=1984-03-09"),
        ("lee", "family: lee"),
    ] {
        assert!(stands_in(word, line), "{word} in {line}");
    }
    for (word, line) in [("lee", "sleep"), ("60614", "took=160614"), ("ali", "alias")] {
        assert!(!stands_in(word, line), "{word} in {line}");
    }
}
