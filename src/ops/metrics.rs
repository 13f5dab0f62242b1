//! Metrics: their names, what they mean, and the text that Prometheus reads.
//!
//! Every series is there from the first scrape on, at zero: an alert on a rate of errors must not
//! wait for the first error to learn that the series exists.

use metrics::{Recorder, counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::labels::{
    AudioPath, ConnectionEnd, ConnectionRefusal, DigitWay, DropLabel, EndLabel, Label,
    OverlapLabel, RefusalLabel, RtpKind, SendFault, SoundVerdict, SpeechPart, TlsFailure,
    ToolOutcome, TransferOutcome, TrunkStateLabel, VendorFault,
};

/// The names, in base units; counters end in `_total`.
pub(super) mod names {
    pub(in crate::ops) const START_SECONDS: &str = "attendant_start_seconds";
    pub(in crate::ops) const RELOADS: &str = "attendant_reloads_total";
    pub(in crate::ops) const CALLS_STARTED: &str = "attendant_calls_started_total";
    pub(in crate::ops) const CALLS_ENDED: &str = "attendant_calls_ended_total";
    pub(in crate::ops) const CALLS_REFUSED: &str = "attendant_calls_refused_total";
    pub(in crate::ops) const CALLS_ACTIVE: &str = "attendant_calls_active";
    pub(in crate::ops) const CALL_SECONDS: &str = "attendant_call_seconds";
    pub(in crate::ops) const CALL_PANICS: &str = "attendant_call_panics_total";
    pub(in crate::ops) const TURN_GAP_SECONDS: &str = "attendant_turn_gap_seconds";
    pub(in crate::ops) const TURN_ENDPOINT_SECONDS: &str = "attendant_turn_endpoint_seconds";
    pub(in crate::ops) const TURN_RECOGNISER_SECONDS: &str = "attendant_turn_recogniser_seconds";
    pub(in crate::ops) const VOICE_FIRST_SECONDS: &str = "attendant_voice_first_seconds";
    pub(in crate::ops) const BARGE_IN_SECONDS: &str = "attendant_bargein_stop_seconds";
    pub(in crate::ops) const DUCK_SECONDS: &str = "attendant_bargein_duck_seconds";
    pub(in crate::ops) const OVERLAPS: &str = "attendant_bargein_total";
    pub(in crate::ops) const TOOL_CALLS: &str = "attendant_tool_calls_total";
    pub(in crate::ops) const TRANSFERS: &str = "attendant_transfers_total";
    pub(in crate::ops) const SIP_DROPPED: &str = "attendant_sip_dropped_total";
    pub(in crate::ops) const SIP_REJECTED: &str = "attendant_sip_rejected_total";
    pub(in crate::ops) const MAIL_NOTICES: &str = "attendant_mail_notices_total";
    pub(in crate::ops) const SIP_LOST: &str = "attendant_sip_datagrams_lost_total";
    pub(in crate::ops) const SIP_CONNECTIONS: &str = "attendant_sip_connections";
    pub(in crate::ops) const CONNECTIONS_OPENED: &str = "attendant_sip_connections_opened_total";
    pub(in crate::ops) const CONNECTIONS_CLOSED: &str = "attendant_sip_connections_closed_total";
    pub(in crate::ops) const CONNECTIONS_REFUSED: &str = "attendant_sip_connections_refused_total";
    pub(in crate::ops) const SIP_TLS_FAILURES: &str = "attendant_sip_tls_failures_total";
    pub(in crate::ops) const AUTHENTICATION_FAILED: &str = "attendant_authentication_failed_total";
    pub(in crate::ops) const REGISTRATIONS: &str = "attendant_registrations_total";
    pub(in crate::ops) const TRUNK_UP: &str = "attendant_trunk_up";
    pub(in crate::ops) const TRUNK_CHANGES: &str = "attendant_trunk_changes_total";
    pub(in crate::ops) const TRUNK_REGISTERED: &str = "attendant_trunk_registered";
    pub(in crate::ops) const REALTIME_GRANTED: &str = "attendant_realtime_granted";
    pub(in crate::ops) const PORTS_EXHAUSTED: &str = "attendant_ports_exhausted_total";
    pub(in crate::ops) const TICKS_LATE: &str = "attendant_media_ticks_late_total";
    pub(in crate::ops) const TURNS_LEFT_OUT: &str = "attendant_media_turns_left_out_total";
    pub(in crate::ops) const MEDIA_LOAD: &str = "attendant_media_load";
    pub(in crate::ops) const MEDIA_FULL: &str = "attendant_media_full";
    pub(in crate::ops) const HEARING_LATE: &str = "attendant_hearing_late_seconds";
    pub(in crate::ops) const HEARING_LOAD: &str = "attendant_hearing_load";
    pub(in crate::ops) const HEARING_FULL: &str = "attendant_hearing_full";
    pub(in crate::ops) const MEMORY_LOCKED: &str = "attendant_memory_locked";
    pub(in crate::ops) const RTP_BUFFER: &str = "attendant_rtp_receive_buffer_bytes";
    pub(in crate::ops) const RTP_LOST: &str = "attendant_rtp_datagrams_lost_total";
    pub(in crate::ops) const RTP_UNSENT: &str = "attendant_rtp_unsent_total";
    pub(in crate::ops) const MEDIA_TIMEOUTS: &str = "attendant_media_timeouts_total";
    pub(in crate::ops) const FRAMES_DROPPED: &str = "attendant_frames_dropped_total";
    pub(in crate::ops) const ENGINE_FAILURES: &str = "attendant_engine_failures_total";
    pub(in crate::ops) const AUDIT_FAILURES: &str = "attendant_audit_failures_total";
    pub(in crate::ops) const STORE_FAILURES: &str = "attendant_store_failures_total";
    pub(in crate::ops) const SOUND_VERDICTS: &str = "attendant_sound_verdicts_total";
    pub(in crate::ops) const DIGITS: &str = "attendant_digits_total";
    pub(in crate::ops) const RTP_PACKETS: &str = "attendant_rtp_packets_total";
    pub(in crate::ops) const FRAMES_CONCEALED: &str = "attendant_frames_concealed_total";
    pub(in crate::ops) const CALL_MOS: &str = "attendant_call_mos";
    pub(in crate::ops) const CALL_LOSS: &str = "attendant_call_loss_ratio";
    pub(in crate::ops) const CALL_JITTER_SECONDS: &str = "attendant_call_jitter_seconds";
    pub(in crate::ops) const CALL_DEPTH_SECONDS: &str = "attendant_call_depth_seconds";
    pub(in crate::ops) const ROUND_TRIP_SECONDS: &str = "attendant_call_round_trip_seconds";
    pub(in crate::ops) const SPEECH_DBOV: &str = "attendant_call_speech_dbov";
    pub(in crate::ops) const VENDOR_FIRST_SECONDS: &str = "attendant_vendor_first_seconds";
    pub(in crate::ops) const VENDOR_FAILURES: &str = "attendant_vendor_failures_total";
    pub(in crate::ops) const VENDOR_STAND_INS: &str = "attendant_vendor_stand_ins_total";
    pub(in crate::ops) const VENDOR_OPEN: &str = "attendant_vendor_left_alone";
    pub(in crate::ops) const RECORDINGS: &str = "attendant_recordings_total";
    pub(in crate::ops) const RECORDINGS_ACTIVE: &str = "attendant_recordings_active";
    pub(in crate::ops) const RECORDINGS_PURGED: &str = "attendant_recordings_purged_total";
    pub(in crate::ops) const RECORDING_BYTES: &str = "attendant_recording_bytes_total";
    pub(in crate::ops) const RECORDING_FAILURES: &str = "attendant_recording_failures_total";
    pub(in crate::ops) const RECORDING_FRAMES_LOST: &str = "attendant_recording_frames_lost_total";
    pub(in crate::ops) const DRAINING: &str = "attendant_draining";
}
use names::*;

/// Histograms: name, meaning, bucket bounds.
const HISTOGRAMS: &[(&str, &str, &[f64])] = &[
    (
        VENDOR_FIRST_SECONDS,
        "From the end of a turn to a vendor's text, or from a sentence to its first sound.",
        &[0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0],
    ),
    (
        CALL_SECONDS,
        "How long calls last from the answer on.",
        &[5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0],
    ),
    // A gap of 0.2 s is quick for people, beyond 2 s a caller asks whether somebody is there.
    (
        TURN_GAP_SECONDS,
        "From the end of the caller's voice to the start of the agent's.",
        &[0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.6, 2.0, 3.0, 5.0],
    ),
    // The three parts of that gap that an admin can do something about.
    (
        TURN_ENDPOINT_SECONDS,
        "From the end of the caller's voice to the decision that the turn is over.",
        &[0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.6, 2.0],
    ),
    (
        TURN_RECOGNISER_SECONDS,
        "From that decision to the words.",
        &[0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.4, 0.7, 1.0, 2.0],
    ),
    (
        VOICE_FIRST_SECONDS,
        "From a sentence to the first sound of it, by where it came from: cached, voice or light.",
        &[0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0],
    ),
    (
        BARGE_IN_SECONDS,
        "From the caller's first sound over the agent's to silence.",
        &[0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1.0],
    ),
    (
        DUCK_SECONDS,
        "From the caller's first sound over the agent's to its being turned down.",
        &[0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3],
    ),
    // 4.4 is the best of narrow band, below 3.6 many complain (ITU-T G.107 annex B).
    (
        CALL_MOS,
        "How calls sounded, as the E-model rates them; 1 to 4.5.",
        &[2.0, 2.6, 3.1, 3.6, 3.8, 4.0, 4.2, 4.3, 4.4],
    ),
    (
        CALL_LOSS,
        "The part of a call's packets that was lost or too late.",
        &[0.0, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5],
    ),
    (
        CALL_JITTER_SECONDS,
        "Interarrival jitter at the end of a call.",
        &[0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2],
    ),
    (
        CALL_DEPTH_SECONDS,
        "Mean delay of a call that the jitter buffer added.",
        &[0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2],
    ),
    (
        ROUND_TRIP_SECONDS,
        "From here to the far end and back, by RTCP.",
        &[0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0],
    ),
    (
        SPEECH_DBOV,
        "The level of speech in dBov.",
        &[-50.0, -40.0, -36.0, -32.0, -28.0, -24.0, -20.0, -16.0, -12.0, -8.0],
    ),
];

/// SIP methods that may label a series; what else a peer sends is "other".
const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "REGISTER",
    "REFER",
    "NOTIFY",
    "SUBSCRIBE",
    "UPDATE",
    "INFO",
    "PRACK",
    "MESSAGE",
    "PUBLISH",
];

