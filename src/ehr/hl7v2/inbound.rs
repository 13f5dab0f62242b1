//! What a record system tells us of patients and appointments, as values.
//!
//! ADT A01, A03, A04, A08, A28, A31 and A40 (HL7 v2.5.1 chapter 3); SIU S12 to S15 and S26 (chapter 10). A
//! field that we can do without and cannot read is a note; one that we need is an error.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::error::{Fault, Hl7Error, Place};
use super::message::{Message, Part, Segment};
use super::values::{Update, phones, read_date, read_minutes, read_time, update, words};
use crate::base::Phi;
use crate::practice::{AppointmentStatus, PatientId, PhoneNumber, PractitionerId};

/// What a message says of a patient.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PatientChange {
    /// Whom.
    pub id: PatientId,
    /// Given name.
    pub given: Update<Phi<String>>,
    /// Family name.
    pub family: Update<Phi<String>>,
    /// Date of birth.
    pub birth_date: Update<Phi<Date>>,
    /// All numbers that they are reached at, private ones first.
    pub phones: Update<Vec<Phi<PhoneNumber>>>,
    /// ZIP code.
    pub zip: Update<Phi<String>>,
    /// Primary language, as coded by the sender.
    pub language: Update<Phi<String>>,
    /// Whether they have died.
    pub deceased: Update<Phi<bool>>,
}

/// What became of an appointment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AppointmentEvent {
    /// S12.
    Booked,
    /// S13: another time.
    Rescheduled,
    /// S14: something else than the time.
    Modified,
    /// S15.
    Cancelled,
    /// S26: the patient did not come.
    NoShow,
}

/// What a message says of an appointment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppointmentChange {
    /// What happened.
    pub event: AppointmentEvent,
    /// The id of whoever asked for it: ours, where we booked it (SCH-1).
    pub placer: Option<String>,
    /// The id of the record system (SCH-2).
    pub filler: Option<String>,
    /// Whose.
    pub patient: Option<PatientId>,
    /// With whom.
    pub practitioner: Option<PractitionerId>,
    /// When, as civil time of the practice.
    pub start: Option<Phi<DateTime>>,
    /// How long.
    pub minutes: Option<u16>,
    /// The sender's code of the kind of visit; where it has none, its words, which may be a complaint.
    pub visit_code: Option<Phi<String>>,
    /// Where.
    pub location: Option<String>,
    /// Where it stands, by the event and by SCH-25.
    pub status: AppointmentStatus,
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// Of a patient.
    Patient(PatientChange),
    /// Two records are one: `gone` is no more, all of it belongs to the other.
    Merge {
        /// The record that stays.
        survivor: PatientId,
        /// The one that goes.
        gone: PatientId,
    },
    /// Of an appointment.
    Appointment(AppointmentChange),
}

/// A message understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inbound {
    /// MSH-10.
    pub control_id: String,
    /// MSH-7, as civil time of the practice: an older message must not undo a newer one.
    pub sent: Option<DateTime>,
    /// What changed, in order.
    pub changes: Vec<Change>,
    /// What was left out since it could not be read.
    pub notes: Vec<Hl7Error>,
}

/// How one record system writes.
#[derive(Clone, Debug)]
pub struct Dialect {
    /// The practice's zone.
    pub zone: TimeZone,
    /// Whose record numbers are the practice's (PID-3.4); those of others are not taken. `None` takes any.
    pub authority: Option<String>,
    /// MSH-11 that is taken: `P`, or `T` while testing.
    pub processing: char,
}

