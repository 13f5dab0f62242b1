//! What a leg costs in memory, with sound both ways and the rings to the agent: 100 KB at most, and what is rendered
//! ahead of what is said besides.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod machine;

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::ops::ControlFlow;
use std::process::Command;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, Hints, LegId, Phi, TurnId, UtteranceId};
use attendant::codec::Codec;
use attendant::media::MediaSession;
use attendant::speech::{
    HeardFrame, Manner, Recognizer, RecognizerError, Transcript, Voice, VoiceError,
};
use attendant::workers::{Hearing, LegParams, MediaConfig, MediaPlane, Speaking};

const LEGS: u32 = 500;
/// What a leg may cost, in bytes.
const MOST: usize = 100_000;

struct Deaf;

impl Recognizer for Deaf {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: &Hints) {}
    fn finish(&mut self, _: TurnId) {}
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        Ok(None)
    }
}

/// Frames that the ring to a leg holds.
const IN_THE_RING: usize = 20;
/// Two seconds: a sentence. What an engine that is faster than speech has rendered beyond the ring waits with it.
const SENTENCE: usize = 100;
/// What that may cost a leg, of which every other one speaks: 640 bytes a frame, and a fifth for how a vector grows.
const AHEAD: usize = (SENTENCE - IN_THE_RING) * 640 / 2 * 12 / 10;

/// Says so many frames at once.
struct Humming(usize);

impl Voice for Humming {
    fn speak(
        &mut self,
        _: &str,
        _: Manner,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let _ = sink(&vec![3000; self.0 * Frame::SAMPLES]);
        Ok(())
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    machine::resident("self") as usize * 1024
}

/// How many files this process may have open.
fn may_open() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}

#[test]
fn a_leg_with_sound_both_ways_costs_little_and_leaves_nothing() {
    let needed = 2 * LEGS as usize + 100;
    assert!(may_open() >= needed, "`ulimit -n` allows {}, {needed} are needed", may_open());
    // What the first one leaves to the allocator would be the second one's: each has a process of its own.
    let (each, beyond) = match std::env::var("FRAMES").ok() {
        None => {
            let itself = std::env::current_exe().unwrap();
            let ended = Command::new(itself).args(["--nocapture"]).env("FRAMES", "100").status();
            assert!(ended.unwrap().success(), "with {SENTENCE} frames");
            (cost(IN_THE_RING), 0)
        }
        Some(_) => (cost(SENTENCE), AHEAD),
    };
    assert!(each > 10_000, "nothing was measured: {each}");
    assert!(each <= MOST + beyond, "{each} bytes a leg");
}

/// What a leg costs while half of them say so many frames.
fn cost(frames: usize) -> usize {
    let address = IpAddr::from(Ipv4Addr::LOCALHOST);
    let ports = 30_000..=31_999;
    let config = MediaConfig { threads: 1, ports, bind: address, advertised: address };
    let plane = MediaPlane::start(&config).unwrap();
    let mut events = plane.events().unwrap();
    let hearing = Hearing::start(1).unwrap();
    let speaking = Speaking::start(vec![Box::new(Humming(frames))]).unwrap();
    // One phone is all the callers: what is measured is ours.
    let phone = UdpSocket::bind((address, 0)).unwrap();
    phone.set_nonblocking(true).unwrap();
    let remote = phone.local_addr().unwrap();
    let caller = LegParams::new(Codec::Pcmu, 0, remote);
    let mut session = MediaSession::new(Instant::now(), caller.clone(), &mut Dice::new(1));
    let before = resident();

    let (mut legs, mut addresses) = (Vec::new(), Vec::new());
    for number in 0..LEGS {
        let port = plane.reserve().unwrap();
        addresses.push(port.advertised());
        let media = plane.open(LegId(number), port, caller.clone()).unwrap();
        hearing.attach(LegId(number), media.up, Box::new(Deaf), Box::new(|_, _| ())).unwrap();
        speaking.attach(LegId(number), media.down, Box::new(|_, _| ()));
        let (utterance, text) = (UtteranceId(number), Phi::new("hm".to_owned()));
        // Half of them are in the middle of a sentence.
        if number % 2 == 0 {
            speaking.say(LegId(number), utterance, Epoch(0), text, Manner::default()).unwrap();
        }
        legs.push(media.control);
        // A thread takes up one leg a millisecond.
        std::thread::sleep(Duration::from_millis(2));
    }
    let mut out = [0; 1500];
    let tone = Frame(std::array::from_fn(|i| if i % 40 < 20 { 3000 } else { -3000 }));
    let mut most = 0;
    for round in 0..75 {
        session.tick(Instant::now(), Some(&tone));
        while let Some(length) = session.poll_packet(&mut out) {
            for address in &addresses {
                let _ = phone.send_to(&out[..length], address);
            }
        }
        while phone.recv_from(&mut out).is_ok() {}
        std::thread::sleep(Duration::from_millis(15));
        if round > 25 {
            most = most.max(resident());
        }
    }
    let each = most.saturating_sub(before) / LEGS as usize;
    println!("a leg that says {frames} frames: {each} bytes, {} KB with {LEGS}", most / 1000);

    legs.clear();
    (0..LEGS).for_each(|leg| {
        hearing.detach(LegId(leg)).unwrap();
        speaking.detach(LegId(leg));
    });
    let start = Instant::now();
    while plane.legs() > 0 && start.elapsed() < Duration::from_secs(20) {
        while events.poll().is_some() {}
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(plane.legs(), 0);
    each
}
