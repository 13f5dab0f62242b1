//! Eligibility: whether somebody's insurance appears active, asked in three ways and answered in one type.
//!
//! `rules` is the practice's own table, `json` a clearinghouse, `x12_*` the raw 270 and 271. House rules: no
//! socket and no clock; an answer is never a promise; its trace number is kept.

mod benefits;
mod codes;
mod json;
mod rules;
#[cfg(test)]
mod tests;
mod types;
mod x12_answer;
mod x12_inquiry;
mod x12_text;

pub use benefits::{Asked, WHOLE_PLAN};
pub use codes::reject;
pub use json::{read_response, write_request};
pub use rules::{PayerRow, PayerRule, PayerTable};
pub use types::{
    Accepted, Asker, Cents, Eligibility, EligibilityError, Inquiry, Insured, Payer, Reject,
    RejectKind, Requirement, Source, Standing, Trace, is_npi,
};
pub use x12_answer::{Answer, answer_to, read_answer};
pub use x12_inquiry::{Envelope, write_270};
pub use x12_text::{BYTES_MAX, Party};
