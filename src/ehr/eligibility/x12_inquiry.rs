//! The question as X12: 270, 005010X279A1.

use jiff::civil::{Date, DateTime};

use super::types::{EligibilityError, Inquiry, Insured, is_npi};
use super::x12_text::{Party, Sheet};
use crate::base::Purpose;

const PURPOSE: Purpose = Purpose::EhrRequest;
/// The implementation guide that we write by.
const GUIDE: &str = "005010X279A1";

/// What stands round the question.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// We.
    pub from: Party,
    /// The clearinghouse or payer.
    pub to: Party,
    /// ISA13: up to nine digits, another one each time.
    pub control: u32,
    /// ISA15: `P` production, `T` test.
    pub usage: char,
    /// TRN03: ten characters, `9` and nine digits, or `1` and a tax number.
    pub trace_owner: String,
    /// When it is written.
    pub at: DateTime,
}

/// Writes one question as an interchange.
///
/// # Errors
/// When an id cannot be sent, the NPI is none, or a name is empty.
pub fn write_270(inquiry: &Inquiry, envelope: &Envelope) -> Result<String, EligibilityError> {
    let mut sheet = Sheet::new();
    let control = format!("{:09}", envelope.control % 1_000_000_000);
    let group = (envelope.control % 1_000_000_000).to_string();
    let (day, time) =
        (envelope.at.strftime("%Y%m%d").to_string(), envelope.at.strftime("%H%M").to_string());
    let from = sheet.id("ISA06", &envelope.from.id, 2, 15);
    let to = sheet.id("ISA08", &envelope.to.id, 2, 15);
    let from_kind = sheet.id("ISA05", &envelope.from.qualifier, 2, 2);
    let to_kind = sheet.id("ISA07", &envelope.to.qualifier, 2, 2);
    let usage = if envelope.usage == 'T' { "T" } else { "P" };
    let blank = " ".repeat(10);
    let (from_wide, to_wide) = (format!("{from:<15}"), format!("{to:<15}"));
    sheet.push(
        "ISA",
        &[
            "00",
            &blank,
            "00",
            &blank,
            &from_kind,
            &from_wide,
            &to_kind,
            &to_wide,
            &day[2..],
            &time,
            "^",
            "00501",
            &control,
            "0",
            usage,
            ":",
        ],
    );
    sheet.push("GS", &["HS", &from, &to, &day, &time, &group, "X", GUIDE]);
    let before = sheet.count();
    sheet.push("ST", &["270", "0001", GUIDE]);
    let trace = sheet.id("BHT03", &inquiry.trace, 1, 50);
    sheet.push("BHT", &["0022", "13", &trace, &day, &time]);
    parties(&mut sheet, inquiry);
    people(&mut sheet, inquiry, &trace, &envelope.trace_owner);
    let count = (sheet.count() - before + 1).to_string();
    sheet.push("SE", &[&count, "0001"]);
    sheet.push("GE", &["1", &group]);
    sheet.push("IEA", &["1", &control]);
    sheet.finish()
}

fn parties(sheet: &mut Sheet, inquiry: &Inquiry) {
    let payer_name = sheet.words(&inquiry.payer.name, 60);
    let payer_id = sheet.id("NM109 of the payer", &inquiry.payer.id, 2, 80);
    sheet.push("HL", &["1", "", "20", "1"]);
    sheet.push("NM1", &["PR", "2", &payer_name, "", "", "", "", "PI", &payer_id]);
    let asker = &inquiry.asker;
    if !is_npi(&asker.npi) {
        sheet.fail("NM109 of the practice", "no NPI", "check the ten digits in the settings");
    }
    let name = sheet.words(&asker.name, 60);
    let given = asker.given.as_ref().map(|given| sheet.words(given, 35));
    let kind = if given.is_some() { "1" } else { "2" };
    sheet.push("HL", &["2", "1", "21", "1"]);
    sheet.push(
        "NM1",
        &["1P", kind, &name, given.as_deref().unwrap_or_default(), "", "", "", "XX", &asker.npi],
    );
}

fn people(sheet: &mut Sheet, inquiry: &Inquiry, trace: &str, owner: &str) {
    let owner = sheet.id("TRN03", owner, 10, 10);
    let member = sheet.id("NM109 of the member", inquiry.member_id.reveal(PURPOSE), 2, 80);
    let child = if inquiry.dependent.is_some() { "1" } else { "0" };
    sheet.push("HL", &["3", "2", "22", child]);
    if inquiry.dependent.is_none() {
        sheet.push("TRN", &["1", trace, &owner]);
    }
    person(sheet, "IL", &inquiry.subscriber, &member);
    if let Some(dependent) = &inquiry.dependent {
        sheet.push("HL", &["4", "3", "23", "0"]);
        sheet.push("TRN", &["1", trace, &owner]);
        person(sheet, "03", dependent, "");
    }
    sheet.push("DTP", &["291", "D8", &day(inquiry.on)]);
    let services: Vec<String> =
        inquiry.services.iter().take(99).map(|code| sheet.id("EQ01", code, 1, 2)).collect();
    let services = if services.is_empty() { "30".into() } else { services.join("^") };
    sheet.push("EQ", &[&services]);
}

fn person(sheet: &mut Sheet, role: &str, insured: &Insured, member: &str) {
    let family = sheet.words(insured.family.reveal(PURPOSE), 60);
    let given = sheet.words(insured.given.reveal(PURPOSE), 35);
    if family.is_empty() {
        sheet.fail("NM103", "no name in letters that X12 has", "ask for the name as on the card");
    }
    let kind = if member.is_empty() { "" } else { "MI" };
    sheet.push("NM1", &[role, "1", &family, &given, "", "", "", kind, member]);
    sheet.push("DMG", &["D8", &day(*insured.birth_date.reveal(PURPOSE))]);
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}
