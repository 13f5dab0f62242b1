//! Barge-in under stress: a voice that fills the ring, a call that flushes it, and a media thread
//! that plays, at the same time. Nothing older than a flush is played, and every count is exact.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;

use attendant::base::{Dice, Epoch, Frame, UtteranceId};
use attendant::workers::{DownFrame, DownRing, MediaEventKind, Playback};

/// Frame `index` of an utterance of an epoch, written into its samples.
fn frame(epoch: u32, utterance: u32, index: u32, last: bool) -> DownFrame {
    let mut sound = Frame::SILENCE;
    for (place, value) in [epoch, utterance, index].into_iter().enumerate() {
        sound.0[2 * place] = value as u16 as i16;
        sound.0[2 * place + 1] = (value >> 16) as u16 as i16;
    }
    DownFrame { epoch: Epoch(epoch), utterance: UtteranceId(utterance), last, frame: sound }
}

fn read(sound: &Frame) -> (u32, u32, u32) {
    let at = |p: usize| u32::from(sound.0[p] as u16) | u32::from(sound.0[p + 1] as u16) << 16;
    (at(0), at(2), at(4))
}

/// Pushes utterances of 1 to 40 frames, each stamped with the epoch it was asked in, and returns
/// their lengths.
fn speak(down: &mut DownRing, epoch: &AtomicU32, done: &AtomicBool) -> Vec<u32> {
    let (mut dice, mut lengths) = (Dice::new(1), Vec::new());
    while !done.load(SeqCst) {
        let (utterance, length) = (lengths.len() as u32, 1 + dice.below(40) as u32);
        let asked = epoch.load(SeqCst);
        lengths.push(length);
        for index in 0..length {
            let next = frame(asked, utterance, index, index + 1 == length);
            while !down.push(&next) && !done.load(SeqCst) {
                thread::yield_now();
            }
        }
    }
    lengths
}

#[test]
fn nothing_plays_after_a_flush_and_every_frame_heard_is_counted() {
    // How often a flush hits an utterance in the middle, and how often one is heard at all, is for the
    // scheduler to say: it goes on until both have happened often enough.
    const EPOCHS: u32 = 20_000;
    const AT_MOST: u32 = 50_000_000;
    let (mut down, mut playback) = Playback::new();
    let (epoch, done, hits) = (AtomicU32::new(0), AtomicBool::new(false), AtomicU32::new(0));
    let spoken = AtomicU32::new(0);
    let mut heard: BTreeMap<u32, u32> = BTreeMap::new();
    let mut told: BTreeMap<u32, (u32, bool)> = BTreeMap::new();
    let lengths = thread::scope(|scope| {
        let voice = scope.spawn(|| speak(&mut down, &epoch, &done));
        // The call: flushes again and again.
        scope.spawn(|| {
            let mut dice = Dice::new(2);
            for next in 1..=AT_MOST {
                if next > EPOCHS && hits.load(SeqCst) > 200 && spoken.load(SeqCst) > 200 {
                    break;
                }
                // Now and then it lets the voice speak.
                let pause = if dice.below(50) == 0 { 200 } else { 4 };
                for _ in 0..dice.below(pause) {
                    thread::yield_now();
                }
                epoch.store(next, SeqCst);
            }
            done.store(true, SeqCst);
        });
        // The media thread.
        let mut finished = false;
        while !finished {
            finished = done.load(SeqCst);
            let flushed = epoch.load(SeqCst);
            let current = Epoch(epoch.load(SeqCst));
            let played = playback.next(current, true, |kind| {
                if let MediaEventKind::UtteranceEnded { utterance, frames_played, complete } = kind
                {
                    hits.fetch_add(u32::from(!complete), SeqCst);
                    assert_eq!(told.insert(utterance.0, (frames_played, complete)), None);
                }
            });
            if let Some(sound) = played {
                let (of, utterance, index) = read(&sound);
                assert!(of >= flushed, "a frame of epoch {of} after the flush to {flushed}");
                let count = heard.entry(utterance).or_insert_with(|| {
                    spoken.fetch_add(1, SeqCst);
                    0
                });
                assert_eq!(*count, index, "a frame of utterance {utterance} is missing");
                *count += 1;
            } else {
                thread::yield_now();
            }
        }
        voice.join().unwrap()
    });
    // What still plays is not told yet.
    let open = playback.playing().map(|(utterance, _)| utterance.0);
    for (utterance, count) in &heard {
        if open == Some(*utterance) {
            continue;
        }
        let (frames_played, complete) = told[utterance];
        assert_eq!(frames_played, *count, "utterance {utterance}");
        assert_eq!(complete, *count == lengths[*utterance as usize], "utterance {utterance}");
    }
    let (hits, heard) = (told.values().filter(|(_, complete)| !complete).count(), heard.len());
    assert!(hits > 100 && heard > 100, "{hits} flushes hit, {heard} utterances were heard");
}
