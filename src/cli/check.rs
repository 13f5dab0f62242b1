//! `attendant check`: every file, every mistake, before a call meets it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::config::Config;

/// Reads the configuration and says all that is wrong with it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attendant check --config /etc/attendant")]
pub(super) struct Arguments {
    /// The directory with attendant.toml, sip-profiles/ and dialplans/
    #[arg(long, value_name = "DIR", default_value = "/etc/attendant")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match Config::load(&arguments.config) {
        Ok(config) => {
            let (trunks, plans) = (config.trunks.len(), config.plans.len());
            println!("OK: {trunks} SIP profiles, {plans} dialplans");
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            eprintln!("{errors}");
            Ok(ExitCode::FAILURE)
        }
    }
}
