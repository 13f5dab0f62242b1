//! Acknowledgements: what we answer, and what we are answered.
//!
//! HL7 v2.5.1 sections 2.9.2 and 2.9.3 (original and enhanced mode), 2.15.1 (ERR) and 2.15.8 (MSA).

use super::error::{Fault, Hl7Error, Place};
use super::message::Message;
use super::write::{Envelope, Line, Party, Sheet, Value};
use crate::base::Phi;

/// MSA-1 (HL7 table 0008).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AckCode {
    /// AA: done.
    Accept,
    /// AE: not done, for its content or a fault of the answering side.
    Error,
    /// AR: not taken at all; sending it again cannot help.
    Reject,
    /// CA: safely received; what it comes to is answered later.
    CommitAccept,
    /// CE: could not be received; it may be sent again.
    CommitError,
    /// CR: not received, and never will be.
    CommitReject,
}

impl AckCode {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Accept, "AA"),
        (Self::Error, "AE"),
        (Self::Reject, "AR"),
        (Self::CommitAccept, "CA"),
        (Self::CommitError, "CE"),
        (Self::CommitReject, "CR"),
    ];

    /// Returns it as written.
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(code, _)| *code == self).map_or("AE", |(_, text)| text)
    }

    /// Reads it.
    pub fn from_code(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, code)| text.eq_ignore_ascii_case(code)).map(|(code, _)| *code)
    }

    /// Returns the answer that a reading comes to.
    pub fn of(result: Result<(), &Hl7Error>) -> Self {
        match result {
            Ok(()) => Self::Accept,
            Err(wrong) if wrong.fault.rejects() => Self::Reject,
            Err(_) => Self::Error,
        }
    }

    /// Returns the same verdict on receiving alone.
    #[must_use]
    pub fn commit(self) -> Self {
        match self {
            Self::Accept | Self::CommitAccept => Self::CommitAccept,
            Self::Error | Self::CommitError => Self::CommitError,
            Self::Reject | Self::CommitReject => Self::CommitReject,
        }
    }

    /// Whether it is a yes.
    pub fn is_positive(self) -> bool {
        matches!(self, Self::Accept | Self::CommitAccept)
    }
}

/// Which answers a sender wants, by MSH-15 and MSH-16.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AckMode {
    /// Neither is set: one application acknowledgement.
    Original,
    /// One of them is: a commit acknowledgement and an application acknowledgement, each when wanted.
    Enhanced {
        /// MSH-15.
        commit: Wanted,
        /// MSH-16.
        application: Wanted,
    },
}

/// When an answer is wanted (HL7 table 0155).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// AL.
    Always,
    /// NE.
    Never,
    /// ER: when it failed.
    OnError,
    /// SU: when it was done.
    OnSuccess,
}

impl Wanted {
    fn of(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "AL" => Self::Always,
            "ER" => Self::OnError,
            "SU" => Self::OnSuccess,
            // Empty beside one that is set is never (section 2.9.2).
            _ => Self::Never,
        }
    }

    fn holds(self, positive: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::OnError => !positive,
            Self::OnSuccess => positive,
        }
    }
}

impl AckMode {
    /// Reads what the sender of a message wants.
    pub fn of(message: &Message) -> Self {
        let wants = [15, 16].map(|number| message.header().field(number).first().text());
        if wants.iter().all(String::is_empty) {
            return Self::Original;
        }
        Self::Enhanced { commit: Wanted::of(&wants[0]), application: Wanted::of(&wants[1]) }
    }

    /// Returns what to answer, in order, once it is known what the message came to.
    pub fn answers(self, verdict: AckCode) -> Vec<AckCode> {
        let positive = verdict.is_positive();
        match self {
            Self::Original => vec![verdict],
            Self::Enhanced { commit, application } => {
                let first = commit.holds(positive).then(|| verdict.commit());
                let second = application.holds(positive).then_some(verdict);
                first.into_iter().chain(second).collect()
            }
        }
    }
}

