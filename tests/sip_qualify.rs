//! Whether a PBX is there: OPTIONS to its name, place by place.
#![allow(clippy::unwrap_used, reason = "tests")]

mod sip_wire;
mod timeline;

use std::time::Instant;

use attendant::sip::{Command, Flow, Input};
use sip_wire::{Wire, config, flow};
use timeline::Machine;

struct Story(Wire);

impl Machine for Story {
    fn input(&mut self, now: Instant, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "qualify" => {
                let from = flow("0.0.0.0:0");
                let (target, advertised) = (rest.to_owned(), from.local);
                self.0.command(now, Command::Qualify { id: 7, target, from, advertised });
            }
            "resolved" => {
                let to = |text: &str| Flow { remote: text.parse().unwrap(), ..flow("0.0.0.0:0") };
                let flows = rest.split(' ').filter(|text| !text.is_empty()).map(to).collect();
                self.0.ua.handle_input(now, Input::Resolved { ticket: self.0.ticket, flows });
            }
            _ => self.0.input(now, line),
        }
    }

    fn timeout(&mut self, now: Instant) {
        self.0.timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        self.0.output()
    }

    fn deadline(&self) -> Option<Instant> {
        self.0.deadline()
    }
}

#[track_caller]
fn check(script: &str) {
    let start = Instant::now();
    let mut story = Story(Wire::new(start, config()));
    timeline::check(start, &mut story, script);
    assert!(story.0.ua.is_idle(), "{:#?}", story.0.ua.dump(story.0.now));
}

#[test]
fn the_first_place_that_answers_is_enough() {
    let silent = [0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500];
    let silent = silent.map(|ms| format!("{}ms > OPTIONS to 10.0.0.8:5060\n", ms + 10)).concat();
    check(&format!(
        "
        0ms < qualify sip:pbx.clinic.lan
        0ms > resolve sip:pbx.clinic.lan
        10ms < resolved 10.0.0.8:5060 10.0.0.7:5060 10.0.0.9:5060
        {silent}
        32010ms > OPTIONS to 10.0.0.7:5060
        32020ms < 503 OPTIONS
        32020ms > OPTIONS
        32030ms < 404 OPTIONS
        32030ms > OptionsAnswered Some(404)
        "
    ));
}

#[test]
fn an_address_needs_no_look_up_and_the_last_answer_counts() {
    check(
        "
        0ms < qualify sip:10.0.0.9
        0ms > OPTIONS
        10ms < 503 OPTIONS | Retry-After: 120
        10ms > OptionsAnswered Some(503) again in 120 s
        ",
    );
}

#[test]
fn a_name_that_leads_nowhere_or_is_never_looked_up_is_silence() {
    check(
        "
        0ms < qualify sip:pbx.clinic.lan
        0ms > resolve sip:pbx.clinic.lan
        10ms < resolved
        10ms > OptionsAnswered None
        1000ms < qualify sip:pbx.clinic.lan
        1000ms > resolve sip:pbx.clinic.lan
        33000ms > OptionsAnswered None
        34000ms < qualify nonsense
        34000ms > OptionsAnswered None
        ",
    );
}
