//! What our voices say over a telephone line is what our recogniser hears; with the real models.
#![allow(clippy::unwrap_used, reason = "in a test it is the message")]

mod recognizer_conformance;
mod telephone;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use attendant::base::{Expect, Frame, Hints, Language, Phi, Purpose, TurnId};
use attendant::engines::models::{self, ModelFile, ModelPaths, Progress, Set};
use attendant::engines::stt::{MoonshineModel, WhisperModel, either};
use attendant::engines::tts::{Flite, FliteVoice, HibariModel, KokoroModel};
use attendant::speech::normalise::to_spoken;
use attendant::speech::{HeardFrame, Manner, Transcript, Voice, Work};
use recognizer_conformance::{conforms, next_final};

fn paths() -> &'static ModelPaths {
    static PATHS: OnceLock<ModelPaths> = OnceLock::new();
    PATHS.get_or_init(|| models::ensure(&models::default_dir(), Progress::Shown).unwrap())
}

fn moonshine() -> &'static Arc<MoonshineModel> {
    static MODEL: OnceLock<Arc<MoonshineModel>> = OnceLock::new();
    MODEL.get_or_init(|| MoonshineModel::load(paths()).unwrap())
}

fn hibari() -> Box<dyn Voice> {
    static MODEL: OnceLock<Arc<HibariModel>> = OnceLock::new();
    MODEL.get_or_init(|| HibariModel::load(paths()).unwrap()).voice()
}

fn speak(voice: &mut dyn Voice, text: &str) -> Vec<i16> {
    speak_in(Language::EN_US, voice, text)
}

fn speak_in(language: Language, voice: &mut dyn Voice, text: &str) -> Vec<i16> {
    let mut sound = Vec::new();
    let spoken = voice.speak(text, Manner::from(language), &mut |piece| {
        sound.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    spoken.unwrap();
    sound
}

/// What the media thread makes of a sound on the line: half a second of silence round it.
fn frames(sound: &[i16]) -> Vec<HeardFrame> {
    let silence = vec![0; 25 * Frame::SAMPLES];
    [&silence, &telephone::line(sound)[..], &silence]
        .concat()
        .chunks(Frame::SAMPLES)
        .zip(0..)
        .map(|(samples, tick)| {
            let mut frame = Frame::SILENCE;
            frame.0[..samples.len()].copy_from_slice(samples);
            HeardFrame::new(tick, frame, frame.level() > -45.0)
        })
        .collect()
}

fn hear(sound: &[i16]) -> String {
    hear_with(sound, Hints::default())
}

fn hear_with(sound: &[i16], hints: Hints) -> String {
    let mut recognizer = moonshine().recognizer();
    recognizer.expect(&hints);
    frames(sound).iter().for_each(|heard| recognizer.push(heard).unwrap());
    recognizer.finish(TurnId(1));
    next_final(recognizer.as_mut(), TurnId(1))
}

/// The words as spoken, without case and stops: "9:30" and "nine thirty" are the same.
fn words(text: &str) -> Vec<String> {
    to_spoken(text)
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// How many words were left out, put in or exchanged (Levenshtein).
fn errors(said: &[String], heard: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=heard.len()).collect();
    for (i, word) in said.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, other) in heard.iter().enumerate() {
            let exchanged = corner + usize::from(word != other);
            corner = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(corner + 1);
        }
    }
    row[heard.len()]
}

/// Speaks each line, hears it, and demands its key words and a limit on wrong words in all.
fn check(voice: &mut dyn Voice, lines: &[(&str, &str)], percent: usize) {
    let (mut wrong, mut all) = (0, 0);
    let mut report = String::new();
    for (line, key) in lines {
        let heard = hear(&speak(voice, line));
        let (said, words) = (words(line), words(&heard));
        assert!(words.join(" ").contains(key), "said {line:?}, heard {heard:?}");
        let missed = errors(&said, &words);
        report += &format!("{missed} wrong: {line} | {heard}\n");
        wrong += missed;
        all += said.len();
    }
    println!("{wrong} of {all} words wrong\n{report}");
    assert!(wrong * 100 <= all * percent, "{wrong} of {all} words are wrong:\n{report}");
}

