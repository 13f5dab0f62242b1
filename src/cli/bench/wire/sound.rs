//! Where speech begins and ends on one stream, by its energy alone.
//!
//! Loud packets say where there is speech; grains of 2 ms say where exactly it begins and ends: where the level leaves
//! the stream's own floor, and comes back to it.

use super::rtp::{Packet, smoothed};

/// A stretch of speech; seconds on the capture's clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spurt {
    pub(super) began: f64,
    pub(super) ended: f64,
}

/// 2 ms at 8 kHz.
const GRAIN: usize = 16;
const GRAIN_SECONDS: f64 = GRAIN as f64 / 8000.0;
/// Grains between two pulses of a deep voice.
const HOLE: usize = 4;
/// Grains that are too few for sound: 8 ms.
const CRACKLE: usize = 4;
/// Speech has packets this loud (dBov); telephone speech is about 20 dB above.
const SPEECH: f64 = -40.0;
/// And so many of them: 60 ms is a short vowel.
const PACKETS: usize = 3;
/// Packets above this belong to speech around them.
const SOUND: f64 = -50.0;
/// A shorter silence is a pause within a word, and does not end a stretch.
const PAUSE: f64 = 0.2;
/// An edge of speech is above the floor by this much (dB).
const MARGIN: f64 = 10.0;
/// The lowest floor that is believed (dBov): a quiet telephone line's own noise. A synthesiser's tail that dies away over
/// 0.2 s at a few steps of µ-law is no speech, though the silence after it is digital.
const FLOOR: f64 = -68.0;
/// An edge is looked for as far from the first and the last loud packet.
const REACH: f64 = 0.128;
/// Grains of a packet.
const PACKET_GRAINS: usize = 10;
/// The closure of a stop consonant, in grains: what follows it is the end of the word ("located").
const DIP: usize = 50;

/// A grain, where it lies and how loud it is.
struct Grain {
    at: f64,
    energy: f64,
}

/// Finds speech. `of_sender`: a packet's sound ends when it is sent, and a packet that a scripted phone sends late was
/// spoken no later. Otherwise it begins when it comes, late or not: that is when it is heard.
pub(super) fn spurts(packets: &[Packet], of_sender: bool) -> Vec<Spurt> {
    let starts: Vec<f64> = match of_sender {
        true => {
            let length = |packet: &Packet| packet.samples.len() as f64 / 8000.0;
            smoothed(packets).iter().zip(packets).map(|(at, packet)| at - length(packet)).collect()
        }
        false => packets.iter().map(|packet| packet.at).collect(),
    };
    let grains = grains(packets, &starts);
    let levels: Vec<f64> = grains.iter().map(|grain| decibel(grain.energy)).collect();
    let loud = sounding(&levels, floor(&levels).max(FLOOR) + MARGIN);
    stretches(packets, &starts)
        .into_iter()
        .map(|(first, last)| Spurt {
            began: edge(&grains, &loud, first, false),
            ended: edge(&grains, &loud, last, true) + GRAIN_SECONDS,
        })
        .collect()
}

fn grains(packets: &[Packet], starts: &[f64]) -> Vec<Grain> {
    let mut grains = Vec::with_capacity(packets.len() * 10);
    for (packet, start) in packets.iter().zip(starts) {
        for (n, samples) in packet.samples.chunks(GRAIN).enumerate() {
            grains.push(Grain { at: start + n as f64 * GRAIN_SECONDS, energy: energy(samples) });
        }
    }
    grains
}

/// Mean square, full scale being 1.
fn energy(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|s| (f64::from(*s) / 32_768.0).powi(2)).sum();
    sum / samples.len().max(1) as f64
}

fn decibel(energy: f64) -> f64 {
    10.0 * energy.max(1e-13).log10()
}

/// Whether each grain belongs to sound: above the threshold, in a run that is longer than a crackle. The pitch of a
/// voice leaves holes of a few milliseconds.
fn sounding(levels: &[f64], threshold: f64) -> Vec<bool> {
    let mut loud: Vec<bool> = levels.iter().map(|level| *level > threshold).collect();
    flip_short(&mut loud, false, HOLE);
    flip_short(&mut loud, true, CRACKLE);
    loud
}

/// Turns over all runs of `value` that are not longer than `limit`.
fn flip_short(values: &mut [bool], value: bool, limit: usize) {
    let mut start = 0;
    while start < values.len() {
        let length = values[start..].iter().take_while(|v| **v == values[start]).count();
        if values[start] == value && length <= limit {
            values[start..start + length].fill(!value);
        }
        start += length;
    }
}

/// A tenth of all grains is quieter: people are silent half of the time.
fn floor(levels: &[f64]) -> f64 {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 10).copied().unwrap_or(FLOOR)
}

/// The middle of the first and of the last loud packet of each stretch.
fn stretches(packets: &[Packet], starts: &[f64]) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64, f64, usize)> = Vec::new();
    for (packet, start) in packets.iter().zip(starts) {
        let level = decibel(energy(&packet.samples));
        if level < SOUND {
            continue;
        }
        let half = packet.samples.len() as f64 / 16_000.0;
        let middle = start + half;
        let loud = usize::from(level >= SPEECH);
        match found.last_mut() {
            Some((_, last_loud, last, count)) if middle - *last < PAUSE => {
                *last = middle;
                *count += loud;
                if loud == 1 {
                    *last_loud = middle;
                }
            }
            // What begins softly begins at its first loud packet; the edge is looked for before it.
            _ if loud == 1 => found.push((middle, middle, middle, 1)),
            _ => {}
        }
    }
    let speech = found.into_iter().filter(|(.., count)| *count >= PACKETS);
    speech.map(|(first, _, last, _)| (first, last)).collect()
}

