//! Budget: 150 ms for an utterance of 3 s, so that it is done before a pause of 180 + 220 ms ends.

use std::ops::ControlFlow;

use attendant::base::{Expect, Frame, Hints, Phi, TurnId};
use attendant::engines::models::{self, Progress, Set};
use attendant::engines::stt::{MoonshineModel, WhisperModel};
use attendant::engines::tts::HibariModel;
use attendant::speech::{HeardFrame, Manner, Recognizer};
use divan::Bencher;

fn main() {
    divan::main();
}

/// An utterance from its last frame to its words.
#[divan::bench(args = ["Yes.", "Can I have an appointment on Thursday morning?"], sample_count = 10)]
fn decode(bencher: Bencher<'_, '_>, text: &str) {
    let paths = models::ensure(&models::default_dir(), Progress::Shown).expect("the models");
    let speech = speak(&paths, text);
    let mut recognizer = MoonshineModel::load(&paths).expect("Moonshine").recognizer();
    bencher.bench_local(|| hear(recognizer.as_mut(), &speech));
}

/// The same with names that are likely now, one of which sounds like what was said: one more run of the decoder.
#[divan::bench(sample_count = 10)]
fn decode_with_names(bencher: Bencher<'_, '_>) {
    let paths = models::ensure(&models::default_dir(), Progress::Shown).expect("the models");
    let speech = speak(&paths, "I'd like to see Doctor Rahman.");
    let mut recognizer = MoonshineModel::load(&paths).expect("Moonshine").recognizer();
    let names = ["Dr. Patel", "Dr. Rahman", "Dr. Chen", "Dr. Rivera", "Dr. Goldberg"];
    let phrases = names.iter().map(|name| Phi::new((*name).to_owned())).collect();
    recognizer.expect(&Hints { expect: Expect::Anything, phrases });
    bencher.bench_local(|| hear(recognizer.as_mut(), &speech));
}

/// Spanish; what is said does not matter for the time it takes.
#[divan::bench(args = ["Si.", "Quiero una cita para el jueves por la manana."], sample_count = 10)]
fn decode_spanish(bencher: Bencher<'_, '_>, text: &str) {
    let sets = [Set::Embedded, Set::Spanish];
    let paths =
        models::ensure_sets(&models::default_dir(), &sets, Progress::Shown).expect("the models");
    let speech = speak(&paths, text);
    let mut recognizer = WhisperModel::load(&paths).expect("Whisper").recognizer();
    bencher.bench_local(|| hear(recognizer.as_mut(), &speech));
}

fn hear(recognizer: &mut dyn Recognizer, speech: &[HeardFrame]) {
    for heard in speech {
        recognizer.push(heard).expect("there is room");
    }
    recognizer.finish(TurnId(1));
    recognizer.poll().expect("it works").expect("a final is due");
}

fn speak(paths: &models::ModelPaths, text: &str) -> Vec<HeardFrame> {
    let mut sound = Vec::new();
    let mut voice = HibariModel::load(paths).expect("Hibari").voice();
    let spoken = voice.speak(text, Manner::default(), &mut |piece| {
        sound.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    spoken.expect("it speaks");
    let frame = |samples: &[i16]| Frame(std::array::from_fn(|n| samples[n]));
    let voiced = |frame: Frame| HeardFrame::new(0, frame, frame.level() > -45.0);
    sound.chunks_exact(Frame::SAMPLES).map(|samples| voiced(frame(samples))).collect()
}
