//! Two legs that hear each other.

use attendant::base::LegId;
use attendant::codec::Codec;
use attendant::workers::{Bridge, LegMedia, MediaEventKind, MediaPlane};

use crate::stage::{
    ATTEMPTS, LOCALHOST, Phone, Speech, call, is_heard, level_of, middle_level, plane, run,
    run_until, tone, wait_for,
};

const LOUD: f32 = 8000.0;
/// What the two phones of a pair play: hertz and amplitude.
const TONES: [(f32, f32); 2] = [(440.0, LOUD), (1300.0, LOUD / 4.0)];

/// Their codecs, the phones, their legs, and what holds these together.
type Pair = (Codec, Codec, Phone, Phone, LegMedia, LegMedia, Bridge);

/// Every codec with every codec, both ways, on one thread and across two: the pitch and the level
/// that one phone plays are those that the other hears.
#[test]
fn a_tone_into_one_leg_comes_out_of_the_other_whatever_their_codecs() {
    for (threads, ports) in [(1, 27_000..=27_199), (2, 27_200..=27_399)] {
        let (plane, _events) = plane(threads, ports, LOCALHOST);
        Codec::ALL.iter().for_each(|&a| tones_pass_between(&plane, a, threads));
    }
}

/// One codec with every codec: as many phones as this thread can be in time, on a machine that others use.
fn tones_pass_between(plane: &MediaPlane, a: Codec, threads: usize) {
    let mut pairs: Vec<Pair> = Vec::new();
    for b in Codec::ALL {
        let number = 2 * pairs.len() as u32;
        let (mut one, leg_one) = call(plane, number, a, LOCALHOST);
        let (mut other, leg_other) = call(plane, number + 1, b, LOCALHOST);
        (one.tone, other.tone) = (Some(TONES[0]), Some(TONES[1]));
        let bridge = leg_one.control.bridge(&leg_other.control).unwrap();
        pairs.push((a, b, one, other, leg_one, leg_other, bridge));
    }
    let play = |pairs: &mut Vec<Pair>, frames| {
        let mut phones: Vec<_> = pairs.iter_mut().flat_map(|it| [&mut it.2, &mut it.3]).collect();
        phones.iter_mut().for_each(|phone| phone.heard.clear());
        run(&mut phones, frames);
    };
    // The first half second is that of starting. A pair that passed once is right.
    play(&mut pairs, 25);
    let mut waiting: Vec<_> = (0..pairs.len()).collect();
    for _ in 0..ATTEMPTS {
        play(&mut pairs, 50);
        waiting.retain(|&pair| !tones_pass(&pairs[pair]));
        if waiting.is_empty() {
            break;
        }
    }
    if let Some(&pair) = waiting.first() {
        let (a, b, one, other, ..) = &pairs[pair];
        let levels = |phone: &Phone| TONES.map(|(hertz, _)| middle_level(&phone.heard, hertz));
        let (one, other) = (levels(one), levels(other));
        panic!("{a:?} and {b:?} on {threads}: they hear {one:?} and {other:?}");
    }
    for (a, b, _one, _other, mut leg_one, _leg_other, bridge) in pairs {
        let what = format!("{a:?} and {b:?} on {threads}");
        assert!(bridge.passed() > 100 && !bridge.is_over(), "{what}");
        // The agent hears at most what came before they were bridged.
        let overheard = std::iter::from_fn(|| leg_one.up.pop()).count();
        assert!(overheard <= 5, "{what}: the agent heard {overheard}");
    }
}

/// Whether each hears the other's tone at its level, and neither its own nor another pitch.
fn tones_pass((_, _, one, other, ..): &Pair) -> bool {
    [(other, 0), (one, 1)].into_iter().all(|(phone, tone)| {
        let ((hertz, amplitude), (foreign, _)) = (TONES[tone], TONES[1 - tone]);
        let level = |hertz| middle_level(&phone.heard, hertz);
        is_heard(&phone.heard, hertz, amplitude)
            && level(foreign) < level(hertz) - 25.0
            && level(hertz * 1.06) < level(hertz) - 10.0
    })
}

