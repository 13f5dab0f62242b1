//! What happens to a call: digits each way, hold and resume by either side, another codec, other packet times.

use std::path::PathBuf;
use std::time::Duration;

use attendant::base::PacketTime;
use attendant::codec::Codec;
use attendant::sdp::Direction;

use super::calls::{both_ways, check, sent_to};
use super::capture::Capture;
use super::desk::PATIENCE;
use super::interop::baresip::{Baresip, Setup};
use super::machine::{fault, steadily};
use super::packets::{Agreed, Seen, inspect, streams};
use super::post::{Noted, Post};
use super::{calling, interop, limits, machine, sound};

/// Digits that a caller may press.
const DIGITS: &str = "1590*#";

/// Writes what the peer says, at 8 kHz, silence before and after it; the call ends with it.
fn says(folder: &tempfile::TempDir, before: usize, after: usize) -> PathBuf {
    let path = folder.path().join(format!("{before}-{after}.wav"));
    let sound = [sound::silence(before), sound::theirs(), sound::silence(after)].concat();
    sound::write(&path, &sound, 8000);
    path
}

/// Packet times are left out when the machine held everybody up, and not when it was the media thread alone.
fn account_for(left_out: u64) {
    machine::account_for(Duration::from_millis(20 * left_out));
}

/// Loopback loses nothing, and what came is heard: concealment is not to hide what we lost ourselves.
fn nothing_is_lost(noted: &Noted) {
    let came = noted.received.unwrap();
    let gone = [came.lost, came.late, came.out_of_range, came.unexpected, came.foreign];
    assert!(came.received > 50 && gone == [0; 5], "{came:?}");
}

fn established(phone: &mut Baresip, uri: &str) {
    phone.dial(uri);
    assert!(phone.wait_for("CALL_ESTABLISHED", PATIENCE).is_some(), "{}", phone.log());
}

#[test]
fn digits_arrive_each_way() {
    interop::require("baresip", "baresip");
    steadily(digits);
}

fn digits() {
    let _talking = calling();
    let folder = tempfile::tempdir().unwrap();
    let says = says(&folder, 1_000, 20_000);
    let ports = 26_100..=26_119;
    let capture = Capture::start(ports.clone());
    let post = Post::open(ports.clone(), &[Codec::Pcma]);
    let mut phone = Baresip::start(&Setup { codecs: "PCMA/8000/1", ..Setup::saying(&says) });
    established(&mut phone, &post.uri());
    for (at, digit) in DIGITS.char_indices() {
        phone.press(digit);
        let came = post.sees(PATIENCE, |noted| noted.events == DIGITS[..=at]);
        assert!(came, "{digit}: {:?}", post.noted().events);
    }
    let mut heard = String::new();
    for digit in DIGITS.chars() {
        post.press(digit);
        let event = phone.wait_for("CALL_DTMF_START", PATIENCE);
        heard.push_str(event.expect("an event for each digit")["param"].as_str().unwrap());
    }
    assert_eq!(heard, DIGITS);
    assert_eq!(post.noted().infos, "");
    phone.hang_up();
    assert!(post.sees(PATIENCE, |noted| noted.over && noted.received.is_some()));
    let noted = post.noted();
    nothing_is_lost(&noted);
    drop(post);
    let stream = sent_to(&capture.finish(), &[phone.rtp_ports()]).remove(0);
    let seen = inspect(&stream, &Agreed::narrow(8)).unwrap_or_else(|what| fault(what));
    println!("{seen:?}");
    assert_eq!(seen.events.len(), DIGITS.len());
    let left_out = noted.left_out;
    assert!(seen.left_out <= left_out && seen.goes_on(left_out), "{left_out}: {seen:?}");
    account_for(left_out);
}

#[test]
fn a_call_is_held_and_resumed_by_either_side() {
    interop::require("baresip", "baresip");
    steadily(hold_and_resume);
}

