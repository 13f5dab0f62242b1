//! A corpus of timed cases of whose turn it is, and what the product makes of them.
#![allow(dead_code, reason = "each takes what it needs")]

pub(crate) mod cases;
pub(crate) mod line;
mod more_cases;
pub(crate) mod play;
pub(crate) mod score;
pub(crate) mod sounds;
