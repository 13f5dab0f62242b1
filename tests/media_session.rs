//! Two sessions talk to each other, and one is fed what nobody should send.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, PacketTime, Phi, RtpTime, SeqNo};
use attendant::codec::Codec;
use attendant::media::{
    Backdrop, CallTone, CallTones, LegParams, MediaSession, Received, SessionEvent, Sound, Way,
};
use attendant::rtp::{Header, Packet, Ssrc};

const CALLER: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);

fn params() -> LegParams {
    LegParams {
        telephone_event: Some(101),
        ..LegParams::new(Codec::Pcmu, 0, SocketAddr::from(CALLER))
    }
}

/// A session, and the virtual time that it lives in.
struct World {
    start: Instant,
    now: Instant,
    session: MediaSession,
}

impl World {
    fn new(params: LegParams) -> Self {
        let start = Instant::now();
        Self { start, now: start, session: MediaSession::new(start, params, &mut Dice::new(5)) }
    }

    /// Ticks, and returns what was sent: header and payload length.
    fn tick(&mut self, next: Option<&Frame>) -> Vec<(Header, usize)> {
        self.now += Duration::from_millis(20);
        let next = next.filter(|_| self.session.wants_sound());
        self.session.tick(self.now, next);
        let mut sent = Vec::new();
        let mut out = [0; 1500];
        while let Some(length) = self.session.poll_packet(&mut out) {
            let packet = Packet::parse(&out[..length]).unwrap();
            sent.push((packet.header, packet.payload.len()));
        }
        sent
    }

    fn receive(&mut self, payload_type: u8, number: u16, payload: &[u8]) -> Received {
        let time = u32::from(number) * 160;
        self.receive_from(SocketAddr::from(CALLER), payload_type, number, time, payload)
    }

    fn receive_from(
        &mut self,
        from: SocketAddr,
        payload_type: u8,
        number: u16,
        time: u32,
        payload: &[u8],
    ) -> Received {
        let header = Header {
            payload_type,
            marker: false,
            seq: SeqNo(number),
            time: RtpTime(time),
            ssrc: Ssrc(1),
        };
        let mut out = [0; 1500];
        let length = Packet { header, payload }.write(&mut out).unwrap();
        self.session.receive(self.now, &out[..length], from)
    }

    fn heard(&mut self) -> String {
        let mut all = String::new();
        while let Some(heard) = self.session.poll_heard(self.now) {
            all.push(match heard.sound {
                Sound::Received => 'r',
                Sound::Concealed => 'c',
                Sound::Pause => 'p',
            });
        }
        all
    }

    fn events(&mut self) -> Vec<SessionEvent> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }
}

fn tone(index: usize) -> Frame {
    Frame(std::array::from_fn(|i| {
        let t = (index * Frame::SAMPLES + i) as f32 / 16e3;
        (8000.0 * (std::f32::consts::TAU * 400.0 * t).sin()) as i16
    }))
}

#[test]
fn packets_go_out_without_a_break_whether_the_agent_speaks_or_not() {
    let mut world = World::new(params());
    let mut sent = Vec::new();
    for index in 0..100 {
        let frame = tone(index);
        sent.extend(world.tick((index / 10 % 2 == 0).then_some(&frame)));
    }
    assert_eq!(sent.len(), 100);
    for pair in sent.windows(2) {
        let ((a, _), (b, length)) = (pair[0], pair[1]);
        assert_eq!(b.seq.0, a.seq.0.wrapping_add(1));
        assert_eq!(b.time.0, a.time.0.wrapping_add(160));
        assert_eq!((b.ssrc, b.payload_type, length), (a.ssrc, 0, 160));
    }
    let markers: Vec<_> = sent.iter().map(|(header, _)| header.marker).collect();
    assert!(markers[0] && !markers[1..].contains(&true));
    assert_eq!(world.session.stats().frames_played, 50);
}

