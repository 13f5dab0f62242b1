//! Which voice a scripted phone speaks with.

use crate::engines::tts::{Flite, FliteVoice};
use crate::speech::{Voice, VoiceError};

/// Returns flite's voice where flite is installed, so that a caller sounds unlike the agent; else
/// what `otherwise` gives, which is not asked before.
///
/// # Errors
/// When there is no flite and `otherwise` fails.
pub fn choose_voice(
    voice: FliteVoice,
    otherwise: impl FnOnce() -> Result<Box<dyn Voice>, VoiceError>,
) -> Result<Box<dyn Voice>, VoiceError> {
    match Flite::new(voice, 1.0) {
        Ok(flite) => Ok(Box::new(flite)),
        Err(_) => otherwise(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::clip::render;
    use super::*;
    use crate::base::Frame;

    #[test]
    fn a_real_voice_comes_at_speech_level_and_without_silence_round_it() {
        let what = "flite is not installed: apt-get install flite".to_owned();
        let mut voice = choose_voice(FliteVoice::Slt, || Err(VoiceError::Failed { what })).unwrap();
        let text = "I need to move my appointment on Thursday, please.".to_string();
        let clip = render(voice.as_mut(), &[text]).unwrap().remove(0);
        let levels: Vec<f32> = clip.frames.iter().map(Frame::level).collect();
        let seconds = levels.len() as f32 / 50.0;
        assert!((1.5..5.0).contains(&seconds), "{seconds} s");
        let (first, last) = (levels[0], levels[levels.len() - 1]);
        assert!(first > -65.0 && last > -65.0, "it begins at {first} and ends at {last}");
        let loud: Vec<f64> = levels.iter().filter(|l| **l > -45.0).map(|l| f64::from(*l)).collect();
        let mean = loud.iter().map(|l| 10_f64.powf(l / 10.0)).sum::<f64>() / loud.len() as f64;
        let level = 10.0 * mean.log10();
        assert!((-22.0..-18.0).contains(&level), "{level} dBov");
    }
}
