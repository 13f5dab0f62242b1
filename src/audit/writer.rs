//! The one task that owns the audit file: takes lines, chains them, syncs them, answers.
//!
//! Whatever waits when the disk is ready goes in one sync (group commit). So a line that comes alone is
//! never held back, and under load the disk sets the size of the group.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};

use super::chain::{Head, digest_of};
use super::{Actor, Kind, Line};

/// Lines that may wait; when it is full, writing a line waits. 100 calls with two lines each.
const QUEUE: usize = 256;
/// Lines in one sync at most.
const GROUP_MAX: usize = 32;
/// Bytes of a line at most, its end included: arguments and results are sentences and ids.
pub(super) const LINE_MAX: usize = 256 * 1024;

/// The number of a line in its chain, from 1.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Seq(pub u64);

/// Why a line was not written, or the record not opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AuditError {
    /// The file cannot be opened or created.
    #[error("audit record {path}: cannot be opened: {why}")]
    Open {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// Another process writes it.
    #[error("audit record {path}: another process is writing it")]
    Locked {
        /// The file.
        path: String,
    },
    /// Its last line is whole and yet does not fit.
    #[error("audit record {path}: the last line is damaged: {why}")]
    Damaged {
        /// The file.
        path: String,
        /// What does not fit.
        why: String,
    },
    /// The disk refused the line.
    #[error("the audit record cannot be written: {why}")]
    Disk {
        /// What the system says.
        why: String,
    },
    /// The line is longer than 256 KiB.
    #[error("the audit line is too long")]
    TooLong,
    /// The writer has stopped.
    #[error("the audit record is closed")]
    Closed,
}

impl AuditError {
    /// Returns what to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Open { .. } => {
                "Check that the directory exists and that this user may write in it."
            }
            Self::Locked { .. } => "Stop the other process, or give this one a file of its own.",
            Self::Damaged { .. } => {
                "Run `attendant audit verify` on it, keep it as evidence, and move it away: a new chain begins."
            }
            Self::Disk { .. } => "Make room on the disk; until then no tool runs.",
            Self::TooLong => "Shorten the text that a tool was given.",
            Self::Closed => "Nothing: the gateway is stopping.",
        }
    }
}

/// The handle through which lines are written. Cloning shares it; the writer ends when the last is gone.
#[derive(Clone, Debug)]
pub struct Audit {
    queue: mpsc::Sender<Request>,
    head: watch::Receiver<Head>,
    torn: Option<u64>,
}

#[derive(Debug)]
struct Request {
    line: Line,
    answer: oneshot::Sender<Result<Seq, AuditError>>,
}

impl Audit {
    /// Opens a record, creates it where there is none, and continues its chain. A last line that a crash
    /// had cut short is removed, and a line says so. Returns the handle and the writer to be spawned.
    ///
    /// # Errors
    /// The file cannot be opened, is being written by another process, or ends in a damaged line.
    pub fn open(
        path: impl AsRef<Path>,
    ) -> Result<(Self, impl Future<Output = ()> + Send + 'static), AuditError> {
        let opened = open(path.as_ref())?;
        let (queue, requests) = mpsc::channel(QUEUE);
        let (head, seen) = watch::channel(opened.head.clone());
        let audit = Self { queue, head: seen, torn: opened.torn };
        let file = tokio::fs::File::from_std(opened.file);
        let writer = Writer { file, length: opened.length, head, chain: opened.head, broken: None };
        Ok((audit, writer.run(requests)))
    }

    /// Writes a line; returns when it is on the disk. Waits while the queue is full.
    ///
    /// # Errors
    /// The line is not in the record: what it was to allow must not be done.
    pub async fn write(&self, line: Line) -> Result<Seq, AuditError> {
        let (answer, written) = oneshot::channel();
        self.queue.send(Request { line, answer }).await.map_err(|_| AuditError::Closed)?;
        written.await.map_err(|_| AuditError::Closed)?
    }

    /// Returns the last line that is on the disk.
    pub fn head(&self) -> Head {
        self.head.borrow().clone()
    }

    /// Returns how many bytes of a torn line were removed when the record was opened.
    pub fn torn_bytes(&self) -> Option<u64> {
        self.torn
    }
}

struct Writer {
    file: tokio::fs::File,
    /// Bytes that are known to be good.
    length: u64,
    head: watch::Sender<Head>,
    chain: Head,
    /// Set when the file could not be brought back to its last good line.
    broken: Option<AuditError>,
}

