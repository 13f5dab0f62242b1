//! Whose turn it is, on telephone lines with echo, coughs, noise and people who pause: in virtual time, over the product's
//! own media sessions, voice detector and floor. `cargo bench --bench turn_taking` runs all of it and prints the table.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod turn_taking_stage;

use std::time::Instant;

use attendant::base::Frame;
use attendant::engines::models::{self, Set};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::vad::SileroModel;
use attendant::speech::{Vad, VoiceEdge, VoiceHint};
use turn_taking_stage::cases::{self, Case, Draw, Rendered};
use turn_taking_stage::line::{Echo, Line};
use turn_taking_stage::play::{Level, Listeners, Played, Since, play};
use turn_taking_stage::sounds::{self, SPEAKERS};

const AGENT: &str = "Thank you for calling Riverside Family Practice. I can make, move or cancel an appointment, or \
    take a message. How can I help you today?";

fn frames(sound: &[f64]) -> Vec<Frame> {
    let whole = |index| Frame(sounds::frame(sound, index).map(|s| s as i16));
    (0..sound.len().div_ceil(Frame::SAMPLES)).map(whole).collect()
}

/// What was made of the agent's own echo in a call in which the caller listens.
#[derive(Debug, Default)]
struct TakenIn {
    suspected: u32,
    confirmed: u32,
    voices: u32,
    /// Whether the detector alone found a voice.
    alone: bool,
}

fn listens(echo: Echo, bad_network: bool) -> TakenIn {
    let agent = frames(&sounds::at(sounds::agent(AGENT), -20.0));
    let mut line = Line::new(Instant::now(), Some(echo), Draw::FIRST);
    if bad_network {
        line = line.over_a_bad_network(7);
    }
    let (mut alone, mut taken_in) = (Vad::new(), TakenIn::default());
    for tick in 0..agent.len() + 40 {
        line.tick(agent.get(tick), &[], |_, heard, noticed| {
            let on = |edge| matches!(edge, Some(VoiceEdge::On { .. }));
            taken_in.alone |= on(alone.push(&heard.frame).edge);
            taken_in.voices += u32::from(on(noticed.activity.edge));
            match noticed.hint {
                Some(VoiceHint::Suspected { .. }) => taken_in.suspected += 1,
                Some(VoiceHint::Confirmed { .. }) => taken_in.confirmed += 1,
                _ => {}
            }
        });
    }
    taken_in
}

/// The agent speaks and the caller listens: what comes is our own voice, by a hybrid of two wires.
#[test]
fn our_own_echo_is_no_caller() {
    let (mut suspected, mut alone) = (0, 0);
    for loss in [12.0, 18.0, 24.0, 40.0] {
        for delay_ms in [60, 130, 190, 250] {
            let taken_in = listens(Echo { loss, delay_ms, room: false }, false);
            assert_eq!((taken_in.confirmed, taken_in.voices), (0, 0), "{loss} dB, {delay_ms} ms");
            suspected += taken_in.suspected;
            alone += u32::from(taken_in.alone);
        }
    }
    println!("{suspected} suspicions in 16 calls; the detector alone was taken in in {alone}");
    assert!(alone >= 12, "the test proves nothing: {alone}");
    assert_eq!(suspected, 0);
}

/// Nor where packets are lost and come late: what is made up in their place, and what is moved about, is our echo too.
#[test]
fn our_own_echo_over_a_bad_network_is_no_caller() {
    let mut confirmed = 0;
    for loss in [12.0, 18.0, 24.0, 40.0] {
        for delay_ms in [60, 130, 190, 250] {
            let taken_in = listens(Echo { loss, delay_ms, room: false }, true);
            println!("{loss} dB after {delay_ms} ms: {taken_in:?}");
            confirmed += taken_in.confirmed;
        }
    }
    assert_eq!(confirmed, 0);
}

/// A room rings: some vowels come back far louder than others, and after we have stopped. Of that not all is known for
/// echo; what is left the floor undoes, since no words come of it.
#[test]
fn the_echo_of_a_room_rarely_passes_for_a_caller() {
    let (mut confirmed, mut alone) = (0, 0);
    for loss in [12.0, 18.0, 24.0] {
        for delay_ms in [20, 60, 110, 190] {
            let taken_in = listens(Echo { loss, delay_ms, room: true }, false);
            println!("{loss} dB after {delay_ms} ms: {taken_in:?}");
            confirmed += taken_in.confirmed;
            alone += u32::from(taken_in.alone);
        }
    }
    assert!(alone >= 9, "the test proves nothing: {alone}");
    assert!(confirmed <= 4, "{confirmed}");
}

/// When a caller who begins at `begins` over the agent is suspected, and known, on a line with such an echo.
fn found(line: Line, voice: &[f64], begins: usize) -> [Option<usize>; 2] {
    let agent = frames(&sounds::at(sounds::agent(AGENT), -20.0));
    let caller = [vec![0.0; begins], voice.to_vec()].concat();
    let (mut line, mut found) = (line, [None; 2]);
    for tick in 0..agent.len() {
        line.tick(agent.get(tick), &caller, |_, _, noticed| {
            let at = (tick + 1) * 20;
            match noticed.hint {
                Some(VoiceHint::Suspected { .. }) => drop(found[0].get_or_insert(at)),
                // On a clean line at once.
                Some(VoiceHint::Confirmed { .. }) => {
                    for found in found.iter_mut() {
                        found.get_or_insert(at);
                    }
                }
                _ => {}
            }
        });
    }
    found
}

