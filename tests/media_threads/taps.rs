//! The stereo tap, and what is heard beside what was sent: a far end that sends back what it gets.

use std::f32::consts::TAU;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use attendant::base::{Frame, LegId};
use attendant::codec::Codec;
use attendant::speech::HeardFrame;
use attendant::workers::{LegMedia, LegParams, StereoFrame, TapReader};

use crate::stage::{ATTEMPTS, LOCALHOST, PATIENCE, Speech, call, params, plane, run};

/// Sends back every packet that it gets, but for every so many-th.
struct Mirror {
    address: SocketAddr,
    loses_one_in: Arc<AtomicU64>,
    /// The longest time between two packets since it was last asked for, in milliseconds: how long the media thread
    /// or this one stood still.
    longest: Arc<AtomicU64>,
    /// Stretches in a row in which nobody did.
    steady: u32,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mirror {
    fn start() -> Self {
        let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let address = socket.local_addr().unwrap();
        let (loses, longest) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let (theirs, stopped, lasted) =
            (Arc::clone(&loses), Arc::clone(&stop), Arc::clone(&longest));
        let thread = std::thread::spawn(move || {
            let (mut buffer, mut count, mut last) = ([0; 2048], 0_u64, Instant::now());
            while !stopped.load(SeqCst) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                let before = std::mem::replace(&mut last, Instant::now());
                lasted.fetch_max((last - before).as_millis() as u64, SeqCst);
                count += 1;
                let lost = theirs.load(SeqCst);
                if lost == 0 || !count.is_multiple_of(lost) {
                    socket.send_to(&buffer[..length], from).unwrap();
                }
            }
        });
        Self { address, loses_one_in: loses, longest, steady: 0, stop, thread: Some(thread) }
    }

    /// Whether nobody stood still since it was last asked for so long that it is heard.
    fn was_steady(&self) -> bool {
        self.longest.swap(0, SeqCst) < HELD_UP
    }