/// Returns the label of a method.
pub(super) fn method_label(method: &str) -> &'static str {
    METHODS.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// Reads the process's metrics out.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

/// Metrics were installed twice.
#[derive(Debug, thiserror::Error)]
#[error("metrics are installed already")]
pub struct Installed;

/// Installs the process's recorder and describes every series. Call it once, before the first event.
///
/// # Errors
/// When there is a recorder already.
pub fn install() -> Result<Metrics, Installed> {
    let recorder = builder().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| Installed)?;
    describe();
    Ok(Metrics(handle))
}

/// Runs something with metrics of its own, for tests: nothing is global.
pub fn scoped<T>(run: impl FnOnce(&Metrics) -> T) -> T {
    let recorder = builder().build_recorder();
    let metrics = Metrics(recorder.handle());
    metrics::with_local_recorder(&recorder as &dyn Recorder, || {
        describe();
        run(&metrics)
    })
}

fn builder() -> PrometheusBuilder {
    HISTOGRAMS.iter().fold(PrometheusBuilder::new(), |builder, (name, _, buckets)| {
        let name = Matcher::Full((*name).to_owned());
        builder.set_buckets_for_metric(name, buckets).expect("the bounds above are not empty")
    })
}

impl Metrics {
    /// Returns everything in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        let mut text = self.0.render();
        // A histogram shows itself with its first sample; its zeros are written here until then.
        for &(name, meaning, _) in HISTOGRAMS {
            if !text.contains(&format!("# TYPE {name} ")) {
                text.push_str(&format!(
                    "# HELP {name} {meaning}\n# TYPE {name} histogram\n\
                     {name}_bucket{{le=\"+Inf\"}} 0\n{name}_sum 0\n{name}_count 0\n\n"
                ));
            }
        }
        text
    }
}