#[test]
fn digits_pass_the_agent_whispers_and_the_legs_return_to_it() {
    let (plane, mut events) = plane(2, 27_400..=27_420, LOCALHOST);
    let (mut caller, mut leg) = call(&plane, 1, Codec::Pcmu, LOCALHOST);
    let (mut staff, mut other) = call(&plane, 2, Codec::G722, LOCALHOST);
    caller.tone = Some((440.0, LOUD));
    let bridge = leg.control.bridge(&other.control).unwrap();
    run(&mut [&mut caller, &mut staff], 25);
    caller.press('7');
    caller.press('#');
    run_until(&mut [&mut caller, &mut staff], |phones| phones[1].digits.len() >= 2);
    // None comes twice.
    run(&mut [&mut caller, &mut staff], 20);
    assert_eq!(staff.digits, "7#");
    let told = |event: &attendant::workers::MediaEvent| {
        event.leg == LegId(1) && matches!(event.kind, MediaEventKind::Dtmf(..))
    };
    wait_for(&mut events, told);

    // To the staff alone, over the caller, who is turned down by 12 dB.
    let whisper = |index| tone(1000.0, LOUD, index);
    let mut found = Vec::new();
    let right = (0..ATTEMPTS).any(|attempt| {
        let mut speech = Speech::new(attempt as u32, (0..75).map(whisper));
        (caller.heard, staff.heard) = (Vec::new(), Vec::new());
        while speech.say(&mut other) {
            run(&mut [&mut caller, &mut staff], 1);
        }
        assert!(middle_level(&caller.heard, 1000.0) < -60.0, "the caller overhears the whisper");
        let heard = staff.heard.get(10..).unwrap_or_default();
        let (agent, turned_down) = (middle_level(heard, 1000.0), middle_level(heard, 440.0));
        found.push((agent, turned_down));
        run(&mut [&mut caller, &mut staff], 40);
        (agent - level_of(LOUD)).abs() < 1.5 && (turned_down - level_of(LOUD / 4.0)).abs() < 2.0
    });
    assert!(right, "{found:?}");

    // Parted, the caller hears the agent and is heard by it.
    drop(bridge);
    let mut found = Vec::new();
    let right = (0..ATTEMPTS).any(|attempt| {
        run(&mut [&mut caller, &mut staff], 10);
        while leg.up.pop().is_some() {}
        let frames = (0..50).map(|index| tone(700.0, LOUD, index));
        let mut speech = Speech::new((ATTEMPTS + attempt) as u32, frames);
        (caller.heard, staff.heard) = (Vec::new(), Vec::new());
        while speech.say(&mut leg) {
            run(&mut [&mut caller, &mut staff], 1);
        }
        run(&mut [&mut caller, &mut staff], 10);
        assert!(middle_level(&staff.heard, 440.0) < -60.0, "the staff hear on");
        let up: Vec<_> = std::iter::from_fn(|| leg.up.pop()).map(|heard| heard.frame).collect();
        found.push((middle_level(&caller.heard, 700.0), middle_level(&up, 440.0)));
        is_heard(&caller.heard, 700.0, LOUD) && is_heard(&up, 440.0, LOUD)
    });
    assert!(right, "{found:?}");
}

#[test]
fn a_leg_that_closes_or_is_bridged_elsewhere_leaves_the_other_alone() {
    let (plane, mut events) = plane(2, 27_500..=27_520, LOCALHOST);
    let (mut a, leg_a) = call(&plane, 1, Codec::Pcma, LOCALHOST);
    let (mut b, leg_b) = call(&plane, 2, Codec::Pcmu, LOCALHOST);
    let (mut c, leg_c) = call(&plane, 3, Codec::Pcmu, LOCALHOST);
    (a.tone, b.tone, c.tone) = (Some((440.0, LOUD)), Some((700.0, LOUD)), Some((1300.0, LOUD)));
    let first = leg_a.control.bridge(&leg_b.control).unwrap();
    run(&mut [&mut a, &mut b, &mut c], 20);
    let second = leg_a.control.bridge(&leg_c.control).unwrap();
    run_until(&mut [&mut a, &mut b, &mut c], |_| first.is_over());
    assert!(!second.is_over());
    run(&mut [&mut a, &mut b, &mut c], 20);
    let mut found = Vec::new();
    let right = (0..ATTEMPTS).any(|_| {
        (a.heard, b.heard, c.heard) = (Vec::new(), Vec::new(), Vec::new());
        run(&mut [&mut a, &mut b, &mut c], 60);
        for (who, hertz) in [(&a, 700.0), (&b, 440.0)] {
            let heard = middle_level(&who.heard, hertz);
            assert!(heard < -50.0, "{hertz}: {heard}");
        }
        found.push((middle_level(&a.heard, 1300.0), middle_level(&c.heard, 440.0)));
        is_heard(&a.heard, 1300.0, LOUD) && is_heard(&c.heard, 440.0, LOUD)
    });
    assert!(right, "{found:?}");
    leg_c.control.close();
    let closed = |event: &attendant::workers::MediaEvent| {
        event.leg == LegId(3) && matches!(event.kind, MediaEventKind::Closed { failed: false, .. })
    };
    wait_for(&mut events, closed);
    assert!(second.is_over());
    assert_eq!(plane.legs(), 2);
    a.heard.clear();
    run_until(&mut [&mut a], |phones| phones[0].heard.len() > 40);
    assert!(middle_level(&a.heard, 1300.0) < -60.0);
}

/// What of an utterance comes after the bridge is the agent's to answer.
#[test]
fn a_voice_that_began_while_bridged_is_told_when_the_bridge_is_over() {
    let (plane, mut events) = plane(1, 27_540..=27_550, LOCALHOST);
    let (mut caller, leg) = call(&plane, 1, Codec::Pcmu, LOCALHOST);
    let (mut staff, other) = call(&plane, 2, Codec::Pcmu, LOCALHOST);
    let bridge = leg.control.bridge(&other.control).unwrap();
    run_until(&mut [&mut caller, &mut staff], |_| bridge.passed() > 20);
    caller.voice = true;
    run(&mut [&mut caller, &mut staff], 75);
    let mut told = |wanted: fn(&MediaEventKind) -> bool| {
        std::iter::from_fn(|| events.poll())
            .any(|event| event.leg == LegId(1) && wanted(&event.kind))
    };
    let on = |kind: &MediaEventKind| matches!(kind, MediaEventKind::VoiceOn { .. });
    let off = |kind: &MediaEventKind| matches!(kind, MediaEventKind::VoiceOff { .. });
    assert!(!told(on), "it was said to staff");
    drop(bridge);
    run_until(&mut [&mut caller, &mut staff], |_| told(on));
    caller.voice = false;
    run_until(&mut [&mut caller, &mut staff], |_| told(off));
}
