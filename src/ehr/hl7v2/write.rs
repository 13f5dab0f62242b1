//! Messages of ours, written strictly: every value escaped, every limit kept, CR at every end.
//!
//! Version 2.5.1, which engines of all ages read. HL7 v2.5.1 chapter 2.

use jiff::Zoned;

use super::delimiters::Delimiters;
use super::error::{Fault, Hl7Error, Place};

/// The version that we write.
pub const VERSION: &str = "2.5.1";

/// Who sends or receives: an application at a facility.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Party {
    /// MSH-3 or MSH-5.
    pub application: String,
    /// MSH-4 or MSH-6.
    pub facility: String,
}

/// What stands at the head of every message that we write.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// We.
    pub from: Party,
    /// They.
    pub to: Party,
    /// MSH-10: unique, and kept in the ledger. At most 20 characters.
    pub control_id: String,
    /// When it is written, in the practice's zone.
    pub at: Zoned,
    /// MSH-11: `P` production, `T` training, `D` debugging.
    pub processing: char,
}

/// One field of a segment: repetitions of components.
#[derive(Clone, Default, Eq, PartialEq)]
pub(super) struct Value(Vec<Vec<String>>);

impl Value {
    /// One component.
    pub(super) fn one(text: impl Into<String>) -> Self {
        Self(vec![vec![text.into()]])
    }

    /// Components.
    pub(super) fn parts<S: Into<String>>(parts: impl IntoIterator<Item = S>) -> Self {
        Self(vec![parts.into_iter().map(Into::into).collect()])
    }
}

/// A segment being written.
pub(super) struct Line {
    name: &'static str,
    fields: Vec<(usize, Value, usize)>,
}

impl Line {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, fields: Vec::new() }
    }

    /// Sets a field, whose components may each have `max` characters.
    pub(super) fn set(mut self, number: usize, value: Value, max: usize) -> Self {
        self.fields.push((number, value, max));
        self
    }

    /// Sets a field of one component.
    pub(super) fn text(self, number: usize, text: impl Into<String>, max: usize) -> Self {
        self.set(number, Value::one(text), max)
    }
}

/// A message being written.
pub(super) struct Sheet {
    text: String,
    wrong: Option<Hl7Error>,
}

impl Sheet {
    /// Begins with a header; `kind` is MSH-9: `["SIU", "S12", "SIU_S12"]`.
    pub(super) fn new(envelope: &Envelope, kind: [&str; 3]) -> Self {
        let usual = Delimiters::default();
        let mut sheet = Self { text: String::new(), wrong: None };
        let head = Line::new("MSH")
            .text(3, &*envelope.from.application, 180)
            .text(4, &*envelope.from.facility, 180)
            .text(5, &*envelope.to.application, 180)
            .text(6, &*envelope.to.facility, 180)
            .text(7, envelope.at.strftime("%Y%m%d%H%M%S%z").to_string(), 26)
            .set(9, Value::parts(kind.into_iter().filter(|part| !part.is_empty())), 7)
            .text(10, &*envelope.control_id, 20)
            .text(11, envelope.processing, 1)
            .text(12, VERSION, 5)
            .text(18, "UNICODE UTF-8", 16);
        if envelope.control_id.is_empty() {
            let remedy = "give every message a control id";
            sheet.wrong = Some(Hl7Error::new(Fault::NotWritable, Place::field("MSH", 10), remedy));
        }
        sheet.push(head);
        // The header's encoding characters must not be escaped.
        let plain = format!("MSH|{}|", usual.encoding_characters());
        sheet.text = sheet.text.replacen("MSH||", &plain, 1);
        sheet
    }

    /// Adds a segment; fields that were not set are empty, and empty ones at the end are left out.
    pub(super) fn push(&mut self, line: Line) {
        let usual = Delimiters::default();
        let last = line.fields.iter().map(|(number, ..)| *number).max().unwrap_or(0);
        let mut fields = vec![String::new(); last + 1];
        fields[0] = line.name.to_owned();
        // The header's separator is its first field, so the others stand one further left.
        let shift = usize::from(line.name == "MSH");
        for (number, Value(repetitions), max) in &line.fields {
            let mut written = Vec::new();
            for components in repetitions {
                if components.iter().any(|text| text.chars().count() > *max) {
                    let remedy = "shorten the value before it is sent";
                    let at = Place::field(line.name, *number);
                    self.wrong.get_or_insert(Hl7Error::new(Fault::NotWritable, at, remedy));
                }
                let escaped: Vec<String> =
                    components.iter().map(|text| usual.escape(text)).collect();
                written.push(escaped.join("^").trim_end_matches('^').to_owned());
            }
            fields[number - shift] = written.join("~");
        }
        self.text.push_str(fields.join("|").trim_end_matches('|'));
        self.text.push('\r');
    }

    /// Returns the bytes, UTF-8, without a frame.
    pub(super) fn finish(self) -> Result<Vec<u8>, Hl7Error> {
        match self.wrong {
            Some(wrong) => Err(wrong),
            None => Ok(self.text.into_bytes()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ehr::hl7v2::message::{Limits, Message};
    use jiff::civil::datetime;
    use jiff::tz::{Offset, TimeZone};

    /// An envelope of the tests.
    pub(crate) fn envelope(control_id: &str) -> Envelope {
        let party = |application: &str, facility: &str| Party {
            application: application.into(),
            facility: facility.into(),
        };
        let zone = TimeZone::fixed(Offset::constant(-5));
        Envelope {
            from: party("ATTENDANT", "MAPLE"),
            to: party("EHR", "MAPLE"),
            control_id: control_id.into(),
            at: datetime(2026, 3, 16, 8, 5, 9, 0).to_zoned(zone).unwrap(),
            processing: 'P',
        }
    }

    #[test]
    fn a_message_is_written_and_read_again() {
        let mut sheet = Sheet::new(&envelope("c1"), ["ADT", "A31", "ADT_A05"]);
        let name = Value::parts(["O|Hara^", "", "x&y", "", ""]);
        sheet.push(Line::new("PID").text(1, "1", 4).set(5, name, 50).text(9, "", 5));
        let bytes = sheet.finish().unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            "MSH|^~\\&|ATTENDANT|MAPLE|EHR|MAPLE|20260316080509-0500||ADT^A31^ADT_A05|c1|P|2.5.1||||||\
             UNICODE UTF-8\rPID|1||||O\\F\\Hara\\S\\^^x\\T\\y\r"
        );
        let message = Message::read(&bytes, &Limits::default()).unwrap();
        let name = message.first("PID").unwrap().field(5).first();
        assert_eq!(
            (name.component(1).text(), name.component(3).text()),
            ("O|Hara^".into(), "x&y".into())
        );
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let mut sheet = Sheet::new(&envelope("c1"), ["ADT", "A31", ""]);
        sheet.push(Line::new("PID").text(3, "12345", 4));
        let wrong = sheet.finish().unwrap_err();
        assert_eq!(wrong.to_string(), "PID-3: not writable; shorten the value before it is sent");
        assert!(Sheet::new(&envelope(""), ["ACK", "", ""]).finish().is_err());
        assert!(Sheet::new(&envelope(&"1".repeat(21)), ["ACK", "", ""]).finish().is_err());
    }
}
