//! Turn taking, told as timelines.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod timeline;

use std::time::{Duration, Instant};

use attendant::speech::Patience;
use attendant::speech::floor::{Floor, Input, Output};

struct Story {
    floor: Floor,
}

impl timeline::Machine for Story {
    /// `voice on`, `voice off` (each said 100 ms late, as the detector does), `partial …`, `agent
    /// starts`, `protected starts`, `agent ends`, `listen brief|dictation`, `hold`, `resume`.
    fn input(&mut self, now: Instant, line: &str) {
        let since = now - Duration::from_millis(100);
        let input = match line {
            "voice on" => Input::VoiceOn { since },
            "voice off" => Input::VoiceOff { since },
            "agent starts" => Input::AgentStarts { interruptible: true },
            "protected starts" => Input::AgentStarts { interruptible: false },
            "agent ends" => Input::AgentEnds,
            "listen brief" => Input::Listen(Patience::BRIEF),
            "listen dictation" => Input::Listen(Patience::DICTATION),
            "hold" => Input::Hold(true),
            "resume" => Input::Hold(false),
            text => Input::Partial { text: text.strip_prefix("partial ").unwrap() },
        };
        self.floor.handle_input(now, input);
    }

    fn timeout(&mut self, now: Instant) {
        self.floor.handle_timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        Some(match self.floor.poll_output()? {
            Output::EndOfTurn => "end of turn".into(),
            Output::StopSpeaking => "stop speaking".into(),
            Output::Discard => "discard".into(),
            Output::Silence { lasted } => format!("silence {} s", lasted.as_secs()),
        })
    }

    fn deadline(&self) -> Option<Instant> {
        self.floor.poll_timeout()
    }
}

#[track_caller]
fn check(script: &str) {
    timeline::check(
        Instant::now() + Duration::from_secs(1),
        &mut Story { floor: Floor::new() },
        script,
    );
}

#[test]
fn a_complete_sentence_ends_the_turn_sooner_than_one_nobody_understood() {
    check(
        "
        1100ms < voice on
        2100ms < voice off
        2400ms < partial I need to move my appointment.
        2500ms > end of turn
        5100ms < voice on
        6100ms < voice off
        6800ms > end of turn
        ",
    );
}

#[test]
fn a_sentence_that_trails_off_is_waited_for() {
    check(
        "
        1100ms < voice on
        2100ms < voice off
        2400ms < partial I would like to see doctor Patel on
        2900ms < voice on
        3600ms < voice off
        3900ms < partial I would like to see doctor Patel on Friday.
        4000ms > end of turn
        ",
    );
}

#[test]
fn a_dictated_date_may_pause_until_it_has_its_digits() {
    check(
        "
        0ms < listen dictation
        1100ms < voice on
        1700ms < voice off
        2000ms < partial March.
        2600ms < voice on
        3900ms < voice off
        4200ms < partial March 9, 1984.
        4400ms > end of turn
        ",
    );
}

#[test]
fn yes_is_quick() {
    check(
        "
        0ms < listen brief
        1100ms < voice on
        1500ms < voice off
        1700ms < partial Yes.
        1760ms > end of turn
        ",
    );
}

#[test]
fn the_caller_takes_the_floor_and_a_cough_does_not() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2120ms > stop speaking
        2200ms < voice off
        2200ms < agent ends
        2900ms > end of turn
        ",
    );
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2050ms < voice off
        2050ms > discard
        3000ms < agent ends
        10000ms > silence 7 s
        17000ms > silence 14 s
        24000ms > silence 21 s
        31000ms > silence 28 s
        38000ms > silence 35 s
        45000ms > silence 42 s
        ",
    );
}

#[test]
fn a_protected_sentence_is_heard_to_its_end_and_the_answer_given_over_it_counts() {
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        2500ms < voice off
        4000ms < agent ends
        4000ms > end of turn
        ",
    );
}

#[test]
fn an_answer_begun_over_the_last_word_is_an_answer() {
    check(
        "
        1000ms < agent starts
        2000ms < voice on
        2050ms < agent ends
        2400ms < voice off
        2600ms < partial Yes.
        2800ms > end of turn
        ",
    );
}

#[test]
fn who_spoke_over_a_protected_sentence_is_not_talked_over_by_the_next_one() {
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        3000ms < agent starts
        3000ms > stop speaking
        3000ms < agent ends
        4000ms < voice off
        4300ms < partial This is Maria Lopez.
        4400ms > end of turn
        ",
    );
    check(
        "
        1000ms < protected starts
        2000ms < voice on
        2400ms < voice off
        2500ms < agent starts
        2500ms > stop speaking
        2500ms < agent ends
        3100ms > end of turn
        ",
    );
}

/// An emergency is answered on a partial transcript, before the turn is over: the turn still ends, and
/// what the agent says next is not taken for something that it says over the caller.
#[test]
fn a_turn_that_is_answered_before_its_end_ends_all_the_same() {
    check(
        "
        1100ms < voice on
        2100ms < voice off
        2300ms < partial I have chest pain.
        2320ms < protected starts
        2500ms > end of turn
        5000ms < agent starts
        9000ms < agent ends
        9000ms < hold
        ",
    );
}

#[test]
fn nobodys_silence_counts_on_hold() {
    check(
        "
        1000ms < agent starts
        2000ms < agent ends
        3000ms < hold
        60000ms < resume
        67000ms > silence 7 s
        74000ms > silence 14 s
        81000ms > silence 21 s
        88000ms > silence 28 s
        95000ms > silence 35 s
        102000ms > silence 42 s
        ",
    );
}
