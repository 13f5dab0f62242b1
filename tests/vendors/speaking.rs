//! Vendors that speak: a sentence comes to its end, whoever says the end of it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use attendant::base::{Language, VendorKind};
use attendant::engines::vendor::{Network, VendorVoices};
use attendant::ops::metrics;
use attendant::speech::normalise::to_spoken;
use attendant::speech::{Manner, Voice};

use super::vendor_stage::stand_ins::{NotingVoice, SAMPLE};
use super::vendor_stage::{Mode, Server, http, socket, vendor};
use super::{HUNG, LONG, faults, stand_ins};

const TEXT: &str = "Doctor Patel can see you on Tuesday, in the morning, or on Thursday after lunch. \
                    Which of them would you like, please?";

fn start(kind: VendorKind, mode: Mode) -> Server {
    match kind {
        VendorKind::ElevenLabs => Server::start(mode, socket::serve),
        _ => Server::start(mode, http::serve),
    }
}

fn voices(server: &Server, kind: VendorKind, limit: Duration, net: &Arc<Network>) -> VendorVoices {
    VendorVoices::new(vendor(kind, server.address, limit), net)
}

/// Speaks, and returns how many samples the vendor and the stand-in gave.
fn speak(voice: &mut dyn Voice, text: &str, language: Language) -> Result<(usize, usize), String> {
    let (mut vendor, mut embedded) = (0, 0);
    let begun = Instant::now();
    let mut sink = |sound: &[i16]| {
        match sound.first() == Some(&SAMPLE) && sound.last() == Some(&SAMPLE) {
            true => embedded += sound.len(),
            false => vendor += sound.len(),
        }
        assert_eq!(embedded > 0, sound.first() == Some(&SAMPLE), "first the one, then the other");
        ControlFlow::Continue(())
    };
    let spoken = voice.speak(text, Manner::from(language), &mut sink);
    assert!(begun.elapsed() < HUNG);
    spoken.map_err(|error| error.to_string())?;
    Ok((vendor, embedded))
}

/// How much the stand-in says: nothing, the rest from a clause on, or all; and what is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Rest {
    Nothing,
    FromAClause,
    All,
}

fn expected(kind: VendorKind, mode: Mode) -> (Rest, Rest, &'static str) {
    let socket = kind == VendorKind::ElevenLabs;
    let both = |rest, fault| (rest, rest, fault);
    match mode {
        Mode::Well => both(Rest::Nothing, ""),
        Mode::CutOnce => (Rest::FromAClause, Rest::Nothing, "cut"),
        Mode::Refused => both(Rest::All, "unreachable"),
        Mode::Denied => both(Rest::All, "denied"),
        Mode::TooMany => both(Rest::All, "too_many"),
        Mode::Server | Mode::Unavailable => both(Rest::All, "server"),
        Mode::NotThere | Mode::Redirect => both(Rest::All, "rejected"),
        Mode::Page if socket => both(Rest::All, "rejected"),
        Mode::Page | Mode::Malformed => both(Rest::All, "garbled"),
        Mode::NeverReads | Mode::Silent | Mode::Dribble | Mode::SlowStart => {
            both(Rest::All, "late")
        }
        Mode::HalfOpen => (Rest::Nothing, Rest::All, "late"),
        Mode::Cut | Mode::Reset => both(Rest::FromAClause, "cut"),
        Mode::Stall => both(Rest::FromAClause, "stalled"),
        Mode::Empty => both(Rest::All, "cut"),
        Mode::WrongRate => both(Rest::All, "wrong_sound"),
        // It is cut off where no such text could go on, and nothing is left to be said.
        Mode::Endless => both(Rest::Nothing, "wrong_sound"),
        Mode::Wordless | Mode::Idles | Mode::StallOnce | Mode::Slow => {
            unreachable!("it has a test of its own")
        }
    }
}

