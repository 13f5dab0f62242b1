//! Rings that carry frames between one media thread and one other thread, without a lock.
//!
//! Down (to the caller) is a plain queue: full means wait. Up (from the caller) is a ring that the
//! media thread writes round and round: a reader that is late loses the oldest frames, and is
//! told how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};

use ringbuf::traits::{Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::base::{Epoch, Frame, UtteranceId, place};
use crate::speech::{HeardFrame, Sent, VoiceModel};

use super::adviser::{AdviceSink, Adviser};

/// Frames on their way to the caller: 24 × 20 ms = 480 ms, 16 KB. What is rendered waits with the
/// speaking thread, which fills up every 10 ms.
pub(super) const DOWN: usize = 24;
/// Frames on their way from the caller: 32 × 20 ms = 640 ms, 22 KB. What a recogniser is behind
/// waits with the hearing threads, and a thread that
/// empties the ring every 20 ms.
pub(super) const UP: usize = 32;

/// A frame on its way to the caller.
#[derive(Clone, Copy, Debug)]
pub struct DownFrame {
    /// It is not played once a newer epoch has begun.
    pub epoch: Epoch,
    /// What it is part of.
    pub utterance: UtteranceId,
    /// Whether it is the utterance's last.
    pub last: bool,
    /// The sound.
    pub frame: Frame,
}

/// The agent's end of a leg's down-ring.
pub struct DownRing(HeapProd<DownFrame>);

impl DownRing {
    /// Queues a frame; `false` when the ring is full, and then it was not taken.
    pub fn push(&mut self, frame: &DownFrame) -> bool {
        self.0.try_push(*frame).is_ok()
    }

    /// Returns how many more frames fit.
    pub fn free(&self) -> usize {
        self.0.vacant_len()
    }

    /// Whether the leg is gone.
    pub fn is_closed(&self) -> bool {
        !self.0.read_is_held()
    }
}

/// Makes a down-ring.
pub(super) fn down_ring() -> (DownRing, HeapCons<DownFrame>) {
    let (producer, consumer) = HeapRb::new(DOWN).split();
    (DownRing(producer), consumer)
}

/// Four samples to a word.
const WORDS: usize = Frame::SAMPLES / 4;

/// One place of the up-ring. Its stamp is odd while it is being written and tells which frame it
/// holds otherwise, so that a reader knows when it was overtaken (a sequence lock of atomics).
/// No two places share a cache line: the reader of one would take it from the writer of the next.
#[repr(C, align(64))]
struct Place {
    stamp: AtomicU64,
    tick: AtomicU64,
    /// Whether it is voiced, in the lowest bit, and made up, in the next; the line's loss, an `f32`, above.
    voiced: AtomicU64,
    sent_tick: AtomicU64,
    /// Two `f32`: the level above, the loudest below.
    sent_levels: AtomicU64,
    words: [AtomicU64; WORDS],
}

impl Place {
    fn new() -> Self {
        Self {
            stamp: AtomicU64::new(0),
            tick: AtomicU64::new(0),
            voiced: AtomicU64::new(0),
            sent_tick: AtomicU64::new(0),
            sent_levels: AtomicU64::new(0),
            words: [const { AtomicU64::new(0) }; WORDS],
        }
    }
}

struct Up {
    places: Box<[Place]>,
    written: AtomicU64,
    closed: AtomicBool,
}

/// Makes an up-ring.
pub fn up_ring() -> (UpWriter, UpRing) {
    let places = (0..UP).map(|_| Place::new()).collect();
    let up = Arc::new(Up { places, written: AtomicU64::new(0), closed: AtomicBool::new(false) });
    (UpWriter(Arc::clone(&up)), UpRing { up, next: 0, dropped: 0, adviser: None })
}

/// The media thread's end of a leg's up-ring.
pub struct UpWriter(Arc<Up>);

impl UpWriter {
    /// Writes a frame, over the oldest one if the reader is that late.
    pub fn push(&mut self, heard: &HeardFrame) {
        let HeardFrame { tick, frame, voiced, concealed, sent } = heard;
        self.write(*tick, frame, (*voiced, *concealed), *sent);
    }

    /// Where the ring's own words are.
    pub(super) fn place(&self) -> (usize, usize) {
        place(&*self.0)
    }

    /// Where the next frame goes.
    pub(super) fn next_place(&self) -> (usize, usize) {
        place(&self.0.places[self.0.written.load(Ordering::Relaxed) as usize % UP])
    }

    /// The same, of parts that are in places of their own; what it is, is whether voiced and whether made up.
    pub(super) fn write(
        &mut self,
        tick: u64,
        frame: &Frame,
        (voiced, concealed): (bool, bool),
        sent: Sent,
    ) {
        let number = self.0.written.load(Ordering::Relaxed);
        let place = &self.0.places[number as usize % UP];
        place.stamp.store(2 * number + 1, Ordering::Relaxed);
        // What follows must not be seen before the odd stamp.
        fence(Ordering::Release);
        place.tick.store(tick, Ordering::Relaxed);
        let Sent { tick: sent_tick, level, loudest, loss } = sent;
        let kind = u64::from(concealed) << 1 | u64::from(voiced);
        let voiced = u64::from(loss.to_bits()) << 32 | kind;
        place.voiced.store(voiced, Ordering::Relaxed);
        place.sent_tick.store(sent_tick, Ordering::Relaxed);
        let levels = u64::from(level.to_bits()) << 32 | u64::from(loudest.to_bits());
        place.sent_levels.store(levels, Ordering::Relaxed);
        for (word, samples) in place.words.iter().zip(frame.0.chunks_exact(4)) {
            // The first sample lowest, as a small-endian machine has them anyway: one move.
            let pack = |packed, &s: &i16| packed << 16 | u64::from(s as u16);
            word.store(samples.iter().rev().fold(0, pack), Ordering::Relaxed);
        }
        place.stamp.store(2 * number + 2, Ordering::Release);
        self.0.written.store(number + 1, Ordering::Release);
    }
}

impl Drop for UpWriter {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
    }
}

