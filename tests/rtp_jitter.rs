//! The reorder buffer, as timelines and as a world from a seed.
//!
//! In a timeline `<` is a packet that came (its number; every packet carries 20 ms from the time
//! number × 160), `>` is what was released. Time passes in steps of 20 ms between packets.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use attendant::base::{Dice, RtpTime, SampleRate, SeqNo};
use attendant::rtp::{Counters, Header, JitterBuffer, Packet, Playout, Released, Ssrc};

struct World {
    start: Instant,
    now: Duration,
    buffer: JitterBuffer,
    counters: Counters,
    story: String,
}

impl World {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            now: Duration::ZERO,
            buffer: JitterBuffer::new(SampleRate(8000)),
            counters: Counters::default(),
            story: String::new(),
        }
    }

    fn release(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(released) = self.buffer.release(self.start + self.now, &mut self.counters) {
            all.push(match released {
                Released::Packet { payload, .. } => {
                    u32::from_be_bytes(payload[..4].try_into().unwrap()).to_string()
                }
                Released::Lost { samples } => format!("lost {samples}"),
                Released::Pause { samples } => format!("pause {samples}"),
            });
            assert!(all.len() < 100, "the buffer never ends:\n{}", self.story);
        }
        for what in &all {
            writeln!(self.story, "{}ms > {what}", self.now.as_millis()).unwrap();
        }
        all
    }

    /// Lets time pass in the steps in which a leg is asked.
    fn pass_to(&mut self, at: Duration) {
        while self.now + Duration::from_millis(20) < at {
            self.now += Duration::from_millis(20);
            self.release();
        }
        self.now = at;
    }

    fn packet(&mut self, ssrc: u32, seq: u16, time: u32, id: u32, marker: bool, samples: u32) {
        let mut payload = [0; 160];
        payload[..4].copy_from_slice(&id.to_be_bytes());
        let header = Header {
            payload_type: 0,
            marker,
            seq: SeqNo(seq),
            time: RtpTime(time),
            ssrc: Ssrc(ssrc),
        };
        let packet = Packet { header, payload: &payload };
        self.buffer.insert(self.start + self.now, &packet, samples, &mut self.counters);
        self.release();
    }
}

/// Lines of `20ms < 65535`, with `time=`, `ssrc=`, `marker`, `event` where they differ from the
/// rule; the story must come out as written.
fn check(timeline: &str) -> Counters {
    let mut world = World::new();
    world.release();
    let lines: Vec<_> = timeline.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    for line in &lines {
        let (at, what) = line.split_once("ms ").unwrap();
        let at = Duration::from_millis(at.parse().unwrap());
        if let Some(what) = what.strip_prefix("< ") {
            world.pass_to(at);
            writeln!(world.story, "{line}").unwrap();
            let word =
                |name: &str| what.split(' ').find_map(|w| w.strip_prefix(name)?.parse().ok());
            let number: u32 = what.split(' ').next().unwrap().parse().unwrap();
            let time = word("time=").unwrap_or(number.wrapping_mul(160));
            let samples = if what.contains("event") { 0 } else { 160 };
            let marker = what.contains("marker");
            world.packet(word("ssrc=").unwrap_or(1), number as u16, time, number, marker, samples);
        } else if what == "." {
            world.pass_to(at);
            world.release();
            writeln!(world.story, "{line}").unwrap();
        }
    }
    assert_eq!(world.story.trim().lines().collect::<Vec<_>>(), lines);
    world.counters
}

#[test]
fn what_is_in_order_is_released_at_once_through_the_wrap() {
    let counters = check(
        "0ms < 65534
         0ms > 65534
         20ms < 65535
         20ms > 65535
         45ms < 65536
         45ms > 65536
         50ms < 65537
         50ms > 65537",
    );
    assert_eq!(counters, Counters::default());
}

