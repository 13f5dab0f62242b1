//! What the caller is expected to say: a word that the agent, the floor and the recogniser share.

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
