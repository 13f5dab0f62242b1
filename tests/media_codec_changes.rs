//! A leg goes from any codec to any other while it talks: the sound goes on, and nothing is allocated, neither by
//! us nor by libopus.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod counting;

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, PacketTime, RtpTime, SeqNo};
use attendant::codec::{Codec, OpusCoders, OpusSettings};
use attendant::media::{LegParams, MediaSession, Received, Sound};
use attendant::rtp::{Header, Packet, Playout, Ssrc};
use counting::Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting(|_| ALLOCATIONS.set(ALLOCATIONS.get() + 1));

/// Bytes that the C library has given out to anybody.
#[allow(unsafe_code, reason = "what libopus asks for is seen nowhere else")]
fn given_out() -> usize {
    // SAFETY: it only reads, and has no arguments.
    let counts = unsafe { libc::mallinfo2() };
    counts.uordblks + counts.hblkhd
}

const CALLER: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);

fn params(codec: Codec) -> LegParams {
    let payload_type = codec.static_payload_type().unwrap_or(match codec {
        Codec::Opus => 96,
        Codec::L16 => 97,
        _ => 98,
    });
    LegParams {
        opus: OpusSettings { fec: true, ..OpusSettings::default() },
        ..LegParams::new(codec, payload_type, SocketAddr::from(CALLER))
    }
}

fn tone(index: u64) -> Frame {
    Frame(std::array::from_fn(|i| {
        let t = (index as usize * Frame::SAMPLES + i) as f32 / 16e3;
        (8000.0 * (std::f32::consts::TAU * 400.0 * t).sin()) as i16
    }))
}

/// In one test, so that nobody else asks the C library for anything meanwhile.
#[test]
fn from_any_codec_to_any_other_in_a_call() {
    let start = Instant::now();
    let mut dice = Dice::new(3);
    let mut ours = MediaSession::new(start, params(Codec::Pcmu), &mut dice);
    let mut theirs = MediaSession::new(start, params(Codec::Pcmu), &mut dice);
    for session in [&mut ours, &mut theirs] {
        session.equip(OpusCoders::default());
    }
    // Thirty pairs, each from the one to the other and on.
    let mut order = [Codec::Pcmu; 61];
    let mut pairs =
        Codec::ALL.iter().flat_map(|a| Codec::ALL.map(|b| [*a, b])).filter(|[a, b]| a != b);
    order.as_chunks_mut().0.iter_mut().for_each(|two| *two = pairs.next().unwrap());
    let (mut quiet, mut heard, mut concealed) = ([0_u32; 61], 0_u32, 0_u32);
    let mut out = [0; 1500];

    let before = (ALLOCATIONS.get(), given_out());
    for tick in 0..61 * 100_u64 {
        let now = start + Duration::from_millis(20 * tick);
        let (turn, within) = ((tick / 100) as usize, tick % 100);
        let packet_time = PacketTime([20, 10, 40, 60][turn % 4]);
        if within == 0 {
            theirs.update(now, LegParams { packet_time, ..params(order[turn]) });
            ours.update(now, LegParams { packet_time, ..params(order[turn]) });
        }
        theirs.tick(now, Some(&tone(tick)));
        while let Some(length) = theirs.poll_packet(&mut out) {
            if within < 60 || dice.below(20) > 0 {
                ours.receive(now, &out[..length], SocketAddr::from(CALLER));
            }
        }
        ours.tick(now, Some(&tone(tick)));
        while ours.poll_packet(&mut out).is_some() {}
        while let Some(frame) = ours.poll_heard(now) {
            heard += 1;
            concealed += u32::from(frame.sound == Sound::Concealed);
            // The tone is at -15 dBov. What is taken over from the codec before has some frames to fade.
            let off = (frame.frame.level() + 15.3).abs() > 1.5;
            quiet[turn] += u32::from(off && (10..60).contains(&within));
        }
        while ours.poll_event().is_some() {}
    }
    let after = (ALLOCATIONS.get(), given_out());

    assert_eq!(after, before, "allocations of ours, and bytes given out to anybody");
    assert!(heard > 5500 && concealed > 50, "{heard} heard, {concealed} concealed");
    for (turn, quiet) in quiet.iter().enumerate() {
        assert_eq!(*quiet, 0, "turn {turn}: {:?} after {:?}", order[turn], order[turn.max(1) - 1]);
    }
    // The control: a coder that is made in the middle is seen.
    let coders = OpusCoders::default();
    assert!(given_out() > after.1 + 20_000);
    drop(coders);

    without_its_coders_opus_is_silent_and_does_no_harm();
    comfort_noise_is_heard_in_pauses(start);
    silence_need_not_be_sent_and_speech_after_it_is_marked(start);
}

