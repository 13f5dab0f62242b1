//! What we tell a record system: bookings as SIU, the note of a call as MDM.
//!
//! HL7 v2.5.1 chapters 10 (SCH, RGS, AIS, AIP) and 9 (TXA, MDM^T02).

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::error::Hl7Error;
use super::values::{write_phone, write_time};
use super::write::{Envelope, Line, Sheet, Value};
use crate::base::{Phi, Purpose};
use crate::practice::{Patient, Practitioner};

const PURPOSE: Purpose = Purpose::EhrRequest;

/// What happens to the appointment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Booking {
    /// SIU^S12.
    Book,
    /// SIU^S13: the message has the new time.
    Reschedule,
    /// SIU^S15.
    Cancel,
}

impl Booking {
    fn event(self) -> &'static str {
        match self {
            Self::Book => "S12",
            Self::Reschedule => "S13",
            Self::Cancel => "S15",
        }
    }

    /// SCH-25 (table 0278).
    fn status(self) -> &'static str {
        match self {
            Self::Book | Self::Reschedule => "Booked",
            Self::Cancel => "Cancelled",
        }
    }

    /// RGS-2, AIS-2 and AIP-2 (table 0206): add, update, delete.
    fn action(self) -> &'static str {
        match self {
            Self::Book => "A",
            Self::Reschedule => "U",
            Self::Cancel => "D",
        }
    }
}

/// A code of the practice: `NP30`, "new patient", `L` for local.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Code {
    /// The code.
    pub code: String,
    /// Its words.
    pub words: String,
    /// The coding system's name, `L` for the practice's own.
    pub system: String,
}

impl Code {
    fn value(&self) -> Value {
        Value::parts([&*self.code, &*self.words, &*self.system])
    }
}

/// An appointment to be told.
#[derive(Clone, Debug)]
pub struct SiuRequest<'a> {
    /// What happens to it.
    pub booking: Booking,
    /// Our id of it (SCH-1), kept for good: by it an answer that was lost is looked up.
    pub placer: &'a str,
    /// The record system's id (SCH-2), once it is known.
    pub filler: Option<&'a str>,
    /// Whose.
    pub patient: &'a Patient,
    /// Whose record numbers these are (PID-3.4).
    pub authority: &'a str,
    /// With whom.
    pub practitioner: &'a Practitioner,
    /// When, as civil time of the practice.
    pub start: DateTime,
    /// How long, in minutes.
    pub minutes: u16,
    /// What kind of visit.
    pub visit: &'a Code,
    /// Why, in the caller's words, cut to 199 characters.
    pub reason: Option<&'a Phi<String>>,
}

/// Writes SIU^S12, S13 or S15.
///
/// # Errors
/// When a value does not fit its field: nothing is cut that a record is found by.
pub fn write_siu(request: &SiuRequest<'_>, envelope: &Envelope) -> Result<Vec<u8>, Hl7Error> {
    let event = request.booking.event();
    let mut sheet = Sheet::new(envelope, ["SIU", event, "SIU_S12"]);
    let [start, end] = [0, request.minutes].map(|minutes| {
        let after = SignedDuration::from_mins(minutes.into());
        write_time(request.start.saturating_add(after))
    });
    let minutes = request.minutes.to_string();
    let reason: String = request
        .reason
        .map(|reason| reason.reveal(PURPOSE).chars().take(199).collect())
        .unwrap_or_default();
    let us = Value::parts(["", &*envelope.from.application]);
    sheet.push(
        Line::new("SCH")
            .text(1, request.placer, 75)
            .text(2, request.filler.unwrap_or_default(), 75)
            .set(6, Value::parts([event, event_words(request.booking), "L"]), 60)
            .set(7, Value::parts(["", &*reason]), 199)
            .set(8, request.visit.value(), 199)
            .text(9, &*minutes, 20)
            .text(10, "MIN", 10)
            .set(11, Value::parts(["", "", &*format!("M{minutes}"), &*start, &*end]), 26)
            .set(16, us.clone(), 199)
            .set(20, us, 199)
            .text(25, request.booking.status(), 20),
    );
    sheet.push(pid(request.patient, request.authority));
    // PV1-2 (table 0004): an outpatient.
    sheet.push(Line::new("PV1").text(1, "1", 4).text(2, "O", 1));
    let action = request.booking.action();
    sheet.push(Line::new("RGS").text(1, "1", 4).text(2, action, 3));
    sheet.push(
        Line::new("AIS")
            .text(1, "1", 4)
            .text(2, action, 3)
            .set(3, request.visit.value(), 199)
            .text(4, &*start, 26)
            .text(7, &*minutes, 20)
            .text(8, "MIN", 10),
    );
    let doctor = request.practitioner;
    sheet.push(
        Line::new("AIP")
            .text(1, "1", 4)
            .text(2, action, 3)
            .set(3, Value::parts([&*doctor.id.0, &*doctor.family, &*doctor.given]), 194)
            .text(6, &*start, 26)
            .text(9, &*minutes, 20)
            .text(10, "MIN", 10),
    );
    sheet.finish()
}

