//! `attendant check`: every file, every mistake, before a call meets it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::config::Config;

/// Reads the configuration and says all that is wrong with it.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  attendant check /etc/attendant")]
pub(super) struct Arguments {
    /// The directory with attendant.toml, sip-profiles/ and dialplans/ [default: /etc/attendant]
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The same, as `attendant run` takes it
    #[arg(long, value_name = "DIR", conflicts_with = "dir")]
    config: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let dir = arguments.dir.as_ref().or(arguments.config.as_ref());
    match Config::load(dir.map_or(Path::new("/etc/attendant"), PathBuf::as_path)) {
        Ok(config) => {
            config.warnings.iter().for_each(|warning| eprintln!("{warning}\n"));
            config.node.speech.leaves().iter().for_each(|line| println!("{line}."));
            let (trunks, plans) = (config.trunks.len(), config.plans.len());
            let warnings = config.warnings.len();
            println!("OK: SIP profiles {trunks}, dialplans {plans}, warnings {warnings}");
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            eprintln!("{errors}");
            Ok(ExitCode::FAILURE)
        }
    }
}
