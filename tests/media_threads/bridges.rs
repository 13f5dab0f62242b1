//! Two legs that hear each other.

use attendant::base::LegId;
use attendant::codec::Codec;
use attendant::workers::MediaEventKind;

use crate::stage::{
    LOCALHOST, Speech, call, level_of, middle_level, plane, run, run_until, tone, wait_for,
};

const LOUD: f32 = 8000.0;

/// Every codec with every codec, both ways, on one thread and across two: the pitch and the level
/// that one phone plays are those that the other hears.
#[test]
fn a_tone_into_one_leg_comes_out_of_the_other_whatever_their_codecs() {
    for (threads, ports) in [(1, 27_000..=27_199), (2, 27_200..=27_399)] {
        let (plane, _events) = plane(threads, ports, LOCALHOST);
        let mut pairs = Vec::new();
        for a in Codec::ALL {
            for b in Codec::ALL {
                let number = 2 * pairs.len() as u32;
                let (mut one, leg_one) = call(&plane, number, a, LOCALHOST);
                let (mut other, leg_other) = call(&plane, number + 1, b, LOCALHOST);
                (one.tone, other.tone) = (Some((440.0, LOUD)), Some((1300.0, LOUD / 4.0)));
                let bridge = leg_one.control.bridge(&leg_other.control).unwrap();
                pairs.push((a, b, one, other, leg_one, leg_other, bridge));
            }
        }
        let mut phones: Vec<_> =
            pairs.iter_mut().flat_map(|pair| [&mut pair.2, &mut pair.3]).collect();
        run(&mut phones, 100);
        run_until(&mut phones, |phones| phones.iter().all(|phone| phone.heard.len() > 50));
        for (a, b, one, other, mut leg_one, _leg_other, bridge) in pairs {
            let what = format!("{a:?} and {b:?} on {threads}");
            for (heard, hertz, amplitude, foreign) in
                [(&other.heard, 440.0, LOUD, 1300.0), (&one.heard, 1300.0, LOUD / 4.0, 440.0)]
            {
                // The first half second is that of starting.
                let level = middle_level(&heard[25..], hertz);
                assert!((level - level_of(amplitude)).abs() < 1.5, "{what}: {hertz} Hz at {level}");
                assert!(middle_level(&heard[25..], foreign) < level - 25.0, "{what}: an echo");
                let beside = middle_level(&heard[25..], hertz * 1.06);
                assert!(beside < level - 10.0, "{what}: another pitch, {beside}");
            }
            assert!(bridge.passed() > 100 && !bridge.is_over(), "{what}");
            // The agent hears at most what came before they were bridged.
            let overheard = std::iter::from_fn(|| leg_one.up.pop()).count();
            assert!(overheard <= 5, "{what}: the agent heard {overheard}");
        }
    }
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
    let mut speech = Speech::new(1, (0..75).map(whisper));
    (caller.heard, staff.heard) = (Vec::new(), Vec::new());
    while speech.say(&mut other) {
        run(&mut [&mut caller, &mut staff], 1);
    }
    let heard = &staff.heard[10..];
    let (agent, turned_down) = (middle_level(heard, 1000.0), middle_level(heard, 440.0));
    assert!((agent - level_of(LOUD)).abs() < 1.5, "{agent}");
    assert!((turned_down - level_of(LOUD / 4.0)).abs() < 2.0, "{turned_down}");
    assert!(middle_level(&caller.heard, 1000.0) < -60.0, "the caller overhears the whisper");

    // Parted, the caller hears the agent and is heard by it.
    run(&mut [&mut caller, &mut staff], 40);
    drop(bridge);
    run(&mut [&mut caller, &mut staff], 10);
    while leg.up.pop().is_some() {}
    let mut speech = Speech::new(2, (0..50).map(|index| tone(700.0, LOUD, index)));
    (caller.heard, staff.heard) = (Vec::new(), Vec::new());
    while speech.say(&mut leg) {
        run(&mut [&mut caller, &mut staff], 1);
    }
    run(&mut [&mut caller, &mut staff], 10);
    assert!((middle_level(&caller.heard, 700.0) - level_of(LOUD)).abs() < 1.5);
    assert!(middle_level(&staff.heard, 440.0) < -60.0, "the staff hear on");
    let up: Vec<_> = std::iter::from_fn(|| leg.up.pop()).map(|heard| heard.frame).collect();
    assert!((middle_level(&up, 440.0) - level_of(LOUD)).abs() < 1.5);
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
    (a.heard, b.heard, c.heard) = (Vec::new(), Vec::new(), Vec::new());
    run(&mut [&mut a, &mut b, &mut c], 60);
    for (who, hertz, level) in
        [(&a, 1300.0, LOUD), (&a, 700.0, 0.01), (&c, 440.0, LOUD), (&b, 440.0, 0.01)]
    {
        let heard = middle_level(&who.heard[10..], hertz);
        match level < 1.0 {
            true => assert!(heard < -50.0, "{hertz}: {heard}"),
            false => assert!((heard - level_of(level)).abs() < 1.5, "{hertz}: {heard}"),
        }
    }
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