impl Dialect {
    /// Reads a message.
    ///
    /// # Errors
    /// When its type is not taken, or something that is needed is missing or malformed.
    pub fn read(&self, message: &Message) -> Result<Inbound, Hl7Error> {
        let processing = message.header().field(11).first();
        if processing.text().chars().next().is_some_and(|c| c != self.processing) {
            let remedy = "send to the system of that processing id";
            return Err(Hl7Error::new(Fault::Processing, Place::field("MSH", 11), remedy));
        }
        let (kind, event) = message.event();
        let mut notes = Vec::new();
        let changes = match (&*kind, &*event) {
            ("ADT", "A01" | "A03" | "A04" | "A08" | "A28" | "A31") => {
                let pid = message.first("PID").ok_or_else(|| missing(Place::segment("PID")))?;
                vec![Change::Patient(self.patient(&pid, &mut notes)?)]
            }
            ("ADT", "A40") => self.merges(message, &mut notes)?,
            ("SIU", "S12" | "S13" | "S14" | "S15" | "S26") => {
                self.schedule(message, &event, &mut notes)?
            }
            ("ADT" | "SIU", _) => {
                let remedy = "leave this trigger event out of the feed";
                return Err(Hl7Error::new(Fault::Event, Place::field("MSH", 9), remedy));
            }
            _ => {
                let remedy = "send ADT and SIU only";
                return Err(Hl7Error::new(Fault::Type, Place::field("MSH", 9), remedy));
            }
        };
        let sent = read_time(&message.header().field(7).first().text(), &self.zone);
        Ok(Inbound { control_id: message.control_id(), sent, changes, notes })
    }

    fn patient(
        &self,
        pid: &Segment<'_>,
        notes: &mut Vec<Hl7Error>,
    ) -> Result<PatientChange, Hl7Error> {
        let id = self.patient_id(pid)?.ok_or_else(|| {
            let place = Place { field: Some(3), ..pid.place() };
            missing(place)
        })?;
        let name = legal_name(pid);
        let birth = update(
            &pid.field(7).first(),
            |text| read_date(text).map(Phi::new),
            "send a date as YYYYMMDD",
        );
        let deceased = match &*pid.field(30).first().text() {
            "Y" => Update::Said(Phi::new(true)),
            "N" => Update::Said(Phi::new(false)),
            _ => Update::Unsaid,
        };
        let address = pid.field(11);
        let zip = address.repetitions().find(|part| !part.component(5).is_empty());
        Ok(PatientChange {
            id,
            given: words(&name.component(2)),
            family: words(&name.component(1).component(1)),
            birth_date: birth.unwrap_or_else(|wrong| {
                notes.push(wrong);
                Update::Unsaid
            }),
            phones: all_phones(pid),
            zip: match zip {
                Some(part) => words(&part.component(5)),
                None if address.is_null() => Update::Cleared,
                None => Update::Unsaid,
            },
            language: words(&pid.field(15).first().component(1)),
            deceased,
        })
    }

    /// Reads the id of PID-3; a sender of old has it in PID-2.
    fn patient_id(&self, pid: &Segment<'_>) -> Result<Option<PatientId>, Hl7Error> {
        if let Some(part) = self.choose_id(pid, 3) {
            return checked_id(&part).map(Some);
        }
        let old = pid.field(2).first();
        if old.is_empty() || !pid.field(3).is_empty() {
            return Ok(None);
        }
        checked_id(&old).map(Some)
    }

