//! Test vectors for both ways of playout: what is put in, and what comes out of it.
//!
//! A column is 20 ms. `put` is what came in its middle, `get` what was released by its end:
//!
//! | put | |
//! |---|---|
//! | `7` | packet 7, whose timestamp is 7 packet times |
//! | `7,6` | two packets, in this order |
//! | `7m` | with the marker |
//! | `7+100` | it and all later ones have timestamps 100 ms further on (or `-`: back) |
//! | `7e` | an event: a number and no sound |
//! | `b7` | from another source |
//! | `.` | nothing |
//!
//! | get | |
//! |---|---|
//! | `7` | the sound of packet 7 |
//! | `c` | 20 ms to be concealed; `c40`: 40 ms |
//! | `-` | 20 ms of pause |
//! | `F7` | faster than real time; `S7` slower, `D7` with 20 ms left out, `I` with 20 ms put in |
//! | `.` | nothing |
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::time::{Duration, Instant};

use attendant::base::{RtpTime, SampleRate, SeqNo};
use attendant::rtp::{Counters, Header, JitterBuffer, Pace, Packet, Playout, Released, Ssrc};

struct Vector {
    name: &'static str,
    /// The packet time in milliseconds.
    ms: u32,
    put: &'static str,
    get: &'static str,
    /// Lost, late, duplicate, reordered, out of range, restarts.
    counts: [u64; 6],
}

/// Released as soon as it is in order.
const REORDER: &[Vector] = &[
    Vector {
        name: "20 ms, in order",
        ms: 20,
        put: "1  2  3  4  5",
        get: "1  2  3  4  5",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, one late and one lost",
        ms: 20,
        put: "1  2  4  3    5  7  8    9",
        get: "1  2  .  3,4  5  .  c,7,8  9",
        counts: [1, 0, 0, 1, 0, 0],
    },
    Vector {
        name: "20 ms, too late by one packet time, and the next one is waited for longer",
        ms: 20,
        put: "1  3  4      2  5  7  8  9  6        10",
        get: "1  .  c,3,4  .  5  .  .  .  6,7,8,9  10",
        counts: [1, 1, 0, 1, 0, 0],
    },
    Vector {
        name: "20 ms, three lost in a row",
        ms: 20,
        put: "1  2  .  .  .  6  7      8",
        get: "1  2  .  .  .  .  c60,6,7  8",
        counts: [3, 0, 0, 0, 0, 0],
    },
    Vector {
        name: "20 ms, all twice",
        ms: 20,
        put: "1,1  2,2  4,4  3,3  4,1",
        get: "1    2    .    3,4  .",
        counts: [0, 0, 6, 1, 0, 0],
    },
    Vector {
        name: "10 ms, one lost and two the wrong way round",
        ms: 10,
        put: "1,2  3,5  6,7      8,10  9,11  12",
        get: "1,2  3    c10,5,6,7  8   9,10,11  12",
        counts: [1, 0, 0, 1, 0, 0],
    },
    Vector {
        name: "40 ms, one lost",
        ms: 40,
        put: "1  .  2  .  .  .  4  .      5  .",
        get: "1  .  2  .  .  .  .  c40,4  5  .",
        counts: [1, 0, 0, 0, 0, 0],
    },
    Vector {
        name: "60 ms, the first after a long silence",
        ms: 60,
        put: "1  .  .  .  .  .  .  .  .  .  .  .  .  2+240m  .  .  3",
        get: "1  .  .  .  .  .  .  .  .  .  -  -  -  -180,2  .  .  3",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, the first after filler is never too late, and what was lost before it is made up",
        ms: 20,
        put: "1  .  .  .  .  .  .  .  .  .  .  .  5    6",
        get: "1  .  .  .  .  .  .  .  .  .  -  -  c,5   6",
        counts: [3, 0, 0, 0, 0, 0],
    },
    Vector {
        name: "20 ms, after a marker behind a pause the next pause is not waited for",
        ms: 20,
        put: "1  2+100m  .  .  .  .  .  3+120m",
        get: "1  -100,2  .  .  -  -  -  -60,3",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, an event between",
        ms: 20,
        put: "1  2e  3e  4e  5  6",
        get: "1  .   .   .   -60,5  6",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, the timestamp an hour on and an hour back",
        ms: 20,
        put: "1  2  3+3600000  4  5-3600000  6",
        get: "1  2  3          4  5          6",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, the timestamp five seconds on: half a second is filled in",
        ms: 20,
        put: "1  2  3+5000  4",
        get: "1  2  -500,3  4",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, numbers 100 on, believed at the second",
        ms: 20,
        put: "1  2  103-2000  104      105",
        get: "1  2  .         103,104  105",
        counts: [0, 0, 0, 0, 1, 1],
    },
    Vector {
        name: "20 ms, numbers 40 back, believed at the second",
        ms: 20,
        put: "41  42  43  4+800  5    6",
        get: "41  42  43  .      4,5  6",
        counts: [0, 0, 0, 0, 1, 1],
    },
    Vector {
        name: "20 ms, far behind and alone",
        ms: 20,
        put: "141  142  3  143  7  144",
        get: "141  142  .  143  .  144",
        counts: [0, 0, 0, 0, 2, 0],
    },
    Vector {
        name: "20 ms, another source takes over, a stranger's packets between change nothing",
        ms: 20,
        // Until the first has been silent for 60 ms it lives, and has no successor.
        put: "1  b9  2  b10  3  b11  b12  b13  b14      b15",
        get: "1  .   2  .    3  .    .    .    b13,b14  b15",
        counts: [0, 0, 0, 0, 5, 1],
    },
    Vector {
        name: "20 ms, a burst after the network stood still, one lost in it",
        ms: 20,
        put: "1  .  .  .  .  .  .  2,3,4,6,7,8  9",
        get: "1  .  .  .  .  .  .  2,3,4        c,6,7,8,9",
        counts: [1, 0, 0, 0, 0, 0],
    },
];

