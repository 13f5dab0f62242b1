//! Sentences as sound, rendered before the call so that speech starts at once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::base::Frame;
use crate::speech::{Manner, Voice, VoiceError};

/// A level in dBov that callers have after a line's loss: telephone speech is set at about -20.
const LEVEL: f64 = -20.0;
/// Beyond this, samples are limited: 1 dB below full scale.
const PEAK: f64 = 29_204.0;
/// So far below the loudest 10 ms, sound counts as the silence before and after a sentence (dB).
const TRIM: f64 = 40.0;
/// 10 ms of 16 kHz sound, the grain of the trimming.
const GRAIN: usize = 160;
/// Longest sentence: two minutes.
const LIMIT: usize = 16_000 * 120;

/// A sentence as sound: 16 kHz, silence before and after trimmed, speech at [`LEVEL`].
#[derive(Clone)]
pub(super) struct Clip {
    /// Whole frames; the last is filled up with silence.
    pub frames: Arc<[Frame]>,
}

impl std::fmt::Debug for Clip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clip({} frames)", self.frames.len())
    }
}

/// Renders each text once and returns the clips in order.
///
/// # Errors
/// When the voice fails.
pub(super) fn render(voice: &mut dyn Voice, texts: &[String]) -> Result<Vec<Clip>, VoiceError> {
    let mut known: BTreeMap<&str, Clip> = BTreeMap::new();
    let mut clips = Vec::with_capacity(texts.len());
    for text in texts {
        let clip = match known.get(text.as_str()) {
            Some(clip) => clip.clone(),
            None => speak(voice, text)?,
        };
        known.insert(text, clip.clone());
        clips.push(clip);
    }
    Ok(clips)
}

fn speak(voice: &mut dyn Voice, text: &str) -> Result<Clip, VoiceError> {
    let mut samples = Vec::new();
    voice.speak(text, Manner::default(), &mut |piece| {
        samples.extend_from_slice(piece);
        if samples.len() < LIMIT { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let mut speech: Vec<f64> = trim(&samples).iter().map(|&s| f64::from(s)).collect();
    if speech.is_empty() {
        return Err(VoiceError::Failed { what: format!("no sound came of {text:?}") });
    }
    set_level(&mut speech);
    let frame = |chunk: &[f64]| {
        let mut frame = Frame::SILENCE;
        for (to, from) in frame.0.iter_mut().zip(chunk) {
            *to = from.round() as i16;
        }
        frame
    };
    Ok(Clip { frames: speech.chunks(Frame::SAMPLES).map(frame).collect() })
}

/// Cuts the silence before and after.
fn trim(samples: &[i16]) -> &[i16] {
    let loud = |grain: &[i16]| grain.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>();
    let levels: Vec<f64> = samples.chunks(GRAIN).map(loud).collect();
    let loudest = levels.iter().copied().fold(0.0, f64::max);
    let threshold = loudest * 10_f64.powf(-TRIM / 10.0);
    let speech = |level: &f64| *level > threshold;
    match (levels.iter().position(speech), levels.iter().rposition(speech)) {
        (Some(first), Some(last)) => {
            &samples[first * GRAIN..((last + 1) * GRAIN).min(samples.len())]
        }
        _ => &[],
    }
}

/// Brings the speech, pauses not counted, to [`LEVEL`].
fn set_level(samples: &mut [f64]) {
    let power = |grain: &[f64]| grain.iter().map(|s| s * s).sum::<f64>() / grain.len() as f64;
    let levels: Vec<f64> = samples.chunks(GRAIN).map(power).collect();
    let loudest = levels.iter().copied().fold(0.0, f64::max);
    let active: Vec<f64> = levels.into_iter().filter(|level| *level > loudest / 1000.0).collect();
    let rms = (active.iter().sum::<f64>() / active.len().max(1) as f64).sqrt();
    if rms <= 0.0 {
        return;
    }
    let gain = 32_768.0 * 10_f64.powf(LEVEL / 20.0) / rms;
    for sample in samples {
        *sample = (*sample * gain).clamp(-PEAK, PEAK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says a second of a tone between half seconds of silence; counts how often it is asked.
    struct Hum(usize);

    impl Voice for Hum {
        fn speak(
            &mut self,
            text: &str,
            _: Manner,
            sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
        ) -> Result<(), VoiceError> {
            self.0 += 1;
            let tone = |n: usize| (f64::from(n as u32) * 0.2).sin() * 900.0;
            let speech: Vec<i16> = (0..16_000).map(|n| tone(n) as i16).collect();
            let _ = sink(&[0; 8000]);
            if text != "nothing" {
                let _ = sink(&speech);
            }
            let _ = sink(&[0; 8000]);
            Ok(())
        }
    }

    #[test]
    fn a_clip_is_trimmed_and_at_speech_level() {
        let mut voice = Hum(0);
        let clips = render(&mut voice, &["a".into(), "b".into(), "a".into()]).unwrap();
        assert_eq!((clips.len(), voice.0), (3, 2));
        assert!((50..=51).contains(&clips[0].frames.len()), "{:?}", clips[0]);
        for frame in &clips[0].frames[..49] {
            assert!((frame.level() + 20.0).abs() < 1.0, "{frame:?}");
        }
    }

    #[test]
    fn a_silent_voice_is_an_error() {
        assert!(render(&mut Hum(0), &["nothing".into()]).is_err());
    }
}
