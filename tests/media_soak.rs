//! Two thousand short calls with media over real sockets, and nothing is left of them: not memory,
//! nor ports, sockets or threads. Counts are compared, never the time they took.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

mod machine;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use attendant::base::{Dice, Epoch, Frame, LegId, UtteranceId};
use attendant::codec::Codec;
use attendant::media::{MediaSession, Stats};
use attendant::workers::{
    DownFrame, LegMedia, LegParams, MediaConfig, MediaEventKind, MediaEvents, MediaPlane, Port,
    WorkersError,
};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Nobody else has ports here.
const OURS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 44, 1));
/// So long that only a machine that stands still fails by it.
const PATIENCE: Duration = Duration::from_secs(20);
const WAVES: usize = 40;
const CALLS: usize = 50;
/// Waves until everything that is kept for later calls is there.
const FIRST_WAVES: usize = 8;
/// Packets that each side sends in a call.
const PACKETS: usize = 10;
/// Even ports of the range.
const PORTS: usize = 500;
/// Memory that a call may leave behind, in KB: what the allocator has not put together again.
const KB_LEFT: f64 = 1.0;

/// What this process has of the system.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Held {
    files: usize,
    threads: usize,
}

impl Held {
    fn now() -> Self {
        let count = |what: &str| fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
        Self { files: count("fd"), threads: count("task") }
    }
}

/// Resident memory in KB.
fn resident() -> f64 {
    machine::resident("self") as f64
}

struct Call {
    socket: UdpSocket,
    session: MediaSession,
    media: LegMedia,
    heard: usize,
    came: usize,
}

impl Call {
    fn begin(plane: &MediaPlane, number: u32) -> Self {
        let port = plane.reserve().unwrap();
        let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        let params = |remote| LegParams::new(Codec::Pcmu, 0, remote);
        let session = MediaSession::new(
            Instant::now(),
            params(port.advertised()),
            &mut Dice::new(number.into()),
        );
        let theirs = params(socket.local_addr().unwrap());
        let mut media = plane.open(LegId(number), port, theirs).unwrap();
        for index in 0..PACKETS {
            let (epoch, utterance, last) = (Epoch(0), UtteranceId(1), index == PACKETS - 1);
            assert!(media.down.push(&DownFrame { epoch, utterance, last, frame: tone() }));
        }
        Self { socket, session, media, heard: 0, came: 0 }
    }

    /// 20 ms of the caller, and of whoever listens on our side.
    fn go_on(&mut self, speaks: bool) {
        let mut packet = [0; 1500];
        if speaks {
            self.session.tick(Instant::now(), Some(&tone()));
            while let Some(length) = self.session.poll_packet(&mut packet) {
                self.socket.send_to(&packet[..length], self.session.remote()).unwrap();
            }
        }
        while self.socket.recv(&mut packet).is_ok() {
            self.came += 1;
        }
        while let Some(heard) = self.media.up.pop() {
            self.heard += usize::from(heard.frame.level() > -30.0);
        }
    }

    fn is_done(&self) -> bool {
        self.heard >= PACKETS && self.came >= PACKETS
    }
}

fn tone() -> Frame {
    Frame(std::array::from_fn(|i| (8000.0 * (i as f32 * 0.25).sin()) as i16))
}

/// A wave of calls from their beginnings to their ends.
fn wave(plane: &MediaPlane, events: &mut MediaEvents, number: usize) {
    let first = (number * CALLS) as u32;
    let mut calls: Vec<_> =
        (first..first + CALLS as u32).map(|number| Call::begin(plane, number)).collect();
    let begun = Instant::now();
    for step in 0.. {
        calls.iter_mut().for_each(|call| call.go_on(step < PACKETS));
        if calls.iter().all(Call::is_done) {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "wave {number} is not heard on both sides");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(calls);
    let (mut closed, mut said) = (0, 0);
    while closed < CALLS {
        while let Some(event) = events.poll() {
            match event.kind {
                MediaEventKind::Closed { failed: false, stats: Stats { received, .. } } => {
                    assert_eq!(received.received, PACKETS as u64);
                    closed += 1;
                }
                MediaEventKind::UtteranceEnded { complete: true, .. } => said += 1,
                MediaEventKind::Closed { failed: true, .. } => panic!("a leg failed"),
                _ => {}
            }
        }
        assert!(begun.elapsed() < PATIENCE, "wave {number}: {closed} of {CALLS} legs closed");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!((plane.legs(), said), (0, CALLS));
}

/// Takes every port of the range; those of the last calls rest for a while.
fn all_ports(plane: &MediaPlane) -> Vec<Port> {
    let (begun, mut ports) = (Instant::now(), Vec::new());
    while ports.len() < PORTS {
        match plane.reserve() {
            Ok(port) => ports.push(port),
            Err(WorkersError::PortsExhausted { .. }) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => panic!("{} of {PORTS} ports came back: {error}", ports.len()),
        }
    }
    assert!(plane.reserve().is_err(), "the range is larger than it should be");
    ports
}

#[test]
fn nothing_is_left_of_two_thousand_calls() {
    let before = Held::now();
    let (first, last) = (20_000, 20_000 + 2 * PORTS as u16 - 1);
    let config = MediaConfig { threads: 1, ports: first..=last, bind: OURS, advertised: OURS };
    let plane = MediaPlane::start(&config).unwrap();
    let mut events = plane.events().unwrap();
    let running = Held::now();
    (0..FIRST_WAVES).for_each(|number| wave(&plane, &mut events, number));
    let settled = resident();
    (FIRST_WAVES..WAVES).for_each(|number| wave(&plane, &mut events, number));
    let left = (resident() - settled) / ((WAVES - FIRST_WAVES) * CALLS) as f64;
    assert!(left <= KB_LEFT, "each call leaves {left:.2} KB behind");
    assert_eq!(Held::now(), running);
    drop(all_ports(&plane));
    drop((plane, events));
    assert_eq!(Held::now(), before);
}
