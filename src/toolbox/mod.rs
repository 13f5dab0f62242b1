//! Runs what the agent asks for: checks it, writes the audit line, does it, writes what it came to.
//!
//! House rules: no audit line, no tool. Levels, references and limits are code, whoever asks. Reads are tried
//! twice, writes once; a write whose outcome is unknown is looked up by its key and never sent blindly again.

mod check;
mod hand_off;
mod known;
mod record;
mod session;
mod writes;

pub use hand_off::{HandOffId, TransferOutcome};
pub use session::{Counts, ToolSession};

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::audit::Audit;
use crate::base::{CallId, Phi};
use crate::ehr::Ehr;
use crate::practice::PhoneNumber;

/// Tells the practice's civil time.
pub type Clock = Arc<dyn Fn() -> DateTime + Send + Sync>;

/// How long each kind of work may take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deadlines {
    /// One try of a read; there are two. Twice this is the longest filler a caller sits through.
    pub read: Duration,
    /// The one try of a write.
    pub write: Duration,
    /// An audit line, the wait in its queue included.
    pub audit: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            read: Duration::from_secs(2),
            write: Duration::from_secs(5),
            audit: Duration::from_secs(2),
        }
    }
}

/// What all calls share.
#[derive(Clone)]
pub struct Toolbox {
    ehr: Arc<dyn Ehr>,
    audit: Audit,
    clock: Clock,
    deadlines: Deadlines,
}

impl Toolbox {
    /// Joins a record system, an audit record and a clock.
    pub fn new(ehr: Arc<dyn Ehr>, audit: Audit, clock: Clock) -> Self {
        Self { ehr, audit, clock, deadlines: Deadlines::default() }
    }

    /// Sets other deadlines.
    #[must_use]
    pub fn with_deadlines(self, deadlines: Deadlines) -> Self {
        Self { deadlines, ..self }
    }

    /// Begins a call. `caller` is the number that SIP asserted, never one that was spoken.
    pub fn session(&self, call: CallId, caller: Option<Phi<PhoneNumber>>) -> ToolSession {
        ToolSession::new(self.clone(), call, caller)
    }
}

/// A time zone that this machine does not know.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "time zone {0}: not known here; use an IANA name such as America/Chicago, and install tzdata"
)]
pub struct UnknownTimeZone(pub String);

/// Makes the clock of a practice from its IANA time zone.
///
/// # Errors
/// The zone is not known here.
pub fn civil_clock(time_zone: &str) -> Result<Clock, UnknownTimeZone> {
    let zone = TimeZone::get(time_zone).map_err(|_| UnknownTimeZone(time_zone.to_owned()))?;
    Ok(Arc::new(move || zone.to_datetime(jiff::Timestamp::now())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_practice_has_its_own_time_and_an_unknown_zone_is_said_to_be() {
        let (utc, chicago) = (civil_clock("UTC").unwrap(), civil_clock("America/Chicago").unwrap());
        let hours = chicago().until(utc()).unwrap().get_hours();
        assert!((4..=6).contains(&hours), "{hours}");
        let Err(error) = civil_clock("America/Maple_Street") else { panic!("no such zone") };
        assert!(error.to_string().contains("America/Maple_Street: not known"), "{error}");
    }
}