/// Walks from sound outwards until it stays at the floor for longer than a dip.
fn edge(grains: &[Grain], loud: &[bool], from: f64, forward: bool) -> f64 {
    let step = |n: usize, forward: bool| if forward { Some(n + 1) } else { n.checked_sub(1) };
    let near = |n: &usize| grains.get(*n).is_some_and(|grain| (grain.at - from).abs() <= REACH);
    let start = grains.partition_point(|grain| grain.at < from);
    // The packet is loud, and its middle need not be: the walk begins further in.
    let mut inwards =
        std::iter::successors(Some(start), |n| step(*n, !forward)).take(PACKET_GRAINS);
    let first = inwards.find(|n| loud.get(*n) == Some(&true)).unwrap_or(start);
    let (mut edge, mut quiet) = (first, 0);
    let outwards = std::iter::successors(Some(first), |n| step(*n, forward)).take_while(near);
    for n in outwards {
        quiet = if loud[n] { 0 } else { quiet + 1 };
        if loud[n] {
            edge = n;
        } else if quiet > DIP {
            break;
        }
    }
    grains.get(edge).map_or(from, |grain| grain.at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms packets out of a level (dBov) for each millisecond.
    fn packets(levels: &[f64], late: impl Fn(usize) -> f64) -> Vec<Packet> {
        let samples: Vec<i16> = levels
            .iter()
            .enumerate()
            .flat_map(|(ms, level)| {
                (0..8).map(move |n| {
                    let phase = f64::from((ms * 8 + n) as u32) * 0.9;
                    (10_f64.powf(level / 20.0) * 46_341.0 * phase.sin()) as i16
                })
            })
            .collect();
        let packet = |(n, samples): (usize, &[i16])| Packet {
            at: 0.02 * n as f64 + late(n),
            time: 160 * n as i64,
            samples: samples.to_vec(),
        };
        samples.chunks_exact(160).enumerate().map(packet).collect()
    }

    fn levels(parts: &[(usize, f64)]) -> Vec<f64> {
        parts.iter().flat_map(|(ms, level)| vec![*level; *ms]).collect()
    }

    #[test]
    fn edges_are_found_within_a_few_milliseconds() {
        let script = [(1007, -90.0), (613, -22.0), (900, -90.0), (305, -30.0), (675, -90.0)];
        for (ends_at_packet, shift) in [(false, 0.0), (true, -0.02)] {
            let found = spurts(&packets(&levels(&script), |_| 0.0), ends_at_packet);
            assert_eq!(found.len(), 2, "{found:?}");
            for (spurt, (began, ended)) in found.iter().zip([(1.007, 1.620), (2.520, 2.825)]) {
                assert!((spurt.began - began - shift).abs() < 0.0041, "{spurt:?}");
                assert!((spurt.ended - ended - shift).abs() < 0.0041, "{spurt:?}");
            }
        }
    }

    #[test]
    fn soft_beginnings_and_ends_belong_to_the_word_and_noise_does_not() {
        // Line noise at -62, a breath of 40 ms at -46 before the word, 90 ms of decay at -48 after it.
        let script = [(800, -62.0), (40, -46.0), (400, -20.0), (90, -48.0), (1670, -62.0)];
        let found = spurts(&packets(&levels(&script), |_| 0.0), false);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!((found[0].began - 0.800).abs() < 0.0041, "{found:?}");
        assert!((found[0].ended - 1.330).abs() < 0.0041, "{found:?}");
    }

    #[test]
    fn a_click_is_no_speech_and_a_pause_no_end() {
        let click = [(500, -90.0), (30, -10.0), (970, -90.0)];
        assert_eq!(spurts(&packets(&levels(&click), |_| 0.0), false), []);
        let pause = [(500, -90.0), (300, -20.0), (160, -90.0), (300, -20.0), (740, -90.0)];
        assert_eq!(spurts(&packets(&levels(&pause), |_| 0.0), false).len(), 1);
    }

    #[test]
    fn a_packet_that_comes_late_is_heard_late() {
        let script = [(1000, -90.0), (500, -20.0), (500, -90.0)];
        // All from the word on come 300 ms later: the stream stood still.
        let late = |n| if n >= 50 { 0.3 } else { 0.0 };
        let found = spurts(&packets(&levels(&script), late), false);
        assert!((found[0].began - 1.3).abs() < 0.0041, "{found:?}");
    }

    #[test]
    fn a_packet_that_a_phone_sends_late_was_spoken_no_later() {
        let script = [(1000, -90.0), (500, -20.0), (500, -90.0)];
        // The last packet of the word waits 30 ms for the processor.
        let late = |n| if n == 74 { 0.03 } else { 0.0 };
        let found = spurts(&packets(&levels(&script), late), true);
        assert!((found[0].ended - 1.48).abs() < 0.0041, "{found:?}");
    }

    #[test]
    fn a_tail_that_nobody_hears_is_no_speech() {
        // A word whose "t" is released at -50, and a synthesiser's decay at -65 before digital silence.
        let script =
            [(1000, -100.0), (400, -20.0), (40, -66.0), (60, -50.0), (160, -65.0), (1340, -100.0)];
        let found = spurts(&packets(&levels(&script), |_| 0.0), false);
        assert!((found[0].ended - 1.5).abs() < 0.0041, "{found:?}");
    }
}
