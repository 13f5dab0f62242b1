//! How long recordings are kept, and what becomes of those that a killed process left open.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::Date;

use super::RecordingError;
use super::file::list;

/// A recording that was removed because its time had come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Purged {
    /// The call's id.
    pub call: String,
    /// Its day.
    pub day: String,
}

/// Removes the recordings of days that are more than `days` before `today`, and the folders that are empty then.
/// One that is being written is left.
///
/// # Errors
/// When the directory cannot be read, or the first file cannot be removed; others were removed.
pub fn purge(directory: &Path, today: Date, days: u16) -> Result<Vec<Purged>, RecordingError> {
    let oldest = today.saturating_sub(i32::from(days).days()).to_string();
    let (mut purged, mut failed) = (Vec::new(), None);
    // Days as text are in the order of time.
    for found in list(directory)?.into_iter().filter(|found| found.day < oldest) {
        if found.open && is_written(&found.sound) {
            continue;
        }
        match found.paths(directory).remove() {
            Ok(()) => purged.push(Purged { call: found.call, day: found.day.clone() }),
            Err(error) => drop(failed.get_or_insert(error)),
        }
        // It goes when nothing is left in it.
        let _ = fs::remove_dir(directory.join(&found.day));
    }
    match failed {
        Some(error) if purged.is_empty() => Err(error),
        _ => Ok(purged),
    }
}

/// Gives what a killed process left open its name: it can be heard up to some seconds before the end. Returns which.
///
/// # Errors
/// When the directory cannot be read.
pub fn recover(directory: &Path) -> Result<Vec<PathBuf>, RecordingError> {
    let mut recovered = Vec::new();
    for found in list(directory)?.into_iter().filter(|found| found.open) {
        let whole = found.paths(directory).sound();
        if !is_written(&found.sound) && fs::rename(&found.sound, &whole).is_ok() {
            recovered.push(whole);
        }
    }
    Ok(recovered)
}

/// Whether a living process writes the file: it holds the lock.
fn is_written(part: &Path) -> bool {
    match File::open(part) {
        Ok(file) => matches!(file.try_lock(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}
