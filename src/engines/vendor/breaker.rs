//! A circuit breaker: a vendor that fails again and again is left alone, and then one request finds out whether it is
//! back. One for each vendor, shared by all calls.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fault::Fault;
use crate::base::{Vendor, VendorLimits};
use crate::ops::{SpeechPart, VendorBack, VendorFailed};

/// Whether a vendor is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// It is; so many failures came since it last did its work.
    Closed { failures: u32 },
    /// It is left alone until then.
    Open { until: Instant },
    /// One request has been trying since then.
    Probing { since: Instant },
}

pub(super) struct Breaker {
    part: SpeechPart,
    vendor: String,
    limits: VendorLimits,
    state: Mutex<State>,
}

impl Breaker {
    pub(super) fn new(part: SpeechPart, vendor: &Vendor) -> Self {
        let state = Mutex::new(State::Closed { failures: 0 });
        Self { part, vendor: vendor.to_string(), limits: vendor.limits, state }
    }

    /// Whether the vendor may be asked now. Whoever asks it tells what came of it.
    pub(super) fn admits(&self, now: Instant) -> bool {
        let mut state = self.state();
        let admits = match *state {
            State::Closed { .. } => return true,
            State::Open { until } => now >= until,
            // The one that tried has forgotten to tell: a call that ended.
            State::Probing { since } => now >= since + self.limits.pause,
        };
        if admits {
            *state = State::Probing { since: now };
        }
        admits
    }

    /// Whether all is well, as far as is known.
    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.state(), State::Closed { .. })
    }

    /// The vendor did its work.
    pub(super) fn succeeded(&self) {
        let before = std::mem::replace(&mut *self.state(), State::Closed { failures: 0 });
        if !matches!(before, State::Closed { .. }) {
            VendorBack { part: self.part, vendor: &self.vendor }.emit();
        }
    }

    /// The vendor failed.
    pub(super) fn failed(&self, now: Instant, fault: Fault) {
        let mut state = self.state();
        let failures = match *state {
            State::Closed { failures } => failures + 1,
            // Calls that had asked it before fail too; that is no news.
            State::Open { .. } => return self.tell(fault, None),
            State::Probing { .. } => self.limits.failures,
        };
        let pause = fault.retry_after.unwrap_or(self.limits.pause);
        let opens = failures >= self.limits.failures || fault.is_lasting();
        *state = match opens {
            true => State::Open { until: now + pause },
            false => State::Closed { failures },
        };
        drop(state);
        self.tell(fault, opens.then_some(pause));
    }

    /// Nobody waited for what came of it.
    pub(super) fn abandoned(&self, now: Instant) {
        let mut state = self.state();
        if let State::Probing { .. } = *state {
            *state = State::Open { until: now };
        }
    }

    /// Returns a line for people.
    pub(super) fn line(&self) -> String {
        let part = match self.part {
            SpeechPart::Recognizer => "recogniser",
            SpeechPart::Voice => "voice",
        };
        let standing = match *self.state() {
            State::Closed { failures: 0 } => "fine",
            State::Closed { .. } => "failed last time",
            State::Open { .. } => "left alone, the embedded engine stands in",
            State::Probing { .. } => "being tried again",
        };
        format!("{part} {}: {standing}", self.vendor)
    }

    fn tell(&self, fault: Fault, pause: Option<Duration>) {
        VendorFailed { part: self.part, vendor: &self.vendor, fault: fault.kind, pause }.emit();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::VendorKind;
    use crate::ops::VendorFault;

    const PAUSE: Duration = Duration::from_secs(30);

    fn breaker() -> Breaker {
        let second = Duration::from_secs(1);
        let limits = VendorLimits { first: second, stall: second, failures: 3, pause: PAUSE };
        let kind = VendorKind::Deepgram;
        let vendor = Vendor {
            kind,
            url: kind.url().into(),
            model: String::new(),
            voice: String::new(),
            key: None,
            codes: Default::default(),
            limits,
        };
        Breaker::new(SpeechPart::Recognizer, &vendor)
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_one_request_closes_it() {
        let (breaker, now) = (breaker(), Instant::now());
        let fault = Fault::from(VendorFault::Late);
        breaker.failed(now, fault);
        breaker.failed(now, fault);
        breaker.succeeded();
        for _ in 0..3 {
            assert!(breaker.admits(now));
            breaker.failed(now, fault);
        }
        assert!(!breaker.admits(now + PAUSE / 2));
        assert!(breaker.line().contains("stands in"));
        assert!(breaker.admits(now + PAUSE), "one probe");
        assert!(!breaker.admits(now + PAUSE), "and one only");
        breaker.failed(now + PAUSE, fault);
        assert!(!breaker.admits(now + PAUSE), "which failed");
        assert!(breaker.admits(now + 2 * PAUSE));
        breaker.succeeded();
        assert!(breaker.admits(now + 2 * PAUSE) && breaker.admits(now + 2 * PAUSE));
        assert!(breaker.line().ends_with("fine"));
    }

    #[test]
    fn a_probe_that_nobody_waited_for_is_made_again() {
        let (breaker, now) = (breaker(), Instant::now());
        (0..3).for_each(|_| breaker.failed(now, VendorFault::Cut.into()));
        assert!(breaker.admits(now + PAUSE));
        breaker.abandoned(now + PAUSE);
        assert!(breaker.admits(now + PAUSE));
        assert!(breaker.admits(now + 2 * PAUSE), "a call may end without a word");
    }

    #[test]
    fn a_wrong_key_and_a_wish_to_be_left_alone_open_it_at_once() {
        let now = Instant::now();
        let denied = breaker();
        denied.failed(now, VendorFault::Denied.into());
        assert!(!denied.admits(now) && denied.admits(now + PAUSE));
        let busy = breaker();
        busy.failed(now, Fault::of_status(429, Some("60")));
        assert!(!busy.admits(now + PAUSE) && busy.admits(now + 2 * PAUSE));
    }
}
