//! Somebody floods a call's ports with sound of their own, on real sockets: none of it is heard, and nothing
//! of ours goes to them.
//!
//! The caller's sound is a tone of 400 Hz, the injector's one of 2,400 Hz, so that a single injected frame
//! shows. The injector knows everything but the caller's address: SSRC, numbers, time, codec.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod machine;

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use attendant::base::{Frame, LegId, RtpTime, SeqNo};
use attendant::codec::{Codec, Encoder};
use attendant::media::{LegParams, Stats};
use attendant::rtp::{Header, KeySeed, Packet, SrtpKeys, SrtpSender, Ssrc, Suite};
use attendant::workers::{LegMedia, MediaConfig, MediaEventKind, MediaEvents, MediaPlane};
use machine::steadily;

const PATIENCE: Duration = Duration::from_secs(20);
/// Injected packets for each of the caller's.
const FLOOD: u16 = 5;
const CALLER_HZ: f32 = 400.0;
const INJECTED_HZ: f32 = 2400.0;

fn keys(swapped: bool) -> SrtpKeys {
    let key = |number| KeySeed::new([5; 32]).master_key(Suite::Aes128Tag80, number);
    let (ours, theirs) = if swapped { (key(2), key(1)) } else { (key(1), key(2)) };
    SrtpKeys { ours, theirs, their_mki: 0 }
}

/// The power of a tone in a frame, of the frame's whole power (Goertzel).
fn share(frame: &Frame, hertz: f32) -> f32 {
    let turn = std::f32::consts::TAU * hertz / 16_000.0;
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    for &sample in &frame.0 {
        (last, before) = (f32::from(sample) + 2.0 * turn.cos() * last - before, last);
    }
    let tone = last * last + before * before - 2.0 * turn.cos() * last * before;
    let all: f32 = frame.0.iter().map(|&sample| f32::from(sample) * f32::from(sample)).sum();
    2.0 * tone / (all.max(1.0) * frame.0.len() as f32)
}

fn bound(address: [u8; 4]) -> UdpSocket {
    let socket = UdpSocket::bind((std::net::IpAddr::from(address), 0)).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket
}

/// Somebody who sends a tone.
struct Talker {
    socket: UdpSocket,
    hertz: f32,
    ssrc: u32,
    number: u16,
    encoder: Encoder,
    sealed: Option<SrtpSender>,
    sent: Vec<Vec<u8>>,
}

impl Talker {
    fn new(address: [u8; 4], hertz: f32, ssrc: u32) -> Self {
        let (socket, encoder) = (bound(address), Encoder::new(Codec::Pcmu));
        Self { socket, hertz, ssrc, number: 100, encoder, sealed: None, sent: Vec::new() }
    }

    fn packet(&mut self) -> Vec<u8> {
        let start = usize::from(self.number) * 320;
        let angle = |i: usize| (start + i) as f32 * std::f32::consts::TAU * self.hertz / 16_000.0;
        let frame = Frame(std::array::from_fn(|i| (8000.0 * angle(i).sin()) as i16));
        let (mut payload, mut out) = ([0; 160], vec![0; 200]);
        self.encoder.encode(&frame.0, &mut payload);
        let (seq, time) = (SeqNo(self.number), RtpTime(u32::from(self.number) * 160));
        let header = Header { payload_type: 0, marker: false, seq, time, ssrc: Ssrc(self.ssrc) };
        let mut length = Packet { header, payload: &payload }.write(&mut out).unwrap();
        if let Some(sender) = &mut self.sealed {
            length = sender.protect(&mut out, length).unwrap();
        }
        out.truncate(length);
        self.number += 1;
        out
    }

    fn send(&mut self, to: SocketAddr) {
        let packet = self.packet();
        self.socket.send_to(&packet, to).unwrap();
        self.sent.push(packet);
    }

    /// How many packets it got.
    fn received(&self) -> u32 {
        let mut buffer = [0; 1500];
        std::iter::from_fn(|| self.socket.recv_from(&mut buffer).ok()).count() as u32
    }
}

/// A leg whose caller is attacked.
struct Scene {
    plane: MediaPlane,
    events: MediaEvents,
    media: LegMedia,
    rtp: SocketAddr,
    caller: Talker,
    injectors: Vec<Talker>,
    /// Injected besides, from the caller's own address: what a router on the way could do.
    spoofed: Vec<Talker>,
    /// Packets of those for each of the caller's.
    burst: u16,
    /// What was captured on the way is sent again.
    replays: bool,
    /// Frames of 20 ms in which the injectors send and the caller does not yet.
    waits: u32,
}

