//! The hold at the end of a call: silence is asked for, kept for a while, and sound has to come again.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::sdp::Direction;

/// How long sound may take to come again; it is listened to until then.
const LISTENS: Duration = Duration::from_secs(2);

/// How a hold went.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct HoldReport {
    /// The status that refused the hold or the resumption, if one did.
    pub refused: Option<u16>,
    /// Packets that came while the call was held.
    pub packets_while_held: u64,
    /// Packets that came after it was resumed.
    pub packets_after: u64,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Offer this direction.
    Offer(Direction),
    /// Come again then, with [`Holding::due`].
    Wait(Instant),
    /// It is over.
    Leave,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Nothing is planned, or it is over.
    #[default]
    Idle,
    Planned(Duration),
    Asked(Duration),
    Held,
    Resuming,
    Listening,
}

/// The hold of one call.
#[derive(Debug, Default)]
pub(super) struct Holding {
    state: State,
    pub report: Option<HoldReport>,
    /// Packets received when it was resumed.
    before: u64,
}

impl Holding {
    /// Plans a hold of this length, or none.
    pub(super) fn new(lasts: Option<Duration>) -> Self {
        let state = lasts.map_or(State::Idle, State::Planned);
        Self { state, ..Self::default() }
    }

    /// The script is over: begins what is planned.
    pub(super) fn begin(&mut self) -> Option<Step> {
        let State::Planned(lasts) = self.state else { return None };
        self.state = State::Asked(lasts);
        self.report = Some(HoldReport::default());
        Some(Step::Offer(Direction::SendOnly))
    }

    /// Whether the far end is to send nothing.
    pub(super) fn is_held(&self) -> bool {
        self.state == State::Held
    }

    /// Our offer was answered.
    pub(super) fn answered(&mut self, now: Instant, status: u16, received: u64) -> Option<Step> {
        let report = self.report.as_mut()?;
        if !matches!(self.state, State::Asked(_) | State::Resuming) {
            return None;
        }
        if status >= 300 {
            report.refused = Some(status);
            self.state = State::Idle;
            return Some(Step::Leave);
        }
        let (state, lasts) = match self.state {
            State::Asked(lasts) => (State::Held, lasts),
            _ => (State::Listening, LISTENS),
        };
        (self.state, self.before) = (state, received);
        Some(Step::Wait(now + lasts))
    }

    /// The time that was waited for is over.
    pub(super) fn due(&mut self, received: u64, while_held: u64) -> Step {
        let report = self.report.get_or_insert_default();
        match self.state {
            State::Held => {
                report.packets_while_held = while_held;
                self.state = State::Resuming;
                Step::Offer(Direction::SendRecv)
            }
            State::Listening => {
                report.packets_after = received.saturating_sub(self.before);
                self.state = State::Idle;
                Step::Leave
            }
            State::Idle | State::Planned(_) | State::Asked(_) | State::Resuming => Step::Leave,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_asked_for_kept_resumed_and_listened_to() {
        let now = Instant::now();
        let lasts = Duration::from_secs(3);
        let mut holding = Holding::new(Some(lasts));
        assert_eq!(holding.begin(), Some(Step::Offer(Direction::SendOnly)));
        assert_eq!(holding.begin(), None, "once");
        assert_eq!(holding.answered(now, 200, 100), Some(Step::Wait(now + lasts)));
        assert!(holding.is_held());
        assert_eq!(holding.due(105, 5), Step::Offer(Direction::SendRecv));
        assert!(!holding.is_held());
        assert_eq!(holding.answered(now, 200, 105), Some(Step::Wait(now + LISTENS)));
        assert_eq!(holding.due(205, 5), Step::Leave);
        let report = HoldReport { refused: None, packets_while_held: 5, packets_after: 100 };
        assert_eq!(holding.report, Some(report));
    }

    #[test]
    fn a_hold_that_is_refused_ends_the_call_and_says_so() {
        let now = Instant::now();
        let mut holding = Holding::new(Some(Duration::from_secs(3)));
        assert_eq!(holding.answered(now, 200, 0), None, "somebody else's offer");
        holding.begin();
        assert_eq!(holding.answered(now, 488, 0), Some(Step::Leave));
        assert_eq!(holding.report.unwrap().refused, Some(488));
        assert_eq!(Holding::new(None).begin(), None);
    }
}
