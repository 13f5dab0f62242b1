//! A stereo tap on a leg, for recordings: left the caller as heard, right what was sent, side by
//! side in time. It can never delay a tick: a reader that is late loses the newest, and is told.
//!
//! The clock of what is sent is the clock of both. What is heard has its own, which runs on over
//! loss and pauses; the two are laid side by side when the first frame comes, and held there. For
//! that a frame leaves the tap 200 ms after it was sent, when what belongs beside it has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::base::Frame;

/// Frames that wait for a reader: 50 × 20 ms = 1 s, 65 KB.
const WAITING: usize = 50;
/// How much later than sent a frame may be heard that belongs beside it: 10 × 20 ms.
const LATE: u64 = 10;
/// How much earlier: the far end's clock is ahead, or the first packet was late.
const EARLY: u64 = 3;
/// Frames heard after which it is looked whether all of them were late: 100 × 20 ms.
const LOOKED_AT: u32 = 100;
/// Places for what is not complete yet.
const PLACES: usize = (LATE + EARLY + 1) as usize;

/// Twenty milliseconds of both sides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StereoFrame {
    /// The clock of what is sent, as in [`crate::speech::Sent`]. A gap is time in which this
    /// machine stood still, or in which the reader was late.
    pub tick: u64,
    /// The caller, after reordering and concealment.
    pub left: Frame,
    /// What the caller was sent: the agent, or whom the leg is bridged with.
    pub right: Frame,
}

impl StereoFrame {
    const SILENCE: Self = Self { tick: 0, left: Frame::SILENCE, right: Frame::SILENCE };
}

/// The reader's end. When it is dropped, the leg is not tapped any more.
pub struct TapReader {
    ring: HeapCons<StereoFrame>,
    dropped: Arc<AtomicU64>,
}

impl TapReader {
    /// Takes the oldest frame there is.
    pub fn pop(&mut self) -> Option<StereoFrame> {
        self.ring.try_pop()
    }

    /// Returns how many frames were lost because they were not taken in time.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Whether the leg is gone: what is left can be popped, and nothing follows.
    pub fn is_closed(&self) -> bool {
        !self.ring.write_is_held()
    }
}

/// The media thread's end.
pub(super) struct TapWriter {
    ring: HeapProd<StereoFrame>,
    dropped: Arc<AtomicU64>,
    /// By tick, round and round. What is not written is silence.
    places: [StereoFrame; PLACES],
    /// The tick that was sent first, and the one that was sent last.
    sent: Option<(u64, u64)>,
    /// What to add to the clock of what is heard.
    offset: Option<u64>,
    /// Of the frames heard since it was last looked: how many, and how late the least late was; less
    /// than nothing when it was early.
    heard: (u32, i64),
}

/// Makes a tap.
pub(super) fn tap() -> (Box<TapWriter>, TapReader) {
    let (ring, frames) = HeapRb::new(WAITING).split();
    let dropped = Arc::new(AtomicU64::new(0));
    let reader = TapReader { ring: frames, dropped: Arc::clone(&dropped) };
    let places = [StereoFrame::SILENCE; PLACES];
    let heard = (0, i64::MAX);
    (Box::new(TapWriter { ring, dropped, places, sent: None, offset: None, heard }), reader)
}

/// Makes a reader for tests of who reads: what is put in comes out at once, the same on both sides. It closes when the
/// first is dropped.
#[cfg(test)]
pub(crate) fn tap_for_tests() -> (impl FnMut(u64, &Frame), TapReader) {
    let (mut writer, reader) = tap();
    let put = move |tick, frame: &Frame| {
        let _ = writer.ring.try_push(StereoFrame { tick, left: *frame, right: *frame });
    };
    (put, reader)
}

impl TapWriter {
    /// Whether nobody reads any more.
    pub(super) fn is_over(&self) -> bool {
        !self.ring.read_is_held()
    }

