//! Puts the vendors that the configuration names before the embedded engines.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::Language;
use crate::config::Config;
use crate::engines::vendor::{Network, NetworkError, Standing, VendorEars, VendorVoices};
use crate::speech::{Manner, Trouble, Voice, VoiceError};

use super::start::Engines;

/// Sentences that are spoken at a time: a thread that speaks through a vendor waits most of the time.
const VOICES: usize = 8;

/// Returns what hears and speaks with the configured vendors, and how these stand. Without a vendor nothing changes.
///
/// # Errors
/// When the system refuses a thread, or TLS cannot be set up.
pub(super) fn before(
    engines: Engines,
    config: &Config,
) -> Result<(Engines, Vec<Standing>), NetworkError> {
    let Engines { mut ears, mut voices } = engines;
    let (recogniser, voice) = (&config.node.speech.recogniser, &config.node.speech.voice);
    if recogniser.is_none() && voice.is_none() {
        return Ok((Engines { ears, voices }, Vec::new()));
    }
    let network = Network::start()?;
    if network.trusts_nobody() {
        tracing::warn!(
            "This machine has no CA certificates: no vendor can be reached over TLS. Install the package ca-certificates."
        );
    }
    let mut standings = Vec::new();
    if let Some(vendor) = recogniser {
        let embedded = move |language: Language| language.embedded().map(&ears);
        let vendor = VendorEars::new(vendor.clone(), &network, Arc::new(embedded));
        standings.push(vendor.standing());
        ears = Box::new(move |language| vendor.recognizer(language));
    }
    if let Some(vendor) = voice {
        let embedded: Vec<_> =
            voices.into_iter().map(|voice| Arc::new(Mutex::new(voice))).collect();
        let vendor = VendorVoices::new(vendor.clone(), &network);
        standings.push(vendor.standing());
        let behind = (0..VOICES.max(embedded.len())).zip(embedded.iter().cycle());
        voices = behind.map(|(_, voice)| vendor.voice(Box::new(Shared::new(voice)))).collect();
    }
    Ok((Engines { ears, voices }, standings))
}

/// An embedded voice that stands in for several threads, a sentence at a time.
struct Shared {
    voice: Arc<Mutex<Box<dyn Voice>>>,
    /// Languages in which another voice speaks where this one fails.
    failing: Vec<Language>,
    lighter: Lighter,
}

impl Shared {
    fn new(voice: &Arc<Mutex<Box<dyn Voice>>>) -> Self {
        let mut known = lock(voice);
        let is_there = |language: &Language| known.stand_in(*language, Trouble::Failed).is_some();
        let failing = Language::EMBEDDED.iter().copied().filter(is_there).collect();
        drop(known);
        Self { voice: Arc::clone(voice), failing, lighter: Lighter(Arc::clone(voice)) }
    }
}

/// What speaks where that voice fails.
struct Lighter(Arc<Mutex<Box<dyn Voice>>>);

/// A voice that panicked is one that may panic again: nothing of it is half done.
fn lock(voice: &Mutex<Box<dyn Voice>>) -> MutexGuard<'_, Box<dyn Voice>> {
    voice.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Voice for Shared {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        lock(&self.voice).speak(text, manner, sink)
    }

    fn parts(&self, text: &str, manner: Manner) -> Vec<String> {
        lock(&self.voice).parts(text, manner)
    }

    fn pieces(&self, part: &str, manner: Manner) -> Vec<String> {
        lock(&self.voice).pieces(part, manner)
    }

    /// It does not wait for the voice: it is asked while all who speak are held up.
    fn stand_in(&mut self, language: Language, trouble: Trouble) -> Option<&mut dyn Voice> {
        let is_there = trouble == Trouble::Failed && self.failing.contains(&language);
        is_there.then_some(&mut self.lighter as &mut dyn Voice)
    }
}

impl Voice for Lighter {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        match lock(&self.0).stand_in(manner.language, Trouble::Failed) {
            Some(lighter) => lighter.speak(text, manner, sink),
            None => Err(VoiceError::Failed { what: "nobody stands in".to_owned() }),
        }
    }
}
