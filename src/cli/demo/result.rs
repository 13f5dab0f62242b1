//! What came of the call: the book before and after, the latency table, the files.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use super::super::Failure;
use super::files::Folder;
use super::screen::Account;
use crate::agent::Goal;
use crate::phone::CallReport;

/// Prints and writes the result; says whether the call reached its goal.
pub(super) fn show(
    folder: &Folder,
    report: &CallReport,
    seen: &Account,
    goals: &[Goal],
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> Result<bool, Failure> {
    println!("\nThe practice book");
    before.difference(after).for_each(|gone| println!("  - {gone}"));
    after.difference(before).for_each(|new| println!("  + {new}"));
    if before == after {
        println!("  unchanged");
    }
    let table = latency(report);
    println!(
        "\nResponse gap on the wire: last packet of the caller's speech to first of the agent's\n{table}"
    );
    fs::write(folder.path("latency.txt"), &table)?;
    fs::write(folder.path("report.json"), report.to_json())?;

    let audit = folder.path("data/audit.jsonl");
    let intact = crate::audit::verify(&audit);
    match &intact {
        Ok(intact) => println!("Audit record: intact, {} lines", intact.rows),
        Err(bad) => println!("Audit record: {bad}"),
    }
    let missing = missing(report, seen, goals, before != after);
    println!("\nLeft in {folder}");
    println!(
        "  call.wav (caller left, agent right), call.txt, latency.txt, report.json, data/audit.jsonl"
    );
    match missing.is_empty() && intact.is_ok() {
        true => println!("\nThe call reached its goal."),
        false => println!("\nThe call missed its goal: {}", missing.join("; ")),
    }
    Ok(missing.is_empty() && intact.is_ok())
}

fn latency(report: &CallReport) -> String {
    let mut table = String::new();
    let greeting = report.greeting_ms.map_or("-".into(), |ms| format!("{ms:>5} ms"));
    let _ = writeln!(table, "  {greeting:>9}  greeting, after the call was answered");
    let mut gaps = Vec::new();
    for turn in &report.turns {
        let gap = turn.gap_ms.map_or("-".into(), |ms| format!("{ms:>5} ms"));
        let _ = writeln!(table, "  {gap:>9}  {}", turn.line);
        gaps.extend(turn.gap_ms);
    }
    gaps.sort_unstable();
    if let (Some(median), Some(worst)) = (gaps.get(gaps.len() / 2), gaps.last()) {
        let _ = writeln!(table, "  median {median} ms, worst {worst} ms, of {} turns", gaps.len());
    }
    table
}

fn missing(report: &CallReport, seen: &Account, goals: &[Goal], changed: bool) -> Vec<String> {
    let mut missing = Vec::new();
    if report.lines_said < report.lines {
        missing.push(format!("only {} of {} lines were said", report.lines_said, report.lines));
    }
    let Some(summary) = &seen.summary else {
        missing.push("the gateway did not close the call".into());
        return missing;
    };
    for goal in goals.iter().filter(|goal| !summary.goals.contains(goal)) {
        missing.push(format!("not {}", format!("{goal:?}").to_lowercase()));
    }
    let writes = [Goal::Booked, Goal::Rescheduled, Goal::Cancelled];
    if goals.iter().any(|goal| writes.contains(goal)) && !changed {
        missing.push("the practice book is unchanged".into());
    }
    if goals.contains(&Goal::Emergency) && !seen.agent_said.iter().any(|text| text.contains("911"))
    {
        missing.push("the 911 sentence was not spoken".into());
    }
    if goals.contains(&Goal::Transferred) {
        let transfer = report.transfer.clone().unwrap_or_default();
        if !transfer.answered || !transfer.heard_target {
            missing.push("extension 101 was not heard".into());
        }
        if transfer.handoff_id.is_none() || transfer.handoff_id != summary.hand_off {
            missing.push("the hand-off note's id did not travel with the call".into());
        }
    }
    missing
}
