//! Whole legs on bad networks: what is heard, against what would have been, with concealment and
//! without it as a control.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod impairment;

use std::f64::consts::TAU;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use attendant::base::{Dice, Frame, RtpTime, SeqNo};
use attendant::codec::{Codec, Encoder, MAX_PAYLOAD};
use attendant::media::{LegParams, MediaSession, Playout, Sound, Stats};
use attendant::rtp::{Header, Packet, Ssrc};

use impairment::{Impairment, Jitter, Midway, networks};

const CALLER: ([u8; 4], u16) = ([192, 0, 2, 1], 4000);

/// A voice without an end: 110 to 150 Hz with formants, over faint noise. With `pauses`, half a
/// second of every three is noise alone.
struct Voice {
    phase: f64,
    noise: Dice,
    at: u64,
    pauses: bool,
}

impl Voice {
    fn new(pauses: bool) -> Self {
        Self { phase: 0.0, noise: Dice::new(11), at: 0, pauses }
    }

    fn speaks(&self) -> bool {
        !self.pauses || self.at % 48_000 < 40_000
    }

    fn sample(&mut self) -> i16 {
        let t = self.at as f64 / 16e3;
        self.phase += TAU * (130.0 + 20.0 * (TAU * 0.7 * t).sin()) / 16e3;
        let mut sound = self.noise.below(60) as f64 - 30.0;
        if self.speaks() {
            for (harmonic, level) in
                [(1.0, 3000.0), (2.0, 2500.0), (4.0, 2000.0), (5.0, 1500.0), (11.0, 700.0)]
            {
                sound += level * (harmonic * self.phase).sin();
            }
        }
        self.at += 1;
        sound as i16
    }

    fn take(&mut self, samples: usize) -> Vec<i16> {
        (0..samples).map(|_| self.sample()).collect()
    }
}

struct Leg {
    start: Instant,
    session: MediaSession,
    next_tick_us: u64,
    ticks: u64,
    heard: Vec<(Frame, Sound)>,
}

impl Leg {
    fn new(codec: Codec, payload_type: u8, playout: Playout) -> Self {
        let start = Instant::now();
        let least = LegParams::new(codec, payload_type, SocketAddr::from(CALLER));
        let params = LegParams { playout, ..least };
        let session = MediaSession::new(start, params, &mut Dice::new(5));
        Self { start, session, next_tick_us: 7_000, ticks: 0, heard: Vec::new() }
    }

    fn pass_to(&mut self, at_us: u64) {
        while self.next_tick_us <= at_us {
            let now = self.start + Duration::from_micros(self.next_tick_us);
            self.session.tick(now, None);
            self.collect(now);
            self.next_tick_us += 20_000;
            self.ticks += 1;
        }
    }

    fn receive(&mut self, at_us: u64, datagram: &[u8]) {
        self.pass_to(at_us);
        let now = self.start + Duration::from_micros(at_us);
        self.session.receive(now, datagram, SocketAddr::from(CALLER));
        self.collect(now);
    }

    /// Packet `number` of a stream of 20 ms at 8 kHz comes when it should.
    fn put(&mut self, payload_type: u8, number: u16, payload: &[u8]) {
        self.put_on(8000, payload_type, number, payload);
    }

    fn put_on(&mut self, clock: u32, payload_type: u8, number: u16, payload: &[u8]) {
        let header = Header {
            payload_type,
            marker: number == 0,
            seq: SeqNo(number),
            time: RtpTime(u32::from(number) * clock / 50),
            ssrc: Ssrc(1),
        };
        let mut datagram = [0; 1500];
        let length = Packet { header, payload }.write(&mut datagram).unwrap();
        self.receive(u64::from(number) * 20_000, &datagram[..length]);
    }

    fn collect(&mut self, now: Instant) {
        while let Some(heard) = self.session.poll_heard(now) {
            assert_eq!(heard.tick, self.heard.len() as u64, "the media clock goes on by one");
            self.heard.push((heard.frame, heard.sound));
        }
    }

    /// Forgets what was played after the last sound that came.
    fn trim(&mut self) {
        let last = self.heard.iter().rposition(|(_, sound)| *sound == Sound::Received);
        self.heard.truncate(last.unwrap_or(0));
    }

    fn samples(&self) -> Vec<i16> {
        self.heard.iter().flat_map(|(frame, _)| frame.0).collect()
    }

    /// What would be heard if nothing were made up.
    fn without_concealment(&self) -> Vec<i16> {
        let silence = [0; Frame::SAMPLES];
        let of = |(frame, sound): &(Frame, Sound)| match sound {
            Sound::Concealed => silence,
            Sound::Received | Sound::Pause => frame.0,
        };
        self.heard.iter().flat_map(of).collect()
    }
}

