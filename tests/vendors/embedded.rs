//! The engines that really stand in: what a caller said to a vendor that is lost is heard by the embedded recogniser, and
//! what a lost voice had not said is said by the embedded voice.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use attendant::base::{Frame, Language, Purpose, TurnId, VendorKind};
use attendant::engines::models::{self, Progress};
use attendant::engines::stt::MoonshineModel;
use attendant::engines::tts::HibariModel;
use attendant::engines::vendor::{Network, VendorEars, VendorVoices};
use attendant::speech::{HeardFrame, Manner, Recognizer, Transcript, Voice};

use super::vendor_stage::{Mode, Server, http, socket, vendor};
use super::{HUNG, LONG};

fn engines() -> (Arc<MoonshineModel>, Arc<HibariModel>) {
    let paths = models::ensure(&models::default_dir(), Progress::Shown).unwrap();
    (MoonshineModel::load(&paths).unwrap(), HibariModel::load(&paths).unwrap())
}

fn speak(voice: &mut dyn Voice, text: &str) -> Vec<i16> {
    let mut sound = Vec::new();
    let spoken = voice.speak(text, Manner::default(), &mut |piece| {
        sound.extend_from_slice(piece);
        ControlFlow::Continue(())
    });
    spoken.unwrap();
    sound
}

/// Says it to a recogniser and returns its words, without case and stops, and how long they took from the turn's end.
fn hear(ear: &mut dyn Recognizer, sound: &[i16]) -> (String, std::time::Duration) {
    let silence = vec![0; 25 * Frame::SAMPLES];
    let all = [&silence, sound, &silence].concat();
    for (tick, samples) in all.chunks_exact(Frame::SAMPLES).enumerate() {
        let frame = Frame(samples.try_into().unwrap());
        ear.push(&HeardFrame::new(tick as u64, frame, frame.level() > -45.0)).unwrap();
        let _ = ear.poll().unwrap();
    }
    ear.finish(TurnId(1));
    let begun = Instant::now();
    while begun.elapsed() < HUNG {
        if let Some(Transcript::Final { text, .. }) = ear.poll().unwrap() {
            let text = text.reveal(Purpose::Comparison).to_lowercase();
            let text = text.replace(|c: char| !c.is_alphanumeric() && c != ' ', "");
            return (text, begun.elapsed());
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("no words");
}

#[test]
fn what_a_lost_vendor_was_told_the_embedded_recogniser_has_heard() {
    let (moonshine, hibari) = engines();
    let network = Network::start().unwrap();
    let sound =
        speak(&mut *hibari.voice(), "I would like to move my appointment to next Thursday.");
    for (kind, mode) in [
        (VendorKind::Deepgram, Mode::Cut),
        (VendorKind::Deepgram, Mode::Stall),
        (VendorKind::Deepgram, Mode::Empty),
        (VendorKind::OpenAiTranscription, Mode::Server),
        (VendorKind::OpenAiTranscription, Mode::Silent),
    ] {
        let serve = if kind == VendorKind::Deepgram { socket::serve } else { http::serve };
        let server = Server::start(mode, serve);
        let moonshine = Arc::clone(&moonshine);
        let embedded = move |_: Language| Some(moonshine.recognizer());
        let limit = mode.limit().min(std::time::Duration::from_millis(1_200));
        let vendor = vendor(kind, server.address, limit);
        let ears = VendorEars::new(vendor, &network, Arc::new(embedded));
        let (words, took) = hear(&mut *ears.recognizer(Language::EN_US), &sound);
        println!("{kind:?} {mode:?}: {words:?} {} ms after the turn", took.as_millis());
        assert!(
            words.contains("move my appointment to next thursday"),
            "{kind:?} {mode:?}: {words}"
        );
    }
}

#[test]
fn what_a_lost_voice_had_not_said_the_embedded_voice_says() {
    let (moonshine, hibari) = engines();
    let network = Network::start().unwrap();
    let text = "Doctor Patel can see you on Tuesday, in the morning, or on Thursday after lunch. \
                Which of them would you like, please?";
    let server = Server::start(Mode::Cut, http::serve);
    let vendor = vendor(VendorKind::OpenAiSpeech, server.address, LONG);
    let mut voice = VendorVoices::new(vendor, &network).voice(hibari.voice());
    let sound = speak(&mut *voice, text);
    // The vendor's half is a tone.
    let seconds = text.chars().count() / 2 / http::CHARACTERS_A_SECOND;
    let (words, _) = hear(&mut *moonshine.recognizer(), &sound[seconds * 16_000..]);
    println!("{words:?}");
    assert!(words.contains("after lunch which of them would you like"), "{words}");
    assert!(!words.contains("patel"), "it was said already: {words}");
}
