//! What failed lately: it is tried after all else for a while.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::sip::{Flow, Transport};

/// How long a place that failed is tried last. A PBX that restarts is back within two of these.
const SHUNNED: Duration = Duration::from_secs(60);
/// Places remembered; beyond it the one that failed first is forgotten.
const PLACES: usize = 1_024;

/// The places that failed, and until when that counts.
#[derive(Debug, Default)]
pub(super) struct Failures(BTreeMap<(Transport, SocketAddr), Instant>);

impl Failures {
    /// Notes that nobody was there.
    pub(super) fn note(&mut self, now: Instant, flow: Flow) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() >= PLACES {
            let first = self.0.iter().min_by_key(|(_, until)| **until).map(|(place, _)| *place);
            first.and_then(|place| self.0.remove(&place));
        }
        self.0.insert((flow.transport, flow.remote), now + SHUNNED);
    }

    /// Notes that somebody answered.
    pub(super) fn clear(&mut self, flow: Flow) {
        self.0.remove(&(flow.transport, flow.remote));
    }

    /// Puts what failed lately behind the rest; each part keeps its order.
    pub(super) fn sort(&self, now: Instant, flows: &mut [Flow]) {
        flows.sort_by_key(|flow| {
            self.0.get(&(flow.transport, flow.remote)).is_some_and(|until| *until > now)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(port: u16) -> Flow {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Flow { transport: Transport::Udp, local: at(5060), remote: at(port) }
    }

    #[test]
    fn what_failed_is_tried_last_for_a_while() {
        let now = Instant::now();
        let mut failures = Failures::default();
        failures.note(now, flow(1));
        failures.note(now, flow(2));
        failures.clear(flow(2));
        let sorted = |at| {
            let mut flows = vec![flow(1), flow(2), flow(3)];
            failures.sort(at, &mut flows);
            flows.iter().map(|flow| flow.remote.port()).collect::<Vec<_>>()
        };
        assert_eq!(sorted(now), [2, 3, 1]);
        assert_eq!(sorted(now + SHUNNED), [1, 2, 3]);
    }

    #[test]
    fn it_remembers_so_much_and_no_more() {
        let now = Instant::now();
        let mut failures = Failures::default();
        for port in 1..3_000 {
            failures.note(now + Duration::from_millis(port.into()), flow(port));
        }
        assert_eq!(failures.0.len(), PLACES);
        assert!(failures.0.contains_key(&(Transport::Udp, flow(2_999).remote)));
    }
}