/// Writes the answer to a message. `envelope` is ours but for its parties, which are turned round from the
/// message; the problems go into ERR segments.
///
/// # Errors
/// When the control id of the envelope is empty or too long.
pub fn acknowledge(
    message: &Message,
    code: AckCode,
    problems: &[Hl7Error],
    envelope: &Envelope,
) -> Result<Vec<u8>, Hl7Error> {
    let header = message.header();
    let short = |number: usize| -> String {
        header.field(number).first().text().chars().take(180).collect()
    };
    let envelope = Envelope {
        from: Party { application: short(5), facility: short(6) },
        to: Party { application: short(3), facility: short(4) },
        processing: short(11).chars().next().filter(|c| "PTD".contains(*c)).unwrap_or('P'),
        ..envelope.clone()
    };
    let event: String = message.event().1.chars().take(3).collect();
    answer(&envelope, &event, code, &message.control_id(), problems)
}

/// Writes the answer to bytes that are no message: it has no control id to repeat.
///
/// # Errors
/// When the control id of the envelope is empty or too long.
pub fn reject_unreadable(problem: &Hl7Error, envelope: &Envelope) -> Result<Vec<u8>, Hl7Error> {
    answer(envelope, "", AckCode::Reject, "", std::slice::from_ref(problem))
}

/// ERR segments of one answer: more than these help nobody.
const PROBLEMS_MAX: usize = 10;

fn answer(
    envelope: &Envelope,
    event: &str,
    code: AckCode,
    control_id: &str,
    problems: &[Hl7Error],
) -> Result<Vec<u8>, Hl7Error> {
    let mut sheet = Sheet::new(envelope, ["ACK", event, if event.is_empty() { "" } else { "ACK" }]);
    // A longer id than the standard allows is repeated as far as it was sent: the sender looks for it.
    let told: String = control_id.chars().take(199).collect();
    let mut msa = Line::new("MSA").text(1, code.code(), 2).text(2, told, 199);
    if let Some(first) = problems.first() {
        msa = msa.text(3, first.to_string().chars().take(80).collect::<String>(), 80);
    }
    sheet.push(msa);
    for problem in problems.iter().take(PROBLEMS_MAX) {
        let at = &problem.at;
        let number = |number: Option<usize>| number.map_or(String::new(), |it| it.to_string());
        let place = Value::parts([
            at.segment.clone(),
            at.occurrence.max(1).to_string(),
            number(at.field),
            number(at.repetition),
            number(at.component),
        ]);
        let fault = problem.fault.code();
        sheet.push(
            Line::new("ERR")
                .set(2, place, 18)
                .set(3, Value::parts([fault, &*problem.fault.to_string(), "HL70357"]), 60)
                .text(4, "E", 2)
                .text(8, problem.to_string().chars().take(250).collect::<String>(), 250),
        );
    }
    sheet.finish()
}

/// An answer to a message of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acknowledgement {
    /// What they say.
    pub code: AckCode,
    /// MSA-2: which message of ours it answers.
    pub control_id: String,
    /// What they say in words (MSA-3, ERR-7, ERR-8, NTE-3): it may quote what we sent.
    pub words: Option<Phi<String>>,
    /// The error codes of ERR-3, or of ERR-1 before v2.5.
    pub errors: Vec<String>,
}

