//! Sound to send: sentences with a sweep before them, so that their beginning is beyond doubt, written as
//! WAV, and read as others do.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use attendant::engines::tts::{Flite, FliteVoice};
use attendant::speech::{Manner, Voice};

use super::compare::{RATE, resampled};

/// What our side says: it has voices, hisses and stops, and pauses too short to end a turn.
const OURS: &str =
    "The birch canoe slid on the smooth planks, and six sheep chased the fish by the shore.";
/// What the peer says.
const THEIRS: &str =
    "Four hours of steady work faced us, while the boy was there when the sun rose.";
/// The root mean square of speech: about -20 dBov, to which our own leveller brings it too.
const LOUDNESS: f64 = 3_276.0;

/// Returns what our side says, 16 kHz: about five seconds.
pub(crate) fn ours() -> Vec<i16> {
    static SOUND: LazyLock<Vec<i16>> = LazyLock::new(|| said(OURS, FliteVoice::Slt));
    SOUND.clone()
}

/// Returns what the peer says, 16 kHz: about five seconds.
pub(crate) fn theirs() -> Vec<i16> {
    static SOUND: LazyLock<Vec<i16>> = LazyLock::new(|| said(THEIRS, FliteVoice::Rms));
    SOUND.clone()
}

/// Returns so much silence at 16 kHz.
pub(crate) fn silence(ms: usize) -> Vec<i16> {
    vec![0; ms * RATE / 1000]
}

fn said(text: &str, voice: FliteVoice) -> Vec<i16> {
    let mut speech = Vec::new();
    let mut voice = Flite::new(voice, 1.0).unwrap();
    let spoken = voice.speak(text, Manner::default(), &mut |piece| {
        speech.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    spoken.unwrap();
    let loud: Vec<f64> = speech.iter().map(|s| f64::from(*s)).filter(|s| s.abs() > 200.0).collect();
    let level = (loud.iter().map(|s| s * s).sum::<f64>() / loud.len().max(1) as f64).sqrt();
    let gain = LOUDNESS / level.max(1.0);
    let levelled = speech.iter().map(|s| (f64::from(*s) * gain).clamp(-30_000.0, 30_000.0) as i16);
    [sweep(), silence(60), levelled.collect()].concat()
}

/// A quarter of a second from 300 to 3,000 Hz.
fn sweep() -> Vec<i16> {
    let length = RATE / 4;
    (0..length)
        .map(|n| {
            let t = n as f64 / RATE as f64;
            let phase = std::f64::consts::TAU * (300.0 * t + 2_700.0 / 0.25 * t * t / 2.0);
            let edge = (n.min(length - n) as f64 / 160.0).min(1.0);
            (phase.sin() * edge * 4_600.0) as i16
        })
        .collect()
}

/// Writes 16 kHz sound as mono of another rate.
pub(crate) fn write(path: &Path, sound: &[i16], rate: usize) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for sample in resampled(sound, RATE, rate) {
        writer.write_sample(sample).unwrap();
    }
    writer.finalize().unwrap();
}

/// Returns what ffmpeg makes of 8 kHz sound in one of its raw formats, at 16 kHz.
pub(crate) fn decoded(format: &str, coded: &[u8]) -> Vec<i16> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("coded");
    std::fs::write(&file, coded).unwrap();
    let said = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-f", format, "-ar", "8000", "-ac", "1", "-i"])
        .arg(&file)
        .args(["-f", "s16le", "pipe:1"])
        .stdin(Stdio::null())
        .output()
        .expect("ffmpeg, which `make setup` installs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let samples = said.stdout.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
    resampled(&samples.collect::<Vec<_>>(), 8000, RATE)
}
