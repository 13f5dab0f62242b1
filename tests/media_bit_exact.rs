//! What a leg sends and hears, to the bit: seeded calls of two legs over a line that loses, repeats and reorders, with
//! every packet time, changes of codec, digits, holds and time left out. Whoever makes the path faster changes none of
//! these numbers. Whoever changes what is heard on purpose does, and says so. Opus is left out: its sound is libopus's,
//! and not the same in all of its releases.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, PacketTime, Purpose};
use attendant::codec::Codec;
use attendant::media::{LegParams, MediaSession, SessionEvent, Sound};
use attendant::rtp::Playout;

const TICKS: u64 = 3000;
const ADDRESSES: [([u8; 4], u16); 2] = [([192, 0, 2, 1], 4000), ([192, 0, 2, 2], 5000)];

/// FNV-1a of 64 bits.
struct Hash(u64);

impl Hash {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }
}

/// What a call is like.
#[derive(Clone, Copy)]
struct Call {
    codec: Codec,
    /// Packet times of the two, in ms.
    times: [u16; 2],
    playout: Playout,
    /// In a hundred packets.
    lost: u64,
    /// The most that a packet is late by, in ms.
    jitter: u64,
    /// Whether the codec changes, and there are holds.
    changes: bool,
}

const EVEN: Call = Call {
    codec: Codec::Pcmu,
    times: [20, 20],
    playout: Playout::Reorder,
    lost: 0,
    jitter: 0,
    changes: false,
};

/// A voice of a sort: a saw of a pitch that wanders, under an envelope with pauses, with some noise.
struct Voice {
    dice: Dice,
    phase: u32,
    ticks: u64,
}

impl Voice {
    fn next(&mut self) -> Frame {
        self.ticks += 1;
        let pitch = 500 + 37 * (self.ticks % 23) as u32;
        let loud = match self.ticks % 90 {
            60.. => 0,
            part => 60 + 100 * (part % 17) as i32,
        };
        Frame(std::array::from_fn(|_| {
            self.phase = self.phase.wrapping_add(pitch << 16);
            let saw = (self.phase >> 24) as i32 - 128;
            (saw * loud / 16 + self.dice.below(41) as i32 - 20) as i16
        }))
    }
}

/// One side of the call.
struct Side {
    session: MediaSession,
    voice: Voice,
    /// Packets on their way to it: when they arrive, and what they are.
    coming: Vec<(u64, Vec<u8>)>,
}

fn params(call: &Call, side: usize, tick: u64) -> LegParams {
    let codecs = [call.codec, Codec::Pcma, Codec::L16Narrow, Codec::G722, Codec::L16];
    let turn = if call.changes { (tick / 500) as usize } else { 0 };
    let codec = codecs[turn % codecs.len()];
    let payload_type = codec.static_payload_type().unwrap_or(90 + turn as u8);
    // On hold in one half of each sixth.
    let held = call.changes && (400..450).contains(&(tick % 500));
    LegParams {
        telephone_event: Some(101),
        packet_time: PacketTime(call.times[side]),
        playout: call.playout,
        sends: !held,
        receives: !held || side == 0,
        in_band_digits: side == 0,
        comfort_noise: side == 1,
        ..LegParams::new(codec, payload_type, SocketAddr::from(ADDRESSES[1 - side]))
    }
}

/// Plays a call, and returns what was sent, what was heard and what was told of it, each as a number.
/// The frames are handed over, or are in place, as those of a media thread are.
fn play(call: Call, in_place: bool) -> [u64; 3] {
    let start = Instant::now();
    let mut dice = Dice::new(7);
    let mut hashes = [const { Hash(0xcbf2_9ce4_8422_2325) }; 3];
    let mut sides = [0, 1].map(|side| Side {
        session: MediaSession::new(start, params(&call, side, 0), &mut dice),
        voice: Voice { dice: Dice::new(side as u64), phase: 0, ticks: 31 * side as u64 },
        coming: vec![],
    });
    for ms in 0..20 * TICKS {
        let now = start + Duration::from_millis(ms);
        for side in 0..2 {
            // The two tick at different times, as legs on a wheel do.
            if ms % 20 == 7 * side as u64 {
                let at = (side, ms / 20, now);
                for packet in tick(&mut sides[side], &call, at, in_place) {
                    hashes[0].bytes(&packet);
                    let lost = dice.below(100) < call.lost;
                    let twice = call.lost > 0 && dice.below(50) == 0;
                    for _ in 0..if lost { 0 } else { 1 + u32::from(twice) } {
                        let at = ms + 1 + dice.below(call.jitter + 1);
                        sides[1 - side].coming.push((at, packet.clone()));
                    }
                }
            }
            let from = SocketAddr::from(ADDRESSES[1 - side]);
            let it = &mut sides[side];
            let due: Vec<_> = it.coming.extract_if(.., |(at, _)| *at <= ms).collect();
            for (_, packet) in due {
                it.session.receive(now, &packet, from);
                note(&mut it.session, now, side, &mut hashes);
            }
            if ms % 20 == 7 * side as u64 {
                note(&mut it.session, now, side, &mut hashes);
            }
        }
    }
    for side in &sides {
        let stats = side.session.stats();
        let came = stats.received;
        for count in
            [came.received, came.lost, came.duplicate, stats.packets_sent, stats.frames_played]
        {
            hashes[2].number(count);
        }
    }
    hashes.map(|hash| hash.0)
}