/// Runs a voice through a network into a leg.
fn run(
    network: &Impairment,
    seed: u64,
    codec: (Codec, u8),
    playout: Playout,
    pauses: bool,
) -> (Leg, Stats) {
    let mut dice = Dice::new(seed);
    let sent = network.sent(&mut dice);
    let mut arrivals = network.arrivals(&sent, &mut dice).into_iter().peekable();
    let (mut voice, mut encoder) = (Voice::new(pauses), Encoder::new(codec.0));
    let mut leg = Leg::new(codec.0, codec.1, playout);
    // Packets are coded in the order in which they are sent, and kept until they come. After half a
    // minute, which ends in a pause, the voice says the same again.
    let mut payloads: Vec<Vec<u8>> = Vec::new();
    let again =
        if pauses && network.ms == network.then_ms { 30_000 / network.ms } else { u64::MAX };
    let rate = codec.0.clock_rate().0 / 8000;
    while let Some(arrival) = arrivals.next() {
        let index = u64::from(arrival.sent.index).min(sent.len() as u64) % again;
        while payloads.len() as u64 <= index && payloads.len() < sent.len() {
            let mut payload = [0; MAX_PAYLOAD];
            let sound = voice.take(sent[payloads.len()].ms as usize * 16);
            let length = encoder.encode(&sound, &mut payload);
            payloads.push(payload[..length].to_vec());
        }
        let mut header = arrival.sent.header;
        header.payload_type = codec.1;
        header.time.0 = header.time.0.wrapping_mul(rate);
        let foreign = vec![0x55; 160];
        let payload = payloads.get(index as usize).unwrap_or(&foreign);
        let mut datagram = [0; 1500];
        let length = Packet { header, payload }.write(&mut datagram).unwrap();
        leg.receive(arrival.at_us, &datagram[..length]);
        if arrivals.peek().is_none() {
            leg.pass_to(network.seconds * 1_000_000);
        }
    }
    let mut stats = *leg.session.stats();
    stats.timing = leg.session.timing(leg.start + Duration::from_micros(leg.next_tick_us));
    (leg, stats)
}

const PCMU: (Codec, u8) = (Codec::Pcmu, 0);

/// The spectrum of a frame in bands, in decibels.
struct Spectrum(Vec<[(f32, f32); Frame::SAMPLES]>);

impl Spectrum {
    fn new() -> Self {
        let band = |band: usize| {
            let step = TAU * (150.0 + 210.0 * band as f64) / 16e3;
            std::array::from_fn(|index| {
                let (sin, cos) = (step * index as f64).sin_cos();
                (sin as f32, cos as f32)
            })
        };
        Self((0..16).map(band).collect())
    }

    fn levels(&self, sound: &[i16]) -> Vec<f32> {
        let band = |waves: &[(f32, f32); Frame::SAMPLES]| {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (&sample, (sin, cos)) in sound.iter().zip(waves) {
                real += f32::from(sample) * cos;
                imaginary += f32::from(sample) * sin;
            }
            // Below this nothing is heard beside the voice.
            let level = real.hypot(imaginary) / Frame::SAMPLES as f32;
            20.0 * level.max(4.0).log10()
        };
        self.0.iter().map(band).collect()
    }

    /// How far apart two frames are, in decibels.
    fn distance(&self, one: &[i16], other: &[i16]) -> f32 {
        let (one, other) = (self.levels(one), self.levels(other));
        let bands = one.iter().zip(&other);
        bands.map(|(a, b)| (a - b).abs()).sum::<f32>() / one.len() as f32
    }
}

/// The mean distance over all frames, the first second apart.
fn distance(one: &[i16], other: &[i16]) -> f32 {
    let frames = one.chunks_exact(320).zip(other.chunks_exact(320)).skip(50);
    let (mut sum, mut count, spectrum) = (0.0, 0_u16, Spectrum::new());
    for (a, b) in frames {
        if a != b {
            sum += spectrum.distance(a, b);
        }
        count += 1;
    }
    sum / f32::from(count)
}

