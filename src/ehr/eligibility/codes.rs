//! Codes of refusals and acknowledgements in words of ours.
//!
//! X12 external meanings as used in 005010X279A1 (AAA), 005010X231A1 (999) and TA1. A code that is not here is
//! told by its number.

use super::types::{Reject, RejectKind};

/// Puts a refusal (AAA03, AAA04) into words.
pub fn reject(code: &str, next: &str) -> Reject {
    use RejectKind::{Asker, Member, Other, Question, Unavailable};
    let (kind, words) = match code {
        "04" => (Question, "more was asked for than is authorised"),
        "15" => (Question, "something that this payer needs was not sent"),
        "33" => (Question, "the question has mistakes"),
        "35" => (Asker, "the practice is out of network"),
        "41" => (Asker, "the practice may not ask this payer"),
        "42" => (Unavailable, "the payer cannot answer just now"),
        "43" => (Asker, "the practice's id is missing or wrong"),
        "44" => (Asker, "the practice's name is missing or wrong"),
        "45" => (Asker, "the practice's specialty is missing or wrong"),
        "46" => (Asker, "the practice's telephone number is missing or wrong"),
        "47" => (Asker, "the practice's state is missing or wrong"),
        "48" => (Asker, "the referring practitioner's id is missing or wrong"),
        "49" => (Asker, "the practitioner is not the patient's primary care provider"),
        "50" => (Asker, "the practice is not enrolled for such questions"),
        "51" => (Asker, "the payer does not know the practice"),
        "52" => (Asker, "the practice was not enrolled on that day"),
        "53" => (Question, "the benefit does not fit this kind of practice"),
        "54" | "55" => (Question, "the service code is not one that the payer knows"),
        "56" => (Question, "the date does not fit"),
        "57" => (Question, "the day of the visit is missing or wrong"),
        "58" => (Member, "the date of birth is missing or wrong"),
        "60" => (Member, "the date of birth is after the day of the visit"),
        "61" => (Member, "the patient died before the day of the visit"),
        "62" => (Question, "the day of the visit is too far away"),
        "63" => (Question, "the day of the visit is in the future"),
        "64" => (Member, "the patient's member id is missing or wrong"),
        "65" => (Member, "the patient's name is missing or wrong"),
        "66" => (Member, "the patient's gender is missing or wrong"),
        "67" => (Member, "the payer does not find the patient"),
        "68" => (Member, "the patient's member id belongs to several"),
        "69" => (Question, "the service does not fit the patient's age"),
        "70" => (Question, "the service does not fit the patient's gender"),
        "71" => (Member, "the date of birth is not the one on the payer's record"),
        "72" => (Member, "the member id is missing or wrong"),
        "73" => (Member, "the policy holder's name is missing or wrong"),
        "74" => (Member, "the policy holder's gender is missing or wrong"),
        "75" => (Member, "the payer does not find the policy holder"),
        "76" => (Member, "the member id belongs to several"),
        "77" => (Member, "the payer finds the policy holder, but not the patient"),
        "78" => (Member, "the policy holder is not in that group or plan"),
        "79" => (Asker, "the payer's or the practice's number with the clearinghouse is wrong"),
        "80" => (Unavailable, "no answer came from the payer"),
        "97" => (Asker, "the practice's address is missing or wrong"),
        "98" => (Question, "the service is experimental"),
        "T4" => (Question, "the payer's name or id is missing"),
        _ => (Other, "a reason that we have no words for"),
    };
    let next = match next {
        "C" => Some("correct it and ask again"),
        "N" => Some("do not ask again"),
        "P" => Some("send the first question again"),
        "R" => Some("ask again"),
        "S" => Some("do not ask again: somebody else was asked"),
        "W" => Some("ask again in 30 days"),
        "X" => Some("ask again in 10 days"),
        "Y" => Some("do not ask again: the payer goes on with it"),
        _ => None,
    };
    Reject { code: code.chars().take(4).collect(), kind, words, next }
}

/// Puts an error of a segment (IK304) into words.
pub(super) fn segment_fault(code: &str) -> &'static str {
    match code {
        "1" => "an unknown segment",
        "2" => "a segment that does not belong there",
        "3" | "I6" | "I7" => "a segment is missing",
        "4" | "5" | "I9" | "I8" => "a segment or loop comes too often or too seldom",
        "6" | "I4" => "a segment that is not used here",
        "7" => "segments out of order",
        "8" => "an element of the segment is wrong",
        _ => "a segment is refused",
    }
}

/// Puts an error of an element (IK403) into words.
pub(super) fn element_fault(code: &str) -> &'static str {
    match code {
        "1" | "2" | "I9" | "I10" => "an element is missing or not used here",
        "3" | "12" | "13" => "too many elements",
        "4" => "an element is too short",
        "5" => "an element is too long",
        "6" => "an element has a character that is not allowed",
        "7" | "I6" | "I12" => "an element has a code that is not known",
        "8" => "an element is no date",
        "9" => "an element is no time",
        "10" => "two elements exclude each other",
        _ => "an element is refused",
    }
}

/// Puts the note of a TA1 (TA105) into words.
pub(super) fn interchange_note(code: &str) -> &'static str {
    match code {
        "000" => "no error",
        "001" => "the control numbers at both ends differ",
        "005" | "006" | "007" | "008" => "the payer's side does not know the sender or receiver id",
        "009" => "the receiver id is not theirs",
        "010" | "011" | "012" | "013" => "the authorisation or password is wrong",
        "014" | "015" => "the date or time is wrong",
        "002" | "003" | "016" | "017" => "the version is not supported",
        "018" | "021" | "022" | "023" | "024" => "the envelope is damaged",
        "019" | "020" => "the request for an acknowledgement or the test indicator is wrong",
        "025" => "the control number was used before",
        "026" | "027" | "004" => "a delimiter is wrong",
        _ => "the envelope is refused",
    }
}
