//! When a call may be recorded and when not, on virtual time: only what concerns recording is told.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use std::time::{Duration, Instant};

use attendant::agent::{self, Notice};
use attendant::base::{Language, Purpose};
use attendant::call::{Call, Output, Record, Setup, Told};
use call_world::{input, sdp, setup};
use timeline::Machine;

const NOTICE: &str = "This call is recorded.";

/// Tells of a call what concerns its recording: what is to be done, and the caller's words as others see them.
struct Story {
    call: Call,
    start: Instant,
}

impl Machine for Story {
    fn input(&mut self, now: Instant, line: &str) {
        self.call.handle_input(now, input(now, line));
    }

    fn timeout(&mut self, now: Instant) {
        self.call.handle_timeout(now);
    }

    fn output(&mut self) -> Option<String> {
        loop {
            let output = self.call.poll_output()?;
            if let Some(line) = self.line(output) {
                return Some(line);
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.call.poll_timeout()
    }
}

impl Story {
    fn line(&self, output: Output) -> Option<String> {
        let ms = |at: Instant| (at - self.start).as_millis();
        Some(match output {
            Output::Record(Record::Start) => "record".into(),
            Output::Record(Record::Discard) => "discard the recording".into(),
            Output::Record(Record::Pause { why, since }) => {
                format!("silence for {why:?} since {}ms", ms(since))
            }
            Output::Record(Record::Resume { why, at }) => {
                format!("no silence for {why:?} from {}ms on", ms(at))
            }
            Output::Told(Told::CallerSaid { text, .. }) => {
                format!("said: {}", text.reveal(Purpose::Comparison)).trim_end().to_owned()
            }
            Output::Decided(agent::Decision { kind: "guard", rule, heard, .. }) => {
                let heard = heard.map(|heard| heard.reveal(Purpose::Comparison).clone());
                format!("guard {rule}, heard {}", heard.as_deref().unwrap_or("nothing"))
            }
            Output::Decided(agent::Decision { heard: Some(heard), .. }) => {
                format!("kept: {}", heard.reveal(Purpose::Comparison))
            }
            Output::Over(summary) => format!("over, consent {:?}", summary.consent),
            _ => return None,
        })
    }
}

#[track_caller]
fn check_with(recorded: bool, script: &str) {
    let start = Instant::now() + Duration::from_secs(60);
    let plain = setup(Some(sdp("sendrecv")), &[101], false, &[]);
    let notice = recorded.then(|| NOTICE.to_owned().into());
    let setup = Setup { setting: agent::Setting { notice, ..plain.setting }, ..plain };
    timeline::check(start, &mut Story { call: Call::new(start, setup), start }, script);
}

#[track_caller]
fn check(script: &str) {
    check_with(true, script);
}

/// The greeting is utterance 1, the notice 2, the question 3.
const TOLD: &str = "
    100ms < ack
    200ms < started 1
    3000ms < heard 1
    3001ms < started 2
    5000ms < heard 2
    5000ms > record
    5001ms < started 3
    6000ms < heard 3
";

#[test]
fn nothing_is_recorded_before_all_of_the_notice_was_heard() {
    check(
        "
        100ms < ack
        200ms < started 1
        3000ms < heard 1
        3001ms < started 2
        4000ms < bye
        4000ms > over, consent NotAsked
        ",
    );
    check(&format!("{TOLD}\n7000ms < bye\n7000ms > over, consent Given"));
}

#[test]
fn a_notice_that_was_cut_or_could_not_be_said_opens_nothing() {
    for fails in ["cut 2 20", "mute 2"] {
        check(&format!(
            "
            100ms < ack
            200ms < started 1
            3000ms < heard 1
            3001ms < started 2
            4000ms < {fails}
            5001ms < started 3
            6000ms < heard 3
            7000ms < bye
            7000ms > over, consent NotAsked
            "
        ));
    }
}

#[test]
fn a_route_that_is_not_recorded_is_never() {
    check_with(
        false,
        "
        100ms < ack
        200ms < started 1
        3000ms < heard 1
        3001ms < started 2
        4000ms < heard 2
        5000ms < voice-on
        6000ms < voice-off
        6900ms < final 1 don't record me
        6900ms > said: don't record me
        6900ms > guard consent.denied, heard nothing
        8000ms < bye
        8000ms > over, consent Denied
        ",
    );
}

#[test]
fn no_to_the_notice_is_no() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        7400ms < voice-off
        8500ms < final 1 No.
        8500ms > said: No.
        8500ms > discard the recording
        8500ms > guard consent.denied, heard nothing
        9000ms < started 4
        10000ms < heard 4
        11000ms < bye
        11000ms > over, consent Denied
        "
    ));
}

