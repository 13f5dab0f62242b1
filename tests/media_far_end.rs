//! What is believed of whoever sends to a leg: which stream is the far end's, who presses keys, and when it is gone.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, Phi, RtpTime, SeqNo};
use attendant::codec::{Codec, OpusCoders, OpusSettings};
use attendant::media::{
    Inbound, LegParams, MediaSession, Outbound, Received, SessionEvent, Sound, Verdict,
};
use attendant::rtp::{Header, Inserted, Packet, Playout, Ssrc};

const CALLER: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);
/// The caller's stream, and that of somebody who sends under the caller's address.
const THEIRS: u32 = 1;
const ANOTHER: u32 = 9;
/// Sound, an event and comfort noise.
const PCMU: u8 = 0;
const EVENT: u8 = 101;
const NOISE: u8 = 13;

fn params() -> LegParams {
    LegParams {
        telephone_event: Some(EVENT),
        rtp_timeout: Some(Duration::from_secs(60)),
        ..LegParams::new(Codec::Pcmu, PCMU, SocketAddr::from(CALLER))
    }
}

/// A session and the virtual time that it lives in.
struct World {
    start: Instant,
    now: Instant,
    session: MediaSession,
    events: Vec<SessionEvent>,
    /// What every frame that was heard is made of, and how loud it is.
    heard: Vec<(Sound, f32)>,
}

impl World {
    fn new(params: LegParams) -> Self {
        let start = Instant::now();
        let session = MediaSession::new(start, params, &mut Dice::new(5));
        Self { start, now: start, session, events: Vec::new(), heard: Vec::new() }
    }

    fn tick(&mut self) {
        self.now += Duration::from_millis(20);
        self.session.tick(self.now, None);
        let mut out = [0; 1500];
        while self.session.poll_packet(&mut out).is_some() {}
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(heard) = self.session.poll_heard(self.now) {
            self.heard.push((heard.sound, heard.frame.level()));
        }
        self.events.extend(std::iter::from_fn(|| self.session.poll_event()));
    }

    fn pass(&mut self, seconds: u64) {
        (0..50 * seconds).for_each(|_| self.tick());
    }

    /// A packet whose time goes with its number.
    fn receive(&mut self, ssrc: u32, payload_type: u8, number: u16, payload: &[u8]) -> Received {
        self.receive_at(ssrc, payload_type, (number, u32::from(number) * 160), payload)
    }

    fn receive_at(
        &mut self,
        ssrc: u32,
        payload_type: u8,
        (number, time): (u16, u32),
        payload: &[u8],
    ) -> Received {
        let (seq, time, ssrc) = (SeqNo(number), RtpTime(time), Ssrc(ssrc));
        let header = Header { payload_type, marker: false, seq, time, ssrc };
        let mut out = [0; 1500];
        let length = Packet { header, payload }.write(&mut out).unwrap();
        let received = self.session.receive(self.now, &out[..length], CALLER.into());
        self.listen();
        received
    }

    /// The caller talks; returns the next number.
    fn talk(&mut self, from: u16, packets: u16) -> u16 {
        for number in from..from + packets {
            self.tick();
            self.receive(THEIRS, PCMU, number, &[0x20; 160]);
        }
        from + packets
    }

    fn verdicts(&self) -> Vec<Verdict> {
        let judged = |event: &SessionEvent| match event {
            SessionEvent::Judged(verdict) => Some(*verdict),
            _ => None,
        };
        self.events.iter().filter_map(judged).collect()
    }

    fn digits(&self) -> String {
        let digit = |event: &SessionEvent| match event {
            SessionEvent::Digit(digit, _) => {
                Some(*Phi::reveal(digit, attendant::base::Purpose::Comparison))
            }
            _ => None,
        };
        self.events.iter().filter_map(digit).collect()
    }
}

/// A key is pressed: three packets of it, and three that end it.
fn press(world: &mut World, ssrc: u32, first: u16, event: u8) {
    let time = u32::from(first) * 160;
    for step in 0..6_u16 {
        let end = if step >= 3 { 0x80 } else { 0 };
        let [high, low] = (160 * (step.min(3) + 1)).to_be_bytes();
        world.receive_at(ssrc, EVENT, (first + step, time), &[event, end | 10, high, low]);
    }
}