fn matrix(kind: VendorKind) {
    let network = Network::start().unwrap();
    for mode in Mode::ALL {
        metrics::scoped(|metrics| {
            let server = start(kind, mode);
            let voices = voices(&server, kind, mode.limit(), &network);
            let notes = NotingVoice::default();
            let mut voice = voices.voice(Box::new(notes.clone()));
            let (first, second, fault) = expected(kind, mode);
            for (sentence, rest) in [(1, first), (2, second)] {
                notes.0.lock().unwrap().clear();
                let (by_vendor, by_embedded) = speak(&mut *voice, TEXT, Language::EN_US).unwrap();
                let noted = notes.0.lock().unwrap().join("|");
                let seconds = by_vendor as f32 / 16_000.0;
                let whole = TEXT.chars().count() as f32 / http::CHARACTERS_A_SECOND as f32;
                let found = match noted.as_str() {
                    "" => Rest::Nothing,
                    TEXT => Rest::All,
                    rest => {
                        assert!(TEXT.ends_with(rest), "{rest}");
                        let before = TEXT[..TEXT.len() - rest.len()].trim_end();
                        assert!(before.ends_with([',', '.']), "{mode:?}: it goes on with {rest:?}");
                        // Half of the text was said, and at most two clauses of it are said again.
                        let again = whole / 2.0 - before.len() as f32 / 15.0;
                        assert!((-0.2..3.0).contains(&again), "{mode:?}: {again} s, {rest:?}");
                        Rest::FromAClause
                    }
                };
                assert_eq!(found, rest, "{kind:?} {mode:?} {sentence}: {noted:?}");
                match rest {
                    Rest::Nothing if mode == Mode::Endless => {}
                    Rest::Nothing => assert!((seconds - whole).abs() < 0.15, "{mode:?}: {seconds}"),
                    Rest::FromAClause => assert!((seconds - whole / 2.0).abs() < 0.2, "{seconds}"),
                    Rest::All => assert_eq!(by_vendor, 0, "{mode:?}"),
                }
                assert_eq!(by_embedded > 0, rest != Rest::Nothing);
            }
            let counted = faults(metrics, "voice");
            let wanted: Vec<&str> =
                Some(fault).filter(|fault| !fault.is_empty()).into_iter().collect();
            assert_eq!(counted, wanted, "{kind:?} {mode:?}");
            let stood_in = [first, second].iter().filter(|rest| **rest != Rest::Nothing).count();
            assert_eq!(stand_ins(metrics, "voice"), stood_in as u64);
            println!(
                "{:20} {:12} stand-in says {first:?}, then {second:?}; counted {counted:?}",
                kind.name(),
                format!("{mode:?}"),
            );
        });
    }
}

#[test]
fn over_http_every_sentence_is_said_whatever_fails() {
    matrix(VendorKind::OpenAiSpeech);
}

#[test]
fn over_a_websocket_every_sentence_is_said_whatever_fails() {
    matrix(VendorKind::ElevenLabs);
}

#[test]
fn a_vendor_is_asked_as_its_protocol_says() {
    let network = Network::start().unwrap();
    let server = start(VendorKind::OpenAiSpeech, Mode::Well);
    let mut voice = voices(&server, VendorKind::OpenAiSpeech, LONG, &network)
        .voice(Box::<NotingVoice>::default());
    speak(&mut *voice, "Half past nine.", Language::EN_US).unwrap();
    let asked = server.asked().remove(0);
    assert!(asked.head.starts_with("POST /v1/audio/speech HTTP/1.1"), "{}", asked.head);
    assert!(asked.head.contains("Bearer fern-and-willow"));
    let body: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!((&body["model"], &body["speed"]), (&"tts-1".into(), &1.0.into()));

    let server = start(VendorKind::ElevenLabs, Mode::Well);
    let mut voice = voices(&server, VendorKind::ElevenLabs, LONG, &network)
        .voice(Box::<NotingVoice>::default());
    let (vendor, _) = speak(&mut *voice, "¿En qué le puedo ayudar?", Language::ES_US).unwrap();
    assert!(vendor > 16_000, "a language that the stand-in does not speak");
    let asked = server.asked().remove(0);
    for part in [
        "/v1/text-to-speech/ada/stream-input?model_id=eleven_flash_v2_5&language_code=es",
        "output_format=pcm_16000",
        "fern-and-willow",
    ] {
        assert!(asked.head.contains(part), "{part}: {}", asked.head);
    }
    assert!(String::from_utf8(asked.body).unwrap().contains("¿En qué le puedo ayudar? "));
}

#[test]
fn whoever_does_not_want_the_rest_gets_no_more() {
    let network = Network::start().unwrap();
    for kind in [VendorKind::OpenAiSpeech, VendorKind::ElevenLabs] {
        let server = start(kind, Mode::Stall);
        let voices = voices(&server, kind, LONG, &network);
        let mut voice = voices.voice(Box::<NotingVoice>::default());
        let mut pieces = 0;
        let mut sink = |_: &[i16]| {
            pieces += 1;
            ControlFlow::Break(())
        };
        voice.speak(TEXT, Manner::default(), &mut sink).unwrap();
        assert_eq!(pieces, 1);
        assert!(voices.standing().line().ends_with("fine"), "{}", voices.standing().line());
    }
}

