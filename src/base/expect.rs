//! What the caller is expected to say: a word that the agent, the floor and the recogniser share.

use super::Phi;

/// What the caller is expected to say now: a hint that a recogniser may use or ignore.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Expect {
    /// Anything.
    #[default]
    Anything,
    /// A name, perhaps spelled.
    Name,
    /// A date, such as a date of birth.
    Date,
    /// Digits: a telephone number, a member id.
    Digits,
    /// Yes or no.
    YesNo,
}

/// What a recogniser may know beforehand of the turn that follows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hints {
    /// What kind of answer is expected.
    pub expect: Expect,
    /// Words that are likely now, as they are written: names of practitioners, offered times, drugs.
    pub phrases: Vec<Phi<String>>,
}

impl From<Expect> for Hints {
    fn from(expect: Expect) -> Self {
        Self { expect, phrases: Vec::new() }
    }
}
