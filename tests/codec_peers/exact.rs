//! Codecs that leave no choice: every bit is as another implementation has it.
//!
//! The test signal for G.722 has speech-like sound, steps to full scale, silence and noise, so that every limiter
//! and every quantiser level is met.

use attendant::base::Frame;
use attendant::codec::{Codec, Decoder, Encoder, Law};

use super::ffmpeg::{NARROW, WIDE, bytes, ffmpeg, samples};

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
    let theirs = ffmpeg(&WIDE, &G722, bytes(&sound));
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
    let theirs = samples(&ffmpeg(&G722[..2], &WIDE, coded));
    assert!(theirs.len() >= ours.len(), "{} and {}", theirs.len(), ours.len());
    assert_eq!(first_difference(&ours, &theirs), None);
}

const LAWS: [(Law, Codec, &str); 2] =
    [(Law::Mu, Codec::Pcmu, "mulaw"), (Law::A, Codec::Pcma, "alaw")];

/// ffmpeg takes the nearest value, and the recommendation's own decision values lie elsewhere where the step
/// changes, and belong to the smaller of two where a sample is negative: there alone the two may differ.
#[test]
fn g711_encodes_every_sample_as_another_implementation() {
    let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
    for (law, _, name) in LAWS {
        let ours: Vec<u8> = all.iter().map(|&sample| law.encode(sample)).collect();
        let theirs = ffmpeg(&NARROW, &["-f", name, "-ar", "8000"], bytes(&all));
        assert_eq!(ours.len(), theirs.len());
        let mut values: Vec<i16> = (0..=255).map(|code| law.decode(code)).collect();
        values.sort_unstable();
        values.dedup();
        let mut differing = 0;
        for ((&sample, &ours), &theirs) in all.iter().zip(&ours).zip(&theirs) {
            let (a, b) = (law.decode(ours), law.decode(theirs));
            if a == b {
                continue;
            }
            differing += 1;
            let place = |value| values.binary_search(&value).unwrap();
            assert_eq!(place(a).abs_diff(place(b)), 1, "{name} {sample}: {a} and {b}");
            assert!((a.min(b)..=a.max(b)).contains(&sample), "{name} {sample}: {a} and {b}");
        }
        assert!(differing < 1000, "{name}: {differing}");
    }
}

#[test]
fn g711_decodes_every_code_as_another_implementation() {
    let all: Vec<u8> = (0..=255).collect();
    for (law, codec, name) in LAWS {
        let ours: Vec<i16> = all.iter().map(|&code| law.decode(code)).collect();
        let theirs = samples(&ffmpeg(&["-f", name, "-ar", "8000"], &NARROW, all.clone()));
        assert_eq!(first_difference(&ours, &theirs), None, "{name}");
        // And so does the codec as a whole: every other of its samples at 16 kHz is one of these.
        let mut wide = [0; 512];
        assert_eq!(Decoder::new(codec).decode(&all, &mut wide), 512);
        let delay = 11;
        let whole: Vec<i16> = wide.iter().copied().step_by(2).skip(delay + 1).collect();
        assert_eq!(first_difference(&whole, &theirs), None, "{name}");
    }
}

#[test]
fn l16_is_the_bytes_of_another_implementation() {
    let sound = sound();
    let mut coded = vec![0; 2 * sound.len()];
    assert_eq!(Encoder::new(Codec::L16).encode(&sound, &mut coded), coded.len());
    assert_eq!(coded, ffmpeg(&WIDE, &["-f", "s16be"], bytes(&sound)));
    let mut decoded = vec![0; sound.len()];
    assert_eq!(Decoder::new(Codec::L16).decode(&coded, &mut decoded), sound.len());
    assert_eq!(first_difference(&decoded, &sound), None);
    // At 8 kHz it is what G.711 is made of.
    let (mut narrow, mut law) = (vec![0; sound.len()], vec![0; sound.len() / 2]);
    Encoder::new(Codec::L16Narrow).encode(&sound, &mut narrow);
    Encoder::new(Codec::Pcma).encode(&sound, &mut law);
    let pairs = narrow.as_chunks().0.iter().zip(&law);
    assert!(pairs.clone().all(|(two, code)| Law::A.encode(i16::from_be_bytes(*two)) == *code));
    assert_eq!(pairs.len(), sound.len() / 2);
}
