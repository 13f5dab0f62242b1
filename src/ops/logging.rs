//! Log lines: sentences with fields, as text for people or as JSON for machines, on stderr.

use std::io;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogFormat {
    /// `2026-07-06T10:00:00Z  INFO Call started. call=c-000000000007 trunk=front`
    Text,
    /// One JSON object a line.
    Json,
}

/// Logging cannot start.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The filter is not one.
    #[error("\"{filter}\" is not a log filter: {what}")]
    Filter {
        /// As written.
        filter: String,
        /// What is wrong with it.
        what: String,
    },
    /// There is logging already.
    #[error("logging is on already")]
    Installed,
}

/// Whether a filter can be read: `info`, `debug`, `info,attendant::sip=trace`.
///
/// # Errors
/// What is wrong with it.
pub fn check_filter(filter: &str) -> Result<(), String> {
    parse(filter).map(drop).map_err(|error| match error {
        LoggingError::Filter { what, .. } => what,
        LoggingError::Installed => String::new(),
    })
}

fn parse(filter: &str) -> Result<EnvFilter, LoggingError> {
    let written = filter.to_owned();
    let wrong = |what: String| LoggingError::Filter { filter: written.clone(), what };
    let filter = filter.replace(' ', "");
    if filter.is_empty() {
        return Err(wrong("it is empty".into()));
    }
    // A lone word is taken as a module's name by the parser: a misspelt level would silence everything.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let odd = filter.split(',').find(|part| !part.contains('=') && !levels.contains(part));
    if let Some(odd) = odd {
        return Err(wrong(format!(
            "`{odd}` is not a level: error, warn, info, debug, trace or off"
        )));
    }
    EnvFilter::builder().parse(&filter).map_err(|error| wrong(error.to_string()))
}

/// Libraries that are given what was said or is to be said, and may quote it.
const GIVEN_WORDS: [&str; 1] = ["misaki_rs"];

/// Whether a line may be written, whatever the filter says. Ours hold no health data: [`crate::base::Phi`]
/// sees to it. Libraries know nothing of that and show what they work on: they are heard where
/// something is wrong, and those that work on words of a call not at all.
fn may_be_written(line: &Metadata<'_>) -> bool {
    let of = |name: &str| line.target().split("::").next() == Some(name);
    of(env!("CARGO_CRATE_NAME"))
        || (*line.level() <= Level::WARN && !GIVEN_WORDS.into_iter().any(of))
}

/// Starts logging to stderr, once a process.
///
/// # Errors
/// When the filter cannot be read, or logging is on already.
pub fn init(format: LogFormat, filter: &str) -> Result<(), LoggingError> {
    let subscriber = subscriber(format, filter, io::stderr)?;
    subscriber.try_init().map_err(|_| LoggingError::Installed)
}

/// From now on a panic is logged with its thread and place alone: its text may quote what somebody said.
pub fn keep_panics_quiet() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let current = std::thread::current();
        let thread = current.name().unwrap_or("without a name");
        tracing::error!(thread, place, "A thread panicked.");
    }));
}

