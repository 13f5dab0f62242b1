//! Budget: 60 ms from a sentence of 2.5 s to its sound, of the 500 ms that a caller waits gladly.

use std::ops::ControlFlow;

use attendant::engines::models::{self, Progress};
use attendant::engines::tts::HibariModel;
use attendant::speech::Manner;
use divan::Bencher;

fn main() {
    divan::main();
}

/// A text from its letters to its first sound.
#[divan::bench(args = ["Sure.", "Thank you for calling Cedar Family Practice."], sample_count = 20)]
fn first_sound(bencher: Bencher<'_, '_>, text: &str) {
    let paths = models::ensure(&models::default_dir(), Progress::Shown).expect("the models");
    let mut voice = HibariModel::load(&paths).expect("Hibari").voice();
    bencher.bench_local(|| voice.speak(text, Manner::default(), &mut |_| ControlFlow::Break(())));
}
