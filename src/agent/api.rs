//! What goes into the conversation and what comes out of it.

use std::time::Duration;

use jiff::civil::DateTime;

use crate::agent::tools::{ToolCall, ToolResult};
use crate::base::{Hints, Language, Phi, TargetName, ToolRequestId, TurnId, UtteranceId};
use crate::practice::{PhoneNumber, Practice, Practitioner};

/// What is fixed when a call begins.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The practice's public facts.
    pub practice: Practice,
    /// Its practitioners: the names a caller may say.
    pub practitioners: Vec<Practitioner>,
    /// The practice's civil time when the call began.
    pub now: DateTime,
    /// The caller's asserted number: a hint, never proof.
    pub caller: Option<Phi<PhoneNumber>>,
    /// The transfer targets of the route, the first being the one for "a person".
    pub targets: Vec<TargetName>,
    /// The languages of the route: the agent greets in the first. Empty: in English.
    pub languages: Vec<Language>,
    /// Said after the greeting where calls are recorded: that this one is, and how to refuse.
    pub notice: Option<Notice>,
    /// Chooses among wordings.
    pub seed: u64,
}

/// What callers are told where calls are recorded, in each language that they may be spoken to in.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Notice(Vec<(Language, String)>);

impl Notice {
    /// Takes a text for each language; the first is for all others.
    pub fn new(texts: Vec<(Language, String)>) -> Self {
        Self(texts)
    }

    /// Returns the text for a language.
    pub fn text(&self, language: Language) -> &str {
        let of = |(known, _): &&(Language, String)| *known == language;
        let text = self.0.iter().find(of).or_else(|| self.0.first());
        text.map_or("", |(_, text)| text)
    }
}

impl From<String> for Notice {
    fn from(text: String) -> Self {
        Self(vec![(Language::default(), text)])
    }
}

/// What the conversation is told.
#[derive(Clone, Debug)]
pub enum Input {
    /// The call was answered: greet.
    Answered,
    /// What the caller has said so far; only guards act on it.
    Partial { turn: TurnId, text: Phi<String> },
    /// The caller's turn is over and this is what was heard; empty when nothing was understood.
    Heard { turn: TurnId, text: Phi<String>, confidence: f32 },
    /// The caller keyed a digit.
    Dtmf { digit: char },
    /// The caller has said nothing for this long since the agent stopped.
    Silence { lasted: Duration },
    /// The call has lasted for as long as it may: say goodbye.
    TimeIsUp,
    /// The caller heard all of an utterance.
    Spoken { utterance: UtteranceId },
    /// The caller spoke over an utterance and heard only this much of it.
    Interrupted { utterance: UtteranceId, heard: Phi<String> },
    /// The caller was put on hold, or is back.
    Hold(bool),
    /// A tool has answered. For `transfer_to_human` this is the transfer's outcome.
    ToolDone { request: ToolRequestId, result: ToolResult },
}

/// How patient to be with the caller's pauses in the turn that follows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Patience {
    /// A short answer: yes or no.
    Brief,
    /// A sentence.
    #[default]
    Normal,
    /// Somebody who dictates a number or spells a name.
    Dictation,
    /// Somebody who dictates a number of so many digits.
    Number {
        /// How many.
        digits: u8,
    },
}

/// What the conversation wants.
#[derive(Clone, Debug)]
pub enum Output {
    /// Say this, after what is being said.
    Say {
        /// Comes back in [`Input::Spoken`] or [`Input::Interrupted`].
        utterance: UtteranceId,
        /// One or more sentences, written as for a reader.
        text: Phi<String>,
        /// Whether the caller may cut it off. The 911 sentence, the disclosure and read-backs are protected.
        interruptible: bool,
    },
    /// Stop speaking now and drop what waits: an emergency pre-empts.
    StopSpeaking,
    /// From now on the caller and the agent speak this language, one that [`crate::agent::speaks`].
    SwitchLanguage(Language),
    /// From now on the agent speaks more slowly than it did.
    Slower,
    /// This utterance says that the call is recorded: nothing is before all of it was heard.
    Notice { utterance: UtteranceId },
    /// The caller does not want to be recorded, now or any more: nothing of their words is kept.
    Unrecorded,
    /// The caller gives what must not be kept, or has finished; or it is doubtful whether the call may be recorded.
    Private(Private),
    /// Listen for this from the end of what is being said.
    Listen { hints: Hints, patience: Patience },
    /// Run a tool.
    Tool { request: ToolRequestId, call: ToolCall },
    /// Hang up once everything has been heard.
    HangUp,
    /// A decision worth an audit line.
    Decided(Decision),
}

/// Something that must not be kept: the number of a payment card, or what may become one; the words of a caller who
/// may not agree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Private {
    /// It is in what the caller says in this turn, from its beginning.
    Said {
        /// Which. The next may have begun before its words are known.
        turn: TurnId,
    },
    /// It is in the digits that are being keyed, from the first.
    Keyed,
    /// It is over.
    Over,
    /// The caller seems to refuse to be recorded, in a turn that is not over.
    Unsure {
        /// Which.
        turn: TurnId,
    },
    /// The caller did not refuse.
    Sure,
    /// The caller has not been told in the language that is spoken now: [`Output::Notice`] is to follow.
    Untold {
        /// The turn in which they began to speak it.
        turn: TurnId,
    },
}

/// A decision of the agent, for the audit record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decision {
    /// The turn it answers.
    pub turn: TurnId,
    /// What was decided, from a closed set: "intent", "ask", "confirm", "guard", "hand_off", "close".
    pub kind: &'static str,
    /// The rule or step: "reschedule", "red_flag.chest_pain".
    pub rule: String,
    /// What was heard that led to it.
    pub heard: Option<Phi<String>>,
}

/// What a call has come to, for the wrap-up row and for the demo's exit code.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Goal {
    /// A new appointment stands.
    Booked,
    /// An appointment was moved.
    Rescheduled,
    /// An appointment was cancelled.
    Cancelled,
    /// A question was answered.
    Informed,
    /// A person has the caller.
    Transferred,
    /// The 911 sentence was spoken.
    Emergency,
}
