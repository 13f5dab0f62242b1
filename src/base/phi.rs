//! Protected health information and secrets, kept out of logs by their types.

use std::fmt;

/// A value that names or describes a patient. It prints as `‹phi›`; there is no `Display`.
#[derive(Clone, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Phi<T>(T);

/// Why a value is being opened. The set is closed: a new reason is a reviewed change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Written to the hash-chained audit record.
    AuditRecord,
    /// Compared with what is already known, without leaving the process.
    Comparison,
    /// Shown on the terminal of a demonstration, whose patients are invented.
    Demonstration,
    /// Sent to or read from the record system.
    EhrRequest,
    /// Handed to a language model.
    ModelPrompt,
    /// Chooses where a call goes: the caller's and the dialled number.
    Routing,
    /// Put on the SIP wire, where the protocol needs it.
    Signalling,
    /// Sent to the speech vendor that the configuration names.
    SpeechVendor,
    /// Spoken to the caller.
    SpokenReply,
    /// Kept in our own store.
    Storage,
    /// Understood: what the caller said, taken apart for its meaning.
    Understanding,
}

impl<T> Phi<T> {
    /// Wraps a value, from the parser on.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Opens the value. `grep 'reveal('` lists every place health data goes.
    pub fn reveal(&self, _purpose: Purpose) -> &T {
        &self.0
    }

    /// Derives another protected value from this one.
    pub fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Phi<U> {
        Phi(f(&self.0))
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹phi›")
    }
}

/// A password or key. It prints as `‹secret›` and is compared in constant time.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret, from the file or environment it was read from.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Opens the secret, for the one computation that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_does_not_leak() {
        let name = Phi::new(String::from("Jane Roe"));
        assert_eq!(format!("{name:?} {:?}", Secret::new("hunter2")), "‹phi› ‹secret›");
        assert_eq!(name.reveal(Purpose::EhrRequest), "Jane Roe");
    }

    #[test]
    fn secrets_compare() {
        assert_eq!(Secret::new("a"), Secret::new("a"));
        assert_ne!(Secret::new("a"), Secret::new("b"));
        assert_ne!(Secret::new("a"), Secret::new("ab"));
    }
}
