//! `attendant run`: the gateway, until it is told to stop.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::config::{Code, Config};
use crate::gateway::Gateway;
use crate::ops::{logging, systemd};

/// Runs the gateway until it is told to stop.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant run --config /etc/attendant

SIGTERM drains: new calls get 503, running calls finish. SIGHUP reads the configuration again.")]
pub(super) struct Arguments {
    /// The directory with attendant.toml, sip-profiles/ and dialplans/
    #[arg(long, value_name = "DIR", default_value = "/etc/attendant")]
    config: PathBuf,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let config = match Config::load(&arguments.config) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(ExitCode::FAILURE);
        }
    };
    // What `check` cannot look at from outside is here or nowhere.
    if let Some(missing) = config.warnings.iter().find(|found| found.code() == Code::Secret) {
        eprintln!("{missing}");
        return Ok(ExitCode::FAILURE);
    }
    logging::init(config.node.log_format, &config.node.log_filter)?;
    logging::keep_panics_quiet();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve(arguments.config, config))
}

async fn serve(dir: PathBuf, config: Config) -> Result<ExitCode, Failure> {
    // The signals are caught before the start, so that one that comes early is not the end.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let drain = config.node.drain;
    let gateway = Gateway::start(&dir, config).await?;
    gateway.lock_memory();
    systemd::ready();
    systemd::status(&gateway.status());
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hang_up.recv() => {
                // The gateway logs what comes of it, and tells systemd.
                let _ = gateway.reload().await;
            }
        }
    }
    systemd::stopping();
    // A second signal means: now.
    tokio::select! {
        () = gateway.stop(drain) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(ExitCode::SUCCESS)
}
