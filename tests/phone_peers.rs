//! Our scripted phone against a phone that others wrote: baresip calls it and is called by it.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod interop;
mod machine;
mod without_models;

use std::path::Path;
use std::time::Duration;

use attendant::codec::Codec;
use attendant::phone::{
    AnswerPlan, CallPlan, Encrypted, EndedBy, Line, Outcome, Phone, PhoneConfig, Talk, Verdict,
};
use interop::baresip::{Baresip, Setup};
use machine::steadily_async;
use without_models::Syllables;

/// How long baresip may take for anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes so many seconds of silence, of a 1 kHz tone, and of silence.
fn write_tone(path: &Path, before: u32, tone: u32, after: u32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..8000 * (before + tone + after) {
        let sounds = (before..before + tone).contains(&(n / 8000));
        let phase = f64::from(n) * std::f64::consts::TAU / 8.0;
        writer.write_sample(if sounds { (phase.sin() * 6000.0) as i16 } else { 0 }).unwrap();
    }
    writer.finalize().unwrap();
}

fn loud(samples: &[i16]) -> usize {
    samples.iter().filter(|sample| sample.unsigned_abs() > 500).count()
}

async fn phone() -> Phone {
    let config = PhoneConfig::new([127, 0, 0, 1].into(), "phone", Box::new(Syllables));
    Phone::start(config).await.unwrap()
}

#[test]
fn baresip_calls_the_phone_and_each_hears_the_other() {
    interop::require("baresip", "baresip");
    steadily_async(is_called);
}

async fn is_called() {
    let folder = tempfile::tempdir().unwrap();
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 1, 1, 10);
    let mut phone = phone().await;
    let target = format!("sip:101@{}", phone.address());
    let mut baresip = Baresip::start(&Setup::saying(&tone));
    baresip.dial(&target);
    let plan = AnswerPlan {
        ring: Duration::from_millis(200),
        hang_up_after: Some(Duration::from_secs(4)),
        wait: Some(PATIENCE),
        ..AnswerPlan::saying("front desk this is jordan")
    };
    let report = phone.answer(plan).await.unwrap();
    assert_eq!((report.outcome, report.ended_by), (Outcome::Answered, Some(EndedBy::ScriptOver)));
    assert_eq!(report.peer, "baresip");
    assert_eq!(report.heard.len(), 1, "{:?}", report.heard);
    let heard = &report.heard[0];
    assert!((heard.ended_ms.unwrap() - heard.began_ms - 1000).abs() < 150, "{heard:?}");
    assert!(report.packets.received > 100 && report.packets.lost == 0, "{:?}", report.packets);
    assert!(baresip.wait_for("CALL_CLOSED", PATIENCE).is_some(), "{}", baresip.log());
    let recorded = baresip.finish();
    assert!(loud(&recorded.received) > 5000, "{}", loud(&recorded.received));
}

#[test]
fn the_phone_calls_baresip_and_waits_for_its_turn() {
    interop::require("baresip", "baresip");
    steadily_async(calls);
}

async fn calls() {
    let folder = tempfile::tempdir().unwrap();
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 0, 2, 10);
    let mut baresip = Baresip::start(&Setup { codecs: "PCMA/8000/1", ..Setup::saying(&tone) });
    let mut phone = phone().await;
    let mut talk = Talk { lines: vec![Line::new("good morning")], ..Talk::default() };
    talk.pauses.linger = Duration::from_secs(1);
    let plan = CallPlan {
        target: format!("sip:baresip@127.0.0.1:{}", baresip.port()),
        display: Some("Caller".into()),
        talk,
        ..CallPlan::default()
    };
    // baresip's side is a program of its own, watched from a thread of its own.
    let answering = std::thread::spawn(move || {
        assert!(baresip.wait_for("CALL_INCOMING", PATIENCE).is_some(), "{}", baresip.log());
        baresip.accept();
        assert!(baresip.wait_for("CALL_CLOSED", PATIENCE).is_some(), "{}", baresip.log());
        baresip.finish()
    });
    let report = phone.call(plan).await.unwrap();
    assert_eq!((report.outcome, report.lines_said), (Outcome::Answered, 1));
    let waited = report.turns[0].began_ms - report.heard[0].ended_ms.unwrap();
    assert!((690..1000).contains(&waited), "{waited}");
    let recorded = answering.join().unwrap();
    assert!(loud(&recorded.received) > 3000, "{}", loud(&recorded.received));
}

#[test]
fn the_phone_probes_a_wideband_line_that_is_encrypted_and_holds_it() {
    interop::require("baresip", "baresip");
    steadily_async(probes);
}

async fn probes() {
    let folder = tempfile::tempdir().unwrap();
    let tone = folder.path().join("tone.wav");
    write_tone(&tone, 0, 1, 20);
    let setup =
        Setup { codecs: "G722/16000/1", account: ";mediaenc=srtp-mand", ..Setup::saying(&tone) };
    let mut baresip = Baresip::start(&setup);
    let mut config = PhoneConfig::new([127, 0, 0, 1].into(), "phone", Box::new(Syllables));
    config.codecs = vec![Codec::G722, Codec::Pcmu];
    config.srtp = Encrypted::Required;
    let mut phone = Phone::start(config).await.unwrap();
    let recording = folder.path().join("call.wav");
    let mut talk = Talk { lines: vec![Line::new("good morning")], ..Talk::default() };
    talk.pauses.linger = Duration::from_secs(1);
    let plan = CallPlan {
        target: format!("sip:baresip@127.0.0.1:{}", baresip.port()),
        talk,
        hold: Some(Duration::from_millis(1_500)),
        recording: Some(recording.clone()),
        ..CallPlan::default()
    };
    let answering = std::thread::spawn(move || {
        assert!(baresip.wait_for("CALL_INCOMING", PATIENCE).is_some(), "{}", baresip.log());
        baresip.accept();
        assert!(baresip.wait_for("CALL_CLOSED", PATIENCE).is_some(), "{}", baresip.log());
        baresip.finish()
    });
    let report = phone.call(plan).await.unwrap();
    let recorded = answering.join().unwrap();
    println!("{}", report.to_json());
    assert_eq!((report.outcome, report.ended_by), (Outcome::Answered, Some(EndedBy::ScriptOver)));
    let quality = report.quality.unwrap();
    assert_eq!((quality.codec, quality.encrypted, quality.verdict), ("G722", true, Verdict::Good));
    let hold = report.hold.unwrap();
    assert_eq!((hold.refused, hold.packets_while_held), (None, 0));
    assert!(hold.packets_after > 50, "{hold:?}");
    // A microphone of 8 kHz in a codec of 16, and what was said before the first re-INVITE.
    assert!(loud(&recorded.received) > 3000, "{}", loud(&recorded.received));
    let mut reader = hound::WavReader::open(recording).unwrap();
    assert_eq!(reader.spec().sample_rate, 16_000);
    let right: Vec<i16> = reader.samples().map(Result::unwrap).skip(1).step_by(2).collect();
    assert!(loud(&right) > 10_000, "{}", loud(&right));
}
