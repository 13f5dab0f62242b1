//! `attendant explain`: every value that holds, and where it came from.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::base::TrunkName;
use crate::config::explain::{self, ExplainError};
use crate::config::{Config, Readable, TrunkProfile};

/// Shows every value of a file that holds, and where it came from: file and line, preset, default.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant explain /etc/attendant/sip-profiles/front.toml
  attendant explain /etc/attendant/attendant.toml")]
pub(super) struct Arguments {
    /// A SIP profile, or attendant.toml; the files beside it are read too
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let file = std::path::absolute(&arguments.file)?;
    let parent = file.parent().unwrap_or(Path::new("/"));
    let is_node = file.file_name().is_some_and(|name| name == "attendant.toml");
    let is_profile = parent.file_name().is_some_and(|name| name == "sip-profiles")
        && file.extension().is_some_and(|ending| ending == "toml");
    let dir = match (is_node, is_profile) {
        (true, _) => parent,
        (false, true) => parent.parent().unwrap_or(parent),
        (false, false) => {
            let path = arguments.file.display().to_string();
            return Err(ExplainError::OtherFile { path }.into());
        }
    };
    if !file.is_file() {
        return Err(not_read(&file));
    }
    let read = Readable::load(dir);
    let text = match is_node {
        true => explain::node(&read, dir),
        false => explain::trunk(&read, dir, &name_of(&file)),
    };
    match (text, &read.errors) {
        (Ok(text), _) => print!("{text}"),
        // The mistakes below say where and why.
        (Err(ExplainError::NotToml { .. }), Some(_)) => {}
        (Err(error), _) => return Err(error.into()),
    }
    match &read.errors {
        None => Ok(ExitCode::SUCCESS),
        Some(errors) => {
            eprintln!("{errors}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// The trunk that a file in `sip-profiles` describes is called as the file is.
fn name_of(file: &Path) -> TrunkName {
    TrunkName::new(&*file.file_stem().unwrap_or_default().to_string_lossy())
}

/// Finds the trunk that a file in `sip-profiles` describes.
pub(super) fn trunk_of<'a>(config: &'a Config, file: &Path) -> Result<&'a TrunkProfile, Failure> {
    config.trunk(&name_of(file)).ok_or_else(|| not_read(file))
}

fn not_read(file: &Path) -> Failure {
    format!("{} is no SIP profile that was read", file.display()).into()
}
