//! Percentiles, and how they are shown.

use serde::Serialize;

/// What many measurements say together; in the unit of what was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Spread {
    /// How many there are.
    pub(super) count: usize,
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    pub(super) worst: f64,
}

impl Spread {
    /// Takes the nearest ranks; all zero of nothing.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |percent: f64| {
            let n = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
            let value = sorted.get(n.saturating_sub(1)).copied().unwrap_or_default();
            (value * 1000.0).round() / 1000.0
        };
        Self {
            count: sorted.len(),
            p50: rank(50.0),
            p95: rank(95.0),
            p99: rank(99.0),
            worst: rank(100.0),
        }
    }

    /// One row of a table of milliseconds.
    pub(super) fn row(&self, name: &str) -> String {
        let Self { count, p50, p95, p99, worst } = self;
        format!("  {name:<34} {count:>5} {p50:>8.0} {p95:>8.0} {p99:>8.0} {worst:>8.0}")
    }

    /// The head of such a table.
    pub(super) fn head(unit: &str) -> String {
        format!("  {unit:<34} {:>5} {:>8} {:>8} {:>8} {:>8}", "n", "p50", "p95", "p99", "worst")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let spread = Spread::of((1..=200).map(f64::from));
        assert_eq!(
            (spread.p50, spread.p95, spread.p99, spread.worst),
            (100.0, 190.0, 198.0, 200.0)
        );
        assert_eq!(Spread::of([]), Spread::default());
        assert_eq!(Spread::of([7.0]).p95, 7.0);
    }
}
