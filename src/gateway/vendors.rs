//! Puts the vendors that the configuration names before the embedded engines.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Language;
use crate::config::Config;
use crate::engines::vendor::{Network, NetworkError, Standing, VendorEars, VendorVoices};
use crate::speech::{Manner, Voice, VoiceError};

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
    let mut standings = Vec::new();
    if let Some(vendor) = recogniser {
        let embedded =
            move |language| Language::EMBEDDED.contains(&language).then(|| ears(language));
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
        voices =
            behind.map(|(_, voice)| vendor.voice(Box::new(Shared(Arc::clone(voice))))).collect();
    }
    Ok((Engines { ears, voices }, standings))
}

/// An embedded voice that stands in for several threads, a sentence at a time.
struct Shared(Arc<Mutex<Box<dyn Voice>>>);

impl Voice for Shared {
    fn speak(
        &mut self,
        text: &str,
        manner: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        // A voice that panicked is one that may panic again: nothing of it is half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).speak(text, manner, sink)
    }
}
