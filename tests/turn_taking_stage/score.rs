//! What the corpus says, in figures.

use std::fmt::Write;

use attendant::speech::VoiceHint;

use super::cases::{Case, Rendered, Truth};
use super::play::{Level, Played, Since};

/// A case and what came of it.
pub(crate) struct Result<'a> {
    pub(crate) case: &'a Case,
    pub(crate) begins: usize,
    pub(crate) onset: usize,
    pub(crate) end: usize,
    pub(crate) played: Played,
}

impl<'a> Result<'a> {
    pub(crate) fn new(case: &'a Case, sound: &Rendered, played: Played) -> Self {
        Self { case, begins: sound.begins, onset: sound.onset, end: sound.end, played }
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
        let Self { case, onset, end, played, .. } = self;
        let hint = |(at, hint): &(usize, VoiceHint)| match hint {
            VoiceHint::Suspected { .. } => format!("{at}?"),
            VoiceHint::Confirmed { .. } => format!("{at}!"),
            VoiceHint::Denied => format!("{at}-"),
            VoiceHint::Unknown => format!("{at}~"),
        };
        let hints: Vec<_> = played.hints.iter().map(hint).collect();
        let mark = if case.held_back { '*' } else { ' ' };
        let levels: Vec<_> = played.levels.iter().map(|(at, it)| format!("{at} {it:?}")).collect();
        let Played { stopped, turns, words, .. } = played;
        format!(
            "{mark}{} {:?} {:<26} {onset}-{end} {} stopped {stopped:?} turns {turns:?} {words:?} {}",
            case.draw.0,
            case.truth,
            case.name,
            levels.join(", "),
            hints.join(" ")
        )
    }

