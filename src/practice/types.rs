//! The nouns of a clinic.

use jiff::civil::{Date, DateTime, Time};

use crate::base::Phi;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub String);
    )*};
}

ids! {
    /// A patient's id in the record system.
    PatientId,
    /// A practitioner's id in the record system.
    PractitionerId,
    /// An appointment slot's id in the record system.
    SlotId,
    /// An appointment's id in the record system.
    AppointmentId,
}

/// A telephone number in E.164 form: `+` and digits.
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number as dialled or asserted: `+13125550142`, `13125550142`, `3125550142`, with or
    /// without punctuation. Ten digits are taken as North American. `None` when it is no telephone number.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let odd = |c: char| !(c.is_ascii_digit() || "+-. ()".contains(c));
        if text.contains(odd) {
            return None;
        }
        match (text.trim_start().starts_with('+'), digits.len()) {
            (true, 8..=15) => Some(Self(format!("+{digits}"))),
            (false, 10) => Some(Self(format!("+1{digits}"))),
            (false, 11) if digits.starts_with('1') => Some(Self(format!("+{digits}"))),
            _ => None,
        }
    }

    /// Returns it in E.164 form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹phone›")
    }
}

/// The practice itself: public facts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Practice {
    /// For example "Maple Street Family Medicine".
    pub name: String,
    /// The street address, as spoken.
    pub address: String,
    /// The opening hours, as spoken.
    pub hours: String,
    /// IANA time zone.
    pub time_zone: String,
}

/// A clinician.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Practitioner {
    /// Its id.
    pub id: PractitionerId,
    /// Given name.
    pub given: String,
    /// Family name.
    pub family: String,
    /// As spoken: "Dr. Patel".
    pub spoken: String,
    /// What they do: "family medicine".
    pub specialty: String,
    /// How languages speak of them that tell women from men; `None` where the practice has not said.
    pub gender: Option<Gender>,
}

/// As a language's articles and titles have it: "la doctora", "el doctor".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gender {
    /// A woman.
    Woman,
    /// A man.
    Man,
}

impl Gender {
    /// Returns the word by which it is kept.
    pub fn name(self) -> &'static str {
        match self {
            Self::Woman => "woman",
            Self::Man => "man",
        }
    }

    /// Returns the one that is kept by this word.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Woman, Self::Man].into_iter().find(|gender| gender.name() == name)
    }
}

/// A patient, as far as a telephone call needs one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Patient {
    /// Its id.
    pub id: PatientId,
    /// Given name.
    pub given: Phi<String>,
    /// Family name.
    pub family: Phi<String>,
    /// Date of birth.
    pub birth_date: Phi<Date>,
    /// Telephone, if known.
    pub phone: Option<Phi<PhoneNumber>>,
    /// ZIP code, if known: tells namesakes apart.
    pub zip: Option<Phi<String>>,
}

/// A kind of visit.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum VisitType {
    /// A routine visit of an established patient.
    Office,
    /// A yearly check-up.
    Physical,
    /// A new problem, soon.
    Sick,
    /// After an earlier visit.
    FollowUp,
    /// A vaccination.
    Vaccination,
}

impl VisitType {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Office, Self::Physical, Self::Sick, Self::FollowUp, Self::Vaccination];

    /// Returns the stored code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Physical => "physical",
            Self::Sick => "sick",
            Self::FollowUp => "follow-up",
            Self::Vaccination => "vaccination",
        }
    }

    /// Returns the type with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Returns how it is spoken: "office visit".
    pub fn spoken(self) -> &'static str {
        match self {
            Self::Office => "office visit",
            Self::Physical => "physical",
            Self::Sick => "sick visit",
            Self::FollowUp => "follow-up visit",
            Self::Vaccination => "vaccination",
        }
    }
}

/// A time that a practitioner offers. Times are civil times of the practice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// Its id.
    pub id: SlotId,
    /// Whose time it is.
    pub practitioner: PractitionerId,
    /// When it starts.
    pub start: DateTime,
    /// How long it lasts, in minutes.
    pub minutes: u16,
}

/// Where an appointment stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AppointmentStatus {
    /// It will take place.
    Booked,
    /// It will not.
    Cancelled,
}

/// A patient's appointment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// Whose.
    pub patient: PatientId,
    /// With whom.
    pub practitioner: PractitionerId,
    /// The slot it fills.
    pub slot: SlotId,
    /// When it starts.
    pub start: Phi<DateTime>,
    /// What for.
    pub visit_type: VisitType,
    /// Where it stands.
    pub status: AppointmentStatus,
}

/// A part of the day that a caller may prefer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Daypart {
    /// Before noon.
    Morning,
    /// From noon on.
    Afternoon,
}

impl Daypart {
    /// Whether a time falls into it.
    pub fn contains(self, time: Time) -> bool {
        (time.hour() < 12) == (self == Self::Morning)
    }
}

/// What to look for among the free slots.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SlotSearch {
    /// Not before this.
    pub from: DateTime,
    /// Before this; `None` is as far as the book goes.
    pub until: Option<DateTime>,
    /// Only this practitioner.
    pub practitioner: Option<PractitionerId>,
    /// Only this part of the day.
    pub daypart: Option<Daypart>,
    /// At most this many, earliest first.
    pub max: usize,
}

/// What staff must know before a transferred call rings: stored as a task in the practice book.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandOffNote {
    /// The verified patient, if there is one.
    pub patient: Option<PatientId>,
    /// The caller's number.
    pub caller: Option<Phi<PhoneNumber>>,
    /// The target's name in the dialplan.
    pub target: String,
    /// Why, from a closed list: `patient_request`, `red_flag`, ...
    pub reason: String,
    /// What was said and done, in sentences.
    pub summary: Phi<String>,
}
