//! Events of recordings: what is kept of what was said, and what is not.

use std::error::Error;
use std::time::Duration;

use metrics::{counter, gauge};

use crate::base::CallId;

use super::metrics::names;

/// A call is recorded from now on.
#[derive(Debug)]
pub struct RecordingStarted {
    /// Which call.
    pub call: CallId,
}

impl RecordingStarted {
    /// Logs it.
    pub fn emit(self) {
        tracing::info!(call = %self.call, "The call is recorded.");
    }
}

/// So many calls are recorded now.
#[derive(Debug)]
pub struct RecordingsActive {
    /// How many.
    pub count: usize,
}

impl RecordingsActive {
    /// Measures it.
    pub fn emit(self) {
        gauge!(names::RECORDINGS_ACTIVE).set(self.count as f64);
    }
}

/// Sound was written into a recording.
#[derive(Debug)]
pub struct RecordingWritten {
    /// Bytes before encryption, which adds a thousandth.
    pub bytes: u64,
}

impl RecordingWritten {
    /// Counts it.
    pub fn emit(self) {
        counter!(names::RECORDING_BYTES).increment(self.bytes);
    }
}

/// A recording has ended.
#[derive(Debug)]
pub struct RecordingEnded {
    /// Which call's.
    pub call: CallId,
    /// How long it is.
    pub length: Duration,
    /// How much of that is silence by intent.
    pub paused: Duration,
    /// Frames that are silence because this machine was late.
    pub lost: u64,
    /// Its size; 0 when it is not whole.
    pub bytes: u64,
    /// Whether it is whole.
    pub complete: bool,
}

impl RecordingEnded {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, length, paused, lost, bytes, complete } = self;
        if complete {
            tracing::info!(%call, ?length, ?paused, lost, bytes, "The recording is kept.");
        } else {
            tracing::warn!(%call, ?length, ?paused, lost, "The recording is kept as far as it goes.");
        }
        let result = if complete { "kept" } else { "cut_short" };
        counter!(names::RECORDINGS, "result" => result).increment(1);
        counter!(names::RECORDING_FRAMES_LOST).increment(lost);
    }
}

/// The caller did not want to be recorded: there is no recording.
#[derive(Debug)]
pub struct RecordingDenied {
    /// Which call.
    pub call: CallId,
}

impl RecordingDenied {
    /// Logs and counts it.
    pub fn emit(self) {
        tracing::info!(call = %self.call, "The caller does not want to be recorded: the recording was removed.");
        counter!(names::RECORDINGS, "result" => "denied").increment(1);
    }
}

/// A call cannot be recorded, or not any more. The call goes on.
#[derive(Debug)]
pub struct RecordingFailed<'a> {
    /// Which call.
    pub call: CallId,
    /// What went wrong.
    pub error: &'a (dyn Error + 'static),
    /// What to do about it.
    pub advice: &'a str,
}

impl RecordingFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, error, advice } = self;
        tracing::error!(%call, error, advice, "The call is not recorded from here on.");
        counter!(names::RECORDING_FAILURES).increment(1);
    }
}

/// A recording that a killed process left open can be heard up to some seconds before its end.
#[derive(Debug)]
pub struct RecordingRecovered<'a> {
    /// The call's id.
    pub call: &'a str,
}

impl RecordingRecovered<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let call = self.call;
        tracing::warn!(call, "A recording was cut short: the process was killed.");
        counter!(names::RECORDINGS, "result" => "cut_short").increment(1);
    }
}

/// A recording was removed because its time had come.
#[derive(Debug)]
pub struct RecordingPurged<'a> {
    /// The call's id.
    pub call: &'a str,
    /// Its day.
    pub day: &'a str,
}

impl RecordingPurged<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, day } = self;
        tracing::info!(call, day, "A recording was removed: its time has come.");
        counter!(names::RECORDINGS_PURGED).increment(1);
    }
}

/// The recordings could not be looked after.
#[derive(Debug)]
pub struct RecordingsUnkept<'a> {
    /// What went wrong.
    pub error: &'a (dyn Error + 'static),
}

impl RecordingsUnkept<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        tracing::error!(error = self.error, "Old recordings cannot be removed.");
        counter!(names::RECORDING_FAILURES).increment(1);
    }
}
