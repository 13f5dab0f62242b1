//! What the gateway keeps of a call as sound, opened by `age` and read by FFmpeg: both sides, side by side, nothing
//! before the caller knew, nothing of a card's number, nothing at all after a no.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod interop;
mod machine;
mod recording_stage;

use std::path::PathBuf;
use std::time::Duration;

use gateway_stage::quiet::Quiet;
use gateway_stage::wire::{Peer, status};
use gateway_stage::{Folder, NODE, NUMBER, PLAN, PROFILE, alone, wait_until};
use recording_stage::{
    Caller, Keys, Opened, holds, key, key_tones, pause, read_wav, recordings, share, tone,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the voice of tones makes of a `z`, 60 ms each; no other word of the agent's is as long at it.
const Z: f64 = 720.0;
const NOTICE: &str = "zzzzzzzzzzzzzzzz";
const CARD: &str = "4111111111111111";

/// A gateway's folder whose calls are recorded to two keys.
fn folder(keys: [&Keys; 2]) -> Folder {
    let folder = Folder::trunk();
    let [practice, escrow] = keys.map(|keys| &keys.public);
    folder.append(
        NODE,
        &format!(
            "[recording]\nkey = \"{practice}\"\nescrow-key = \"{escrow}\"\nkeep-free-mb = 1\n\
             notice = {{ en-US = \"{NOTICE}\" }}\n"
        ),
    );
    folder.change(PLAN, "language = \"en-US\"", "language = \"en-US\"\nrecording = \"on\"");
    folder
}

fn directory(folder: &Folder) -> PathBuf {
    folder.config_data().join("recordings")
}

/// Waits until the caller has heard the notice.
fn hears_the_notice(caller: &Caller) {
    let heard = wait_until(PATIENCE, || holds(&caller.heard(), Z, 8000, 400));
    assert!(heard, "the notice was not heard in {} s", caller.heard().len() / 8000);
}

/// Waits for the call's one recording.
fn kept(folder: &Folder) -> PathBuf {
    let directory = directory(folder);
    assert!(wait_until(PATIENCE, || !recordings(&directory, false).is_empty()));
    recordings(&directory, false).remove(0)
}

fn row(sound: &std::path::Path) -> serde_json::Value {
    let path = sound.to_str().unwrap().replace(".wav.age", ".json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// How much later the caller's side is than the agent's, in ms, when the caller sends back what it hears; and how alike
/// the two are then, 0 to 1.
fn distance(opened: &Opened) -> (usize, f64) {
    let per_ms = opened.hertz as usize / 1000;
    let (left, right) = (&opened.left, &opened.right);
    let alike = |late: usize| {
        let pairs = || right.iter().zip(&left[late * per_ms..]);
        let dot = |f: fn(f64, f64) -> f64| -> f64 {
            pairs().map(|(r, l)| f(f64::from(*r), f64::from(*l))).sum()
        };
        dot(|r, l| r * l) / (dot(|r, _| r * r) * dot(|_, l| l * l)).sqrt()
    };
    let all = (0..300).map(|late| (late, alike(late)));
    all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

#[test]
fn both_sides_are_kept_from_the_notice_on_and_opened_by_age() {
    interop::require("age", "age");
    interop::require("ffmpeg", "ffmpeg");
    let _alone = alone();
    let (practice, escrow, stranger) = (Keys::new(), Keys::new(), Keys::new());
    let folder = folder([&practice, &escrow]);
    let gateway = Quiet::start(&folder);
    let caller = Caller::start();
    let peer = Peer::new(folder.sip);
    let (answer, mut dialog) = peer.invite(NUMBER, &caller.media());
    assert_eq!(status(&answer), 200, "{answer}");
    hears_the_notice(&caller);
    caller.mirror(true);
    std::thread::sleep(Duration::from_secs(6));
    peer.bye(&mut dialog);
    assert!(gateway.is_empty_within(PATIENCE));

    let sound = kept(&folder);
    let (wav, whole) = practice.open(&sound);
    assert!(whole);
    assert_eq!(escrow.open(&sound), (wav.clone(), true), "the escrow key opens the same");
    assert_eq!(stranger.open(&sound), (Vec::new(), false));
    let opened = read_wav(&wav);
    let seconds = opened.right.len() as f64 / 8000.0;
    println!("{seconds:.2} s at {} Hz, {} bytes", opened.hertz, sound.metadata().unwrap().len());
    assert_eq!(opened.hertz, 8000);
    assert!((4.0..20.0).contains(&seconds), "{seconds}");
    // Nothing from before the caller knew: of sixty letters 400 ms would be found.
    assert!(!holds(&opened.right, Z, 8000, 200) && !holds(&opened.left, Z, 8000, 200));
    let (late, alike) = distance(&opened);
    println!("the caller's side is {late} ms later, alike to {alike:.3}");
    assert!((5..200).contains(&late) && alike > 0.8, "{late} ms, {alike}");
    let row = row(&sound);
    println!("{row}");
    assert_eq!((&row["complete"], &row["pauses"]), (&true.into(), &serde_json::json!([])));
    assert!((row["seconds"].as_f64().unwrap() - seconds).abs() < 0.03);
}

#[test]
fn a_card_s_tones_are_in_no_recording() {
    interop::require("age", "age");
    let _alone = alone();
    let (practice, escrow) = (Keys::new(), Keys::new());
    let folder = folder([&practice, &escrow]);
    folder.change(PROFILE, "[limits]", "[media]\ndtmf = \"inband\"\n\n[limits]");
    let gateway = Quiet::start(&folder);
    let caller = Caller::start();
    let peer = Peer::new(folder.sip);
    let (_, mut dialog) = peer.invite(NUMBER, &caller.media());
    hears_the_notice(&caller);
    caller.say(pause(1500));
    caller.say(tone(1000.0, 400).chain(pause(600)));
    for digit in CARD.chars() {
        caller.say(key(digit));
        caller.say(pause(100));
    }
    // Long enough for the silence after a number to end: half a minute.
    caller.say(pause(32_000));
    caller.say(tone(1800.0, 400).chain(pause(600)));
    assert!(wait_until(PATIENCE * 3, || caller.is_silent()));
    peer.bye(&mut dialog);
    assert!(gateway.is_empty_within(PATIENCE));
    let sound = kept(&folder);
    let (wav, whole) = practice.open(&sound);
    assert!(whole);
    let opened = read_wav(&wav);
    let pressed = |digit| {
        let (low, high) = key_tones(digit);
        let window = |part: &[i16]| share(part, low, 8000) > 0.2 && share(part, high, 8000) > 0.2;
        opened.left.windows(320).step_by(80).filter(|part| window(part)).count()
    };
    assert_eq!(("0123456789".chars().map(pressed).sum::<usize>()), 0, "tones of keys are heard");
    // What was said before and after is there.
    assert!(holds(&opened.left, 1000.0, 8000, 200), "what came before the number is lost");
    assert!(holds(&opened.left, 1800.0, 8000, 200), "what came after the number is lost");
    let row = row(&sound);
    println!("{row}");
    let pauses = row["pauses"].as_array().unwrap();
    assert_eq!((pauses.len(), &pauses[0]["why"]), (1, &"card".into()));
    assert_eq!(bytes_below(&folder.config_data(), CARD), 0, "the number is in a file");
}

/// How many files below a folder hold these bytes.
fn bytes_below(folder: &std::path::Path, text: &str) -> usize {
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found += bytes_below(&path, text);
        } else if let Ok(bytes) = std::fs::read(&path) {
            found += usize::from(bytes.windows(text.len()).any(|part| part == text.as_bytes()));
        }
    }
    found
}
