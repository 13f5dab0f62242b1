//! The audit chain on real files: what was changed is found, what was cut short is mended, what was answered stays.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use attendant::audit::{Actor, Audit, AuditError, Kind, Line, verify};
use attendant::base::{CallId, Dice, TurnId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

struct Record {
    dir: TempDir,
}

impl Record {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("audit.jsonl")
    }

    fn open(&self) -> (Audit, JoinHandle<()>) {
        let (audit, writer) = Audit::open(self.path()).unwrap();
        (audit, tokio::spawn(writer))
    }

    /// Opens, writes some lines, and closes.
    async fn write(&self, lines: u32) {
        let (audit, writer) = self.open();
        for turn in 0..lines {
            audit.write(line(turn)).await.unwrap();
        }
        drop(audit);
        writer.await.unwrap();
    }

    fn lines(&self) -> Vec<String> {
        fs::read_to_string(self.path()).unwrap().lines().map(str::to_owned).collect()
    }

    fn put(&self, lines: &[String]) {
        fs::write(self.path(), lines.join("\n") + "\n").unwrap();
    }
}

fn line(turn: u32) -> Line {
    Line::new(Kind::ToolCall, "find_slots")
        .in_call(CallId(7), Some(TurnId(turn)))
        .with_args(
            json!({ "z": 1, "a": ["é", null, true, -5], "text": "say \"hi\"\n", "half": 0.5 }),
        )
        .with_verdict("allowed")
}

/// Says which line is the first bad one, and why.
fn first_bad(path: &Path) -> (u64, String) {
    let bad = verify(path).expect_err("must not verify");
    (bad.line, bad.why)
}

#[tokio::test]
async fn a_chain_verifies_and_goes_on_after_a_restart() {
    let record = Record::new();
    record.write(3).await;
    let first = verify(record.path()).unwrap();
    assert_eq!(first.rows, 3);
    record.write(4).await;
    let second = verify(record.path()).unwrap();
    assert_eq!(second.rows, 7);
    assert_ne!(first.head, second.head);
    let (audit, _writer) = record.open();
    assert_eq!((audit.head().seq, audit.head().hash), (7, second.head));
    assert_eq!(audit.torn_bytes(), None);
}

#[tokio::test]
async fn a_line_holds_what_was_said_with_its_keys_in_order() {
    let record = Record::new();
    record.write(1).await;
    let text = record.lines().remove(0);
    let row: Value = serde_json::from_str(&text).unwrap();
    let names: Vec<&String> = row.as_object().unwrap().keys().collect();
    let sorted = {
        let mut sorted = names.clone();
        sorted.sort();
        sorted
    };
    assert_eq!(names, sorted);
    assert!(
        text.starts_with("{\"actor\":\"agent\",\"args\":{\"a\":[\"é\",null,true,-5],\"half\":")
    );
    assert_eq!(row["call_id"], "c-000000000007");
    assert_eq!(
        (&row["seq"], &row["turn"], &row["verdict"]),
        (&json!(1), &json!(0), &json!("allowed"))
    );
    assert_eq!(row["prev"], "0".repeat(64));
}

#[tokio::test]
async fn each_byte_that_is_flipped_is_found_in_its_line() {
    let record = Record::new();
    record.write(5).await;
    let good = fs::read(record.path()).unwrap();
    let line_of = |at: usize| 1 + good[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        fs::write(record.path(), &bad).unwrap();
        assert_eq!(first_bad(&record.path()).0, line_of(at), "byte {at}");
    }
    fs::write(record.path(), &good).unwrap();
    assert_eq!(verify(record.path()).unwrap().rows, 5);
}

