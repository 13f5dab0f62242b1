//! A routing decision in words, for a dry run and for the log.

use std::fmt;

use super::{Reason, Target, Unanswered, Verdict};

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Chosen => write!(f, "{}: chosen, {}", self.route, self.words),
            Verdict::Passed | Verdict::NotReached => write!(f, "{}: {}", self.route, self.words),
        }
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent => f.write_str("back to the agent"),
            Self::Target(name) => write!(f, "{name}"),
            Self::HangUp => f.write_str("hang up"),
        }
    }
}

/// What rings and what comes after it, without the name.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dial, ring, unanswered) =
            (self.dial.join(", "), self.ring.as_secs(), &self.unanswered);
        write!(f, "{dial}, {ring}s each, unanswered: {unanswered}")
    }
}