/// Makes the same log lines for any writer: tests read them.
///
/// # Errors
/// When the filter cannot be read.
pub fn subscriber<W>(
    format: LogFormat,
    filter: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LoggingError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt()
        .with_env_filter(parse(filter)?)
        .with_writer(writer)
        .with_target(false)
        .with_ansi(false);
    let may_be_written = filter_fn(may_be_written);
    Ok(match format {
        LogFormat::Text => Box::new(lines.finish().with(may_be_written)),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish().with(may_be_written)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{CallId, Phi, Secret, TrunkName};
    use crate::ops::{AuthenticationFailed, CallStarted, SipRejected};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, filter: &str, run: impl FnOnce()) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(format, filter, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, run);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn started() {
        let (call, trunk) = (CallId(0xbeef), TrunkName::new("front"));
        CallStarted { call, trunk: &trunk, route: "reception" }.emit();
    }

    /// Who read that a call is deaf reads that it is not any more; who did not is not bothered.
    #[test]
    fn a_fault_of_the_sound_that_is_over_is_said_to_be() {
        let fine = |clears| {
            logged(LogFormat::Text, "info", || {
                let (call, trunk) = (CallId(7), TrunkName::new("front"));
                let verdicts = &[crate::ops::SoundVerdict::Fine];
                let words = "sound goes both ways";
                crate::ops::SoundJudged { call, trunk: &trunk, verdicts, words, clears }.emit();
            })
        };
        assert!(fine(true).contains("INFO Sound goes both ways again. call=c-000000000007"));
        assert_eq!(fine(false), "");
    }

    #[test]
    fn a_line_carries_the_call() {
        let text = logged(LogFormat::Text, "info", started);
        let wanted = "INFO Call started. call=c-00000000beef trunk=front route=\"reception\"\n";
        assert!(text.ends_with(wanted), "{text}");
        let json = logged(LogFormat::Json, "info", started);
        assert_eq!(json.lines().count(), 1);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        for (key, value) in [
            ("level", "INFO"),
            ("message", "Call started."),
            ("call", "c-00000000beef"),
            ("trunk", "front"),
            ("route", "reception"),
        ] {
            assert_eq!(json[key], value, "{json}");
        }
    }

    #[test]
    fn a_panic_tells_its_place_and_not_its_words() {
        let former = std::panic::take_hook();
        keep_panics_quiet();
        let text = logged(LogFormat::Text, "info", || {
            let _ = std::panic::catch_unwind(|| panic!("no boundary in `Jane Roe`"));
        });
        std::panic::set_hook(former);
        assert!(text.contains("A thread panicked.") && text.contains(file!()), "{text}");
        assert!(!text.contains("Jane"), "{text}");
    }

    #[test]
    fn health_data_and_secrets_are_never_printed() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let text = logged(format, "trace", || {
                let name = Phi::new("Jane Roe".to_owned());
                let secret = Secret::new("hunter2");
                tracing::error!(?name, ?secret, caller = ?Some(&name), "Heard {name:?}.");
            });
            assert!(text.contains("‹phi›") && text.contains("‹secret›"), "{text}");
            for word in ["Jane", "Roe", "hunter2"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }

    /// The voice's library writes each sentence it is given, at `debug`, and a word it stumbles over
    /// at `error`.
    #[test]
    fn libraries_are_heard_when_something_is_wrong_and_never_with_words_of_a_call() {
        for filter in ["trace", "trace,misaki_rs=trace,misaki_rs::g2p=trace,sqlx=trace"] {
            let text = logged(LogFormat::Text, filter, || {
                tracing::debug!(target: "misaki_rs::g2p", "g2p 'Thank you, Jane.'");
                tracing::error!(target: "misaki_rs::g2p", "fallback error for 'Jane'");
                tracing::debug!(target: "sqlx::query", "insert into patients");
                tracing::warn!(target: "sqlx::query", "slow statement");
                tracing::trace!(target: "attendant::sip", "ours");
                tracing::debug!(target: "attendants", "not ours");
            });
            let lines: Vec<_> = text.lines().map(|line| line.split_once("Z ").unwrap().1).collect();
            assert_eq!(lines, [" WARN slow statement", "TRACE ours"], "{filter}: {text}");
        }
    }

    /// What a peer sends cannot make a line of its own, nor reach the terminal.
    #[test]
    fn a_peer_cannot_write_log_lines() {
        let text = logged(LogFormat::Text, "info", || {
            let source = "192.0.2.1:5060".parse().unwrap();
            let user = Some("x\r\n2026-07-06T10:00:00Z  INFO Call started.\x1b[31m");
            AuthenticationFailed { source, user, locked: None }.emit();
            let method = "BREW\n\x1b]0;pwned\x07";
            SipRejected { source, method, status: 405, why: "unknown method" }.emit();
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains('\x1b') && !text.contains('\r'), "{text:?}");
    }

    #[test]
    fn filters() {
        for right in
            ["info", "off", "info,attendant::sip=debug", "attendant=trace", "warn, attendant=info"]
        {
            assert_eq!(check_filter(right), Ok(()), "{right}");
        }
        for wrong in ["", " ", "verbose", "info,verbose", "attendant=loud", "=", "info,,debug"] {
            assert!(check_filter(wrong).is_err(), "{wrong}");
        }
        assert_eq!(logged(LogFormat::Text, "warn", started), "");
        assert_ne!(logged(LogFormat::Text, "error,attendant::ops=info", started), "");
    }
}
