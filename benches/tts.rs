//! Budget: 200 ms (p95) from a short English sentence to its first sound, with one caller and with eight at once; it
//! fails where that is missed. The rate of real time of each voice; its level. Spanish is measured where its models are.
//!
//! It goes through the speaking threads, as calls do: two voices that share their weights.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use attendant::base::{Epoch, Language, LegId, Phi, UtteranceId};
use attendant::engines::models::{self, Progress, Set};
use attendant::engines::tts::EmbeddedVoices;
use attendant::media::SpeechLevel;
use attendant::speech::Manner;
use attendant::workers::{Playback, Speaking, SpeakingEvent};

/// What is asked of English, a name or a number in each: nothing is known beforehand.
const ENGLISH: [&str; 6] = [
    "Thanks, Maria.",
    "You have an appointment on Thursday, November 26th at 9:30 AM with Dr. Patel.",
    "That was 919-555-0134, is that right?",
    "Sure.",
    "I have Friday, November 27 at 10:15 AM or Monday, November 30 at 2 PM.",
    "Your copay is $25.50.",
];
const SPANISH: [&str; 4] = [
    "Gracias, María.",
    "Tiene una cita el jueves 26 de noviembre a las 9:30 a. m. con la doctora Patel.",
    "¿Su número es 919-555-0134?",
    "El copago es de $25.50.",
];
/// Rounds for each number of callers.
const ROUNDS: usize = 12;
/// A short English sentence is heard after this long at most (p95).
const LATEST: Duration = Duration::from_millis(200);

fn main() {
    let folder = models::default_dir();
    let paths = models::ensure(&folder, Progress::Shown).expect("the models");
    let spanish = models::find_set(&folder, Set::Spanish).ok();
    let voices = EmbeddedVoices::load(&paths, spanish.as_ref()).expect("the voices");
    alone(&voices, Language::EN_US, &ENGLISH);
    let missed = at_once(&voices, Language::EN_US, &ENGLISH);
    if spanish.is_some() {
        alone(&voices, Language::ES_US, &SPANISH);
        at_once(&voices, Language::ES_US, &SPANISH);
    } else {
        println!("Spanish: not measured, `attendant models fetch` has not brought its set");
    }
    assert!(missed.is_empty(), "first sound later than {LATEST:?} (p95) with {missed:?} callers");
}

/// One voice by itself: how much faster than real time, and how loud before it is levelled.
fn alone(voices: &EmbeddedVoices, language: Language, texts: &[&str]) {
    let mut voice = voices.voice();
    for text in texts {
        let (begun, mut samples) = (Instant::now(), Vec::new());
        let spoken = voice.speak(text, language.into(), &mut |piece| {
            samples.extend_from_slice(piece);
            ControlFlow::Continue(())
        });
        spoken.expect("it speaks");
        let took = begun.elapsed().as_secs_f32();
        let seconds = samples.len() as f32 / 16e3;
        let mut meter = SpeechLevel::default();
        meter.push(&samples);
        let level = meter.level().map_or(f32::NAN, |(level, _)| level);
        println!(
            "{language}: {seconds:.2} s of sound in {took:.3} s, {:.3} of real time; {level:.1} dBov before levelling",
            took / seconds
        );
    }
}

/// So many callers ask in the same moment, again and again; nobody plays what is rendered. Returns with how many
/// short sentences came too late.
fn at_once(voices: &EmbeddedVoices, language: Language, texts: &[&str]) -> Vec<u32> {
    let mut missed = Vec::new();
    for callers in [1, 2, 4, 8] {
        let speaking =
            Speaking::start(vec![voices.voice(), voices.voice()]).expect("threads to speak");
        let (mut short, mut all) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let text = |leg: u32| texts[(round + leg as usize) % texts.len()];
            let legs: Vec<_> = (0..callers).map(|leg| leg_of(&speaking, leg)).collect();
            for leg in 0..callers {
                let asked = Phi::new(text(leg).to_owned());
                let manner = Manner::from(language);
                speaking
                    .say(LegId(leg), UtteranceId(1), Epoch(0), asked, manner)
                    .expect("there is room");
            }
            for (leg, (_playback, events)) in (0..callers).zip(&legs) {
                let SpeakingEvent::Rendered { first, .. } = events.recv().expect("it is told")
                else {
                    panic!("the voice failed");
                };
                if text(leg).len() < 25 {
                    short.push(first);
                }
                all.push(first);
                speaking.detach(LegId(leg));
            }
        }
        println!(
            "{language}, {callers} at once: first sound p50 {:?}, p95 {:?}; short sentences p95 {:?}",
            percentile(&mut all, 50),
            percentile(&mut all, 95),
            percentile(&mut short, 95)
        );
        if percentile(&mut short, 95) > LATEST {
            missed.push(callers);
        }
    }
    missed
}

fn leg_of(speaking: &Speaking, leg: u32) -> (Playback, Receiver<SpeakingEvent>) {
    let (down, playback) = Playback::new();
    let (sender, events) = channel();
    speaking.attach(LegId(leg), down, Box::new(move |_, event| drop(sender.send(event))));
    (playback, events)
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
}