fn hold_and_resume() {
    let talking = calling();
    let folder = tempfile::tempdir().unwrap();
    let says = says(&folder, 6_000, 20_000);
    let ports = 26_120..=26_139;
    let capture = Capture::start(ports.clone());
    let post = Post::open(ports.clone(), &[Codec::Pcmu, Codec::Pcma]);
    let mut phone = Baresip::start(&Setup::saying(&says));
    established(&mut phone, &post.uri());
    std::thread::sleep(Duration::from_millis(500));
    let turns = |number: usize| post.sees(PATIENCE, |noted| noted.agreed.len() == number);
    phone.hold();
    assert!(turns(2), "{}", phone.log());
    assert!(!post.noted().agreed[1].direction.sends());
    std::thread::sleep(Duration::from_secs(1));
    phone.resume();
    assert!(turns(3), "{}", phone.log());
    std::thread::sleep(Duration::from_millis(500));
    post.offer(&[Codec::Pcmu, Codec::Pcma], Direction::Inactive);
    assert!(turns(4), "{}", phone.log());
    std::thread::sleep(Duration::from_secs(1));
    // Resumed with another codec, and sound goes on in it both ways.
    post.offer(&[Codec::Pcma], Direction::SendRecv);
    assert!(turns(5), "{}", phone.log());
    assert_eq!(post.noted().agreed[4].codec, Codec::Pcma);
    std::thread::sleep(Duration::from_millis(300));
    post.say(sound::ours());
    let enough = 6_000 + sound::theirs().len() / 16;
    assert!(post.sees(PATIENCE, |noted| noted.heard.len() / 16 > enough));
    std::thread::sleep(Duration::from_secs(1));
    let noted = post.noted();
    assert!(!noted.over && noted.silent == 0, "the call goes on");
    let heard = noted.heard;
    let debug = phone.ask("audio_debug");
    assert!(debug.contains("lost=0 "), "{debug}");
    phone.hang_up();
    assert!(post.sees(PATIENCE, |noted| noted.over));
    let left_out = post.noted().left_out;
    drop(post);
    let stream = sent_to(&capture.finish(), &[phone.rtp_ports()]).remove(0);
    drop(talking);
    // baresip 1.0.0 stops recording what it receives at the first re-INVITE. What it was sent is on the wire.
    let last: Vec<u8> = (stream.iter().filter(|row| row.payload_type == 8))
        .flat_map(|row| row.payload.clone())
        .collect();
    check("held, we hear", &sound::theirs(), &heard, &limits::G711);
    check("held, on the wire", &sound::ours(), &sound::decoded("alaw", &last), &limits::G711);
    let agreed = Agreed { sound: vec![(0, 160), (8, 160)], ..Agreed::narrow(0) };
    let seen = inspect(&stream, &agreed).unwrap_or_else(|what| fault(what));
    println!("{seen:?}");
    assert_eq!(seen.changes, 1, "{seen:?}");
    // It was held for a second each time, or longer when we were held up; other pauses are not of our making.
    let (held, other): (Vec<_>, Vec<_>) = seen.pauses.iter().partition(|pause| **pause > 0.9);
    assert!(held.len() == 2 && held.iter().all(|pause| *pause < 10.0), "{seen:?}");
    account_for(left_out);
    let others = Seen { pauses: other, ..Seen::default() };
    assert!(seen.left_out <= left_out && others.goes_on(left_out), "{left_out}: {seen:?}");
}

#[test]
fn packets_may_be_shorter_or_longer_than_ours() {
    interop::require("baresip", "baresip");
    steadily(packet_times);
}

fn packet_times() {
    let talking = calling();
    let folder = tempfile::tempdir().unwrap();
    let says = says(&folder, 500, 10_000);
    let ports = 26_140..=26_159;
    let capture = Capture::start(ports.clone());
    let (mut calls, mut to) = (Vec::new(), Vec::new());
    // It says what it would like, and sends what we would.
    for (ms, account) in [(10, ";ptime=10"), (40, ";ptime=40")] {
        let post = Post::open_with(ports.clone(), &[Codec::Pcmu], PacketTime(ms));
        let mut phone = Baresip::start(&Setup { account, ..Setup::saying(&says) });
        established(&mut phone, &post.uri());
        post.say(sound::ours());
        to.push(phone.rtp_ports());
        calls.push((ms, post, phone));
    }
    let mut ended = Vec::new();
    for (ms, post, mut phone) in calls {
        assert!(post.sees(PATIENCE, |noted| noted.heard.len() > 7_000 * 16), "{}", phone.log());
        phone.hang_up();
        assert!(post.sees(PATIENCE, |noted| noted.over && noted.received.is_some()));
        nothing_is_lost(&post.noted());
        ended.push((ms, post.noted(), phone.finish()));
    }
    let rows = capture.finish();
    drop(talking);
    let theirs: Vec<_> = streams(&rows)
        .into_iter()
        .filter(|((_, to), _)| ports.contains(to) && to % 2 == 0)
        .collect();
    for ((ms, noted, recorded), (stream, to)) in
        ended.iter().zip(sent_to(&rows, &to).iter().zip(to))
    {
        let packet_time = u32::from(noted.agreed[0].packet_time.0);
        assert_eq!(packet_time, u32::from(*ms));
        let sound: Vec<u8> = stream.iter().flat_map(|row| row.payload.clone()).collect();
        let name = format!("{ms} ms, on the wire");
        check(&name, &sound::ours(), &sound::decoded("mulaw", &sound), &limits::G711);
        both_ways(&format!("{ms} ms"), &noted.heard, recorded, &limits::G711);
        let agreed = Agreed { sound: vec![(0, packet_time * 8)], ..Agreed::narrow(0) };
        let seen =
            inspect(stream, &agreed).unwrap_or_else(|what| fault(format!("{ms} ms: {what}")));
        println!("{ms} ms: {seen:?}");
        // Whoever is held up in the middle of a packet leaves out what he had of it as well.
        let most = noted.left_out * u64::from(packet_time.div_ceil(20));
        assert!(seen.left_out <= most && seen.goes_on(most), "{most}: {seen:?}");
        account_for(noted.left_out);
        // What it sends is as short and as long.
        let (_, its) = theirs.iter().find(|((from, _), _)| to.contains(from)).expect("its stream");
        let bytes = 8 * usize::from(*ms);
        assert!(its.iter().all(|row| row.payload.len() == bytes), "{ms} ms: {:?}", its[0]);
    }
}