/// Describes every series and sets those with closed labels to zero.
fn describe() {
    let plain = |name, meaning| {
        describe_counter!(name, meaning);
        counter!(name).increment(0);
    };
    plain(CALL_PANICS, "Calls whose task failed.");
    plain(AUTHENTICATION_FAILED, "Wrong or missing passwords of softphones.");
    plain(SIP_LOST, "Datagrams that the system threw away because its queue was full.");
    plain(REGISTRATIONS, "Softphones that registered or left.");
    plain(MAIL_NOTICES, "Times that a PBX told of its voice mail without being asked.");
    plain(PORTS_EXHAUSTED, "Calls that found no free RTP port.");
    plain(TICKS_LATE, "Media ticks more than 2 ms late.");
    plain(TURNS_LEFT_OUT, "Packet times in which nothing was sent, because a thread stood still.");
    plain(RTP_LOST, "RTP that the system threw away because a receive buffer was full.");
    plain(MEDIA_TIMEOUTS, "Legs that nothing was received on for too long.");
    plain(STORE_FAILURES, "Rows of calls that could not be stored.");
    plain(AUDIT_FAILURES, "Audit lines that could not be written.");

    labelled::<EndLabel>(CALLS_ENDED, "Calls that ended, by reason.", "reason");
    labelled::<RefusalLabel>(CALLS_REFUSED, "Calls that were not taken, by reason.", "reason");
    labelled::<OverlapLabel>(OVERLAPS, "Sounds over the agent's speech, by result.", "result");
    labelled::<TransferOutcome>(TRANSFERS, "Transfers, by outcome.", "outcome");
    labelled::<TrunkStateLabel>(
        TRUNK_CHANGES,
        "Trunks that came up, went down or drained.",
        "state",
    );
    labelled::<DropLabel>(SIP_DROPPED, "Datagrams dropped unanswered, by reason.", "reason");
    labelled::<ConnectionEnd>(CONNECTIONS_CLOSED, "SIP connections that ended.", "reason");
    labelled::<ConnectionRefusal>(CONNECTIONS_REFUSED, "SIP connections not taken.", "reason");
    labelled::<TlsFailure>(SIP_TLS_FAILURES, "TLS handshakes that failed, by reason.", "reason");
    labelled::<SendFault>(RTP_UNSENT, "RTP that could not be sent, by reason.", "reason");
    labelled::<AudioPath>(FRAMES_DROPPED, "Frames of sound dropped between threads.", "path");

    describe_counter!(RELOADS, "Configuration reloads, by result.");
    labelled_by("result", RELOADS, ["ok", "refused"]);
    describe_counter!(CONNECTIONS_OPENED, "SIP connections made, by who made them.");
    labelled_by("by", CONNECTIONS_OPENED, ["us", "peer"]);
    describe_counter!(ENGINE_FAILURES, "Failures of a speech engine.");
    labelled_by("engine", ENGINE_FAILURES, ["recognizer", "voice", "detector"]);
    describe_counter!(SIP_REJECTED, "Requests that the user agent refused, by method.");
    METHODS
        .into_iter()
        .chain(["other"])
        .for_each(|method| counter!(SIP_REJECTED, "method" => method).increment(0));
    // Trunks and tools are named by `Metrics::expect`: the configuration and the agent close these sets.
    describe_counter!(CALLS_STARTED, "Calls answered, by trunk.");
    describe_counter!(TOOL_CALLS, "Tools run for the agent, by tool and result.");
    describe_gauge!(TRUNK_UP, "1 where the PBX answers OPTIONS.");
    describe_gauge!(TRUNK_REGISTERED, "1 where the PBX has taken our registration.");

    level(START_SECONDS, "From the start of the process to readiness.");
    level(CALLS_ACTIVE, "Calls going on now.");
    level(SIP_CONNECTIONS, "SIP connections over TCP and TLS that are open.");
    level(REALTIME_GRANTED, "1 where media threads run under SCHED_FIFO.");
    level(MEMORY_LOCKED, "1 where memory is never written out.");
    level(RTP_BUFFER, "The receive buffer that RTP sockets got.");
    level(MEDIA_LOAD, "The part of a core that the busiest media thread used.");
    level(MEDIA_FULL, "1 while new calls are refused because media threads are too busy.");
    level(DRAINING, "1 while new calls are refused because the process is to stop.");
    describe_hearing();
    describe_sound();
    describe_recordings();
    for &(name, meaning, _) in HISTOGRAMS {
        describe_histogram!(name, meaning);
    }
}