/// RFC 3550 §5.1: nothing is sent on hold, the clock goes on, the numbers do not.
#[test]
fn hold_stops_packets_and_not_the_clock() {
    let mut world = World::new(params());
    let before = world.tick(None)[0].0;
    world.session.update(world.now, LegParams { sends: false, ..params() });
    assert!(!world.session.wants_sound());
    for _ in 0..10 {
        assert_eq!(world.tick(Some(&tone(0))), []);
    }
    world.session.update(world.now, params());
    let after = world.tick(None)[0].0;
    assert_eq!(after.seq.0, before.seq.0.wrapping_add(1));
    assert_eq!(after.time.0, before.time.0.wrapping_add(11 * 160));
    assert_eq!(after.ssrc, before.ssrc);
    assert!(after.marker);
    assert_eq!(world.session.stats().frames_played, 0);
}

#[test]
fn every_packet_time_carries_the_same_sound() {
    for (packet_time, packets, bytes) in
        [(10, 120, 80), (20, 60, 160), (30, 40, 240), (40, 30, 320)]
    {
        let params = LegParams { packet_time: PacketTime(packet_time), ..params() };
        let mut sender = World::new(params.clone());
        let mut receiver = World::new(params);
        let mut heard = Vec::new();
        let mut sent = 0;
        let mut out = [0; 1500];
        for index in 0..60 {
            sender.session.tick(sender.now, Some(&tone(index)));
            while let Some(length) = sender.session.poll_packet(&mut out) {
                assert_eq!(length, 12 + bytes);
                sent += 1;
                receiver.session.receive(receiver.now, &out[..length], SocketAddr::from(CALLER));
            }
            receiver.now += Duration::from_millis(20);
            while let Some(frame) = receiver.session.poll_heard(receiver.now) {
                assert_eq!((frame.sound, frame.tick), (Sound::Received, heard.len() as u64));
                heard.push(frame.frame);
            }
        }
        assert_eq!((sent, heard.len()), (packets, 60), "{packet_time} ms");
        let level = heard[30].level();
        assert!((level - tone(30).level()).abs() < 0.3, "{packet_time} ms: {level}");
    }
}

#[test]
fn what_is_lost_is_concealed_whatever_the_packet_time() {
    for (bytes, lost_frames) in [(80_usize, 1.0), (160, 2.0), (320, 4.0)] {
        let mut world = World::new(params());
        let mut story = String::new();
        for number in 0..40_u16 {
            if number % 20 != 10 && number % 20 != 11 {
                let time = u32::from(number) * bytes as u32;
                let from = SocketAddr::from(CALLER);
                world.receive_from(from, 0, number, time, &vec![0x80; bytes]);
            }
            world.now += Duration::from_millis(bytes as u64 / 8);
            story += &world.heard();
        }
        let frames = 40 * bytes / 160;
        assert_eq!(story.len(), frames, "{bytes}: {story}");
        let concealed = story.matches('c').count() as f64 / 2.0;
        assert_eq!(concealed, lost_frames, "{bytes}: {story}");
        assert_eq!(world.session.stats().received.lost, 4);
    }
}

#[test]
fn digits_are_heard_once_and_the_agent_waits_while_we_press_ours() {
    let (mut ours, mut theirs) = (World::new(params()), World::new(params()));
    for digit in "1#".chars() {
        assert!(ours.session.press(digit));
    }
    let mut events = Vec::new();
    let mut out = [0; 1500];
    let mut waited = 0;
    for index in 0..40 {
        let frame = tone(index);
        let next = ours.session.wants_sound().then_some(&frame);
        waited += usize::from(next.is_none());
        ours.session.tick(ours.now, next);
        while let Some(length) = ours.session.poll_packet(&mut out) {
            theirs.session.receive(theirs.now, &out[..length], SocketAddr::from(CALLER));
        }
        theirs.now += Duration::from_millis(20);
        theirs.heard();
        events.extend(theirs.events());
    }
    let from = SocketAddr::from(CALLER);
    use SessionEvent::{Digit, FirstPacket};
    assert_eq!(
        events,
        [FirstPacket { from }, Digit(Phi::new('1'), Way::Event), Digit(Phi::new('#'), Way::Event)]
    );
    // Two digits of 7 packets and a pause of 3 each.
    assert_eq!(waited, 20);
    assert_eq!(ours.session.stats().frames_played, 20);
    let mut deaf = World::new(LegParams { telephone_event: None, ..params() });
    assert!(!deaf.session.press('1'));
}

