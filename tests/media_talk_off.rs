//! Speech and music are no digits: a quarter of an hour of several synthetic voices, and of music, over G.711, the way
//! a leg hears them. Rendered by flite, espeak-ng and sox when the test first runs.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, Purpose, RtpTime, SeqNo};
use attendant::codec::Codec;
use attendant::media::{LegParams, MediaSession, SessionEvent};
use attendant::rtp::{Header, Packet, Ssrc};

const CALLER: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);
/// Letters of text for each voice: well over a minute.
const LETTERS: usize = 1_600;

/// Runs a tool that the tests need, and says what it was.
fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error} (see `make setup`)"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

/// Prose, numbers, addresses and abbreviations, such as a manual has. Each voice reads another part.
fn text(part: usize) -> String {
    let all = include_str!("data/talk-off.txt");
    let text = all.split("\n\n").nth(part).expect("a part for each voice");
    let text = format!("My date of birth is March ninth, nineteen eighty four. {text}");
    assert!(text.len() >= LETTERS, "{part}: {}", text.len());
    text.replace('\n', " ")
}

/// One test at a time renders, and the other finds it done.
static RENDERING: Mutex<()> = Mutex::new(());

/// In the place of the file that is rendered.
const FILE: &str = "FILE";

/// What a program renders as µ-law. It is kept by all that it depends on.
fn rendered(name: &str, program: &str, arguments: &[&str]) -> Vec<u8> {
    const LAW: [&str; 9] = ["-t", "ul", "-r", "8000", "-c", "1", "gain", "-n", "-3"];
    let _alone = RENDERING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("talk-off");
    std::fs::create_dir_all(&folder).unwrap();
    let mut depends = DefaultHasher::new();
    (program, arguments, LAW).hash(&mut depends);
    let name = format!("{name}-{:016x}", depends.finish());
    let (law, wav) = (folder.join(format!("{name}.ul")), folder.join(format!("{name}.wav")));
    if !law.exists() {
        let wav = wav.to_str().unwrap();
        let arguments: Vec<_> =
            arguments.iter().map(|it| if *it == FILE { wav } else { *it }).collect();
        run(program, &arguments);
        let whole = folder.join(format!("{name}-{}.part", std::process::id()));
        let (format, effects) = LAW.split_at(6);
        run("sox", &[&[wav], format, &[whole.to_str().unwrap()], effects].concat());
        std::fs::rename(&whole, &law).unwrap();
        std::fs::remove_file(wav).unwrap();
    }
    std::fs::read(law).unwrap()
}

/// Reads a part aloud.
fn flite(part: usize, voice: &str) -> (String, Vec<u8>) {
    let name = format!("flite-{voice}");
    let sound = rendered(&name, "flite", &["-voice", voice, "-t", &text(part), "-o", FILE]);
    (name, sound)
}

fn espeak(part: usize, voice: &str) -> (String, Vec<u8>) {
    let name = format!("espeak-{voice}");
    let arguments = ["-v", voice, "-s", "150", "-w", FILE, &text(part)];
    let sound = rendered(&name, "espeak-ng", &arguments);
    (name, sound)
}

fn voices() -> Vec<(String, Vec<u8>)> {
    let by_flite = ["kal", "kal16", "awb", "rms", "slt"].into_iter().enumerate();
    let by_espeak = ["en-us", "en-us+f3", "en-gb+m5", "en-us+croak", "es", "es+f2"];
    let by_espeak = by_espeak.into_iter().enumerate().map(|(n, voice)| espeak(5 + n, voice));
    by_flite.map(|(n, voice)| flite(n, voice)).chain(by_espeak).collect()
}

fn music() -> Vec<(String, Vec<u8>)> {
    // Not F5 with E6: that is a 2, 1.3 % off, whoever plays it.
    let notes = ["A3", "C4", "E4", "G4", "B4", "D5", "A5", "E5"];
    notes
        .iter()
        .enumerate()
        .map(|(n, note)| {
            let name = format!("music-{note}");
            let other = notes[(n + 3) % notes.len()];
            // A plucked chord and a whistle over it, again and again, each time a little otherwise.
            let synth = ["-n", "-r", "8000", "-c", "1", FILE, "synth", "1.5"];
            let chord = ["pluck", note, "pluck", other, "sine", "%5-%17"];
            let rest = ["remix", "-", "tremolo", "6", "40", "repeat", "19"];
            let all: Vec<_> = synth.iter().chain(&chord).chain(&rest).copied().collect();
            let sound = rendered(&name, "sox", &all);
            (name, sound)
        })
        .collect()
}

