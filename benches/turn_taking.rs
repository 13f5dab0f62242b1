//! Budget: the caller's first sound turns the agent down within 80 ms and silences it within 160 (95 of 100), of what is
//! no barge-in 3 of 100 stop it, and of turns 5 of 100 are cut off, with a median wait of 0.6 of that of a plain voice
//! detector that cuts off as many.
//!
//! The whole corpus of `tests/turn_taking`, with the real recogniser. A third of the cases, and two of the six voices, were
//! held back while constants were chosen.
#![allow(clippy::unwrap_used, reason = "a bench may fail")]

#[path = "../tests/turn_taking_stage/mod.rs"]
mod turn_taking_stage;

use attendant::engines::models::{self, Set};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::vad::SileroModel;
use turn_taking_stage::cases;
use turn_taking_stage::play::{Listeners, play};
use turn_taking_stage::score::{Result, score};

fn main() {
    // What divan and cargo pass is not for us; a word that is no option chooses cases by name.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let dir = models::default_dir();
    let ears = MoonshineModel::load(&models::find(&dir).expect("see `make models`")).unwrap();
    let paths = models::find_set(&dir, Set::Detector).expect("see `make models`");
    let judge = SileroModel::load(&paths).unwrap();
    let cases = cases::all();
    let sounds: Vec<_> = cases.iter().map(cases::Case::render).collect();
    let mut over_budget = Vec::new();
    for with_model in [true, false] {
        let mut results = Vec::new();
        for (case, sound) in cases.iter().zip(&sounds) {
            if wanted.as_ref().is_some_and(|wanted| !case.name.contains(wanted.as_str())) {
                continue;
            }
            let listeners = Listeners {
                ears: Some(ears.recognizer()),
                judge: with_model.then(|| judge.judge()),
            };
            let result = Result::new(case, sound, play(case, sound, listeners));
            if with_model {
                println!("{}", result.line());
            }
            results.push(result);
        }
        println!("\n{}", if with_model { "With Silero" } else { "Without it" });
        for (which, held_back) in
            [("chosen by", Some(false)), ("held back", Some(true)), ("all", None)]
        {
            let these: Vec<_> = results
                .iter()
                .filter(|result| {
                    held_back.is_none_or(|held_back| result.case.held_back == held_back)
                })
                .collect();
            let score = score(&these);
            println!("{which}: {} cases\n{}", these.len(), score.table());
            if with_model && held_back.is_none() && wanted.is_none() {
                over_budget = score.over_budget();
            }
        }
    }
    over_budget.iter().for_each(|line| println!("{line}"));
    std::process::exit(i32::from(!over_budget.is_empty()));
}