/// One frame every 20 ms. Somebody speaks all the time.
const PACED: &[Vector] = &[
    Vector {
        name: "20 ms, in order",
        ms: 20,
        put: "1  2  3  4  5",
        get: "-  1  2  3  4",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, one late and one lost",
        ms: 20,
        put: "1  2  4  3  5  6  8  9  10",
        get: "-  1  2  3  4  5  6  c  8",
        counts: [1, 0, 0, 1, 0, 0],
    },
    Vector {
        name: "20 ms, late by two packet times: its time has passed, and later ones are waited for",
        ms: 20,
        put: "1  2  .  .  3,4,5  6   7  8  9   10",
        get: "-  1  2  c  4      S5  6  7  S8  9",
        counts: [1, 1, 0, 0, 0, 0],
    },
    Vector {
        name: "20 ms, the network stands still: 60 ms are made up, the rest is played later",
        ms: 20,
        put: "1  2  .  .  .  .  .  3,4,5,6,7  8   9  10  11",
        get: "-  1  2  c  c  c  -  6          S7  8  9   S10",
        counts: [3, 3, 0, 0, 0, 0],
    },
    Vector {
        name: "20 ms, a pause that is not announced",
        ms: 20,
        put: "1  2  .  .  .  .  .  .  3+120  4  5",
        get: "-  1  2  c  c  c  -  -  -      3  4",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, two lost in a row",
        ms: 20,
        put: "1  2  3  .  .  6  7  8",
        get: "-  1  2  3  c  c  6  7",
        counts: [2, 0, 0, 0, 0, 0],
    },
    Vector {
        name: "40 ms, one lost",
        ms: 40,
        put: "1  .  2  .  3  .  .  .  5  .  6  .",
        get: "-  1  .  2  .  3  .  c  c  5  .  6",
        counts: [1, 0, 0, 0, 0, 0],
    },
    Vector {
        name: "10 ms, one lost",
        ms: 10,
        put: "1,2  3,4  5,6  7,9    10,11  12,13",
        get: "1,2  3,4  5,6  7,c10  9,10   11,12",
        counts: [1, 0, 0, 0, 0, 0],
    },
    Vector {
        name: "20 ms, an event between",
        ms: 20,
        put: "1  2  3e  4e  5e  6  7  8",
        get: "-  1  2   -   -   -  6  7",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, another source takes over",
        ms: 20,
        put: "1  2  3  b11  b12  b13  b14  b15",
        get: "-  1  2  3    c    c    b13  b14",
        counts: [0, 0, 0, 0, 3, 1],
    },
    Vector {
        name: "20 ms, the timestamp an hour on",
        ms: 20,
        put: "1  2  3+3600000  4  5  6",
        get: "-  1  2          3  4  5",
        counts: [0; 6],
    },
    Vector {
        name: "20 ms, all twice",
        ms: 20,
        put: "1,1  2,2  3,3  4,4,1  5",
        get: "-    1    2    3      4",
        counts: [0, 0, 5, 0, 0, 0],
    },
];

struct World {
    now: Instant,
    buffer: JitterBuffer,
    counters: Counters,
    ms: u32,
    /// Decoded and not played, in samples.
    held: u32,
    got: Vec<String>,
}

