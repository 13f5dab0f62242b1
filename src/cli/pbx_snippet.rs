//! `attendant pbx-snippet`: what to set on the PBX.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use super::explain::trunk_of;
use crate::config::{Config, SnippetFamily, SnippetValues, snippet};

/// Prints what to set on the PBX, with a fall-back to a real extension when Attendant does not answer.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant pbx-snippet freepbx
  attendant pbx-snippet asterisk-pjsip --profile /etc/attendant/sip-profiles/front.toml --number 8000 --fallback 6001")]
pub(super) struct Arguments {
    /// The PBX: a preset's name, or freepbx
    #[arg(value_name = "FAMILY", value_parser = family)]
    family: SnippetFamily,
    /// A SIP profile to take addresses and limits from
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The number that reaches the agent
    #[arg(long, value_name = "NUMBER", default_value = "8000", value_parser = number)]
    number: String,
    /// The extension that rings when Attendant does not answer
    #[arg(long, value_name = "NUMBER", default_value = "6001", value_parser = number)]
    fallback: String,
}

fn family(name: &str) -> Result<SnippetFamily, String> {
    let names = || SnippetFamily::all().into_iter().map(SnippetFamily::name).collect::<Vec<_>>();
    SnippetFamily::from_name(name).ok_or_else(|| format!("there are {}", names().join(", ")))
}

/// It is pasted into files where a comma or a bracket means something.
fn number(text: &str) -> Result<String, String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let sound = digits(text.strip_prefix('+').unwrap_or(text));
    sound.then(|| text.to_owned()).ok_or_else(|| "write its digits: 8000".to_owned())
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let family = arguments.family;
    let mut values = SnippetValues::example(family.preset());
    if let Some(file) = &arguments.profile {
        let file = std::path::absolute(file)?;
        let dir = file.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        let config = match Config::load(dir) {
            Ok(config) => config,
            Err(errors) => {
                eprintln!("{errors}");
                return Ok(ExitCode::FAILURE);
            }
        };
        let trunk = trunk_of(&config, &file)?;
        if trunk.preset != family.preset() {
            let (theirs, ours) = (trunk.preset.name(), family.name());
            eprintln!("warning: the profile's preset is {theirs}, and this is for {ours}");
        }
        values = SnippetValues::of(trunk);
    }
    values.number.clone_from(&arguments.number);
    values.fallback.clone_from(&arguments.fallback);
    print!("{}", snippet(family, &values));
    Ok(ExitCode::SUCCESS)
}