/// What came of it.
#[derive(Debug)]
struct Outcome {
    heard: u32,
    injected: u32,
    diverted: u32,
    reached: u32,
    stats: Stats,
}

impl Scene {
    /// `sdp` is where the caller's SDP says that it is, if not at its own address.
    fn new(ports: u16, caller: [u8; 4], sdp: Option<SocketAddr>, nat: bool, srtp: bool) -> Self {
        let (bind, advertised) = ([127, 0, 0, 1].into(), [127, 0, 0, 1].into());
        let config = MediaConfig { threads: 1, ports: ports..=ports + 1, bind, advertised };
        let plane = MediaPlane::start(&config).unwrap();
        let events = plane.events().unwrap();
        let port = plane.reserve().unwrap();
        let rtp = port.advertised();
        let mut caller = Talker::new(caller, CALLER_HZ, 0xca11);
        caller.sealed = srtp.then(|| SrtpSender::new(&keys(true).ours));
        let here = caller.socket.local_addr().unwrap();
        let params = LegParams {
            learn_source: nat,
            learn_from: Some(here.ip()),
            srtp: srtp.then(|| keys(false)),
            ..LegParams::new(Codec::Pcmu, 0, sdp.unwrap_or(here))
        };
        let media = plane.open(LegId(1), port, params).unwrap();
        let (injectors, spoofed) = (Vec::new(), Vec::new());
        let (burst, replays, waits) = (1, false, 50);
        Self { plane, events, media, rtp, caller, injectors, spoofed, burst, replays, waits }
    }

    /// Somebody at this address, with the caller's SSRC and numbers.
    fn injector(mut self, address: [u8; 4]) -> Self {
        self.injectors.push(Talker::new(address, INJECTED_HZ, self.caller.ssrc));
        self
    }

    /// Somebody who sends under the caller's address.
    fn spoofer(mut self, ssrc: u32) -> Self {
        let mut talker = Talker::new([127, 0, 0, 1], INJECTED_HZ, ssrc);
        talker.socket = self.caller.socket.try_clone().unwrap();
        self.spoofed.push(talker);
        self
    }

    fn flood(&mut self) {
        for talker in &mut self.injectors {
            for ahead in 0..FLOOD {
                talker.number = self.caller.number + ahead;
                talker.send(self.rtp);
                // The port beside it is that of RTCP.
                let beside = SocketAddr::new(self.rtp.ip(), self.rtp.port() + 1);
                let _ = talker.socket.send_to(&talker.sent[0], beside);
            }
            if self.replays {
                for packet in self.caller.sent.iter().rev().take(3) {
                    talker.socket.send_to(packet, self.rtp).unwrap();
                }
            }
        }
        for talker in &mut self.spoofed {
            if talker.ssrc == self.caller.ssrc {
                talker.number = self.caller.number;
            }
            for _ in 0..self.burst {
                talker.send(self.rtp);
            }
            if self.replays {
                for packet in self.caller.sent.iter().rev().take(3) {
                    talker.socket.send_to(packet, self.rtp).unwrap();
                }
            }
        }
    }

