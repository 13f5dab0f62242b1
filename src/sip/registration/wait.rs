//! How long a registration that failed waits before it is tried again (RFC 5626 §4.5).

use std::time::Duration;

use crate::base::Dice;

/// The wait after all flows have failed, doubled each time.
pub(super) const BASE_WAIT: Duration = Duration::from_secs(30);
/// The longest wait.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(1800);

/// Returns half to all of a time that doubles with each failure, so that a hundred sites do not come back at once.
pub(super) fn after(failures: u32, base: Duration, dice: &mut Dice) -> Duration {
    let upper = base.saturating_mul(1 << failures.min(6)).min(MAX_WAIT);
    let half = upper / 2;
    half + Duration::from_millis(dice.below(half.as_millis() as u64 + 1))
}
