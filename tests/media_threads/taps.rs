//! The stereo tap, and what is heard beside what was sent: a far end that sends back what it gets.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use attendant::base::{Frame, LegId};
use attendant::codec::Codec;
use attendant::speech::HeardFrame;
use attendant::workers::{LegMedia, LegParams, StereoFrame, TapReader};

use crate::stage::{LOCALHOST, PATIENCE, Speech, call, params, plane, run, tone};

/// Sends back every packet that it gets, but for every so many-th.
struct Mirror {
    address: SocketAddr,
    loses_one_in: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mirror {
    fn start() -> Self {
        let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let address = socket.local_addr().unwrap();
        let (loses, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (theirs, stopped) = (Arc::clone(&loses), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let (mut buffer, mut count) = ([0; 2048], 0_u64);
            while !stopped.load(SeqCst) {
                let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                count += 1;
                let lost = theirs.load(SeqCst);
                if lost == 0 || !count.is_multiple_of(lost) {
                    socket.send_to(&buffer[..length], from).unwrap();
                }
            }
        });
        Self { address, loses_one_in: loses, stop, thread: Some(thread) }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop.store(true, SeqCst);
        self.thread.take().unwrap().join().unwrap();
    }
}

/// Fifteen frames of silence with one of a tone among them, so many times.
fn beeps(count: usize) -> impl ExactSizeIterator<Item = Frame> {
    (0..15 * count).map(|index| match index % 15 {
        7 => tone(800.0, 12_000.0, index),
        _ => Frame::SILENCE,
    })
}

/// Where beeps begin, in samples of a recording.
fn onsets(samples: &[i16]) -> Vec<usize> {
    let (mut found, mut quiet) = (Vec::new(), 400);
    for (at, &sample) in samples.iter().enumerate() {
        if sample.unsigned_abs() < 2500 {
            quiet += 1;
            continue;
        }
        if quiet >= 400 {
            found.push(at);
        }
        quiet = 0;
    }
    found
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

/// How much later each beep is heard than sent, in samples, most often first with how often.
fn distances(both: &[StereoFrame]) -> Vec<(usize, usize)> {
    let samples = |side: fn(&StereoFrame) -> &Frame| -> Vec<i16> {
        both.iter().flat_map(|frame| side(frame).0).collect()
    };
    let (left, right) = (onsets(&samples(|f| &f.left)), onsets(&samples(|f| &f.right)));
    let mut counts = BTreeMap::new();
    for &sent in &right {
        if let Some(heard) = left.iter().find(|&&heard| (sent..sent + 4000).contains(&heard)) {
            *counts.entry(heard - sent).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|&(_, count): &(_, usize)| std::cmp::Reverse(count));
    counts
}

#[test]
fn both_sides_of_a_tap_lie_side_by_side_over_loss_and_hold() {
    let (plane, _events) = plane(1, 27_700..=27_710, LOCALHOST);
    let mirror = Mirror::start();
    let params = params(Codec::Pcmu, mirror.address);
    let mut leg = plane.open(LegId(1), plane.reserve().unwrap(), params.clone()).unwrap();
    let mut tap = leg.control.tap().unwrap();
    let mut check = |leg: &mut LegMedia, utterance, beeps_heard: usize, what: &str| {
        let (both, _) = listen(leg, &mut tap, Speech::new(utterance, beeps(12)));
        assert!(both.windows(2).all(|pair| pair[0].tick < pair[1].tick), "{what}");
        let found = distances(&both);
        // One distance: that of the way there and back, with the codec's filters. Where a beep begins is seen to
        // a sample or two, with the noise of the line. A machine that is held up for long may lay the two side by
        // side anew once.
        let all: usize = found.iter().map(|(_, count)| count).sum();
        let near = |&&(distance, _): &&(usize, usize)| distance.abs_diff(found[0].0) <= 2;
        let same: usize = found.iter().filter(near).map(|(_, count)| count).sum();
        assert!(all >= beeps_heard && 10 * same >= 6 * all, "{what}: {found:?}");
        assert!((20..4 * 320 + 200).contains(&found[0].0), "{what}: {found:?}");
    };
    check(&mut leg, 1, 10, "clean");
    mirror.loses_one_in.store(10, SeqCst);
    check(&mut leg, 2, 8, "with loss");
    mirror.loses_one_in.store(0, SeqCst);
    let hold = LegParams { sends: false, receives: false, ..params.clone() };
    leg.control.update(hold).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    leg.control.update(params).unwrap();
    check(&mut leg, 3, 10, "after a hold");
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
    // It waited for nobody: a tick every millisecond, and a packet every 20 of them.
    assert!(after.ticks - before.ticks > 1500, "{before:?} {after:?}");
    assert!(phone.heard.len() > 75, "{}", phone.heard.len());
    assert!(tap.dropped() > 20, "{}", tap.dropped());
    let kept: Vec<_> = std::iter::from_fn(|| tap.pop()).collect();
    // What it has is whole and from the beginning; what came later is what was lost.
    assert!(kept.len() >= 50 && kept[..50].windows(2).all(|p| p[1].tick == p[0].tick + 1));
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
    let mirror = Mirror::start();
    let params = params(Codec::Pcmu, mirror.address);
    let mut leg = plane.open(LegId(1), plane.reserve().unwrap(), params).unwrap();
    let mut tap = leg.control.tap().unwrap();
    let (both, up) = listen(&mut leg, &mut tap, Speech::new(1, beeps(12)));
    let level = tone(800.0, 12_000.0, 0).level();
    let sent: Vec<_> = both.iter().filter(|f| f.right.level() > -20.0).map(|f| f.tick).collect();
    assert_eq!(sent.len(), 12);
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
    let (whole, lossy) = (made_up(1, 0), made_up(2, 5));
    // Some 230 packets each time. A machine that is held up may lose a few of its own.
    assert!(whole < 10 && lossy > 25, "{whole} frames of all, {lossy} where one in five is lost");
}
