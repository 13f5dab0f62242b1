//! How much of a message we look at before we say no.
//!
//! A datagram cannot be longer than 64 KiB; real messages of a PBX stay below 8 KiB, with some 40
//! header fields. Each limit leaves room for four times what was seen, so that only an attack or
//! a fault meets it. Over a limit the answer is 513.

/// Bytes in a message.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Bytes in the first line.
pub const MAX_START_LINE: usize = 4 * 1024;
/// Header fields in a message, each line counted once, whatever list it holds.
pub const MAX_FIELDS: usize = 256;
/// Bytes in the value of one header field, after unfolding.
pub const MAX_VALUE: usize = 8 * 1024;
/// Parameters of one address, URI or Via; also header fields in one URI.
pub const MAX_PARAMETERS: usize = 64;
/// Continuation lines of one header field.
pub const MAX_FOLDS: usize = 32;