    /// Notes what goes out at a tick; `None` is silence.
    pub(super) fn sent(&mut self, tick: u64, frame: Option<&Frame>) {
        let (begun, first) = self.sent.map_or((tick, tick), |(begun, last)| (begun, last + 1));
        self.sent = Some((begun, tick));
        // After a long stand-still all that waits is given out, and the time between is a gap.
        let from = first.max(tick.saturating_sub(LATE));
        if from > first {
            (first..first + LATE).for_each(|tick| self.give_out(tick));
            // What was heard early belongs to the time between.
            self.places.fill(StereoFrame::SILENCE);
        }
        for tick in from..=tick {
            self.give_out(tick);
        }
        self.place(tick).right = frame.copied().unwrap_or(Frame::SILENCE);
    }

    /// Notes a frame that was heard, and the clock of what is heard.
    pub(super) fn heard(&mut self, tick: u64, frame: &Frame) {
        // Before anything was sent there is nothing to lay it beside.
        let Some((_, now)) = self.sent else { return };
        let offset = self.offset.get_or_insert(now.wrapping_sub(tick));
        let mut at = tick.wrapping_add(*offset);
        if at > now + EARLY && at <= now + 2 * EARLY {
            // The far end's clock is faster than ours: one frame less in a while.
            at = now + EARLY;
            *offset = at.wrapping_sub(tick);
        } else if !(now.saturating_sub(LATE) + 1..=now + EARLY).contains(&at) {
            // A hold, or a stand-still: laid side by side anew.
            at = now;
            *offset = at.wrapping_sub(tick);
        }
        self.place(at).left = *frame;
        self.follow(now as i64 - at as i64);
    }

    /// Moves the two together when everything was late for a while: the far end's clock is slower,
    /// or the delay was once longer. And when something was early, which it can only seem to be:
    /// the far end's clock is faster, the first frame was late, or after a stand-still more was made
    /// up for than was missing.
    fn follow(&mut self, late: i64) {
        let (count, least) = self.heard;
        self.heard = (count + 1, least.min(late));
        if count + 1 == LOOKED_AT {
            let least = std::mem::replace(&mut self.heard, (0, i64::MAX)).1;
            self.offset = self.offset.map(|offset| offset.wrapping_add_signed(least));
        }
    }

    /// The leg is closed: gives out what waits.
    pub(super) fn finish(&mut self) {
        if let Some((_, now)) = self.sent {
            (now + 1..=now + LATE).for_each(|tick| self.give_out(tick));
        }
    }

    fn place(&mut self, tick: u64) -> &mut StereoFrame {
        &mut self.places[(tick % PLACES as u64) as usize]
    }

