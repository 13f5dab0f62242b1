//! Speaking threads with a voice from a script.

use super::*;
use crate::base::Frame;
use crate::base::Phi;
use crate::speech::{Trouble, VoiceError};
use crate::workers::desk::LONGEST;
use crate::workers::{MediaEventKind, Playback};
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

/// Speaks as many frames as the text says, in odd pieces; "fail" fails after three frames,
/// "panic" panics, of "broken" another voice says the end. It asks the gate before each text.
struct Scripted {
    gate: Option<Receiver<()>>,
    broken: bool,
}

impl Voice for Scripted {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        if let Some(gate) = &self.gate {
            let _ = gate.recv();
        }
        assert_ne!(text, "panic");
        self.broken = text == "broken";
        let frames = text.parse().unwrap_or(3);
        let sound = vec![3000; frames * Frame::SAMPLES];
        for piece in sound.chunks(777) {
            if sink(piece).is_break() {
                break;
            }
        }
        match text {
            "fail" => Err(VoiceError::Failed { what: "scripted".into() }),
            _ => Ok(()),
        }
    }

    fn spoke_it_all(&self) -> bool {
        !self.broken
    }
}

struct World {
    speaking: Speaking,
    playback: Playback,
    events: Receiver<(LegId, SpeakingEvent)>,
    gate: Sender<()>,
}

const LEG: LegId = LegId(1);

fn world(gated: bool) -> World {
    let (gate, opened) = channel();
    let voice = Scripted { gate: gated.then_some(opened), broken: false };
    let speaking = Speaking::start(vec![Box::new(voice)]).unwrap();
    let (down, playback) = Playback::new();
    let (sender, events) = channel();
    speaking.attach(LEG, down, Box::new(move |leg, event| sender.send((leg, event)).unwrap()));
    World { speaking, playback, events, gate }
}

impl World {
    fn say(&self, utterance: u32, epoch: u32, text: &str) {
        let text = Phi::new(text.to_owned());
        self.speaking
            .say(LEG, UtteranceId(utterance), Epoch(epoch), text, Manner::default())
            .unwrap();
    }

    fn event(&self) -> SpeakingEvent {
        match self.events.recv().unwrap().1 {
            SpeakingEvent::Rendered { utterance, frames_total, first, took, by } => {
                assert!(first <= took);
                let nothing = Duration::ZERO;
                let (first, took) = (nothing, nothing);
                SpeakingEvent::Rendered { utterance, frames_total, first, took, by }
            }
            other => other,
        }
    }

