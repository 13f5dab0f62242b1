//! Budget: the caller's first sound turns the agent down within 80 ms and silences it within 160 (95 of 100), and a voice
//! that is known to be one within 160; of what is no barge-in 3 of 100 stop it, and of turns 5 of 100 are cut off, with a
//! median wait of 0.6 of that of a plain voice detector that cuts off as many.
//!
//! The whole corpus of `tests/turn_taking`, with the real recogniser, drawn twice. A third of the cases, two of the six
//! voices and all of the second draw (other noise, other coughs and rooms, other speakers, other moments) were held back
//! while constants of the detector were chosen.
#![allow(clippy::unwrap_used, reason = "a bench may fail")]

#[path = "../tests/turn_taking_stage/mod.rs"]
mod turn_taking_stage;

use std::sync::Arc;

use attendant::engines::models::{self, Set};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::vad::SileroModel;
use turn_taking_stage::cases::{self, Case, Draw, Rendered};
use turn_taking_stage::play::{Listeners, play};
use turn_taking_stage::score::{Result, by_kind, score};

/// What is played, and by whom it is heard.
struct Run<'a> {
    ears: &'a Arc<MoonshineModel>,
    judge: Option<&'a Arc<SileroModel>>,
    cases: &'a [Case],
    sounds: &'a [Rendered],
}

impl Run<'_> {
    /// Plays them, prints the figures, and returns what is over the budget.
    fn play(&self, title: &str, each: bool) -> Vec<String> {
        let mut results = Vec::new();
        for (case, sound) in self.cases.iter().zip(self.sounds) {
            let listeners = Listeners {
                ears: Some(self.ears.recognizer()),
                judge: self.judge.map(|judge| judge.judge()),
            };
            let result = Result::new(case, sound, play(case, sound, listeners));
            if each {
                println!("{}", result.line());
            }
            results.push(result);
        }
        println!("\n{title}");
        let parts = [("chosen by", Some(false)), ("held back", Some(true)), ("all", None)];
        let mut over_budget = Vec::new();
        for (which, held_back) in parts {
            let is = |it: &&Result<'_>| held_back.is_none_or(|held| it.case.held_back == held);
            let these: Vec<_> = results.iter().filter(is).collect();
            let score = score(&these);
            println!("{which}: {} cases\n{}", these.len(), score.table());
            if held_back.is_none() {
                println!("{}", by_kind(&these));
                over_budget = score.over_budget();
            }
        }
        over_budget
    }
}

fn main() {
    // What divan and cargo pass is not for us; a word that is no option chooses cases by name.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let dir = models::default_dir();
    let ears = MoonshineModel::load(&models::find(&dir).expect("see `make models`")).unwrap();
    let paths = models::find_set(&dir, Set::Detector).expect("see `make models`");
    let judge = SileroModel::load(&paths).unwrap();
    let mut over_budget = Vec::new();
    for (title, draw) in [("The first draw", Draw::FIRST), ("The second", Draw::SECOND)] {
        let mut cases = cases::all(draw);
        cases.retain(|case| wanted.as_ref().is_none_or(|wanted| case.name.contains(wanted)));
        let sounds: Vec<_> = cases.iter().map(Case::render).collect();
        let mut run = Run { ears: &ears, judge: Some(&judge), cases: &cases, sounds: &sounds };
        let over = run.play(&format!("{title}, with Silero"), true);
        over_budget.extend(over.into_iter().map(|over| format!("{title}: {over}")));
        if draw == Draw::FIRST {
            run.judge = None;
            run.play(&format!("{title}, without it"), false);
        }
    }
    if wanted.is_some() {
        return;
    }
    over_budget.iter().for_each(|line| println!("{line}"));
    std::process::exit(i32::from(!over_budget.is_empty()));
}