impl Writer {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while requests.recv_many(&mut group, GROUP_MAX).await > 0 {
            self.commit(&mut group).await;
        }
    }

    /// Writes a group and answers each line of it: all are on the disk, or none counts.
    async fn commit(&mut self, group: &mut Vec<Request>) {
        let at = jiff::Timestamp::now().to_string();
        let mut chain = self.chain.clone();
        let mut bytes = Vec::new();
        let mut answers = Vec::with_capacity(group.len());
        for Request { line, answer } in group.drain(..) {
            let mut next = chain.clone();
            let text = next.seal(&line, &at);
            let answered = if text.len() < LINE_MAX {
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(b'\n');
                chain = next;
                Ok(Seq(chain.seq))
            } else {
                Err(AuditError::TooLong)
            };
            answers.push((answer, answered));
        }
        let written = self.append(&bytes).await;
        if written.is_ok() {
            self.chain = chain;
            self.head.send_replace(self.chain.clone());
        }
        for (answer, answered) in answers {
            // A caller that no longer waits has given up on the effect too; its line stands.
            let _ = answer.send(written.clone().and(answered));
        }
    }

    async fn append(&mut self, bytes: &[u8]) -> Result<(), AuditError> {
        if let Some(broken) = &self.broken {
            return Err(broken.clone());
        }
        let failed = |error: std::io::Error| AuditError::Disk { why: error.to_string() };
        let done = async {
            self.file.write_all(bytes).await?;
            self.file.flush().await?;
            self.file.sync_data().await
        };
        if let Err(error) = done.await.map_err(failed) {
            // Half a group may be in the file: go back to where every line was answered.
            let back = async {
                self.file.set_len(self.length).await?;
                self.file.seek(SeekFrom::Start(self.length)).await?;
                self.file.sync_data().await
            };
            if back.await.is_err() {
                self.broken = Some(error.clone());
            }
            return Err(error);
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

struct Opened {
    file: File,
    length: u64,
    head: Head,
    torn: Option<u64>,
}

fn open(path: &Path) -> Result<Opened, AuditError> {
    let shown = || path.display().to_string();
    let failed = |error: std::io::Error| AuditError::Open { path: shown(), why: error.to_string() };
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = options.open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(AuditError::Open { path: shown(), why: "it is not a regular file".into() });
    }
    sync_directory(path).map_err(failed)?;
    file.try_lock().map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => AuditError::Locked { path: shown() },
        std::fs::TryLockError::Error(error) => failed(error),
    })?;
    let Tail { start, last, torn } = read_tail(&mut file).map_err(failed)?;
    let mut head = match last {
        Some(text) => {
            let damaged = |why| AuditError::Damaged { path: shown(), why };
            let text = String::from_utf8(text).map_err(|_| damaged("it is not text".into()))?;
            Head::read(&text).map_err(damaged)?.head
        }
        None => Head::genesis(),
    };
    let mut length = start;
    file.seek(SeekFrom::Start(length)).map_err(failed)?;
    let torn_bytes = (!torn.is_empty()).then_some(torn.len() as u64);
    if torn_bytes.is_some() {
        let args = serde_json::json!({ "bytes": torn.len(), "sha256": digest_of(&torn) });
        let line = Line::new(Kind::TornLine, "truncated").by(Actor::System).with_args(args);
        let text = head.seal(&line, &jiff::Timestamp::now().to_string()) + "\n";
        file.set_len(length).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        length += text.len() as u64;
    }
    Ok(Opened { file, length, head, torn: torn_bytes })
}

/// Makes a new file's name durable too.
fn sync_directory(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// The end of a file.
struct Tail {
    /// Where the next line goes: after the last whole one.
    start: u64,
    /// The last whole line, without its end.
    last: Option<Vec<u8>>,
    /// What follows it: the beginning of a line that was never finished.
    torn: Vec<u8>,
}

/// Reads the last line and what follows it. A group of lines may have been cut anywhere.
fn read_tail(file: &mut File) -> std::io::Result<Tail> {
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(2 * LINE_MAX as u64);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(2 * LINE_MAX as u64).read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole == 0 && from > 0 {
        return Err(std::io::Error::other(
            "its last 512 KiB hold no line end: it is no audit record",
        ));
    }
    let torn = bytes.split_off(whole);
    let last = bytes.strip_suffix(b"\n").map(|lines| {
        let start = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        lines[start..].to_vec()
    });
    Ok(Tail { start: from + whole as u64, last, torn })
}