    /// Plays until `ends` utterances have ended: which, how long, whether complete.
    fn play(&mut self, epoch: u32, ends: usize) -> Vec<(u32, u32, bool)> {
        let mut ended = Vec::new();
        while ended.len() < ends {
            let played = self.playback.next(Epoch(epoch), true, |kind| {
                if let MediaEventKind::UtteranceEnded { utterance, frames_played, complete } = kind
                {
                    ended.push((utterance.0, frames_played, complete));
                }
            });
            if played.is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        ended
    }
}

fn rendered_by(by: Rendering, utterance: u32, frames_total: u32) -> SpeakingEvent {
    let (first, took) = (Duration::ZERO, Duration::ZERO);
    SpeakingEvent::Rendered { utterance: UtteranceId(utterance), frames_total, first, took, by }
}

fn rendered(utterance: u32, frames_total: u32) -> SpeakingEvent {
    rendered_by(Rendering::Voice, utterance, frames_total)
}

#[test]
fn sentences_are_spoken_in_order_and_longer_than_the_ring() {
    let mut world = world(false);
    for (utterance, text) in [(1, "5"), (2, "250"), (3, "1")] {
        world.say(utterance, 0, text);
    }
    let ended = world.play(0, 3);
    assert_eq!(ended, [(1, 5, true), (2, 250, true), (3, 1, true)]);
    let events = [world.event(), world.event(), world.event()];
    assert_eq!(events, [rendered(1, 5), rendered(2, 250), rendered(3, 1)]);
}

#[test]
fn a_stop_drops_what_waits_and_what_follows_is_spoken() {
    let mut world = world(true);
    world.say(1, 0, "50");
    world.say(2, 0, "50");
    world.speaking.stop(LEG, Epoch(1));
    assert_eq!(world.event(), SpeakingEvent::Dropped { utterance: UtteranceId(1) });
    assert_eq!(world.event(), SpeakingEvent::Dropped { utterance: UtteranceId(2) });
    world.say(3, 0, "50");
    assert_eq!(world.event(), SpeakingEvent::Dropped { utterance: UtteranceId(3) });
    world.say(4, 1, "4");
    world.gate.send(()).unwrap();
    world.gate.send(()).unwrap();
    assert_eq!(world.play(1, 1), [(4, 4, true)]);
    drop(world.gate);
}

#[test]
fn a_voice_that_fails_or_panics_is_told_and_goes_on() {
    let mut world = world(false);
    for (utterance, text) in [(1, "fail"), (2, "panic"), (3, "2")] {
        world.say(utterance, 0, text);
    }
    assert_eq!(world.play(0, 3), [(1, 3, true), (2, 1, true), (3, 2, true)]);
    let failed = |utterance, frames_total, what: &str| SpeakingEvent::Failed {
        utterance: UtteranceId(utterance),
        frames_total,
        what: what.into(),
    };
    assert_eq!(world.event(), failed(1, 3, "the voice failed: scripted"));
    assert_eq!(world.event(), failed(2, 1, "it panicked"));
    assert_eq!(world.event(), rendered(3, 2));
}

#[test]
fn a_prompt_is_spoken_without_the_voice() {
    let mut world = world(true);
    world.speaking.prerender("7", Manner::default()).unwrap();
    world.gate.send(()).unwrap();
    while !world.speaking.is_prerendered("7", Manner::default()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // The gate is shut: the voice would wait for ever.
    world.say(1, 0, "7");
    assert_eq!(world.play(0, 1), [(1, 7, true)]);
    assert_eq!(world.event(), rendered_by(Rendering::Cached, 1, 7));
    drop(world.gate);
}

#[test]
fn a_prompt_that_its_voice_did_not_speak_to_the_end_is_not_kept() {
    let mut world = world(false);
    for text in ["broken", "7", "8"] {
        world.speaking.prerender(text, Manner::default()).unwrap();
        while text != "broken" && !world.speaking.is_prerendered(text, Manner::default()) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    assert!(!world.speaking.is_prerendered("broken", Manner::default()));
    world.say(1, 0, "broken");
    assert_eq!(world.play(0, 1), [(1, 3, true)]);
    assert_eq!(world.event(), rendered(1, 3));
}

#[test]
fn a_leg_with_a_full_ring_keeps_nobody_waiting() {
    let mut world = world(false);
    let (down, mut other) = Playback::new();
    world.speaking.attach(LegId(2), down, Box::new(|_, _| {}));
    world.say(1, 0, "1000");
    let text = Phi::new("300".to_owned());
    world.speaking.say(LegId(2), UtteranceId(9), Epoch(0), text, Manner::default()).unwrap();
    let mut played = 0;
    while played < 300 {
        match other.next(Epoch(0), true, |_| {}) {
            Some(_) => played += 1,
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    assert_eq!(world.play(0, 1), [(1, 1000, true)]);
}

#[test]
fn more_than_a_minute_is_cut_and_said_so() {
    let mut world = world(false);
    world.say(1, 0, "4000");
    assert_eq!(world.play(0, 1), [(1, LONGEST as u32, true)]);
    let SpeakingEvent::Failed { what, .. } = world.event() else { panic!("not told") };
    assert!(what.contains("60 s"));
}

/// Speaks a frame a letter; cuts at "|"; tells what it was asked, and takes as long as it is told to. "bad" fails.
struct Parted {
    asked: Sender<String>,
    takes: Duration,
    light: Option<Box<Parted>>,
}

impl Voice for Parted {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        std::thread::sleep(self.takes);
        let _ = self.asked.send(text.to_owned());
        if text == "bad" {
            return Err(VoiceError::Failed { what: "bad".into() });
        }
        let _ = sink(&vec![1000; text.len() * Frame::SAMPLES]);
        Ok(())
    }

    fn parts(&self, text: &str, _: Manner) -> Vec<String> {
        text.split('|').map(str::to_owned).collect()
    }

    fn is_free(&self) -> bool {
        true
    }

    fn pieces(&self, part: &str, _: Manner) -> Vec<String> {
        part.split('~').map(str::to_owned).collect()
    }

    fn stand_in(&mut self, _: Language, _: Trouble) -> Option<&mut dyn Voice> {
        self.light.as_mut().map(|light| &mut **light as &mut dyn Voice)
    }
}

/// Voices, each with a lighter one or all without; what the voices and what the lighter ones were asked.
fn parted(
    voices: usize,
    takes: Duration,
    lighter: bool,
) -> (Speaking, Receiver<String>, Receiver<String>) {
    let (asked, heard) = channel();
    let (light_asked, light_heard) = channel();
    let voice = |_| -> Box<dyn Voice> {
        let light = Parted { asked: light_asked.clone(), takes: Duration::ZERO, light: None };
        Box::new(Parted { asked: asked.clone(), takes, light: lighter.then(|| Box::new(light)) })
    };
    (Speaking::start((0..voices).map(voice).collect()).unwrap(), heard, light_heard)
}

fn attach(speaking: &Speaking, leg: u32) -> (Playback, Receiver<SpeakingEvent>) {
    let (down, playback) = Playback::new();
    let (sender, events) = channel();
    let sink = move |_, event| drop(sender.send(event));
    speaking.attach(LegId(leg), down, Box::new(sink));
    (playback, events)
}

fn say(speaking: &Speaking, leg: u32, utterance: u32, text: &str) {
    let text = Phi::new(text.to_owned());
    speaking.say(LegId(leg), UtteranceId(utterance), Epoch(0), text, Manner::default()).unwrap();
}

#[test]
fn every_first_part_comes_before_any_later_one() {
    let (speaking, heard, _) = parted(1, Duration::from_millis(30), false);
    let legs: Vec<_> = (1..=3).map(|leg| attach(&speaking, leg)).collect();
    for leg in 1..=3 {
        say(
            &speaking,
            leg,
            1,
            &format!("{leg}a{}|{leg}b{}|{leg}c", "-".repeat(200), "-".repeat(300)),
        );
    }
    let order: Vec<String> = (0..9).map(|_| heard.recv().unwrap()[..2].to_owned()).collect();
    assert_eq!(order, ["1a", "2a", "3a", "1b", "2b", "3b", "1c", "2c", "3c"]);
    drop(legs);
}

#[test]
fn two_voices_share_the_work_and_each_leg_hears_its_own_in_order() {
    let (speaking, heard, _) = parted(2, Duration::from_millis(5), false);
    let legs: Vec<_> = (1..=4).map(|leg| attach(&speaking, leg)).collect();
    for utterance in 1..=3 {
        (1..=4).for_each(|leg| say(&speaking, leg, utterance, "a|bb|ccc"));
    }
    for (mut playback, events) in legs {
        let mut ended = Vec::new();
        while ended.len() < 3 {
            let told = |kind| {
                if let MediaEventKind::UtteranceEnded { utterance, frames_played, .. } = kind {
                    ended.push((utterance.0, frames_played));
                }
            };
            if playback.next(Epoch(0), true, told).is_none() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        assert_eq!(ended, [(1, 6), (2, 6), (3, 6)]);
        assert_eq!(events.iter().take(3).count(), 3);
    }
    assert_eq!(heard.try_iter().count(), 36);
}

#[test]
fn who_would_wait_too_long_hears_the_lighter_voice() {
    // By what the desk knows, not by how long anything takes: nobody has waited yet.
    let lights = |ten_letters: Duration, has_light: bool| {
        let mut desk = Desk { voices: 1, ..Desk::default() };
        desk.took(Language::EN_US, 10, ten_letters);
        for leg in 1..=4 {
            let to = Some((LegId(leg), UtteranceId(1)));
            let text = Phi::new("9876543210".to_owned());
            let asked = Instant::now() + Duration::from_secs(3600);
            desk.sentences.push(Job { asked, ..Job::new(to, text, Manner::default()) });
        }
        let taken = std::iter::from_fn(|| desk.take(&mut |_| has_light));
        taken.map(|(_, light)| light).collect::<Vec<_>>()
    };
    // The first is heard after 300 ms, the second would be after 600.
    assert_eq!(lights(Duration::from_millis(300), true), [true, true, true, false]);
    assert_eq!(lights(Duration::from_millis(90), true), [false; 4], "the last after 360 ms");
    assert_eq!(lights(Duration::from_millis(300), false), [false; 4]);
}

#[test]
fn the_lighter_voice_says_what_the_voice_could_not() {
    let (speaking, _, light) = parted(1, Duration::ZERO, true);
    let (mut playback, events) = attach(&speaking, 1);
    say(&speaking, 1, 1, "ok|bad|end");
    let fell =
        SpeakingEvent::FellBack { utterance: UtteranceId(1), what: "the voice failed: bad".into() };
    // The lighter voice of the script fails at the same word.
    assert_eq!(events.recv().unwrap(), fell);
    assert_eq!(light.recv().unwrap(), "bad");
    assert!(matches!(events.recv().unwrap(), SpeakingEvent::Failed { .. }));
    let _ = playback.next(Epoch(0), true, |_| {});
}

#[test]
fn parts_of_a_prompt_are_known_when_they_come_in_another_text() {
    let (speaking, heard, _) = parted(2, Duration::ZERO, false);
    speaking.prerender_in_idle_time(["Hello.|How are you?", "Bye."], Manner::default());
    while !speaking.is_prerendered("Bye.", Manner::default()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(heard.try_iter().count(), 3);
    let (_playback, events) = attach(&speaking, 1);
    say(&speaking, 1, 1, "Maria.|How are you?");
    assert!(matches!(
        events.recv().unwrap(),
        SpeakingEvent::Rendered { frames_total: 18, by: Rendering::Voice, .. }
    ));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["Maria."]);
    say(&speaking, 1, 2, "Hello.|How are you?");
    assert!(matches!(
        events.recv().unwrap(),
        SpeakingEvent::Rendered { by: Rendering::Cached, .. }
    ));
    assert!(
        !speaking.is_prerendered("Maria.", Manner::default()),
        "what was only said is not kept"
    );
}

/// What the voice is taken to need for a letter, whatever it took.
fn set_pace(speaking: &Speaking, a_letter: Duration) {
    let pace = a_letter.as_secs_f32();
    speaking.shared.desk().pace.insert(Language::EN_US, pace);
}

#[test]
fn a_slow_voice_says_a_short_piece_first_and_a_prompt_in_one() {
    let (speaking, heard, _) = parted(1, Duration::ZERO, false);
    let (_playback, events) = attach(&speaking, 1);
    let next = || heard.recv().unwrap();
    speaking.prerender_in_idle_time(["aa~bb"], Manner::default());
    assert_eq!(next(), "aa~bb");
    while !speaking.is_prerendered("aa~bb", Manner::default()) {
        std::thread::sleep(Duration::from_millis(1));
    }
    // With 20 ms a letter ten take 200 ms, which may be waited for, and forty do not.
    set_pace(&speaking, Duration::from_millis(20));
    say(&speaking, 1, 1, "cccc~ddddd");
    assert_eq!(next(), "cccc~ddddd");
    assert!(matches!(events.recv().unwrap(), SpeakingEvent::Rendered { frames_total: 10, .. }));
    set_pace(&speaking, Duration::from_millis(20));
    say(&speaking, 1, 2, "eeee~ffffffffffffffff~gggggggggggggggggggggggg");
    assert_eq!([next(), next(), next()].map(|piece| piece.len()), [4, 16, 24]);
    assert!(matches!(events.recv().unwrap(), SpeakingEvent::Rendered { frames_total: 44, .. }));
}
