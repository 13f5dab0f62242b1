//! What our voices say is what our recogniser hears, over a telephone line; with the real models.

mod telephone;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use attendant::base::{Frame, Purpose, TurnId};
use attendant::engines::models::{self, ModelPaths, Progress};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::tts::{Flite, FliteVoice, HibariModel};
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


#[test]
fn try_hibari() {
    let t = std::time::Instant::now();
    let model = HibariModel::load(paths()).unwrap();
    println!("load {} ms", t.elapsed().as_millis());
    let mut voice = model.voice();
    let mut recognizer = moonshine().recognizer();
    for line in std::fs::read_to_string("/tmp/w/spx/agent.txt").unwrap().lines() {
        let t = std::time::Instant::now();
        let sound = speak(voice.as_mut(), line);
        let ms = t.elapsed().as_millis();
        let rms = (sound.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / sound.len() as f64).sqrt();
        let t = std::time::Instant::now();
        let (text, confidence) = hear(recognizer.as_mut(), &telephone::line(&sound), TurnId(1));
        println!("{ms:3} ms {confidence:.2} {:5.2} s rms {:.0} peak {} stt {} ms| {line} | {text}", sound.len() as f64/16000.0, 20.0*(rms/32768.0).log10(), sound.iter().map(|s| s.unsigned_abs()).max().unwrap(), t.elapsed().as_millis());
    }
    if let Ok(out) = std::env::var("OUT") {
        let sound = speak(voice.as_mut(), "Thank you for calling Cedar Family Practice. How can I help you?");
        std::fs::write(out, sound.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    }
}