#[test]
fn a_refusal_counts_at_any_time_and_before_the_turn_is_over() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        8000ms < voice-off
        8900ms < final 1 When are you open?
        8900ms > said: When are you open?
        8900ms > kept: When are you open?
        9000ms < hours 1
        9500ms < started 4
        11000ms < heard 4
        11001ms < started 5
        12000ms < heard 5
        13000ms < voice-on
        14000ms < partial no wait please don't record me
        14000ms > silence for Consent since 12900ms
        14200ms < bye
        14200ms > discard the recording
        14200ms > over, consent Denied
        "
    ));
}

#[test]
fn what_only_begins_like_a_refusal_is_silence_until_it_is_understood() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        8000ms < partial I don't record
        8000ms > silence for Consent since 6900ms
        8500ms < partial I don't record my
        10000ms < voice-off
        11000ms < final 1 When are you open?
        11000ms > said: When are you open?
        11000ms > no silence for Consent from 11000ms on
        11000ms > kept: When are you open?
        12000ms < bye
        12000ms > over, consent Given
        "
    ));
}

#[test]
fn a_card_number_whose_words_come_late_is_silence_from_its_own_turn_on() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        12000ms < voice-off
        14000ms < voice-on
        14500ms < final 1 4111 1111 1111 1111
        14500ms > said: [number]
        14500ms > silence for Card since 6900ms
        14500ms > guard privacy.digits, heard [number]
        15000ms < bye
        15000ms > over, consent Given
        "
    ));
}

#[test]
fn a_card_number_keyed_during_the_notice_is_not_recorded_after_it() {
    let keys: String = (0..16)
        .map(|n| format!("{}ms < key {}\n", 3100 + 100 * n, if n == 0 { 4 } else { 1 }))
        .collect();
    check(&format!(
        "
        100ms < ack
        200ms < started 1
        3000ms < heard 1
        3001ms < started 2
        {keys}
        5000ms < heard 2
        5000ms > record
        5000ms > silence for Card since 3100ms
        6000ms < bye
        6000ms > over, consent Given
        "
    ));
}

/// What was said to the greeting is no answer to the notice, and neither is a cough.
#[test]
fn the_first_answer_to_the_notice_counts() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        7600ms < voice-off
        8500ms < final 1 Hello?
        8500ms > said: Hello?
        8600ms < started 4
        9000ms < heard 4
        10000ms < voice-on
        10600ms < voice-off
        11500ms < final 2 No, thank you.
        11500ms > said: No, thank you.
        11500ms > discard the recording
        11500ms > guard consent.denied, heard nothing
        12000ms < bye
        12000ms > over, consent Denied
        "
    ));
}

/// Who has begun to speak another language has not been told yet.
#[test]
fn a_change_of_language_is_silence_until_the_notice_was_heard_in_it() {
    let start = Instant::now() + Duration::from_secs(60);
    let plain = setup(Some(sdp("sendrecv")), &[101], false, &[]);
    let [english, spanish] = [Language::EN_US, Language::ES_US];
    let texts = [(english, NOTICE), (spanish, "Esta llamada se graba.")];
    let notice = Notice::new(texts.map(|(of, text)| (of, text.to_owned())).to_vec());
    let languages = vec![english, spanish];
    let setting = agent::Setting { notice: Some(notice), languages, ..plain.setting };
    let setup = Setup { setting, ..plain };
    let script = format!(
        "{TOLD}
        7000ms < voice-on
        8000ms < voice-off
        9000ms < final 1 ¿Habla español?
        9000ms > said: ¿Habla español?
        9000ms > kept: ¿Habla español?
        9000ms > silence for Consent since 6900ms
        9100ms < started 4
        10000ms < heard 4
        10001ms < started 5
        12000ms < heard 5
        12000ms > no silence for Consent from 12000ms on
        12001ms < started 6
        13000ms < heard 6
        14000ms < voice-on
        14500ms < voice-off
        15500ms < final 2 No, gracias.
        15500ms > said: No, gracias.
        15500ms > discard the recording
        15500ms > guard consent.denied, heard nothing
        16000ms < bye
        16000ms > over, consent Denied
        "
    );
    timeline::check(start, &mut Story { call: Call::new(start, setup), start }, &script);
}

