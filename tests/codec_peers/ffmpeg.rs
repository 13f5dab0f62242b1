//! One run of ffmpeg: bytes in, bytes out.

use std::io::Write;
use std::process::{Command, Stdio};

/// Samples at 16 kHz as they are.
pub(crate) const WIDE: [&str; 6] = ["-f", "s16le", "-ar", "16000", "-ac", "1"];
/// Samples at 8 kHz as they are.
pub(crate) const NARROW: [&str; 6] = ["-f", "s16le", "-ar", "8000", "-ac", "1"];

/// Feeds `input` to ffmpeg and returns what it makes of it.
pub(crate) fn ffmpeg(from: &[&str], to: &[&str], input: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(from)
        .args(["-i", "pipe:0"])
        .args(to)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ffmpeg, which `make setup` installs");
    let mut stdin = child.stdin.take().unwrap();
    // What it does not take it refuses in words, below.
    let writer = std::thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

pub(crate) fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

pub(crate) fn samples(bytes: &[u8]) -> Vec<i16> {
    bytes.as_chunks().0.iter().map(|two| i16::from_le_bytes(*two)).collect()
}