#[test]
fn what_is_not_ours_changes_nothing() {
    let mut world = World::new(params());
    let stranger = SocketAddr::from(([203, 0, 113, 9], 4000));
    assert_eq!(world.receive_from(stranger, 0, 1, 160, &[0; 160]), Received::Foreign);
    assert_eq!(world.session.receive(world.now, b"INVITE sip:x", stranger), Received::Malformed);
    let mut report = [0; 28];
    report[..2].copy_from_slice(&[0x80, 201]);
    assert_eq!(world.session.receive(world.now, &report, stranger), Received::Foreign);
    assert_eq!(world.receive(96, 1, &[0; 160]), Received::Unexpected);
    assert!(!world.heard().contains('r'));
    world.session.update(world.now, LegParams { receives: false, ..params() });
    assert_eq!(world.receive(0, 2, &[0; 160]), Received::OnHold);
    assert_eq!(world.heard(), "");
    let counters = world.session.stats().received;
    assert_eq!((counters.foreign, counters.malformed, counters.control), (1, 1, 1));
    assert_eq!((counters.unexpected, counters.received), (1, 2));
}

#[test]
fn a_source_behind_nat_is_learnt_once_and_sent_to() {
    let mut world = World::new(LegParams { learn_source: true, ..params() });
    let (nat, stranger) =
        (SocketAddr::from(([203, 0, 113, 9], 61_000)), SocketAddr::from(([203, 0, 113, 8], 1)));
    for number in 1..=4 {
        world.receive_from(nat, 0, number, u32::from(number) * 160, &[0; 160]);
    }
    assert_eq!(world.session.remote(), nat);
    for number in 5..=20 {
        let verdict = world.receive_from(stranger, 0, number, u32::from(number) * 160, &[0; 160]);
        assert_eq!(verdict, Received::Foreign);
    }
    assert_eq!(world.session.remote(), nat);
    assert!(world.events().contains(&SessionEvent::SourceLearnt { at: nat }));
    // The same description again, as session timers send it, does not undo it.
    world.session.update(world.now, LegParams { learn_source: true, ..params() });
    assert_eq!(world.session.remote(), nat);
    // After a hold the way through the NAT may be another one.
    let again = SocketAddr::from(([203, 0, 113, 9], 61_777));
    let held = LegParams { sends: false, receives: false, learn_source: true, ..params() };
    for (changes, remote) in [(vec![params()], nat), (vec![held, params()], again)] {
        for change in changes {
            world.session.update(world.now, LegParams { learn_source: true, ..change });
        }
        for number in 21..=24 {
            world.receive_from(again, 0, number, u32::from(number) * 160, &[0; 160]);
        }
        assert_eq!(world.session.remote(), remote);
    }
    let moved = SocketAddr::from(([192, 0, 2, 7], 4000));
    world.session.update(world.now, LegParams { remote: moved, learn_source: true, ..params() });
    assert_eq!(world.session.remote(), moved);
}

/// A transfer may end at a device without telephone-event: the agent is not mute from then on.
#[test]
fn digits_that_nobody_takes_any_more_do_not_silence_the_agent() {
    let mut world = World::new(params());
    assert!("123".chars().all(|digit| world.session.press(digit)));
    world.tick(None);
    assert!(!world.session.wants_sound());
    world.session.update(world.now, LegParams { telephone_event: None, ..params() });
    assert!(world.session.wants_sound());
}

