//! Vendors that hear: a turn, and another one, whatever happens to the connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use attendant::base::{Expect, Frame, Hints, Language, Phi, Purpose, TurnId, VendorKind};
use attendant::engines::vendor::{Network, VendorEars};
use attendant::ops::metrics;
use attendant::speech::{HeardFrame, Recognizer, RecognizerError, Transcript};

use super::vendor_stage::stand_ins::CountingEar;
use super::vendor_stage::{Mode, Server, http, socket, vendor};
use super::{HUNG, LONG, faults, stand_ins};

/// A turn: so many frames before the voice, of it, and after it.
const BEFORE: usize = 40;
const VOICED: usize = 60;
const AFTER: usize = 20;
/// What is kept of it: 15 frames from before the voice.
const WHOLE: usize = 15 + VOICED + AFTER;

fn ears(server: &Server, kind: VendorKind, limit: Duration, network: &Arc<Network>) -> VendorEars {
    let embedded = |language: Language| {
        let known = language == Language::EN_US;
        known.then(|| Box::<CountingEar>::default() as Box<dyn Recognizer>)
    };
    VendorEars::new(vendor(kind, server.address, limit), network, Arc::new(embedded))
}

fn start(kind: VendorKind, mode: Mode) -> Server {
    match kind {
        VendorKind::Deepgram => Server::start(mode, socket::serve),
        _ => Server::start(mode, http::serve),
    }
}

/// Speaks to it; returns what is told meanwhile.
fn speak(ear: &mut dyn Recognizer) -> Vec<Transcript> {
    let mut told = Vec::new();
    for at in 0..BEFORE + VOICED + AFTER {
        let voiced = (BEFORE..BEFORE + VOICED).contains(&at);
        ear.push(&HeardFrame::new(at as u64, Frame([at as i16; Frame::SAMPLES]), voiced)).unwrap();
        told.extend(ear.poll().unwrap());
        // Ten times as fast as people speak: the network is given its turns.
        std::thread::sleep(Duration::from_millis(2));
    }
    told
}

/// Takes what the ear says until this is so.
fn poll_until(ear: &mut dyn Recognizer, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        let _ = ear.poll().unwrap();
        std::thread::sleep(Duration::from_millis(5));
        assert!(begun.elapsed() < HUNG);
    }
}

/// Waits for the words of a turn.
fn words(ear: &mut dyn Recognizer, expected: TurnId) -> String {
    let begun = Instant::now();
    loop {
        match ear.poll().unwrap() {
            Some(Transcript::Final { turn, text, .. }) => {
                assert_eq!(turn, expected);
                return text.reveal(Purpose::Comparison).clone();
            }
            Some(Transcript::Partial { .. }) => {}
            None => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(begun.elapsed() < HUNG, "no words");
    }
}

/// Who hears the first turn and the second, and what is counted: a whole turn either way.
fn expected(kind: VendorKind, mode: Mode) -> (bool, bool, &'static [&'static str]) {
    let streams = kind == VendorKind::Deepgram;
    match mode {
        Mode::Well => (true, true, &[]),
        // A connection that is made again hears the turn from its beginning.
        Mode::CutOnce => (streams, true, &["cut"]),
        Mode::Refused => (false, false, &["unreachable"]),
        Mode::Denied => (false, false, &["denied"]),
        Mode::TooMany => (false, false, &["too_many"]),
        Mode::Server | Mode::Unavailable => (false, false, &["server"]),
        Mode::NotThere | Mode::Redirect => (false, false, &["rejected"]),
        Mode::Page if streams => (false, false, &["rejected"]),
        Mode::Page | Mode::Malformed => (false, false, &["garbled"]),
        Mode::Cut | Mode::Reset => (false, false, &["cut"]),
        Mode::WrongRate => (false, false, &["rejected"]),
        Mode::HalfOpen => (true, false, &["deaf", "late"]),
        Mode::Silent | Mode::Dribble if streams => (false, false, &["deaf"]),
        Mode::NeverReads | Mode::SlowStart if streams => (false, false, &["deaf"]),
        Mode::NeverReads | Mode::Silent | Mode::Dribble | Mode::SlowStart => {
            (false, false, &["late"])
        }
        Mode::Stall | Mode::Endless => (false, false, &["late"]),
        // The vendor has done its work, and the embedded ear is asked as well.
        Mode::Empty => (false, false, &[]),
        Mode::Wordless | Mode::Idles | Mode::StallOnce | Mode::Slow => {
            unreachable!("it has a test of its own")
        }
    }
}

