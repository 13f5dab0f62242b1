//! A caller talks over the agent, over real SIP and RTP: the agent falls silent, and remembers what was heard.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod gateway_stage;
mod machine;

use std::time::Duration;

use attendant::phone::{CallPlan, CallReport, Line, Pauses, Talk};
use gateway_stage::running::{Inside, Moment};
use gateway_stage::{Folder, NUMBER, alone};
use machine::steadily;

/// Into the agent's question, past "Happy to help." and the pause after it: whoever speaks in a pause stops nothing.
/// Where that pause is depends on the voice, and on how fast it is.
const CUT_AFTER_MS: [u64; 3] = [1600, 2200, 1300];
/// The target is 120 ms to decide (160 at the worst); a loaded machine and the recording phone's own
/// 20 ms grid come on top. What it must never be is the rest of a sentence of four seconds.
const SILENT_WITHIN_MS: i64 = 900;
/// Two frames with the pitch of a voice are the least that holds the agent; before them it does not know.
const SILENT_AFTER_MS: i64 = 40;

#[test]
fn the_agent_falls_silent_and_remembers_what_was_heard() {
    let _alone = alone();
    steadily(talk_over);
}

fn talk_over() {
    for cut_after in CUT_AFTER_MS {
        let (report, moments) = call(Duration::from_millis(cut_after));
        if report.turns.get(1).is_some_and(|line| line.stopped_after_ms.is_some()) {
            return check(&report, &moments);
        }
        println!("nobody spoke {cut_after} ms into the turn: {:?}; {moments:?}", report.turns);
    }
    panic!("each time the caller spoke into a pause");
}

fn asks_for_a_person(moment: &Moment) -> bool {
    matches!(moment, Moment::Caller(text) if text.to_lowercase().contains("person"))
}

/// Talks over the agent, so long after it began its turn.
fn call(cut_after: Duration) -> (CallReport, Vec<Moment>) {
    let folder = Folder::trunk();
    let gateway = Inside::start(&folder);
    let lines = vec![
        Line::new("I need to move my appointment on Thursday to the next free morning."),
        Line::new("Can I talk to a person, please?").barging_in(cut_after),
    ];
    // A loaded machine takes its time to understand: the caller waits for that.
    let pauses = Pauses { linger: Duration::from_secs(60), ..Pauses::default() };
    let plan = CallPlan {
        target: format!("sip:{NUMBER}@{}", folder.sip),
        talk: Talk { lines, pauses, ..Talk::default() },
        ..CallPlan::default()
    };
    let report = gateway.call_until(plan, asks_for_a_person);
    (report, gateway.stop())
}

fn check(report: &CallReport, moments: &[Moment]) {
    let stopped = report.turns[1].stopped_after_ms;
    println!("silent {stopped:?} ms after the caller's first sound");
    assert!(
        stopped.is_some_and(|ms| (SILENT_AFTER_MS..SILENT_WITHIN_MS).contains(&ms)),
        "{stopped:?} ms; {:?}; {moments:?}",
        report.turns
    );

    let cut =
        moments.iter().position(|it| matches!(it, Moment::Cut(_))).expect("it was interrupted");
    let Moment::Cut(heard) = &moments[cut] else { unreachable!() };
    let said = moments[..cut].iter().rev().find_map(|it| match it {
        Moment::Agent(text) => Some(text.as_str()),
        _ => None,
    });
    let said = said.expect("the agent was saying something");
    assert!(said.starts_with(heard.as_str()), "{heard:?} is no beginning of {said:?}");
    assert!(heard.len() < said.len(), "all of {said:?} was heard");
    assert!(
        moments[cut..].iter().any(asks_for_a_person),
        "the words that interrupted were lost: {moments:?}"
    );
}