    /// Chooses the practice's own id, or one that names no owner. Another owner's number may be another
    /// patient's here. Among several a medical record number comes first.
    fn choose_id<'a>(&self, segment: &Segment<'a>, field: usize) -> Option<Part<'a>> {
        let ids: Vec<Part<'a>> =
            segment.field(field).repetitions().filter(|id| !id.text().is_empty()).collect();
        let owner = |id: &Part<'a>| id.component(4).text();
        let of = |name: &str| -> Vec<Part<'a>> {
            ids.iter().filter(|id| owner(id) == name).cloned().collect()
        };
        let fitting = match &self.authority {
            None => ids,
            Some(name) => Some(of(name)).filter(|ids| !ids.is_empty()).unwrap_or_else(|| of("")),
        };
        let record = |id: &&Part<'a>| matches!(&*id.component(5).text(), "MR" | "PI" | "PT");
        fitting.iter().find(record).or(fitting.first()).cloned()
    }

    /// A40 has groups of PID, PD1? and MRG: the prior ids of MRG-1 go into that patient.
    fn merges(
        &self,
        message: &Message,
        notes: &mut Vec<Hl7Error>,
    ) -> Result<Vec<Change>, Hl7Error> {
        let mut changes = Vec::new();
        let mut survivor: Option<PatientId> = None;
        for segment in message.segments() {
            match segment.name() {
                "PID" => {
                    let patient = self.patient(&segment, notes)?;
                    survivor = Some(patient.id.clone());
                    changes.push(Change::Patient(patient));
                }
                "MRG" => {
                    let place = || Place { field: Some(1), ..segment.place() };
                    let survivor =
                        survivor.clone().ok_or_else(|| missing(Place::segment("PID")))?;
                    let gone = self.choose_id(&segment, 1).ok_or_else(|| missing(place()))?;
                    let gone = checked_id(&gone)?;
                    if gone == survivor {
                        let remedy = "name two records to be merged";
                        return Err(Hl7Error::new(Fault::Malformed, place(), remedy));
                    }
                    changes.push(Change::Merge { survivor, gone });
                }
                _ => {}
            }
        }
        if !changes.iter().any(|change| matches!(change, Change::Merge { .. })) {
            return Err(missing(Place::segment("MRG")));
        }
        Ok(changes)
    }

    fn schedule(
        &self,
        message: &Message,
        event: &str,
        notes: &mut Vec<Hl7Error>,
    ) -> Result<Vec<Change>, Hl7Error> {
        let sch = message.first("SCH").ok_or_else(|| missing(Place::segment("SCH")))?;
        let text = |part: Part<'_>| Some(part.text()).filter(|text| !text.is_empty());
        let (placer, filler) = (text(sch.field(1).first()), text(sch.field(2).first()));
        if placer.is_none() && filler.is_none() {
            return Err(missing(Place::field("SCH", 2)));
        }
        let event = appointment_event(event);
        let start = self.start(message, &sch, notes);
        if start.is_none()
            && matches!(event, AppointmentEvent::Booked | AppointmentEvent::Rescheduled)
        {
            return Err(missing(Place::field("SCH", 11)));
        }
        let mut changes = Vec::new();
        let mut patient = None;
        // A schedule message without a patient blocks time.
        if let Some(pid) = message.first("PID") {
            let change = self.patient(&pid, notes)?;
            patient = Some(change.id.clone());
            changes.push(Change::Patient(change));
        }
        let service = message.first("AIS").map(|segment| segment.field(3).first());
        let visit = [Some(sch.field(8).first()), Some(sch.field(7).first()), service];
        changes.push(Change::Appointment(AppointmentChange {
            event,
            placer,
            filler,
            patient,
            practitioner: practitioner(message),
            start: start.map(Phi::new),
            minutes: self.minutes(message, &sch),
            visit_code: visit.into_iter().flatten().find_map(text).map(Phi::new),
            location: message.first("AIL").and_then(|segment| text(segment.field(3).first())),
            status: standing(event, &sch.field(25).first().text()),
        }));
        Ok(changes)
    }

    /// SCH-11.4, TQ1-7 since v2.5, or the start of a resource.
    fn start(
        &self,
        message: &Message,
        sch: &Segment<'_>,
        notes: &mut Vec<Hl7Error>,
    ) -> Option<DateTime> {
        let of = |name: &str, field| message.first(name).map(|it| it.field(field).first());
        let places = [
            Some(sch.field(11).first().component(4)),
            of("TQ1", 7),
            of("AIS", 4),
            of("AIP", 6),
            of("AIG", 8),
            of("AIL", 6),
        ];
        for part in places.into_iter().flatten().filter(|part| !part.text().is_empty()) {
            match read_time(&part.text(), &self.zone) {
                Some(start) => return Some(start),
                None => {
                    let remedy = "send a time as YYYYMMDDHHMM[SS][+ZZZZ]";
                    notes.push(Hl7Error::new(Fault::Malformed, part.place(), remedy));
                }
            }
        }
        None
    }

    /// SCH-9 and SCH-10, those of a resource, or from start to end.
    fn minutes(&self, message: &Message, sch: &Segment<'_>) -> Option<u16> {
        let pair = |segment: &Segment<'_>, at: usize| {
            let [amount, unit] = [at, at + 1].map(|number| segment.field(number).first().text());
            read_minutes(&amount, &unit)
        };
        let of = |name: &str, at| message.first(name).and_then(|segment| pair(&segment, at));
        let timing = sch.field(11).first();
        let span = || {
            let [from, to] = [4, 5].map(|at| read_time(&timing.component(at).text(), &self.zone));
            let seconds = to?.duration_since(from?).as_secs();
            u16::try_from(seconds / 60).ok().filter(|minutes| (1..=1440).contains(minutes))
        };
        pair(sch, 9)
            .or_else(|| of("AIS", 7))
            .or_else(|| of("AIP", 9))
            .or_else(|| of("AIG", 11))
            .or_else(span)
    }
}