/// Describes a gauge and sets it to zero.
fn level(name: &'static str, meaning: &'static str) {
    describe_gauge!(name, meaning);
    gauge!(name).set(0.0);
}

/// How recognition keeps up.
fn describe_hearing() {
    level(
        HEARING_LATE,
        "How long after a turn's end its text came, in seconds (p95 of the last 10 s).",
    );
    level(
        HEARING_LOAD,
        "The part of the hearing threads' time that recognition takes; partial results left out.",
    );
    level(
        HEARING_FULL,
        "1 while new calls are refused because callers would be understood too late.",
    );
}

/// How calls sound.
fn describe_sound() {
    describe_counter!(FRAMES_CONCEALED, "Frames of 20 ms made up in place of lost packets.");
    counter!(FRAMES_CONCEALED).increment(0);
    labelled::<RtpKind>(
        RTP_PACKETS,
        "Packets of calls that are over, by what became of them.",
        "kind",
    );
    describe_vendors();
    describe_counter!(DIGITS, "Digits that callers keyed, by trunk and by how they came.");
    describe_counter!(SOUND_VERDICTS, "Whether both sides of calls hear each other, by trunk.");
}

/// How speech vendors do.
fn describe_vendors() {
    labelled::<SpeechPart>(
        VENDOR_STAND_INS,
        "Turns and sentences that the embedded engine did for a vendor.",
        "engine",
    );
    describe_counter!(VENDOR_FAILURES, "Failures of a speech vendor, by engine and kind.");
    describe_gauge!(VENDOR_OPEN, "1 while a speech vendor is left alone because it failed.");
    for part in SpeechPart::ALL {
        gauge!(VENDOR_OPEN, "engine" => part.label()).set(0.0);
        for fault in VendorFault::ALL {
            counter!(VENDOR_FAILURES, "engine" => part.label(), "fault" => fault.label())
                .increment(0);
        }
    }
}

