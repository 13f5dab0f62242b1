//! What is asked of a payer, and the one answer that all ways of asking come to.
//!
//! An answer is what the payer said at a moment: it is spoken as "appears", never as a promise.

use std::fmt;

use jiff::civil::Date;

use crate::base::Phi;

/// Money of the United States, in cents.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Cents(pub i64);

impl Cents {
    /// Reads an amount as X12 and payers write it: `25`, `25.5`, `1,250.00`, `$25`. None below zero.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text.trim().chars().filter(|c| !"$,".contains(*c)).collect();
        let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) {
            return None;
        }
        // Nobody's deductible has ten digits.
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let part: String = part.chars().chain("00".chars()).take(2).collect();
        (whole < 1_000_000_000).then_some(Self(whole * 100 + part.parse::<i64>().ok()?))
    }

    /// Returns it as spoken: "$25", "$12.50".
    pub fn spoken(self) -> String {
        match self.0 % 100 {
            0 => format!("${}", self.0 / 100),
            cents => format!("${}.{cents:02}", self.0 / 100),
        }
    }
}

/// Who asks: the practice or a practitioner.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asker {
    /// NPI, ten digits.
    pub npi: String,
    /// The organisation's name, or the practitioner's family name.
    pub name: String,
    /// The practitioner's given name; `None` is an organisation.
    pub given: Option<String>,
}

/// Who is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Payer {
    /// The id that the clearinghouse knows it by.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A person of a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Insured {
    /// Given name.
    pub given: Phi<String>,
    /// Family name.
    pub family: Phi<String>,
    /// Date of birth.
    pub birth_date: Phi<Date>,
}

/// A question to a payer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inquiry {
    /// Whom we ask.
    pub payer: Payer,
    /// Who asks.
    pub asker: Asker,
    /// The policy's number.
    pub member_id: Phi<String>,
    /// The policy's holder.
    pub subscriber: Insured,
    /// The patient, when it is not the holder.
    pub dependent: Option<Insured>,
    /// X12 service type codes; `30` is the plan as a whole.
    pub services: Vec<String>,
    /// The day of the visit.
    pub on: Date,
    /// Our trace number (TRN02), unique; the answer repeats it.
    pub trace: String,
}

/// Whether somebody is insured, as far as the answer tells.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Standing {
    /// The payer says that it is active on that day.
    AppearsActive,
    /// The payer says that it is not.
    AppearsInactive,
    /// The payer does not find the member as asked.
    NotFound,
    /// The payer, or somebody on the way, did not answer the question.
    Unavailable,
    /// The answer does not say, or says both.
    Unclear,
    /// Nobody was asked: the practice's own table only says which payers it takes.
    NotAsked,
}

/// Whether the plan wants something before the visit.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Requirement {
    /// Yes.
    Required,
    /// No.
    NotRequired,
    /// The answer does not say.
    #[default]
    Unsaid,
}

/// Whether the practice takes a plan.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Accepted {
    /// Yes.
    Yes,
    /// No.
    No,
    /// Not known: a person has to look.
    #[default]
    NeedsVerification,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Source {
    /// The practice's own table.
    Rules,
    /// A clearinghouse, as JSON.
    Clearinghouse,
    /// A 271.
    X12,
}

/// A number by which the payer finds this question again.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Trace {
    /// The number.
    pub number: String,
    /// Who gave it (TRN03), if it was said.
    pub by: Option<String>,
    /// Whether it is ours, repeated (TRN01 `2`).
    pub ours: bool,
}

/// What a refusal is about, and so who can do something.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RejectKind {
    /// The payer is down or slow: ask later.
    Unavailable,
    /// The member, as named, is not found: read the card again.
    Member,
    /// The practice is not known there, or may not ask: billing has to look.
    Asker,
    /// The question itself: a date, a service, a missing field.
    Question,
    /// Anything else.
    Other,
}

/// A refusal of the payer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reject {
    /// Its code (AAA03), as sent.
    pub code: String,
    /// What it is about.
    pub kind: RejectKind,
    /// The code in words of ours.
    pub words: &'static str,
    /// What the payer says to do next (AAA04), in words of ours.
    pub next: Option<&'static str>,
}

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Eligibility {
    /// Whether they are insured.
    pub standing: Standing,
    /// Whether the practice takes it, where the practice's table knows.
    pub accepted: Accepted,
    /// The payer, as it names itself.
    pub payer: Option<String>,
    /// The plan.
    pub plan: Option<Phi<String>>,
    /// What a visit costs the patient at once.
    pub copay: Option<Cents>,
    /// What is left of the deductible.
    pub deductible_remaining: Option<Cents>,
    /// The deductible of a year.
    pub deductible: Option<Cents>,
    /// What is left until the plan pays all.
    pub out_of_pocket_remaining: Option<Cents>,
    /// The patient's share, in hundredths of a percent: 2000 is 20 %.
    pub coinsurance: Option<u16>,
    /// Whether the plan wants to be asked before the visit.
    pub prior_auth: Requirement,
    /// Whether the plan wants a referral.
    pub referral: Requirement,
    /// First day of the plan or of the coverage.
    pub begins: Option<Date>,
    /// Last day.
    pub ends: Option<Date>,
    /// Whether another payer is named: it may have to be asked first.
    pub other_payer: bool,
    /// Refusals.
    pub rejects: Vec<Reject>,
    /// Trace numbers.
    pub traces: Vec<Trace>,
    /// What the payer adds in words: for staff, never spoken.
    pub messages: Vec<Phi<String>>,
    /// Where it came from.
    pub source: Source,
}