#[test]
fn only_the_stream_that_is_heard_presses_keys() {
    let mut world = World::new(params());
    // Before anything is heard, whoever presses is the caller.
    press(&mut world, THEIRS, 100, 1);
    assert_eq!(world.digits(), "1");
    world.talk(106, 10);
    press(&mut world, ANOTHER, 7000, 2);
    press(&mut world, THEIRS, 116, 3);
    press(&mut world, ANOTHER, 7006, 4);
    assert_eq!(world.digits(), "13");
}

#[test]
fn nobody_else_says_what_the_callers_pauses_sound_like() {
    let mut world = World::new(LegParams { playout: Playout::Paced, ..params() });
    world.talk(0, 50);
    // As loud as can be, and from somebody else.
    world.receive(ANOTHER, NOISE, 7000, &[0]);
    world.receive(THEIRS, NOISE, 50, &[60]);
    world.receive(ANOTHER, NOISE, 7001, &[0]);
    world.heard.clear();
    world.pass(1);
    let loudest = |heard: &[(Sound, f32)]| {
        let pauses = heard.iter().skip(10).filter(|(sound, _)| *sound == Sound::Pause);
        pauses.map(|(_, level)| *level).fold(-200.0, f32::max)
    };
    assert!(loudest(&world.heard) < -55.0, "{}", loudest(&world.heard));
    // Nor is a caller believed whose silence is as loud as a cry.
    world.receive(THEIRS, NOISE, 51, &[0]);
    world.heard.clear();
    world.pass(1);
    assert!(loudest(&world.heard) < -25.0, "{}", loudest(&world.heard));
}

/// Sound of another stream that fits between two packets of the caller's is not heard.
#[test]
fn who_talks_beside_the_caller_is_not_heard() {
    let mut world = World::new(params());
    for number in 0..100 {
        world.talk(number, 1);
        let other = 7000 + 2 * number;
        for number in [other, other + 1] {
            let received = world.receive(ANOTHER, PCMU, number, &[0x80; 160]);
            assert_eq!(received, Received::Sound(Inserted::TooEarly));
        }
    }
    assert_eq!(world.session.stats().received.restarts, 0);
    assert!(world.start < world.now && world.heard.len() >= 99);
}

/// RFC 3389 §4: who has described its silence sends again when that changes, or somebody speaks.
#[test]
fn a_silence_that_was_announced_is_no_fault_and_no_end() {
    let wrong = |event: &SessionEvent| match event {
        SessionEvent::NoPackets { .. } | SessionEvent::Gone { .. } => true,
        SessionEvent::Judged(verdict) => !verdict.is_fine(),
        _ => false,
    };
    let mut world = World::new(params());
    let next = world.talk(0, 500);
    world.receive(THEIRS, NOISE, next, &[70]);
    world.pass(200);
    assert!(!world.events.iter().any(wrong), "{:?}", world.events);
    // Five times as long as one that was not.
    world.pass(101);
    assert!(world.events.iter().any(|event| matches!(event, SessionEvent::Gone { .. })));
    // Whoever speaks again announces nothing.
    let mut world = World::new(params());
    let next = world.talk(0, 500);
    world.receive(THEIRS, NOISE, next, &[70]);
    world.talk(next + 1, 500);
    world.pass(61);
    assert!(world.events.iter().any(|event| matches!(event, SessionEvent::Gone { .. })));
    assert!(world.events.iter().any(wrong), "{:?}", world.events);
}