/// What is kept of calls as sound.
fn describe_recordings() {
    let plain = |name, meaning| {
        describe_counter!(name, meaning);
        counter!(name).increment(0);
    };
    plain(RECORDINGS_PURGED, "Recordings removed because their time had come.");
    plain(RECORDING_BYTES, "Sound written into recordings, before encryption.");
    plain(RECORDING_FAILURES, "Calls that could not be recorded, or not to their end.");
    plain(RECORDING_FRAMES_LOST, "Frames missing in recordings because the machine was late.");
    level(RECORDINGS_ACTIVE, "Calls that are being recorded.");
    describe_counter!(RECORDINGS, "Recordings that ended, by what became of them.");
    for result in ["kept", "cut_short", "denied"] {
        counter!(RECORDINGS, "result" => result).increment(0);
    }
}

fn labelled_by<const N: usize>(key: &'static str, name: &'static str, labels: [&'static str; N]) {
    labels.into_iter().for_each(|label| counter!(name, key => label).increment(0));
}

fn labelled<L: Label>(name: &'static str, meaning: &'static str, key: &'static str) {
    describe_counter!(name, meaning);
    L::ALL.iter().for_each(|label| counter!(name, key => label.label()).increment(0));
}

/// A trunk and what is known of it at all.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedTrunk<'a> {
    /// Which.
    pub name: &'a crate::base::TrunkName,
    /// Its PBX is asked for life: of one that is not, nobody knows whether it is up.
    pub asked: bool,
    /// We register with its PBX.
    pub registers: bool,
}

