//! What the corpus says, in figures.

use std::fmt::Write;

use attendant::speech::VoiceHint;

use super::cases::{Case, Rendered, Truth};
use super::play::Played;

/// A case and what came of it.
pub(crate) struct Result<'a> {
    pub(crate) case: &'a Case,
    pub(crate) onset: usize,
    pub(crate) end: usize,
    pub(crate) played: Played,
}

impl<'a> Result<'a> {
    pub(crate) fn new(case: &'a Case, sound: &Rendered, played: Played) -> Self {
        Self { case, onset: sound.onset, end: sound.end, played }
    }

    /// A turn was taken for over before it was.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.played.turns.iter().any(|(at, _)| *at < self.end)
    }

    /// How long after the caller's last sound the turn was known to be over.
    fn wait(&self) -> Option<usize> {
        self.played.turns.iter().find(|(at, _)| *at >= self.end).map(|(at, _)| at - self.end)
    }

    /// What came of it, in a line.
    pub(crate) fn line(&self) -> String {
        let Self { case, onset, end, played } = self;
        let hint = |(at, hint): &(usize, VoiceHint)| match hint {
            VoiceHint::Suspected { .. } => format!("{at}?"),
            VoiceHint::Confirmed { .. } => format!("{at}!"),
            VoiceHint::Denied => format!("{at}-"),
            VoiceHint::Unknown => format!("{at}~"),
        };
        let hints: Vec<_> = played.hints.iter().map(hint).collect();
        let mark = if case.held_back { '*' } else { ' ' };
        let Played { ducked, held, times_held, stopped, turns, .. } = played;
        format!(
            "{mark}{:?} {:<28} {onset}-{end} ducked {ducked:?} held {held:?} x{times_held} stopped {stopped:?} turns \
             {turns:?} {}",
            case.truth,
            case.name,
            hints.join(" ")
        )
    }

    fn is(&self, truth: Truth) -> bool {
        self.case.truth == truth
    }
}

/// Figures of some cases.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) cases: usize,
    pub(crate) turns: usize,
    pub(crate) cut_off: usize,
    /// Turns whose end was never found.
    pub(crate) endless: usize,
    pub(crate) waits: Vec<usize>,
    /// The silence that the control waits for, what it cuts off, and how long it waits.
    pub(crate) control: (usize, usize, Vec<usize>),
    pub(crate) takes: usize,
    /// From the caller's first sound, where the agent was turned down, held and stopped.
    pub(crate) ducks: Vec<usize>,
    pub(crate) holds: Vec<usize>,
    pub(crate) stops: Vec<usize>,
    pub(crate) goes_on: usize,
    pub(crate) false_stops: usize,
    pub(crate) false_ducks: usize,
    pub(crate) false_holds: usize,
    pub(crate) resumed: usize,
    pub(crate) nobody: usize,
    pub(crate) false_turns: usize,
}

pub(crate) fn percentile(of: &[usize], percent: usize) -> Option<usize> {
    let mut sorted = of.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len().max(1) * percent).div_ceil(100).max(1) - 1).copied()
}

pub(crate) fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

