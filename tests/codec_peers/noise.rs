//! Comfort noise: what ffmpeg describes is heard as it was, and what we describe is so heard by ffmpeg.

use std::f64::consts::TAU;

use attendant::base::Decibel;
use attendant::codec::{NOISE_PAYLOAD, NoiseLikeness, NoiseListener, NoiseMaker};

use super::ffmpeg::{WIDE, bytes, ffmpeg, samples};

/// ffmpeg describes this much at once: 80 ms.
const THEIRS: usize = 640;

/// Ten seconds of noise that falls by 6 dB an octave above 400 Hz, at 16 kHz.
fn room() -> Vec<i16> {
    let (mut dice, mut low) = (3_u32, 0.0);
    (0..160_000)
        .map(|_| {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            low += 0.15 * (f64::from(dice >> 8) / 8_388_608.0 - 1.0 - low);
            (1500.0 * low) as i16
        })
        .collect()
}

fn level(sound: &[i16]) -> f64 {
    let energy: f64 = sound.iter().map(|&s| f64::from(s).powi(2)).sum();
    10.0 * (energy / sound.len() as f64 / 32_768.0_f64.powi(2)).log10()
}

/// Power in dB in bands of 250 Hz from 250 to 3,250 Hz, of sound at 16 kHz.
fn bands(sound: &[i16]) -> Vec<f64> {
    let power = |hertz: f64| -> f64 {
        let lines = sound.chunks_exact(640).map(|piece| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, &sample) in piece.iter().enumerate() {
                let window = 1.0 - (TAU * i as f64 / 640.0).cos();
                let phase = TAU * hertz * i as f64 / 16e3;
                re += window * f64::from(sample) * phase.cos();
                im += window * f64::from(sample) * phase.sin();
            }
            re * re + im * im
        });
        lines.sum()
    };
    let band =
        |n: usize| (0..5).map(|line| power((250 * n + 50 * line) as f64 + 25.0)).sum::<f64>();
    (1..13).map(|n| 10.0 * band(n).log10()).collect()
}

/// How much louder one noise is than the other, and how far their colours are apart in dB a band.
fn distance(a: &[i16], b: &[i16]) -> (f64, f64) {
    let apart: Vec<f64> = bands(a).iter().zip(bands(b)).map(|(a, b)| a - b).collect();
    let mean = apart.iter().sum::<f64>() / apart.len() as f64;
    let squares: f64 = apart.iter().map(|it| (it - mean).powi(2)).sum();
    (level(a) - level(b), (squares / apart.len() as f64).sqrt())
}

fn made(payloads: impl Iterator<Item = Vec<u8>>, each: usize) -> Vec<i16> {
    let (mut maker, mut sound) = (NoiseMaker::default(), Vec::new());
    for payload in payloads {
        maker.be(&NoiseLikeness::parse(&payload).unwrap());
        let mut out = vec![0; each];
        maker.fill(&mut out);
        sound.extend(out);
    }
    sound
}

#[test]
fn what_another_implementation_describes_is_heard_as_it_was() {
    let room = room();
    let described = ["-map", "0:a", "-ar", "8000", "-c:a", "comfortnoise", "-f", "data"];
    let payloads = ffmpeg(&WIDE, &described, bytes(&room));
    assert_eq!(payloads.len() % NOISE_PAYLOAD, 0);
    assert!(payloads.len() / NOISE_PAYLOAD > 100);
    let each = || payloads.chunks_exact(NOISE_PAYLOAD).map(<[u8]>::to_vec);
    let (loudness, apart) = distance(&made(each(), 2 * THEIRS), &room);
    println!("{loudness:.1} dB louder, {apart:.1} dB a band");
    // What is above 4 kHz is not described.
    assert!(loudness.abs() < 2.0 && apart < 1.5, "{loudness:.1} dB louder, {apart:.1} dB a band");
    // The control: a decoder that reads the level and no colour.
    let (_, colourless) = distance(&made(each().map(|it| it[..1].to_vec()), 2 * THEIRS), &room);
    assert!(colourless > 3.0, "{colourless:.1} dB a band");
}

#[test]
fn what_we_describe_is_heard_by_another_implementation() {
    let room = room();
    let mut listener = NoiseListener::default();
    room.chunks_exact(320).for_each(|frame| listener.hear(frame));
    let mut ours = [127; NOISE_PAYLOAD];
    assert!(listener.likeness().write(&mut ours) > 5);
    // Its wrapping is ffmpeg's own; our description takes the place of each of those within.
    let to = ["-map", "0:a", "-ar", "8000", "-c:a", "comfortnoise", "-f"];
    let theirs = ffmpeg(&WIDE, &[&to[..], &["data"]].concat(), bytes(&room));
    let mut wrapped = ffmpeg(&WIDE, &[&to[..], &["nut"]].concat(), bytes(&room));
    let their_own = samples(&ffmpeg(&["-f", "nut"], &WIDE, wrapped.clone()));
    for payload in theirs.chunks_exact(NOISE_PAYLOAD) {
        let at = wrapped.windows(NOISE_PAYLOAD).position(|it| it == payload).unwrap();
        wrapped[at..at + NOISE_PAYLOAD].copy_from_slice(&ours);
    }
    let heard = samples(&ffmpeg(&["-f", "nut"], &WIDE, wrapped.clone()));
    let (_, apart) = distance(&heard, &room);
    // It makes noise 6 dB quieter than it says, of its own description too.
    let (loudness, _) = distance(&heard, &their_own);
    println!("{loudness:.1} dB louder, {apart:.1} dB a band");
    assert!(loudness.abs() < 1.5 && apart < 1.5, "{loudness:.1} dB louder, {apart:.1} dB a band");
    // The control: white noise as loud.
    let mut white = [127; NOISE_PAYLOAD];
    NoiseLikeness::white(Decibel(level(&room) as f32)).write(&mut white);
    while let Some(at) = wrapped.windows(NOISE_PAYLOAD).position(|it| it == ours) {
        wrapped[at..at + NOISE_PAYLOAD].copy_from_slice(&white);
    }
    let (_, apart) = distance(&samples(&ffmpeg(&["-f", "nut"], &WIDE, wrapped)), &room);
    assert!(apart > 3.0, "{apart:.1} dB a band");
}
