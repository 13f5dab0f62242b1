//! `attendant reload`: the running gateway reads its configuration again, and we say what came of it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::config::Config;
use crate::gateway::ask_to_reload;

/// Puts a changed configuration into force; a wrong one changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant reload --config /etc/attendant

Waits for the result. Running calls keep the configuration that they started with.")]
pub(super) struct Arguments {
    /// The directory that the running gateway was started with
    #[arg(long, value_name = "DIR", default_value = "/etc/attendant")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let data = match Config::data_dir(&arguments.config) {
        Ok(data) => data,
        Err(errors) => {
            eprintln!("{errors}\nNothing has changed.");
            return Ok(ExitCode::FAILURE);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(ask_to_reload(&data))? {
        Ok(told) => {
            print!("{told}");
            Ok(ExitCode::SUCCESS)
        }
        Err(report) => {
            eprintln!("{report}Nothing has changed: the old configuration stays in force.");
            Ok(ExitCode::FAILURE)
        }
    }
}
