//! How much later than the fastest packet sound is released: the delay that a buffer adds.

/// The delay of what was released, in milliseconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Depth {
    last: u32,
    highest: u32,
    total: u64,
    count: u64,
}

impl Depth {
    /// Counts sound that is released so many microseconds later than the fastest would have been.
    pub(super) fn take(&mut self, micros: i64) {
        // A clock that jumped says nothing; no buffer holds a minute.
        self.last = (micros.max(0) / 1000).min(60_000) as u32;
        self.highest = self.highest.max(self.last);
        self.total += u64::from(self.last);
        self.count += 1;
    }

    /// Returns the delay of what was released last.
    pub fn last_ms(&self) -> u32 {
        self.last
    }

    /// Returns the highest of all.
    pub fn highest_ms(&self) -> u32 {
        self.highest
    }

    /// Returns the mean.
    pub fn mean_ms(&self) -> u32 {
        self.total.checked_div(self.count).unwrap_or(0) as u32
    }
}