/// One side's 20 ms; returns its packets.
fn tick(
    it: &mut Side,
    call: &Call,
    (side, tick, now): (usize, u64, Instant),
    in_place: bool,
) -> Vec<Vec<u8>> {
    if call.changes && tick.is_multiple_of(50) {
        it.session.update(now, params(call, side, tick));
    }
    if tick % 170 == 20 {
        it.session.press(if side == 0 { '4' } else { '#' });
    }
    if call.changes && tick % 700 == 650 {
        it.session.skip(3);
    }
    let mut next = it.voice.next();
    let speaks = tick % 400 < 300 && it.session.wants_sound();
    let (mut packets, mut out) = (vec![], [0; 1500]);
    if !in_place {
        it.session.tick(now, speaks.then_some(&next));
    } else if it.session.tick_in_place(now, speaks, &mut next).is_some()
        && let Some(length) = it.session.send(&next, &mut out)
    {
        packets.push(out[..length].to_vec());
    }
    while let Some(length) = it.session.poll_packet(&mut out) {
        packets.push(out[..length].to_vec());
    }
    packets
}

/// Takes what was heard and what happened.
fn note(session: &mut MediaSession, now: Instant, side: usize, hashes: &mut [Hash; 3]) {
    while let Some(heard) = session.poll_heard(now) {
        hashes[1].number(side as u64);
        hashes[1].number(heard.tick);
        hashes[1].number(match heard.sound {
            Sound::Received => 0,
            Sound::Concealed => 1,
            Sound::Pause => 2,
        });
        for sample in heard.frame.0 {
            hashes[1].bytes(&sample.to_le_bytes());
        }
    }
    while let Some(event) = session.poll_event() {
        match event {
            SessionEvent::Digit(digit, _) => {
                let digit = *digit.reveal(Purpose::Signalling);
                hashes[2].bytes(format!("{side} pressed {digit}").as_bytes());
            }
            SessionEvent::FirstPacket { from } => {
                hashes[2].bytes(format!("{side} first {from}").as_bytes());
            }
            // Their times are another test's.
            _ => {}
        }
    }
}

/// Plays all of them, so that a change is seen as a whole.
fn check(calls: &[(&str, Call, [u64; 3])]) {
    let started = calls.iter().map(|&(name, call, expected)| {
        let play = move || [false, true].map(|in_place| play(call, in_place));
        (name, expected, std::thread::spawn(play))
    });
    let mut others = String::new();
    for (name, expected, thread) in started.collect::<Vec<_>>() {
        let got = thread.join().unwrap();
        for [sent, heard, told] in got.into_iter().filter(|got| *got != expected) {
            others += &format!("\n{name}: [{sent:#018x}, {heard:#018x}, {told:#018x}]");
        }
    }
    assert!(others.is_empty(), "sent, heard or told otherwise:{others}");
}

#[test]
fn what_is_sent_and_heard_is_the_same_to_the_bit() {
    let bad = Call { lost: 8, jitter: 45, ..EVEN };
    check(&[
        ("even", EVEN, [0x159c_02f7_5aed_84ee, 0x7cc1_117a_29d3_6c26, 0xf47e_a8e5_1ecf_24ea]),
        ("bad", bad, [0x159c_02f7_5aed_84ee, 0x97ff_e67d_1f09_97b7, 0x5469_6901_93b7_c587]),
        (
            "10 and 30 ms",
            Call { times: [10, 30], ..bad },
            [0x2be4_b1e5_ffe2_fe9f, 0x62a4_e5ac_465a_832a, 0xc753_f116_f05b_4cd1],
        ),
        (
            "60 and 20 ms",
            Call { times: [60, 20], ..bad },
            [0x6f7d_3e34_defd_ce2e, 0xbf22_f867_5d6f_52fb, 0xa4db_f671_3efe_9d40],
        ),
        (
            "changes",
            Call { changes: true, ..EVEN },
            [0xb773_a800_f574_1713, 0xecd1_28ab_d42c_e9b8, 0x03a4_bdde_09b6_db5a],
        ),
        (
            "bad changes",
            Call { changes: true, times: [30, 60], ..bad },
            [0x1d35_4485_f021_7c45, 0x7041_d715_670b_14aa, 0xddca_d96e_2d6a_c5fe],
        ),
        (
            "paced",
            Call { playout: Playout::Paced, ..bad },
            [0x159c_02f7_5aed_84ee, 0x54c4_e420_e342_1af5, 0x54a0_00cf_0c9f_26d4],
        ),
        (
            "paced changes",
            Call { playout: Playout::Paced, changes: true, times: [20, 10], ..bad },
            [0xa376_ec88_7f2f_5261, 0x7f1f_39d8_0809_e907, 0xd7fa_5f2c_ace4_f5f4],
        ),
        (
            "G.722",
            Call { codec: Codec::G722, ..bad },
            [0x0327_5035_358f_089c, 0xab1c_1406_a65b_e074, 0x5469_6901_93b7_c587],
        ),
        (
            "L16",
            Call { codec: Codec::L16, times: [20, 40], ..bad },
            [0xe050_b6cd_3b54_2d9e, 0xb884_91fc_01e3_d608, 0x9a11_540b_d561_e7ea],
        ),
    ]);
}
