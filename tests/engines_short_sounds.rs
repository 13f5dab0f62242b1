//! Short answers are heard, and noise that was taken for a voice is not: with the real models of both languages.
#![allow(clippy::unwrap_used, reason = "in a test it is the message")]

#[allow(dead_code, reason = "shared by several test binaries")]
mod recognizer_conformance;
mod telephone;
mod turn_taking_stage;

use std::sync::{Arc, OnceLock};

use attendant::base::{Expect, Frame, Hints, TurnId};
use attendant::engines::models::{self, Progress, Set};
use attendant::engines::stt::{MoonshineModel, WhisperModel};
use attendant::speech::{HeardFrame, Recognizer};
use recognizer_conformance::next_final;
use turn_taking_stage::cases::Draw;
use turn_taking_stage::sounds::{self, MS, Noise, Speaker};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Ears {
    English,
    Spanish,
}

fn recognizer(ears: Ears) -> Box<dyn Recognizer> {
    static ENGLISH: OnceLock<Arc<MoonshineModel>> = OnceLock::new();
    static SPANISH: OnceLock<Arc<WhisperModel>> = OnceLock::new();
    let paths = || {
        let sets = [Set::Embedded, Set::Spanish];
        models::ensure_sets(&models::default_dir(), &sets, Progress::Shown).unwrap()
    };
    match ears {
        Ears::English => {
            ENGLISH.get_or_init(|| MoonshineModel::load(&paths()).unwrap()).recognizer()
        }
        Ears::Spanish => SPANISH.get_or_init(|| WhisperModel::load(&paths()).unwrap()).recognizer(),
    }
}

/// What is heard of a sound over a telephone, in silence, where a yes or no is awaited; and how many of its frames were
/// marked as a voice.
fn hear(ears: Ears, sound: &[f64], voiced: impl Fn(&Frame) -> bool) -> (String, usize) {
    let sound: Vec<i16> =
        sound.iter().map(|s| s.round().clamp(-32_768.0, 32_767.0) as i16).collect();
    let silence = vec![0; 500 * MS];
    let line = telephone::line(&[&silence[..], &sound, &silence].concat());
    let inside = 25..25 + (sound.len() / Frame::SAMPLES) as u64;
    let mut recognizer = recognizer(ears);
    recognizer.expect(&Hints::from(Expect::YesNo));
    let mut count = 0;
    for (tick, samples) in (0..).zip(line.chunks_exact(Frame::SAMPLES)) {
        let frame = Frame(samples.try_into().unwrap());
        let voiced = inside.contains(&tick) && voiced(&frame);
        count += usize::from(voiced);
        recognizer.push(&HeardFrame::new(tick, frame, voiced)).unwrap();
    }
    recognizer.finish(TurnId(1));
    (next_final(recognizer.as_mut(), TurnId(1)), count)
}

#[test]
fn noise_music_and_coughs_that_were_taken_for_a_voice_say_nothing() {
    for ears in [Ears::English, Ears::Spanish] {
        for kind in [Noise::Office, Noise::Street, Noise::HoldMusic] {
            for ms in [500, 1000, 2000] {
                let sound = sounds::noise(kind, ms * MS, -20.0, Draw::FIRST);
                let (text, voiced) = hear(ears, &sound, |_| true);
                assert_eq!(voiced, ms / 20);
                assert_eq!(text, "", "{ears:?}, {kind:?}, {ms} ms");
            }
        }
        for seed in 0..3 {
            let cough = sounds::at(sounds::cough(seed, Draw::FIRST), -20.0);
            let (text, voiced) = hear(ears, &cough, |_| true);
            assert!((8..25).contains(&voiced), "{voiced}");
            assert_eq!(text, "", "{ears:?}, cough {seed}");
        }
    }
}

#[test]
fn answers_of_one_syllable_are_heard() {
    let says = |ears, speaker, text: &str, heard: &str| {
        let sound = sounds::at(sounds::spoken(speaker, text), -20.0);
        let (said, voiced) = hear(ears, &sound, |frame| frame.level() > -45.0);
        assert!(voiced < 25, "{text} is short: {voiced}");
        let plain: String = said.chars().filter(|c| c.is_alphanumeric()).collect();
        assert_eq!(plain.to_lowercase(), heard, "{ears:?}, {speaker:?}, {text}: {said:?}");
    };
    let [slt, rms, espeak, awb, ..] = sounds::SPEAKERS;
    for (speaker, text, heard) in [
        (slt, "Yes.", "yes"),
        (rms, "Yes.", "yes"),
        (slt, "No.", "no"),
        (awb, "No.", "no"),
        (rms, "Two.", "two"),
        // The model's own first answer to this one is nothing at all.
        (espeak, "Two.", "two"),
        (awb, "Nine.", "nine"),
    ] {
        says(Ears::English, speaker, text, heard);
    }
    for speaker in ["es", "es+m3", "es-419+f3"] {
        says(Ears::Spanish, Speaker::Espeak(speaker), "Sí.", "sí");
        says(Ears::Spanish, Speaker::Espeak(speaker), "No.", "no");
    }
}
