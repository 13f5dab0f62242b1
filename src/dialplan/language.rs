//! The set of numbers that a pattern stands for, as an automaton: which numbers two patterns share,
//! and whether one holds all of another. Nothing is sampled; where the work would have no bound the
//! answer is that it cannot be told.

use std::collections::{BTreeSet, VecDeque};

use regex_syntax::hir::{Class, Hir, HirKind};

/// Whether two patterns have a number in common.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shared {
    /// None.
    Nothing,
    /// This one, which is among the shortest.
    Number(String),
    /// At least one pattern is too large to tell.
    CannotTell,
}

/// A nondeterministic automaton over characters: its states are numbered, the first is the start.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    states: Vec<State>,
    accept: usize,
    /// False when it takes more than its pattern does: an anchor inside of an expression.
    exact: bool,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Where it may go without taking a character.
    free: Vec<usize>,
    /// Where it goes by a character of a range.
    steps: Vec<(char, char, usize)>,
}

/// A number of a telephone has 15 digits; an expression of it is two orders of magnitude below this.
const STATES: usize = 2_000;
/// How many pairs of states are looked at before it cannot be told.
const PAIRS: usize = 200_000;
/// How many sets of states are looked at when one pattern is held against others.
const SETS: usize = 4_000;
/// How many pairs of ranges are compared in all: some tenths of a second of a check.
const COMPARED: usize = 20_000_000;

impl Automaton {
    /// Takes nothing but the empty number yet; `push_*` and `end` build it.
    pub(super) fn new() -> Self {
        Self { states: vec![State::default()], accept: 0, exact: true }
    }

    /// Adds a place that takes one character of these ranges.
    pub(super) fn push_one(&mut self, ranges: &[(char, char)]) {
        let next = self.state();
        let steps = ranges.iter().map(|&(first, last)| (first, last, next));
        let accept = self.accept;
        self.states[accept].steps.extend(steps);
        self.accept = next;
    }

    /// Adds any number of any characters.
    pub(super) fn push_any(&mut self) {
        let accept = self.accept;
        self.states[accept].steps.push(('\0', char::MAX, accept));
        // What follows must not come back here, and nothing follows `.` and `!`.
    }

    fn state(&mut self) -> usize {
        self.states.push(State::default());
        self.states.len() - 1
    }

    /// Reads a regular expression, which is matched in full.
    pub(super) fn regex(expression: &str) -> Option<Self> {
        let hir = regex_syntax::Parser::new().parse(expression).ok()?;
        let mut automaton = Self::new();
        let accept = automaton.add(&hir, 0)?;
        automaton.accept = accept;
        Some(automaton)
    }

