//! What an audit line says, before it has a place in the chain.

use serde_json::Value;

use crate::base::{CallId, Phi, TurnId};

/// Who did it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Our voice agent.
    Agent,
    /// The caller.
    Caller,
    /// A person of the practice.
    Staff,
    /// The gateway itself.
    System,
}

impl Actor {
    /// Returns the word in the file.
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Caller => "caller",
            Self::Staff => "staff",
            Self::System => "system",
        }
    }
}

/// What kind of thing was done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A call came in.
    CallStarted,
    /// A call is over.
    CallEnded,
    /// The agent decided something.
    Decision,
    /// A guard allowed or refused something.
    Guard,
    /// A tool is about to run, or was refused.
    ToolCall,
    /// What the tool came to.
    ToolResult,
    /// The gateway started, stopped, or read new configuration.
    System,
    /// A line that a crash had cut short was removed when the file was opened.
    TornLine,
}

impl Kind {
    /// Returns the word in the file.
    pub fn code(self) -> &'static str {
        match self {
            Self::CallStarted => "call_started",
            Self::CallEnded => "call_ended",
            Self::Decision => "decision",
            Self::Guard => "guard",
            Self::ToolCall => "tool_call",
            Self::ToolResult => "tool_result",
            Self::System => "system",
            Self::TornLine => "torn_line",
        }
    }
}

/// A line to be written. Number, time and hashes are the writer's.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The call it belongs to.
    pub call: Option<CallId>,
    /// The turn it answers.
    pub turn: Option<TurnId>,
    /// Who did it.
    pub actor: Actor,
    /// What kind of thing.
    pub kind: Kind,
    /// Which one: a tool's wire name, a rule, a step.
    pub name: String,
    /// With what.
    pub args: Phi<Value>,
    /// What the guards said: "allowed", or an error code.
    pub verdict: Option<String>,
    /// The idempotency key of a write.
    pub key: Option<String>,
    /// What it came to.
    pub outcome: Phi<Value>,
}

impl Line {
    /// Begins a line of the agent.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            call: None,
            turn: None,
            actor: Actor::Agent,
            kind,
            name: name.into(),
            args: Phi::new(Value::Null),
            verdict: None,
            key: None,
            outcome: Phi::new(Value::Null),
        }
    }

    /// Says who did it.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// Says in which call, and in answer to which turn.
    #[must_use]
    pub fn in_call(self, call: CallId, turn: Option<TurnId>) -> Self {
        Self { call: Some(call), turn, ..self }
    }

    /// Says with what.
    #[must_use]
    pub fn with_args(self, args: Value) -> Self {
        Self { args: Phi::new(args), ..self }
    }

    /// Says what the guards said.
    #[must_use]
    pub fn with_verdict(self, verdict: impl Into<String>) -> Self {
        Self { verdict: Some(verdict.into()), ..self }
    }

    /// Says under which idempotency key.
    #[must_use]
    pub fn with_key(self, key: Option<String>) -> Self {
        Self { key, ..self }
    }

    /// Says what it came to.
    #[must_use]
    pub fn with_outcome(self, outcome: Value) -> Self {
        Self { outcome: Phi::new(outcome), ..self }
    }
}
