//! What our voices say is what our recogniser hears, over a telephone line; with the real models.

mod telephone;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use attendant::base::{Frame, Purpose, TurnId};
use attendant::engines::models::{self, ModelPaths, Progress};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::tts::{Flite, FliteVoice};
use attendant::speech::{HeardFrame, Recognizer, Transcript, Voice};

fn paths() -> &'static ModelPaths {
    static PATHS: OnceLock<ModelPaths> = OnceLock::new();
    PATHS.get_or_init(|| models::ensure(&models::default_dir(), Progress::Shown).unwrap())
}

fn moonshine() -> &'static Arc<MoonshineModel> {
    static MODEL: OnceLock<Arc<MoonshineModel>> = OnceLock::new();
    MODEL.get_or_init(|| MoonshineModel::load(paths()).unwrap())
}

fn speak(voice: &mut dyn Voice, text: &str) -> Vec<i16> {
    let mut sound = Vec::new();
    let taken = voice.speak(text, &mut |piece| {
        sound.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    taken.unwrap();
    sound
}

fn frames(sound: &[i16]) -> Vec<HeardFrame> {
    let silence = vec![0_i16; 15 * Frame::SAMPLES];
    [&silence, sound, &silence]
        .concat()
        .chunks(Frame::SAMPLES)
        .enumerate()
        .map(|(tick, samples)| {
            let mut frame = Frame::SILENCE;
            frame.0[..samples.len()].copy_from_slice(samples);
            HeardFrame { tick: tick as u64, frame, voiced: frame.level() > -45.0 }
        })
        .collect()
}

/// Pushes all, ends the turn and returns its text and confidence.
fn hear(recognizer: &mut dyn Recognizer, sound: &[i16], turn: TurnId) -> (String, f32) {
    for heard in frames(sound) {
        recognizer.push(&heard).unwrap();
    }
    recognizer.finish(turn);
    match recognizer.poll().unwrap() {
        Some(Transcript::Final { turn: of, text, confidence }) => {
            assert_eq!(of, turn);
            (text.reveal(Purpose::Comparison).clone(), confidence)
        }
        other => panic!("{other:?}"),
    }
}

const LINES: &[&str] = &[
    "Hi, this is Maria Lopez.",
    "My date of birth is March ninth, nineteen eighty four.",
    "I need to move my appointment on Thursday to the next free morning.",
    "Yes, that's right.",
    "Can I talk to a person please?",
    "I'd like to book a physical with Doctor Patel.",
    "I have chest pain.",
];

#[test]
fn voices_table() {
    for voice in FliteVoice::ALL {
        for stretch in [1.0, 1.1, 1.25] {
            println!("== {voice} {stretch}");
            let mut flite = Flite::new(voice, stretch).unwrap();
            let mut recognizer = moonshine().recognizer();
            for line in LINES {
                let sound = telephone::line(&speak(&mut flite, line));
                let start = std::time::Instant::now();
                let (text, confidence) = hear(recognizer.as_mut(), &sound, TurnId(1));
                println!("{:3} ms {confidence:.2} {:5.2} s | {line} | {text}", start.elapsed().as_millis(), sound.len() as f64/16000.0);
            }
        }
    }
}
