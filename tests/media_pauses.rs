//! The agent's pauses, described instead of sent (RFC 3389), at each packet time.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, PacketTime};
use attendant::codec::Codec;
use attendant::media::{Backdrop, LegParams, MediaSession, Playout, Received};
use attendant::rtp::{Header, Inserted, Packet};

const FAR: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);
const NOISE: u8 = 13;

fn params() -> LegParams {
    LegParams {
        comfort_noise: true,
        pauses: Some(NOISE),
        telephone_event: Some(101),
        ..LegParams::new(Codec::Pcmu, 0, SocketAddr::from(FAR))
    }
}

fn voice() -> Frame {
    Frame(std::array::from_fn(|i| if i % 40 < 20 { 4_000 } else { -4_000 }))
}

struct World {
    now: Instant,
    session: MediaSession,
}

impl World {
    fn new(params: LegParams) -> Self {
        let now = Instant::now();
        Self { now, session: MediaSession::new(now, params, &mut Dice::new(3)) }
    }

    /// Runs so many turns, in which the agent speaks or does not, and returns the packets: when they went out, their
    /// headers and their payloads.
    fn run(&mut self, turns: usize, speaks: bool) -> Vec<(usize, Header, Vec<u8>)> {
        let (mut out, mut sent) = ([0; 1500], Vec::new());
        for turn in 0..turns {
            let frame = voice();
            let next = (speaks && self.session.wants_sound()).then_some(&frame);
            self.session.tick(self.now, next);
            while let Some(length) = self.session.poll_packet(&mut out) {
                let packet = Packet::parse(&out[..length]).unwrap();
                sent.push((turn, packet.header, packet.payload.to_vec()));
            }
            self.now += Duration::from_millis(20);
        }
        sent
    }
}

#[test]
fn a_pause_is_a_description_twice_a_second() {
    for (ms, hangover) in [(10, 10), (20, 10), (30, 10), (60, 11)] {
        let mut world = World::new(LegParams { packet_time: PacketTime(ms), ..params() });
        let mut sent = world.run(30, true);
        let begins = sent.len();
        sent.extend(world.run(150, false));
        let pause = &sent[begins..];
        let (noise, rest): (Vec<_>, Vec<_>) =
            pause.iter().partition(|(_, header, _)| header.payload_type == NOISE);
        assert!(rest.iter().all(|(turn, ..)| *turn <= hangover), "{ms} ms: {rest:?}");
        // The first 200 ms are sent as they are.
        assert_eq!(noise.len(), 6, "{ms} ms");
        assert!(noise.iter().all(|(_, header, payload)| !header.marker && payload == &[68]));
        let again = world.run(30, true);
        let (_, first, _) = &again[0];
        assert!(first.marker && first.payload_type == 0, "{ms} ms");
        assert!(again[1..].iter().all(|(_, header, _)| !header.marker));
        sent.extend(again);
        // Numbers go on by one, and the clock as time does.
        for pair in sent.windows(2) {
            let ((_, a, _), (_, b, _)) = (&pair[0], &pair[1]);
            assert_eq!((b.seq.0, b.ssrc), (a.seq.0.wrapping_add(1), a.ssrc), "{ms} ms");
        }
        let (_, start, _) = &sent[0];
        let passed = sent.last().unwrap().1.time.0.wrapping_sub(start.time.0);
        assert_eq!(passed, (210 * 160) - u32::from(ms) * 8, "{ms} ms");
    }
}

#[test]
fn what_is_not_agreed_or_is_no_pause_is_sent() {
    let none = LegParams { pauses: None, ..params() };
    assert_eq!(World::new(none).run(150, false).len(), 150);
    // A caller who waits hears bells.
    let mut world = World::new(params());
    world.session.play_behind(Backdrop::Melody);
    assert_eq!(world.run(150, false).len(), 150);
    // A key that is pressed in a pause goes out whole, and the pause goes on after it.
    let mut world = World::new(params());
    world.run(50, false);
    assert!(world.session.press('5'));
    let sent = world.run(50, false);
    let events = sent.iter().filter(|(_, header, _)| header.payload_type == 101).count();
    assert!(events >= 5, "{sent:?}");
    let kinds: Vec<u8> = sent.iter().map(|(_, header, _)| header.payload_type).collect();
    assert!(!kinds.contains(&0) && kinds.contains(&NOISE), "{kinds:?}");
    // After a hold the far end is told anew.
    world.session.update(world.now, LegParams { sends: false, ..params() });
    assert_eq!(world.run(20, false), []);
    world.session.update(world.now, params());
    let sent = world.run(20, false);
    assert!(sent[0].1.marker && sent[0].1.payload_type == 0);
    assert_eq!(sent.last().unwrap().1.payload_type, NOISE);
}

/// Nothing is lost and nothing is made up where we hear ourselves: as a bridged leg hears it, and as recognition does.
#[test]
fn our_own_pauses_are_heard_as_such() {
    for playout in [Playout::Reorder, Playout::Paced] {
        let mut ours = World::new(params());
        let mut theirs = World::new(LegParams { playout, ..params() });
        let (mut out, mut loud, mut frames) = ([0; 1500], 0, 0);
        for turn in 0..500 {
            let frame = voice();
            let next = (turn / 100 % 2 == 0).then_some(&frame);
            ours.session.tick(ours.now, next);
            while let Some(length) = ours.session.poll_packet(&mut out) {
                let from = SocketAddr::from(FAR);
                let took = theirs.session.receive(ours.now, &out[..length], from);
                assert_eq!(took, Received::Sound(Inserted::Kept));
            }
            theirs.session.tick(ours.now, None);
            while let Some(heard) = theirs.session.poll_heard(ours.now) {
                frames += 1;
                loud += u32::from(heard.frame.level() > -40.0);
            }
            ours.now += Duration::from_millis(20);
        }
        let counters = theirs.session.stats().received;
        assert_eq!((counters.lost, counters.late), (0, 0), "{playout:?}");
        assert!(loud.abs_diff(300) < 12, "{playout:?}: {loud} of {frames}");
    }
}
