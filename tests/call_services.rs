//! What a call does for its ears: digits by several ways at once, sound for a caller who waits, a far end that is gone.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod call_world;
mod timeline;

use std::time::{Duration, Instant};

use attendant::base::{Expect, Language, UtteranceId};
use attendant::call::Setup;
use attendant::call::{Call, Input, Output, Sound};
use call_world::{ASKED, GREETED, check, check_with, input, sdp, setup};

/// A call whose caller hears every sentence to its end, and says whole ones.
struct Caller {
    call: Call,
    now: Instant,
    turn: u32,
    expects: Expect,
    /// Tools asked, and `waits` and `waits no more`, in order.
    seen: Vec<&'static str>,
}

impl Caller {
    fn begin() -> Self {
        let now = Instant::now();
        let call = Call::new(now, setup(Some(sdp("sendrecv")), &[101, 102], false, &[]));
        let mut caller = Self { call, now, turn: 0, expects: Expect::Anything, seen: Vec::new() };
        caller.take("ack");
        caller
    }

    fn take(&mut self, line: &str) {
        self.now += Duration::from_millis(100);
        let input = input(self.now, line);
        self.call.handle_input(self.now, input);
        self.listen();
    }

    fn says(&mut self, words: &str) {
        self.take("voice-on");
        self.now += Duration::from_secs(1);
        self.take("voice-off");
        let before = self.turn;
        while self.turn == before {
            self.now = self.call.poll_timeout().unwrap();
            self.call.handle_timeout(self.now);
            self.listen();
        }
        self.take(&format!("final {} {words}", self.turn));
    }

    fn listen(&mut self) {
        while let Some(output) = self.call.poll_output() {
            match output {
                Output::Speak { utterance, .. } => self.hears(utterance),
                Output::Expect(hints) => self.expects = hints.expect,
                Output::Finish { turn } => self.turn = turn.0,
                Output::Tool { call, .. } => self.seen.push(call.name()),
                Output::StoreHandOff { .. } => self.seen.push("note"),
                Output::Waiting(true) => self.seen.push("waits"),
                Output::Waiting(false) => self.seen.push("waits no more"),
                _ => {}
            }
        }
    }

    fn hears(&mut self, utterance: UtteranceId) {
        self.now += Duration::from_secs(1);
        self.call.handle_input(self.now, Input::Sound(Sound::Started { utterance }));
        self.now += Duration::from_secs(1);
        let ended = Sound::Ended { utterance, frames: 50, complete: true };
        self.call.handle_input(self.now, Input::Sound(ended));
    }
}

/// A PBX that sends each key as an event and, when it is let go, as INFO: a date of birth is eight keys and not four.
#[test]
fn a_key_that_comes_by_media_and_by_info_was_pressed_once() {
    for ways in [&["key"][..], &["info"], &["key", "info"], &["info", "key"]] {
        let mut caller = Caller::begin();
        caller.says("I need to move my appointment");
        caller.says("My name is Maria Lopez");
        for _ in 0..3 {
            if caller.expects != Expect::Date {
                caller.says("Yes");
            }
        }
        assert_eq!(caller.expects, Expect::Date, "{ways:?}");
        let before = caller.seen.len();
        for (number, digit) in "03091984".chars().enumerate() {
            assert_eq!(caller.seen.len(), before, "{ways:?}: after {number} keys");
            for way in ways {
                caller.take(&format!("{way} {digit}"));
            }
        }
        assert_eq!(caller.seen.len(), before + 1, "{ways:?}: {:?}", caller.seen);
    }
}

/// From the REFER to its end, whatever that is; not while the note is written, and not after.
#[test]
fn a_caller_hears_that_the_line_is_alive_while_a_person_is_sought() {
    let mut caller = Caller::begin();
    caller.says("I want to talk to a person please");
    assert_eq!(caller.seen, ["note"]);
    caller.take("stored 1");
    assert_eq!(caller.seen, ["note", "waits"]);
    for line in ["transfer 202", "transfer 180"] {
        caller.take(line);
    }
    // Busy: the next number is tried, and nothing changes for the caller.
    caller.take("transfer 486");
    caller.take("transfer 202");
    assert_eq!(caller.seen.len(), 2);
    caller.take("transfer 486");
    assert_eq!(caller.seen, ["note", "waits", "waits no more"]);
}

/// Some PBXs send nothing while they move the caller: how long that may take is the transfer's to say.
#[test]
fn nobody_is_gone_while_the_pbx_has_the_caller() {
    check(
        ASKED,
        "
            9100ms < stored 1
            9100ms > refer sip:101@pbx note-1
            9200ms < transfer 202
            9200ms > told front-desk Accepted
            19000ms < gone 10
            25000ms < transfer answered
            25000ms > told front-desk Answered
            25000ms > done front-desk Answered
            25240ms > hang up
            25500ms < bye-answered
            25500ms > close media
            25500ms > over HandedOff {Transferred} note-1
        ",
    );
}

/// The offer of these stories has no telephone-event: digits go as tones where the profile says so, else by INFO.
#[test]
fn digits_of_ours_go_by_the_way_that_was_agreed_on() {
    check(
        GREETED,
        "
            5000ms < press 1#
            5000ms > info 1
            5000ms > info #
            6000ms < bye
            6000ms > close media
            6000ms > over CallerHungUp {} no note
            6100ms < press 2
        ",
    );
    check_with(
        Setup { presses_in_band: true, ..setup(Some(sdp("sendrecv")), &[101], false, &[]) },
        GREETED,
        "
            5000ms < press 1#
            5000ms > press 1
            5000ms > press #
            6000ms < bye
            6000ms > close media
            6000ms > over CallerHungUp {} no note
        ",
    );
}

#[test]
fn a_language_is_changed_for_ears_and_voice_at_once() {
    let now = Instant::now();
    let mut setup = setup(Some(sdp("sendrecv")), &[101], false, &[]);
    let british = Language::tagged("en-GB").unwrap();
    setup.setting.languages = vec![Language::EN_US, british];
    let mut call = Call::new(now, setup);
    for (after, line) in [
        (0, "ack"),
        (1, "started 1"),
        (2, "heard 1"),
        (3, "started 2"),
        (4, "heard 2"),
        (5, "voice-on"),
        (6, "voice-off"),
    ] {
        call.handle_input(now + Duration::from_secs(after), input(now, line));
    }
    let mut at = now + Duration::from_secs(6);
    let mut seen = Vec::new();
    let take = |call: &mut Call, seen: &mut Vec<String>| {
        let mut finished = false;
        while let Some(output) = call.poll_output() {
            match output {
                Output::Hear { language } => seen.push(format!("hear {language}")),
                Output::Speak { manner, .. } => seen.push(format!("speak {}", manner.language)),
                Output::Finish { .. } => finished = true,
                _ => {}
            }
        }
        finished
    };
    while !take(&mut call, &mut seen) {
        at = call.poll_timeout().unwrap();
        call.handle_timeout(at);
    }
    assert!(seen.iter().all(|seen| seen == "speak en-US"), "{seen:?}");
    seen.clear();
    call.handle_input(at, input(at, "final 1 Could you speak British English?"));
    take(&mut call, &mut seen);
    assert_eq!(seen[0], "hear en-GB");
    assert!(seen.len() > 1 && seen[1..].iter().all(|seen| seen == "speak en-GB"), "{seen:?}");
}
