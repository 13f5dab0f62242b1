//! `attendant demo`: the gateway with a seeded clinic, and a scripted patient who telephones it.

mod files;
mod result;
mod screen;
mod stage;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use tokio::sync::mpsc;

use super::Failure;
use super::script::{self, Scene, Script};
use crate::engines::tts::Flite;
use crate::phone::{AgentSaid, CallPlan, CallReport, Phone, PhoneConfig};
use crate::speech::Voice;

use screen::Screen;
use stage::Stage;

/// What the scripted caller dials.
const NUMBER: &str = "900";
/// Who calls: Sarah Johnson's telephone, of the invented clinic.
const CALLER: &str = "+13125550131";

/// Calls itself: a scripted patient telephones the agent, and you watch and listen.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  attendant demo
  attendant demo --script book --once
  attendant demo --say \"What are your opening hours?\" --say \"Thank you, bye.\"")]
pub(super) struct Arguments {
    /// What the caller says, instead of a script; repeat it for several lines
    #[arg(long, value_name = "TEXT")]
    say: Vec<String>,
    /// Which script the caller follows
    #[arg(long, value_enum, default_value_t = Script::Move, conflicts_with = "say")]
    script: Script,
    /// End after the call; the exit code says whether it reached its goal
    #[arg(long)]
    once: bool,
    /// Where the recording, the transcript and the data go
    #[arg(long, value_name = "DIR", default_value = "var/demo")]
    dir: PathBuf,
    /// Where the gateway listens; the next free port is taken
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5060")]
    listen: SocketAddr,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(demonstrate(arguments))
}

async fn demonstrate(arguments: Arguments) -> Result<ExitCode, Failure> {
    let scene = match arguments.say.is_empty() {
        true => arguments.script.scene(),
        false => script::own_lines(&arguments.say),
    };
    println!(
        "Attendant {}: everything on this machine, nothing leaves it.",
        env!("CARGO_PKG_VERSION")
    );
    let folder = files::Folder::create(&arguments.dir)?;
    let stage = Stage::set(&folder, arguments.listen).await?;
    let screen = Screen::new(&folder);
    let before = stage.appointments().await?;
    let goals = scene.goals.clone();
    let report = call(&stage, &folder, scene, &screen).await?;
    let seen = screen.finish().await;
    let after = stage.appointments().await?;
    let reached = result::show(&folder, &report, &seen, &goals, &before, &after)?;
    if arguments.once {
        stage.end().await;
        return Ok(if reached { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    stage.wait_for_softphones(NUMBER).await;
    stage.end().await;
    Ok(ExitCode::SUCCESS)
}

async fn call(
    stage: &Stage,
    folder: &files::Folder,
    scene: Scene,
    screen: &Screen,
) -> Result<CallReport, Failure> {
    let voice: Box<dyn Voice> = Box::new(Flite::new(scene.voice, scene.stretch)?);
    let mut phone = Phone::start(PhoneConfig::new([127, 0, 0, 1].into(), "caller", voice)).await?;
    let (cue, cues) = mpsc::channel::<AgentSaid>(64);
    let (progress, told) = mpsc::channel(256);
    screen.watch(stage.watch(), told, cue);
    let plan = CallPlan {
        target: format!("sip:{NUMBER}@{}", stage.sip()),
        from_user: Some(CALLER.into()),
        credentials: Some(stage.credentials()),
        talk: scene.talk,
        cues: Some(cues),
        progress: Some(progress),
        recording: Some(folder.path("call.wav")),
        ..CallPlan::default()
    };
    Ok(phone.call(plan).await?)
}
