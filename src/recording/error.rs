//! What can go wrong with a recording, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why something cannot be recorded, or not any more.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A public key is none.
    #[error("\"{key}\" is no public key of age")]
    Key {
        /// What was written.
        key: String,
    },
    /// The disk refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is nearly full, and other things need it more.
    #[error("{} has {free_mb} MB free, and {reserve_mb} MB are kept for other things", path.display())]
    Full {
        /// Where.
        path: PathBuf,
        /// What is free.
        free_mb: u64,
        /// What is to stay free.
        reserve_mb: u64,
    },
    /// The thread could not be started, or has ended.
    #[error("the recording thread does not run")]
    Thread,
}

impl RecordingError {
    /// Returns what to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Key { .. } => "Write the line that `age-keygen` prints: age1….",
            Self::Disk { .. } => {
                "Check that this user may read and write [recording] directory, and its disk."
            }
            Self::Full { .. } => {
                "Make room, lower [recording] keep-days, or give recordings a disk of their own."
            }
            Self::Thread => "Restart the service; if it happens again, this is a bug of ours.",
        }
    }

    /// Returns what turns a refusal of the disk into an error.
    pub(super) fn disk(
        doing: &'static str,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { doing, path, source }
    }
}