    /// Gives out the frame that can no longer change when `tick` is sent.
    fn give_out(&mut self, tick: u64) {
        let (begun, _) = self.sent.unwrap_or_default();
        let Some(tick) = tick.checked_sub(LATE).filter(|tick| *tick >= begun) else { return };
        let frame = std::mem::replace(self.place(tick), StereoFrame::SILENCE);
        if self.ring.try_push(StereoFrame { tick, ..frame }).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use crate::codec::Codec;
    use crate::media::{LegParams, MediaSession};
    use crate::speech::EchoReference;
    use std::f32::consts::TAU;
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    fn frame(number: u64) -> Frame {
        Frame([number as i16; Frame::SAMPLES])
    }

    fn read(reader: &mut TapReader) -> Vec<(u64, i16, i16)> {
        let frames = std::iter::from_fn(|| reader.pop());
        frames.map(|both| (both.tick, both.left.0[5], both.right.0[5])).collect()
    }

    /// Sends ticks 100 to 100 + `length` with their number; `arrivals` says at which of them the
    /// frames of which numbers are heard. Returns the pairs that are not silence on the left, and
    /// checks the rest.
    fn pairs(length: u64, arrivals: impl Fn(u64) -> Vec<u64>) -> Vec<(u64, i16)> {
        let (mut writer, mut reader) = tap();
        let mut read_all = Vec::new();
        for tick in 100..100 + length {
            writer.sent(tick, Some(&frame(tick)));
            for number in arrivals(tick) {
                writer.heard(number, &frame(number));
            }
            read_all.extend(read(&mut reader));
        }
        writer.finish();
        read_all.extend(read(&mut reader));
        assert_eq!(reader.dropped(), 0);
        let ticks: Vec<_> = read_all.iter().map(|(tick, _, _)| *tick).collect();
        assert_eq!(ticks, (100..100 + length).collect::<Vec<_>>());
        let sent = read_all.iter().filter(|(_, _, right)| *right != 0);
        assert!(sent.clone().count() as u64 == length && sent.clone().all(|f| f.0 as i16 == f.2));
        read_all.into_iter().filter(|f| f.1 != 0).map(|(tick, left, _)| (tick, left)).collect()
    }

    #[test]
    fn both_sides_stay_side_by_side() {
        let steady = pairs(200, |tick| vec![tick - 90]);
        assert_eq!(steady, (100..300).map(|tick| (tick, (tick - 90) as i16)).collect::<Vec<_>>());
    }

    #[test]
    fn frames_that_come_in_bursts_are_where_they_belong() {
        // Every eighth tick brings eight frames.
        let bursts =
            pairs(
                200,
                |tick| {
                    if tick % 8 == 7 { (tick - 97..=tick - 90).collect() } else { Vec::new() }
                },
            );
        // The last of each burst lies three beyond the tick it came at, until it is looked; then at
        // that tick.
        let last = bursts.iter().rev().take(80);
        assert!(last.clone().all(|(tick, left)| tick - *left as u64 == 90), "{bursts:?}");
    }

    #[test]
    fn after_a_hold_they_are_side_by_side_again() {
        // Nothing is heard from 150 to 200, and the clock of what is heard stands still meanwhile.
        let held = pairs(150, |tick| match tick {
            ..150 => vec![tick - 90],
            150..200 => Vec::new(),
            _ => vec![tick - 140],
        });
        assert_eq!(held[49], (149, 59));
        assert_eq!(held[50], (200, 60));
        assert_eq!(held.last(), Some(&(249, 109)));
    }

    #[test]
    fn a_far_end_with_a_faster_or_slower_clock_is_followed() {
        // 2 % faster: two frames at every fiftieth tick; and slower: none.
        for (faster, name) in [(true, "faster"), (false, "slower")] {
            let heard = pairs(5000, |tick| {
                let number = match faster {
                    true => tick + (tick - 100) / 50,
                    false => tick - (tick - 100) / 50,
                };
                match (tick % 50, faster) {
                    (0, true) => vec![number.saturating_sub(1), number],
                    (0, false) => Vec::new(),
                    _ => vec![number],
                }
            });
            let count = heard.len();
            assert!((4890..=5000).contains(&count), "{name}: {count}");
            // Never further apart than what is waited for.
            for (tick, left) in heard {
                let sent_with = match faster {
                    true => left as u64 - (left as u64).saturating_sub(100) / 51,
                    false => left as u64 + (left as u64).saturating_sub(100) / 49,
                };
                assert!(tick.abs_diff(sent_with) <= EARLY + 2, "{name}: {tick} {left}");
            }
        }
    }

    /// A leg whose far end sends back what it gets, in virtual time: what a media thread does in its ticks.
    struct Echoing {
        session: MediaSession,
        echo: EchoReference,
        writer: Box<TapWriter>,
        reader: TapReader,
        both: Vec<StereoFrame>,
        start: Instant,
        turn: u64,
        /// Packets on their way back, with the turn in which they come.
        back: Vec<(u64, Vec<u8>)>,
        sent: u64,
        beeps: usize,
    }

    impl Echoing {
        fn new() -> Self {
            let (writer, reader) = tap();
            let start = Instant::now();
            let (session, echo) = (session(start), EchoReference::default());
            let (both, back) = (Vec::new(), Vec::new());
            Self { session, echo, writer, reader, both, start, turn: 0, back, sent: 0, beeps: 0 }
        }

        /// So many turns, with a beep every fifteen frames. Of the packets sent some are `lost`, by their number; what
        /// comes while the far end is `held` up comes in one burst after it.
        fn run(&mut self, turns: u64, lost: impl Fn(u64) -> bool, held: impl Fn(u64) -> bool) {
            for _ in 0..turns {
                self.turn += 1;
                let now = self.start + Duration::from_millis(20 * self.turn);
                let beep = self.sent % 15 == 7;
                self.tick(now, Some(if beep { &*BEEP } else { &Frame::SILENCE }));
                let mut out = [0; 1500];
                while let Some(length) = self.session.poll_packet(&mut out) {
                    self.sent += 1;
                    if lost(self.sent) {
                        continue;
                    }
                    self.beeps += usize::from(beep);
                    let due = (self.turn..).find(|turn| !held(*turn)).unwrap();
                    self.back.push((due, out[..length].to_vec()));
                }
                let from = self.session.remote();
                for (_, packet) in self.back.extract_if(.., |(due, _)| *due <= self.turn) {
                    self.session.receive(now, &packet, from);
                    while let Some(heard) = self.session.poll_heard(now) {
                        self.writer.heard(heard.tick, &heard.frame);
                    }
                }
                self.both.extend(std::iter::from_fn(|| self.reader.pop()));
            }
        }

        fn tick(&mut self, now: Instant, frame: Option<&Frame>) {
            let sent = self.session.tick(now, frame);
            self.echo.send(sent.as_ref());
            self.writer.sent(self.echo.now().tick, sent.as_ref());
            while let Some(heard) = self.session.poll_heard(now) {
                self.writer.heard(heard.tick, &heard.frame);
            }
        }

        /// The thread comes so many turns too late.
        fn leave_out(&mut self, turns: u64) {
            self.turn += turns;
            self.session.skip(turns);
            self.echo.skip(turns);
        }

        fn hold(&mut self, turns: u64) {
            let at = |turn| self.start + Duration::from_millis(20 * turn);
            let (began, ends) = (at(self.turn), at(self.turn + turns));
            let params = LegParams::new(Codec::Pcmu, 0, self.session.remote());
            let held = LegParams { sends: false, receives: false, ..params.clone() };
            self.session.update(began, held);
            for _ in 0..turns {
                self.turn += 1;
                self.tick(self.start + Duration::from_millis(20 * self.turn), None);
            }
            self.session.update(ends, params);
        }

        /// When each beep was sent, and how much later it is heard, in samples; and how many packets of beeps came.
        fn distances(&self) -> (Vec<(u64, usize)>, usize) {
            (distances(&self.both), self.beeps)
        }

        /// All that was sent up to a tick, and all from another on, is heard where it belongs.
        fn assert_in_place(&self, before: u64, after: u64, what: &str) {
            let (found, beeps) = self.distances();
            // The last is still on its way, and one of each stretch that was cut off.
            assert!(found.len() + 3 >= beeps, "{what}: {found:?} of {beeps}");
            let judged = |tick| tick < before || tick >= after;
            let off = found.iter().find(|(tick, way)| judged(*tick) && *way != WAY);
            assert_eq!(off, None, "{what}: {found:?}");
        }
    }

    fn session(now: Instant) -> MediaSession {
        let remote = ([192, 0, 2, 1], 4000).into();
        MediaSession::new(now, LegParams::new(Codec::Pcmu, 0, remote), &mut Dice::new(7))
    }

    /// From 500 Hz to 2.5 kHz within a frame, so that it is like itself at one place alone.
    static BEEP: LazyLock<Frame> = LazyLock::new(|| {
        Frame(std::array::from_fn(|i| {
            let t = i as f32 / 16e3;
            (12_000.0 * (TAU * (500.0 + 50e3 * t) * t).sin()) as i16
        }))
    });

    /// When each beep was sent, and how much later it is heard, in samples: where the left side is most like it.
    fn distances(both: &[StereoFrame]) -> Vec<(u64, usize)> {
        let (Some(first), Some(last)) = (both.first(), both.last()) else { return Vec::new() };
        let mut left = vec![0; (last.tick + 16 - first.tick) as usize * Frame::SAMPLES];
        let at = |frame: &StereoFrame| (frame.tick - first.tick) as usize * Frame::SAMPLES;
        for frame in both {
            left[at(frame)..][..Frame::SAMPLES].copy_from_slice(&frame.left.0);
        }
        let beep = *BEEP;
        let alike = |sound: &[i16]| -> i64 {
            sound.iter().zip(&beep.0).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
        };
        let sent = both.iter().filter(|frame| frame.right == beep);
        let most = sent.map(|sent| {
            let near = left[at(sent)..][..15 * Frame::SAMPLES].windows(Frame::SAMPLES);
            let most = near.map(alike).enumerate().max_by_key(|(_, alike)| *alike).unwrap();
            (sent.tick, most.0, most.1)
        });
        let heard = most.filter(|(_, _, found)| 2 * found > alike(&beep.0));
        heard.map(|(tick, way, _)| (tick, way)).collect()
    }

    /// The way there and back: the filters of the codec.
    const WAY: usize = 47;
    /// Turns after which the two lie as before whatever came between: it is looked twice.
    const REPAIRED: u64 = 2 * LOOKED_AT as u64 + 10;

    #[test]
    fn loss_of_any_packet_moves_neither_side() {
        for phase in 0..11 {
            let mut leg = Echoing::new();
            leg.run(300, |number| number % 11 == phase, |_| false);
            leg.assert_in_place(u64::MAX, 0, &format!("{phase}"));
        }
    }

    #[test]
    fn a_far_end_that_is_held_up_moves_neither_side_for_long() {
        for length in 0..30 {
            let mut leg = Echoing::new();
            leg.run(450, |_| false, |turn| (100..100 + length).contains(&turn));
            // The session takes 180 ms for a pause, and what comes after it for another beginning.
            let moved = if length < 9 { (u64::MAX, 0) } else { (80, 100 + length + REPAIRED) };
            leg.assert_in_place(moved.0, moved.1, &format!("{length}"));
        }
    }

    #[test]
    fn turns_left_out_move_neither_side_for_long() {
        for length in 0..60 {
            let mut leg = Echoing::new();
            leg.run(100, |_| false, |_| false);
            leg.leave_out(length);
            leg.run(350, |_| false, |_| false);
            let moved = if length < 10 { (u64::MAX, 0) } else { (80, 100 + length + REPAIRED) };
            leg.assert_in_place(moved.0, moved.1, &format!("{length}"));
        }
    }

    #[test]
    fn after_a_hold_they_lie_as_before() {
        for length in 0..60 {
            let mut leg = Echoing::new();
            leg.run(100, |_| false, |_| false);
            leg.hold(length);
            leg.run(350, |_| false, |_| false);
            let moved = if length < 10 { (u64::MAX, 0) } else { (80, 100 + length + REPAIRED) };
            leg.assert_in_place(moved.0, moved.1, &format!("{length}"));
        }
    }

    #[test]
    fn a_reader_that_is_late_loses_the_newest_and_is_told() {
        let (mut writer, mut reader) = tap();
        (0..200).for_each(|tick| writer.sent(tick, Some(&frame(tick))));
        let got = read(&mut reader);
        assert_eq!(got.len(), WAITING);
        assert_eq!((got[0].0, got[49].0), (0, 49));
        assert_eq!(reader.dropped(), 200 - LATE - WAITING as u64);
        assert!(!writer.is_over() && !reader.is_closed());
        drop(writer);
        assert!(reader.is_closed());
        let (writer, reader) = tap();
        drop(reader);
        assert!(writer.is_over());
    }

    #[test]
    fn a_stand_still_is_a_gap() {
        let (mut writer, mut reader) = tap();
        (100..120).for_each(|tick| writer.sent(tick, Some(&frame(tick))));
        writer.sent(1000, Some(&frame(7)));
        (1001..1020).for_each(|tick| writer.sent(tick, None));
        let got = read(&mut reader);
        let ticks: Vec<_> = got.iter().map(|f| f.0).collect();
        let expected: Vec<_> = (100..120).chain(980..1010).collect();
        assert_eq!(ticks, expected[..ticks.len()]);
        let right = |tick| match tick {
            ..120 => tick as i16,
            1000 => 7,
            _ => 0,
        };
        assert!(got.iter().all(|f| f.2 == right(f.0)), "{got:?}");
    }

    #[test]
    fn what_came_early_is_not_given_out_after_a_stand_still() {
        let (mut writer, mut reader) = tap();
        for tick in 100..120 {
            writer.sent(tick, Some(&frame(tick)));
            writer.heard(tick, &frame(tick));
        }
        // Three frames ahead of what is sent.
        (120..123).for_each(|tick| writer.heard(tick, &frame(tick)));
        for stand_still in 200..214 {
            writer.sent(stand_still * 10, None);
        }
        let got = read(&mut reader);
        assert!(got.iter().all(|f| f.1 == 0 || f.1 as u64 == f.0), "{got:?}");
    }
}
