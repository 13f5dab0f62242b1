//! One struct for each thing worth knowing, one log line and one metric each.
//!
//! `info` is a call's milestones, `warn` may wait for morning, `error` wakes someone.

use std::net::SocketAddr;
use std::time::Duration;

use ::metrics::{counter, gauge, histogram};

use crate::base::{CallId, TargetName, TrunkName};

use super::labels::{
    AudioPath, DropLabel, EndLabel, Label, OverlapLabel, RefusalLabel, ToolOutcome, TransferOutcome,
};
use super::metrics::{method_label, names};

/// The process is up and takes calls.
#[derive(Debug)]
pub struct Ready<'a> {
    /// How many trunks it serves.
    pub trunks: usize,
    /// Which configuration it runs with.
    pub generation: &'a str,
    /// How long it took from the start of the process.
    pub took: Duration,
}

impl Ready<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { trunks, generation, took } = self;
        tracing::info!(trunks, generation, ?took, "Ready for calls.");
        gauge!(names::START_SECONDS).set(took.as_secs_f64());
    }
}

/// A new configuration is in force.
#[derive(Debug)]
pub struct ReloadDone<'a> {
    /// Which one.
    pub generation: &'a str,
    /// Keys that changed and wait for a restart.
    pub waiting: &'a [&'a str],
}

impl ReloadDone<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { generation, waiting } = self;
        tracing::info!(generation, "Configuration reloaded.");
        if !waiting.is_empty() {
            tracing::warn!(keys = waiting.join(", "), "These keys take effect after a restart.");
        }
        counter!(names::RELOADS, "result" => "ok").increment(1);
    }
}

/// A new configuration was refused; the old one stays in force.
#[derive(Debug)]
pub struct ReloadFailed<'a> {
    /// How many mistakes it holds.
    pub errors: usize,
    /// The mistakes, as `attendant check` shows them.
    pub report: &'a str,
}

impl ReloadFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { errors, report } = self;
        tracing::error!(errors, "Configuration refused, the old one stays in force.\n{report}");
        counter!(names::RELOADS, "result" => "refused").increment(1);
    }
}

/// A call was answered.
#[derive(Debug)]
pub struct CallStarted<'a> {
    /// Which.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// The route of the dialplan that took it.
    pub route: &'a str,
}

impl CallStarted<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, trunk, route } = self;
        tracing::info!(%call, %trunk, route, "Call started.");
        counter!(names::CALLS_STARTED, "trunk" => trunk.to_string()).increment(1);
        gauge!(names::CALLS_ACTIVE).increment(1.0);
    }
}

/// A call met the number plan. Told at `debug`, a line for each route and why it was not taken;
/// the words name rules, never the caller's number.
pub struct CallRouted<'a> {
    /// Which.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// The reasons, asked for only when somebody reads them.
    pub why: &'a dyn Fn() -> Vec<String>,
}

impl CallRouted<'_> {
    /// Logs it.
    pub fn emit(self) {
        let Self { call, trunk, why } = self;
        if tracing::enabled!(tracing::Level::DEBUG) {
            for reason in why() {
                tracing::debug!(%call, %trunk, reason, "Route.");
            }
        }
    }
}

/// A call is over. Emit exactly one for each [`CallStarted`].
#[derive(Debug)]
pub struct CallEnded<'a> {
    /// Which.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// How it ended.
    pub reason: EndLabel,
    /// How long it lasted from the answer on.
    pub talked: Duration,
}

impl CallEnded<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, trunk, reason, talked } = self;
        tracing::info!(%call, %trunk, reason = reason.label(), ?talked, "Call ended.");
        counter!(names::CALLS_ENDED, "reason" => reason.label()).increment(1);
        histogram!(names::CALL_SECONDS).record(talked);
        gauge!(names::CALLS_ACTIVE).decrement(1.0);
    }
}

/// A call was not taken.
#[derive(Debug)]
pub struct CallRefused<'a> {
    /// Which.
    pub call: CallId,
    /// Where it came from.
    pub trunk: &'a TrunkName,
    /// Why.
    pub reason: RefusalLabel,
    /// The SIP status it got.
    pub status: u16,
    /// The reason in words; no number and no name of the caller's.
    pub why: &'a str,
}

impl CallRefused<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, trunk, reason, status, why } = self;
        tracing::warn!(%call, %trunk, reason = reason.label(), status, why, "Call refused.");
        counter!(names::CALLS_REFUSED, "reason" => reason.label()).increment(1);
    }
}

/// The call's task failed; the caller was sent to the fallback where there is one.
#[derive(Debug)]
pub struct CallPanicked {
    /// Which.
    pub call: CallId,
}

impl CallPanicked {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call } = self;
        tracing::error!(%call, "A call's task failed: please report this.");
        counter!(names::CALL_PANICS).increment(1);
    }
}

