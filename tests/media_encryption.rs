//! One leg under SRTP: keys that change and keys that stay, over hold, wraps and time in the clear.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame};
use attendant::codec::Codec;
use attendant::media::{LegParams, MediaSession, Received, Sound};
use attendant::rtp::{KeySeed, MasterKey, SrtpError, SrtpKeys, SrtpReceiver, Suite};

const HERE: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);
const THERE: ([u8; 4], u16) = ([192, 0, 2, 2], 5000);

fn key(suite: Suite, number: u32) -> MasterKey {
    KeySeed::new([3; 32]).master_key(suite, number)
}

fn keys(suite: Suite, ours: u32, theirs: u32) -> SrtpKeys {
    SrtpKeys { ours: key(suite, ours), theirs: key(suite, theirs), their_mki: 0 }
}

fn params(remote: ([u8; 4], u16), srtp: Option<SrtpKeys>) -> LegParams {
    LegParams { srtp, ..LegParams::new(Codec::Pcmu, 0, SocketAddr::from(remote)) }
}

fn voice() -> Frame {
    Frame(std::array::from_fn(|i| if i % 40 < 20 { 4000 } else { -4000 }))
}

/// Two ends of a call on virtual time.
struct Line {
    now: Instant,
    here: MediaSession,
    there: MediaSession,
    suite: Suite,
    /// What `there` received of the last second, as it was on the wire.
    wire: Vec<Vec<u8>>,
}

impl Line {
    fn new(suite: Suite) -> Self {
        let now = Instant::now();
        let here = params(THERE, Some(keys(suite, 1, 2)));
        let there = params(HERE, Some(keys(suite, 2, 1)));
        let here = MediaSession::new(now, here, &mut Dice::new(1));
        let there = MediaSession::new(now, there, &mut Dice::new(2));
        Self { now, here, there, suite, wire: Vec::new() }
    }

    /// Talks both ways, and returns how many frames of sound came here and there.
    fn talk(&mut self, frames: u32) -> [u32; 2] {
        let (mut out, voice, mut heard) = ([0; 600], voice(), [0; 2]);
        for _ in 0..frames {
            self.now += Duration::from_millis(20);
            let now = self.now;
            self.here.tick(now, Some(&voice));
            while let Some(length) = self.here.poll_packet(&mut out) {
                self.there.receive(now, &out[..length], HERE.into());
                self.wire.push(out[..length].to_vec());
            }
            self.there.tick(now, Some(&voice));
            while let Some(length) = self.there.poll_packet(&mut out) {
                self.here.receive(now, &out[..length], THERE.into());
            }
            heard[0] += loud(&mut self.here, now);
            heard[1] += loud(&mut self.there, now);
            self.wire.drain(..self.wire.len().saturating_sub(50));
        }
        heard
    }

    /// Both sides go on under these keys.
    fn agree(&mut self, here: Option<SrtpKeys>, there: Option<SrtpKeys>) {
        self.here.update(self.now, params(THERE, here));
        self.there.update(self.now, params(HERE, there));
    }

    fn refused(&self) -> [u64; 2] {
        [&self.here, &self.there]
            .map(|it| it.stats().received.forged + it.stats().received.replayed)
    }
}

/// Frames of the far end's sound that are there by now.
fn loud(session: &mut MediaSession, now: Instant) -> u32 {
    let frames = std::iter::from_fn(|| session.poll_heard(now));
    frames.filter(|it| it.sound == Sound::Received && it.frame.level() > -30.0).count() as u32
}

/// Over a wrap of the sequence number, with every suite.
#[test]
fn a_long_call_is_heard_to_its_end() {
    for suite in Suite::ALL {
        let mut line = Line::new(suite);
        assert_eq!(line.talk(70_000), [70_000; 2], "{suite:?}");
        assert_eq!(line.refused(), [0; 2]);
    }
}

#[test]
fn what_is_on_the_wire_is_not_the_sound() {
    let mut line = Line::new(Suite::Aes128Tag80);
    line.talk(10);
    let mut open = SrtpReceiver::new(&key(line.suite, 1), 0);
    for packet in &mut line.wire {
        assert_eq!(packet.len(), 12 + 160 + 10);
        let sealed = packet.clone();
        let length = open.unprotect(packet).unwrap();
        let same = sealed[12..length].iter().zip(&packet[12..length]).filter(|(a, b)| a == b);
        assert!(same.count() < 20);
    }
}

/// Hold, resume and every refresh name the keys again: they go on where they were.
#[test]
fn the_same_keys_go_on_over_hold_and_refresh() {
    let mut line = Line::new(Suite::Aes128Tag80);
    line.talk(70_000);
    for _ in 0..3 {
        let hold = |params: LegParams| LegParams { sends: false, receives: false, ..params };
        let (here, there) = (keys(line.suite, 1, 2), keys(line.suite, 2, 1));
        line.here.update(line.now, hold(params(THERE, Some(here.clone()))));
        line.there.update(line.now, hold(params(HERE, Some(there.clone()))));
        assert_eq!(line.talk(500), [0; 2]);
        line.agree(Some(here), Some(there));
        // Half a frame of the first may still ring from before.
        assert!(line.talk(500).iter().all(|heard| (499..=501).contains(heard)));
    }
    assert_eq!(line.refused(), [0; 2]);
}