#[test]
fn a_language_that_only_the_vendor_speaks_fails_with_it() {
    let network = Network::start().unwrap();
    let server = start(VendorKind::ElevenLabs, Mode::Unavailable);
    let mut voice = voices(&server, VendorKind::ElevenLabs, LONG, &network)
        .voice(Box::<NotingVoice>::default());
    let mandarin = Language::tagged("zh-CN").unwrap();
    let error = speak(&mut *voice, "您好。", mandarin).unwrap_err();
    assert!(error.contains("nobody else speaks Mandarin"), "{error}");
    assert!(!error.contains("您好"), "what was to be said is in no message");
}

/// What is told to a caller: much of it is spoken otherwise than it is written.
const OFFER: &str = "I have Thursday, November 26 at 9:30 AM with Dr. Patel. \
                     Shall I book that for your annual physical?";

/// A clause is said twice rather than lost, however fast the voice speaks and whatever it makes of dates.
#[test]
fn no_word_is_lost_where_a_vendor_stops() {
    let network = Network::start().unwrap();
    let spoken = to_spoken(OFFER);
    for (kind, serve) in [
        (VendorKind::OpenAiSpeech, http::serve as fn(&_, _)),
        (VendorKind::ElevenLabs, socket::serve),
    ] {
        for pace in [11, 15, 18] {
            let server = Server::paced(Mode::Cut, serve, pace);
            let notes = NotingVoice::default();
            let mut voice = voices(&server, kind, LONG, &network).voice(Box::new(notes.clone()));
            speak(&mut *voice, OFFER, Language::EN_US).unwrap();
            let rest = notes.0.lock().unwrap().join("|");
            assert!(spoken.ends_with(&rest), "{rest}");
            let said = spoken.chars().count() / 2;
            let from = spoken.chars().count() - rest.chars().count();
            println!("{kind:?}, {pace} a second: half is said; goes on with {rest:?}");
            assert!(from <= said && said - from < 45, "{kind:?} {pace}: {rest}");
        }
    }
}

#[test]
fn sound_that_comes_slower_than_it_is_played_is_given_up() {
    let network = Network::start().unwrap();
    let server = Server::start(Mode::Slow, http::serve);
    let limit = Duration::from_secs(2);
    let notes = NotingVoice::default();
    let mut voice =
        voices(&server, VendorKind::OpenAiSpeech, limit, &network).voice(Box::new(notes.clone()));
    metrics::scoped(|metrics| {
        let (by_vendor, _) = speak(&mut *voice, TEXT, Language::EN_US).unwrap();
        assert!((1_600..64_000).contains(&by_vendor), "{by_vendor}");
        assert_eq!(faults(metrics, "voice"), ["stalled"]);
    });
    assert!(TEXT.ends_with(&*notes.0.lock().unwrap().join("|")));
}

/// The greeting of all callers is not the one that a vendor broke off once.
#[test]
fn a_sentence_that_two_voices_spoke_is_told_from_one() {
    let network = Network::start().unwrap();
    let server = Server::start(Mode::CutOnce, http::serve);
    let mut voice = voices(&server, VendorKind::OpenAiSpeech, LONG, &network)
        .voice(Box::<NotingVoice>::default());
    speak(&mut *voice, TEXT, Language::EN_US).unwrap();
    assert!(!voice.spoke_it_all());
    speak(&mut *voice, TEXT, Language::EN_US).unwrap();
    assert!(voice.spoke_it_all());
}

/// Who speaks another kind of a language is understood by the embedded voice's listeners too.
#[test]
fn a_neighbouring_kind_of_a_language_stands_in() {
    let network = Network::start().unwrap();
    let server = Server::start(Mode::Unavailable, socket::serve);
    let mut voice = voices(&server, VendorKind::ElevenLabs, LONG, &network)
        .voice(Box::<NotingVoice>::default());
    for tag in ["es-MX", "en-GB"] {
        let (vendor, embedded) =
            speak(&mut *voice, "9:30", Language::tagged(tag).unwrap()).unwrap();
        assert!(vendor == 0 && embedded > 0, "{tag}");
    }
}
