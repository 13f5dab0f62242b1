//! A recording on disk: sealed with age for those who may hear it, and a row beside it that says what it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use age::Encryptor;
use age::stream::StreamWriter;
use age::x25519::Recipient;
use serde::{Deserialize, Serialize};

use super::RecordingError;
use super::wav::{self, Rate};

/// The end of the name of the sound.
const SOUND: &str = ".wav.age";
/// That of its row.
const ROW: &str = ".json";
/// What follows either while it is being written.
const PART: &str = ".part";
/// Stands beside a recording that its caller refused.
const DENIED: &str = ".denied";

/// What is known of a recording beside its sound: nothing of what was said, and nobody's name or number.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The call, as in the log and the wrap-up row.
    pub call: String,
    /// Where it came from.
    pub trunk: String,
    /// The route that took it.
    pub route: String,
    /// When the recording began, in UTC: `2026-11-20T15:04:05Z`.
    pub started: String,
    /// Samples a second of each side; the caller is left, the agent right.
    pub hertz: u32,
    /// How long it is.
    pub seconds: f64,
    /// Times of silence in it, and why.
    pub pauses: Vec<Pause>,
    /// Frames of 20 ms that are silence because the machine was late.
    pub lost_frames: u64,
    /// Whether it is whole: false while it is being written, and for good when the process was killed or the disk full.
    pub complete: bool,
    /// The public keys of those who can hear it.
    pub keys: Vec<String>,
}

/// A time of silence, in seconds from the beginning.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Its beginning.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// `card` or `hold`.
    pub why: String,
}

/// A file that is being written. What was written can be read by others from the next 64 KiB on (the chunk of age).
pub(super) struct SealedFile {
    stream: StreamWriter<Box<dyn Write + Send>>,
    /// The same file, to be made durable; it is locked for as long as we are alive.
    file: File,
    paths: Paths,
}

/// Where the files of a recording are.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    folder: PathBuf,
    call: String,
}

impl Paths {
    /// `<directory>/<day>/<call>…`.
    pub(super) fn new(directory: &Path, day: &str, call: &str) -> Self {
        Self { folder: directory.join(day), call: call.to_owned() }
    }

    pub(super) fn sound(&self) -> PathBuf {
        self.folder.join(format!("{}{SOUND}", self.call))
    }

    pub(super) fn row(&self) -> PathBuf {
        self.folder.join(format!("{}{ROW}", self.call))
    }

    fn part(&self) -> PathBuf {
        self.folder.join(format!("{}{SOUND}{PART}", self.call))
    }