#[test]
fn silence_on_the_line_is_said_every_five_seconds_but_not_on_hold() {
    let mut world = World::new(params());
    let mut said = Vec::new();
    let run = |world: &mut World, said: &mut Vec<u64>, ticks: usize| {
        for _ in 0..ticks {
            world.tick(None);
            for event in world.events() {
                if let SessionEvent::NoPackets { lasted } = event {
                    said.push((world.now - world.start).as_secs());
                    assert_eq!(lasted.as_millis() % 5000, 0);
                }
            }
        }
    };
    run(&mut world, &mut said, 600);
    assert_eq!(said, [5, 10]);
    world.session.update(world.now, LegParams { receives: false, ..params() });
    run(&mut world, &mut said, 600);
    assert_eq!(said, [5, 10]);
    world.session.update(world.now, params());
    run(&mut world, &mut said, 300);
    assert_eq!(said, [5, 10, 29]);
}

#[test]
fn the_other_law_is_understood_without_asking() {
    let mut world = World::new(params());
    let frame = tone(3);
    let mut alaw = [0; 160];
    attendant::codec::Encoder::new(Codec::Pcma).encode(&frame.0, &mut alaw);
    let mut levels = Vec::new();
    for number in 0..5 {
        world.receive(8, number, &alaw);
        levels.push(world.session.poll_heard(world.now).unwrap().frame.level());
    }
    assert!((levels[4] - frame.level()).abs() < 1.5, "{levels:?}");
}

#[test]
fn another_session_goes_on_where_this_one_stopped() {
    let mut world = World::new(params());
    let last = world.tick(None)[0].0;
    let continuity = world.session.continuity();
    world.session = MediaSession::resume(world.now, params(), continuity);
    let next = world.tick(None)[0].0;
    assert_eq!(next.seq.0, last.seq.0.wrapping_add(1));
    assert_eq!(next.time.0, last.time.0.wrapping_add(160));
    assert_eq!((next.ssrc, next.marker), (last.ssrc, false));
}

/// Whatever bytes come, in whatever order, nothing panics, and the media clock only goes on.
#[test]
fn any_datagrams_are_survived() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let mut world = World::new(LegParams { learn_source: dice.below(2) == 0, ..params() });
        let mut tick = 0;
        for _ in 0..500 {
            let mut datagram = [0; 700];
            let length = dice.below(700) as usize;
            for byte in &mut datagram[..length] {
                *byte = dice.bits() as u8;
            }
            if dice.below(4) > 0 {
                datagram[..4].copy_from_slice(&[
                    0x80,
                    [0, 8, 13, 101][dice.below(4) as usize],
                    0,
                    0,
                ]);
                datagram[3] = dice.below(64) as u8;
                datagram[4..7].fill(0);
                datagram[8..12].fill(dice.below(2) as u8);
            }
            let from = [CALLER, ([203, 0, 113, 9], 1)][dice.below(2) as usize];
            world.session.receive(world.now, &datagram[..length], SocketAddr::from(from));
            world.now += Duration::from_millis(dice.below(40));
            while let Some(heard) = world.session.poll_heard(world.now) {
                assert_eq!(heard.tick, tick, "seed {seed}");
                tick += 1;
            }
            world.tick(Some(&tone(1)));
            world.events();
        }
    }
}

/// What one session sends is what the other gets, for `ticks`; returns the frames heard and the digits.
fn talk(
    ours: &mut World,
    theirs: &mut World,
    ticks: usize,
    mut next: impl FnMut(usize) -> Option<Frame>,
) -> (Vec<Frame>, String) {
    let (mut frames, mut digits, mut out) = (Vec::new(), String::new(), [0; 1500]);
    for tick in 0..ticks {
        let frame = next(tick).filter(|_| ours.session.wants_sound());
        ours.now += Duration::from_millis(20);
        theirs.now = ours.now;
        ours.session.tick(ours.now, frame.as_ref());
        while let Some(length) = ours.session.poll_packet(&mut out) {
            theirs.session.receive(theirs.now, &out[..length], SocketAddr::from(CALLER));
        }
        // The far end's time passes as well.
        theirs.session.tick(theirs.now, None);
        while theirs.session.poll_packet(&mut out).is_some() {}
        while let Some(heard) = theirs.session.poll_heard(theirs.now) {
            frames.push(heard.frame);
        }
        for event in theirs.events() {
            if let SessionEvent::Digit(digit, _) = event {
                digits.push(*digit.reveal(attendant::base::Purpose::Comparison));
            }
        }
    }
    (frames, digits)
}

