//! Every key that a file may hold: its default, and what it does. The reader takes its defaults from here, and the
//! manual's reference is written from here.

mod node;
mod plan;
mod trunk;

pub use node::NODE;
pub use plan::PLAN;
pub use trunk::TRUNK;

/// A key of a file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Where it stands, tables first: `peer.ping` is `ping` under `[peer]`.
    pub path: &'static str,
    /// What may be written.
    pub kind: &'static str,
    /// What holds when neither the file nor the preset says anything.
    pub fallback: Fallback,
    /// What it does.
    pub meaning: &'static str,
    /// Whether a change waits for a restart; else it holds from the next call on.
    pub restart: bool,
}

/// What holds when a key is not written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fallback {
    /// This value, as TOML writes it.
    Value(&'static str),
    /// What another place says, in words.
    From(&'static str),
    /// Nothing: it has to be written.
    Must,
    /// Nothing: what it does is not done.
    Nothing,
}

impl Fallback {
    /// Returns the value as TOML writes it, if it is one.
    pub fn value(self) -> Option<&'static str> {
        match self {
            Self::Value(value) => Some(value),
            Self::From(_) | Self::Must | Self::Nothing => None,
        }
    }
}

const fn key(
    path: &'static str,
    kind: &'static str,
    fallback: Fallback,
    meaning: &'static str,
) -> Key {
    Key { path, kind, fallback, meaning, restart: false }
}

impl Key {
    const fn after_restart(self) -> Self {
        Self { restart: true, ..self }
    }

    /// Whether secrets stand behind it: `{ file = "…" }`, or a table of users with theirs.
    pub(super) fn is_secret(&self) -> bool {
        self.kind.contains("file =") || self.kind.contains("secret")
    }

    /// Returns the table that it stands in, `listen.tls`; empty at the top.
    pub fn table(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// Returns its name in that table.
    pub fn name(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, name)| name)
    }
}
