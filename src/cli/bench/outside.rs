//! Recognisers that are not ours: a program that reads names of WAV files on standard input, and writes a line of JSON
//! for each, with `text` and `seconds` of processor time.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Failure, tape};

/// Lets such a program hear sounds at 8 kHz; returns words and processor time, in their order.
pub(super) fn hear(command: &str, sounds: &[Vec<i16>]) -> Result<Vec<(String, Duration)>, Failure> {
    let folder = tempfile::tempdir()?;
    let mut names = String::new();
    for (n, sound) in sounds.iter().enumerate() {
        let file = folder.path().join(format!("{n:05}.wav"));
        tape::write_mono(&file, sound)?;
        names.push_str(&format!("{}\n", file.display()));
    }
    let mut words = command.split_whitespace();
    let program = words.next().ok_or("no program is named that hears")?;
    let mut child =
        Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().ok_or("it takes no input")?;
    // It answers while it still reads: a thread of its own keeps either pipe from filling.
    let feeding = std::thread::spawn(move || input.write_all(names.as_bytes()));
    let said = child.wait_with_output()?;
    feeding.join().map_err(|_| format!("{program} could not be fed"))??;
    if !said.status.success() {
        return Err(format!("{program} ended with {}", said.status).into());
    }
    let text = String::from_utf8_lossy(&said.stdout);
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if lines.len() != sounds.len() {
        return Err(format!("{program} answered {} of {} files", lines.len(), sounds.len()).into());
    }
    let heard = |line: &Value| {
        let seconds = line["seconds"].as_f64().unwrap_or_default();
        let text = line["text"].as_str().unwrap_or_default().to_owned();
        (text, Duration::from_secs_f64(seconds))
    };
    Ok(lines.iter().map(heard).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_is_taken_line_by_line() {
        let script = tempfile::NamedTempFile::new().unwrap();
        let body = "while read name; do echo \"{\\\"text\\\": \\\"$(wc -c < $name)\\\", \\\"seconds\\\": 0.5}\"; done";
        std::fs::write(script.path(), body).unwrap();
        let command = format!("sh {}", script.path().display());
        let heard = hear(&command, &[vec![0; 100], vec![0; 200]]).unwrap();
        // 44 bytes of head, two a sample.
        assert_eq!(heard.map_texts(), ["244", "444"]);
        assert!(hear("false", &[vec![0; 10]]).is_err());
        std::fs::write(script.path(), "cat > /dev/null").unwrap();
        assert!(hear(&command, &[vec![0; 10]]).unwrap_err().to_string().contains("0 of 1"));
    }

    trait Texts {
        fn map_texts(self) -> Vec<String>;
    }

    impl Texts for Vec<(String, Duration)> {
        fn map_texts(self) -> Vec<String> {
            self.into_iter().map(|(text, _)| text).collect()
        }
    }
}