/// Neither side has telephone events: digits are pressed and found in the sound, and the tone is no voice.
#[test]
fn digits_go_by_sound_where_there_are_no_events() {
    for (codec, payload_type) in [(Codec::Pcmu, 0), (Codec::Pcma, 8), (Codec::G722, 9)] {
        let in_band = LegParams {
            in_band_digits: true,
            ..LegParams::new(codec, payload_type, SocketAddr::from(CALLER))
        };
        let (mut ours, mut theirs) = (World::new(in_band.clone()), World::new(in_band.clone()));
        let number = "0123456789*#ABCD11";
        assert!(number.chars().all(|digit| ours.session.press(digit)));
        assert!(!ours.session.wants_sound());
        let (frames, digits) = talk(&mut ours, &mut theirs, 160, |tick| Some(tone(tick)));
        assert_eq!(digits, number, "{codec:?}");
        // Of each digit 20 ms at most get through: less than any detector takes for a voice.
        let loud = |frame: &Frame| frame.level() > -30.0;
        let longest = frames[..140].split(|frame| !loud(frame)).map(<[_]>::len).max();
        assert!(longest < Some(3), "{codec:?}: {longest:?}");
        // Then the agent goes on.
        assert!(frames[155..].iter().all(loud), "{codec:?}");
        let mut deaf = World::new(LegParams { in_band_digits: false, ..in_band });
        assert!(!deaf.session.press('1'));
    }
}

/// A gateway that sends events and leaves the tone in the sound beside them.
#[test]
fn an_event_and_the_tone_that_leaks_beside_it_are_one_press() {
    let both = LegParams { in_band_digits: true, ..params() };
    let mut leaks = World::new(LegParams { telephone_event: None, ..both.clone() });
    let (mut world, mut out) = (World::new(both), [0; 1500]);
    let mut digits = Vec::new();
    for press in 0..3_u16 {
        leaks.session.press('5');
        for packet in 0..10 {
            let number = 10 * press + packet;
            leaks.now += Duration::from_millis(20);
            leaks.session.tick(leaks.now, None);
            let length = leaks.session.poll_packet(&mut out).unwrap();
            let tone = Packet::parse(&out[..length]).unwrap().payload.to_vec();
            world.receive(0, 2 * number, &tone);
            if packet < 7 {
                let duration = (160 * (packet + 1).min(5)).to_be_bytes();
                let end = if packet >= 4 { 0x8a } else { 0x0a };
                let from = SocketAddr::from(CALLER);
                let time = 3200 * u32::from(press);
                let event = [5, end, duration[0], duration[1]];
                world.receive_from(from, 101, 2 * number + 1, time, &event);
            }
            world.now += Duration::from_millis(20);
            world.heard();
            digits.extend(world.events());
        }
    }
    let pressed = digits.iter().filter(|event| matches!(event, SessionEvent::Digit(..))).count();
    assert_eq!(pressed, 3);
}