fn matrix(kind: VendorKind) {
    let network = Network::start().unwrap();
    for mode in Mode::ALL {
        metrics::scoped(|metrics| {
            let server = start(kind, mode);
            let ears = ears(&server, kind, mode.limit(), &network);
            let mut ear = ears.recognizer(Language::EN_US);
            let (first, second, kinds) = expected(kind, mode);
            for (turn, by_vendor) in [(1, first), (2, second)] {
                speak(&mut *ear);
                if turn == 1 && by_vendor && mode == Mode::CutOnce {
                    // The cut is known before the turn is over.
                    poll_until(&mut *ear, || server.asked().len() == 2);
                }
                ear.finish(TurnId(turn));
                let who = if by_vendor { "vendor" } else { "embedded" };
                let said = words(&mut *ear, TurnId(turn));
                assert_eq!(said, format!("{who} heard {WHOLE} frames"), "{kind:?} {mode:?} {turn}");
            }
            let counted = faults(metrics, "recognizer");
            let known = counted.iter().all(|fault| kinds.contains(&fault.as_str()));
            assert!(known && counted.is_empty() == kinds.is_empty(), "{mode:?}: {counted:?}");
            let stood_in = stand_ins(metrics, "recognizer");
            assert_eq!(stood_in > 0, !(first && second) && mode != Mode::Empty, "{mode:?}");
            println!(
                "{:20} {:12} turn 1 {:8} turn 2 {:8} counted {counted:?}; {}",
                kind.name(),
                format!("{mode:?}"),
                if first { "vendor" } else { "embedded" },
                if second { "vendor" } else { "embedded" },
                ears.standing().line(),
            );
        });
    }
}

#[test]
fn over_http_every_turn_is_heard_whatever_fails() {
    matrix(VendorKind::OpenAiTranscription);
}

#[test]
fn over_a_websocket_every_turn_is_heard_whatever_fails() {
    matrix(VendorKind::Deepgram);
}

#[test]
fn a_vendor_is_asked_as_its_protocol_says() {
    let network = Network::start().unwrap();
    let server = start(VendorKind::Deepgram, Mode::Well);
    let deepgram = ears(&server, VendorKind::Deepgram, LONG, &network);
    let mut ear = deepgram.recognizer(Language::ES_US);
    let phrases = vec![Phi::new("Dr. Patel".to_owned())];
    ear.expect(&Hints { expect: Expect::Anything, phrases });
    let told = speak(&mut *ear);
    assert!(told.iter().any(|told| matches!(told, Transcript::Partial { .. })), "{told:?}");
    ear.finish(TurnId(1));
    words(&mut *ear, TurnId(1));
    let asked = server.asked().remove(0);
    for part in [
        "/v1/listen?model=nova-3&language=es-419",
        "encoding=linear16&sample_rate=16000",
        "interim_results=true&endpointing=false",
        "&keyterm=Dr.%20Patel",
    ] {
        assert!(asked.head.contains(part), "{part}: {}", asked.head);
    }
    assert!(asked.head.contains("Token fern-and-willow"), "{}", asked.head);
    assert!(String::from_utf8(asked.body).unwrap().contains("{\"type\":\"Finalize\"}"));

    let server = start(VendorKind::OpenAiTranscription, Mode::Well);
    let whisper = ears(&server, VendorKind::OpenAiTranscription, LONG, &network);
    let mut ear = whisper.recognizer(Language::tagged("zh-CN").unwrap());
    let phrases = vec![Phi::new("Dr. Patel".to_owned())];
    ear.expect(&Hints { expect: Expect::Name, phrases });
    speak(&mut *ear);
    ear.finish(TurnId(1));
    words(&mut *ear, TurnId(1));
    let asked = server.asked().remove(0);
    assert!(asked.head.starts_with("POST /v1/audio/transcriptions HTTP/1.1"), "{}", asked.head);
    assert!(asked.head.contains("Bearer fern-and-willow"));
    let body = String::from_utf8_lossy(&asked.body).into_owned();
    assert!(body.contains("name=\"language\"\r\n\r\nzh\r\n") && body.contains("Dr. Patel"));
}

/// A vendor that fails again and again is left alone, in all calls.
#[test]
fn after_three_failures_it_is_left_alone() {
    let network = Network::start().unwrap();
    let server = start(VendorKind::OpenAiTranscription, Mode::Server);
    let ears = ears(&server, VendorKind::OpenAiTranscription, LONG, &network);
    for call in 0..5 {
        let mut ear = ears.recognizer(Language::EN_US);
        speak(&mut *ear);
        ear.finish(TurnId(1));
        assert!(words(&mut *ear, TurnId(1)).starts_with("embedded"), "{call}");
    }
    assert_eq!(server.asked().len(), 3);
    assert!(ears.standing().line().contains("left alone"));
}

