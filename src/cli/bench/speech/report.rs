//! The figures of one engine, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::super::figures::Spread;
use super::facts::Reading;
use super::heard::Heard;
use super::line::Condition;
use super::said::Truth;
use super::words::{Errors, normal};
use crate::base::Language;

/// What is aimed at: word errors of clean speech, and facts after one read-back, in percent; latency in ms.
const AIMED: (f64, f64, f64) = (6.0, 95.0, 250.0);

/// Facts of one kind.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct FactCount {
    said: usize,
    /// Right as heard first.
    first: usize,
    /// Wrong as heard first, as a caller would hear in the read-back.
    wrong: usize,
    /// Right after one read-back.
    after: usize,
}

/// Something that was not heard as it was said. It is invented speech: no caller's.
#[derive(Clone, Debug, Serialize)]
struct Misheard {
    condition: &'static str,
    speaker: String,
    said: String,
    heard: String,
}

/// What an engine made of the corpus.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    engine: &'static str,
    language: &'static str,
    build: &'static str,
    /// Word error rate in percent, by condition and speaker.
    wer: BTreeMap<&'static str, BTreeMap<String, f64>>,
    facts: BTreeMap<&'static str, BTreeMap<&'static str, FactCount>>,
    /// From the decided end of the turn to the text, in ms, by condition.
    latency: BTreeMap<&'static str, Spread>,
    /// Processor seconds for a second of speech.
    real_time_factor: f64,
    /// Resident memory that the engine added.
    pub(super) memory_mb: f64,
    misheard: Vec<Misheard>,
    #[serde(skip)]
    spoken: Language,
    #[serde(skip)]
    errors: BTreeMap<(&'static str, String), Errors>,
    #[serde(skip)]
    latencies: BTreeMap<&'static str, Vec<f64>>,
    #[serde(skip)]
    spent: (f64, f64),
}

impl Report {
    pub(super) fn new(engine: &'static str, spoken: Language) -> Self {
        Self {
            engine,
            language: spoken.tag(),
            spoken,
            build: if cfg!(debug_assertions) { "dev" } else { "release" },
            wer: BTreeMap::new(),
            facts: BTreeMap::new(),
            latency: BTreeMap::new(),
            real_time_factor: 0.0,
            memory_mb: 0.0,
            misheard: Vec::new(),
            errors: BTreeMap::new(),
            latencies: BTreeMap::new(),
            spent: (0.0, 0.0),
        }
    }

    /// Counts an utterance.
    pub(super) fn heard(&mut self, condition: Condition, speaker: &str, said: &str, heard: &Heard) {
        let name = condition.name();
        let errors = Errors::between(said, &heard.text, self.spoken);
        let sum = self.errors.entry((name, speaker.to_owned())).or_default();
        sum.add(errors);
        self.wer.entry(name).or_default().insert(speaker.to_owned(), sum.percent());
        let latencies = self.latencies.entry(name).or_default();
        latencies.push(heard.latency.as_secs_f64() * 1000.0);
        self.latency.insert(name, Spread::of(latencies.iter().copied()));
        self.spent.0 += heard.cpu.as_secs_f64();
        self.spent.1 += heard.speech.as_secs_f64();
        self.real_time_factor = self.spent.0 / self.spent.1.max(0.001);
        if errors.wrong > 0 {
            self.misheard.push(Misheard {
                condition: name,
                speaker: speaker.to_owned(),
                said: normal(said, self.spoken).join(" "),
                heard: heard.text.clone(),
            });
        }
    }

    /// Counts a fact.
    pub(super) fn fact(
        &mut self,
        condition: Condition,
        kind: &'static str,
        first: Reading,
        again: Reading,
    ) {
        let count = self.facts.entry(condition.name()).or_default().entry(kind).or_default();
        count.said += 1;
        count.first += usize::from(first == Reading::Right);
        count.wrong += usize::from(first == Reading::Wrong);
        count.after += usize::from(first == Reading::Right || again == Reading::Right);
    }

    fn overall(&self, condition: Condition) -> Errors {
        let mut all = Errors::default();
        let of = self.errors.iter().filter(|((name, _), _)| *name == condition.name());
        of.for_each(|(_, errors)| all.add(*errors));
        all
    }

    /// Returns the tables.
    pub(super) fn in_words(&self) -> String {
        let mut text = format!(
            "\n{} {} ({} build): word errors in %, by speaker and line\n",
            self.engine, self.language, self.build
        );
        let _ = write!(text, "  {:<16}", "");
        for condition in Condition::ALL {
            let _ = write!(text, "{:>14}", condition.name());
        }
        let speakers: Vec<_> =
            self.wer.values().next().into_iter().flat_map(|row| row.keys()).collect();
        for speaker in speakers {
            let _ = write!(text, "\n  {speaker:<16}");
            for condition in Condition::ALL {
                let percent = self.wer.get(condition.name()).and_then(|row| row.get(speaker));
                let _ = write!(text, "{:>14.1}", percent.copied().unwrap_or_default());
            }
        }
        let _ = write!(text, "\n  {:<16}", "all");
        for condition in Condition::ALL {
            let _ = write!(text, "{:>14.1}", self.overall(condition).percent());
        }
        text.push_str("\nfacts right at first -> after one read-back, of how many (understood wrongly at first)\n");
        let kinds: Vec<_> =
            self.facts.values().next().into_iter().flat_map(|row| row.keys()).collect();
        for kind in kinds {
            let _ = write!(text, "  {kind:<16}");
            for condition in Condition::ALL {
                let count = self
                    .facts
                    .get(condition.name())
                    .and_then(|row| row.get(kind))
                    .copied()
                    .unwrap_or_default();
                let FactCount { said, first, wrong, after } = count;
                let _ = write!(text, "{:>20}", format!("{first} -> {after} of {said} ({wrong})"));
            }
            text.push('\n');
        }
        text.push_str(&self.cost_and_verdict());
        text
    }

