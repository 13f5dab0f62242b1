//! The agent turned down, held and let go on, on a leg with a phone at its other end.

use attendant::base::{Epoch, Frame, UtteranceId};
use attendant::codec::Codec;
use attendant::workers::{LegMedia, MediaEventKind};

use crate::stage::{
    ATTEMPTS, LOCALHOST, Phone, Speech, call, level_of, middle_level, plane, run, run_until, tone,
    wait_for,
};

const LOUD: f32 = 8000.0;
const HERTZ: f32 = 700.0;

/// A second of an utterance.
fn say(utterance: u32, phone: &mut Phone, leg: &mut LegMedia, frames: u32) -> Speech {
    let mut speech = Speech::new(utterance, (0..500).map(|index| tone(HERTZ, LOUD, index)));
    hear(&mut speech, phone, leg, frames);
    speech
}

/// Lets the phone hear that much more, and returns what it heard.
fn hear(speech: &mut Speech, phone: &mut Phone, leg: &mut LegMedia, frames: u32) -> Vec<Frame> {
    phone.heard.clear();
    for _ in 0..frames.div_ceil(5) {
        speech.say(leg);
        run(&mut [phone], 5);
    }
    std::mem::take(&mut phone.heard)
}

#[test]
fn turned_down_it_is_fifteen_decibels_quieter_at_the_far_end_and_in_what_echo_is_told_by() {
    let (plane, _events) = plane(1, 27_660..=27_670, LOCALHOST);
    let (mut phone, mut leg) = call(&plane, 1, Codec::Pcmu, LOCALHOST);
    phone.tone = Some((300.0, 200.0));
    let mut found = Vec::new();
    let right = (0..ATTEMPTS as u32).any(|attempt| {
        leg.control.flush(Epoch(0));
        let mut speech = say(attempt, &mut phone, &mut leg, 50);
        leg.control.duck(true);
        hear(&mut speech, &mut phone, &mut leg, 50);
        while leg.up.pop().is_some() {}
        let heard = middle_level(&hear(&mut speech, &mut phone, &mut leg, 50), HERTZ);
        let mut sent: Vec<f32> =
            std::iter::from_fn(|| leg.up.pop()).map(|frame| frame.sent.level).collect();
        sent.sort_by(f32::total_cmp);
        let sent = sent.get(sent.len() / 2).copied().unwrap_or(-127.0);
        leg.control.duck(false);
        hear(&mut speech, &mut phone, &mut leg, 25);
        let again = middle_level(&hear(&mut speech, &mut phone, &mut leg, 50), HERTZ);
        while speech.say(&mut leg) {
            run(&mut [&mut phone], 5);
        }
        found.push((heard, sent, again));
        let near = |level: f32, wanted: f32| (level - wanted).abs() < 1.5;
        let full = level_of(LOUD);
        near(heard, full - 15.0) && near(sent, full - 15.0) && near(again, full)
    });
    assert!(right, "{found:?}");
}

#[test]
fn held_it_is_silent_and_goes_on_where_it_was_and_what_is_flushed_meanwhile_is_never_heard() {
    let (plane, mut events) = plane(1, 27_672..=27_680, LOCALHOST);
    let (mut phone, mut leg) = call(&plane, 1, Codec::Pcmu, LOCALHOST);
    let mut speech = say(1, &mut phone, &mut leg, 50);
    leg.control.pause(true);
    // What is on its way arrives, and then nothing.
    hear(&mut speech, &mut phone, &mut leg, 50);
    let at = leg.control.played();
    let heard = hear(&mut speech, &mut phone, &mut leg, 50);
    assert!(heard.iter().all(|frame| frame.level() < -50.0), "{heard:?}");
    assert_eq!((at.0, leg.control.played()), (UtteranceId(1), at), "nothing was counted");
    leg.control.pause(false);
    run_until(&mut [&mut phone], |_| leg.control.played().1 > at.1 + 20);

    // Held again, and stopped: what comes after is another utterance.
    leg.control.pause(true);
    hear(&mut speech, &mut phone, &mut leg, 50);
    let at = leg.control.played();
    leg.control.flush(Epoch(1));
    leg.control.pause(false);
    let ended =
        wait_for(&mut events, |event| matches!(event.kind, MediaEventKind::UtteranceEnded { .. }));
    let MediaEventKind::UtteranceEnded { utterance, frames_played, complete } = ended else {
        unreachable!()
    };
    assert_eq!((utterance, frames_played, complete), (at.0, at.1, false));
    let heard = hear(&mut speech, &mut phone, &mut leg, 50);
    assert!(heard.iter().all(|frame| frame.level() < -50.0), "{heard:?}");
}