/// A far end that takes another key, and we with it: what was on its way is heard, and then no more of it.
#[test]
fn new_keys_begin_and_the_old_ones_end() {
    let mut line = Line::new(Suite::Aes256Tag80);
    line.talk(70_000);
    // `there` knows first; `here` still sends, and hears, under the old keys for a while.
    line.there.update(line.now, params(HERE, Some(keys(line.suite, 2, 11))));
    assert_eq!(line.talk(5), [5; 2]);
    assert_eq!(line.refused(), [0; 2]);
    line.here.update(line.now, params(THERE, Some(keys(line.suite, 11, 2))));
    assert_eq!(line.talk(200), [200; 2]);
    let replayed = line.wire[0].clone();
    line.agree(Some(keys(line.suite, 21, 22)), Some(keys(line.suite, 22, 21)));
    assert_eq!(line.talk(200), [200; 2]);
    assert_eq!(line.refused(), [0; 2]);
    let late = line.there.receive(line.now, &replayed, HERE.into());
    assert!(matches!(late, Received::Unprotected(_)), "{late:?}");
}

/// The counter goes on while the far end wants no encryption: the same key is never used twice for one number.
#[test]
fn a_while_in_the_clear_takes_no_counter_back() {
    let mut line = Line::new(Suite::Aes128Tag80);
    line.talk(40_000);
    line.agree(None, None);
    assert_eq!(line.talk(40_000), [40_000; 2]);
    line.agree(Some(keys(line.suite, 1, 2)), Some(keys(line.suite, 2, 1)));
    line.talk(1);
    let mut sealed = line.wire.last().unwrap().clone();
    let mut first_time = SrtpReceiver::new(&key(line.suite, 1), 0);
    assert!(first_time.unprotect(&mut sealed).is_ok());
    let counted = line.wire.last().unwrap();
    let mut unwrapped = counted.clone();
    let mut again = attendant::rtp::SrtpSender::new(&key(line.suite, 1));
    let length = counted.len() - 10;
    let plain = sealed[..length].to_vec();
    unwrapped[..length].copy_from_slice(&plain);
    again.protect(&mut unwrapped, length).unwrap();
    assert_ne!(unwrapped, *counted, "the key stream of the first round");
}

#[test]
fn without_the_key_nothing_is_heard_and_nothing_learnt() {
    let mut line = Line::new(Suite::Aes128Tag32);
    let learning = LegParams { learn_source: true, ..params(HERE, Some(keys(line.suite, 2, 1))) };
    line.there = MediaSession::new(line.now, learning, &mut Dice::new(2));
    let stranger = SocketAddr::from(([203, 0, 113, 9], 7));
    let mut injecting = MediaSession::new(line.now, params(HERE, None), &mut Dice::new(9));
    let mut wrong =
        MediaSession::new(line.now, params(HERE, Some(keys(line.suite, 5, 5))), &mut Dice::new(9));
    let mut out = [0; 600];
    for _ in 0..100 {
        line.now += Duration::from_millis(20);
        for session in [&mut injecting, &mut wrong] {
            session.tick(line.now, Some(&voice()));
            let length = session.poll_packet(&mut out).unwrap();
            for from in [stranger, HERE.into()] {
                let became = line.there.receive(line.now, &out[..length], from);
                assert_eq!(became, Received::Unprotected(SrtpError::Forged));
            }
        }
        assert_eq!(loud(&mut line.there, line.now), 0);
    }
    assert_eq!(line.there.remote(), HERE.into());
    assert_eq!(line.there.stats().received.forged, 400);
    // The far end itself, from elsewhere: that is learnt, although three seconds are long over.
    for number in 0..4 {
        line.now += Duration::from_millis(20);
        line.here.tick(line.now, Some(&voice()));
        let length = line.here.poll_packet(&mut out).unwrap();
        let became = line.there.receive(line.now, &out[..length], stranger);
        assert_eq!(became == Received::Foreign, number < 3, "{became:?}");
        // What came once does not come again, learnt or not.
        let again = line.there.receive(line.now, &out[..length], stranger);
        assert_eq!(again, Received::Unprotected(SrtpError::Replayed));
    }
    assert_eq!(line.there.remote(), stranger);
    assert_eq!(line.there.receive(line.now, &out[..60], HERE.into()), Received::Foreign);
}

/// RTCP is sealed with the same keys, and an index of its own.
#[test]
fn reports_go_sealed() {
    let mut line = Line::new(Suite::Aes128Tag32);
    let mut room = [0; 1500];
    let plain = [0x80, 201, 0, 1, 0, 0, 0, 9];
    let mut out = [0; 64];
    out[..8].copy_from_slice(&plain);
    let length = line.here.seal_report(&mut out, 8).unwrap();
    assert_eq!(length, 8 + 14);
    assert_eq!(line.there.open_report(&out[..length], &mut room), Some(plain.as_slice()));
    assert_eq!(line.there.open_report(&out[..length], &mut room), None);
    assert_eq!(line.there.open_report(&plain, &mut room), None);
    let counters = line.there.stats().received;
    assert_eq!((counters.replayed, counters.malformed), (1, 1));
    line.agree(None, None);
    assert_eq!(line.there.open_report(&plain, &mut room), Some(plain.as_slice()));
    assert_eq!(line.here.seal_report(&mut out, 8), Some(8));
}