    /// Writes the row, whole or not at all.
    pub(super) fn write_row(&self, row: &Row) -> Result<(), RecordingError> {
        let (path, part) = (self.row(), self.row_part());
        let text = serde_json::to_string_pretty(row).expect("a row is text and numbers") + "\n";
        let write = || {
            let mut file = private().write(true).create(true).truncate(true).open(&part)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        write().map_err(RecordingError::disk("write", &path))
    }

    fn row_part(&self) -> PathBuf {
        self.folder.join(format!("{}{ROW}{PART}", self.call))
    }

    /// Says that the caller refused, of what could not be removed: it is to go as soon as it can.
    fn denied(&self) -> PathBuf {
        self.folder.join(format!("{}{DENIED}", self.call))
    }

    /// Notes that nothing of it may be kept, as far as the disk takes that, and empties what is there.
    pub(super) fn deny(&self) {
        let _ = private().write(true).create(true).truncate(true).open(self.denied());
        for path in [self.part(), self.sound(), self.row()] {
            let _ = private().write(true).truncate(true).open(path);
        }
    }

    /// Whether the caller refused.
    pub(super) fn is_denied(&self) -> bool {
        self.denied().exists()
    }

    /// Removes all that there is of it.
    pub(super) fn remove(&self) -> Result<(), RecordingError> {
        let mut failed = None;
        for path in [self.part(), self.sound(), self.row_part(), self.row(), self.denied()] {
            if failed.is_some() && path == self.denied() {
                break;
            }
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    failed.get_or_insert_with(|| RecordingError::disk("remove", &path)(error));
                }
                _ => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// What nobody but the service's own user may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

impl SealedFile {
    /// Begins a file: whoever has one of the keys can hear it, this machine cannot.
    pub(super) fn create(
        paths: Paths,
        keys: &[String],
        rate: Rate,
    ) -> Result<Self, RecordingError> {
        let folder = &paths.folder;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(RecordingError::disk("make the folder", folder))?;
        let part = paths.part();
        let file = private().write(true).create_new(true).open(&part);
        let file = file.map_err(RecordingError::disk("write", &part))?;
        let sink = file.try_clone().map_err(RecordingError::disk("write", &part))?;
        // Where locks are not known, nobody else takes a file for ours either.
        let _ = file.try_lock();
        Self::on(Box::new(sink), file, paths, keys, rate)
    }

    fn on(
        sink: Box<dyn Write + Send>,
        file: File,
        paths: Paths,
        keys: &[String],
        rate: Rate,
    ) -> Result<Self, RecordingError> {
        let recipients = keys.iter().map(|key| {
            key.parse::<Recipient>().map_err(|_| RecordingError::Key { key: key.clone() })
        });
        let recipients = recipients.collect::<Result<Vec<_>, _>>()?;
        let each = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let sealed = Encryptor::with_recipients(each)
            .map_err(|_| RecordingError::Key { key: keys.join(", ") })?;
        let begin = || {
            let mut stream = sealed.wrap_output(sink)?;
            stream.write_all(&wav::header(rate))?;
            Ok(stream)
        };
        let stream = begin().map_err(RecordingError::disk("write", &paths.part()))?;
        Ok(Self { stream, file, paths })
    }

    /// Adds sound.
    pub(super) fn write(&mut self, sound: &[u8]) -> Result<(), RecordingError> {
        let written = self.stream.write_all(sound);
        written.map_err(|error| RecordingError::disk("write", &self.paths.part())(error))
    }

    /// Ends the file: what is on disk under its name is whole. Returns its size in bytes.
    pub(super) fn finish(self) -> Result<u64, RecordingError> {
        let Self { stream, file, paths } = self;
        let (part, done) = (paths.part(), paths.sound());
        let finish = || {
            stream.finish()?.flush()?;
            file.sync_all()?;
            let bytes = file.metadata()?.len();
            fs::rename(&part, &done)?;
            File::open(&paths.folder)?.sync_all()?;
            Ok(bytes)
        };
        finish().map_err(RecordingError::disk("finish", &part))
    }

    /// Nothing more can be written: what is there keeps its name, and can be heard but for the last 64 KiB.
    pub(super) fn give_up(self) {
        let _ = fs::rename(self.paths.part(), self.paths.sound());
    }
}

/// A recording as it lies on disk.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The sound; with `.part` at its end while it is being written.
    pub sound: PathBuf,
    /// The folder's name: the day of the call, as 2026-11-20.
    pub day: String,
    /// The call's id.
    pub call: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it is being written, or was when the process was killed.
    pub open: bool,
    /// What is known of it; `None` where that cannot be read.
    pub row: Option<Row>,
}

impl Listed {
    pub(super) fn paths(&self, directory: &Path) -> Paths {
        Paths::new(directory, &self.day, &self.call)
    }
}

/// Lists the recordings in a directory, the oldest day first. A directory that is not there holds none.
///
/// # Errors
/// When the directory cannot be read.
pub fn list(directory: &Path) -> Result<Vec<Listed>, RecordingError> {
    let mut found = Vec::new();
    for day in names_in(directory)? {
        if day.parse::<jiff::civil::Date>().is_err() {
            continue;
        }
        for name in names_in(&directory.join(&day))? {
            let open = name.ends_with(PART);
            let whole = name.strip_suffix(PART).unwrap_or(&name);
            let Some(call) = whole.strip_suffix(SOUND) else { continue };
            let sound = directory.join(&day).join(&name);
            // It may have been removed just now.
            let Ok(metadata) = fs::metadata(&sound) else { continue };
            let row = fs::read(Paths::new(directory, &day, call).row()).ok();
            let row = row.and_then(|text| serde_json::from_slice(&text).ok());
            let (call, bytes) = (call.to_owned(), metadata.len());
            found.push(Listed { sound, day: day.clone(), call, bytes, open, row });
        }
    }
    Ok(found)
}

fn names_in(folder: &Path) -> Result<Vec<String>, RecordingError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        // A file among the days is not ours.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(Vec::new()),
        Err(error) => return Err(RecordingError::disk("read", folder)(error)),
    };
    let mut names: Vec<_> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// Says how many bytes may still be written where a path is, or is going to be.
pub(super) fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists())?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// A file whose disk is full after so many bytes.
#[cfg(test)]
pub(super) fn full_after(paths: Paths, keys: &[String], bytes: usize) -> SealedFile {
    struct Small(File, usize);
    impl Write for Small {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.1 < bytes.len() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1 -= bytes.len();
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0.flush()
        }
    }
    let SealedFile { file, paths, .. } = SealedFile::create(paths, keys, Rate::Narrow).unwrap();
    file.set_len(0).unwrap();
    let sink = Small(file.try_clone().unwrap(), bytes);
    SealedFile::on(Box::new(sink), file, paths, keys, Rate::Narrow).unwrap()
}
