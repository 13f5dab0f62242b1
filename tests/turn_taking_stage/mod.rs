//! Telephone lines on which a caller and the agent speak, in virtual time.
#![allow(dead_code, reason = "each takes what it needs")]

pub(crate) mod line;
pub(crate) mod sounds;
