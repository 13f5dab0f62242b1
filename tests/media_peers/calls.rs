//! baresip calls with each codec: both directions are compared with what was sent.

use std::ops::RangeInclusive;

use super::capture::Capture;
use super::compare::{Limits, RATE, compare, resampled};
use super::desk::{Desk, PATIENCE};
use super::interop::baresip::{Baresip, Recorded, Setup};
use super::machine::{fault, steadily};
use super::packets::{Agreed, Row, inspect, streams};
use super::{alone, calling, interop, limits, sound};

/// How long a call lasts: the longer of both sentences and what comes before them.
const CALL_MS: usize = 7_500;

/// Compares what each side of a call heard with what the other one said.
pub(crate) fn both_ways(name: &str, heard: &[i16], recorded: &Recorded, limits: &Limits) {
    let quiet = alone();
    let received = resampled(&recorded.received, recorded.rate as usize, RATE);
    drop(quiet);
    check(&format!("{name}, we hear"), &sound::theirs(), heard, limits);
    check(&format!("{name}, it hears"), &sound::ours(), &received, limits);
}

/// Compares what was heard with what was sent.
pub(crate) fn check(name: &str, sent: &[i16], heard: &[i16], limits: &Limits) {
    let _alone = alone();
    let likeness =
        compare(sent, heard, limits.band).unwrap_or_else(|what| panic!("{name}: {what}"));
    println!("{name}: {likeness:?}");
    if let Err(what) = limits.judge(&likeness) {
        panic!("{name}: {what}");
    }
}

/// A codec with which baresip calls.
struct Case {
    name: &'static str,
    /// As baresip names it.
    codec: &'static str,
    /// The rate of its microphone and loudspeaker.
    rate: u32,
    /// Of our packets: ticks in each, and in a second.
    ticks: u32,
    clock: u32,
    limits: Limits,
}

// G.722 counts at 8 kHz by an old error that stays, so that each clock is fifty times the ticks.
const CASES: [Case; 6] = [
    Case::new("PCMU", "PCMU/8000/1", 8000, 160, limits::G711),
    Case::new("PCMA", "PCMA/8000/1", 8000, 160, limits::G711),
    Case::new("G.722", "G722/16000/1", 16_000, 160, limits::G722),
    Case::new("Opus", "opus/48000/2", 16_000, 960, limits::OPUS),
    Case::new("L16", "L16/16000/1", 16_000, 320, limits::L16),
    Case::new("L16 at 8 kHz", "L16/8000/1", 8000, 160, limits::L16_NARROW),
];

impl Case {
    const fn new(
        name: &'static str,
        codec: &'static str,
        rate: u32,
        ticks: u32,
        limits: Limits,
    ) -> Self {
        Self { name, codec, rate, ticks, clock: ticks * 50, limits }
    }
}

#[test]
fn each_codec_is_heard_both_ways() {
    interop::require("baresip", "baresip");
    steadily(each_codec);
}

fn each_codec() {
    let talking = calling();
    let capture = Capture::start(26_000..=26_099);
    let desk =
        Desk::open("26000-26099", "codecs = [\"opus\", \"g722\", \"pcmu\", \"pcma\", \"l16\"]");
    let folder = tempfile::tempdir().unwrap();
    let says = [sound::silence(700), sound::theirs(), sound::silence(9_000)].concat();
    let file = |rate: u32| folder.path().join(format!("{rate}.wav"));
    sound::write(&file(8000), &says, 8000);
    sound::write(&file(16_000), &says, 16_000);
    let (mut phones, mut ports) = (Vec::new(), Vec::new());
    for case in &CASES {
        let says = file(case.rate);
        let setup = Setup { codecs: case.codec, rate: case.rate, ..Setup::saying(&says) };
        let mut phone = Baresip::start(&setup);
        phone.dial(&desk.uri());
        let established = phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some();
        assert!(established, "{}: {}", case.name, phone.log());
        ports.push(phone.rtp_ports());
        phones.push(phone);
    }
    let mut recorded = Vec::new();
    for (call, (case, mut phone)) in CASES.iter().zip(phones).enumerate() {
        assert!(desk.hears(call, CALL_MS), "{}: {}", case.name, phone.log());
        phone.hang_up();
        recorded.push((desk.heard(call), phone.finish()));
    }
    assert!(desk.is_empty());
    drop(desk);
    let streams = sent_to(&capture.finish(), &ports);
    drop(talking);
    for (case, (heard, recorded)) in CASES.iter().zip(&recorded) {
        both_ways(case.name, heard, recorded, &case.limits);
    }
    for (case, stream) in CASES.iter().zip(&streams) {
        let sound = vec![(stream[0].payload_type, case.ticks)];
        let agreed = Agreed { sound, clock: case.clock, ..Agreed::narrow(0) };
        let seen =
            inspect(stream, &agreed).unwrap_or_else(|what| fault(format!("{}: {what}", case.name)));
        println!("{}: {seen:?}", case.name);
        assert!(seen.packets > CALL_MS / 25 && seen.goes_on(seen.left_out), "{seen:?}");
    }
}

