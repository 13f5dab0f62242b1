//! How long recordings are kept, and what becomes of those that a killed process left open.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;

use super::RecordingError;
use super::file::{Listed, list};

/// A recording that was removed because its time had come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Purged {
    /// The call's id.
    pub call: String,
    /// Its day.
    pub day: String,
}

/// Removes the recordings of days that are more than `days` before `today`, and the folders that are empty then.
/// One that is being written is left; one that its caller refused goes on any day.
///
/// # Errors
/// When the directory cannot be read, or the first file cannot be removed; others were removed.
pub fn purge(directory: &Path, today: Date, days: u16) -> Result<Vec<Purged>, RecordingError> {
    let oldest = today.saturating_sub(i32::from(days).days()).to_string();
    let (mut purged, mut failed) = (Vec::new(), None);
    // Days as text are in the order of time.
    let due = |found: &Listed| found.day < oldest || found.paths(directory).is_denied();
    for found in list(directory)?.into_iter().filter(due) {
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

/// Gives what a killed process left open its name: it can be heard up to some seconds before the end. Returns which
/// calls.
///
/// # Errors
/// When the directory cannot be read.
pub fn recover(directory: &Path) -> Result<Vec<String>, RecordingError> {
    let mut recovered = Vec::new();
    for found in list(directory)?.into_iter().filter(|found| found.open) {
        let paths = found.paths(directory);
        let whole = paths.sound();
        if !is_written(&found.sound)
            && !paths.is_denied()
            && fs::rename(&found.sound, &whole).is_ok()
        {
            recovered.push(found.call);
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

#[cfg(test)]
mod tests {
    use super::super::file::{Paths, Row, SealedFile};
    use super::super::wav::Rate;
    use super::*;
    use jiff::civil::date;

    const KEY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

    fn begin(directory: &Path, day: &str, call: &str) -> (Paths, SealedFile) {
        let paths = Paths::new(directory, day, call);
        let mut file = SealedFile::create(paths.clone(), &[KEY.into()], Rate::Narrow).unwrap();
        file.write(&[0; 6400]).unwrap();
        paths.write_row(&Row { call: call.into(), ..Row::default() }).unwrap();
        (paths, file)
    }

    fn calls(directory: &Path) -> Vec<String> {
        list(directory).unwrap().into_iter().map(|found| found.call).collect()
    }

    #[test]
    fn what_is_older_goes_with_its_row_and_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        for (day, call) in
            [("2026-08-20", "a"), ("2026-08-21", "b"), ("2026-08-22", "c"), ("2026-11-20", "d")]
        {
            begin(folder.path(), day, call).1.finish().unwrap();
        }
        std::fs::write(folder.path().join("notes.txt"), "ours").unwrap();
        std::fs::write(folder.path().join("2026-08-20/letter"), "not ours").unwrap();
        // 90 days before the 20th of November is the 22nd of August: that day's are kept.
        let purged = purge(folder.path(), date(2026, 11, 20), 90).unwrap();
        let purged: Vec<_> = purged.into_iter().map(|it| it.call).collect();
        assert_eq!(
            (purged, calls(folder.path())),
            (vec!["a".into(), "b".into()], vec!["c".into(), "d".into()])
        );
        assert!(!folder.path().join("2026-08-21").exists(), "an empty folder stays");
        assert!(
            folder.path().join("2026-08-20/letter").exists()
                && folder.path().join("notes.txt").exists()
        );
        assert!(purge(&folder.path().join("nowhere"), date(2026, 11, 20), 1).unwrap().is_empty());
    }

    #[test]
    fn what_was_refused_and_could_not_be_removed_never_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, file) = begin(folder.path(), "2026-11-20", "a");
        paths.deny();
        drop(file);
        assert_eq!(recover(folder.path()).unwrap(), Vec::<String>::new());
        let purged = purge(folder.path(), date(2026, 11, 20), 90).unwrap();
        assert_eq!(purged.len(), 1, "it is of today");
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }

    #[test]
    fn what_is_being_written_is_neither_recovered_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (paths, file) = begin(folder.path(), "2026-08-20", "a");
        assert_eq!(recover(folder.path()).unwrap(), Vec::<String>::new());
        assert_eq!(purge(folder.path(), date(2026, 11, 20), 1).unwrap(), []);
        assert!(list(folder.path()).unwrap()[0].open);
        // The process is gone, and with it the lock.
        drop(file);
        assert_eq!(recover(folder.path()).unwrap(), ["a"]);
        assert!(paths.sound().exists() && !list(folder.path()).unwrap()[0].open);
        assert_eq!(purge(folder.path(), date(2026, 11, 20), 1).unwrap().len(), 1);
        assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none());
    }
}
