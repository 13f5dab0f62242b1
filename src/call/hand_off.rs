//! A hand-off: the context is stored, then the call is moved, then the outcome is known.
//!
//! Pure state: which number is tried, and what a transfer state means for the caller.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::base::{TargetName, ToolRequestId};
use crate::sip::TransferState;

use super::{Attempt, Carrier, Outcome, Reach};

/// No further number is tried after this: nobody listens to ringing for longer.
const LADDER: Duration = Duration::from_secs(180);

/// How far a hand-off is. One at a time.
#[derive(Clone, Debug)]
pub(super) struct HandOff {
    /// The tool request that waits for the outcome; `None` rescues a call that cannot go on.
    pub(super) request: Option<ToolRequestId>,
    pub(super) target: TargetName,
    pub(super) stage: Stage,
    /// The id of the stored note.
    pub(super) id: Option<String>,
    /// The first one is tried now, or next.
    pub(super) attempts: VecDeque<Attempt>,
    /// The call ends when nobody answers.
    pub(super) hang_up: bool,
    pub(super) began: Instant,
    told: Option<TransferState>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// The note is on its way into the record.
    Storing,
    /// The agent finishes its sentence; then the REFER goes out.
    Ready,
    /// The REFER is out. `accepted`: the PBX has taken it, and perhaps the caller with it.
    Referring { accepted: bool },
    /// It rang for long enough: the user agent was told to wait no longer.
    GivingUp { accepted: bool },
    /// The outcome is unknown. A BYE that follows at once means that the PBX has the caller (FreeSWITCH
    /// and CUCM hang up on us when a transfer worked); none means that we still have them.
    InDoubt { accepted: bool, rang_out: bool },
}

/// What a transfer state means for the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// Not known yet.
    Pending,
    /// The PBX has begun to ring: the ring time counts from here.
    Ringing,
    /// Known in a moment: see [`Stage::InDoubt`].
    Doubtful,
    /// This attempt is over, one way or the other.
    Over(Outcome),
}

impl HandOff {
    pub(super) fn new(
        now: Instant,
        request: Option<ToolRequestId>,
        target: TargetName,
        reach: Reach,
    ) -> Self {
        Self {
            request,
            target,
            stage: Stage::Storing,
            id: None,
            attempts: reach.attempts.into(),
            hang_up: reach.hang_up,
            began: now,
            told: None,
        }
    }

    /// Whether a REFER is out, and its outcome not known.
    pub(super) fn is_out(&self) -> bool {
        !matches!(self.stage, Stage::Storing | Stage::Ready)
    }

    /// Takes a state; `None` where there is no REFER that it could belong to.
    pub(super) fn state(&mut self, state: TransferState) -> Option<Verdict> {
        let (accepted, rang_out) = match self.stage {
            Stage::Storing | Stage::Ready | Stage::InDoubt { .. } => return None,
            Stage::Referring { accepted } => (accepted, false),
            Stage::GivingUp { accepted } => (accepted, true),
        };
        Some(match state {
            TransferState::Accepted if rang_out || accepted => Verdict::Pending,
            TransferState::Accepted => {
                self.stage = Stage::Referring { accepted: true };
                Verdict::Ringing
            }
            TransferState::Progress(_) => Verdict::Pending,
            TransferState::Answered => Verdict::Over(Outcome::Answered),
            TransferState::Failed(_) if rang_out => Verdict::Over(Outcome::Unanswered),
            TransferState::Failed(status) => Verdict::Over(Outcome::Failed(status)),
            TransferState::Unknown => {
                self.stage = Stage::InDoubt { accepted, rang_out };
                Verdict::Doubtful
            }
        })
    }

    /// Whether watchers have not been told this state of this attempt yet.
    pub(super) fn is_news(&mut self, state: TransferState) -> bool {
        self.told.replace(state) != Some(state)
    }

    /// No BYE has come: what an unknown outcome is taken for.
    pub(super) fn doubt_resolved(&self) -> Option<Outcome> {
        match self.stage {
            Stage::InDoubt { rang_out: true, .. } => Some(Outcome::Unanswered),
            Stage::InDoubt { rang_out: false, .. } => Some(Outcome::Unknown),
            _ => None,
        }
    }

    /// What it means that the leg ended, by a BYE of the far end or otherwise.
    pub(super) fn leg_ended(&self, remote_bye: bool) -> Outcome {
        let accepted = match self.stage {
            Stage::Storing | Stage::Ready => false,
            Stage::Referring { accepted }
            | Stage::GivingUp { accepted }
            | Stage::InDoubt { accepted, .. } => accepted,
        };
        match (remote_bye, accepted) {
            (true, true) => Outcome::Taken,
            (true, false) => Outcome::CallerGone,
            (false, _) => Outcome::Unknown,
        }
    }

    /// The attempt failed: whether there is another one to make, which then is the first.
    pub(super) fn next_attempt(&mut self, now: Instant, failure: Outcome) -> bool {
        // The PBX takes no REFER, or has no such call: another number changes nothing.
        let hopeless = self.stage == Stage::Referring { accepted: false }
            && matches!(failure, Outcome::Failed(405 | 481 | 501));
        self.attempts.pop_front();
        self.told = None;
        self.stage = Stage::Ready;
        !hopeless && !self.attempts.is_empty() && now - self.began < LADDER
    }
}

/// The headers that carry the context's id: for PBXs that copy X- headers, and for those that hand
/// on Referred-By with its parameters (Asterisk does, measured) or User-to-User (Avaya).
pub(super) fn headers(
    referred_by: &str,
    id: Option<&str>,
    context: &[Carrier],
) -> Vec<(String, String)> {
    let named = id.filter(|_| context.contains(&Carrier::ReferredBy));
    let parameter = named.map(|id| format!(";handoff={id}")).unwrap_or_default();
    let mut headers = vec![("Referred-By".into(), format!("<{referred_by}>{parameter}"))];
    for carrier in id.iter().flat_map(|id| context.iter().map(move |carrier| (*id, carrier))) {
        match carrier {
            (id, Carrier::XHeader) => headers.push(("X-Handoff-Id".into(), id.into())),
            (id, Carrier::UserToUser) => {
                let hex: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
                headers.push(("User-to-User".into(), format!("{hex};encoding=hex")));
            }
            (_, Carrier::ReferredBy) => {}
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_travels_by_what_the_pbx_passes_on() {
        let told = |id, context: &[Carrier]| {
            let headers = headers("sip:attendant@192.0.2.1", id, context);
            let lines: Vec<_> =
                headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            lines.join("\n")
        };
        let all = [Carrier::XHeader, Carrier::ReferredBy, Carrier::UserToUser];
        assert_eq!(
            told(Some("h-7f"), &all),
            "Referred-By: <sip:attendant@192.0.2.1>;handoff=h-7f\nX-Handoff-Id: h-7f\n\
             User-to-User: 682d3766;encoding=hex"
        );
        let alone = "Referred-By: <sip:attendant@192.0.2.1>";
        assert_eq!(told(None, &all), alone, "without a note there is nothing to find");
        assert_eq!(told(Some("h-7f"), &[]), alone);
    }
}
