//! How long to wait between reports (RFC 3550 §6.2, §A.7).

use std::time::Duration;

/// Bytes a second for RTCP: a twentieth of a 64 kbit/s codec with its headers.
const BANDWIDTH: f64 = 500.0;
/// Makes up for drawing anew when a report is due (RFC 3550 §6.3.1): e - 3/2.
const COMPENSATION: f64 = std::f64::consts::E - 1.5;

/// RFC 3550 §A.7: the time to the next report. `draw` is a random number from 0 to below 1.
pub(super) fn interval(
    members: u32,
    senders: u32,
    we_sent: bool,
    size: f64,
    minimum: Duration,
    draw: f64,
) -> Duration {
    let (mut count, mut bandwidth) = (f64::from(members), BANDWIDTH);
    // A few senders among many share a quarter among themselves.
    if f64::from(senders) <= count * 0.25 {
        if we_sent {
            (count, bandwidth) = (f64::from(senders), bandwidth * 0.25);
        } else {
            (count, bandwidth) = (count - f64::from(senders), bandwidth * 0.75);
        }
    }
    let plain = (size * count / bandwidth).max(minimum.as_secs_f64());
    Duration::from_secs_f64(plain * (draw + 0.5) / COMPENSATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_rfc_3550() {
        let seconds = |draw, minimum: u64, size| {
            let minimum = Duration::from_secs(minimum);
            interval(2, 2, true, size, minimum, draw).as_secs_f64()
        };
        assert!((seconds(0.0, 5, 100.0) - 2.052).abs() < 0.001);
        assert!((seconds(0.5, 5, 100.0) - 4.104).abs() < 0.001);
        assert!((seconds(0.999_999, 5, 100.0) - 6.156).abs() < 0.001);
        // A reduced minimum (§6.2), under which the bandwidth decides: 2 × 2500 B / 500 B/s = 10 s.
        assert!((seconds(0.5, 1, 100.0) - 0.821).abs() < 0.001);
        assert!((seconds(0.5, 1, 2500.0) - 8.208).abs() < 0.001);
        // One sender among five has a quarter for itself; the others share the rest.
        let minimum = Duration::ZERO;
        let alone = interval(5, 1, true, 100.0, minimum, 0.5).as_secs_f64();
        let shared = interval(5, 1, false, 100.0, minimum, 0.5).as_secs_f64();
        assert!((alone - 100.0 / 125.0 / COMPENSATION).abs() < 0.001);
        assert!((shared - 400.0 / 375.0 / COMPENSATION).abs() < 0.001);
    }
}
