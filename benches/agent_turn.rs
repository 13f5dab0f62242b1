//! Budget: 5 ms, of the 800 ms between a caller's last word and the agent's first.

use std::time::{Duration, Instant};

use attendant::agent::{Conversation, Input, Setting};
use attendant::base::{Phi, TargetName, TurnId};
use attendant::practice::{Practice, Practitioner, PractitionerId};
use divan::{Bencher, black_box};
use jiff::civil::date;

const BUDGET: Duration = Duration::from_millis(5);

const TURNS: &[&str] = &[
    "Hi, this is Maria Lopez. I need to move my Thursday appointment to the next free morning.",
    "March 9th, 1984.",
    "Well, um, you know, I was hoping that maybe I could come in a bit later in the week, say \
     Thursday or Friday, but not too early because I have to drop the kids off at school first, \
     and if Dr. Patel is not free then anyone else would be fine as well, as long as it is before \
     the end of the month, because after that we are travelling to see my mother.",
];

fn setting() -> Setting {
    let names = ["Patel", "Kim", "Okafor", "Rahman", "Nguyen", "Garcia"];
    let practitioner = |family: &&str| Practitioner {
        id: PractitionerId(family.to_lowercase()),
        given: "A".into(),
        family: (*family).into(),
        spoken: format!("Dr. {family}"),
        specialty: "family medicine".into(),
        gender: None,
    };
    Setting {
        practice: Practice {
            name: "Maple Street Family Medicine".into(),
            address: "12 Maple Street".into(),
            hours: "Monday to Friday, 8 AM to 5 PM".into(),
            time_zone: "America/Chicago".into(),
        },
        practitioners: names.iter().map(practitioner).collect(),
        now: date(2026, 11, 20).at(10, 0, 0, 0),
        caller: None,
        targets: vec![TargetName::new("front-desk")],
        languages: Vec::new(),
        notice: None,
        seed: 1,
    }
}

fn answered() -> Conversation {
    let mut talk = Conversation::new(setting());
    talk.handle_input(Instant::now(), Input::Answered);
    talk
}

fn decide(mut talk: Conversation, text: &str) -> Conversation {
    let text = Phi::new(text.to_string());
    talk.handle_input(Instant::now(), Input::Heard { turn: TurnId(1), text, confidence: 0.9 });
    while let Some(output) = talk.poll_output() {
        black_box(output);
    }
    talk
}

#[divan::bench(args = [0, 1, 2])]
fn turn(bencher: Bencher<'_, '_>, index: usize) {
    bencher.with_inputs(answered).bench_values(|talk| decide(talk, TURNS[index]));
}

#[divan::bench(args = [0, 2])]
fn guard_on_a_partial(bencher: Bencher<'_, '_>, index: usize) {
    bencher.with_inputs(answered).bench_values(|mut talk| {
        let text = Phi::new(TURNS[index].to_string());
        talk.handle_input(Instant::now(), Input::Partial { turn: TurnId(1), text });
        talk
    });
}

fn main() {
    for text in TURNS {
        let talk = answered();
        let start = Instant::now();
        black_box(decide(talk, text));
        let took = start.elapsed();
        assert!(took < BUDGET, "a turn took {took:?}, over {BUDGET:?}");
    }
    divan::main();
}