/// Loss alone, and recognition's playout: frame by frame the sound can be laid beside what it
/// would have been.
#[test]
fn with_concealment_the_sound_is_nearer_to_what_was_sent_than_without() {
    for (codec, payload_type) in
        [(Codec::Pcmu, 0), (Codec::Pcma, 8), (Codec::G722, 9), (Codec::Opus, 111)]
    {
        for (percent, burst, at_most) in
            [(1.0, 1.0, 0.6), (5.0, 1.0, 0.6), (5.0, 4.0, 0.9), (20.0, 3.0, 0.9)]
        {
            let clean = Impairment { seconds: 12, ..Impairment::CLEAN };
            let network = Impairment { loss: (percent, burst), ..clean };
            let codec = (codec, payload_type);
            let (undamaged, _) = run(&clean, 4, codec, Playout::Reorder, true);
            let (leg, stats) = run(&network, 4, codec, Playout::Reorder, true);
            assert!(stats.received.concealed > 0);
            let reference = undamaged.samples();
            let on = distance(&reference, &leg.samples());
            let off = distance(&reference, &leg.without_concealment());
            println!("{codec:?} {percent} % by {burst}: {on:.2} dB, {off:.2} dB without");
            assert!(
                on < off * at_most,
                "{codec:?} {percent} % by {burst}: {on:.2} and {off:.2} dB"
            );
        }
    }
}

/// Pieces of 10 ms that are quieter than the faintest noise of the line.
fn holes(sound: &[i16]) -> usize {
    let quiet = |piece: &&[i16]| piece.iter().all(|sample| sample.unsigned_abs() < 6);
    sound.chunks_exact(160).filter(quiet).count()
}

/// The steepest step between two samples.
fn roughest(sound: &[i16]) -> i32 {
    sound.windows(2).map(|two| (i32::from(two[1]) - i32::from(two[0])).abs()).max().unwrap_or(0)
}

/// Playout for ears: on every network that sends all the time there are no more holes than the
/// network tore, and without concealment there are.
#[test]
fn whatever_the_network_does_paced_sound_has_few_holes_and_without_concealment_more() {
    for network in networks() {
        if network.talkspurts || network.midway != Midway::Nothing || network.foreign > 0 {
            continue;
        }
        let network = Impairment { seconds: 30, ..network };
        let (leg, stats) = run(&network, 6, PCMU, Playout::Paced, false);
        // The first half second fills the buffer.
        let (on, off) = (leg.samples(), leg.without_concealment());
        let (on, off) = (holes(&on[8000..]), holes(&off[8000..]));
        let concealed = stats.received.concealed;
        println!("{:<31} concealed {concealed:>3}: {on} holes, {off} without", network.name);
        assert_eq!(leg.heard.len() as u64, leg.ticks, "{}", network.name);
        match concealed {
            0..=1 => assert!(on <= 2, "{}: {on} holes", network.name),
            _ => assert!(on * 10 <= off * 8, "{}: {on} holes, {off} without", network.name),
        }
    }
}

/// An hour with a far end whose clock is wrong by 500 ppm, which is 1.8 s.
#[test]
fn an_hour_of_skew_is_neither_heard_nor_does_it_pile_up() {
    for skew_ppm in [500, -500] {
        let network = Impairment {
            seconds: 3600,
            skew_ppm,
            jitter: Jitter::Uniform(5000),
            ..Impairment::CLEAN
        };
        let (mut leg, stats) = run(&network, 2, PCMU, Playout::Paced, true);
        let received = stats.received;
        leg.trim();
        let all = leg.samples();
        let sound = &all[8000..];
        assert_eq!(holes(sound), 0, "{skew_ppm} ppm");
        // The voice's own steps are below 3000; a click would be a step of twice its level.
        assert!(roughest(sound) < 4500, "{skew_ppm} ppm: {}", roughest(sound));
        assert_eq!((received.concealed, received.late, received.lost), (0, 0, 0));
        let pauses = leg.heard[25..].iter().filter(|(_, sound)| *sound != Sound::Received).count();
        assert_eq!(pauses, 0, "{skew_ppm} ppm");
        let timing = stats.timing;
        assert!((timing.skew_ppm - skew_ppm as i32).abs() <= 15, "{timing:?}");
        assert!((10..=40).contains(&timing.mean_depth_ms), "{timing:?}");
        assert!(timing.highest_depth_ms <= 60 && timing.depth_ms <= 60, "{timing:?}");
        println!("{skew_ppm} ppm: {received:?} {timing:?}, step {}", roughest(sound));
    }
}

