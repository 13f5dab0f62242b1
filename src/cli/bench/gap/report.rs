//! The figures for people.

use std::fmt::Write as _;

use super::super::figures::Spread;
use super::measured::Level;

/// What is aimed at, in ms: p50 and p95 of one call.
const AIMED: (f64, f64) = (800.0, 1200.0);

pub(super) fn of_level(level: &Level) -> String {
    let mut text = String::new();
    let Level { calls_at_once, calls, turns, refused, build, .. } = level;
    let _ = writeln!(
        text,
        "\n{calls_at_once} at a time: {calls} calls, {turns} turns, {refused} refused ({build} build)"
    );
    let _ = writeln!(text, "{}", Spread::head("ms, caller's last sound to agent's first"));
    let _ = writeln!(text, "{}", level.gap.row("response gap on the wire"));
    for (name, spread) in &level.parts {
        let _ = writeln!(text, "{}", spread.row(&format!("  {}", &name[2..])));
    }
    if level.fillers.count > 0 {
        let _ = writeln!(text, "{}", level.fillers.row("filler, apart"));
        let _ = writeln!(text, "{}", level.after_filler.row("  the answer after it"));
    }
    let _ = writeln!(text, "{}", level.greeting.row("greeting, after the first packet"));
    let discards: Vec<_> = level.discards.iter().map(|(why, n)| format!("{n} {why}")).collect();
    let discards = if discards.is_empty() { "none".to_owned() } else { discards.join(", ") };
    let _ = writeln!(text, "  not counted: {discards}; {} without parts", level.untold);
    let threads: Vec<_> =
        level.cost.by_thread.iter().map(|(name, percent)| format!("{name} {percent:.1}")).collect();
    let _ = writeln!(
        text,
        "  processor: {:.1} % of a core, {:.1} a call ({}); memory at most {:.0} MB",
        level.cost.cpu_percent,
        level.cost.cpu_percent / *calls_at_once as f64,
        threads.join(", "),
        level.cost.peak_mb
    );
    for (complaint, times) in &level.complaints {
        let _ = writeln!(text, "  the gateway complains {times} times: {complaint}");
    }
    if *calls_at_once == 1 {
        let verdict = |is: f64, aimed: f64| if is <= aimed { "met" } else { "MISSED" };
        let (p50, p95) = AIMED;
        let _ = writeln!(
            text,
            "  aimed at: p50 {p50:.0} {}, p95 {p95:.0} {}",
            verdict(level.gap.p50, p50),
            verdict(level.gap.p95, p95)
        );
    }
    text
}

pub(super) fn of_all(levels: &[Level]) -> String {
    let mut text = String::from(
        "\n  at once  turns  gap p50   p95   p99  recogniser p95  CPU %  a call  refused\n",
    );
    for level in levels {
        let recogniser = level.parts.get("2 recogniser").map_or(0.0, |spread| spread.p95);
        let _ = writeln!(
            text,
            "  {:>7} {:>6} {:>8.0} {:>5.0} {:>5.0} {:>15.0} {:>6.1} {:>7.1} {:>8}",
            level.calls_at_once,
            level.turns,
            level.gap.p50,
            level.gap.p95,
            level.gap.p99,
            recogniser,
            level.cost.cpu_percent,
            level.cost.cpu_percent / level.calls_at_once as f64,
            level.refused
        );
    }
    let refused = levels.iter().find(|level| level.refused > 0);
    let words = match refused {
        Some(level) => format!(
            "  admission says no with {} at once: {}\n",
            level.calls_at_once,
            level.refusals.first().map_or("no words in the log", String::as_str)
        ),
        None => "  admission refused nobody\n".to_owned(),
    };
    text + &words
}