#[test]
fn a_card_number_is_silence_from_the_beginning_of_its_turn_and_so_is_what_belongs_to_it() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        8000ms < partial I want to pay my card is
        9000ms < partial I want to pay my card is 4111
        9000ms > silence for Card since 6900ms
        11000ms < voice-off
        13000ms < final 1 I want to pay my card is 4111 1111 1111 1111
        13000ms > said: I want to pay my card is [number]
        13000ms > guard privacy.digits, heard I want to pay my card is [number]
        13100ms < started 4
        15000ms < heard 4
        15001ms < started 5
        16000ms < heard 5
        17000ms < voice-on
        18000ms < voice-off
        20000ms < final 2 it expires 12 29
        20000ms > said: it expires [number]
        20000ms > guard privacy.digits, heard it expires [number]
        20100ms < started 6
        21000ms < heard 6
        21001ms < started 7
        22000ms < heard 7
        23000ms < voice-on
        24000ms < voice-off
        26000ms < final 3 When are you open?
        26000ms > said: When are you open?
        26000ms > no silence for Card from 26000ms on
        26000ms > kept: When are you open?
        27000ms < bye
        27000ms > over, consent Given
        "
    ));
}

#[test]
fn a_card_number_in_two_turns_is_in_neither() {
    check(&format!(
        "{TOLD}
        7000ms < voice-on
        8000ms < partial 4111 1111
        8000ms > silence for Card since 6900ms
        8500ms < voice-off
        10000ms < final 1 4111 1111
        10000ms > said: 4111 1111
        10000ms > no silence for Card from 10000ms on
        10500ms < voice-on
        11000ms < partial 1111 1111
        11000ms > silence for Card since 10400ms
        11500ms < voice-off
        13500ms < final 2 1111 1111
        13500ms > said: [number]
        13500ms > guard privacy.digits, heard [number]
        14000ms < bye
        14000ms > over, consent Given
        "
    ));
}

#[test]
fn a_keyed_card_number_is_silence_from_its_first_key_until_the_caller_speaks_of_other_things() {
    let keys = |from: u32, digits: &str| -> String {
        let press =
            |(n, digit): (usize, char)| format!("{}ms < key {digit}\n", from + 300 * n as u32);
        digits.chars().enumerate().map(press).collect()
    };
    let (first, rest) = (keys(7000, "41111111"), keys(9400, "11111111"));
    check(&format!(
        "{TOLD}
        {first}
        9100ms > silence for Card since 7000ms
        {rest}
        12000ms < voice-on
        13000ms < voice-off
        14000ms < final 1
        14000ms > said:
        15000ms < voice-on
        16000ms < voice-off
        17000ms < final 2 code 123
        17000ms > said: code [number]
        17000ms > guard privacy.digits, heard code [number]
        18000ms < voice-on
        19000ms < voice-off
        20000ms < final 3 When are you open?
        20000ms > said: When are you open?
        20000ms > no silence for Card from 20000ms on
        20000ms > kept: When are you open?
        21000ms < bye
        21000ms > over, consent Given
        "
    ));
}

#[test]
fn what_is_on_the_line_on_hold_is_not_recorded() {
    check(&format!(
        "{TOLD}
        7000ms < reinvite sendonly
        7000ms > silence for Hold since 7000ms
        9000ms < reinvite sendrecv
        9000ms > no silence for Hold from 9000ms on
        10000ms < bye
        10000ms > over, consent Given
        "
    ));
}
