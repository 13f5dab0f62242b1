//! What a leg costs in memory, with sound both ways and the rings to the agent: 100 KB at most.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Expect, Frame, LegId, Phi, TurnId, UtteranceId};
use attendant::codec::Codec;
use attendant::media::MediaSession;
use attendant::speech::{HeardFrame, Recognizer, RecognizerError, Transcript, Voice, VoiceError};
use attendant::workers::{Hearing, LegParams, MediaConfig, MediaPlane, Speaking};

const LEGS: u32 = 500;
/// What a leg may cost, in bytes.
const MOST: usize = 100_000;

struct Deaf;

impl Recognizer for Deaf {
    fn push(&mut self, _: &HeardFrame) -> Result<(), RecognizerError> {
        Ok(())
    }
    fn expect(&mut self, _: Expect) {}
    fn finish(&mut self, _: TurnId) {}
    fn reset(&mut self) {}
    fn poll(&mut self) -> Result<Option<Transcript>, RecognizerError> {
        Ok(None)
    }
}

/// Says 400 ms, which the ring to the leg holds. What an engine that is faster than speech has rendered beyond waits
/// with it, 32 KB a second, and is not the leg's.
struct Humming;

impl Voice for Humming {
    fn speak(
        &mut self,
        _: &str,
        sink: &mut dyn FnMut(&[i16]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let _ = sink(&[3000; 20 * Frame::SAMPLES]);
        Ok(())
    }
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[test]
fn a_leg_with_sound_both_ways_costs_little_and_leaves_nothing() {
    let address = IpAddr::from(Ipv4Addr::LOCALHOST);
    let ports = 30_000..=31_999;
    let config = MediaConfig { threads: 1, ports, bind: address, advertised: address };
    let plane = MediaPlane::start(&config).unwrap();
    let mut events = plane.events().unwrap();
    let hearing = Hearing::start(1).unwrap();
    let speaking = Speaking::start(vec![Box::new(Humming)]).unwrap();
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
            speaking.say(LegId(number), utterance, Epoch(0), text).unwrap();
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
    println!("a leg: {each} bytes, {} KB with {LEGS}", most / 1000);
    assert!(each > 10_000, "nothing was measured: {each}");
    assert!(each <= MOST, "{each} bytes a leg");

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
}
