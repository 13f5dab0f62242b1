//! Sound of the telephone line: written for a phone to play, measured and understood when recorded.

use std::ops::ControlFlow;
use std::path::Path;

use attendant::base::{Frame, Purpose, TurnId};
use attendant::engines::models::{self, Progress};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::tts::{Flite, FliteVoice};
use attendant::speech::{HeardFrame, Manner, Transcript, Vad, Voice};

/// Samples a second of the line.
const RATE: usize = 8000;
/// Samples of 20 ms on the line.
const FRAME: usize = RATE / 50;

/// Returns so many seconds of silence at 8 kHz.
pub(crate) fn silence(seconds: usize) -> Vec<i16> {
    vec![0; seconds * RATE]
}

/// Returns a sentence in the scripted caller's voice at 8 kHz.
pub(crate) fn spoken(text: &str) -> Vec<i16> {
    let mut wide = Vec::new();
    let mut voice = Flite::new(FliteVoice::Slt, 1.1).unwrap();
    let said = voice.speak(text, Manner::default(), &mut |piece| {
        wide.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    said.unwrap();
    // A mean of neighbours keeps enough of what is above 4 kHz away from a telephone's ear.
    wide.chunks_exact(2).map(|pair| i16::midpoint(pair[0], pair[1])).collect()
}

/// Writes 8 kHz mono, as phones play it.
pub(crate) fn write(path: &Path, samples: &[i16]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
}

/// Returns the level in dBov of what is not silence (P.56 in small: frames within 16 dB of the loudest).
pub(crate) fn speech_level(samples: &[i16]) -> f64 {
    let power = |frame: &[i16]| {
        frame.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / frame.len() as f64
    };
    let powers: Vec<f64> = samples.chunks_exact(FRAME).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f64::max);
    let speech: Vec<f64> = powers.into_iter().filter(|p| *p > loudest / 40.0).collect();
    10.0 * (speech.iter().sum::<f64>() / speech.len().max(1) as f64 / 32_768.0_f64.powi(2)).log10()
}

/// Returns what the embedded recogniser makes of sound at 8 kHz, in lower case.
pub(crate) fn understood(samples: &[i16]) -> String {
    let paths = models::ensure(&models::default_dir(), Progress::Quiet).unwrap();
    let mut recognizer = MoonshineModel::load(&paths).unwrap().recognizer();
    let mut vad = Vad::new();
    let wide: Vec<i16> =
        samples.windows(2).flat_map(|pair| [pair[0], i16::midpoint(pair[0], pair[1])]).collect();
    for (tick, samples) in (0..).zip(wide.chunks_exact(Frame::SAMPLES)) {
        let mut frame = Frame::SILENCE;
        frame.0.copy_from_slice(samples);
        let voiced = vad.push(&frame).voiced;
        recognizer.push(&HeardFrame::new(tick, frame, voiced)).unwrap();
        // What is said of a turn that is not over does not matter here.
        let _ = recognizer.poll().unwrap();
    }
    recognizer.finish(TurnId(1));
    loop {
        if let Some(Transcript::Final { text, .. }) = recognizer.poll().unwrap() {
            return text.reveal(Purpose::Comparison).to_lowercase();
        }
    }
}
