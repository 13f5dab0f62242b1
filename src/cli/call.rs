//! `attendant call`: a scripted caller against any SIP peer.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use ipnet::IpNet;
use tokio::sync::mpsc;

use super::Failure;
use crate::base::Secret;
use crate::engines::models;
use crate::engines::tts::{FliteVoice, HibariModel};
use crate::phone::{
    CallPlan, CallProgress, Line, Outcome, Phone, PhoneConfig, Talk, choose_voice,
    local_address_for, transport_for,
};
use crate::signalling::TlsClient;
use crate::sip::{Credentials, Transport};
use crate::speech::{Voice, VoiceError};

/// Calls a SIP peer with a spoken script, and measures how it answers.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant call sip:900@127.0.0.1:5060 --say \"What are your opening hours?\" --record call.wav
  attendant call 'sip:900@pbx.example;transport=tls' --ca ca.pem --say \"Goodbye.\"")]
pub(super) struct Arguments {
    /// Whom to call
    #[arg(value_name = "SIP-URI")]
    target: String,
    /// What to say, a line each; each waits for the other side to finish
    #[arg(long, value_name = "TEXT", required = true)]
    say: Vec<String>,
    /// The caller's number or user name
    #[arg(long, value_name = "USER", default_value = "caller")]
    from: String,
    /// The user to answer a digest challenge with
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file with that user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// A file with the CA of the other side's TLS certificate; without it those of this machine count
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Where a stereo recording goes: caller left, other side right
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(call(arguments))
}

async fn call(arguments: Arguments) -> Result<ExitCode, Failure> {
    let address = local_address_for(&arguments.target).await?;
    let credentials = credentials(&arguments)?;
    let voice = choose_voice(FliteVoice::Slt, embedded_voice)?;
    let (transport, host) = transport_for(&arguments.target)?;
    let mut config = PhoneConfig::new(address, arguments.from.clone(), voice);
    config.transport = transport;
    config.tls = (transport == Transport::Tls).then(|| expected(host, arguments.ca.clone()));
    let mut phone = Phone::start(config).await?;
    let (progress, mut told) = mpsc::channel(256);
    // The call drops its end of the channel when it is over.
    let printing = async {
        while let Some(event) = told.recv().await {
            print(&event);
        }
    };
    let lines = arguments.say.iter().map(Line::new).collect();
    let call = phone.call(CallPlan {
        target: arguments.target,
        credentials,
        talk: Talk { lines, ..Talk::default() },
        progress: Some(progress),
        recording: arguments.record,
        ..CallPlan::default()
    });
    let (report, ()) = tokio::join!(call, printing);
    let report = report?;
    // A reader that has seen enough, such as `head`, is no error.
    let _ = writeln!(std::io::stdout(), "{}", report.to_json());
    let all_said = report.lines_said == report.lines;
    let ok = report.outcome == Outcome::Answered && all_said;
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn credentials(arguments: &Arguments) -> Result<Option<Credentials>, Failure> {
    let (Some(user), Some(file)) = (&arguments.user, &arguments.password_file) else {
        return Ok(None);
    };
    let secret = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read the password file {}: {error}", file.display()))?;
    Ok(Some(Credentials { user: user.clone(), secret: Secret::new(secret.trim_end()) }))
}

/// Wherever the host is, its certificate has to hold its name.
fn expected(host: String, ca: Option<PathBuf>) -> TlsClient {
    let anywhere = [IpAddr::from([0; 4]), IpAddr::from([0_u16; 8])];
    TlsClient {
        server_name: host,
        hosts: Vec::new(),
        networks: anywhere.map(|ip| IpNet::new_assert(ip, 0)).into(),
        ca,
        cert: None,
        key: None,
    }
}

/// Without flite the caller sounds like the agent.
fn embedded_voice() -> Result<Box<dyn Voice>, VoiceError> {
    let failed = |error: models::ModelError| VoiceError::Failed { what: error.to_string() };
    let paths = models::find(&models::default_dir()).map_err(failed)?;
    Ok(HibariModel::load(&paths).map_err(failed)?.voice())
}

fn print(event: &CallProgress) {
    match event {
        CallProgress::Dialling => eprintln!("  dialling"),
        CallProgress::Ringing => eprintln!("  ringing"),
        CallProgress::Answered => eprintln!("  answered"),
        CallProgress::CallerSays(text) => eprintln!("  we say: {text}"),
        CallProgress::AgentSpeaking { gap_ms: Some(gap) } => eprintln!("  answer after {gap} ms"),
        CallProgress::AgentSpeaking { gap_ms: None } => eprintln!("  they speak"),
        CallProgress::AgentQuiet { spoke } => {
            eprintln!("  they spoke {:.1} s", spoke.as_secs_f32())
        }
        CallProgress::Referred { target, .. } => eprintln!("  referred to {target}"),
        CallProgress::Transferred => eprintln!("  transferred"),
        CallProgress::TransferFailed { status } => eprintln!("  transfer failed: {status}"),
        CallProgress::Ended { how } => eprintln!("  {how}"),
    }
}
