//! `attendant bench speech`: how well callers are understood, and how soon.

mod facts;
mod heard;
pub(super) mod line;
mod report;
mod said;
mod said_spanish;
mod speakers;
pub(super) mod words;
mod words_spanish;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::super::progress::Step;
use super::{Failure, outside, spoken_language, tape};
use crate::base::{Dice, Expect, Language};
use crate::engines::models::{self, ModelPaths, Set};
use crate::engines::stt::{MoonshineModel, WhisperModel};
use crate::speech::{Recognizer, Vad};

use facts::Reading;
use heard::{Heard, hear};
use line::{Condition, Through, send};
use report::Report;
use said::{Fact, Truth};
use speakers::{Person, Speaker};

/// Says sentences and facts to the recogniser over a telephone line, and measures what it makes of them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  attendant bench speech
  attendant bench speech --language es-US --speaker 'kokoro alex=python3 kokoro.py --voice em_alex --language es-419 {}'
  attendant bench speech --human ~/.cache/attendant/bench/human --sentences 10 --facts 3
  attendant bench speech --speaker 'pico=python3 pico.py {}' --control 'python3 hear.py --engine moonshine-tiny -'

It needs three other voices: flite, festival and espeak-ng are in the Debian archive; in Spanish only espeak-ng is.")]
pub(in crate::cli) struct Arguments {
    /// The language that is spoken
    #[arg(long, value_name = "TAG", default_value = "en-US", value_parser = spoken_language)]
    language: Language,
    /// Sentences that each speaker says
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    sentences: usize,
    /// Facts of each of the four kinds that each speaker says
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    facts: usize,
    /// What chooses the words, the noise and the packets that get lost
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// A folder with Debian's recordings of a person (`make corpus`)
    #[arg(long, value_name = "DIR")]
    human: Option<PathBuf>,
    /// Another speaker: a program that reads a text and writes a WAV file at {}; may be repeated
    #[arg(long, value_name = "NAME=COMMAND", value_parser = Speaker::parse)]
    speaker: Vec<Speaker>,
    /// Another recogniser, to compare with: a program that reads names of WAV files and writes a line of JSON for each
    #[arg(long, value_name = "COMMAND")]
    control: Option<String>,
    /// Where what was spoken is kept for the next time
    #[arg(long, value_name = "DIR")]
    spoken: Option<PathBuf>,
    /// Where the figures go
    #[arg(long, value_name = "DIR", default_value = "var/bench")]
    dir: PathBuf,
}

/// One thing that is said, with its sound.
struct Utterance {
    speaker: String,
    words: String,
    expect: Expect,
    sound: Vec<f64>,
    /// Which fact it tells, and whether it is the second time.
    fact: Option<(usize, bool)>,
}

/// Everything that is said.
struct Corpus {
    utterances: Vec<Utterance>,
    facts: Vec<(String, Fact)>,
    directory: Vec<(String, String)>,
    /// Where what was spoken is kept.
    kept: Option<PathBuf>,
    language: Language,
}

/// Fewer speakers say nothing of speech in general.
const SPEAKERS: usize = 3;

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let now = jiff::Zoned::now();
    let folder = arguments.dir.join(now.strftime("speech-%Y-%m-%dT%H-%M-%S").to_string());
    std::fs::create_dir_all(&folder)?;
    let language = arguments.language;
    let mut sets = vec![Set::Embedded, Set::of(language)];
    sets.dedup();
    let paths = models::ensure_sets(&models::default_dir(), &sets, models::Progress::Shown)?;
    let corpus = corpus(arguments, now.date())?;
    let before = resident_mb();
    let mut recognizer = recognizer(&paths, language)?;
    let mut report = Report::new("embedded", language);
    let mut control = arguments.control.as_ref().map(|_| Report::new("control", language));
    for condition in Condition::ALL {
        let step = Step::begin(condition.name());
        let through = lines(&corpus, condition, arguments.seed);
        let heard = through
            .iter()
            .zip(&corpus.utterances)
            .map(|(through, said)| one(recognizer.as_mut(), said, through))
            .collect::<Result<Vec<_>, _>>()?;
        judge(&mut report, &corpus, condition, &heard, now.date());
        if let (Some(report), Some(command)) = (&mut control, &arguments.control) {
            let heard = other(command, &through)?;
            judge(report, &corpus, condition, &heard, now.date());
        }
        step.done("line", condition.name());
    }
    report.memory_mb = resident_mb() - before;
    let reports: Vec<_> = [Some(report), control].into_iter().flatten().collect();
    reports.iter().for_each(|report| print!("{}", report.in_words()));
    std::fs::write(folder.join("speech.json"), serde_json::to_string_pretty(&reports)?)?;
    println!("\nLeft in {}: speech.json, with every text that was misheard", folder.display());
    Ok(ExitCode::SUCCESS)
}

fn recognizer(paths: &ModelPaths, language: Language) -> Result<Box<dyn Recognizer>, Failure> {
    Ok(match WhisperModel::hears(language) {
        true => WhisperModel::load(paths)?.recognizer(),
        false => MoonshineModel::load(paths)?.recognizer(),
    })
}