fn without_its_coders_opus_is_silent_and_does_no_harm() {
    let start = Instant::now();
    let mut session = MediaSession::new(start, params(Codec::Pcmu), &mut Dice::new(1));
    session.update(start, params(Codec::Opus));
    let mut out = [0; 1500];
    for tick in 0..50 {
        session.tick(start + Duration::from_millis(20 * tick), Some(&tone(tick)));
        assert!(session.poll_packet(&mut out).is_none());
    }
}

fn comfort_noise_is_heard_in_pauses(start: Instant) {
    // By ears as it was told, by recognition as less than a whisper.
    for (playout, loud) in [(Playout::Paced, -50.5), (Playout::Reorder, -70.5)] {
        let levels = pauses(start, playout);
        let late = &levels[levels.len() / 2..];
        assert!(late.len() > 20, "{}", levels.len());
        assert!(late.iter().all(|level| (level - loud).abs() < 2.5), "{playout:?}: {late:?}");
    }
}

/// The levels of what is heard in pauses after noise of -50 dBov was told of.
fn pauses(start: Instant, playout: Playout) -> Vec<f32> {
    let params = LegParams { playout, ..params(Codec::Pcmu) };
    let mut session = MediaSession::new(start, params, &mut Dice::new(1));
    let mut levels = Vec::new();
    for tick in 0..100_u16 {
        let now = start + Duration::from_millis(20 * u64::from(tick));
        let (payload_type, payload): (u8, &[u8]) = match tick {
            // Speech, then noise at -50 dBov told once, then nothing.
            0..20 => (0, &[0x20; 160]),
            20 => (13, &[50]),
            _ => (0, &[]),
        };
        if tick <= 20 {
            let time = RtpTime(u32::from(tick) * 160);
            let header =
                Header { payload_type, marker: false, seq: SeqNo(tick), time, ssrc: Ssrc(1) };
            let mut out = [0; 200];
            let length = Packet { header, payload }.write(&mut out).unwrap();
            let received = session.receive(now, &out[..length], SocketAddr::from(CALLER));
            assert!(matches!(received, Received::Sound(_)));
        }
        session.tick(now, None);
        while let Some(heard) = session.poll_heard(now) {
            if heard.sound == Sound::Pause {
                levels.push(heard.frame.level());
            }
        }
    }
    levels
}

/// RFC 7587 §3.1.3 and RFC 3551 §4.1: the clock goes on, the numbers do not.
fn silence_need_not_be_sent_and_speech_after_it_is_marked(start: Instant) {
    let opus = OpusSettings { dtx: true, ..OpusSettings::default() };
    let params = LegParams { opus, ..params(Codec::Opus) };
    let mut session = MediaSession::new(start, params, &mut Dice::new(1));
    let (mut sent, mut out) = (Vec::new(), [0; 1500]);
    for tick in 0..200 {
        let speaks = !(50..150).contains(&tick);
        let frame = tone(tick);
        session.tick(start + Duration::from_millis(20 * tick), speaks.then_some(&frame));
        while let Some(length) = session.poll_packet(&mut out) {
            sent.push(Packet::parse(&out[..length]).unwrap().header);
        }
    }
    assert!((105..160).contains(&sent.len()), "{}", sent.len());
    let mut marked = 0;
    for two in sent.windows(2) {
        assert_eq!(two[1].seq.0, two[0].seq.0.wrapping_add(1));
        let passed = two[1].time.0.wrapping_sub(two[0].time.0);
        assert_eq!(two[1].marker, passed > 960, "{passed}");
        assert_eq!(passed % 960, 0);
        marked += u32::from(two[1].marker);
    }
    assert!((1..10).contains(&marked), "{marked}");
    let last = sent.last().unwrap().time.0;
    assert_eq!(last.wrapping_sub(sent[0].time.0), 199 * 960);
}