/// How far a leg's up-ring is written, for whoever asks for something that holds up to here.
pub(super) struct UpMark(Arc<Up>);

impl UpMark {
    /// Returns how many frames have been written.
    pub(super) fn written(&self) -> u64 {
        self.0.written.load(Ordering::Acquire)
    }
}

/// The recogniser's end of a leg's up-ring.
pub struct UpRing {
    up: Arc<Up>,
    next: u64,
    dropped: u64,
    adviser: Option<Adviser>,
}

impl UpRing {
    /// Asks a model of each frame that is taken whether it is a voice, and tells what comes of it.
    pub fn advised(self, model: Box<dyn VoiceModel>, sink: AdviceSink) -> Self {
        Self { adviser: Some(Adviser::new(model, sink)), ..self }
    }

    /// Takes the oldest frame there is.
    pub fn pop(&mut self) -> Option<HeardFrame> {
        loop {
            let written = self.up.written.load(Ordering::Acquire);
            if self.next == written {
                return None;
            }
            if written - self.next > UP as u64 {
                self.dropped += written - UP as u64 - self.next;
                self.next = written - UP as u64;
            }
            let heard = self.read(self.next);
            self.next += 1;
            match heard {
                Some(mut heard) => {
                    if let Some(adviser) = &mut self.adviser {
                        adviser.judge(&mut heard, written - self.next);
                    }
                    return Some(heard);
                }
                None => self.dropped += 1,
            }
        }
    }

    /// Returns how many of the frames written have been taken or lost.
    pub(super) fn taken(&self) -> u64 {
        self.next
    }

    /// Tells from any thread how far it is written.
    pub(super) fn mark(&self) -> UpMark {
        UpMark(Arc::clone(&self.up))
    }

    /// Returns how many frames were lost because they were not taken in time.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the leg is gone: what is left can be popped, and nothing follows.
    pub fn is_closed(&self) -> bool {
        self.up.closed.load(Ordering::Acquire)
    }

