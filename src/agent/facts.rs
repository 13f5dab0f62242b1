//! What the caller has told us: identity now, the rest in the task at hand.

use jiff::civil::Date;

use crate::base::{Phi, Purpose};

/// Who the caller says they are, and whether that was verified.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Given name as heard.
    pub(crate) given: Option<Phi<String>>,
    /// Family name as heard.
    pub(crate) family: Option<Phi<String>>,
    /// Date of birth as heard.
    pub(crate) birth_date: Option<Phi<Date>>,
    /// Whether its day may be its month.
    pub(crate) birth_ambiguous: bool,
    /// One that the caller said is not theirs.
    pub(crate) birth_refused: Option<Phi<Date>>,
    /// Month and day of one whose year is to follow.
    pub(crate) birth_month_day: Option<Phi<(i8, i8)>>,
    /// ZIP or last four of the telephone number.
    pub(crate) tie_breaker: Option<Phi<String>>,
    /// Whether the caller agreed to the date of birth as it was read back.
    pub(crate) birth_date_agreed: bool,
    /// The given name on record, once verified.
    pub(crate) verified: Option<Phi<String>>,
    /// Failed tries.
    pub(crate) failed_tries: u8,
    /// Whether no further try is allowed.
    pub(crate) locked: bool,
}

impl Facts {
    /// Whether the caller is who they say.
    pub(crate) fn is_verified(&self) -> bool {
        self.verified.is_some()
    }

    /// Forgets what failed to verify, so that it is asked again; nothing says which part was wrong.
    pub(crate) fn forget_identity(&mut self) {
        *self = Self { failed_tries: self.failed_tries, locked: self.locked, ..Self::default() };
    }

    /// The words that stand for the caller: what must not be spoken before verification.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        [self.given.as_ref(), self.family.as_ref()]
            .into_iter()
            .flatten()
            .flat_map(|name| name.reveal(Purpose::Comparison).split([' ', '-']))
    }
}