    /// Adds an expression behind a state, and returns the state behind it.
    fn add(&mut self, hir: &Hir, from: usize) -> Option<usize> {
        if self.states.len() > STATES {
            return None;
        }
        Some(match hir.kind() {
            HirKind::Empty => from,
            HirKind::Look(_) => {
                self.exact = false;
                from
            }
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                text.chars().fold(from, |at, c| self.step(at, [(c, c)]))
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ranges: Vec<_> = class.iter().map(|r| (r.start(), r.end())).collect();
                self.step(from, ranges)
            }
            HirKind::Class(Class::Bytes(class)) => {
                let ranges: Vec<_> =
                    class.iter().map(|r| (char::from(r.start()), char::from(r.end()))).collect();
                self.step(from, ranges)
            }
            HirKind::Capture(capture) => self.add(&capture.sub, from)?,
            HirKind::Concat(parts) => parts.iter().try_fold(from, |at, part| self.add(part, at))?,
            HirKind::Alternation(ways) => {
                let end = self.state();
                for way in ways {
                    // A way may loop back to its start, which is therefore its own.
                    let start = self.state();
                    self.states[from].free.push(start);
                    let last = self.add(way, start)?;
                    self.states[last].free.push(end);
                }
                end
            }
            HirKind::Repetition(repeated) => {
                let mut at = from;
                for _ in 0..repeated.min {
                    at = self.add(&repeated.sub, at)?;
                }
                let end = self.state();
                match repeated.max {
                    None => {
                        let round = self.state();
                        self.states[at].free.push(round);
                        let last = self.add(&repeated.sub, round)?;
                        self.states[last].free.push(round);
                        self.states[round].free.push(end);
                    }
                    Some(max) => {
                        for _ in repeated.min..max {
                            self.states[at].free.push(end);
                            at = self.add(&repeated.sub, at)?;
                        }
                        self.states[at].free.push(end);
                    }
                }
                end
            }
        })
    }

    fn step(&mut self, from: usize, ranges: impl IntoIterator<Item = (char, char)>) -> usize {
        let next = self.state();
        let steps = ranges.into_iter().map(|(first, last)| (first, last, next));
        self.states[from].steps.extend(steps);
        next
    }

    /// Finds a number that both take: the two are walked together, the shortest way first.
    pub(super) fn shared(&self, other: &Self) -> Shared {
        let mut came = vec![Pair { from: None, taken: None, mine: 0, theirs: 0 }];
        let mut seen = BTreeSet::from([(0, 0)]);
        let mut queue = VecDeque::from([0]);
        let mut compared = 0;
        while let Some(at) = queue.pop_front() {
            let Pair { mine, theirs, .. } = came[at];
            compared += self.states[mine].steps.len() * other.states[theirs].steps.len();
            if mine == self.accept && theirs == other.accept {
                return Shared::Number(spell(&came, at));
            }
            let mut next: Vec<(Option<char>, usize, usize)> = Vec::new();
            next.extend(self.states[mine].free.iter().map(|&to| (None, to, theirs)));
            next.extend(other.states[theirs].free.iter().map(|&to| (None, mine, to)));
            for &(first, last, to) in &self.states[mine].steps {
                for &(low, high, there) in &other.states[theirs].steps {
                    let (low, high) = (first.max(low), last.min(high));
                    if low <= high {
                        next.push((Some(readable(low, high)), to, there));
                    }
                }
            }
            for (taken, mine, theirs) in next {
                if seen.insert((mine, theirs)) {
                    came.push(Pair { from: Some(at), taken, mine, theirs });
                    // Free steps first keeps the way short in characters.
                    match taken {
                        None => queue.push_front(came.len() - 1),
                        Some(_) => queue.push_back(came.len() - 1),
                    }
                }
            }
            if seen.len() > PAIRS || compared > COMPARED {
                return Shared::CannotTell;
            }
        }
        Shared::Nothing
    }

    /// Whether everything that this takes is taken by at least one of the others; false also
    /// where it cannot be told.
    pub(super) fn is_within(&self, others: &[Self]) -> bool {
        let others: Vec<&Self> = others.iter().filter(|other| other.exact).collect();
        let start: Vec<(usize, usize)> = (0..others.len()).map(|which| (which, 0)).collect();
        let first = (0, reach(&others, start));
        let mut seen = BTreeSet::from([first.clone()]);
        let mut queue = VecDeque::from([first]);
        let mut compared = 0;
        while let Some((mine, theirs)) = queue.pop_front() {
            let taken = theirs.iter().any(|&(which, state)| others[which].accept == state);
            if mine == self.accept && !taken {
                return false;
            }
            let mut next: Vec<(usize, Vec<(usize, usize)>)> =
                self.states[mine].free.iter().map(|&to| (to, theirs.clone())).collect();
            let cuts = cuts(&others, &theirs);
            for &(first, last, to) in &self.states[mine].steps {
                let inside = cuts.range(first..=last).copied().filter(|c| *c != first);
                for c in std::iter::once(first).chain(inside) {
                    compared += cuts.len() + 1;
                    let moved = theirs.iter().flat_map(|&(which, state)| {
                        let steps = others[which].states[state].steps.iter();
                        let fits = steps.filter(move |(low, high, _)| (*low..=*high).contains(&c));
                        fits.map(move |&(_, _, there)| (which, there))
                    });
                    next.push((to, reach(&others, moved.collect())));
                }
            }
            for pair in next {
                if seen.insert(pair.clone()) {
                    queue.push_back(pair);
                }
            }
            if seen.len() > SETS || compared > COMPARED {
                return false;
            }
        }
        true
    }
}

/// The states that can be reached from these without taking a character, in order.
fn reach(others: &[&Automaton], start: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut found: BTreeSet<_> = start.iter().copied().collect();
    let mut open = start;
    while let Some((which, state)) = open.pop() {
        for &to in &others[which].states[state].free {
            if found.insert((which, to)) {
                open.push((which, to));
            }
        }
    }
    found.into_iter().collect()
}

/// The characters at which these states begin to behave in another way.
fn cuts(others: &[&Automaton], states: &[(usize, usize)]) -> BTreeSet<char> {
    let mut starts = BTreeSet::new();
    for &(which, state) in states {
        for &(low, high, _) in &others[which].states[state].steps {
            starts.insert(low);
            // The character behind a range starts the next part; surrogates are jumped over.
            starts.extend((high..=char::MAX).nth(1));
        }
    }
    starts
}

/// A digit where there is one, so that the example looks like a number.
fn readable(low: char, high: char) -> char {
    ['5', '0', '1', 'a'].into_iter().find(|c| (low..=high).contains(c)).unwrap_or(low)
}

/// A state of each of two automata, and how they were reached.
struct Pair {
    from: Option<usize>,
    taken: Option<char>,
    mine: usize,
    theirs: usize,
}