#[test]
fn the_agents_voice_is_understood_over_a_telephone() {
    let lines = [
        ("Thank you for calling Cedar Family Practice. How can I help you today?", "cedar family"),
        ("Thanks, Maria. What is your date of birth?", "date of birth"),
        ("You have an appointment on Thursday, November 26th at 9:30 AM.", "nine thirty a m"),
        ("If this is an emergency, please hang up and call 911 now.", "call nine one one"),
        ("I'm connecting you to a person now. Please stay on the line.", "a person"),
        ("Your phone number is 919-555-0134, is that right?", "nine one nine five five five zero"),
        ("That is S-M-I-T-H, born March 9, 1984.", "march ninth nineteen eighty four"),
        ("The copay is $25.50.", "dollars and fifty cents"),
        ("Sure.", "sure"),
    ];
    check(hibari().as_mut(), &lines, 8);
}

#[test]
fn the_callers_voice_is_understood_over_a_telephone() {
    let lines = [
        (
            "Hi, this is Maria Lopez. My date of birth is March ninth, nineteen eighty four.",
            "lopez",
        ),
        ("I need to move my appointment on Thursday to the next free morning.", "thursday"),
        ("Yes, that's right.", "yes"),
        ("I'd like to talk to a person, please.", "talk to a person"),
        ("I'd like to book a physical with Doctor Patel.", "physical with doctor"),
        ("I'm having chest pain.", "chest pain"),
    ];
    check(&mut Flite::new(FliteVoice::Slt, 1.1).unwrap(), &lines, 6);
}

#[test]
fn other_callers_are_understood_well_enough() {
    let lines = [
        ("I need to move my appointment on Thursday to the next free morning.", "appointment"),
        ("Can I talk to a person, please?", "person"),
        ("I'd like to book a physical with Doctor Patel.", "book a physical"),
    ];
    for voice in [FliteVoice::Rms, FliteVoice::Awb, FliteVoice::Kal16] {
        check(&mut Flite::new(voice, 1.0).unwrap(), &lines, 12);
    }
}

#[test]
fn moonshine_does_what_every_recogniser_must() {
    let speech = frames(&speak(hibari().as_mut(), "I would like to see a doctor."));
    conforms(&mut || moonshine().recognizer(), &speech);
}

#[test]
fn whisper_does_what_every_recogniser_must() {
    let paths = models::ensure_sets(
        &models::default_dir(),
        &[Set::Embedded, Set::Spanish],
        Progress::Shown,
    );
    let whisper = WhisperModel::load(&paths.unwrap()).unwrap();
    // What sounds the same in Spanish.
    let speech = frames(&speak(hibari().as_mut(), "Hola, Maria. Doctor, no."));
    conforms(&mut || whisper.recognizer(), &speech);
}

#[test]
fn who_speaks_spanish_on_a_call_in_english_is_heard() {
    let sets = [Set::Embedded, Set::Spanish];
    let paths = models::ensure_sets(&models::default_dir(), &sets, Progress::Shown).unwrap();
    let whisper = WhisperModel::load(&paths).unwrap();
    let mut spanish = KokoroModel::load(&paths).unwrap().voice();
    let heard = |sound: &[i16]| {
        let mut recognizer = either(moonshine(), &whisper);
        frames(sound).iter().for_each(|heard| recognizer.push(heard).unwrap());
        recognizer.finish(TurnId(1));
        next_final(recognizer.as_mut(), TurnId(1)).to_lowercase()
    };
    for (said, word) in [
        ("No puedo respirar.", "puedo"),
        ("Me duele mucho el pecho.", "pecho"),
        ("Necesito cambiar mi cita, por favor.", "necesito"),
    ] {
        let text = heard(&speak_in(Language::ES_US, spanish.as_mut(), said));
        assert!(text.contains(word), "{said:?} was heard as {text:?}");
    }
    for (said, word) in [("I can't breathe.", "breathe"), ("Maria Lopez, please.", "please")] {
        let text = heard(&speak(hibari().as_mut(), said));
        assert!(text.contains(word), "{said:?} was heard as {text:?}");
    }
}

