//! Calls in a thousand orders that nobody thought of: whatever comes in, a call ends once and in order.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch};
use attendant::call::{Call, Input, Output};
use attendant::sip::{Command, Event, TransferState};
use call_world::{input, sdp, setup};

/// What must hold of a call's outputs, whatever its inputs were.
#[derive(Default)]
struct Rules {
    epoch: Epoch,
    hung_up: bool,
    referring: bool,
    answered_offers: u32,
    over: bool,
    log: Vec<String>,
    /// The newest utterance, turn and request, so that some inputs fit.
    newest: (u32, u32, u32),
}

impl Rules {
    fn told(&mut self, input: &Input) {
        self.log.push(format!("< {input:?}"));
        if let Input::Sip(Event::Transfer { state, .. }) = input {
            self.referring &= matches!(state, TransferState::Accepted | TransferState::Progress(_));
        }
    }

    fn check(&mut self, output: &Output) {
        self.log.push(format!("> {output:?}"));
        self.holds(!self.over, "nothing comes after Over");
        match output {
            Output::Speak { epoch, .. } => {
                self.holds(*epoch == self.epoch, "what is said belongs to the newest epoch");
                self.holds(!self.hung_up, "nothing is said after hanging up");
            }
            Output::Flush { epoch, .. } => {
                self.holds(*epoch > self.epoch, "epochs only grow");
                self.epoch = *epoch;
            }
            Output::Sip(Command::Refer { .. }) => {
                self.holds(!self.referring, "one REFER at a time");
                self.holds(!self.hung_up, "no REFER after hanging up");
                self.referring = true;
            }
            Output::Sip(Command::GiveUpRefer { .. }) => {
                self.holds(self.referring, "only a REFER that is out is given up");
            }
            Output::Sip(Command::HangUp { .. }) => {
                self.holds(!self.hung_up, "hanging up once is enough");
                self.hung_up = true;
            }
            Output::Sip(Command::AcceptOffer { .. } | Command::RefuseOffer { .. }) => {
                self.answered_offers += 1;
            }
            Output::Finish { turn } => self.newest.1 = turn.0,
            Output::Tool { request, .. } | Output::StoreHandOff { request, .. } => {
                self.newest.2 = request.0;
            }
            Output::Over(_) => self.over = true,
            _ => {}
        }
        if let Output::Speak { utterance, .. } = output {
            self.newest.0 = utterance.0;
        }
    }

    #[track_caller]
    fn holds(&self, rule: bool, what: &str) {
        assert!(rule, "{what}\n{}", self.log.join("\n"));
    }
}

struct Run {
    call: Call,
    rules: Rules,
    now: Instant,
}

impl Run {
    fn begin(setup: attendant::call::Setup) -> Self {
        let now = Instant::now() + Duration::from_secs(10);
        let mut run = Self { call: Call::new(now, setup), rules: Rules::default(), now };
        run.drain();
        run
    }

    fn give(&mut self, input: Input) {
        self.rules.told(&input);
        self.call.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) -> Vec<Output> {
        let outputs: Vec<_> = std::iter::from_fn(|| self.call.poll_output()).collect();
        outputs.iter().for_each(|output| self.rules.check(output));
        outputs
    }

    /// Lets time pass; returns what came of it.
    fn pass(&mut self, until: Instant) -> Vec<Output> {
        let mut outputs = Vec::new();
        while let Some(at) = self.call.poll_timeout().filter(|&at| at <= until) {
            self.now = self.now.max(at);
            self.call.handle_timeout(self.now);
            let due = self.call.poll_timeout();
            self.rules.holds(due.is_none_or(|due| due > self.now), "a deadline is handled once");
            outputs.extend(self.drain());
        }
        self.now = self.now.max(until);
        outputs
    }
}

const WORDS: &[&str] = &[
    "I want to talk to a person please",
    "What are your hours?",
    "I need to move my appointment",
    "my name is Maria Lopez",
    "March ninth nineteen eighty four",
    "yes",
    "no",
    "stop",
    "hold on a second please",
    "I have crushing chest pain",
    "",
    "No thanks, goodbye",
];

fn any_input(dice: &mut Dice, now: Instant, newest: (u32, u32, u32)) -> Input {
    const FIXED: &[&str] = &[
        "ack",
        "ack-answer sendrecv",
        "ack-answer inactive",
        "reinvite sendrecv",
        "reinvite sendonly",
        "reinvite inactive",
        "reinvite-empty",
        "transfer 202",
        "transfer 202",
        "transfer 100",
        "transfer 180",
        "transfer answered",
        "transfer unknown",
        "transfer 486",
        "transfer 481",
        "voice-on",
        "voice-off",
        "voice-on",
        "voice-off",
        "key 1",
        "key #",
        "info 5",
    ];
    let mut number = |newest: u32| match dice.below(3) {
        0 => 1 + dice.below(6) as u32,
        1 => newest.saturating_sub(1),
        _ => newest,
    };
    let (utterance, turn, request) = (number(newest.0), number(newest.1), number(newest.2));
    let line = match dice.below(26) {
        0..=1 => format!("started {utterance}"),
        2..=4 => format!("heard {utterance}"),
        5 => format!("cut {utterance} 30"),
        6 => format!("mute {utterance}"),
        7..=9 => format!("stored {request}"),
        10 => format!("not-stored {request}"),
        11 => format!("hours {request}"),
        12 => format!("tool-fails {request}"),
        13..=15 => format!("final {turn} {}", WORDS[dice.below(WORDS.len() as u64) as usize]),
        16 => format!("partial {}", WORDS[dice.below(WORDS.len() as u64) as usize]),
        17 if dice.below(6) == 0 => "media-failed".into(),
        18 if dice.below(8) == 0 => "stop".into(),
        18 if dice.below(8) == 0 => "gone 60".into(),
        19 => "voice-off".into(),
        _ => FIXED[dice.below(FIXED.len() as u64) as usize].into(),
    };
    input(now, &line)
}