    /// What came of it, in a word, if not what should: `None` if all went well.
    pub(crate) fn fault(&self) -> Option<String> {
        let Self { case, begins, onset, played, .. } = self;
        let stopped_before = played.stopped.is_some_and(|at| at < *begins);
        match case.truth {
            Truth::Turn if self.is_cut_off() => Some("cut off".into()),
            Truth::Turn if self.wait().is_none() => Some("never ended".into()),
            Truth::Turn => None,
            Truth::Takes if stopped_before => Some("stopped before the caller spoke".into()),
            Truth::Takes => match played.first(Level::Silent, *begins) {
                Since::Never => Some("missed".into()),
                Since::Before => Some("held before the caller spoke".into()),
                Since::At(at) if at > onset + 160 => {
                    Some(format!("silent after {} ms", at - onset))
                }
                Since::At(_) => None,
            },
            Truth::GoesOn if played.stopped.is_some() => Some("stopped".into()),
            Truth::GoesOn | Truth::Nobody => match &played.turns[..] {
                [] => None,
                turns if turns.iter().any(|(_, words)| *words) => Some("a turn".into()),
                _ => Some("a turn without words".into()),
            },
        }
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
    /// From when a voice was known to be one to the first frame of silence.
    pub(crate) after_confirmed: Vec<usize>,
    /// Barge-ins over an agent that was held already, for something else.
    pub(crate) held_before: usize,
    pub(crate) goes_on: usize,
    /// Those that should go on and did not, and barge-ins before which it was stopped.
    pub(crate) false_stops: usize,
    pub(crate) false_ducks: usize,
    pub(crate) false_holds: usize,
    pub(crate) resumed: usize,
    /// Cases in which nobody says anything to the agent.
    pub(crate) nobody: usize,
    /// In how many of them, and of those in which it goes on, something was taken for a turn; and for one without words.
    pub(crate) false_turns: usize,
    pub(crate) wordless_turns: usize,
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
        let words = |known: bool| played.turns.iter().any(|(_, words)| *words == known);
        match result.case.truth {
            Truth::Turn => {
                score.turns += 1;
                score.cut_off += usize::from(result.is_cut_off());
                score.endless += usize::from(result.wait().is_none());
                score.waits.extend(result.wait());
            }
            Truth::Takes => {
                score.takes += 1;
                score.barge_in(result);
            }
            Truth::GoesOn => {
                score.goes_on += 1;
                score.false_stops += usize::from(played.stopped.is_some());
                score.false_ducks += usize::from(played.times(Level::Ducked) > 0);
                let held = played.times(Level::Silent) > 0;
                score.false_holds += usize::from(held);
                score.resumed += usize::from(held && played.stopped.is_none() && played.agent_done);
            }
            Truth::Nobody => score.nobody += 1,
        }
        if matches!(result.case.truth, Truth::GoesOn | Truth::Nobody) {
            score.false_turns += usize::from(words(true));
            score.wordless_turns += usize::from(words(false));
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
    fn barge_in(&mut self, Result { begins, onset, played, .. }: &Result<'_>) {
        // Stopped for something else: that is no barge-in, and a false stop.
        if played.stopped.is_some_and(|at| at < *begins) {
            self.false_stops += 1;
            return;
        }
        if let Since::At(at) = played.first(Level::Ducked, *begins) {
            self.ducks.push(at.saturating_sub(*onset));
        }
        match played.first(Level::Silent, *begins) {
            Since::At(at) => {
                self.holds.push(at.saturating_sub(*onset));
                let confirmed = played.confirmed(*begins);
                self.after_confirmed
                    .extend(confirmed.map(|confirmed| at.saturating_sub(confirmed)));
            }
            Since::Before => self.held_before += 1,
            Since::Never => {}
        }
        self.stops.extend(played.stopped.map(|at| at.saturating_sub(*onset)));
    }

    /// What is over the budget, in words.
    pub(crate) fn over_budget(&self) -> Vec<String> {
        let p95 = |of: &[usize]| percentile(of, 95).unwrap_or(usize::MAX) as f64;
        let median = |of: &[usize]| percentile(of, 50).unwrap_or(0) as f64;
        let missed = self.takes - self.holds.len() - self.held_before;
        [
            ("duck p95, ms", p95(&self.ducks), 80.0),
            ("silence p95, ms", p95(&self.holds), 160.0),
            ("silence p95 once confirmed, ms", p95(&self.after_confirmed), 160.0),
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
            (
                "barge-ins that silenced",
                format!("{}; {} held before", of(self.holds.len(), self.takes), self.held_before),
            ),
            ("  after the first sound", both(&self.holds)),
            ("  after a voice was known", both(&self.after_confirmed)),
            ("barge-ins that stopped", of(self.stops.len(), self.takes)),
            ("  after the first sound", both(&self.stops)),
            ("false stops", of(self.false_stops, self.goes_on)),
            ("false ducks", of(self.false_ducks, self.goes_on)),
            (
                "false holds",
                format!("{}; came back {}", of(self.false_holds, self.goes_on), self.resumed),
            ),
            ("turns of nobody", of(self.false_turns, self.nobody + self.goes_on)),
            ("turns without words", of(self.wordless_turns, self.nobody + self.goes_on)),
        ] {
            writeln!(table, "  {what:<26} {figure}").unwrap();
        }
        table
    }
}

/// Figures by kind, a line each: so many went wrong, and how.
pub(crate) fn by_kind(results: &[&Result<'_>]) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for result in results {
        if !kinds.contains(&result.case.kind) {
            kinds.push(result.case.kind);
        }
    }
    let mut table = String::new();
    for kind in kinds {
        let these: Vec<_> = results.iter().copied().filter(|it| it.case.kind == kind).collect();
        let faults: Vec<_> = these
            .iter()
            .filter_map(|it| Some(format!("{}: {}", it.case.name, it.fault()?)))
            .collect();
        let (bad, all) = (faults.len(), these.len());
        writeln!(table, "  {kind:<16} {bad:>2} of {all:>2}  {}", faults.join("; ")).unwrap();
    }
    table
}
