//! `attendant bench listen`: whether the agent's own voice is understood, by an engine that is not ours.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Args;

use super::super::progress::Step;
use super::speech::line::{Condition, send};
use super::speech::words::Errors;
use super::{Failure, outside, tape};
use crate::engines::models;
use crate::engines::tts::HibariModel;
use crate::speech::{Manner, Voice};

/// Says the agent's own sentences over a telephone line, and lets another engine write down what it hears.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  attendant bench listen --prompts prompts.txt --hear 'python3 hear.py --engine whisper-base --models DIR -'

`make listen` collects the sentences, fetches the other engine and does it. sox draws the spectrograms.")]
pub(in crate::cli) struct Arguments {
    /// A file with a sentence a line
    #[arg(long, value_name = "FILE")]
    prompts: PathBuf,
    /// The engine that listens: a program that reads names of WAV files and writes a line of JSON for each
    #[arg(long, value_name = "COMMAND")]
    hear: String,
    /// Where sound, spectrograms and texts go
    #[arg(long, value_name = "DIR", default_value = "var/bench")]
    dir: PathBuf,
}

/// How many words of a hundred must be heard as they were said.
const AIMED: f64 = 97.0;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let now = jiff::Zoned::now().strftime("listen-%Y-%m-%dT%H-%M-%S").to_string();
    let folder = arguments.dir.join(now);
    std::fs::create_dir_all(&folder)?;
    let text = std::fs::read_to_string(&arguments.prompts)
        .map_err(|error| format!("{}: {error}", arguments.prompts.display()))?;
    let prompts: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if prompts.is_empty() {
        return Err(format!("{} holds no sentence", arguments.prompts.display()).into());
    }
    let paths = models::ensure(&models::default_dir(), models::Progress::Shown)?;
    let mut voice = HibariModel::load(&paths)?.voice();
    let step = Step::begin("speaking");
    let mut sounds = Vec::new();
    for (n, prompt) in prompts.iter().enumerate() {
        let sound = spoken(voice.as_mut(), prompt)?;
        let narrow = send(&tape::resampled(&sound, 16_000), Condition::Clean, &[], 1).narrow;
        tape::write_mono(&folder.join(format!("{n:03}.wav")), &narrow)?;
        sounds.push(narrow);
    }
    step.done("spoken", &format!("{} sentences", prompts.len()));
    let pictures = draw(&folder, prompts.len());
    let step = Step::begin("listening");
    let heard = outside::hear(&arguments.hear, &sounds)?;
    step.done("heard", &arguments.hear);
    let (mut all, mut misheard) = (Errors::default(), String::new());
    let mut texts = String::new();
    for (n, (prompt, (heard, _))) in prompts.iter().zip(&heard).enumerate() {
        let errors = Errors::between(prompt, heard);
        all.add(errors);
        let _ = writeln!(
            texts,
            "{n:03}.wav\n  said   {prompt}\n  heard  {heard}\n  wrong  {} of {}",
            errors.wrong, errors.words
        );
        if errors.wrong > 0 {
            let _ = writeln!(
                misheard,
                "  {n:03}  {} of {}  {prompt}\n       heard    {heard}",
                errors.wrong, errors.words
            );
        }
    }
    std::fs::write(folder.join("heard.txt"), texts)?;
    let right = 100.0 - all.percent();
    let verdict = if right >= AIMED { "met" } else { "MISSED" };
    println!("\nNot heard as said:\n{misheard}");
    println!("{right:.1} % of {} words right, of {AIMED} % {verdict}; {pictures}", all.words);
    println!("Left in {}: heard.txt, sound and spectrograms", folder.display());
    Ok(if right >= AIMED { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn spoken(voice: &mut dyn Voice, text: &str) -> Result<Vec<f64>, Failure> {
    let mut sound = Vec::new();
    voice.speak(text, Manner::default(), &mut |piece| {
        sound.extend(piece.iter().map(|sample| f64::from(*sample) / 32_768.0));
        ControlFlow::Continue(())
    })?;
    Ok(sound)
}

/// Draws a spectrogram of each; says how many came of it.
fn draw(folder: &std::path::Path, count: usize) -> String {
    let draw = |n: &usize| {
        let mut sox = Command::new("sox");
        sox.current_dir(folder)
            .arg(format!("{n:03}.wav"))
            .args(["-n", "spectrogram", "-o"])
            .arg(format!("{n:03}.png"));
        sox.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    match (0..count).filter(draw).count() {
        0 => "no spectrograms: sox is not installed".to_owned(),
        drawn => format!("{drawn} spectrograms"),
    }
}
