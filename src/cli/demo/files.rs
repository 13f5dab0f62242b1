//! The folder of one demonstration.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where a demonstration leaves what it made.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes a new folder, named after the time.
    pub(super) fn create(parent: &Path) -> io::Result<Self> {
        let now = jiff::Zoned::now();
        let folder = parent.join(now.strftime("%Y-%m-%dT%H-%M-%S").to_string());
        fs::create_dir_all(&folder)?;
        Ok(Self(folder.canonicalize()?))
    }

    /// Returns the path of a file in it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file that only its owner may read, and its folders.
    pub(super) fn write_private(&self, name: &Path, text: &str) -> io::Result<()> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())
    }
}

impl std::fmt::Display for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.display().fmt(f)
    }
}
