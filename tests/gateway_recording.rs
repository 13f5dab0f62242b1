//! What the gateway keeps of a call as sound, opened by `age` and read by FFmpeg: both sides, side by side, nothing
//! before the caller knew, nothing of a card's number, nothing at all after a no.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod gateway_stage;
mod interop;
mod machine;
mod recording_stage;

use std::path::PathBuf;
use std::time::Duration;

use attendant::phone::{CallPlan, Line, Talk};
use gateway_stage::program::Program;
use gateway_stage::quiet::Quiet;
use gateway_stage::running::{Inside, Moment};
use gateway_stage::wire::{Peer, status};
use gateway_stage::{Folder, NODE, NUMBER, PLAN, PROFILE, alone, wait_until};
use recording_stage::{
    Caller, Keys, Opened, holds, key, key_tones, pause, read_wav, recordings, share, tone,
};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the voice of tones makes of a `j`: 60 ms, 24 waves, so that many of them are one tone. No word of the agent's
/// has two.
const NOTICE_HERTZ: f64 = 400.0;
const NOTICE: &str = "jjjjjjjjjjjjjjjj";
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
    let heard = wait_until(PATIENCE, || holds(&caller.heard(), NOTICE_HERTZ, 8000, 400));
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

/// For each half second in which the agent spoke: how much later the caller's side is, in ms, when the caller sends back
/// what it hears, and how alike the two are then, 0 to 1.
fn distances(opened: &Opened) -> Vec<(usize, f64)> {
    let per_ms = opened.hertz as usize / 1000;
    let (left, right) = (&opened.left, &opened.right);
    let stretch = 500 * per_ms;
    let power = |part: &[i16]| part.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>();
    let best = |from: usize| {
        let said = &right[from..from + stretch];
        let alike = |late: usize| {
            let heard = &left[from + late * per_ms..][..stretch];
            let dot: f64 = said.iter().zip(heard).map(|(r, l)| f64::from(*r) * f64::from(*l)).sum();
            dot / (power(said) * power(heard)).sqrt().max(1.0)
        };
        let all = (0..300).map(|late| (late, alike(late)));
        all.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
    };
    let ends = right.len().saturating_sub(stretch + 300 * per_ms);
    let spoken = |from: &usize| power(&right[*from..from + stretch]) / stretch as f64 > 1e6;
    (0..ends).step_by(stretch).filter(spoken).map(best).collect()
}

/// Side by side, each at a gateway of its own: what takes time is talking and listening.
#[test]
fn calls_are_recorded_as_they_may_be() {
    for program in ["age", "ffmpeg", "sqlite3"] {
        interop::require(program, program);
    }
    std::thread::scope(|scope| {
        scope.spawn(both_sides_are_kept_from_the_notice_on_and_opened_by_age);
        scope.spawn(a_card_s_tones_are_in_no_recording);
        scope.spawn(a_directory_that_cannot_be_written_costs_the_recording_and_not_the_call);
    });
}

fn both_sides_are_kept_from_the_notice_on_and_opened_by_age() {
    let (practice, escrow, stranger) = (Keys::new(), Keys::new(), Keys::new());
    let folder = folder([&practice, &escrow]);
    let gateway = Quiet::start(&folder);
    let caller = Caller::start();
    let peer = Peer::new(folder.sip);
    let (answer, mut dialog) = peer.invite(NUMBER, &caller.media());
    assert_eq!(status(&answer), 200, "{answer}");
    hears_the_notice(&caller);
    caller.mirror(true);
    std::thread::sleep(Duration::from_secs(5));
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
    assert!(
        !holds(&opened.right, NOTICE_HERTZ, 8000, 200)
            && !holds(&opened.left, NOTICE_HERTZ, 8000, 200)
    );
    let found = distances(&opened);
    println!("the caller's side is so much later, and so alike: {found:.2?}");
    // Whoever compiles beside it holds packets up now and then; sides that have nothing to do with each other are alike to
    // 0.3 at most.
    let beside = found.iter().filter(|(late, alike)| *late < 200 && *alike > 0.9).count();
    assert!(found.len() >= 3 && 2 * beside > found.len(), "{found:.2?}");
    let row = row(&sound);
    println!("{row}");
    assert_eq!((&row["complete"], &row["pauses"]), (&true.into(), &serde_json::json!([])));
    assert!((row["seconds"].as_f64().unwrap() - seconds).abs() < 0.03);
    let (said, name) = (stored(&folder), sound.file_name().unwrap().to_str().unwrap());
    assert!(said.starts_with("given|") && said.ends_with(&format!("{name}|1")), "{said}");
}