/// Where nobody stands in, the call is told that nobody hears; the turn comes to its end all the same.
#[test]
fn a_language_that_only_the_vendor_hears_is_lost_with_it() {
    let network = Network::start().unwrap();
    for kind in [VendorKind::OpenAiTranscription, VendorKind::Deepgram] {
        let server = start(kind, Mode::Unavailable);
        let ears = ears(&server, kind, LONG, &network);
        let mut ear = ears.recognizer(Language::tagged("ja-JP").unwrap());
        let (mut lost, mut done) = (0, 0);
        for at in 0..VOICED {
            let heard = HeardFrame::new(at as u64, Frame::SILENCE, true);
            ear.push(&heard).unwrap();
            std::thread::sleep(Duration::from_millis(2));
            lost += usize::from(matches!(ear.poll(), Err(RecognizerError::Lost { .. })));
        }
        ear.finish(TurnId(1));
        let begun = Instant::now();
        while (lost, done) != (1, 1) && begun.elapsed() < HUNG {
            match ear.poll() {
                Err(RecognizerError::Lost { what }) => {
                    assert!(what.contains("Japanese"), "{what}");
                    lost += 1;
                }
                Ok(Some(Transcript::Final { text, .. })) => {
                    assert!(text.reveal(Purpose::Comparison).is_empty());
                    done += 1;
                }
                other => drop(other.unwrap()),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!((lost, done), (1, 1), "{kind:?}");
    }
}

/// What the floor drops is no part of the next turn.
#[test]
fn a_turn_that_is_dropped_leaves_no_words() {
    let network = Network::start().unwrap();
    for kind in [VendorKind::OpenAiTranscription, VendorKind::Deepgram] {
        let server = start(kind, Mode::Well);
        let mut ear = ears(&server, kind, LONG, &network).recognizer(Language::EN_US);
        speak(&mut *ear);
        ear.reset();
        ear.finish(TurnId(1));
        assert_eq!(words(&mut *ear, TurnId(1)), "", "nobody spoke in it");
        speak(&mut *ear);
        ear.finish(TurnId(2));
        assert_eq!(words(&mut *ear, TurnId(2)), format!("vendor heard {WHOLE} frames"), "{kind:?}");
    }
}

/// One frame that is louder than the echo of the agent, or a click on the line, is no turn of the caller's.
#[test]
fn a_click_and_what_follows_it_are_not_heard() {
    let network = Network::start().unwrap();
    for kind in [VendorKind::OpenAiTranscription, VendorKind::Deepgram] {
        let server = start(kind, Mode::Well);
        let mut ear = ears(&server, kind, LONG, &network).recognizer(Language::EN_US);
        for at in 0..500 {
            ear.push(&HeardFrame::new(at, Frame([1; Frame::SAMPLES]), at % 100 == 0)).unwrap();
            assert_eq!(ear.poll().unwrap(), None);
        }
        speak(&mut *ear);
        ear.finish(TurnId(1));
        assert_eq!(words(&mut *ear, TurnId(1)), format!("vendor heard {WHOLE} frames"), "{kind:?}");
    }
}

/// Music and noise are voiced to some detectors: a vendor that finds no word in them hears all the same.
#[test]
fn a_vendor_that_finds_no_words_in_noise_is_not_deaf() {
    let network = Network::start().unwrap();
    metrics::scoped(|metrics| {
        let server = start(VendorKind::Deepgram, Mode::Wordless);
        let limit = Duration::from_secs(4);
        let ears = ears(&server, VendorKind::Deepgram, limit, &network);
        let mut ear = ears.recognizer(Language::EN_US);
        ear.expect(&Hints::default());
        poll_until(&mut *ear, || server.asked().len() == 1);
        // 6 s of it, twice as fast: it has 2 s of ours to say something.
        for at in 0..300 {
            ear.push(&HeardFrame::new(at, Frame::SILENCE, true)).unwrap();
            let _ = ear.poll().unwrap();
            std::thread::sleep(Duration::from_millis(10));
        }
        ear.finish(TurnId(1));
        words(&mut *ear, TurnId(1));
        assert_eq!(faults(metrics, "recognizer"), [""; 0]);
        assert!(ears.standing().line().ends_with("fine"), "{}", ears.standing().line());
    });
}

/// Proxies and vendors close connections that carry nothing.
#[test]
fn a_connection_that_is_closed_while_nobody_speaks_is_no_failure() {
    let network = Network::start().unwrap();
    metrics::scoped(|metrics| {
        let server = start(VendorKind::Deepgram, Mode::Idles);
        let mut ear =
            ears(&server, VendorKind::Deepgram, LONG, &network).recognizer(Language::EN_US);
        for turn in 1..=4 {
            speak(&mut *ear);
            ear.finish(TurnId(turn));
            assert_eq!(words(&mut *ear, TurnId(turn)), format!("vendor heard {WHOLE} frames"));
            let closed = || server.closed.load(Ordering::Relaxed) == turn as usize;
            poll_until(&mut *ear, closed);
            let known = Instant::now() + Duration::from_millis(500);
            poll_until(&mut *ear, || Instant::now() >= known);
        }
        assert_eq!((server.asked().len(), faults(metrics, "recognizer").len()), (4, 0));
    });
}

/// Where nobody stands in, a turn that comes too late is asked for again, and the running one with it.
#[test]
fn a_language_that_only_the_vendor_hears_survives_a_turn_that_is_late() {
    let network = Network::start().unwrap();
    let server = start(VendorKind::Deepgram, Mode::StallOnce);
    let limit = Duration::from_secs(2);
    let ears = ears(&server, VendorKind::Deepgram, limit, &network);
    let mut ear = ears.recognizer(Language::tagged("ja-JP").unwrap());
    speak(&mut *ear);
    ear.finish(TurnId(1));
    speak(&mut *ear);
    poll_until(&mut *ear, || server.asked().len() == 2);
    ear.finish(TurnId(2));
    for turn in [1, 2] {
        assert_eq!(words(&mut *ear, TurnId(turn)), format!("vendor heard {WHOLE} frames"));
    }
}
