//! `attendant check`: every file, every mistake, before a call meets it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use crate::config::Config;
use crate::dialplan::Action;
use crate::engines::models::{self, Set};

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
            let here = tell_models(&config);
            if here {
                println!("OK: SIP profiles {trunks}, dialplans {plans}, warnings {warnings}");
            }
            Ok(if here { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(errors) => {
            eprintln!("{errors}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Says which speech models the configuration needs and whether they are here. What every installation needs may still be
/// fetched after its configuration was written; a language that a route promises and nobody can hear is a mistake.
fn tell_models(config: &Config) -> bool {
    let dir = &config.node.models;
    let mut complete = true;
    for (set, whom) in needed(config) {
        let name = set.name();
        match models::find_set(dir, set) {
            Ok(_) => println!("speech models {name}: in {}", dir.display()),
            Err(error) => {
                let word = if set == Set::Embedded { "warning" } else { "error" };
                eprintln!(
                    "{word}[{}]: {error}{whom}\n  = help: {}\n",
                    error.code(),
                    error.advice()
                );
                complete &= set == Set::Embedded;
            }
        }
    }
    complete
}

/// The sets that are needed, and by which route those that not everybody needs.
fn needed(config: &Config) -> Vec<(Set, String)> {
    let mut needed = vec![(Set::Embedded, String::new())];
    let routes =
        config.plans.iter().flat_map(|(plan, it)| it.routes.iter().map(move |r| (plan, r)));
    for (plan, route) in routes {
        let Action::Agent { language, .. } = &route.action else { continue };
        for &language in language {
            let set = Set::of(language);
            if needed.iter().all(|(known, _)| *known != set) {
                let whom = format!(
                    ", and route \"{}\" of dialplans/{plan}.toml speaks {}",
                    route.name,
                    language.name()
                );
                needed.push((set, whom));
            }
        }
    }
    needed
}
