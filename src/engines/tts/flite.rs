//! Flite, a small synthesiser from the Debian archive: a second voice, for the scripted caller of
//! demonstrations and tests. It is a program of its own, run once a text.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::ops::ControlFlow;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use rustix::fs::{MemfdFlags, memfd_create};

use crate::speech::{Manner, Voice, VoiceError};

/// The program's name; Debian's package has the same.
const PROGRAM: &str = "flite";
/// How much the sink gets at a time: 16 kHz × 0.1 s.
const PIECE: usize = 1_600;
/// How long it may think; a long sentence takes 0.1 s.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked after.
const LOOK: Duration = Duration::from_millis(2);

/// Who speaks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FliteVoice {
    /// A US woman.
    #[default]
    Slt,
    /// A US man.
    Rms,
    /// A Scottish man.
    Awb,
    /// A US man, an older kind of voice.
    Kal16,
}

impl FliteVoice {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Slt, Self::Rms, Self::Awb, Self::Kal16];

    fn name(self) -> &'static str {
        match self {
            Self::Slt => "slt",
            Self::Rms => "rms",
            Self::Awb => "awb",
            Self::Kal16 => "kal16",
        }
    }
}

impl fmt::Display for FliteVoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why flite cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum FliteError {
    /// The program is not there.
    #[error("flite is not installed; install it with `apt-get install flite`")]
    NotInstalled,
    /// The program is there and does not run.
    #[error("flite cannot be run: {0}")]
    CannotRun(io::Error),
}

/// Speaks through flite.
#[derive(Clone, Debug)]
pub struct Flite {
    voice: FliteVoice,
    /// How much longer than usual each sound is.
    stretch: f32,
}

impl Flite {
    /// Checks that flite is there. `stretch` makes it slower (above 1) or faster; it is kept
    /// between 0.5 and 2.
    ///
    /// # Errors
    /// When it is not installed or does not run.
    pub fn new(voice: FliteVoice, stretch: f32) -> Result<Self, FliteError> {
        Self::with_program(PROGRAM, voice, stretch)
    }

    fn with_program(program: &str, voice: FliteVoice, stretch: f32) -> Result<Self, FliteError> {
        let mut list = Command::new(program);
        list.arg("-lv").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match list.spawn().and_then(wait) {
            Ok(_) => Ok(Self { voice, stretch: stretch.clamp(0.5, 2.0) }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(FliteError::NotInstalled),
            Err(e) => Err(FliteError::CannotRun(e)),
        }
    }

    fn synthesise(&self, text: &str) -> Result<Vec<i16>, String> {
        let (status, written) = self.run(PROGRAM, text).map_err(|e| e.to_string())?;
        if !status.success() {
            return Err(format!("it ended with {status}"));
        }
        parse_wav(&written)
    }

    /// Runs a program as flite is run; returns how it ended and what it wrote.
    ///
    /// Text and sound go through memory that has no name in any folder: what is said is nobody else's, and a file
    /// would stay where a process is killed. Not as an argument, which could be read as an option and stands in the
    /// process list; not by a pipe, for flite goes back in what it writes.
    fn run(&self, program: &str, text: &str) -> io::Result<(ExitStatus, Vec<u8>)> {
        let mut spoken = memory("text")?;
        spoken.write_all(text.replace('\0', " ").as_bytes())?;
        spoken.rewind()?;
        let mut sound = memory("sound")?;
        let child = Command::new(program)
            .args(["-voice", self.voice.name(), "--setf"])
            .arg(format!("duration_stretch={}", self.stretch))
            .args(["-f", "/proc/self/fd/0", "-o", "/proc/self/fd/1"])
            .stdin(spoken)
            .stdout(sound.try_clone()?)
            .stderr(Stdio::null())
            .spawn()?;
        let status = wait(child)?;
        let mut written = Vec::new();
        sound.rewind()?;
        sound.read_to_end(&mut written)?;
        Ok((status, written))
    }
}

/// Returns a file that is nowhere but in memory, and gone when it is closed.
fn memory(name: &str) -> io::Result<File> {
    Ok(memfd_create(name, MemfdFlags::CLOEXEC)?.into())
}

/// Waits for a child, and ends it when it takes longer than [`PATIENCE`].
fn wait(mut child: Child) -> io::Result<ExitStatus> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > deadline {
            child.kill()?;
            return child.wait();
        }
        thread::sleep(LOOK);
    }
}

/// Returns the samples of a WAV file as flite writes it: 16 bits, mono, 16 kHz.
fn parse_wav(bytes: &[u8]) -> Result<Vec<i16>, String> {
    let u16_at = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let u32_at = |at: usize| Some(u32::from(u16_at(at)?) | u32::from(u16_at(at + 2)?) << 16);
    let (format, channels, rate, bits) = (u16_at(20), u16_at(22), u32_at(24), u16_at(34));
    let data = bytes.get(36..40) == Some(b"data") && bytes.len() >= 44;
    if bytes.get(8..16) != Some(b"WAVEfmt ") || !data {
        return Err("it did not write a WAV file".to_owned());
    }
    if (format, channels, rate, bits) != (Some(1), Some(1), Some(16_000), Some(16)) {
        return Err(format!("it wrote {rate:?} Hz, {channels:?} channels, {bits:?} bits"));
    }
    let samples = bytes.get(44..).unwrap_or_default();
    Ok(samples.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect())
}

impl Voice for Flite {
    fn speak(
        &mut self,
        text: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        if text.trim().is_empty() {
            return Ok(());
        }
        let samples = self
            .synthesise(text)
            .map_err(|what| VoiceError::Failed { what: format!("flite: {what}") })?;
        for piece in samples.chunks(PIECE) {
            if sink(piece).is_break() {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told_with_what_to_install() {
        let error = Flite::with_program("flite-that-is-not", FliteVoice::Slt, 1.0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "flite is not installed; install it with `apt-get install flite`"
        );
    }

    #[test]
    fn what_is_said_stands_in_no_folder_and_in_no_process_list() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("listener");
        // It writes where its text and its sound are, how it was called, and the text.
        let lines =
            "#!/bin/sh\nreadlink /proc/self/fd/0\nreadlink /proc/$$/fd/1\necho \"$@\"\ncat\n";
        std::fs::write(&script, lines).unwrap();
        let flite = Flite { voice: FliteVoice::Slt, stretch: 1.0 };
        let sh = format!("exec sh {} \"$@\"", script.display());
        std::fs::write(folder.path().join("run"), format!("#!/bin/sh\n{sh}\n")).unwrap();
        let run = folder.path().join("run");
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        std::fs::set_permissions(&run, executable).unwrap();
        let (status, written) = flite.run(run.to_str().unwrap(), "Maria Lopez").unwrap();
        let written = String::from_utf8(written).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        assert!(status.success());
        assert!(lines[0].starts_with("/memfd:") && lines[1].starts_with("/memfd:"), "{lines:?}");
        assert!(lines[2].contains("-f /proc/self/fd/0") && !lines[2].contains("Maria"));
        assert_eq!(lines[3..], ["Maria Lopez"]);
    }

    #[test]
    fn what_is_no_wav_file_is_an_error_and_no_panic() {
        let mut wav = b"RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x04\0\0\0\x01\0\xff\xff".to_vec();
        assert_eq!(parse_wav(&wav), Ok(vec![1, -1]));
        for length in 0..44 {
            assert!(parse_wav(&wav[..length]).is_err(), "{length}");
        }
        wav[24] = 0x40;
        assert!(parse_wav(&wav).unwrap_err().contains("Hz"));
    }
}
