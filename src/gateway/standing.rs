//! How a trunk stands: what its PBX's answers to OPTIONS come to, and how our registration with it goes.

use std::fmt;
use std::time::Duration;

use crate::base::TrunkName;
use crate::ops;
use crate::sip::{Flow, RegistrationState};

/// Failures in a row that make a trunk down: one may be a lost packet.
const FAILURES: u32 = 2;

/// What is known of a PBX.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum TrunkState {
    /// It was not asked yet, or has not answered yet.
    #[default]
    Unknown,
    /// It answers.
    Up,
    /// It does not answer, or says that it takes no calls, twice in a row.
    Down {
        /// In words, for the admin.
        why: String,
    },
    /// It is being stopped: it said 503 and when it will be back.
    Draining {
        /// When.
        retry_after: Duration,
    },
}

impl TrunkState {
    pub(super) fn label(&self) -> ops::TrunkStateLabel {
        match self {
            Self::Unknown => ops::TrunkStateLabel::Unknown,
            Self::Up => ops::TrunkStateLabel::Up,
            Self::Down { .. } => ops::TrunkStateLabel::Down,
            Self::Draining { .. } => ops::TrunkStateLabel::Draining,
        }
    }
}

impl fmt::Display for TrunkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not asked yet"),
            Self::Up => f.write_str("up"),
            Self::Down { why } => write!(f, "down: {why}"),
            Self::Draining { retry_after } => {
                write!(f, "draining: it takes calls again in {} s", retry_after.as_secs())
            }
        }
    }
}

/// What a running gateway says of a trunk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrunkFacts {
    /// Which.
    pub name: TrunkName,
    /// What its PBX answers to OPTIONS; `None` where it is not asked.
    pub state: Option<TrunkState>,
    /// What the PBX last said to our registration; `None` where there is none.
    pub registration: Option<Registered>,
}

/// How our registration with a PBX stands.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Registered {
    /// Whether the PBX has taken it, and for the time it granted.
    pub holds: bool,
    /// Why the last attempt failed, if it did.
    pub failure: Option<String>,
}

impl fmt::Display for TrunkFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trunk {}: ", self.name)?;
        match (&self.state, &self.registration) {
            (None, None) => f.write_str("not asked whether it is up")?,
            (Some(state), _) => write!(f, "{state}")?,
            (None, Some(_)) => {}
        }
        let Some(registered) = &self.registration else { return Ok(()) };
        let comma = if self.state.is_some() { ", " } else { "" };
        match (registered.holds, &registered.failure) {
            (true, None) => write!(f, "{comma}registered"),
            (true, Some(why)) => write!(f, "{comma}registered, but the last attempt failed: {why}"),
            (false, None) => write!(f, "{comma}not registered yet"),
            (false, Some(why)) => write!(f, "{comma}not registered: {why}"),
        }
    }
}

/// What came of one question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// What it was answered with; `None` is silence.
    pub(super) status: Option<u16>,
    /// The Retry-After in the answer.
    pub(super) retry_after: Option<Duration>,
    /// Who was asked; nobody where the name leads nowhere.
    pub(super) asked: Option<Flow>,
}

/// The state of one PBX, with what it takes to change it.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) state: TrunkState,
    failures: u32,
}

impl Standing {
    /// Takes an answer. Any but 503 means that the PBX is there (RFC 3261 §11: even 404 does). Says whether the kind of
    /// state has changed.
    pub(super) fn take(&mut self, answer: Answer) -> bool {
        let before = self.state.label();
        match (answer.status, answer.retry_after) {
            (Some(503), Some(retry_after)) => {
                // It said so itself: there is nothing to wait for.
                self.failures = 0;
                self.state = TrunkState::Draining { retry_after };
            }
            (Some(503), None) => self.fail("it answers OPTIONS with 503: it takes no calls".into()),
            (Some(_), _) => {
                self.failures = 0;
                self.state = TrunkState::Up;
            }
            (None, _) => self.fail(match answer.asked {
                Some(flow) => format!("no answer to OPTIONS from {}", flow.remote),
                None => "the name under [peer] host leads nowhere: check DNS".into(),
            }),
        }
        self.state.label() != before
    }

    /// Whether a failure waits for the next answer to be believed.
    pub(super) fn is_doubtful(&self) -> bool {
        self.failures > 0 && self.failures < FAILURES
    }

    fn fail(&mut self, why: String) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.state = TrunkState::Down { why };
        }
    }
}

impl Registered {
    /// Takes what was told, and says whether it stands otherwise than before.
    pub(super) fn take(&mut self, state: &RegistrationState) -> bool {
        let before = self.clone();
        match state {
            RegistrationState::Registered { .. } => {
                *self = Self { holds: true, failure: None };
            }
            RegistrationState::Failed { why, .. } => self.failure = Some(why.clone()),
            RegistrationState::Lost => self.holds = false,
            RegistrationState::Withdrawn => *self = Self::default(),
        }
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: Option<u16>, retry_after: Option<u64>) -> Answer {
        let asked = Some(crate::sip::Flow {
            transport: crate::sip::Transport::Udp,
            local: "127.0.0.1:5060".parse().unwrap(),
            remote: "127.0.0.1:5070".parse().unwrap(),
        });
        Answer { status, retry_after: retry_after.map(Duration::from_secs), asked }
    }

    /// What the answers come to, one after another; `*` where the kind of state changed.
    fn story(answers: &[(Option<u16>, Option<u64>)]) -> Vec<String> {
        let mut standing = Standing::default();
        let tell = |&(status, retry)| {
            let changed = if standing.take(answer(status, retry)) { "*" } else { "" };
            format!("{changed}{}", standing.state)
        };
        answers.iter().map(tell).collect()
    }

    #[test]
    fn one_lost_answer_is_no_outage_and_one_answer_ends_it() {
        let silent = "down: no answer to OPTIONS from 127.0.0.1:5070";
        assert_eq!(
            story(&[
                (None, None),
                (Some(200), None),
                (None, None),
                (Some(404), None),
                (None, None),
                (None, None),
                (None, None),
                (Some(401), None),
            ]),
            ["not asked yet", "*up", "up", "up", "up", &format!("*{silent}"), silent, "*up"]
        );
        assert_eq!(
            story(&[(None, None), (Some(503), None)]),
            ["not asked yet", "*down: it answers OPTIONS with 503: it takes no calls"]
        );
    }

    #[test]
    fn a_pbx_that_says_when_it_is_back_is_draining() {
        assert_eq!(
            story(&[(Some(200), None), (Some(503), Some(120)), (None, None), (None, None)]),
            [
                "*up",
                "*draining: it takes calls again in 120 s",
                "draining: it takes calls again in 120 s",
                "*down: no answer to OPTIONS from 127.0.0.1:5070"
            ]
        );
    }

    #[test]
    fn facts_are_one_line() {
        let registration =
            |holds, why: Option<&str>| Some(Registered { holds, failure: why.map(str::to_owned) });
        let line = |state, registration| {
            TrunkFacts { name: TrunkName::new("front"), state, registration }.to_string()
        };
        assert_eq!(line(None, None), "trunk front: not asked whether it is up");
        assert_eq!(line(Some(TrunkState::Up), None), "trunk front: up");
        assert_eq!(
            line(Some(TrunkState::Up), registration(true, None)),
            "trunk front: up, registered"
        );
        assert_eq!(
            line(None, registration(false, Some("wrong password"))),
            "trunk front: not registered: wrong password"
        );
    }
}
