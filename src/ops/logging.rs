//! Log lines: sentences with fields, as text for people or as JSON for machines, on stderr.

use std::io;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
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
    let wrong = |what: String| LoggingError::Filter { filter: filter.to_owned(), what };
    if filter.trim().is_empty() {
        return Err(wrong("it is empty".into()));
    }
    // A lone word is taken as a module's name by the parser: a misspelt level would silence everything.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let odd = filter.split(',').find(|part| !part.contains('=') && !levels.contains(&part.trim()));
    if let Some(odd) = odd {
        return Err(wrong(format!(
            "`{odd}` is not a level: error, warn, info, debug, trace or off"
        )));
    }
    EnvFilter::builder().parse(filter).map_err(|error| wrong(error.to_string()))
}

/// Starts logging to stderr, once a process.
///
/// # Errors
/// When the filter cannot be read, or logging is on already.
pub fn init(format: LogFormat, filter: &str) -> Result<(), LoggingError> {
    let subscriber = subscriber(format, filter, io::stderr)?;
    subscriber.try_init().map_err(|_| LoggingError::Installed)
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
    Ok(match format {
        LogFormat::Text => Box::new(lines.finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).finish()),
    })
}