pub(crate) fn score(results: &[&Result<'_>]) -> Score {
    let mut score = Score { cases: results.len(), ..Score::default() };
    for result in results {
        let played = &result.played;
        let since_onset = |at: Option<usize>| at.map(|at| at.saturating_sub(result.onset));
        match result.case.truth {
            Truth::Turn => {
                score.turns += 1;
                score.cut_off += usize::from(result.is_cut_off());
                score.endless += usize::from(result.wait().is_none());
                score.waits.extend(result.wait());
            }
            Truth::Takes => {
                score.takes += 1;
                score.ducks.extend(since_onset(played.ducked));
                score.holds.extend(since_onset(played.held));
                score.stops.extend(since_onset(played.stopped));
            }
            Truth::GoesOn => {
                score.goes_on += 1;
                score.false_stops += usize::from(played.stopped.is_some());
                score.false_ducks += usize::from(played.times_ducked > 0);
                score.false_holds += usize::from(played.times_held > 0);
                let came_back = played.times_held > 0 && played.stopped.is_none();
                score.resumed += usize::from(came_back && played.agent_done);
            }
            Truth::Nobody => {
                score.nobody += 1;
                score.false_turns += usize::from(played.turns.iter().any(|(_, words)| *words));
            }
        }
    }
    score.control = control(results, score.cut_off);
    score
}

/// A plain voice detector that takes a turn for over after one length of silence: the shortest that cuts off no more.
fn control(results: &[&Result<'_>], cut_off: usize) -> (usize, usize, Vec<usize>) {
    let turns: Vec<_> = results.iter().filter(|result| result.is(Truth::Turn)).collect();
    for silence in (100..3_000).step_by(20) {
        let ends = |result: &Result<'_>| -> Vec<usize> {
            let voices = &result.played.voices;
            let ends = voices.iter().enumerate().filter(|(_, (_, on))| !on);
            ends.filter_map(|(number, (at, _))| {
                let next = voices.get(number + 1).map_or(usize::MAX, |(at, _)| *at);
                (next > at + silence).then_some(at + silence)
            })
            .collect()
        };
        let cut = turns.iter().filter(|it| ends(it).iter().any(|at| *at < it.end)).count();
        if cut <= cut_off {
            let wait = |it: &&&Result<'_>| {
                ends(it).into_iter().find(|at| *at >= it.end).map(|at| at - it.end)
            };
            return (silence, cut, turns.iter().filter_map(wait).collect());
        }
    }
    (usize::MAX, 0, Vec::new())
}

impl Score {
    /// What is over the budget, in words.
    pub(crate) fn over_budget(&self) -> Vec<String> {
        let p95 = |of: &[usize]| percentile(of, 95).unwrap_or(usize::MAX) as f64;
        let median = |of: &[usize]| percentile(of, 50).unwrap_or(0) as f64;
        let missed = self.takes - self.holds.len();
        [
            ("duck p95, ms", p95(&self.ducks), 80.0),
            ("silence p95, ms", p95(&self.holds), 160.0),
            ("barge-ins missed", missed as f64, 0.0),
            ("false stops, %", percent(self.false_stops, self.goes_on), 3.0),
            ("cut off, %", percent(self.cut_off, self.turns), 5.0),
            ("wait, of the control's", median(&self.waits) / median(&self.control.2).max(1.0), 0.6),
        ]
        .into_iter()
        .filter(|(_, figure, budget)| figure > budget)
        .map(|(what, figure, budget)| format!("OVER BUDGET: {what}: {figure:.2} of {budget:.2}"))
        .collect()
    }

    /// The table, a line a figure.
    pub(crate) fn table(&self) -> String {
        let mut table = String::new();
        let ms = |of: &[usize], percent| {
            percentile(of, percent).map_or("-".to_owned(), |ms| format!("{ms} ms"))
        };
        let both = |of: &[usize]| format!("p50 {}, p95 {}", ms(of, 50), ms(of, 95));
        let (silence, cut, waits) = &self.control;
        let of =
            |part: usize, whole: usize| format!("{part} of {whole}, {:.1} %", percent(part, whole));
        let median = |of: &[usize]| percentile(of, 50).unwrap_or(0) as f64;
        for (what, figure) in [
            ("turns cut off", of(self.cut_off, self.turns)),
            ("turns that never ended", of(self.endless, self.turns)),
            ("end-of-turn wait", both(&self.waits)),
            ("control", format!("{silence} ms of silence cut off {cut}, wait {}", both(waits))),
            (
                "of the control's median",
                format!("{:.2}", median(&self.waits) / median(waits).max(1.0)),
            ),
            ("barge-ins that ducked", of(self.ducks.len(), self.takes)),
            ("  after the first sound", both(&self.ducks)),
            ("barge-ins that silenced", of(self.holds.len(), self.takes)),
            ("  after the first sound", both(&self.holds)),
            ("barge-ins that stopped", of(self.stops.len(), self.takes)),
            ("  after the first sound", both(&self.stops)),
            ("false stops", of(self.false_stops, self.goes_on)),
            ("false ducks", of(self.false_ducks, self.goes_on)),
            (
                "false holds",
                format!("{}; came back {}", of(self.false_holds, self.goes_on), self.resumed),
            ),
            ("turns of nobody", of(self.false_turns, self.nobody)),
        ] {
            writeln!(table, "  {what:<26} {figure}").unwrap();
        }
        table
    }
}
