//! What a scripted call is to do: lines, answers, limits.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::ear::EarSettings;
use super::progress::CallProgress;
use crate::base::Phi;
use crate::sip::Credentials;

/// Something the caller says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Line {
    /// The words, written as for a reader.
    pub text: String,
    /// Talks over the agent, so long after the agent began its turn; `None` waits for its end.
    pub barge_in: Option<Duration>,
    /// With cues: held back until the agent's words contain one of these. Empty waits for nothing.
    pub asks: Vec<String>,
}

impl Line {
    /// A line that is said when the agent has ended its turn.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The same line, said over the agent.
    #[must_use]
    pub fn barging_in(mut self, after: Duration) -> Self {
        self.barge_in = Some(after);
        self
    }

    /// The same line, held back until the agent asks for it (see [`CallPlan::cues`]).
    #[must_use]
    pub fn when_asked(mut self, words: &[&str]) -> Self {
        self.asks = words.iter().map(ToString::to_string).collect();
        self
    }
}

/// A spare answer: said instead of the next line when the agent asks for it and the next line does not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AnswerRule {
    /// The agent's words must contain one of these, upper or lower case.
    pub asks_contains: Vec<String>,
    /// The answer.
    pub say: String,
    /// How often it may be given in a call.
    pub times: u8,
}

/// What the agent said, told by whoever can know it: cues for the script.
#[derive(Clone, Debug)]
pub struct AgentSaid {
    /// The words, a sentence or a whole turn.
    pub text: Phi<String>,
}

/// The caller's patience.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    /// A line is said anyway after so long a silence of the agent.
    pub agent_silent: Duration,
    /// After the last line: hangs up when the agent has been silent so long.
    pub linger: Duration,
    /// After a transfer: hangs up when the new party has been silent so long.
    pub target_silent: Duration,
    /// No call lasts longer than this.
    pub whole_call: Duration,
    /// How long the phone at the other end may ring.
    pub ringing: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self {
            agent_silent: Duration::from_secs(8),
            linger: Duration::from_secs(6),
            target_silent: Duration::from_secs(2),
            whole_call: Duration::from_secs(300),
            ringing: Duration::from_secs(30),
        }
    }
}

/// What is said in a call, by either side.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    /// Said in this order.
    pub lines: Vec<Line>,
    /// Spare answers; they need [`CallPlan::cues`].
    pub rules: Vec<AnswerRule>,
    /// Whether the first line is said at once instead of after the other side's first turn.
    pub speaks_first: bool,
    /// The limits of patience.
    pub pauses: Pauses,
    /// What counts as speech of the other side.
    pub ear: EarSettings,
}

/// A call to make.
#[derive(Debug, Default)]
pub struct CallPlan {
    /// Whom to call: `sip:user@host[:port]`.
    pub target: String,
    /// The user part of From; the phone's own user when absent.
    pub from_user: Option<String>,
    /// The display name of From.
    pub display: Option<String>,
    /// Further headers of the INVITE.
    pub headers: Vec<(String, String)>,
    /// What we answer to a 401 or 407.
    pub credentials: Option<Credentials>,
    /// What is said.
    pub talk: Talk,
    /// The agent's words as they are spoken, where known: they choose among lines and rules.
    pub cues: Option<mpsc::Receiver<AgentSaid>>,
    /// Where what happens is told as it happens. A full channel loses events, never the call.
    pub progress: Option<mpsc::Sender<CallProgress>>,
    /// Hangs up when told.
    pub stop: Option<oneshot::Receiver<()>>,
    /// The stereo recording: caller left, agent right.
    pub recording: Option<PathBuf>,
    /// When everything is said, the call is held for so long, resumed and listened to before we hang up.
    pub hold: Option<Duration>,
}

/// Whom the other side is to call instead.
#[derive(Clone, Debug, Default)]
pub struct ReferPlan {
    /// The Refer-To URI.
    pub target: String,
    /// Further headers of the REFER.
    pub headers: Vec<(String, String)>,
}

/// A call to wait for and to answer.
#[derive(Debug)]
pub struct AnswerPlan {
    /// How long it rings.
    pub ring: Duration,
    /// Refuses with this status instead of answering.
    pub refuse: Option<u16>,
    /// What is said.
    pub talk: Talk,
    /// Refers the caller to somebody else when all lines are said, and hangs up when that one answers.
    pub refer: Option<ReferPlan>,
    /// How long a call is waited for; `None` waits until told to stop.
    pub wait: Option<Duration>,
    /// Hangs up so long after answering, whatever is being said.
    pub hang_up_after: Option<Duration>,
    /// Hangs up, or stops waiting, when told.
    pub stop: Option<oneshot::Receiver<()>>,
    /// Where what happens is told as it happens.
    pub progress: Option<mpsc::Sender<CallProgress>>,
    /// The stereo recording: our voice left, the other side right.
    pub recording: Option<PathBuf>,
}

impl AnswerPlan {
    /// Rings for a second, answers, and says one sentence.
    pub fn saying(text: impl Into<String>) -> Self {
        Self {
            ring: Duration::from_secs(1),
            refuse: None,
            talk: Talk { lines: vec![Line::new(text)], speaks_first: true, ..Talk::default() },
            refer: None,
            wait: None,
            hang_up_after: None,
            stop: None,
            progress: None,
            recording: None,
        }
    }
}