    /// The injectors send before the caller does, and as long as it talks.
    fn run(mut self) -> Outcome {
        let mut outcome =
            Outcome { heard: 0, injected: 0, diverted: 0, reached: 0, stats: Stats::default() };
        let begun = Instant::now();
        for step in 0..self.waits + 100 {
            if step >= self.waits {
                self.caller.send(self.rtp);
            }
            self.flood();
            self.listen(&mut outcome);
            let next = begun + Duration::from_millis(20) * (step + 1);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        std::thread::sleep(Duration::from_millis(200));
        self.listen(&mut outcome);
        outcome.diverted = self.injectors.iter().map(Talker::received).sum();
        outcome.reached = self.caller.received();
        self.media.control.close();
        let asked = Instant::now();
        outcome.stats = loop {
            match self.events.poll().map(|event| event.kind) {
                Some(MediaEventKind::Closed { stats, .. }) => break stats,
                _ => assert!(asked.elapsed() < PATIENCE, "the leg does not close"),
            }
        };
        assert_eq!(self.plane.legs(), 0);
        outcome
    }

    fn listen(&mut self, outcome: &mut Outcome) {
        while let Some(heard) = self.media.up.pop() {
            outcome.heard += u32::from(share(&heard.frame, CALLER_HZ) > 0.5);
            outcome.injected += u32::from(share(&heard.frame, INJECTED_HZ) > 0.02);
        }
    }
}

impl Outcome {
    /// All of the caller and nothing else.
    fn is_clean(&self) {
        assert_eq!((self.injected, self.diverted), (0, 0), "{self:?}");
        assert_eq!(self.stats.socket.thrown_away, 0, "the machine lost packets");
        // The first frames teach where the caller is, and a machine under load loses some.
        assert!(self.heard >= 80 && self.reached > 0, "{self:?}");
    }
}

#[test]
fn strangers_are_neither_heard_nor_sent_to() {
    steadily(strangers);
}

fn strangers() {
    let scene = Scene::new(28_800, [127, 0, 0, 1], None, false, false);
    let outcome = scene.injector([127, 0, 0, 1]).injector([127, 0, 0, 2]).run();
    outcome.is_clean();
    assert_eq!(outcome.stats.received.foreign, 150 * 2 * u64::from(FLOOD));
    assert_eq!(outcome.stats.received.received, 100);
}

/// The caller's SDP names an address behind its NAT; its sound comes from where its SIP does.
#[test]
fn while_a_source_is_learnt_strangers_are_not() {
    steadily(while_learning);
}

fn while_learning() {
    let behind = Some(([127, 0, 0, 8], 40_000).into());
    let scene = Scene::new(28_810, [127, 0, 0, 9], behind, true, false);
    let outcome = scene.injector([127, 0, 0, 1]).injector([127, 0, 0, 2]).run();
    outcome.is_clean();
    // Three of the caller's own are foreign until it is known.
    assert_eq!(outcome.stats.received.foreign, 150 * 2 * u64::from(FLOOD) + 3);
}

/// Somebody behind the same NAT, and somebody on the way who can send under the caller's address and send again
/// what went by: only keys tell them from the caller.
#[test]
fn under_srtp_not_even_neighbours_and_routers_are_heard() {
    steadily(under_srtp);
}

fn under_srtp() {
    let behind = Some(([127, 0, 0, 8], 40_000).into());
    let mut scene = Scene::new(28_820, [127, 0, 0, 9], behind, true, true);
    scene.replays = true;
    let scene = scene.injector([127, 0, 0, 9]).injector([127, 0, 0, 1]);
    let outcome = scene.spoofer(0xca11).spoofer(0xbad).run();
    outcome.is_clean();
    let counters = outcome.stats.received;
    assert!(counters.forged > 100 && counters.replayed > 100, "{counters:?}");
    assert!(counters.foreign >= 150 * u64::from(FLOOD), "{counters:?}");
}

/// Under the caller's address, with an SSRC of its own: in turns with the caller it never becomes the stream.
#[test]
fn another_stream_from_the_right_address_does_not_take_over() {
    steadily(another_stream);
}

fn another_stream() {
    let mut scene = Scene::new(28_830, [127, 0, 0, 1], None, false, false).spoofer(0xbad);
    // Who speaks first is believed, as long as it speaks.
    scene.waits = 0;
    let outcome = scene.run();
    assert_eq!(outcome.injected, 0, "{outcome:?}");
    assert!(outcome.heard >= 80, "{outcome:?}");
}

/// Two packets and more at a time, between two of the caller's.
#[test]
fn nor_does_one_that_sends_in_bursts() {
    let mut scene = Scene::new(28_850, [127, 0, 0, 1], None, false, false).spoofer(0xbad);
    (scene.waits, scene.burst) = (0, 2);
    let outcome = scene.run();
    // Only where this machine stood still did the caller's stream seem to end. It then came back.
    let restarts = outcome.stats.received.restarts as u32;
    assert!(outcome.injected <= 8 * restarts, "{outcome:?}");
    assert!(outcome.heard >= 80, "{outcome:?}");
}

/// The measurement works: who may learn from anywhere hears the injector, and sends to them.
#[test]
fn a_latch_that_believes_anybody_is_caught_by_these_tests() {
    steadily(believes_anybody);
}

fn believes_anybody() {
    let behind = Some(([127, 0, 0, 8], 40_000).into());
    let scene = Scene::new(28_840, [127, 0, 0, 9], behind, true, false);
    let outcome = scene.injector([127, 0, 0, 9]).run();
    assert!(outcome.injected > 80 && outcome.diverted > 80, "{outcome:?}");
}