#[tokio::test]
async fn removing_moving_copying_and_inserting_lines_is_found() {
    let record = Record::new();
    record.write(6).await;
    let good = record.lines();
    let check = |lines: Vec<String>, at: u64, words: &str| {
        record.put(&lines);
        let (line, why) = first_bad(&record.path());
        assert_eq!(line, at, "{why}");
        assert!(why.contains(words), "{why}");
    };
    let without = |index: usize| {
        let mut lines = good.clone();
        lines.remove(index);
        lines
    };
    check(without(2), 3, "removed, inserted or moved");
    check(without(0), 1, "removed, inserted or moved");
    let mut swapped = good.clone();
    swapped.swap(3, 4);
    check(swapped, 4, "removed, inserted or moved");
    let mut copied = good.clone();
    copied.insert(4, good[3].clone());
    check(copied, 5, "removed, inserted or moved");
    let mut foreign = good.clone();
    let other = Record::new();
    other.write(6).await;
    foreign[4] = other.lines().remove(4);
    check(foreign, 5, "does not hold the hash of line 4");
    let mut edited = good.clone();
    edited[1] = edited[1].replace("allowed", "refused");
    check(edited, 2, "its hash does not fit");
    let mut spaced = good.clone();
    spaced[1] = spaced[1].replace(",\"name\"", ", \"name\"");
    check(spaced, 2, "not written as this program");
    let mut blank = good.clone();
    blank.insert(2, String::new());
    check(blank, 3, "not JSON");
    record.put(&good);
    verify(record.path()).unwrap();
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_said_to_be() {
    let record = Record::new();
    let bad = verify(record.path()).unwrap_err();
    assert!(bad.to_string().contains("cannot be read: No such file"), "{bad}");
    record.write(2).await;
    let mut lines = record.lines();
    lines.remove(0);
    record.put(&lines);
    assert!(verify(record.path()).unwrap_err().to_string().starts_with("line 1 (seq 1): "));
}

/// A power cut may leave any beginning of the file: what was whole stays, what was not is said.
#[tokio::test]
async fn wherever_it_is_cut_the_chain_goes_on_and_says_what_was_lost() {
    let record = Record::new();
    record.write(4).await;
    let good = fs::read(record.path()).unwrap();
    let mut dice = Dice::new(3);
    let cuts = (0..40).map(|_| dice.below(good.len() as u64 - 1) as usize + 1);
    for cut in cuts.chain([1, good.len() - 1]) {
        let kept = &good[..cut];
        let whole = kept.iter().filter(|byte| **byte == b'\n').count() as u64;
        let torn =
            (cut - kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)) as u64;
        fs::write(record.path(), kept).unwrap();
        if torn > 0 {
            let (line, why) = first_bad(&record.path());
            assert_eq!((line, why.as_str()), (whole + 1, "it has no end: it was cut short"));
        }
        let (audit, writer) = record.open();
        assert_eq!(audit.torn_bytes(), (torn > 0).then_some(torn), "cut at {cut}");
        audit.write(line(9)).await.unwrap();
        drop(audit);
        writer.await.unwrap();
        let rows = verify(record.path()).unwrap().rows;
        assert_eq!(rows, whole + 1 + u64::from(torn > 0), "cut at {cut}");
        if torn > 0 {
            let row: Value = serde_json::from_str(&record.lines()[whole as usize]).unwrap();
            assert_eq!((&row["kind"], &row["args"]["bytes"]), (&json!("torn_line"), &json!(torn)));
            assert_eq!(row["actor"], Actor::System.code());
        }
    }
}