fn corpus(arguments: &Arguments, today: jiff::civil::Date) -> Result<Corpus, Failure> {
    let step = Step::begin("speaking the corpus");
    let mut dice = Dice::new(arguments.seed);
    let language = arguments.language;
    let directory = said::directory(&mut dice, today, language);
    let kept = arguments.spoken.clone();
    let mut corpus =
        Corpus { utterances: Vec::new(), facts: Vec::new(), directory, kept, language };
    let (mut speakers, missing) = Speaker::installed(language);
    speakers.extend(arguments.speaker.iter().cloned());
    if speakers.len() < SPEAKERS {
        return Err(format!(
            "only {} voices are here; install {}",
            speakers.len(),
            missing.join(", ")
        )
        .into());
    }
    for speaker in &speakers {
        for text in said::sentences(&mut dice, arguments.sentences, language) {
            corpus.say(speaker, &text.words, text.expect, None)?;
        }
        for fact in said::facts(&mut dice, arguments.facts, &corpus.directory.clone(), language) {
            let (n, expect) = (corpus.facts.len(), fact.truth.expect());
            corpus.say(speaker, &fact.first, expect, Some((n, false)))?;
            corpus.say(speaker, &fact.again, expect, Some((n, true)))?;
            corpus.facts.push((speaker.name.clone(), fact));
        }
    }
    let mut people = String::new();
    if let Some(folder) = &arguments.human {
        human(&mut corpus, &Person::read(folder, language)?, arguments, &mut dice)?;
        people = " and a person".into();
    }
    let missing = if missing.is_empty() {
        String::new()
    } else {
        format!("; not here: {}", missing.join(", "))
    };
    step.done(
        "corpus",
        &format!(
            "{} utterances of {} voices{people}{missing}",
            corpus.utterances.len(),
            speakers.len()
        ),
    );
    Ok(corpus)
}

impl Corpus {
    fn say(
        &mut self,
        speaker: &Speaker,
        words: &str,
        expect: Expect,
        fact: Option<(usize, bool)>,
    ) -> Result<(), Failure> {
        let sound = tape::trimmed(&speaker.speak(words, self.kept.as_deref())?).to_vec();
        if sound.is_empty() {
            return Err(format!("{} made no sound of {words:?}", speaker.name).into());
        }
        let (speaker, words) = (speaker.name.clone(), words.to_owned());
        self.utterances.push(Utterance { speaker, words, expect, sound, fact });
        Ok(())
    }
}

/// A person's sentences, and dates of birth and phone numbers joined from the person's single words.
fn human(
    corpus: &mut Corpus,
    person: &Person,
    arguments: &Arguments,
    dice: &mut Dice,
) -> Result<(), Failure> {
    let speaker = || "a person".to_owned();
    for (words, sound) in person.sentences(2 * arguments.sentences)? {
        let sound = tape::trimmed(&sound).to_vec();
        let expect = Expect::Anything;
        corpus.utterances.push(Utterance { speaker: speaker(), words, expect, sound, fact: None });
    }
    for fact in said::facts(dice, 2 * arguments.facts, &corpus.directory.clone(), corpus.language) {
        let Some((words, files)) = report::recordings(&fact.truth, corpus.language) else {
            continue;
        };
        let (n, expect) = (corpus.facts.len(), fact.truth.expect());
        // Joined words have no melody; the second time they come more slowly.
        for (again, pause) in [(false, 60), (true, 160)] {
            let (sound, words) = (person.joined(&files, pause)?, words.clone());
            corpus.utterances.push(Utterance {
                speaker: speaker(),
                words,
                expect,
                sound,
                fact: Some((n, again)),
            });
        }
        corpus.facts.push((speaker(), fact));
    }
    Ok(())
}

fn lines(corpus: &Corpus, condition: Condition, seed: u64) -> Vec<Through> {
    let others: Vec<_> =
        corpus.utterances.iter().step_by(7).map(|said| said.sound.clone()).collect();
    let sound = |(n, said): (usize, &Utterance)| {
        send(&said.sound, condition, &others, seed ^ (n as u64) << 8)
    };
    corpus.utterances.iter().enumerate().map(sound).collect()
}

fn one(
    recognizer: &mut dyn Recognizer,
    said: &Utterance,
    through: &Through,
) -> Result<Heard, Failure> {
    hear(recognizer, said.expect, &through.frames, &mut Vad::new())
}

fn judge(
    report: &mut Report,
    corpus: &Corpus,
    condition: Condition,
    heard: &[Heard],
    today: jiff::civil::Date,
) {
    let mut readings: BTreeMap<(usize, bool), Reading> = BTreeMap::new();
    for (said, heard) in corpus.utterances.iter().zip(heard) {
        report.heard(condition, &said.speaker, &said.words, heard);
        if let Some((n, again)) = said.fact {
            let reading = facts::read(
                &corpus.facts[n].1,
                &heard.text,
                &corpus.directory,
                corpus.language,
                today,
            );
            readings.insert((n, again), reading);
        }
    }
    for (n, (_, fact)) in corpus.facts.iter().enumerate() {
        let reading = |again| readings.get(&(n, again)).copied().unwrap_or(Reading::Unsure);
        report.fact(condition, fact.truth.kind(), reading(false), reading(true));
    }
}

/// Lets another recogniser hear the same sound; its own processor time is what it tells.
fn other(command: &str, through: &[Through]) -> Result<Vec<Heard>, Failure> {
    let sounds: Vec<_> = through.iter().map(|through| through.narrow.clone()).collect();
    let heard = outside::hear(command, &sounds)?;
    let put = |((text, cpu), through): ((String, Duration), &Through)| {
        let speech = Duration::from_millis(20 * through.frames.len() as u64);
        Heard { text, latency: cpu, cpu, speech }
    };
    Ok(heard.into_iter().zip(through).map(put).collect())
}

/// Resident memory of this process, in MB.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default()
        / 1024.0
}

/// Words of a fact that a person's single recordings hold, for [`report::recordings`].
fn digits_of(truth: &Truth) -> Option<&str> {
    match truth {
        Truth::Phone(digits) | Truth::MemberId(digits) => Some(digits),
        Truth::Birth(_) | Truth::Name(_) => None,
    }
}