#[test]
fn a_gap_is_held_for_one_packet_and_then_concealed() {
    let counters = check(
        "0ms < 1
         0ms > 1
         40ms < 3
         50ms < 2
         50ms > 2
         50ms > 3
         80ms < 5
         100ms < 6
         100ms > lost 160
         100ms > 5
         100ms > 6",
    );
    assert_eq!((counters.lost, counters.late), (1, 0));
}

#[test]
fn a_packet_that_comes_too_late_lengthens_the_hold() {
    let counters = check(
        "0ms < 1
         0ms > 1
         20ms < 3
         40ms < 4
         40ms > lost 160
         40ms > 3
         40ms > 4
         50ms < 2
         60ms < 6
         80ms < 7
         100ms < 8
         115ms < 5
         115ms > 5
         115ms > 6
         115ms > 7
         115ms > 8",
    );
    assert_eq!((counters.lost, counters.late), (1, 1));
}

#[test]
fn duplicates_are_counted_and_nothing_else() {
    let counters = check(
        "0ms < 1
         0ms > 1
         5ms < 1
         20ms < 3
         21ms < 3
         22ms < 2
         22ms > 2
         22ms > 3
         23ms < 2",
    );
    assert_eq!(counters, Counters { duplicate: 3, reordered: 1, ..Counters::default() });
}

/// A transfer inside a PBX. While the old stream may still live the new one is not believed.
#[test]
fn another_ssrc_takes_over_once_the_present_one_has_stopped() {
    let counters = check(
        "0ms < 1
         0ms > 1
         20ms < 700 ssrc=2
         40ms < 701 ssrc=2
         60ms < 702 ssrc=2
         80ms < 703 ssrc=2
         80ms > 702
         80ms > 703
         100ms < 704 ssrc=2
         100ms > 704",
    );
    assert_eq!((counters.restarts, counters.lost, counters.out_of_range), (1, 0, 3));
}

/// To and back, with the one beginning before the other ends.
#[test]
fn a_transfer_to_and_fro_without_another_offer_is_heard_soon() {
    let mut world = World::new();
    let mut number = 0;
    for (ssrc, until) in [(1, 1000), (2, 2000), (1, 3000), (2, 4000), (3, 5000)] {
        let first = number;
        while number * 20 < until {
            world.pass_to(Duration::from_millis(u64::from(number) * 20));
            world.packet(ssrc, (number + ssrc * 999) as u16, number * 160, number, false, 160);
            if number < first + 3 && ssrc > 1 {
                world.packet(
                    ssrc - 1,
                    (number + (ssrc - 1) * 999) as u16,
                    number * 160,
                    9,
                    false,
                    160,
                );
            }
            number += 1;
        }
        let heard = (first..number).find(|id| world.story.contains(&format!("> {id}\n"))).unwrap();
        assert!((heard - first) * 20 <= 120, "{ssrc}: {heard} of {first}:\n{}", world.story);
    }
}

/// Two packets fit between two of the caller's, whoever sends them.
#[test]
fn a_burst_of_another_ssrc_does_not_take_a_living_stream_over() {
    let mut world = World::new();
    for number in 0..200 {
        world.pass_to(Duration::from_millis(u64::from(number) * 20));
        world.packet(1, number as u16, number * 160, number, false, 160);
        for ahead in 0..2 {
            let number = number * 2 + ahead;
            world.packet(9, number as u16, number * 160, 9999, false, 160);
        }
    }
    assert!(!world.story.contains("9999"), "{}", world.story);
    assert_eq!(world.counters.restarts, 0);
}

