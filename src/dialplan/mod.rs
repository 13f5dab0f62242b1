//! Rules of a number plan: which route a call takes, and why.
//!
//! House rules: a core. Takes normalised numbers and a civil time; reads no file and no clock.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]