#[test]
fn a_pause_is_decoded_before_the_turn_is_over() {
    let sound = speak(hibari().as_mut(), "I would like to see a doctor.");
    let mut recognizer = moonshine().recognizer();
    let (mut partial, mut guesses) = (None, Vec::new());
    let speech = frames(&sound);
    let last_voiced = speech.iter().rposition(|heard| heard.voiced).unwrap();
    for (tick, heard) in speech.iter().enumerate() {
        recognizer.push(heard).unwrap();
        if recognizer.due() == Some(Work::Guess) {
            guesses.push(tick);
        }
        if let Some(Transcript::Partial { text }) = recognizer.poll().unwrap() {
            partial = Some(text);
        }
    }
    assert_eq!(guesses, [last_voiced + 9], "180 ms after the last voice");
    // A click while the line waits is no word.
    let click = HeardFrame::new(0, Frame([900; Frame::SAMPLES]), true);
    recognizer.push(&click).unwrap();
    recognizer.finish(TurnId(1));
    assert_eq!(recognizer.due(), None, "there is nothing left to compute");
    let partial = partial.unwrap().reveal(Purpose::Comparison).clone();
    assert_eq!(next_final(recognizer.as_mut(), TurnId(1)), partial);
    assert_eq!(words(&partial), words("I would like to see a doctor"));
}

#[test]
fn what_is_said_is_told_while_it_is_being_said() {
    let line = "Hello, I need to move my appointment on Thursday to the next free morning.";
    let mut recognizer = moonshine().recognizer();
    let mut partials: Vec<(usize, String)> = Vec::new();
    let (mut voiced, mut tried) = (0, None);
    for heard in &frames(&speak(hibari().as_mut(), line)) {
        voiced += usize::from(heard.voiced);
        recognizer.push(heard).unwrap();
        if recognizer.due() == Some(Work::Partial) {
            tried.get_or_insert(voiced);
        }
        if let Some(Transcript::Partial { text }) = recognizer.poll().unwrap() {
            partials.push((voiced, text.reveal(Purpose::Comparison).clone()));
        }
    }
    println!("{partials:#?}");
    let (first, text) = &partials[0];
    assert_eq!(tried, Some(17), "after 340 ms of voice");
    assert!(*first <= 30, "a word within 600 ms: {partials:?}");
    assert!(words(text).contains(&"hello".to_owned()), "{text:?}");
    assert!(partials.len() >= 4, "{partials:?}");
    assert!(partials.windows(2).all(|two| two[0].1 != two[1].1), "each is news: {partials:?}");
    let (_, last) = partials.last().unwrap();
    recognizer.finish(TurnId(1));
    assert_eq!(next_final(recognizer.as_mut(), TurnId(1)), *last);
}

#[test]
fn a_name_of_the_practice_is_believed_where_it_sounds_alike() {
    let doctors = ["Dr. Patel", "Dr. Chen", "Dr. Rahman", "Dr. Okafor"];
    let phrases: Vec<_> = doctors.iter().map(|name| Phi::new((*name).to_owned())).collect();
    let mut wrong = Vec::new();
    for (line, knows, ignorant) in [
        ("I'd like to see Doctor Patel.", "patel", true),
        ("I'd like to see Doctor Rahman.", "rahman", true),
        ("Do you have anything on Thursday at ten?", "ten", false),
        ("My chin hurts, and I have a rash on my arm.", "chin", false),
    ] {
        let sound = speak(hibari().as_mut(), line);
        let without = words(&hear(&sound));
        let with =
            words(&hear_with(&sound, Hints { expect: Expect::Anything, phrases: phrases.clone() }));
        assert!(with.contains(&knows.to_owned()), "{line}: {with:?}");
        assert_eq!(with.len(), without.len(), "no word is lost: {with:?}, {without:?}");
        wrong.extend(ignorant.then(|| !without.contains(&knows.to_owned())));
        if !ignorant {
            assert_eq!(with, without, "nothing of the practice's was said");
        }
    }
    assert!(wrong.contains(&true), "the model alone heard all names: this shows nothing");
}