/// A caller who sends no silence is displaced in it, and never while they speak, nor twice as fast.
#[test]
fn who_was_displaced_in_a_pause_is_heard_again_and_the_other_never_beside_it() {
    let mut world = World::new();
    let (mut number, mut thief) = (0, 0);
    let mut injected_from = None;
    for step in 0..500_u32 {
        world.pass_to(Duration::from_millis(u64::from(step) * 20));
        // Two pauses before the thief comes show that there are some; then one of two seconds.
        let speaks = !matches!(step, 20..40 | 60..80 | 150..250 | 400..415);
        if speaks {
            world.packet(1, number as u16, step * 160, step, false, 160);
            number += 1;
        }
        if step >= 100 {
            for _ in 0..2 {
                world.packet(9, thief as u16, thief * 160, 9999, false, 160);
                thief += 1;
            }
        }
        let injected = world.story.contains("> 9999");
        world.story.clear();
        if injected {
            assert!((150..254).contains(&step), "heard in frame {step}");
            injected_from.get_or_insert(step);
        }
        if (254..400).contains(&step) || step > 418 {
            assert_eq!(world.buffer.ssrc(), Some(Ssrc(1)), "in frame {step}");
        }
    }
    // 60 ms, and the time that ten packets take although they come two at a time.
    assert!(injected_from.is_some_and(|step| step >= 158), "{injected_from:?}");
}

#[test]
fn packets_of_a_foreign_ssrc_between_ours_change_nothing() {
    let counters = check(
        "0ms < 1
         0ms > 1
         10ms < 700 ssrc=2
         20ms < 2
         20ms > 2
         30ms < 701 ssrc=2
         40ms < 3
         40ms > 3
         50ms < 702 ssrc=2",
    );
    assert_eq!((counters.restarts, counters.out_of_range), (0, 3));
}

#[test]
fn a_jump_of_the_numbers_is_believed_when_it_goes_on() {
    check(
        "0ms < 1000 time=0
         0ms > 1000
         20ms < 1100 time=160
         40ms < 1101 time=320
         40ms > 1100
         40ms > 1101
         60ms < 900 time=480
         80ms < 901 time=640
         80ms > 900
         80ms > 901",
    );
}

/// A silence explains as many numbers as fit into it; more are another sequence, and not lost.
#[test]
fn numbers_that_no_silence_explains_are_not_lost() {
    let mut world = World::new();
    world.packet(1, 1, 160, 1, false, 160);
    world.pass_to(Duration::from_secs(1));
    world.packet(1, 20_001, 8160, 2, false, 160);
    assert_eq!((world.counters.lost, world.counters.restarts), (0, 0));
    world.pass_to(Duration::from_millis(1020));
    world.packet(1, 20_002, 8320, 3, false, 160);
    assert_eq!((world.counters.lost, world.counters.restarts), (0, 1));
    assert!(world.story.contains("> 2\n") && world.story.contains("> 3\n"), "{}", world.story);
    // A network that was away for two seconds has lost what was sent in them.
    world.pass_to(Duration::from_millis(3040));
    world.packet(1, 20_103, 24_480, 4, false, 160);
    assert_eq!((world.counters.lost, world.counters.restarts), (100, 1));
    // On hold nothing is listened to, and nothing is lost.
    world.pass_to(Duration::from_millis(5060));
    world.buffer.agree(false, false);
    world.packet(1, 20_204, 40_640, 5, false, 160);
    assert_eq!((world.counters.lost, world.counters.restarts), (100, 1));
    assert!(world.story.ends_with("> 5\n"), "{}", world.story);
}

/// A queue on the way that gives back what it held says nothing of where the stream is.
#[test]
fn packets_that_are_far_too_late_do_not_wind_the_stream_back() {
    let mut world = World::new();
    let mut send = |at: u64, number: u32| {
        world.pass_to(Duration::from_millis(at));
        world.packet(1, number as u16, number * 160, number, false, 160);
    };
    (0..200).for_each(|number| send(u64::from(number) * 20, number));
    (100..105).for_each(|number| send(3990, number));
    (200..300).for_each(|number| send(u64::from(number) * 20, number));
    assert_eq!((world.counters.restarts, world.counters.lost), (0, 0), "{}", world.story);
    // Who does go back and stays there is followed.
    let mut send = |at: u64, number: u32| {
        world.pass_to(Duration::from_millis(at));
        world.packet(1, number as u16, number * 160, number + 1000, false, 160);
    };
    (205..230).for_each(|number| send(u64::from(number + 95) * 20, number));
    assert_eq!(world.counters.restarts, 1);
    assert!(world.story.ends_with("> 1229\n"), "{}", world.story);
}