/// Reads an answer: any message with an MSA, since some come as `ACK`, others as `SRR^S01` or `MCF`.
///
/// # Errors
/// When there is no MSA, or its code is none that the standard knows. The outcome is then unknown.
pub fn read_acknowledgement(message: &Message) -> Result<Acknowledgement, Hl7Error> {
    let msa = message.first("MSA").ok_or_else(|| {
        let remedy = "answer with MSH and MSA";
        Hl7Error::new(Fault::Missing, Place::segment("MSA"), remedy)
    })?;
    let code = msa.field(1).first();
    let known = AckCode::from_code(&code.text());
    let code = known.ok_or_else(|| {
        let remedy = "answer with AA, AE, AR, CA, CE or CR";
        Hl7Error::new(Fault::Malformed, code.place(), remedy)
    })?;
    let mut words: Vec<String> = vec![msa.field(3).prose()];
    let mut errors = Vec::new();
    for error in message.all("ERR").take(PROBLEMS_MAX) {
        let found = [error.field(3).first().component(1), error.field(1).first().component(4)];
        errors.extend(found.iter().map(|part| part.text()).find(|text| !text.is_empty()));
        words.extend([7, 8].map(|number| error.field(number).prose()));
    }
    words.extend(message.all("NTE").take(PROBLEMS_MAX).map(|note| note.field(3).prose()));
    words.retain(|text| !text.trim().is_empty());
    let words = (!words.is_empty()).then(|| Phi::new(words.join("; ")));
    Ok(Acknowledgement { code, control_id: msa.field(2).first().text(), words, errors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Purpose;
    use crate::ehr::hl7v2::message::Limits;
    use crate::ehr::hl7v2::write::tests::envelope;

    fn read(text: &str) -> Message {
        Message::read(text.as_bytes(), &Limits::default()).unwrap()
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_answer_goes_back_to_where_the_message_came_from() {
        let message = read("MSH|^~\\&|EHR|MAIN|ATT|MAPLE|2026||SIU^S12|77|T|2.3\rPID|1\r");
        let done = acknowledge(&message, AckCode::Accept, &[], &envelope("a1")).unwrap();
        assert_eq!(
            text(done),
            "MSH|^~\\&|ATT|MAPLE|EHR|MAIN|20260316080509-0500||ACK^S12^ACK|a1|T|2.5.1||||||\
             UNICODE UTF-8\rMSA|AA|77\r"
        );
        let remedy = "send a date as YYYYMMDD";
        let wrong = Hl7Error::new(Fault::Malformed, Place::field("PID", 7), remedy);
        let code = AckCode::of(Err(&wrong));
        let refused = text(acknowledge(&message, code, &[wrong], &envelope("a2")).unwrap());
        let rows: Vec<&str> = refused.lines().next().unwrap().split('\r').skip(1).collect();
        assert_eq!(
            rows,
            [
                "MSA|AE|77|PID-7: malformed; send a date as YYYYMMDD",
                "ERR||PID^1^7|102^malformed^HL70357|E||||PID-7: malformed; send a date as YYYYMMDD",
                ""
            ]
        );
        let back = read_acknowledgement(&read(&refused)).unwrap();
        assert_eq!((back.code, back.control_id.as_str()), (AckCode::Error, "77"));
        assert_eq!(back.errors, ["102"]);
        assert!(back.words.unwrap().reveal(Purpose::Comparison).contains("YYYYMMDD"));
    }

    #[test]
    fn bytes_that_are_no_message_are_rejected() {
        let wrong = Message::read(b"hello", &Limits::default()).unwrap_err();
        let refused = text(reject_unreadable(&wrong, &envelope("a3")).unwrap());
        assert!(refused.contains("||ACK|a3|P|") && refused.contains("\rMSA|AR||MSH: no message"));
    }

    #[test]
    fn enhanced_mode_answers_what_is_wanted() {
        let mode = |commit: &str, application: &str| {
            let head = format!("MSH|^~\\&|A|||||||1|P|2.5|||{commit}|{application}\r");
            AckMode::of(&read(&head))
        };
        use AckCode::{Accept, CommitAccept, CommitReject, Reject};
        assert_eq!(mode("", ""), AckMode::Original);
        assert_eq!(mode("", "").answers(Reject), [Reject]);
        assert_eq!(mode("AL", "NE").answers(Accept), [CommitAccept]);
        assert_eq!(mode("AL", "AL").answers(Reject), [CommitReject, Reject]);
        assert_eq!(mode("NE", "ER").answers(Accept), []);
        assert_eq!(mode("ER", "SU").answers(Accept), [Accept]);
        assert_eq!(mode("AL", "").answers(Accept), [CommitAccept]);
    }

    #[test]
    fn answers_of_other_ages_are_read() {
        let old = read("MSH|^~\\&|E|||||ACK|9|P|2.3\rMSA|ae|c1|bad\rERR|PID^1^7^101\r");
        let answer = read_acknowledgement(&old).unwrap();
        assert_eq!((answer.code, &*answer.errors), (AckCode::Error, &["101".to_owned()][..]));
        for wrong in ["MSH|^~\\&|E\r", "MSH|^~\\&|E\rMSA|OK|1\r", "MSH|^~\\&|E\rMSA\r"] {
            assert!(read_acknowledgement(&read(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(AckCode::from_code("CE").map(AckCode::code), Some("CE"));
    }
}
