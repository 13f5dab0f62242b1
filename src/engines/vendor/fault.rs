//! How a vendor fails, out of what the wire says.

use std::time::Duration;

use crate::ops::VendorFault;

/// The longest time for which a vendor may ask to be left alone.
const LONGEST: Duration = Duration::from_secs(300);

/// A failure, and for how long the vendor wants to be left alone. It never carries what the vendor wrote, which may
/// hold what was said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Fault {
    pub(super) kind: VendorFault,
    pub(super) retry_after: Option<Duration>,
}

impl From<VendorFault> for Fault {
    fn from(kind: VendorFault) -> Self {
        Self { kind, retry_after: None }
    }
}

impl Fault {
    /// Reads a status of HTTP that is no success, with its `Retry-After` (RFC 9110 §10.2.3, in seconds).
    pub(super) fn of_status(status: u16, retry_after: Option<&str>) -> Self {
        let kind = match status {
            401 | 403 => VendorFault::Denied,
            429 => VendorFault::TooMany,
            500..=599 => VendorFault::Server,
            _ => VendorFault::Rejected,
        };
        let seconds = retry_after.and_then(|text| text.trim().parse().ok());
        let retry_after = seconds.map(|seconds| Duration::from_secs(seconds).min(LONGEST));
        Self { kind, retry_after }
    }

    /// Reads why a request of HTTP got no answer, or not all of it.
    pub(super) fn of_request(error: &reqwest::Error) -> Self {
        match (error.is_connect(), error.is_timeout()) {
            (true, _) => VendorFault::Unreachable,
            (false, true) => VendorFault::Late,
            (false, false) => VendorFault::Cut,
        }
        .into()
    }

    /// Whether asking again soon is of no use.
    pub(super) fn is_lasting(self) -> bool {
        self.retry_after.is_some() || self.kind == VendorFault::Denied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_told_apart() {
        let kind = |status| Fault::of_status(status, None).kind;
        assert_eq!(kind(401), VendorFault::Denied);
        assert_eq!(kind(429), VendorFault::TooMany);
        assert_eq!((kind(503), kind(404)), (VendorFault::Server, VendorFault::Rejected));
        let later = |text| Fault::of_status(429, Some(text)).retry_after;
        assert_eq!(later("7"), Some(Duration::from_secs(7)));
        assert_eq!(later("99999"), Some(LONGEST));
        assert_eq!(later("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert!(Fault::of_status(429, Some("7")).is_lasting());
    }
}
