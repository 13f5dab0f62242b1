//! `attendant call`: a scripted caller against any SIP peer.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use tokio::sync::mpsc;

use super::Failure;
use crate::base::Secret;
use crate::codec::Codec;
use crate::engines::models;
use crate::engines::tts::{FliteVoice, HibariModel};
use crate::media::{Impairment, Path, rate};
use crate::phone::{
    CallPlan, CallProgress, Encrypted, HoldReport, Line, Outcome, Phone, PhoneConfig,
    QualityReport, Talk, Verdict, choose_voice, local_address_for, transport_for,
};
use crate::signalling::TlsClient;
use crate::sip::{Credentials, Transport};
use crate::speech::{Voice, VoiceError};

/// Calls a SIP peer with a spoken script, and measures how it answers.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant call sip:900@127.0.0.1:5060 --say \"What are your opening hours?\" --record call.wav
  attendant call 'sip:900@pbx.example;transport=tls' --ca ca.pem --srtp required --say \"Goodbye.\"
  attendant call sip:900@pbx.example --codec g722 --hold 5 --say \"Hello.\"")]
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
    /// The codecs that are offered, best first: those of SIP profiles
    #[arg(long, value_name = "NAMES", value_delimiter = ',', default_value = "pcmu,pcma")]
    codec: Vec<String>,
    /// Whether the sound is encrypted: where the other side does it too, or always
    #[arg(long, value_name = "optional|required")]
    srtp: Option<SrtpChoice>,
    /// Holds the call for so long when everything is said, resumes it, and listens whether sound comes again
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    hold: Option<u64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SrtpChoice {
    Optional,
    Required,
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
    config.codecs = codecs(&arguments.codec)?;
    config.srtp = match arguments.srtp {
        None => Encrypted::No,
        Some(SrtpChoice::Optional) => Encrypted::Optional,
        Some(SrtpChoice::Required) => Encrypted::Required,
    };
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
        hold: arguments.hold.map(Duration::from_secs),
        ..CallPlan::default()
    });
    let (report, ()) = tokio::join!(call, printing);
    let report = report?;
    if let Some(quality) = &report.quality {
        eprintln!("  {}", in_words(quality));
    }
    if let Some(hold) = &report.hold {
        eprintln!("  {}", how_it_held(hold));
    }
    // A reader that has seen enough, such as `head`, is no error.
    let _ = writeln!(std::io::stdout(), "{}", report.to_json());
    let all_said = report.lines_said == report.lines;
    let ok = report.outcome == Outcome::Answered && all_said && report.hold.is_none_or(held_well);
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads names of codecs as SIP profiles write them; L16 is one at each of its rates.
fn codecs(names: &[String]) -> Result<Vec<Codec>, Failure> {
    let mut codecs: Vec<Codec> = Vec::new();
    for name in names {
        let is_called = |codec: &Codec| codec.sdp_name().eq_ignore_ascii_case(name);
        if !Codec::ALL.iter().any(is_called) {
            let mut known = Codec::ALL.map(|codec| codec.sdp_name().to_ascii_lowercase()).to_vec();
            known.dedup();
            return Err(
                format!("no codec is called {name:?}; there are {}", known.join(", ")).into()
            );
        }
        // An offer names each once.
        if !codecs.iter().any(is_called) {
            codecs.extend(Codec::ALL.into_iter().filter(is_called));
        }
    }
    Ok(codecs)
}

/// How well the other side was heard, with the MOS that the gateway would give it.
fn in_words(quality: &QualityReport) -> String {
    let QualityReport { verdict, codec, lost_percent, jitter_ms, highest_jitter_ms, .. } = quality;
    let impairment = Codec::ALL.into_iter().find(|known| known.sdp_name() == *codec);
    let rating = impairment.map(|codec| {
        let loss = (*lost_percent / 100.0) as f32;
        // What a phone's own buffer needs comes on top of the packet time; the way there cannot be seen from here.
        let delay_ms = f32::from(quality.packet_ms) + 2.0 * highest_jitter_ms;
        rate(&Path { delay_ms, loss, burst: 1.0, impairment: Impairment::of(codec) }).listening
    });
    let encrypted = if quality.encrypted { " encrypted" } else { "" };
    let mos = match (verdict, rating) {
        (Verdict::Good | Verdict::Lossy | Verdict::Holes, Some(mos)) => format!(", MOS {mos:.1}"),
        _ => String::new(),
    };
    format!(
        "sound: {verdict} ({codec}{encrypted}, {lost_percent:.1} % lost, jitter {jitter_ms:.1} ms, at most \
         {highest_jitter_ms:.1} ms, longest gap {} ms{mos})",
        quality.longest_gap_ms
    )
}

fn held_well(hold: HoldReport) -> bool {
    hold.refused.is_none() && hold.packets_while_held == 0 && hold.packets_after > 0
}

fn how_it_held(hold: &HoldReport) -> String {
    match hold {
        HoldReport { refused: Some(status), .. } => format!("hold: refused with {status}"),
        HoldReport { packets_while_held: 1.., .. } => {
            format!("hold: {} packets came although the call was held", hold.packets_while_held)
        }
        HoldReport { packets_after: 0, .. } => "hold: no sound came after it".to_owned(),
        _ => "hold: silent while held, and sound came again".to_owned(),
    }
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
        CallProgress::Held(true) => eprintln!("  held"),
        CallProgress::Held(false) => eprintln!("  resumed"),
        CallProgress::Referred { target, .. } => eprintln!("  referred to {target}"),
        CallProgress::Transferred => eprintln!("  transferred"),
        CallProgress::TransferFailed { status } => eprintln!("  transfer failed: {status}"),
        CallProgress::Ended { how } => eprintln!("  {how}"),
    }
}