/// What a leg hears of µ-law: digits, frames, and how many of them were taken for digits.
fn heard(sound: &[u8], in_band_digits: bool) -> (String, usize, usize) {
    let from = SocketAddr::from(CALLER);
    let params = LegParams { in_band_digits, ..LegParams::new(Codec::Pcmu, 0, from) };
    let start = Instant::now();
    let mut session = MediaSession::new(start, params, &mut Dice::new(1));
    let (mut digits, mut frames, mut silent) = (String::new(), 0, 0);
    let mut out = [0; 200];
    for (number, payload) in sound.chunks_exact(160).enumerate() {
        let now = start + Duration::from_millis(20 * number as u64);
        let header = Header {
            payload_type: 0,
            marker: false,
            seq: SeqNo(number as u16),
            time: RtpTime(160 * number as u32),
            ssrc: Ssrc(1),
        };
        let length = Packet { header, payload }.write(&mut out).unwrap();
        session.receive(now, &out[..length], from);
        session.tick(now, None);
        while session.poll_packet(&mut out).is_some() {}
        while let Some(heard) = session.poll_heard(now) {
            frames += 1;
            silent += usize::from(heard.frame == Frame::SILENCE);
        }
        while let Some(event) = session.poll_event() {
            if let SessionEvent::Digit(digit, _) = event {
                digits.push(*digit.reveal(Purpose::Comparison));
            }
        }
    }
    (digits, frames, silent)
}

#[test]
fn neither_speech_nor_music_presses_a_key() {
    let (mut minutes, mut blanked) = (0.0, 0);
    for (name, sound) in voices().into_iter().chain(music()) {
        let (digits, frames, silent) = heard(&sound, true);
        assert_eq!(digits, "", "{name}");
        assert!(frames > 1000, "{name}: {frames} frames");
        let (_, _, silent_anyway) = heard(&sound, false);
        // A word is longer: nothing that is said is lost.
        assert!(silent - silent_anyway <= 5, "{name}: {} blanked", silent - silent_anyway);
        blanked += silent - silent_anyway;
        minutes += frames as f64 / 3000.0;
    }
    println!("{minutes:.0} minutes, 0 digits, {blanked} frames taken for tones");
    assert!(minutes > 15.0, "{minutes}");
}

/// The control: digits keyed between the same words are found, every one.
#[test]
fn digits_keyed_between_words_are_found() {
    let keys = "0123456789*#ABCD";
    let (_, speech) = flite(1, "kal16");
    let mut sound = Vec::new();
    let mut keyed = String::new();
    for (number, words) in speech.chunks(4_000).take(100).enumerate() {
        sound.extend(words);
        let key = keys.as_bytes()[number % 16] as char;
        keyed.push(key);
        sound.extend(tone(key));
    }
    assert_eq!(heard(&sound, true).0, keyed);
    assert_eq!(heard(&sound, false).0, "");
}

/// A digit as another leg presses it, 100 ms and its pause, in µ-law.
fn tone(digit: char) -> Vec<u8> {
    let start = Instant::now();
    let params = LegParams {
        in_band_digits: true,
        ..LegParams::new(Codec::Pcmu, 0, SocketAddr::from(CALLER))
    };
    let mut session = MediaSession::new(start, params, &mut Dice::new(1));
    assert!(session.press(digit));
    let (mut sound, mut out) = (Vec::new(), [0; 200]);
    for tick in 0..8 {
        session.tick(start + Duration::from_millis(20 * tick), None);
        while let Some(length) = session.poll_packet(&mut out) {
            sound.extend(Packet::parse(&out[..length]).unwrap().payload);
        }
    }
    sound
}
