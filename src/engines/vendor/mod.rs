//! Vendors that hear or speak over the network, each with the embedded engine behind it.
//!
//! The traits of [`crate::speech`] are synchronous and owned by threads; the network is not. A small runtime of its own
//! ([`Network`]) runs the connections, and bounded channels join the two: a hearing thread never waits, and a voice's
//! thread waits within limits. What a vendor fails at, the embedded engine does from what was kept.

mod breaker;
mod deepgram;
mod ear;
mod elevenlabs;
mod fault;
mod kept;
mod network;
mod openai_speech;
mod openai_transcription;
mod resample;
mod resume;
mod socket;
mod voice;

use std::sync::Arc;

use crate::base::{Language, Vendor, VendorKind};
use crate::ops::SpeechPart;
use crate::speech::{Recognizer, Voice};

use breaker::Breaker;
pub use network::{Network, NetworkError};

/// Makes the embedded recogniser for a language; `None` where it does not hear it.
pub type EmbeddedEar = Arc<dyn Fn(Language) -> Option<Box<dyn Recognizer>> + Send + Sync>;

/// How a vendor stands, for people.
#[derive(Clone)]
pub struct Standing(Arc<Breaker>);

impl Standing {
    /// Returns a line for `/health`: what it does, who it is, and whether it is asked.
    pub fn line(&self) -> String {
        self.0.line()
    }
}

/// A vendor that hears, for all calls.
#[derive(Clone)]
pub struct VendorEars {
    vendor: Arc<Vendor>,
    network: Arc<Network>,
    breaker: Arc<Breaker>,
    embedded: EmbeddedEar,
}

impl VendorEars {
    /// Takes a vendor that hears, and what stands in for it.
    pub fn new(vendor: Vendor, network: &Arc<Network>, embedded: EmbeddedEar) -> Self {
        let breaker = Arc::new(Breaker::new(SpeechPart::Recognizer, &vendor));
        Self { vendor: Arc::new(vendor), network: Arc::clone(network), breaker, embedded }
    }

    /// Returns a recogniser for one leg.
    pub fn recognizer(&self, language: Language) -> Box<dyn Recognizer> {
        Box::new(ear::VendorEar::new(self.clone(), language))
    }

    /// Returns how the vendor stands.
    pub fn standing(&self) -> Standing {
        Standing(Arc::clone(&self.breaker))
    }

    /// Opens what a recogniser talks to; `None` where the vendor does not know the language.
    fn line(&self, language: Language, hints: &crate::base::Hints) -> Option<Box<dyn ear::Line>> {
        let code = self.vendor.code(language)?.to_owned();
        let (network, vendor) = (Arc::clone(&self.network), Arc::clone(&self.vendor));
        Some(match self.vendor.kind {
            VendorKind::Deepgram => Box::new(deepgram::open(&network, vendor, &code, hints)),
            _ => Box::new(openai_transcription::HttpLine::new(network, vendor, code)),
        })
    }
}

/// A vendor that speaks, for all calls.
#[derive(Clone)]
pub struct VendorVoices {
    vendor: Arc<Vendor>,
    network: Arc<Network>,
    breaker: Arc<Breaker>,
}

impl VendorVoices {
    /// Takes a vendor that speaks.
    pub fn new(vendor: Vendor, network: &Arc<Network>) -> Self {
        let breaker = Arc::new(Breaker::new(SpeechPart::Voice, &vendor));
        Self { vendor: Arc::new(vendor), network: Arc::clone(network), breaker }
    }

    /// Returns a voice for one thread; `embedded` stands in for the vendor, in its own languages.
    pub fn voice(&self, embedded: Box<dyn Voice>) -> Box<dyn Voice> {
        Box::new(voice::VendorVoice::new(self.clone(), embedded))
    }

    /// Returns how the vendor stands.
    pub fn standing(&self) -> Standing {
        Standing(Arc::clone(&self.breaker))
    }
}