/// On hold the PBX plays its music, or sends nothing at all: neither is a voice, a digit, or a reason to hang up.
#[test]
fn on_hold_nothing_is_heard_and_nobody_is_gone() {
    let limit = Some(Duration::from_secs(30));
    let up = LegParams { rtp_timeout: limit, in_band_digits: true, ..params() };
    let held = LegParams { sends: false, ..up.clone() };
    let mut world = World::new(up.clone());
    world.session.update(world.now, held);
    for number in 0..100 {
        world.receive(0, number, &[0x20; 160]);
        assert_eq!(world.tick(None), []);
        assert_eq!(world.heard(), "");
    }
    for _ in 0..10_000 {
        assert_eq!(world.tick(None), []);
    }
    // What is said of the line is that it is on hold, and not that it is dead.
    let said = world.events();
    let from = SocketAddr::from(CALLER);
    assert_eq!(said[0], SessionEvent::FirstPacket { from });
    let on_hold = |event: &SessionEvent| match event {
        SessionEvent::Judged(verdict) => verdict.inbound.is_none(),
        _ => false,
    };
    assert!(said.len() <= 2 && said[1..].iter().all(on_hold), "{said:?}");
    // Resumed, it counts from there.
    world.session.update(world.now, up);
    let resumed = world.now;
    let mut gone = None;
    while gone.is_none() {
        let sent = world.tick(None);
        assert_eq!(sent[0].0.marker, world.now - resumed == Duration::from_millis(20));
        gone = world.events().into_iter().find(|it| matches!(it, SessionEvent::Gone { .. }));
    }
    assert_eq!(gone, Some(SessionEvent::Gone { lasted: Duration::from_secs(30) }));
    assert_eq!(world.now - resumed, Duration::from_secs(30));
}

#[test]
fn whoever_sends_reports_is_there_though_nothing_is_heard() {
    let limit = Some(Duration::from_secs(30));
    let mut world = World::new(LegParams { rtp_timeout: limit, ..params() });
    // An empty receiver report (RFC 3550 §6.4.2).
    let report = [0x80, 201, 0, 1, 0, 0, 0, 9];
    let (mut silences, mut gone) = (0, Vec::new());
    for tick in 0..6000 {
        // A report every five seconds for the first minute; then a stranger's.
        let from = match tick {
            ..3000 => SocketAddr::from((CALLER.0, CALLER.1 + 1)),
            _ => SocketAddr::from(([203, 0, 113, 9], 4001)),
        };
        if tick % 250 == 0 {
            world.session.receive_control(world.now, &report, from);
        }
        world.tick(None);
        for event in world.events() {
            match event {
                SessionEvent::NoPackets { .. } => silences += 1,
                SessionEvent::Gone { .. } => gone.push((world.now - world.start).as_secs()),
                _ => {}
            }
        }
    }
    assert_eq!((silences, gone), (24, vec![85, 115]));
}

/// Between the agent's words the line is open, or the caller hears something; the stream has no break.
#[test]
fn what_stands_behind_the_agent_is_one_stream_with_its_words() {
    let (mut ours, mut theirs) =
        (World::new(LegParams { comfort_noise: true, ..params() }), World::new(params()));
    let (quiet, _) = talk(&mut ours, &mut theirs, 100, |_| None);
    let level = quiet[50].level();
    assert!((-72.0..-62.0).contains(&level), "{level} dBov");
    for backdrop in [Backdrop::Melody, Backdrop::Tone(CallTone::Ringing, CallTones::of("US"))] {
        ours.session.play_behind(backdrop.clone());
        let (music, _) = talk(&mut ours, &mut theirs, 60, |_| None);
        assert!(music[30..].iter().any(|frame| frame.level() > -32.0), "{backdrop:?}");
        // The agent's words are not mixed with it.
        let (words, _) = talk(&mut ours, &mut theirs, 20, |tick| Some(tone(tick)));
        assert!((words[10].level() - tone(10).level()).abs() < 0.3, "{backdrop:?}");
        ours.session.play_behind(Backdrop::Line);
        let (after, _) = talk(&mut ours, &mut theirs, 60, |_| None);
        assert!(after[10..].iter().all(|frame| frame.level() < -60.0), "{backdrop:?}");
    }
    ours.session.play_behind(Backdrop::Melody);
    let mut sent = Vec::new();
    for index in 0..200 {
        let frame = tone(index);
        sent.extend(ours.tick((index / 20 % 2 == 0).then_some(&frame)));
    }
    for pair in sent.windows(2) {
        let ((a, _), (b, _)) = (pair[0], pair[1]);
        assert_eq!(b.seq.0, a.seq.0.wrapping_add(1));
        assert_eq!(b.time.0, a.time.0.wrapping_add(160));
        assert!(!b.marker && b.ssrc == a.ssrc);
    }
}
