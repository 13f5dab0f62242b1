//! `attendant bench listen`: whether the agent's own voice is understood, by an engine that is not ours.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use serde_json::json;

use super::super::progress::Step;
use super::speech::line::{Condition, send};
use super::speech::words::Errors;
use super::{Failure, outside, spoken_language, tape};
use crate::agent;
use crate::base::Language;
use crate::config::Recording;
use crate::engines::models::{self, Set};
use crate::engines::tts::EmbeddedVoices;
use crate::speech::{Manner, Voice};

/// Says the agent's own sentences over a telephone line, and lets another engine write down what it hears.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  attendant bench listen --hear 'python3 hear.py --engine whisper-base --models DIR --language {language} -'
  attendant bench listen --language es-US --sentences 20 --hear 'python3 ...'

`make listen` fetches the other engine and does it. sox draws the spectrograms.")]
pub(in crate::cli) struct Arguments {
    /// The engine that listens: a program that reads names of WAV files and writes a line of JSON for each; {language}
    /// becomes `en` or `es`
    #[arg(long, value_name = "COMMAND")]
    hear: String,
    /// A language to speak; may be repeated [default: all that the embedded voices speak]
    #[arg(long, value_name = "TAG", value_parser = spoken_language)]
    language: Vec<Language>,
    /// At most so many sentences of each language, from all over the conversation
    #[arg(long, value_name = "NUMBER", default_value_t = usize::MAX, hide_default_value = true)]
    sentences: usize,
    /// Sentences of your own, one a line, instead of the agent's
    #[arg(long, value_name = "FILE")]
    prompts: Option<PathBuf>,
    /// Where sound, spectrograms and texts go
    #[arg(long, value_name = "DIR", default_value = "var/bench")]
    dir: PathBuf,
}

/// The silence of the line before and after a sentence, as in a call: 0.3 s at 16 kHz.
const PAUSE: usize = 4800;
/// How many words of a hundred must be heard as they were said.
const AIMED: f64 = 97.0;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let now = jiff::Zoned::now();
    let run = arguments.dir.join(now.strftime("listen-%Y-%m-%dT%H-%M-%S").to_string());
    let languages: Vec<Language> = match arguments.language.as_slice() {
        [] => Language::EMBEDDED.to_vec(),
        some => some.to_vec(),
    };
    let mut sets = vec![Set::Embedded];
    sets.extend(languages.iter().map(|language| Set::of(*language)));
    sets.dedup();
    let paths = models::ensure_sets(&models::default_dir(), &sets, models::Progress::Shown)?;
    let spanish = sets.contains(&Set::Spanish).then_some(&paths);
    let mut voice = EmbeddedVoices::load(&paths, spanish)?.voice();
    let (mut words, mut figures, mut missed) = (String::new(), Vec::new(), false);
    for language in languages {
        let folder = run.join(language.tag());
        std::fs::create_dir_all(&folder)?;
        let prompts = prompts(arguments, language, now.date())?;
        let all = one_language(arguments, language, &prompts, voice.as_mut(), &folder)?;
        let right = 100.0 - all.percent();
        missed |= right < AIMED;
        let verdict = if right < AIMED { "MISSED" } else { "met" };
        let count = prompts.len();
        let _ = writeln!(
            words,
            "{language}: {right:.1} % of {} words in {count} sentences heard as said, of {AIMED} % {verdict}",
            all.words
        );
        figures.push(json!({
            "language": language.tag(), "sentences": count, "words": all.words, "wrong": all.wrong,
            "intelligible_percent": right, "aimed_percent": AIMED,
        }));
    }
    std::fs::write(run.join("listen.json"), serde_json::to_string_pretty(&figures)?)?;
    println!(
        "\n{words}Left in {}: listen.json, and heard.txt, sound and spectrograms of each language",
        run.display()
    );
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is said: the agent's sentences and the notice that a call is recorded, or those of a file.
fn prompts(
    arguments: &Arguments,
    language: Language,
    today: jiff::civil::Date,
) -> Result<Vec<String>, Failure> {
    let mut prompts: Vec<String> = match &arguments.prompts {
        None => {
            let mut all = agent::sentences(language, today);
            all.push(Recording::own_notice(language).to_owned());
            all
        }
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        }
    };
    if prompts.is_empty() {
        return Err("there is no sentence to say".into());
    }
    let total = prompts.len();
    if arguments.sentences < total {
        let kept =
            (0..arguments.sentences).map(|n| prompts[n * total / arguments.sentences].clone());
        prompts = kept.collect();
    }
    Ok(prompts)
}

/// Speaks, draws and listens; says what was misheard, and returns how much.
fn one_language(
    arguments: &Arguments,
    language: Language,
    prompts: &[String],
    voice: &mut dyn Voice,
    folder: &Path,
) -> Result<Errors, Failure> {
    let step = Step::begin("speaking");
    let mut sounds = Vec::new();
    for (n, prompt) in prompts.iter().enumerate() {
        let mut sound = vec![0.0; PAUSE];
        sound.extend(spoken(voice, prompt, language)?);
        sound.extend([0.0; PAUSE]);
        let narrow = send(&tape::resampled(&sound, 16_000), Condition::Clean, &[], 1).narrow;
        tape::write_mono(&folder.join(format!("{n:03}.wav")), &narrow)?;
        sounds.push(narrow);
    }
    let pictures = draw(folder, prompts.len());
    step.done("spoken", &format!("{language}, {} sentences; {pictures}", prompts.len()));
    let step = Step::begin("listening");
    let command = arguments.hear.replace("{language}", language.primary());
    let heard = outside::hear(&command, &sounds)?;
    step.done("heard", &command);
    let mut all = Errors::default();
    let (mut misheard, mut texts) = (String::new(), String::new());
    for (n, (prompt, (heard, _))) in prompts.iter().zip(&heard).enumerate() {
        let errors = Errors::between(prompt, heard, language);
        all.add(errors);
        let Errors { wrong, words } = errors;
        let _ = writeln!(
            texts,
            "{n:03}.wav  {wrong} of {words} wrong\n  said   {prompt}\n  heard  {heard}"
        );
        if wrong > 0 {
            let _ = writeln!(
                misheard,
                "  {n:03}  {wrong} of {words}  {prompt}\n       heard    {heard}"
            );
        }
    }
    std::fs::write(folder.join("heard.txt"), texts)?;
    println!("\n{language}, not heard as said:\n{misheard}");
    Ok(all)
}

/// A sentence as a call hears it: part by part, each of them written for a reader and made words by the voice.
fn spoken(voice: &mut dyn Voice, text: &str, language: Language) -> Result<Vec<f64>, Failure> {
    let mut sound = Vec::new();
    let manner = Manner::from(language);
    for part in voice.parts(text, manner) {
        voice.speak(&part, manner, &mut |piece| {
            sound.extend(piece.iter().map(|sample| f64::from(*sample) / 32_768.0));
            ControlFlow::Continue(())
        })?;
    }
    Ok(sound)
}

/// Draws a spectrogram of each; says how many came of it.
fn draw(folder: &Path, count: usize) -> String {
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