#[test]
fn noise_without_a_voice_says_nothing() {
    let mut dice = 7_u32;
    let noise: Vec<i16> = (0..48_000)
        .map(|_| {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((dice >> 16) as i16) / 100
        })
        .collect();
    let mut recognizer = moonshine().recognizer();
    // The detector is wrong for 200 ms of it.
    for (n, heard) in frames(&noise).iter().enumerate() {
        recognizer.push(&HeardFrame { voiced: (60..70).contains(&n), ..*heard }).unwrap();
    }
    recognizer.finish(TurnId(1));
    assert_eq!(next_final(recognizer.as_mut(), TurnId(1)), "");
}

/// The recogniser's first answer to these is nothing at all.
#[test]
fn digits_said_one_by_one_are_not_lost() {
    let mut voice = hibari();
    let digits: Vec<Vec<i16>> = "2025550143"
        .chars()
        .map(|digit| {
            let sound = speak(voice.as_mut(), &digit.to_string());
            let loud = |s: &i16| s.unsigned_abs() > 850;
            let (on, off) = (sound.iter().position(loud), sound.iter().rposition(loud));
            sound[on.unwrap().saturating_sub(160)..(off.unwrap() + 320).min(sound.len())].to_vec()
        })
        .collect();
    for gap in [0, 3_200, 6_400] {
        let joined: Vec<i16> =
            digits.iter().flat_map(|digit| [digit.clone(), vec![0; gap]].concat()).collect();
        let heard = words(&hear(&joined));
        assert_eq!(heard, words("two zero two five five five zero one four three"), "gap {gap}");
    }
}

#[test]
fn a_long_story_is_heard_to_its_end() {
    let story = "I hurt my knee two weeks ago when I was running in the park. \
        At first it was only a little sore, and I did not think much of it. \
        Then it got worse every day, and now I can hardly walk up the stairs. \
        My sister told me to put ice on it, which helped for an hour or so. \
        On Monday I went to the pharmacy and asked for something against the pain. \
        They gave me a cream that I use in the morning and before I go to bed. \
        I also have trouble with my back, but that is an old story. \
        Please call me back tomorrow afternoon.";
    let sound = speak(hibari().as_mut(), story);
    assert!(sound.len() > 26 * 16_000, "{} s", sound.len() / 16_000);
    let (said, heard) = (words(story), words(&hear(&sound)));
    assert!(errors(&said, &heard) * 20 <= said.len(), "{heard:?}");
}

#[test]
fn each_sentence_is_given_away_when_it_is_ready_and_not_after_a_break() {
    let mut pieces = 0;
    let mut count = |_: &[i16]| {
        pieces += 1;
        if pieces == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    hibari().speak("One. Two. Three. Four.", Manner::default(), &mut count).unwrap();
    assert_eq!(pieces, 2);
    for nothing in ["", " \n", "...", "☎", "[]()"] {
        assert!(speak(hibari().as_mut(), nothing).is_empty(), "{nothing:?}");
    }
}

#[test]
fn no_text_is_too_odd_to_be_spoken() {
    use proptest::prelude::*;
    let voice = std::cell::RefCell::new(hibari());
    let texts = prop_oneof!["\\PC{0,16}", "[a-zA-Z0-9 '.,$%&/()é-]{0,20}", "[A-Z]{1,6}('s|ing)?"];
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() };
    proptest!(config, |(text in texts)| {
        let spoken = voice.borrow_mut().speak(&text, Manner::default(), &mut |_| ControlFlow::Break(()));
        prop_assert!(spoken.is_ok(), "{text:?}: {spoken:?}");
    });
}

#[test]
fn a_damaged_model_is_refused_when_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    // Only what it needs: others may be fetched into the folder at this moment.
    for package in models::packages(Set::Embedded) {
        let to = folder.path().join(package.folder);
        std::fs::create_dir(&to).unwrap();
        copy(&paths().folder().join(package.folder), &to);
    }
    let whole = models::find(folder.path()).unwrap();
    let path = whole.path(ModelFile::HibariVoice);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = HibariModel::load(&whole).err().expect("one bit is wrong");
    assert_eq!(error.code(), "model-damaged");
    assert!(error.to_string().contains("hibari.onnx is damaged: its SHA-256 is"), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = HibariModel::load(&whole).err().expect("it is gone");
    assert_eq!(error.code(), "model-missing");
    assert!(error.advice().contains("attendant models fetch"));
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}