fn missing(at: Place) -> Hl7Error {
    Hl7Error::new(Fault::Missing, at, "send it")
}

/// An id goes into our index and into messages: at most 64 characters, none of them a control.
fn checked_id(part: &Part<'_>) -> Result<PatientId, Hl7Error> {
    let text = part.text();
    if text.is_empty() || text.chars().count() > 64 || text.chars().any(char::is_control) {
        let remedy = "send an id of 1 to 64 printable characters";
        return Err(Hl7Error::new(Fault::Malformed, part.place(), remedy));
    }
    Ok(PatientId(text))
}

/// The legal name of PID-5, else the first.
fn legal_name<'a>(pid: &Segment<'a>) -> Part<'a> {
    let names = pid.field(5);
    let legal = names.repetitions().find(|name| name.component(7).text() == "L");
    legal.unwrap_or_else(|| names.first())
}

/// PID-13 (home), PID-14 (business) and PID-40 (all of them, since v2.7).
fn all_phones(pid: &Segment<'_>) -> Update<Vec<Phi<PhoneNumber>>> {
    let fields = [13, 14, 40].map(|number| pid.field(number));
    if fields.iter().all(|field| field.is_empty()) {
        return Update::Unsaid;
    }
    let mut found = Vec::new();
    for phone in fields.iter().flat_map(phones) {
        if !found.contains(&phone) {
            found.push(phone);
        }
    }
    match found {
        // Something was sent, and none of it is a number: that is no reason to forget one.
        found if found.is_empty() && !fields.iter().any(|field| field.is_null()) => Update::Unsaid,
        found if found.is_empty() => Update::Cleared,
        found => Update::Said(found),
    }
}

/// AIP-3, else AIG-3, else who attends (PV1-7).
fn practitioner(message: &Message) -> Option<PractitionerId> {
    [("AIP", 3), ("AIG", 3), ("PV1", 7)]
        .into_iter()
        .filter_map(|(name, field)| Some(message.first(name)?.field(field).first().text()))
        .find(|id| !id.is_empty())
        .map(PractitionerId)
}

fn appointment_event(event: &str) -> AppointmentEvent {
    match event {
        "S13" => AppointmentEvent::Rescheduled,
        "S14" => AppointmentEvent::Modified,
        "S15" => AppointmentEvent::Cancelled,
        "S26" => AppointmentEvent::NoShow,
        _ => AppointmentEvent::Booked,
    }
}

/// SCH-25 (table 0278) may say that an appointment which is modified is none any more. One that was missed
/// does not stand either.
fn standing(event: AppointmentEvent, filler_status: &str) -> AppointmentStatus {
    let status = filler_status.to_ascii_lowercase();
    let over = ["cancelled", "canceled", "deleted", "discontinued", "dc", "noshow", "no show"];
    match event {
        AppointmentEvent::Cancelled | AppointmentEvent::NoShow => AppointmentStatus::Cancelled,
        _ if over.contains(&&*status) => AppointmentStatus::Cancelled,
        _ => AppointmentStatus::Booked,
    }
}