impl Eligibility {
    /// Starts an answer that says nothing yet.
    pub fn unclear(source: Source) -> Self {
        Self {
            standing: Standing::Unclear,
            accepted: Accepted::default(),
            payer: None,
            plan: None,
            copay: None,
            deductible_remaining: None,
            deductible: None,
            out_of_pocket_remaining: None,
            coinsurance: None,
            prior_auth: Requirement::Unsaid,
            referral: Requirement::Unsaid,
            begins: None,
            ends: None,
            other_payer: false,
            rejects: Vec::new(),
            traces: Vec::new(),
            messages: Vec::new(),
            source,
        }
    }

    /// Returns the answer for somebody who never got one: the payer is down, or it took too long.
    pub fn unavailable(source: Source) -> Self {
        Self { standing: Standing::Unavailable, ..Self::unclear(source) }
    }

    /// Returns the trace number to keep: the payer's, else ours.
    pub fn trace(&self) -> Option<&Trace> {
        self.traces.iter().find(|trace| !trace.ours).or(self.traces.first())
    }

    /// Returns one sentence or two that may be spoken to the verified patient.
    pub fn spoken(&self) -> String {
        let mut said = match self.standing {
            Standing::AppearsActive => "Your coverage appears active.".to_owned(),
            Standing::AppearsInactive => {
                "Your plan says that this coverage is not active on that day; our billing team can help."
                    .to_owned()
            }
            Standing::NotFound => {
                "Your plan did not find you with these details; let's check the card again.".to_owned()
            }
            Standing::Unavailable => {
                "I couldn't reach your plan just now; the team will verify your coverage.".to_owned()
            }
            Standing::Unclear => {
                "Your plan's answer isn't clear; the team will verify your coverage.".to_owned()
            }
            Standing::NotAsked => match self.accepted {
                Accepted::Yes => "We take that plan; your own coverage still has to be verified.",
                Accepted::No => "We don't take that plan.",
                Accepted::NeedsVerification => "The team will check whether we take that plan.",
            }
            .to_owned(),
        };
        if matches!(self.standing, Standing::AppearsActive | Standing::NotAsked)
            && self.accepted != Accepted::No
        {
            self.say_costs(&mut said);
        }
        said
    }

    fn say_costs(&self, said: &mut String) {
        if let Some(copay) = self.copay {
            said.push_str(&format!(" The copay appears to be {}.", copay.spoken()));
        }
        if let Some(left) = self.deductible_remaining {
            said.push_str(&format!(" About {} of the deductible is left.", left.spoken()));
        }
        if self.prior_auth == Requirement::Required {
            said.push_str(" The plan asks for prior authorization.");
        }
        if self.referral == Requirement::Required {
            said.push_str(" The plan asks for a referral.");
        }
    }
}

/// Whether ten digits are an NPI: Luhn's check digit with the prefix 80840 (45 CFR 162.406, ISO 7812).
pub fn is_npi(text: &str) -> bool {
    if text.len() != 10 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    // The prefix adds 24 to the sum.
    let sum: u32 = text
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0') * if at % 2 == 1 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    (sum + 24).is_multiple_of(10)
}

/// Why a question cannot be written, or an answer not be read: what, where, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EligibilityError {
    /// Where: `ISA`, `NM1 8`, `subscriber.memberId`; segments are counted from one.
    pub at: String,
    /// What is wrong.
    pub fault: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl EligibilityError {
    pub(super) fn new(at: impl Into<String>, fault: &'static str, remedy: &'static str) -> Self {
        Self { at: at.into(), fault, remedy }
    }
}

impl fmt::Display for EligibilityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.at, self.fault, self.remedy)
    }
}

impl std::error::Error for EligibilityError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (text, cents) in [
            ("25", 2500),
            ("25.5", 2550),
            ("1,250.00", 125_000),
            ("$0", 0),
            (".75", 75),
            ("12.349", 1234),
        ] {
            assert_eq!(Cents::parse(text), Some(Cents(cents)), "{text}");
        }
        for wrong in ["", ".", "-5", "1e3", "25 dollars", "12345678901", "٣"] {
            assert_eq!(Cents::parse(wrong), None, "{wrong}");
        }
        assert_eq!((Cents(2500).spoken(), Cents(1205).spoken()), ("$25".into(), "$12.05".into()));
    }

    #[test]
    fn the_check_digit_of_an_npi() {
        // The example of the standard.
        assert!(is_npi("1234567893"));
        for wrong in ["1234567890", "123456789", "12345678931", "123456789a", ""] {
            assert!(!is_npi(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_answer_is_never_spoken_as_a_promise() {
        let mut answer = Eligibility::unclear(Source::X12);
        for standing in [
            Standing::AppearsInactive,
            Standing::NotFound,
            Standing::Unavailable,
            Standing::Unclear,
            Standing::NotAsked,
        ] {
            answer.standing = standing;
            assert!(!answer.spoken().contains("active.") && !answer.spoken().contains("covered"));
        }
        answer.standing = Standing::AppearsActive;
        answer.copay = Some(Cents(2500));
        answer.deductible_remaining = Some(Cents(35_050));
        answer.referral = Requirement::Required;
        assert_eq!(
            answer.spoken(),
            "Your coverage appears active. The copay appears to be $25. About $350.50 of the deductible is \
             left. The plan asks for a referral."
        );
        assert_eq!(Eligibility::unavailable(Source::Rules).trace(), None);
    }
}
