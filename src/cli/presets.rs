//! `attendant presets`: what is known of each PBX family, and where from.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use crate::config::Preset;

/// Lists the PBX families whose values are compiled in.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant presets
  attendant presets show cucm")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows one: its values, where each is known from, and what to mind
    #[command(after_help = "Example:\n  attendant presets show cucm")]
    Show {
        /// The preset's name
        #[arg(value_name = "NAME", value_parser = preset)]
        preset: Preset,
    },
}

fn preset(name: &str) -> Result<Preset, String> {
    let names = || Preset::ALL.map(Preset::name).join(", ");
    Preset::from_name(name).ok_or_else(|| format!("there are {}", names()))
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        None => print!("{}", Preset::list()),
        Some(Command::Show { preset }) => print!("{}", preset.show()),
    }
    Ok(ExitCode::SUCCESS)
}
