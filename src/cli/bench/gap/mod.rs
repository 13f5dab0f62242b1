//! `attendant bench gap`: the response gap, by a program that sees packets alone.
//!
//! The gateway runs in a process of its own, dumpcap writes down what is on the wire, and the scripted phones
//! only talk: no figure comes from them. The gateway's log says what a gap was made of, turn by turn.

mod capture;
mod cost;
mod export;
mod log;
mod measured;
mod report;
mod scripts;
mod stage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use tokio::task::JoinSet;

use super::super::progress::Step;
use super::{Failure, wire};
use crate::engines::tts::Flite;
use crate::phone::{CallPlan, Outcome, Phone, PhoneConfig};
use crate::sip::Credentials;

use capture::Capture;
use cost::Used;
use measured::Level;
use stage::{CALLER_PORTS, GATEWAY_PORTS, Stage};

/// Calls a gateway of its own with scripted callers, and measures on the wire how long its answers take.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  attendant bench gap
  attendant bench gap --calls 1,2,4,8 --turns 200
  attendant bench gap --turns 30 --dir var/gap

It needs dumpcap (apt-get install tshark) with leave to capture on loopback, and flite.")]
pub(in crate::cli) struct Arguments {
    /// How many calls talk at the same time; several numbers are measured one after the other
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', default_value = "1", value_parser = clap::value_parser!(u16).range(1..=64))]
    calls: Vec<u16>,
    /// How many turns of the callers are measured for each of these numbers
    #[arg(long, value_name = "NUMBER", default_value_t = 200)]
    turns: usize,
    /// What chooses scripts, voices and wordings
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Lines that are added to the gateway's attendant.toml
    #[arg(long, value_name = "TOML", default_value = "")]
    config: String,
    /// Reads a run again that is in this folder, and calls nobody
    #[arg(long, value_name = "DIR", conflicts_with_all = ["calls", "turns"])]
    again: Option<PathBuf>,
    /// Where figures, logs, captures and stereo recordings go
    #[arg(long, value_name = "DIR", default_value = "var/bench")]
    dir: PathBuf,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(measure(arguments))
}