fn spell(came: &[Pair], at: usize) -> String {
    let back = std::iter::successors(Some(at), |at| came[*at].from);
    let taken: Vec<char> = back.filter_map(|at| came[at].taken).collect();
    taken.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use crate::dialplan::{Pattern, Shared};

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn what_two_patterns_share() {
        for (one, other, number) in [
            ("911", "_XXX", Some("911")),
            ("911", "_6XXX", None),
            ("_9!", "911", Some("911")),
            ("_9.", "911", Some("911")),
            ("_911.", "911", None),
            ("_[2-8]XX", "911", None),
            ("~9(1|2){2}", "911", Some("911")),
            ("~\\d{3}", "911", Some("911")),
            ("~\\d+", "911", Some("911")),
            ("~[^9]\\d\\d", "911", None),
            ("~6\\d{3}|(91+)", "911", Some("911")),
            ("~(?i)X\\d", "~[xy]1", Some("x1")),
            ("_+1NXXNXXXXXX", "_+1900XXXXXXX", Some("+19005555555")),
            ("_+1312XXXXXXX", "_+1900XXXXXXX", None),
            ("~^911$", "911", Some("911")),
            ("~", "911", None),
        ] {
            let Ok(one) = Pattern::parse(one) else { continue };
            let shared = one.shared(&pattern(other));
            let expected =
                number.map_or(Shared::Nothing, |number| Shared::Number(number.to_owned()));
            assert_eq!(shared, expected, "{one} {other}");
            assert_eq!(pattern(other).shared(&one), shared, "{other} {one}");
        }
        let large = pattern("~[0-9]{50}{50}");
        assert_eq!(large.shared(&pattern("911")), Shared::CannotTell);
    }

    #[test]
    fn what_holds_all_of_another() {
        for (wide, narrow, expected) in [
            ("_6XXX", "6001", true),
            ("_6XXX", "_60XX", true),
            ("_60XX", "_6XXX", false),
            ("_6.", "_6XXX", true),
            ("_6!", "_6.", true),
            ("_6.", "_6!", false),
            ("_XXXX", "~\\d{4}", false), // \d has more digits than ours
            ("_XXXX", "~[0-9]{4}", true),
            ("~[0-9]{3,5}", "_XXXX", true),
            ("~[0-9]{3,5}", "_X.", false),
            ("~(60|61)[0-9]*", "_6[01]XX", true),
            ("~(60|61)[0-9]*", "_6[0-2]XX", false),
            ("~.*", "_X.", false), // `.` of a regular expression is no line end
            ("~(?s).*", "_X.", true),
            ("~^6.*", "_6XXX", false), // an anchor inside is not looked into
        ] {
            assert_eq!(pattern(wide).covers(&pattern(narrow)), expected, "{wide} {narrow}");
        }
        let halves = [pattern("_[0-4]X"), pattern("_[5-9]X")];
        assert!(pattern("_XX").is_within(&halves.iter().collect::<Vec<_>>()));
        assert!(!pattern("_XXX").is_within(&halves.iter().collect::<Vec<_>>()));
        assert!(!pattern("_XX").is_within(&[]));
    }

    /// What the automaton says of random patterns is what matching every short number says.
    #[test]
    fn automata_and_matching_agree() {
        let mut dice = crate::base::Dice::new(8);
        let mut pick = |from: &[&str]| from[dice.below(from.len() as u64) as usize].to_owned();
        let numbers: Vec<String> = (0..4_u32)
            .flat_map(|length| {
                (0..4_u32.pow(length)).map(move |n| {
                    (0..length)
                        .map(|at| char::from(b"0169"[(n >> (2 * at) & 3) as usize]))
                        .collect()
                })
            })
            .collect();
        let parts = ["0", "1", "6", "9", "X", "N", "Z", "[16]", "[0-6]"];
        let regex = ["0", "1?", "6*", "9+", "(1|69)", "[01]", "[^1]", "(0|9){1,2}", "."];
        let mut shared = 0;
        for _ in 0..600 {
            let mut make = || match pick(&["_", "~"]).as_str() {
                "_" => format!("_{}{}{}", pick(&parts), pick(&parts), pick(&["", ".", "!", "X"])),
                _ => format!("~{}{}{}", pick(&regex), pick(&regex), pick(&regex)),
            };
            let (one, other) = (pattern(&make()), pattern(&make()));
            let both = numbers.iter().any(|n| one.matches(n) && other.matches(n));
            match one.shared(&other) {
                Shared::Nothing => assert!(!both, "{one} {other}"),
                Shared::Number(number) => {
                    assert!(
                        one.matches(&number) && other.matches(&number),
                        "{one} {other} {number}"
                    );
                    shared += 1;
                }
                Shared::CannotTell => panic!("{one} {other}"),
            }
            if one.covers(&other) {
                let lost = numbers.iter().find(|n| other.matches(n) && !one.matches(n));
                assert_eq!(lost, None, "{one} {other}");
            }
        }
        assert!(shared > 100, "{shared}");
    }
}