/// Sets the series of these trunks and tools to zero, so that they too are there at the first
/// scrape. Call it after each (re)load of the configuration.
pub fn expect<'a>(
    trunks: impl IntoIterator<Item = ExpectedTrunk<'a>>,
    tools: impl IntoIterator<Item = &'a str>,
) {
    for ExpectedTrunk { name: trunk, asked, registers } in trunks {
        counter!(CALLS_STARTED, "trunk" => trunk.to_string()).increment(0);
        for verdict in SoundVerdict::ALL {
            let trunk = trunk.to_string();
            counter!(SOUND_VERDICTS, "trunk" => trunk, "verdict" => verdict.label()).increment(0);
        }
        for way in DigitWay::ALL {
            counter!(DIGITS, "trunk" => trunk.to_string(), "way" => way.label()).increment(0);
        }
        if asked {
            gauge!(TRUNK_UP, "trunk" => trunk.to_string()).increment(0.0);
        }
        if registers {
            gauge!(TRUNK_REGISTERED, "trunk" => trunk.to_string()).increment(0.0);
        }
    }
    for tool in tools {
        for outcome in ToolOutcome::ALL {
            let tool = tool.to_owned();
            counter!(TOOL_CALLS, "tool" => tool, "result" => outcome.label()).increment(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, TrunkName};
    use crate::ops::{CallEnded, CallRefused, CallStarted, SipRejected, TurnAnswered};
    use std::time::Duration;

    #[test]
    fn everything_is_there_before_it_happens() {
        let text = scoped(|metrics| {
            let (front, phones) = (TrunkName::new("front"), TrunkName::new("phones"));
            let trunk = |name, asked| ExpectedTrunk { name, asked, registers: asked };
            expect([trunk(&front, true), trunk(&phones, false)], ["book_appointment"]);
            metrics.render()
        });
        for line in [
            "attendant_calls_ended_total{reason=\"caller_hung_up\"} 0",
            "attendant_calls_refused_total{reason=\"no_common_codec\"} 0",
            "attendant_calls_started_total{trunk=\"front\"} 0",
            "attendant_calls_started_total{trunk=\"phones\"} 0",
            "attendant_trunk_up{trunk=\"front\"} 0",
            "attendant_sound_verdicts_total{trunk=\"front\",verdict=\"elsewhere\"} 0",
            "attendant_digits_total{trunk=\"front\",way=\"tone\"} 0",
            "attendant_trunk_registered{trunk=\"front\"} 0",
            "attendant_trunk_changes_total{state=\"down\"} 0",
            "attendant_tool_calls_total{tool=\"book_appointment\",result=\"denied\"} 0",
            "attendant_sip_rejected_total{method=\"other\"} 0",
            "attendant_calls_active 0",
            "attendant_turn_gap_seconds_count 0",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
        assert!(!text.contains("attendant_trunk_up{trunk=\"phones\"}"), "{text}");
        let types = text.lines().filter(|line| line.starts_with("# TYPE")).count();
        let helps = text.lines().filter(|line| line.starts_with("# HELP")).count();
        // Every name above has its series.
        let is_name =
            |line: &&str| line.contains("const ") && line.contains(": &str = \"attendant_");
        let names = include_str!("metrics.rs").lines().filter(is_name).count();
        assert_eq!((types, helps), (names, names), "{text}");
    }

    #[test]
    fn an_event_counts_once() {
        let text = scoped(|metrics| {
            let (call, trunk) = (CallId(7), TrunkName::new("front"));
            CallStarted { call, trunk: &trunk, route: "reception" }.emit();
            CallStarted { call: CallId(8), trunk: &trunk, route: "reception" }.emit();
            let gap = Duration::from_millis(450);
            TurnAnswered { call, turn: Default::default(), gap, split: None }.emit();
            let (reason, talked) = (EndLabel::Transferred, Duration::from_secs(60));
            CallEnded { call, trunk: &trunk, reason, talked }.emit();
            let (reason, status, why) = (RefusalLabel::Busy, 503, "40 of 40 calls");
            CallRefused { call, trunk: &trunk, reason, status, why }.emit();
            let source = "192.0.2.1:5060".parse().unwrap();
            let method = "BREW\r\nevil=\"1\"";
            SipRejected { source, method, status: 405, why: "unknown method" }.emit();
            metrics.render()
        });
        for line in [
            "attendant_calls_started_total{trunk=\"front\"} 2",
            "attendant_calls_active 1",
            "attendant_calls_ended_total{reason=\"transferred\"} 1",
            "attendant_calls_ended_total{reason=\"completed\"} 0",
            "attendant_calls_refused_total{reason=\"busy\"} 1",
            "attendant_sip_rejected_total{method=\"other\"} 1",
            "attendant_turn_gap_seconds_bucket{le=\"0.4\"} 0",
            "attendant_turn_gap_seconds_bucket{le=\"0.5\"} 1",
            "attendant_turn_gap_seconds_count 1",
        ] {
            assert!(text.lines().any(|have| have == line), "{line}\n{text}");
        }
    }
}
