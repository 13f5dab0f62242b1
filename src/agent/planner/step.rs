//! Where the conversation stands: the question that is open, or what it waits for.

use jiff::civil::DateTime;

use crate::agent::api::Patience;
use crate::agent::language::{Asked, NamePart};
use crate::agent::tongue::Tongue;
use crate::agent::tools::{OfferedSlot, OfficeTopic};
use crate::agent::wording;
use crate::base::{Expect, Phi, UtteranceId};
use crate::practice::Practitioner;

/// Digits of a ZIP code.
pub(crate) const ZIP_DIGITS: u8 = 5;

/// The open question, or what is waited for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// "How can I help you?"
    Open,
    /// "Is there anything else?"
    AnythingElse,
    /// "Your name?"
    Name(NamePart),
    /// "Your date of birth?"
    BirthDate,
    /// "March 9, 1984: is that right?"
    BirthDateRight,
    /// "Your ZIP code?"
    TieBreaker,
    /// "Would you like to book, move or cancel one?"
    WhatAboutIt,
    /// "Shall I move it or cancel it?"
    MoveOrCancel,
    /// "Which appointment?"
    WhichAppointment,
    /// "Is that the one?"
    TheOne {
        /// Its place in the list of appointments.
        index: usize,
    },
    /// "What kind of visit?"
    VisitType,
    /// "When?"
    When,
    /// "I have Friday at nine. Shall I?"
    Offer {
        /// What is on offer.
        slot: OfferedSlot,
        /// The read-back.
        utterance: UtteranceId,
        /// Whether it was asked for again because agreement came too early.
        again: bool,
    },
    /// "Shall I cancel it?"
    CancelIt {
        /// When the appointment is.
        start: DateTime,
        /// The read-back.
        utterance: UtteranceId,
        /// As in an offer.
        again: bool,
    },
    /// "Shall I book a new one?", asked where there is none to move.
    BookInstead,
    /// "What should I tell them?"
    Message,
    /// "A message, or a person?"
    MessageOrPerson,
    /// "I couldn't reach them. A message, or shall we go on?"
    AfterTransfer,
    /// After the 911 sentence: "Would you like a person?"
    Emergency {
        /// The hand-off's reason: `red_flag` or `crisis`.
        reason: &'static str,
    },
    /// A tool runs.
    Working,
    /// A transfer is announced, then under way.
    Transferring {
        /// The announcement.
        utterance: UtteranceId,
        /// Why.
        reason: &'static str,
        /// Whether the tool runs already.
        started: bool,
    },
    /// Nothing more.
    Ended,
}

/// A tool call under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Flight {
    /// `verify_identity`
    Verify,
    /// `get_patient_appointments`; whether it is the second try
    Appointments {
        /// Whether it failed before.
        retried: bool,
    },
    /// `find_slots`
    Slots {
        /// Whether it failed before.
        retried: bool,
    },
    /// `book_appointment`
    Book,
    /// `reschedule_appointment`
    Reschedule,
    /// `cancel_appointment`
    Cancel,
    /// `get_office_info`
    Office {
        /// About what.
        topic: OfficeTopic,
        /// Where the conversation was.
        back: Box<Step>,
    },
    /// `create_callback` for the caller's message
    Message,
    /// `create_callback` because a write failed
    Rescue,
    /// `transfer_to_human`
    Transfer {
        /// Why.
        reason: &'static str,
    },
}

impl Flight {
    /// Whether it changes something, so that its success may be claimed.
    pub(crate) fn is_write(&self) -> bool {
        matches!(self, Self::Book | Self::Reschedule | Self::Cancel | Self::Message | Self::Rescue)
    }
}

impl Step {
    /// How words are to be read.
    pub(crate) fn asked(&self) -> Asked {
        match self {
            Self::Name(part) => Asked::Name(*part),
            Self::BirthDate => Asked::BirthDate,
            Self::TieBreaker => Asked::Digits,
            Self::When => Asked::When,
            Self::BirthDateRight
            | Self::TheOne { .. }
            | Self::Offer { .. }
            | Self::CancelIt { .. }
            | Self::BookInstead
            | Self::Emergency { .. } => Asked::YesNo,
            _ => Asked::Open,
        }
    }

    /// What to expect of the caller, and how patiently.
    pub(crate) fn listening(&self) -> (Expect, Patience) {
        match self {
            Self::Name(_) => (Expect::Name, Patience::Dictation),
            Self::BirthDate => (Expect::Date, Patience::Dictation),
            Self::TieBreaker => (Expect::Digits, Patience::Number { digits: ZIP_DIGITS }),
            Self::Message => (Expect::Anything, Patience::Dictation),
            // A "yes" answers these too, and is no sign of listening.
            Self::AnythingElse | Self::MessageOrPerson | Self::AfterTransfer => {
                (Expect::YesNo, Patience::Brief)
            }
            _ if self.asked() == Asked::YesNo => (Expect::YesNo, Patience::Brief),
            _ => (Expect::Anything, Patience::Normal),
        }
    }

    /// Names and times that may well be said now: those of the practice where an appointment is spoken of, and none
    /// where the caller is asked for a name or number of their own.
    pub(crate) fn phrases(
        &self,
        practitioners: &[Practitioner],
        tongue: Tongue,
    ) -> Vec<Phi<String>> {
        let offered = match self {
            Self::Name(_) | Self::BirthDate | Self::BirthDateRight | Self::TieBreaker => {
                return Vec::new();
            }
            Self::Offer { slot, .. } => Some(wording::weekday(tongue, slot.start.date())),
            _ => None,
        };
        let names = practitioners.iter().map(|one| one.spoken.clone());
        names.chain(offered).map(Phi::new).collect()
    }

    /// Notes the utterance in which a read-back is spoken.
    pub(crate) fn asked_in(&mut self, id: UtteranceId) {
        if let Self::Offer { utterance, .. } | Self::CancelIt { utterance, .. } = self {
            *utterance = id;
        }
    }
}
