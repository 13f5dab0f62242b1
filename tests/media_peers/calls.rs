//! baresip calls with each codec: both directions are compared with what was sent.

use std::ops::RangeInclusive;

use super::capture::Capture;
use super::compare::{Limits, RATE, compare, resampled};
use super::desk::{Desk, PATIENCE};
use super::interop::baresip::{Baresip, Recorded, Setup};
use super::interop::linphone::Linphone;
use super::packets::{Agreed, Row, inspect, streams};
use super::{interop, limits, sound};

/// How long a call lasts: the longer of both sentences and what comes before them.
const CALL_MS: usize = 7_500;

/// Compares what each side of a call heard with what the other one said.
pub(crate) fn both_ways(name: &str, heard: &[i16], recorded: &Recorded, limits: &Limits) {
    let received = resampled(&recorded.received, recorded.rate as usize, RATE);
    check(&format!("{name}, we hear"), &sound::theirs(), heard, limits);
    check(&format!("{name}, it hears"), &sound::ours(), &received, limits);
}

/// Compares what was heard with what was sent.
pub(crate) fn check(name: &str, sent: &[i16], heard: &[i16], limits: &Limits) {
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
    let ports = 26_000..=26_099;
    let capture = Capture::start(ports.clone());
    let desk =
        Desk::open("26000-26099", "codecs = [\"opus\", \"g722\", \"pcmu\", \"pcma\", \"l16\"]");
    let folder = tempfile::tempdir().unwrap();
    let says = [sound::silence(700), sound::theirs(), sound::silence(9_000)].concat();
    let file = |rate: u32| folder.path().join(format!("{rate}.wav"));
    sound::write(&file(8000), &says, 8000);
    sound::write(&file(16_000), &says, 16_000);
    let mut phones = Vec::new();
    for case in &CASES {
        let says = file(case.rate);
        let setup = Setup { codecs: case.codec, rate: case.rate, ..Setup::saying(&says) };
        let mut phone = Baresip::start(&setup);
        phone.dial(&desk.uri());
        let established = phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some();
        assert!(established, "{}: {}", case.name, phone.log());
        phones.push(phone);
    }
    for (call, (case, mut phone)) in CASES.iter().zip(phones).enumerate() {
        assert!(desk.hears(call, CALL_MS), "{}: {}", case.name, phone.log());
        phone.hang_up();
        both_ways(case.name, &desk.heard(call), &phone.finish(), &case.limits);
    }
    assert!(desk.is_empty());
    drop(desk);
    // The calls began one after the other.
    let mut streams = ours(&capture.finish(), ports);
    streams.sort_by(|one, other| one[0].at.total_cmp(&other[0].at));
    assert_eq!(streams.len(), CASES.len());
    for (case, stream) in CASES.iter().zip(&streams) {
        let sound = vec![(stream[0].payload_type, case.ticks)];
        let agreed = Agreed { sound, clock: case.clock, ..Agreed::narrow(0) };
        let seen = inspect(stream, &agreed).unwrap_or_else(|what| panic!("{}: {what}", case.name));
        println!("{}: {seen:?}", case.name);
        assert!(seen.packets > CALL_MS / 25 && seen.pauses.is_empty(), "{seen:?}");
    }
}

#[test]
fn encrypted_sound_is_heard_both_ways() {
    interop::require("baresip", "baresip");
    let ports = 26_240..=26_279;
    let capture = Capture::start(ports.clone());
    let desk = Desk::open("26240-26279", "codecs = [\"pcmu\"]\nsrtp = \"optional\"");
    let folder = tempfile::tempdir().unwrap();
    let says = folder.path().join("says.wav");
    let sound = [sound::silence(700), sound::theirs(), sound::silence(6_000)].concat();
    sound::write(&says, &sound, 8000);
    let mut phones = Vec::new();
    // Keys beside a stream in the clear, which is taken under them; SRTP or nothing, with RTCP feedback and without.
    for way in ["srtp", "srtp-mand", "srtp-mandf"] {
        let account = format!(";mediaenc={way}");
        let setup = Setup { account: &account, codecs: "PCMU/8000/1", ..Setup::saying(&says) };
        let mut phone = Baresip::start(&setup);
        phone.dial(&desk.uri());
        assert!(phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some(), "{way}: {}", phone.log());
        phones.push((way, phone));
    }
    for (call, (way, mut phone)) in phones.into_iter().enumerate() {
        assert!(desk.hears(call, CALL_MS), "{way}: {}", phone.log());
        assert!(phone.log().contains("SRTP is Enabled"), "{way}: {}", phone.log());
        phone.hang_up();
        both_ways(way, &desk.heard(call), &phone.finish(), &limits::G711);
    }
    assert!(desk.is_empty());
    let streams = ours(&capture.finish(), ports);
    let streams: Vec<_> = streams.iter().filter(|rows| rows[0].from % 2 == 0).collect();
    assert_eq!(streams.len(), 3);
    for stream in streams {
        let seen = inspect(stream, &Agreed::narrow(0)).unwrap_or_else(|what| panic!("{what}"));
        assert!(seen.pauses.is_empty(), "{seen:?}");
        // A tag of 80 or 32 bits behind 160 bytes, in which silence no longer looks like silence.
        assert!(stream.iter().all(|row| [164, 170].contains(&row.payload.len())));
        let last = &stream.last().unwrap().payload;
        assert!(last.iter().filter(|byte| **byte == 0xff).count() < 20, "{last:02x?}");
    }
}

/// Returns the streams that were sent from these ports.
pub(crate) fn ours(rows: &[Row], ports: RangeInclusive<u16>) -> Vec<Vec<Row>> {
    let streams = streams(rows).into_iter();
    streams.filter(|((from, _), _)| ports.contains(from)).map(|(_, rows)| rows).collect()
}

#[test]
fn linphone_is_heard_both_ways() {
    let desk = Desk::open("26200-26239", "codecs = [\"pcmu\", \"pcma\", \"g722\"]");
    let folder = tempfile::tempdir().unwrap();
    let says = folder.path().join("says.wav");
    let sound = [sound::silence(700), sound::theirs(), sound::silence(10_000)].concat();
    let cases = [("PCMA", 8000, limits::G711), ("G722", 16_000, limits::G722)];
    for (call, (codec, rate, limits)) in cases.into_iter().enumerate() {
        sound::write(&says, &sound, rate);
        let mut phone = Linphone::start(codec, 8000, &says);
        phone.command(&format!("call {}", desk.uri()));
        assert!(phone.writes("Media streams established"), "{}", phone.log());
        assert!(desk.hears(call, CALL_MS), "{}", phone.log());
        phone.command("terminate");
        assert!(phone.writes("ended"), "{}", phone.log());
        let (rate, received) = phone.finish();
        let received = resampled(&received, rate as usize, RATE);
        check(&format!("linphone, {codec}, we hear"), &sound::theirs(), &desk.heard(call), &limits);
        check(&format!("linphone, {codec}, it hears"), &sound::ours(), &received, &limits);
    }
    assert!(desk.is_empty());
}
