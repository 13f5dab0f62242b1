//! `attendant recordings`: what is kept of calls as sound.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Failure;
use crate::config::Config;
use crate::recording::{Listed, list};

/// Lists what is kept of calls as sound.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  attendant recordings
  attendant recordings --json
  age -d -i practice.key /var/lib/attendant/recordings/2026-11-20/c-0123456789ab.wav.age > call.wav

Whoever plays one needs the practice's private key, which is not on this machine.")]
pub(super) struct Arguments {
    /// The directory with attendant.toml, sip-profiles/ and dialplans/
    #[arg(long, value_name = "DIR", default_value = "/etc/attendant")]
    config: PathBuf,
    /// Prints JSON, one object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(ExitCode::FAILURE);
        }
    };
    let Some(settings) = &config.node.recording else {
        println!("Nothing is recorded: attendant.toml has no [recording] key.");
        return Ok(ExitCode::SUCCESS);
    };
    let found = list(&settings.directory)?;
    let bytes: u64 = found.iter().map(|it| it.bytes).sum();
    if arguments.json {
        let all: Vec<_> = found
            .iter()
            .map(|it| {
                json!({ "file": it.sound, "day": it.day, "call": it.call, "bytes": it.bytes,
                        "open": it.open, "row": it.row })
            })
            .collect();
        let directory = &settings.directory;
        println!("{}", json!({ "directory": directory, "bytes": bytes, "recordings": all }));
        return Ok(ExitCode::SUCCESS);
    }
    found.iter().for_each(|it| println!("{}", line(it)));
    println!(
        "{} recordings, {:.1} MB, in {}; kept for {} days",
        found.len(),
        bytes as f64 / 1e6,
        settings.directory.display(),
        settings.keep_days
    );
    Ok(ExitCode::SUCCESS)
}

fn line(it: &Listed) -> String {
    let megabytes = it.bytes as f64 / 1e6;
    let head = format!("{} {} {megabytes:>8.2} MB", it.day, it.call);
    match &it.row {
        _ if it.open => format!("{head}  is being written"),
        None => format!("{head}  its row cannot be read"),
        Some(row) => {
            let paused: f64 = row.pauses.iter().map(|pause| pause.to - pause.from).sum();
            let paused =
                if paused > 0.0 { format!(", {paused:.0} s silent") } else { String::new() };
            let short = if row.complete { "" } else { ", cut short" };
            format!("{head}  {:.0} s{paused}{short}  {} {}", row.seconds, row.trunk, row.route)
        }
    }
}