/// Inputs in any order, at any time: also such as no user agent and no media thread would send.
#[test]
fn a_call_ends_once_whatever_comes_in() {
    let (mut referred, mut moved) = (0, 0);
    for seed in 0..1000 {
        let mut dice = Dice::new(seed);
        let offer = (dice.below(4) > 0).then(|| sdp("sendrecv"));
        let fallback: &[u16] = if dice.below(2) == 0 { &[900] } else { &[] };
        let mut run = Run::begin(setup(offer, &[101, 102], dice.below(4) == 0, fallback));
        if dice.below(4) > 0 {
            run.give(input(run.now, "ack-answer sendrecv"));
        }
        let inputs = dice.below(150);
        for _ in 0..inputs {
            let next = match dice.below(10) {
                0 => 8_000,
                1..=3 => 900,
                _ => 100,
            };
            run.pass(run.now + Duration::from_millis(dice.below(next)));
            let mut heard = any_input(&mut dice, run.now, run.rules.newest);
            // The user agent says the last of a transfer only where one is out.
            if let Input::Sip(Event::Transfer { state, .. }) = &mut heard
                && !run.rules.referring
            {
                *state = TransferState::Progress(180);
            }
            run.give(heard);
        }
        referred += u32::from(run.rules.log.iter().any(|line| line.contains("Refer {")));
        let ending = ["bye", "cancel", "no-ack", "lost", "bye-answered"][dice.below(5) as usize];
        let over = run.rules.over;
        run.rules.holds(!over, "a call is over when its leg is");
        run.give(input(run.now, ending));
        run.rules.holds(run.rules.over, "and then it is");
        moved += u32::from(run.rules.log.last().unwrap().contains("HandedOff"));
        for _ in 0..5 {
            let late = any_input(&mut dice, run.now, run.rules.newest);
            run.give(late);
        }
        assert_eq!(run.call.poll_timeout(), None, "a call that is over waits for nothing");
    }
    // The thousand go deep enough to say something about hand-offs.
    assert!(referred > 100 && moved > 20, "{referred} referred, {moved} moved");
}

/// The far ends of a call that work as they should, only slowly, or not at all where the dice say so.
fn answer(dice: &mut Dice, output: &Output, queue: &mut VecDeque<(u64, String)>) {
    match output {
        Output::Speak { utterance, .. } => {
            queue.push_back((200, format!("started {}", utterance.0)));
            queue.push_back((1500, format!("heard {}", utterance.0)));
        }
        Output::Finish { turn } if dice.below(5) > 0 => {
            let words = WORDS[dice.below(WORDS.len() as u64) as usize];
            queue.push_back((300, format!("final {} {words}", turn.0)));
        }
        Output::Tool { request, .. } if dice.below(3) == 0 => {
            queue.push_back((300, format!("tool-fails {}", request.0)));
        }
        Output::StoreHandOff { request, .. } if dice.below(3) > 0 => {
            let stored = ["stored", "not-stored"][dice.below(2) as usize];
            queue.push_back((300, format!("{stored} {}", request.0)));
        }
        Output::Sip(Command::Refer { .. }) => {
            queue.push_back((100, "transfer 202".into()));
            if dice.below(4) > 0 {
                let end = ["486", "answered", "unknown", "603"][dice.below(4) as usize];
                queue.push_back((5000, format!("transfer {end}")));
            }
        }
        Output::Sip(Command::GiveUpRefer { .. }) => queue.push_back((1, "transfer unknown".into())),
        Output::Sip(Command::HangUp { .. }) => queue.push_back((20, "bye-answered".into())),
        _ => {}
    }
}

/// A caller says a few things and then nothing more, never hangs up, and tools may never answer: the call still ends.
#[test]
fn a_call_that_is_left_alone_ends_by_itself() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut run = Run::begin(setup(Some(sdp("sendrecv")), &[101, 102], false, &[]));
        let begun = run.now;
        let (mut queue, mut turns) = (VecDeque::from([(10, "ack".to_owned())]), dice.below(6));
        while !run.rules.over {
            let line = match queue.pop_front() {
                Some((wait, line)) => {
                    let until = run.now + Duration::from_millis(wait);
                    let outputs = run.pass(until);
                    outputs.iter().for_each(|output| answer(&mut dice, output, &mut queue));
                    line
                }
                None if turns > 0 => {
                    turns -= 1;
                    queue.push_back((1200, "voice-off".into()));
                    "voice-on".into()
                }
                None => {
                    let next = run.call.poll_timeout();
                    run.rules.holds(next.is_some(), "somebody is waited for");
                    let outputs = run.pass(next.unwrap());
                    outputs.iter().for_each(|output| answer(&mut dice, output, &mut queue));
                    continue;
                }
            };
            let heard = input(run.now, &line);
            run.rules.told(&heard);
            run.call.handle_input(run.now, heard);
            let outputs = run.drain();
            outputs.iter().for_each(|output| answer(&mut dice, output, &mut queue));
            let lasted = run.now - begun;
            run.rules.holds(lasted < Duration::from_secs(1800), "half an hour is too long");
        }
    }
}