/// Somebody made a sound over the agent's speech, for which it was at least turned down.
#[derive(Debug)]
pub struct SpokenOver {
    /// Whose call.
    pub call: CallId,
    /// What came of it.
    pub verdict: OverlapLabel,
    /// From the first sound to when the agent was turned down, if it was.
    pub ducked: Option<Duration>,
    /// From the first sound to the agent's silence, if it was held.
    pub paused: Option<Duration>,
    /// From the first sound to when it was stopped, or went on.
    pub decided: Duration,
}

impl SpokenOver {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, verdict, ducked, paused, decided } = self;
        let label = verdict.label();
        tracing::debug!(%call, verdict = label, ?ducked, ?paused, ?decided, "Spoken over the agent.");
        counter!(names::OVERLAPS, "result" => label).increment(1);
        if let Some(ducked) = ducked {
            histogram!(names::DUCK_SECONDS).record(ducked);
        }
        // Who presses a digit is not heard before.
        let stopped = (verdict == OverlapLabel::Stopped).then_some(decided);
        if let Some(silent) = paused.or(stopped) {
            histogram!(names::BARGE_IN_SECONDS).record(silent);
        }
    }
}

/// A tool ran for the agent.
#[derive(Debug)]
pub struct ToolRan<'a> {
    /// For whose call.
    pub call: CallId,
    /// Which tool, from the closed list of the agent's tools.
    pub tool: &'a str,
    /// How it went.
    pub outcome: ToolOutcome,
    /// How long it took.
    pub took: Duration,
}

impl ToolRan<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, tool, outcome, took } = self;
        tracing::info!(%call, tool, outcome = outcome.label(), ?took, "Tool ran.");
        let tool = tool.to_owned();
        counter!(names::TOOL_CALLS, "tool" => tool, "result" => outcome.label()).increment(1);
    }
}

/// A transfer has come to an end.
#[derive(Debug)]
pub struct TransferFinished<'a> {
    /// Which call.
    pub call: CallId,
    /// Where to.
    pub target: &'a TargetName,
    /// How it went.
    pub outcome: TransferOutcome,
    /// From the request to the outcome.
    pub took: Duration,
}

impl TransferFinished<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, target, outcome, took } = self;
        tracing::info!(%call, %target, outcome = outcome.label(), ?took, "Transfer finished.");
        counter!(names::TRANSFERS, "outcome" => outcome.label()).increment(1);
    }
}

/// A datagram was thrown away without an answer. Scanners make many: it is counted, and logged
/// only where somebody looks for it.
#[derive(Debug)]
pub struct SipDropped {
    /// Where it came from.
    pub source: SocketAddr,
    /// Why.
    pub why: DropLabel,
}

impl SipDropped {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { source, why } = self;
        tracing::debug!(%source, why = why.label(), "Datagram dropped.");
        counter!(names::SIP_DROPPED, "reason" => why.label()).increment(1);
    }
}

/// The user agent refused a request by itself.
#[derive(Debug)]
pub struct SipRejected<'a> {
    /// Where it came from.
    pub source: SocketAddr,
    /// The method as sent.
    pub method: &'a str,
    /// The status it got.
    pub status: u16,
    /// Why, in words an admin can act on.
    pub why: &'a str,
}

impl SipRejected<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { source, method, status, why } = self;
        // `?` escapes what a peer sent.
        tracing::warn!(%source, ?method, status, why, "Request refused.");
        counter!(names::SIP_REJECTED, "method" => method_label(method)).increment(1);
    }
}

/// A PBX told of its voice mail without being asked: no fault, and counted apart from those.
#[derive(Debug)]
pub struct MailNotified {
    /// Where it came from.
    pub source: SocketAddr,
}

impl MailNotified {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { source } = self;
        tracing::debug!(%source, "The PBX told of its voice mail.");
        counter!(names::MAIL_NOTICES).increment(1);
    }
}

/// A softphone showed a wrong password, or none.
#[derive(Debug)]
pub struct AuthenticationFailed<'a> {
    /// Where it came from.
    pub source: SocketAddr,
    /// The user it claimed to be.
    pub user: Option<&'a str>,
    /// After too many: for how long none is looked at.
    pub locked: Option<Duration>,
}

impl AuthenticationFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { source, user, locked } = self;
        match locked {
            None => tracing::warn!(%source, ?user, "Authentication failed."),
            Some(locked) => tracing::warn!(
                %source, ?user, ?locked, "Authentication failed too often: no password is looked at for a while."
            ),
        }
        counter!(names::AUTHENTICATION_FAILED).increment(1);
    }
}

/// A softphone registered, or withdrew.
#[derive(Debug)]
pub struct SoftphoneRegistered<'a> {
    /// Who, a user of the configuration.
    pub user: &'a str,
    /// Where it is.
    pub source: SocketAddr,
    /// For how long; zero withdraws.
    pub expires: Duration,
}

