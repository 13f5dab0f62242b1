//! The seam between us and whatever turns words into sound.

use std::ops::ControlFlow;

use crate::base::Language;

/// Why a voice cannot speak a sentence.
#[derive(Debug, thiserror::Error)]
pub enum VoiceError {
    /// The model or vendor failed.
    #[error("the voice failed: {what}")]
    Failed {
        /// What it said.
        what: String,
    },
}

/// How a text is to be spoken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    /// In which language it is written.
    pub language: Language,
    /// How fast: 1 is the voice's own rate, 0.8 a fifth slower.
    pub rate: f32,
}

impl Default for Manner {
    fn default() -> Self {
        Self { language: Language::default(), rate: 1.0 }
    }
}

impl From<Language> for Manner {
    fn from(language: Language) -> Self {
        Self { language, ..Self::default() }
    }
}

/// How much slower the agent speaks when a caller asks for it, and the slowest that is understood well.
const SLOWER: f32 = 0.85;
const SLOWEST: f32 = 0.7;

impl Manner {
    /// The same, more slowly: a second time again, and then no more.
    pub fn slower(self) -> Self {
        Self { rate: (self.rate * SLOWER).max(SLOWEST), ..self }
    }
}

/// Why a voice needs another in its place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// It would speak too late; whoever takes its place is quicker.
    Late,
    /// It failed.
    Failed,
}

/// Text to speech. Owned by one thread.
pub trait Voice: Send {
    /// Speaks a text of one or more sentences, written as for a reader ("9:30 AM", "Dr. Patel").
    ///
    /// `sink` gets the sound as it becomes ready: 16 kHz mono, pieces of any length. It returns
    /// `Break` when nobody wants the rest.
    ///
    /// # Errors
    /// When the engine has failed, or does not speak the language; what the sink got until then was right.
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError>;

    /// Cuts a text into parts that sound the same spoken one by one, in order: so that the first is heard while the
    /// next is made, and nobody waits for another's long text. Each may be given to [`Self::speak`].
    fn parts(&self, text: &str, manner: Manner) -> Vec<String> {
        let _ = manner;
        vec![text.to_owned()]
    }

    /// Cuts one of [`Self::parts`] further where a voice is so slow that the caller would wait for its first sound: a
    /// short piece first, then longer ones. It costs some of the melody.
    fn pieces(&self, part: &str, manner: Manner) -> Vec<String> {
        let _ = manner;
        vec![part.to_owned()]
    }

    /// Returns a voice that speaks this language in this one's place, if there is one for this trouble.
    fn stand_in(&mut self, language: Language, trouble: Trouble) -> Option<&mut dyn Voice> {
        let _ = (language, trouble);
        None
    }

    /// Whether the last text was spoken by this voice alone, from its beginning to its end: else its sound is good
    /// enough for the one who waits for it, and not to be kept for others.
    fn spoke_it_all(&self) -> bool {
        true
    }

    /// Whether sound that nobody may ever hear costs idle time and nothing else.
    fn is_free(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_has_an_end() {
        let rates = [1, 2, 3, 4].map(|times| {
            (0..times).fold(Manner::from(Language::ES_US), |manner, _| manner.slower())
        });
        assert!(rates[0].rate < 0.9 && rates[1].rate < rates[0].rate);
        assert!(rates[2].rate == SLOWEST && rates[3] == rates[2]);
        assert_eq!(rates[3].language, Language::ES_US);
    }
}