    fn cost_and_verdict(&self) -> String {
        let mut text = String::new();
        for (name, spread) in &self.latency {
            let _ = writeln!(text, "{}", spread.row(&format!("final text, ms, {name}")));
        }
        let _ = writeln!(
            text,
            "  {:.3} processor seconds a second of speech; memory {:.0} MB",
            self.real_time_factor, self.memory_mb
        );
        let clean = self.overall(Condition::Clean).percent();
        let facts = self.facts.get(Condition::Clean.name());
        let (said, after) = facts
            .into_iter()
            .flat_map(|row| row.values())
            .fold((0, 0), |sum, count| (sum.0 + count.said, sum.1 + count.after));
        let right = 100.0 * after as f64 / said.max(1) as f64;
        let late = self.latency.get(Condition::Clean.name()).map_or(0.0, |spread| spread.p95);
        let verdict = |met: bool| if met { "met" } else { "MISSED" };
        let _ = writeln!(
            text,
            "  aimed at, clean: word errors {clean:.1} of {} % {}; facts {right:.1} of {} % {}; text p95 {late:.0} of {} ms {}",
            AIMED.0,
            verdict(clean <= AIMED.0),
            AIMED.1,
            verdict(right >= AIMED.1),
            AIMED.2,
            verdict(late <= AIMED.2)
        );
        text
    }
}

/// Returns the words of a fact, and a person's recordings of each of them in order; names have none.
pub(super) fn recordings(truth: &Truth, language: Language) -> Option<(String, Vec<String>)> {
    if let Truth::Birth(date) = truth {
        // Dates are joined in English only: the Spanish words for them are other files.
        if language != Language::EN_US {
            return None;
        }
        let (month, day, year) = (date.month(), date.day(), date.year());
        let months = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let mut files = vec![format!("digits/mon-{}", month - 1)];
        match day {
            1..=20 | 30 => files.push(format!("digits/h-{day}")),
            _ => files
                .extend([format!("digits/{}", day / 10 * 10), format!("digits/h-{}", day % 10)]),
        }
        let (century, rest) = (year / 100, year % 100);
        if century == 20 {
            files.extend(["digits/2".to_owned(), "digits/thousand".to_owned()]);
        } else {
            files.push(format!("digits/{century}"));
        }
        match rest {
            0 if century == 20 => {}
            0 => files.push("digits/hundred".into()),
            1..=9 if century == 20 => files.push(format!("digits/{rest}")),
            1..=9 => files.extend(["digits/oh".to_owned(), format!("digits/{rest}")]),
            10..=20 | 30 | 40 | 50 | 60 | 70 | 80 | 90 => files.push(format!("digits/{rest}")),
            _ => files
                .extend([format!("digits/{}", rest / 10 * 10), format!("digits/{}", rest % 10)]),
        }
        return Some((format!("{} {day} {year}", months[month as usize - 1]), files));
    }
    let digits = super::digits_of(truth)?;
    let files = digits.chars().map(|digit| format!("digits/{digit}")).collect();
    Some((digits.to_owned(), files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;

    #[test]
    fn a_date_is_put_together_from_recordings() {
        let files = |y, m, d| {
            recordings(&Truth::Birth(Date::constant(y, m, d)), Language::EN_US)
                .unwrap()
                .1
                .join(" ")
                .replace("digits/", "")
        };
        assert_eq!(files(1981, 6, 14), "mon-5 h-14 19 80 1");
        assert_eq!(files(2004, 1, 23), "mon-0 20 h-3 2 thousand 4");
        assert_eq!(files(1907, 12, 30), "mon-11 h-30 19 oh 7");
        assert_eq!(recordings(&Truth::Name(1), Language::EN_US), None);
    }

    #[test]
    fn a_fact_that_is_right_either_time_is_right_after_one_read_back() {
        let mut report = Report::new("embedded", Language::EN_US);
        for (first, again) in [
            (Reading::Right, Reading::Wrong),
            (Reading::Wrong, Reading::Right),
            (Reading::Unsure, Reading::Unsure),
        ] {
            report.fact(Condition::Clean, "dates of birth", first, again);
        }
        let count = report.facts["clean"]["dates of birth"];
        assert_eq!((count.said, count.first, count.wrong, count.after), (3, 1, 1, 2));
    }
}