#[test]
fn a_jump_of_the_timestamp_is_a_pause_up_to_ten_seconds_and_then_another_clock() {
    check(
        "0ms < 1 time=0
         0ms > 1
         20ms < 2 time=4294967000
         20ms > 2
         40ms < 3 time=864
         40ms > pause 1000
         40ms > 3
         60ms < 4 time=41024
         60ms > pause 4000
         60ms > 4
         80ms < 5 time=28800000
         80ms > 5",
    );
}

/// Time without packets is filled from 200 ms on, and what the fillers did not cover when the
/// next packet's timestamp tells.
#[test]
fn a_pause_is_filled_and_the_next_packet_is_never_too_late() {
    check(
        "0ms < 1
         0ms > 1
         200ms > pause 160
         220ms > pause 160
         235ms < 12 marker
         235ms > lost 1280
         235ms > 12
         395ms < 13 marker time=3200
         395ms > pause 1120
         395ms > 13
         455ms > pause 160
         475ms < 14 time=4000
         475ms > pause 480
         475ms > 14",
    );
}

#[test]
fn an_event_takes_its_number_and_no_sound() {
    check(
        "0ms < 1
         0ms > 1
         20ms < 2 event time=320
         40ms < 3 event time=320
         60ms < 4 time=640
         60ms > pause 320
         60ms > 4",
    );
}

#[test]
fn a_stall_of_ours_does_not_flood() {
    let mut world = World::new();
    world.packet(1, 1, 160, 1, false, 160);
    world.now += Duration::from_secs(3600);
    let released = world.release();
    assert!(released.len() <= 2, "{released:?}");
    world.now += Duration::from_millis(20);
    assert_eq!(world.release(), ["pause 160"]);
}

/// A network from a seed: loss, reordering, duplicates, wraps, foreign packets, stalls.
fn run(seed: u64) -> (Vec<u32>, Counters, String) {
    let mut dice = Dice::new(seed);
    let mut world = World::new();
    let loss = dice.below(20);
    let (first_seq, first_time) = (65_400 + dice.below(200) as u32, dice.bits() as u32);
    let jitter = [0, 5, 60, 200][dice.below(4) as usize];
    let mut arrivals = Vec::new();
    for index in 0..400_u32 {
        if dice.below(100) < loss {
            continue;
        }
        let stall = if dice.below(80) == 0 { 150 } else { 0 };
        let at = u64::from(index) * 20 + dice.below(jitter + 1) + stall;
        arrivals.push((at, index));
        if dice.below(20) == 0 {
            arrivals.push((at + dice.below(60), index));
        }
    }
    arrivals.sort_by_key(|&(at, _)| at);
    for (at, index) in arrivals {
        world.pass_to(Duration::from_millis(at));
        let time = first_time.wrapping_add(index * 160);
        world.packet(1, (first_seq + index) as u16, time, index, index == 0, 160);
        if dice.below(50) == 0 {
            world.packet(9, dice.bits() as u16, 0, 9999, false, 160);
        }
    }
    world.pass_to(Duration::from_millis(9000));
    let sound = world.story.lines().filter_map(|l| l.split_once("> ")?.1.parse().ok()).collect();
    (sound, world.counters, world.story)
}

#[test]
fn whatever_the_network_does_sound_comes_in_order_and_once() {
    for seed in 0..300 {
        let (sound, counters, story) = run(seed);
        assert!(sound.is_sorted_by(|a, b| a < b), "seed {seed}:\n{story}");
        assert!(!sound.contains(&9999), "seed {seed}: foreign sound:\n{story}");
        let distinct: BTreeSet<_> = sound.iter().collect();
        let late = counters.late + counters.lost;
        assert!(distinct.len() as u64 + late >= 300, "seed {seed}: {counters:?}\n{story}");
    }
    assert_eq!(run(7), run(7));
}

