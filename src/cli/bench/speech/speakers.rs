//! Who speaks: synthesisers of other people's making, and recordings of a person.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::tape;
use super::Failure;
use crate::base::Language;

/// A synthesiser: a program that reads a text and writes a WAV file.
#[derive(Clone, Debug)]
pub(super) struct Speaker {
    pub(super) name: String,
    program: String,
    /// `{}` stands for the file to write.
    arguments: Vec<String>,
}

/// Those of the Debian archive: name, program, arguments. The text comes on standard input.
const DEBIAN: &[(&str, &str, &str)] = &[
    ("flite slt", "flite", "-voice slt --setf duration_stretch=1.1 -f /dev/stdin -o {}"),
    ("flite rms", "flite", "-voice rms -f /dev/stdin -o {}"),
    ("flite awb", "flite", "-voice awb -f /dev/stdin -o {}"),
    ("festival slt", "text2wave", "-o {} -eval (voice_cmu_us_slt_arctic_hts)"),
    ("espeak-ng", "espeak-ng", "-v en-us -s 150 -w {} --stdin"),
];

/// Those of them that speak Spanish.
const SPANISH: &[(&str, &str, &str)] = &[
    ("espeak-ng", "espeak-ng", "-v es-419 -s 150 -w {} --stdin"),
    ("espeak-ng woman", "espeak-ng", "-v es-419+f3 -s 140 -w {} --stdin"),
];

impl Speaker {
    /// Returns those of Debian that are installed, and the programs that are missing.
    pub(super) fn installed(language: Language) -> (Vec<Self>, Vec<&'static str>) {
        let there = |program: &str| {
            let found = Command::new(program).arg("--version").stdin(Stdio::null()).output();
            !found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        let known = if language.primary() == "es" { SPANISH } else { DEBIAN };
        let (here, missing): (Vec<_>, Vec<_>) =
            known.iter().partition(|(_, program, _)| there(program));
        let speaker =
            |(name, program, arguments): &&(&str, &str, &str)| Self::new(name, program, arguments);
        (
            here.iter().map(speaker).collect(),
            missing.iter().map(|(_, program, _)| *program).collect(),
        )
    }

    /// Reads `name=program arguments`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, command)| {
            let (program, arguments) = command.split_once(' ')?;
            arguments.contains("{}").then(|| Self::new(name, program, arguments))
        });
        parts.ok_or_else(|| {
            format!("{text:?} is not `name=program arguments`, with {{}} for the file to write")
        })
    }

    fn new(name: &str, program: &str, arguments: &str) -> Self {
        let arguments = arguments.split_whitespace().map(str::to_owned).collect();
        Self { name: name.to_owned(), program: program.to_owned(), arguments }
    }

    /// Speaks, and returns the sound at 8 kHz. What is kept in a folder is not spoken again.
    pub(super) fn speak(&self, text: &str, kept: Option<&Path>) -> Result<Vec<f64>, Failure> {
        let temporary = tempfile::tempdir()?;
        let folder = kept.unwrap_or(temporary.path());
        fs::create_dir_all(folder)?;
        let file = folder.join(self.file_name(text));
        if !file.exists() {
            // Under another name until it is whole.
            let part = folder.join(format!("{}.part.wav", std::process::id()));
            self.write(text, &part)?;
            fs::rename(part, &file)?;
        }
        tape::read_narrow(&file)
    }

    fn write(&self, text: &str, file: &Path) -> Result<(), Failure> {
        let arguments = self.arguments.iter().map(|a| a.replace("{}", &file.to_string_lossy()));
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.program))?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("{} ended with {status} on {text:?}", self.program).into());
        }
        Ok(())
    }

    /// The same for the same words of the same program.
    fn file_name(&self, text: &str) -> String {
        let all = format!("{} {} {text}", self.program, self.arguments.join(" "));
        // FNV-1a: it need not be secret, only the same tomorrow.
        let hash = all.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let name: String =
            self.name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        format!("{name}-{hash:016x}.wav")
    }
}

/// A person: sound files with what is said in them.
pub(super) struct Person {
    folder: PathBuf,
    said: Vec<(String, String)>,
}

impl Person {
    /// Reads Debian's prompts: a folder with `core-sounds-en.txt`, or `-es`, and the files that it names.
    pub(super) fn read(folder: &Path, language: Language) -> Result<Self, Failure> {
        let list = folder.join(format!("core-sounds-{}.txt", language.primary()));
        let text = fs::read_to_string(&list).map_err(|error| {
            format!(
                "{}: {error}; `make corpus` fetches Debian's recordings of a person",
                list.display()
            )
        })?;
        let said = text
            .lines()
            .filter_map(prompt)
            .filter(|(file, _)| folder.join(format!("{file}.wav")).exists());
        Ok(Self { folder: folder.to_owned(), said: said.collect() })
    }

    /// Returns whole sentences: what is said, and the sound at 8 kHz.
    pub(super) fn sentences(&self, count: usize) -> Result<Vec<(String, Vec<f64>)>, Failure> {
        let words = |text: &str| text.split_whitespace().count();
        let long = self.said.iter().filter(|(_, text)| (4..=25).contains(&words(text)));
        let every = (long.clone().count() / count.max(1)).max(1);
        let chosen = long.step_by(every).take(count);
        chosen.map(|(file, text)| Ok((text.clone(), self.sound(file)?))).collect()
    }

    /// Returns recordings of single words one after another, with pauses as in dictation.
    pub(super) fn joined(&self, files: &[String], pause_ms: usize) -> Result<Vec<f64>, Failure> {
        let mut sound = Vec::new();
        for file in files {
            sound.extend(tape::trimmed(&self.sound(file)?));
            sound.extend(std::iter::repeat_n(0.0, pause_ms * 8));
        }
        Ok(sound)
    }

    fn sound(&self, file: &str) -> Result<Vec<f64>, Failure> {
        tape::read_narrow(&self.folder.join(format!("{file}.wav")))
    }
}

/// Reads `file: what is said`; sounds and remarks stand in brackets.
fn prompt(line: &str) -> Option<(String, String)> {
    let (file, text) = line.split_once(':')?;
    let plain =
        !line.starts_with(';') && !text.contains(['[', '(', '<']) && !text.trim().is_empty();
    plain.then(|| (file.trim().to_owned(), text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_and_speakers_are_read_as_they_are_written() {
        assert_eq!(
            prompt("auth-thankyou: Thank you."),
            Some(("auth-thankyou".into(), "Thank you.".into()))
        );
        assert_eq!(prompt("beep: [this is a simple beep tone]"), None);
        assert_eq!(prompt("; a remark: yes"), None);
        let speaker = Speaker::parse("pico=python3 pico.py {}").unwrap();
        assert_eq!((speaker.name.as_str(), speaker.arguments.len()), ("pico", 2));
        assert!(Speaker::parse("pico=python3 pico.py").is_err());
    }
}