#[test]
fn encrypted_sound_is_heard_both_ways() {
    interop::require("baresip", "baresip");
    steadily(encrypted_sound);
}

fn encrypted_sound() {
    let talking = calling();
    let capture = Capture::start(26_240..=26_279);
    let desk = Desk::open("26240-26279", "codecs = [\"pcmu\"]\nsrtp = \"optional\"");
    let folder = tempfile::tempdir().unwrap();
    let says = folder.path().join("says.wav");
    let sound = [sound::silence(700), sound::theirs(), sound::silence(6_000)].concat();
    sound::write(&says, &sound, 8000);
    let (mut phones, mut ports) = (Vec::new(), Vec::new());
    // Keys beside a stream in the clear, which is taken under them; SRTP or nothing, with RTCP feedback and without.
    for way in ["srtp", "srtp-mand", "srtp-mandf"] {
        let account = format!(";mediaenc={way}");
        let setup = Setup { account: &account, codecs: "PCMU/8000/1", ..Setup::saying(&says) };
        let mut phone = Baresip::start(&setup);
        phone.dial(&desk.uri());
        assert!(phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some(), "{way}: {}", phone.log());
        ports.push(phone.rtp_ports());
        phones.push((way, phone));
    }
    let mut recorded = Vec::new();
    for (call, (way, mut phone)) in phones.into_iter().enumerate() {
        assert!(desk.hears(call, CALL_MS), "{way}: {}", phone.log());
        assert!(phone.log().contains("SRTP is Enabled"), "{way}: {}", phone.log());
        phone.hang_up();
        recorded.push((way, desk.heard(call), phone.finish()));
    }
    assert!(desk.is_empty());
    let streams = sent_to(&capture.finish(), &ports);
    drop(talking);
    for (way, heard, recorded) in &recorded {
        both_ways(way, heard, recorded, &limits::G711);
    }
    for stream in &streams {
        let seen = inspect(stream, &Agreed::narrow(0)).unwrap_or_else(|what| fault(what));
        assert!(seen.goes_on(seen.left_out), "{seen:?}");
        // A tag of 80 or 32 bits behind 160 bytes, in which silence no longer looks like silence.
        assert!(stream.iter().all(|row| [164, 170].contains(&row.payload.len())));
        let last = &stream.last().unwrap().payload;
        assert!(last.iter().filter(|byte| **byte == 0xff).count() < 20, "{last:02x?}");
    }
}

/// Returns what was sent to each of these phones, in their order. Whatever else is on loopback is none of ours.
pub(crate) fn sent_to(rows: &[Row], phones: &[RangeInclusive<u16>]) -> Vec<Vec<Row>> {
    let streams = streams(rows);
    let to = |phone: &RangeInclusive<u16>| {
        let mut found = streams.iter().filter(|((_, to), _)| phone.contains(to) && to % 2 == 0);
        let stream = found.next().expect("a stream to each phone").1.clone();
        assert!(found.next().is_none(), "one stream to each phone");
        stream
    };
    phones.iter().map(to).collect()
}