    /// What came before is of no interest.
    fn forget(&mut self) {
        self.steady = 0;
        self.was_steady();
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// What a machine that is held up for so long does to the two sides is for virtual time to say (workers::tap).
const HELD_UP: u64 = 100;
/// The way there and back without any waiting, in samples: the filters of the codec.
const WAY: usize = 47;
/// Stretches that may be disturbed before two are not.
const STRETCHES: usize = 40;
/// Beeps of a stretch.
const BEEPS: usize = 11;

/// From 500 Hz to 2.5 kHz within a frame, so that it is like itself at one place alone.
fn beep() -> Frame {
    Frame(std::array::from_fn(|i| {
        let t = i as f32 / 16e3;
        (12_000.0 * (TAU * (500.0 + 50e3 * t) * t).sin()) as i16
    }))
}

/// Fifteen frames of silence with one of a beep among them, so many times.
fn beeps(count: usize) -> impl ExactSizeIterator<Item = Frame> {
    (0..15 * count).map(|index| if index % 15 == 7 { beep() } else { Frame::SILENCE })
}

/// Lets the agent speak to its end, and returns what was tapped and heard meanwhile.
fn listen(
    leg: &mut LegMedia,
    tap: &mut TapReader,
    mut speech: Speech,
) -> (Vec<StereoFrame>, Vec<HeardFrame>) {
    let (mut both, mut up, start) = (Vec::new(), Vec::new(), Instant::now());
    let mut rest = 50;
    while rest > 0 {
        rest -= usize::from(!speech.say(leg));
        both.extend(std::iter::from_fn(|| tap.pop()));
        up.extend(std::iter::from_fn(|| leg.up.pop()));
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
    }
    (both, up)
}

/// How much later each beep is heard than sent, in samples: where the left side is most like it. One whose packet was
/// lost is not heard.
fn distances(both: &[StereoFrame]) -> Vec<usize> {
    let (first, last) = (both[0].tick, both[both.len() - 1].tick);
    let at = |frame: &StereoFrame| (frame.tick - first) as usize * Frame::SAMPLES;
    let mut left = vec![0; (last - first + 16) as usize * Frame::SAMPLES];
    for frame in both {
        left[at(frame)..][..Frame::SAMPLES].copy_from_slice(&frame.left.0);
    }
    let beep = beep();
    let alike = |sound: &[i16]| -> i64 {
        sound.iter().zip(&beep.0).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
    };
    let sent = both.iter().filter(|frame| frame.right == beep);
    let most = sent.map(|sent| {
        let near = left[at(sent)..][..15 * Frame::SAMPLES].windows(Frame::SAMPLES);
        near.map(alike).enumerate().max_by_key(|(_, alike)| *alike).unwrap()
    });
    most.filter(|(_, found)| 2 * found > alike(&beep.0)).map(|(distance, _)| distance).collect()
}

/// Lets the agent beep until nothing was held up meanwhile, nor in the stretch before, whose traces are looked for for
/// two seconds. Returns what was tapped and heard.
fn undisturbed(
    leg: &mut LegMedia,
    tap: &mut TapReader,
    mirror: &mut Mirror,
) -> (Vec<StereoFrame>, Vec<HeardFrame>) {
    for attempt in 0..STRETCHES {
        let (both, up) = listen(leg, tap, Speech::new(attempt as u32, beeps(BEEPS)));
        mirror.steady = if mirror.was_steady() { mirror.steady + 1 } else { 0 };
        if mirror.steady >= 2 {
            return (both, up);
        }
    }
    panic!("in {STRETCHES} stretches of five seconds this machine was never steady for two");
}

/// What is asserted of what was tapped: one distance, that of the way there and back with the codec's filters, and
/// whole frames of waiting.
fn lie_side_by_side(found: &[usize]) -> bool {
    // Every eleventh packet is a beep's twice at most.
    found.len() >= BEEPS - 2
        && found.iter().all(|distance| distance.abs_diff(found[0]) <= 2)
        && found[0] <= Frame::SAMPLES + WAY + 2
        && (found[0] % Frame::SAMPLES).abs_diff(WAY) <= 2
}

/// The test of the test: sides that are moved are found, by a frame, by half a millisecond, late or for good.
#[test]
fn sides_that_do_not_lie_side_by_side_are_found() {
    let tapped = |way: fn(usize) -> usize| -> Vec<StereoFrame> {
        let right: Vec<_> = beeps(BEEPS).chain([Frame::SILENCE; 15]).collect();
        let mut left = vec![0; (right.len() + 20) * Frame::SAMPLES];
        for (index, frame) in right.iter().enumerate() {
            let at = index * Frame::SAMPLES + way(index);
            left[at..][..Frame::SAMPLES].copy_from_slice(&frame.0);
        }
        let sides = right.into_iter().zip(left.as_chunks().0).zip(100..);
        sides.map(|((right, &left), tick)| StereoFrame { tick, left: Frame(left), right }).collect()
    };
    let judged = |way: fn(usize) -> usize| lie_side_by_side(&distances(&tapped(way)));
    assert!(judged(|_| WAY) && judged(|_| Frame::SAMPLES + WAY));
    assert!(!judged(|index| if index < 100 { WAY } else { Frame::SAMPLES + WAY }));
    assert!(!judged(|index| if index < 150 { WAY } else { WAY + 8 }));
    assert!(!judged(|_| 3 * Frame::SAMPLES + WAY) && !judged(|_| WAY + 8) && !judged(|_| 0));
}

#[test]
fn both_sides_of_a_tap_lie_side_by_side_over_loss_and_hold() {
    let (plane, _events) = plane(1, 27_700..=27_710, LOCALHOST);
    let mut mirror = Mirror::start();
    let params = params(Codec::Pcmu, mirror.address);
    let mut leg = plane.open(LegId(1), plane.reserve().unwrap(), params.clone()).unwrap();
    let mut tap = leg.control.tap().unwrap();
    let mut check = |leg: &mut LegMedia, mirror: &mut Mirror, what: &str| {
        let (both, _) = undisturbed(leg, &mut tap, mirror);
        assert!(both.windows(2).all(|pair| pair[0].tick < pair[1].tick), "{what}");
        let found = distances(&both);
        assert!(lie_side_by_side(&found), "{what}: {found:?}");
    };
    check(&mut leg, &mut mirror, "clean");
    mirror.loses_one_in.store(11, SeqCst);
    check(&mut leg, &mut mirror, "with loss");
    mirror.loses_one_in.store(0, SeqCst);
    let hold = LegParams { sends: false, receives: false, ..params.clone() };
    leg.control.update(hold).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    leg.control.update(params).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    mirror.forget();
    check(&mut leg, &mut mirror, "after a hold");
}

#[test]
fn a_reader_that_stands_still_costs_no_packet_and_is_told_what_it_lost() {
    let (plane, _events) = plane(1, 27_720..=27_730, LOCALHOST);
    let (mut phone, leg) = call(&plane, 1, Codec::Pcma, LOCALHOST);
    phone.tone = Some((440.0, 8000.0));
    let mut tap = leg.control.tap().unwrap();
    let before = plane.pacing();
    run(&mut [&mut phone], 125);
    let after = plane.pacing();
    // It waited for nobody: a tick every millisecond, and a packet every 20 of them. A machine that stood still has
    // left some out, and says how many.
    let left_out = after.left_out - before.left_out;
    assert!(after.ticks - before.ticks + 20 * left_out > 1500, "{before:?} {after:?}");
    assert!(phone.heard.len() > 75, "{}", phone.heard.len());
    assert!(tap.dropped() > 20, "{}", tap.dropped());
    let kept: Vec<_> = std::iter::from_fn(|| tap.pop()).collect();
    // What it has is whole and from the beginning; what came later is what was lost.
    assert!(kept.len() >= 50 && kept[..50].windows(2).all(|p| p[1].tick > p[0].tick));
    let missing = kept[49].tick - kept[0].tick - 49;
    assert!(missing <= left_out, "{missing} of {left_out}");
    assert!(kept[10..50].iter().filter(|frame| frame.left.level() > -30.0).count() > 20);
    // A reader that comes late goes on from now.
    run(&mut [&mut phone], 20);
    let next = tap.pop().unwrap();
    // The first that it took made room for those of that moment, so that the gap may lie before them.
    let ticks: Vec<_> = kept.iter().chain([&next]).map(|frame| frame.tick).collect();
    assert!(ticks.windows(2).any(|pair| pair[1] > pair[0] + 20), "{ticks:?}");
    // Untapped by the reader's end, the leg goes on.
    drop(tap);
    phone.heard.clear();
    run(&mut [&mut phone], 20);
    assert!(phone.heard.len() > 5);
    let second = leg.control.tap().unwrap();
    assert!(!second.is_closed());
}

#[test]
fn each_frame_heard_comes_with_what_was_being_sent() {
    let (plane, _events) = plane(1, 27_740..=27_750, LOCALHOST);
    let mut mirror = Mirror::start();
    let params = params(Codec::Pcmu, mirror.address);
    let mut leg = plane.open(LegId(1), plane.reserve().unwrap(), params).unwrap();
    let mut tap = leg.control.tap().unwrap();
    let (both, up) = undisturbed(&mut leg, &mut tap, &mut mirror);
    let level = beep().level();
    let sent: Vec<_> = both.iter().filter(|f| f.right.level() > -20.0).map(|f| f.tick).collect();
    assert_eq!(sent.len(), BEEPS);
    let heard: Vec<_> = up.iter().filter(|heard| heard.frame.level() > level - 3.0).collect();
    assert!(heard.len() >= 10, "{}", heard.len());
    let mut on_time = 0;
    for heard in &heard {
        // Its echo is heard while the beep is among what was sent in the last half second, and as
        // loud as that: the line loses nothing.
        assert!((heard.sent.loudest - level).abs() < 0.5, "{:?}", heard.sent);
        let at = sent.iter().rev().find(|&&tick| tick <= heard.sent.tick);
        on_time += usize::from(at.is_some_and(|at| heard.sent.tick - at <= 3));
    }
    assert!(10 * on_time >= 7 * heard.len(), "{on_time} of {}", heard.len());
    // Long before the first beep nothing was sent.
    let first = up.first().unwrap().sent;
    assert!(first.tick < sent[0] && first.level < -60.0, "{first:?}");
}

#[test]
fn frames_made_up_in_place_of_lost_packets_are_marked_for_recognition() {
    let (plane, _events) = plane(1, 27_760..=27_770, LOCALHOST);
    let mirror = Mirror::start();
    let params = params(Codec::Pcmu, mirror.address);
    let mut leg = plane.open(LegId(1), plane.reserve().unwrap(), params).unwrap();
    let mut tap = leg.control.tap().unwrap();
    let mut made_up = |utterance, loses: u64| {
        mirror.loses_one_in.store(loses, SeqCst);
        let (_, up) = listen(&mut leg, &mut tap, Speech::new(utterance, beeps(12)));
        up.iter().filter(|heard| heard.concealed).count()
    };
    let lossy = made_up(1, 5);
    // Some 230 packets each time. A machine that is held up may lose some of its own, but not in every attempt.
    let whole: Vec<_> = (2..ATTEMPTS as u32)
        .map(|attempt| made_up(attempt, 0))
        .take_while(|it| *it >= 10)
        .collect();
    assert!(
        whole.len() < ATTEMPTS - 2 && lossy > 25,
        "{whole:?} of all, {lossy} where one in five is lost"
    );
}
