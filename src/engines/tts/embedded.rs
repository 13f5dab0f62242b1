//! The voices that come with us: Hibari for English, Kokoro for Spanish, and flite where it is installed for a
//! sentence that Hibari fails at.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{Flite, FliteVoice, HibariModel, KokoroModel};
use crate::base::Language;
use crate::engines::models::{ModelError, ModelPaths};
use crate::speech::{Manner, Trouble, Voice, VoiceError};

/// The models of all voices, shared by all threads.
pub struct EmbeddedVoices {
    english: Arc<HibariModel>,
    spanish: Option<Arc<KokoroModel>>,
    flite: Option<Flite>,
}

struct EmbeddedVoice {
    english: Box<dyn Voice>,
    spanish: Option<Box<dyn Voice>>,
    flite: Option<Flite>,
}

impl EmbeddedVoices {
    /// Loads what speaks English, and Spanish where the paths of its set are given; looks for flite.
    ///
    /// # Errors
    /// When a file is missing, damaged, or not the model it should be.
    pub fn load(english: &ModelPaths, spanish: Option<&ModelPaths>) -> Result<Self, ModelError> {
        Ok(Self {
            english: HibariModel::load(english)?,
            spanish: spanish.map(KokoroModel::load).transpose()?,
            flite: Flite::new(FliteVoice::Slt, 1.0).ok(),
        })
    }

    /// Whether it speaks a language, given all of its models.
    pub fn speaks(language: Language) -> bool {
        matches!(language, Language::EN_US | Language::ES_US)
    }

    /// Returns a voice for one thread.
    pub fn voice(&self) -> Box<dyn Voice> {
        Box::new(EmbeddedVoice {
            english: self.english.voice(),
            spanish: self.spanish.as_ref().map(KokoroModel::voice),
            flite: self.flite.clone(),
        })
    }
}

impl EmbeddedVoice {
    fn of(&self, language: Language) -> Option<&dyn Voice> {
        match language {
            Language::ES_US => self.spanish.as_deref(),
            _ => Some(self.english.as_ref()),
        }
    }
}

impl Voice for EmbeddedVoice {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let voice = match (manner.language, &mut self.spanish) {
            (Language::ES_US, Some(spanish)) => spanish,
            (Language::ES_US, None) => {
                let what = "the Spanish voice is not loaded".to_owned();
                return Err(VoiceError::Failed { what });
            }
            _ => &mut self.english,
        };
        voice.speak(text, manner, sink)
    }

    fn parts(&self, text: &str, manner: Manner) -> Vec<String> {
        self.of(manner.language)
            .map_or_else(|| vec![text.to_owned()], |voice| voice.parts(text, manner))
    }

    fn pieces(&self, part: &str, manner: Manner) -> Vec<String> {
        self.of(manner.language)
            .map_or_else(|| vec![part.to_owned()], |voice| voice.pieces(part, manner))
    }

    /// No voice that we know of is quicker than Hibari, and none that speaks Spanish is understood.
    fn stand_in(&mut self, language: Language, trouble: Trouble) -> Option<&mut dyn Voice> {
        let flite = self.flite.as_mut().filter(|_| trouble == Trouble::Failed)?;
        (language == Language::EN_US).then_some(flite as &mut dyn Voice)
    }

    fn is_free(&self) -> bool {
        true
    }
}