async fn measure(arguments: Arguments) -> Result<ExitCode, Failure> {
    if let Some(folder) = &arguments.again {
        return again(folder);
    }
    let now = jiff::Zoned::now().strftime("gap-%Y-%m-%dT%H-%M-%S").to_string();
    let folder = arguments.dir.join(now);
    std::fs::create_dir_all(&folder)?;
    let folder = folder.canonicalize()?;
    let mut levels = Vec::new();
    for &calls in &arguments.calls {
        let level = level(&folder, &arguments, calls.into()).await?;
        print!("{}", report::of_level(&level));
        levels.push(level);
    }
    if levels.len() > 1 {
        print!("{}", report::of_all(&levels));
    }
    std::fs::write(folder.join("gap.json"), serde_json::to_string_pretty(&levels)?)?;
    println!(
        "\nLeft in {}: gap.json; for each level its log, wire.pcap and judges/",
        folder.display()
    );
    let measured = levels.iter().all(|level| level.gap.count > 0);
    Ok(if measured { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Works out the figures of a run from what it left: its captures and logs.
fn again(folder: &Path) -> Result<ExitCode, Failure> {
    let mut levels = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let calls = name.and_then(|name| name.strip_prefix("calls-")?.parse::<usize>().ok());
        let Some(calls) = calls else { continue };
        let legs = wire::legs(&capture::read(&path.join("wire.pcap"))?, &GATEWAY_PORTS);
        let log = log::Log::read(&std::fs::read_to_string(path.join("gateway.log"))?);
        export::write(&path.join("judges"), &legs, calls)?;
        // What it cost cannot be seen any more.
        levels.push(Level::new(calls, &legs, &log, cost::Cost::default()));
    }
    levels.sort_by_key(|level| level.calls_at_once);
    levels.iter().for_each(|level| print!("{}", report::of_level(level)));
    std::fs::write(folder.join("gap.json"), serde_json::to_string_pretty(&levels)?)?;
    Ok(if levels.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Measures one number of simultaneous calls.
async fn level(folder: &Path, arguments: &Arguments, calls: usize) -> Result<Level, Failure> {
    let folder = folder.join(format!("calls-{calls}"));
    std::fs::create_dir_all(&folder)?;
    let stage = Stage::set(&folder, &arguments.config).await?;
    let capture = Capture::start(&folder, &(*GATEWAY_PORTS.start()..=*CALLER_PORTS.end()))?;
    let step = Step::begin(&format!("{calls} calls at a time, {} turns", arguments.turns));
    let run = Arc::new(Run {
        target: stage.target(),
        credentials: stage.credentials(),
        seed: arguments.seed,
        turns: arguments.turns,
        next: AtomicUsize::new(0),
        said: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
    });
    let (begun, before) = (Instant::now(), Used::by(stage.pid()));
    let mut lanes = JoinSet::new();
    for lane in 0..calls {
        lanes.spawn(Arc::clone(&run).lane(lane));
    }
    while let Some(done) = lanes.join_next().await {
        done??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cost = Used::by(stage.pid()).since(&before, seconds, stage.pid());
    step.done("calls", &format!("{} made", run.next.load(Ordering::Relaxed)));
    let log = stage.end()?;
    let legs = wire::legs(&capture.finish()?, &GATEWAY_PORTS);
    export::write(&folder.join("judges"), &legs, calls)?;
    let mut level = Level::new(calls, &legs, &log, cost);
    (level.seconds, level.refused) = (seconds, run.refused.load(Ordering::Relaxed));
    Ok(level)
}

/// What all lanes of a level share.
struct Run {
    target: String,
    credentials: Credentials,
    seed: u64,
    turns: usize,
    next: AtomicUsize,
    said: AtomicUsize,
    refused: AtomicUsize,
}

/// Lanes begin one after another, so that their turns do not go in step.
const APART: Duration = Duration::from_millis(1_700);
/// A refused caller tries again after so long.
const AGAIN: Duration = Duration::from_secs(3);
/// And gives up after so many refusals of all.
const REFUSALS: usize = 40;

impl Run {
    /// One caller after the other, until enough was said.
    async fn lane(self: Arc<Self>, lane: usize) -> Result<(), Failure> {
        tokio::time::sleep(APART * lane as u32).await;
        while self.said.load(Ordering::Relaxed) < self.turns
            && self.refused.load(Ordering::Relaxed) < REFUSALS
        {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            let said = self.call(n).await?;
            match said {
                Some(said) => drop(self.said.fetch_add(said, Ordering::Relaxed)),
                None => {
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        Ok(())
    }

    /// Makes a call; returns how many lines were said, or nothing when it was refused.
    async fn call(&self, n: usize) -> Result<Option<usize>, Failure> {
        let dialogue = scripts::dialogue(self.seed, n);
        let voice = Box::new(Flite::new(dialogue.voice, dialogue.stretch)?);
        let mut config = PhoneConfig::new([127, 0, 0, 1].into(), "caller", voice);
        config.rtp_ports = CALLER_PORTS;
        config.codecs = vec![crate::codec::Codec::Pcmu];
        let mut phone = Phone::start(config).await?;
        let report = phone
            .call(CallPlan {
                target: self.target.clone(),
                from_user: Some(scripts::number(n)),
                credentials: Some(self.credentials.clone()),
                talk: dialogue.talk,
                ..CallPlan::default()
            })
            .await?;
        match report.outcome {
            Outcome::Answered => Ok(Some(report.lines_said)),
            Outcome::Refused { .. } => Ok(None),
            other => Err(format!("call {n} ({}): {other}", dialogue.name).into()),
        }
    }
}