/// A transfer to somebody who is not there: the one before it is no witness.
#[test]
fn another_far_end_is_judged_by_itself() {
    let elsewhere = SocketAddr::from(([192, 0, 2, 7], 4100));
    let mut world = World::new(params());
    world.talk(0, 500);
    // Silent for so long that it would be gone in a second more.
    world.pass(59);
    world.events.clear();
    world.session.update(world.now, LegParams { remote: elsewhere, ..params() });
    world.pass(4);
    assert_eq!(world.events, []);
    // Nobody listens there, and nothing comes from there.
    for _ in 0..10 {
        world.pass(1);
        world.session.refused(world.now);
    }
    let last = *world.verdicts().last().unwrap();
    assert_eq!((last.inbound, last.outbound), (Some(Inbound::Nothing), Some(Outbound::Refused)));
    // Whoever is there next is muted, which nothing of what came before can hide.
    let mut world = World::new(params());
    let next = world.talk(0, 500);
    assert!(world.verdicts()[0].is_fine());
    world.session.update(world.now, LegParams { remote: elsewhere, ..params() });
    world.session.update(world.now, params());
    for number in next..next + 1500 {
        world.tick();
        world.receive(THEIRS, PCMU, number, &[0xff; 160]);
    }
    let last = *world.verdicts().last().unwrap();
    assert_eq!((last.inbound, last.outbound), (Some(Inbound::OnlySilence), None));
}

/// Timestamps may claim any time, and packets of 60 ms and more may come a thousand times a second.
#[test]
fn no_more_is_heard_than_twice_the_time_that_passes() {
    let mut world = World::new(params());
    for step in 0..5000_u32 {
        if step % 20 == 0 {
            world.tick();
        }
        // Ten seconds after the one before it, each of them.
        world.receive_at(THEIRS, PCMU, (step as u16, step.wrapping_mul(80_000)), &[0x20; 1400]);
    }
    let passed = 5000 / 20;
    assert!(world.heard.len() <= 2 * passed + 150, "{} in {passed}", world.heard.len());
    assert!(world.session.stats().received.dropped > 1000);
    // And then the caller is heard as ever.
    world.heard.clear();
    let next = 5000_u16;
    for number in next..next + 200 {
        world.tick();
        world.receive_at(THEIRS, PCMU, (number, u32::from(number) * 160), &[0x20; 160]);
    }
    let sound = world.heard.iter().filter(|(sound, _)| *sound == Sound::Received).count();
    assert!(sound >= 190, "{sound}");
}

/// What the far end says of loss decides how much of itself Opus repeats.
#[test]
fn opus_repeats_more_for_a_far_end_that_loses_more() {
    let sent_after = |fraction: Option<u8>| {
        let opus = OpusSettings { fec: true, ..OpusSettings::default() };
        let params = LegParams { opus, ..LegParams::new(Codec::Opus, 96, CALLER.into()) };
        let mut world = World::new(params);
        world.session.equip(OpusCoders::default());
        let mut bytes = Vec::new();
        for index in 0..200 {
            if let Some(fraction) = fraction.filter(|_| index == 100) {
                let ssrc = world.session.continuity().ssrc.0.to_be_bytes();
                let mut report = [0; 32];
                report[..8].copy_from_slice(&[0x81, 201, 0, 7, 0, 0, 0, 2]);
                report[8..12].copy_from_slice(&ssrc);
                report[12] = fraction;
                let from = SocketAddr::from((CALLER.0, CALLER.1 + 1));
                let received = world.session.receive_control(world.now, &report, from);
                assert_eq!(received, Received::Control);
            }
            world.now += Duration::from_millis(20);
            let voice = |i: usize| {
                let t = (index * Frame::SAMPLES + i) as f32 / 16e3;
                let glide = 140.0 + 40.0 * (3.0 * t).sin();
                (1..12).map(|n| (std::f32::consts::TAU * glide * t * n as f32).sin()).sum::<f32>()
            };
            let frame = Frame(std::array::from_fn(|i| (1500.0 * voice(i)) as i16));
            world.session.tick(world.now, Some(&frame));
            let mut out = [0; 1500];
            while let Some(length) = world.session.poll_packet(&mut out) {
                bytes.extend_from_slice(&out[12..length]);
            }
        }
        bytes
    };
    let untold = sent_after(None);
    assert_eq!(sent_after(Some(0)), untold, "five percent are expected at least");
    assert_ne!(sent_after(Some(64)), untold);
}