    /// Reads a frame, unless the writer has come round to it.
    fn read(&self, number: u64) -> Option<HeardFrame> {
        let place = &self.up.places[number as usize % UP];
        let stamp = 2 * number + 2;
        if place.stamp.load(Ordering::Acquire) != stamp {
            return None;
        }
        let mut frame = Frame::SILENCE;
        for (word, samples) in place.words.iter().zip(frame.0.chunks_exact_mut(4)) {
            let packed = word.load(Ordering::Relaxed);
            for (index, sample) in samples.iter_mut().enumerate() {
                *sample = (packed >> (16 * index)) as u16 as i16;
            }
        }
        let tick = place.tick.load(Ordering::Relaxed);
        let voiced = place.voiced.load(Ordering::Relaxed);
        let levels = place.sent_levels.load(Ordering::Relaxed);
        let sent = Sent {
            tick: place.sent_tick.load(Ordering::Relaxed),
            level: f32::from_bits((levels >> 32) as u32),
            loudest: f32::from_bits(levels as u32),
            loss: f32::from_bits((voiced >> 32) as u32),
        };
        let (voiced, concealed) = (voiced & 1 == 1, voiced & 2 == 2);
        // What was read must not be newer than the stamp that is looked at now.
        fence(Ordering::Acquire);
        let unchanged = place.stamp.load(Ordering::Relaxed) == stamp;
        unchanged.then_some(HeardFrame { tick, frame, voiced, concealed, sent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(tick: u64) -> HeardFrame {
        let sample = |i: usize| (tick.wrapping_mul(31) as i16).wrapping_add(i as i16);
        HeardFrame {
            tick,
            frame: Frame(std::array::from_fn(sample)),
            voiced: tick.is_multiple_of(3),
            concealed: tick.is_multiple_of(5),
            sent: Sent { tick: tick / 2, level: -(tick as f32), loudest: tick as f32, loss: 0.5 },
        }
    }

    fn assert_whole(got: &HeardFrame) {
        let expected = heard(got.tick);
        assert!(got.frame == expected.frame, "{}", got.tick);
        let kind = |of: &HeardFrame| (of.voiced, of.concealed);
        assert_eq!(kind(got), kind(&expected), "{}", got.tick);
        assert_eq!(got.sent, expected.sent);
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let (mut writer, mut reader) = up_ring();
        assert!(reader.pop().is_none());
        for round in 0..10 {
            for tick in 0..30 {
                writer.push(&heard(round * 30 + tick));
            }
            for tick in 0..30 {
                let got = reader.pop().unwrap();
                assert_eq!(got.tick, round * 30 + tick);
                assert_whole(&got);
            }
        }
        assert_eq!(reader.dropped(), 0);
        assert!(!reader.is_closed());
        drop(writer);
        assert!(reader.is_closed());
    }

    #[test]
    fn a_late_reader_loses_the_oldest_and_is_told() {
        let (mut writer, mut reader) = up_ring();
        (0..1000).for_each(|tick| writer.push(&heard(tick)));
        let got: Vec<_> = std::iter::from_fn(|| reader.pop()).map(|heard| heard.tick).collect();
        assert_eq!(got, (1000 - UP as u64..1000).collect::<Vec<_>>());
        assert_eq!(reader.dropped(), 1000 - UP as u64);
    }

    /// A writer that never waits against a reader: no frame is torn, and each is either read or
    /// counted.
    #[test]
    fn no_frame_is_torn_and_each_is_read_or_counted() {
        const FRAMES: u64 = 200_000;
        let (mut writer, mut reader) = up_ring();
        let thread = std::thread::spawn(move || {
            for tick in 0..FRAMES {
                writer.push(&heard(tick));
                if tick % 8 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let (mut read, mut last) = (0, None);
        loop {
            let closed = reader.is_closed();
            while let Some(got) = reader.pop() {
                assert_whole(&got);
                assert!(last < Some(got.tick));
                (read, last) = (read + 1, Some(got.tick));
            }
            if closed {
                break;
            }
            std::thread::yield_now();
        }
        thread.join().unwrap();
        assert_eq!(read + reader.dropped(), FRAMES);
    }

    #[test]
    fn the_down_ring_tells_its_room_and_refuses_beyond_it() {
        let (mut down, consumer) = down_ring();
        let frame = DownFrame {
            epoch: Epoch(0),
            utterance: UtteranceId(0),
            last: false,
            frame: Frame::SILENCE,
        };
        assert_eq!((0..200).filter(|_| down.push(&frame)).count(), DOWN);
        assert_eq!(down.free(), 0);
        assert!(!down.is_closed());
        drop(consumer);
        assert!(down.is_closed());
    }
}