/// And when the caller does speak, however much of our voice comes back with theirs, that is soon known; also where packets
/// are lost and come late.
#[test]
fn a_caller_is_heard_over_our_echo() {
    let mut late = [Vec::new(), Vec::new()];
    for (number, loss) in [60.0, 40.0, 24.0, 18.0].into_iter().enumerate() {
        for (which, speaker) in SPEAKERS.into_iter().enumerate() {
            let voice =
                sounds::at(sounds::spoken(speaker, "No, wait, I want to talk to a person."), -22.0);
            let begins = (1500 + 130 * which + 70 * number) * sounds::MS;
            let onset = (begins + sounds::onset(&voice)) / sounds::MS;
            let echo = Echo { loss, delay_ms: 60 + 40 * which, room: false };
            for bad in [false, true] {
                let line = Line::new(Instant::now(), Some(echo), Draw::FIRST);
                let line = if bad { line.over_a_bad_network(which as u64) } else { line };
                let found = found(line, &voice, begins).map(|at| at.expect("they are heard"));
                println!("{loss} dB, {speaker:?}, bad {bad}: {found:?} after {onset}");
                late[usize::from(bad)].push(found[1].saturating_sub(onset));
            }
        }
    }
    for late in &mut late {
        late.sort_unstable();
    }
    let [good, bad] = late.map(|late| late[late.len() * 19 / 20]);
    assert!(good <= 160 && bad <= 240, "{good} and {bad} ms");
}

/// Cases of the corpus by their names, played as calls are: with the recogniser and the second opinion.
fn played(names: &[&str]) -> Vec<(Case, Rendered, Played)> {
    let dir = models::default_dir();
    let ears = MoonshineModel::load(&models::find(&dir).expect("see `make models`")).unwrap();
    let paths = models::find_set(&dir, Set::Detector).expect("see `make models`");
    let judge = SileroModel::load(&paths).unwrap();
    let cases = cases::all(Draw::FIRST);
    let case = |name: &&str| cases.iter().find(|case| case.name == *name).cloned().expect(name);
    let play = |case: Case| {
        let sound = case.render();
        let listeners = Listeners { ears: Some(ears.recognizer()), judge: Some(judge.judge()) };
        let played = play(&case, &sound, listeners);
        println!("{}: {played:?}", case.name);
        (case, sound, played)
    };
    names.iter().map(case).map(play).collect()
}

#[test]
fn the_agent_yields_to_a_caller() {
    const CASES: &[&str] =
        &["over a clean line", "echo 40", "echo 24, 60 ms", "echo 12, 150 ms", "in an office"];
    for (case, sound, played) in played(CASES) {
        let onset = sound.onset;
        let after = |level, most| match played.first(level, sound.begins) {
            Since::At(at) => assert!(at <= onset + most, "{}: {level:?} at {at}", case.name),
            other => panic!("{}: {level:?} {other:?}", case.name),
        };
        after(Level::Ducked, 100);
        after(Level::Silent, 180);
        let stopped = played.stopped.expect("it yields");
        // For good it stops when the words, or a second of voice, say that it must; until then it is silent.
        assert!((onset..=onset + 1_600).contains(&stopped), "{}: {stopped}", case.name);
    }
}

#[test]
fn the_agent_goes_on_over_echo_coughs_and_noise() {
    const CASES: &[&str] = &[
        "nothing but echo 12, 60 ms",
        "nothing but echo 18, 250 ms",
        "nothing but echo 24, 90 ms",
        "cough",
        "coughs",
        "cough over echo 24",
        "door",
        "street",
        "street over echo 18",
        "people about",
        "television",
        "music",
        "music, loud",
        "okay",
        "right",
        "yeah over echo 24",
        "all right",
    ];
    for (case, _, played) in played(CASES) {
        assert!(played.agent_done && played.stopped.is_none(), "{}", case.name);
    }
}

/// Neither does what the recogniser takes for other words: "uh-huh" for "I thought".
#[test]
fn an_uh_huh_does_not_stop_the_agent() {
    const CASES: &[&str] = &["uh-huh", "uh-huh, soft", "cough, uh-huh", "okay twice"];
    let stopped = played(CASES).iter().filter(|(_, _, played)| played.stopped.is_some()).count();
    assert_eq!(stopped, 0, "of 4");
}

#[test]
fn where_nobody_speaks_nobody_has_a_turn() {
    const CASES: &[&str] = &[
        "cough, nobody",
        "street, nobody",
        "hold music, nobody",
        "music, loud, nobody",
        "people about, nobody",
    ];
    for (case, _, played) in played(CASES) {
        assert_eq!(played.turns, [], "{}", case.name);
    }
}

#[test]
fn a_turn_is_over_when_the_caller_is_done() {
    const CASES: &[&str] =
        &["trailing to", "phone in groups", "date in parts", "yes", "after um", "soft caller"];
    for (case, sound, played) in played(CASES) {
        let end = sound.end;
        let ends: Vec<_> = played.turns.iter().map(|(at, _)| *at).collect();
        assert_eq!(ends.len(), 1, "{}: {ends:?}", case.name);
        assert!((end..end + 1_700).contains(&ends[0]), "{}: {ends:?} of {end}", case.name);
    }
}