/// Nobody pauses for breath: only periods of the voice can be left out or put in.
#[test]
fn skew_is_followed_in_the_middle_of_speech() {
    for skew_ppm in [500, -500] {
        let network = Impairment { seconds: 300, skew_ppm, ..Impairment::CLEAN };
        let (mut leg, stats) = run(&network, 2, PCMU, Playout::Paced, false);
        leg.trim();
        let all = leg.samples();
        let sound = &all[8000..];
        let received = stats.received;
        assert_eq!((received.dropped, received.inserted, received.concealed), (0, 0, 0));
        assert!((5..=40).contains(&received.scaled), "{received:?}");
        assert_eq!(holes(sound), 0);
        assert!(roughest(sound) < 4500, "{skew_ppm} ppm: {}", roughest(sound));
        // The pitch stays: the voice crosses zero as often as it did.
        let crossings = |part: &[i16]| part.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        let (before, after) =
            (crossings(&sound[..320_000]), crossings(&sound[4_000_000..4_320_000]));
        assert!(before.abs_diff(after) * 50 < before, "{before} and {after}");
        assert!(stats.timing.highest_depth_ms <= 80, "{:?}", stats.timing);
    }
}

/// What is made up is flagged, and silent from 60 ms on: no detector takes it for a voice.
#[test]
fn a_long_loss_is_flagged_and_becomes_silent() {
    for codec in [PCMU, (Codec::G722, 9), (Codec::Opus, 111)] {
        let mut leg = Leg::new(codec.0, codec.1, Playout::Reorder);
        let (mut voice, mut encoder) = (Voice::new(false), Encoder::new(codec.0));
        for number in 0..40_u16 {
            let mut payload = [0; MAX_PAYLOAD];
            let length = encoder.encode(&voice.take(320), &mut payload);
            if (20..28).contains(&number) {
                continue;
            }
            leg.put_on(codec.0.clock_rate().0, codec.1, number, &payload[..length]);
        }
        let kinds: String = leg
            .heard
            .iter()
            .map(|(_, sound)| match sound {
                Sound::Received => 'r',
                Sound::Concealed => 'c',
                Sound::Pause => 'p',
            })
            .collect();
        assert_eq!(kinds, format!("{}{}{}", "r".repeat(20), "c".repeat(8), "r".repeat(12)));
        let levels: Vec<_> = leg.heard[20..28].iter().map(|(frame, _)| frame.level()).collect();
        let before = leg.heard[19].0.level();
        assert!(levels[0] > before - 10.0, "{codec:?}: {levels:?} after {before}");
        // The last one may come from what the packet after it repeats.
        assert!(levels[3..7].iter().all(|level| *level < -70.0), "{codec:?}: {levels:?}");
    }
}

/// A pause is heard as the noise that the far end told of (RFC 3389), or as the quiet before it;
/// by recognition as next to nothing.
#[test]
fn a_pause_sounds_like_the_line_to_ears_and_like_nothing_to_recognition() {
    for (playout, told, expected) in [
        (Playout::Paced, Some(50_u8), -53.0..-46.0),
        (Playout::Paced, None, -71.0..-60.0),
        (Playout::Reorder, Some(50), -73.0..-66.0),
        (Playout::Reorder, None, -128.0..-120.0),
    ] {
        let mut leg = Leg::new(Codec::Pcmu, 0, playout);
        let (mut voice, mut encoder) = (Voice::new(true), Encoder::new(Codec::Pcmu));
        // Half a second of quiet is at the end of three.
        for number in 0..150_u16 {
            let mut payload = [0; MAX_PAYLOAD];
            let length = encoder.encode(&voice.take(320), &mut payload);
            leg.put(0, number, &payload[..length]);
        }
        if let Some(level) = told {
            leg.put(13, 150, &[level]);
        }
        leg.pass_to(4_000_000);
        let (frame, sound) = leg.heard.last().unwrap();
        assert_eq!(*sound, Sound::Pause);
        assert!(expected.contains(&frame.level()), "{playout:?}, {told:?}: {}", frame.level());
    }
}

/// A bridge comes and goes: the playout changes, the sound goes on.
#[test]
fn a_leg_goes_over_to_paced_playout_and_back() {
    let mut leg = Leg::new(Codec::Pcmu, 0, Playout::Reorder);
    let (mut voice, mut encoder) = (Voice::new(false), Encoder::new(Codec::Pcmu));
    for number in 0..150_u16 {
        match number {
            50 => leg.session.set_for_ears(true),
            100 => leg.session.set_for_ears(false),
            _ => {}
        }
        let mut payload = [0; MAX_PAYLOAD];
        let length = encoder.encode(&voice.take(320), &mut payload);
        leg.put(0, number, &payload[..length]);
    }
    let pauses = leg.heard.iter().filter(|(_, sound)| *sound != Sound::Received).count();
    assert!(pauses <= 2, "{pauses} frames");
    assert!(leg.heard.len().abs_diff(150) <= 2, "{} frames", leg.heard.len());
    let received = leg.session.stats().received;
    assert_eq!((received.lost, received.late, received.concealed), (0, 0, 0));
}
