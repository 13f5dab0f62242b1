//! Guards: rules that no planner and no model can skip.
//!
//! Red flags pre-empt everything; privacy masks what must not be kept and holds back what must not be said;
//! advice is never given; nothing is said to be done before a tool said so.

mod advice;
mod card;
mod consent;
mod privacy;
mod red_flags;
mod red_flags_spanish;

mod say_do;

pub(crate) use advice::{Advice, advice};
pub(crate) use card::{CardSign, CardWatch, has_figures};
pub(crate) use consent::{declines, is_hello, refuses_recording};
pub(crate) use privacy::{mask, mask_digits, masked_digits, names_anyone};
pub(crate) use red_flags::{Kind, RedFlag, red_flag};
pub(crate) use say_do::{Claim, claims};