/// However much is lost, the media clock keeps up with the far end's.
#[test]
fn with_no_more_than_loss_the_media_clock_is_exact() {
    for seed in 0..50 {
        let mut dice = Dice::new(seed);
        let mut world = World::new();
        let mut last = 0;
        for index in 0..500_u32 {
            world.pass_to(Duration::from_millis(u64::from(index) * 20));
            if index == 0 || dice.below(4) > 0 {
                world.packet(1, index as u16, index * 160, index, false, 160);
                last = index;
            }
        }
        world.pass_to(Duration::from_millis(10_050));
        let total: u32 = world
            .story
            .lines()
            .filter_map(|line| line.split_once("> ")?.1.into())
            .map(|what| match what.split_once(' ') {
                Some(("lost", samples)) => samples.parse().unwrap(),
                Some(_) => 0,
                None => 160,
            })
            .sum();
        assert_eq!(total, (last + 1) * 160, "seed {seed}:\n{}", world.story);
    }
}

/// Numbers, timestamps and sources near each other, as a far end out of its mind would send them:
/// within what it takes for one stream, no number is released twice.
#[test]
fn no_number_is_released_twice() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        for playout in [Playout::Reorder, Playout::Paced] {
            let mut buffer = JitterBuffer::new(SampleRate(8000));
            buffer.set_playout(playout);
            let mut counters = Counters::default();
            let mut now = Instant::now();
            let mut seen = BTreeSet::new();
            let (mut restarts, mut center) = (0, dice.below(65_536) as u16);
            for _ in 0..400 {
                now += Duration::from_millis(dice.below(30));
                center = center.wrapping_add(1);
                let seq = center.wrapping_add(dice.below(12) as u16).wrapping_sub(6);
                let header = Header {
                    payload_type: 0,
                    marker: dice.below(20) == 0,
                    seq: SeqNo(seq),
                    time: RtpTime(u32::from(seq) * 160 + dice.below(3) as u32 * 80),
                    ssrc: Ssrc(1),
                };
                let mut payload = [0; 160];
                payload[..2].copy_from_slice(&seq.to_be_bytes());
                let packet = Packet { header, payload: &payload };
                let samples = if dice.below(10) == 0 { 0 } else { 160 };
                buffer.insert(now, &packet, samples, &mut counters);
                if counters.restarts != restarts {
                    restarts = counters.restarts;
                    seen.clear();
                }
                for _ in 0..8 {
                    let released = match playout {
                        Playout::Reorder => buffer.release(now, &mut counters),
                        Playout::Paced => Some(buffer.pull(now, false, &mut counters)),
                    };
                    match released {
                        Some(Released::Packet { payload, .. }) => {
                            let seq = u16::from_be_bytes([payload[0], payload[1]]);
                            assert!(seen.insert(seq), "seed {seed}, {playout:?}: {seq} twice");
                        }
                        Some(Released::Lost { .. }) => {}
                        Some(Released::Pause { .. }) | None => break,
                    }
                }
            }
        }
    }
}

#[test]
fn any_headers_are_survived() {
    for seed in 0..2000 {
        let mut dice = Dice::new(seed);
        let mut data = vec![0; 12 * (1 + dice.below(120) as usize)];
        data.iter_mut().for_each(|byte| *byte = dice.bits() as u8);
        if seed % 2 == 0 {
            // Mostly one stream, in order, with short steps.
            for (number, packet) in data.as_chunks_mut::<12>().0.iter_mut().enumerate() {
                packet[1] &= 0xf3;
                packet[2] = 0xff;
                packet[3] = (number as u8).wrapping_add(packet[3] & 3);
                packet[4..6].fill(0);
                packet[8] &= 1;
            }
        }
        attendant::fuzzing::rtp_stream(&data);
    }
}