impl World {
    /// `7+100`, with what is added to timestamps from now on.
    fn put(&mut self, packet: &str, shift: &mut u32) {
        let (ssrc, rest) = packet.strip_prefix('b').map_or((1, packet), |rest| (2, rest));
        let number = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap();
        let rest = &rest[number.len()..];
        let number: u32 = number.parse().unwrap();
        if let Some(step) = rest.strip_prefix(['+', '-']) {
            let ms: u32 = step.trim_end_matches('m').parse().unwrap();
            let samples = ms * 8;
            *shift = match rest.starts_with('+') {
                true => shift.wrapping_add(samples),
                false => shift.wrapping_sub(samples),
            };
        }
        let samples = if rest.contains('e') { 0 } else { self.ms * 8 };
        let header = Header {
            payload_type: 0,
            marker: rest.contains('m'),
            seq: SeqNo(number as u16),
            time: RtpTime((number * self.ms * 8).wrapping_add(*shift)),
            ssrc: Ssrc(ssrc),
        };
        let mut payload = vec![0; samples.max(8) as usize];
        payload[..4].copy_from_slice(&number.to_be_bytes());
        payload[4] = ssrc as u8;
        let packet = Packet { header, payload: &payload };
        self.buffer.insert(self.now, &packet, samples, &mut self.counters);
    }

    fn release(&mut self) {
        while let Some(released) = self.buffer.release(self.now, &mut self.counters) {
            let (word, _) = word(released);
            self.got.push(word);
        }
    }

    fn play(&mut self) {
        let wanted = 160_u32.saturating_sub(self.held);
        let (sign, samples) = match self.buffer.pace(self.now, wanted, false) {
            Pace::Keep => ("", 160),
            Pace::Drop => ("D", 320),
            Pace::Insert => ("I", 0),
            Pace::Faster => ("F", 200),
            Pace::Slower => ("S", 120),
        };
        let mut words = Vec::new();
        while self.held < samples {
            let released = self.buffer.pull(self.now, false, &mut self.counters);
            let (word, samples) = word(released);
            words.push(word);
            self.held += samples;
        }
        self.held -= samples;
        if !sign.is_empty() || !words.is_empty() {
            self.got.push(format!("{sign}{}", words.join(",")));
        }
    }
}

fn word(released: Released<'_>) -> (String, u32) {
    let of = |sign: &str, samples: u32| match samples {
        160 => (sign.to_owned(), 160),
        samples => (format!("{sign}{}", samples / 8), samples),
    };
    match released {
        Released::Packet { payload, .. } => {
            let number = u32::from_be_bytes(payload[..4].try_into().unwrap());
            let source = if payload[4] == 2 { "b" } else { "" };
            (format!("{source}{number}"), payload.len() as u32)
        }
        Released::Lost { samples } => of("c", samples),
        Released::Pause { samples } => of("-", samples),
    }
}

fn check(vector: &Vector, playout: Playout) {
    let mut world = World {
        now: Instant::now(),
        buffer: JitterBuffer::new(SampleRate(8000)),
        counters: Counters::default(),
        ms: vector.ms,
        held: 0,
        got: Vec::new(),
    };
    world.buffer.set_playout(playout);
    let mut shift = 0;
    let mut got = Vec::new();
    for column in vector.put.split_whitespace() {
        world.now += Duration::from_millis(10);
        for packet in column.split(',').filter(|packet| *packet != ".") {
            world.put(packet, &mut shift);
            if playout == Playout::Reorder {
                world.release();
            }
        }
        world.now += Duration::from_millis(10);
        match playout {
            Playout::Reorder => world.release(),
            Playout::Paced => world.play(),
        }
        let words = std::mem::take(&mut world.got);
        got.push(if words.is_empty() { ".".to_owned() } else { words.join(",") });
    }
    let expected: Vec<_> = vector.get.split_whitespace().collect();
    assert_eq!(got.join("  "), expected.join("  "), "{playout:?}: {}", vector.name);
    let Counters { lost, late, duplicate, reordered, out_of_range, restarts, .. } = world.counters;
    let counts = [lost, late, duplicate, reordered, out_of_range, restarts];
    assert_eq!(counts, vector.counts, "{playout:?}: {}", vector.name);
}

#[test]
fn vectors_of_reorder() {
    REORDER.iter().for_each(|vector| check(vector, Playout::Reorder));
}

#[test]
fn vectors_of_paced() {
    PACED.iter().for_each(|vector| check(vector, Playout::Paced));
}
