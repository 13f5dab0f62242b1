//! The audit record: an append-only chain of lines, each holding the hash of the one before.
//!
//! House rules: no line, no effect. A line is durable before its write is answered; one task owns the file.
//! Arguments and results stand in the file as they are (health data, [`crate::base::Purpose::AuditRecord`]), so
//! the file is readable by its owner only; encryption at rest and signed checkpoints are later work. Without
//! checkpoints the chain cannot show that its last lines were cut off: compare the head that is reported.

mod chain;
mod line;
mod verify;
mod writer;

pub use chain::{Head, fingerprint};
pub use line::{Actor, Kind, Line};
pub use verify::{FirstBad, Intact, verify};
pub use writer::{Audit, AuditError, Seq};
