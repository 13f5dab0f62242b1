//! What is wrong with a message, where, and what to do about it: never with the value that is wrong.

use std::fmt;

/// A place in a message, counted from one as the standard does.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// The segment's name: `PID`.
    pub segment: String,
    /// Which of the segments of that name.
    pub occurrence: usize,
    /// The field.
    pub field: Option<usize>,
    /// The repetition of the field.
    pub repetition: Option<usize>,
    /// The component of the repetition.
    pub component: Option<usize>,
}

impl Place {
    /// A whole segment.
    pub fn segment(name: &str) -> Self {
        Self { segment: name.into(), occurrence: 1, ..Self::default() }
    }

    /// A field of the first segment of a name.
    pub fn field(name: &str, field: usize) -> Self {
        Self { field: Some(field), ..Self::segment(name) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)?;
        if self.occurrence > 1 {
            write!(f, "({})", self.occurrence)?;
        }
        if let Some(field) = self.field {
            write!(f, "-{field}")?;
        }
        if let Some(repetition) = self.repetition.filter(|number| *number > 1) {
            write!(f, " repetition {repetition}")?;
        }
        if let Some(component) = self.component {
            write!(f, " component {component}")?;
        }
        Ok(())
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It does not begin with MSH and a field separator.
    #[error("no message header")]
    NoHeader,
    /// A batch or file header instead of a message.
    #[error("a batch, not a message")]
    Batch,
    /// MSH-1 and MSH-2 do not name distinct delimiters.
    #[error("unusable delimiters")]
    Delimiters,
    /// Longer than the limit.
    #[error("too long")]
    TooLong,
    /// More segments, fields or repetitions than the limit.
    #[error("too many parts")]
    TooMany,
    /// MSH-18 names a character set that we do not read, and the text needs it.
    #[error("unknown character set")]
    CharacterSet,
    /// MSH-9.1 is no kind of message that we take.
    #[error("message type not taken")]
    Type,
    /// MSH-9.2 is no trigger event that we take.
    #[error("trigger event not taken")]
    Event,
    /// MSH-11 says training or debugging where production is expected, or the reverse.
    #[error("wrong processing id")]
    Processing,
    /// A segment or field that we cannot do without.
    #[error("missing")]
    Missing,
    /// A field that is not of its data type.
    #[error("malformed")]
    Malformed,
    /// Our side could not keep what the message says.
    #[error("not stored")]
    NotStored,
    /// A value that we may not write: it has control characters, or is too long for its field.
    #[error("not writable")]
    NotWritable,
}

impl Fault {
    /// Returns the code of HL7 table 0357 (message error condition codes).
    pub fn code(self) -> &'static str {
        match self {
            Self::NoHeader | Self::Batch | Self::Delimiters => "100",
            Self::Missing => "101",
            Self::Malformed | Self::NotWritable | Self::CharacterSet => "102",
            Self::Type => "200",
            Self::Event => "201",
            Self::Processing => "202",
            Self::TooLong | Self::TooMany | Self::NotStored => "207",
        }
    }

    /// Whether the message is rejected as such (AR): sending it again cannot help. Otherwise it is an error
    /// of its content or of our side (AE).
    pub fn rejects(self) -> bool {
        !matches!(self, Self::Missing | Self::Malformed | Self::NotStored | Self::NotWritable)
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{at}: {fault}; {remedy}")]
pub struct Hl7Error {
    /// What.
    pub fault: Fault,
    /// Where.
    pub at: Place,
    /// What to do.
    pub remedy: &'static str,
}

impl Hl7Error {
    /// Puts one together.
    pub fn new(fault: Fault, at: Place, remedy: &'static str) -> Self {
        Self { fault, at, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_what_to_do() {
        let at = Place {
            occurrence: 2,
            repetition: Some(3),
            component: Some(4),
            ..Place::field("PID", 3)
        };
        let error = Hl7Error::new(Fault::Malformed, at, "send a date as YYYYMMDD");
        assert_eq!(
            error.to_string(),
            "PID(2)-3 repetition 3 component 4: malformed; send a date as YYYYMMDD"
        );
        assert_eq!((error.fault.code(), error.fault.rejects()), ("102", false));
        assert!(Fault::Event.rejects() && Fault::NoHeader.rejects());
    }
}
