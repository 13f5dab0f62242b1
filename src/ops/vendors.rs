//! Events of speech vendors: what they cost in time, how they fail, and who stood in for them. Never what was said.

use std::time::Duration;

use metrics::{counter, gauge, histogram};

use super::labels::{Label, SpeechPart, VendorFault};
use super::metrics::names;

/// A vendor did what it was asked for.
#[derive(Debug)]
pub struct VendorAnswered {
    /// What it does for us.
    pub part: SpeechPart,
    /// From the end of a turn to its text, or from a sentence to its first sound.
    pub first: Duration,
}

impl VendorAnswered {
    /// Counts it.
    pub fn emit(self) {
        let Self { part, first } = self;
        histogram!(names::VENDOR_FIRST_SECONDS, "engine" => part.label())
            .record(first.as_secs_f64());
    }
}

/// A vendor failed in a turn or a sentence.
#[derive(Debug)]
pub struct VendorFailed<'a> {
    /// What it does for us.
    pub part: SpeechPart,
    /// Which: its protocol and host.
    pub vendor: &'a str,
    /// How it failed.
    pub fault: VendorFault,
    /// It is left alone for so long now.
    pub pause: Option<Duration>,
}

impl VendorFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { part, vendor, fault, pause } = self;
        let (engine, fault) = (part.label(), fault.label());
        match pause {
            Some(pause) => {
                tracing::error!(
                    engine,
                    vendor,
                    fault,
                    ?pause,
                    "A speech vendor failed and is left alone for a while."
                );
                gauge!(names::VENDOR_OPEN, "engine" => engine).set(1.0);
            }
            None => tracing::warn!(engine, vendor, fault, "A speech vendor failed."),
        }
        counter!(names::VENDOR_FAILURES, "engine" => engine, "fault" => fault).increment(1);
    }
}

/// A vendor that was left alone has answered again.
#[derive(Debug)]
pub struct VendorBack<'a> {
    /// What it does for us.
    pub part: SpeechPart,
    /// Which.
    pub vendor: &'a str,
}

impl VendorBack<'_> {
    /// Logs it.
    pub fn emit(self) {
        let Self { part, vendor } = self;
        tracing::info!(engine = part.label(), vendor, "A speech vendor answers again.");
        gauge!(names::VENDOR_OPEN, "engine" => part.label()).set(0.0);
    }
}

/// The embedded engine did a vendor's work for a turn or a sentence.
#[derive(Debug)]
pub struct StoodIn {
    /// Which engine.
    pub part: SpeechPart,
}

impl StoodIn {
    /// Counts it; the failure that led to it was logged.
    pub fn emit(self) {
        counter!(names::VENDOR_STAND_INS, "engine" => self.part.label()).increment(1);
    }
}