impl SoftphoneRegistered<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { user, source, expires } = self;
        match expires.is_zero() {
            true => tracing::info!(user, %source, "Softphone left."),
            false => tracing::info!(user, %source, ?expires, "Softphone registered."),
        }
        counter!(names::REGISTRATIONS).increment(1);
    }
}

/// No RTP port was free.
#[derive(Debug)]
pub struct PortsExhausted<'a> {
    /// For which trunk.
    pub trunk: &'a TrunkName,
}

impl PortsExhausted<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { trunk } = self;
        tracing::error!(%trunk, "No RTP port is free: widen `ports`.");
        counter!(names::PORTS_EXHAUSTED).increment(1);
    }
}

/// Nothing was received on a leg for too long.
#[derive(Debug)]
pub struct MediaTimeout {
    /// Whose.
    pub call: CallId,
    /// For how long.
    pub silent: Duration,
}

impl MediaTimeout {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, silent } = self;
        // The verdict on the call's sound, a moment later, is what is to be read.
        tracing::debug!(%call, ?silent, "No RTP comes in.");
        counter!(names::MEDIA_TIMEOUTS).increment(1);
    }
}

/// Frames were dropped between threads.
#[derive(Debug)]
pub struct AudioDropped {
    /// Whose.
    pub call: CallId,
    /// Which way.
    pub path: AudioPath,
    /// How many frames of 20 ms.
    pub frames: u64,
}

impl AudioDropped {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, path, frames } = self;
        tracing::warn!(%call, path = path.label(), frames, "Sound was dropped.");
        counter!(names::FRAMES_DROPPED, "path" => path.label()).increment(frames);
    }
}

/// The recogniser failed.
#[derive(Debug)]
pub struct RecognizerFailed<'a> {
    /// Whose.
    pub call: CallId,
    /// What it said.
    pub error: &'a dyn std::error::Error,
}

impl RecognizerFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, error } = self;
        tracing::error!(%call, %error, "The recogniser failed.");
        counter!(names::ENGINE_FAILURES, "engine" => "recognizer").increment(1);
    }
}

/// The model that tells voices from noise failed in a call; the detector goes on alone.
#[derive(Debug)]
pub struct DetectorFailed<'a> {
    /// Whose.
    pub call: CallId,
    /// What it said.
    pub what: &'a str,
}

impl DetectorFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, what } = self;
        tracing::error!(%call, error = what, "The model that tells voices from noise failed.");
        counter!(names::ENGINE_FAILURES, "engine" => "detector").increment(1);
    }
}

/// The voice failed.
#[derive(Debug)]
pub struct VoiceFailed<'a> {
    /// Whose.
    pub call: CallId,
    /// What it said.
    pub error: &'a dyn std::error::Error,
}

impl VoiceFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, error } = self;
        tracing::error!(%call, %error, "The voice failed.");
        counter!(names::ENGINE_FAILURES, "engine" => "voice").increment(1);
    }
}

/// An audit line could not be written; its tool did not run.
#[derive(Debug)]
pub struct AuditFailed<'a> {
    /// What went wrong.
    pub error: &'a dyn std::error::Error,
}

impl AuditFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { error } = self;
        tracing::error!(%error, "An audit line could not be written: no tool runs until it can.");
        counter!(names::AUDIT_FAILURES).increment(1);
    }
}

/// A call's row could not be stored; its audit lines are there.
#[derive(Debug)]
pub struct StoreFailed<'a> {
    /// Whose.
    pub call: CallId,
    /// What went wrong.
    pub error: &'a dyn std::error::Error,
}

impl StoreFailed<'_> {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { call, error } = self;
        tracing::error!(%call, %error, "A call's row could not be stored; the audit record has it.");
        counter!(names::STORE_FAILURES).increment(1);
    }
}

/// The process takes no new calls and waits for those it has.
#[derive(Debug)]
pub struct DrainStarted {
    /// How many there are.
    pub calls: usize,
    /// How long they may last.
    pub deadline: Duration,
}

impl DrainStarted {
    /// Logs and counts it.
    pub fn emit(self) {
        let Self { calls, deadline } = self;
        tracing::info!(calls, ?deadline, "Draining: new calls are refused, running ones finish.");
        gauge!(names::DRAINING).set(1.0);
    }
}

/// The process stops.
#[derive(Debug)]
pub struct DrainEnded {
    /// Calls that were cut off at the deadline.
    pub cut_off: usize,
}

impl DrainEnded {
    /// Logs and counts it.
    pub fn emit(self) {
        match self.cut_off {
            0 => tracing::info!("Drained: every call has ended."),
            calls => tracing::warn!(calls, "Drain deadline reached: calls were cut off."),
        }
        gauge!(names::DRAINING).set(0.0);
    }
}
