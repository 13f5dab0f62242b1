//! Checks a chain from its first line to its last, and names the first that does not fit.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::chain::Head;
use super::writer::LINE_MAX;

/// A chain in which each line follows the one before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Intact {
    /// How many lines it has.
    pub rows: u64,
    /// The hash of its last line, in hexadecimal.
    pub head: String,
}

/// The first line that does not fit, or a file that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FirstBad {
    /// The line in the file, from 1; 0 when the file cannot be read at all.
    pub line: u64,
    /// The number that the chain expects there.
    pub seq: Option<u64>,
    /// What does not fit.
    pub why: String,
}

impl fmt::Display for FirstBad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "line {} (seq {seq}): {}", self.line, self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for FirstBad {}

/// Checks an audit file. It may be in use: lines written meanwhile are checked or left out.
///
/// # Errors
/// The first line that does not fit.
pub fn verify(path: impl AsRef<Path>) -> Result<Intact, FirstBad> {
    let path = path.as_ref();
    let unreadable = |error: std::io::Error| FirstBad {
        line: 0,
        seq: None,
        why: format!("{}: cannot be read: {error}", path.display()),
    };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut head = Head::genesis();
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        (&mut file).take(LINE_MAX as u64 + 1).read_until(b'\n', &mut bytes).map_err(unreadable)?;
        if bytes.is_empty() {
            return Ok(Intact { rows: head.seq, head: head.hash });
        }
        let line = head.seq + 1;
        follow(&mut head, &bytes).map_err(|why| FirstBad { line, seq: Some(line), why })?;
    }
}

fn follow(head: &mut Head, bytes: &[u8]) -> Result<(), String> {
    let Some((b'\n', text)) = bytes.split_last() else {
        return Err("it has no end: it was cut short".into());
    };
    let text = std::str::from_utf8(text).map_err(|_| "it is not text".to_owned())?;
    head.follow(text)
}