fn event_words(booking: Booking) -> &'static str {
    match booking {
        Booking::Book => "booked by telephone",
        Booking::Reschedule => "moved by telephone",
        Booking::Cancel => "cancelled by telephone",
    }
}

fn pid(patient: &Patient, authority: &str) -> Line {
    let name = [&patient.family, &patient.given].map(|name| name.reveal(PURPOSE).trim().to_owned());
    let mut line = Line::new("PID")
        .text(1, "1", 4)
        .set(3, Value::parts([&*patient.id.0, "", "", authority, "MR"]), 250)
        .set(5, Value::parts(name), 194)
        .text(7, patient.birth_date.reveal(PURPOSE).strftime("%Y%m%d").to_string(), 26);
    if let Some(zip) = &patient.zip {
        line = line.set(11, Value::parts(["", "", "", "", zip.reveal(PURPOSE)]), 12);
    }
    if let Some(phone) = &patient.phone {
        line = line.set(13, Value::parts(write_phone(phone.reveal(PURPOSE), "PRN")), 199);
    }
    line
}

/// The note of a call.
#[derive(Clone, Debug)]
pub struct CallNote<'a> {
    /// Our id of the note (TXA-12), kept for good.
    pub id: &'a str,
    /// Who called; a note without a verified patient is no message, but work for staff.
    pub patient: &'a Patient,
    /// Whose record numbers these are.
    pub authority: &'a str,
    /// When the call began.
    pub began: DateTime,
    /// The type of document in the practice's list (TXA-2, table 0270).
    pub kind: &'a str,
    /// What the note is called by the practice (OBX-3).
    pub title: &'a Code,
    /// What was said and done.
    pub text: &'a Phi<String>,
}

/// Lines of one note, at most: a call of an hour in sentences.
const LINES_MAX: usize = 400;
/// Characters of one line, at most: what engines of all ages take.
const LINE_MAX: usize = 1000;

/// Writes MDM^T02. The document is a draft: incomplete (TXA-17 `IN`) until a person has signed it, and each line an
/// OBX of its own.
///
/// # Errors
/// When a value does not fit its field. The text is cut into lines, and cut off behind the last.
pub fn write_mdm(note: &CallNote<'_>, envelope: &Envelope) -> Result<Vec<u8>, Hl7Error> {
    let mut sheet = Sheet::new(envelope, ["MDM", "T02", "MDM_T02"]);
    let now = write_time(envelope.at.datetime());
    sheet.push(Line::new("EVN").text(1, "T02", 3).text(2, &*now, 26));
    sheet.push(pid(note.patient, note.authority));
    sheet.push(Line::new("PV1").text(1, "1", 4).text(2, "O", 1));
    sheet.push(
        Line::new("TXA")
            .text(1, "1", 4)
            .text(2, note.kind, 30)
            .text(3, "TX", 2)
            .text(4, write_time(note.began), 26)
            .text(6, &*now, 26)
            .set(9, Value::parts(["", &*envelope.from.application]), 199)
            .text(12, note.id, 30)
            .text(17, "IN", 2)
            .text(19, "AV", 2),
    );
    for (at, line) in lines(note.text.reveal(PURPOSE)).iter().enumerate() {
        sheet.push(
            Line::new("OBX")
                .text(1, (at + 1).to_string(), 4)
                .text(2, "TX", 2)
                .set(3, note.title.value(), 199)
                .text(5, &**line, LINE_MAX)
                // Preliminary.
                .text(11, "P", 1),
        );
    }
    sheet.finish()
}

/// Cuts a text into lines at its line ends, and where a line is too long at a space.
fn lines(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_end();
        loop {
            let end = rest.char_indices().nth(LINE_MAX).map_or(rest.len(), |(at, _)| at);
            let cut = match rest[..end].rfind(' ') {
                Some(space) if end < rest.len() && space > 0 => space,
                _ => end,
            };
            out.push(rest[..cut].to_owned());
            rest = rest[cut..].trim_start();
            if rest.is_empty() {
                break;
            }
            if out.len() >= LINES_MAX {
                break;
            }
        }
        if out.len() >= LINES_MAX {
            out.truncate(LINES_MAX - 1);
            out.push("[cut: the whole note is in the call's record]".into());
            break;
        }
    }
    if out.is_empty() {
        out.push(String::new());
    }
    out
}
