//! `attendant audit verify`: is the record what was written?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Checks the hash chain and names the first broken line
    #[command(after_help = "Example:\n  attendant audit verify /var/lib/attendant/audit.jsonl")]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The audit file
    #[arg(default_value = "/var/lib/attendant/audit.jsonl")]
    file: PathBuf,
}

pub(super) fn run(command: &Command) -> Result<ExitCode, Failure> {
    let Command::Verify(Verify { file }) = command;
    match crate::audit::verify(file) {
        Ok(verified) => {
            println!("OK: {} lines, head {}", verified.rows, verified.head);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::FAILURE)
        }
    }
}