fn a_card_s_tones_are_in_no_recording() {
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
    // What was said before is there; what follows a whole number at once may be its date and security code.
    assert!(holds(&opened.left, 1000.0, 8000, 200), "what came before the number is lost");
    assert!(!holds(&opened.left, 1800.0, 8000, 200), "what follows the number is kept");
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

/// What the call's row says of its recording: consent, file, whole.
fn stored(folder: &Folder) -> String {
    let book = folder.config_data().join("book.db");
    let query = "select ifnull(consent,'-'), ifnull(recording,'-'), ifnull(recording_complete,'-') from calls";
    let said = std::process::Command::new("sqlite3").arg(book).arg(query).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

fn a_directory_that_cannot_be_written_costs_the_recording_and_not_the_call() {
    let (practice, escrow) = (Keys::new(), Keys::new());
    let folder = folder([&practice, &escrow]);
    folder.append(NODE, "directory = \"a-file/recordings\"");
    std::fs::create_dir_all(folder.config_data()).unwrap();
    std::fs::write(folder.config_data().join("a-file"), "in the way").unwrap();
    let gateway = Quiet::start(&folder);
    let caller = Caller::start();
    let peer = Peer::new(folder.sip);
    let (_, mut dialog) = peer.invite(NUMBER, &caller.media());
    hears_the_notice(&caller);
    let before = caller.heard().len();
    std::thread::sleep(Duration::from_secs(2));
    assert!(caller.heard().len() > before + 8000, "the agent fell silent");
    assert_eq!(status(&peer.bye(&mut dialog)), 200);
    assert!(gateway.is_empty_within(PATIENCE));
    assert_eq!(stored(&folder), "given|-|-");
}

#[test]
fn a_killed_process_leaves_what_can_be_opened() {
    interop::require("age", "age");
    let speaks = alone();
    let (practice, escrow) = (Keys::new(), Keys::new());
    let folder = folder([&practice, &escrow]);
    // The real voice says it; the sound of the letters does not matter here.
    folder.change(NODE, NOTICE, "We record.");
    let directory = directory(&folder);
    let mut program = Program::start(&folder);
    let caller = Caller::start();
    let peer = Peer::new(folder.sip);
    let (answer, _dialog) = peer.invite(NUMBER, &caller.media());
    assert_eq!(status(&answer), 200, "{answer}");
    let open = || recordings(&directory, true).first().cloned();
    assert!(wait_until(PATIENCE, || open().is_some()), "{}", program.log());
    // From here on it has little to do: another test may speak.
    drop(speaks);
    // A caller who says something now and then; 15 s are held back, and a chunk is two.
    for _ in 0..12 {
        caller.say(tone(500.0, 300).chain(pause(2200)));
    }
    let size = || open().and_then(|path| path.metadata().ok()).map_or(0, |it| it.len());
    assert!(wait_until(PATIENCE, || size() > 2 * 65_536), "{} bytes: {}", size(), program.log());
    let part = open().unwrap();
    program.signal("KILL");
    program.ended();
    let (wav, whole) = practice.open(&part);
    assert!(!whole && wav.len() >= 2 * 65_536, "{} bytes", wav.len());
    let opened = read_wav(&wav);
    println!("{} s of the killed call can be heard", opened.left.len() / 8000);
    assert!(opened.left.len() >= 2 * 65_536 / 4 - 100);
    drop(program);
    // The next start gives it its name; it needs no models for that.
    let _next = Quiet::start_in(folder.path());
    assert!(wait_until(PATIENCE, || recordings(&directory, false).len() == 1));
    assert_eq!(row(&kept(&folder))["complete"], false);
}

#[test]
fn after_a_no_there_is_no_recording_and_no_word() {
    interop::require("sqlite3", "sqlite3");
    let _alone = alone();
    let (practice, escrow) = (Keys::new(), Keys::new());
    let folder = folder([&practice, &escrow]);
    folder.change(NODE, NOTICE, "This call is recorded.");
    let gateway = Inside::start(&folder);
    let lines =
        vec![Line::new("Please do not record me."), Line::new("Can I talk to a person, please?")];
    let plan = CallPlan {
        target: format!("sip:{NUMBER}@{}", folder.sip),
        talk: Talk { lines, ..Talk::default() },
        ..CallPlan::default()
    };
    let answered = |it: &Moment| matches!(it, Moment::Agent(text) if text.contains("connect"));
    gateway.call_until(plan, answered);
    let moments = gateway.stop();
    println!("{moments:?}");
    let told =
        |it: &Moment| matches!(it, Moment::Agent(text) if text.contains("stopped recording"));
    assert!(moments.iter().any(told), "{moments:?}");
    assert!(moments.iter().any(answered), "the call did not go on: {moments:?}");
    assert!(recordings(&directory(&folder), false).is_empty());
    assert!(recordings(&directory(&folder), true).is_empty());
    assert_eq!(stored(&folder), "denied|-|-");
    assert_eq!(bytes_below(&folder.config_data(), "talk to a person"), 0, "words were kept");
}