#[tokio::test]
async fn a_damaged_last_line_is_not_built_upon() {
    let record = Record::new();
    record.write(3).await;
    let mut lines = record.lines();
    lines[2] = lines[2].replace("allowed", "refused");
    record.put(&lines);
    let Err(error) = Audit::open(record.path()) else { panic!("must not open") };
    assert!(matches!(error, AuditError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("audit.jsonl"), "{error}");
    assert!(error.advice().contains("audit verify"));
    assert_eq!(record.lines(), lines, "evidence is left as it is");
}

#[tokio::test]
async fn a_file_that_is_no_audit_record_is_left_alone() {
    let record = Record::new();
    let big = "x".repeat(1_000_000);
    fs::write(record.path(), &big).unwrap();
    assert!(matches!(Audit::open(record.path()), Err(AuditError::Open { .. })));
    assert_eq!(fs::read_to_string(record.path()).unwrap(), big);
    let missing = record.dir.path().join("nowhere/audit.jsonl");
    let Err(error) = Audit::open(&missing) else { panic!("must not open") };
    assert!(
        error.to_string().contains("nowhere/audit.jsonl: cannot be opened: No such"),
        "{error}"
    );
}

#[tokio::test]
async fn two_writers_of_one_file_are_refused() {
    let record = Record::new();
    let (first, writer) = record.open();
    assert!(matches!(Audit::open(record.path()), Err(AuditError::Locked { .. })));
    drop(first);
    writer.await.unwrap();
    assert!(Audit::open(record.path()).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_get_numbers_of_their_own_and_a_whole_chain() {
    let record = Record::new();
    let (audit, writer) = record.open();
    let writes: Vec<_> = (0..200)
        .map(|turn| {
            let audit = audit.clone();
            tokio::spawn(async move { audit.write(line(turn)).await.unwrap() })
        })
        .collect();
    let mut numbers = Vec::new();
    for write in writes {
        numbers.push(write.await.unwrap().0);
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    // What was answered is in the file now, before anything is closed.
    assert_eq!(verify(record.path()).unwrap().rows, 200);
    drop(audit);
    writer.await.unwrap();
}

#[tokio::test]
async fn a_line_that_is_too_long_is_refused_and_takes_no_number() {
    let record = Record::new();
    let (audit, _writer) = record.open();
    let long = line(1).with_outcome(json!("x".repeat(300 * 1024)));
    assert_eq!(audit.write(long).await, Err(AuditError::TooLong));
    assert_eq!(audit.write(line(2)).await.unwrap().0, 1);
    assert_eq!(verify(record.path()).unwrap().rows, 1);
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    for path in ["/dev/null", "/dev/zero"] {
        assert!(matches!(Audit::open(path), Err(AuditError::Open { .. })), "{path}");
    }
}

/// The disk is full for a child process, in the middle of a line.
#[tokio::test]
async fn a_full_disk_refuses_lines_and_leaves_the_chain_whole() {
    let record = Record::new();
    let child = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact --ignored on_a_full_disk"])
        .arg(std::env::current_exe().unwrap())
        .env("AUDIT_RECORD", record.path())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let rows = verify(record.path()).unwrap().rows;
    assert!(rows > 3, "{rows}");
    let (audit, _writer) = record.open();
    assert_eq!(audit.torn_bytes(), None, "the half line was taken back at once");
    assert_eq!(audit.write(line(1)).await.unwrap().0, rows + 1);
}

#[tokio::test]
#[ignore = "run by the test above, under a limit"]
async fn on_a_full_disk() {
    let Some(path) = std::env::var_os("AUDIT_RECORD") else { return };
    let (audit, writer) = Audit::open(path).unwrap();
    let writer = tokio::spawn(writer);
    let mut written = 0;
    while let Ok(seq) = audit.write(line(1)).await {
        written = seq.0;
        assert!(written < 1_000, "there is no limit");
    }
    for _ in 0..3 {
        let refused = audit.write(line(2)).await;
        assert!(matches!(refused, Err(AuditError::Disk { .. })), "{refused:?}");
        assert_eq!(audit.head().seq, written);
    }
    drop(audit);
    writer.await.unwrap();
}

#[tokio::test]
async fn after_the_writer_is_gone_nothing_is_written() {
    let record = Record::new();
    let (audit, writer) = record.open();
    writer.abort();
    let _ = writer.await;
    assert_eq!(audit.write(line(1)).await, Err(AuditError::Closed));
}

#[test]
fn a_line_shows_no_health_data_in_debug() {
    let shown = format!("{:?}", line(1).with_args(json!({ "family": "Lopez" })));
    assert!(!shown.contains("Lopez"), "{shown}");
}
