//! Our codecs beside another implementation of the same recommendation: `ffmpeg`, which `make` installs.
//!
//! G.722 has to agree in every bit. The test signal has speech-like sound, steps to full scale,
//! silence and noise, so that every limiter and every quantiser level is met.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::io::Write;
use std::process::{Command, Stdio};

use attendant::base::Frame;
use attendant::codec::{Codec, Decoder, Encoder};

/// Feeds `input` to ffmpeg and returns what it makes of it.
fn ffmpeg(from: &[&str], to: &[&str], input: Vec<u8>) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(from)
        .args(["-i", "pipe:0"])
        .args(to)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg, which `make setup` installs");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

const PCM: [&str; 6] = ["-f", "s16le", "-ar", "16000", "-ac", "1"];
const G722: [&str; 6] = ["-f", "g722", "-ar", "16000", "-ac", "1"];

fn sound() -> Vec<i16> {
    let mut noise = 99_u32;
    (0..160_000)
        .map(|i| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = f64::from(noise >> 16) / 65_536.0 - 0.5;
            let t = f64::from(i) / 16_000.0;
            let wave = |hertz: f64| (std::f64::consts::TAU * hertz * t).sin();
            let value = match i / 16_000 {
                0 => 0.0,
                1 => 60_000.0 * hiss,
                2 => 32_767.0 * wave(50.0).signum(),
                3 => 32_767.0 * wave(3_000.0 + 1_000.0 * wave(2.0)),
                4 => 30.0 * wave(440.0),
                5 => 20_000.0 * wave(5_500.0),
                second => {
                    let voice: f64 =
                        (1..30).map(|k| wave(117.0 * f64::from(k)) / f64::from(k)).sum();
                    4_000.0 * f64::from(second) * wave(4.0).max(0.0) * voice + 500.0 * hiss
                }
            };
            value.clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn encode(samples: &[i16]) -> Vec<u8> {
    let mut encoder = Encoder::new(Codec::G722);
    let mut coded = Vec::new();
    for chunk in samples.chunks_exact(Frame::SAMPLES) {
        let mut payload = [0; Frame::SAMPLES / 2];
        assert_eq!(encoder.encode(chunk, &mut payload), payload.len());
        coded.extend(payload);
    }
    coded
}

fn decode(coded: &[u8]) -> Vec<i16> {
    let mut decoder = Decoder::new(Codec::G722);
    let mut samples = Vec::new();
    for payload in coded.chunks_exact(Frame::SAMPLES / 2) {
        let mut frame = Frame::SILENCE;
        decoder.decode(payload, &mut frame.0);
        samples.extend(frame.0);
    }
    samples
}

fn first_difference<T: PartialEq + std::fmt::Debug>(ours: &[T], theirs: &[T]) -> Option<String> {
    let at = ours.iter().zip(theirs).position(|(a, b)| a != b)?;
    let differing = ours.iter().zip(theirs).filter(|(a, b)| a != b).count();
    Some(format!("{differing} differ, first at {at}: {:?} and {:?}", ours[at], theirs[at]))
}

#[test]
fn g722_encodes_to_the_bytes_of_another_implementation() {
    let sound = sound();
    let ours = encode(&sound);
    let theirs = ffmpeg(&PCM, &G722, bytes(&sound));
    assert!(theirs.len() >= ours.len(), "{} and {}", theirs.len(), ours.len());
    assert_eq!(first_difference(&ours, &theirs), None);
}

#[test]
fn g722_decodes_to_the_samples_of_another_implementation() {
    let mut coded = encode(&sound());
    // And bytes that no encoder makes.
    let mut state = 5_u32;
    coded.extend((0..16_000).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    }));
    let ours = decode(&coded);
    let theirs = ffmpeg(&G722[..2], &PCM, coded);
    let theirs: Vec<i16> =
        theirs.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect();
    assert!(theirs.len() >= ours.len(), "{} and {}", theirs.len(), ours.len());
    assert_eq!(first_difference(&ours, &theirs), None);
}
