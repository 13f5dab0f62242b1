//! Whose turn it is, on telephone lines with echo, coughs, noise and people who pause: in virtual time, over the product's
//! own media sessions, voice detector and floor. `cargo bench --bench turn_taking` runs all of it and prints the table.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod turn_taking_stage;

use std::time::Instant;

use attendant::base::Frame;
use attendant::speech::{Vad, VoiceEdge, VoiceHint};
use turn_taking_stage::line::{Echo, Line};
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

fn listens(echo: Echo) -> TakenIn {
    let agent = frames(&sounds::at(sounds::agent(AGENT), -20.0));
    let mut line = Line::new(Instant::now(), Some(echo));
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
            let taken_in = listens(Echo { loss, delay_ms, room: false });
            assert_eq!((taken_in.confirmed, taken_in.voices), (0, 0), "{loss} dB, {delay_ms} ms");
            suspected += taken_in.suspected;
            alone += u32::from(taken_in.alone);
        }
    }
    println!("{suspected} suspicions in 16 calls; the detector alone was taken in in {alone}");
    assert!(alone >= 12, "the test proves nothing: {alone}");
    assert_eq!(suspected, 0);
}

/// A room rings: some vowels come back far louder than others, and after we have stopped. Of that not all is known for
/// echo; what is left the floor undoes, since no words come of it.
#[test]
fn the_echo_of_a_room_rarely_passes_for_a_caller() {
    let (mut confirmed, mut alone) = (0, 0);
    for loss in [12.0, 18.0, 24.0] {
        for delay_ms in [20, 60, 110, 190] {
            let taken_in = listens(Echo { loss, delay_ms, room: true });
            println!("{loss} dB after {delay_ms} ms: {taken_in:?}");
            confirmed += taken_in.confirmed;
            alone += u32::from(taken_in.alone);
        }
    }
    assert!(alone >= 9, "the test proves nothing: {alone}");
    assert!(confirmed <= 4, "{confirmed}");
}

/// And when the caller does speak, however much of our voice comes back with theirs, that is soon known.
#[test]
fn a_caller_is_heard_over_our_echo() {
    let agent = frames(&sounds::at(sounds::agent(AGENT), -20.0));
    let mut late = Vec::new();
    for (number, loss) in [60.0, 40.0, 24.0, 18.0].into_iter().enumerate() {
        for (which, speaker) in SPEAKERS.into_iter().enumerate() {
            let voice =
                sounds::at(sounds::spoken(speaker, "No, wait, I want to talk to a person."), -22.0);
            let begins = (1500 + 130 * which + 70 * number) * sounds::MS;
            let onset = begins + sounds::onset(&voice);
            let caller = [vec![0.0; begins], voice].concat();
            let mut line = Line::new(
                Instant::now(),
                Some(Echo { loss, delay_ms: 60 + 40 * which, room: false }),
            );
            let mut found = [None; 2];
            for tick in 0..agent.len() {
                line.tick(agent.get(tick), &caller, |_, _, noticed| {
                    let at = (tick + 1) * 20;
                    match noticed.hint {
                        Some(VoiceHint::Suspected { .. }) => drop(found[0].get_or_insert(at)),
                        Some(VoiceHint::Confirmed { .. }) => drop(found[1].get_or_insert(at)),
                        _ => {}
                    }
                });
            }
            late.push((
                loss,
                speaker,
                found.map(|at| at.map(|at| at as i64 - (onset / sounds::MS) as i64)),
            ));
        }
    }
    for line in &late {
        println!("{line:?}");
    }
    assert!(late.iter().all(|(_, _, found)| found.iter().all(Option::is_some)));
}
